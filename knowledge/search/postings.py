"""Immutable inverted lists in numpy: for each key, the rows that contain it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
"""A key: its channel in the high bits, the word or n-gram in the low 32."""

Rows = npt.NDArray[np.uint16 | np.uint32]
Bytes = npt.NDArray[np.uint8]

CHANNEL_BITS = 32
MOST_CHANNELS = 3
MOST_NARROW_ROWS = 1 << 16
"""Rows that a list can tell apart in two bytes each."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows and values of each key, keys ascending. `values` are 0..255; `marks` are bits, one per chunk.

    Channel c has keys[bounds[c]:bounds[c + 1]], without their channel. Rows count from `base`. Shapes: keys (k),
    offsets (k + 1), rows (number of postings), values and marks (the same, or none where nothing needs them),
    common and common_counts (alike). `common` keys occur too often to tell rows apart: only how often is kept.
    """

    keys: npt.NDArray[np.uint32]
    bounds: tuple[int, ...]
    offsets: npt.NDArray[np.int64]
    base: int
    rows: Rows
    values: Bytes
    marks: Bytes
    common: Keys
    common_counts: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of postings."""
        return len(self.rows)

    @property
    def full_keys(self) -> Keys:
        """The keys with their channels."""
        channels = np.repeat(np.arange(MOST_CHANNELS, dtype=np.int64), np.diff(self.bounds))
        return (channels << CHANNEL_BITS) | self.keys

    def find(self, wanted: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where the postings of each wanted key start and how many there are (0 for an unknown or common key).

        `wanted` is ascending.
        """
        parts = wanted.searchsorted(_CHANNEL_STARTS).tolist()
        low = wanted.astype(np.uint32)
        slots = np.zeros(len(wanted), np.int64)
        for channel in range(MOST_CHANNELS):
            first, last = self.bounds[channel], self.bounds[channel + 1]
            asked = slice(parts[channel], parts[channel + 1])
            if first < last and asked.start < asked.stop:
                found = self.keys[first:last].searchsorted(low[asked])
                slots[asked] = np.minimum(found, last - first - 1) + first
        if len(self.keys) == 0:
            return slots, slots
        starts = self.offsets[slots]
        return starts, (self.offsets[slots + 1] - starts) * (self.keys[slots] == low)

    def common_among(self, wanted: Keys) -> npt.NDArray[np.int64]:
        """How many rows have each wanted key, of those too common to be listed; 0 for the others."""
        if len(self.common) == 0:
            return np.zeros(len(wanted), np.int64)
        at = np.minimum(np.searchsorted(self.common, wanted), len(self.common) - 1)
        return np.where(self.common[at] == wanted, self.common_counts[at], 0)


_CHANNEL_STARTS = np.arange(MOST_CHANNELS + 1, dtype=np.int64) << CHANNEL_BITS


def distinct(keys: Keys) -> Keys:
    """The different keys, ascending. For a question's few hundred keys this beats `np.unique`."""
    ordered = np.sort(keys)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]


def empty_postings() -> Postings:
    """Postings of nothing."""
    none = np.empty(0, np.int64)
    return postings_of(none, none, base=0)


def postings_of(
    keys: Keys,
    rows: npt.NDArray[np.signedinteger],
    *,
    base: int,
    values: Bytes | None = None,
    marks: Bytes | None = None,
) -> Postings:
    """Postings in the order of their keys and, within a key, their rows; each pair occurs once."""
    firsts = starts_of_runs(keys)
    nothing = np.empty(0, np.uint8)
    return _listed(
        keys[firsts],
        np.append(firsts, len(keys)),
        base,
        rows.astype(_row_type(int(rows.max(initial=0)) + 1)),
        nothing if values is None else values,
        nothing if marks is None else marks,
    )


