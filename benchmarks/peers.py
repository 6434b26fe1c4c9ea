"""Ways to find an entry, for comparing: our engine, and what an office could get from ready-made search.

bm25s and tantivy are in the dependency group `benchmarks`; what is not installed is left out. Every peer indexes
question, variants, keywords and answer of an entry as one text, and gets the question normalised as ours does,
so that only the method differs.

A peer's own scores cannot be compared between questions. Its confidence is therefore share × √lead: the share of
what was asked that the first entry holds (its score over the sum of the inverse document frequencies of what was
asked; a token set ratio is such a share already), and the part of that score by which it leads the second. Of
seven such formulas tried on these very questions this one served the peers best.
"""

import importlib.util
import math
import sqlite3
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.search import FaqDocument, FaqIndex
from knowledge.thai import Segmenter, normalise

FOUND = 10
_Result = TypeVar("_Result")
Scored = list[tuple[str, float]]
"""Ids of entries with their scores, the best first."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one question: at most `FOUND` entries, the best first, and how sure the engine is."""

    ids: list[str]
    confidence: float
    milliseconds: float
    """Processor time until the resident could have the answer."""


class Engine(Protocol):
    """Finds entries by a question's text."""

    def ask(self, text: str) -> Reply: ...


def timed(act: Callable[..., _Result], *arguments: object) -> tuple[_Result, float]:
    """What a call returns, and its processor time in milliseconds."""
    started = time.process_time()
    result = act(*arguments)
    return result, (time.process_time() - started) * 1000


def engines() -> dict[str, Callable[[Sequence[FaqDocument]], Engine]]:
    """Ours, and the peers that are installed here, by name."""
    found: dict[str, Callable[[Sequence[FaqDocument]], Engine]] = {
        "ours": Ours,
        "rapidfuzz token_set": TokenSet,
        "sqlite trigram": SqliteTrigram,
    }
    if importlib.util.find_spec("bm25s"):
        found["bm25s newmm"] = Bm25s
    if importlib.util.find_spec("tantivy"):
        found["tantivy 2-3-gram"] = Tantivy
    return found


class Ours:
    """The product's engine; one decision is timed."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        self.index = FaqIndex.build(documents)

    def ask(self, text: str) -> Reply:
        decision, spent = timed(self.index.decide, text)
        return Reply([hit.id for hit in self.index.search(text, FOUND)], decision.confidence, spent)


class _Peer(ABC):
    """A ready-made search; one search is timed, its confidence is not."""

    def ask(self, text: str) -> Reply:
        found, spent = timed(self._search, text)
        return Reply([identifier for identifier, _ in found], self._confidence(text, found), spent)

    def _confidence(self, text: str, found: Scored) -> float:
        first, second = [*(score for _, score in found), 0.0, 0.0][:2]
        if first <= 0:
            return 0.0
        return first / self._possible(text) * math.sqrt((first - second) / first)

    @abstractmethod
    def _search(self, text: str) -> Scored: ...

    @abstractmethod
    def _possible(self, text: str) -> float:
        """What the score is divided by."""


def _rarities(frequencies: Iterable[int], count: int) -> float:
    """Sum of the inverse document frequencies of terms that so many of `count` entries hold."""
    return sum(math.log1p((count - held + 0.5) / (held + 0.5)) for held in frequencies)


def _text(document: FaqDocument) -> str:
    return normalise("\n".join((document.question, *document.variants, *document.keywords, document.answer)))


def _grams(text: str, *sizes: int) -> list[str]:
    plain = normalise(text)
    return list(dict.fromkeys(plain[at : at + size] for size in sizes for at in range(len(plain) - size + 1)))


class TokenSet(_Peer):
    """rapidfuzz's token_set_ratio over newmm words, the best wording of an entry counting."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        self._segmenter = Segmenter()
        wordings = [
            (document.id, text)
            for document in documents
            for text in (document.question, *document.variants, document.answer)
        ]
        self._ids = [identifier for identifier, _ in wordings]
        self._words = [self._spaced(text) for _, text in wordings]

    def _spaced(self, text: str) -> str:
        return " ".join(self._segmenter.words(normalise(text)))

    def _search(self, text: str) -> Scored:
        near = process.extract(self._spaced(text), self._words, scorer=fuzz.token_set_ratio, limit=10 * FOUND)
        best: dict[str, float] = {}
        for _, ratio, place in near:
            best.setdefault(self._ids[place], ratio)
        return list(best.items())[:FOUND]

    def _possible(self, text: str) -> float:
        return 100.0


