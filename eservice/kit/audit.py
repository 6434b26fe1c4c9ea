"""The one audit function: who changed what, when, from what to what.

Every change of content, settings and rights goes through `record`. Rows are only ever added. Texts of
residents and secrets never enter `before` or `after`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

SYSTEM = "system"  # the actor of what the program does by itself, e.g. loading the demo office


class AuditRecord(Base):
    """One change. `actor` is a staff username, "system" or "cli"; `subject` is "kind:id"."""

    __tablename__ = "audit_records"
    __table_args__ = (Index(None, "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(100))
    subject_kind: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[str] = mapped_column(String(100))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)


def record(
    uow: UnitOfWork,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str | int,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Writes one change in the same transaction as the change itself.

    `action` is "<kind>.<verb>", e.g. "faq.published". Only the fields that differ are kept of `before`
    and `after` when both are given.
    """
    if before is not None and after is not None:
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        before = {key: before[key] for key in sorted(changed & before.keys())}
        after = {key: after[key] for key in sorted(changed & after.keys())}
    uow.session.add(
        AuditRecord(
            at=uow.now,
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            before=before,
            after=after,
        )
    )


def history(
    reader: ReadOnly, *, subject_kind: str, subject_id: str | int, limit: int = 50
) -> Sequence[AuditRecord]:
    """The changes of one thing, newest first."""
    return reader.session.scalars(
        select(AuditRecord)
        .where(AuditRecord.subject_kind == subject_kind, AuditRecord.subject_id == str(subject_id))
        .order_by(AuditRecord.id.desc())
        .limit(limit)
    ).all()
