"""Words of Thai text by dictionary (pythainlp's newmm), with an office's own vocabulary on top."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from knowledge.thai.normalise import normalise

if TYPE_CHECKING:
    from pythainlp.util import Trie


@cache
def _dictionary() -> "Trie":
    """The general dictionary: about 60,000 words, 80 MB, half a second; loaded at the first question."""
    from pythainlp.tokenize import word_dict_trie

    return word_dict_trie()


class _Vocabulary:
    """The general dictionary with a few words more, without copying it.

    newmm asks a dictionary only for the words that start at a position.
    """

    def __init__(self, own: "Trie") -> None:
        self._general = _dictionary()
        self._own = own

    def prefixes(self, text: str, start: int = 0) -> list[str]:
        """All words, general or own, that start at `start`."""
        return self._general.prefixes(text, start) + self._own.prefixes(text, start)


class Segmenter:
    """Cuts normalised text into words. Immutable: an extended vocabulary is a new segmenter."""

    def __init__(self, own_words: Iterable[str] = ()) -> None:
        self.own_words = frozenset(own_words)

    def with_words(self, candidates: Iterable[str]) -> "Segmenter":
        """Add those of `candidates` that the dictionary would break into meaningless pieces.

        A compound whose parts are words stays in parts: "เบี้ย|ผู้สูงอายุ" then still meets "เบี้ยคนแก่".
        """
        known = _dictionary()
        added: set[str] = set()
        for candidate in candidates:
            word = normalise(candidate)
            if not 2 <= len(word) <= 30 or " " in word or word in self.own_words or word in known:
                continue
            if any(len(part) > 0 and part not in known for part in self.words(word)):
                added.add(word)
        return Segmenter(self.own_words | added) if added else self

    def tokens(self, text: str) -> list[str]:
        """All pieces of normalised `text`, spaces included; joined they are the text again."""
        from pythainlp.tokenize.newmm import segment

        return segment(text, self._trie())  # type: ignore[arg-type]

    def words(self, text: str) -> list[str]:
        """The words of normalised `text`, without spaces."""
        return [token for token in self.tokens(text) if not token.isspace()]

    def _trie(self) -> "Trie | _Vocabulary":
        if not self.own_words:
            return _dictionary()
        if not hasattr(self, "_overlay"):
            from pythainlp.util import Trie

            self._overlay = _Vocabulary(Trie(self.own_words))
        return self._overlay
