"""How long each class of data is kept, and the daily deletion of what is past its time, a little at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from eservice.complaints.models import CommentKind, Complaint, ComplaintComment, Follower, Photo
from eservice.complaints.states import ComplaintState, is_open
from eservice.inquiries.models import Inquiry, InquiryMessage, InquiryNote
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import ChannelName, Contact, Conversation, Delivery, Message
from eservice.privacy import erasure
from eservice.privacy.models import PrivacyRequest, RequestKind, RetentionRule, RetentionRun
from eservice.staff.models import SignInAttempt
from knowledge.entries.models import Ask

EVERY = timedelta(days=1)
BATCH = 200  # rows of one transaction
BATCHES = 50  # of one class on one day; what is left waits for the next
MOST_DAYS = 3650
_CLOSED = [state for state in ComplaintState if not is_open(state)]


@dataclass(frozen=True, kw_only=True)
class Class:
    """One class of data: the shipped keeping time, the least that an office may set, and how it goes.

    `which` names the ids past their time, `forget` deletes or empties those of one batch.
    """

    name: str
    days: int
    least: int
    which: Callable[[datetime], "Ids"]
    forget: Callable[[UnitOfWork, list[int]], None]


@dataclass(frozen=True, kw_only=True)
class Ids:
    """The column of ids and the conditions under which a row is past its time."""

    column: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, kw_only=True)
class Due:
    """One class as the page shows it. `rows` is how many would go now."""

    name: str
    days: int
    shipped: int
    least: int
    rows: int


def _forget_messages(uow: UnitOfWork, ids: list[int]) -> None:
    erasure.erase_messages(uow, Message.id.in_(ids))
    uow.session.execute(
        update(Delivery).where(Delivery.message_id.in_(ids)).values(platform_ref=None, reason=None)
    )


def _forget_cases(uow: UnitOfWork, ids: list[int]) -> None:
    for complaint in uow.session.scalars(select(Complaint).where(Complaint.id.in_(ids)).with_for_update()):
        erasure.empty_case(uow, complaint)


def _forget_photos(uow: UnitOfWork, ids: list[int]) -> None:
    uow.session.execute(update(Photo).where(Photo.id.in_(ids)).values(forgotten_at=uow.now))


def _forget_inquiries(uow: UnitOfWork, ids: list[int]) -> None:
    of_these = select(InquiryMessage.message_id).where(InquiryMessage.inquiry_id.in_(ids))
    erasure.erase_messages(uow, Message.id.in_(of_these))
    gone = erasure.erased_words()
    uow.session.execute(update(InquiryNote).where(InquiryNote.inquiry_id.in_(ids)).values(text=gone))


def _deleting(
    table: type[Ask | Contact | SignInAttempt | PrivacyRequest],
) -> Callable[[UnitOfWork, list[int]], None]:
    def forget(uow: UnitOfWork, ids: list[int]) -> None:
        uow.session.execute(delete(table).where(table.id.in_(ids)))

    return forget


def _ids(column: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> Ids:
    return Ids(column=column.expression, conditions=conditions)


CLASSES = (
    Class(
        name="messages",
        days=365,
        least=90,
        which=lambda before: _ids(
            Message.id,
            Message.erased_at.is_(None),
            Message.conversation_id.in_(
                select(Conversation.id)
                .join(Contact, Contact.id == Conversation.contact_id)
                .where(Contact.last_seen_at < before, Conversation.updated_at < before)
            ),
        ),
        forget=_forget_messages,
    ),
    Class(
        name="asks",
        days=180,
        least=30,
        which=lambda before: _ids(Ask.id, Ask.at < before),
        forget=_deleting(Ask),
    ),
    Class(
        name="inquiries",
        days=730,
        least=90,
        which=lambda before: _ids(
            Inquiry.id,
            Inquiry.updated_at < before,
            exists().where(
                InquiryMessage.inquiry_id == Inquiry.id,
                InquiryMessage.message_id == Message.id,
                Message.erased_at.is_(None),
            ),
        ),
        forget=_forget_inquiries,
    ),
    Class(
        name="cases",
        days=1826,
        least=365,
        which=lambda before: _ids(
            Complaint.id,
            Complaint.state.in_(_CLOSED),
            Complaint.changed_at < before,
            or_(
                Complaint.key_hash != erasure.KEY_OF_NOBODY,
                exists().where(  # brought along by others to a case whose own words are gone already
                    ComplaintComment.complaint_id == Complaint.id,
                    ComplaintComment.kind == CommentKind.JOINED,
                    ComplaintComment.text != erasure.erased_words(),
                ),
            ),
        ),
        forget=_forget_cases,
    ),
    Class(
        name="photos",
        days=730,
        least=180,
        which=lambda before: _ids(
            Photo.id,
            Photo.forgotten_at.is_(None),
            Photo.complaint_id.in_(
                select(Complaint.id).where(Complaint.state.in_(_CLOSED), Complaint.changed_at < before)
            ),
        ),
        forget=_forget_photos,
    ),
    Class(
        name="visitors",
        days=90,
        least=7,
        which=lambda before: _ids(
            Contact.id,
            Contact.channel == ChannelName.WEB,
            Contact.last_seen_at < before,
            ~exists().where(Complaint.contact_id == Contact.id),
            ~exists().where(Follower.contact_id == Contact.id),
            ~exists().where(PrivacyRequest.contact_id == Contact.id),
            ~exists().where(
                Inquiry.conversation_id == Conversation.id, Conversation.contact_id == Contact.id
            ),
        ),
        forget=_deleting(Contact),
    ),
    Class(
        name="sign_ins",
        days=90,
        least=90,  # Computer Crime Act s.26
        which=lambda before: _ids(SignInAttempt.id, SignInAttempt.at < before),
        forget=_deleting(SignInAttempt),
    ),
    Class(
        name="requests",
        days=1826,
        least=365,
        which=lambda before: _ids(
            PrivacyRequest.id,
            PrivacyRequest.handled_at < before,
            or_(  # a "no" to news holds for as long as there is somebody to whom it could be sent
                PrivacyRequest.kind != RequestKind.WITHDRAWAL, PrivacyRequest.contact_id.is_(None)
            ),
        ),
        forget=_deleting(PrivacyRequest),
    ),
)


def days_of(reader: ReadOnly) -> dict[str, int]:
    """The keeping time of every class in days: as the office has set it, else as shipped."""
    own = {rule.name: rule.days for rule in reader.session.scalars(select(RetentionRule))}
    return {each.name: own.get(each.name, each.days) for each in CLASSES}


def set_days(uow: UnitOfWork, name: str, days: int, *, by: str) -> None:
    """Sets the keeping time of a class. Raises ServiceError `privacy.not_found`, `privacy.bad_days`."""
    each = next((each for each in CLASSES if each.name == name), None)
    if each is None:
        raise not_found("privacy.not_found")
    if not each.least <= days <= MOST_DAYS:
        raise invalid("privacy.bad_days", days="invalid")
    before = days_of(uow)[name]
    uow.session.merge(RetentionRule(name=name, days=days))
    audit.record(
        uow, actor=by, action="privacy.kept_for", subject_kind="retention", subject_id=name,
        before={"days": before}, after={"days": days},
    )  # fmt: skip


def due(reader: ReadOnly) -> list[Due]:
    """How many rows of each class are past their time: what the next run would take. Changes nothing."""
    days = days_of(reader)
    found: list[Due] = []
    for each in CLASSES:
        ids = each.which(reader.now - timedelta(days=days[each.name]))
        rows = reader.session.scalar(select(func.count(ids.column)).where(*ids.conditions)) or 0
        found.append(
            Due(name=each.name, days=days[each.name], shipped=each.days, least=each.least, rows=rows)
        )
    return found


def last_run(reader: ReadOnly) -> RetentionRun | None:
    """The newest run."""
    return reader.session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(1)).first()


def run_daily(database: Database) -> dict[str, int] | None:
    """Once a day deletes what is past its time, in small transactions; None when it is not time yet.

    The files of photos go with the next `erasure.forget_files`.
    """
    with database.read() as reader:
        last, now, days = last_run(reader), reader.now, days_of(reader)
    if last is not None and now - last.at < EVERY:
        return None
    counts = {each.name: _run(database, each, now - timedelta(days=days[each.name])) for each in CLASSES}
    with database.unit_of_work() as uow:
        run = RetentionRun(at=uow.now, counts=counts)
        uow.session.add(run)
        uow.session.flush()  # the audit names it
        audit.record(
            uow, actor=audit.SYSTEM, action="privacy.kept_time_over", subject_kind="retention_run",
            subject_id=run.id, after=counts,
        )  # fmt: skip
    return counts


def _run(database: Database, each: Class, before: datetime) -> int:
    gone = 0
    for _ in range(BATCHES):
        with database.unit_of_work() as uow:
            ids = each.which(before)
            batch = list(uow.session.scalars(select(ids.column).where(*ids.conditions).limit(BATCH)))
            if batch:
                each.forget(uow, batch)
        gone += len(batch)
        if len(batch) < BATCH:
            break
    return gone
