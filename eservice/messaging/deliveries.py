"""The delivery queue: the only road to a resident.

A delivery is a row committed together with what caused it. Its life:

    queued ─▶ sending ─▶ accepted
      ▲          ├─────▶ queued      (a passing fault: again later)
      │          ├─────▶ held        (LINE, no free road left: waits for the person's next contact)
      │          ├─────▶ uncertain   (may have arrived; never sent on top, offered at the next contact)
      │          └─────▶ failed      (cannot be delivered; the reason is shown to staff)
    held ─▶ carried by another delivery ─▶ accepted with it, or held again

What callers put on the queue, let ride along, hold and take back is here; what senders make of it is in
`attempts`, what pages read of it in `delivery_queries`.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from eservice.kit.database import insert_row, new_row, table_of
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import attempts
from eservice.messaging.attempts import ReplyRoad
from eservice.messaging.content import Bundle
from eservice.messaging.conversations import Talk, record_said
from eservice.messaging.models import (
    OPEN_STATES,
    ChannelName,
    Contact,
    Delivery,
    DeliveryClass,
    DeliveryState,
    Reachability,
    Speaker,
)

TOPIC = "outbox"  # a signal: a delivery waits, or waits for another instant than before
MAX_CARRIED = 3  # waiting messages that ride along with one reply

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
    the first attempt is recorded too: the caller sends `attempts.job_of` it as soon as the transaction is committed.
    """
    if dedup_key and uow.session.scalar(select(Delivery.id).where(Delivery.dedup_key == dedup_key)):
        return None
    contact = talk.contact
    message = record_said(uow, talk.conversation, bundle, speaker)
    delivery = new_row(
        Delivery,
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
        attempts.begin(uow, delivery)
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
    return attempts.bundles_of(uow, held)


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


def give_token(delivery: Delivery, reply: ReplyRoad, now: datetime) -> None:
    """Lets a held message travel free on a token that just came."""
    delivery.state, delivery.due_at, delivery.reason = DeliveryState.QUEUED, now, None
    delivery.reply_token, delivery.reply_until = reply.token, reply.until


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
    return attempts.bundles_of(uow, [delivery])[0][1]
