"""Public holidays: those announced, those forecast, and the office's own list."""

from datetime import date

import pytest

from eservice.office.holidays import Holiday, days_off, public_holidays, shipped_holidays


def days(year: int) -> set[tuple[int, int]]:
    return {(holiday.day.month, holiday.day.day) for holiday in public_holidays(year)}


def test_2569_is_announced_and_later_years_are_forecast() -> None:
    assert {holiday.day.year for holiday in shipped_holidays()} == {2026, 2027, 2028}
    for year in (2026, 2027, 2028, 2029, 2040):
        assert public_holidays(year)
        assert all(holiday.is_forecast == (year > 2026) for holiday in public_holidays(year))


def test_no_holiday_is_on_a_weekend_or_twice_and_those_of_others_are_none() -> None:
    for year in range(2026, 2080):
        listed = [holiday.day for holiday in public_holidays(year)]
        assert listed == sorted(set(listed))
        assert all(day.weekday() < 5 and day.year == year for day in listed)
        assert (5, 1) not in days(year)  # Labour Day: the office works
    assert public_holidays(2020) == ()


@pytest.mark.parametrize(
    ("year", "off"),
    [
        # 31 December 2571 is a Sunday, and so the New Year of 2572 has two days.
        (2029, {(1, 1), (1, 2), (4, 6), (4, 13), (4, 16), (5, 4), (6, 4), (8, 13), (10, 23), (12, 5), (12, 10),
                (12, 31), (7, 30), (10, 15)}),
        # Songkran of Saturday, Sunday and Monday: one day instead, the Tuesday.
        (2030, {(1, 1), (4, 8), (4, 15), (4, 16), (5, 6), (6, 3), (7, 29), (8, 12), (10, 14), (10, 23), (12, 5),
                (12, 10), (12, 31)}),
        # The New Year of 2577 is a Sunday after a Saturday, 31 December 2576: one day for both.
        (2034, {(1, 2), (4, 6), (4, 13), (4, 14), (4, 17), (5, 4), (6, 5), (7, 28), (8, 14), (10, 13), (10, 23),
                (12, 5), (12, 11)}),
    ],
)  # fmt: skip
def test_weekend_holidays_move_to_the_next_working_day(year: int, off: set[tuple[int, int]]) -> None:
    assert days(year) == off


def test_the_office_adds_and_removes_days_of_a_year_and_leaves_the_others() -> None:
    own = (Holiday(day=date(2027, 1, 4), name="ทำบุญตลาด"), Holiday(day=date(2027, 1, 1), name="วันขึ้นปีใหม่"))
    off = days_off(own, (2026, 2027))
    assert off[-2:] == own[::-1]
    assert off[:-2] == public_holidays(2026)
    assert not any(holiday.is_forecast for holiday in off)
    assert days_off(own, (2028,)) == public_holidays(2028)
