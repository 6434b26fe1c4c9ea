"""Slowing down those who guess passwords, without locking anybody out for good.

A try is counted before the password is looked at, so that many at once count too. Refused tries are not
counted: whoever keeps on trying waits, but does not make the wait longer. Three counts of failures:

- of one account from one address: the ordinary guesser;
- of one address: somebody who tries many names;
- of one account from all addresses: many machines at one name. An address from which the person has signed
  in before is free of this count, so strangers cannot keep them out.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import SignInAttempt

WINDOW = timedelta(hours=1)
KNOWN_ADDRESS_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So many failures are free; each further one doubles the wait, from 2 s up to the longest."""

    free: int
    longest_seconds: int

    def wait_seconds(self, failures: int) -> int:
        """The wait after the last of so many failures."""
        if failures < self.free:
            return 0
        return min(2 ** min(failures - self.free + 1, 20), self.longest_seconds)


PAIR_LIMIT = Limit(free=5, longest_seconds=15 * 60)
ADDRESS_LIMIT = Limit(free=50, longest_seconds=15 * 60)  # a whole office may share one address
ACCOUNT_LIMIT = Limit(free=20, longest_seconds=60)


def name_hash(username: str) -> str:
    """How a tried name is stored: people type passwords into the name's field."""
    return hashlib.sha256(username.encode()).hexdigest()


def wait_seconds(reader: ReadOnly, username: str, address: str) -> int:
    """How long this address must still wait before it may try this name; 0 is not at all."""
    name = name_hash(username)
    of_name, of_address = SignInAttempt.username_hash == name, SignInAttempt.ip == address
    last_success = reader.session.scalar(
        select(func.max(SignInAttempt.at)).where(of_name, of_address, SignInAttempt.succeeded)
    )
    waits = [
        _left(reader, PAIR_LIMIT, of_name, of_address, since=last_success),
        _left(reader, ADDRESS_LIMIT, of_address),
    ]
    if last_success is None or last_success < reader.now - KNOWN_ADDRESS_FOR:
        waits.append(_left(reader, ACCOUNT_LIMIT, of_name))
    return max(waits)


def count_try(uow: UnitOfWork, username: str, address: str) -> SignInAttempt:
    """Counts a try as failed until `succeeded` is set. Forgets tries that are too old to matter."""
    uow.session.execute(delete(SignInAttempt).where(SignInAttempt.at < uow.now - KEPT_FOR))
    attempt = SignInAttempt(at=uow.now, username_hash=name_hash(username), ip=address, succeeded=False)
    uow.session.add(attempt)
    uow.session.flush()  # it is found again by its id once the password is checked
    return attempt


def _left(reader: ReadOnly, limit: Limit, *whose: ColumnElement[bool], since: datetime | None = None) -> int:
    """Seconds left of the wait after the failures of an hour, or since the last success."""
    begin = reader.now - WINDOW if since is None else max(since, reader.now - WINDOW)
    failures, last = reader.session.execute(
        select(func.count(), func.max(SignInAttempt.at)).where(
            *whose, SignInAttempt.succeeded.is_(False), SignInAttempt.at > begin
        )
    ).one()
    if last is None:
        return 0
    passed = (reader.now - last).total_seconds()
    return max(0, math.ceil(limit.wait_seconds(failures) - passed))
