"""Finding the number of an identity card in what people write."""

import pytest

from eservice.kit.thai_ids import (
    holds_citizen_id,
    is_citizen_id,
    masked_citizen_id,
    read_citizen_id,
    shown_citizen_id,
    without_citizen_ids,
)

NUMBER = "1101700203000"  # made up; its check digit is right


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "1-1017-00203-00-0",
        "เลขบัตร 1 1017 00203 00 0 ครับ",
        "บัตรเลข๑๑๐๑๗๐๐๒๐๓๐๐๐",
        " ".join(NUMBER),
        f"0812345678 {NUMBER}",
        f"{NUMBER} 0812345678",
    ],
)
def test_a_card_number_is_found_however_it_is_written(text: str) -> None:
    assert holds_citizen_id(text)
    hidden = without_citizen_ids(text)
    assert not holds_citizen_id(hidden) and "•••" in hidden
    assert ("0812345678" in hidden) is ("0812345678" in text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1101700203001",
        f"{NUMBER}1",
        f"9{NUMBER}",
        "โทร 081-234-5678",
        "1/2569",
        "110170020300",
        "1" * 10_000,
    ],
)
def test_other_numbers_are_none(text: str) -> None:
    assert not holds_citizen_id(text)
    assert without_citizen_ids(text) == text


def test_only_the_right_last_digit_makes_a_number_a_citizens() -> None:
    assert [is_citizen_id(f"{NUMBER[:-1]}{last}") for last in range(10)] == [True] + [False] * 9


def test_a_number_is_read_as_it_stands_on_the_card_and_shown_without_who_it_is() -> None:
    assert read_citizen_id(" ๑-๑๐๑๗-๐๐๒๐๓-๔๕-๐ ") == read_citizen_id("1 1017 00203 45 0") == "1101700203450"
    assert read_citizen_id("1-1017-00203-45-1") is read_citizen_id("เลข 1101700203450") is None
    assert shown_citizen_id("1101700203450") == "1-1017-00203-45-0"
    assert masked_citizen_id("1101700203450") == "x-xxxx-xxxxx-xx-0"
