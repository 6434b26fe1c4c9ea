"""The two clocks of a case: working time that may pause, and the duty to answer, which never does.

Pure: everything is computed from what is given, and nothing here knows the time.
"""

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from eservice.kit.thai_calendar import at_bangkok, local, local_date
from eservice.office.holidays import days_off
from eservice.office.service import OfficeFacts
from eservice.staff.models import Position

MONDAY_TO_FRIDAY = frozenset(range(5))
ANSWER_WITHIN_DAYS = 15  # calendar days after the day of filing
ALERT_DAYS_BEFORE = 3  # so the alert of an unextended duty comes on day 12
OTHER_CATEGORY = "อื่นๆ"

_SHIPPED = tomllib.loads(Path(__file__).with_name("targets.toml").read_text(encoding="utf-8"))

DEFAULT_TARGETS: Mapping[str, int] = _SHIPPED["working_days"]
"""Category to working days, as an office promises to begin with."""

DEFAULT_ESCALATION: Mapping[Position, int] = {
    Position(position): days for position, days in _SHIPPED["overdue_days"].items()
}
"""Position to the days overdue at which a case reaches it, lowest first."""

_MINUTE = timedelta(minutes=1)
_NONE = timedelta()
_YEARS_AROUND = 5


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    """When staff work, on the Thai clock. Computes in a few binary searches, however far apart the instants.

    `lunch` is its start and end, None for no break. `weekdays` are numbered from Monday, 0. Raises ValueError
    for hours in which nobody ever works.
    """

    opens: time
    closes: time
    lunch: tuple[time, time] | None = None
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self._edges != sorted(self._edges) or self.day_length == _NONE:
            raise ValueError("a working day has working time, and its lunch within")
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise ValueError("a week has working days, numbered 0 to 6")

    @property
    def day_minutes(self) -> int:
        """What one working day counts."""
        return self.day_length // _MINUTE

    def add(self, start: datetime, working_minutes: int) -> datetime:
        """The first instant, in UTC, by which so many minutes have been worked since `start`.

        The end of a day's work comes before the beginning of the next: a full day from the opening ends at the
        closing. Raises ValueError below zero, OverflowError past the year 9999.
        """
        return self.after(start, timedelta(minutes=working_minutes))

    def between(self, start: datetime, end: datetime) -> int:
        """Whole minutes worked from `start` to `end`; below zero when `end` is the earlier."""
        worked = self.worked(start, end)
        return worked // _MINUTE if worked >= _NONE else -(-worked // _MINUTE)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The exact working time from `start` to `end`."""
        return self._worked_until(end) - self._worked_until(start)

    def is_working_day(self, day: date) -> bool:
        """Whether anybody works on that day."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """`add` for any working time, to the microsecond."""
        if duration < _NONE:
            raise ValueError("working time runs forward")
        if duration == _NONE:
            return start.astimezone(UTC)
        return self._when(self._worked_until(start) + duration)

    def latest_start(self, end: datetime, duration: timedelta) -> datetime:
        """The last instant, in UTC, from which so much has been worked until `end`. Raises ValueError below zero."""
        if duration < _NONE:
            raise ValueError("working time runs forward")
        tick = timedelta.resolution
        return self._when(self._worked_until(end) - duration + tick) - tick

    def _when(self, worked: timedelta) -> datetime:
        """The first instant by which so much has been worked since the calendar began."""
        full_days, rest = divmod(worked, self.day_length)
        if rest == _NONE:
            full_days, rest = full_days - 1, self.day_length
        midnight = at_bangkok(self._working_day(full_days), time())
        for starts, ends in self._shifts:
            if rest <= ends - starts:
                return (midnight + starts + rest).astimezone(UTC)
            rest -= ends - starts
        raise AssertionError("a rest of a day fits into the day")

    def _worked_until(self, instant: datetime) -> timedelta:
        """Working time since the calendar began, as if the office had always been there."""
        here = local(instant)
        worked = self._working_days_before(here.date()) * self.day_length
        if self.is_working_day(here.date()):
            today = _since_midnight(here.time())
            worked += sum((min(max(today, starts), ends) - starts for starts, ends in self._shifts), _NONE)
        return worked

    def _working_days_before(self, day: date) -> int:
        return self._weekdays_before(day) - bisect_left(self._lost, self._weekdays_before(day))

    def _working_day(self, index: int) -> date:
        """The working day that has `index` of them before it."""
        # The j-th lost weekday w comes before the wanted one if and only if w - j <= index.
        weeks, place = divmod(index + bisect_right(self._lost_shifted, index), len(self.weekdays))
        return date.min + timedelta(days=weeks * 7 + sorted(self.weekdays)[place])

    def _weekdays_before(self, day: date) -> int:
        weeks, place = divmod(day.toordinal() - 1, 7)  # the calendar begins on a Monday
        return weeks * len(self.weekdays) + sum(weekday < place for weekday in self.weekdays)

    @cached_property
    def _lost(self) -> list[int]:
        """The holidays that take a working day, as numbers of weekdays since the calendar began."""
        taken = (day for day in self.holidays if day.weekday() in self.weekdays)
        return sorted(self._weekdays_before(day) for day in taken)

    @cached_property
    def _lost_shifted(self) -> list[int]:
        return [lost - place for place, lost in enumerate(self._lost)]

    @cached_property
    def _shifts(self) -> tuple[tuple[timedelta, timedelta], ...]:
        """The stretches of work in a day, as times since midnight."""
        return tuple(zip(self._edges[::2], self._edges[1::2], strict=True))

    @cached_property
    def _edges(self) -> list[timedelta]:
        return [_since_midnight(edge) for edge in (self.opens, *(self.lunch or ()), self.closes)]

    @cached_property
    def day_length(self) -> timedelta:
        """The working time of one day."""
        return sum((ends - starts for starts, ends in self._shifts), _NONE)


def office_hours(facts: OfficeFacts, now: datetime) -> WorkingHours:
    """The office's working hours, with the holidays of some years around `now`.

    Hours that cannot be are refused where they are set. Should they stand there all the same, the usual ones
    count, and a lunch break outside them is none: nobody's complaint is refused for it.
    """
    year = local_date(now).year
    usual = OfficeFacts(name="", address="")
    opens, closes = facts.opens_at, facts.closes_at
    if opens >= closes:
        opens, closes = usual.opens_at, usual.closes_at
    starts, ends = facts.lunch_starts_at, facts.lunch_ends_at
    lunch = None
    if starts is not None and ends is not None and opens < starts < ends < closes:
        lunch = (starts, ends)
    off = days_off(facts.holidays, range(year - _YEARS_AROUND, year + _YEARS_AROUND + 1))
    return WorkingHours(
        opens=opens,
        closes=closes,
        lunch=lunch,
        holidays=frozenset(holiday.day for holiday in off),
    )


def target_days(category: str, own: Mapping[str, int] = DEFAULT_TARGETS) -> int:
    """The working days promised for a category; a category nobody has set counts as อื่นๆ."""
    return own.get(category, own.get(OTHER_CATEGORY, DEFAULT_TARGETS[OTHER_CATEGORY]))


def _since_midnight(clock_time: time) -> timedelta:
    return datetime.combine(date.min, clock_time) - datetime.combine(date.min, time())


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A wait for something outside the unit's power, and for what. `end` is None while it lasts.

    Raises ValueError for an end before the start, or without a reason.
    """

    start: datetime
    end: datetime | None
    reason: str

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("a pause ends after it starts")
        if not self.reason.strip():
            raise ValueError("a pause says what is waited for")


