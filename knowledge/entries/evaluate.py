"""Measuring the answer engine on questions whose right entries are known."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from knowledge.entries.known_questions import Question
from knowledge.entries.live import EntryFace, LiveDecision, LiveFaq
from knowledge.entries.models import AskDecision


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured. Shares are 0 to 1, and 0 where there was nothing to share."""

    questions: int
    answerable: int
    recall_at_1: float  # of the answerable: a right entry is the first found
    recall_at_3: float  # of the answerable: a right entry is among the first three
    precision: float  # of those answered outright: with a right entry
    coverage: float  # of the answerable: answered outright, and right
    answered_without_entry: int  # answered outright though nothing here answers it: the worst fault
    answerable_decisions: dict[AskDecision, int]
    unanswerable_decisions: dict[AskDecision, int]


def evaluate(live: LiveFaq, questions: Sequence[Question]) -> Evaluation:
    """Asks every question by itself and compares what was found and decided."""
    first = third = right = answered = invented = 0
    answerable = dict.fromkeys(AskDecision, 0)
    unanswerable = dict.fromkeys(AskDecision, 0)
    for question in questions:
        found = _keys(live.search(question.text, limit=3))
        decision = live.decide(question.text)
        is_right = _answers_rightly(decision, live.face, question)
        (answerable if question.expected else unanswerable)[decision.kind] += 1
        first += bool(question.expected.intersection(found[:1]))
        third += bool(question.expected.intersection(found))
        right += is_right
        if decision.kind is AskDecision.ANSWERED:
            answered += 1
            invented += not question.expected
    total = sum(answerable.values())
    return Evaluation(
        questions=len(questions),
        answerable=total,
        recall_at_1=_share(first, total),
        recall_at_3=_share(third, total),
        precision=_share(right, answered),
        coverage=_share(right, total),
        answered_without_entry=invented,
        answerable_decisions=answerable,
        unanswerable_decisions=unanswerable,
    )


def _answers_rightly(
    decision: LiveDecision, face_of: Callable[[int], EntryFace | None], question: Question
) -> bool:
    if decision.kind is not AskDecision.ANSWERED:
        return False
    face = face_of(decision.hits[0][0])
    return face is not None and face.key in question.expected


def _keys(hits: Iterable[tuple[EntryFace, float]]) -> list[str]:
    return [face.key for face, _ in hits]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