class Bm25s(_Peer):
    """BM25 over newmm words."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        import bm25s  # type: ignore[import-not-found]

        self._segmenter = Segmenter()
        self._ids = [document.id for document in documents]
        self._index: Any = bm25s.BM25()
        words = [list(map(sys.intern, self._segmenter.words(_text(document)))) for document in documents]
        self._index.index(words, show_progress=False)

    def _search(self, text: str) -> Scored:
        known = [word for word in self._asked(text) if word in self._index.vocab_dict]
        if not known:
            return []
        scores = self._index.get_scores(known)
        return [(self._ids[place], scores[place]) for place in np.argsort(-scores, kind="stable")[:FOUND]]

    def _asked(self, text: str) -> list[str]:
        return self._segmenter.words(normalise(text))

    def _possible(self, text: str) -> float:
        starts, place_of = self._index.scores["indptr"], self._index.vocab_dict
        places = (place_of.get(word) for word in self._asked(text))
        held = (0 if place is None else int(starts[place + 1] - starts[place]) for place in places)
        return _rarities(held, len(self._ids))


class Tantivy(_Peer):
    """Tantivy over character 2- and 3-grams."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        import tantivy  # type: ignore[import-not-found]

        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw")
        schema.add_text_field("text", tokenizer_name="grams")
        self._index: Any = tantivy.Index(schema.build())
        grams = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(2, 3, False)).build()
        self._index.register_tokenizer("grams", grams)
        writer = self._index.writer(heap_size=100_000_000, num_threads=1)
        for document in documents:
            writer.add_document(tantivy.Document(id=document.id, text=_text(document)))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()
        self._schema, self._tantivy = self._index.schema, tantivy

    def _search(self, text: str) -> Scored:
        terms = [
            (self._tantivy.Occur.Should, self._tantivy.Query.term_query(self._schema, "text", gram))
            for gram in _grams(text, 2, 3)
        ]
        found = self._searcher.search(self._tantivy.Query.boolean_query(terms), FOUND)
        return [(self._searcher.doc(address)["id"][0], score) for score, address in found.hits]

    def _possible(self, text: str) -> float:
        held = (self._searcher.doc_freq("text", gram) for gram in _grams(text, 2, 3))
        return _rarities(held, self._searcher.num_docs)


class SqliteTrigram(_Peer):
    """SQLite's FTS5 with its trigram tokenizer, ranked by its BM25."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        self._count = len(documents)
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE entries USING fts5(id UNINDEXED, text, tokenize='trigram')"
        )
        self._database.execute("CREATE VIRTUAL TABLE grams USING fts5vocab(entries, row)")
        self._database.executemany(
            "INSERT INTO entries VALUES (?, ?)", ((document.id, _text(document)) for document in documents)
        )
        self._database.commit()

    def _search(self, text: str) -> Scored:
        wanted = " OR ".join(f'"{gram}"' for gram in _grams(text.replace('"', " "), 3))
        if not wanted:
            return []
        rows = self._database.execute(
            "SELECT id, -rank FROM entries WHERE entries MATCH ? ORDER BY rank LIMIT ?", (wanted, FOUND)
        )
        return rows.fetchall()

    def _possible(self, text: str) -> float:
        held = (
            self._database.execute("SELECT doc FROM grams WHERE term = ?", (gram.lower(),)).fetchone()
            for gram in _grams(text, 3)
        )
        return _rarities((row[0] if row else 0 for row in held), self._count)
