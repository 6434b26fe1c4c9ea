"""What residents teach by tapping, and how nobody teaches nonsense. The attacks and the reasons: docs/adr/0009.

A person's word on a wording is one row, whatever and however often they tap; a later choice moves it. It is
taken only from a person (never a group), about words that stand alone and hold nothing personal, and about
an entry that the engine itself offered for them. It becomes part of what the bot knows when staff accept it,
or by the rules when enough people who have been known for a while agree on several days and nobody
contradicts. The web chat's visitors count as one person together: a new window is a new visitor. A word
against what was learned without staff sends it back to staff, and from there only staff bring it back.

As long as a wording is kept, the row of whoever said it is kept too, whatever they chose since: it ties the
words to their message, and they go when it goes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from eservice.kit.audit import SYSTEM
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.models import (
    ChannelName,
    Contact,
    ContactKind,
    Conversation,
    Direction,
    Message,
    Reachability,
)
from knowledge.entries import phrasings
from knowledge.entries.learning_rules import LearningRules, get_rules
from knowledge.entries.models import (
    Ask,
    Confirmation,
    Entry,
    EntryChange,
    LearningMode,
    Phrasing,
    PhrasingSource,
    PhrasingState,
)
from knowledge.entries.phrasing_text import PhrasingFault, PhrasingText, read_phrasing
from knowledge.entries.service import take_turn

DAY = timedelta(hours=24)
WORDS_A_DAY = 10  # of one person; whoever has more to say is not asking
NEW_A_DAY = 50  # wordings of one entry; more is a flood, and those that matter come again
MIND_CHANGES = 5  # of one person about one entry; then their words on it stay as they are
CHANGES_A_DAY = 30  # of what residents see of one entry; the rules add none to them
KEPT_UNRIPE = timedelta(days=365)  # a wording that too few have said, since somebody said it
FORGOTTEN_AT_ONCE = 500


@dataclass(frozen=True)
class _Word:
    """One person's word on a wording."""

    confirmation: Confirmation
    contact: Contact


def record_word(uow: UnitOfWork, ask: Ask, entry_id: int, *, agrees: bool) -> None:
    """Takes a person's word that an entry answers their question, or does not; most words teach nothing.

    A dozen small statements, only at a tap.
    """
    heard = _heard(uow, ask)
    if heard is None or entry_id not in ask.candidates:
        return
    words, contact_id = heard
    take_turn(uow)
    entry = uow.session.get(Entry, entry_id)
    if entry is None or entry.live_version_id is None or phrasings.is_own_wording(uow, entry_id, words):
        return
    known = phrasings.of_identity(uow, words.identity)
    phrasing = next((one for one in known if one.entry_id == entry_id), None)
    if not _has_room(uow, contact_id, known) or (phrasing and _is_settled(uow, phrasing, contact_id)):
        return
    if agrees:
        _leave_others(uow, contact_id, [one for one in known if one is not phrasing])
    if phrasing is None and _may_begin(uow, entry_id):
        phrasing = phrasings.new_phrasing(uow, words, entry_id, PhrasingSource.RESIDENTS)
        known.append(phrasing)
    if phrasing is not None and phrasing.state not in phrasings.PUT_AWAY:
        _put(uow, phrasing, contact_id, ask.message_id, agrees=agrees)
    _judge(uow, known)


def record_none(uow: UnitOfWork, ask: Ask) -> None:
    """Takes a person's word that no candidate was meant, against those wordings that others have confirmed."""
    heard = _heard(uow, ask)
    if heard is None:
        return
    words, contact_id = heard
    take_turn(uow)
    known = phrasings.of_identity(uow, words.identity)
    if not _has_room(uow, contact_id, known):
        return
    for phrasing in known:
        is_meant = phrasing.entry_id in ask.candidates and phrasing.state not in phrasings.PUT_AWAY
        if is_meant and not _is_settled(uow, phrasing, contact_id):
            _put(uow, phrasing, contact_id, ask.message_id, agrees=False)
    _judge(uow, known)


