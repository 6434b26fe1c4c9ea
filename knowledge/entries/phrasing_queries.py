"""Looking at what was learned and what waits: for the console."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import ChannelName, Contact
from knowledge.entries.models import Confirmation, Entry, EntryVersion, Phrasing, PhrasingState


class LearnedView(StrEnum):
    """What the list of wordings shows."""

    PENDING = "pending"
    ACTIVE = "active"
    PUT_AWAY = "put_away"  # rejected, or withdrawn


_STATES = {
    LearnedView.PENDING: (PhrasingState.PENDING,),
    LearnedView.ACTIVE: (PhrasingState.ACTIVE,),
    LearnedView.PUT_AWAY: (PhrasingState.REJECTED, PhrasingState.WITHDRAWN),
}


@dataclass(frozen=True, kw_only=True)
class ListedPhrasing:
    """A wording with its entry's live question and department; the question is empty without a live entry."""

    phrasing: Phrasing
    question: str
    department_id: int | None


def listed(
    reader: ReadOnly, view: LearnedView, departments: Collection[int] | None, *, offset: int, limit: int
) -> list[ListedPhrasing]:
    """Wordings of entries of these departments (None: of the whole office).

    What waits comes by entry, the most confirmed first; what was decided, by entry within a page only: the
    newest decision first.
    """
    columns = select(Phrasing, EntryVersion.question, EntryVersion.department_id)
    query = _of(columns, view, departments).order_by(*_order(view)).offset(offset).limit(limit)
    return [
        ListedPhrasing(phrasing=phrasing, question=question or "", department_id=department_id)
        for phrasing, question, department_id in reader.session.execute(query)
    ]


def count(reader: ReadOnly, view: LearnedView, departments: Collection[int] | None) -> int:
    """How many wordings the list has."""
    return reader.session.scalar(_of(select(func.count(Phrasing.id)), view, departments)) or 0


def confirmed_by_channel(reader: ReadOnly, phrasing_ids: Sequence[int]) -> dict[int, dict[ChannelName, int]]:
    """How many people confirmed each wording, by channel; who they are stays unsaid."""
    rows = reader.session.execute(
        select(Confirmation.phrasing_id, Contact.channel, func.count())
        .join(Contact, Contact.id == Confirmation.contact_id)
        .where(Confirmation.phrasing_id.in_(phrasing_ids), Confirmation.agrees.is_(True))
        .group_by(Confirmation.phrasing_id, Contact.channel)
    )
    found: dict[int, dict[ChannelName, int]] = {}
    for phrasing_id, channel, people in rows:
        found.setdefault(phrasing_id, {})[channel] = people
    return found


def _order(view: LearnedView) -> tuple[ColumnElement[Any], ...]:
    if view is LearnedView.PENDING:
        return (
            Phrasing.entry_id.is_(None),
            Phrasing.entry_id.asc(),
            Phrasing.confirmed.desc(),
            Phrasing.id.asc(),
        )
    return Phrasing.decided_at.is_(None), Phrasing.decided_at.desc(), Phrasing.id.desc()


def _of(query: Select, view: LearnedView, departments: Collection[int] | None) -> Select:
    is_live = Entry.live_version_id.is_not(None)
    conditions: list[ColumnElement[bool]] = [Phrasing.state.in_(_STATES[view])]
    if view is not LearnedView.ACTIVE:  # of a retired entry nothing waits; what is active rests with it
        conditions.append(is_live | Phrasing.entry_id.is_(None))
    if departments is not None:
        conditions.append(EntryVersion.department_id.in_(departments))
    return (
        query.select_from(Phrasing)
        .outerjoin(Entry, Entry.id == Phrasing.entry_id)
        .outerjoin(EntryVersion, EntryVersion.id == Entry.live_version_id)
        .where(*conditions)
    )
