"""What a change of the office's words would do to its saved test questions, found out before it is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import known_questions
from knowledge.entries.evaluate import Question
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import Entry, EntryVersion
from knowledge.search import FaqIndex, OfficeWords
from knowledge.thai import normalise

MOST_QUESTIONS = 400  # asked twice; so many take about two seconds


class Outcome(StrEnum):
    """What became of a test question."""

    RIGHT = "right"  # answered with a right entry; or nothing here answers it, and none was given
    ASKED_BACK = "asked_back"  # a right entry is among those offered
    BESIDE = "beside"  # asked back, and no right entry is offered
    HANDED_OVER = "handed_over"  # to staff, though an entry answers it
    WRONG = "wrong"  # answered with another entry


_MERIT = {
    Outcome.RIGHT: 4,
    Outcome.ASKED_BACK: 3,
    Outcome.HANDED_OVER: 2,
    Outcome.BESIDE: 1,
    Outcome.WRONG: 0,
}


@dataclass(frozen=True, kw_only=True)
class ChangedOutcome:
    """A question that fares otherwise. The ids are of the entries given first, before and after."""

    text: str
    before: Outcome
    after: Outcome
    entry_before: int | None
    entry_after: int | None

    @property
    def is_better(self) -> bool:
        return _MERIT[self.after] > _MERIT[self.before]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The effect on all questions: counts by outcome before and after, and every question that fares otherwise."""

    questions: int
    before: dict[Outcome, int]
    after: dict[Outcome, int]
    changed: tuple[ChangedOutcome, ...]

    @property
    def better(self) -> int:
        return sum(change.is_better for change in self.changed)

    @property
    def worse(self) -> int:
        return len(self.changed) - self.better

    @property
    def does_harm(self) -> bool:
        """Whether more questions fare worse than better."""
        return self.worse > self.better


def saved_test_questions(reader: ReadOnly) -> Sequence[Question]:
    """The office's test questions; before it has any, the last variant of each live entry that has several.

    At most `MOST_QUESTIONS`, the newest. `try_words` leaves those that are variants out of the index it asks.
    """
    known = [
        Question(text=row.text, expected=frozenset(row.expected)) for row in known_questions.in_use(reader)
    ]
    if known:
        return known[-MOST_QUESTIONS:]
    rows = reader.session.execute(
        select(Entry.key, EntryVersion.variants)
        .join(EntryVersion, EntryVersion.id == Entry.live_version_id)
        .order_by(Entry.id)
    )
    questions = [
        Question(text=variants[-1], expected=frozenset({key})) for key, variants in rows if len(variants) > 1
    ]
    return questions[:MOST_QUESTIONS]


def try_words(live: LiveFaq, questions: Sequence[Question], before: OfficeWords, after: OfficeWords) -> Trial:
    """Asks every question twice, of two indexes that differ in the office's words alone.

    Phrasings of entries that are themselves a question here are left out of both: found word for word,
    they would say nothing about words. Builds two indexes, each a second or so for a few hundred entries.
    """
    asked = frozenset(normalise(question.text) for question in questions)
    fates = [_fates(live, questions, live.trial(words, without=asked)) for words in (before, after)]
    changed = tuple(
        ChangedOutcome(
            text=question.text, before=was, after=becomes, entry_before=entry_before, entry_after=entry_after
        )
        for question, (was, entry_before), (becomes, entry_after) in zip(questions, *fates, strict=True)
        if was is not becomes
    )
    return Trial(questions=len(questions), before=_counts(fates[0]), after=_counts(fates[1]), changed=changed)


def _fates(live: LiveFaq, questions: Sequence[Question], index: FaqIndex) -> list[tuple[Outcome, int | None]]:
    return [_fate(live, question, index) for question in questions]


def _fate(live: LiveFaq, question: Question, index: FaqIndex) -> tuple[Outcome, int | None]:
    decision = index.decide(question.text)
    ids = [int(hit.id) for hit in decision.hits]
    keys = [face.key for entry_id in ids if (face := live.face(entry_id)) is not None]
    return outcome_of(decision.kind, keys, question.expected), ids[0] if ids else None


def outcome_of(kind: str, found: Sequence[str], expected: frozenset[str]) -> Outcome:
    """How a decision of this kind, with these keys of entries, serves who asked."""
    match kind, bool(expected):
        case "answer", _:
            return Outcome.RIGHT if expected.intersection(found[:1]) else Outcome.WRONG
        case "clarify", True:
            return Outcome.ASKED_BACK if expected.intersection(found) else Outcome.BESIDE
        case "clarify", False:
            return Outcome.BESIDE
        case _, True:
            return Outcome.HANDED_OVER
        case _:
            return Outcome.RIGHT


def _counts(fates: Sequence[tuple[Outcome, int | None]]) -> dict[Outcome, int]:
    counts = dict.fromkeys(Outcome, 0)
    for outcome, _ in fates:
        counts[outcome] += 1
    return counts