@dataclass(frozen=True, kw_only=True)
class WorkClock:
    """The working-time clock of a case at one instant.

    While it is paused, `due` is as if work went on this instant, and `reason` says what is waited for; of
    several pauses, the latest.
    `remaining_minutes` falls below zero once working time has been spent past the target. `overdue_days` are
    working days since `due`, with fractions; None while it has not passed.
    """

    due: datetime
    elapsed_minutes: int
    remaining_minutes: int
    is_paused: bool
    overdue_days: float | None
    reason: str | None


def read_work_clock(
    hours: WorkingHours,
    *,
    target_minutes: int,
    start: datetime,
    pauses: Sequence[Pause] = (),
    now: datetime,
) -> WorkClock:
    """The clock at `now`; for a case that is resolved, at the instant of that. Pauses may overlap.

    Pauses that begin after `now` are not known yet. Raises ValueError for a target below zero.
    """
    known = [pause for pause in pauses if pause.start <= now]
    waits = _joined((pause.start, pause.end or now) for pause in known)
    lasting = [pause for pause in known if pause.end is None or pause.end > now]
    elapsed = hours.worked(start, max(start, now)) - sum(
        (hours.worked(max(start, begun), max(start, min(ended, now))) for begun, ended in waits), _NONE
    )
    target = timedelta(minutes=target_minutes)
    due = _due(hours, target, start, waits)
    elapsed_minutes = elapsed // _MINUTE
    return WorkClock(
        due=due,
        elapsed_minutes=elapsed_minutes,
        remaining_minutes=target_minutes - elapsed_minutes,
        is_paused=bool(lasting),
        overdue_days=max(elapsed - target, _NONE) / hours.day_length if now > due else None,
        reason=max(lasting, key=lambda pause: pause.start).reason if lasting else None,
    )


