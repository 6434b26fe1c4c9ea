"""The phrase head: learns from phrasings, the office's and the confirmed ones, to tell entries apart.

Kernel ridge regression of "this phrasing belongs to this entry" on the likeness of phrasings. While there are
at most a few thousand phrasings it is solved as a whole; a further phrasing then takes the one step that is
best while all others stay, until enough have come to solve anew. Above that number each phrasing counts
plainly for its entry.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from knowledge.search.analysis import AnalysedText
from knowledge.search.scoring import HEAD_BIAS, head_scores, unit_likeness
from knowledge.search.snapshot import Phrasing, Snapshot, add_phrasings, phrasing_texts

_RIDGE = 4.0
_MOST_TRAINED = 4_000
_SOLVE_AFTER = 0.05  # of the phrasings being new
_BATCH = 256


def learn_phrasings(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    """The snapshot with these phrasings known and the head moved by what it did not expect of them."""
    for start in range(0, len(added), _BATCH):
        snapshot = _step(snapshot, added[start : start + _BATCH])
    if snapshot.solved_units and snapshot.units - snapshot.solved_units > _SOLVE_AFTER * snapshot.units:
        snapshot = solve(snapshot)
    return snapshot


def solve(snapshot: Snapshot) -> Snapshot:
    """Learn the head from all phrasings anew; nothing changes when they are too few or too many."""
    if not 2 <= snapshot.units <= _MOST_TRAINED:
        return snapshot
    wanted = np.zeros((snapshot.units, snapshot.rows), np.float32)
    wanted[np.arange(snapshot.units), snapshot.phrasing_rows] = 1.0
    likeness = np.array(
        [unit_likeness(snapshot, text).astype(np.float32) for text in phrasing_texts(snapshot)]
    )
    similarity = (likeness + likeness.T) / 2 + np.float32(HEAD_BIAS)
    similarity[np.diag_indices_from(similarity)] += _RIDGE
    return replace(
        snapshot,
        head=np.linalg.solve(similarity, wanted),
        plain_weights=np.zeros(snapshot.units, np.float32),
        solved_units=snapshot.units,
    )


def _step(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    """Add phrasings; where there is a head, each moves it by what it did not expect of its own row and others."""
    grown = add_phrasings(snapshot, added)
    if not snapshot.solved_units:
        return grown
    head = np.zeros((grown.units, grown.rows), np.float32)
    head[: snapshot.head.shape[0], : snapshot.head.shape[1]] = snapshot.head
    weights = grown.plain_weights.copy()
    weights[snapshot.units :] = 0.0
    grown = replace(grown, head=head, plain_weights=weights)
    for unit, (phrasing, analysed) in enumerate(added, start=snapshot.units):
        missing = -head_scores(grown, unit_likeness(grown, analysed))
        missing[phrasing.row] += 1.0
        head[unit] = missing / (1.0 + HEAD_BIAS + _RIDGE)
    return grown
