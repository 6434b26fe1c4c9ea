"""The clock of the work: it pauses for a reason, and a pause never takes time away from the unit."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eservice.complaints.clocks import (
    DEFAULT_TARGETS,
    Pause,
    WorkClock,
    WorkingHours,
    read_work_clock,
    target_days,
)
from eservice.kit.thai_calendar import BANGKOK
from knowledge.classify.complaints import DEFAULT_DEPARTMENTS
from tests.complaints.calendars import FIRST_INSTANT, calendars, instants, working_minutes_of

HOURS = WorkingHours(opens=time(8, 30), closes=time(16, 30), lunch=(time(12), time(13)))
DAY = HOURS.day_minutes
BUDGET = "ของบประมาณ"


def november(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2569 by the Thai clock. The 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BANGKOK)


MONDAY = november(16, 8, 30)


def read(*pauses: Pause, now: datetime, start: datetime = MONDAY) -> WorkClock:
    return read_work_clock(HOURS, target_minutes=3 * DAY, start=start, pauses=pauses, now=now)


def test_a_running_clock() -> None:
    clock = read(now=november(17, 9, 30))
    assert clock == WorkClock(
        due=november(18, 16, 30),
        elapsed_minutes=DAY + 60,
        remaining_minutes=2 * DAY - 60,
        is_paused=False,
        overdue_days=None,
        reason=None,
    )


def test_a_pause_moves_the_due_date_by_its_working_time() -> None:
    over = Pause(start=november(17, 11), end=november(18, 14), reason=BUDGET)  # 9 hours of work
    clock = read(over, now=november(19, 9))
    assert (clock.due, clock.is_paused) == (november(20, 10, 30), False)
    assert clock.elapsed_minutes == DAY + 150 + 150 + 30


def test_while_it_is_paused_the_clock_stands_and_says_why() -> None:
    waiting = Pause(start=november(17, 9, 30), end=None, reason=BUDGET)
    for now, due in (
        (november(17, 9, 30), november(18, 16, 30)),
        (november(17, 10, 30), november(19, 9, 30)),
        (november(18, 9, 30), november(19, 16, 30)),
        (november(22, 12), november(24, 15, 30)),  # a Sunday
    ):
        clock = read(waiting, now=now)
        assert (clock.elapsed_minutes, clock.remaining_minutes) == (DAY + 60, 2 * DAY - 60)
        assert (clock.is_paused, clock.reason, clock.overdue_days) == (True, BUDGET, None)
        assert clock.due == due


def test_a_pause_outside_working_time_changes_nothing() -> None:
    weekend = Pause(start=november(20, 16, 30), end=november(23, 8, 30), reason=BUDGET)
    start = november(20, 8, 30)
    assert read(weekend, now=november(24, 9), start=start) == read(now=november(24, 9), start=start)


def test_overdue_counts_working_days_and_a_late_pause_does_not_mend_it() -> None:
    assert read(now=november(18, 16, 30)).overdue_days is None
    assert read(now=november(18, 16, 31)).overdue_days == 0
    assert read(now=november(19, 16, 30)).overdue_days == 1
    assert read(now=november(22, 12)).overdue_days == 2  # over the weekend it stays
    late = Pause(start=november(19, 8, 30), end=None, reason=BUDGET)
    clock = read(late, now=november(27, 9))
    assert (clock.due, clock.overdue_days, clock.is_paused) == (november(18, 16, 30), 0, True)


def test_overlapping_pauses_count_once_and_later_ones_are_not_known_yet() -> None:
    first = Pause(start=november(17, 8, 30), end=november(17, 15), reason=BUDGET)
    second = Pause(start=november(17, 11), end=november(17, 16, 30), reason="จัดซื้อจัดจ้าง")
    tomorrow = Pause(start=november(18, 8, 30), end=None, reason=BUDGET)
    clock = read(tomorrow, second, first, now=november(17, 20))
    assert (clock.due, clock.elapsed_minutes, clock.is_paused) == (november(19, 16, 30), DAY, False)


def test_of_several_lasting_pauses_the_latest_is_told() -> None:
    first = Pause(start=november(16, 10), end=None, reason=BUDGET)
    second = Pause(start=november(17, 10), end=november(27, 10), reason="ส่งต่อหน่วยงานอื่น")
    for waits in ((first, second), (second, first)):
        assert read(*waits, now=november(17, 11)).reason == "ส่งต่อหน่วยงานอื่น"
    assert read(second, first, now=november(28, 10)).reason == BUDGET


def test_a_pause_has_a_reason_and_an_order() -> None:
    with pytest.raises(ValueError):
        Pause(start=november(17, 9), end=None, reason=" ")
    with pytest.raises(ValueError):
        Pause(start=november(17, 9), end=november(17, 8), reason=BUDGET)


def test_every_category_has_a_target_of_one_to_thirty_days() -> None:
    assert set(DEFAULT_TARGETS) == set(DEFAULT_DEPARTMENTS)
    assert {1, 30} <= set(DEFAULT_TARGETS.values()) <= set(range(1, 31))
    assert target_days("น้ำประปา") == 3
    assert target_days("น้ำประปา", {"น้ำประปา": 2}) == 2
    assert target_days("เรื่องใหม่") == DEFAULT_TARGETS["อื่นๆ"]
    assert target_days("เรื่องใหม่", {"อื่นๆ": 9}) == 9
    assert target_days("เรื่องใหม่", {"น้ำประปา": 2}) == DEFAULT_TARGETS["อื่นๆ"]


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    start = draw(instants)
    length = draw(st.none() | st.timedeltas(timedelta(), timedelta(days=20)))
    return Pause(start=start, end=None if length is None else start + length, reason=BUDGET)


@given(calendars(), instants, instants, st.lists(pauses(), max_size=4), pauses(), st.integers(1, 5_000))
@settings(max_examples=300, deadline=None)
def test_pausing_never_makes_a_case_due_earlier(
    hours: WorkingHours, start: datetime, now: datetime, waits: list[Pause], one_more: Pause, target: int
) -> None:
    def clock(known: list[Pause]) -> WorkClock:
        return read_work_clock(hours, target_minutes=target, start=start, pauses=known, now=now)

    before, after = clock(waits), clock([*waits, one_more])
    assert hours.add(start, target) <= before.due <= after.due
    assert 0 <= after.elapsed_minutes <= before.elapsed_minutes
    assert clock([one_more, *waits[::-1]]).due == after.due
    for reading in (before, after):
        assert reading.remaining_minutes == target - reading.elapsed_minutes
        if reading.remaining_minutes < 0:
            assert reading.overdue_days is not None
        if reading.overdue_days is None and now >= start:
            assert reading.remaining_minutes >= 0


@given(calendars(), st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 3_000)), max_size=3),
       st.integers(0, 9_000), st.integers(1, 400))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_counting_every_minute_gives_the_same(
    hours: WorkingHours, spans: list[tuple[int, int]], until: int, target: int
) -> None:
    def at(minute: int) -> datetime:
        return FIRST_INSTANT + timedelta(minutes=minute)

    waits = [Pause(start=at(begun), end=at(begun + length), reason=BUDGET) for begun, length in spans]
    clock = read_work_clock(hours, target_minutes=target, start=at(0), pauses=waits, now=at(until))
    known = [(begun, length) for begun, length in spans if begun <= until]
    worked = [
        is_worked and not any(begun <= minute < begun + length for begun, length in known)
        for minute, is_worked in enumerate(working_minutes_of(hours, at(0), 30_000))
    ]
    assert clock.elapsed_minutes == sum(worked[:until])
    if sum(worked) >= target:
        left = target
        for minute, is_worked in enumerate(worked, start=1):
            left -= is_worked
            if left == 0:
                assert clock.due == at(minute)
                break


def test_instants_of_any_zone_are_understood() -> None:
    clock = read(now=november(17, 9, 30).astimezone(UTC), start=november(16, 8, 30).astimezone(UTC))
    assert clock.due == november(18, 16, 30)
