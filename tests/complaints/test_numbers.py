"""Numbers and keys of complaints: hard to mistype, hard to guess."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eservice.complaints.numbers import (
    ALPHABET,
    KEY_LENGTH,
    NUMBER_LENGTH,
    key_hash,
    new_key,
    new_number,
    opens,
    read_number,
    shown,
    without_keys,
)
from eservice.kit.masking import MASK

numbers = st.builds(new_number)


def test_no_character_can_be_taken_for_another_that_is_printed() -> None:
    assert not set("0O1IL5S2Z8BUV") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 23  # a prime: the check needs one


@pytest.mark.parametrize("place", range(NUMBER_LENGTH))
def test_every_single_wrong_character_is_found(place: int) -> None:
    number = new_number()
    for wrong in set(ALPHABET) - {number[place]}:
        assert read_number(number[:place] + wrong + number[place + 1 :]) is None


@pytest.mark.parametrize("place", range(NUMBER_LENGTH - 1))
def test_every_two_neighbours_that_changed_places_are_found(place: int) -> None:
    seen = 0
    while seen < 200:
        number = new_number()
        first, second = number[place], number[place + 1]
        if first != second:
            assert read_number(number[:place] + second + first + number[place + 2 :]) is None
            seen += 1


@given(numbers)
def test_a_number_is_read_however_it_is_typed(number: str) -> None:
    thai = str.maketrans("34679", "๓๔๖๗๙")
    wide = str.maketrans(ALPHABET, "".join(chr(ord(c) + 0xFEE0) for c in ALPHABET))
    for typed in (
        number,
        shown(number),
        f"  #{shown(number).lower()}\n",
        " ".join(number),
        number.translate(thai),
        number.translate(wide),
        f"{number[:4]}–{number[4:]}",
    ):
        assert read_number(typed) == number


@pytest.mark.parametrize(("typed", "printed"), ["0Q", "OQ", "1J", "lJ", "S6", "27", "Z7", "83", "vY"])
def test_a_character_that_is_never_printed_is_read_as_its_lookalike(typed: str, printed: str) -> None:
    number = next(number for number in iter(new_number, "") if printed in number)
    assert read_number(number.replace(printed, typed)) == number


@pytest.mark.parametrize(
    "nonsense",
    ["", "#", "ไฟดับ", "K7R", "K7RM4WQDK7RM4WQD", "K7RM*WQD", "'; DROP TABLE", "๑๒๓๔๕๖๗๘๙๐", "\x00" * 8],
)
def test_what_cannot_be_a_number_is_none(nonsense: str) -> None:
    assert read_number(nonsense) is None


@given(st.text(max_size=40))
def test_reading_never_fails(text: str) -> None:
    number = read_number(text)
    assert number is None or read_number(number) == number


def test_a_number_says_nothing_about_the_next() -> None:
    made = [new_number() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    firsts = {number[:2] for number in made}
    assert len(firsts) > 500  # of 529 beginnings: no counter, no year in front


def test_a_key_has_more_than_forty_bits_and_opens_only_its_own_complaint() -> None:
    assert KEY_LENGTH * math.log2(len(ALPHABET)) > 50
    (number, other), key = (new_number(), new_number()), new_key()
    stored = key_hash(number, key)
    assert key not in stored
    assert opens(number, shown(key).lower(), stored)
    assert not opens(other, key, stored)
    assert not opens(number, new_key(), stored)
    assert not opens(number, "", stored)


def test_every_character_of_a_key_counts() -> None:
    number, key = new_number(), new_key()
    stored = key_hash(number, key)
    for place, wrong in product(range(KEY_LENGTH), ALPHABET):
        typed = key[:place] + wrong + key[place + 1 :]
        assert opens(number, typed, stored) is (typed == key)


def test_staff_read_no_key_however_it_was_printed_or_typed() -> None:
    for _ in range(50):
        number, key = new_number(), new_key()
        receipt = f"เลขเรื่อง: {shown(number)}\nรหัสส่วนตัว: {shown(key)}"
        for text in (
            receipt,
            f"ตามเรื่อง {number.lower()} {key.lower()}",
            f"{shown(number)},{key} ค่ะ",
            shown(key),
        ):
            hidden = without_keys(text)
            assert key not in hidden.upper() and shown(key) not in hidden.upper()
            assert number in hidden.upper() or shown(number) in hidden.upper() or text == shown(key)
    assert without_keys("รหัส K7WQP-3MN9D ค่ะ") == f"รหัส {MASK} ค่ะ", "as keys were printed before"


@pytest.mark.parametrize(
    "text",
    ["โทร 081-234-5678", "08123-45678 ค่ะ", "ไลน์ somchai1234", "เรื่อง K7RM-4WQD", "ปี 2569 งบ 1234567890"],
)
def test_other_codes_stay_readable(text: str) -> None:
    assert without_keys(text) == text
