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
    "|เรียกรับ(?:เงิน|ผลประโยชน์)|ส่วย|สวมสิทธิ"
)


def reads_like_corruption(text: str, likely: Iterable[Prediction]) -> bool:
    """Whether the words, or the categories found likely for them, tell of corruption."""
    return _WORDS.search(text) is not None or any(
        found.label == CORRUPTION and found.probability >= FAIR_CHANCE for found in likely
    )
