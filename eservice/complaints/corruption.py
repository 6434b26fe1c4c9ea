"""Telling whether words read like a report of corruption, which belongs with other bodies than the office.

Whoever is only asked once more loses a tap; whoever is not warned may have told it to those they accuse. So a
fair chance is enough, and a few words are enough by themselves.
"""

import re
from collections.abc import Iterable

from eservice.complaints.categories import CORRUPTION
from knowledge.classify import Prediction

FAIR_CHANCE = 0.3

_OFFICIALS = r"(?:นายก|ปลัด|อบต|เทศบาล|เจ้าหน้าที่|จนท|ผู้ใหญ่บ้าน|กำนัน|สมาชิกสภา|ส\.?อบต|ผอ|ข้าราชการ|กรรมการหมู่บ้าน)"
_WORDS = re.compile(
    rf"{_OFFICIALS}.{{0,20}}(?:โกง|อมเงิน|กินเงิน|เรียก(?:รับ|เก็บ)?เงิน)|โกง.{{0,20}}{_OFFICIALS}"
    "|ทุจริต|สินบน|ใต้โต๊ะ|หัวคิว|คอร?์?รัปชั่?น|ฮั้ว|เงินทอน|ยักยอก|เบียดบัง|โกงงบ|โกงกิน|กินงบ|อมงบ|อมเงิน|เข้ากระเป๋า"
    "|เรียกรับ(?:เงิน|ผลประโยชน์)|ขอเงิน.{0,20}ถึงจะ|ส่วย|สวมสิทธิ"
)
_MONEY = re.compile("งบ(?![้่ัาิี]|ริ)|ภาษี|เงินเดือน|กองทุน|ประมูล|จัดซื้อ|เงิน.{0,12}เอาไป")
_ASKS = re.compile(
    "เท่า(?:ไร|ไหร่|ไหร|ใด)|กี่บาท|กี่ล้าน|อะไร|ไรบ้าง|ไรมั่ง|ที่ไหน|ไหนบ้าง|จากไหน|ยังไง|อย่างไร|เมื่อไ|ไหม|มั้ย|หรือยัง|ใคร|ขอดู|อยากดู|อยากรู้"
)
_SUSPECTS = re.compile(
    "หาย|ไปไหน|ใครเอา|เอา(?:เงิน|งบ|รถ|ของ)|ส่วนตัว|ตัวเอง|พวก|ญาติ|เครือ|โกง|กิน(?!ข้าว)|กระเป๋า|สงสัย|แปลก|เกินจริง|แพง|ไม่ถึง|ไม่ตรง|โปร่งใส|ไม่มีใคร"
    "|แต่ไม่|แต่ได้|ไม่เห็น|ไม่คุ้ม|ไม่จริง|ปลอม|ตรวจสอบ|ร้องเรียน|หลวง|เที่ยว|เรียก|เก็บเงิน|ใบเสร็จ|ทำไมไม่|เข้าใคร|โดน|ด่า|ซื้อเสียง|ล็อก|ได้งาน"
)


def reads_like_corruption(text: str, likely: Iterable[Prediction]) -> bool:
    """Whether the words, or the categories found likely for them, tell of corruption.

    Who only asks what money was spent on accuses nobody, though nearly all who speak of budgets in complaints do.
    """
    if _WORDS.search(text):
        return True
    return not _only_asks_of_money(text) and any(
        found.label == CORRUPTION and found.probability >= FAIR_CHANCE for found in likely
    )


def _only_asks_of_money(text: str) -> bool:
    return all(words.search(text) for words in (_MONEY, _ASKS)) and not _SUSPECTS.search(text)
