"""The queue of outgoing webhooks: messages are made with what they tell of, claimed, tried, and settled.

An attempt is committed before its call and its outcome after it, so a killed process leaves a lease that runs
out, never a lost message. A partner may hear the same thing twice, under the same `webhook-id`.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.webhooks.models import Tried, WebhookDelivery, WebhookKind, WebhookState, WebhookSubscription

TOPIC = "webhooks"  # a signal: something is to be sent
LEASE = timedelta(seconds=60)  # longer than the longest call
PAUSES = tuple(
    timedelta(**pause)
    for pause in (
        {"seconds": 10}, {"minutes": 1}, {"minutes": 5}, {"minutes": 15}, {"hours": 1}, {"hours": 2},
        {"hours": 4}, {"hours": 8}, {"hours": 8},
    )
)  # fmt: skip
"""The waits between attempts: together about a day."""
MAX_ATTEMPTS = len(PAUSES) + 1
KEPT = timedelta(days=30)  # the log of what is settled
REMOVED = "removed"  # in the log: the subscription was
NO_OUTCOME = "no outcome"  # in the log: whoever tried was killed
_UNFINISHED = (WebhookState.QUEUED, WebhookState.SENDING)


@dataclass(frozen=True, kw_only=True)
class WebhookJob:
    """One recorded attempt, with everything a sender needs and no open transaction."""

    delivery_id: int
    attempt: int
    key: str
    url: str
    salt: str
    body: str


def enqueue(
    uow: UnitOfWork,
    kind: WebhookKind,
    data: Mapping[str, str | None],
    *,
    event_key: str,
    at: datetime,
) -> int:
    """Makes one message for every partner who wants to hear of this kind; returns how many.

    `event_key` names what happened: each partner is told of it once. `data` holds nothing about persons.
    """
    body = json.dumps(
        {"type": kind.value, "timestamp": local(at).isoformat(), "data": dict(data)}, ensure_ascii=False
    )
    wanting = [
        subscription.id
        for subscription in uow.session.scalars(
            select(WebhookSubscription).where(WebhookSubscription.is_active).order_by(WebhookSubscription.id)
        )
        if kind.value in subscription.kinds
    ]
    uow.session.add_all(_queued(uow, subscription_id, kind, body, event_key) for subscription_id in wanting)
    return len(wanting)


def enqueue_test(uow: UnitOfWork, subscription_id: int) -> None:
    """Makes a message to one partner that tells of nothing: whether it arrives is what counts."""
    kind = WebhookKind.TEST
    body = json.dumps({"type": kind.value, "timestamp": local(uow.now).isoformat(), "data": {}})
    uow.session.add(_queued(uow, subscription_id, kind, body, f"test:{uuid.uuid4().hex}"))


def anything_due(reader: ReadOnly) -> bool:
    """Whether a sender would find something: a look that locks nobody out."""
    due = (
        select(WebhookDelivery.id)
        .join(WebhookSubscription, WebhookSubscription.id == WebhookDelivery.subscription_id)
        .where(
            WebhookDelivery.state.in_(_UNFINISHED),
            WebhookDelivery.due_at <= reader.now,
            WebhookSubscription.paused_at.is_(None),
        )
    )
    return reader.session.scalar(due.limit(1)) is not None


def claim_due(uow: UnitOfWork, limit: int = 50) -> list[WebhookJob]:
    """Takes messages whose time has come, at most one for each partner, and records their attempts.

    Also takes over attempts whose lease ran out with a killed process. A partner with a message on its way
    gets the next one after it: a slow one holds up nobody else, nor too many of our connections.
    """
    on_its_way = aliased(WebhookDelivery)
    busy = (
        select(on_its_way.id)
        .where(
            on_its_way.subscription_id == WebhookDelivery.subscription_id,
            on_its_way.state == WebhookState.SENDING,
            on_its_way.due_at > uow.now,
        )
        .exists()
    )
    rows = uow.session.execute(
        select(WebhookDelivery, WebhookSubscription)
        .join(WebhookSubscription, WebhookSubscription.id == WebhookDelivery.subscription_id)
        .where(
            WebhookDelivery.state.in_(_UNFINISHED),
            WebhookDelivery.due_at <= uow.now,
            WebhookSubscription.is_active,
            WebhookSubscription.paused_at.is_(None),
            ~busy,
        )
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(limit)
        .with_for_update(of=WebhookDelivery, skip_locked=True)
    ).all()
    jobs: dict[int, WebhookJob] = {}
    for delivery, subscription in rows:
        if subscription.id in jobs:
            continue
        if delivery.state is WebhookState.SENDING:
            _note(uow, delivery, None, NO_OUTCOME)
            if delivery.attempts >= MAX_ATTEMPTS:
                _end(uow, delivery, WebhookState.GIVEN_UP)
                continue
        delivery.state = WebhookState.SENDING
        delivery.attempts += 1
        delivery.due_at = uow.now + LEASE
        jobs[subscription.id] = WebhookJob(
            delivery_id=delivery.id,
            attempt=delivery.attempts,
            key=delivery.key,
            url=subscription.url,
            salt=subscription.salt,
            body=delivery.body,
        )
    return list(jobs.values())


def delivered(uow: UnitOfWork, job: WebhookJob, code: int) -> None:
    """The partner has it."""
    delivery = _held(uow, job)
    if delivery is not None:
        _note(uow, delivery, code, "")
        _end(uow, delivery, WebhookState.DELIVERED)


def failed(
    uow: UnitOfWork,
    job: WebhookJob,
    *,
    code: int | None,
    reason: str,
    is_final: bool = False,
    not_before: timedelta = timedelta(),
) -> None:
    """It did not arrive: it is tried again later, or given up after the last attempt.

    `is_final`: the partner wants no more of it. `not_before`: how long the partner asked us to wait.
    """
    delivery = _held(uow, job)
    if delivery is None:
        return
    _note(uow, delivery, code, reason)
    if is_final or job.attempt >= MAX_ATTEMPTS:
        _end(uow, delivery, WebhookState.GIVEN_UP)
        return
    delivery.state = WebhookState.QUEUED
    delivery.due_at = uow.now + max(PAUSES[job.attempt - 1], not_before)


def give_up_all(uow: UnitOfWork, subscription_id: int) -> None:
    """Ends whatever is still to be sent to a partner."""
    unfinished = uow.session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.subscription_id == subscription_id, WebhookDelivery.state.in_(_UNFINISHED))
        .with_for_update()
    )
    for delivery in unfinished.all():
        _note(uow, delivery, None, REMOVED)
        _end(uow, delivery, WebhookState.GIVEN_UP)


def send_again(uow: UnitOfWork, key: str) -> str | None:
    """Puts a message that was given up back into the queue, under the same `webhook-id`.

    Returns the partner's name; None when there is no such message, or its address was another one.
    """
    subscription_id = uow.session.scalar(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.key == key,
            WebhookDelivery.state == WebhookState.GIVEN_UP,
            WebhookDelivery.subscription_id.in_(
                select(WebhookSubscription.id).where(
                    WebhookSubscription.is_active,
                    WebhookSubscription.created_at <= WebhookDelivery.created_at,
                )
            ),
        )
        .values(state=WebhookState.QUEUED, attempts=0, due_at=uow.now, settled_at=None)
        .returning(WebhookDelivery.subscription_id)
    )
    return None if subscription_id is None else uow.session.get_one(WebhookSubscription, subscription_id).name


def read_log(reader: ReadOnly, subscription_id: int, *, limit: int = 50) -> Sequence[WebhookDelivery]:
    """A partner's messages, the newest first."""
    return reader.session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.subscription_id == subscription_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    ).all()


