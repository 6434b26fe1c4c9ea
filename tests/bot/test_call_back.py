"""Wishes to be called, and numbers that nobody needs to send."""

import pytest

from bot.flows.checks import holds_phone, wants_call_back
from eservice.inquiries.models import Inquiry, InquiryKind, InquiryMessage
from eservice.messaging.models import ChannelName, Message
from tests.chat import Village

CARD = "1-1017-00203-00-0"  # made up; its check digit is right


@pytest.mark.parametrize(
    "text",
    [
        "โทรกลับหน่อย 081-234-5678",
        "ให้เจ้าหน้าที่โทรหา",
        "ช่วยโทรกลับด้วยค่ะ",
        "รบกวนโทรกลับเบอร์ ๐๘๑๒๓๔๕๖๗๘",
        "ติดต่อกลับด้วยครับ 0891112222",
        "please call me back",
    ],
)
def test_a_wish_to_be_called_is_understood(text: str) -> None:
    assert wants_call_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "โทรหาเจ้าหน้าที่เบอร์อะไร",
        "มีคนโทรมาบอกให้โทรกลับ",
        "เจ้าหน้าที่โทรมาหลอกให้โอนเงิน",
        "ขอเบอร์โทรหน่อย",
        "น้ำไม่ไหลโทรหาใคร",
        "โทรได้ไหม",
        "โทรศัพท์หาย แจ้งที่ไหน",
    ],
)
def test_other_words_about_calling_are_not(text: str) -> None:
    assert not wants_call_back(text)


def test_a_telephone_number_is_found_and_a_card_number_is_none() -> None:
    assert holds_phone("เบอร์ ๐๘๑ ๒๓๔ ๕๖๗๘ ครับ")
    assert not holds_phone("0123456789012")
    assert not holds_phone("ขอ 2569")


def test_a_wish_with_a_number_is_with_the_office_at_once(village: Village) -> None:
    somchai = village.resident()
    somchai.says("โทรกลับหน่อย 081-234-5678")
    somchai.sees("รับเรื่องแล้ว เลขคำถาม", "ส่งเบอร์ให้เจ้าหน้าที่แล้ว")
    (inquiry,) = village.rows(Inquiry)
    question = next(message for message in village.rows(Message) if message.id == inquiry.question_id)
    assert (inquiry.kind, question.text) == (InquiryKind.TALK, "โทรกลับหน่อย 081-234-5678")


def test_a_wish_after_a_question_was_left_joins_it(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ขอใบรับรองความประพฤติได้ที่ไหน")
    somchai.taps("ฝากเจ้าหน้าที่ตอบ")
    somchai.sees()
    somchai.says("โทรกลับหน่อย 0812345678")
    somchai.sees("รับเบอร์แล้ว")
    assert len(village.rows(Inquiry)) == 1
    assert len(village.rows(InquiryMessage)) == 2


def test_a_wish_without_a_number_asks_for_it(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ให้เจ้าหน้าที่โทรหา")
    somchai.sees("พิมพ์เบอร์ไว้ได้")
    somchai.says("0812345678")
    somchai.sees("รับเรื่องแล้ว")
    assert len(village.rows(InquiryMessage)) == 2


@pytest.mark.parametrize(
    ("channel", "how"),
    [
        (ChannelName.LINE, "ยกเลิกข้อความ"),
        (ChannelName.TELEGRAM, "แก้ไข"),
        (ChannelName.WEB, "ไม่ต้องใช้เลขบัตร"),
    ],
)
def test_who_sends_a_card_number_is_answered_and_told_that_it_is_not_needed(
    village: Village, channel: ChannelName, how: str
) -> None:
    somchai = village.resident(channel)
    somchai.says(f"อัตราภาษีป้าย {CARD}")
    somchai.sees("คำตอบเรื่องภาษีป้าย", "ไม่ต้องส่งเลขบัตรประชาชน", how)
    somchai.says("อัตราภาษีป้าย 081-234-5678")
    assert "เลขบัตร" not in somchai.sees()