def forget_message(uow: UnitOfWork, message_id: int) -> None:
    """Erases what was learned from a message whose author took it back or changed it.

    What staff have accepted stays: it is the office's own by then. Words that others confirmed too stay theirs.
    """
    touched = uow.session.scalars(
        select(Phrasing).where(
            (Phrasing.origin_message_id == message_id)
            | Phrasing.id.in_(select(Confirmation.phrasing_id).where(Confirmation.message_id == message_id))
        )
    ).all()
    if not touched:
        return
    take_turn(uow)
    uow.session.execute(delete(Confirmation).where(Confirmation.message_id == message_id))
    for phrasing in touched:
        if phrasing.origin_message_id == message_id:
            phrasing.origin_message_id = None
            if phrasing.state is not PhrasingState.ACTIVE:
                phrasing.proposed_by = None  # what is left are the words of other residents, if of anybody
        if phrasing.state in phrasings.PUT_AWAY and not _has_words(uow, phrasing):
            uow.session.delete(phrasing)
    for identity in {phrasing.identity for phrasing in touched}:
        _judge(uow, phrasings.of_identity(uow, identity))


def forget_contact(uow: UnitOfWork, contact_id: int, *, keep_learned: bool = False) -> int:
    """Erases what a person has taught, for one whose data goes altogether; returns how many wordings it touched.

    Goes further than `forget_message`: words that nobody else has said go even where staff accepted them. With
    `keep_learned` those that the bot knows by now stay as they are, and nothing says whose they were.
    """
    theirs = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.contact_id == contact_id)
    )
    is_origin = Phrasing.origin_message_id.in_(theirs)
    said = select(Confirmation.phrasing_id).where(Confirmation.contact_id == contact_id)
    take_turn(uow)
    touched = uow.session.scalars(select(Phrasing).where(is_origin | Phrasing.id.in_(said))).all()
    uow.session.execute(delete(Confirmation).where(Confirmation.contact_id == contact_id))
    left: set[str] = set()
    for phrasing in touched:
        origin = phrasing.origin_message_id
        is_theirs = origin is not None and _is_of(uow, origin, contact_id)
        if is_theirs:
            phrasing.origin_message_id = None
        if keep_learned and phrasing.state is PhrasingState.ACTIVE:
            continue
        is_nobody_elses = is_theirs or (origin is None and phrasing.source is PhrasingSource.RESIDENTS)
        if is_nobody_elses and not _has_words(uow, phrasing):
            _drop(uow, phrasing)
        else:
            left.add(phrasing.identity)
    uow.session.flush()  # what is judged anew is read from the database
    for identity in left:
        _judge(uow, phrasings.of_identity(uow, identity))
    return len(touched)


def forget_words(uow: UnitOfWork, message_ids: Collection[int]) -> int:
    """Deletes every wording that was learned from messages in which the office hid words; returns how many.

    Also one that staff accepted or others have said too: the words themselves must not be kept.
    """
    heard = select(Confirmation.phrasing_id).where(Confirmation.message_id.in_(message_ids))
    is_learned = Phrasing.origin_message_id.in_(message_ids) | Phrasing.id.in_(heard)
    identities = uow.session.scalars(select(Phrasing.identity).where(is_learned).distinct()).all()
    if not identities:
        return 0
    take_turn(uow)
    gone = uow.session.scalars(select(Phrasing).where(Phrasing.identity.in_(identities))).all()
    for phrasing in gone:
        _drop(uow, phrasing)
    return len(gone)


def _is_of(uow: UnitOfWork, message_id: int, contact_id: int) -> bool:
    owner = (
        select(Conversation.contact_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id == message_id)
    )
    return uow.session.scalar(owner) == contact_id


def forget_unripe(uow: UnitOfWork) -> int:
    """Deletes wordings that too few people have said and nobody in the last year; returns how many."""
    before = uow.now - KEPT_UNRIPE
    said_since = select(Confirmation.phrasing_id).where(Confirmation.at > before)
    unripe = select(Phrasing.id).where(
        Phrasing.state == PhrasingState.COLLECTING,
        Phrasing.created_at <= before,
        Phrasing.id.not_in(said_since),
    )  # fmt: skip
    if uow.session.scalar(unripe.limit(1)) is None:
        return 0
    take_turn(uow)
    gone = uow.session.scalars(unripe.order_by(Phrasing.id).limit(FORGOTTEN_AT_ONCE)).all()
    uow.session.execute(delete(Phrasing).where(Phrasing.id.in_(gone)))
    return len(gone)


