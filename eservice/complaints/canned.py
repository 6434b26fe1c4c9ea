"""Canned replies: words that the office writes to residents again and again, kept once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from eservice.complaints import wording
from eservice.complaints.models import CannedReply
from eservice.kit import audit
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal, require

MAX_TITLE = 100


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One canned reply."""

    id: int
    title: str
    text: str


def replies(reader: ReadOnly) -> list[Reply]:
    """All of them, by title."""
    rows: Sequence[CannedReply] = reader.session.scalars(
        select(CannedReply).order_by(CannedReply.title, CannedReply.id)
    ).all()
    return [Reply(id=row.id, title=row.title, text=row.text) for row in rows]


def save_reply(
    uow: UnitOfWork, title: str, text: str, *, by: Principal, reply_id: int | None = None
) -> CannedReply:
    """Changes a reply, or adds one.

    Raises ServiceError: `staff.forbidden`, `complaints.no_title`, `complaints.no_text`,
    `complaints.text_too_long`, `complaints.no_reply` for one that is gone.
    """
    require(by, Permission.CASE_WORK)
    named = wording.checked_line(title, "title")
    if not named or len(named) > MAX_TITLE:
        raise invalid("complaints.no_title", title="too_long" if named else "empty")
    words = wording.checked_text(text)
    row = _found(uow, reply_id) if reply_id is not None else CannedReply(title="", text="")
    before = {"title": row.title} if reply_id is not None else None
    row.title, row.text = named, words
    uow.session.add(row)
    uow.session.flush()  # the audit names it
    audit.record(
        uow, actor=by.username, action="canned_reply.saved", subject_kind="canned_reply", subject_id=row.id,
        before=before, after={"title": named},
    )  # fmt: skip
    return row


def remove_reply(uow: UnitOfWork, reply_id: int, *, by: Principal) -> None:
    """Takes a reply away; what was sent with it stays said. Raises ServiceError as `save_reply` does."""
    require(by, Permission.CASE_WORK)
    row = _found(uow, reply_id)
    audit.record(
        uow, actor=by.username, action="canned_reply.removed", subject_kind="canned_reply", subject_id=row.id,
        before={"title": row.title},
    )  # fmt: skip
    uow.session.delete(row)


def _found(uow: UnitOfWork, reply_id: int) -> CannedReply:
    row = uow.session.get(CannedReply, reply_id)
    if row is None:
        raise not_found("complaints.no_reply")
    return row
