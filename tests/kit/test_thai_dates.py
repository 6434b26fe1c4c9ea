"""Dates as clerks type them."""

from datetime import date

import pytest

from eservice.kit.thai_calendar import leading_thai_date, parse_thai_date


@pytest.mark.parametrize(
    "typed",
    [
        "20/11/2569",
        "20/11/2026",
        "2569-11-20",
        " ๒๐/๑๑/๒๕๖๙ ",
        "20 พ.ย. 2569",
        "20  พฤศจิกายน  2569",
        "๒๐ พ.ย. ๒๕๖๙",
        "20 11 2569",
        "20-11-2569",
        "20.11.2569",
        "20พย2569",
        "20 พฤศจิกายน พ.ศ. 2569",
    ],
)
def test_a_date_is_read_in_the_forms_that_people_use(typed: str) -> None:
    assert parse_thai_date(typed) == date(2026, 11, 20)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "20/11",
        "31/2/2569",
        "20 ศ.ศ. 2569",
        "พ.ย. 2569",
        "20/11/2569/1",
        "a-b-c",
        "20/11/69",
        "20112569",
        "11/20/2026",
        "1/1/99999999999999999999",
    ],
)
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_thai_date(typed)


@pytest.mark.parametrize(("year", "read"), [(2400, 1857), (2399, 2399), (2569, 2026)])
def test_from_2400_on_a_year_is_of_the_buddhist_era(year: int, read: int) -> None:
    assert parse_thai_date(f"1/2/{year}") == date(read, 2, 1)


@pytest.mark.parametrize("typed", ["5/12/2569 วันพ่อ 2569", "๕ ธ.ค. ๒๕๖๙  วันพ่อ 2569", "2026-12-05 วันพ่อ 2569"])
def test_a_line_begins_with_its_date(typed: str) -> None:
    assert leading_thai_date(typed) == (date(2026, 12, 5), "วันพ่อ 2569")
