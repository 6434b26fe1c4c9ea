"""Dates as clerks type them."""

from datetime import date

import pytest

from eservice.kit.thai_calendar import parse_thai_date


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
        "1/1/99999999999999999999",
    ],
)
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_thai_date(typed)
