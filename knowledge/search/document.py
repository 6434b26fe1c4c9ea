"""What goes into the answer engine and what comes out."""

from dataclasses import dataclass
from typing import Literal

DecisionKind = Literal["answer", "clarify", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqDocument:
    """One entry as the engine sees it."""

    id: str
    question: str
    variants: tuple[str, ...] = ()
    answer: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry found. Scores compare within one question; 1 is about a perfect match."""

    id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a decision fell as it did, for a clerk at the test bench."""

    read_as: str
    """The question after normalisation, layout repair and stripping of particles."""
    layout_repaired: bool
    used_previous: bool
    """Whether the entry answered just before was needed to understand the question."""
    matched_words: tuple[str, ...]
    """Words of the question that the best entry contains."""
    unmatched_words: tuple[str, ...]
    """Words of the question that the best entry lacks."""
    unknown_words: tuple[str, ...]
    """Words of the question that no entry contains."""
    best_phrasing: str | None
    """The wording of the best entry that is closest to the question; None when nothing matched."""
    best: Hit | None
    runner_up: Hit | None
    runner_up_phrasing: str | None
    """The wording of the runner-up that is closest to the question."""
    only_best_words: tuple[str, ...]
    """Words of the question that the best entry contains and the runner-up lacks."""
    margin: float
    """How far the best is ahead of the runner-up, in score."""
    answer_threshold: float
    clarify_threshold: float
