"""Immutable inverted lists in numpy: for each key, the rows that contain it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows and values of each key, keys ascending. `values` are 0..255; `marks` are bits, one per chunk.

    Shapes: keys (k), offsets (k + 1), rows, values and marks (number of postings).
    """

    keys: Keys
    offsets: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    values: npt.NDArray[np.uint8]
    marks: npt.NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Number of postings."""
        return len(self.rows)

    def find(self, wanted: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where each wanted key's postings start and how many there are (0 for an unknown key)."""
        if len(self.keys) == 0:
            nothing = np.zeros(len(wanted), dtype=np.int64)
            return nothing, nothing
        slots = np.searchsorted(self.keys, wanted)
        slots[slots == len(self.keys)] = 0
        starts = self.offsets[slots]
        counts = np.where(self.keys[slots] == wanted, self.offsets[slots + 1] - starts, 0)
        return starts, counts


def distinct(keys: Keys) -> Keys:
    """The different keys, ascending. For a question's few hundred keys this beats `np.unique`."""
    ordered = np.sort(keys)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]


def _union(large: Keys, small: Keys) -> Keys:
    """All keys of two ascending lists of distinct keys."""
    at = np.searchsorted(large, small)
    new = large[np.minimum(at, len(large) - 1)] != small
    return np.insert(large, at[new], small[new])


def empty_postings() -> Postings:
    """Postings of nothing."""
    return Postings(
        keys=np.empty(0, np.int64),
        offsets=np.zeros(1, np.int64),
        rows=np.empty(0, np.int32),
        values=np.empty(0, np.uint8),
        marks=np.empty(0, np.uint8),
    )


def gather(starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of all postings of the given runs, one run after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - counts), counts)


def build_postings(
    row_keys: Sequence[tuple[int, Keys, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]],
) -> Postings:
    """Postings of rows given in ascending order, each with its distinct keys, their values and marks."""
    if not row_keys:
        return empty_postings()
    keys = np.concatenate([item[1] for item in row_keys])
    rows = np.repeat(np.array([item[0] for item in row_keys], np.int32), [len(item[1]) for item in row_keys])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    return Postings(
        keys=keys[firsts],
        offsets=np.append(firsts, len(keys)).astype(np.int64),
        rows=rows[order],
        values=np.concatenate([item[2] for item in row_keys])[order],
        marks=np.concatenate([item[3] for item in row_keys])[order],
    )


def merge(first: Postings, second: Postings) -> Postings:
    """Both together in linear time; every row of `second` must be above those of `first`."""
    if second.size == 0:
        return first
    if first.size == 0:
        return second
    keys = _union(first.keys, second.keys)
    slots = (np.searchsorted(keys, first.keys), np.searchsorted(keys, second.keys))
    counts = np.zeros(len(keys), np.int64)
    first_counts = np.diff(first.offsets)
    second_counts = np.diff(second.offsets)
    counts[slots[0]] += first_counts
    counts[slots[1]] += second_counts
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    first_at = gather(offsets[slots[0]], first_counts)
    second_at = gather(offsets[slots[1] + 1] - second_counts, second_counts)
    total = int(offsets[-1])
    rows = np.empty(total, np.int32)
    values = np.empty(total, np.uint8)
    marks = np.empty(total, np.uint8)
    for at, part in ((first_at, first), (second_at, second)):
        rows[at] = part.rows
        values[at] = part.values
        marks[at] = part.marks
    return Postings(keys=keys, offsets=offsets, rows=rows, values=values, marks=marks)


def renumber(postings: Postings, new_rows: npt.NDArray[np.int32]) -> Postings:
    """Give row r the number `new_rows[r]`, in the same order, dropping rows whose new number is -1."""
    rows = new_rows[postings.rows]
    kept = rows >= 0
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))
    counts = np.diff(before[postings.offsets])
    live = counts > 0
    return Postings(
        keys=postings.keys[live],
        offsets=np.concatenate((np.zeros(1, np.int64), np.cumsum(counts[live]))),
        rows=rows[kept],
        values=postings.values[kept],
        marks=postings.marks[kept],
    )
