"""One spelling for the many ways Thai is typed.

Everything that is indexed or searched passes through `normalise` first, so both sides agree.
"""

import re
import unicodedata
from functools import lru_cache

import numpy as np

QUERY_LIMIT = 500
"""Meaningful characters of a question that are read; what follows says nothing new about it."""

_RAW_LIMIT = 200_000
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]+"
)
_TONES = "\u0e48\u0e49\u0e4a\u0e4b"
_MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_VOWELS = "\u0e31\u0e34-\u0e3a\u0e47"
# Patterns begin with the letter they look for, what comes before it asked after: in long texts most places are
# passed over without trying. A run of blanks is tried from its beginning only, for from each it takes quadratic time.
_DETACHED_MARK = re.compile(f"\\s(?<!\\s\\s)\\s*(?=[{_MARKS}\u0e33])")
# Sara am is often typed, and always decomposed by NFKC, as nikhahit + aa with the tone on either side.
_SPLIT_AM = re.compile(f"\u0e4d([{_MARKS}]{{0,8}})\u0e32")
_MARK_RUN = re.compile(
    # A vowel with its tone, or a tone with sara am, is in order.
    f"(?!(?:[{_VOWELS}][{_TONES}]|[{_TONES}]\u0e33)(?![{_MARKS}\u0e33]))[{_MARKS}\u0e33]{{2,}}"
)
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("เเ"), "แ"),
    (re.compile("([\u0e30\u0e32\u0e45\u0e46])\\1+"), r"\1"),
    # ก.ก. and อ.บ.ต. are the same word as กก and อบต.
    (re.compile(r"\.(?<=[ก-ฮ]\.)(?=\s*[ก-ฮ]\.|[ก-ฮ\d]|\s|$)"), ""),
    (re.compile(r",(?<=\d,)(?=\d{3}(?!\d))"), ""),
    # Only letters, digits and Thai signs say anything; a point or slash does between digits.
    (re.compile("_"), " "),
    (re.compile(r"[^\u0e01-\u0e3a\u0e40-\u0e4e \w](?<!\d[./](?=\d))"), " "),
    (re.compile(f"[{_MARKS}\u0e33](?<![\u0e01-\u0e4e].)[{_MARKS}\u0e33]*"), ""),
    (re.compile("  +"), " "),
)
_REPEATED = re.compile(r"([^\d\s])\1{2,}")
_SHORT = 100
_LONG_NUMBER = re.compile(
    r"(?<!\d)\d(?: ?\d){8,}(?!\d)"
)  # a telephone has nine digits or ten, a card thirteen
_THAI_DIGIT = re.compile("[๐-๙]")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def strip_invisible(text: str) -> str:
    """Remove control, zero-width and direction characters; they are typed by machines, not by people."""
    return _INVISIBLE.sub("", text[:_RAW_LIMIT])


def normalise(text: str, *, limit: int | None = None) -> str:
    """Give `text` its one canonical spelling: lower case, Arabic digits, Thai marks in order and single.

    Letters repeated three times or more become one, punctuation becomes a space. With `limit`, at most
    that many characters are returned and reading stops soon after them.
    """
    text = strip_invisible(text)
    if limit is not None:
        text = _shorten_runs(text, limit)
    text = _DETACHED_MARK.sub("", text)
    # Sara am alone would send almost every text the long way.
    text = text.replace("\u0e33", "\u0e4d\u0e32")
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    if _THAI_DIGIT.search(text):
        text = text.translate(_THAI_DIGITS)
    text = _SPLIT_AM.sub(r"\1" + "\u0e33", text)
    text = _MARK_RUN.sub(lambda run: _in_order(run.group()), text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    if len(text) <= _SHORT or _repeats(text):
        text = _REPEATED.sub(r"\1", text)
    text = text.strip()
    return text if limit is None else text[:limit].rstrip()


def _repeats(text: str) -> bool:
    """Whether any letter stands three times in a row; in long texts this is soon told."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    alike = letters[1:] == letters[:-1]
    return bool((alike[1:] & alike[:-1]).any())


@lru_cache(maxsize=4096)
def _in_order(marks: str) -> str:
    """The marks of one consonant, each once: vowels, one tone, the silencer or nikhahit, and sara am."""
    distinct = list(dict.fromkeys(marks))
    tones = [mark for mark in distinct if mark in _TONES][:1]
    # Sara am holds a nikhahit of its own.
    last = ["\u0e4c", "\u0e4e", "\u0e33"] if "\u0e33" in distinct else ["\u0e4c", "\u0e4d", "\u0e4e"]
    vowels = [mark for mark in distinct if mark not in _TONES and mark not in "\u0e33\u0e4c\u0e4d\u0e4e"]
    vowels.sort(key=lambda mark: mark != "\u0e3a")  # NFKC puts phinthu first
    return "".join(vowels + tones + [mark for mark in last if mark in distinct])


def without_long_numbers(text: str) -> str:
    """Normalised `text` without telephone and card numbers, which say who asks and not what; whole if nothing is left."""
    return _LONG_NUMBER.sub(" ", text).strip() or text


def _shorten_runs(text: str, limit: int) -> str:
    """Cut long input before the costly steps, leaving room for what they remove."""
    if len(text) <= 4 * limit:
        return text
    return re.sub(r"(\D)\1{2,}", r"\1", text[: 40 * limit])[: 4 * limit]


def has_thai(text: str) -> bool:
    """Whether any Thai letter occurs."""
    return any("\u0e01" <= letter <= "\u0e2e" for letter in text)
