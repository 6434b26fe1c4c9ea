"""The demo office's regression questions: their form, and that none repeats what its entries already say.

They are worth measuring on only while they stay other people's words. A failure names the questions alone,
never the wording that they are too near to, so whoever rewrites them stays unaware of the entries' variants.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypedDict
from zlib import crc32

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.thai import as_thai_layout, normalise

_FAQ = Path(__file__).parents[2] / "eservice" / "demo" / "faq"
_DATA = Path(__file__).parent / "data"
_ANSWERABLE = _DATA / "regression_questions.jsonl"
_UNANSWERABLE = _DATA / "regression_unanswerable.jsonl"
_SHIPPED = _FAQ.parent / "test_questions.jsonl"
_NEAR = 90
"""A near copy: at least this much alike, of 100, by `rapidfuzz.fuzz.ratio`."""
_COURTESY = re.compile("(?:(?:นะ)?(?:ค่ะ|คะ|ครับ|คับ|จ้า|จ้ะ))+$")


class _Question(TypedDict):
    text: str
    expected: list[str]
    typed: str


class _Entry(TypedDict):
    id: str
    question: str
    variants: list[str]
    keywords: list[str]


def test_every_line_has_the_one_form() -> None:
    for path in (_ANSWERABLE, _UNANSWERABLE):
        for question in _questions(path):
            assert set(question) == {"text", "expected", "typed"}, question
            assert isinstance(question["text"], str), question
            assert question["text"].strip() == question["text"] != "", question
            assert isinstance(question["expected"], list), question
            assert len(question["expected"]) == len(set(question["expected"])), question
            assert question["typed"] in ("clean", "slips"), question


def test_there_are_enough_questions_of_both_kinds() -> None:
    answerable, unanswerable = _questions(_ANSWERABLE), _questions(_UNANSWERABLE)
    assert len(answerable) >= 600
    assert all(question["expected"] for question in answerable)
    assert len(unanswerable) >= 150
    assert not any(question["expected"] for question in unanswerable)
    for questions in (answerable, unanswerable):
        slips = sum(question["typed"] == "slips" for question in questions)
        assert 0.4 <= slips / len(questions) <= 0.55
    assert sum(as_thai_layout(question["text"]) is not None for question in answerable) >= 10


def test_every_entry_is_asked_for_three_times_and_nothing_else_is_expected() -> None:
    asked = dict.fromkeys((entry["id"] for entry in _entries()), 0)
    for question in _questions(_ANSWERABLE):
        for key in question["expected"]:
            assert key in asked, question
            asked[key] += 1
    assert [key for key, times in asked.items() if times < 3] == []


def test_no_question_is_a_near_copy_of_any_wording_of_an_entry() -> None:
    wordings = [_spelling(wording) for entry in _entries() for wording in _wordings(entry)]
    texts = _texts()
    # The courtesy at the end is cut on both sides, else it would hide that a short question is a copy.
    alike = process.cdist(
        [_spelling(text) for text in texts], wordings, scorer=fuzz.ratio, score_cutoff=_NEAR, dtype=np.uint8
    )
    copies = [texts[row] for row in np.flatnonzero(alike.any(axis=1))]
    assert not copies, "\n".join(copies)


def test_no_two_questions_are_near_copies_of_each_other() -> None:
    texts = _texts()
    spellings = [_spelling(text) for text in texts]
    alike = process.cdist(spellings, spellings, scorer=fuzz.ratio, score_cutoff=_NEAR, dtype=np.uint8)
    pairs = [f"{texts[one]} / {texts[other]}" for one, other in np.argwhere(np.triu(alike, k=1))]
    assert not pairs, "\n".join(pairs)


def test_the_half_learned_from_is_shipped_with_the_demo_office_and_the_other_is_kept_unseen() -> None:
    """The console's test questions: the office calibrates on them, so none may be one that we measure on."""
    shipped = {question["text"]: question["expected"] for question in _questions(_SHIPPED)}
    for question in (*_questions(_ANSWERABLE), *_questions(_UNANSWERABLE)):
        learned_from = crc32(question["text"].encode()) % 2 == 0  # as in benchmarks/thai_questions.py
        expected = question["expected"] if learned_from else None
        assert shipped.get(question["text"]) == expected, question


@cache
def _questions(path: Path) -> list[_Question]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def _entries() -> list[_Entry]:
    return [
        json.loads(line)
        for path in sorted(_FAQ.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def _texts() -> list[str]:
    return [question["text"] for path in (_ANSWERABLE, _UNANSWERABLE) for question in _questions(path)]


def _wordings(entry: _Entry) -> Iterator[str]:
    yield entry["question"]
    yield from entry["variants"]
    yield from entry["keywords"]


def _spelling(text: str) -> str:
    """The letters alone, as typed in Thai and without the courtesy at the end: spaces tell no two apart."""
    thai = as_thai_layout(text) or text
    return _COURTESY.sub("", normalise(thai).replace(" ", ""))
