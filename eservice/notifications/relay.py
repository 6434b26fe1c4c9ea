"""The relay: takes what happened from the outbox, one thing at a time, and lets the policies act on it.

A thing and all that comes of it are one transaction: a repeated or interrupted run gives one message, not two.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import structlog

from eservice.complaints import assigning, cases, overdue, redactions
from eservice.complaints.models import ComplaintComment, ComplaintEvent
from eservice.complaints.redactions import Redaction
from eservice.kit import outbox
from eservice.kit.database import Database
from eservice.kit.database_faults import is_passing
from eservice.kit.outbox import OutboxEvent
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import deliveries
from eservice.notifications.complaints import tell_change, tell_redaction, tell_saying
from eservice.notifications.webhooks import announce_change, announce_redaction, announce_saying
from eservice.webhooks import deliveries as webhook_deliveries

log = structlog.get_logger()

BOARD = "complaints"  # a signal: something on the desk's board is no longer as it was shown

Policy: TypeAlias = Callable[[UnitOfWork, OutboxEvent], frozenset[int]]
"""Acts on one event in its unit of work; returns the conversations that have something new to show."""


class Relay:
    """The relay of one process. Any number may run: each event is locked by whoever works on it."""

    def __init__(self, database: Database, signals: Signals, texts: Catalogue) -> None:
        self._database = database
        self._signals = signals
        self._policies: Mapping[str, Policy] = {
            cases.CHANGED: lambda uow, event: _changed(uow, event, texts),
            cases.SAID: lambda uow, event: _said(uow, event, texts),
            redactions.REDACTED: lambda uow, event: _redacted(uow, event, texts),
            overdue.ESCALATED: lambda uow, event: (
                frozenset()
            ),  # the desk shows it; its readers are woken below
        }

    def process_next(self) -> bool:
        """Acts on the next event; False when nothing is due. An event that fails is put off, and others go on."""
        event_id: int | None = None
        try:
            with self._database.unit_of_work() as uow:
                event = outbox.claim_next(uow)
                if event is None:
                    return False
                event_id = event.id
                conversations = self._policies[event.kind](uow, event)
                event.done_at = uow.now
                topics = [f"conversation:{conversation}" for conversation in sorted(conversations)]
                self._signals.notify(uow, deliveries.TOPIC, webhook_deliveries.TOPIC, BOARD, *topics)
            return True
        except Exception as error:  # the relay's edge: whatever went wrong, others go on
            if event_id is None or is_passing(error):
                raise  # the database is away, full or locked: the event waits, and no attempt is counted
            log.error("relay.failed", event_id=event_id, error=type(error).__name__, exc_info=error)
            with self._database.unit_of_work() as uow:
                outbox.fail(uow, event_id, type(error).__name__)
            return True


def _changed(uow: UnitOfWork, event: OutboxEvent, texts: Catalogue) -> frozenset[int]:
    change = uow.session.get(ComplaintEvent, int(event.payload["event_id"]))
    if change is None:
        return frozenset()
    if change.before is None:
        assigning.assign(uow, change.complaint_id)
    announce_change(uow, change)
    return tell_change(uow, change, texts)


def _said(uow: UnitOfWork, event: OutboxEvent, texts: Catalogue) -> frozenset[int]:
    comment = uow.session.get_one(ComplaintComment, int(event.payload["comment_id"]))
    announce_saying(uow, comment)
    return tell_saying(uow, comment.id, texts)


def _redacted(uow: UnitOfWork, event: OutboxEvent, texts: Catalogue) -> frozenset[int]:
    redaction = uow.session.get_one(Redaction, int(event.payload["redaction_id"]))
    announce_redaction(uow, redaction)
    contact_ids = [int(each) for each in str(event.payload["contacts"]).split(",") if each]
    return tell_redaction(uow, redaction, contact_ids, texts)
