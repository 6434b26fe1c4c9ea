"""How platforms count text, and how we cut it: never inside what a reader sees as one character.

A *unit* is a platform's way of counting: `utf16_length` (LINE's message text), `grapheme_length` (LINE's
labels) or `len` (Telegram's code points). Cuts fall between grapheme clusters, and beyond Unicode's rules a
Thai vowel stays with the consonant it is written before or after.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import regex

Unit: TypeAlias = Callable[[str], int]

ELLIPSIS = "…"

_CLUSTER = regex.compile(r"\X")
# Leading vowels (เ แ โ ใ ไ) with the consonant they belong to, and what never begins a line (ะ า ๅ ๆ ฯ).
# Repetition is bounded, so that a text of ten thousand ะ still has places to cut.
_UNBROKEN = regex.compile(r"(?:[เ-ไ](?=[ก-ฮ]))?\X(?:(?=[ะาๅๆฯ])\X){0,3}")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_VISIBLE = regex.compile(r"[^\p{C}\p{Z}]")
_SENTENCE_END = regex.compile(r"(?:[!?…]|ค่ะ|คะ|ครับ|(?<![ก-ฮ])\.)[)”\"]?$")


def utf16_length(text: str) -> int:
    """UTF-16 code units: an emoji counts two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clusters(text: str) -> list[str]:
    """The grapheme clusters of `text`: "ที่" and "น้ำ" are one and one, a family emoji is one."""
    return _CLUSTER.findall(text)


def grapheme_length(text: str) -> int:
    """How many grapheme clusters `text` has."""
    return len(clusters(text))


def fits(text: str, limit: int, unit: Unit) -> bool:
    """Whether `text` measures at most `limit`; short texts are not even counted."""
    # No unit counts more than two for one code point.
    return len(text) * 2 <= limit or unit(text) <= limit


def printable(text: str) -> str:
    """`text` as a platform and a database can carry it, never blank.

    Control characters, lone surrogates and bidirectional overrides go; line ends become newlines. A text
    with nothing left to see becomes "…".
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNPRINTABLE.sub("", text)
    return text if _VISIBLE.search(text) else ELLIPSIS


def shorten(text: str, limit: int, unit: Unit) -> str:
    """`text`, or its beginning with "…" so that it measures at most `limit` (at least 1)."""
    if fits(text, limit, unit):
        return text
    if unit is not grapheme_length:
        text = text[: limit + 1]  # every code point counts at least one: what follows can never fit
    room = limit - unit(ELLIPSIS)
    kept: list[str] = []
    for piece in _unbroken_pieces(text, max(room, 1), unit):
        room -= unit(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + ELLIPSIS


def split_text(text: str, limit: int, unit: Unit) -> list[str]:
    """`text` in pieces that each measure at most `limit`, in order; white space at the cuts is dropped.

    Cuts prefer, within the last two thirds of what fits: the end of a paragraph, of a line, of a sentence, a
    space (one beside a number last, so that "30 พ.ย. 2569" stays whole), and then any whole character. A
    single character that alone exceeds `limit` (thousands of combining marks) is cut between code points.
    """
    if fits(text, limit, unit):
        return [text]
    units = _unbroken_pieces(text, limit, unit)
    pieces: list[str] = []
    start = 0
    while start < len(units):
        end, used = start, 0
        while end < len(units) and (used := used + unit(units[end])) <= limit:
            end += 1
        if end < len(units):
            end = _best_cut(units, start, end)
        if piece := "".join(units[start:end]).rstrip():
            pieces.append(piece)
        start = end
        while start < len(units) and units[start].isspace():
            start += 1
    return pieces


def _unbroken_pieces(text: str, limit: int, unit: Unit) -> list[str]:
    """What is not to be cut; larger pieces than `limit` fall apart into clusters, and those into code points."""
    pieces: list[str] = []
    for piece in _UNBROKEN.findall(text):
        if fits(piece, limit, unit):
            pieces.append(piece)
            continue
        for cluster in clusters(piece):
            pieces.extend([cluster] if fits(cluster, limit, unit) else cluster)
    return pieces


def _best_cut(units: list[str], start: int, end: int) -> int:
    """The best index to cut at, in the last two thirds of `units[start:end]`; the latest among equals."""
    candidates = range(end, start + (end - start) // 3, -1)
    return max(candidates, key=lambda index: _cut_rank(units, index), default=end)


def _cut_rank(units: list[str], index: int) -> int:
    """How good a cut before `units[index]` is: 5 paragraph, 4 line, 3 sentence, 2 space, 1 by a number, 0 else."""
    before, after = units[index - 1], units[index]
    if before == "\n":
        return 5 if after == "\n" or units[index - 2 : index - 1] == ["\n"] else 4
    if after == "\n":
        return 5 if units[index + 1 : index + 2] == ["\n"] else 4
    if not after.isspace():
        return 0
    if _SENTENCE_END.search("".join(units[max(index - 4, 0) : index])):
        return 3
    following = units[index + 1 : index + 2]
    return 1 if before[-1].isdigit() or (following and following[0][0].isdigit()) else 2
