"""Wordings that the bot learned beside the office's own: what staff decide about them, and what is active.

Every decision is audited, by the number of the wording and never by its words, and told to the change feed,
so that the live view of every process learns or un-learns it. Raises ServiceError `faq.phrasing_not_found`,
`faq.phrasing_decided` (a colleague was faster), `faq.phrasing_taken` (these words are taught for another
entry), `faq.entry_not_live`, and what each function names.
"""

from collections.abc import Collection, Sequence
from typing import TypeAlias

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import conflict, invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from knowledge.entries.learning_rules import get_rules
from knowledge.entries.models import (
    NO_ENTRY,
    Entry,
    EntryChange,
    EntryVersion,
    Phrasing,
    PhrasingSource,
    PhrasingState,
)
from knowledge.entries.phrasing_text import PhrasingFault, PhrasingText, is_same_wording, read_phrasing
from knowledge.entries.service import take_turn

Lesson: TypeAlias = tuple[str, int | None]
"""A wording and the entry that answers it, or None when nothing here does."""

UNDECIDED = (PhrasingState.COLLECTING, PhrasingState.PENDING)
PUT_AWAY = (PhrasingState.REJECTED, PhrasingState.WITHDRAWN)

_VERBS = {
    PhrasingState.ACTIVE: "accepted",
    PhrasingState.PENDING: "sent_back",
    PhrasingState.REJECTED: "rejected",
    PhrasingState.WITHDRAWN: "withdrawn",
}


def lessons(reader: ReadOnly, entry_ids: Collection[int] | None) -> set[Lesson]:
    """The active wordings of the given entries (`NO_ENTRY`: of none), or all; also of entries that are not live."""
    query = select(Phrasing.text, Phrasing.entry_id).where(Phrasing.state == PhrasingState.ACTIVE)
    if entry_ids is not None:
        wanted = Phrasing.entry_id.in_([entry_id for entry_id in entry_ids if entry_id != NO_ENTRY])
        query = query.where(wanted | Phrasing.entry_id.is_(None) if NO_ENTRY in entry_ids else wanted)
    return {(text, entry_id) for text, entry_id in reader.session.execute(query)}


def correct(
    uow: UnitOfWork, typed: str, entry_id: int | None, *, actor: str, message_id: int | None = None
) -> Phrasing:
    """Staff say that an entry answers these words, or with None that nothing here does.

    Active at once, or waiting for a colleague when the rules say so. `message_id` is the resident's message
    that the words are from. Raises ServiceError `faq.unteachable` (field `text`, its fault a
    `PhrasingFault`) and `faq.own_wording` when the entry has these very words already.
    """
    words = read_phrasing(typed)
    if isinstance(words, PhrasingFault):
        raise invalid("faq.unteachable", text=words.value)
    take_turn(uow)
    if entry_id is not None and is_own_wording(uow, entry_id, words):
        raise conflict("faq.own_wording")
    known = of_identity(uow, words.identity)
    phrasing = next((one for one in known if one.entry_id == entry_id), None)
    if phrasing is not None and phrasing.state is PhrasingState.ACTIVE:
        return phrasing
    _require_free(known)
    at_once = get_rules(uow).corrections_at_once
    if phrasing is None:
        phrasing = new_phrasing(uow, words, entry_id, PhrasingSource.STAFF)
    if phrasing.proposed_by is None or phrasing.state in PUT_AWAY:
        phrasing.proposed_by, phrasing.origin_message_id = actor, message_id
    if at_once:
        _accept(uow, phrasing, actor)
    elif phrasing.state is not PhrasingState.PENDING:
        phrasing.state = PhrasingState.PENDING
        _audit(uow, phrasing, "proposed", actor)
    return phrasing


def approve(uow: UnitOfWork, phrasing_id: int, *, actor: str) -> Phrasing:
    """Makes a wording part of what the bot knows, also one that was put away. An active one stays as it is.

    Raises ServiceError `faq.own_correction`: a correction that waits is accepted by somebody else.
    """
    phrasing = get_phrasing(uow, phrasing_id)
    if phrasing.state is PhrasingState.ACTIVE:
        return phrasing
    if phrasing.proposed_by == actor and not get_rules(uow).corrections_at_once:
        raise conflict("faq.own_correction")
    _accept(uow, phrasing, actor)
    return phrasing


def reject(uow: UnitOfWork, phrasing_id: int, *, actor: str) -> Phrasing:
    """Says no to a wording that waits: it is not learned, and no resident's tap brings it back."""
    phrasing = get_phrasing(uow, phrasing_id)
    if phrasing.state is PhrasingState.REJECTED:
        return phrasing
    if phrasing.state not in UNDECIDED:
        raise conflict("faq.phrasing_decided")
    decide(uow, phrasing, PhrasingState.REJECTED, actor=actor)
    return phrasing


