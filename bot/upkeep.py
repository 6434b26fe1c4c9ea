"""House-keeping of conversations: abandoned dialogs end with a kind word, idle talks go back to the machine."""

from datetime import timedelta

from bot.flows.dialogs import RESUME
from bot.flows.file_complaint import FILE
from bot.intake import conversation_topic
from eservice.complaints import guesses, overdue
from eservice.kit import idempotency, outbox
from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import conversations, deliveries, inbox
from eservice.messaging.content import Bundle, Button, Choices, say
from eservice.messaging.conversations import Talk
from eservice.messaging.models import DeliveryClass, Handler
from eservice.staff import devices, sessions
from eservice.webhooks import deliveries as webhook_deliveries
from knowledge.entries import confirmations

STAFF_IDLE = timedelta(hours=24)


def end_abandoned_dialogs(database: Database, signals: Signals, texts: Catalogue) -> int:
    """Ends dialogs that ran out of time; the person reads so at once, or on LINE with the next reply.

    A case whose telling broke off is not sent, and can be gone on with.
    """
    with database.unit_of_work() as uow:
        ended = conversations.abandoned(uow)
        for contact, conversation in ended:
            dialog = dict(conversation.dialog)
            run = dialog.pop("run", None)
            bundle = say(texts.get("dialog.expired", contact.language))
            if run and run["flow"] == FILE.name and "what" in run["answers"]:
                dialog["shelved"] = run
                go_on = Button(label=texts.get("report.go_on", contact.language), payload=RESUME)
                prompt = texts.get("report.put_aside", contact.language)
                bundle = Bundle(parts=(Choices(prompt=prompt, options=(go_on,)),))
            conversation.dialog, conversation.dialog_expires_at = dialog, None
            _notice(uow, signals, Talk(contact, conversation), bundle)
        return len(ended)


def end_idle_staff_talks(database: Database, signals: Signals, texts: Catalogue) -> int:
    """Gives conversations that nobody has spoken in for a day back to the machine, and says so."""
    with database.unit_of_work() as uow:
        idle = conversations.idle_with_staff(uow, uow.now - STAFF_IDLE)
        for contact, conversation in idle:
            conversations.hand_to(uow, conversation, Handler.BOT)
            told = say(texts.get("talk.idle_ended", contact.language))
            _notice(uow, signals, Talk(contact, conversation), told)
        return len(idle)


def keep_complaints(database: Database, signals: Signals) -> None:
    """Closes what nobody answers, and brings what is overdue before those who must know."""
    with database.unit_of_work() as uow:
        overdue.keep(uow)
        signals.notify(uow, outbox.TOPIC)


def forget(database: Database) -> None:
    """Deletes what has served its turn and has a fixed keeping time: finished events, wordings that nobody else
    came to say, counts of tries, links and browsers of staff that open nothing more."""
    with database.unit_of_work() as uow:
        inbox.forget_done(uow)
        confirmations.forget_unripe(uow)
        outbox.forget_done(uow)
        idempotency.forget_done(uow)
        webhook_deliveries.forget_settled(uow)
        guesses.forget_counts(uow)
        sessions.forget_over(uow)
        devices.forget_unused(uow)


def _notice(uow: UnitOfWork, signals: Signals, talk: Talk, bundle: Bundle) -> None:
    deliveries.enqueue(uow, talk, bundle, purpose=DeliveryClass.NOTICE)
    signals.notify(uow, deliveries.TOPIC, conversation_topic(talk))
