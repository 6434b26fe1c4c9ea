"""Text to keys. A key is one integer: its channel in the high bits, the word or n-gram in the low 32."""

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import numpy.typing as npt

from knowledge.search.document import FaqDocument
from knowledge.search.postings import Keys, distinct
from knowledge.thai import (
    QUERY_LIMIT,
    Segmenter,
    as_thai_layout,
    character_grams,
    normalise,
    skeleton_grams,
    strip_particles,
    without_phrases,
)

CHANNELS = ("word", "character", "skeleton")
CHANNEL_COUNT = len(CHANNELS)

_CHANNEL_BITS = 32
_CHUNK_LENGTH = 200
_MOST_CHUNKS = 7
_IN_WORDING = 0b1000_0000
_DOCUMENT_LIMIT = 20_000
_FOLLOWING = ("แล้ว", "งั้น", "ถ้างั้น")


@dataclass(frozen=True, slots=True)
class AnalysedText:
    """Distinct keys, ascending, and where each channel begins: channel c is keys[bounds[c]:bounds[c + 1]]."""

    keys: Keys
    bounds: tuple[int, int, int, int]

    @classmethod
    def of(cls, keys: Keys) -> "AnalysedText":
        """From distinct keys in ascending order."""
        characters, skeletons = np.searchsorted(keys, _CHANNEL_STARTS)
        return cls(keys, (0, int(characters), int(skeletons), len(keys)))


@dataclass(frozen=True, slots=True)
class AnalysedDocument:
    """An entry's keys: each phrasing apart, and everything together with counts and marks.

    The highest bit of a mark: in the question, a variant or a keyword. The others: in that answer chunk.
    """

    phrasings: tuple[AnalysedText, ...]
    keys: Keys
    counts: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint8]
    length: int
    """Characters, in all."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as read."""

    text: str
    words: tuple[str, ...]
    analysed: AnalysedText
    follows: bool = False
    """Whether it starts as one does who goes on about the same subject ("แล้ว…")."""
    layout_repaired: bool = False


def channel_of(keys: Keys) -> Keys:
    """The channel number of each key."""
    return keys >> _CHANNEL_BITS


def word_key(word: str, segmenter: Segmenter) -> int:
    """The key of one word, shared by its synonyms; chance collisions are one in four thousand million."""
    return crc32(segmenter.concept(word).encode())


def read_question(text: str, segmenter: Segmenter) -> Question:
    """Normalise, cut into words, leave out what says nothing."""
    spoken = normalise(text, limit=QUERY_LIMIT)
    said = without_phrases(segmenter.tokens(spoken), segmenter.stop_phrases)
    tokens = strip_particles(said, segmenter.protected)
    words = [token for token in tokens if not token.isspace()]
    kept = "".join(tokens).strip()
    keys = distinct(_occurrences(kept, words, segmenter))
    return Question(kept, tuple(words), AnalysedText.of(keys), follows=spoken.startswith(_FOLLOWING))


def layout_reading(text: str, segmenter: Segmenter) -> Question | None:
    """The question as typed on a Thai keyboard, when it may have been meant so."""
    mapped = as_thai_layout(text[: 4 * QUERY_LIMIT])
    if mapped is None:
        return None
    question = read_question(mapped, segmenter)
    return replace(question, layout_repaired=True)


def analyse_document(document: FaqDocument, segmenter: Segmenter) -> AnalysedDocument:
    """All keys of an entry. The whole text is kept, particles included."""
    phrasings = [normalise(phrasing) for phrasing in (document.question, *document.variants)]
    keywords = [normalise(keyword) for keyword in document.keywords]
    chunks = split_chunks(normalise(document.answer[:_DOCUMENT_LIMIT]))
    phrased = [_occurrences(text, segmenter.words(text), segmenter) for text in phrasings]
    parts = phrased + [_occurrences(text, segmenter.words(text), segmenter) for text in keywords]
    bits = [_IN_WORDING] * len(parts)
    for number, chunk in enumerate(chunks):
        parts.append(_occurrences(chunk, segmenter.words(chunk), segmenter))
        bits.append(1 << number)
    every = np.concatenate(parts)
    every_bits = np.repeat(np.array(bits, np.uint8), [len(part) for part in parts])
    order = np.argsort(every, kind="stable")
    every, every_bits = every[order], every_bits[order]
    firsts = np.flatnonzero(np.diff(every, prepend=-1))
    return AnalysedDocument(
        phrasings=tuple(AnalysedText.of(distinct(keys)) for keys in phrased),
        keys=every[firsts],
        counts=np.diff(np.append(firsts, len(every))),
        marks=np.bitwise_or.reduceat(every_bits, firsts) if len(firsts) else np.empty(0, np.uint8),
        length=sum(map(len, phrasings)) + sum(map(len, keywords)) + sum(map(len, chunks)),
    )


def analyse_phrasing(text: str, segmenter: Segmenter) -> AnalysedText:
    """Keys of one wording of an entry, particles included."""
    normal = normalise(text, limit=QUERY_LIMIT)
    return AnalysedText.of(distinct(_occurrences(normal, segmenter.words(normal), segmenter)))


def split_chunks(text: str) -> list[str]:
    """At most seven pieces of about 200 characters, cut at spaces."""
    size = max(_CHUNK_LENGTH, -(-len(text) // _MOST_CHUNKS))
    chunks: list[str] = []
    while text and len(chunks) < _MOST_CHUNKS - 1:
        if len(text) <= size + size // 4:
            break
        cut = text.rfind(" ", size * 3 // 4, size) + 1 or size
        chunks.append(text[:cut].strip())
        text = text[cut:]
    return [*chunks, text] if text else chunks


def _occurrences(text: str, words: list[str], segmenter: Segmenter) -> Keys:
    """Every key of a text as often as it occurs."""
    return np.concatenate(
        (
            np.array([word_key(word, segmenter) for word in words], dtype=np.int64),
            character_grams(text) | (1 << _CHANNEL_BITS),
            skeleton_grams(text) | (2 << _CHANNEL_BITS),
        )
    )


_CHANNEL_STARTS = np.array([1 << _CHANNEL_BITS, 2 << _CHANNEL_BITS], dtype=np.int64)
