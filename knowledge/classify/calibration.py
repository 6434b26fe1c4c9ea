"""From the scores of all labels to the probability of each.

Every label has a logistic regression of its own. It reads the label's score, how far that leads the best
rival, and, cautiously, the scores of the other labels: a report of smoke makes rubbish likelier (both are
true of burning it), and of two labels that share their words the one with the more telling rest wins.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

_MOST_READ = 48  # with more labels than this none reads the others' scores: the work grows with the cube
_PRIOR = np.array([2.0, 1.0, 0.0])
_STRENGTH = np.array([0.3, 0.3, 1e-3])
_STRENGTH_OF_OTHERS = 2.0  # 0.3 to 4 do about as well; less is worse where labels have few examples
_STEPS = 30
_HALVINGS = 8


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What is learned for it. `own` is (labels, 3): the weight of score and lead, and a constant.

    `others` is (labels, labels): what a label (row) reads from the score of another (column); its
    diagonal is zero.
    """

    own: NDArray[np.float64]
    others: NDArray[np.float64]

    @classmethod
    def learn(cls, scores: NDArray[np.float64], truths: NDArray[np.bool_]) -> Self:
        """From scores of texts (texts, labels) that had no part in the scores, and what was true of them."""
        positives = truths.sum(axis=0)
        negatives = len(truths) - positives
        # Platt's softened targets keep a label with few examples from becoming certain.
        wanted = np.where(truths, (positives + 1) / (positives + 2), 1 / (negatives + 2))
        evidence = _evidence(scores)
        labels = scores.shape[1]
        read = scores if 1 < labels <= _MOST_READ else scores[:, :0]
        prior = np.concatenate([_PRIOR, np.zeros(read.shape[1])])
        strength = np.concatenate([_STRENGTH, np.full(read.shape[1], _STRENGTH_OF_OTHERS)])
        own = np.zeros((labels, 3))
        others = np.zeros((labels, labels))
        for label in range(labels):
            features = np.hstack([evidence[:, label], read])
            if read.shape[1]:
                features[:, 3 + label] = 0.0
            found = _logistic_regression(features, wanted[:, label], prior, strength)
            own[label] = found[:3]
            others[label, : read.shape[1]] = found[3:]
        # A label that is learned from almost nothing must still rise with its score.
        own[:, 0] = np.maximum(own[:, 0], 0.5)
        own[:, 1] = np.maximum(own[:, 1], 0.0)
        return cls(own=own, others=others)

    def logits(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The logits of the probabilities (texts, labels) for scores of the same shape."""
        return (_evidence(scores) * self.own).sum(axis=2) + scores @ self.others.T

    @property
    def slope(self) -> NDArray[np.float64]:
        """How much each label's logit rises with its own score while it leads or trails the same rival."""
        return self.own[:, 0] + self.own[:, 1]

    def with_another_label(self) -> Self:
        """The same with one label more at the end, as cautious as the others are."""
        own = np.vstack([self.own, np.median(self.own, axis=0)])
        return type(self)(own=own, others=np.pad(self.others, ((0, 1), (0, 1))))


def _evidence(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a label reads of itself, (texts, labels, 3): the score, its lead over the best rival, 1."""
    if scores.shape[1] == 1:
        rival = np.full_like(scores, -1.0)
    else:
        runner_up, best = np.partition(scores, -2, axis=1)[:, -2:].T
        rival = np.where(scores == best[:, None], runner_up[:, None], best[:, None])
    return np.stack([scores, scores - rival, np.ones_like(scores)], axis=2)


def _logistic_regression(
    features: NDArray[np.float64],
    wanted: NDArray[np.float64],
    prior: NDArray[np.float64],
    strength: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Coefficients near `prior`, by Newton's method with steps halved until the loss falls."""

    def loss(candidate: NDArray[np.float64]) -> float:
        logit = features @ candidate
        fit = (np.logaddexp(0.0, logit) - wanted * logit).sum()
        return float(fit + 0.5 * strength @ (candidate - prior) ** 2)

    found = prior.copy()
    least = loss(found)
    for _ in range(_STEPS):
        probability = 0.5 + 0.5 * np.tanh(0.5 * (features @ found))
        curvature = (features * (probability * (1.0 - probability))[:, None]).T @ features + np.diag(strength)
        step = np.linalg.solve(curvature, features.T @ (probability - wanted) + strength * (found - prior))
        for _ in range(_HALVINGS):
            if (now := loss(found - step)) < least:
                break
            step /= 2
        else:
            break
        found = found - step
        if least - now < 1e-4:
            break
        least = now
    return found
