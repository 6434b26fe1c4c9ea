"""Gradient boosting of small trees by numpy alone, for `learn_answer_weights.py`.

Newton steps on the logistic loss (Chen and Guestrin, 2016); every feature may be bound to never lower, or
never raise, the sum, by refusing splits that would and keeping the two sides apart at their middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.trees import Floats, Trees

_BINS = 64
_STEP = 0.08
_RIDGE = 5.0
_FEWEST = 60

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Split:
    feature: int
    bin: int
    gain: float
    low: float
    high: float


class Booster:
    """Learns `Trees` for the log odds of `right` from `rows`; `bound` is 1, 0 or -1 for each feature."""

    def __init__(self, rows: Floats, right: Floats, importance: Floats, bound: Sequence[int]) -> None:
        self._right, self._importance, self._bound = right, importance / importance.mean(), bound
        shares = np.linspace(0, 1, _BINS + 1)[1:-1]
        self._edges = [np.unique(np.quantile(column, shares)) for column in rows.T]
        self._bins = np.array(
            [np.searchsorted(edges, column) for edges, column in zip(self._edges, rows.T, strict=True)]
        )

    def learn(self, count: int) -> Trees:
        """`count` trees."""
        share = float(np.average(self._right, weights=self._importance))
        base = float(np.log(share / (1 - share)))
        odds = np.full(len(self._right), base)
        table: list[list[float]] = []
        for _ in range(count):
            chance = 1 / (1 + np.exp(-odds))
            tree = self._grow(
                self._importance * (self._right - chance), self._importance * chance * (1 - chance), odds
            )
            if tree is None:
                break
            table.append(tree)
        return Trees.of(base, table)

    def _grow(self, slope: Floats, curve: Floats, odds: Floats) -> list[float] | None:
        """One tree as a row of `Trees.of`; adds it to `odds`."""
        every = np.arange(len(slope))
        root = self._best(every, slope, curve, -np.inf, np.inf)
        if root is None:
            return None
        above = self._bins[root.feature] > root.bin
        middle = (root.low + root.high) / 2
        lowest, highest = [-np.inf, -np.inf], [np.inf, np.inf]
        if self._bound[root.feature] > 0:
            highest[0] = lowest[1] = middle
        elif self._bound[root.feature] < 0:
            lowest[0] = highest[1] = middle
        features, cuts, values = [root.feature], [self._cut(root)], []
        for side, rows in enumerate((every[~above], every[above])):
            split = self._best(rows, slope, curve, lowest[side], highest[side])
            if split is None:
                value = _STEP * (root.high if side else root.low)
                features.append(root.feature)
                cuts.append(self._cut(root))
                values += [value, value]
                odds[rows] += value
                continue
            features.append(split.feature)
            cuts.append(self._cut(split))
            values += [_STEP * split.low, _STEP * split.high]
            odds[rows] += np.where(self._bins[split.feature, rows] > split.bin, values[-1], values[-2])
        return [*features, *cuts, *values]

    def _cut(self, split: _Split) -> float:
        return float(self._edges[split.feature][split.bin])

    def _best(self, rows: Rows, slope: Floats, curve: Floats, lowest: float, highest: float) -> _Split | None:
        """The split of these rows that lowers the loss most, with both values between the bounds."""
        best: _Split | None = None
        slopes, curves = slope[rows], curve[rows]
        whole = float(slopes.sum()) ** 2 / (float(curves.sum()) + _RIDGE)
        for feature, bins in enumerate(self._bins):
            own = bins[rows]
            size = len(self._edges[feature]) + 1
            g: Floats = np.cumsum(np.bincount(own, slopes, size), dtype=np.float64)
            h: Floats = np.cumsum(np.bincount(own, curves, size), dtype=np.float64)
            n = np.cumsum(np.bincount(own, minlength=size))
            low = np.clip(g / (h + _RIDGE), lowest, highest)
            high = np.clip((g[-1] - g) / (h[-1] - h + _RIDGE), lowest, highest)
            gain = _gain(low, g, h) + _gain(high, g[-1] - g, h[-1] - h) - whole
            allowed = (n >= _FEWEST) & (n[-1] - n >= _FEWEST)
            if self._bound[feature]:
                allowed &= self._bound[feature] * (high - low) >= 0
            gain[~allowed] = -np.inf
            place = int(gain.argmax())
            if gain[place] > max(1e-6, best.gain if best else 0.0):
                best = _Split(feature, place, float(gain[place]), float(low[place]), float(high[place]))
        return best


def _gain(value: Floats, slope: Floats, curve: Floats) -> Floats:
    return 2 * slope * value - (curve + _RIDGE) * value**2
