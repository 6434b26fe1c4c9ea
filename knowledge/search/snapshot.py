"""The index at one moment: immutable, so that readers never wait for a writer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import (
    CHANNEL_COUNT,
    AnalysedDocument,
    AnalysedText,
    channel_of,
)
from knowledge.search.document import FaqDocument
from knowledge.search.postings import (
    Keys,
    Postings,
    build_postings,
    empty_postings,
    merge,
    renumber,
)

FloatArray = npt.NDArray[np.float32]

NOBODY = 0
"""The row of questions known to have no entry here. It holds phrasings only and is never a hit."""

_SATURATION = 3.0
_LENGTH_SHARE = 0.6
_BATCH = 128
_HALF_TRUSTED = 8
_MERGE_ALWAYS_BELOW = 1_500_000
_MERGE_RATIO = 12


@dataclass(frozen=True, slots=True)
class Phrasing:
    """One wording of the entry in `row`; `learned` when a resident's, not the office's."""

    row: int
    text: str
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Postings of whole entries and of single phrasings. A snapshot has a large one and a small recent one."""

    entries: Postings
    phrasings: Postings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows are entries, units are phrasings; both only grow until `compact` drops the dead ones.

    Shapes: alive (rows), norms (channels, units), the head's three arrays (training steps).
    """

    documents: tuple[FaqDocument | None, ...]
    row_of: dict[str, int]
    alive: npt.NDArray[np.bool_]
    phrasings: tuple[Phrasing, ...]
    segments: tuple[Segment, ...]
    average_length: float
    norms: FloatArray
    head_units: npt.NDArray[np.int32]
    head_rows: npt.NDArray[np.int32]
    head_weights: FloatArray
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
        return len(self.documents)

    @property
    def units(self) -> int:
        """Number of phrasings."""
        return len(self.phrasings)


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
        documents=(None,),
        row_of={},
        alive=np.zeros(1, np.bool_),
        phrasings=(),
        segments=(Segment(empty_postings(), empty_postings()),),
        average_length=max(average_length, 1.0),
        norms=np.empty((CHANNEL_COUNT, 0), np.float32),
        head_units=np.empty(0, np.int32),
        head_rows=np.empty(0, np.int32),
        head_weights=np.empty(0, np.float32),
        phrased_share=0.0,
        unit_order=none,
        unit_starts=none,
        unit_rows=none,
    )


def inverse_frequency(snapshot: Snapshot, frequency: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How telling a key is that occurs in `frequency` texts; entries and phrasings count as texts."""
    total = snapshot.rows + snapshot.units
    return np.log1p(np.maximum(total - frequency + 0.5, 0.5) / (frequency + 0.5))


def frequency_of(snapshot: Snapshot, keys: Keys) -> npt.NDArray[np.int64]:
    """In how many texts each key occurs."""
    frequency = np.zeros(len(keys), np.int64)
    for segment in snapshot.segments:
        frequency += segment.entries.find(keys)[1]
        frequency += segment.phrasings.find(keys)[1]
    return frequency


def add_documents(snapshot: Snapshot, added: Sequence[tuple[FaqDocument, AnalysedDocument]]) -> Snapshot:
    """The snapshot with entries more; their ids must not be in it."""
    for start in range(0, len(added), _BATCH):
        snapshot = _add_batch(snapshot, added[start : start + _BATCH])
    return snapshot


def _add_batch(snapshot: Snapshot, added: Sequence[tuple[FaqDocument, AnalysedDocument]]) -> Snapshot:
    row_of = dict(snapshot.row_of)
    entry_rows: list[tuple[int, Keys, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]] = []
    units: list[tuple[Phrasing, AnalysedText]] = []
    for row, (document, analysed) in enumerate(added, start=snapshot.rows):
        row_of[document.id] = row
        share = 1 - _LENGTH_SHARE + _LENGTH_SHARE * analysed.length / snapshot.average_length
        values = analysed.counts / (analysed.counts + _SATURATION * share)
        entry_rows.append((row, analysed.keys, np.rint(values * 255).astype(np.uint8), analysed.marks))
        texts = (document.question, *document.variants)
        units += [(Phrasing(row, text), keys) for text, keys in zip(texts, analysed.phrasings, strict=True)]
    grown = replace(
        snapshot,
        documents=(*snapshot.documents, *(document for document, _ in added)),
        row_of=row_of,
        alive=np.append(snapshot.alive, np.ones(len(added), np.bool_)),
        segments=_append(snapshot.segments, build_postings(entry_rows), empty_postings()),
    )
    grown = add_phrasings(grown, units)
    first_unit = snapshot.units
    rows = np.array([phrasing.row for phrasing, _ in units], np.int32)
    return replace(
        grown,
        head_units=np.append(grown.head_units, np.arange(first_unit, grown.units, dtype=np.int32)),
        head_rows=np.append(grown.head_rows, rows),
        head_weights=np.append(
            grown.head_weights, (1 / np.bincount(rows)[rows] if len(rows) else rows).astype(np.float32)
        ),
    )


