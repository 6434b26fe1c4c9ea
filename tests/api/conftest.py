"""The API over HTTP, on each database in turn."""

import pytest

from eservice.kit.database import Database
from knowledge.classify import ComplaintClassifier
from tests.api.caller import Api, open_api
from tests.learned import CLASSIFIER


@pytest.fixture(scope="session")
def classifier() -> ComplaintClassifier:
    return CLASSIFIER


@pytest.fixture
def api(database: Database, classifier: ComplaintClassifier) -> Api:
    return open_api(database, classifier)
