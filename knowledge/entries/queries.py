"""Looking at the FAQ and at what people asked: for the console and its statistics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, not_, or_, select
from sqlalchemy.orm import aliased

from eservice.kit.errors import not_found
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import Message
from knowledge.entries.models import Ask, AskDecision, Entry, EntryState, EntryVersion


@dataclass(frozen=True, kw_only=True)
class ListedEntry:
    """An entry with the version that an author goes on from."""

    entry: Entry
    version: EntryVersion


@dataclass(frozen=True, kw_only=True)
class EntryUse:
    """How often an entry was the answer in a period, and what people said of it."""

    entry_id: int
    answers: int
    helpful: int
    unhelpful: int


@dataclass(frozen=True, kw_only=True)
class UnansweredAsk:
    """A question that the machine had no answer to that helped, in the resident's own words."""

    ask_id: int
    message_id: int
    conversation_id: int
    at: datetime
    text: str
    decision: AskDecision
    candidates: tuple[int, ...]
    in_context: bool  # understood from the question before
    refused_entry_id: int | None  # the entry that was given and did not help


@dataclass(frozen=True, kw_only=True)
class UnansweredShare:
    """Of the questions asked: `left` had no answer that helped; of `not_chosen` nobody took an offered entry."""

    asked: int
    left: int
    not_chosen: int


_IS_UNANSWERED = or_(Ask.entry_id.is_(None), Ask.helpful.is_(False))
_IS_NOT_CHOSEN = and_(
    Ask.decision == AskDecision.CLARIFIED, Ask.entry_id.is_(None), Ask.helpful.is_not(False)
)
"""Asked back, and then neither an entry nor "none of these" was taken."""


def get_entry(reader: ReadOnly, entry_id: int) -> Entry:
    """One entry. Raises ServiceError `faq.not_found`."""
    entry = reader.session.get(Entry, entry_id)
    if entry is None:
        raise not_found("faq.not_found")
    return entry


def list_entries(
    reader: ReadOnly,
    *,
    state: EntryState | None = None,
    category: str | None = None,
    department_id: int | None = None,
) -> list[ListedEntry]:
    """Entries with their current words, the newest changed first; retired ones only when asked for."""
    query = (
        select(Entry, EntryVersion)
        .join(EntryVersion, EntryVersion.id == func.coalesce(Entry.draft_version_id, Entry.live_version_id))
        .where(Entry.state == state if state is not None else Entry.state != EntryState.RETIRED)
        .order_by(Entry.updated_at.desc(), Entry.id.desc())
    )
    if category is not None:
        query = query.where(EntryVersion.category == category)
    if department_id is not None:
        query = query.where(EntryVersion.department_id == department_id)
    return [ListedEntry(entry=entry, version=version) for entry, version in reader.session.execute(query)]


def versions(reader: ReadOnly, entry_id: int, limit: int = 50) -> Sequence[EntryVersion]:
    """The versions of an entry, newest first."""
    return reader.session.scalars(
        select(EntryVersion)
        .where(EntryVersion.entry_id == entry_id)
        .order_by(EntryVersion.number.desc())
        .limit(limit)
    ).all()


def most_used(reader: ReadOnly, *, since: datetime, until: datetime, limit: int = 20) -> list[EntryUse]:
    """The entries answered or chosen most often from `since` up to `until`."""
    answers = func.count()
    rows = reader.session.execute(
        select(
            Ask.entry_id,
            answers,
            func.count(case((Ask.helpful.is_(True), 1))),
            func.count(case((Ask.helpful.is_(False), 1))),
        )
        .where(Ask.entry_id.is_not(None), Ask.at >= since, Ask.at < until)
        .group_by(Ask.entry_id)
        .order_by(answers.desc(), Ask.entry_id)
        .limit(limit)
    )
    return [
        EntryUse(entry_id=entry_id, answers=count, helpful=helpful, unhelpful=unhelpful)
        for entry_id, count, helpful, unhelpful in rows
        if entry_id is not None
    ]


