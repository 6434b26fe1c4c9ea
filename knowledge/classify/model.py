"""A multi-label text classifier that learns from a few hundred examples in about a second.

One linear model per label over the hashed features of `features`, fitted together as ridge
regression in its dual form: with a few thousand texts the matrix of their similarities is small, one
inverse of it serves all labels, and it also yields, without fitting again, the score that every text
would have got from the others alone. Those leave-one-out scores make the probabilities honest, see
`calibration`.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knowledge.classify.calibration import Calibration
from knowledge.classify.features import FEATURES, MAX_CHARACTERS, channels_of
from knowledge.classify.vectors import FeatureWeights, Vectors
from knowledge.thai import as_thai_layout

Example = tuple[str, Iterable[str]]
"""A text and all labels that are true of it; a lone label may stand for itself."""

_RIDGE = 3.0  # chosen on complaints and call-centre utterances, clean and mistyped; 1.2 loses a point
_BIAS = 0.1  # similarity of any two texts, which stands for a constant feature
_SHARD = 4_000  # examples solved together; more are split and the weights averaged, so time stays linear
_CORRECTED_LOGIT = 1.0  # a corrected label ends with probability 0.73 or more, a refused one 0.27 or less
_CORRECTING_STEPS = 20
_FORMAT = 3


class Prediction(NamedTuple):
    """A label and the probability that it is true of the text."""

    label: str
    probability: float


class TextClassifier:
    """Labels for texts, with calibrated probabilities; see `fit`, `predict` and `learn`."""

    def __init__(
        self,
        labels: Sequence[str],
        *,
        feature_weights: FeatureWeights,
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        calibration: Calibration,
    ) -> None:
        """Wrap learned numbers; use `fit` or `load`.

        `weights` is (features, labels) and `bias` (labels,): together they give the scores.
        """
        self._labels = list(labels)
        self._feature_weights = feature_weights
        self._weights = weights
        self._bias = bias
        self._calibration = calibration

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label it knows, in the order they were first seen."""
        return tuple(self._labels)

    @classmethod
    def fit(cls, examples: Iterable[Example]) -> Self:
        """Learn from examples. A text without labels teaches what none of the labels is.

        Raises ValueError when no example carries a label.
        """
        pairs = [(text, _label_set(labels)) for text, labels in examples]
        labels = list(dict.fromkeys(label for _, given in pairs for label in sorted(given)))
        if not labels:
            raise ValueError("no example carries a label")
        found = [channels_of(text) for text, _ in pairs]
        truths = np.array([[label in given for label in labels] for _, given in pairs])
        targets = np.where(truths, 1.0, -1.0)
        feature_weights = FeatureWeights.learn(found, truths)

        weights = np.zeros((FEATURES, len(labels)), dtype=np.float32)
        bias = np.zeros(len(labels), dtype=np.float32)
        scores = np.zeros_like(targets)
        shards = -(-len(pairs) // _SHARD)
        for shard in range(shards):
            members = slice(shard, None, shards)
            vectors = feature_weights.vectors(found[members])
            coefficients, scores[members] = _ridge(vectors, targets[members])
            spread = coefficients[vectors.row] * (vectors.value / shards)[:, None]
            np.add.at(weights, vectors.index, spread.astype(np.float32))
            bias += _BIAS * coefficients.sum(axis=0) / shards
        return cls(
            labels,
            feature_weights=feature_weights,
            weights=weights,
            bias=bias,
            calibration=Calibration.learn(scores, truths),
        )

    def predict(self, text: str, *, limit: int = 3) -> list[Prediction]:
        """The `limit` most probable labels, best first. Probabilities need not sum to one.

        Text typed with the keyboard in English is read as the Thai that was meant. Raises ValueError for a
        negative `limit`.
        """
        if limit < 0:
            raise ValueError(f"limit must not be negative, got {limit}")
        vectors = self._vector(text)
        meant = as_thai_layout(text[:MAX_CHARACTERS])
        if meant is not None:
            vectors = max(vectors, self._vector(meant), key=self._known_share)
        logits = self._logits(vectors)
        best = np.argsort(-logits, kind="stable")[:limit]
        probabilities = 1.0 / (1.0 + np.exp(-logits[best]))
        return [Prediction(self._labels[k], float(p)) for k, p in zip(best, probabilities, strict=True)]

    def learn(self, examples: Iterable[Example]) -> None:
        """Take corrections at once: each text moves the weights just far enough to be right itself.

        Cheap and local. Fit again with everything known when the corrections have become many.
        Labels not seen before are added.
        """
        for text, labels in examples:
            given = _label_set(labels)
            self._add_labels(label for label in sorted(given) if label not in self._labels)
            vectors = self._vector(text)
            sign = np.array([1.0 if label in given else -1.0 for label in self._labels])
            length = float(vectors.value @ vectors.value) + _BIAS
            # Labels move each other's logits, so one exact step is not enough; a few are.
            for _ in range(_CORRECTING_STEPS):
                missing = np.maximum(0.0, _CORRECTED_LOGIT - sign * self._logits(vectors)) * sign
                step = (missing / (self._calibration.slope * length)).astype(np.float32)
                self._weights[vectors.index] += vectors.value[:, None] * step
                self._bias += _BIAS * step

    def save(self, path: str | Path) -> None:
        """Write the model to a file, for `load`."""
        used = np.flatnonzero(self._weights.any(axis=1))
        known = np.flatnonzero(self._feature_weights.is_known(np.arange(FEATURES)))
        with open(path, "wb") as file:
            np.savez_compressed(
                file,
                meta=np.array(json.dumps({"format": _FORMAT, "features": FEATURES, "labels": self._labels})),
                used=used,
                weights=self._weights[used],
                known=known,
                rarity=self._feature_weights.rarity[known],
                rarity_unknown=self._feature_weights.rarity.max(),
                telling=self._feature_weights.telling[known],
                bias=self._bias,
                calibration_own=self._calibration.own,
                calibration_others=self._calibration.others,
            )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model that `save` wrote. Raises ValueError when the file is of another version."""
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            if meta["format"] != _FORMAT or meta["features"] != FEATURES:
                raise ValueError(f"{path} was saved by another version; fit the model again")
            weights = np.zeros((FEATURES, len(meta["labels"])), dtype=np.float32)
            weights[file["used"]] = file["weights"]
            rarity = np.full(FEATURES, file["rarity_unknown"], dtype=np.float32)
            rarity[file["known"]] = file["rarity"]
            telling = np.ones(FEATURES, dtype=np.float32)
            telling[file["known"]] = file["telling"]
            return cls(
                meta["labels"],
                feature_weights=FeatureWeights(rarity=rarity, telling=telling),
                weights=weights,
                bias=file["bias"],
                calibration=Calibration(own=file["calibration_own"], others=file["calibration_others"]),
            )

    def _vector(self, text: str) -> Vectors:
        return self._feature_weights.vectors([channels_of(text)])

    def _known_share(self, vectors: Vectors) -> float:
        """How much of a text consists of features met in learning, 0 to 1."""
        known = vectors.value[self._feature_weights.is_known(vectors.index)]
        return float(known @ known) / max(float(vectors.value @ vectors.value), 1e-9)

    def _logits(self, vectors: Vectors) -> NDArray[np.float64]:
        scores = (vectors.value @ self._weights[vectors.index] + self._bias).astype(np.float64)
        return self._calibration.logits(scores[None, :])[0]

    def _add_labels(self, labels: Iterable[str]) -> None:
        """New labels start improbable everywhere; the correction that brings them teaches the rest."""
        for label in labels:
            self._labels.append(label)
            self._weights = np.pad(self._weights, ((0, 0), (0, 1)))
            self._bias = np.concatenate([self._bias, np.full(1, -1.0, dtype=np.float32)])
            self._calibration = self._calibration.with_another_label()


def _label_set(labels: Iterable[str]) -> frozenset[str]:
    return frozenset([labels] if isinstance(labels, str) else labels)


def _ridge(vectors: Vectors, targets: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Dual coefficients (texts, labels), and the score of every text when it is left out itself."""
    similarity = vectors.similarities() + _BIAS
    similarity[np.diag_indices_from(similarity)] += _RIDGE
    inverse = np.linalg.inv(similarity)
    coefficients = inverse @ targets
    return coefficients, targets - coefficients / np.diag(inverse)[:, None]
