"""The index at one moment: immutable, so that readers never wait for a writer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import (
    CHANNEL_COUNT,
    AnalysedBatch,
    AnalysedText,
    analyse_documents,
    in_batches,
)
from knowledge.search.document import FaqDocument
from knowledge.search.memory import return_memory
from knowledge.search.postings import (
    MOST_NARROW_ROWS,
    Keys,
    Postings,
    assemble,
    blocks,
    copied,
    equal_cuts,
    merge,
    postings_of,
    split,
    starts_of_runs,
)
from knowledge.thai import Segmenter

FloatArray = npt.NDArray[np.float32]

NOBODY = 0
"""The row of questions known to have no entry here. It holds phrasings only and is never a hit."""

COMMON = 2_000
"""A word or n-gram in more entries than this tells none of them apart: it is neither listed nor weighed."""

_SATURATION = 3.0
_LENGTH_SHARE = 0.6
_HALF_TRUSTED = 8
_KEY_RANGES = 8
_MERGE_ALWAYS_BELOW = 200_000
_MERGE_RATIO = 16
_MERGED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Phrasing:
    """One wording of the entry in `row`, as it was read.

    `taught` are the lessons, as they were given, that read so; none for the office's own.
    """

    row: int
    text: str
    taught: tuple[str, ...] = ()

    @property
    def learned(self) -> bool:
        """Whether it is a resident's, not the office's."""
        return bool(self.taught)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows are entries, units are phrasings; both only grow until `compact` drops the dead ones.

    The postings of entries, and those of phrasings, come in parts, rows ascending: large ones and a few small
    recent ones. Shapes: ids and alive (rows), phrasings, phrasing_rows and plain_weights (units), norms
    (channels, units), word_counts (units), head (some units, some rows).
    """

    ids: tuple[str | None, ...]
    row_of: dict[str, int]
    alive: npt.NDArray[np.bool_]
    phrasings: tuple[Phrasing, ...]
    phrasing_rows: npt.NDArray[np.int32]
    entry_postings: tuple[Postings, ...]
    phrasing_postings: tuple[Postings, ...]
    average_length: float
    norms: FloatArray
    word_counts: FloatArray
    """How many different words each phrasing has."""
    plain_weights: FloatArray
    """What likeness to a phrasing counts for its own row; 0 where the head has learned better."""
    head: FloatArray
    """What likeness to each of the first units counts for or against each of the first rows."""
    solved_units: int
    """How many units there were when the head was last learned as a whole; 0 when it never was."""
    phrased_share: float
    """How far the head and single phrasings can be trusted: 0 with one phrasing an entry, towards 1 with many."""
    unit_order: npt.NDArray[np.int64]
    """Units sorted by row."""
    unit_starts: npt.NDArray[np.int64]
    """Where each row of `unit_rows` begins in `unit_order`."""
    unit_rows: npt.NDArray[np.int64]
    """Rows that have phrasings, ascending."""

    @property
    def rows(self) -> int:
        """Number of rows, the dead and the one of nobody included."""
        return len(self.ids)

    @property
    def units(self) -> int:
        """Number of phrasings."""
        return len(self.phrasings)

    def units_of(self, row: int) -> list[int]:
        """The phrasings of a row, in order of coming: the entry's question first."""
        place = int(np.searchsorted(self.unit_rows, row))
        if place == len(self.unit_rows) or self.unit_rows[place] != row:
            return []
        end = int(self.unit_starts[place + 1]) if place + 1 < len(self.unit_starts) else self.units
        return self.unit_order[int(self.unit_starts[place]) : end].tolist()


class UnitArrays(TypedDict):
    """Fields of a snapshot that follow from its phrasings."""

    unit_order: npt.NDArray[np.int64]
    unit_starts: npt.NDArray[np.int64]
    unit_rows: npt.NDArray[np.int64]
    phrased_share: float


def empty_snapshot(average_length: float) -> Snapshot:
    """An index of nothing; `average_length` is the usual length of an entry in characters."""
    none = np.empty(0, np.int64)
    return Snapshot(
        ids=(None,),
        row_of={},
        alive=np.zeros(1, np.bool_),
        phrasings=(),
        phrasing_rows=np.empty(0, np.int32),
        entry_postings=(),
        phrasing_postings=(),
        average_length=max(average_length, 1.0),
        norms=np.empty((CHANNEL_COUNT, 0), np.float32),
        word_counts=np.empty(0, np.float32),
        plain_weights=np.empty(0, np.float32),
        head=np.empty((0, 0), np.float32),
        solved_units=0,
        phrased_share=0.0,
        unit_order=none,
        unit_starts=none,
        unit_rows=none,
    )


