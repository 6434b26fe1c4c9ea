"""Checks of what is typed, shared by the flows: answers that are wrong, wishes to be called back."""

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
_PHONE_WITHIN = re.compile(r"(?<!\d)(?:\+66|0)(?:[\s\-().]{0,2}\d){8,9}(?!\d|[\s\-]?\d{3})")
_CALL_BACK = re.compile(
    r"(?<!เบอร์)โทร(?:ศัพท์)?(?:กลับ|หา|มาหา|มา|บอก|คุย|ติดต่อ)(?:ผม|หนู|ฉัน|ดิฉัน|พี่|ป้า|ลุง|ยาย|เรา)?(?:หน่อย|ด้วย|ที(?!่)|นะ|ให้หน่อย)"
    r"|(?:ให้|ขอ|ช่วย|รบกวน|อยากให้)(?:ทาง)?(?:เจ้าหน้าที่|จนท\.?|แอดมิน|คน|ช่าง|อบต\.?)?\s*(?:ช่วย)?\s*"
    r"(?:โทร(?:ศัพท์)?(?:กลับ|หา|มา|ติดต่อ|คุย)|ติดต่อกลับ)"
    r"|โทรกลับ(?:มา)?ได้(?:ไหม|มั้ย)|^(?:ช่วย)?(?:โทร|ติดต่อ)กลับ|ติดต่อกลับ(?:ที่|เบอร์|หน่อย|ด้วย)"
    r"|call (?:me|us) back|(?:please|can you|could you) call (?:me|us)\b|^call me\b"
)
_TOLD_OF_OTHERS = re.compile(r"มิจ|หลอก|แก๊ง|อ้าง|มีคน|โทรมาบอก|โทรมาว่า|โทรมาขอ|เบอร์อะไร|เบอร์ไหน|กี่โมง")
_LONGEST_WISH = 120  # characters; a longer text tells a story, in which somebody may have called


def phone_problem(text: str) -> str | None:
    """What is wrong with a Thai telephone number, however it is spaced; it has 9 or 10 digits."""
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


def holds_phone(text: str) -> bool:
    """Whether a Thai telephone number is written somewhere in the text."""
    return _PHONE_WITHIN.search(arabic_digits(text)) is not None


def wants_call_back(text: str) -> bool:
    """Whether this asks the office to call: "โทรกลับหน่อย 081 234 5678", "ให้เจ้าหน้าที่โทรหา"."""
    if len(text) > _LONGEST_WISH or _TOLD_OF_OTHERS.search(text):
        return False
    return _CALL_BACK.search(text.strip().lower()) is not None
