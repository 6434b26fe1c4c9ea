"""Hiding passages in texts and in what is built of them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from eservice.kit.masking import MASK

LEAST = 3  # characters of a passage: less would hide parts of other words
_CUT = "…"  # where we have cut a text ourselves, a passage may stand with its beginning only
_READABLE = frozenset(
    {
        *("text", "prompt", "title", "body", "left", "right", "label", "alt", "detail", "address"),
        *("village", "reporter_name", "note", "reason", "words"),  # as the API writes
        *("caption", "displayText"),  # as LINE and Telegram write
    }
)
"""The fields of bundles, answers and platforms' events that hold words; others hold codes that must stay."""

_UNSEEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f"  # inside of [ ]
_IS_UNSEEN = re.compile(f"[{_UNSEEN}]")
_TONES = r"\u0e48-\u0e4b"
_CLUSTER = re.compile(rf"\s[\s{_UNSEEN}]*|[^{_UNSEEN}][\u0e33\u0e4d{_TONES}{_UNSEEN}]*|[{_UNSEEN}]+")
"""What is compared as one: white space, or a letter with its tone and the ring of `ำ`, in whatever order."""
_RING_FIRST = re.compile(rf"\u0e4d([{_TONES}])")


class Hiding:
    """Puts the mask in the place of passages, whatever their white space, letters' case, way of writing the same
    signs (`ำ` or its two parts, `é` or its two) and signs that nobody sees."""

    def __init__(self, passages: Iterable[str]) -> None:
        plain = {_plain(passage).strip() for passage in passages}
        # Longest first: a longer one may hold a shorter one.
        self._passages = sorted(filter(None, plain), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._passages)) or r"(?!)")
        self._borders = [_borders(passage) for passage in self._passages]

    def finds(self, text: str) -> bool:
        """Whether the text holds a passage, or the beginning of one where it was cut."""
        return self.hidden(text) != text

    def hidden(self, text: str) -> str:
        """The text without the passages."""
        if _CUT not in text and self._pattern.search(_plain(text)) is None:
            return text
        clusters = [(found.span(), _plain(found.group())) for found in _CLUSTER.finditer(text)]
        plain = "".join(letters for _, letters in clusters)
        spans = [found.span() for found in self._pattern.finditer(plain)]
        if _CUT in plain:
            spans += self._beginnings(plain)
        if not spans:
            return text
        places = [span for span, letters in clusters for _ in letters]  # of each plain letter, in the text
        masked, past = [], 0
        for begin, end in sorted((places[begin][0], places[end - 1][1]) for begin, end in spans):
            if begin >= past:
                masked += [text[past:begin], MASK]
            past = max(past, end)
        return "".join([*masked, text[past:]])

    def hidden_within(self, value: Any, *, is_words: bool = False) -> Any:
        """The same of JSON: in its readable fields, at any depth. `is_words`: the value stands in one."""
        if isinstance(value, str):
            return self.hidden(value) if is_words else value
        if isinstance(value, dict):
            return {key: self.hidden_within(held, is_words=key in _READABLE) for key, held in value.items()}
        if isinstance(value, list):
            return [self.hidden_within(held, is_words=is_words) for held in value]
        return value

    def _beginnings(self, plain: str) -> Iterator[tuple[int, int]]:
        """Where passages begin that a cut ends. One pass for each: a text may be full of cuts."""
        for passage, borders in zip(self._passages, self._borders, strict=True):
            fits = 0  # letters of the passage that end here
            for place, letter in enumerate(plain):
                if letter == _CUT and fits >= LEAST:
                    yield place - fits, place
                while fits and (fits == len(passage) or passage[fits] != letter):
                    fits = borders[fits - 1]
                fits += passage[fits] == letter


class _Plain(dict[int, str]):
    """How each sign is compared: without case, in its parts, as nothing if nobody sees it."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        parts = unicodedata.normalize("NFKD", letter).casefold()
        if _IS_UNSEEN.match(letter):
            parts = ""
        elif letter.isspace():
            parts = " "
        elif letter == _CUT or " " in parts:
            parts = letter
        self[code] = parts
        return parts


_PLAIN = _Plain()


def letters_of(passage: str) -> int:
    """How many letters of a passage are compared, white space aside."""
    return len(_plain(passage).replace(" ", ""))


def _plain(text: str) -> str:
    return _RING_FIRST.sub("\\1\u0e4d", re.sub(" +", " ", text.translate(_PLAIN)))


def _borders(passage: str) -> list[int]:
    """For each beginning of the passage, how long the longest shorter one is that it ends with."""
    borders = [0] * len(passage)
    fits = 0
    for place in range(1, len(passage)):
        while fits and passage[fits] != passage[place]:
            fits = borders[fits - 1]
        fits += passage[fits] == passage[place]
        borders[place] = fits
    return borders
