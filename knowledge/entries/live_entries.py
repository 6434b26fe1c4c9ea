"""The live entries as the database has them: what residents see of each, and its window."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import Department
from knowledge.entries.answer import AnswerParts, parse_answer
from knowledge.entries.models import Entry, EntryVersion
from knowledge.entries.office_facts import with_office_facts
from knowledge.search import FaqDocument

FEW = 30  # entries that are asked for by id; more are read all together


@dataclass(frozen=True, kw_only=True)
class EntryFace:
    """What residents see of an entry. `published_at` is when the office last vouched for these words."""

    id: int
    key: str
    question: str
    answer: str
    parts: AnswerParts
    category: str
    department_id: int | None
    department: str  # its name; empty when no department owns the entry
    source: str
    source_url: str
    published_at: datetime
    asked_count: int


@dataclass(frozen=True)
class LiveEntry:
    """A live entry with its window, open or not. The answer is as its author wrote it, placeholders and all."""

    face: EntryFace
    document: FaqDocument
    opens: datetime | None
    closes: datetime | None

    def is_open(self, now: datetime) -> bool:
        return (self.opens is None or self.opens <= now) and (self.closes is None or now < self.closes)

    def face_with(self, facts: Mapping[str, str]) -> EntryFace:
        """The face with the office's facts in their places."""
        answer = with_office_facts(self.face.answer, facts)
        if answer == self.face.answer:
            return self.face
        return replace(self.face, answer=answer, parts=parse_answer(answer))


def read_live(reader: ReadOnly, entry_ids: set[int] | None) -> dict[int, LiveEntry]:
    """The live entries among the given ones, or all; by id, so that every process builds the same index."""
    query = (
        select(Entry.id, Entry.key, Entry.asked_count, EntryVersion, Department.name)
        .join(EntryVersion, EntryVersion.id == Entry.live_version_id)
        .outerjoin(Department, Department.id == EntryVersion.department_id)
        .order_by(Entry.id)
    )
    if entry_ids is not None and len(entry_ids) <= FEW:
        query = query.where(Entry.id.in_(entry_ids))
    return {
        entry_id: _live_entry(entry_id, key, asked_count, version, department or "")
        for entry_id, key, asked_count, version, department in reader.session.execute(query)
    }


def _live_entry(
    entry_id: int, key: str, asked_count: int, version: EntryVersion, department: str
) -> LiveEntry:
    return LiveEntry(
        face=EntryFace(
            id=entry_id,
            key=key,
            question=version.question,
            answer=version.answer,
            parts=parse_answer(version.answer),
            category=version.category,
            department_id=version.department_id,
            department=department,
            source=version.source,
            source_url=version.source_url,
            published_at=version.published_at or version.created_at,
            asked_count=asked_count,
        ),
        document=FaqDocument(
            id=str(entry_id),
            question=version.question,
            variants=tuple(version.variants),
            answer=version.answer,
            keywords=tuple(version.keywords),
        ),
        opens=version.publish_from,
        closes=version.publish_until,
    )


def with_counts(reader: ReadOnly, live: dict[int, LiveEntry]) -> dict[int, LiveEntry]:
    """The entries with today's counts of askings and names of departments."""
    query = select(Entry.id, Entry.asked_count).where(Entry.live_version_id.is_not(None))
    counts = {row.id: row.asked_count for row in reader.session.execute(query)}
    names = {row.id: row.name for row in reader.session.scalars(select(Department))}
    fresh: dict[int, LiveEntry] = {}
    for entry_id, entry in live.items():
        face = entry.face
        count = counts.get(entry_id, face.asked_count)
        name = names.get(face.department_id, "") if face.department_id is not None else ""
        if (count, name) != (face.asked_count, face.department):
            entry = replace(entry, face=replace(face, asked_count=count, department=name))
        fresh[entry_id] = entry
    return fresh
