"""Many texts cut into words at once, exactly as pythainlp's newmm cuts each of them.

newmm goes from left to right. From a place it follows every dictionary word, and every word from where those end,
until all ways meet in one place: of the ways there it takes the one of fewest words, among equals the one whose
first words are shortest. Words begin and end only between Thai character clusters. Where no word begins, what
comes before the next likely word is a token of its own. Here the words from every place of all texts are
found together, and where their ways meet; only the walk from meeting to meeting is a loop.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pythainlp.tokenize.newmm import _MAX_GRAPH_SIZE, _PAT_NONTHAI, _PAT_THAI_TWOCHARS

from knowledge.thai.clusters import END, cluster_starts
from knowledge.thai.word_table import CodePoints, WordTable, code_points

_GENERAL, _OWN, _LONGER = 1, 2, 4
"""Marks of a word: in the general dictionary, in the own one, not only one or two consonants."""

_FARTHEST = 62
"""Clusters a word may have here."""
_ONE = np.uint64(1)

_Masks = npt.NDArray[np.uint64]
_Flags = npt.NDArray[np.bool_]
_Places = npt.NDArray[np.int64]


def table_of(general: Iterable[str], own: Iterable[str]) -> WordTable:
    """The words of both dictionaries for a `Cutter`."""
    marks = dict.fromkeys(general, _GENERAL)
    for word in own:
        marks[word] = marks.get(word, 0) | _OWN
    for word in marks:
        if not _PAT_THAI_TWOCHARS.match(word):
            marks[word] |= _LONGER
    return WordTable(marks)


class Cutter:
    """Cuts by the words of a table; where it would have to give up, `by_newmm` cuts one text instead."""

    def __init__(self, table: WordTable, by_newmm: Callable[[str], Sequence[str]]) -> None:
        self._table = table
        self._by_newmm = by_newmm

    def tokens(self, texts: Iterable[str]) -> list[str]:
        """All pieces of all texts, spaces included, and END after each text, which none of them may hold."""
        return _Walk("".join([text + END for text in texts]), self._table, self._by_newmm).tokens()


class _Walk:
    """One walk through texts, each with its end. Places are clusters, counted from 0."""

    def __init__(self, text: str, table: WordTable, by_newmm: Callable[[str], Sequence[str]]) -> None:
        letters = code_points(text)
        starts = cluster_starts(letters)
        self._text = text
        self._by_newmm = by_newmm
        self._starts = np.append(starts, len(text))
        self._places = np.full(len(self._text) + 1, -1, np.int32)
        self._places[self._starts] = np.arange(len(self._starts))
        self._words = _Words(table, letters, starts, self._places)
        self._meetings, self._unsure = _meetings(self._words)
        self._bounds, self._closer_look = self._outlook(letters[starts])

    def _outlook(self, first_letters: CodePoints) -> tuple[_Places, _Flags]:
        """Where the one token from each place ends; with the flag, before where, to be told by a closer look."""
        here = np.arange(len(first_letters))
        either = self._words.either
        one_word = (either >> (self._meetings - here).astype(np.uint64)) & _ONE != 0
        foreign, foreign_ends, sure = _foreign(first_letters)
        unknown = np.where(foreign, foreign_ends, _next(foreign | self._words.longer))
        closer_look = np.where(either, ~one_word, foreign & ~sure)
        return np.where(either, self._meetings, unknown), closer_look | self._unsure

    def tokens(self) -> list[str]:
        """All tokens of all texts."""
        # Where no token from before may reach beyond, one begins for certain: the walk goes on from all of these.
        reached = np.maximum.accumulate(np.append(0, self._bounds))[:-1]
        at = np.flatnonzero(reached <= np.arange(len(reached)))
        begins = np.zeros(len(reached) + 1, np.bool_)
        begins[-1] = True
        left_to_newmm: set[int] = set()
        while len(at):
            begins[at] = True
            to = self._bounds[at]
            for number in np.flatnonzero(self._closer_look[at]).tolist():
                place = int(at[number])
                if self._unsure[place]:
                    left_to_newmm.add(self._text.rfind(END, 0, int(self._starts[place])) + 1)
                elif self._words.either[place]:
                    begins[self._fewest(place, int(to[number]))] = True
                else:
                    to[number] = self._foreign_end(place)
            at = to[~begins[to]]
        for start in left_to_newmm:
            self._leave_to_newmm(start, begins)
        return [self._text[start:end] for start, end in pairwise(self._starts[begins].tolist())]

    def _fewest(self, start: int, goal: int) -> list[int]:
        """The places between the fewest words from `start` to `goal`, found in the order of newmm's search."""
        before: dict[int, int] = {}
        queue = [start]
        for at in queue:
            for distance in self._words.distances(at):
                to = at + distance
                if to not in before:
                    before[to] = at
                    queue.append(to)
            if goal in before:
                break
        way: list[int] = []
        at = before[goal]
        while at != start:
            way.append(at)
            at = before[at]
        return way

    def _foreign_end(self, at: int) -> int:
        """Where the token ends of what is not Thai and no word."""
        found = _PAT_NONTHAI.match(self._text, int(self._starts[at]))
        return int(self._places[found.end()]) if found else at + 1

    def _leave_to_newmm(self, start: int, begins: _Flags) -> None:
        """Cut the whole text whose letters begin at `start` by newmm."""
        end = self._text.index(END, start)
        lengths = [*map(len, self._by_newmm(self._text[start:end]))]
        begins[self._places[start] : self._places[end]] = False
        begins[self._places[start + np.cumsum([0, *lengths[:-1]])]] = True


