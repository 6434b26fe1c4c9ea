"""Foreign residents, and Thais who write Latin letters."""

import pytest

from bot.english import is_english
from eservice.inquiries.models import Inquiry
from tests.chat import Village


@pytest.mark.parametrize(
    "text",
    [
        "How do I pay land tax?",
        "where is the office",
        "water bill",
        "my street light is broken",
        "I need help",
    ],
)
def test_a_phrase_is_english(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "OK",
        "LINE",
        "ok line",
        "facebook",
        "hello",
        "thank you",
        "wifi",
        "l;ylfu",
        "sawasdee krub tham arai",
        "จ่าย tax at the office",
    ],
)
def test_what_thais_type_is_not(text: str) -> None:
    assert not is_english(text)


def test_an_english_question_is_answered_in_english_and_can_be_left_with_the_staff(village: Village) -> None:
    john = village.resident()
    john.follows()
    john.sees()
    john.says("How do I pay my water bill?")
    seen = john.sees("only in Thai", "I speak English with you", "Leave it with staff", "ภาษาไทย")
    assert "report a problem" not in seen
    john.taps("Leave it with staff")
    john.sees("Received. Your question is number")
    (inquiry,) = village.rows(Inquiry)
    assert inquiry.kind.value == "question"


def test_who_writes_thai_again_is_answered_in_thai(village: Village) -> None:
    john = village.resident()
    john.says("where is the office please")
    john.sees("I speak English")
    john.says("อัตราภาษีป้าย")
    john.sees("ที่มา:")
    assert john.contact().language == "th"


def test_who_chose_thai_keeps_it_and_is_offered_english(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ภาษาไทย")
    somchai.sees()
    somchai.says("where is the office please")
    somchai.sees("English")
    assert somchai.contact().language == "th"


@pytest.mark.parametrize("text", ["ok", "LINE", "hello", "OK krub"])
def test_nobody_is_switched_by_a_word_that_thais_use(village: Village, text: str) -> None:
    somchai = village.resident()
    somchai.says(text)
    assert "I speak English" not in somchai.sees()
    assert somchai.contact().language == "th"


def test_an_english_wish_for_a_person_reaches_one(village: Village) -> None:
    john = village.resident()
    john.says("I want to talk to the staff please")
    john.sees("Type what you would like to talk about")


def test_an_english_emergency_is_answered_with_numbers_first(village: Village) -> None:
    john = village.resident()
    john.says("help my house is on fire")
    seen = john.sees("Call 199")
    assert seen.index("Call 199") < seen.index("I speak English")


def test_a_group_is_not_switched(village: Village) -> None:
    group = village.resident()
    group.group = "C" + "1" * 32
    group.says("เพื่อนบ้าน where is the office")
    group.says("where is the office please")
    assert "I speak English" not in group.sees()
