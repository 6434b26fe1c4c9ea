"""Delivery: one recorded attempt is carried out and its outcome recorded. No transaction spans the call.

On LINE the reply token is used first while it lives. A reply whose outcome is unknown is tried again as
the same reply, whose token works once; "Invalid reply token" then means that it probably arrived, and the
message is uncertain, never pushed on top. A push carries the delivery's UUID as retry key, so that LINE
itself refuses a second copy. Telegram knows no such key: at least once, at most one copy more per doubt.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import assert_never

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.channel import (
    Accepted,
    Channel,
    Doubt,
    Gone,
    Outcome,
    QuotaSpent,
    Refused,
    ReplyTokenDead,
    Request,
    Road,
    TryAgain,
    Unreachable,
)
from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import attempts, channels, conversations, deliveries
from eservice.messaging.attempts import MAX_ATTEMPTS, Job
from eservice.messaging.models import ChannelName, Contact, Delivery, Reachability

LINE_MESSAGES = 5  # of one request
BACKOFF_SECONDS = 1.0
BACKOFF_MOST_SECONDS = 600.0
_REACHABILITY = {
    Gone.BLOCKED: Reachability.BLOCKED,
    Gone.DEACTIVATED: Reachability.DEACTIVATED,
    Gone.UNKNOWN: Reachability.UNKNOWN,
}

log = structlog.get_logger()


class Sender:
    """Carries out attempts for one process."""

    def __init__(
        self,
        database: Database,
        channel_of: Callable[[ChannelName], Channel | None],
        observe: Callable[[ChannelName, str], None],
        signals: Signals,
    ) -> None:
        self._database = database
        self._channel_of = channel_of
        self._observe = observe
        self._signals = signals

    async def send(self, job: Job) -> None:
        """Performs an attempt that is already recorded, then records what came of it."""
        structlog.contextvars.bind_contextvars(delivery=job.delivery_id, attempt=job.attempt)
        try:
            if job.channel is ChannelName.LINE:
                await self._send_line(job)
            else:
                await self._send_parts(job)
        except SQLAlchemyError:
            raise  # the outcome could not be recorded: the attempt's lease runs out
        except Exception as error:  # our own fault, e.g. in rendering: staff see it, and others go on
            log.error("delivery.broken", error=type(error).__name__, exc_info=error)
            await self._record(job, Refused(reason=f"{type(error).__name__} while sending"))

    async def _send_line(self, job: Job) -> None:
        line = self._channel_of(ChannelName.LINE)
        if line is None:
            await self._record(job, TryAgain(reason="LINE is off", doubt=Doubt.NOT_SENT, after_seconds=600))
            return
        # The road was decided when the attempt was recorded: whoever takes it over must know what is in doubt.
        over = job.reply is not None and job.reply.until <= self._database.clock.now()
        if job.reply is not None and not (over and job.doubtful):
            request, carried = _pack(line, job)
            outcome = await line.perform(request, Road(address=job.address, reply_token=job.reply.token))
            await self._record(job, outcome, road="reply", carried_ids=carried)
        elif job.reply is not None:
            await run_in_threadpool(self._mark_uncertain, job)
        elif job.doubtful or await run_in_threadpool(self._may_push, job):
            # A push in doubt is settled under its own key, whatever the allowance says: LINE counts it once.
            request, carried = _pack(line, job)
            road = Road(address=job.address, retry_key=job.key)
            await self._record(job, await line.perform(request, road), road="push", carried_ids=carried)
        else:
            await run_in_threadpool(self._hold, job)

    async def _send_parts(self, job: Job) -> None:
        """Telegram: a call per bubble; each accepted one is recorded before the next is made."""
        channel = self._channel_of(job.channel)
        if channel is None:
            off = TryAgain(reason=f"{job.channel.value} is off", doubt=Doubt.NOT_SENT, after_seconds=600)
            await self._record(job, off)
            return
        requests = channel.render(job.bundle)
        road = Road(address=job.address)
        for number, request in enumerate(requests[job.parts_sent :], start=job.parts_sent + 1):
            outcome = await channel.perform(request, road)
            if number == len(requests) or not isinstance(outcome, Accepted):
                await self._record(job, outcome, road="api")
                return
            if not await run_in_threadpool(self._part_sent, job, number):
                return  # somebody else holds this delivery now
        await self._record(job, Accepted(), road="api")

    async def _record(
        self, job: Job, outcome: Outcome, *, road: str = "", carried_ids: tuple[int, ...] = ()
    ) -> None:
        self._observe(job.channel, type(outcome).__name__)
        await run_in_threadpool(self._settle, job, outcome, road, carried_ids)

    def _settle(self, job: Job, outcome: Outcome, road: str, carried_ids: tuple[int, ...]) -> None:
        with self._database.unit_of_work() as uow:
            if not isinstance(outcome, Accepted):  # it may be due again before a sender looks by itself
                self._signals.notify(uow, deliveries.TOPIC)
            match outcome:
                case Accepted(platform_ref=ref):
                    attempts.accepted(uow, job, road=road, platform_ref=ref, carried_ids=carried_ids)
                    if road == "push":
                        channels.spent_push(uow)
                case TryAgain():
                    self._later(uow, job, outcome)
                case ReplyTokenDead():
                    if job.doubtful:
                        attempts.uncertain(uow, job, "the reply token was already used or over")
                    else:
                        attempts.without_token(uow, job)
                case QuotaSpent():
                    channels.block_pushes(uow)
                    attempts.hold(uow, job, "LINE's monthly allowance is spent")
                case Unreachable():
                    self._unreachable(uow, job, outcome)
                case Refused(reason=reason):
                    log.error("delivery.refused", channel=job.channel.value, reason=reason[:200])
                    channels.note_error(uow, job.channel, reason)
                    attempts.failed(uow, job, reason)
                case _:
                    assert_never(outcome)

    def _later(self, uow: UnitOfWork, job: Job, outcome: TryAgain) -> None:
        doubtful = outcome.doubt is Doubt.MAYBE_SENT
        channels.note_error(uow, job.channel, outcome.reason)
        wait = timedelta(seconds=outcome.after_seconds or backoff_seconds(job.attempt))
        if outcome.whole_channel:
            channels.pause(uow, job.channel, wait, outcome.reason)
        if job.attempt >= MAX_ATTEMPTS and not outcome.whole_channel:
            if doubtful or job.doubtful:
                attempts.uncertain(uow, job, outcome.reason)
            else:
                attempts.failed(uow, job, outcome.reason)
            return
        attempts.again(uow, job, after=wait, reason=outcome.reason, doubtful=doubtful)

    def _unreachable(self, uow: UnitOfWork, job: Job, outcome: Unreachable) -> None:
        delivery = uow.session.get_one(Delivery, job.delivery_id)
        contact = uow.session.get_one(Contact, delivery.contact_id)
        if outcome.moved_to:
            contact.address = outcome.moved_to
            attempts.again(uow, job, after=timedelta(), reason="the group moved", doubtful=False)
            return
        conversations.set_reachability(uow, contact, _REACHABILITY[outcome.why])
        attempts.failed(uow, job, outcome.why.value)

    def _part_sent(self, job: Job, number: int) -> bool:
        with self._database.unit_of_work() as uow:
            return attempts.part_sent(uow, job, number)

    def _mark_uncertain(self, job: Job) -> None:
        with self._database.unit_of_work() as uow:
            attempts.uncertain(uow, job, "no answer from LINE while the reply token lived")

    def _may_push(self, job: Job) -> bool:
        with self._database.read() as reader:
            return channels.may_spend_push(reader, job.purpose)

    def _hold(self, job: Job) -> None:
        with self._database.unit_of_work() as uow:
            attempts.hold(uow, job, "waits for the person's next message")


def backoff_seconds(attempt: int) -> float:
    """How long to wait after the n-th attempt: doubling, with jitter, never above ten minutes."""
    most = min(BACKOFF_SECONDS * 2 ** (attempt - 1), BACKOFF_MOST_SECONDS)
    return most * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret


def _pack(line: Channel, job: Job) -> tuple[Request, tuple[int, ...]]:
    """One LINE request: what waited first, then the message itself, as far as five message objects reach."""
    own = line.render(job.bundle)[0].body["messages"]
    before: list[object] = []
    carried: list[int] = []
    for delivery_id, bundle in job.carried:
        messages = line.render(bundle)[0].body["messages"]
        if len(before) + len(messages) + len(own) > LINE_MESSAGES:
            break
        before += [{key: value for key, value in m.items() if key != "quickReply"} for m in messages]
        carried.append(delivery_id)
    return Request(method="messages", body={"messages": [*before, *own]}), tuple(carried)
