"""How the office kept its word, for its own staff: dates met, dates missed, and how long people waited.

Everything keeps to what the person may see. The figures for the public are made elsewhere.
"""

import hashlib
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select

from eservice.complaints.listing import STATES, Group
from eservice.complaints.models import Complaint, Escalation, EscalationClock, Source
from eservice.complaints.queries import within_reach
from eservice.complaints.states import ComplaintState
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import Position
from eservice.staff.permissions import Principal

SAMPLE = 10  # of a period's breaches, to be looked at closely
MOST = 5_000  # breaches told of one by one
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `start` until just before `end`. `name` tells periods apart, e.g. "2026-11"."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Share:
    """Of the complaints called done in a period, how many were so in time. `key`: a department or category."""

    key: int | str | None
    count: int
    on_time: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How long people waited whose complaints came in during a period: medians in calendar days.

    A median is None where nobody has an answer, or nothing is done yet. `key`: a channel or village.
    """

    key: Source | str
    count: int
    answer_days: float | None
    done_days: float | None


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A date that was missed. `ended_at` is when the office answered or called it done; None: not yet."""

    complaint: Complaint
    clock: EscalationClock
    due_at: datetime
    ended_at: datetime | None
    is_sampled: bool

    @property
    def late_by(self) -> timedelta | None:
        """How late it was; None while it lasts."""
        return self.ended_at - self.due_at if self.ended_at is not None else None


def on_time(reader: ReadOnly, by: Principal, period: Period) -> tuple[list[Share], list[Share]]:
    """The share of work done in time, by department and by category, the largest first."""
    in_time = func.sum(case((Complaint.said_done_at <= Complaint.due_at, 1), else_=0))
    rows = reader.session.execute(
        select(Complaint.department_id, Complaint.category, func.count(), in_time)
        .where(
            within_reach(by),
            Complaint.state.in_(STATES[Group.DONE]),
            Complaint.said_done_at >= period.start,
            Complaint.said_done_at < period.end,
        )
        .group_by(Complaint.department_id, Complaint.category)
    ).all()
    return (
        _shares((department, count, met) for department, _, count, met in rows),
        _shares((category, count, met) for _, category, count, met in rows),
    )


def waiting_times(reader: ReadOnly, by: Principal, period: Period) -> tuple[list[Waiting], list[Waiting]]:
    """How long people waited, by channel and by village, the largest first."""
    rows = reader.session.execute(
        select(
            Complaint.source, Complaint.village, Complaint.filed_at, Complaint.answered_at, Complaint.said_done_at
        ).where(
            within_reach(by),
            Complaint.filed_at >= period.start,
            Complaint.filed_at < period.end,
            Complaint.state.not_in((ComplaintState.DUPLICATE, ComplaintState.WITHDRAWN)),
        )
    ).all()  # fmt: skip
    by_source: dict[Source | str, list[tuple[datetime, datetime | None, datetime | None]]] = defaultdict(list)
    by_village: dict[Source | str, list[tuple[datetime, datetime | None, datetime | None]]] = defaultdict(
        list
    )
    for source, village, filed, answered, done in rows:
        by_source[source].append((filed, answered, done))
        by_village[village].append((filed, answered, done))
    return _waits(by_source), _waits(by_village)


