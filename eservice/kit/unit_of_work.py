"""The unit of work: the only thing that commits.

    with database.unit_of_work() as uow:
        service.change_something(uow, ...)

commits at the end of the block and rolls back on any exception. What has to be the last thing written (a place
in a chain, under a lock that all writers share) is handed to `before_commit`; what must happen only once the
change is safe (waking a worker) to `after_commit`.
"""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Protocol

from sqlalchemy.orm import Session

from eservice.kit.clock import Clock


class OpenSession(Protocol):
    """How sessions are opened; tests give one that joins their own transaction."""

    def __call__(self, *, read_only: bool = False) -> Session: ...


class ReadOnly:
    """A session for looking; nothing it does is kept."""

    def __init__(self, open_session: OpenSession, clock: Clock, signing_key: Callable[[], str]) -> None:
        self._open_session = open_session
        self._clock = clock
        self._signing_key = signing_key
        self._session: Session | None = None
        self._now: datetime | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError("the block has not begun, or is over")
        return self._session

    @property
    def now(self) -> datetime:
        """The instant of this block, in UTC: the same however often it is asked for."""
        if self._now is None:
            self._now = self._clock.now()
        return self._now

    @property
    def signing_key(self) -> str:
        """The root of what this installation signs; see `eservice.kit.chain`."""
        return self._signing_key()

    def __enter__(self) -> "ReadOnly":
        self._session = self._open_session(read_only=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self.session, None
        session.close()  # without a rollback first, which would expire what the block has read


class UnitOfWork(ReadOnly):
    """A write transaction."""

    def __init__(self, open_session: OpenSession, clock: Clock, signing_key: Callable[[], str]) -> None:
        super().__init__(open_session, clock, signing_key)
        self._before_commit: list[Callable[[], None]] = []
        self._after_commit: list[Callable[[], None]] = []

    def before_commit(self, call: Callable[[], None]) -> None:
        """Runs `call` when all else is written, in the order of asking; what it raises rolls everything back."""
        self._before_commit.append(call)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Runs `call` once the transaction is committed; never on a rollback."""
        self._after_commit.append(call)

    def __enter__(self) -> "UnitOfWork":
        self._session = self._open_session()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self.session
        try:
            if kind is None:
                if self._before_commit:
                    session.flush()  # whatever waits for others' locks has waited before these calls lock all
                for call in self._before_commit:
                    call()
                session.commit()
            else:
                session.rollback()
        finally:
            self._session = None
            session.close()
        if kind is None:
            for call in self._after_commit:
                call()
