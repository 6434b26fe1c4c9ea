"""The console on each database."""

from pathlib import Path

import pytest

from eservice.kit.database import Database
from tests.admin.visitors import Doors


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path)