def _due(
    hours: WorkingHours, left: timedelta, start: datetime, waits: Iterable[tuple[datetime, datetime]]
) -> datetime:
    resumed = start
    for begun, ended in waits:
        if begun > resumed:
            worked = hours.worked(resumed, begun)
            if worked >= left:
                break
            left -= worked
        resumed = max(resumed, ended)
    return hours.after(resumed, left)


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same time in spans that are in order and do not overlap."""
    joined: list[tuple[datetime, datetime]] = []
    for begun, ended in sorted(spans):
        if joined and begun <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ended))
        else:
            joined.append((begun, ended))
    return joined


class Answering(StrEnum):
    """How the duty to answer stands."""

    WAITING = "waiting"
    ALERTING = "alerting"
    """The last days: whoever is in charge is told."""
    OVERDUE = "overdue"
    ANSWERED = "answered"


@dataclass(frozen=True, kw_only=True)
class Extension:
    """More time to answer: when it was given, until which day, and why. Raises ValueError without a reason."""

    given_at: datetime
    until: date
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("an extension says why")


@dataclass(frozen=True, kw_only=True)
class AnswerDuty:
    """What the office owes the complainant, in calendar days: an acknowledgement at once, progress by day 15.

    The day of filing is day 0. Extensions come in the order in which they were given, each later than the due
    day before it and not past already; raises ValueError otherwise.
    """

    filed_at: datetime
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    extensions: tuple[Extension, ...] = ()

    def __post_init__(self) -> None:
        due = self.first_due_day
        given_at = self.filed_at
        for extension in self.extensions:
            earliest = max(due + timedelta(days=1), local_date(extension.given_at))
            if extension.until < earliest or extension.given_at < given_at:
                raise ValueError("an extension gives a later day than the one before, and one still to come")
            due, given_at = extension.until, extension.given_at

    @property
    def first_due_day(self) -> date:
        """Day 15: by its end, on the Thai clock, the complainant has heard of progress."""
        return local_date(self.filed_at) + timedelta(days=ANSWER_WITHIN_DAYS)

    def extended(self, extension: Extension) -> "AnswerDuty":
        """The duty with more time. Raises ValueError unless it gives a later day than the present one."""
        return replace(self, extensions=(*self.extensions, extension))


@dataclass(frozen=True, kw_only=True)
class AnswerClock:
    """The duty to answer at one instant.

    `was_broken` stays true once a due day has passed unanswered: a later answer or extension does not mend it.
    `overdue_days` are the calendar days since the due day; None while it has not passed, and once answered.
    """

    due_day: date
    alert_day: date
    state: Answering
    owes_acknowledgement: bool
    was_broken: bool
    overdue_days: int | None


def read_answer_clock(duty: AnswerDuty, now: datetime) -> AnswerClock:
    """How the duty stands at `now`. No pause of the work stops it."""
    answered = duty.answered_at is not None and duty.answered_at <= now
    until = duty.answered_at if duty.answered_at is not None and answered else now
    due, was_broken = duty.first_due_day, False
    for extension in duty.extensions:
        if extension.given_at <= until:
            was_broken |= local_date(extension.given_at) > due
            due = extension.until
    late_days = max((local_date(until) - due).days, 0)
    alert_day = due - timedelta(days=ALERT_DAYS_BEFORE)
    if answered:
        state = Answering.ANSWERED
    elif late_days:
        state = Answering.OVERDUE
    else:
        state = Answering.ALERTING if local_date(now) >= alert_day else Answering.WAITING
    return AnswerClock(
        due_day=due,
        alert_day=alert_day,
        state=state,
        owes_acknowledgement=duty.acknowledged_at is None or duty.acknowledged_at > now,
        was_broken=was_broken or late_days > 0,
        overdue_days=late_days if state is Answering.OVERDUE else None,
    )


def positions_to_tell(
    overdue_days: float | None,
    told: Collection[Position],
    escalation: Mapping[Position, int] = DEFAULT_ESCALATION,
) -> tuple[Position, ...]:
    """Who must hear of an overdue case now, lowest first; each position once, so keep those `told`.

    `overdue_days` as either clock reads it: None while nothing is overdue.
    """
    if overdue_days is None:
        return ()
    ranked = sorted(escalation, key=lambda position: escalation[position])
    return tuple(p for p in ranked if p not in told and overdue_days >= escalation[p])
