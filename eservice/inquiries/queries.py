"""Looking at the questions left with the office: the queue, one case with its thread, its free moment.

`departments` is always the reach of whoever looks, as `eservice.staff.permissions.departments_of` gives it:
None is the whole office; else the named departments and what no department has yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from eservice.inquiries.models import Inquiry, InquiryKind, InquiryMessage, InquiryNote, InquiryState
from eservice.inquiries.service import REPLY_MARGIN
from eservice.kit.errors import not_found
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import Contact, Conversation, Delivery, DeliveryState, Direction, Message
from eservice.staff.models import Department, StaffAccount
from eservice.staff.permissions import Permission, Principal, may
from eservice.staff.queries import all_accounts

_IDS_AT_ONCE = 500  # in one statement

MAX_ROWS = 200  # of one list; a longer queue has other troubles than its page
CONTEXT_MESSAGES = 8  # said before the question: what the machine tried
MAX_MESSAGES = 200  # of one thread, the newest


class View(StrEnum):
    """The lists of the queue."""

    WAITING = "waiting"  # for staff
    MINE = "mine"  # open, and I am in charge
    ANSWERED = "answered"  # the resident may ask on
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One question in a list. `newest` is what the resident said last about it."""

    inquiry: Inquiry
    contact: Contact
    newest: Message
    department: str
    assignee: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question with the people around it."""

    inquiry: Inquiry
    contact: Contact
    question: Message
    department: str
    assignee: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """A note among staff with its author's name."""

    text: str
    author: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """An answer that staff gave: its message, who wrote it, when."""

    message_id: int
    text: str
    author: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class FreeMoment:
    """While it lasts, an answer costs nothing on LINE and arrives at once."""

    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class LeftQuestion:
    """A question as it was left with the office."""

    message_id: int
    conversation_id: int
    department_id: int | None
    at: datetime
    text: str


def within_reach(departments: frozenset[int] | None) -> ColumnElement[bool] | None:
    """The condition that keeps questions to those a person may see; None when there is nothing to keep."""
    if departments is None:
        return None
    if not departments:
        return Inquiry.id.is_(None)  # nobody's questions
    return or_(Inquiry.department_id.is_(None), Inquiry.department_id.in_(departments))


def find(reader: ReadOnly, inquiry_id: int, departments: frozenset[int] | None) -> Case:
    """One question. Raises ServiceError `inquiries.not_found`, also for what the person may not see."""
    query = (
        select(Inquiry, Contact, Message, Department.name, StaffAccount.display_name)
        .join(Conversation, Conversation.id == Inquiry.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Message, Message.id == Inquiry.question_id)
        .outerjoin(Department, Department.id == Inquiry.department_id)
        .outerjoin(StaffAccount, StaffAccount.id == Inquiry.assignee_id)
        .where(Inquiry.id == inquiry_id)
    )
    reach = within_reach(departments)
    row = reader.session.execute(query if reach is None else query.where(reach)).one_or_none()
    if row is None:
        raise not_found("inquiries.not_found")
    inquiry, contact, question, department, assignee = row
    return Case(
        inquiry=inquiry,
        contact=contact,
        question=question,
        department=department or "",
        assignee=assignee or "",
    )


