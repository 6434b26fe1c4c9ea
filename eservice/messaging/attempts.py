"""Attempts: what senders claim, and what came of each call.

An attempt is committed before its call and its outcome after it, so a killed process leaves a lease that
runs out, never a lost message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import aliased

from eservice.kit.database import UtcDateTime, table_of
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import channels
from eservice.messaging.content import Bundle, bundle_from_json
from eservice.messaging.models import (
    UNFINISHED_STATES,
    ChannelName,
    Contact,
    ContactKind,
    Delivery,
    DeliveryClass,
    DeliveryState,
    Message,
)

LEASE_SECONDS = 20  # longer than the longest call to a platform
MAX_ATTEMPTS = 8

_table = table_of(Delivery)
_ACCEPTED = (
    update(_table)
    .where(
        _table.c.id == bindparam("delivery_id"),
        _table.c.attempts == bindparam("attempt"),
        _table.c.state == DeliveryState.SENDING,
    )
    .values(
        state=DeliveryState.ACCEPTED,
        road=bindparam("by_road"),
        platform_ref=bindparam("ref"),
        settled_at=bindparam("now", type_=UtcDateTime()),
        reason=None,
    )
)


@dataclass(frozen=True, kw_only=True)
class ReplyRoad:
    """LINE's reply token and the instant until which it may be used."""

    token: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Job:
    """One recorded attempt, with everything a sender needs and no open transaction.

    `carried` are waiting messages that ride along, oldest first: (delivery id, bundle).
    """

    delivery_id: int
    key: str
    attempt: int
    channel: ChannelName
    address: str
    contact_kind: ContactKind
    bundle: Bundle
    carried: tuple[tuple[int, Bundle], ...]
    purpose: DeliveryClass
    reply: ReplyRoad | None
    parts_sent: int
    doubtful: bool


