"""The one audit function: who changed what, when, from what to what; and who read what of a person.

Every change of content, settings, rights and cases goes through `record`, every look at what is known of a
resident through `note_reading`. Rows are only ever added, and hang together in a chain (`eservice.kit.chain`).
Texts of residents and secrets never enter `before` or `after`.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.chain import Chain, extend
from eservice.kit.database import Base, Database
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


def note_reading(
    database: Database,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    find: Callable[[ReadOnly], str | int],
) -> None:
    """Notes that a person looks at what is known of a resident, before it is shown.

    `action` is "<kind>.read" or "<kind>.exported"; `find` gives the id, and raises where they may not see it.
    One record per person and thing in an hour is enough to say who knew: pages that refresh themselves would
    else bury the changes. It has transactions of its own, for pages and readers that write nothing; a reading
    that cannot be recorded raises, and nothing is shown. Not for routes that hold a unit of work: on SQLite it
    would wait for that one in vain.
    """
    with database.read() as reader:
        subject_id = str(find(reader))
        lately = select(AuditRecord.id).where(
            AuditRecord.subject_kind == subject_kind,
            AuditRecord.subject_id == subject_id,
            AuditRecord.actor == actor,
            AuditRecord.action == action,
            AuditRecord.at > reader.now - READING_COUNTS_FOR,
        )
        if reader.session.scalar(lately.limit(1)) is not None:
            return
    with database.unit_of_work() as uow:
        record(uow, actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id)


def _as_read_back(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """As JSON gives it back, which is what a verification hashes."""
    return None if values is None else json.loads(json.dumps(values))


def _chain(uow: UnitOfWork, pending: list[AuditRecord]) -> None:
    """Chains what is still there: a savepoint that was rolled back took its records with it."""
    extend(uow, CHAIN, [written for written in pending if written in uow.session])


def history(
    reader: ReadOnly,
    *,
    subject_kind: str,
    subject_id: str | int,
    actions: Collection[str] | None = None,
    limit: int = 50,
) -> Sequence[AuditRecord]:
    """What was done with one thing, newest first; only these actions, where some are named."""
    query = select(AuditRecord).where(
        AuditRecord.subject_kind == subject_kind, AuditRecord.subject_id == str(subject_id)
    )
    if actions is not None:
        query = query.where(AuditRecord.action.in_(actions))
    return reader.session.scalars(query.order_by(AuditRecord.id.desc()).limit(limit)).all()


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for; an empty or missing part asks nothing. Instants are [begin, end)."""

    actors: frozenset[str] | None = None
    action: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    begin: datetime | None = None
    end: datetime | None = None


def search(
    reader: ReadOnly, wanted: Search, *, before_id: int | None = None, limit: int = 50
) -> Sequence[AuditRecord]:
    """The records that fit, newest first, older than `before_id`."""
    query = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(limit)
    for column, value in (
        (AuditRecord.action, wanted.action),
        (AuditRecord.subject_kind, wanted.subject_kind),
        (AuditRecord.subject_id, wanted.subject_id),
    ):
        if value:
            query = query.where(column == value)
    if wanted.actors is not None:
        query = query.where(AuditRecord.actor.in_(wanted.actors))
    if wanted.begin is not None:
        query = query.where(AuditRecord.at >= wanted.begin)
    if wanted.end is not None:
        query = query.where(AuditRecord.at < wanted.end)
    if before_id is not None:
        query = query.where(AuditRecord.id < before_id)
    return reader.session.scalars(query).all()
