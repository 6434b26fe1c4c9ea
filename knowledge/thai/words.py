"""Words of Thai text by dictionary (pythainlp's newmm), with an office's own words and synonyms on top."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.thai.normalise import normalise

if TYPE_CHECKING:
    from pythainlp.util import Trie


@cache
def _dictionary() -> "Trie":
    """The general dictionary: about 60,000 words, 80 MB, half a second; loaded at the first question."""
    from pythainlp.tokenize import word_dict_trie

    return word_dict_trie()


@cache
def everyday_synonyms() -> tuple[tuple[str, ...], ...]:
    """Groups of words that residents and offices use for the same thing."""
    text = (Path(__file__).parent / "everyday_words.toml").read_text(encoding="utf-8")
    return tuple(tuple(group) for group in tomllib.loads(text)["same"])


class _Vocabulary:
    """The general dictionary with a few words more, without copying it.

    newmm asks a dictionary only for the words that start at a position.
    """

    def __init__(self, own_words: Iterable[str]) -> None:
        from pythainlp.util import Trie

        self._general = _dictionary()
        self._own = Trie(own_words)
        self._starts = frozenset(word[0] for word in own_words)

    def prefixes(self, text: str, start: int = 0) -> list[str]:
        """All words, general or own, that start at `start`."""
        found = self._general.prefixes(text, start)
        if text[start : start + 1] in self._starts:
            found += self._own.prefixes(text, start)
        return found


class Segmenter:
    """Cuts normalised text into words and knows which mean the same.

    Immutable: an extended vocabulary is a new segmenter. `synonyms` are groups; the first word of a group
    stands for all of it.
    """

    def __init__(
        self, own_words: Iterable[str] = (), synonyms: Sequence[Sequence[str]] | None = None
    ) -> None:
        groups = everyday_synonyms() if synonyms is None else synonyms
        self.own_words = frozenset(own_words)
        self.synonyms = tuple(tuple(normalise(word) for word in group) for group in groups)
        self._concepts = {word: group[0] for group in self.synonyms for word in group}
        self._vocabulary: _Vocabulary | None = None

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
            if any(part not in known and part not in self._concepts for part in self.words(word)):
                added.add(word)
        return Segmenter(self.own_words | added, self.synonyms) if added else self

    def tokens(self, text: str) -> list[str]:
        """All pieces of normalised `text`, spaces included; joined they are the text again."""
        from pythainlp.tokenize.newmm import segment

        if self._vocabulary is None:
            self._vocabulary = _Vocabulary(self.own_words | self._concepts.keys())
        return segment(text, self._vocabulary)  # type: ignore[arg-type]

    def words(self, text: str) -> list[str]:
        """The words of normalised `text`, without spaces."""
        return [token for token in self.tokens(text) if not token.isspace()]

    def concept(self, word: str) -> str:
        """The word that stands for `word` and its synonyms."""
        return self._concepts.get(word, word)
