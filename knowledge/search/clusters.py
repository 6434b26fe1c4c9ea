"""Questions that ask the same, put together: average-link clustering by the engine's own likeness.

Deterministic: the same questions in the same order always give the same clusters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import CHANNEL_BITS, CHANNEL_COUNT, Question
from knowledge.search.weights import WEIGHTS

MOST_DISTINCT = 3_000  # questions with different words; time and memory grow with the square
ALIKE = 0.27  # mean likeness from which two clusters are one; paraphrases in other words stay apart

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Places of the questions in the given order: those most like all others first, the same words together."""

    members: tuple[int, ...]


def cluster(
    questions: Sequence[Question], *, alike: float = ALIKE, most: int = MOST_DISTINCT
) -> list[Cluster]:
    """Clusters of questions, the largest first, then in the order of their first member.

    Questions of which nothing can be read are in none. Of more than `most` wordings the first count.
    """
    places: dict[str, list[int]] = {}
    for place, question in enumerate(questions):
        if len(question.analysed.keys):
            places.setdefault(question.text, []).append(place)
    groups = list(places.values())[:most]
    likeness = likeness_of([questions[group[0]] for group in groups])
    sizes = np.array([len(group) for group in groups], np.float32)
    clusters = [
        Cluster(
            members=tuple(place for row in _central_first(rows, likeness, sizes) for place in groups[row])
        )
        for rows in _average_link(likeness, sizes, alike)
    ]
    return sorted(clusters, key=lambda found: (-len(found.members), min(found.members)))


def likeness_of(questions: Sequence[Question]) -> Floats:
    """How alike each two questions are, 0 to 1: cosine, channels weighed as in the phrase head; shape (n, n).

    What few of these questions share weighs most.
    """
    count = len(questions)
    if count == 0:
        return np.zeros((0, 0), np.float32)
    lengths = [len(question.analysed.keys) for question in questions]
    keys = np.concatenate([question.analysed.keys for question in questions])
    rows = np.repeat(np.arange(count), lengths)
    distinct, column, frequency = np.unique(keys, return_inverse=True, return_counts=True)
    channel = distinct >> CHANNEL_BITS
    weight = np.log1p(count / frequency)[column]
    place = channel[column] * count + rows
    norm = np.sqrt(np.bincount(place, weight**2, minlength=CHANNEL_COUNT * count))
    share = np.asarray(WEIGHTS.head_channels) / np.sum(WEIGHTS.head_channels)
    value = weight / norm[place] * np.sqrt(share[channel[column]])
    by_column = np.argsort(column, kind="stable")
    starts = np.concatenate(([0], np.cumsum(frequency)))
    column_rows, column_values = rows[by_column], value[by_column]
    likeness = np.zeros((count, count), np.float32)
    ends = np.cumsum(lengths)
    for row, end in enumerate(ends.tolist()):
        mine = slice(end - lengths[row], end)
        sizes = frequency[column[mine]]
        first = np.repeat(starts[column[mine]] - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
        at = first + np.arange(int(sizes.sum()))
        likeness[row] = np.bincount(
            column_rows[at], column_values[at] * np.repeat(value[mine], sizes), minlength=count
        )
    return likeness


def _average_link(likeness: Floats, sizes: Floats, alike: float) -> list[list[int]]:
    """Rows joined while the mean likeness of two clusters reaches `alike`, by chains of nearest neighbours.

    Average link never makes a joined cluster more alike to a third than both its parts were, so that pairs
    that are each other's nearest may be joined in any order.
    """
    count = len(sizes)
    near, weight = likeness.copy(), sizes.copy()
    np.fill_diagonal(near, -1.0)
    rows: list[list[int]] = [[row] for row in range(count)]
    unfinished = np.ones(count, np.bool_)
    chain: list[int] = []
    while True:
        if not chain:
            (left,) = np.nonzero(unfinished)
            if len(left) == 0:
                break
            chain.append(int(left[0]))
        top = chain[-1]
        nearest = int(np.argmax(near[top]))
        if len(chain) > 1 and near[top, chain[-2]] >= near[top, nearest]:
            nearest = chain[-2]  # of equals the one that we came from, or the chain would never end
        if near[top, nearest] < alike:
            _finish(top, near, unfinished)
            chain.pop()
        elif len(chain) > 1 and nearest == chain[-2]:
            del chain[-2:]
            _join(min(top, nearest), max(top, nearest), near, weight, rows, unfinished)
        else:
            chain.append(nearest)
    return [members for members in rows if members]


def _finish(row: int, near: Floats, unfinished: npt.NDArray[np.bool_]) -> None:
    """Nothing is near enough to this cluster, nor ever will be."""
    unfinished[row] = False
    near[row, :] = near[:, row] = -1.0


def _join(
    kept: int,
    gone: int,
    near: Floats,
    weight: Floats,
    rows: list[list[int]],
    unfinished: npt.NDArray[np.bool_],
) -> None:
    total = weight[kept] + weight[gone]
    mean = (near[kept] * weight[kept] + near[gone] * weight[gone]) / total
    mean[near[kept] < 0] = -1.0  # finished, or itself
    mean[[kept, gone]] = -1.0
    near[kept, :] = near[:, kept] = mean
    weight[kept] = total
    rows[kept] = rows[kept] + rows[gone]
    rows[gone] = []
    _finish(gone, near, unfinished)


def _central_first(rows: list[int], likeness: Floats, sizes: Floats) -> list[int]:
    """The rows of a cluster by their mean likeness to all its questions, the first of equals first."""
    within = likeness[np.ix_(rows, rows)] @ sizes[rows]
    order = np.argsort(-within.round(5), kind="stable")
    return [rows[place] for place in order.tolist()]
