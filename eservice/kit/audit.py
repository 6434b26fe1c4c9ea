"""The one audit function: who changed what, when, from what to what; and who read what of a person.

Every change of content, settings, rights and cases goes through `record`, every look at what is known of a
resident through `record_reading`. Rows are only ever added, and hang together in a chain (`eservice.kit.chain`).
Texts of residents and secrets never enter `before` or `after`.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.chain import Chain, extend
from eservice.kit.database import Base
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

SYSTEM = "system"  # the actor of what the program does by itself, e.g. loading the demo office
READING_COUNTS_FOR = timedelta(hours=1)
_PENDING = "audit"  # in a session's info: what it recorded, to be chained when it commits


class AuditRecord(Base):
    """One change. `actor` is a staff username, "system" or "cli"; `subject` is "kind:id".

    Its place in the chain and the hashes come just before the commit: no other transaction sees it without.
    """

    __tablename__ = "audit_records"
    __table_args__ = (
        Index(None, "subject_kind", "subject_id"),
        Index(None, "actor", "id"),
        Index(None, "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(100))
    subject_kind: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[str] = mapped_column(String(100))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sequence: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))


CHAIN = Chain(name="audit", model=AuditRecord)


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
    written = AuditRecord(
        at=uow.now,
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        before=_as_read_back(before),
        after=_as_read_back(after),
    )
    uow.session.add(written)
    pending: list[AuditRecord] = uow.session.info.setdefault(_PENDING, [])
    if not pending:
        uow.before_commit(lambda: _chain(uow, pending))
    pending.append(written)


def record_reading(
    uow: UnitOfWork, *, actor: str, action: str, subject_kind: str, subject_id: str | int
) -> None:
    """Notes that a person looked at what is known of a resident. `action` is "<kind>.read" or "<kind>.exported".

    One record per person and thing in an hour is enough to say who knew: pages that refresh themselves would
    else bury the changes.
    """
    if not was_read_lately(uow, actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id):
        record(uow, actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id)


def was_read_lately(
    reader: ReadOnly, *, actor: str, action: str, subject_kind: str, subject_id: str | int
) -> bool:
    """Whether this person's reading of this thing is on record already, so that nothing need be written."""
    found = reader.session.scalar(
        select(AuditRecord.id)
        .where(
            AuditRecord.subject_kind == subject_kind,
            AuditRecord.subject_id == str(subject_id),
            AuditRecord.actor == actor,
            AuditRecord.action == action,
            AuditRecord.at > reader.now - READING_COUNTS_FOR,
        )
        .limit(1)
    )
    return found is not None


def _as_read_back(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """As JSON gives it back, which is what a verification hashes."""
    return None if values is None else json.loads(json.dumps(values))


def _chain(uow: UnitOfWork, pending: list[AuditRecord]) -> None:
    """Chains what is still there: a savepoint that was rolled back took its records with it."""
    extend(uow, CHAIN, [written for written in pending if written in uow.session])


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