def inverse_frequency(
    snapshot: Snapshot, in_entries: npt.NDArray[np.int64], in_phrasings: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """How telling a key is that occurs in so many texts; entries and phrasings count as texts."""
    total = snapshot.rows + snapshot.units
    frequency = in_entries + in_phrasings
    weights = np.log1p(np.maximum(total - frequency + 0.5, 0.5) / (frequency + 0.5))
    weights[in_entries > COMMON] = 0.0
    return weights


def key_weights(snapshot: Snapshot, keys: Keys) -> npt.NDArray[np.float64]:
    """How telling each of these ascending keys is."""
    in_entries = np.zeros(len(keys), np.int64)
    in_phrasings = np.zeros(len(keys), np.int64)
    for postings in snapshot.entry_postings:
        in_entries += postings.find(keys)[1] + postings.common_among(keys)
    for postings in snapshot.phrasing_postings:
        in_phrasings += postings.find(keys)[1]
    return inverse_frequency(snapshot, in_entries, in_phrasings)


def add_documents(snapshot: Snapshot, documents: Sequence[FaqDocument], segmenter: Segmenter) -> Snapshot:
    """The snapshot with entries more; their ids must be different and not in it."""
    if not documents:
        return snapshot
    first_row = snapshot.rows
    entry_postings, phrasing_postings = _read(snapshot, documents, segmenter)
    rows = range(first_row, first_row + len(documents))
    phrasings = [
        Phrasing(row, text)
        for row, document in zip(rows, documents, strict=True)
        for text in (document.question, *document.variants)
    ]
    grown = replace(
        snapshot,
        ids=(*snapshot.ids, *(document.id for document in documents)),
        row_of={**snapshot.row_of, **{d.id: row for row, d in zip(rows, documents, strict=True)}},
        alive=np.append(snapshot.alive, np.ones(len(documents), np.bool_)),
        entry_postings=_appended(snapshot.entry_postings, entry_postings, COMMON),
    )
    return _with_phrasings(grown, phrasings, phrasing_postings)


def _read(
    snapshot: Snapshot, documents: Sequence[FaqDocument], segmenter: Segmenter
) -> tuple[list[Postings], Postings]:
    """Postings of new entries, in parts of at most as many rows as fit two bytes, and of their phrasings.

    A few hundred entries are read at a time, and put together by ranges of keys: all that is ever held is about
    the result.
    """
    row, unit = snapshot.rows, snapshot.units
    wholes: list[Postings] = []
    groups: list[list[Postings]] = []
    cuts: Keys = np.empty(0, np.int64)
    phrasings: list[Postings] = []
    part_start = row
    for number, batch in enumerate(in_batches(documents), start=1):
        if row + len(batch) - part_start > MOST_NARROW_ROWS:
            wholes.append(assemble(groups, COMMON))
            groups, part_start = [], row
        analysed, lengths = analyse_documents(batch, segmenter)
        entries = _entry_postings(analysed, lengths / snapshot.average_length, row)
        phrasings.append(postings_of(analysed.phrasing_keys, analysed.phrasings, base=unit))
        if not groups:
            cuts = equal_cuts(entries, _KEY_RANGES)
            groups = [[] for _ in range(len(cuts) + 1)]
        for group, piece in zip(groups, split(entries, cuts), strict=True):
            group.append(copied(piece))
            for every in (_MERGED_AT_ONCE, _MERGED_AT_ONCE**2):
                if number % every == 0 and len(group) >= _MERGED_AT_ONCE:
                    group[-_MERGED_AT_ONCE:] = [merge(group[-_MERGED_AT_ONCE:], COMMON)]
        if number % _MERGED_AT_ONCE == 0:
            return_memory()
        row += len(batch)
        unit += sum(1 + len(document.variants) for document in batch)
    if len(phrasings) >= _MERGED_AT_ONCE:
        return_memory()
    return [*wholes, assemble(groups, COMMON)], merge(phrasings)


def _entry_postings(
    batch: AnalysedBatch, relative_lengths: npt.NDArray[np.float64], first_row: int
) -> Postings:
    room = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative_lengths)
    values = np.rint(batch.counts / (batch.counts + room[batch.entries]) * 255).astype(np.uint8)
    return postings_of(batch.keys, batch.entries, base=first_row, values=values, marks=batch.marks)


