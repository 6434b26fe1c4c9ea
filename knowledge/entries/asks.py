"""What people asked the machine and what became of it: one row per question, and real counts per entry."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select, update

from eservice.kit.database import insert_row, new_row, table_of
from eservice.kit.errors import not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import Message
from knowledge.entries import confirmations
from knowledge.entries.live import LiveDecision
from knowledge.entries.models import Ask, AskDecision, Entry

_entries = table_of(Entry)
_COUNT = (
    update(_entries)
    .where(_entries.c.id == bindparam("asked"))
    .values(asked_count=_entries.c.asked_count + bindparam("by"))
)


def record_ask(uow: UnitOfWork, message_id: int, decision: LiveDecision) -> Ask:
    """Records what the machine did with a resident's message; an answer counts for its entry.

    One insert, and one update when answered.
    """
    answered = decision.hits[0][0] if decision.kind is AskDecision.ANSWERED else None
    ask = new_row(
        Ask,
        message_id=message_id,
        at=uow.now,
        decision=decision.kind,
        confidence=decision.confidence,
        candidates=[entry_id for entry_id, _ in decision.hits],
        entry_id=answered,
        helpful=None,
        in_context=decision.used_previous,
    )
    insert_row(uow.session, ask)  # the buttons below the answer name it by id
    if answered is not None:
        _count(uow, answered)
    return ask


def choose(uow: UnitOfWork, ask_id: int, entry_id: int, *, conversation_id: int) -> Ask:
    """Records which of the offered entries the resident meant. The same choice again changes nothing.

    A question counts once, for the entry chosen last: another choice takes the count along.

    Raises ServiceError `faq.ask_not_found`, also for another conversation's question and for an entry that
    was not offered.
    """
    ask = own_ask(uow, ask_id, conversation_id)
    if entry_id not in ask.candidates:
        raise not_found("faq.ask_not_found")
    if ask.entry_id != entry_id:
        counts = {entry_id: 1} if ask.entry_id is None else {entry_id: 1, ask.entry_id: -1}
        for counted in sorted(
            counts
        ):  # rows are locked in one order, so that no two turns wait for each other
            _count(uow, counted, counts[counted])
        ask.entry_id = entry_id
        ask.helpful = None  # what was said before was said of another entry
        confirmations.record_word(uow, ask, entry_id, agrees=True)
    return ask


def feedback(uow: UnitOfWork, ask_id: int, *, helpful: bool, conversation_id: int) -> Ask:
    """Records the resident's own word on the answer; the last word holds.

    Raises ServiceError `faq.ask_not_found`, also for another conversation's question.
    """
    ask = own_ask(uow, ask_id, conversation_id)
    if ask.helpful is not helpful:
        ask.helpful = helpful
        if ask.entry_id is not None:
            confirmations.record_word(uow, ask, ask.entry_id, agrees=helpful)
    return ask


def none_meant(uow: UnitOfWork, ask_id: int, *, conversation_id: int) -> Ask:
    """Records that the resident meant none of the offered entries.

    Raises ServiceError `faq.ask_not_found`, also for another conversation's question.
    """
    ask = own_ask(uow, ask_id, conversation_id)
    ask.helpful = False
    confirmations.record_none(uow, ask)
    return ask


def became_report(uow: UnitOfWork, message_ids: Iterable[int]) -> None:
    """Forgets that these messages were put to the machine, where it answered none: they told of a problem.

    Else whoever writes answers would find a pothole among the questions that have none.
    """
    uow.session.execute(delete(Ask).where(Ask.message_id.in_(list(message_ids)), Ask.entry_id.is_(None)))


def of_message(reader: ReadOnly, message_id: int) -> Ask | None:
    """The newest question recorded for a message."""
    return reader.session.scalar(
        select(Ask).where(Ask.message_id == message_id).order_by(Ask.id.desc()).limit(1)
    )


def count_shown(uow: UnitOfWork, entry_id: int) -> None:
    """Counts an entry that was opened from a list: somebody wanted to know."""
    _count(uow, entry_id)


def own_ask(reader: ReadOnly, ask_id: int, conversation_id: int) -> Ask:
    """A question of this conversation. Raises ServiceError `faq.ask_not_found`, also for another one's."""
    ask = reader.session.scalar(
        select(Ask)
        .join(Message, Message.id == Ask.message_id)
        .where(Ask.id == ask_id, Message.conversation_id == conversation_id)
    )
    if ask is None:
        raise not_found("faq.ask_not_found")
    return ask


def _count(uow: UnitOfWork, entry_id: int, by: int = 1) -> None:
    uow.session.connection().execute(_COUNT, {"asked": entry_id, "by": by})
