"""Intake: raw events are committed, then worked on one at a time in the order of their conversation.

`store` is what the webhooks call before they answer 200. `process_next` is one event's whole work in one
transaction: claimed, understood, answered, its messages queued, and marked done, or none of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool

from bot import routing
from bot.facts import FactsReader
from bot.flows import main_menu
from bot.flows.dialogs import DIALOGS
from bot.flows.turn import DialogState, Turn
from bot.inbound import Ignored, Inbound, RawEvent, SentMedia
from eservice.complaints import arrivals
from eservice.kit.database import Database
from eservice.kit.database_faults import is_passing
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import attempts, conversations, deliveries, inbox
from eservice.messaging.attempts import Job, ReplyRoad
from eservice.messaging.content import say
from eservice.messaging.conversations import Talk
from eservice.messaging.inbox import Claimed
from eservice.messaging.models import (
    UNFINISHED_STATES,
    ChannelName,
    ContactKind,
    Delivery,
    DeliveryClass,
    DeliveryState,
    InboundEvent,
    Reachability,
)
from knowledge.classify.complaints import ComplaintClassifier
from knowledge.entries.live import LiveFaq

TOKEN_SECONDS = 50  # a reply token lives for a minute after the event (Messaging API reference)
STAFF_WINDOW_SECONDS = 35  # so long an acknowledgement waits for staff who are at the desk

log = structlog.get_logger()

Parser = Callable[[str], Inbound]


@dataclass(frozen=True, kw_only=True)
class Processed:
    """What is left to do once one event's work is committed: sending, and two small courtesies.

    `callback_id` is a Telegram tap whose spinner is to stop; `waits_for_staff` is the LINE user whose
    acknowledgement is held back for a moment, so that a quick answer of the staff can travel free.
    """

    done: bool = True
    more: bool = True  # other events wait
    jobs: tuple[Job, ...] = ()
    callback_id: str | None = None
    waits_for_staff: str | None = None


class Intake:
    """The inbound story of one process."""

    def __init__(
        self,
        *,
        database: Database,
        signals: Signals,
        parsers: Mapping[ChannelName, Parser],
        texts: Catalogue,
        faq: LiveFaq,
        complaints: ComplaintClassifier,
        facts: FactsReader,
        staff_present: Callable[[ReadOnly], bool],
    ) -> None:
        self._database = database
        self._signals = signals
        self._parsers = parsers
        self._texts = texts
        self._faq = faq
        self._complaints = complaints
        self._facts = facts
        self._staff_present = staff_present

    async def store(self, events: Sequence[RawEvent]) -> None:
        """Commits raw events. Raises ServiceError `http.unavailable` when the database does not take them."""
        if events:
            await run_in_threadpool(self.store_now, events)

    def store_now(self, events: Sequence[RawEvent]) -> None:
        """The same, for callers that are in a thread already."""
        try:
            self._store(events)
        except (DBAPIError, PoolTimeout) as error:
            log.error("intake.not_stored", error=type(error).__name__)
            raise ServiceError("http.unavailable", ErrorKind.UNAVAILABLE, retry_after_seconds=5) from error

    def _store(self, events: Sequence[RawEvent]) -> None:
        with self._database.unit_of_work() as uow:
            inbox.store(
                uow,
                [
                    {
                        "channel": event.channel,
                        "event_id": event.event_id,
                        "conversation_key": event.conversation_key,
                        "occurred_ms": event.occurred_ms,
                        "payload": event.payload,
                        "message_ref": event.message_ref,
                    }
                    for event in events
                ],
            )
            self._signals.notify(uow, inbox.TOPIC)

    def process_next(self) -> Processed | None:
        """Works on the next waiting event; None when nothing can be worked on now.

        An event that fails is tried again shortly and then set aside with its reason; the person gets an
        apology and the conversation goes on.
        """
        event_id: int | None = None
        try:
            with self._database.unit_of_work() as uow:
                event = inbox.claim_next(uow)
                if event is None:
                    return None
                event_id = event.id
                processed = self._work(uow, event)
                inbox.finish(uow, event.id)
                more = inbox.more_wait(uow)
            return replace(processed, more=more)
        except Exception as error:  # the intake edge: whatever went wrong, others go on
            if event_id is None or is_passing(error):
                raise  # the database is away, full or locked: the event waits, and no attempt is counted
            return self._failed(event_id, error)

    def _work(self, uow: UnitOfWork, event: Claimed) -> Processed:
        inbound = self._parsers[event.channel](event.payload)
        if isinstance(inbound.body, Ignored) or not inbound.address:
            return Processed(callback_id=inbound.callback_id)
        talk = conversations.open_talk(
            uow,
            channel=inbound.channel,
            address=inbound.address,
            kind=inbound.kind,
            display_name=inbound.display_name,
        )
        turn = Turn(
            uow=uow,
            talk=talk,
            inbound=inbound,
            state=DialogState.read(talk.conversation.dialog),
            texts=self._texts,
            faq=self._faq,
            complaints=self._complaints,
            facts=self._facts.get(),
        )
        if inbound.reply_token or inbound.channel is not ChannelName.LINE:
            conversations.seen_alive(uow, talk.contact)
        routing.route(turn)
        if isinstance(inbound.body, SentMedia):
            self._signals.notify(uow, arrivals.TOPIC)
        if turn.parts and talk.contact.kind is ContactKind.PERSON:
            main_menu.add_notice(turn)
        turn.remember_offered()
        self._keep_dialog(turn)
        return self._queue_reply(turn, event)

    def _queue_reply(self, turn: Turn, event: Claimed) -> Processed:
        """Queues the reply, with what waited for this contact; says what is to be sent at once."""
        uow, talk = turn.uow, turn.talk
        waiting = deliveries.open_deliveries(uow, talk.contact)
        if waiting and turn.inbound.channel is ChannelName.TELEGRAM:
            deliveries.release_held(uow, waiting)
        uncertain = deliveries.take_uncertain(uow, waiting) if turn.inbound.reply_token else []
        if uncertain:
            routing.offer_uncertain(turn, [delivery.id for delivery in uncertain])
        bundle = turn.bundle()
        reply = self._reply_road(turn.inbound, event, uow.now)
        if bundle is None:
            if reply is not None and any(d.state is DeliveryState.HELD for d in waiting):
                self._send_held(turn, waiting, reply)
            return Processed(callback_id=turn.inbound.callback_id)
        deliveries.release_held_back(waiting, uow.now)
        hold_back = turn.acknowledgement and reply is not None and self._staff_present(uow)
        busy = any(d.state in UNFINISHED_STATES for d in waiting)
        delivery = deliveries.enqueue(
            uow,
            talk,
            bundle,
            purpose=DeliveryClass.REPLY,
            reply=reply,
            due_at=uow.now + timedelta(seconds=STAFF_WINDOW_SECONDS) if hold_back else None,
            send_now=reply is not None and not hold_back and not busy,
        )
        if delivery is None or delivery.state not in UNFINISHED_STATES:
            self._tell_web(turn)
            return Processed(callback_id=turn.inbound.callback_id)
        carried = deliveries.carry(uow, waiting, delivery) if reply is not None and waiting else []
        if delivery.state is DeliveryState.SENDING:
            return Processed(jobs=(attempts.job_of(delivery, talk.contact, bundle, carried),))
        self._signals.notify(uow, deliveries.TOPIC)
        return Processed(
            callback_id=turn.inbound.callback_id, waits_for_staff=talk.contact.address if hold_back else None
        )

    def _send_held(self, turn: Turn, waiting: Sequence[Delivery], reply: ReplyRoad) -> None:
        """Nothing to say to this event, but something waited: the oldest goes out on the event's token."""
        held = next(d for d in waiting if d.state is DeliveryState.HELD)
        deliveries.give_token(held, reply, turn.uow.now)
        deliveries.carry(turn.uow, [d for d in waiting if d is not held], held)
        self._signals.notify(turn.uow, deliveries.TOPIC)

    def _keep_dialog(self, turn: Turn) -> None:
        run = turn.state.run
        dialog = DIALOGS.get(run.flow) if run else None
        expires_at = turn.uow.now + timedelta(minutes=dialog.flow.expires_minutes) if dialog else None
        conversations.keep_dialog(turn.uow, turn.talk.conversation, turn.state.write(), expires_at)

    def _reply_road(self, inbound: Inbound, event: Claimed | InboundEvent, now: datetime) -> ReplyRoad | None:
        if not inbound.reply_token:
            return None
        until = event.received_at + timedelta(seconds=TOKEN_SECONDS)
        return ReplyRoad(token=inbound.reply_token, until=until)

    def _tell_web(self, turn: Turn) -> None:
        if turn.inbound.channel is ChannelName.WEB:
            self._signals.notify(turn.uow, conversation_topic(turn.talk))

    def _failed(self, event_id: int, error: Exception) -> Processed:
        reason = f"{type(error).__name__} at {_place(error)}"
        log.error("intake.failed", event_id=event_id, reason=reason)
        with self._database.unit_of_work() as uow:
            parked = inbox.fail(uow, event_id, reason)
            if parked:
                self._try_to_apologise(uow, event_id)
        return Processed(done=False)

    def _try_to_apologise(self, uow: UnitOfWork, event_id: int) -> None:
        """An apology that fails too must not undo the setting aside: the event would block everybody for ever."""
        try:
            with uow.session.begin_nested():
                self._apologise(uow, uow.session.get_one(InboundEvent, event_id))
        except Exception as error:
            if is_passing(error):
                raise
            log.error(
                "intake.no_apology", event_id=event_id, reason=f"{type(error).__name__} at {_place(error)}"
            )

    def _apologise(self, uow: UnitOfWork, event: InboundEvent) -> None:
        try:
            inbound = self._parsers[event.channel](event.payload)
        except Exception:  # a parser's own fault parks the event, and then we know nobody to apologise to
            return
        if not inbound.addressed or not (inbound.reply_token or inbound.channel is not ChannelName.LINE):
            return
        talk = conversations.open_talk(
            uow, channel=inbound.channel, address=inbound.address, kind=inbound.kind
        )
        if talk.contact.reachability is not Reachability.ACTIVE:
            return
        talk.conversation.dialog, talk.conversation.dialog_expires_at = {}, None
        bundle = say(self._texts.get("failure.apology", talk.contact.language))
        deliveries.enqueue(
            uow,
            talk,
            bundle,
            purpose=DeliveryClass.REPLY,
            reply=self._reply_road(inbound, event, uow.now),
            dedup_key=f"event:{event.id}",
        )
        self._signals.notify(uow, deliveries.TOPIC, conversation_topic(talk))


def conversation_topic(talk: Talk) -> str:
    """The topic that wakes whoever shows this conversation."""
    return f"conversation:{talk.conversation.id}"


def _place(error: Exception) -> str:
    """File and line of the innermost frame: enough for staff to tell us, and no word of the resident."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
