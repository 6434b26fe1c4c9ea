"""The desk of the complaints, on each database in turn."""

import pytest

from eservice.kit.database import Database
from tests.complaints.desk import Desk, open_desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return open_desk(database)
