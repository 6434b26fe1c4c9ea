"""ข้อมูลเปิด: what anybody may know of all complaints together. Never names, free text or exact positions.

Categories about people show no count under five. Others are hidden with them, so that what is hidden adds up to
too much to be worked out from the total. Villages are in residents' own words, which are free text: only
"หมู่ 4" and the villages of spots are told apart.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, Integer, and_, case, cast, extract, func, select
from sqlalchemy.orm import InstrumentedAttribute

from eservice.complaints.categories import Category, read_categories
from eservice.complaints.clocks import OTHER_CATEGORY
from eservice.complaints.models import Complaint, Rating, Source, Spot
from eservice.complaints.states import ComplaintState
from eservice.kit.thai_calendar import arabic_digits, at_bangkok, local_date
from eservice.kit.unit_of_work import ReadOnly

FEW = 5  # counts below it are hidden in categories about people; shares and means of fewer are not told
MONTHS = 12
NO_VILLAGE = ""  # not said, or in words of one's own
_DONE = (ComplaintState.RESOLVED, ComplaintState.CONFIRMED)
_MOO = re.compile(r"(?:หมู่(?:ที่|บ้าน)?|ม\.)?\s*(?:ที่)?\s*(\d{1,2})")

Value = TypeVar("Value")


class Hidden(StrEnum):
    """Why a count is not told."""

    FEW = "fewer_than_5"
    WITH_FEW = "hidden_with_few"  # else the total would tell the few


@dataclass(frozen=True, kw_only=True)
class Month:
    """A Thai calendar month by its first day: what came in, and what the office called done."""

    first_day: date
    filed: int
    done: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All of the public figures at one instant.

    `unanswered` are confirmed by silence. `median_days`, from filing to the office's word, and `on_time_share`
    (0 to 1) are of `done` complaints, `mean_stars` (1 to 5) of `answers`: None where there are fewer than five.
    `is_withheld`: there are too few complaints to say anything without saying too much; all is empty then.
    """

    at: datetime
    is_withheld: bool
    total: int
    by_state: Mapping[ComplaintState, int]
    unanswered: int
    by_category: Mapping[str, int | Hidden]
    by_month: tuple[Month, ...]
    by_village: Mapping[str, int]
    by_source: Mapping[Source, int]
    done: int
    median_days: float | None
    on_time_share: float | None
    answers: int
    mean_stars: float | None


def public_figures(reader: ReadOnly) -> Figures:
    """The figures now. Every query reads indexes only."""
    by_state = dict.fromkeys(ComplaintState, 0) | _counts(reader, Complaint.state)
    total = sum(by_state.values())
    categories = read_categories(reader)
    by_category = hide_few(_by_category(reader, categories), categories)
    if by_category is None:
        return _withheld(reader)
    done, median, on_time, unanswered = _work_done(reader)
    answers, mean = reader.session.execute(select(func.count(), func.avg(Rating.stars))).one()
    return Figures(
        at=reader.now,
        is_withheld=False,
        total=total,
        by_state=by_state,
        unanswered=unanswered,
        by_category=by_category,
        by_month=tuple(_month(reader, first) for first in _last_months(reader.now)),
        by_village=_by_village(reader),
        by_source=dict.fromkeys(Source, 0) | _counts(reader, Complaint.source),
        done=done,
        median_days=median if done >= FEW else None,
        on_time_share=on_time / done if done >= FEW else None,
        answers=answers,
        mean_stars=float(mean) if answers >= FEW else None,
    )


def hide_few(counts: Mapping[str, int], categories: Mapping[str, Category]) -> dict[str, int | Hidden] | None:
    """The counts without those that may not be known; None where nothing may be.

    Whoever knows the total knows the sum of what is hidden. Others are hidden, in an order that says nothing of
    their size, until the sum leaves every hidden count under five open.
    """
    few = {name for name, count in counts.items() if 0 < count < FEW and categories[name].is_sensitive}
    if not few:
        return dict(counts)
    enough = (FEW - 1) * (len(few) + 1)
    hidden = set(few)
    others = [name for name in counts if name != OTHER_CATEGORY and not categories[name].is_sensitive]
    for name in (OTHER_CATEGORY, *others):
        hidden.add(name)
        if sum(counts[each] for each in hidden) >= enough:
            return {
                name: Hidden.FEW if name in few else Hidden.WITH_FEW if name in hidden else count
                for name, count in counts.items()
            }
    return None