def count_given_up(reader: ReadOnly, subscription_id: int) -> int:
    """How many messages never reached the partner, within the time that the log is kept."""
    return (
        reader.session.scalar(
            select(func.count()).where(
                WebhookDelivery.subscription_id == subscription_id,
                WebhookDelivery.state == WebhookState.GIVEN_UP,
            )
        )
        or 0
    )


def forget_settled(uow: UnitOfWork) -> None:
    """Deletes messages that were settled long ago."""
    uow.session.execute(delete(WebhookDelivery).where(WebhookDelivery.settled_at < uow.now - KEPT))


def _queued(
    uow: UnitOfWork, subscription_id: int, kind: WebhookKind, body: str, event_key: str
) -> WebhookDelivery:
    return WebhookDelivery(
        key=f"msg_{uuid.uuid4().hex}",
        subscription_id=subscription_id,
        event_key=event_key,
        kind=kind,
        body=body,
        state=WebhookState.QUEUED,
        attempts=0,
        due_at=uow.now,
        log=[],
        created_at=uow.now,
    )


def _held(uow: UnitOfWork, job: WebhookJob) -> WebhookDelivery | None:
    """The delivery, locked, unless somebody else holds it by now."""
    return uow.session.scalar(
        select(WebhookDelivery)
        .where(
            WebhookDelivery.id == job.delivery_id,
            WebhookDelivery.attempts == job.attempt,
            WebhookDelivery.state == WebhookState.SENDING,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _note(uow: UnitOfWork, delivery: WebhookDelivery, code: int | None, reason: str) -> None:
    tried = Tried(at=local(uow.now).isoformat(timespec="seconds"), code=code, reason=reason[:200])
    delivery.log = [*delivery.log, tried]
    delivery.response_code = code


def _end(uow: UnitOfWork, delivery: WebhookDelivery, state: WebhookState) -> None:
    delivery.state, delivery.settled_at = state, uow.now
