"""Time is read here and nowhere else: UTC within, and a clock that tests can set."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the current instant comes from."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: it stands still until moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, **duration: float) -> None:
        """Moves on by a `timedelta`'s keyword arguments, e.g. `advance(minutes=5)`."""
        self._at += timedelta(**duration)