def village_name(typed: str, known: Iterable[str]) -> str:
    """The village as figures name it: "หมู่ 4", or that of a spot; `NO_VILLAGE` for words of one's own."""
    plain = " ".join(arabic_digits(typed).split())
    if found := _MOO.fullmatch(plain):
        return f"หมู่ {int(found[1])}" if int(found[1]) else NO_VILLAGE
    return plain if plain in known else NO_VILLAGE


def _withheld(reader: ReadOnly) -> Figures:
    return Figures(
        at=reader.now,
        is_withheld=True,
        total=0,
        by_state={},
        unanswered=0,
        by_category={},
        by_month=(),
        by_village={},
        by_source={},
        done=0,
        median_days=None,
        on_time_share=None,
        answers=0,
        mean_stars=None,
    )


def _counts(reader: ReadOnly, column: InstrumentedAttribute[Value]) -> dict[Value, int]:
    rows = reader.session.execute(select(column, func.count()).group_by(column))
    return dict(rows.tuples().all())


def _by_category(reader: ReadOnly, categories: Mapping[str, Category]) -> dict[str, int]:
    """By the names of the office's list: what is filed under another counts as อื่นๆ does."""
    found = Counter(dict.fromkeys(categories, 0))
    for name, count in _counts(reader, Complaint.category).items():
        found[name if name in categories else OTHER_CATEGORY] += count
    return dict(found)


def _by_village(reader: ReadOnly) -> dict[str, int]:
    """Most first, those that are not told apart last."""
    known = frozenset(
        village for village in reader.session.scalars(select(Spot.village).distinct()) if village
    )
    found = Counter[str]()
    for typed, count in _counts(reader, Complaint.village).items():
        found[village_name(typed, known)] += count
    apart = found.pop(NO_VILLAGE, 0)
    return dict(found.most_common()) | ({NO_VILLAGE: apart} if apart else {})


def _last_months(now: datetime) -> list[date]:
    """The first days of this month and of those before it, the earliest first."""
    today = local_date(now)
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def _month(reader: ReadOnly, first: date) -> Month:
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    begin, end = at_bangkok(first, time()), at_bangkok(following, time())
    filed = select(func.count()).where(Complaint.filed_at >= begin, Complaint.filed_at < end)
    done = select(func.count()).where(
        Complaint.said_done_at >= begin, Complaint.said_done_at < end, Complaint.state.in_(_DONE)
    )
    return Month(
        first_day=first,
        filed=reader.session.scalar(filed) or 0,
        done=reader.session.scalar(done) or 0,
    )


def _work_done(reader: ReadOnly) -> tuple[int, float | None, int, int]:
    """How many are done, their median days, how many in time, how many confirmed by silence."""
    tenths = _tenths_of_days(reader)
    in_time = case((Complaint.said_done_at <= Complaint.due_at, 1), else_=0)
    silent = case(
        (and_(Complaint.state == ComplaintState.CONFIRMED, Complaint.confirmed_by_silence), 1), else_=0
    )
    rows = reader.session.execute(
        select(tenths, func.count(), func.sum(in_time), func.sum(silent))
        .where(Complaint.said_done_at.is_not(None), Complaint.state.in_(_DONE))
        .group_by(tenths)
    ).all()
    counts = {int(days): count for days, count, _, _ in rows}
    done = sum(counts.values())
    return done, _median(counts), sum(row[2] for row in rows), sum(row[3] for row in rows)


def _median(counts: Mapping[int, int]) -> float | None:
    """The median of values that each occur so often, in days; of two in the middle the lower."""
    left = (sum(counts.values()) + 1) // 2
    for tenths in sorted(counts):
        left -= counts[tenths]
        if left <= 0:
            return tenths / 10
    return None


def _tenths_of_days(reader: ReadOnly) -> ColumnElement[int]:
    """From filing to the office's word. Calendar time: residents wait at night too."""
    if reader.session.connection().dialect.name == "sqlite":
        days = func.julianday(Complaint.said_done_at) - func.julianday(Complaint.filed_at)
    else:
        days = extract("epoch", Complaint.said_done_at - Complaint.filed_at) / 86_400
    return cast(func.round(days * 10), Integer)
