"""Words of Thai text by dictionary (pythainlp's newmm), with an office's own words and synonyms on top."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeWords:
    """What an office adds to the reading of Thai.

    `synonyms` are groups of words that mean the same there. `protected` words are known as words, never
    taken for a polite word, and no shipped synonym replaces them. `stop_phrases` say nothing about a subject:
    they are left out of questions, wherever they stand.
    """

    synonyms: tuple[tuple[str, ...], ...] = ()
    protected: tuple[str, ...] = ()
    stop_phrases: tuple[str, ...] = ()


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


def _concepts(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """The word that stands for each word; groups that share a word become one."""
    concepts: dict[str, str] = {}
    for group in groups:
        words = [word for word in map(normalise, group) if word]
        met = {concepts[word] for word in words if word in concepts}
        words += [word for word, concept in concepts.items() if concept in met]
        concepts.update(dict.fromkeys(words, words[0]) if words else {})
    return concepts


class Segmenter:
    """Cuts normalised text into words and knows which mean the same.

    Immutable: an extended vocabulary is a new segmenter. `own_words` are known besides the dictionary's and
    the office's. The first word of a group of synonyms stands for all of it.
    """

    def __init__(self, own_words: Iterable[str] = (), office: OfficeWords | None = None) -> None:
        self.office = office or OfficeWords()
        self.own_words = frozenset(own_words)
        self.protected = frozenset(filter(None, map(normalise, self.office.protected)))
        self.stop_phrases = frozenset(filter(None, map(normalise, self.office.stop_phrases)))
        shipped = [[word for word in group if word not in self.protected] for group in everyday_synonyms()]
        self._concepts = _concepts((*shipped, *self.office.synonyms))
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
        return Segmenter(self.own_words | added, self.office) if added else self

    def tokens(self, text: str) -> list[str]:
        """All pieces of normalised `text`, spaces included; joined they are the text again."""
        from pythainlp.tokenize.newmm import segment

        if self._vocabulary is None:
            self._vocabulary = _Vocabulary(self.own_words | self._concepts.keys() | self.protected)
        return segment(text, self._vocabulary)  # type: ignore[arg-type]

    def words(self, text: str) -> list[str]:
        """The words of normalised `text`, without spaces."""
        return [token for token in self.tokens(text) if not token.isspace()]

    def concept(self, word: str) -> str:
        """The word that stands for `word` and its synonyms."""
        return self._concepts.get(word, word)
