"""Taking an FAQ file into the database: all its rows or none, every bad one reported."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select

from eservice.kit import audit
from eservice.kit.thai_calendar import at_bangkok, parse_thai_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import Department
from knowledge.entries import content as rules
from knowledge.entries import service
from knowledge.entries.content import EntryContent, content_of, faults, key_fault, one_line, tidied
from knowledge.entries.faq_file import (
    TEXTS,
    FileKind,
    FileRow,
    ImportProblem,
    file_problem,
    read_rows,
)
from knowledge.entries.models import Entry, EntryState, EntryVersion
from knowledge.entries.service import NewEntry

_LIMITS: dict[tuple[str, str], int] = {
    ("question", "too_long"): rules.MAX_QUESTION,
    ("answer", "too_long"): rules.MAX_ANSWER,
    ("answer", "too_many_rows"): rules.MAX_ROWS,
    ("variants", "too_long"): rules.MAX_VARIANT,
    ("variants", "too_many"): rules.MAX_VARIANTS,
    ("keywords", "too_long"): rules.MAX_KEYWORD,
    ("keywords", "too_many"): rules.MAX_KEYWORDS,
    ("category", "too_long"): rules.MAX_CATEGORY,
    ("source", "too_long"): rules.MAX_SOURCE,
    ("source_url", "too_long"): rules.MAX_SOURCE_URL,
}
_WITH_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What became of a file. With problems nothing was written and the counts are 0."""

    created: int = 0
    changed: int = 0  # entries that have new words, or came back from retirement
    published: int = 0  # entries put before residents, new ones included
    unchanged: int = 0
    problems: tuple[ImportProblem, ...] = ()


@dataclass(frozen=True)
class _ReadEntry:
    """One sound row."""

    line: int
    key: str | None
    content: EntryContent


@dataclass(frozen=True)
class _Known:
    """An entry of the database and its versions in use: of a retired one there are none."""

    entry: Entry
    live: EntryVersion | None
    draft: EntryVersion | None


def import_entries(
    uow: UnitOfWork, data: bytes, kind: FileKind, *, actor: str, publish: bool = False
) -> ImportResult:
    """Imports a file; with `publish` its rows count as approved by `actor` and go before residents.

    A row meets the entry with its id, or without one the entry that asks the same question. Equal to the
    live words, or to the draft, it changes nothing.
    """
    rows, problems = read_rows(data, kind)
    service.take_turn(uow)
    entries, more = _read_entries(uow, rows)
    problems += more
    if problems:
        return ImportResult(problems=tuple(sorted(problems, key=lambda problem: problem.line)))
    result = _write(uow, entries, actor=actor, publish=publish)
    if result.created or result.changed or result.published:
        audit.record(
            uow, actor=actor, action="faq.imported", subject_kind="faq_file",
            subject_id=hashlib.sha256(data).hexdigest()[:16],
            after={"created": result.created, "changed": result.changed, "published": result.published},
        )  # fmt: skip
    return result


def fault_text(field: str, code: str, language: str = "th") -> str:
    """The words for a fault that `content.faults` found in a field."""
    return TEXTS.get(f"faq_fault.{code}", language, limit=f"{_LIMITS.get((field, code), 0):,}")


def _content_problem(line: int, field: str, code: str) -> ImportProblem:
    return ImportProblem(line, field, code, fault_text(field, code), fault_text(field, code, "en"))


def _write(uow: UnitOfWork, entries: list[_ReadEntry], *, actor: str, publish: bool) -> ImportResult:
    by_key, by_question = _known_entries(uow)
    new: list[NewEntry] = []
    to_publish: list[int] = []
    changed = unchanged = 0
    for item in entries:
        known = by_key.get(item.key) if item.key is not None else by_question.get(item.content.question)
        if known is None:
            new.append(NewEntry(content=item.content, key=item.key))
            continue
        if known.live is not None and content_of(known.live) == item.content:
            unchanged += 1
        elif known.draft is not None and content_of(known.draft) == item.content:
            to_publish.append(known.entry.id)
            unchanged += 0 if publish else 1
        else:
            _rewrite(uow, known, item.content, actor)
            to_publish.append(known.entry.id)
            changed += 1
    created = service.create_entries(uow, new, actor=actor) if new else []
    to_publish += [entry.id for entry in created]
    if publish:
        uow.session.flush()  # the drafts just written are looked up by query
        service.publish_drafts(uow, to_publish, actor=actor)
    return ImportResult(
        created=len(created),
        changed=changed,
        unchanged=unchanged,
        published=len(to_publish) if publish else 0,
    )


def _rewrite(uow: UnitOfWork, known: _Known, content: EntryContent, actor: str) -> None:
    entry = known.entry
    if entry.state is EntryState.RETIRED:
        entry = service.restore(uow, entry.id, actor=actor)
    current = service.current_version(uow, entry)
    service.save_draft(uow, entry.id, content, based_on=current.number, actor=actor)


