"""The desk's list: what may be asked of it, the order of the rule, pages by cursor, counts and the map's clusters.

Everything keeps to `queries.within_reach`. Made for a hundred thousand complaints: one statement for a page,
one for the counts, one for the clusters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from eservice.complaints.models import Complaint, Escalation, Source
from eservice.complaints.numbers import read_number
from eservice.complaints.queries import URGENT_FIRST, within_reach
from eservice.complaints.states import ComplaintState, is_open
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Principal

ROWS = 50  # of one page
MAX_VILLAGES = 200
CELLS_ACROSS = 24  # of the map's grid
MAX_ID = 2**31 - 1  # of PostgreSQL's integer
_ROW = 10_000_000  # more than the columns of any grid
_CURSOR = re.compile(r"(\d)\.(\d{1,17})\.(\d{1,10})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_S = ComplaintState


class Group(StrEnum):
    """States as the desk speaks of them. "check" is work that is called done and waits for a second officer."""

    OPEN = "open"
    NEW = "new"
    WORKING = "working"
    CHECK = "check"
    WAITING = "waiting"
    DONE = "done"
    ENDED = "ended"
    ALL = "all"


STATES: dict[Group, tuple[ComplaintState, ...]] = {
    Group.OPEN: tuple(state for state in _S if is_open(state)),
    Group.NEW: (_S.RECEIVED, _S.ASSIGNED, _S.REOPENED),
    Group.WORKING: (_S.IN_PROGRESS,),
    Group.CHECK: (_S.IN_PROGRESS,),
    Group.WAITING: (_S.NEEDS_INFORMATION, _S.WAITING),
    Group.DONE: (_S.RESOLVED, _S.CONFIRMED),
    Group.ENDED: (_S.REJECTED, _S.DUPLICATE, _S.WITHDRAWN),
    Group.ALL: tuple(_S),
}
BY_THE_RULE = (Group.OPEN, Group.NEW, Group.WORKING, Group.CHECK, Group.WAITING)
"""Groups whose complaints come in the order of the rule; others newest first."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of the map, in degrees (WGS 84)."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of the list. `is_escalated`: has come before the person's own position, or any if they have none."""

    group: Group = Group.OPEN
    category: str = ""
    department_id: int | None = None
    assignee_id: int | None = None
    village: str = ""
    source: Source | None = None
    is_overdue: bool = False
    is_escalated: bool = False
    words: str = ""
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of the complaints asked for. `next_cursor` is empty on the last page."""

    rows: Sequence[Complaint]
    next_cursor: str


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Complaints close together on the map: how many, how many overdue, their middle, and the cell around them."""

    count: int
    overdue: int
    latitude: float
    longitude: float
    complaint_id: int | None  # where there is only one
    box: Box


def page_of(reader: ReadOnly, by: Principal, asked: Asked, *, after: str = "", limit: int = ROWS) -> Page:
    """One page: open complaints by the rule (danger first, then by when they came in), others newest first.

    `after` is the cursor of the page before. One that nobody gave out begins anew.
    """
    by_the_rule = asked.group in BY_THE_RULE
    rank = URGENT_FIRST.label("rank")
    # First only which ones: an index answers that, and whole rows are read for one page alone.
    query = _matching(select(Complaint.id, rank), reader, by, asked)
    if found := _CURSOR.fullmatch(after):
        query = query.where(_after(found, by_the_rule=by_the_rule))
    if by_the_rule:
        query = query.order_by(URGENT_FIRST, Complaint.filed_at, Complaint.id)
    else:
        query = query.order_by(Complaint.id.desc())
    chosen = query.limit(limit + 1).subquery()
    order = (chosen.c.rank, Complaint.filed_at, Complaint.id) if by_the_rule else (Complaint.id.desc(),)
    rows = reader.session.execute(
        select(Complaint, chosen.c.rank).join(chosen, chosen.c.id == Complaint.id).order_by(*order)
    ).all()
    shown = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        last, last_rank = shown[-1]
        cursor = f"{last_rank}.{(last.filed_at - _EPOCH) // timedelta(microseconds=1)}.{last.id}"
    return Page(rows=[complaint for complaint, _ in shown], next_cursor=cursor)


def counts(reader: ReadOnly, by: Principal, asked: Asked) -> dict[Group, int]:
    """How many complaints each group has under the same filters."""
    by_state = _matching(select(Complaint.state, func.count()), reader, by, asked, group=Group.ALL)
    rows = reader.session.execute(by_state.group_by(Complaint.state)).all()
    found = {group: sum(count for state, count in rows if state in STATES[group]) for group in Group}
    checked = _matching(select(func.count()).select_from(Complaint), reader, by, asked, group=Group.CHECK)
    found[Group.CHECK] = reader.session.scalar(checked) or 0
    found[Group.WORKING] -= found[Group.CHECK]
    return found


def overdue_count(reader: ReadOnly, by: Principal, asked: Asked) -> int:
    """How many open complaints under the same filters have missed one of their dates."""
    query = _matching(select(func.count()), reader, by, asked, group=Group.OPEN).where(missed(reader.now))
    return reader.session.scalar(query) or 0


