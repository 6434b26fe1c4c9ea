"""The office's test questions: questions whose right entries are known, or known to be none.

They say how sure is sure enough here, and whether a change of words helps. The audit keeps no words of them:
some are residents'. Raises ServiceError `faq.invalid_question` (with its fields), `faq.question_not_found`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from knowledge.entries.content import one_line
from knowledge.entries.models import MAX_QUESTION, Entry, KnownQuestion
from knowledge.entries.service import take_turn
from knowledge.thai import normalise

MOST_QUESTIONS = 5_000


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question and the keys of the entries that answer it; none when nothing here does."""

    text: str
    expected: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of questions handed in: `changed` had other right entries before, `known` were there already."""

    new: int
    changed: int
    known: int


def add(uow: UnitOfWork, questions: Sequence[Question], *, actor: str) -> Added:
    """Adds test questions, all or none; the same words again with other entries replace the older ones.

    The fields of a refusal are "question 1", "question 2", and so on; or "questions", for too many.
    """
    take_turn(uow)
    check(uow, questions)
    questions = [Question(text=one_line(item.text), expected=item.expected) for item in questions]
    present = {normalise(row.text): row for row in in_use(uow)}
    latest = {normalise(item.text): item for item in questions}
    new = changed = 0
    for words, item in latest.items():
        row = present.get(words)
        if row is not None and frozenset(row.expected) == item.expected:
            continue
        if row is not None:
            row.retired_by, row.retired_at = actor, uow.now
            changed += 1
        new += row is None
        expected = sorted(item.expected)
        uow.session.add(KnownQuestion(text=item.text, expected=expected, added_by=actor, added_at=uow.now))
    if len(present) + new > MOST_QUESTIONS:
        raise invalid("faq.invalid_question", questions="too_many")
    if new or changed:
        audit.record(
            uow, actor=actor, action="test_questions.added", subject_kind="test_questions", subject_id="all",
            after={"new": new, "changed": changed},
        )  # fmt: skip
    return Added(new=new, changed=changed, known=len(latest) - new - changed)


def retire(uow: UnitOfWork, question_id: int, *, actor: str) -> KnownQuestion:
    """Takes a test question out of use; one that is out already stays so."""
    take_turn(uow)
    # Read after the turn came, whatever was read before: somebody else may have retired it meanwhile.
    row = uow.session.get(KnownQuestion, question_id, populate_existing=True)
    if row is None:
        raise not_found("faq.question_not_found")
    if row.retired_at is None:
        row.retired_by, row.retired_at = actor, uow.now
        audit.record(
            uow, actor=actor, action="test_questions.retired", subject_kind="test_questions",
            subject_id=row.id, before={"expected": row.expected},
        )  # fmt: skip
    return row


def in_use(reader: ReadOnly) -> Sequence[KnownQuestion]:
    """Every test question in use, in order of adding."""
    query = select(KnownQuestion).where(KnownQuestion.retired_at.is_(None)).order_by(KnownQuestion.id)
    return reader.session.scalars(query).all()


def check(reader: ReadOnly, questions: Sequence[Question]) -> None:
    """Refuses questions that `add` would refuse for what they say."""
    named = {key for item in questions for key in item.expected}
    known = set(reader.session.scalars(select(Entry.key))) if named else set()
    faults: dict[str, str] = {}
    for number, item in enumerate(questions, start=1):
        text = one_line(item.text)
        if not text:
            faults[f"question {number}"] = "empty"
        elif len(text) > MAX_QUESTION:
            faults[f"question {number}"] = "too_long"
        elif not item.expected <= known:
            faults[f"question {number}"] = "unknown_entry"
    if faults:
        raise invalid("faq.invalid_question", **faults)
