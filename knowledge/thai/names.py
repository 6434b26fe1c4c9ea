"""Given names after a title that is no office's: คุณสมชาย, ลุงดำ, ชื่อ สมศรี.

Only names that Thais are known to have (pythainlp's lists) are found, and of those that are ordinary words as
well only the ones that hardly mean anything else where they stand. So "คุณสมบัติ" and "ป้าย" stay what they are.
"""

import re
from collections.abc import Iterator
from functools import cache

from knowledge.thai.words import Segmenter, is_in_dictionary

_TITLES_LIST = """
    คุณ ลุง ป้า น้า ยาย พี่ น้อง ครู หมอ กำนัน ผู้ใหญ่ ผู้ใหญ่บ้าน เจ๊ เฮีย ชื่อ คุณลุง คุณป้า
    คุณน้า คุณยาย คุณตา คุณครู คุณหมอ
"""
_ELDERS_LIST = """
    ลุง ป้า น้า ยาย คุณลุง คุณป้า คุณน้า คุณยาย
"""
_NICKNAMES_LIST = """
    ดำ แดง ขาว เขียว น้อย เล็ก อ้วน นก หมู แมว เป็ด กบ แก้ว ทอง คำ จันทร์ เพ็ญ บุญ ติ๋ม ตุ่ม จุก
    ต้อย
"""
# Names that are said as ordinary words far more often, also after คุณ ("you") and ชื่อ ("the name of").
_ORDINARY_LIST = """
    ประชุม เชื่อม พยุง ฉลอง ชื่นชม เลี้ยง เดือน ระวัง ชาติ ช่วง น้อย ใหญ่ เติม ผ่าน กฐิน อนุบาล
    ลูกน้ำ สำรอง เริ่ม ยินดี พร้อม แปลง ระเบียบ อวยพร น้ำพุ ชะลอ ปั่น ธนาคาร อายุ ส่วน บำรุง
    ประโยชน์ ชนิด เหลือง สะอาด สิทธิ สิทธิ์ เสนอ สมัย ประกาศ เตือน หนึ่ง อุตส่าห์ สบาย เสาร์ น้ำฝน
    เที่ยง ประวัติ อาทิตย์ ประเภท น้อง เอกชน ควร สนุก คะแนน สนาม ขยัน ประมูล ล้วน อินทรีย์ น้ำค้าง
    ชอบ ถนัด คำนวณ กล้วย ละคร อังคาร เสมอ ทุเรียน สุภาพ ฉลาด มารยาท กำแพง กุ้ง ช้อน พรรค สมัคร ดารา
    เขียว เปื้อน พัทยา หวัง เสริม พัฒนา เลื่อน แถว สุขสันต์ ไหว ประสาท กระถิน สามารถ พิมพ์ รักษา
    สนิท บุญธรรม ประตู เรียบ โชคดี เปลี่ยน เตียง เวียน ประชากร ประหยัด ประสาน เผ่า เจริญ ธรรมเนียม
    เหลือ ภูเขา พายุ ละเอียด ทะเล แปลก เกษตร ทายาท กำจัด สว่าง ออมสิน เลขา วิชา ประธาน สังคม
    สงกรานต์ ใหม่ เล็ก คุณภาพ ภาวนา ปริญญา กำไร จำลอง คล่อง ธรรมชาติ นคร นิคม นิยม โครงการ
"""
_TITLES, _ELDERS = frozenset(_TITLES_LIST.split()), frozenset(_ELDERS_LIST.split())
_NICKNAMES, _ORDINARY = frozenset(_NICKNAMES_LIST.split()), frozenset(_ORDINARY_LIST.split())
_MARK = re.compile("[\u0e30-\u0e3a\u0e45-\u0e4e]")  # what belongs to the letter before it
_END = re.compile(r"[^\u0e01-\u0e4e]|$")
_LONGEST = 20  # letters
_SHORTEST = 4
_SURNAME = re.compile(r"\s+([\u0e01-\u0e4e]+)(?=\s|$)")


def name_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where given names stand, with the family name that follows: (start, end), ascending."""
    tokens = _segmenter().tokens(text)
    end = 0
    for place, title in enumerate(tokens):
        end += len(title)
        if title not in _TITLES:
            continue
        blank = len(text[end:]) - len(text[end:].lstrip())
        following = [token for token in tokens[place + 1 : place + 4] if not token.isspace()]
        if not following:
            continue
        start = end + blank
        name = (
            following[0]
            if title in _ELDERS and following[0] in _NICKNAMES
            else _name_at(text, start, following[0])
        )
        if name:
            last = start + len(name)
            surname = _SURNAME.match(text, last)
            if surname and surname[1] in _family_names():
                last = surname.end()
            yield start, last


def _name_at(text: str, start: int, word: str) -> str | None:
    """The given name that begins here. `word` is how the dictionary reads the place."""
    if word in _given_names() and _is_name(word) and _END.match(text, start + len(word)):
        return word
    for length in range(_LONGEST, _SHORTEST - 1, -1):
        name = text[start : start + length]
        if len(name) < length or name not in _given_names() or is_in_dictionary(name):
            continue
        # A longer word that begins alike is meant, and a name does not end within a syllable.
        if len(word) < length and not _MARK.match(text, start + length):
            return name
    return None


def _is_name(word: str) -> bool:
    return len(word) >= _SHORTEST and word not in _ORDINARY


@cache
def _given_names() -> frozenset[str]:
    from pythainlp.corpus.common import thai_female_names, thai_male_names

    return thai_female_names() | thai_male_names()


@cache
def _family_names() -> frozenset[str]:
    from pythainlp.corpus.common import thai_family_names

    return thai_family_names()


@cache
def _segmenter() -> Segmenter:
    return Segmenter()
