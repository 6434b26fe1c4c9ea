"""Sums of small decision trees: two questions deep, each about one number. Learned before shipping, read here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """Tree t asks whether feature `features[t, 0]` is above `cuts[t, 0]`, then one more question of two.

    The second is number 1 of the row after a no, number 2 after a yes; `values[t]` are what the four ways
    add. Shapes: features and cuts (trees, 3), values (trees, 4).
    """

    base: float
    features: npt.NDArray[np.int64]
    cuts: Floats
    values: Floats

    @classmethod
    def of(cls, base: float, rows: Sequence[Sequence[float]]) -> "Trees":
        """From rows of three features, three cuts and four values."""
        table = np.array(rows, np.float64).reshape(len(rows), 10)
        return cls(base, table[:, :3].astype(np.int64), table[:, 3:6], table[:, 6:])

    def __call__(self, numbers: Floats) -> float:
        """The sum over all trees for one row of numbers."""
        above = numbers[self.features] > self.cuts
        tree = np.arange(len(above))
        first = above[:, 0].astype(np.int64)
        second = above[tree, 1 + first]
        return self.base + float(self.values[tree, 2 * first + second].sum())
