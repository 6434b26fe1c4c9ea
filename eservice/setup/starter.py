"""Starter answers: the demo's, taken over by an office as drafts, each to be confirmed by its department.

What was true of the demo office only is taken out or marked, and a marked draft cannot be published. Nobody is
answered from a draft.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import select

from eservice.demo import loader
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal, departments_of, require
from knowledge.entries import service
from knowledge.entries.content import UNFILLED, EntryContent, content_of
from knowledge.entries.models import Entry, EntryState, EntryVersion
from knowledge.entries.service import NewEntry

_FOLDER = Path(loader.__file__).parent / "faq"
_CHECKED_ON = re.compile(r"(ณ วันที่ตรวจสอบ) \d{1,2} [ก-๙.]+ \d{4}")
_DEPARTMENT_MARK = f"{UNFILLED}ชื่อกองที่ดูแล〕"
_DATE_MARK = f"{UNFILLED}วันที่ตรวจ〕"
_OWN_ANSWERS = {"office-divisions": f"{UNFILLED}รายชื่อกองของเรา และงานที่แต่ละกองดูแล〕"}
"""Answers that are about the demo office through and through: only their question is taken over."""


@dataclass(frozen=True, kw_only=True)
class StarterEntry:
    """One answer of the demo. `department` is the demo's name for who looks after it."""

    key: str
    department: str
    content: EntryContent


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A draft that its department has not confirmed. `number` is the version shown."""

    entry_id: int
    number: int
    content: EntryContent

    @property
    def has_blanks(self) -> bool:
        """Whether something is still to be filled in."""
        return UNFILLED in self.content.answer


@cache
def starter_entries() -> tuple[StarterEntry, ...]:
    """Every answer of the demo, in the demo's order."""
    lines = (
        line
        for path in sorted(_FOLDER.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )
    return tuple(_entry(json.loads(line)) for line in lines)


def taken_keys(reader: ReadOnly) -> frozenset[str]:
    """The keys that the office has already, taken over or of its own."""
    return frozenset(reader.session.scalars(select(Entry.key)))


def take(uow: UnitOfWork, keys: Collection[str], departments: Mapping[str, int], *, actor: str) -> int:
    """Takes answers over as drafts; returns how many. Those that the office has already are passed over.

    `departments` says which department of the office looks after what, by the demo's name for it; where nobody
    does, its name is to be filled in. Raises
    ServiceError `faq.invalid`.
    """
    names = {row.id: row.name for row in uow.session.scalars(select(Department))}
    present = taken_keys(uow)
    chosen = [entry for entry in starter_entries() if entry.key in keys and entry.key not in present]
    if not chosen:
        return 0
    if not set(departments.values()) <= names.keys():
        raise invalid("faq.invalid", department_id="unknown")
    demos = dict.fromkeys(entry.department for entry in starter_entries())
    renamed = {demo: names.get(departments.get(demo, 0), _DEPARTMENT_MARK) for demo in demos}
    new = [
        NewEntry(content=_adapted(entry, departments.get(entry.department), renamed), key=entry.key)
        for entry in chosen
    ]
    for made in service.create_entries(uow, new, actor=actor):
        made.is_starter = True
    return len(new)


def waiting(reader: ReadOnly, by: Principal) -> list[Waiting]:
    """The drafts that this person may confirm, department by department."""
    reach = departments_of(by, Permission.FAQ_PUBLISH)
    query = (
        select(Entry, EntryVersion)
        .join(EntryVersion, EntryVersion.id == Entry.draft_version_id)
        .where(Entry.is_starter, Entry.state == EntryState.DRAFT)
        .order_by(EntryVersion.department_id, EntryVersion.category, Entry.id)
    )
    if reach is not None:
        query = query.where(EntryVersion.department_id.in_(reach))
    return [
        Waiting(entry_id=entry.id, number=version.number, content=content_of(version))
        for entry, version in reader.session.execute(query)
    ]


def waiting_count(reader: ReadOnly) -> int:
    """How many drafts of the whole office wait for their department."""
    query = select(Entry.id).where(Entry.is_starter, Entry.state == EntryState.DRAFT)
    return len(reader.session.scalars(query).all())


def confirm(uow: UnitOfWork, read: Mapping[int, int], *, by: Principal) -> int:
    """Puts drafts before residents: entry ids with the versions that were read; returns how many.

    Raises ServiceError `faq.not_found`, `staff.forbidden`, `faq.changed`, `faq.no_draft`, `faq.unfilled`.
    """
    for entry_id, number in sorted(read.items()):
        entry = service.locked(uow, entry_id)
        if not entry.is_starter:
            raise not_found("faq.not_found")
        require(by, Permission.FAQ_PUBLISH, service.current_version(uow, entry).department_id)
        service.publish(uow, entry_id, number=number, actor=by.username)
    return len(read)


def _entry(row: dict[str, object]) -> StarterEntry:
    def text(name: str) -> str:
        return str(row.get(name) or "")

    def texts(name: str) -> tuple[str, ...]:
        value = row.get(name)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    content = EntryContent(
        question=text("question"),
        answer=text("answer"),
        variants=texts("variants"),
        keywords=texts("keywords"),
        category=text("category"),
        source=text("source"),
        source_url=text("source_url"),
        language=text("language") or "th",
    )
    return StarterEntry(key=text("id"), department=text("department"), content=content)


def _adapted(entry: StarterEntry, department_id: int | None, renamed: Mapping[str, str]) -> EntryContent:
    """The words as a draft of the office: its own departments' names, marks where it must fill in."""
    answer = _OWN_ANSWERS.get(entry.key) or _CHECKED_ON.sub(rf"\1 {_DATE_MARK}", entry.content.answer)
    # In one go: the office may give one of these names to another department.
    named = re.compile("|".join(map(re.escape, renamed)))
    answer = named.sub(lambda found: renamed[found[0]], answer)
    return EntryContent(
        question=entry.content.question,
        answer=answer.replace(loader.OFFICE_NAME, "{office_name}"),
        variants=entry.content.variants,
        keywords=entry.content.keywords,
        category=entry.content.category,
        source=entry.content.source,
        source_url=entry.content.source_url,
        department_id=department_id,
        language=entry.content.language,
    )
