"""Typed words that mean a button on the screen: "2", "ข้อสอง", the words of a choice, "ไม่ใช่", "ใช่", "👍". Pure.

Politeness is no confirmation: "ครับ" after an answer is acknowledged and teaches nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rapidfuzz import fuzz

from eservice.kit.thai_calendar import arabic_digits
from eservice.messaging.content import Button

LONGEST = 200  # characters; the longest choice is shorter
_ALIKE = 85  # of 100; a slip or two in the words of a choice
_AHEAD = 8  # of the next best choice, which may differ in one word
_BEGINNING = 4  # characters of a button's label that are enough to name it
_PART = 6  # characters of a choice that are enough when no other choice has them

_POLITE = re.compile(r"\s*(?:ค่ะ|คะ|ค่า|ครับผม|ครับ|คับ|ค้าบ|จ้า|จ้ะ|จ๊ะ|นะ|เลย|[!.?ๆ])+$")
_THANKS = re.compile(r"\s*(?:ขอบคุณ|ขอบใจ|thanks|thank you)(?:มาก)?\s*(?:ค่ะ|คะ|ครับ|คับ|จ้า|,)*\s*")
_MARKS = re.compile("[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")  # of emoji: keycaps and shades
_NUMBERS = {
    word: number
    for number, words in enumerate(
        ("หนึ่ง แรก one first", "สอง two second", "สาม three third", "สี่ four fourth", "ห้า five fifth"), start=1
    )
    for word in words.split()
}
_LAST = frozenset({"สุดท้าย", "last"})
_NUMBER = re.compile(
    r"(?:เอา|เลือก|ขอ|คือ|the|number|no\.|#|\s)*(?:ข้อ|อัน|ตัว|ลำดับ|หมายเลข|เลข|เบอร์|option|\s)*(?:ที่)?\s*"
    rf"(?P<number>\d{{1,2}}|{'|'.join([*_NUMBERS, *_LAST])})\s*(?:\)|one|option)?"
)
_NODS = frozenset(
    [
        "ครับ",
        "ครับผม",
        "คับ",
        "ค่ะ",
        "คะ",
        "ค่า",
        "จ้า",
        "จ้ะ",
        "อืม",
        "โอเค",
        "ok",
        "okay",
        "รับทราบ",
        "ทราบแล้ว",
        "เข้าใจแล้ว",
        "อ๋อ",
        "อ่อ",
    ]
)
_YES = frozenset(
    [
        "ใช่",
        "ใช่แล้ว",
        "ใช่ข้อนี้",
        "ตรง",
        "ตรงแล้ว",
        "ตรงคำถาม",
        "ถูก",
        "ถูกต้อง",
        "ถูกแล้ว",
        "yes",
        "yep",
        "correct",
        "👍",
        "👌",
        "that's it",
    ]
)
_NO = frozenset(
    [
        "ไม่ใช่",
        "ไม่ใช่อันนี้",
        "ไม่ใช่ข้อนี้",
        "ไม่ใช่เรื่องนี้",
        "ไม่ตรง",
        "ไม่ตรงคำถาม",
        "ตอบไม่ตรง",
        "ตอบไม่ตรงคำถาม",
        "ไม่ถูก",
        "ผิด",
        "no",
        "nope",
        "wrong",
        "👎",
    ]
)
_NONE = _NO | frozenset(
    [
        "ไม่ใช่ทั้งหมด",
        "ไม่ใช่ทั้งหมดนี้",
        "ไม่ใช่ทั้งนั้น",
        "ไม่ใช่สักข้อ",
        "ไม่ใช่สักอัน",
        "ไม่ตรงสักข้อ",
        "ไม่มี",
        "ไม่มีข้อไหน",
        "ไม่มีข้อไหนตรง",
        "ไม่มีที่ใช่",
        "none",
        "none of these",
        "none of them",
    ]
)
_LEAVE = frozenset(["ฝาก", "ฝากด้วย", "ฝากหน่อย", "ฝากเจ้าหน้าที่", "ฝากเจ้าหน้าที่ตอบ", "ฝากเรื่อง", "ฝากเรื่องให้เจ้าหน้าที่"])
_REPORT = frozenset(
    {
        "แจ้ง",
        "แจ้งเลย",
        "แจ้งด้วย",
        "แจ้งให้ด้วย",
        "แจ้งให้หน่อย",
        "ช่วยแจ้ง",
        "ช่วยแจ้งให้ด้วย",
        "ขอแจ้ง",
        "อยากแจ้ง",
        "ต้องการแจ้ง",
        "ใช่แจ้งเลย",
        "report",
        "report it",
    }
)
_ASKING = frozenset(["แค่ถาม", "แค่ถามเฉย", "ถามเฉย", "ไม่ได้แจ้ง", "ไม่ได้จะแจ้ง", "just asking", "only asking"])
_AGREE = _YES | frozenset(["ได้", "เอา", "ตกลง", "โอเค", "ok"])


@dataclass(frozen=True, kw_only=True)
class Tap:
    """The words mean this button."""

    payload: str


@dataclass(frozen=True)
class Nod:
    """A polite word below an answer."""


@dataclass(frozen=True)
class WhichOne:
    """It is about the choices, but does not say which: a yes to several, or a number that is none of theirs."""


TypedReply: TypeAlias = Tap | Nod | WhichOne


def read_reply(text: str, offered: Sequence[Button], aside: Sequence[Button] = ()) -> TypedReply | None:
    """What typed words mean as a reply to the buttons last shown, in their order; None when they are no reply.

    `aside`: the quick replies below them, which are named but not counted.
    """
    if not (offered or aside) or not text.strip() or len(text) > LONGEST:
        return None
    said = _plain(text)
    for button in (*offered, *aside):
        if said in (_plain(button.label), _own_number(button)):
            return Tap(payload=button.payload)
    report = next((b.payload for b in (*offered, *aside) if b.payload.startswith("report:")), None)
    if report is not None and said.replace(" ", "") in _REPORT:
        return Tap(payload=report)
    asking = next((b.payload for b in aside if b.payload.startswith("asking:")), None)
    if asking is not None and said.replace(" ", "") in _ASKING:
        return Tap(payload=asking)
    if not offered:
        return None
    by_kind = {button.payload.partition(":")[0]: button.payload for button in offered}
    if "up" in by_kind and "down" in by_kind:
        return _read_verdict(said, by_kind)
    picks = [button for button in offered if button.payload.startswith("pick:")]
    number = _NUMBER.fullmatch(said)
    if number is not None:
        place = _place(number["number"], len(offered))
        return WhichOne() if place is None else Tap(payload=offered[place].payload)
    if said in _LEAVE and "leave" in by_kind:
        return Tap(payload=by_kind["leave"])
    withdrawal = next((b.payload for b in offered if b.payload.startswith("casedrop:")), None)
    if withdrawal is not None and "case" in by_kind and said in _AGREE | _NO:
        return Tap(payload=withdrawal if said in _AGREE else by_kind["case"])
    if not picks:
        return Tap(payload=by_kind["leave"]) if said in _AGREE and "leave" in by_kind else None
    if said in _NONE and "none" in by_kind:
        return Tap(payload=by_kind["none"])
    if said in _YES | _NODS:
        return Tap(payload=picks[0].payload) if said in _YES and len(picks) == 1 else WhichOne()
    return _read_words(said, picks)


def read_tap(
    text: str, offered: Sequence[Button], aside: Sequence[Button] = (), *, takes_number: bool
) -> Tap | None:
    """The button of an open dialog that typed words name: its label, the beginning of it, or its number."""
    if not text.strip() or len(text) > LONGEST:
        return None
    said = _plain(text)
    buttons = (*offered, *aside)
    for button in buttons:
        if said in (_plain(button.label), _plain(button.label.partition(":")[0])):
            return Tap(payload=button.payload)
    number = _NUMBER.fullmatch(said) if takes_number else None
    place = _place(number["number"], len(offered)) if number is not None else None
    if place is not None:
        return Tap(payload=offered[place].payload)
    begun = [b for b in buttons if _plain(b.label).startswith(said)] if len(said) >= _BEGINNING else []
    return Tap(payload=begun[0].payload) if len(begun) == 1 else None


def _own_number(button: Button) -> str | None:
    """The number that a label begins with: of "5 พอใจมาก" it is 5, wherever in the list it stands."""
    first = button.label.partition(" ")[0]
    return first if first.isascii() and first.isdigit() else None


def _read_verdict(said: str, by_kind: dict[str, str]) -> TypedReply | None:
    if said in _NODS:
        return Nod()
    if said in _YES:
        return Tap(payload=by_kind["up"])
    return Tap(payload=by_kind["down"]) if said in _NO else None


def _read_words(said: str, picks: Sequence[Button]) -> Tap | None:
    """The choice whose own words these are, roughly or in part."""
    labels = [_plain(button.label).replace(" ", "") for button in picks]
    words = said.replace(" ", "")
    holding = [place for place, label in enumerate(labels) if words in label]
    if holding:
        return Tap(payload=picks[holding[0]].payload) if len(holding) == 1 and len(words) >= _PART else None
    alike = [fuzz.ratio(words, label) for label in labels]
    best = max(range(len(picks)), key=alike.__getitem__)
    others = [score for place, score in enumerate(alike) if place != best]
    if alike[best] >= _ALIKE and alike[best] >= max(others, default=0) + _AHEAD:
        return Tap(payload=picks[best].payload)
    return None


def _place(number: str, count: int) -> int | None:
    if number in _LAST:
        return count - 1
    place = _NUMBERS.get(number) or int(number)
    return place - 1 if 1 <= place <= count else None


def _plain(text: str) -> str:
    """Lower case, Arabic digits, without thanks, polite ends and an emoji said twice; never empty."""
    plain = _MARKS.sub("", arabic_digits(" ".join(text.lower().split())))
    plain = _POLITE.sub("", plain) or plain
    plain = _THANKS.sub("", plain) or plain
    plain = _POLITE.sub("", plain) or plain
    return plain[0] if len(set(plain)) == 1 and not plain.isalnum() else plain
