"""Tables of inquiries: the question, its state, its thread, and notes among staff."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.messaging.models import Conversation, Message, enum_column
from eservice.staff.models import Department, StaffAccount


class InquiryState(StrEnum):
    """The life of a question left with the office."""

    WAITING = "waiting"  # for staff
    ANSWERED = "answered"  # for the resident, who may ask on
    CLOSED = "closed"


class InquiryKind(StrEnum):
    """What the person brought."""

    QUESTION = "question"
    PROBLEM = "problem"  # something broken or bad, reported before the complaint desk exists
    TALK = "talk"  # wants to talk to a person


class Inquiry(Base):
    """A question left with the office. Its words live in the messages of its thread, never copied here."""

    __tablename__ = "inquiries"
    __table_args__ = (Index(None, "state", "waiting_since"), Index(None, "conversation_id", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    kind: Mapped[InquiryKind] = mapped_column(enum_column(InquiryKind))
    state: Mapped[InquiryState] = mapped_column(enum_column(InquiryState))
    question_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id))
    confidence: Mapped[float | None]  # how sure the machine was of its best answer, 0 to 1
    nearest_entry_id: Mapped[int | None]  # the FAQ entry it thought of first
    created_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]  # since when the resident waits for staff
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class InquiryMessage(Base):
    """A message that belongs to an inquiry: the question, follow-ups, answers."""

    __tablename__ = "inquiry_messages"

    inquiry_id: Mapped[int] = mapped_column(ForeignKey(Inquiry.id, ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    author_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id))  # of a staff answer


class InquiryNote(Base):
    """A note that only staff see."""

    __tablename__ = "inquiry_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    inquiry_id: Mapped[int] = mapped_column(ForeignKey(Inquiry.id, ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