def _heard(uow: UnitOfWork, ask: Ask) -> tuple[PhrasingText, int] | None:
    """The wording that was asked and the contact who asked; None when nothing can be learned from it."""
    message, contact = uow.session.execute(
        select(Message, Contact)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Message.id == ask.message_id)
    ).one()
    # The buttons of a question still work after its words were changed: they would teach other words.
    is_as_asked = message.edited_at is None or message.edited_at <= ask.at
    is_question = message.kind == "text" and message.direction is Direction.IN and message.erased_at is None
    if ask.in_context or contact.kind is not ContactKind.PERSON or not (is_as_asked and is_question):
        return None
    words = read_phrasing(message.text)
    return None if isinstance(words, PhrasingFault) else (words, contact.id)


def _has_words(uow: UnitOfWork, phrasing: Phrasing) -> bool:
    words = select(Confirmation.contact_id).where(Confirmation.phrasing_id == phrasing.id).limit(1)
    return uow.session.scalar(words) is not None


def _has_room(uow: UnitOfWork, contact_id: int, known: Sequence[Phrasing]) -> bool:
    """Whether the person has not said too much today; words already given may always be changed."""
    given = select(Confirmation.phrasing_id).where(Confirmation.contact_id == contact_id)
    of_these = given.where(Confirmation.phrasing_id.in_([phrasing.id for phrasing in known])).limit(1)
    if known and uow.session.scalar(of_these) is not None:
        return True
    today = select(func.count()).select_from(Confirmation).where(
        Confirmation.contact_id == contact_id, Confirmation.at > uow.now - DAY
    )  # fmt: skip
    return (uow.session.scalar(today) or 0) < WORDS_A_DAY


def _may_begin(uow: UnitOfWork, entry_id: int) -> bool:
    begun = select(func.count()).select_from(Phrasing).where(
        Phrasing.entry_id == entry_id, Phrasing.created_at > uow.now - DAY
    )  # fmt: skip
    return (uow.session.scalar(begun) or 0) < NEW_A_DAY


def _is_settled(uow: UnitOfWork, phrasing: Phrasing, contact_id: int) -> bool:
    """Whether the person's word on the wording stays: they changed their mind about its entry too often."""
    if uow.session.get(Confirmation, (phrasing.id, contact_id)) is None:
        return False
    changes = (
        select(func.sum(Confirmation.changes))
        .join(Phrasing, Phrasing.id == Confirmation.phrasing_id)
        .where(Confirmation.contact_id == contact_id, Phrasing.entry_id == phrasing.entry_id)
    )
    return (uow.session.scalar(changes) or 0) >= MIND_CHANGES


def _leave_others(uow: UnitOfWork, contact_id: int, others: Sequence[Phrasing]) -> None:
    """Turns the person's earlier agreement on other entries: they have chosen anew."""
    uow.session.execute(
        update(Confirmation)
        .where(
            Confirmation.contact_id == contact_id,
            Confirmation.phrasing_id.in_([phrasing.id for phrasing in others]),
            Confirmation.agrees.is_(True),
        )
        .values(agrees=False, changes=Confirmation.changes + 1)
    )


def _put(uow: UnitOfWork, phrasing: Phrasing, contact_id: int, message_id: int, *, agrees: bool) -> None:
    confirmation = uow.session.get(Confirmation, (phrasing.id, contact_id))
    if confirmation is None:
        confirmation = Confirmation(
            phrasing_id=phrasing.id, contact_id=contact_id, agrees=agrees, changes=0, at=uow.now
        )
        uow.session.add(confirmation)
    elif confirmation.agrees is not agrees:
        confirmation.changes += 1
    confirmation.agrees, confirmation.message_id = agrees, message_id


