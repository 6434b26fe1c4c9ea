"""Questions left with the office: leaving one, adding to it, answering, handing on, closing."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from eservice.inquiries.models import Inquiry, InquiryKind, InquiryMessage, InquiryNote, InquiryState
from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid, not_found
from eservice.kit.text import writable
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import conversations, deliveries
from eservice.messaging.content import Bundle
from eservice.messaging.conversations import Talk
from eservice.messaging.models import (
    ChannelName,
    Contact,
    Conversation,
    Delivery,
    DeliveryClass,
    Handler,
    Message,
    Speaker,
)
from eservice.staff.models import Department

FOLLOW_UP_DAYS = 7  # so long a further message still belongs to an answered question
MAX_ANSWER = 2_000  # characters: what a person reads on a phone
REPLY_MARGIN = timedelta(seconds=3)  # a token this close to its end is not trusted with an answer


def leave_question(
    uow: UnitOfWork,
    talk: Talk,
    question: Message,
    *,
    kind: InquiryKind,
    department_id: int | None = None,
    confidence: float | None = None,
    nearest_entry_id: int | None = None,
) -> Inquiry:
    """Leaves a resident's message with the office. The same message twice is the same inquiry."""
    known = uow.session.scalar(select(Inquiry).where(Inquiry.question_id == question.id))
    if known is not None:
        return known
    inquiry = Inquiry(
        conversation_id=talk.conversation.id,
        kind=kind,
        state=InquiryState.WAITING,
        question_id=question.id,
        department_id=department_id,
        confidence=confidence,
        nearest_entry_id=nearest_entry_id,
        created_at=uow.now,
        waiting_since=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(inquiry)
    uow.session.flush()  # its thread and the receipt name it by id
    uow.session.add(InquiryMessage(inquiry_id=inquiry.id, message_id=question.id))
    return inquiry


def current(reader: ReadOnly, conversation_id: int) -> Inquiry | None:
    """The inquiry that a further message in this conversation would belong to, if there is one."""
    since = reader.now - timedelta(days=FOLLOW_UP_DAYS)
    return reader.session.scalar(
        select(Inquiry)
        .where(
            Inquiry.conversation_id == conversation_id,
            Inquiry.state != InquiryState.CLOSED,
            (Inquiry.state == InquiryState.WAITING) | (Inquiry.answered_at > since),
        )
        .order_by(Inquiry.id.desc())
        .limit(1)
    )


def follow_up(uow: UnitOfWork, inquiry: Inquiry, message: Message) -> None:
    """Attaches a further message of the resident; an answered question waits for staff again."""
    uow.session.add(InquiryMessage(inquiry_id=inquiry.id, message_id=message.id))
    if inquiry.state is not InquiryState.WAITING:
        inquiry.state, inquiry.waiting_since = InquiryState.WAITING, uow.now
    inquiry.updated_at = uow.now


def holds(reader: ReadOnly, message_id: int) -> bool:
    """Whether a message belongs to an inquiry."""
    found = select(InquiryMessage.inquiry_id).where(InquiryMessage.message_id == message_id).limit(1)
    return reader.session.scalar(found) is not None


def asked_with(reader: ReadOnly, message_id: int) -> Sequence[int]:
    """The inquiries whose question is this message."""
    return reader.session.scalars(select(Inquiry.id).where(Inquiry.question_id == message_id)).all()


def answer(
    uow: UnitOfWork,
    inquiry_id: int,
    bundle: Bundle,
    *,
    actor: str,
    author_id: int,
    push_now: bool = False,
    expected_state: InquiryState | None = None,
    dedup_key: str | None = None,
) -> Delivery:
    """Sends a staff answer to the asker's own channel and marks the question answered.

    On LINE it travels free on a reply token that is still alive; else it is held for the person's next
    contact, or pushed at the cost of one counted message when `push_now` says so. `dedup_key` names the form
    it was written in: one form gives one answer. Raises ServiceError: `inquiries.not_found`,
    `inquiries.closed`, `inquiries.changed` (a colleague was faster, or the form was used),
    `inquiries.empty_answer`, `inquiries.answer_too_long`.
    """
    inquiry = locked(uow, inquiry_id)
    if inquiry.state is InquiryState.CLOSED:
        raise conflict("inquiries.closed")
    if expected_state is not None and inquiry.state is not expected_state:
        raise conflict("inquiries.changed")
    talk = talk_of(uow, inquiry)
    reply = None
    if talk.contact.channel is ChannelName.LINE:
        reply = deliveries.cancel_waiting_reply(uow, talk.contact, uow.now + REPLY_MARGIN)
    delivery = deliveries.enqueue(
        uow,
        talk,
        bundle,
        purpose=DeliveryClass.STAFF_ANSWER_PUSH if push_now else DeliveryClass.STAFF_ANSWER,
        speaker=Speaker.STAFF,
        reply=reply,
        dedup_key=dedup_key,
    )
    if delivery is None:
        raise ServiceError("inquiries.changed", ErrorKind.CONFLICT)
    if reply is not None:
        deliveries.carry(uow, deliveries.open_deliveries(uow, talk.contact), delivery)
    uow.session.add(
        InquiryMessage(inquiry_id=inquiry.id, message_id=delivery.message_id, author_id=author_id)
    )
    inquiry.state, inquiry.answered_at, inquiry.waiting_since = InquiryState.ANSWERED, uow.now, None
    inquiry.assignee_id = inquiry.assignee_id or author_id
    inquiry.updated_at = uow.now
    talk.conversation.updated_at = uow.now
    audit.record(uow, actor=actor, action="inquiry.answered", subject_kind="inquiry", subject_id=inquiry.id)
    return delivery


def checked_answer(text: str) -> str:
    """The answer without surrounding blanks and control characters. Raises ServiceError when empty or too long."""
    cleaned = writable(text).strip()
    if not cleaned:
        raise invalid("inquiries.empty_answer", text="empty")
    if len(cleaned) > MAX_ANSWER:
        raise invalid("inquiries.answer_too_long", text="too_long")
    return cleaned


def take(uow: UnitOfWork, inquiry_id: int, *, actor: str, account_id: int) -> Inquiry:
    """Puts a person in charge of the question."""
    inquiry = locked(uow, inquiry_id)
    before = {"assignee": inquiry.assignee_id}
    inquiry.assignee_id, inquiry.updated_at = account_id, uow.now
    audit.record(
        uow, actor=actor, action="inquiry.taken", subject_kind="inquiry", subject_id=inquiry.id,
        before=before, after={"assignee": account_id},
    )  # fmt: skip
    return inquiry


def hand_on(uow: UnitOfWork, inquiry_id: int, department_id: int, *, actor: str) -> Inquiry:
    """Gives the question to another department; nobody there is in charge of it yet."""
    inquiry = locked(uow, inquiry_id)
    if uow.session.get(Department, department_id) is None:
        raise invalid("inquiries.unknown_department", department_id="unknown")
    before = {"department": inquiry.department_id, "assignee": inquiry.assignee_id}
    inquiry.department_id, inquiry.assignee_id, inquiry.updated_at = department_id, None, uow.now
    audit.record(
        uow, actor=actor, action="inquiry.handed_on", subject_kind="inquiry", subject_id=inquiry.id,
        before=before, after={"department": department_id, "assignee": None},
    )  # fmt: skip
    return inquiry


def note(uow: UnitOfWork, inquiry_id: int, text: str, *, actor: str, author_id: int) -> InquiryNote:
    """Adds a note that only staff see."""
    inquiry = locked(uow, inquiry_id)
    written = InquiryNote(
        inquiry_id=inquiry.id, author_id=author_id, text=checked_answer(text), created_at=uow.now
    )
    uow.session.add(written)
    audit.record(uow, actor=actor, action="inquiry.noted", subject_kind="inquiry", subject_id=inquiry.id)
    return written


def close(uow: UnitOfWork, inquiry: Inquiry, *, actor: str) -> None:
    """Ends the question; the machine speaks again in its conversation."""
    if inquiry.state is InquiryState.CLOSED:
        return
    before = {"state": inquiry.state.value}
    inquiry.state, inquiry.closed_at, inquiry.waiting_since = InquiryState.CLOSED, uow.now, None
    inquiry.updated_at = uow.now
    conversations.hand_to(uow, talk_of(uow, inquiry).conversation, Handler.BOT)
    audit.record(
        uow, actor=actor, action="inquiry.closed", subject_kind="inquiry", subject_id=inquiry.id,
        before=before, after={"state": InquiryState.CLOSED.value},
    )  # fmt: skip


def locked(uow: UnitOfWork, inquiry_id: int) -> Inquiry:
    """The inquiry, locked until the transaction ends. Raises ServiceError `inquiries.not_found`."""
    inquiry = uow.session.scalar(
        select(Inquiry)
        .where(Inquiry.id == inquiry_id)
        .with_for_update()
        .execution_options(populate_existing=True)  # as it is now, not as it was read before the lock
    )
    if inquiry is None:
        raise not_found("inquiries.not_found")
    return inquiry


def talk_of(reader: ReadOnly, inquiry: Inquiry) -> Talk:
    """The contact and conversation the question came from."""
    contact, conversation = reader.session.execute(
        select(Contact, Conversation)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Conversation.id == inquiry.conversation_id)
    ).one()
    return Talk(contact, conversation)


def number(inquiry: Inquiry) -> str:
    """The number that residents and staff use: ถ0012."""
    return f"ถ{inquiry.id:04d}"
