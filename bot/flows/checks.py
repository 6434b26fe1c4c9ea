"""Checks of what is typed, shared by the flows: answers that are wrong, wishes to be called back."""

import re

from eservice.kit.thai_calendar import arabic_digits

MAX_COMPLAINT = 4_000  # characters
MAX_LINE = 300

_YES = frozenset(
    {"ส่ง", "ส่งเลย", "ส่งเรื่อง", "ยืนยัน", "ใช่", "ตกลง", "โอเค", "ได้", "ถูกต้อง", "ok", "okay", "yes", "send", "👍"}
)
_NO = frozenset(
    {"ไม่", "ไม่ใช่", "คนละเรื่อง", "คนละเรื่องกัน", "ไม่ใช่เรื่องเดียวกัน", "ไม่ซ้ำ", "เรื่องใหม่", "แจ้งใหม่", "no", "👎"}
)
_SAME = frozenset({"ใช่", "เรื่องเดียวกัน", "ใช่เรื่องเดียวกัน", "อันเดียวกัน", "ซ้ำ", "เหมือนกัน", "yes", "👍"})
_ONLY_ASKING = re.compile(r"(?:ไม่ได้(?:จะ)?แจ้ง|(?:แค่|ขอ)ถาม|ถามเฉย|ถามดู).{0,30}")
_LEAVING = re.compile(
    r"ไม่(?:เอา|ทำ|แจ้ง|ส่ง|ต้องแจ้ง|ต้องส่ง)(?:แล้ว|ละ|ล่ะ)|ไม่(?:แจ้ง|ส่ง)|พอแล้ว|พอก่อน|ช่างเถอะ|ช่างมัน(?:เถอะ)?"
    r"|เปลี่ยนใจ(?:แล้ว)?(?:\s*ไม่\S{0,12})?|เลิกแจ้ง|ยกเลิก(?:เรื่อง|การแจ้ง)?(?:นี้)?|ไว้(?:ก่อน|วันหลัง|คราวหน้า)|never mind|forget it"
)
_FIXED = re.compile(
    r"(?:ใช่\s*)?(?:(?:แก้|แก้ไข|ซ่อม|ทำ|เปลี่ยน|มาแก้|มาซ่อม|มาทำ)(?:เสร็จ|ให้)?แล้ว|เรียบร้อย(?:แล้ว|ดี(?:แล้ว)?)?|เสร็จแล้ว|ใช้ได้แล้ว"
    r"|(?:ไฟ)?ติดแล้ว|(?:น้ำ)?ไหลแล้ว|ดีแล้ว|หายแล้ว|fixed|it is fixed)"
)
_NOT_FIXED = re.compile(
    r"(?:ยัง|ไม่เห็น(?:มา|แก้|ทำ|ซ่อม)|ไม่ได้(?:แก้|ทำ|ซ่อม|มา)|เหมือนเดิม|not fixed|not yet).{0,40}", re.DOTALL
)
_PRAISE = re.compile(
    r"ชื่นชม|ชมเชย|^(?:ขอ)?ชม|คำชม"
    r"|(?:อบต|เทศบาล|เจ้าหน้าที่|จนท|นายก|ปลัด|ช่าง|พนักงาน|คนเก็บขยะ|รถขยะ|กู้ภัย|รปภ|หมอ|ครู).{0,60}(?:ดี|น่ารัก|เร็ว|เก่ง|สุภาพ|ช่วย|ซ่อม|มา(?!ก)|ทำ|แก้)"
    r"|(?:ขอบคุณ|ขอบใจ).{0,20}(?:ซ่อม|แก้|มาดู|มาเก็บ|มาช่วย|มาตัด|มาทำ|มาพ่น|มาล้าง|มาลอก)"
)
_HOW_FAR = re.compile(
    r"(?:แจ้ง|ร้องเรียน|ร้องทุกข์|เรื่อง)(?:(?!ยังไง|อย่างไร|ที่ไหน).){0,40}(?:ถึงไหน|คืบหน้า)|^(?:ไป)?ถึงไหนแล้ว"
    r"|(?:ที่|เคย)แจ้ง(?:ไป|ไว้).{0,40}(?:เมื่อไ|เมื่อใด|ทำไม|กี่วัน|ยังไม่|หรือยัง|รึยัง)"
)
_WORK = r"(?:มา|มาดู|มาซ่อม|มาทำ|มาแก้|ซ่อม|แก้|แก้ไข|ทำ|เสร็จ|ได้)"
_WHEN = r"(?:เมื่อไหร่|เมื่อไร|เมื่อใด|ตอนไหน|วันไหน)"
_WHEN_DONE = re.compile(
    rf"(?:แล้ว)?(?:{_WHEN}(?:ถึง)?(?:จะ)?(?:{_WORK})+(?:ให้)?|(?:จะ)?(?:{_WORK})+(?:ให้)?{_WHEN})"
    r"(?:สักที|ซักที|ซะที|เสียที)?|when will (?:it|this) be (?:fixed|done)\??"
)
_MANNERS = re.compile(r"\s*(?:ค่ะ|คะ|ครับ|คับ|จ้า|จ๊ะ|นะ|เลย)*$")
_PLACE_WORDS = (
    r"(?<!เจ้า)(?:หน้า|หลัง|ข้าง|ใกล้ ?ๆ?)(?!บ้าน(?!เลขที่|ผู้ใหญ่|กำนัน|นาย|นาง|ลุง|ป้า|ตา|ยาย|ครู))(?!ที่|จาก|กาก|คา)"
    r"|ตรงข้าม|ซอย|หมู่|ม\.\s*[0-9๐-๙]|บ้านเลขที่|(?<!จังห)(?<!สวั)(?<!ห)วัด|โรงเรียน|ตลาด|แยก(?!ขยะ)|สะพาน|คลอง|ศาลา"
    r"|ปากทาง|ถนนสาย"
)
_PLACE = re.compile(_PLACE_WORDS)
_ONLY_PLACE = re.compile(rf"(?:(?:อยู่|ที่|แถว|ตรง|ๆ|บริเวณ|บ้าน|จุด|ใน)\s*)*(?:{_PLACE_WORDS}).{{0,40}}")
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
_LONGEST_PLACE = 60  # characters
_LONGEST_WISH = 120  # characters; a longer text tells a story, in which somebody may have called


