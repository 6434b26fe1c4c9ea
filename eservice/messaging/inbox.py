"""The inbox of raw events: stored once, claimed in order, finished or parked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Integer, and_, bindparam, exists, func, or_, select, update

from eservice.kit.database import UtcDateTime, insert_new, table_of
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import ChannelName, EventState, InboundEvent

TOPIC = "inbox"  # a signal: an event waits
MAX_ATTEMPTS = 3
RETRY_SECONDS = (1, 5)
KEEP_DONE_DAYS = 30  # the ids must outlive every redelivery; LINE's come within a day


def store(uow: UnitOfWork, rows: list[dict[str, object]]) -> int:
    """Stores raw events; those already known change nothing. Returns how many were new."""
    return insert_new(
        uow.session,
        InboundEvent,
        [{"state": EventState.PENDING, "attempts": 0, "received_at": uow.now, **row} for row in rows],
    )


class Claimed(NamedTuple):
    """An event to work on, locked until the transaction ends."""

    id: int
    channel: ChannelName
    payload: str
    received_at: datetime


_events = table_of(InboundEvent)
_earlier = _events.alias("earlier")
_CLAIM = (
    select(_events.c.id, _events.c.channel, _events.c.payload, _events.c.received_at)
    .where(
        _events.c.state == EventState.PENDING,
        or_(
            _events.c.due_at.is_(None),
            _events.c.due_at <= bindparam("now", type_=UtcDateTime()),
            _events.c.received_at > bindparam("now", type_=UtcDateTime()),  # the clock was put back
        ),
        ~exists(
            select(_earlier.c.id).where(
                _earlier.c.state == EventState.PENDING,
                _earlier.c.conversation_key == _events.c.conversation_key,
                or_(
                    _earlier.c.occurred_ms < _events.c.occurred_ms,
                    and_(_earlier.c.occurred_ms == _events.c.occurred_ms, _earlier.c.id < _events.c.id),
                ),
            )
        ),
    )
    .order_by(_events.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=_events)
)
_WAITING_OF = select(func.count()).select_from(
    select(_events.c.id)
    .where(_events.c.state == EventState.PENDING, _events.c.conversation_key == bindparam("of_key"))
    .limit(bindparam("most", type_=Integer()))
    .subquery()
)
_FINISH = (
    update(_events)
    .where(_events.c.id == bindparam("finished_id"))
    .values(state=EventState.DONE, payload="", done_at=bindparam("now", type_=UtcDateTime()))
)
_ANY_WAITING = select(_events.c.id).where(_events.c.state == EventState.PENDING).limit(1)


def claim_next(uow: UnitOfWork) -> Claimed | None:
    """The next event to work on: the head of some conversation, locked until the transaction ends.

    On PostgreSQL other workers skip the locked head, and later events of the same conversation wait
    because an earlier one is still pending. On SQLite the write transaction itself is the lock.
    """
    row = uow.session.connection().execute(_CLAIM, {"now": uow.now}).first()
    return None if row is None else Claimed(*row)


def more_wait(reader: ReadOnly) -> bool:
    """Whether any event waits, be it claimable or not."""
    return reader.session.connection().execute(_ANY_WAITING).first() is not None


def finish(uow: UnitOfWork, event_id: int) -> None:
    """Marks the event done and empties its payload: from here the message row is the record."""
    uow.session.connection().execute(_FINISH, {"finished_id": event_id, "now": uow.now})


def fail(uow: UnitOfWork, event_id: int, reason: str) -> bool:
    """Records a failed attempt: another one later, or, after the last, parked. Returns whether it is parked.

    `reason` is for staff and holds no text of the resident. Another worker may have taken the event up at
    once and finished it: then nothing is recorded.
    """
    event = uow.session.get_one(InboundEvent, event_id, with_for_update=True)
    if event.state is not EventState.PENDING:
        return False
    event.attempts += 1
    event.reason = reason[:500]
    if event.attempts >= MAX_ATTEMPTS:
        event.state = EventState.PARKED
        event.due_at = None
        return True
    event.due_at = uow.now + timedelta(seconds=RETRY_SECONDS[event.attempts - 1])
    return False


def erase_message(uow: UnitOfWork, channel: ChannelName, conversation_key: str, message_ref: str) -> None:
    """Empties the stored payloads that hold a message taken back by its author."""
    uow.session.execute(
        update(InboundEvent)
        .where(
            InboundEvent.channel == channel,
            InboundEvent.conversation_key == conversation_key,
            InboundEvent.message_ref == message_ref,
            InboundEvent.state != EventState.DONE,
        )
        .values(payload="", state=EventState.DONE, reason="taken back by its author", done_at=uow.now)
    )


def parked(reader: ReadOnly, limit: int = 100) -> Sequence[InboundEvent]:
    """The events set aside, newest first."""
    return reader.session.scalars(
        select(InboundEvent)
        .where(InboundEvent.state == EventState.PARKED)
        .order_by(InboundEvent.id.desc())
        .limit(limit)
    ).all()


def retry_parked(uow: UnitOfWork, event_id: int) -> bool:
    """Puts a parked event back in line, at staff's word. Returns whether it was parked."""
    event = uow.session.get(InboundEvent, event_id)
    if event is None or event.state is not EventState.PARKED:
        return False
    event.state, event.attempts, event.due_at = EventState.PENDING, 0, None
    return True


def waiting_count(reader: ReadOnly) -> int:
    """How many events wait to be worked on."""
    return reader.session.scalar(select(func.count()).where(InboundEvent.state == EventState.PENDING)) or 0


def forget_done(uow: UnitOfWork) -> int:
    """Deletes finished events past their keeping time; returns how many."""
    limit = uow.now - timedelta(days=KEEP_DONE_DAYS)
    rows = uow.session.query(InboundEvent).filter(
        InboundEvent.received_at < limit, InboundEvent.state == EventState.DONE
    )
    return rows.delete(synchronize_session=False)


def waiting_of(reader: ReadOnly, conversation_key: str, most: int) -> int:
    """How many events of one conversation wait, counted up to `most`."""
    of_conversation = {"of_key": conversation_key, "most": most}
    return reader.session.connection().execute(_WAITING_OF, of_conversation).scalar_one()
