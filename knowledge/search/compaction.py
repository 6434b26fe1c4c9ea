"""Dropping what is gone from a snapshot: phrasings that were un-learned, and the rows of removed entries."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from knowledge.search.postings import MOST_NARROW_ROWS, Postings, assemble, in_key_ranges, renumber
from knowledge.search.snapshot import COMMON, NOBODY, Snapshot, refresh_norms, unit_arrays


def without_learned(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what was learned. Where that was solved with the rest, the head still knows of it."""
    kept = np.array([not phrasing.learned for phrasing in snapshot.phrasings], np.bool_)
    if kept.all():
        return snapshot
    new_units = np.where(kept, np.cumsum(kept) - 1, -1)
    rows = snapshot.phrasing_rows[kept]
    return replace(
        snapshot,
        phrasings=tuple(p for p, stays in zip(snapshot.phrasings, kept, strict=True) if stays),
        phrasing_rows=rows,
        phrasing_postings=(_renumbered(snapshot.phrasing_postings, new_units),),
        norms=snapshot.norms[:, kept],
        word_counts=snapshot.word_counts[kept],
        plain_weights=snapshot.plain_weights[kept],
        head=snapshot.head[kept[: len(snapshot.head)]],
        solved_units=int(kept[: snapshot.solved_units].sum()),
        **unit_arrays(rows),
    )


def needs_compaction(snapshot: Snapshot) -> bool:
    """Whether what is dead has become a burden: rows, or the phrasings of few rows that had many."""
    living = snapshot.alive[snapshot.phrasing_rows] | (snapshot.phrasing_rows == NOBODY)
    dead_rows = snapshot.rows - len(snapshot.row_of)
    return _is_burden(dead_rows, snapshot.rows) or _is_burden(int(np.sum(~living)), snapshot.units)


def _is_burden(dead: int, held: int) -> bool:
    return dead > 64 and dead * 4 > held


def compact(snapshot: Snapshot) -> Snapshot:
    """The same entries without the dead rows, in as few parts as can be, weights of words fresh."""
    kept_rows = snapshot.alive.copy()
    kept_rows[NOBODY] = True
    new_rows = np.where(kept_rows, np.cumsum(kept_rows) - 1, -1)
    kept_units = kept_rows[snapshot.phrasing_rows]
    new_units = np.where(kept_units, np.cumsum(kept_units) - 1, -1)
    entries = [
        _renumbered(
            snapshot.entry_postings, np.where(new_rows // MOST_NARROW_ROWS == part, new_rows, -1), COMMON
        )
        for part in range(-(-int(kept_rows.sum()) // MOST_NARROW_ROWS))
    ]
    phrasings = tuple(
        replace(phrasing, row=int(new_rows[phrasing.row]))
        for phrasing, kept in zip(snapshot.phrasings, kept_units, strict=True)
        if kept
    )
    phrasing_rows = new_rows[snapshot.phrasing_rows[kept_units]].astype(np.int32)
    head_units, head_rows = snapshot.head.shape
    small = replace(
        snapshot,
        ids=tuple(own for own, kept in zip(snapshot.ids, kept_rows, strict=True) if kept),
        row_of={key: int(new_rows[row]) for key, row in snapshot.row_of.items()},
        alive=snapshot.alive[kept_rows],
        phrasings=phrasings,
        phrasing_rows=phrasing_rows,
        entry_postings=tuple(part for part in entries if part.size),
        phrasing_postings=(_renumbered(snapshot.phrasing_postings, new_units),),
        norms=snapshot.norms[:, kept_units],
        word_counts=snapshot.word_counts[kept_units],
        plain_weights=snapshot.plain_weights[kept_units],
        head=snapshot.head[kept_units[:head_units]][:, kept_rows[:head_rows]],
        solved_units=int(kept_units[: snapshot.solved_units].sum()),
        **unit_arrays(phrasing_rows),
    )
    return refresh_norms(small)


def _renumbered(
    parts: Sequence[Postings], new_rows: npt.NDArray[np.int64], most: int | None = None
) -> Postings:
    kept = new_rows[new_rows >= 0]
    base = int(kept.min(initial=len(new_rows)))
    groups = [
        [renumber(piece, new_rows, base, len(kept) / len(new_rows), most) for piece in group]
        for group in in_key_ranges(parts)
    ]
    return assemble(groups, most)
