"""Slowing down whoever tries numbers and keys, without slowing anybody else.

Failures are counted per source: a network address on the web, a contact in chat, both in the web chat. Tries that are refused are
not counted: who keeps trying waits, but does not make the wait longer. A number is never locked, or strangers
could lock a resident out.
"""

import hashlib
import math
from datetime import timedelta

from sqlalchemy import delete, func, select

from eservice.complaints.models import FailedLookup, Filing
from eservice.kit import security_log
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.throttling import Limit

WINDOW = timedelta(hours=1)
LIMIT = Limit(free=10, longest_seconds=15 * 60)
CHAT_ADDRESS_LIMIT = Limit(free=100, longest_seconds=15 * 60)
"""Of all visitors of the web chat at one address: each has the limit of a contact besides."""


def refuse_guesser(reader: ReadOnly, source: str, *, limit: Limit = LIMIT) -> None:
    """Raises ServiceError `complaints.too_many_tries` with the seconds left while a source must wait."""
    refuse_too_many(reader, FailedLookup, source, limit, "complaints.too_many_tries")


def count_failure(uow: UnitOfWork, source: str) -> None:
    """Counts a number or key that opened nothing. Forgets what is too old to matter."""
    security_log.refused("complaints.wrong_key")
    count_one(uow, FailedLookup, source)


def refuse_too_many(
    reader: ReadOnly, table: type[FailedLookup] | type[Filing], source: str, limit: Limit, code: str
) -> None:
    """Raises ServiceError `code` with the seconds left while a source must wait after its rows of an hour."""
    rows, last = reader.session.execute(
        select(func.count(), func.max(table.at)).where(
            table.source == hashed(source), table.at > reader.now - WINDOW
        )
    ).one()
    if last is None:
        return
    left = limit.wait_seconds(rows) - (reader.now - last).total_seconds()
    if left > 0:
        raise ServiceError(code, ErrorKind.TOO_MANY, retry_after_seconds=math.ceil(left))


def count_one(uow: UnitOfWork, table: type[FailedLookup] | type[Filing], source: str) -> None:
    """Adds a row for a source, and forgets those that are too old to matter."""
    _forget_old(uow, table)
    uow.session.add(table(source=hashed(source), at=uow.now))


def forget_counts(uow: UnitOfWork) -> None:
    """Deletes what was counted more than an hour ago, also where nobody comes any more."""
    for table in (FailedLookup, Filing):
        _forget_old(uow, table)


def _forget_old(uow: UnitOfWork, table: type[FailedLookup] | type[Filing]) -> None:
    uow.session.execute(delete(table).where(table.at < uow.now - WINDOW))


def hashed(source: str) -> str:
    """Addresses are personal data: an hour's count needs no more than to tell them apart."""
    return hashlib.sha256(source.encode()).hexdigest()
