"""What we know of each channel: its allowance, its pauses, its rates, when it last worked."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import (
    ChannelName,
    ChannelState,
    Contact,
    ContactKind,
    Delivery,
    DeliveryClass,
    DeliveryState,
    InboundEvent,
)

# Attempts in the last second over a whole channel. LINE allows 2,000 a second for reply and push (Messaging
# API reference, rate limits); Telegram about 30 (Bot FAQ), of which some stay free for callbacks.
PER_SECOND = {ChannelName.LINE: 500, ChannelName.TELEGRAM: 24, ChannelName.WEB: 1_000_000}
TELEGRAM_GROUP_PER_MINUTE = 18  # the Bot FAQ allows 20
CLOCK_SKEW = timedelta(minutes=1)  # what lies further in the future was noted before the clock was put back
LONG_PAUSE = timedelta(minutes=2)  # platforms ask for seconds; ours after a refused token are longer
REPLY_RESERVE = 0.2  # the share of the monthly allowance that a late bot reply never touches


def state(uow: UnitOfWork, channel: ChannelName) -> ChannelState:
    """The channel's row, made when it is missing."""
    found = uow.session.get(ChannelState, channel)
    if found is None:
        found = ChannelState(channel=channel)
        uow.session.add(found)
    return found


def all_states(reader: ReadOnly) -> dict[ChannelName, ChannelState]:
    """Every channel that has a row."""
    return {row.channel: row for row in reader.session.scalars(select(ChannelState))}


def paused(uow: UnitOfWork) -> set[ChannelName]:
    """Channels that asked for silence and still wait; a pause noted in the future ended when the clock went back."""
    query = select(ChannelState.channel).where(
        ChannelState.paused_until > uow.now, ChannelState.last_error_at <= uow.now + CLOCK_SKEW
    )
    return set(uow.session.scalars(query))


def pause(uow: UnitOfWork, channel: ChannelName, duration: timedelta, reason: str) -> None:
    """Keeps a channel silent, as the platform asked."""
    row = state(uow, channel)
    until = uow.now + duration
    if row.paused_until is None or row.paused_until < until:
        row.paused_until = until
    note_error(uow, channel, reason)


def lift_long_pauses(uow: UnitOfWork) -> list[ChannelName]:
    """Ends the pauses that only a person can have a reason to end, e.g. by a new token; returns their channels."""
    rows = uow.session.scalars(
        select(ChannelState).where(ChannelState.paused_until > uow.now + LONG_PAUSE).with_for_update()
    ).all()
    for row in rows:
        row.paused_until = None
    return [row.channel for row in rows]


def note_error(uow: UnitOfWork, channel: ChannelName, reason: str) -> None:
    """Remembers the newest fault for the status page."""
    row = state(uow, channel)
    row.last_error, row.last_error_at = reason[:500], uow.now


def record_check(uow: UnitOfWork, channel: ChannelName, *, passed: bool) -> None:
    """Remembers that somebody had the connection examined, and what came of it."""
    row = state(uow, channel)
    row.checked_at, row.check_passed = uow.now, passed


def block_pushes(uow: UnitOfWork) -> None:
    """LINE said that the monthly allowance is spent: no push until the allowance changes."""
    row = state(uow, ChannelName.LINE)
    row.push_blocked_since = row.push_blocked_since or uow.now


def record_quota(uow: UnitOfWork, limit: int | None, used: int) -> None:
    """Takes over LINE's own figures; room in them opens pushes again."""
    row = state(uow, ChannelName.LINE)
    changed = (limit, used) != (row.quota_limit, row.quota_used)
    row.quota_limit, row.quota_used, row.quota_checked_at = limit, used, uow.now
    if limit is None or (used < limit and changed):
        row.push_blocked_since = None


def pushes_left(row: ChannelState | None) -> int | None:
    """How many LINE pushes may still be spent this month; None when unlimited or not known."""
    if row is None or row.quota_limit is None:
        return None
    return 0 if row.push_blocked_since else max(0, row.quota_limit - (row.quota_used or 0))


def may_spend_push(reader: ReadOnly, purpose: DeliveryClass) -> bool:
    """Whether a message of this class may cost one of LINE's counted messages now."""
    row = reader.session.get(ChannelState, ChannelName.LINE)
    if row is not None and row.push_blocked_since is not None:
        return False
    left = pushes_left(row)
    if purpose.may_push:
        return left is None or left > 0
    if purpose is DeliveryClass.REPLY and row is not None and row.quota_checked_at is not None:
        return left is None or left > (row.quota_limit or 0) * REPLY_RESERVE
    return False


def spent_push(uow: UnitOfWork) -> None:
    """Counts a push until LINE's own figure is read again."""
    row = state(uow, ChannelName.LINE)
    if row.quota_used is not None:
        row.quota_used += 1


def room(reader: ReadOnly, channel: ChannelName) -> int:
    """How many more attempts the channel's rate allows in this second."""
    recent = select(func.count()).where(
        Delivery.channel == channel, *_attempted_within(reader, timedelta(seconds=1))
    )
    return PER_SECOND[channel] - (reader.session.scalar(recent) or 0)


def contact_has_room(reader: ReadOnly, contact: Contact) -> bool:
    """Whether a Telegram group may hear from us again within its minute."""
    if contact.channel is not ChannelName.TELEGRAM or contact.kind is not ContactKind.GROUP:
        return True
    recent = select(func.count()).where(
        Delivery.contact_id == contact.id, *_attempted_within(reader, timedelta(minutes=1))
    )
    return (reader.session.scalar(recent) or 0) < TELEGRAM_GROUP_PER_MINUTE


def last_inbound(reader: ReadOnly) -> dict[ChannelName, datetime]:
    """When each channel last brought an event."""
    rows = reader.session.execute(
        select(InboundEvent.channel, func.max(InboundEvent.received_at)).group_by(InboundEvent.channel)
    )
    return {channel: at for channel, at in rows if at is not None}


def last_accepted(reader: ReadOnly) -> dict[ChannelName, datetime]:
    """When each channel last took a message of ours."""
    rows = reader.session.execute(
        select(Delivery.channel, func.max(Delivery.settled_at))
        .where(Delivery.state == DeliveryState.ACCEPTED)
        .group_by(Delivery.channel)
    )
    return {channel: at for channel, at in rows if at is not None}


def _attempted_within(reader: ReadOnly, duration: timedelta) -> tuple[ColumnElement[bool], ...]:
    """Not the attempts of a future that the clock has left again: they would close the channel for as long."""
    at = Delivery.last_attempt_at
    return at > reader.now - duration, at <= reader.now + CLOCK_SKEW
