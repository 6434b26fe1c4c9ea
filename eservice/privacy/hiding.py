"""Hiding passages in texts and in what is built of them."""

import re
from collections.abc import Iterable
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


class Hiding:
    """Puts the mask in the place of passages, whatever their white space and letters' case."""

    def __init__(self, passages: Iterable[str]) -> None:
        self._passages = sorted(passages, key=len, reverse=True)  # a longer one may hold a shorter one
        words = (r"\s+".join(map(re.escape, passage.split())) for passage in self._passages)
        self._pattern = re.compile("|".join(words), re.IGNORECASE)

    def finds(self, text: str) -> bool:
        """Whether the text holds a passage, or the beginning of one where it was cut."""
        return self.hidden(text) != text

    def hidden(self, text: str) -> str:
        """The text without the passages."""
        masked = self._pattern.sub(MASK, text)
        return self._without_beginnings(masked) if _CUT in masked else masked

    def hidden_within(self, value: Any, *, is_words: bool = False) -> Any:
        """The same of JSON: in its readable fields, at any depth. `is_words`: the value stands in one."""
        if isinstance(value, str):
            return self.hidden(value) if is_words else value
        if isinstance(value, dict):
            return {key: self.hidden_within(held, is_words=key in _READABLE) for key, held in value.items()}
        if isinstance(value, list):
            return [self.hidden_within(held, is_words=is_words) for held in value]
        return value

    def _without_beginnings(self, text: str) -> str:
        head, *rest = text.split(_CUT)
        for tail in rest:
            head = self._without_beginning(head) + _CUT + tail
        return head

    def _without_beginning(self, head: str) -> str:
        ending = head.lower()
        for passage in self._passages:
            for length in range(min(len(passage), len(head)), LEAST - 1, -1):
                if ending.endswith(passage[:length].lower()):
                    return head[: len(head) - length] + MASK
        return head
