"""How the rooms of the answers put things into words: states, votes, changes, confidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from rapidfuzz.distance import Levenshtein

from eservice.kit.audit import AuditRecord
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from knowledge.entries.content import EntryContent
from knowledge.entries.models import EntryState, EntryVersion
from knowledge.entries.queries import EntryUse

FEW = 5  # votes below it say too little for a percentage

_FIELDS = (
    "question",
    "variants",
    "answer",
    "keywords",
    "category",
    "department_id",
    "source",
    "source_url",
    "publish_from",
    "publish_until",
    "language",
    "version",
    "state",
)


@dataclass(frozen=True)
class Look:
    """Words with the tone and icon of a chip or notice."""

    words: str
    tone: str
    icon: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a comparison. `mark`: "same", "gone" or "new"."""

    mark: str
    text: str


@dataclass(frozen=True)
class Change:
    """What became of one field."""

    name: str
    lines: tuple[Line, ...]


def state_look(texts: Catalogue, state: EntryState, version: EntryVersion, now: datetime) -> Look:
    """Where an entry stands, as residents have it; `version` is the one that its author goes on from."""
    match state:
        case EntryState.DRAFT:
            return Look(texts.get("faq.state.draft"), "warn", "edit")
        case EntryState.LIVE_WITH_DRAFT:
            return Look(texts.get("faq.state.live_with_draft"), "warn", "edit")
        case EntryState.RETIRED:
            return Look(texts.get("faq.state.retired"), "neutral")
        case EntryState.LIVE:
            if version.publish_from is not None and now < version.publish_from:
                return Look(texts.get("faq.state.not_yet"), "info", "clock")
            if version.publish_until is not None and version.publish_until <= now:
                return Look(texts.get("faq.state.over"), "error", "alert")
            return Look(texts.get("faq.state.live"), "done", "check")
        case unknown:
            assert_never(unknown)


def share_words(texts: Catalogue, use: EntryUse | None) -> str:
    """How many found the answer beside the point; a percentage only where enough people spoke."""
    voices = use.helpful + use.unhelpful if use else 0
    if use is None or not voices:
        return ""
    if voices < FEW:
        return texts.get("faq.votes.few", unhelpful=use.unhelpful, voices=voices)
    percent = round(100 * use.unhelpful / voices)
    return texts.get("faq.votes.share", unhelpful=use.unhelpful, voices=voices, percent=percent)


def compare(
    texts: Catalogue, departments: Mapping[int, str], before: EntryContent, after: EntryContent
) -> list[Change]:
    """Every field in which two wordings differ, line by line."""
    return _changes(texts, departments, vars(before), vars(after))


def record_changes(texts: Catalogue, departments: Mapping[int, str], record: AuditRecord) -> list[Change]:
    """What an audit record says about the fields."""
    return _changes(texts, departments, record.before or {}, record.after or {})


def _changes(
    texts: Catalogue, departments: Mapping[int, str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Change]:
    changes = []
    for field in _FIELDS:
        old = _lines(texts, departments, field, before.get(field))
        new = _lines(texts, departments, field, after.get(field))
        if old != new:
            changes.append(Change(texts.get(f"faq.field.{field}"), tuple(_difference(old, new))))
    return changes


def _difference(old: list[str], new: list[str]) -> Iterable[Line]:
    """The fewest lines that changed, each run's old lines before its new ones."""
    for step in Levenshtein.opcodes(old, new):
        if step.tag == "equal":
            yield from (Line("same", text) for text in old[step.src_start : step.src_end])
            continue
        yield from (Line("gone", text) for text in old[step.src_start : step.src_end])
        yield from (Line("new", text) for text in new[step.dest_start : step.dest_end])


def _lines(texts: Catalogue, departments: Mapping[int, str], field: str, value: Any) -> list[str]:
    """A field's value as lines of words."""
    match field, value:
        case _, None | "" | [] | ():
            return []
        case "department_id", int():
            return [departments.get(value, str(value))]
        case "state", str():
            return [texts.get(f"faq.state.{value}")]
        case "publish_from" | "publish_until", str():
            return [thai_datetime(datetime.fromisoformat(value))]
        case "publish_from" | "publish_until", datetime():
            return [thai_datetime(value)]
        case _, list() | tuple():
            return [str(item) for item in value]
        case _:
            return str(value).splitlines()
