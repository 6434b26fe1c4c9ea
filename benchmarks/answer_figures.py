"""What is printed of an engine's answers, and how it is reckoned.

R@1, R@3 and MRR (within the first ten) are of answerable questions. For P@80 and C@P95 an engine answers every
question that it is sure enough of, and unanswerable questions are weighed so that they are a fifth of all:

- P@80: the share of given answers that are right when it answers 80 % of the answerable questions;
- C@P95: the largest share of answerable questions that it can answer rightly while at least 95 % of all given
  answers are right.

Questions of equal confidence are answered together, or none of them. Times are processor times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.peers import Engine
from benchmarks.thai_questions import Asked

_UNANSWERABLE = 0.2
_COLUMNS = ("R@1", "R@3", "MRR", "P@80", "C@P95")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. `rank` counts from one and is 0 when the right entry is not among those found."""

    answerable: bool
    found: bool
    rank: int
    confidence: float
    milliseconds: float


def put(engine: Engine, questions: Sequence[Asked], seconds: float = float("inf")) -> list[Outcome]:
    """Outcomes of the questions, as many of the first as take about so many seconds."""
    outcomes: list[Outcome] = []
    for asked in questions:
        reply = engine.ask(asked.text)
        rank = next((place for place, found in enumerate(reply.ids, start=1) if found in asked.gold), 0)
        outcomes.append(
            Outcome(bool(asked.gold), bool(reply.ids), rank, reply.confidence, reply.milliseconds)
        )
        seconds -= reply.milliseconds / 1000
        if seconds < 0:
            break
    return outcomes


def recall(outcomes: Sequence[Outcome], within: int) -> float:
    """Share of answerable questions whose right entry is among the first so many."""
    return float(np.mean([0 < outcome.rank <= within for outcome in outcomes if outcome.answerable]))


def reciprocal_rank(outcomes: Sequence[Outcome]) -> float:
    """MRR of answerable questions."""
    return float(np.mean([outcome.rank and 1 / outcome.rank for outcome in outcomes if outcome.answerable]))


def deciding(outcomes: Sequence[Outcome], coverage: float, precision: float) -> tuple[float, float]:
    """Precision at a coverage, and coverage at a precision.

    NaN for both when no question is unanswerable, for the first when so many are never answered.
    """
    known = sum(outcome.answerable for outcome in outcomes)
    foreign = len(outcomes) - known
    given = sorted(
        (outcome for outcome in outcomes if outcome.found), key=lambda outcome: -outcome.confidence
    )
    if not foreign or not given:
        return float("nan"), float("nan")
    weight = known / foreign * _UNANSWERABLE / (1 - _UNANSWERABLE)
    sure = np.array([outcome.confidence for outcome in given])
    answered = np.cumsum([outcome.answerable for outcome in given])
    right = np.cumsum([outcome.rank == 1 for outcome in given])
    all_given = np.cumsum([1.0 if outcome.answerable else weight for outcome in given])
    ends = np.append(sure[1:] != sure[:-1], True)
    precise = (right / all_given)[ends]
    enough = precise[answered[ends] >= coverage * known]
    covered = right[ends][precise >= precision]
    return (
        float(enough[0]) if len(enough) else float("nan"),
        float(covered.max(initial=0) / known),
    )


def speed(outcomes: Sequence[Outcome]) -> str:
    """Cells of the median and the 99th percentile, in milliseconds."""
    times = [outcome.milliseconds for outcome in outcomes]
    return f"{np.median(times):8.2f} | {np.percentile(times, 99):8.2f}"


def header() -> None:
    """Print the head of a table of `row`s."""
    columns = " | ".join(f"{name:11}" for name in _COLUMNS)
    print(f"| {'clean / mistyped':19} | {columns} | {'p50 ms':8} | {'p99 ms':8} | index s |")
    print(f"|{'-' * 21}|{'|'.join(['-' * 13] * len(_COLUMNS))}|{'-' * 10}|{'-' * 10}|{'-' * 9}|")


def row(name: str, clean: Sequence[Outcome], mistyped: Sequence[Outcome], seconds: float) -> None:
    """Print one engine's figures; `seconds` is what building or learning took."""
    cells = " | ".join(
        f"{share(one)} / {share(other)}"
        for one, other in zip(_figures(clean), _figures(mistyped), strict=True)
    )
    print(f"| {name:19} | {cells} | {speed([*clean, *mistyped])} | {seconds:7.2f} |", flush=True)


def _figures(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    ranking = recall(outcomes, 1), recall(outcomes, 3), reciprocal_rank(outcomes)
    return *ranking, *deciding(outcomes, 0.8, 0.95)


def share(value: float) -> str:
    """Cell of a share, four letters wide; NaN is a dash."""
    return "   –" if np.isnan(value) else f"{value:.3f}".removeprefix("0")[:4]