def _known_entries(uow: UnitOfWork) -> tuple[dict[str, _Known], dict[str, _Known]]:
    """Every entry by its key, and those in use by each question they ask."""
    versions: dict[int, EntryVersion] = {
        version.id: version
        for version in uow.session.scalars(
            select(EntryVersion).join(
                Entry,
                or_(Entry.live_version_id == EntryVersion.id, Entry.draft_version_id == EntryVersion.id),
            )
        )
    }
    by_key: dict[str, _Known] = {}
    by_question: dict[str, _Known] = {}
    for entry in uow.session.scalars(select(Entry).order_by(Entry.id)):
        in_use = entry.state is not EntryState.RETIRED
        known = _Known(
            entry,
            live=versions.get(entry.live_version_id or 0),
            draft=versions.get(entry.draft_version_id or 0) if in_use else None,
        )
        by_key[entry.key] = known
        for version in (known.live, known.draft):
            if version is not None:
                by_question.setdefault(version.question, known)
    return by_key, by_question


def _read_entries(reader: ReadOnly, rows: list[FileRow]) -> tuple[list[_ReadEntry], list[ImportProblem]]:
    departments = {row.name: row.id for row in reader.session.scalars(select(Department))}
    entries: list[_ReadEntry] = []
    problems: list[ImportProblem] = []
    first_line: dict[tuple[str, str], int] = {}
    for row in rows:
        entry, found = _read_entry(row, departments)
        mark = ("id", entry.key) if entry.key is not None else ("question", entry.content.question)
        if mark in first_line and mark[1]:
            found.append(file_problem(row.line, mark[0], "repeated", number=first_line[mark]))
        first_line.setdefault(mark, row.line)
        entries.append(entry)
        problems += found
    return entries, problems


def _read_entry(row: FileRow, departments: Mapping[str, int]) -> tuple[_ReadEntry, list[ImportProblem]]:
    """One row as an entry, and everything wrong with it."""
    cells = _Cells(row)
    key = cells.text("id") or None
    if key is not None and (fault := key_fault(key)):
        cells.problems.append(_content_problem(row.line, "id", fault))
    content = tidied(
        EntryContent(
            question=cells.text("question"),
            answer=cells.text("answer"),
            variants=cells.texts("variants"),
            keywords=cells.texts("keywords"),
            category=cells.text("category"),
            source=cells.text("source"),
            source_url=cells.text("source_url"),
            publish_from=cells.instant("publish_from", ends=False),
            publish_until=cells.instant("publish_until", ends=True),
            language=cells.text("language"),
        )
    )
    department = one_line(cells.text("department"))
    if department and departments:  # before the departments are set up, their names are passed over
        if department in departments:
            content = replace(content, department_id=departments[department])
        else:
            cells.problems.append(file_problem(row.line, "department", "unknown_department"))
    known = {problem.column for problem in cells.problems}
    cells.problems += [
        _content_problem(row.line, field, code)
        for field, code in faults(content).items()
        if field not in known
    ]
    return _ReadEntry(row.line, key, content), cells.problems


class _Cells:
    """Reads the cells of one row and gathers what is wrong with them."""

    def __init__(self, row: FileRow) -> None:
        self._row = row
        self.problems: list[ImportProblem] = []

    def text(self, column: str) -> str:
        value = self._row.cells.get(column)
        if value is None:
            return ""
        if isinstance(value, str):
            return value.strip()
        if type(value) is int:  # `"id": 12`
            return str(value)
        self._fault(column, "not_text")
        return ""

    def texts(self, column: str) -> tuple[str, ...]:
        value = self._row.cells.get(column)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(value.split(rules.LIST_SEPARATOR))
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._fault(column, "not_a_list")
        return ()

    def instant(self, column: str, *, ends: bool) -> datetime | None:
        """A date alone means the whole day in Thailand: the start of it, or the end."""
        value = self._row.cells.get(column)
        if value is None or value == "":
            return None
        try:
            return _instant(value, ends=ends)
        except (ValueError, OverflowError):  # no date, or one beyond the calendar
            self._fault(column, "not_a_date")
            return None

    def _fault(self, column: str, code: str) -> None:
        self.problems.append(file_problem(self._row.line, column, code))


def _instant(value: object, *, ends: bool) -> datetime:
    if isinstance(value, datetime) and value.time() != time():  # a cell of Excel, by the clock on the wall
        return at_bangkok(value.date(), value.time())
    if isinstance(value, datetime):
        return _edge_of(value.date(), ends=ends)
    if isinstance(value, date):
        return _edge_of(value, ends=ends)
    if not isinstance(value, str):
        raise ValueError("neither a date nor text")
    text = value.strip()
    if not _WITH_TIME.fullmatch(text):
        return _edge_of(parse_thai_date(text), ends=ends)
    return datetime.fromisoformat(text.upper())


def _edge_of(day: date, *, ends: bool) -> datetime:
    return at_bangkok(day + timedelta(days=1) if ends else day, time())
