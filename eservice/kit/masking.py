"""Hiding what tells who somebody is, where their words are shown to people who need only the question."""

import re

MASK = "•••"
_LONG_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[ .,()_\-\u2010-\u2015\u200b-\u200f\u2060\ufeff]{0,3}\d){8,}")


def without_numbers(text: str) -> str:
    """The text with numbers of nine digits and more hidden: telephones, national ids, accounts; Thai digits too."""
    return _LONG_NUMBER.sub(MASK, text)


# Two letters and a number are a plate, unless they are a year, a month, a form or a measure. Three letters (on
# motorcycles) are one only after a word that says so.
_NO_PLATE = "พศ|คศ|ปี|มค|กพ|มีค|เมย|พค|มิย|กค|สค|กย|ตค|พย|ธค|ดร|ทร|ทพ|นส|สด|กม|ตร|ชม|นท|บท|ภบ|ภด|ภป|คก|ปช|ปท|ปภ|รพ|รร|ตม|อย|มท|สน|สภ|ศก|มอ|ลบ|ฉบ|มจ|ธก|คร|สย"
_LETTERS = rf"(?!(?:{_NO_PLATE})[ -]?\d)[ก-ฮ]"
_PLATE = re.compile(
    rf"(?<![\u0e01-\u0e4e\d/.])(?:\d{_LETTERS}[ก-ฮ][ -]?\d{{1,4}}|{_LETTERS}[ก-ฮ][ -]?\d{{4}})(?![\d/.])"
    rf"|(?:(?<=ทะเบียน)|(?<=ทะเบียนรถ)|(?<=ป้าย)|(?<=ทะเบียน )|(?<=ทะเบียนรถ )|(?<=ป้าย ))\d?{_LETTERS}[ก-ฮ]{{1,2}}[ -]?\d{{1,4}}(?![\d/.])"
)
_NO_LINE_ID = r"(?!(?:official|oa|id|group|notify|pay|man|app|shop|today|chat|beacon|add|qr|free|wifi)\b)"
_LINE_ID = re.compile(
    r"(?:ไลน์|ไลน|\bline)\s*(?:ไอดี|\bid\b|คือ|ชื่อ|ของ(?:ผม|หนู|ฉัน|เรา)|[:=]|\s)*"
    rf"\s*{_NO_LINE_ID}(?P<id>@?[a-z0-9][a-z0-9._-]{{3,}})"
    rf"|(?:ไอดี|\bid)\s*(?:ไลน์|ไลน|line)\s*(?:คือ|[:=]|\s)*{_NO_LINE_ID}(?P<other>@?[a-z0-9][a-z0-9._-]{{3,}})",
    re.IGNORECASE,
)


def without_plates(text: str) -> str:
    """The text with the number plates of cars and motorcycles hidden, as far as they can be told from other words."""
    return _PLATE.sub(MASK, text)


def without_line_ids(text: str) -> str:
    """The text with LINE ids hidden that follow the word; "LINE OA" and its like are no id."""

    def hidden(found: re.Match[str]) -> str:
        start = found.start("id") if found["id"] else found.start("other")
        return found[0][: start - found.start()] + MASK

    return _LINE_ID.sub(hidden, text)
