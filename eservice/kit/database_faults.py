"""Tells faults of the database's surroundings from faults of the work that was asked of it."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
# Classes of SQLSTATE: connection, rollback (deadlock, serialization), resources, intervention, system.
_POSTGRESQL_PASSING = {"08", "25", "40", "53", "55", "57", "58"}


def is_passing(error: BaseException) -> bool:
    """Whether a fault lies with the database's surroundings and not with what was asked of it.

    Away, shutting down, out of connections, locked, out of disk or memory: the same work may succeed later.
    """
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error.orig, MemoryError):
        return True
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)  # None: Python's own refusal, e.g. a bad value
        return code is not None and code & 0xFF in _SQLITE_PASSING
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) and (state is None or state[:2] in _POSTGRESQL_PASSING)
