"""What the page of the office's words shows: plain values and finished sentences."""

from dataclasses import dataclass

from admin.confidence_pages import Group, compare, outcome_words
from admin.faq_pages import staff_names
from admin.faq_words import Look
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import known_questions, words
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import WordKind, WordRule
from knowledge.entries.trial import ChangedOutcome, Trial
from knowledge.entries.word_rules import Rule, joined_group
from knowledge.search.recalibration import Outcome
from knowledge.thai import OfficeWords, Segmenter
from knowledge.thai.words import everyday_synonyms

SLOW_ENTRIES, SLOW_QUESTIONS = 3_000, 1_000  # a trial of more takes many seconds
SHOWN_CHANGES = 100


@dataclass(frozen=True, kw_only=True)
class Item:
    """One rule in use. `brings` are the words that it joins, shipped ones and those of other rules."""

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
class ChangeRow:
    """One question that fares otherwise."""

    text: str
    look: Look
    was: str
    becomes: str


@dataclass(frozen=True, kw_only=True)
class TrialPage:
    """The effect of a change in a clerk's words. `brings` are the words that a new group joins."""

    brings: str
    summary: Look
    questions: int
    groups: list[Group]  # how many fare how, before and after
    changes: list[ChangeRow]
    hidden: int  # changes beyond those shown
    does_harm: bool
    worse: int
    better: int


def words_page(reader: ReadOnly, texts: Catalogue, live: LiveFaq) -> WordsPage:
    """Everything about the words."""
    rows, people = words.rules(reader), staff_names(reader, texts)
    known = Segmenter(office=words.office_words(reader))

    def item(row: WordRule, *, retired: bool = False) -> Item:
        by, at = (row.retired_by, row.retired_at) if retired else (row.created_by, row.created_at)
        name = people.get(by or "", by or "")
        return Item(
            id=row.id,
            words=" = ".join(row.words),
            brings="" if retired else _brings(texts, words.rule_of(row), known),
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
        slow=_slow(texts, len(live.faces()), len(known_questions.in_use(reader))),
    )


def trial_page(
    texts: Catalogue, live: LiveFaq, trial: Trial, rule: Rule | None, after: OfficeWords
) -> TrialPage:
    """The effect, worst news first; of the words `after` a rule is retired (None) or saved."""
    changes = sorted(trial.changed, key=lambda change: change.is_better)
    return TrialPage(
        brings=_brings(texts, rule, Segmenter(office=after)) if rule is not None else "",
        summary=_summary(texts, trial),
        questions=trial.questions,
        groups=compare(texts, trial.before, trial.after).groups,
        changes=[_change_row(texts, live, change) for change in changes[:SHOWN_CHANGES]],
        hidden=max(len(changes) - SHOWN_CHANGES, 0),
        does_harm=trial.does_harm,
        worse=trial.worse,
        better=trial.better,
    )


def _slow(texts: Catalogue, entries: int, questions: int) -> str:
    if entries <= SLOW_ENTRIES and questions <= SLOW_QUESTIONS:
        return ""
    return texts.get("words.slow", entries=f"{entries:,}", questions=f"{questions:,}")


def _brings(texts: Catalogue, rule: Rule, known: Segmenter) -> str:
    brings = joined_group(rule.words, known) if rule.kind is WordKind.SYNONYMS else ()
    return texts.get("words.brings", words=", ".join(brings)) if brings else ""


def _summary(texts: Catalogue, trial: Trial) -> Look:
    if not trial.questions:
        return Look(texts.get("words.effect.no_questions"), "info", "info")
    if not trial.changed:
        return Look(texts.get("words.effect.same", count=trial.questions), "info", "info")
    words = texts.get("words.effect.changed", better=trial.better, worse=trial.worse, count=trial.questions)
    if trial.does_harm:
        return Look(words, "error", "alert")
    return Look(words, "warn", "alert") if trial.worse else Look(words, "done", "check")


def _change_row(texts: Catalogue, live: LiveFaq, change: ChangedOutcome) -> ChangeRow:
    look = (
        Look(texts.get("words.effect.better"), "done", "check")
        if change.is_better
        else Look(texts.get("words.effect.worse"), "error", "alert")
    )
    return ChangeRow(
        text=change.text,
        look=look,
        was=_fate_words(texts, live, change, change.before, change.entry_before),
        becomes=_fate_words(texts, live, change, change.after, change.entry_after),
    )


def _fate_words(
    texts: Catalogue, live: LiveFaq, change: ChangedOutcome, outcome: Outcome, entry_id: int | None
) -> str:
    face = live.face(entry_id) if entry_id is not None else None
    words = outcome_words(texts, outcome, has_entry=change.has_entry)
    return texts.get("words.with_entry", outcome=words, question=face.question) if face else words
