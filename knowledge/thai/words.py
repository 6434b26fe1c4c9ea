"""Words of Thai text by dictionary (pythainlp's newmm), with an office's own words and synonyms on top."""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.thai.normalise import normalise

if TYPE_CHECKING:
    from knowledge.thai.cutting import Cutter

_SHORT_RUN = 16
_REMEMBERED_RUNS = 8192
_MANY_LETTERS = 100_000
"""Below this much text, cutting word by word costs less than the table for cutting all at once."""


_Branch = dict[int, "str | tuple[str | None, _Branch]"]
"""By letter's number, cheaper to look up: the only word that goes on so, or the word that ends here, if any, with what goes on."""


class WordList:
    """Words found by where they start; a fifth of the memory of pythainlp's trie and of the time to build it."""

    def __init__(self, words: Collection[str]) -> None:
        self._words = frozenset(words)
        self._root = _branch(sorted(self._words), 0)
        self.bridges = frozenset(
            word[at - 1 : at + 2] for word in self._words for at, sign in enumerate(word) if sign == " "
        )
        """The letters about each space inside a word: elsewhere no word goes on beyond a space."""

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def starting(self, text: str, letters: list[int], start: int) -> list[str]:
        """All words that start at `start`, shortest first; `letters` are the numbers of the text's, then a 0."""
        found: list[str] = []
        at = start
        node = self._root.get(letters[at])
        while node is not None:
            if isinstance(node, str):
                if text.startswith(node, start):
                    found.append(node)
                break
            word, branch = node
            if word is not None:
                found.append(word)
            at += 1
            node = branch.get(letters[at])
        return found


def _branch(words: list[str], depth: int) -> _Branch:
    """How the sorted `words`, alike in their first `depth` letters, go on."""
    branch: _Branch = {}
    for letter, going_on in groupby(words, key=lambda word: ord(word[depth])):
        alike = list(going_on)
        if len(alike) == 1:
            branch[letter] = alike[0]
        else:
            ended = alike[0] if len(alike[0]) == depth + 1 else None
            branch[letter] = (ended, _branch(alike[1:] if ended else alike, depth + 1))
    return branch


@cache
def _dictionary() -> WordList:
    """The general dictionary: about 60,000 words; loaded at the first question."""
    from pythainlp.corpus import thai_words

    return WordList({word.strip() for word in thai_words()})


def is_in_dictionary(word: str) -> bool:
    """Whether the general dictionary has the word."""
    return word in _dictionary()


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

    def __init__(self, own_words: Collection[str]) -> None:
        general, own = _dictionary(), WordList(own_words)
        self._general = general.starting
        self._own = own.starting
        self._own_words = own_words
        self._starts = frozenset(ord(word[0]) for word in own_words)
        self._bridges = general.bridges | own.bridges
        self._last: tuple[str, list[int]] = ("", [0])  # the text asked about last, kept in one piece
        self._cutter: Cutter | None = None
        self._short_run = lru_cache(_REMEMBERED_RUNS)(self._cut)

    def prefixes(self, text: str, start: int = 0) -> list[str]:
        """All words, general or own, that start at `start`."""
        last, letters = self._last
        if last is not text:
            letters = [*map(ord, text), 0]
            self._last = (text, letters)
        found = self._general(text, letters, start)
        if letters[start] in self._starts:
            found += self._own(text, letters, start)
        return found

    def tokens(self, text: str) -> list[str]:
        """The text cut by newmm, run by run: a run ends with a lone space inside no word.

        newmm cuts a run alike alone or in its text, but its time grows with the square of a text's length.
        """
        tokens: list[str] = []
        start = 0
        space = text.find(" ")
        while space >= 0:
            if text[space - 1 : space + 2] not in self._bridges and text[space + 1 : space + 2] != " ":
                tokens += self._run(text[start : space + 1])
                start = space + 1
            space = text.find(" ", space + 1)
        tokens += self._run(text[start:])
        return tokens

    def tokens_of_many(self, texts: Sequence[str]) -> list[str]:
        """`tokens` of all texts, with a line break after each; long texts together take a fifth of the time."""
        if self._cutter is None and sum(map(len, texts)) < _MANY_LETTERS:
            return [token for text in texts for token in (*self.tokens(text), "\n")]
        if self._cutter is None:
            from knowledge.thai.cutting import Cutter, table_of

            self._cutter = Cutter(table_of(_dictionary(), self._own_words), self.tokens)
        return self._cutter.tokens(texts)

    def _run(self, run: str) -> Sequence[str]:
        return self._short_run(run) if len(run) <= _SHORT_RUN else self._cut(run)

    def _cut(self, run: str) -> list[str]:
        from pythainlp.tokenize.newmm import segment

        return segment(run, self)  # type: ignore[arg-type]


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
        return self._known().tokens(text)

    def tokens_of_many(self, texts: Sequence[str]) -> list[str]:
        """`tokens` of each of many texts, with a line break after each."""
        return self._known().tokens_of_many(texts)

    def _known(self) -> _Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = _Vocabulary(self.own_words | self._concepts.keys() | self.protected)
        return self._vocabulary

    def words(self, text: str) -> list[str]:
        """The words of normalised `text`, without spaces."""
        return [token for token in self.tokens(text) if not token.isspace()]

    def concept(self, word: str) -> str:
        """The word that stands for `word` and its synonyms."""
        return self._concepts.get(word, word)

    def alike(self, word: str) -> tuple[str, ...]:
        """All words read as the normalised `word` is, through however many groups, itself included."""
        concept = self.concept(word)
        return tuple(other for other, own in self._concepts.items() if own == concept) or (word,)
