"""What residents type instead of tapping."""

import pytest

from bot.typed_replies import Nod, Tap, TypedReply, WhichOne, read_reply, read_tap
from eservice.inquiries.models import Inquiry
from eservice.messaging.content import Button
from knowledge.entries.models import Ask, Confirmation
from tests.bot.teaching import DOCUMENTS, NONE, REGISTER, SIGN, WORDS, entry_id
from tests.chat import Resident, Village

FIRST, SECOND, LEAVE, NO = (
    Tap(payload="pick:1:1"),
    Tap(payload="pick:1:2"),
    Tap(payload="leave:5:q"),
    Tap(payload="none:1"),
)
UP, DOWN = Tap(payload="up:1"), Tap(payload="down:1")
LIST = [
    Button(label=REGISTER, payload=FIRST.payload),
    Button(label=DOCUMENTS, payload=SECOND.payload),
    Button(label="ฝากเจ้าหน้าที่ตอบ", payload=LEAVE.payload),
    Button(label=NONE, payload=NO.payload),
]
VERDICT = [Button(label="ตรงคำถาม", payload=UP.payload), Button(label="ไม่ตรง", payload=DOWN.payload)]


def test_a_label_that_begins_with_a_number_is_meant_by_it() -> None:
    marks = [Button(label=f"{stars} ดาว", payload=f"caserate:N:{stars}") for stars in (5, 4, 3, 2, 1)]
    assert read_reply("5", marks) == Tap(payload="caserate:N:5")
    assert read_reply("1 ค่ะ", marks) == Tap(payload="caserate:N:1")


@pytest.mark.parametrize("words", ["แจ้งเลยค่ะ", "แจ้งด้วย", "แจ้งเรื่องนี้"])
def test_words_take_the_offer_to_report_beside_an_answer(words: str) -> None:
    offer = Button(label="แจ้งเรื่องนี้", payload="report:7")
    assert read_reply(words, VERDICT, [offer]) == Tap(payload="report:7")


@pytest.mark.parametrize(
    ("words", "payload"),
    [
        ("ฉันด้วย", "join"),
        ("1", "join"),
        ("๒", "new"),
        ("ไม่ใช่ แจ้งเป็นเรื่องใหม่ค่ะ", "new"),
        ("ประมาณ 1 เดือน", None),
        ("3", None),
    ],
)
def test_a_dialogs_button_is_named_by_its_label_its_beginning_or_its_number(
    words: str, payload: str | None
) -> None:
    buttons = [
        Button(label="ฉันด้วย: ไฟฟ้าแสงสว่าง · หมู่ 3", payload="join"),
        Button(label="ไม่ใช่ แจ้งเป็นเรื่องใหม่", payload="new"),
    ]
    assert read_tap(words, buttons, takes_number=True) == (Tap(payload=payload) if payload else None)
    assert read_tap("1", buttons, takes_number=False) is None


@pytest.mark.parametrize(
    "words", ["2", "๒", "2.", "ข้อ 2", "ข้อ ๒ ค่ะ", "ข้อสอง", "อันที่สองครับ", "2️⃣", "the second one"]
)
def test_a_number_is_the_choice_in_that_place(words: str) -> None:
    assert read_reply(words, LIST) == SECOND


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (REGISTER, FIRST),
        ("ลงทะเบียนเบี้ยผู้สูงอายุใช้เอกสารอะไ", SECOND),
        ("ใช้เอกสารอะไร", SECOND),
        ("ลงทะเบียนเบี้ยผู้สูงอายุ", None),
        ("อัตราภาษีป้าย", None),
        ("หมู่ 2", None),
        ("อันแรก", FIRST),
        ("ข้อสุดท้าย", NO),
        ("ไม่ใช่", NO),
        ("ไม่ใช่ทั้งหมดค่ะ", NO),
        ("👎", NO),
        ("ฝากเลย", LEAVE),
        ("9", WhichOne()),
        ("ใช่ค่ะ", WhichOne()),
        ("ครับ", WhichOne()),
        ("", None),
        ("2" * 10_000, None),
    ],
)
def test_words_below_a_list_are_a_choice_only_when_they_name_one(
    words: str, meant: TypedReply | None
) -> None:
    assert read_reply(words, LIST) == meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("ใช่ครับ", UP),
        ("👍", UP),
        ("👍🏽👍🏽", UP),
        ("ขอบคุณ ตรงแล้ว", UP),
        ("ไม่ตรงค่ะ", DOWN),
        ("👎", DOWN),
        ("ครับ", Nod()),
        ("โอเค", Nod()),
        ("เอกสาร", None),
        ("1", None),
    ],
)
def test_words_below_an_answer_are_a_verdict_only_when_they_give_one(
    words: str, meant: TypedReply | None
) -> None:
    assert read_reply(words, VERDICT) == meant


