"""Short questions after an answer are about what was answered."""

import pytest

from tests.bot.teaching import DOCUMENTS, REGISTER, SIGN, WORDS
from tests.chat import Village


@pytest.mark.parametrize("words", ["เอกสาร", "ใช้อะไรบ้าง", "แล้วต้องใช้เอกสารอะไรคะ"])
def test_a_bare_word_is_about_the_answer_before(village: Village, words: str) -> None:
    resident = village.resident()
    resident.says(REGISTER)
    resident.sees()
    resident.says(words)
    resident.sees("คำตอบเรื่อง" + DOCUMENTS)


def test_a_bare_word_is_about_the_choice_just_made(village: Village) -> None:
    resident = village.resident()
    resident.says(WORDS)
    resident.taps(DOCUMENTS)
    resident.sees()
    resident.says("ไปที่ไหน")
    resident.sees("คำตอบเรื่อง" + REGISTER)


def test_a_question_without_an_answer_does_not_lose_the_subject(village: Village) -> None:
    resident = village.resident()
    resident.says(REGISTER)
    resident.says("ขอใบรับรองความประพฤติได้ที่ไหน")
    resident.sees()
    resident.says("เอกสาร")
    resident.sees("คำตอบเรื่อง" + DOCUMENTS)


def test_what_is_not_known_of_the_subject_is_said_so_with_the_answer_again(village: Village) -> None:
    resident = village.resident()
    resident.says(SIGN)
    resident.sees()
    resident.says("นานไหม")
    resident.sees("มีข้อมูลเท่านี้", "คำตอบเรื่องภาษีป้าย", "ฝากเจ้าหน้าที่ตอบ")


def test_a_bare_word_after_a_while_is_about_nothing(village: Village) -> None:
    resident = village.resident()
    resident.says(REGISTER)
    village.clock.advance(minutes=16)
    resident.sees()
    resident.says("นานไหม")
    assert "คำตอบเรื่อง" not in resident.sees()
