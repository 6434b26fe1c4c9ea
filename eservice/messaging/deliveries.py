"""The delivery queue: the only road to a resident.

A delivery is a row committed together with what caused it. Its life:

    queued ─▶ sending ─▶ accepted
      ▲          ├─────▶ queued      (a passing fault: again later)
      │          ├─────▶ held        (LINE, no free road left: waits for the person's next contact)
      │          ├─────▶ uncertain   (may have arrived; never sent on top, offered at the next contact)
      │          └─────▶ failed      (cannot be delivered; the reason is shown to staff)
    held ─▶ carried by another delivery ─▶ accepted with it, or held again

An attempt is committed before its call and its outcome after it, so a killed process leaves a lease that
runs out, never a lost message.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import aliased

from eservice.kit.database import UtcDateTime, insert_row, table_of
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import channels
from eservice.messaging.content import Bundle, bundle_from_json
from eservice.messaging.conversations import Talk, record_said
from eservice.messaging.models import (
    OPEN_STATES,
    ChannelName,
    Contact,
    ContactKind,
    Delivery,
    DeliveryClass,
    DeliveryState,
    Message,
    Reachability,
    Speaker,
)

LEASE_SECONDS = 20  # longer than the longest call to a platform
MAX_ATTEMPTS = 8
MAX_CARRIED = 3  # waiting messages that ride along with one reply
UNFINISHED = (DeliveryState.QUEUED, DeliveryState.SENDING)


_OPEN = (
    select(Delivery)
    .where(Delivery.contact_id == bindparam("of_contact"), Delivery.state.in_(OPEN_STATES))
    .order_by(Delivery.id)
    .with_for_update()  # nobody else may give the same waiting message to another carrier meanwhile
)
_table = table_of(Delivery)
_ANY_OPEN = (
    select(_table.c.id)
    .where(_table.c.contact_id == bindparam("of_contact"), _table.c.state.in_(OPEN_STATES))
    .limit(1)
)
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


def enqueue(
    uow: UnitOfWork,
    talk: Talk,
    bundle: Bundle,
    *,
    purpose: DeliveryClass,
    speaker: Speaker = Speaker.BOT,
    reply: ReplyRoad | None = None,
    due_at: datetime | None = None,
    dedup_key: str | None = None,
    send_now: bool = False,
) -> Delivery | None:
    """Puts a message on its way; None when `dedup_key` says it is already there.

    On the web a message is delivered by being stored: the visitor's browser fetches it. On LINE a message
    without a free road and without the right to spend a push is held for the next contact. With `send_now`
    the first attempt is recorded too: the caller sends `job_of` it as soon as the transaction is committed.
    """
    if dedup_key and uow.session.scalar(select(Delivery.id).where(Delivery.dedup_key == dedup_key)):
        return None
    contact = talk.contact
    message = record_said(uow, talk.conversation, bundle, speaker)
    delivery = Delivery(
        key=str(uuid.uuid4()),
        contact_id=contact.id,
        message_id=message.id,
        channel=contact.channel,
        purpose=purpose,
        state=DeliveryState.QUEUED,
        due_at=due_at or uow.now,
        reply_token=reply.token if reply else None,
        reply_until=reply.until if reply else None,
        dedup_key=dedup_key,
        created_at=uow.now,
        attempts=0,
        parts_sent=0,
        doubtful=False,
    )
    if contact.channel is ChannelName.WEB:
        delivery.state, delivery.road, delivery.settled_at = DeliveryState.ACCEPTED, "web", uow.now
    elif contact.reachability is not Reachability.ACTIVE:
        delivery.state, delivery.reason = DeliveryState.HELD, contact.reachability.value
    elif contact.channel is ChannelName.LINE and reply is None and not purpose.may_push:
        delivery.state = DeliveryState.HELD
    elif send_now:
        _begin_attempt(uow, delivery)
    insert_row(uow.session, delivery)
    return delivery


def open_deliveries(uow: UnitOfWork, contact: Contact) -> Sequence[Delivery]:
    """What has not come to an end for a contact: waiting, on its way, or uncertain; oldest first."""
    # Nearly always there is nothing: a look without objects costs a fifth of loading none.
    if uow.session.connection().execute(_ANY_OPEN, {"of_contact": contact.id}).first() is None:
        return []
    return uow.session.scalars(_OPEN, {"of_contact": contact.id}).all()


def carry(uow: UnitOfWork, waiting: Sequence[Delivery], carrier: Delivery) -> list[tuple[int, Bundle]]:
    """Lets the oldest held messages ride along with `carrier`."""
    held = [delivery for delivery in waiting if delivery.state is DeliveryState.HELD][:MAX_CARRIED]
    for delivery in held:
        delivery.state, delivery.carrier_id, delivery.reason = DeliveryState.CARRIED, carrier.id, None
    return _bundles(uow, held)


def release_held_back(waiting: Sequence[Delivery], now: datetime) -> None:
    """Sends an acknowledgement that is being held back for the staff: the person has said something more."""
    for delivery in waiting:
        if delivery.state is DeliveryState.QUEUED and not delivery.attempts and delivery.due_at > now:
            delivery.due_at = now


def release_held(uow: UnitOfWork, waiting: Sequence[Delivery]) -> None:
    """Queues what was held for somebody who had blocked us and is back (channels without counted pushes)."""
    for delivery in waiting:
        if delivery.state is DeliveryState.HELD:
            delivery.state, delivery.due_at, delivery.reason = DeliveryState.QUEUED, uow.now, None


def take_uncertain(uow: UnitOfWork, waiting: Sequence[Delivery]) -> list[Delivery]:
    """The oldest uncertain message not yet offered again; it is settled by being offered.

    One at each contact: a message that is not offered must not count as settled.
    """
    fresh = [d for d in waiting if d.state is DeliveryState.UNCERTAIN and d.settled_at is None][:1]
    for delivery in fresh:
        delivery.settled_at = uow.now
    return fresh


def repeat(uow: UnitOfWork, talk: Talk, delivery_id: int) -> Bundle | None:
    """The words of an uncertain delivery, for the person who asks to see them again; None for a stranger's."""
    delivery = uow.session.get(Delivery, delivery_id)
    if delivery is None or delivery.contact_id != talk.contact.id:
        return None
    if delivery.state is DeliveryState.UNCERTAIN:
        delivery.reason = "shown again at the person's wish"
    return _bundles(uow, [delivery])[0][1]


