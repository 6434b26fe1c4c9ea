"""Slowing down those who guess passwords, without locking anybody out for good.

A try is counted before the password is looked at, so that many at once count too. Refused tries are not
counted: whoever keeps on trying waits, but does not make the wait longer. Three counts of failures:

- of one account from one address: the ordinary guesser;
- of one address: somebody who tries many names;
- of one account from all addresses: many machines at one name. An address from which the person has signed
  in before is free of this count.

A browser from which the person has signed in before is free of all three and has a count of its own: neither
strangers nor colleagues behind the same address can keep the person out.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import SignInAttempt

KNOWN_ADDRESS_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So many failures within the window are free; then each one doubles the wait, up to the longest."""

    free: int
    longest_seconds: int
    first_seconds: int = 2
    window: timedelta = timedelta(hours=1)

    def wait_seconds(self, failures: int) -> int:
        """The wait after the last of so many failures."""
        if failures < self.free:
            return 0
        return min(self.first_seconds * 2 ** min(failures - self.free, 20), self.longest_seconds)


PAIR_LIMIT = Limit(free=5, first_seconds=60, longest_seconds=60 * 60, window=timedelta(days=1))
ADDRESS_LIMIT = Limit(free=50, longest_seconds=15 * 60)  # a whole office may share one address
ACCOUNT_LIMIT = Limit(free=20, longest_seconds=60)


def name_hash(username: str) -> str:
    """How a tried name is stored: people type passwords into the name's field."""
    return hashlib.sha256(username.encode()).hexdigest()


def wait_seconds(reader: ReadOnly, username: str, address: str, device: str | None = None) -> int:
    """How long this browser must still wait before it may try this name; 0 is not at all.

    `device` is the hash of its token when the account knows it.
    """
    of_name, of_address = SignInAttempt.username_hash == name_hash(username), SignInAttempt.ip == address
    if device is not None:
        of_device = SignInAttempt.device_hash == device
        since = _last_success(reader, of_name, of_device)
        return _left(reader, PAIR_LIMIT, of_name, of_device, since=since)
    of_pair = (
        of_name,
        of_address,
        SignInAttempt.device_hash.is_(None),
    )  # the owner's own browser resets nothing
    waits = [
        _left(reader, PAIR_LIMIT, *of_pair, since=_last_success(reader, *of_pair)),
        _left(reader, ADDRESS_LIMIT, of_address),
    ]
    known_since = _last_success(reader, of_name, of_address)
    if known_since is None or known_since < reader.now - KNOWN_ADDRESS_FOR:
        waits.append(_left(reader, ACCOUNT_LIMIT, of_name))
    return max(waits)


def count_try(uow: UnitOfWork, username: str, address: str, device: str | None = None) -> SignInAttempt:
    """Counts a try as failed until `succeeded` is set. Forgets tries that are too old to matter."""
    uow.session.execute(delete(SignInAttempt).where(SignInAttempt.at < uow.now - KEPT_FOR))
    attempt = SignInAttempt(
        at=uow.now, username_hash=name_hash(username), ip=address, device_hash=device, succeeded=False
    )
    uow.session.add(attempt)
    uow.session.flush()  # it is found again by its id once the password is checked
    return attempt


def _last_success(reader: ReadOnly, *whose: ColumnElement[bool]) -> datetime | None:
    return reader.session.scalar(select(func.max(SignInAttempt.at)).where(*whose, SignInAttempt.succeeded))


def _left(reader: ReadOnly, limit: Limit, *whose: ColumnElement[bool], since: datetime | None = None) -> int:
    """Seconds left of the wait after the failures of the window, or since the last success."""
    begin = reader.now - limit.window if since is None else max(since, reader.now - limit.window)
    failures, last = reader.session.execute(
        select(func.count(), func.max(SignInAttempt.at)).where(
            *whose, SignInAttempt.succeeded.is_(False), SignInAttempt.at > begin
        )
    ).one()
    if last is None:
        return 0
    passed = (reader.now - last).total_seconds()
    return max(0, math.ceil(limit.wait_seconds(failures) - passed))
