"""What rural residents type, through the bot's own way of deciding, on the half that nobody tunes on.

The floors lie a little below what `benchmarks/residents.py` reached; a fall below them is a step back.
"""

from collections import Counter
from functools import cache

import pytest

from benchmarks.residents import Verdict, demo_index, good_share, read_messages, tally

_MESSAGES = read_messages()


@cache
def _verdicts() -> dict[str, Counter[Verdict]]:
    return tally(message for message in _MESSAGES if message.judges)


@pytest.mark.parametrize(
    ("kind", "floor"), [("question", 0.93), ("problem", 0.92), ("talk", 0.93), ("unknown", 0.90)]
)
def test_most_messages_are_treated_as_they_should_be(kind: str, floor: float) -> None:
    assert good_share(_verdicts()[kind], kind) >= floor


def test_most_questions_are_answered_at_once_and_hardly_any_wrong() -> None:
    questions = _verdicts()["question"]
    assert questions[Verdict.RIGHT] / questions.total() >= 0.70
    assert questions[Verdict.WRONG] / questions.total() <= 0.03


def test_the_messages_are_many_all_different_and_speak_of_entries_that_exist() -> None:
    kinds = Counter(message.kind for message in _MESSAGES)
    assert kinds["question"] >= 230
    assert kinds["problem"] >= 60
    assert kinds["talk"] >= 50
    assert kinds["unknown"] >= 80
    assert len({message.text for message in _MESSAGES}) == len(_MESSAGES)
    expected = set().union(*(message.expected for message in _MESSAGES))
    assert sorted(identifier for identifier in expected if identifier not in demo_index()) == []
    assert all(message.expected for message in _MESSAGES if message.kind == "question")