def withdraw(uow: UnitOfWork, phrasing_id: int, *, actor: str) -> Phrasing:
    """Takes an active wording out again; the bot un-learns it."""
    phrasing = get_phrasing(uow, phrasing_id)
    if phrasing.state is PhrasingState.WITHDRAWN:
        return phrasing
    if phrasing.state is not PhrasingState.ACTIVE:
        raise conflict("faq.phrasing_decided")
    decide(uow, phrasing, PhrasingState.WITHDRAWN, actor=actor)
    return phrasing


def move(uow: UnitOfWork, phrasing_id: int, entry_id: int | None, *, actor: str) -> Phrasing:
    """Says that another entry answers the wording: no to the one, a correction to the other."""
    phrasing = get_phrasing(uow, phrasing_id)
    if phrasing.entry_id == entry_id:
        return phrasing
    if phrasing.state is PhrasingState.ACTIVE:
        decide(uow, phrasing, PhrasingState.WITHDRAWN, actor=actor)
    elif phrasing.state in UNDECIDED:
        decide(uow, phrasing, PhrasingState.REJECTED, actor=actor)
    return correct(uow, phrasing.text, entry_id, actor=actor, message_id=phrasing.origin_message_id)


def get_phrasing(uow: UnitOfWork, phrasing_id: int) -> Phrasing:
    """The wording, which nobody else changes until the transaction ends."""
    take_turn(uow)
    phrasing = uow.session.scalar(
        select(Phrasing).where(Phrasing.id == phrasing_id).execution_options(populate_existing=True)
    )
    if phrasing is None:
        raise not_found("faq.phrasing_not_found")
    return phrasing


def of_identity(reader: ReadOnly, identity: str) -> list[Phrasing]:
    """What is known of the same words, for whichever entries."""
    query = select(Phrasing).where(Phrasing.identity == identity).order_by(Phrasing.id)
    return list(reader.session.scalars(query))


def new_phrasing(
    uow: UnitOfWork, words: PhrasingText, entry_id: int | None, source: PhrasingSource
) -> Phrasing:
    """A wording of which nothing is known yet."""
    phrasing = Phrasing(
        text=words.text,
        identity=words.identity,
        entry_id=entry_id,
        state=PhrasingState.COLLECTING,
        source=source,
        confirmed=0,
        contradicted=0,
        created_at=uow.now,
    )
    uow.session.add(phrasing)
    uow.session.flush()  # confirmations and the audit name it by id
    return phrasing


def is_own_wording(reader: ReadOnly, entry_id: int, words: PhrasingText) -> bool:
    """Whether the live words of the entry hold these already. Raises ServiceError `faq.entry_not_live`."""
    row = reader.session.execute(
        select(EntryVersion.question, EntryVersion.variants)
        .join(Entry, Entry.live_version_id == EntryVersion.id)
        .where(Entry.id == entry_id)
    ).one_or_none()
    if row is None:
        raise conflict("faq.entry_not_live")
    question, variants = row
    return any(is_same_wording(words, wording) for wording in (question, *variants))


def decide(uow: UnitOfWork, phrasing: Phrasing, state: PhrasingState, *, actor: str) -> None:
    """Records a decision, with who made it; an active wording that comes or goes is told to the live views."""
    if PhrasingState.ACTIVE in (phrasing.state, state):
        tell_live_views(uow, phrasing)
    phrasing.state, phrasing.decided_by, phrasing.decided_at = state, actor, uow.now
    _audit(uow, phrasing, _VERBS[state], actor)


def tell_live_views(uow: UnitOfWork, phrasing: Phrasing) -> None:
    """Leaves word in the change feed that what is learned for the wording's entry has changed."""
    uow.session.add(EntryChange(entry_id=phrasing.entry_id or NO_ENTRY, at=uow.now))


def _accept(uow: UnitOfWork, phrasing: Phrasing, actor: str) -> None:
    if phrasing.entry_id is not None:
        entry = uow.session.get_one(Entry, phrasing.entry_id)
        if entry.live_version_id is None:
            raise conflict("faq.entry_not_live")
    _require_free(of_identity(uow, phrasing.identity))
    decide(uow, phrasing, PhrasingState.ACTIVE, actor=actor)


def _require_free(known: Sequence[Phrasing]) -> None:
    if any(one.state is PhrasingState.ACTIVE for one in known):
        raise conflict("faq.phrasing_taken")


def _audit(uow: UnitOfWork, phrasing: Phrasing, verb: str, actor: str) -> None:
    """The audit is for ever, and a resident may take words back: it keeps none."""
    audit.record(
        uow, actor=actor, action=f"faq_phrasing.{verb}", subject_kind="faq_phrasing", subject_id=phrasing.id,
        after={"entry": phrasing.entry_id},
    )  # fmt: skip
