"""Polite openers and closing particles that carry no subject.

Only whole words are cut, only at the two ends, so the "ค่า" of "มูลค่า" stays.
"""

from collections.abc import Sequence, Set

_OPENERS = frozenset(
    [
        "สวัสดี",
        "หวัดดี",
        "ดีครับ",
        "ดีค่ะ",
        "ดีคะ",
        "ครับ",
        "ค่ะ",
        "คะ",
        "ครับผม",
        "จ้า",
        "จ้ะ",
        "คือ",
        "คือว่า",
        "เอ่อ",
        "อ่า",
        "อ๋อ",
        "โทษนะ",
        "ขอโทษ",
        "ขอโทษนะ",
        "แอดมิน",
        "แอด",
        "พี่",
        "พี่ๆ",
        "คุณ",
        "เจ้าหน้าที่",
        "น้อง",
        "ผม",
        "หนู",
        "ดิฉัน",
        "ฉัน",
        "รบกวน",
        "รบกวนด้วย",
        "พอดี",
        "พอดีว่า",
        "เรียน",
        "สอบถาม",
        "ขอสอบถาม",
        "สอบถามว่า",
        "ขอถาม",
        "ขอถามว่า",
        "ขอถามหน่อย",
        "ถามหน่อย",
        "ถามว่า",
        "อยากถาม",
        "อยากถามว่า",
        "อยากสอบถาม",
        "อยากทราบ",
        "อยากทราบว่า",
        "ขอทราบ",
        "ขอทราบว่า",
        "ไม่ทราบว่า",
        "ไม่ทราบ",
        "อยากรู้",
        "อยากรู้ว่า",
        "ต้องการทราบ",
        "ต้องการทราบว่า",
        "ต้องการสอบถาม",
        "จะสอบถาม",
        "จะถาม",
        "จะถามว่า",
        "มีเรื่องสอบถาม",
        "มีเรื่องจะถาม",
        "หน่อย",
        "นะ",
        "ว่า",
        "ช่วยบอก",
        "บอกหน่อย",
        "แล้ว",
        "งั้น",
        "ถ้างั้น",
        "แล้วก็",
        "แล้วถ้า",
    ]
)
_CLOSERS = frozenset(
    [
        "ครับ",
        "คับ",
        "ครับผม",
        "คร้าบ",
        "คร่า",
        "ค้าบ",
        "ฮะ",
        "ฮับ",
        "ค่ะ",
        "คะ",
        "ค้ะ",
        "ขา",
        "จ้า",
        "จ้ะ",
        "จ๊ะ",
        "จ๋า",
        "นะ",
        "น่ะ",
        "นะคะ",
        "นะครับ",
        "น้า",
        "หน่อย",
        "บ้าง",
        "มั่ง",
        "ด้วย",
        "อ่ะ",
        "อะ",
        "อ่า",
        "เอ่ย",
        "วะ",
        "ว่ะ",
        "เหรอ",
        "หรอ",
        "หราา",
        "ล่ะ",
        "ละ",
        "เนี่ย",
        "เนี้ย",
        "สิ",
        "ซิ",
        "แอด",
        "แอดมิน",
        "ขอบคุณ",
        "ขอบคุณค่ะ",
        "ขอบคุณครับ",
    ]
)
_LEAST_CHARACTERS = 4
_MOST_TOKENS = 12  # of a stop phrase


def strip_particles(tokens: Sequence[str], protected: Set[str] = frozenset()) -> list[str]:
    """Drop openers from the front and particles from the end of a tokenised question.

    `protected` words stay. At least four characters remain; otherwise the tokens come back whole. Spaces are
    kept inside.
    """
    start, end = 0, len(tokens)
    while (taken := _opener_length(tokens, start, end, protected)) > 0:
        start += taken
    while (taken := _closer_length(tokens, start, end, protected)) > 0:
        end -= taken
    return _if_enough(tokens[start:end], tokens)


def without_phrases(tokens: Sequence[str], phrases: Set[str]) -> list[str]:
    """Drop `phrases` of whole tokens, the longest first, wherever they stand; four characters remain."""
    if not phrases:
        return list(tokens)
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        taken = _phrase_length(tokens, at, phrases)
        if not taken:
            kept.append(tokens[at])
        at += taken or 1
    return _if_enough(kept, tokens)


def _if_enough(kept: Sequence[str], tokens: Sequence[str]) -> list[str]:
    return list(kept if sum(len(token.strip()) for token in kept) >= _LEAST_CHARACTERS else tokens)


def _phrase_length(tokens: Sequence[str], at: int, phrases: Set[str]) -> int:
    """How many tokens at `at` spell the longest of `phrases`; 0 when none does."""
    joined, longest = "", 0
    for count, token in enumerate(tokens[at : at + _MOST_TOKENS], start=1):
        joined += token
        if joined in phrases:
            longest = count
    return longest


def _opener_length(tokens: Sequence[str], start: int, end: int, protected: Set[str]) -> int:
    """How many tokens at `start` spell an opener; 0 when none does."""
    if start < end and tokens[start].isspace():
        return 1
    joined, longest = "", 0
    for count in range(1, min(5, end - start) + 1):
        joined += tokens[start + count - 1]
        if joined in _OPENERS and joined not in protected:
            longest = count
    return longest


def _closer_length(tokens: Sequence[str], start: int, end: int, protected: Set[str]) -> int:
    """How many tokens before `end` spell a closing particle; 0 when none does."""
    if start < end and tokens[end - 1].isspace():
        return 1
    joined, longest = "", 0
    for count in range(1, min(4, end - start) + 1):
        joined = tokens[end - count] + joined
        if joined in _CLOSERS and joined not in protected:
            longest = count
    return longest
