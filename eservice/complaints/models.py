"""Tables of complaints: the case, whom it accuses, its history, what was said about it, who follows it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.complaints.states import Actor, ComplaintState, WaitingReason
from eservice.kit.database import Base
from eservice.messaging.models import Contact, enum_column
from eservice.staff.models import Department, StaffAccount
from knowledge.classify import Urgency


class Source(StrEnum):
    """How a complaint came in; all share one queue."""

    LINE = "line"
    TELEGRAM = "telegram"
    WEB = "web"
    WALK_IN = "walk_in"
    PHONE = "phone"
    LETTER = "letter"


class Complaint(Base):
    """One complaint, suggestion or word of praise.

    `version` counts every change that others must have seen before they change it too. `proposed_*` is the
    word of the officer in charge that it is done, until a second officer agrees. `said_done_at` is when the
    office last called it done or refused it: the resident's time to object runs from there.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        Index(None, "department_id", "state"),
        Index(None, "state", "filed_at"),
        Index(None, "category", "state"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(8), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[Source] = mapped_column(enum_column(Source))
    filed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey(StaffAccount.id)
    )  # for a resident at the counter
    contact_id: Mapped[int | None] = mapped_column(ForeignKey(Contact.id, ondelete="SET NULL"), index=True)
    reporter_name: Mapped[str | None] = mapped_column(String(300))
    category: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float | None]  # degrees, WGS 84
    longitude: Mapped[float | None]
    address: Mapped[str] = mapped_column(String(300), default="")  # in the resident's words, or a landmark
    village: Mapped[str] = mapped_column(String(300), default="")
    urgency: Mapped[Urgency] = mapped_column(enum_column(Urgency))
    needs_photo: Mapped[bool] = mapped_column(default=False)  # its category asks for a new one when done
    state: Mapped[ComplaintState] = mapped_column(enum_column(ComplaintState))
    waiting_reason: Mapped[WaitingReason | None] = mapped_column(enum_column(WaitingReason))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("complaints.id"), index=True)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id))
    proposed_note: Mapped[str | None] = mapped_column(Text)
    proposed_with_photo: Mapped[bool] = mapped_column(default=False)
    confirmed_by_silence: Mapped[bool] = mapped_column(default=False)
    filed_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # of state or department
    said_done_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]  # the target, in working time
    answer_due_at: Mapped[datetime | None]  # the duty to answer, in calendar days
    version: Mapped[int] = mapped_column(default=1)


class AccusedDepartment(Base):
    """A department that a complaint accuses: it never gets the complaint, nor sees it."""

    __tablename__ = "complaint_accused"

    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), primary_key=True, index=True)


class ComplaintEvent(Base):
    """One row of a complaint's history. Rows are only ever added.

    `before` is None when it was filed; `before` equal to `after` is a change of department or person.
    `actor_id` is the staff account of an officer, the contact of a resident, or None.
    """

    __tablename__ = "complaint_events"
    __table_args__ = (Index(None, "complaint_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"))
    before: Mapped[ComplaintState | None] = mapped_column(enum_column(ComplaintState))
    after: Mapped[ComplaintState] = mapped_column(enum_column(ComplaintState))
    actor: Mapped[Actor] = mapped_column(enum_column(Actor))
    actor_id: Mapped[int | None]
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))  # in charge from then on
    note: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    waiting_reason: Mapped[WaitingReason | None] = mapped_column(enum_column(WaitingReason))
    is_public: Mapped[bool]  # whether the resident reads `note` and `reason`
    at: Mapped[datetime]


class CommentKind(StrEnum):
    """Who said something, and to whom."""

    REPLY = "reply"  # staff to the resident
    RESIDENT = "resident"  # the resident to the office
    NOTE = "note"  # among staff


class ComplaintComment(Base):
    """Something said about a complaint."""

    __tablename__ = "complaint_comments"
    __table_args__ = (Index(None, "complaint_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"))
    kind: Mapped[CommentKind] = mapped_column(enum_column(CommentKind))
    author_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id))  # None: the resident
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Follower(Base):
    """A contact who said "me too" (ฉันด้วย): told of what happens, shown to nobody."""

    __tablename__ = "complaint_followers"

    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey(Contact.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]