def claim_due(uow: UnitOfWork, limit: int = 20) -> list[Job]:
    """Takes deliveries whose time has come, in order within each contact, and records their attempts.

    Also takes over attempts whose lease ran out with a killed process; those may have been carried out.
    Contacts whose earlier message is still unfinished wait; so do paused channels and Telegram's rates.
    """
    earlier = aliased(Delivery)
    blocked = (
        select(earlier.id)
        .where(
            earlier.contact_id == Delivery.contact_id,
            earlier.id < Delivery.id,
            earlier.state.in_(UNFINISHED_STATES),
        )
        .exists()
    )
    paused = channels.paused(uow)
    rows = uow.session.execute(
        select(Delivery, Contact)
        .join(Contact, Contact.id == Delivery.contact_id)
        .where(
            Delivery.state.in_(UNFINISHED_STATES),
            _is_due(uow),
            Delivery.channel.not_in(paused),
            ~blocked,
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    room = {channel: channels.room(uow, channel) for channel in {delivery.channel for delivery, _ in rows}}
    jobs: list[Job] = []
    for delivery, contact in rows:
        if room[delivery.channel] <= 0 or not channels.contact_has_room(uow, contact):
            continue
        room[delivery.channel] -= 1
        if delivery.state is DeliveryState.SENDING:
            delivery.doubtful = True
        begin(uow, delivery)
        carried = uow.session.scalars(
            select(Delivery)
            .where(Delivery.carrier_id == delivery.id, Delivery.state == DeliveryState.CARRIED)
            .order_by(Delivery.id)  # the same order at every attempt: a retry key wants the same body
        ).all()
        bundles = bundles_of(uow, [delivery])
        if not bundles:
            delivery.state, delivery.settled_at = DeliveryState.CANCELLED, uow.now
            delivery.reason = "its words were erased"
            continue
        jobs.append(job_of(delivery, contact, bundles[0][1], bundles_of(uow, carried)))
    return jobs


def anything_due(reader: ReadOnly) -> bool:
    """A cheap look, without a write transaction, at whether `claim_due` may find something."""
    due = select(Delivery.id).where(Delivery.state.in_(UNFINISHED_STATES), _is_due(reader)).limit(1)
    return reader.session.scalar(due) is not None


def next_due(reader: ReadOnly) -> datetime | None:
    """The instant at which the next delivery will be due, after those that are due already; None without one."""
    later = select(func.min(Delivery.due_at)).where(
        Delivery.state.in_(UNFINISHED_STATES), Delivery.due_at > reader.now
    )
    return reader.session.scalar(later)


def begin(uow: UnitOfWork, delivery: Delivery) -> None:
    """Records an attempt on the delivery, before its call is made."""
    if delivery.reply_until is not None and delivery.reply_until <= uow.now and not delivery.doubtful:
        # Dead before anything was tried on it: this attempt and all later ones are pushes under one key.
        delivery.reply_token = delivery.reply_until = None
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    delivery.last_attempt_at = uow.now
    delivery.due_at = uow.now + timedelta(seconds=LEASE_SECONDS)


def job_of(delivery: Delivery, contact: Contact, bundle: Bundle, carried: list[tuple[int, Bundle]]) -> Job:
    """The attempt that `begin` recorded, for a sender."""
    reply = None
    if delivery.reply_token and delivery.reply_until:
        reply = ReplyRoad(token=delivery.reply_token, until=delivery.reply_until)
    return Job(
        delivery_id=delivery.id,
        key=delivery.key,
        attempt=delivery.attempts,
        channel=delivery.channel,
        address=contact.address,
        contact_kind=contact.kind,
        bundle=bundle,
        carried=tuple(carried),
        purpose=delivery.purpose,
        reply=reply,
        parts_sent=delivery.parts_sent,
        doubtful=delivery.doubtful,
    )


def bundles_of(uow: UnitOfWork, deliveries: Sequence[Delivery]) -> list[tuple[int, Bundle]]:
    """What the deliveries say: (delivery id, bundle); one whose words were erased is left out."""
    if not deliveries:
        return []
    ids = [delivery.message_id for delivery in deliveries]
    rows = uow.session.execute(select(Message.id, Message.content).where(Message.id.in_(ids)))
    stored = dict(rows.all())
    return [(d.id, bundle_from_json(content)) for d in deliveries if (content := stored[d.message_id])]


def adopt_orphans(uow: UnitOfWork) -> int:
    """At the start of the only process (SQLite): attempts left behind by a killed one are due at once."""
    result = uow.session.execute(
        update(Delivery).where(Delivery.state == DeliveryState.SENDING).values(due_at=uow.now)
    )
    return result.rowcount  # type: ignore[attr-defined]


def resume(uow: UnitOfWork) -> None:
    """At a start: what waits out a long pause, as after a refused token, is tried again at once."""
    lifted = channels.lift_long_pauses(uow)
    if lifted:
        uow.session.execute(
            update(Delivery)
            .where(
                Delivery.state == DeliveryState.QUEUED, Delivery.attempts > 0, Delivery.channel.in_(lifted)
            )
            .values(due_at=uow.now)
            .execution_options(synchronize_session=False)
        )


def part_sent(uow: UnitOfWork, job: Job, parts_sent: int) -> bool:
    """Records that one more call of a several-call delivery was accepted, and the attempt at the next one."""
    return _update(
        uow,
        job,
        parts_sent=parts_sent,
        doubtful=False,
        last_attempt_at=uow.now,
        due_at=uow.now + timedelta(seconds=LEASE_SECONDS),
    )


def accepted(uow: UnitOfWork, job: Job, *, road: str, platform_ref: str, carried_ids: Sequence[int]) -> bool:
    """The platform took the message and those of `carried_ids`; the rest of the carried wait on."""
    ref = platform_ref[:128] or None
    of_attempt = {"delivery_id": job.delivery_id, "attempt": job.attempt}
    result = uow.session.connection().execute(
        _ACCEPTED, {**of_attempt, "by_road": road, "ref": ref, "now": uow.now}
    )
    if result.rowcount != 1:
        return False
    if job.carried:
        uow.session.execute(
            update(Delivery)
            .where(Delivery.carrier_id == job.delivery_id, Delivery.id.in_(carried_ids))
            .values(state=DeliveryState.ACCEPTED, road=road, settled_at=uow.now)
        )
        _release_carried(uow, job)
    return True


def again(uow: UnitOfWork, job: Job, *, after: timedelta, reason: str, doubtful: bool) -> bool:
    """A passing fault: queued for a later attempt."""
    return _update(
        uow,
        job,
        state=DeliveryState.QUEUED,
        due_at=uow.now + after,
        reason=reason[:500],
        doubtful=job.doubtful or doubtful,
    )


def hold(uow: UnitOfWork, job: Job, reason: str) -> bool:
    """No free road: waits for the person's next contact. What rode along waits too."""
    return _update(
        uow, job, state=DeliveryState.HELD, reason=reason[:500], reply_token=None, reply_until=None
    ) and _release_carried(uow, job)


def without_token(uow: UnitOfWork, job: Job) -> bool:
    """The reply token was dead before anything was sent: queued again for the other road."""
    return _update(
        uow, job, state=DeliveryState.QUEUED, due_at=uow.now, reply_token=None, reply_until=None
    ) and _release_carried(uow, job)


def uncertain(uow: UnitOfWork, job: Job, reason: str) -> bool:
    """May have arrived: never sent on top; staff see it and the person is offered it at the next contact."""
    if not _update(uow, job, state=DeliveryState.UNCERTAIN, reason=reason[:500]):
        return False
    uow.session.execute(
        update(Delivery)
        .where(Delivery.carrier_id == job.delivery_id, Delivery.state == DeliveryState.CARRIED)
        .values(state=DeliveryState.UNCERTAIN, carrier_id=None, reason=reason[:500])
    )
    return True


def failed(uow: UnitOfWork, job: Job, reason: str) -> bool:
    """Cannot be delivered, ever; staff see the reason. What rode along waits on."""
    return _update(
        uow, job, state=DeliveryState.FAILED, reason=reason[:500], settled_at=uow.now
    ) and _release_carried(uow, job)


def _is_due(reader: ReadOnly) -> ColumnElement[bool]:
    """Its time has come; or it was queued or tried in a future that the clock has left again."""
    future = reader.now + channels.CLOCK_SKEW
    return or_(Delivery.due_at <= reader.now, Delivery.created_at > future, Delivery.last_attempt_at > future)


def _update(uow: UnitOfWork, job: Job, **values: object) -> bool:
    """Changes the delivery only while this attempt is the current one; a late sender changes nothing."""
    result = uow.session.execute(
        update(Delivery)
        .where(
            Delivery.id == job.delivery_id,
            Delivery.attempts == job.attempt,
            Delivery.state == DeliveryState.SENDING,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount == 1  # type: ignore[attr-defined]


def _release_carried(uow: UnitOfWork, job: Job) -> bool:
    """Lets what rode along wait again; only the holder of the current attempt may do that."""
    uow.session.execute(
        update(Delivery)
        .where(Delivery.carrier_id == job.delivery_id, Delivery.state == DeliveryState.CARRIED)
        .values(state=DeliveryState.HELD, carrier_id=None)
    )
    return True
