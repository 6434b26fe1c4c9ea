"""Text to keys. A key is one integer: its channel in the high bits, the word or n-gram in the low 32."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import numpy.typing as npt

from knowledge.search.document import FaqDocument
from knowledge.search.postings import CHANNEL_BITS, Keys, ascending, distinct, starts_of_runs
from knowledge.thai import (
    QUERY_LIMIT,
    Segmenter,
    as_thai_layout,
    character_grams,
    grams_of_parts,
    normalise,
    skeleton_grams,
    strip_particles,
    without_long_numbers,
    without_phrases,
)

CHANNELS = ("word", "character", "skeleton")
CHANNEL_COUNT = len(CHANNELS)

_CHUNK_LENGTH = 200
_MOST_CHUNKS = 7
_IN_WORDING = 1 << 7
"""The mark of what is in the question, a variant or a keyword; the bits below are those of the answer's chunks."""
_NO_UNIT = -1
_BATCH_LENGTH = 200_000
_MOST_IN_BATCH = 4096
_DOCUMENT_LIMIT = 20_000
_NO_WORD, _TEXT_END = -1, -2
"""Stand for spaces and for the end of a text among the keys of words."""
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
class AnalysedBatch:
    """Every key of several entries once for each entry and once for each phrasing, ascending.

    Shapes: keys, entries, counts (how often it occurs there) and marks alike; phrasing_keys and phrasings (counted
    through all entries) alike. Bit 7 of a mark says that the key is in the
    question, a variant or a keyword, those below that it is in an answer chunk.
    """

    keys: Keys
    entries: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint8]
    phrasing_keys: Keys
    phrasings: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as read."""

    text: str
    words: tuple[str, ...]
    analysed: AnalysedText
    follows: bool = False
    """Whether it starts as one does who goes on about the same subject ("แล้ว…")."""
    layout_repaired: bool = False


def word_key(word: str, segmenter: Segmenter) -> int:
    """The key of one word, shared by its synonyms; chance collisions are one in four thousand million."""
    return crc32(segmenter.concept(word).encode())


def read_question(text: str, segmenter: Segmenter) -> Question:
    """Normalise, cut into words, leave out what says nothing."""
    spoken = without_long_numbers(normalise(text, limit=QUERY_LIMIT))
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


def in_batches(documents: Sequence[FaqDocument]) -> Iterator[Sequence[FaqDocument]]:
    """Entries in as many pieces as keep what is read of one piece small."""
    start = length = 0
    for number, document in enumerate(documents):
        length += len(document.answer) + sum(map(len, document.variants))
        if length >= _BATCH_LENGTH or number + 1 - start == _MOST_IN_BATCH:
            yield documents[start : number + 1]
            start, length = number + 1, 0
    if start < len(documents):
        yield documents[start:]


def analyse_documents(
    documents: Sequence[FaqDocument], segmenter: Segmenter
) -> tuple[AnalysedBatch, npt.NDArray[np.int64]]:
    """All keys of some entries, and each entry's length in characters. Whole texts are kept, particles included."""
    texts: list[str] = []
    entries: list[int] = []
    marks: list[int] = []
    units: list[int] = []
    lengths: list[int] = []
    unit = 0
    for number, document in enumerate(documents):
        phrasings = [normalise(phrasing) for phrasing in (document.question, *document.variants)]
        keywords = [normalise(keyword) for keyword in document.keywords]
        chunks = split_chunks(normalise(document.answer[:_DOCUMENT_LIMIT]))
        own = [*phrasings, *keywords, *chunks]
        texts += own
        entries += [number] * len(own)
        marks += [_IN_WORDING] * (len(phrasings) + len(keywords)) + [
            1 << chunk for chunk in range(len(chunks))
        ]
        units += [*range(unit, unit + len(phrasings)), *[_NO_UNIT] * (len(keywords) + len(chunks))]
        unit += len(phrasings)
        lengths.append(sum(map(len, own)))
    parts = _Parts(np.array(entries, np.int32), np.array(marks, np.uint8), np.array(units, np.int32))
    occurrences = _occurrences_of(texts, segmenter)
    return _joined([_counted(*found, parts) for found in occurrences]), np.array(lengths, np.int64)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The entry, the mark and the phrasing, if it is one, of each text of a batch; the entries ascending."""

    entries: npt.NDArray[np.int32]
    marks: npt.NDArray[np.uint8]
    units: npt.NDArray[np.int32]


class _KnownKeys(dict[str, int]):
    """The keys of words met before."""

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self._segmenter = segmenter

    def __missing__(self, word: str) -> int:
        key = self[word] = _NO_WORD if word.isspace() else word_key(word, self._segmenter)
        return key


def _occurrences_of(texts: Sequence[str], segmenter: Segmenter) -> Iterator[tuple[Keys, Keys]]:
    """For each channel every key of the texts as often as it occurs, and the number of its text, ascending for a key."""
    known = _KnownKeys(segmenter)
    known["\n"] = _TEXT_END
    tokens = segmenter.tokens_of_many(texts)
    words = np.fromiter(map(known.__getitem__, tokens), np.int64, len(tokens))
    said = words >= 0
    yield words[said], np.cumsum(words == _TEXT_END)[said]
    (characters, character_parts), (skeletons, skeleton_parts) = grams_of_parts(texts)
    yield characters | (1 << CHANNEL_BITS), character_parts
    yield skeletons | (2 << CHANNEL_BITS), skeleton_parts


def _counted(keys: Keys, numbers: Keys, parts: _Parts) -> AnalysedBatch:
    """The keys of one channel by entry and by phrasing."""
    order = ascending(keys.astype(np.uint32))
    keys, numbers = keys[order], numbers[order]
    entries, units = parts.entries[numbers], parts.units[numbers]
    firsts = starts_of_runs(keys, entries)
    phrased = np.flatnonzero(units != _NO_UNIT)
    phrased = phrased[starts_of_runs(keys[phrased], units[phrased])]
    return AnalysedBatch(
        keys=keys[firsts],
        entries=entries[firsts],
        counts=np.diff(np.append(firsts, len(keys))),
        marks=np.bitwise_or.reduceat(parts.marks[numbers], firsts) if len(firsts) else np.empty(0, np.uint8),
        phrasing_keys=keys[phrased],
        phrasings=units[phrased],
    )


def _joined(channels: Sequence[AnalysedBatch]) -> AnalysedBatch:
    return AnalysedBatch(
        keys=np.concatenate([channel.keys for channel in channels]),
        entries=np.concatenate([channel.entries for channel in channels]),
        counts=np.concatenate([channel.counts for channel in channels]),
        marks=np.concatenate([channel.marks for channel in channels]),
        phrasing_keys=np.concatenate([channel.phrasing_keys for channel in channels]),
        phrasings=np.concatenate([channel.phrasings for channel in channels]),
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
            character_grams(text) | (1 << CHANNEL_BITS),
            skeleton_grams(text) | (2 << CHANNEL_BITS),
        )
    )


_CHANNEL_STARTS = np.array([1 << CHANNEL_BITS, 2 << CHANNEL_BITS], dtype=np.int64)
