"""The outbox: what happened, committed together with the change itself, for others to act on afterwards.

A row is worked on in one unit of work with all that comes of it, so its consequences happen once: whoever is
killed in the middle leaves it as it was. What happened to one subject is acted on in the order in which it
happened, however many relays run; only a row that failed for good no longer holds the later ones up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, delete, exists, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from eservice.kit.database import Base
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

TOPIC = "events"  # a signal: something happened
KEPT = timedelta(days=7)
MAX_ATTEMPTS = 8  # over some ten minutes, in which what happened later to the same subject waits
_FIRST_PAUSE = timedelta(seconds=5)


class OutboxEvent(Base):
    """One thing that happened, e.g. kind "complaint.changed", subject "complaint:7", payload {"event_id": 12}."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        Index("ix_outbox_events_waiting", "done_at", "due_at", "id"),
        Index(None, "subject", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(60))  # what it happened to
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(String(500))  # of the last failure
    done_at: Mapped[datetime | None]


_GIVEN_UP = (OutboxEvent.done_at.is_(None), OutboxEvent.attempts >= MAX_ATTEMPTS)


def record(uow: UnitOfWork, kind: str, subject: str, **payload: int | str) -> None:
    """Notes in the same transaction that something happened. Ids only: words stay where they are kept.

    Whoever records what people are told holds the subject's lock: the order of the rows is that of what happened.
    """
    uow.session.add(
        OutboxEvent(kind=kind, subject=subject, payload=payload, at=uow.now, due_at=uow.now, attempts=0)
    )


def claim_next(uow: UnitOfWork) -> OutboxEvent | None:
    """The oldest event that is due and first of its subject, locked until the transaction ends; else None.

    On PostgreSQL other relays skip the locked one, and later events of its subject wait because it is not
    done yet. On SQLite the write transaction itself is the lock.
    """
    earlier = aliased(OutboxEvent)
    return uow.session.scalar(
        select(OutboxEvent)
        .where(
            OutboxEvent.done_at.is_(None),
            OutboxEvent.due_at <= uow.now,
            OutboxEvent.attempts < MAX_ATTEMPTS,
            ~exists().where(
                earlier.subject == OutboxEvent.subject,
                earlier.id < OutboxEvent.id,
                earlier.done_at.is_(None),
                earlier.attempts < MAX_ATTEMPTS,
            ),
        )
        .order_by(OutboxEvent.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=OutboxEvent)
    )


def fail(uow: UnitOfWork, event_id: int, reason: str) -> None:
    """Puts an event off after a failure, longer each time; after the last attempt it waits for staff.

    Another relay may have taken it up at once and finished it: then nothing is recorded.
    """
    event = uow.session.get(OutboxEvent, event_id, with_for_update=True)
    if event is not None and event.done_at is None:
        event.attempts += 1
        event.due_at = uow.now + _FIRST_PAUSE * 2 ** (event.attempts - 1)
        event.reason = reason[:500]


def given_up(reader: ReadOnly) -> int:
    """How many events have failed as often as they are tried: what should have come of them has not."""
    return reader.session.scalars(select(func.count()).where(*_GIVEN_UP)).one()


def forget_done(uow: UnitOfWork) -> None:
    """Deletes events that were acted on long ago."""
    uow.session.execute(delete(OutboxEvent).where(OutboxEvent.done_at < uow.now - KEPT))


def parked(reader: ReadOnly, limit: int = 100) -> Sequence[OutboxEvent]:
    """The events that failed for good, newest first: nobody was told of them."""
    return reader.session.scalars(
        select(OutboxEvent).where(*_GIVEN_UP).order_by(OutboxEvent.id.desc()).limit(limit)
    ).all()


def retry_parked(uow: UnitOfWork, event_id: int) -> bool:
    """Gives an event that failed for good back to the relay, at staff's word. Returns whether it was one."""
    event = uow.session.scalar(
        select(OutboxEvent).where(OutboxEvent.id == event_id, *_GIVEN_UP).with_for_update()
    )
    if event is None:
        return False
    event.attempts, event.due_at = 0, uow.now
    return True