def ascending(keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """The places of the keys in ascending order, equal ones as they come.

    numpy counts numbers of two bytes instead of comparing them: twice that takes a third of the time of a sort.
    """
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    return order[np.argsort((keys >> np.uint32(16)).astype(np.uint16)[order], kind="stable")]


def starts_of_runs(*ordered: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.int64]:
    """Where each different number, or numbers side by side, comes first in ascending lists of one length."""
    if len(ordered[0]) == 0:
        return np.empty(0, np.int64)
    new = np.empty(len(ordered[0]), np.bool_)
    new[0] = True
    np.not_equal(ordered[0][1:], ordered[0][:-1], out=new[1:])
    for numbers in ordered[1:]:
        new[1:] |= numbers[1:] != numbers[:-1]
    return np.flatnonzero(new)


def gather(starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of all postings of the given runs, one run after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - counts), counts)


def blocks(offsets: npt.NDArray[np.int64]) -> list[slice]:
    """Keys in a row whose postings are about a million together."""
    count = len(offsets) - 1
    if count == 0:
        return []
    cuts = np.searchsorted(offsets, np.arange(_BLOCK, int(offsets[-1]), _BLOCK), side="right") - 1
    at = sorted({0, *cuts.tolist(), count})
    return [slice(first, last) for first, last in pairwise(at)]


def equal_cuts(postings: Postings, count: int) -> Keys:
    """Keys that cut the postings into at most `count` ranges of about the same size."""
    every = np.linspace(0, postings.size, count + 1)[1:-1]
    return np.unique(postings.full_keys[np.searchsorted(postings.offsets[:-1], every, side="right") - 1])


def copied(postings: Postings) -> Postings:
    """The same, holding no larger array alive."""
    return replace(
        postings, rows=postings.rows.copy(), values=postings.values.copy(), marks=postings.marks.copy()
    )


def merge(parts: Sequence[Postings], most: int | None = None) -> Postings:
    """All parts together; every row of a part is above those of the parts before it.

    Keys with more than `most` postings become common.
    """
    return assemble(in_key_ranges(parts), most)


