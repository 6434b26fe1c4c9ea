"""What a change of the office's words would do to its saved test questions, found out before it is made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import known_questions
from knowledge.entries.known_questions import Question
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import Entry, EntryVersion
from knowledge.entries.recalibrating import judge
from knowledge.search import FaqIndex, OfficeWords
from knowledge.search.recalibration import Judged, Outcome, Picture, outcome_of, picture
from knowledge.thai import normalise

MOST_VARIANTS = 400  # asked in place of test questions

_MERIT = {Outcome.RIGHT: 4, Outcome.OFFERED: 3, Outcome.HANDED: 2, Outcome.MISSED: 1, Outcome.WRONG: 0}
"""Better for who asks; of a question without an entry, to be handed to staff is the best."""


@dataclass(frozen=True, kw_only=True)
class TrialQuestions:
    """What a trial asks. `hidden` are phrasings, normalised, that the trial must not find word for word."""

    questions: Sequence[Question]
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ChangedOutcome:
    """A question that fares otherwise. The ids are of the entries given first, before and after."""

    text: str
    has_entry: bool
    before: Outcome
    after: Outcome
    entry_before: int | None
    entry_after: int | None

    @property
    def is_better(self) -> bool:
        return _MERIT[self.after] > _MERIT[self.before]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The effect: the picture of the questions before and after, and every question that fares otherwise."""

    questions: int
    before: Picture
    after: Picture
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


@dataclass(frozen=True)
class _Fate:
    """What becomes of one question. `entry` is the one given first, if any is given."""

    judged: Judged
    outcome: Outcome
    entry: int | None


def saved_test_questions(reader: ReadOnly) -> TrialQuestions:
    """The office's test questions; before it has any, the last variant of each live entry that has several.

    Variants, at most `MOST_VARIANTS`, are hidden from the trial: found word for word, they would say nothing
    about words.
    """
    known = [
        Question(text=row.text, expected=frozenset(row.expected)) for row in known_questions.in_use(reader)
    ]
    if known:
        return TrialQuestions(questions=known)
    rows = reader.session.execute(
        select(Entry.key, EntryVersion.variants)
        .join(EntryVersion, EntryVersion.id == Entry.live_version_id)
        .order_by(Entry.id)
    )
    variants = [
        Question(text=variants[-1], expected=frozenset({key})) for key, variants in rows if len(variants) > 1
    ][:MOST_VARIANTS]
    return TrialQuestions(
        questions=variants, hidden=frozenset(normalise(question.text) for question in variants)
    )


def try_words(live: LiveFaq, asked: TrialQuestions, before: OfficeWords, after: OfficeWords) -> Trial:
    """Asks every question twice, of two indexes that differ in the office's words alone.

    They are judged and counted as everywhere, those left out whose right entries residents do not see.
    Builds two indexes, each a second or so for a few hundred entries.
    """
    here = {face.key for face in live.faces()}
    indexes = [live.trial(words, without=asked.hidden) for words in (before, after)]
    fates: list[tuple[str, _Fate, _Fate]] = []
    for question in asked.questions:
        was, becomes = (_fate(live, index, here, question) for index in indexes)
        if was is not None and becomes is not None:
            fates.append((question.text, was, becomes))
    return Trial(
        questions=len(fates),
        before=picture((was.judged for _, was, _ in fates), live.calibration),
        after=picture((becomes.judged for _, _, becomes in fates), live.calibration),
        changed=tuple(
            ChangedOutcome(
                text=text,
                has_entry=was.judged.has_entry,
                before=was.outcome,
                after=becomes.outcome,
                entry_before=was.entry,
                entry_after=becomes.entry,
            )
            for text, was, becomes in fates
            if was.outcome is not becomes.outcome
        ),
    )


def _fate(live: LiveFaq, index: FaqIndex, here: set[str], question: Question) -> _Fate | None:
    """What an index makes of the question; None where nothing can be said of it."""
    evidence, hits = index.weigh(question.text)
    faces = [face for hit in hits if (face := live.face(int(hit.id))) is not None]
    found = evidence if faces else -math.inf
    judged = judge(here, question.expected, found, [face.key for face in faces])
    if judged is None:
        return None
    outcome = outcome_of(judged, live.calibration)
    return _Fate(judged, outcome, faces[0].id if faces and outcome is not Outcome.HANDED else None)