def add_phrasings(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    """The snapshot with phrasings more, of entries already in it; the head does not know them."""
    if not added:
        return snapshot
    keys = np.concatenate([analysed.keys for _, analysed in added])
    units = np.repeat(np.arange(len(added)), [len(analysed.keys) for _, analysed in added])
    order = np.argsort(keys, kind="stable")
    postings = postings_of(keys[order], units[order], base=snapshot.units)
    return _with_phrasings(snapshot, [phrasing for phrasing, _ in added], postings)


def _with_phrasings(snapshot: Snapshot, added: Sequence[Phrasing], postings: Postings) -> Snapshot:
    """Each of several phrasings of a row that come together counts for its share of them."""
    added_rows = np.array([phrasing.row for phrasing in added], np.int32)
    _, same_row, counts = np.unique(added_rows, return_inverse=True, return_counts=True)
    rows = np.append(snapshot.phrasing_rows, added_rows)
    grown = replace(
        snapshot,
        phrasings=(*snapshot.phrasings, *added),
        phrasing_rows=rows,
        phrasing_postings=_appended(snapshot.phrasing_postings, [postings]),
        word_counts=np.append(snapshot.word_counts, _word_counts(postings, snapshot.units, len(added))),
        plain_weights=np.append(snapshot.plain_weights, (1 / counts[same_row]).astype(np.float32)),
        **unit_arrays(rows),
    )
    norms = np.sqrt(_squared_norms(grown, postings, snapshot.units, len(added))).astype(np.float32)
    return replace(grown, norms=np.concatenate((snapshot.norms, norms), axis=1))


def _word_counts(postings: Postings, first_unit: int, units: int) -> FloatArray:
    rows = postings.rows[: postings.offsets[postings.bounds[1]]].astype(np.int64)
    return np.bincount(rows + postings.base - first_unit, minlength=units).astype(np.float32)


def phrasing_texts(snapshot: Snapshot) -> list[AnalysedText]:
    """The keys of every phrasing."""
    postings = merge(snapshot.phrasing_postings)
    keys = np.repeat(postings.full_keys, np.diff(postings.offsets))
    units = postings.rows.astype(np.int64) + postings.base
    ends = np.cumsum(np.bincount(units, minlength=snapshot.units))[:-1]
    return [AnalysedText.of(own) for own in np.split(keys[np.argsort(units, kind="stable")], ends)]


def remove_document(snapshot: Snapshot, document_id: str) -> Snapshot:
    """The snapshot without an entry; its postings stay until `compact`."""
    row_of = dict(snapshot.row_of)
    row = row_of.pop(document_id)
    alive = snapshot.alive.copy()
    alive[row] = False
    ids = (*snapshot.ids[:row], None, *snapshot.ids[row + 1 :])
    return replace(snapshot, ids=ids, row_of=row_of, alive=alive)


def refresh_norms(snapshot: Snapshot) -> Snapshot:
    """Lengths of all phrasings under today's word weights."""
    squares = np.zeros((CHANNEL_COUNT, snapshot.units))
    for postings in snapshot.phrasing_postings:
        squares += _squared_norms(snapshot, postings, 0, snapshot.units)
    return replace(snapshot, norms=np.sqrt(squares).astype(np.float32))


def _squared_norms(
    snapshot: Snapshot, postings: Postings, first_unit: int, units: int
) -> npt.NDArray[np.float64]:
    """Squared weights of the keys of some phrasings in a row, summed by channel; shape (channels, units)."""
    squares = key_weights(snapshot, postings.full_keys) ** 2
    places = np.repeat(np.arange(CHANNEL_COUNT) * units, np.diff(postings.bounds))
    places += postings.base - first_unit
    counts = np.diff(postings.offsets)
    sums = np.zeros(CHANNEL_COUNT * units)
    for block in blocks(postings.offsets):
        rows = postings.rows[postings.offsets[block.start] : postings.offsets[block.stop]]
        place = np.repeat(places[block], counts[block]) + rows
        sums += np.bincount(place, np.repeat(squares[block], counts[block]), minlength=len(sums))
    return sums.reshape(CHANNEL_COUNT, units)


def _appended(
    parts: tuple[Postings, ...], added: Sequence[Postings], most: int | None = None
) -> tuple[Postings, ...]:
    """The parts with more, the last ones merged where that is cheap against their size (milliseconds)."""
    grown = [*parts, *(part for part in added if part.size)]
    while len(grown) > 1 and _belong_together(grown[-2], grown[-1]):
        grown[-2:] = [merge(grown[-2:], most)]
    return tuple(grown)


def _belong_together(part: Postings, following: Postings) -> bool:
    if len(part.values) and following.base + int(following.rows.max()) - part.base >= MOST_NARROW_ROWS:
        return False
    return part.size <= _MERGE_ALWAYS_BELOW or following.size * _MERGE_RATIO >= part.size


def unit_arrays(phrasing_rows: npt.NDArray[np.int32]) -> UnitArrays:
    """What a snapshot derives from the rows of its phrasings."""
    order = np.argsort(phrasing_rows, kind="stable")
    ordered = phrasing_rows[order].astype(np.int64)
    starts = starts_of_runs(ordered)
    unit_rows = ordered[starts]
    own = np.diff(np.append(starts, len(ordered)))[unit_rows != NOBODY]
    return {
        "unit_order": order,
        "unit_starts": starts,
        "unit_rows": unit_rows,
        "phrased_share": float(np.mean((own - 1) / (own - 1 + _HALF_TRUSTED))) if len(own) else 0.0,
    }
