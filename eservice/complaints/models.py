"""Tables of complaints: the case, whom it accuses, its history, what was said, who follows, its photos."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.complaints.states import Actor, ComplaintState, WaitingReason
from eservice.kit.database import MEDIA_KEY, Base
from eservice.messaging.models import ChannelName, Contact, Message, enum_column
from eservice.staff.models import Department, Position, StaffAccount
from knowledge.classify import Urgency


class Source(StrEnum):
    """How a complaint came in; all share one queue."""

    LINE = "line"
    TELEGRAM = "telegram"
    WEB = "web"
    WALK_IN = "walk_in"
    PHONE = "phone"
    LETTER = "letter"
    API = "api"  # through a partner system


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
        Index(None, "filed_at"),
        Index(None, "village", "source"),  # and the next: the public figures read nothing but these
        Index("ix_complaints_done", "state", "said_done_at", "confirmed_by_silence", "filed_at", "due_at"),
        # All that the desk's counts, order and map ask of every complaint: they read no whole rows.
        Index(
            "ix_complaints_desk",
            "state",
            "department_id",
            "urgency",
            "filed_at",
            "due_at",
            "answer_due_at",
            "answered_at",
            "latitude",
            "longitude",
        ),
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
    is_corrected: Mapped[bool] = mapped_column(default=False)  # staff have set the category: it teaches
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
    proposed_photo_ids: Mapped[list[int]] = mapped_column(JSON, default=list)  # the after photos that show it
    confirmed_by_silence: Mapped[bool] = mapped_column(default=False)
    filed_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # of state or department
    said_done_at: Mapped[datetime | None]
    promised_days: Mapped[int]  # working days, as its category had them then
    due_at: Mapped[datetime | None]  # the target, in working time; while it waits, as of when that began
    answer_due_at: Mapped[datetime | None]  # the duty to answer, in calendar days
    answered_at: Mapped[datetime | None]  # when the resident first heard more than "received"
    version: Mapped[int] = mapped_column(default=1)
    # Of the privacy notice in force when a resident filed without a chat, in which it would have been mentioned.
    notice_version: Mapped[str | None] = mapped_column(String(20))


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
    JOINED = "joined"  # a follower to the office: what they had wanted to report themselves
    EXTENSION = "extension"  # staff to the resident: why an answer takes longer


class ComplaintComment(Base):
    """Something said about a complaint."""

    __tablename__ = "complaint_comments"
    __table_args__ = (Index(None, "complaint_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"))
    kind: Mapped[CommentKind] = mapped_column(enum_column(CommentKind))
    author_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id))  # None: the resident
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey(Contact.id, ondelete="SET NULL"), index=True
    )  # who joined with these words, which go with that person; shown to nobody
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


class ComplaintCategory(Base):
    """What an office has set for a category, one of its own or one that is shipped."""

    __tablename__ = "complaint_categories"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))
    working_days: Mapped[int]
    needs_photo: Mapped[bool]
    is_sensitive: Mapped[bool]
    is_offered: Mapped[bool]  # to whoever files; what was filed under it before keeps it


class ComplaintRules(Base):
    """What the office has set for all complaints together: `rules.Rules`. One row, or none."""

    __tablename__ = "complaint_rules"
    __table_args__ = (CheckConstraint("id = 1", name="one_set_of_rules"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    radius_m: Mapped[int]
    reopen_days: Mapped[int]  # calendar days
    silence_days: Mapped[int]


class AnswerExtension(Base):
    """More time for the duty to answer, and why. Rows are only ever added."""

    __tablename__ = "complaint_extensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"), index=True)
    given_by_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id))
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class EscalationClock(StrEnum):
    """Which clock has brought a complaint before somebody."""

    WORK = "work"
    ANSWER = "answer"


class Escalation(Base):
    """A complaint that has come before a position, once for each clock and target."""

    __tablename__ = "complaint_escalations"
    __table_args__ = (UniqueConstraint("complaint_id", "clock", "position", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"))
    clock: Mapped[EscalationClock] = mapped_column(enum_column(EscalationClock))
    position: Mapped[Position | None] = mapped_column(enum_column(Position))  # None: the alert before the day
    due_at: Mapped[datetime]  # the date that was missed: a reopened complaint climbs anew
    at: Mapped[datetime]


class Rating(Base):
    """How content the resident is with what was done, 1 to 5; one for each time the office called it done."""

    __tablename__ = "complaint_ratings"
    __table_args__ = (UniqueConstraint("complaint_id", "about"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"))
    about: Mapped[datetime]  # the complaint's `said_done_at`
    stars: Mapped[int]
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class ImprovementTask(Base):
    """What an office owes itself after a low rating: somebody finds out what to do better, by a day."""

    __tablename__ = "improvement_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey(Rating.id, ondelete="CASCADE"), unique=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id), index=True)
    due_day: Mapped[date]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]


class CannedReply(Base):
    """Words that staff write to residents again and again."""

    __tablename__ = "complaint_canned_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)


class FailedLookup(Base):
    """A number or key that opened nothing, for slowing down whoever guesses. `source` is a hash."""

    __tablename__ = "complaint_failed_lookups"
    __table_args__ = (Index(None, "source", "at"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class PhotoKind(StrEnum):
    """What a photo shows, and who says so."""

    RESIDENT = "resident"  # what is wrong, sent by the resident
    BEFORE = "before"  # the same, taken by staff
    AFTER = "after"  # what the work has made of it


class Photo(Base):
    """A photo as we drew it anew; the file that was sent is not kept.

    Held for its contact while `complaint_id` is None, then forgotten. `opening` is how often the complaint
    had been reopened when the photo came: an after photo speaks of its own round only. `near_photo_id` is one
    of the same complaint that looks nearly the same, or the very same one of another. `forgotten_at`: nobody sees it any more, and its files
    and the row are about to go.
    """

    __tablename__ = "complaint_photos"
    __table_args__ = (
        Index(None, "complaint_id", "id"),
        Index(None, "contact_id", "at"),
        Index(None, "original_sha256"),
        Index(None, "sha256"),
        Index(
            "ix_complaint_photos_held",
            "at",
            sqlite_where=text("complaint_id IS NULL"),
            postgresql_where=text("complaint_id IS NULL"),
        ),
        Index(
            "ix_complaint_photos_forgotten_at",
            "forgotten_at",
            sqlite_where=text("forgotten_at IS NOT NULL"),
            postgresql_where=text("forgotten_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey(Contact.id, ondelete="SET NULL"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey(Message.id, ondelete="SET NULL"), index=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey(StaffAccount.id))  # None: the resident
    kind: Mapped[PhotoKind] = mapped_column(enum_column(PhotoKind))
    is_public: Mapped[bool]  # whether the resident sees it
    opening: Mapped[int] = mapped_column(default=0)
    original_sha256: Mapped[str] = mapped_column(String(64))  # of the file that was sent
    sha256: Mapped[str] = mapped_column(String(64))  # of the file that we drew
    look: Mapped[str] = mapped_column(String(16))  # 64 bits in hexadecimal digits: `pictures.PreparedPhoto`
    image_key: Mapped[str] = mapped_column(String(32), unique=True, info=MEDIA_KEY)
    thumbnail_key: Mapped[str] = mapped_column(String(32), unique=True, info=MEDIA_KEY)
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]  # of the image
    near_photo_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint_photos.id", ondelete="SET NULL"), index=True
    )
    at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]


class ArrivalState(StrEnum):
    """How a photo comes from its platform."""

    COMING = "coming"  # to be fetched, or being fetched until `due_at`
    REFUSED = "refused"  # it came, and is no photo that we take
    LOST = "lost"  # the platform does not give it


class PhotoArrival(Base):
    """A photo that a resident sent and that is still on its way from the platform; gone once it is here.

    `complaint_id` is the complaint it will belong to, None while it is held for its contact. `due_at` is when
    it may be fetched next. `reason` is a code for staff, e.g. "photos.too_large".
    """

    __tablename__ = "complaint_photo_arrivals"
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "contact_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id, ondelete="CASCADE"))
    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), unique=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"), index=True)
    channel: Mapped[ChannelName] = mapped_column(enum_column(ChannelName))
    media_ref: Mapped[str] = mapped_column(Text)  # what the platform gives it out for
    state: Mapped[ArrivalState] = mapped_column(enum_column(ArrivalState), default=ArrivalState.COMING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime]


class Filing(Base):
    """A complaint, a photo or a message that came over the web, for slowing down floods. `source` is a hash."""

    __tablename__ = "complaint_filings"
    __table_args__ = (Index(None, "source", "at"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Spot(Base):
    """A place with a QR code on a sign, so that nobody has to say where it is: a lamp, a pump, a playground."""

    __tablename__ = "complaint_spots"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    village: Mapped[str] = mapped_column(String(300), default="")
    category: Mapped[str] = mapped_column(String(100), default="")  # what is usually reported there
    latitude: Mapped[float]  # degrees, WGS 84
    longitude: Mapped[float]
    created_at: Mapped[datetime]
