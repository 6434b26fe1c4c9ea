"""Who has the database open for work: serving and working processes share it, a restore wants it alone.

On SQLite a lock on a file beside the database, on PostgreSQL an advisory lock on a connection of its own; both
end with their process, however it ends. A PostgreSQL that was away in between has forgotten: a restore also
looks for signs of life.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.file_locks import held

ADVISORY_LOCK = 2569_1128


@contextmanager
def shared(database: Database) -> Iterator[None]:
    """For the block this process serves or works. Raises ServiceError `operations.being_restored`."""
    with _lock(database, alone=False) as is_ours:
        if not is_ours:
            raise ServiceError("operations.being_restored", ErrorKind.CONFLICT)
        yield


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """For the block nobody serves or works. Raises ServiceError `operations.in_use` when somebody does."""
    with _lock(database, alone=True) as is_ours:
        if not is_ours:
            raise ServiceError("operations.in_use", ErrorKind.CONFLICT)
        yield


@contextmanager
def _lock(database: Database, *, alone: bool) -> Iterator[bool]:
    if database.is_sqlite:
        path = Path(f"{database.url.database}.use")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(path, alone=alone) as is_ours:
            yield is_ours
        return
    way = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closed at the end instead of going back to the pool, lock and all
        yield bool(connection.scalar(text(f"SELECT {way}(:key)"), {"key": ADVISORY_LOCK}))
