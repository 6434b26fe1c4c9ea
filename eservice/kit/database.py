"""The two databases: SQLite for a small office, PostgreSQL for a large one; the same code on both.

SQLite runs in WAL mode with `synchronous=FULL`, so that what we acknowledged survives a power cut. Its
write transactions begin immediate: a deferred one that turns into a writer fails at once when another
writes. Within a process writers also queue on a lock, which is fair where SQLite's own waiting is not.
"""

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Engine, Insert, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached, sessionmaker
from sqlalchemy.types import TypeDecorator

from eservice.kit.clock import Clock, SystemClock
from eservice.kit.settings import Settings
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

BUSY_TIMEOUT_MS = 10_000
_WRITING = "writing"  # in a connection's info: the lock that its transaction holds
POOL_SIZE = 12
CONNECT_SECONDS = 5  # a server that does not answer must not hold requests for minutes

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases; SQLite itself would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant carries its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


MEDIA_KEY = {"is_media_key": True}
"""The `info` of a column that holds the key of a file in the media store, so that backups take the file along."""


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


Row = TypeVar("Row", bound=Base)


def open_database(settings: Settings) -> "Database":
    """The database of these settings; nothing is connected, and no key made, before it is needed."""
    return Database(settings.database_address, signing_key=lambda: settings.signing_key)


class Database:
    """One database and its ways in: `unit_of_work()` to write, `read()` to look."""

    def __init__(
        self, url: str, clock: Clock | None = None, *, signing_key: Callable[[], str] = lambda: ""
    ) -> None:
        """`signing_key` gives SECRET_KEY when it is needed; only a database without it in tests has none."""
        self.url: URL = make_url(url)
        self.clock: Clock = clock or SystemClock()
        self.signing_key = signing_key
        self.engine: Engine = _create_engine(self.url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def unit_of_work(self) -> UnitOfWork:
        """A write transaction, committed when its block ends well. No network call belongs inside."""
        return UnitOfWork(self.open_session, self.clock, self.signing_key)

    def read(self) -> ReadOnly:
        """A session for looking: never blocks writers, never writes."""
        return ReadOnly(self.open_session, self.clock, self.signing_key)

    def snapshot(self) -> ReadOnly:
        """A session that sees the database as it is with its first look, however long it looks; blocks nobody."""
        return ReadOnly(self._open_snapshot, self.clock, self.signing_key)

    def _open_snapshot(self, *, read_only: bool = False) -> Session:
        session = self.open_session(read_only=True)
        if not self.is_sqlite:  # where every reading transaction is one
            session.connection(
                execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            )
        return session

    def open_session(self, *, read_only: bool = False) -> Session:
        """A new session; tests replace this to join their outer transaction."""
        session = self._sessions()
        if read_only and self.is_sqlite:
            session.connection(execution_options={"sqlite_begin": "DEFERRED"})
        return session

    def empty_log(self) -> None:
        """Empties SQLite's write-ahead log, where words that were taken back else stay until written over.

        While somebody reads or writes it does nothing: the next call will.
        """
        if not self.is_sqlite:
            return
        # Raw: SQLAlchemy would begin a transaction, within which there is no checkpoint.
        with contextlib.closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def dispose(self) -> None:
        """Closes every connection."""
        self.engine.dispose()


def insert_new(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> int:
    """Inserts the rows that break no unique rule and leaves the others; returns how many were new."""
    connection = session.connection()
    statement = _insert_unless_known(table_of(table), connection.dialect.name)
    return sum(connection.execute(statement, row).rowcount for row in rows)


@cache
def _insert_unless_known(table: Table, dialect: str) -> Insert:
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    # Asked for, because SQLAlchemy forgets how many rows an INSERT touched: psycopg would answer -1.
    return insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that need no objects."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def new_row(model: type[Row], **columns: object) -> Row:
    """A new object for `insert_row`, without a history of its attributes, which is most of a constructor's cost."""
    row = model()
    vars(row).update(columns)
    return row


def insert_row(session: Session, row: Base) -> None:
    """Inserts an object of `new_row` at once and hands it to the session as if it had been loaded.

    A fifth of the cost of `add` and `flush`, for the few rows that every message brings. Columns that were
    not set when the object was made are read from the database when they are asked for.
    """
    table = table_of(type(row))
    values = vars(row).copy()
    del values["_sa_instance_state"]  # SQLAlchemy's own note; all else is columns
    result = session.connection().execute(_insert_into(table), values)
    (key,) = table.primary_key.columns.keys()
    inserted = result.inserted_primary_key
    assert inserted is not None
    vars(row)[key] = inserted[0]
    make_transient_to_detached(row)
    session.add(row)


@cache
def _insert_into(table: Table) -> Insert:
    return table.insert()


def _create_engine(url: URL) -> Engine:
    """The engine; its error messages never show parameters, which are what people wrote."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, hide_parameters=True)
        queue = _WriteQueue()
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", queue.begin)
        event.listen(engine.pool, "checkin", queue.leave)
        return engine
    patience: dict[str, Any] = {}
    if "connect_timeout" not in url.query:
        patience["connect_timeout"] = CONNECT_SECONDS
    if "options" not in url.query:  # as patient as with SQLite: who waits longer is told to come again
        patience["options"] = f"-c lock_timeout={BUSY_TIMEOUT_MS}"
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=patience,
    )


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what people took back leaves the file too
    cursor.close()


class _WriteQueue:
    """One writer at a time within a process: a queue is fair, SQLite's own waiting in sleeps is not.

    A writer joins with the first statement of its transaction and leaves when its connection goes back to
    the pool, which may be in another thread: FastAPI ends a request's unit of work where it likes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def begin(self, connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        # One connection may write several times before it goes back, as migrations do: it is in the line once.
        if mode == "IMMEDIATE" and _WRITING not in connection.info:
            if not self._lock.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
                raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("database is locked"))
            connection.info[_WRITING] = self._lock
        connection.exec_driver_sql(f"BEGIN {mode}")

    def leave(self, dbapi_connection: Any, record: Any) -> None:
        lock = record.info.pop(_WRITING, None)
        if lock is not None:
            lock.release()