def use_of(reader: ReadOnly, entry_ids: Sequence[int], *, since: datetime) -> list[EntryUse]:
    """The use of the given entries from `since` on; those without any are left out."""
    rows = reader.session.execute(
        select(
            Ask.entry_id,
            func.count(),
            func.count(case((Ask.helpful.is_(True), 1))),
            func.count(case((Ask.helpful.is_(False), 1))),
        )
        .where(Ask.entry_id.in_(entry_ids), Ask.at >= since)
        .group_by(Ask.entry_id)
    )
    return [
        EntryUse(entry_id=entry_id, answers=count, helpful=helpful, unhelpful=unhelpful)
        for entry_id, count, helpful, unhelpful in rows
        if entry_id is not None
    ]


def closing_times(reader: ReadOnly, *, before: datetime) -> dict[int, datetime]:
    """The live entries whose window ends before a moment, or has ended, with the end."""
    rows = reader.session.execute(
        select(Entry.id, EntryVersion.publish_until)
        .join(EntryVersion, EntryVersion.id == Entry.live_version_id)
        .where(EntryVersion.publish_until < before)
    )
    return {entry_id: closes for entry_id, closes in rows if closes is not None}


def unanswered(
    reader: ReadOnly, *, since: datetime, until: datetime, limit: int = 100
) -> list[UnansweredAsk]:
    """Questions that ended without an entry or with one that did not help, newest first.

    What people took back is not among them.
    """
    rows = reader.session.execute(
        select(Ask, Message.text, Message.conversation_id)
        .join(Message, Message.id == Ask.message_id)
        .where(_IS_UNANSWERED, Ask.at >= since, Ask.at < until, Message.erased_at.is_(None))
        .order_by(Ask.id.desc())
        .limit(limit)
    )
    return [
        UnansweredAsk(
            ask_id=ask.id,
            message_id=ask.message_id,
            conversation_id=conversation_id,
            at=ask.at,
            text=text,
            decision=ask.decision,
            candidates=tuple(ask.candidates),
            in_context=ask.in_context,
            refused_entry_id=ask.entry_id,
        )
        for ask, text, conversation_id in rows
    ]


def unanswered_share(reader: ReadOnly, *, since: datetime, until: datetime) -> UnansweredShare:
    """How many questions were put to the machine in a period, and how many of them ended unanswered."""
    asked, left, not_chosen = reader.session.execute(
        select(
            func.count(),
            func.count(case((and_(_IS_UNANSWERED, not_(_IS_NOT_CHOSEN)), 1))),
            func.count(case((_IS_NOT_CHOSEN, 1))),
        ).where(Ask.at >= since, Ask.at < until)
    ).one()
    return UnansweredShare(asked=asked, left=left, not_chosen=not_chosen)


def phrasings_in_drafts(reader: ReadOnly) -> dict[str, tuple[int, str]]:
    """What drafts would add to how people ask: each phrasing, with the entry and its question."""
    draft, live = aliased(EntryVersion), aliased(EntryVersion)
    rows = reader.session.execute(
        select(Entry.id, draft.question, draft.variants, live.question, live.variants)
        .join(draft, draft.id == Entry.draft_version_id)
        .outerjoin(live, live.id == Entry.live_version_id)
        .where(Entry.state != EntryState.RETIRED)
        .order_by(Entry.id)
    )
    return {
        phrasing: (entry_id, question)
        for entry_id, question, variants, live_question, live_variants in rows
        for phrasing in {question, *variants} - {live_question, *(live_variants or ())}
    }


def decision_counts(reader: ReadOnly, *, since: datetime, until: datetime) -> dict[AskDecision, int]:
    """How many questions were answered, offered choices, and not known, in a period; zeros included."""
    rows = reader.session.execute(
        select(Ask.decision, func.count()).where(Ask.at >= since, Ask.at < until).group_by(Ask.decision)
    )
    counts = dict.fromkeys(AskDecision, 0)
    for decision, count in rows:
        counts[decision] = count
    return counts
