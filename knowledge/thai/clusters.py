"""Thai character clusters of long texts at once, by the rules of pythainlp's `tcc_p`.

A cluster is letters that no word parts: a consonant with its vowels and marks. The rules are regular
expressions, tried in their order where a cluster begins; here each is tried at all letters together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
from pythainlp.tokenize.tcc_p import _RE_TCC

END = "\n"
"""Stands after each text: an end to the rules, a cluster of its own."""

_SILENCED = "([ก-ฮ][ก-ฮ]?[ูุิ]?[์])?"
"""What most rules end with: one or two consonants under a mark that silences them, if any."""
_BEFORE_LEADING = "(?=[เ-ไก-ฮ]|$)"
"""What some rules ask of the letter after."""
_LEADING = f"[เ-ไก-ฮ{END}]"
_LETTER = re.compile(r"(\[.+?\]|.)(\?)?")
_FIRST_SIGN, _SIGNS = 0x0E00, 0x80
_MOST_LETTERS = 10
"""More than any rule looks at."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to fit a rule: a set of letters, a regular expression, for each letter and for those only looked at."""

    letters: tuple[str, ...]
    ahead: tuple[str, ...]
    silenced: bool
    """Whether silenced consonants may follow."""


def cluster_starts(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Where the clusters begin of texts with END after each; `letters` are the code points."""
    lengths = _lengths(letters)
    # Where no cluster from before reaches beyond, one begins for certain; the others follow from those.
    here = np.arange(len(lengths))
    reached = np.maximum.accumulate(np.append(0, here + lengths))[:-1]
    begins = reached <= here
    at = np.flatnonzero(begins)
    while len(at):
        at = at + lengths[at]
        at = at[at < len(lengths)]
        at = at[~begins[at]]
        begins[at] = True
    return np.flatnonzero(begins)


def _lengths(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """How long a cluster would be that began at each letter."""
    count = len(letters)
    signs = np.zeros(count + _MOST_LETTERS, np.uint8)
    signs[:count] = np.where(letters == ord(END), _SIGNS, np.minimum(letters - _FIRST_SIGN, _SIGNS + 1))
    bit_of, sets_of_sign = _sets()
    sets = sets_of_sign[signs]
    member = {letter_set: sets & bit != 0 for letter_set, bit in bit_of.items()}

    def fitting(sets: Sequence[str], places: int) -> npt.NDArray[np.bool_]:
        fits = member[sets[0]][:places].copy()
        for number, letter_set in enumerate(sets[1:], start=1):
            fits &= member[letter_set][number : number + places]
        return fits

    silenced = np.zeros(len(signs), np.uint8)
    after = len(signs) - 4
    for way in reversed(_ways(_SILENCED[1:-2])):
        silenced[:after][fitting(way.letters, after)] = len(way.letters)
    lengths = np.ones(count, np.uint8)
    for way in reversed(_all_ways()):
        length = len(way.letters)
        own = silenced[length : length + count] + np.uint8(length) if way.silenced else np.uint8(length)
        np.copyto(lengths, own, where=fitting((*way.letters, *way.ahead), count))
    return lengths


@cache
def _all_ways() -> tuple[_Way, ...]:
    """All ways of all rules, those tried first before the others."""
    return tuple(way for rule in _RE_TCC for way in _ways(rule))


def _ways(rule: str) -> tuple[_Way, ...]:
    body = rule.removesuffix(_SILENCED)
    sure = body.removesuffix(_BEFORE_LEADING)
    choices = [[(found[1],), ()] if found[2] else [(found[1],)] for found in _LETTER.finditer(sure)]
    ahead = (_LEADING,) if sure != body else ()
    return tuple(
        _Way(tuple(letter for chosen in way for letter in chosen), ahead, body != rule)
        for way in product(*choices)
    )


@cache
def _sets() -> tuple[dict[str, np.uint64], npt.NDArray[np.uint64]]:
    """A bit for each set of letters of any way, and all sets of each sign: the Thai ones, END, any other."""
    ways = (*_all_ways(), *_ways(_SILENCED[1:-2]))
    sets = sorted({letter_set for way in ways for letter_set in (*way.letters, *way.ahead)})
    bit_of = {letter_set: np.uint64(1 << number) for number, letter_set in enumerate(sets)}
    signs = [*(chr(_FIRST_SIGN + sign) for sign in range(_SIGNS)), END, ""]
    sets_of_sign = [sum(int(bit) for sets, bit in bit_of.items() if re.match(sets, sign)) for sign in signs]
    return bit_of, np.array(sets_of_sign, np.uint64)
