"""Working hours: by hand where it matters, by property, and against a model that counts every minute."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eservice.complaints.clocks import WorkingHours, office_hours
from eservice.kit.thai_calendar import BANGKOK, local
from eservice.office.service import OfficeFacts
from tests.complaints.calendars import calendars, instants, working_minutes_of

HOURS = office_hours(OfficeFacts(name="อบต.ทดสอบ", address=""), datetime(2026, 9, 1, tzinfo=UTC))
DAY = 7 * 60  # 08:30 to 16:30 without lunch


def bangkok(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BANGKOK)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        # A Friday in November without holidays.
        (bangkok(2026, 11, 20, 9), 60, bangkok(2026, 11, 20, 10)),
        (bangkok(2026, 11, 20, 11, 30), 60, bangkok(2026, 11, 20, 13, 30)),  # across lunch
        (bangkok(2026, 11, 20, 11, 30), 30, bangkok(2026, 11, 20, 12)),
        (bangkok(2026, 11, 20, 12, 15), 10, bangkok(2026, 11, 20, 13, 10)),  # filed at lunch
        (bangkok(2026, 11, 20, 8, 30), DAY, bangkok(2026, 11, 20, 16, 30)),
        (bangkok(2026, 11, 20, 16), 60, bangkok(2026, 11, 23, 9)),  # Friday afternoon to Monday
        (bangkok(2026, 11, 20, 19), 1, bangkok(2026, 11, 23, 8, 31)),  # Friday evening
        (bangkok(2026, 11, 20, 19), DAY, bangkok(2026, 11, 23, 16, 30)),
        (bangkok(2026, 11, 21, 3), 5 * DAY, bangkok(2026, 11, 27, 16, 30)),
        # Chakri Day is the Monday before Songkran, Monday to Wednesday; 17 April 2569 is a Friday.
        (bangkok(2026, 4, 3, 16), 60, bangkok(2026, 4, 7, 9)),
        (bangkok(2026, 4, 10, 16), 60, bangkok(2026, 4, 16, 9)),
        (bangkok(2026, 4, 14, 10), 2 * DAY, bangkok(2026, 4, 17, 16, 30)),
        # The fiscal year ends on a Wednesday; work goes on.
        (bangkok(2026, 9, 30, 16), 60, bangkok(2026, 10, 1, 9)),
        # 31 December 2569 and 1 January 2570 are a Thursday and a Friday.
        (bangkok(2026, 12, 30, 16), 60, bangkok(2027, 1, 4, 9)),
        (bangkok(2026, 12, 31, 23, 59), 3 * DAY, bangkok(2027, 1, 6, 16, 30)),
        # 5 December is a Saturday: Monday is off instead, and Thursday is Constitution Day.
        (bangkok(2026, 12, 4, 8, 30), 4 * DAY, bangkok(2026, 12, 11, 16, 30)),
    ],
)  # fmt: skip
def test_working_time_by_hand(start: datetime, minutes: int, end: datetime) -> None:
    assert HOURS.add(start, minutes) == end
    assert HOURS.between(start, end) == minutes
    assert HOURS.add(start, minutes).tzinfo is UTC


def test_nothing_is_worked_at_lunch_on_weekends_and_on_holidays() -> None:
    assert HOURS.between(bangkok(2026, 11, 20, 12), bangkok(2026, 11, 20, 13)) == 0
    assert HOURS.between(bangkok(2026, 11, 20, 16, 30), bangkok(2026, 11, 23, 8, 30)) == 0
    assert HOURS.between(bangkok(2026, 4, 11, 0), bangkok(2026, 4, 16, 8, 30)) == 0
    assert HOURS.between(bangkok(2026, 11, 23, 9), bangkok(2026, 11, 20, 16)) == -60


def test_a_year_has_its_working_days() -> None:
    # 2569 has 261 weekdays and 20 public holidays, all on weekdays.
    assert HOURS.between(bangkok(2026, 1, 1, 0), bangkok(2027, 1, 1, 0)) == (261 - 20) * DAY


def test_an_office_without_lunch_works_an_hour_more() -> None:
    facts = OfficeFacts(name="อบต.ทดสอบ", address="", lunch_starts_at=None, lunch_ends_at=None)
    hours = office_hours(facts, datetime(2026, 9, 1, tzinfo=UTC))
    assert (HOURS.day_minutes, hours.day_minutes) == (7 * 60, 8 * 60)


def test_a_begun_minute_is_not_counted() -> None:
    start = bangkok(2026, 11, 20, 9)
    assert HOURS.between(start, start + timedelta(seconds=119)) == 1
    assert HOURS.between(start + timedelta(seconds=119), start) == -1
    assert HOURS.add(start + timedelta(seconds=30), 1) == start + timedelta(seconds=90)


@pytest.mark.parametrize(
    "wrong",
    [
        {"closes": time(8)},
        {"closes": time(8, 30)},
        {"lunch": (time(13), time(12))},
        {"lunch": (time(8), time(9))},
        {"lunch": (time(16), time(17))},
        {"lunch": (time(8, 30), time(16, 30))},
        {"weekdays": frozenset()},
        {"weekdays": frozenset({7})},
    ],
)
def test_hours_in_which_nobody_works_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        WorkingHours(**({"opens": time(8, 30), "closes": time(16, 30)} | wrong))


def test_working_time_does_not_run_backward() -> None:
    with pytest.raises(ValueError):
        HOURS.add(bangkok(2026, 11, 20, 9), -1)


@given(calendars(), instants, st.integers(0, 40_000))
@settings(max_examples=200, deadline=None)
def test_between_undoes_add(hours: WorkingHours, start: datetime, minutes: int) -> None:
    end = hours.add(start, minutes)
    assert hours.between(start, end) == minutes
    assert end >= start
    # It is the first such instant: a moment earlier less has been worked.
    assert minutes == 0 or hours.between(start, end - timedelta(microseconds=1)) == minutes - 1


@given(hours=calendars(), end=instants, minutes=st.integers(0, 20_000))
@settings(deadline=None)
def test_the_latest_start_is_the_last_instant_from_which_so_much_is_worked(
    hours: WorkingHours, end: datetime, minutes: int
) -> None:
    wanted = timedelta(minutes=minutes)
    start = hours.latest_start(end, wanted)
    assert hours.worked(start, end) == wanted
    assert hours.worked(start + timedelta.resolution, end) < wanted


@given(calendars(), instants, instants)
@settings(max_examples=200, deadline=None)
def test_add_undoes_between_up_to_time_off(hours: WorkingHours, one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    reached = hours.after(start, hours.worked(start, end))
    assert start <= reached <= end
    assert hours.worked(reached, end) == timedelta()
    assert hours.between(end, start) == -hours.between(start, end)


@given(calendars(), instants, instants, st.integers(0, 5_000), st.integers(0, 5_000))
@settings(max_examples=200, deadline=None)
def test_later_starts_and_longer_work_never_end_earlier(
    hours: WorkingHours, one: datetime, other: datetime, minutes: int, more: int
) -> None:
    start, later = sorted((one, other))
    assert hours.add(start, minutes) <= hours.add(later, minutes)
    assert hours.add(start, minutes) <= hours.add(start, minutes + more)
    assert hours.add(hours.add(start, minutes), more) == hours.add(start, minutes + more)


@given(calendars(), instants, st.integers(0, 12 * 24 * 60), st.integers(1, 800))
@settings(max_examples=80, deadline=None)
def test_counting_every_minute_gives_the_same(
    hours: WorkingHours, start: datetime, span: int, minutes: int
) -> None:
    start = start.replace(second=0, microsecond=0)
    ahead = working_minutes_of(hours, start, 40 * 24 * 60)
    assert hours.between(start, start + timedelta(minutes=span)) == sum(ahead[:span])
    left = minutes
    for passed, is_worked in enumerate(ahead, start=1):
        left -= is_worked
        if left == 0:
            assert hours.add(start, minutes) == start + timedelta(minutes=passed)
            return
    assert hours.add(start, minutes) > start + timedelta(minutes=len(ahead))


@given(calendars(), st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_whole_days_from_an_opening_end_at_closings(hours: WorkingHours, day: date, count: int) -> None:
    opening = datetime.combine(day, hours.opens, tzinfo=BANGKOK)
    end = local(hours.add(opening, count * hours.day_minutes))
    assert end.time() == hours.closes and hours.is_working_day(end.date())
    days = [day + timedelta(days=passed) for passed in range((end.date() - day).days + 1)]
    assert sum(map(hours.is_working_day, days)) == count


def test_centuries_ahead_are_reached_at_once() -> None:
    end = HOURS.add(bangkok(2026, 11, 20, 9), 500_000 * DAY)
    assert HOURS.between(bangkok(2026, 11, 20, 9), end) == 500_000 * DAY
    assert end.year > 3900