def in_key_ranges(parts: Sequence[Postings]) -> list[list[Postings]]:
    """The parts cut into ranges of keys of about a million postings, without copying."""
    if not parts:
        return []
    largest = max(parts, key=lambda part: part.size)
    cuts = equal_cuts(largest, largest.size // _BLOCK + 1) if largest.size else np.empty(0, np.int64)
    return [list(group) for group in zip(*(split(part, cuts) for part in parts), strict=True)]


def split(postings: Postings, cuts: Keys) -> list[Postings]:
    """Views of the postings below the first of the ascending `cuts`, from it to the second, and so on."""
    full = postings.full_keys
    at = [0, *np.searchsorted(full, cuts).tolist(), len(full)]
    common_at = [0, *np.searchsorted(postings.common, cuts).tolist(), len(postings.common)]
    pieces: list[Postings] = []
    for number in range(len(cuts) + 1):
        first, last = at[number], at[number + 1]
        start, end = int(postings.offsets[first]), int(postings.offsets[last])
        commons = slice(common_at[number], common_at[number + 1])
        pieces.append(
            _listed(
                full[first:last],
                postings.offsets[first : last + 1] - start,
                postings.base,
                postings.rows[start:end],
                postings.values[start:end],
                postings.marks[start:end],
                postings.common[commons],
                postings.common_counts[commons],
            )
        )
    return pieces


def assemble(groups: list[list[Postings]], most: int | None = None) -> Postings:
    """One whole of ranges of keys in ascending order, each in parts as `merge` takes them.

    Each group is emptied once it is taken over, so that all parts and the whole are never held together.
    """
    if not groups:
        return empty_postings()
    tables = [_table(parts, most) for parts in groups]
    parts = [part for group in groups for part in group]
    base = min(part.base for part in parts)
    last = max(part.base + int(part.rows.max(initial=0)) for part in parts)
    total = sum(int(counts.sum()) for _, counts, _, _ in tables)
    rows = np.empty(total, _row_type(last - base + 1))
    values = np.empty(total if any(len(part.values) for part in parts) else 0, np.uint8)
    marks = np.empty(len(values), np.uint8)
    del parts
    filled = 0
    for group, (keys, counts, _, _) in zip(groups, tables, strict=True):
        ends = filled + np.cumsum(counts)
        free = ends - counts
        for part in group:
            slots = np.searchsorted(keys, part.full_keys)
            part_counts = np.diff(part.offsets)
            listed = counts[slots] > 0
            for block in blocks(part.offsets):
                source_counts = np.where(listed[block], part_counts[block], 0)
                at = gather(free[slots[block]], source_counts)
                source = slice(int(part.offsets[block.start]), int(part.offsets[block.stop]))
                if not listed[block].all():
                    source = gather(part.offsets[block], source_counts)
                rows[at] = part.rows[source].astype(rows.dtype) + rows.dtype.type(part.base - base)
                if len(values):
                    values[at] = part.values[source]
                    marks[at] = part.marks[source]
            free[slots] += np.where(listed, part_counts, 0)
        filled = int(ends[-1]) if len(ends) else filled
        group.clear()
    keys = np.concatenate([keys[counts > 0] for keys, counts, _, _ in tables])
    offsets = np.concatenate(([0], np.cumsum(np.concatenate([c[c > 0] for _, c, _, _ in tables]))))
    return _listed(
        keys,
        offsets,
        base,
        rows,
        values,
        marks,
        np.concatenate([common for _, _, common, _ in tables]),
        np.concatenate([common_counts for _, _, _, common_counts in tables]),
    )


def renumber(
    postings: Postings, new_rows: npt.NDArray[np.int64], base: int, share: float, most: int | None
) -> Postings:
    """Give row r the number `new_rows[r]`, in the same order, dropping rows whose new number is -1.

    Of common keys nobody knows which rows had them: `share` of these are taken to remain, and more than `most`.
    """
    rows = new_rows[postings.rows.astype(np.int64) + postings.base]
    kept = rows >= 0
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))
    counts = np.diff(before[postings.offsets])
    live = counts > 0
    kept_rows = rows[kept] - base
    return _listed(
        postings.full_keys[live],
        np.concatenate((np.zeros(1, np.int64), np.cumsum(counts[live]))),
        base,
        kept_rows.astype(_row_type(int(kept_rows.max(initial=0)) + 1)),
        postings.values[kept] if len(postings.values) else postings.values,
        postings.marks[kept] if len(postings.marks) else postings.marks,
        postings.common,
        np.maximum(np.ceil(postings.common_counts * share).astype(np.int64), (most or 0) + 1),
    )


def _listed(
    keys: Keys,
    offsets: npt.NDArray[np.int64],
    base: int,
    rows: Rows,
    values: Bytes,
    marks: Bytes,
    common: Keys | None = None,
    common_counts: npt.NDArray[np.int64] | None = None,
) -> Postings:
    none = np.empty(0, np.int64)
    return Postings(
        keys=keys.astype(np.uint32),
        bounds=tuple(np.searchsorted(keys, _CHANNEL_STARTS).tolist()),
        offsets=offsets,
        base=base,
        rows=rows,
        values=values,
        marks=marks,
        common=none if common is None else common,
        common_counts=none if common_counts is None else common_counts,
    )


def _row_type(rows: int) -> type[np.uint16] | type[np.uint32]:
    return np.uint16 if rows <= MOST_NARROW_ROWS else np.uint32


def _table(
    parts: Sequence[Postings], most: int | None
) -> tuple[Keys, npt.NDArray[np.int64], Keys, npt.NDArray[np.int64]]:
    """All keys of the parts with how many postings each will have (0 when common), and the common keys likewise."""
    keys = np.concatenate([part.full_keys for part in parts] + [part.common for part in parts])
    keys.sort(kind="stable")  # which puts runs that are in order together instead of sorting anew
    keys = keys[starts_of_runs(keys)]
    counts = np.zeros(len(keys), np.int64)
    commons = np.zeros(len(keys), np.bool_)
    for part in parts:
        counts[np.searchsorted(keys, part.full_keys)] += np.diff(part.offsets)
        at = np.searchsorted(keys, part.common)
        counts[at] += part.common_counts
        commons[at] = True
    if most is not None:
        commons |= counts > most
    return keys, np.where(commons, 0, counts), keys[commons], counts[commons]
