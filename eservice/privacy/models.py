"""Tables of personal data: requests of persons and who asks, links to copies, erasures, keeping times, breaches."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.complaints.models import Complaint
from eservice.kit.database import Base
from eservice.messaging.models import Contact, Delivery, enum_column


class RequestKind(StrEnum):
    """What a person asks for."""

    COPY = "copy"
    CORRECTION = "correction"
    ERASURE = "erasure"
    WITHDRAWAL = "withdrawal"  # of consent


class RequestState(StrEnum):
    """The life of a request."""

    OPEN = "open"
    ERASING = "erasing"  # agreed to; the data goes as soon as the person has been told
    DONE = "done"
    REFUSED = "refused"


class PrivacyRequest(Base):
    """One request: by a contact from its own chat, for one complaint by the holder of its key, or by an `Asker`.

    `due_at` is the last day to answer, `erase_by` the outermost day of an erasure. `outcome` is what the
    person was told; `law` names the rule on which a refusal stands. `farewell_id` is the message that tells
    of an erasure, which comes before it.
    """

    __tablename__ = "privacy_requests"
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "contact_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RequestKind] = mapped_column(enum_column(RequestKind))
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey(Contact.id, ondelete="SET NULL"))
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey(Complaint.id, ondelete="SET NULL"), index=True
    )
    words: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    erase_by: Mapped[datetime | None]
    handled_by: Mapped[str | None] = mapped_column(String(100))
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(Text, default="")
    law: Mapped[str] = mapped_column(String(200), default="")
    farewell_id: Mapped[int | None] = mapped_column(ForeignKey(Delivery.id, ondelete="SET NULL"))


class CameBy(StrEnum):
    """How a request reached the office, where it came by no channel of ours."""

    COUNTER = "counter"
    LETTER = "letter"
    TELEPHONE = "telephone"


class ReachBy(StrEnum):
    """How a person without a chat is told."""

    TELEPHONE = "telephone"
    ADDRESS = "address"


class Identity(StrEnum):
    """How it was checked who asks."""

    NOT_YET = "not_yet"
    CARD = "card"  # the identity card was seen
    ATTORNEY = "attorney"  # a power of attorney was seen
    CASE_KEY = "case_key"  # they told the key of the case


class Age(StrEnum):
    """The ages that the law tells apart (PDPA s.20)."""

    GROWN = "grown"  # 20 and above
    MINOR = "minor"  # above 10 and not yet 20
    CHILD = "child"  # 10 and below


class Asker(Base):
    """Who made a request at the counter, by letter or on the telephone, how they are told, and that they were.

    `reach` is a telephone number or an address. Somebody below 20 has a guardian, or `alone_reason` says why
    the law lets them ask alone. `told_at` is when they heard the outcome. Once the keeping time is over, or the
    person wants it so, the row stays with empty words.
    """

    __tablename__ = "privacy_askers"

    request_id: Mapped[int] = mapped_column(
        ForeignKey(PrivacyRequest.id, ondelete="CASCADE"), primary_key=True
    )
    came_by: Mapped[CameBy] = mapped_column(enum_column(CameBy))
    name: Mapped[str] = mapped_column(String(200))
    reach_by: Mapped[ReachBy] = mapped_column(enum_column(ReachBy))
    reach: Mapped[str] = mapped_column(String(500))
    identity: Mapped[Identity] = mapped_column(enum_column(Identity))
    age: Mapped[Age] = mapped_column(enum_column(Age))
    guardian: Mapped[str] = mapped_column(String(200), default="")
    relation: Mapped[str] = mapped_column(String(100), default="")
    alone_reason: Mapped[str] = mapped_column(String(500), default="")
    taken_by: Mapped[str] = mapped_column(String(100))
    told_at: Mapped[datetime | None]
    told_by: Mapped[str | None] = mapped_column(String(100))


class NationalId(Base):
    """The thirteen digits of who made a request at the office: sealed, for as long as they prove something."""

    __tablename__ = "privacy_national_ids"

    request_id: Mapped[int] = mapped_column(
        ForeignKey(PrivacyRequest.id, ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(100))
    entered_at: Mapped[datetime]


class RequestCase(Base):
    """One complaint that a request made at the office is about."""

    __tablename__ = "privacy_request_cases"

    request_id: Mapped[int] = mapped_column(
        ForeignKey(PrivacyRequest.id, ondelete="CASCADE"), primary_key=True
    )
    complaint_id: Mapped[int] = mapped_column(
        ForeignKey(Complaint.id, ondelete="CASCADE"), primary_key=True, index=True
    )


class CopyLink(Base):
    """A link that opens the copy of one contact's data once, then the row is gone. Only its secret's hash is here."""

    __tablename__ = "privacy_copy_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id, ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class TombstoneKind(StrEnum):
    """What was erased."""

    CONTACT = "contact"
    CASE = "case"


class Tombstone(Base):
    """That somebody's data was erased, without saying whose.

    `subject_hash` is an HMAC of the address or number with SECRET_KEY: it finds the same data again in an
    older backup. `counts` are rows per table; `kept` names what stays, by the keys of its reasons;
    `open_cases` are the ids of cases that are erased once they are closed.
    """

    __tablename__ = "privacy_tombstones"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TombstoneKind] = mapped_column(enum_column(TombstoneKind))
    subject_hash: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    kept: Mapped[list[str]]
    open_cases: Mapped[list[int]] = mapped_column(JSON)


class RetentionRule(Base):
    """How long one class of data is kept, where the office has set another time than the shipped one."""

    __tablename__ = "privacy_retention"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    days: Mapped[int]


class RetentionRun(Base):
    """One day's deletion of what is past its time: how many rows per class."""

    __tablename__ = "privacy_retention_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)


class BreachRisk(StrEnum):
    """How much a breach may harm people; who is to be told follows from it."""

    NONE = "none"  # noted only
    RISK = "risk"  # the PDPC within 72 hours
    HIGH = "high"  # the people too, without delay


class Breach(Base):
    """An incident with personal data. The 72 hours run from `noticed_at`."""

    __tablename__ = "privacy_breaches"

    id: Mapped[int] = mapped_column(primary_key=True)
    noticed_at: Mapped[datetime]
    what: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)  # which kinds of it
    people: Mapped[int]  # how many, as far as is known
    risk: Mapped[BreachRisk] = mapped_column(enum_column(BreachRisk))
    reported_at: Mapped[datetime | None]  # to the PDPC
    late_reason: Mapped[str] = mapped_column(Text, default="")
    told_at: Mapped[datetime | None]  # the people
    told_words: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class Agreement(Base):
    """The agreement with one who handles personal data for the office (PDPA s.40), by the key of `processors`.

    `reference` says where the paper is, or why none is needed (`is_needless`), e.g. a machine of one's own.
    """

    __tablename__ = "privacy_agreements"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    agreed_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(200))
    is_needless: Mapped[bool]
    noted_by: Mapped[str] = mapped_column(String(100))
    noted_at: Mapped[datetime]