def says_where(text: str) -> bool:
    """Whether an answer to "where?" is one, and no question: it names a place, or begins as places do."""
    return names_place(text) or (text.startswith(("ที่", "แถว", "ตรง", "อยู่", "บริเวณ")) and "ไหน" not in text)


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


def is_only_place(text: str) -> bool:
    """Whether a short text says where and nothing else: "หมู่ 5", "อยู่หน้าวัดหนองแวง"."""
    return len(text) <= _LONGEST_PLACE and _ONLY_PLACE.fullmatch(text.strip()) is not None


def is_same(text: str) -> bool:
    """Whether somebody says that another case is the same as theirs."""
    return _without_manners(text) in _SAME


def is_leaving(text: str) -> bool:
    """Whether somebody breaks off what they were telling: "ไม่เอาแล้ว", "แค่ถามเฉย ๆ"."""
    return _LEAVING.fullmatch(_without_manners(text)) is not None or is_only_asking(text)


def is_only_asking(text: str) -> bool:
    """Whether somebody says that they were asking and not reporting."""
    return _ONLY_ASKING.fullmatch(_without_manners(text)) is not None


def tells_why_thanks(text: str) -> bool:
    """Whether thanks are praise that the office should hear: "ขอบคุณที่มาซ่อมถนน", "เจ้าหน้าที่พูดดีมาก"."""
    return _PRAISE.search(text) is not None


def says_fixed(text: str) -> bool:
    """Whether this alone says that the work is done."""
    return _FIXED.fullmatch(_without_manners(text)) is not None


def says_not_fixed(text: str) -> bool:
    """Whether a short text begins by saying that the work is not done."""
    return _NOT_FIXED.fullmatch(_without_manners(text)) is not None


def asks_how_far(text: str) -> bool:
    """Whether this asks how far what was reported has come: "ไฟที่แจ้งไว้ถึงไหนแล้ว"."""
    return len(text) <= _LONGEST_WISH and _HOW_FAR.search(text.strip()) is not None


def asks_when_done(text: str) -> bool:
    """Whether this asks nothing but when the work comes: "เมื่อไหร่จะมาซ่อม". What work, only a case tells."""
    return _WHEN_DONE.fullmatch(_without_manners(text.strip().lower())) is not None


def holds_phone(text: str) -> bool:
    """Whether a Thai telephone number is written somewhere in the text."""
    return _PHONE_WITHIN.search(arabic_digits(text)) is not None


def wants_call_back(text: str) -> bool:
    """Whether this asks the office to call: "โทรกลับหน่อย 081 234 5678", "ให้เจ้าหน้าที่โทรหา"."""
    if len(text) > _LONGEST_WISH or _TOLD_OF_OTHERS.search(text):
        return False
    return _CALL_BACK.search(text.strip().lower()) is not None
