"""What of a message may become a wording that the bot learns: one short question, and nobody's personal data.

A wording outlives its message and is read by every clerk, so a text with a number that could be a telephone's
or an identity card's, an e-mail address, a LINE id, a plate, a name after a title or the number of a house is not
taken at all.
Nothing is cut out of it: what is left of "นาย… ขอถังขยะ" would be a question that nobody asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from eservice.kit.masking import MASK, without_line_ids, without_numbers, without_plates
from knowledge.thai import Segmenter, name_spans, normalise, strip_particles

LONGEST = 120  # characters; a longer text tells a story, and stories are about somebody
FEWEST_LETTERS = 4  # Thai ones; less is no question of its own

_LETTERS = re.compile("[\u0e01-\u0e4e]")
_LONG_NUMBER = re.compile(r"\d(?:[ ./-]{0,3}\d){6,}")  # telephones have 9 digits, identity cards 13
_EMAIL = re.compile(r"\S@\S")
_EMAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")
_SLASHED = r"\d{1,4}\s?/\s?\d{1,4}"  # a house in its plot; not a date, a year or a form ("ทร.14/1", "1/2569")
_HOUSE = re.compile(
    rf"(?:บ้านเลขที่|เลขที่|บ้าน)\s*(?:{_SLASHED}|(?<=ที่)\d+|(?<=ที่ )\d+)"
    rf"|(?:{_SLASHED}|(?<![\d./])\d{{1,4}})(?=\s*(?:ม[. ]{{0,2}}\d|หมู่\s?(?:ที่)?\s?\d))|{_SLASHED}(?=\s*หมู่)"
    rf"|(?<![\w./])(?!\d+\s?/\s?[2๒][5๕]\d\d){_SLASHED}(?![\d/])"
)
_VILLAGE = re.compile(r"\s*(?:หมู่\s?(?:ที่)?|ม[. ]{0,2})\s?\d{1,3}")  # of such a house
_TITLED = re.compile(r"(?:น\.?\s?ส\.|ด\.?\s?[ชญ]\.|พล\.\s?[ตทอร]\.)")
_INTRODUCES = re.compile(r"(?:ผม|ฉัน|หนู|ดิฉัน|กระผม|ข้าพเจ้า)\s*ชื่อ")
_NAME = re.compile(
    r"\s*(?![\d\s])\S+(?:\s+\S+)?"
)  # after a title: nobody knows where it ends, so rather too much
_TITLES = frozenset(["นาย", "นาง", "นางสาว", "น.ส.", "นส", "เด็กชาย", "เด็กหญิง", "ดช", "ดญ"])


class PhrasingFault(StrEnum):
    """Why a text is not learned."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    PERSONAL = "personal"


@dataclass(frozen=True, kw_only=True)
class PhrasingText:
    """A text fit to be learned; `identity` is the same for everybody who asks this, polite or not."""

    text: str
    identity: str


def read_phrasing(typed: str) -> PhrasingText | PhrasingFault:
    """The wording in what somebody typed, or why there is none."""
    if len(typed) > 4 * LONGEST:
        return PhrasingFault.TOO_LONG
    text = normalise(typed)
    tokens = _segmenter().tokens(text)
    identity = _without_blanks("".join(strip_particles(tokens)))
    if len(_LETTERS.findall(identity)) < FEWEST_LETTERS:
        return PhrasingFault.TOO_SHORT
    if len(text) > LONGEST:
        return PhrasingFault.TOO_LONG
    if _is_personal(typed, text, tokens):
        return PhrasingFault.PERSONAL
    return PhrasingText(text=text, identity=identity)


def is_personal(typed: str) -> bool:
    """Whether a text of any length says who somebody is, or where they live."""
    text = normalise(typed)
    return _is_personal(typed, text, _segmenter().tokens(text))


def without_personal(typed: str) -> str:
    """The text with names after titles, house numbers, long numbers, plates, e-mail addresses and LINE ids hidden.

    A name after a formal title takes with it what is written up to the second space: too much is hidden rather
    than too little. After คุณ, ลุง or ชื่อ only known names are hidden, for ordinary words stand there as well.
    """
    hidden = _EMAIL_ADDRESS.sub(MASK, typed)
    hidden = re.sub(f"(?:{_HOUSE.pattern})(?:{_VILLAGE.pattern})?", MASK, hidden)
    hidden = without_plates(without_line_ids(without_numbers(hidden)))
    for start in sorted(_name_starts(hidden), reverse=True):
        if name := _NAME.match(hidden, start):
            hidden = f"{hidden[:start]} {MASK}{hidden[name.end() :]}"
    for start, end in reversed(list(name_spans(hidden))):
        hidden = f"{hidden[:start]}{MASK}{hidden[end:]}"
    return hidden


def _name_starts(text: str) -> Iterator[int]:
    """Where what follows a title begins."""
    for pattern in (_TITLED, _INTRODUCES):
        yield from (found.end() for found in pattern.finditer(text))
    end = 0
    for token in _segmenter().tokens(text):
        end += len(token)
        if token in _TITLES:
            yield end


def is_same_wording(phrasing: PhrasingText, wording: str) -> bool:
    """Whether an entry's own wording says just this."""
    return _without_blanks(normalise(wording)) in (phrasing.identity, _without_blanks(phrasing.text))


def _is_personal(typed: str, text: str, tokens: list[str]) -> bool:
    patterns = (_LONG_NUMBER, _HOUSE, _INTRODUCES)
    if (
        without_numbers(typed) != typed
        or _EMAIL.search(typed)
        or _TITLED.search(typed)
        or any(pattern.search(text) for pattern in patterns)
    ):
        return True
    if without_plates(without_line_ids(typed)) != typed or any(name_spans(typed)):
        return True
    words = [token for token in tokens if not token.isspace()]
    # "นายก" and "นายทะเบียน" are words of their own; a title that stands alone is followed by a name, "นส 3" by none.
    return any(word in _TITLES and not following[0].isdigit() for word, following in pairwise(words))


def _without_blanks(text: str) -> str:
    return text.replace(" ", "")


@cache
def _segmenter() -> Segmenter:
    return Segmenter()
