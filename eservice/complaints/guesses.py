"""Slowing down whoever tries numbers and keys, without slowing anybody else.

Failures are counted per source: a network address on the web, a contact in chat. Tries that are refused are
not counted: who keeps trying waits, but does not make the wait longer. A number is never locked, or strangers
could lock a resident out.
"""

import hashlib
import math
from datetime import timedelta

from sqlalchemy import delete, func, select

from eservice.complaints.models import FailedLookup
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.throttling import Limit

WINDOW = timedelta(hours=1)
LIMIT = Limit(free=10, longest_seconds=15 * 60)


def refuse_guesser(reader: ReadOnly, source: str) -> None:
    """Raises ServiceError `complaints.too_many_tries` with the seconds left while a source must wait."""
    failures, last = reader.session.execute(
        select(func.count(), func.max(FailedLookup.at)).where(
            FailedLookup.source == _hash(source), FailedLookup.at > reader.now - WINDOW
        )
    ).one()
    if last is None:
        return
    left = LIMIT.wait_seconds(failures) - (reader.now - last).total_seconds()
    if left > 0:
        raise ServiceError(
            "complaints.too_many_tries", ErrorKind.TOO_MANY, retry_after_seconds=math.ceil(left)
        )


def count_failure(uow: UnitOfWork, source: str) -> None:
    """Counts a number or key that opened nothing. Forgets what is too old to matter."""
    uow.session.execute(delete(FailedLookup).where(FailedLookup.at < uow.now - WINDOW))
    uow.session.add(FailedLookup(source=_hash(source), at=uow.now))


def _hash(source: str) -> str:
    """Addresses are personal data: an hour's count needs no more than to tell them apart."""
    return hashlib.sha256(source.encode()).hexdigest()
