"""The phrase head: learns from phrasings, the office's and the confirmed ones, to tell entries apart.

It is a passive-aggressive linear classifier kept in dual form: its weights are sums of phrasings, so a step
is one number for a (phrasing, entry) pair, and scoring needs only the likeness to each phrasing.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import AnalysedText
from knowledge.search.scoring import Floats, head_scores, unit_likeness
from knowledge.search.snapshot import (
    NOBODY,
    FloatArray,
    Phrasing,
    Snapshot,
    add_phrasings,
    phrasing_texts,
)

Integers = npt.NDArray[np.int32]

_MARGIN = 0.3
_LARGEST_STEP = 0.05
_LARGEST_CONFIRMED_STEP = 0.3
_EPOCHS = 6
_MOST_REHEARSED = 3_000
_BATCH = 256


def learn_phrasings(snapshot: Snapshot, added: Sequence[tuple[Phrasing, AnalysedText]]) -> Snapshot:
    """The snapshot with these phrasings known and the head moved where it was wrong or unsure."""
    for start in range(0, len(added), _BATCH):
        batch = added[start : start + _BATCH]
        grown = add_phrasings(snapshot, batch)
        examples: list[tuple[int, int, Floats | FloatArray]] = [
            (unit, phrasing.row, unit_likeness(grown, analysed))
            for unit, (phrasing, analysed) in enumerate(batch, start=snapshot.units)
        ]
        snapshot = _train(grown, examples, epochs=1, largest_step=_LARGEST_CONFIRMED_STEP)
    return snapshot


def rehearse(snapshot: Snapshot) -> Snapshot:
    """Train the head on all phrasings before the first question comes.

    An office has hundreds to a few thousand; beyond that the plain averages remain and only confirmed
    questions train.
    """
    if not 2 <= snapshot.units <= _MOST_REHEARSED:
        return snapshot
    examples: list[tuple[int, int, Floats | FloatArray]] = [
        (unit, snapshot.phrasings[unit].row, unit_likeness(snapshot, analysed).astype(np.float32))
        for unit, analysed in enumerate(phrasing_texts(snapshot))
    ]
    return _train(snapshot, examples, epochs=_EPOCHS, largest_step=_LARGEST_STEP)


def _train(
    snapshot: Snapshot,
    examples: list[tuple[int, int, Floats | FloatArray]],
    *,
    epochs: int,
    largest_step: float,
) -> Snapshot:
    """Move the head by `examples`: unit, right row, likeness to all units. Order is fixed by a seed."""
    closed = ~snapshot.alive
    closed[NOBODY] = False
    count = len(snapshot.head_units)
    room = count + 2 * epochs * len(examples)
    units = _with_room(snapshot.head_units, room)
    rows = _with_room(snapshot.head_rows, room)
    weights = np.zeros(room, np.float32)
    weights[:count] = snapshot.head_weights
    shuffle = np.random.default_rng(20)
    for _ in range(epochs):
        for number in shuffle.permutation(len(examples)):
            unit, row, likeness = examples[number]
            scores = head_scores(snapshot, weights[:count] * likeness[units[:count]], rows[:count])
            right = scores[row]
            scores[closed] = -np.inf
            scores[row] = -np.inf
            rival = int(np.argmax(scores))
            loss = _MARGIN - (right - max(float(scores[rival]), 0.0))
            if loss <= 0:
                continue
            step = min(loss / 2, largest_step)
            units[count : count + 2] = unit
            rows[count], rows[count + 1] = row, rival
            weights[count], weights[count + 1] = step, -step
            count += 2
    return _summed(snapshot, units[:count], rows[:count], weights[:count])


def _with_room(steps: Integers, room: int) -> Integers:
    """A copy that can grow to `room` steps."""
    longer = np.zeros(room, np.int32)
    longer[: len(steps)] = steps
    return longer


def _summed(snapshot: Snapshot, units: Integers, rows: Integers, weights: FloatArray) -> Snapshot:
    """The snapshot with these training steps, those of the same pair added up."""
    pairs, place = np.unique(units.astype(np.int64) * snapshot.rows + rows, return_inverse=True)
    sums = np.bincount(place, weights, minlength=len(pairs))
    return replace(
        snapshot,
        head_units=(pairs // snapshot.rows).astype(np.int32),
        head_rows=(pairs % snapshot.rows).astype(np.int32),
        head_weights=sums.astype(np.float32),
    )
