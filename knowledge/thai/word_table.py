"""Words of a dictionary in arrays, to be looked up at many places of a text at once."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

CodePoints = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.int64]

_SPREAD = 0x9E3779B1
_FREE = -1


class WordTable:
    """A trie: from a node, the root being 0, each letter leads to a node or nowhere; words end at nodes.

    Every word has a mark of one byte, not 0, told at the node where it ends.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        ordered = sorted(words)
        text = code_points("".join(ordered))
        alphabet = np.unique(text)
        self._letters = np.zeros(int(alphabet.max(initial=0)) + 2, np.int32)
        self._letters[alphabet] = np.arange(1, len(alphabet) + 1)
        self._size = len(alphabet) + 1
        lengths = np.fromiter(map(len, ordered), np.int64, len(ordered))
        keys, ends = _branches(self.letters(text), lengths, self._size)
        self.marks = np.zeros(len(keys) + 1, np.uint8)
        self.marks[ends] = [words[word] for word in ordered]
        self._bits = max(2 * len(keys), 2).bit_length()
        self._keys, self._nodes = self._scattered(keys)
        every = np.arange(self._size, dtype=np.int32)
        self._first_nodes = self.follow(np.zeros_like(every), every)

    def letters(self, text: CodePoints) -> npt.NDArray[np.int32]:
        """The number of each letter of a text: 0 for one in no word."""
        return self._letters[np.minimum(text, len(self._letters) - 1)]

    def begin(self, letters: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The node each letter leads to from the root; 0 where no word begins so."""
        return self._first_nodes[letters]

    def follow(self, nodes: npt.NDArray[np.int32], letters: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The node each letter leads to from each node; 0 where no word goes on so."""
        keys = nodes * np.int32(self._size) + letters
        slots = self._first_slots(keys)
        found = self._keys[slots]
        elsewhere = np.flatnonzero((found != keys) & (found != _FREE))
        while len(elsewhere):
            slots[elsewhere] = (slots[elsewhere] + 1) & (len(self._keys) - 1)
            there = self._keys[slots[elsewhere]]
            found[elsewhere] = there
            elsewhere = elsewhere[(there != keys[elsewhere]) & (there != _FREE)]
        return np.where(found == keys, self._nodes[slots], np.int32(0))

    def _first_slots(self, keys: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
        return ((keys.astype(np.uint32) * np.uint32(_SPREAD)) >> np.uint32(32 - self._bits)).astype(np.intp)

    def _scattered(self, keys: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The keys by hash, each in the first free slot from its own on, and the nodes they lead to."""
        slots = self._first_slots(keys)
        taken = np.full(1 << self._bits, _FREE, np.int32)
        nodes = np.zeros(len(taken), np.int32)
        left = np.arange(len(keys))
        while len(left):
            free = left[taken[slots[left]] == _FREE]
            taken[slots[free]] = keys[free]
            left = left[taken[slots[left]] != keys[left]]
            slots[left] = (slots[left] + 1) & (len(taken) - 1)
        nodes[slots] = np.arange(1, len(keys) + 1, dtype=np.int32)
        return taken, nodes


def code_points(text: str) -> CodePoints:
    """The numbers of a text's letters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _branches(
    letters: npt.NDArray[np.int32], lengths: Numbers, size: int
) -> tuple[npt.NDArray[np.int32], Numbers]:
    """The keys, node times `size` plus letter, that lead to nodes 1, 2 and so on, and the node where each word ends.

    `letters` are those of the words in ascending order, one after the other.
    """
    starts = np.cumsum(lengths) - lengths
    nodes = np.zeros(len(lengths), np.int64)
    keys: list[Numbers] = []
    made = 0
    going_on = np.flatnonzero(lengths > 0)
    depth = 0
    while len(going_on):
        steps = nodes[going_on] * size + letters[starts[going_on] + depth]
        new = np.append(True, steps[1:] != steps[:-1])
        nodes[going_on] = made + np.cumsum(new)
        keys.append(steps[new])
        made += int(np.count_nonzero(new))
        depth += 1
        going_on = going_on[lengths[going_on] > depth]
    return np.concatenate(keys).astype(np.int32), nodes