def _next(flags: _Flags) -> _Places:
    """For each place the next one with the flag, or the end."""
    places = np.append(np.where(flags, np.arange(len(flags)), len(flags)), len(flags))
    return np.minimum.accumulate(places[::-1])[::-1][1:]


class _Words:
    """The words that begin at each place: how many clusters they have, as the bits of a mask.

    `longer` tells of a word that may follow an unknown one, `too_long` of one that no mask can hold.
    """

    def __init__(
        self, table: WordTable, text: CodePoints, starts: _Places, places: npt.NDArray[np.int32]
    ) -> None:
        self._general = np.zeros(len(starts), np.uint64)
        self._own = np.zeros(len(starts), np.uint64)
        self.longer = np.zeros(len(starts), np.bool_)
        self.too_long = np.zeros(len(starts), np.bool_)
        letters = table.letters(text)
        at = np.arange(len(starts), dtype=np.int32)
        position = starts.astype(np.int32)
        nodes = table.begin(letters[position])
        while len(at):
            on = np.flatnonzero(nodes)
            at, position, nodes = at[on], position[on] + np.int32(1), nodes[on]
            self._note(at, places[position], table.marks[nodes])
            nodes = table.follow(nodes, letters[position])
        self.either = self._general | self._own
        self.counts = (np.bitwise_count(self._general) + np.bitwise_count(self._own)).astype(np.int32)

    def _note(
        self, at: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], marks: npt.NDArray[np.uint8]
    ) -> None:
        """Note the words, those with a mark, that end between clusters."""
        words = np.flatnonzero((marks != 0) & (ends >= 0))
        at, marks = at[words], marks[words]
        distances = ends[words] - at
        self.longer[at] |= marks & _LONGER != 0
        self.too_long[at] |= distances > _FARTHEST
        bits = _ONE << np.minimum(distances, _FARTHEST).astype(np.uint64)
        self._general[at] |= np.where(marks & _GENERAL, bits, np.uint64(0))
        self._own[at] |= np.where(marks & _OWN, bits, np.uint64(0))

    def distances(self, at: int) -> tuple[int, ...]:
        """How far the words from a place go, in the order of a dictionary's answer."""
        return _bits(int(self._general[at])) + _bits(int(self._own[at]))


@lru_cache(maxsize=4096)
def _bits(mask: int) -> tuple[int, ...]:
    """The numbers of the bits of a mask, ascending."""
    return tuple(number for number in range(mask.bit_length()) if mask >> number & 1)


def _meetings(words: _Words) -> tuple[_Places, _Flags]:
    """The place where all ways from each place meet, and whether newmm may end its search before that."""
    here = np.arange(len(words.either))
    followed = words.counts.copy()
    unsure = words.too_long | (followed > _MAX_GRAPH_SIZE)
    # The ways at hand end at `meetings`, the nearest end, and at those that `beyond` tells, counted from there.
    nearest = _lowest(words.either)
    meetings = np.where(words.either, here + nearest, here)
    beyond = np.where(words.either, words.either >> nearest, _ONE) ^ _ONE
    at = np.flatnonzero((beyond != 0) & ~unsure)
    beyond = beyond[at]
    while len(at):
        place = meetings[at]
        followed[at] += words.counts[place]
        unsure[at] |= words.too_long[place] | (followed[at] > _MAX_GRAPH_SIZE)
        beyond |= words.either[place]
        nearest = _lowest(beyond)
        meetings[at] += nearest
        beyond = (beyond >> nearest) ^ _ONE
        on = (beyond != 0) & ~unsure[at]
        at, beyond = at[on], beyond[on]
    return meetings, unsure


def _lowest(masks: _Masks) -> npt.NDArray[np.uint8]:
    """The number of the lowest bit of each mask; 64 for none."""
    return np.bitwise_count(~masks & (masks - _ONE))


def _foreign(letters: CodePoints) -> tuple[_Flags, _Places, _Flags]:
    """Where newmm's pattern for what is not Thai fits, where that token ends, and whether it does so surely.

    Sure are Latin letters, and a letter by itself; where it is not sure, the token ends there at the latest.
    """
    signs = (letters >= 0x0E00) & (letters <= 0x0E7F)
    thai_digits = (letters >= ord("๐")) & (letters <= ord("๙"))
    thai = signs & ~thai_digits
    lower = letters | 0x20
    latin = (lower >= ord("a")) & (lower <= ord("z")) | (letters == ord("-"))
    before_thai = np.append(thai[1:], False)
    before_latin = np.append(latin[1:], False)
    alone = before_thai | (letters == ord(END)) | (letters == ord(" ")) & before_latin
    ends = np.where(alone, np.arange(1, len(letters) + 1), np.where(latin, _next(~latin), _next(thai)))
    return ~thai, ends, alone | latin
