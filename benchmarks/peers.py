"""Other ways to find an entry, for comparing: what an office could get from ready-made search.

bm25s and tantivy are not part of the project; `pip install bm25s tantivy` brings them into the comparison.
Every peer indexes question, variants, keywords and answer of an entry as one text, and gets the question
normalised as ours does, so that only the method differs.
"""

import importlib.util
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.search import FaqDocument
from knowledge.thai import Segmenter, normalise


class Peer(Protocol):
    """Finds entries by a question's text; the best first."""

    def search(self, text: str, limit: int) -> list[str]: ...


def peers() -> dict[str, Callable[[Sequence[FaqDocument]], Peer]]:
    """The ways that are installed here, by name."""
    found: dict[str, Callable[[Sequence[FaqDocument]], Peer]] = {
        "rapidfuzz token_set": TokenSet,
        "sqlite trigram": SqliteTrigram,
    }
    if importlib.util.find_spec("bm25s"):
        found["bm25s newmm"] = Bm25s
    if importlib.util.find_spec("tantivy"):
        found["tantivy 2-3-gram"] = Tantivy
    return found


def _text(document: FaqDocument) -> str:
    return normalise("\n".join((document.question, *document.variants, *document.keywords, document.answer)))


class TokenSet:
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

    def search(self, text: str, limit: int) -> list[str]:
        near = process.extract(self._spaced(text), self._words, scorer=fuzz.token_set_ratio, limit=10 * limit)
        return list(dict.fromkeys(self._ids[place] for _, _, place in near))[:limit]


class Bm25s:
    """BM25 over newmm words."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        import bm25s  # type: ignore[import-not-found]

        self._segmenter = Segmenter()
        self._ids = [document.id for document in documents]
        self._index: Any = bm25s.BM25()
        self._index.index(
            [self._segmenter.words(_text(document)) for document in documents], show_progress=False
        )

    def search(self, text: str, limit: int) -> list[str]:
        words = self._segmenter.words(normalise(text))
        known = [word for word in words if word in self._index.vocab_dict]
        if not known:
            return []
        scores = self._index.get_scores(known)
        return [self._ids[place] for place in np.argsort(-scores, kind="stable")[:limit]]


class Tantivy:
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

    def search(self, text: str, limit: int) -> list[str]:
        plain = normalise(text)
        grams = {plain[at : at + size] for size in (2, 3) for at in range(len(plain) - size + 1)}
        terms = [
            (self._tantivy.Occur.Should, self._tantivy.Query.term_query(self._schema, "text", gram))
            for gram in grams
        ]
        found = self._searcher.search(self._tantivy.Query.boolean_query(terms), limit)
        return [self._searcher.doc(address)["id"][0] for _, address in found.hits]


class SqliteTrigram:
    """SQLite's FTS5 with its trigram tokenizer, ranked by its BM25."""

    def __init__(self, documents: Sequence[FaqDocument]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE entries USING fts5(id UNINDEXED, text, tokenize='trigram')"
        )
        self._database.executemany(
            "INSERT INTO entries VALUES (?, ?)", [(document.id, _text(document)) for document in documents]
        )

    def search(self, text: str, limit: int) -> list[str]:
        plain = normalise(text).replace('"', " ")
        grams = dict.fromkeys(plain[at : at + 3] for at in range(len(plain) - 2))
        if not grams:
            return []
        wanted = " OR ".join(f'"{gram}"' for gram in grams)
        rows = self._database.execute(
            "SELECT id FROM entries WHERE entries MATCH ? ORDER BY rank LIMIT ?", (wanted, limit)
        )
        return [identifier for (identifier,) in rows]
