"""The outbox: what happened, committed together with the change itself, for others to act on afterwards.

A row is worked on in one unit of work with all that comes of it, so its consequences happen once: whoever is
killed in the middle leaves it as it was.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

TOPIC = "events"  # a signal: something happened
KEPT = timedelta(days=7)
MAX_ATTEMPTS = 8
_FIRST_PAUSE = timedelta(seconds=5)


class OutboxEvent(Base):
    """One thing that happened, e.g. kind "complaint.changed", payload {"event_id": 12}."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index("ix_outbox_events_waiting", "done_at", "due_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(String(500))  # of the last failure
    done_at: Mapped[datetime | None]


def record(uow: UnitOfWork, kind: str, **payload: int | str) -> None:
    """Notes in the same transaction that something happened. Ids only: words stay where they are kept."""
    uow.session.add(OutboxEvent(kind=kind, payload=payload, at=uow.now, due_at=uow.now, attempts=0))


def claim_next(uow: UnitOfWork) -> OutboxEvent | None:
    """The oldest event that is due, locked until the transaction ends; None when nothing is."""
    return uow.session.scalar(
        select(OutboxEvent)
        .where(
            OutboxEvent.done_at.is_(None),
            OutboxEvent.due_at <= uow.now,
            OutboxEvent.attempts < MAX_ATTEMPTS,
        )
        .order_by(OutboxEvent.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def fail(uow: UnitOfWork, event_id: int, reason: str) -> None:
    """Puts an event off after a failure, longer each time; after the last attempt it waits for staff."""
    event = uow.session.get(OutboxEvent, event_id)
    if event is not None and event.done_at is None:
        event.attempts += 1
        event.due_at = uow.now + _FIRST_PAUSE * 4 ** (event.attempts - 1)
        event.reason = reason[:500]


def given_up(reader: ReadOnly) -> int:
    """How many events have failed as often as they are tried: what should have come of them has not."""
    query = select(func.count()).where(OutboxEvent.done_at.is_(None), OutboxEvent.attempts >= MAX_ATTEMPTS)
    return reader.session.scalars(query).one()


def forget_done(uow: UnitOfWork) -> None:
    """Deletes events that were acted on long ago."""
    uow.session.execute(delete(OutboxEvent).where(OutboxEvent.done_at < uow.now - KEPT))
