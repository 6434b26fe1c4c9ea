"""Writing the FAQ to a file that `importer` takes back without changing anything."""

from datetime import datetime

from sqlalchemy import func, select

from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import Department
from knowledge.entries.faq_file import FileKind, Row, write_rows
from knowledge.entries.models import Entry, EntryState, EntryVersion


def export_entries(reader: ReadOnly, kind: FileKind) -> bytes:
    """Every entry in use: its live words, or those of its draft when it was never published."""
    rows = reader.session.execute(
        select(Entry.key, EntryVersion, Department.name)
        .join(EntryVersion, EntryVersion.id == func.coalesce(Entry.live_version_id, Entry.draft_version_id))
        .outerjoin(Department, Department.id == EntryVersion.department_id)
        .where(Entry.state != EntryState.RETIRED)
        .order_by(Entry.id)
    ).all()
    return write_rows((_row(key, version, department) for key, version, department in rows), kind)


def _row(key: str, version: EntryVersion, department: str | None) -> Row:
    return {
        "id": key,
        "question": version.question,
        "variants": version.variants,
        "answer": version.answer,
        "keywords": version.keywords,
        "category": version.category,
        "department": department or "",
        "source": version.source,
        "source_url": version.source_url,
        "publish_from": _rfc3339(version.publish_from),
        "publish_until": _rfc3339(version.publish_until),
        "language": version.language,
    }


def _rfc3339(instant: datetime | None) -> str | None:
    return local(instant).isoformat() if instant is not None else None