def not_begun_count(reader: ReadOnly, by: Principal, *, at_most: int = 99) -> int:
    """How much waits for this person: complaints that nobody has, and their own that they have not begun."""
    waiting = select(Complaint.id).where(
        within_reach(by),
        Complaint.state.in_(STATES[Group.NEW]),
        or_(Complaint.assignee_id.is_(None), Complaint.assignee_id == by.account_id),
    )
    return reader.session.scalar(select(func.count()).select_from(waiting.limit(at_most).subquery())) or 0


def villages(reader: ReadOnly, by: Principal) -> Sequence[str]:
    """The villages of the complaints within reach, as they were written."""
    query = select(Complaint.village).where(within_reach(by), Complaint.village != "").distinct()
    return reader.session.scalars(query.order_by(Complaint.village).limit(MAX_VILLAGES)).all()


def bounds(reader: ReadOnly, by: Principal, asked: Asked) -> Box | None:
    """The part of the map in which the complaints asked for lie; None when none of them has a position."""
    query = select(
        func.min(Complaint.latitude), func.min(Complaint.longitude),
        func.max(Complaint.latitude), func.max(Complaint.longitude),
    )  # fmt: skip
    south, west, north, east = reader.session.execute(_matching(query, reader, by, asked)).one()
    if south is None:
        return None
    return Box(south=south, west=west, north=north, east=east)


def clusters(reader: ReadOnly, by: Principal, asked: Asked, *, cell: float) -> list[Cluster]:
    """The complaints asked for that have a position, joined where they lie in one cell of `cell` degrees."""
    # One number for each cell: sorting by one is twice as fast as by two.
    place = func.round(Complaint.latitude / cell) * _ROW + func.round(Complaint.longitude / cell)
    is_late = and_(Complaint.state.in_(STATES[Group.OPEN]), missed(reader.now))
    query = select(
        func.count(), func.sum(case((is_late, 1), else_=0)),
        func.avg(Complaint.latitude), func.avg(Complaint.longitude), func.min(Complaint.id), place.label("place"),
    )  # fmt: skip
    placed = _matching(query, reader, by, asked).where(Complaint.latitude.is_not(None))
    return [
        Cluster(
            count=count,
            overdue=int(late),
            latitude=latitude,
            longitude=longitude,
            complaint_id=number if count == 1 else None,
            box=_cell(int(found), cell),
        )
        for count, late, latitude, longitude, number, found in reader.session.execute(
            placed.group_by("place")
        )
    ]


def _cell(place: int, cell: float) -> Box:
    """The part of the map that a cell's number stands for."""
    row = round(place / _ROW)
    column = place - row * _ROW
    return Box(
        south=(row - 0.5) * cell, west=(column - 0.5) * cell, north=(row + 0.5) * cell, east=(column + 0.5) * cell
    )  # fmt: skip


def missed(now: datetime) -> ColumnElement[bool]:
    """That an open complaint has missed one of its two dates."""
    return or_(
        and_(Complaint.due_at <= now, Complaint.state != _S.WAITING),
        and_(Complaint.answered_at.is_(None), Complaint.answer_due_at <= now),
    )


def _after(cursor: re.Match[str], *, by_the_rule: bool) -> ColumnElement[bool]:
    """That a complaint comes after the last one of the page before."""
    number = min(int(cursor[3]), MAX_ID)
    if not by_the_rule:
        return Complaint.id < number
    rank, filed_at = literal(int(cursor[1])), _EPOCH + timedelta(microseconds=int(cursor[2]))
    later = or_(Complaint.filed_at > filed_at, and_(Complaint.filed_at == filed_at, Complaint.id > number))
    return or_(rank < URGENT_FIRST, and_(rank == URGENT_FIRST, later))


def _matching(
    query: Select, reader: ReadOnly, by: Principal, asked: Asked, *, group: Group | None = None
) -> Select:
    group = group or asked.group
    query = query.where(within_reach(by))
    if group is not Group.ALL:
        query = query.where(Complaint.state.in_(STATES[group]))
    if group is Group.CHECK:
        query = query.where(Complaint.proposed_by_id.is_not(None))
    elif group is Group.WORKING:
        query = query.where(Complaint.proposed_by_id.is_(None))
    for column, wanted in (
        (Complaint.category, asked.category or None),
        (Complaint.department_id, asked.department_id),
        (Complaint.assignee_id, asked.assignee_id),
        (Complaint.village, asked.village or None),
        (Complaint.source, asked.source),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.is_overdue:
        query = query.where(Complaint.state.in_(STATES[Group.OPEN]), missed(reader.now))
    if asked.is_escalated:
        query = query.where(_has_climbed_to(by))
    if asked.box is not None:
        query = query.where(
            Complaint.latitude.between(asked.box.south, asked.box.north),
            Complaint.longitude.between(asked.box.west, asked.box.east),
        )
    return query.where(_says(asked.words)) if asked.words else query


def _has_climbed_to(by: Principal) -> ColumnElement[bool]:
    """That the complaint has come before the person's position, or before anybody, for a date that still holds."""
    position = Escalation.position
    return exists().where(
        Escalation.complaint_id == Complaint.id,
        or_(Escalation.due_at == Complaint.due_at, Escalation.due_at == Complaint.answer_due_at),
        position == by.position if by.position is not None else position.is_not(None),
    )


def _says(words: str) -> ColumnElement[bool]:
    number = read_number(words)
    if number is not None:
        return Complaint.number == number
    written = (Complaint.text, Complaint.address, Complaint.village, Complaint.reporter_name)
    return or_(*(column.icontains(words, autoescape=True) for column in written))
