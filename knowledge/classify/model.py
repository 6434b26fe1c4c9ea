"""A multi-label text classifier that learns from a few hundred examples in about a second.

One linear model per label over the hashed features of `features`, fitted together as ridge
regression in its dual form: with a few thousand texts the matrix of their similarities is small, one
inverse of it serves all labels, and it also yields, without fitting again, the score that every text
would have got from the others alone. Those leave-one-out scores make the probabilities honest.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knowledge.classify.features import CHANNEL_WEIGHTS, FEATURES, MAX_CHARACTERS, Channel, channels_of
from knowledge.thai import as_thai_layout

Example = tuple[str, Iterable[str]]
"""A text and all labels that are true of it; a lone label may stand for itself."""

_RIDGE = 3.0  # chosen on complaints and call-centre utterances, clean and mistyped; 1.2 loses a point
_BIAS = 0.1  # similarity of any two texts, which stands for a constant feature
_SHARD = 4_000  # examples solved together; more are split and the weights averaged, so time stays linear
_RARE = 24  # features in at most this many texts of a shard are multiplied sparsely, the others densely
_CORRECTED_LOGIT = 1.0  # a corrected label ends with probability 0.73 or more, a refused one 0.27 or less
_FORMAT = 2


class Prediction(NamedTuple):
    """A label and the probability that it is true of the text."""

    label: str
    probability: float


@dataclass(frozen=True)
class _Vectors:
    """Texts as a sparse matrix by rows; `start[i]` is where text i begins in the other two."""

    index: NDArray[np.int64]
    value: NDArray[np.float32]
    start: NDArray[np.int64]

    @property
    def row(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


class TextClassifier:
    """Labels for texts, with calibrated probabilities; see `fit`, `predict` and `learn`."""

    def __init__(
        self,
        labels: Sequence[str],
        *,
        idf: NDArray[np.float32],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        sigmoid: NDArray[np.float64],
    ) -> None:
        """Wrap learned numbers; use `fit` or `load`.

        `weights` is (features, labels) and gives the scores; `sigmoid` is (labels, 3) and turns the
        evidence of a score (see `_evidence`) into the logit of its probability.
        """
        self._labels = list(labels)
        self._idf = idf
        self._weights = weights
        self._bias = bias
        self._sigmoid = sigmoid

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
        idf = _inverse_document_frequency(found)
        targets = np.array([[1.0 if label in given else -1.0 for label in labels] for _, given in pairs])

        weights = np.zeros((FEATURES, len(labels)), dtype=np.float32)
        bias = np.zeros(len(labels), dtype=np.float32)
        scores = np.zeros_like(targets)
        shards = -(-len(pairs) // _SHARD)
        for shard in range(shards):
            members = slice(shard, None, shards)
            vectors = _vectors(found[members], idf)
            coefficients, scores[members] = _ridge(vectors, targets[members])
            spread = coefficients[vectors.row] * (vectors.value / shards)[:, None]
            np.add.at(weights, vectors.index, spread.astype(np.float32))
            bias += _BIAS * coefficients.sum(axis=0) / shards
        return cls(labels, idf=idf, weights=weights, bias=bias, sigmoid=_calibrate(scores, targets))

    def predict(self, text: str, *, limit: int = 3) -> list[Prediction]:
        """The `limit` most probable labels, best first. Probabilities need not sum to one.

        Text typed with the keyboard in English is read as the Thai that was meant.
        """
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
            # Rivals move each other's logits, so one exact step is not enough; a few are.
            for _ in range(5):
                missing = np.maximum(0.0, _CORRECTED_LOGIT - sign * self._logits(vectors)) * sign
                step = (missing / (self._sigmoid[:, :2].sum(axis=1) * length)).astype(np.float32)
                self._weights[vectors.index] += vectors.value[:, None] * step
                self._bias += _BIAS * step

    def save(self, path: str | Path) -> None:
        """Write the model to a file, for `load`."""
        used = np.flatnonzero(self._weights.any(axis=1))
        known = np.flatnonzero(self._idf != self._idf.max())
        with open(path, "wb") as file:
            np.savez_compressed(
                file,
                meta=np.array(json.dumps({"format": _FORMAT, "features": FEATURES, "labels": self._labels})),
                used=used,
                weights=self._weights[used],
                known=known,
                idf=self._idf[known],
                idf_unknown=self._idf.max(),
                bias=self._bias,
                sigmoid=self._sigmoid,
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
            idf = np.full(FEATURES, file["idf_unknown"], dtype=np.float32)
            idf[file["known"]] = file["idf"]
            return cls(
                meta["labels"],
                idf=idf,
                weights=weights,
                bias=file["bias"],
                sigmoid=file["sigmoid"],
            )

    def _vector(self, text: str) -> _Vectors:
        return _vectors([channels_of(text)], self._idf)

    def _known_share(self, vectors: _Vectors) -> float:
        """How much of a text consists of features met in learning, 0 to 1."""
        known = vectors.value[self._idf[vectors.index] < self._idf.max()]
        return float(known @ known) / max(float(vectors.value @ vectors.value), 1e-9)

    def _logits(self, vectors: _Vectors) -> NDArray[np.float64]:
        scores = (vectors.value @ self._weights[vectors.index] + self._bias).astype(np.float64)
        return (_evidence(scores[None, :])[0] * self._sigmoid).sum(axis=1)

    def _add_labels(self, labels: Iterable[str]) -> None:
        """New labels start improbable everywhere; the correction that brings them teaches the rest."""
        for label in labels:
            self._labels.append(label)
            self._weights = np.pad(self._weights, ((0, 0), (0, 1)))
            self._bias = np.concatenate([self._bias, np.full(1, -1.0, dtype=np.float32)])
            self._sigmoid = np.vstack([self._sigmoid, np.median(self._sigmoid, axis=0)])


def _label_set(labels: Iterable[str]) -> frozenset[str]:
    return frozenset([labels] if isinstance(labels, str) else labels)


def _inverse_document_frequency(found: Sequence[tuple[Channel, ...]]) -> NDArray[np.float32]:
    frequency = np.ones(FEATURES, dtype=np.float32)
    for channels in found:
        for channel in channels:
            frequency[channel.index] += 1
    return np.log((len(found) + 2) / frequency) + 1


def _vectors(found: Sequence[tuple[Channel, ...]], idf: NDArray[np.float32]) -> _Vectors:
    """Weighted features. The known ones of every channel have the channel's weight as length.

    Those never met in learning, which typing slips make, do not take from the weight of the others.
    """
    index: list[NDArray[np.int64]] = []
    value: list[NDArray[np.float32]] = []
    start = [0]
    unknown = idf.max()
    for channels in found:
        size = 0
        for channel, weight in zip(channels, CHANNEL_WEIGHTS, strict=True):
            rarity = idf[channel.index]
            weighted = ((1.0 + np.log(channel.count)) * rarity).astype(np.float32)
            known = weighted[rarity < unknown]
            measured = known if len(known) else weighted
            weighted *= weight / max(float(np.sqrt(measured @ measured)), 1e-9)
            index.append(channel.index)
            value.append(weighted)
            size += len(channel.index)
        start.append(start[-1] + size)
    return _Vectors(np.concatenate(index), np.concatenate(value), np.array(start))


def _ridge(
    vectors: _Vectors, targets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Dual coefficients (texts, labels), and the score of every text when it is left out itself."""
    similarity = _similarities(vectors) + _BIAS
    similarity[np.diag_indices_from(similarity)] += _RIDGE
    inverse = np.linalg.inv(similarity)
    coefficients = inverse @ targets
    return coefficients, targets - coefficients / np.diag(inverse)[:, None]