def test_words_are_no_reply_when_nothing_was_offered() -> None:
    assert read_reply("2", ()) is None


def asked_back(village: Village) -> Resident:
    resident = village.resident()
    resident.follows()
    resident.says(WORDS)
    resident.sees(REGISTER, DOCUMENTS, "ฝากเจ้าหน้าที่ตอบ", NONE)
    return resident


def test_a_typed_number_does_what_the_tap_does(village: Village) -> None:
    resident = asked_back(village)
    shown = [entry_id(village, key) for key in ("elderly-register", "elderly-documents")]
    chosen = next(ask for ask in village.rows(Ask)).candidates.index(shown[1]) + 1
    resident.says(f"ข้อ {chosen}")
    resident.sees("คำตอบเรื่อง" + DOCUMENTS)
    (ask,) = village.rows(Ask)
    assert ask.entry_id == shown[1]
    assert [word.agrees for word in village.rows(Confirmation)] == [True]


def test_a_typed_no_asks_for_other_words_and_offers_the_office(village: Village) -> None:
    resident = asked_back(village)
    resident.says("ไม่ใช่ทั้งหมด")
    resident.sees("ลองบอกอีกนิด", "ฝากเจ้าหน้าที่ตอบ")
    assert village.rows(Ask)[-1].helpful is False
    resident.says("ฝากเจ้าหน้าที่")
    resident.sees("รับเรื่องแล้ว")
    (inquiry,) = village.rows(Inquiry)
    assert inquiry.question_id == village.rows(Ask)[-1].message_id


def test_a_yes_to_several_shows_them_again(village: Village) -> None:
    resident = asked_back(village)
    resident.says("ใช่ค่ะ")
    resident.sees("ข้อไหนคะ", REGISTER, DOCUMENTS)
    resident.says(DOCUMENTS)
    resident.sees("คำตอบเรื่อง" + DOCUMENTS)


def test_a_number_means_nothing_once_something_else_was_said(village: Village) -> None:
    resident = asked_back(village)
    resident.says("สวัสดีครับ")
    resident.says("1")
    assert "คำตอบเรื่อง" not in resident.sees()


def test_a_number_means_nothing_after_a_while(village: Village) -> None:
    resident = asked_back(village)
    village.clock.advance(minutes=16)
    resident.says("1")
    assert "คำตอบเรื่อง" not in resident.sees()


def test_a_polite_word_after_an_answer_is_acknowledged_and_teaches_nothing(village: Village) -> None:
    resident = village.resident()
    resident.says(SIGN)
    resident.says("ครับ")
    resident.sees("ยินดีค่ะ")
    assert village.rows(Ask)[-1].helpful is None
    assert village.rows(Confirmation) == []


@pytest.mark.parametrize(("words", "helpful"), [("ขอบคุณ ตรงแล้ว", True), ("👍", True), ("👎", False)])
def test_a_typed_verdict_counts_as_the_tap(village: Village, words: str, helpful: bool) -> None:
    resident = village.resident()
    resident.says(SIGN)
    resident.says(words)
    assert village.rows(Ask)[-1].helpful is helpful


def test_a_menu_can_be_answered_by_number(village: Village) -> None:
    resident = village.resident()
    resident.says("เมนู")
    resident.says("5")
    resident.sees("พิมพ์เรื่องที่อยากคุย")


def test_weak_choices_are_offered_with_honest_words(village: Village) -> None:
    resident = village.resident()
    resident.says("ขออนุญาตทำไร")
    resident.sees("ไม่แน่ใจ", "ฝากเจ้าหน้าที่ตอบ", NONE)
