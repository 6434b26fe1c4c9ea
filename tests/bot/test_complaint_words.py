"""What residents type where complaints are told and followed, instead of tapping."""

import re

import pytest

from eservice.complaints import service
from eservice.complaints.models import CommentKind, Complaint, ComplaintComment, Follower, Rating
from eservice.complaints.states import ComplaintState as S
from tests.bot.test_complaints import LAMP, file, finish, officers, the_case
from tests.chat import Village


@pytest.mark.parametrize("words", ["ไม่เอาแล้ว", "ช่างเถอะค่ะ", "เปลี่ยนใจแล้ว", "แค่ถามเฉย ๆ", "ไม่ได้แจ้ง แค่ถาม"])
@pytest.mark.parametrize("place", [None, "หน้าวัด"])
def test_words_that_break_off_end_the_telling(village: Village, words: str, place: str | None) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    if place:
        somchai.says(place)
    somchai.says(words)
    somchai.says("ส่ง")
    assert village.rows(Complaint) == []


def test_a_button_of_the_dialog_may_be_typed_or_counted(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.says("หน้าวัด")
    somchai.sees("ตรวจดูก่อนส่ง")
    somchai.says("เปลี่ยนประเภท")
    somchai.sees("เป็นเรื่องประเภทไหน")
    somchai.says("1")
    somchai.says("ใส่ชื่อ")
    somchai.says("ป้าแดง")
    somchai.says("1")
    somchai.sees("รับเรื่องแล้ว")
    assert (the_case(village).text, the_case(village).reporter_name) == (LAMP, "ป้าแดง")


@pytest.mark.parametrize(
    ("words", "followers"), [("1", 1), ("ฉันด้วย", 1), ("ใช่ค่ะ", 1), ("2", 0), ("คนละเรื่องกัน", 0)]
)
def test_the_offered_case_is_joined_or_refused_in_words(village: Village, words: str, followers: int) -> None:
    file(village, village.resident())
    malee = village.resident()
    malee.says(LAMP)
    malee.says("หน้าวัด")
    malee.sees("ใช่เรื่องเดียวกันไหม", "ฉันด้วย: ไฟฟ้าแสงสว่าง · ยังไม่มีหน่วยงานรับ · แจ้ง")
    malee.says(words)
    assert len(village.rows(Follower)) == followers


def test_a_question_where_a_place_was_asked_for_is_no_place(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.says("กี่วันถึงจะมาซ่อม")
    somchai.sees("เพิ่มข้อความนี้ในเรื่องแล้ว", "อยู่ตรงไหน")
    somchai.says("หมู่ 9")
    somchai.says("ส่ง")
    assert the_case(village).address == "หมู่ 9"
    assert the_case(village).text == f"{LAMP}\nกี่วันถึงจะมาซ่อม"


@pytest.mark.parametrize("words", ["สวัสดีค่ะ", "ลงทะเบียนเบี้ยผู้สูงอายุใช้เอกสารอะไร"])
def test_a_greeting_or_a_question_is_no_complaint_though_one_was_asked_for(
    village: Village, words: str
) -> None:
    somchai = village.resident()
    somchai.says("แจ้งเรื่อง")
    somchai.says(words)
    somchai.sees("จะแจ้งเรื่องอะไร")
    somchai.says(LAMP)
    somchai.sees("อยู่ตรงไหน")


@pytest.mark.parametrize("words", ["ไม่รู้ค่ะ", "ไม่อยากบอก"])
def test_not_knowing_the_place_skips_it(village: Village, words: str) -> None:
    somchai = village.resident()
    somchai.says("น้ำไม่ไหลเลยครับ")
    somchai.says(words)
    somchai.says("ส่ง")
    assert the_case(village).address == ""


def test_a_place_told_in_the_words_is_not_shown_as_missing(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.sees("ตามข้อความข้างบน")


@pytest.mark.parametrize(
    "text",
    ["ขอบคุณ อบต. ที่มาซ่อมถนนให้นะคะ", "ชมเจ้าหน้าที่พูดดีมากค่ะ"],
)
def test_praise_is_sent_when_wished_and_asks_for_no_place(village: Village, text: str) -> None:
    somchai = village.resident()
    somchai.says(text)
    somchai.taps("ส่งคำชมนี้")
    somchai.sees("ตรวจดูก่อนส่ง", "ชื่นชม")
    somchai.says("ส่ง")
    assert "ตั้งใจทำให้เสร็จภายใน" not in somchai.sees("รับเรื่องแล้ว")
    assert (the_case(village).text, the_case(village).category) == (text, "ชื่นชม")


def test_bare_thanks_are_no_praise(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ขอบคุณมากค่ะ")
    assert "ส่งคำชมนี้" not in somchai.sees("ยินดีค่ะ")


@pytest.mark.parametrize("text", ["นายกโกงเงินซื้อรถขยะ", "มีคนฮั้วประมูลทำถนน"])
def test_corruption_in_roads_and_rubbish_gets_the_hotlines_too(village: Village, text: str) -> None:
    somchai = village.resident()
    somchai.says(text)
    somchai.sees("1205")
    somchai.taps("ส่งเป็นเรื่องทั่วไป")
    somchai.sees("ทุจริต")


@pytest.mark.parametrize("words", ["เลขเรื่อง {}", "ติดตาม {}", "เลขที่ {}"])
def test_a_number_may_have_its_name_before_it(village: Village, words: str) -> None:
    case = file(village, village.resident())
    malee = village.resident()
    malee.says(words.format(case.number.lower()))
    malee.sees("แจ้งเมื่อ", "ตั้งใจทำให้เสร็จภายใน")


def test_a_number_with_a_slip_in_it_is_said_to_be_unknown(village: Village) -> None:
    somchai = village.resident()
    somchai.says("AAAA-AAAA")
    somchai.sees("ไม่พบเรื่องนี้")


@pytest.mark.parametrize(
    "words", ["ไฟที่แจ้งไว้ถึงไหนแล้ว", "แจ้งไฟดับไปเมื่อวาน ถึงไหนแล้ว", "เมื่อไหร่จะมาซ่อม", "ถอนเรื่อง"]
)
def test_asking_how_far_it_is_begins_no_second_case(village: Village, words: str) -> None:
    somchai = village.resident()
    file(village, somchai)
    somchai.says(words)
    somchai.sees("เขียนถึงเจ้าหน้าที่", "ถอนเรื่อง")


def test_more_words_that_mean_nothing_by_themselves_may_go_into_the_case_just_told(village: Village) -> None:
    somchai, malee = village.resident(), village.resident()
    file(village, somchai)
    for resident in (malee, somchai):
        resident.says("ดับเพิ่มอีกดวงแล้วจ้ะ")
    assert "ส่งเพิ่มในเรื่อง" not in malee.sees("ฝากเจ้าหน้าที่ตอบ")
    label = re.search(r"ส่งเพิ่มในเรื่อง [\w-]+", somchai.sees("ส่งเพิ่มในเรื่อง"))
    assert label is not None
    somchai.taps(label.group(0))
    assert [said.text for said in village.rows(ComplaintComment)] == ["ดับเพิ่มอีกดวงแล้วจ้ะ"]


def test_withdrawing_takes_a_typed_yes(village: Village) -> None:
    somchai = village.resident()
    case = file(village, somchai)
    somchai.says("ถอนเรื่อง")
    somchai.taps("ถอนเรื่อง")
    somchai.says("ใช่ค่ะ")
    somchai.sees("ถอนเรื่อง", "แล้วค่ะ")
    assert the_case(village).id == case.id
    assert the_case(village).state is S.WITHDRAWN


def test_the_question_whether_it_is_fixed_takes_typed_words(village: Village) -> None:
    somchai = village.resident()
    one, two = officers(village)
    finish(village, file(village, somchai), one, two)
    somchai.says("ยังไม่ติดเลยค่ะ")
    somchai.sees("ยังไม่เรียบร้อยตรงไหน")
    somchai.says("ไม่ต้อง")
    assert the_case(village).state is S.REOPENED


def test_a_typed_mark_is_the_mark_and_not_the_place_in_the_list(village: Village) -> None:
    somchai = village.resident()
    one, two = officers(village)
    finish(village, file(village, somchai), one, two)
    somchai.says("แก้แล้วค่ะ")
    somchai.sees("พอใจแค่ไหน")
    somchai.says("5")
    assert [rating.stars for rating in village.rows(Rating)] == [5]


def test_words_after_the_office_asked_for_more_reach_the_case(village: Village) -> None:
    somchai = village.resident()
    one, _two = officers(village)
    case = file(village, somchai)
    with village.database.unit_of_work() as uow:
        seen = uow.session.get_one(Complaint, case.id).version
        service.change_state(uow, case.id, S.NEEDS_INFORMATION, by=one, seen_version=seen, note="เสาต้นไหนคะ")
    village.relay()
    somchai.says("เสาที่ 12 หน้าบ้านยายมี")
    somchai.sees("ส่งข้อความในเรื่อง", "แจ้งเป็นเรื่องใหม่")
    (said,) = [c for c in village.rows(ComplaintComment) if c.kind is CommentKind.RESIDENT]
    assert said.text == "เสาที่ 12 หน้าบ้านยายมี"
    assert the_case(village).state is not S.NEEDS_INFORMATION


def test_send_typed_at_the_categories_keeps_the_proposed_one(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.says("หน้าวัด")
    somchai.says("เปลี่ยนประเภท")
    somchai.says("ส่ง")
    somchai.sees("ตรวจดูก่อนส่ง", "ไฟฟ้าแสงสว่าง")
    somchai.says("ส่ง")
    assert the_case(village).text == LAMP


def test_a_place_typed_below_an_answer_that_offered_to_report_begins_the_report(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ถนนหน้าบ้านเป็นหลุมรถล้มกันหมด")
    somchai.sees("แจ้งเรื่องนี้")
    somchai.says("หมู่ 5 ข้างสะพาน")
    somchai.sees("ตรวจดูก่อนส่ง")
    somchai.says("ส่ง")
    assert (the_case(village).text, the_case(village).village) == ("ถนนหน้าบ้านเป็นหลุมรถล้มกันหมด", "หมู่ 5")
