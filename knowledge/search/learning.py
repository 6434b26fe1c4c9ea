"""Learning from confirmed questions: they become phrasings, and the head learns to tell entries apart.

The head is a passive-aggressive linear classifier kept in dual form: its weights are sums of phrasings, so
a step is one number for a (phrasing, entry) pair and scoring needs only the likeness to each phrasing.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from knowledge.search.analysis import AnalysedText
from knowledge.search.scoring import head_scores, unit_likeness
from knowledge.search.snapshot import NOBODY, Phrasing, Snapshot, add_phrasings

_MARGIN = 0.5
_LARGEST_STEP = 0.5
_BATCH = 256


def learn_phrasings(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    """The snapshot with these phrasings known and the head moved where it was wrong or unsure."""
    for start in range(0, len(added), _BATCH):
        snapshot = _learn_batch(snapshot, added[start : start + _BATCH])
    return snapshot


def _learn_batch(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    first = snapshot.units
    snapshot = add_phrasings(snapshot, added)
    candidates = snapshot.alive.copy()
    candidates[NOBODY] = True
    units, rows, weights = snapshot.head_units, snapshot.head_rows, snapshot.head_weights
    for unit, (phrasing, analysed) in enumerate(added, start=first):
        likeness = unit_likeness(snapshot, analysed)
        scores = head_scores(snapshot, weights * likeness[units], rows)
        right = scores[phrasing.row]
        scores[~candidates] = -np.inf
        scores[phrasing.row] = -np.inf
        rival = int(np.argmax(scores))
        loss = _MARGIN - (right - max(float(scores[rival]), 0.0))
        if loss <= 0:
            continue
        step = min(loss / 2, _LARGEST_STEP)
        units = np.append(units, np.array([unit, unit], np.int32))
        rows = np.append(rows, np.array([phrasing.row, rival], np.int32))
        weights = np.append(weights, np.array([step, -step], np.float32))
    return replace(snapshot, head_units=units, head_rows=rows, head_weights=weights)
