"""Checks of typed answers, shared by the flows. Each returns the key of what is wrong, or None."""

import re

from eservice.kit.thai_calendar import arabic_digits

MAX_COMPLAINT = 4_000  # characters
MAX_LINE = 300

_YES = frozenset(
    {"ส่ง", "ส่งเลย", "ส่งเรื่อง", "ยืนยัน", "ใช่", "ตกลง", "โอเค", "ได้", "ถูกต้อง", "ok", "okay", "yes", "send", "👍"}
)
_NO = frozenset({"ไม่", "ไม่ใช่", "คนละเรื่อง", "ไม่ซ้ำ", "no", "👎"})
_MANNERS = re.compile(r"\s*(?:ค่ะ|คะ|ครับ|คับ|จ้า|จ๊ะ|นะ|เลย)*$")
_PLACE = re.compile(
    r"หน้า|หลัง|ข้าง|ใกล้|ตรงข้าม|ซอย|หมู่|ม\.\s*[0-9๐-๙]|บ้านเลขที่|วัด|โรงเรียน|ตลาด|แยก|สะพาน|คลอง|ศาลา|ปากทาง|ถนนสาย|สามแยก|สี่แยก"
)
_PHONE = re.compile(r"(?:\+66|0)\d{8,9}")


def phone_problem(text: str) -> str | None:
    """A Thai telephone number of 9 or 10 digits, however it is spaced."""
    digits = re.sub(r"[\s\-().]", "", arabic_digits(text))
    return None if _PHONE.fullmatch(digits) else "talk.phone_wrong"


def complaint_problem(text: str) -> str | None:
    """What is wrong with the words of a complaint: none, or more than the office reads."""
    if not text.strip():
        return "report.no_words"
    return "report.too_long" if len(text) > MAX_COMPLAINT else None


def line_problem(text: str) -> str | None:
    """A name or a place: one short line."""
    return "report.line_too_long" if len(text.strip()) > MAX_LINE else None


def is_yes(text: str) -> bool:
    """Whether somebody says yes to what is shown."""
    return _without_manners(text) in _YES


def is_no(text: str) -> bool:
    """Whether somebody says no."""
    return _without_manners(text) in _NO


def names_place(text: str) -> bool:
    """Whether a text seems to say where: a landmark, a lane, a village, a house."""
    return _PLACE.search(text) is not None


def _without_manners(text: str) -> str:
    return _MANNERS.sub("", text.strip().lower()) if len(text) <= 60 else ""