def breaches(reader: ReadOnly, by: Principal, period: Period) -> list[Breach]:
    """The dates of both clocks that fell into the period and were missed, in their order.

    A later answer, extension or reopening does not mend one: what has come before anybody counts as well.
    """
    found: dict[tuple[int, EscalationClock], tuple[Complaint, datetime]] = {}
    climbed = (
        select(Complaint, Escalation.clock, Escalation.due_at)
        .join(Escalation, Escalation.complaint_id == Complaint.id)
        .where(
            within_reach(by),
            Escalation.position == Position.HEAD,
            Escalation.due_at >= period.start,
            Escalation.due_at < period.end,
        )
        .limit(MOST)
    )
    for complaint, clock, due_at in reader.session.execute(climbed):
        found[complaint.id, clock] = (complaint, due_at)
    for clock in EscalationClock:
        for complaint in _missed(reader, by, period, clock):
            due_at = _due(complaint, clock)
            assert due_at is not None  # it was asked for
            found.setdefault((complaint.id, clock), (complaint, due_at))
    sampled = _sample(found, period)
    listed = [
        Breach(
            complaint=complaint,
            clock=clock,
            due_at=due_at,
            ended_at=_ended(complaint, clock, due_at),
            is_sampled=(number, clock) in sampled,
        )
        for (number, clock), (complaint, due_at) in found.items()
    ]
    return sorted(listed, key=lambda breach: (breach.due_at, breach.complaint.id, breach.clock))


def _missed(reader: ReadOnly, by: Principal, period: Period, clock: EscalationClock) -> Sequence[Complaint]:
    """The complaints whose present date of the clock fell into the period and was missed."""
    if clock is EscalationClock.WORK:
        due, ended = Complaint.due_at, Complaint.said_done_at
        owed = and_(Complaint.state.in_(STATES[Group.OPEN]), Complaint.state != ComplaintState.WAITING)
        counts = Complaint.state.in_((*STATES[Group.OPEN], *STATES[Group.DONE], ComplaintState.REJECTED))
    else:
        due, ended = Complaint.answer_due_at, Complaint.answered_at
        owed = Complaint.state.in_(STATES[Group.OPEN])
        counts = Complaint.state.not_in((ComplaintState.DUPLICATE, ComplaintState.WITHDRAWN))
    late = or_(and_(ended.is_(None), owed, due <= reader.now), ended > due)
    if clock is EscalationClock.WORK:  # a reopened complaint was called done before its new date
        late = or_(late, and_(owed, due <= reader.now))
    query = select(Complaint).where(within_reach(by), counts, due >= period.start, due < period.end, late)
    return reader.session.scalars(query.order_by(Complaint.id).limit(MOST)).all()


def _due(complaint: Complaint, clock: EscalationClock) -> datetime | None:
    return complaint.due_at if clock is EscalationClock.WORK else complaint.answer_due_at


def _ended(complaint: Complaint, clock: EscalationClock, due_at: datetime) -> datetime | None:
    """When what was owed was done; what was done before the date was done for an earlier one."""
    ended = complaint.said_done_at if clock is EscalationClock.WORK else complaint.answered_at
    return ended if ended is not None and ended > due_at else None


def _sample(
    found: Iterable[tuple[int, EscalationClock]], period: Period
) -> frozenset[tuple[int, EscalationClock]]:
    """Some of them, by lot but the same whenever one asks."""

    def lot(key: tuple[int, EscalationClock]) -> str:
        return hashlib.sha256(f"{period.name}:{key[0]}:{key[1].value}".encode()).hexdigest()

    return frozenset(sorted(found, key=lot)[:SAMPLE])


def _shares(rows: Iterable[tuple[int | str | None, int, int]]) -> list[Share]:
    counts: dict[int | str | None, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for key, count, met in rows:
        counts[key] = (counts[key][0] + count, counts[key][1] + int(met or 0))
    shares = [Share(key=key, count=count, on_time=met) for key, (count, met) in counts.items()]
    return sorted(shares, key=lambda share: (-share.count, str(share.key)))


def _waits(
    groups: dict[Source | str, list[tuple[datetime, datetime | None, datetime | None]]],
) -> list[Waiting]:
    found = [
        Waiting(
            key=key,
            count=len(rows),
            answer_days=_median((answered - filed) for filed, answered, _ in rows if answered is not None),
            done_days=_median((done - filed) for filed, _, done in rows if done is not None),
        )
        for key, rows in groups.items()
    ]
    return sorted(found, key=lambda waiting: (-waiting.count, str(waiting.key)))


def _median(durations: Iterable[timedelta]) -> float | None:
    days = [duration / _DAY for duration in durations]
    return statistics.median(days) if days else None
