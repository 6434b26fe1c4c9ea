"""House-keeping of conversations: abandoned dialogs end with a kind word, idle talks go back to the machine."""

from datetime import timedelta

from bot.intake import conversation_topic
from eservice.complaints import overdue
from eservice.kit import idempotency, outbox
from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import conversations, deliveries, inbox
from eservice.messaging.content import say
from eservice.messaging.conversations import Talk
from eservice.messaging.models import DeliveryClass, Handler
from eservice.webhooks import deliveries as webhook_deliveries
from knowledge.entries import confirmations

STAFF_IDLE = timedelta(hours=24)


def end_abandoned_dialogs(database: Database, signals: Signals, texts: Catalogue) -> int:
    """Ends dialogs that ran out of time; the person reads so at once, or on LINE with the next reply."""
    with database.unit_of_work() as uow:
        ended = conversations.abandoned(uow)
        for contact, conversation in ended:
            conversation.dialog = {key: value for key, value in conversation.dialog.items() if key != "run"}
            conversation.dialog_expires_at = None
            _notice(uow, signals, Talk(contact, conversation), texts.get("dialog.expired", contact.language))
        return len(ended)


def end_idle_staff_talks(database: Database, signals: Signals, texts: Catalogue) -> int:
    """Gives conversations that nobody has spoken in for a day back to the machine, and says so."""
    with database.unit_of_work() as uow:
        idle = conversations.idle_with_staff(uow, uow.now - STAFF_IDLE)
        for contact, conversation in idle:
            conversations.hand_to(uow, conversation, Handler.BOT)
            _notice(uow, signals, Talk(contact, conversation), texts.get("talk.idle_ended", contact.language))
        return len(idle)


def keep_complaints(database: Database, signals: Signals) -> None:
    """Closes what nobody answers, and brings what is overdue before those who must know."""
    with database.unit_of_work() as uow:
        overdue.keep(uow)
        signals.notify(uow, outbox.TOPIC)


def forget(database: Database) -> None:
    """Deletes the ids of finished events, and wordings that nobody else came to say, past their keeping time."""
    with database.unit_of_work() as uow:
        inbox.forget_done(uow)
        confirmations.forget_unripe(uow)
        outbox.forget_done(uow)
        idempotency.forget_done(uow)
        webhook_deliveries.forget_settled(uow)


def _notice(uow: UnitOfWork, signals: Signals, talk: Talk, text: str) -> None:
    deliveries.enqueue(uow, talk, say(text), purpose=DeliveryClass.NOTICE)
    signals.notify(uow, deliveries.TOPIC, conversation_topic(talk))
