"""What the page of the office's words shows: plain values and finished sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.faq_pages import staff_names
from admin.faq_words import Look
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import words
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import WordKind, WordRule
from knowledge.entries.trial import ChangedOutcome, Outcome, Trial
from knowledge.entries.word_rules import joined_group
from knowledge.thai.words import everyday_synonyms

SLOW_ABOVE = 3_000  # entries; a trial of more takes many seconds
SHOWN_CHANGES = 100


@dataclass(frozen=True, kw_only=True)
class Item:
    """One rule in use. `brings` are the shipped words that it joins."""

    id: int
    words: str
    brings: str
    note: str
    made: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """The rules of one kind."""

    kind: WordKind
    title: str
    empty: str
    items: list[Item]


@dataclass(frozen=True, kw_only=True)
class WordsPage:
    """All words: the office's by kind, the retired, and the shipped ones. `slow` warns of a long trial."""

    sections: list[Section]
    retired: list[Item]
    shipped: list[str]
    slow: str


@dataclass(frozen=True, kw_only=True)
class CountRow:
    """How many questions have one outcome, before and after."""

    name: str
    before: int
    after: int
    difference: str


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """One question that fares otherwise."""

    text: str
    look: Look
    was: str
    becomes: str


@dataclass(frozen=True, kw_only=True)
class TrialPage:
    """The effect of a change in a clerk's words."""

    summary: Look
    questions: int
    counts: list[CountRow]
    changes: list[ChangeRow]
    hidden: int  # changes beyond those shown
    does_harm: bool
    worse: int
    better: int


def words_page(reader: ReadOnly, texts: Catalogue, live: LiveFaq) -> WordsPage:
    """Everything about the words."""
    rows, people = words.rules(reader), staff_names(reader, texts)
    protected = [word for row in rows if row.kind is WordKind.PROTECTED for word in row.words]

    def item(row: WordRule, *, retired: bool = False) -> Item:
        by, at = (row.retired_by, row.retired_at) if retired else (row.created_by, row.created_at)
        brings = joined_group(row.words, protected) if row.kind is WordKind.SYNONYMS and not retired else ()
        name = people.get(by or "", by or "")
        return Item(
            id=row.id,
            words=" = ".join(row.words),
            brings=texts.get("words.brings", words=", ".join(brings)) if brings else "",
            note=row.note,
            made=texts.get("words.by", name=name, time=thai_datetime(at)) if at is not None else "",
        )

    return WordsPage(
        sections=[
            Section(
                kind=kind,
                title=texts.get(f"words.kind.{kind.value}"),
                empty=texts.get(f"words.none.{kind.value}"),
                items=[item(row) for row in rows if row.kind is kind],
            )
            for kind in WordKind
        ],
        retired=[item(row, retired=True) for row in words.retired_rules(reader)],
        shipped=[" = ".join(group) for group in everyday_synonyms()],
        slow=texts.get("words.slow", count=f"{len(live.faces()):,}")
        if len(live.faces()) > SLOW_ABOVE
        else "",
    )


def trial_page(texts: Catalogue, live: LiveFaq, trial: Trial) -> TrialPage:
    """The effect, worst news first."""
    changes = sorted(trial.changed, key=lambda change: change.is_better)
    return TrialPage(
        summary=_summary(texts, trial),
        questions=trial.questions,
        counts=[
            _count_row(texts, trial, name, outcomes)
            for name, outcomes in (
                ("right", (Outcome.RIGHT,)),
                ("asked_back", (Outcome.ASKED_BACK, Outcome.BESIDE)),
                ("handed_over", (Outcome.HANDED_OVER,)),
                ("wrong", (Outcome.WRONG,)),
            )
        ],
        changes=[_change_row(texts, live, change) for change in changes[:SHOWN_CHANGES]],
        hidden=max(len(changes) - SHOWN_CHANGES, 0),
        does_harm=trial.does_harm,
        worse=trial.worse,
        better=trial.better,
    )


def _summary(texts: Catalogue, trial: Trial) -> Look:
    if not trial.questions:
        return Look(texts.get("words.effect.no_questions"), "info", "info")
    if not trial.changed:
        return Look(texts.get("words.effect.same", count=trial.questions), "info", "info")
    words = texts.get("words.effect.changed", better=trial.better, worse=trial.worse, count=trial.questions)
    if trial.does_harm:
        return Look(words, "error", "alert")
    return Look(words, "warn", "alert") if trial.worse else Look(words, "done", "check")


def _count_row(texts: Catalogue, trial: Trial, name: str, outcomes: Sequence[Outcome]) -> CountRow:
    before, after = (sum(counts[o] for o in outcomes) for counts in (trial.before, trial.after))
    return CountRow(
        name=texts.get(f"words.count.{name}"),
        before=before,
        after=after,
        difference=f"{after - before:+d}".replace("-", "−") if after != before else "",
    )


def _change_row(texts: Catalogue, live: LiveFaq, change: ChangedOutcome) -> ChangeRow:
    look = (
        Look(texts.get("words.effect.better"), "done", "check")
        if change.is_better
        else Look(texts.get("words.effect.worse"), "error", "alert")
    )
    return ChangeRow(
        text=change.text,
        look=look,
        was=_fate_words(texts, live, change.before, change.entry_before),
        becomes=_fate_words(texts, live, change.after, change.entry_after),
    )


def _fate_words(texts: Catalogue, live: LiveFaq, outcome: Outcome, entry_id: int | None) -> str:
    face = live.face(entry_id) if entry_id is not None else None
    words = texts.get(f"words.outcome.{outcome.value}")
    return texts.get("words.with_entry", outcome=words, question=face.question) if face else words
