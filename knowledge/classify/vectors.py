"""From the features of texts to weighted vectors: rare features and those that tell labels apart count more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.classify.features import CHANNEL_WEIGHTS, FEATURES, Channel

_RARE = 24  # features in at most this many texts are multiplied sparsely, the others densely
_TELLING_CHANNELS = (False, True, True, False)
"""Which channels weigh features by what they tell of labels. Words gain from it when they are typed well and
lose more when they are not; letters and consonants only gain."""
_TELLING_SHARE = 1 / 3
_DOUBT = 2.0  # a feature seen in so many texts is half believed


@dataclass(frozen=True)
class Vectors:
    """Texts as a sparse matrix by rows; `start[i]` is where text i begins in the other two."""

    index: NDArray[np.int64]
    value: NDArray[np.float32]
    start: NDArray[np.int64]

    @property
    def row(self) -> NDArray[np.int64]:
        """The text of every entry."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def similarities(self) -> NDArray[np.float32]:
        """All dot products of the texts: rare features pair by pair, common ones as one dense product."""
        texts = len(self.start) - 1
        order = np.argsort(self.index, kind="stable")
        row, value = self.row[order], self.value[order]
        _, first, occurrences = np.unique(self.index[order], return_index=True, return_counts=True)

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


@dataclass(frozen=True, kw_only=True)
class FeatureWeights:
    """How much each feature counts, learned from examples; both are (features,).

    `rarity` is the inverse document frequency, highest for features never met. `telling` is one plus
    what a feature tells of the labels.
    """

    rarity: NDArray[np.float32]
    telling: NDArray[np.float32]

    @classmethod
    def learn(cls, found: Sequence[tuple[Channel, ...]], truths: NDArray[np.bool_]) -> Self:
        """From the features of examples and what is true of them, (texts, labels)."""
        return cls(rarity=_rarity(found), telling=_telling(found, truths))

    def is_known(self, index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which features were met in learning."""
        return self.rarity[index] < self.rarity.max()

    def vectors(self, found: Sequence[tuple[Channel, ...]]) -> Vectors:
        """Weighted features. The known ones of every channel have the channel's weight as length.

        Those never met in learning, which typing slips make, do not take from the weight of the others.
        """
        index: list[NDArray[np.int64]] = []
        value: list[NDArray[np.float32]] = []
        start = [0]
        unknown = self.rarity.max()
        for channels in found:
            size = 0
            for channel, weight, tells in zip(channels, CHANNEL_WEIGHTS, _TELLING_CHANNELS, strict=True):
                rarity = self.rarity[channel.index]
                weighted = ((1.0 + np.log(channel.count)) * rarity).astype(np.float32)
                if tells:
                    weighted *= self.telling[channel.index]
                known = weighted[rarity < unknown]
                measured = known if len(known) else weighted
                weighted *= weight / max(float(np.sqrt(measured @ measured)), 1e-9)
                index.append(channel.index)
                value.append(weighted)
                size += len(channel.index)
            start.append(start[-1] + size)
        return Vectors(np.concatenate(index), np.concatenate(value), np.array(start))


def _rarity(found: Sequence[tuple[Channel, ...]]) -> NDArray[np.float32]:
    frequency = np.ones(FEATURES, dtype=np.float32)
    for channels in found:
        for channel in channels:
            frequency[channel.index] += 1
    return np.log((len(found) + 2) / frequency) + 1


def _telling(found: Sequence[tuple[Channel, ...]], truths: NDArray[np.bool_]) -> NDArray[np.float32]:
    """One plus a share of the nats by which meeting a feature changes what labels are to be expected."""
    told = [
        np.concatenate([c.index for c, tells in zip(channels, _TELLING_CHANNELS, strict=True) if tells])
        for channels in found
    ]
    frequency = np.bincount(np.concatenate(told), minlength=FEATURES)
    met = np.flatnonzero(frequency)
    often = frequency[met]
    nats = np.zeros(len(met))
    for truth in truths.T:
        with_label = [told[text] for text in np.flatnonzero(truth)]
        together = np.bincount(np.concatenate(with_label), minlength=FEATURES)[met]
        usual = (len(with_label) + 1) / (len(found) + 2)
        here = (together + _DOUBT * usual) / (often + _DOUBT)
        nats += here * np.log(here / usual) + (1 - here) * np.log((1 - here) / (1 - usual))
    telling = np.ones(FEATURES, dtype=np.float32)
    telling[met] += _TELLING_SHARE * nats
    return telling