def job_of(delivery: Delivery, talk: Talk, bundle: Bundle, carried: list[tuple[int, Bundle]]) -> Job:
    """The attempt that `enqueue` recorded with `send_now`."""
    return _job(delivery, talk.contact, bundle, carried)


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
            earlier.state.in_(UNFINISHED),
        )
        .exists()
    )
    paused = channels.paused(uow)
    rows = uow.session.execute(
        select(Delivery, Contact)
        .join(Contact, Contact.id == Delivery.contact_id)
        .where(
            Delivery.state.in_(UNFINISHED),
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
        _begin_attempt(uow, delivery)
        carried = uow.session.scalars(
            select(Delivery)
            .where(Delivery.carrier_id == delivery.id, Delivery.state == DeliveryState.CARRIED)
            .order_by(Delivery.id)  # the same order at every attempt: a retry key wants the same body
        ).all()
        bundles = _bundles(uow, [delivery])
        if not bundles:
            delivery.state, delivery.settled_at = DeliveryState.CANCELLED, uow.now
            delivery.reason = "its words were erased"
            continue
        jobs.append(_job(delivery, contact, bundles[0][1], _bundles(uow, carried)))
    return jobs


def anything_due(reader: ReadOnly) -> bool:
    """A cheap look, without a write transaction, at whether `claim_due` may find something."""
    due = select(Delivery.id).where(Delivery.state.in_(UNFINISHED), _is_due(reader)).limit(1)
    return reader.session.scalar(due) is not None


def _is_due(reader: ReadOnly) -> ColumnElement[bool]:
    """Its time has come; or it was queued or tried in a future that the clock has left again."""
    future = reader.now + channels.CLOCK_SKEW
    return or_(Delivery.due_at <= reader.now, Delivery.created_at > future, Delivery.last_attempt_at > future)


def give_token(delivery: Delivery, reply: ReplyRoad, now: datetime) -> None:
    """Lets a held message travel free on a token that just came."""
    delivery.state, delivery.due_at, delivery.reason = DeliveryState.QUEUED, now, None
    delivery.reply_token, delivery.reply_until = reply.token, reply.until


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


def cancel_waiting_reply(uow: UnitOfWork, contact: Contact, now_free: datetime) -> ReplyRoad | None:
    """Takes back an acknowledgement that is being held back and returns its still living token.

    That is how a staff answer given within seconds travels free: it takes the place of the
    acknowledgement that was waiting for it. What was to ride along waits again for a carrier. A reply
    that is due now is not touched: it says something that the person asked for.
    """
    delivery = uow.session.scalar(
        select(Delivery)
        .where(
            Delivery.contact_id == contact.id,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.purpose == DeliveryClass.REPLY,
            Delivery.attempts == 0,
            Delivery.due_at > uow.now,
            Delivery.reply_until > now_free,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if delivery is None or delivery.reply_token is None or delivery.reply_until is None:
        return None
    delivery.state, delivery.settled_at = DeliveryState.CANCELLED, uow.now
    delivery.reason = "the answer itself came in time"
    uow.session.execute(
        update(Delivery)
        .where(Delivery.carrier_id == delivery.id, Delivery.state == DeliveryState.CARRIED)
        .values(state=DeliveryState.HELD, carrier_id=None)
    )
    return ReplyRoad(token=delivery.reply_token, until=delivery.reply_until)


def states_of(reader: ReadOnly, message_ids: Sequence[int]) -> dict[int, Delivery]:
    """The newest delivery of each message, for the pages that show how far it came."""
    rows = reader.session.scalars(
        select(Delivery).where(Delivery.message_id.in_(message_ids)).order_by(Delivery.id)
    )
    return {delivery.message_id: delivery for delivery in rows}


def troubled(reader: ReadOnly, limit: int = 100) -> Sequence[tuple[Delivery, Contact]]:
    """Deliveries that staff should know of: uncertain or failed, newest first."""
    rows = reader.session.execute(
        select(Delivery, Contact)
        .join(Contact, Contact.id == Delivery.contact_id)
        .where(Delivery.state.in_((DeliveryState.UNCERTAIN, DeliveryState.FAILED)))
        .order_by(Delivery.id.desc())
        .limit(limit)
    ).all()
    return [(delivery, contact) for delivery, contact in rows]


def counts(reader: ReadOnly) -> dict[tuple[ChannelName, DeliveryState], int]:
    """How many deliveries each channel has in each state."""
    rows = reader.session.execute(
        select(Delivery.channel, Delivery.state, func.count()).group_by(Delivery.channel, Delivery.state)
    )
    return {(channel, state): number for channel, state, number in rows}


def oldest_due(reader: ReadOnly) -> datetime | None:
    """Since when the oldest unsent message has been due; None when nothing waits."""
    return reader.session.scalar(
        select(func.min(Delivery.due_at)).where(
            Delivery.state == DeliveryState.QUEUED, or_(Delivery.due_at <= reader.now)
        )
    )


def _begin_attempt(uow: UnitOfWork, delivery: Delivery) -> None:
    if delivery.reply_until is not None and delivery.reply_until <= uow.now and not delivery.doubtful:
        # Dead before anything was tried on it: this attempt and all later ones are pushes under one key.
        delivery.reply_token = delivery.reply_until = None
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    delivery.last_attempt_at = uow.now
    delivery.due_at = uow.now + timedelta(seconds=LEASE_SECONDS)


def _job(delivery: Delivery, contact: Contact, bundle: Bundle, carried: list[tuple[int, Bundle]]) -> Job:
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


def _bundles(uow: UnitOfWork, deliveries: Sequence[Delivery]) -> list[tuple[int, Bundle]]:
    if not deliveries:
        return []
    ids = [delivery.message_id for delivery in deliveries]
    rows = uow.session.execute(select(Message.id, Message.content).where(Message.id.in_(ids)))
    stored = dict(rows.all())
    return [(d.id, bundle_from_json(content)) for d in deliveries if (content := stored[d.message_id])]


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