def add_phrasings(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    """The snapshot with phrasings more, of entries already in it; the head does not know them yet."""
    if not added:
        return snapshot
    unit_keys: list[tuple[int, Keys, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]] = []
    for unit, (_, analysed) in enumerate(added, start=snapshot.units):
        ones = np.ones(len(analysed.keys), np.uint8)
        unit_keys.append((unit, analysed.keys, ones, ones))
    phrasings = (*snapshot.phrasings, *(phrasing for phrasing, _ in added))
    grown = replace(
        snapshot,
        phrasings=phrasings,
        segments=_append(snapshot.segments, empty_postings(), build_postings(unit_keys)),
        **unit_arrays(phrasings),
    )
    norms = _norms(grown, [analysed for _, analysed in added])
    return replace(grown, norms=np.concatenate((snapshot.norms, norms), axis=1))


def remove_document(snapshot: Snapshot, document_id: str) -> Snapshot:
    """The snapshot without an entry; its postings stay until `compact`."""
    row = snapshot.row_of[document_id]
    row_of = {key: value for key, value in snapshot.row_of.items() if key != document_id}
    alive = snapshot.alive.copy()
    alive[row] = False
    documents = (*snapshot.documents[:row], None, *snapshot.documents[row + 1 :])
    return replace(snapshot, documents=documents, row_of=row_of, alive=alive)


def needs_compaction(snapshot: Snapshot) -> bool:
    """Whether dead rows have become a burden."""
    dead = snapshot.rows - len(snapshot.row_of)
    return dead > 64 and dead * 4 > snapshot.rows


def compact(snapshot: Snapshot) -> Snapshot:
    """The same entries without the dead rows, everything in one segment, weights of words fresh."""
    kept_rows = snapshot.alive.copy()
    kept_rows[NOBODY] = True
    new_rows = np.where(kept_rows, np.cumsum(kept_rows) - 1, -1).astype(np.int32)
    kept_units = kept_rows[np.array([phrasing.row for phrasing in snapshot.phrasings], np.int64)]
    new_units = np.where(kept_units, np.cumsum(kept_units) - 1, -1).astype(np.int32)
    entries, phrases = empty_postings(), empty_postings()
    for segment in snapshot.segments:
        entries = merge(entries, renumber(segment.entries, new_rows))
        phrases = merge(phrases, renumber(segment.phrasings, new_units))
    phrasings = tuple(
        replace(phrasing, row=int(new_rows[phrasing.row]))
        for phrasing, kept in zip(snapshot.phrasings, kept_units, strict=True)
        if kept
    )
    steps = kept_units[snapshot.head_units] & kept_rows[snapshot.head_rows]
    small = replace(
        snapshot,
        documents=tuple(d for d, kept in zip(snapshot.documents, kept_rows, strict=True) if kept),
        row_of={key: int(new_rows[row]) for key, row in snapshot.row_of.items()},
        alive=snapshot.alive[kept_rows],
        phrasings=phrasings,
        segments=(Segment(entries, phrases),),
        norms=snapshot.norms[:, kept_units],
        head_units=new_units[snapshot.head_units[steps]],
        head_rows=new_rows[snapshot.head_rows[steps]],
        head_weights=snapshot.head_weights[steps],
        **unit_arrays(phrasings),
    )
    return refresh_norms(small)


def refresh_norms(snapshot: Snapshot) -> Snapshot:
    """Lengths of all phrasings under today's word weights."""
    sums = np.zeros(CHANNEL_COUNT * snapshot.units)
    for segment in snapshot.segments:
        phrases = segment.phrasings
        squares = inverse_frequency(snapshot, frequency_of(snapshot, phrases.keys)) ** 2
        counts = np.diff(phrases.offsets)
        place = np.repeat(channel_of(phrases.keys) * snapshot.units, counts) + phrases.rows
        sums += np.bincount(place, np.repeat(squares, counts), minlength=len(sums))
    return replace(snapshot, norms=np.sqrt(sums).reshape(CHANNEL_COUNT, -1).astype(np.float32))


def _norms(snapshot: Snapshot, texts: Sequence[AnalysedText]) -> FloatArray:
    norms = np.zeros((CHANNEL_COUNT, len(texts)), np.float32)
    keys = np.concatenate([text.keys for text in texts])
    squares = np.concatenate(
        ([0.0], np.cumsum(inverse_frequency(snapshot, frequency_of(snapshot, keys)) ** 2))
    )
    start = 0
    for number, text in enumerate(texts):
        ends = squares[start + np.array(text.bounds)]
        norms[:, number] = np.sqrt(np.diff(ends))
        start += len(text.keys)
    return norms


def _append(segments: tuple[Segment, ...], entries: Postings, phrasings: Postings) -> tuple[Segment, ...]:
    """Put new postings into the recent segment, or into the large one while that is cheap (milliseconds)."""
    large, *recent = segments
    small = recent[0] if recent else Segment(empty_postings(), empty_postings())
    small = Segment(merge(small.entries, entries), merge(small.phrasings, phrasings))
    large_size = large.entries.size + large.phrasings.size
    small_size = small.entries.size + small.phrasings.size
    if large_size > _MERGE_ALWAYS_BELOW and small_size * _MERGE_RATIO < large_size:
        return large, small
    return (Segment(merge(large.entries, small.entries), merge(large.phrasings, small.phrasings)),)


def unit_arrays(phrasings: Sequence[Phrasing]) -> UnitArrays:
    """What a snapshot derives from its phrasings."""
    rows = np.array([phrasing.row for phrasing in phrasings], np.int64)
    order = np.argsort(rows, kind="stable")
    unit_rows, starts, counts = np.unique(rows[order], return_index=True, return_counts=True)
    own = counts[unit_rows != NOBODY]
    return {
        "unit_order": order,
        "unit_starts": starts.astype(np.int64),
        "unit_rows": unit_rows,
        "phrased_share": float(np.mean((own - 1) / (own - 1 + _HALF_TRUSTED))) if len(own) else 0.0,
    }