def queue(
    reader: ReadOnly,
    view: View,
    *,
    account_id: int,
    departments: frozenset[int] | None,
    department_id: int | None = None,
) -> Sequence[QueueRow]:
    """A list of questions: those that wait, the longest waiting first; then the others, newest first."""
    newest = aliased(Message)
    said_last = (
        select(func.max(Message.id))
        .join(InquiryMessage, InquiryMessage.message_id == Message.id)
        .where(InquiryMessage.inquiry_id == Inquiry.id, Message.direction == Direction.IN)
        .correlate(Inquiry)
        .scalar_subquery()
    )
    query = (
        select(Inquiry, Contact, newest, Department.name, StaffAccount.display_name)
        .join(Conversation, Conversation.id == Inquiry.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(newest, newest.id == func.coalesce(said_last, Inquiry.question_id))
        .outerjoin(Department, Department.id == Inquiry.department_id)
        .outerjoin(StaffAccount, StaffAccount.id == Inquiry.assignee_id)
        .where(_in_view(view, account_id), *_filters(departments, department_id))
        .order_by(
            Inquiry.waiting_since.is_(None), Inquiry.waiting_since, Inquiry.updated_at.desc(), Inquiry.id
        )
        .limit(MAX_ROWS)
    )
    return [
        QueueRow(
            inquiry=inquiry,
            contact=contact,
            newest=message,
            department=department or "",
            assignee=assignee or "",
        )
        for inquiry, contact, message, department, assignee in reader.session.execute(query)
    ]


def counts(
    reader: ReadOnly,
    *,
    account_id: int,
    departments: frozenset[int] | None,
    department_id: int | None = None,
) -> dict[View, int]:
    """How many questions each list has."""
    row = reader.session.execute(
        select(*(func.count().filter(_in_view(view, account_id)) for view in View))
        .select_from(Inquiry)
        .where(*_filters(departments, department_id))
    ).one()
    return dict(zip(View, row, strict=True))


def waiting_count(reader: ReadOnly, departments: frozenset[int] | None) -> int:
    """How many questions wait for staff: the number in the tab's title and on the rail."""
    query = select(func.count()).select_from(Inquiry).where(Inquiry.state == InquiryState.WAITING)
    reach = within_reach(departments)
    return reader.session.scalar(query if reach is None else query.where(reach)) or 0


def thread(reader: ReadOnly, inquiry: Inquiry, *, only_its_own: bool = False) -> Sequence[Message]:
    """What was said around a question, oldest first: a little before it, then everything until it was closed.

    Words that belong to another question of the same person are left out: they may be another
    department's business. `only_its_own` leaves out all that is not said in this very question.
    """
    before = (
        select(Message.id)
        .where(Message.conversation_id == inquiry.conversation_id, Message.id < inquiry.question_id)
        .order_by(Message.id.desc())
        .limit(CONTEXT_MESSAGES)
        .subquery()
    )
    first = reader.session.scalar(select(func.min(before.c.id))) or inquiry.question_id
    ours = select(InquiryMessage.message_id).where(InquiryMessage.inquiry_id == inquiry.id)
    others = select(InquiryMessage.message_id).where(InquiryMessage.inquiry_id != inquiry.id)
    query = select(Message).where(
        Message.conversation_id == inquiry.conversation_id,
        Message.id >= first,
        or_(Message.id.in_(ours), Message.id.not_in(others)),
    )
    if only_its_own:
        query = query.where(Message.id.in_(ours))
    if inquiry.closed_at is not None:
        query = query.where(or_(Message.created_at <= inquiry.closed_at, Message.id.in_(ours)))
    return reader.session.scalars(query.order_by(Message.id.desc()).limit(MAX_MESSAGES)).all()[::-1]


def notes(reader: ReadOnly, inquiry_id: int) -> Sequence[Note]:
    """The notes among staff, oldest first."""
    rows = reader.session.execute(
        select(InquiryNote.text, StaffAccount.display_name, InquiryNote.created_at)
        .join(StaffAccount, StaffAccount.id == InquiryNote.author_id)
        .where(InquiryNote.inquiry_id == inquiry_id)
        .order_by(InquiryNote.id)
    )
    return [Note(text=text, author=author, at=at) for text, author, at in rows]


def newest_answer(reader: ReadOnly, inquiry_id: int) -> GivenAnswer | None:
    """The last answer that staff gave, if any."""
    row = reader.session.execute(
        select(Message.id, Message.text, StaffAccount.display_name, Message.created_at)
        .join(InquiryMessage, InquiryMessage.message_id == Message.id)
        .join(StaffAccount, StaffAccount.id == InquiryMessage.author_id)
        .where(InquiryMessage.inquiry_id == inquiry_id)
        .order_by(Message.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    message_id, text, author, at = row
    return GivenAnswer(message_id=message_id, text=text, author=author, at=at)


def answer_sent_by(reader: ReadOnly, dedup_key: str) -> Delivery | None:
    """The answer that a form has already sent, so that a second click sends nothing."""
    return reader.session.scalar(select(Delivery).where(Delivery.dedup_key == dedup_key))


def free_moment(reader: ReadOnly, contact_id: int) -> FreeMoment | None:
    """The time in which an answer travels free on a LINE reply that still waits; None when it is over.

    It ends when the waiting acknowledgement itself goes out, or when its token is too old to be trusted.
    """
    row = reader.session.execute(
        select(Delivery.created_at, Delivery.due_at, Delivery.reply_until)
        .where(
            Delivery.contact_id == contact_id,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.attempts == 0,
            Delivery.reply_until > reader.now + REPLY_MARGIN,
            Delivery.due_at > reader.now,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.reply_until is None:
        return None
    return FreeMoment(since=row.created_at, until=min(row.due_at, row.reply_until - REPLY_MARGIN))


def left_as(reader: ReadOnly, message_ids: Iterable[int]) -> dict[int, tuple[InquiryKind, int | None]]:
    """Of those messages that were left with the office, whenever: as what, and the department."""
    wanted = sorted(set(message_ids))
    found: dict[int, tuple[InquiryKind, int | None]] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        rows = reader.session.execute(
            select(Inquiry.question_id, Inquiry.kind, Inquiry.department_id).where(
                Inquiry.question_id.in_(wanted[start : start + _IDS_AT_ONCE])
            )
        )
        found |= {message_id: (kind, department_id) for message_id, kind, department_id in rows}
    return found


def left_questions(reader: ReadOnly, *, since: datetime, until: datetime, limit: int) -> list[LeftQuestion]:
    """Questions left in a period, newest first; no problems, and nothing that was taken back."""
    rows = reader.session.execute(
        select(Inquiry.department_id, Message, Inquiry.created_at)
        .join(Message, Message.id == Inquiry.question_id)
        .where(
            Inquiry.kind == InquiryKind.QUESTION,
            Inquiry.created_at >= since,
            Inquiry.created_at < until,
            Message.erased_at.is_(None),
        )
        .order_by(Inquiry.id.desc())
        .limit(limit)
    )
    return [
        LeftQuestion(
            message_id=message.id,
            conversation_id=message.conversation_id,
            department_id=department_id,
            at=at,
            text=message.text,
        )
        for department_id, message, at in rows
    ]


def earlier_count(reader: ReadOnly, inquiry: Inquiry) -> int:
    """How many questions this person had left before this one."""
    return (
        reader.session.scalar(
            select(func.count())
            .select_from(Inquiry)
            .where(Inquiry.conversation_id == inquiry.conversation_id, Inquiry.id < inquiry.id)
        )
        or 0
    )


def answerers(reader: ReadOnly, department_id: int | None) -> list[Principal]:
    """The people who may answer a question of the department, by name."""
    people = [
        Principal(
            account_id=row.account.id,
            username=row.account.username,
            display_name=row.account.display_name,
            grants=frozenset(row.grants),
        )
        for row in all_accounts(reader)
        if row.account.disabled_at is None
    ]
    return [person for person in people if may(person, Permission.INQUIRY_ANSWER, department_id)]


def _in_view(view: View, account_id: int) -> ColumnElement[bool]:
    match view:
        case View.WAITING:
            return Inquiry.state == InquiryState.WAITING
        case View.MINE:
            return and_(Inquiry.assignee_id == account_id, Inquiry.state != InquiryState.CLOSED)
        case View.ANSWERED:
            return Inquiry.state == InquiryState.ANSWERED
        case View.CLOSED:
            return Inquiry.state == InquiryState.CLOSED


def _filters(departments: frozenset[int] | None, department_id: int | None) -> list[ColumnElement[bool]]:
    reach = within_reach(departments)
    conditions = [] if reach is None else [reach]
    if department_id is not None:
        conditions.append(Inquiry.department_id == department_id)
    return conditions
