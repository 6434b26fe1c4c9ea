"""What of a resident's words says who they are: it is neither learned nor shown to those who write answers."""

import json
from pathlib import Path

import pytest

from eservice.kit.masking import MASK, without_numbers
from knowledge.entries.phrasing_text import (
    PhrasingFault,
    PhrasingText,
    is_personal,
    read_phrasing,
    without_personal,
)


@pytest.mark.parametrize(
    ("typed", "hidden"),
    [
        ("บ้านเลขที่ 99/12 น้ำไม่ไหล", ["99", "12"]),
        ("บ้านเลขที่ 99 น้ำไม่ไหล", ["99"]),
        ("เลขที่ ๙๙/๑๒ น้ำไม่ไหล", ["๙๙", "๑๒"]),
        ("99/12 หมู่ 3 น้ำไม่ไหล", ["99", "12", "3"]),
        ("99/12 ม.3 น้ำไม่ไหล", ["99", "12", "3"]),
        ("99 หมู่ 3 น้ำไม่ไหล", ["99", "3"]),
        ("ขอถังขยะ ๙๙ หมู่ที่ ๓", ["๙๙", "๓"]),
        ("ขอถังขยะ 99 ม.3", ["99", "3"]),
        ("บ้าน99/12 น้ำไม่ไหล", ["99", "12"]),
        ("น้ำไม่ไหลที่ 99/12", ["99", "12"]),
        ("นายสมชาย ใจดี ขอถังขยะ", ["สมชาย", "ใจดี"]),
        ("นางสมศรี ขอถังขยะ", ["สมศรี"]),
        ("ขอถังขยะให้นางสาวสมหญิง รักดี", ["สมหญิง", "รักดี"]),
        ("น.ส.สมหญิง รักดี ขอถังขยะ", ["สมหญิง", "รักดี"]),
        ("ด.ช.ก้อง ฉีดวัคซีนที่ไหน", ["ก้อง"]),
        ("ด.ญ. แก้ว ฉีดวัคซีนที่ไหน", ["แก้ว"]),
        ("ผมชื่อสมชาย ขอถังขยะ", ["สมชาย"]),
        ("ขอถังขยะ โทร 081-234-5678", ["081", "5678"]),
        ("ขอถังขยะ โทร 081\u200b(234)\u200b5678", ["081", "5678"]),
        ("เลขบัตร 3 5099 01234 56 7 ขอถังขยะ", ["5099", "01234"]),
        ("ขอถังขยะ ส่งมาที่ somchai@example.th", ["somchai", "example"]),
        ("คุณสมชาย ใจดี ขอถังขยะ", ["สมชาย", "ใจดี"]),
        ("คุณสมชายขอถังขยะ", ["สมชาย"]),
        ("คุณวิชัย ขอถังขยะ", ["วิชัย"]),
        ("ลุงดำขอถังขยะ", ["ดำ"]),
        ("ป้าแดง ข้างวัด ขอถังขยะ", ["แดง"]),
        ("กำนันสมพงษ์ไม่อยู่ แจ้งใคร", ["สมพงษ์"]),
        ("ขอถังขยะ ชื่อ สมศรี", ["สมศรี"]),
        ("ชื่อสมชาย ขอถังขยะ", ["สมชาย"]),
        ("รถ กข 1234 จอดขวางทาง", ["กข", "1234"]),
        ("รถทะเบียน 1กข 99 จอดขวาง", ["1กข", "99"]),
        ("มอไซค์ทะเบียน กขค 123 จอดขวาง", ["กขค", "123"]),
        ("รถ ขบ-4321 เฉี่ยวเสา", ["ขบ", "4321"]),
        ("แอดไลน์ somchai_99 ให้หน่อย", ["somchai_99"]),
        ("ไอดีไลน์ @rakdee ขอถังขยะ", ["rakdee"]),
        ("ขอถังขยะ LINE ID: Som.Chai", ["Som.Chai"]),
    ],
)
def test_what_tells_who_somebody_is_gets_hidden_and_teaches_nothing(typed: str, hidden: list[str]) -> None:
    masked = without_personal(typed)
    assert MASK in masked
    assert not [part for part in hidden if part in masked]
    assert is_personal(typed)
    assert read_phrasing(typed) is PhrasingFault.PERSONAL
    assert is_personal(typed + " และมีเรื่องจะเล่าอีกยาว" * 10), "of any length"


@pytest.mark.parametrize(
    "typed",
    [
        "ขอพบนายก อบต. วันไหน",
        "เบอร์นายทะเบียน",
        "ภาษีที่ดินปี 2569 จ่ายวันไหน",
        "สมัครเรียนเทอม 1/2569",
        "ประกาศที่ ๑/๒๕๖๙ ว่าอย่างไร",
        "ทร.14/1 ขอที่ไหน",
        "เบี้ยยังชีพเข้าวันที่ 10/12/69 ไหม",
        "หมู่ 3 น้ำไม่ไหล",
        "มีทั้งหมด 12 หมู่บ้านใช่ไหม",
        "เปิดรับวันที่ 20 มกราคมใช่ไหม",
        "ค่าขยะเดือนละ 20 บาท",
        "คุณสมบัติผู้รับเบี้ยมีอะไรบ้าง",
        "คุณภาพน้ำประปาตรวจที่ไหน",
        "ขอบคุณมากค่ะ เบี้ยเข้าวันไหน",
        "คุณสามารถทำอะไรได้บ้าง",
        "คุณแม่ลงทะเบียนที่ไหน",
        "ลุงดำเนินการเองได้ไหม",
        "ลุงหมู่ 5 ขอถังขยะ",
        "ตาแดงต้องไปหาหมอไหม",
        "พี่น้องแบ่งที่ดินทำยังไง",
        "น้องหมาฉีดวัคซีนที่ไหน",
        "ป้ายหน้าร้านเสียภาษีไหม",
        "เปลี่ยนชื่อที่ไหน",
        "เปลี่ยนชื่อ นามสกุล กี่บาท",
        "นายกชื่ออะไร",
        "ร้านชื่อใหม่ต้องจดอีกไหม",
        "ทะเบียนบ้านหายทำไง",
        "เริ่มใช้ พศ 2569 ใช่ไหม",
        "ทร 14 คืออะไร",
        "นส 3 เสียภาษีไหม",
        "ถนนยาว 2กม 500 เมตร",
        "ดร01 ดร02 รับที่ไหน",
        "ไลน์ อบต คืออะไร",
        "มี LINE Official ไหม",
        "แจ้งผ่าน line oa ได้ไหม",
    ],
)
def test_other_words_stay_as_they_are(typed: str) -> None:
    assert without_personal(typed) == typed
    assert isinstance(read_phrasing(typed), PhrasingText)


def test_none_of_what_residents_ask_is_taken_for_a_name() -> None:
    """The demo office's own wordings, which nobody's name stands in."""
    folder = Path(__file__).parents[3] / "eservice" / "demo" / "faq"
    entries = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    wordings = [wording for entry in entries for wording in (entry["question"], *entry["variants"])]
    assert len(wordings) > 1000
    assert [wording for wording in wordings if without_personal(wording) != without_numbers(wording)] == []
