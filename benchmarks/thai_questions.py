"""Questions to learn and measure on: the demo office's own entries, and public Thai sets when present.

The public sets are not part of the project. `THAI_RETRIEVAL` names their folder (default: a folder
`shared/thai-retrieval` beside the checkout). Sources: iapp-technology/iapp-wiki-qa-dataset (MIT, text CC
BY-SA), kobkrit/truevoice-intent (Apache-2.0), PyThaiNLP/wisesight-sentiment (CC0). Each has
`entries.jsonl.gz` (an FAQ) and `queries.jsonl.gz` (`text`, `gold` ids, `kind` in, near_oos or far_oos).
"""

import gzip
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

from benchmarks.mistyping import mistype
from knowledge.search import FaqDocument

ROOT = Path(__file__).parents[1]
PUBLIC = Path(os.environ.get("THAI_RETRIEVAL", ROOT.parent / "shared" / "thai-retrieval"))
_REGRESSION = ROOT / "tests" / "knowledge" / "data"
_DEMO = ROOT / "eservice" / "demo" / "faq"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the entries that answer it; none when it cannot be answered."""

    text: str
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """An FAQ and the questions put to it."""

    corpus: str
    documents: tuple[FaqDocument, ...]
    questions: tuple[Asked, ...]


def demo_documents() -> tuple[FaqDocument, ...]:
    """All entries of the demo office."""
    rows = [
        json.loads(line)
        for path in sorted(_DEMO.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    return tuple(map(_document, rows))


def demo_trials(folds: int = 4, *, repeats: bool = False) -> Iterator[Trial]:
    """The demo office with one variant of each entry withheld and asked, and a tenth of entries withheld whole.

    Questions of withheld entries sound like the office and have no answer. Variants of one entry are worded
    differently on purpose, so this is harder than what residents repeat every day; with `repeats` one known
    wording of each entry is asked as well.
    """
    documents = demo_documents()
    shuffled = random.Random(11).sample(documents, len(documents))
    for fold in range(folds):
        missing = {document.id for document in shuffled[fold::10]}
        kept: list[FaqDocument] = []
        questions: list[Asked] = []
        for document in documents:
            if document.id in missing:
                questions += [Asked(text, frozenset()) for text in document.variants[:2]]
                continue
            variants = list(document.variants)
            if fold < len(variants):
                questions.append(Asked(variants.pop(fold), frozenset({document.id})))
            if repeats:
                known = (document.question, *variants)
                questions.append(Asked(known[fold % len(known)], frozenset({document.id})))
            kept.append(replace(document, variants=tuple(variants)))
        yield Trial("demo", tuple(kept), tuple(questions))


def residents_trial(half: int) -> Trial:
    """The whole demo office, asked half of the regression set: 0 to learn from, 1 to measure on."""
    questions = [
        Asked(row["text"], frozenset(row["expected"]))
        for name in ("regression_questions", "regression_unanswerable")
        for row in map(json.loads, (_REGRESSION / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
        if crc32(row["text"].encode()) % 2 == half
    ]
    return Trial("residents", demo_documents(), tuple(questions))


def bare_trial(half: int, wordings: int = 4) -> Trial:
    """Half of the demo office's entries with a few wordings and no answers, asked three others of each."""
    chance = random.Random(5)
    documents = demo_documents()
    kept: list[FaqDocument] = []
    questions: list[Asked] = []
    for document in chance.sample(documents, len(documents))[half::2]:
        texts = chance.sample((document.question, *document.variants), 1 + len(document.variants))
        known, asked = texts[:wordings], texts[wordings : wordings + 3]
        kept.append(FaqDocument(id=document.id, question=known[0], variants=tuple(known[1:])))
        questions += [Asked(text, frozenset({document.id})) for text in asked]
    return Trial("bare" if wordings > 1 else "bare, one wording", tuple(kept), tuple(questions))


def young_office_trials(count: int = 8, size: int = 14) -> Iterator[Trial]:
    """Offices that have only begun: few entries, and questions that mostly belong to no entry yet."""
    documents = demo_documents()
    for number in range(count):
        random_state = random.Random(100 + number)
        chosen = random_state.sample(documents, min(2 * size, len(documents)))
        kept, missing = chosen[:size], chosen[size:]
        questions = [Asked(document.variants[0], frozenset({document.id})) for document in kept]
        questions += [Asked(document.variants[1], frozenset({document.id})) for document in kept]
        questions += [Asked(document.variants[0], frozenset()) for document in missing]
        yield Trial(
            "young office",
            tuple(replace(document, variants=document.variants[1:]) for document in kept),
            tuple(questions),
        )


def public_trial(name: str, *, answerable: slice, unanswerable: slice) -> Trial | None:
    """A public set, with the given parts of its shuffled questions; None when it is not there."""
    folder = PUBLIC / name
    if not folder.is_dir():
        return None
    rows = list(_lines(folder / "queries.jsonl.gz"))
    random.Random(7).shuffle(rows)
    asked = [Asked(row["text"], frozenset(row["gold"])) for row in rows if row["kind"] == "in"]
    others = [Asked(row["text"], frozenset()) for row in rows if row["kind"] == "near_oos"]
    far = [Asked(row["text"], frozenset()) for row in _lines(PUBLIC / "far_oos" / "queries.jsonl.gz")]
    questions = (*asked[answerable], *others[unanswerable], *far[unanswerable])
    return Trial(name, tuple(map(_document, _lines(folder / "entries.jsonl.gz"))), questions)


def mistyped(questions: Sequence[Asked], seed: int, rate: float = 0.07) -> list[Asked]:
    """The same questions with typing slips, about `rate` of them a letter."""
    random_state = random.Random(seed)
    return [replace(question, text=mistype(question.text, random_state, rate=rate)) for question in questions]


def _lines(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _document(row: dict) -> FaqDocument:
    return FaqDocument(
        id=row["id"],
        question=row["question"],
        variants=tuple(row["variants"]),
        answer=row["answer"],
        keywords=tuple(row["keywords"]),
    )
