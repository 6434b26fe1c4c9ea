"""Small decision trees, and the shipped ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from knowledge.search import weights
from knowledge.search.trees import Trees
from knowledge.search.weights import CONFIDENCE_NAMES, UNBOUND_NAMES, WEIGHTS

TWO = Trees.of(0.5, [[0, 1, 2, 0.0, 1.0, 2.0, 1, 2, 4, 8], [1, 0, 0, 3.0, 0.0, 0.0, 16, 16, 32, 32]])


@pytest.mark.parametrize(
    ("numbers", "total"),
    [((-1, 1, 9), 17.5), ((-1, 1.5, 9), 18.5), ((1, 0, 2), 20.5), ((1, 0, 2.5), 24.5), ((1, 4, 2.5), 40.5)],
)
def test_a_tree_goes_the_upper_way_above_its_cut(numbers: tuple[float, ...], total: float) -> None:
    assert TWO(np.array(numbers, float)) == total


def test_without_trees_the_base_is_all() -> None:
    assert Trees.of(-0.25, [])(np.zeros(3)) == -0.25


def test_a_better_match_never_lowers_the_shipped_confidence() -> None:
    chance = np.random.default_rng(2570)
    for _ in range(400):
        numbers = chance.uniform(-0.2, 1.2, len(CONFIDENCE_NAMES))
        place = int(chance.integers(len(numbers)))
        if CONFIDENCE_NAMES[place] in UNBOUND_NAMES:
            continue
        better = numbers.copy()
        better[place] += chance.uniform(0, 1)
        assert WEIGHTS.confidence(better) >= WEIGHTS.confidence(numbers) - 1e-9, CONFIDENCE_NAMES[place]


def test_the_shipped_trees_ask_only_about_numbers_there_are() -> None:
    table = json.loads((Path(weights.__file__).parent / "weights.json").read_text(encoding="utf-8"))
    asked = {int(feature) for row in table["confidence_trees"] for feature in row[:3]}
    assert asked <= set(range(len(CONFIDENCE_NAMES)))
    assert len(table["confidence_trees"]) > 0