def _judge(uow: UnitOfWork, known: Sequence[Phrasing]) -> None:
    """Counts anew who says what of the same words, and draws the consequences for each entry."""
    rows = uow.session.execute(
        select(Confirmation, Contact)
        .join(Contact, Contact.id == Confirmation.contact_id)
        .where(Confirmation.phrasing_id.in_([phrasing.id for phrasing in known]))
        .execution_options(populate_existing=True)
    ).all()
    words = [_Word(confirmation, contact) for confirmation, contact in rows]
    rules = get_rules(uow)
    for phrasing in known:
        mine = [word for word in words if word.confirmation.phrasing_id == phrasing.id]
        if not mine and phrasing.proposed_by is None and phrasing.decided_by in (None, SYSTEM):
            _drop(uow, phrasing)
            continue
        elsewhere = [word for word in words if word.confirmation.phrasing_id != phrasing.id]
        agreeing = [word for word in mine if word.confirmation.agrees]
        against = [word for word in mine if not word.confirmation.agrees]
        against += [word for word in elsewhere if word.confirmation.agrees]
        phrasing.confirmed = len(agreeing)
        phrasing.contradicted = len({word.contact.id for word in against})
        _draw_consequences(uow, rules, phrasing, agreeing)


def _draw_consequences(
    uow: UnitOfWork, rules: LearningRules, phrasing: Phrasing, agreeing: Sequence[_Word]
) -> None:
    if phrasing.state is PhrasingState.ACTIVE and phrasing.decided_by == SYSTEM and phrasing.contradicted:
        phrasings.decide(uow, phrasing, PhrasingState.PENDING, actor=SYSTEM)
    if phrasing.state not in phrasings.UNDECIDED or phrasing.proposed_by is not None:
        return
    if _is_sure(uow, rules, phrasing, agreeing):
        phrasings.decide(uow, phrasing, PhrasingState.ACTIVE, actor=SYSTEM)
    elif _people(agreeing) >= rules.review_people:
        phrasing.state = PhrasingState.PENDING
    else:
        phrasing.state = PhrasingState.COLLECTING


def _is_sure(uow: UnitOfWork, rules: LearningRules, phrasing: Phrasing, agreeing: Sequence[_Word]) -> bool:
    """Whether the rules let a wording become active without staff; what was decided once is for staff."""
    if rules.mode is not LearningMode.AUTOMATIC or phrasing.contradicted or phrasing.decided_by is not None:
        return False
    known_since = uow.now - timedelta(days=rules.contact_age_days)
    trusted = [
        word
        for word in agreeing
        if word.contact.created_at <= known_since and word.contact.reachability is Reachability.ACTIVE
    ]
    # Days of the web chat count for nothing: a window may be opened on any day.
    days = {local_date(word.confirmation.at) for word in trusted if _is_somebody(word)}
    if _people(trusted) < rules.people or len(days) < rules.days:
        return False
    if any(one.state is PhrasingState.ACTIVE for one in phrasings.of_identity(uow, phrasing.identity)):
        return False
    learned_today = select(func.count()).select_from(Phrasing).where(
        Phrasing.entry_id == phrasing.entry_id,
        Phrasing.state == PhrasingState.ACTIVE,
        Phrasing.decided_by == SYSTEM,
        Phrasing.decided_at > uow.now - DAY,
    )  # fmt: skip
    # Words that were learned and taken back leave no row behind, but they were told to every live view.
    told_today = select(func.count()).select_from(EntryChange).where(
        EntryChange.entry_id == phrasing.entry_id, EntryChange.at > uow.now - DAY
    )  # fmt: skip
    return (uow.session.scalar(learned_today) or 0) < rules.daily_limit and (
        uow.session.scalar(told_today) or 0
    ) < CHANGES_A_DAY


def _people(words: Sequence[_Word]) -> int:
    """How many people these are; the visitors of the web chat are one together."""
    somebodies = sum(1 for word in words if _is_somebody(word))
    return somebodies + (1 if somebodies < len(words) else 0)


def _is_somebody(word: _Word) -> bool:
    return word.contact.channel is not ChannelName.WEB


def _drop(uow: UnitOfWork, phrasing: Phrasing) -> None:
    """Deletes a wording that nobody stands for any more."""
    if phrasing.state is PhrasingState.ACTIVE:
        phrasings.tell_live_views(uow, phrasing)
    uow.session.delete(phrasing)
