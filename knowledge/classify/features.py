"""From a Thai text to a sparse vector: words, character n-grams and consonant skeletons, hashed.

Three channels fail differently: a typing slip breaks a word but few of its character n-grams, and a
wrong vowel or tone mark leaves the consonant skeleton whole. Each channel has length one, so that a
long text does not drown the words, and each has its own weight.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.classify._thai import normalize, skeleton, tokenize

HASH_BITS = 18
FEATURES = 1 << HASH_BITS

MAX_CHARACTERS = 1500
"""Longer texts are cut here: nothing said after this point changes what a message is about."""

_WORDS, _CHARACTERS, _SKELETON = 0, 1, 2
_CHARACTER_SIZES = (2, 3, 4, 5)
_SKELETON_SIZES = (2, 3, 4)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Channel:
    """Which features one channel found in a text, and how often."""

    index: NDArray[np.int64]
    count: NDArray[np.float32]


def channels_of(text: str) -> tuple[Channel, Channel, Channel]:
    """The word, character and skeleton features of a text, unweighted."""
    clean = normalize(text[: MAX_CHARACTERS * 2])[:MAX_CHARACTERS]
    return (
        _counted(_word_hashes(clean)),
        _counted(_gram_hashes(clean, _CHARACTER_SIZES, _CHARACTERS)),
        _counted(_gram_hashes(skeleton(clean), _SKELETON_SIZES, _SKELETON)),
    )


def _word_hashes(clean: str) -> NDArray[np.int64]:
    """Words and pairs of neighbouring words."""
    words = [word for word in tokenize(clean) if not word.isspace()]
    hashes = [zlib.crc32(word.encode()) for word in words]
    hashes += [zlib.crc32(f"{a} {b}".encode()) for a, b in zip(words, words[1:], strict=False)]
    return _folded(np.array(hashes, dtype=np.uint64), _WORDS)


def _gram_hashes(text: str, sizes: tuple[int, ...], channel: int) -> NDArray[np.int64]:
    """Character n-grams over the text without its spaces, with one mark at either end."""
    dense = "".join(text.split())
    codes = np.frombuffer(f"\x02{dense}\x03".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    found = []
    rolling = codes
    for size in range(2, max(sizes) + 1):
        if len(codes) < size:
            break
        rolling = rolling[:-1] * np.uint64(0x100000001B3) + codes[size - 1 :]
        if size in sizes:
            found.append(rolling + np.uint64(size))
    hashes = np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)
    return _folded(hashes, channel)


def _folded(hashes: NDArray[np.uint64], channel: int) -> NDArray[np.int64]:
    mixed = (hashes + np.uint64(channel + 1)) * _MULTIPLIER
    return (mixed >> np.uint64(64 - HASH_BITS)).astype(np.int64)


def _counted(hashes: NDArray[np.int64]) -> Channel:
    index, count = np.unique(hashes, return_counts=True)
    return Channel(index, count.astype(np.float32))
