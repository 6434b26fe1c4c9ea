"""The conversation as residents live it, on every channel and both databases."""

import pytest

from bot import upkeep
from eservice.complaints.models import Complaint
from eservice.inquiries.models import Inquiry, InquiryState
from eservice.messaging.models import (
    ChannelName,
    Conversation,
    Direction,
    EventState,
    Handler,
    InboundEvent,
    Message,
)
from eservice.office import service as office
from knowledge.entries import calibrations
from knowledge.entries.models import Ask
from knowledge.search import Calibration
from knowledge.search.recalibration import picture
from tests.chat import TEXTS, Village

CHANNELS = [ChannelName.LINE, ChannelName.TELEGRAM, ChannelName.WEB]


@pytest.fixture(params=CHANNELS, ids=lambda channel: channel.value)
def channel(request: pytest.FixtureRequest) -> ChannelName:
    return request.param


def test_a_new_resident_is_welcomed_with_the_menu(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.follows()
    somchai.sees("เพื่อนบ้านยินดีช่วย", "อบต.ทดสอบ", "ถามคำถาม", "บริการออนไลน์ E-Service", "คุยกับเจ้าหน้าที่")


def test_a_question_is_answered_with_source_department_and_date(
    village: Village, channel: ChannelName
) -> None:
    somchai = village.resident(channel)
    somchai.says("เบี้ยคนแก่ไปลงที่ไหน")
    somchai.sees("คำตอบเรื่องลงทะเบียนเบี้ยผู้สูงอายุที่ไหน", "ที่มา: ระเบียบทดสอบ", "ผู้ดูแล: สำนักปลัด", "20 พ.ย. 2569")


def test_thumbs_are_one_tap_and_are_kept(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.says("อัตราภาษีป้าย")
    somchai.taps("ไม่ตรง")
    somchai.sees("ขอโทษ", "ฝากเจ้าหน้าที่ตอบ")
    assert village.rows(Ask)[-1].helpful is False
    somchai.taps("ตรงคำถาม")
    assert village.rows(Ask)[-1].helpful is True


def test_a_stricter_setting_asks_back_and_a_no_to_every_choice_is_kept(
    village: Village, channel: ChannelName
) -> None:
    strict = Calibration(slope=0.1, answer_threshold=0.99, clarify_threshold=0.05)
    with village.database.unit_of_work() as uow:
        calibrations.move(uow, strict, picture((), strict), actor="malee")
    village.faq.refresh()
    somchai = village.resident(channel)
    somchai.says("เบี้ยคนแก่ไปลงที่ไหน")
    somchai.sees("ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน", "ไม่ใช่ทั้งหมดนี้")
    somchai.taps("ไม่ใช่ทั้งหมดนี้")
    ask = village.rows(Ask)[-1]
    assert (ask.entry_id, ask.helpful) == (None, False)


def test_an_unknown_question_is_left_with_the_office_in_one_tap(
    village: Village, channel: ChannelName
) -> None:
    somchai = village.resident(channel)
    somchai.says("ขอใบรับรองความประพฤติได้ที่ไหน")
    somchai.sees("ยังไม่มีคำตอบ")
    somchai.taps("ฝากเจ้าหน้าที่ตอบ")
    somchai.sees("รับเรื่องแล้ว เลขคำถาม", "เปิดอยู่ถึง 16.30 น.")
    (inquiry,) = village.rows(Inquiry)
    assert inquiry.state is InquiryState.WAITING


def test_leaving_the_same_question_twice_is_one_inquiry(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ขอใบรับรองความประพฤติได้ที่ไหน")
    somchai.taps("ฝากเจ้าหน้าที่ตอบ")
    village.clock.advance(minutes=1)
    somchai.taps("ฝากเจ้าหน้าที่ตอบ")
    somchai.sees("รับเรื่องแล้ว", "รับเรื่องนี้ไว้แล้ว")
    assert len(village.rows(Inquiry)) == 1


def test_a_strangers_button_opens_nothing(village: Village) -> None:
    somchai, mali = village.resident(), village.resident()
    somchai.says("ขอใบรับรองความประพฤติได้ที่ไหน")
    payload = somchai.button("ฝากเจ้าหน้าที่ตอบ").payload
    mali.does("postback", postback={"data": payload})
    mali.sees("หาข้อความเดิมไม่พบ")
    somchai.says("อัตราภาษีป้าย")
    mali.does("postback", postback={"data": somchai.button("ตรงคำถาม").payload})
    mali.sees("ปุ่มนี้หมดอายุ")
    assert village.rows(Ask)[-1].helpful is None
    assert village.rows(Inquiry) == []


def test_emergency_numbers_come_first_in_every_state(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.says("ไฟไหม้บ้าน ช่วยด้วย")
    somchai.sees("โทร 199")
    somchai.says("เมนู")
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says("เรื่องน้ำประปา")
    somchai.sees()
    somchai.says("มีคนจมน้ำ")
    somchai.sees("1669", "อยากให้โทรกลับไหม")
    somchai.taps("ข้าม ตอบในแชต")
    somchai.sees("รับเรื่องแล้ว")
    somchai.says("มีคนจมน้ำ")
    somchai.sees("1669")


def test_a_report_that_sounds_like_an_emergency_can_still_be_left(
    village: Village, channel: ChannelName
) -> None:
    somchai = village.resident(channel)
    somchai.says("ดินสไลด์ปิดทางขึ้นหมู่บ้าน รถผ่านไม่ได้")
    somchai.sees("1784")
    somchai.taps("แจ้งเรื่องนี้")
    somchai.sees("อยู่ตรงไหน")
    malai = village.resident(channel)
    malai.says("ไฟไหม้บ้าน ช่วยด้วย")
    assert "แจ้งเรื่องนี้" not in malai.sees("โทร 199")


def test_what_threw_the_riders_is_left_with_the_office_in_the_words_already_typed(
    village: Village, channel: ChannelName
) -> None:
    somchai = village.resident(channel)
    somchai.says("ถนนหน้าบ้านเป็นหลุมรถล้มกันหมด")
    seen = somchai.sees("โทร 1669", "แจ้งเรื่องนี้")
    assert seen.index("โทร 1669") < seen.index("แจ้งเรื่องนี้")
    assert village.rows(Complaint) == []
    somchai.taps("แจ้งเรื่องนี้")
    somchai.taps("ข้ามไปก่อน")
    somchai.taps("ส่งเรื่อง")
    (complaint,) = village.rows(Complaint)
    assert complaint.text == "ถนนหน้าบ้านเป็นหลุมรถล้มกันหมด"


@pytest.mark.parametrize("words", ["ฝาก", "ฝากเจ้าหน้าที่ตอบค่ะ", "ฝากเรื่องให้เจ้าหน้าที่"])
def test_the_words_of_the_button_may_be_typed(village: Village, words: str) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.says(words)
    somchai.sees("พิมพ์เรื่องที่อยากคุย")


def test_talking_to_staff_can_go_back_and_be_cancelled(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.follows()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.sees("พิมพ์เรื่องที่อยากคุย")
    somchai.says("อยากถามเรื่องใบแจ้งค่าน้ำ")
    somchai.sees("อยากให้โทรกลับไหม")
    somchai.says("ย้อนกลับ")
    somchai.sees("พิมพ์เรื่องที่อยากคุย")
    somchai.says("ยกเลิก")
    somchai.sees("ยกเลิกแล้ว")
    assert village.rows(Inquiry) == []


def test_a_question_in_the_middle_of_a_dialog_is_answered_and_the_dialog_goes_on(village: Village) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says("อยากถามเรื่องใบแจ้งค่าน้ำ")
    somchai.sees()
    somchai.says("อัตราภาษีป้าย")
    somchai.sees("คำตอบเรื่องภาษีป้าย", "กลับมาที่เรื่องเดิม", "อยากให้โทรกลับไหม")
    somchai.says("๐๘๑-๒๓๔-๕๖๗๘")
    somchai.sees("รับเรื่องแล้ว")


def test_a_wrong_telephone_number_is_asked_again(village: Village) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says("อยากถามเรื่องใบแจ้งค่าน้ำ")
    somchai.says("0812")
    somchai.sees("เบอร์ไม่ครบ")


def test_asking_from_the_menu_is_answered_while_the_office_keeps_what_was_left(village: Village) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says("อยากถามเรื่องใบแจ้งค่าน้ำ")
    somchai.taps("ข้าม ตอบในแชต")
    somchai.says("เมนู")
    somchai.taps("ถามคำถาม")
    somchai.says("อัตราภาษีป้าย")
    somchai.sees("คำตอบเรื่องภาษีป้าย")
    (inquiry,) = village.rows(Inquiry)
    assert inquiry.state is InquiryState.WAITING


def test_while_staff_own_the_talk_words_go_to_them(village: Village) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says("อยากถามเรื่องใบแจ้งค่าน้ำ")
    somchai.taps("ข้าม ตอบในแชต")
    (conversation,) = village.rows(Conversation)
    assert conversation.handler is Handler.STAFF
    somchai.sees()
    somchai.says("บ้านเลขที่ 12 หมู่ 3")
    assert "คำตอบเรื่อง" not in somchai.sees("ส่งให้เจ้าหน้าที่แล้ว")
    somchai.says("อัตราภาษีป้าย")
    somchai.sees("คำตอบเรื่องภาษีป้าย", "ส่งให้เจ้าหน้าที่แล้ว")
    (inquiry,) = village.rows(Inquiry)
    with village.database.unit_of_work() as uow:
        uow.session.get_one(Inquiry, inquiry.id).answered_at = uow.now
    somchai.says("อัตราภาษีป้าย")
    somchai.sees_nothing()
    somchai.taps("จบการคุยกับเจ้าหน้าที่")
    somchai.sees("จบการคุยแล้ว")
    somchai.says("อัตราภาษีป้าย")
    somchai.sees("คำตอบเรื่องภาษีป้าย")


def test_an_old_button_is_explained_and_the_menu_offered(village: Village) -> None:
    somchai = village.resident()
    somchai.does("postback", postback={"data": "flow:0000:question:x"})
    somchai.sees("ปุ่มนี้หมดอายุ", "ถามคำถาม")
    somchai.does("postback", postback={"data": "no-such-thing"})
    somchai.sees("ปุ่มนี้หมดอายุ")


def test_english_on_request(village: Village) -> None:
    somchai = village.resident()
    somchai.says("English")
    somchai.sees("I speak English now")
    somchai.says("เมนู")
    somchai.sees("What can we do for you today?")
    somchai.says("ภาษาไทย")
    somchai.sees("ใช้ภาษาไทยแล้ว")


def test_topics_lead_to_answers_by_taps_alone(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.follows()
    somchai.taps("บริการออนไลน์ E-Service")
    somchai.taps("ทดสอบ")
    somchai.taps("ภาษีป้ายคิดอย่างไร")
    somchai.sees("คำตอบเรื่องภาษีป้าย")


def test_small_talk_gets_a_human_answer(village: Village) -> None:
    somchai = village.resident()
    for said, heard in (
        ("สวัสดีค่ะ", "สวัสดีค่ะ มีอะไรให้ช่วย"),
        ("ขอบคุณมากค่ะ", "ยินดีค่ะ"),
        ("ทำอะไรได้บ้าง", "ผู้ช่วยอัตโนมัติ"),
    ):
        somchai.says(said)
        somchai.sees(heard)


def test_an_abandoned_dialog_ends_with_a_kind_word(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    mali.taps("คุยกับเจ้าหน้าที่")
    mali.sees()
    village.clock.advance(minutes=29)
    assert upkeep.end_abandoned_dialogs(village.database, village.signals, TEXTS) == 0
    village.clock.advance(minutes=2)
    assert upkeep.end_abandoned_dialogs(village.database, village.signals, TEXTS) == 1
    mali.sees("พักไว้ก่อนนะคะ")
    mali.says("อัตราภาษีป้าย")
    mali.sees("คำตอบเรื่องภาษีป้าย")


def test_very_long_and_empty_messages_get_a_sensible_answer(village: Village) -> None:
    somchai = village.resident()
    for text in ("ก" * 100_000, "\u200b" * 10_000, "\x00\x01\x02", "่้๊๋" * 3_000, "ถนน" * 5_000):
        somchai.says(text)
        somchai.sees()
    assert all(len(message.text) <= 10_000 for message in village.rows(Message))
    assert {event.state for event in village.rows(InboundEvent)} == {EventState.DONE}


def test_the_privacy_notice_is_mentioned_once_per_version(village: Village) -> None:
    with village.database.unit_of_work() as uow:
        office.publish_notice(uow, version="1", text="ประกาศความเป็นส่วนตัว", actor="test")
    somchai = village.resident()
    somchai.says("อัตราภาษีป้าย")
    somchai.sees("https://office.example/privacy")
    somchai.says("อัตราภาษีป้าย")
    assert "privacy" not in somchai.sees()
    assert [m for m in village.rows(Message) if m.direction is Direction.IN]
