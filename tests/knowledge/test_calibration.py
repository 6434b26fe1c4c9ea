"""Scores become probabilities: of a label's own score, its lead, and what else is true."""

import numpy as np
import pytest

from knowledge.classify import calibration
from knowledge.classify.calibration import Calibration


def _probabilities(learned: Calibration, scores: list[list[float]]) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-learned.logits(np.array(scores))))


def _companions(texts: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Three labels; the second is true whenever the first is, and its own score says little."""
    chance = np.random.default_rng(4)
    first = chance.random(texts) < 0.4
    third = ~first & (chance.random(texts) < 0.7)
    truths = np.stack([first, first, third], axis=1)
    noise = np.array([0.3, 2.0, 0.3])
    return np.where(truths, 0.5, -0.5) + noise * chance.standard_normal((texts, 3)), truths


def test_a_label_that_goes_with_another_becomes_likelier_with_it() -> None:
    learned = Calibration.learn(*_companions())
    without, with_it = _probabilities(learned, [[-0.5, 0.0, 0.6], [0.6, 0.0, -0.5]])
    assert with_it[1] > 0.7
    assert without[1] < 0.3


def test_with_very_many_labels_each_is_judged_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_MOST_READ", 2)
    learned = Calibration.learn(*_companions())
    assert not learned.others.any()
    low, high = _probabilities(learned, [[-0.5, -1.0, 0.0], [1.5, -1.0, 0.0]])
    assert high[0] > low[0]


def test_no_label_reads_its_own_score_twice() -> None:
    assert not np.diag(Calibration.learn(*_companions()).others).any()


def test_probabilities_come_out_as_often_as_they_say() -> None:
    scores, truths = _companions()
    asked, true = _companions(2_000)
    probability = _probabilities(Calibration.learn(scores, truths), asked.tolist())
    for low in (0.0, 0.25, 0.5, 0.75):
        inside = (probability >= low) & (probability < low + 0.25)
        assert abs(probability[inside].mean() - true[inside].mean()) < 0.08


@pytest.mark.parametrize("true_of", [0, 1, 50])
def test_a_label_of_nothing_of_one_text_or_of_everything_still_rises_with_its_score(true_of: int) -> None:
    scores = np.random.default_rng(1).standard_normal((50, 2)) * 100
    truths = np.stack([np.arange(50) < true_of, np.arange(50) % 2 == 0], axis=1)
    low, high = _probabilities(Calibration.learn(scores, truths), [[-0.1, 0.0], [0.1, 0.0]])
    assert np.isfinite([low, high]).all()
    assert high[0] > low[0]


def test_a_new_label_is_read_by_nobody_and_reads_nobody() -> None:
    learned = Calibration.learn(*_companions())
    grown = learned.with_another_label()
    scores = np.array([[0.2, -0.4, -0.1]])
    with_new = np.append(scores, [[-1.0]], axis=1)
    np.testing.assert_allclose(grown.logits(with_new)[:, :3], learned.logits(scores))
    assert not grown.others[3].any()