def _similarities(vectors: _Vectors) -> NDArray[np.float32]:
    """All dot products of the texts: rare features pair by pair, common ones as one dense product."""
    texts = len(vectors.start) - 1
    order = np.argsort(vectors.index, kind="stable")
    row, value = vectors.row[order], vectors.value[order]
    _, first, occurrences = np.unique(vectors.index[order], return_index=True, return_counts=True)

    common = occurrences > _RARE
    column = np.repeat(np.where(common, np.cumsum(common) - 1, -1), occurrences)
    dense = np.zeros((texts, int(common.sum())), dtype=np.float32)
    dense[row[column >= 0], column[column >= 0]] = value[column >= 0]
    similarity = dense @ dense.T

    flat = similarity.reshape(-1)
    for count in range(1, _RARE + 1):
        places = first[occurrences == count][:, None] + np.arange(count)
        rows, values = row[places], value[places]
        np.add.at(
            flat,
            (rows[:, :, None] * texts + rows[:, None, :]).reshape(-1),
            (values[:, :, None] * values[:, None, :]).reshape(-1),
        )
    return similarity


def _evidence(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a probability is read from, (texts, labels, 3): the score, its lead over the best rival, 1."""
    if scores.shape[1] == 1:
        rival = np.full_like(scores, -1.0)
    else:
        runner_up, best = np.partition(scores, -2, axis=1)[:, -2:].T
        rival = np.where(scores == best[:, None], runner_up[:, None], best[:, None])
    return np.stack([scores, scores - rival, np.ones_like(scores)], axis=2)


def _calibrate(scores: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression of every label's truth on its evidence, by Newton's method: (labels, 3)."""
    positives = (targets > 0).sum(axis=0)
    negatives = len(targets) - positives
    # Platt's softened targets keep a label with few examples from becoming certain.
    wanted = np.where(targets > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    evidence = _evidence(scores)
    prior = np.array([2.0, 1.0, 0.0])
    strength = np.array([0.3, 0.3, 1e-3])
    sigmoid = np.tile(prior, (len(positives), 1))
    for _ in range(30):
        probability = 1.0 / (1.0 + np.exp(-np.einsum("nlf,lf->nl", evidence, sigmoid)))
        slope = probability * (1.0 - probability)
        gradient = np.einsum("nl,nlf->lf", probability - wanted, evidence) + strength * (sigmoid - prior)
        curvature = np.einsum("nl,nlf,nlg->lfg", slope, evidence, evidence, optimize=True) + np.diag(strength)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        sigmoid -= np.clip(step, -2.0, 2.0)
    # A label that is learned from almost nothing must still rise with its score.
    sigmoid[:, 0] = np.maximum(sigmoid[:, 0], 0.5)
    sigmoid[:, 1] = np.maximum(sigmoid[:, 1], 0.0)
    return sigmoid
