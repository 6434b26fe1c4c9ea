"""From a Thai text to a sparse vector: words, character n-grams and consonant skeletons, hashed.

The channels fail differently: a typing slip breaks a word but few of its character n-grams, and a wrong
vowel or tone mark leaves the consonant skeleton whole. Pairs of neighbouring words say most when they
recur, which is seldom; they weigh less.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.thai import Segmenter, character_grams, normalise, skeleton_grams

HASH_BITS = 17
FEATURES = 1 << HASH_BITS

MAX_CHARACTERS = 1500
"""Longer texts are cut here: nothing said after this point changes what a message is about."""

CHANNEL_WEIGHTS = (0.9, 1.1, 0.9, 0.4)
"""How much words, character n-grams, skeleton n-grams and pairs of words count. Chosen on complaints and
call-centre utterances, clean and mistyped: pairs among the words lose a point or two."""

_CHARACTER_SIZES = (2, 3, 4)
_SKELETON_SIZES = (2, 3)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SEGMENTER = Segmenter()


@dataclass(frozen=True)
class Channel:
    """Which features one channel found in a text, and how often."""

    index: NDArray[np.int64]
    count: NDArray[np.float32]


def channels_of(text: str) -> tuple[Channel, ...]:
    """The features of a text, unweighted, channel by channel as in `CHANNEL_WEIGHTS`."""
    clean = normalise(text, limit=MAX_CHARACTERS)
    words = [word.encode() for word in _SEGMENTER.words(clean) if not word.isspace()]
    keys = [zlib.crc32(word) for word in words]
    pairs = [zlib.crc32(second, key) for key, second in zip(keys, words[1:], strict=False)]
    return (
        _hashed(np.array(keys, dtype=np.int64), 1),
        _hashed(character_grams(clean, _CHARACTER_SIZES), 2),
        _hashed(skeleton_grams(clean, _SKELETON_SIZES), 3),
        _hashed(np.array(pairs, dtype=np.int64), 4),
    )


def _hashed(keys: NDArray[np.int64], channel: int) -> Channel:
    """Spread keys over the feature numbers, each channel differently, and count them."""
    mixed = (keys.astype(np.uint64) + (np.uint64(channel) << np.uint64(56))) * _MULTIPLIER
    index, count = np.unique((mixed >> np.uint64(64 - HASH_BITS)).astype(np.int64), return_counts=True)
    return Channel(index, count.astype(np.float32))
