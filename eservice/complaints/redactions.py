"""What staff have hidden in complaints: that it happened, why and by whom. Never the words: those are gone."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.complaints.models import Complaint
from eservice.kit.database import Base
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import enum_column
from eservice.staff.models import StaffAccount

REDACTED = "complaint.redacted"
"""In the outbox: something was hidden, `redaction_id`; `contacts` are the ids of who is told, with commas."""


class RedactionKind(StrEnum):
    """What was hidden."""

    WORDS = "words"
    PHOTO = "photo"


class RedactionReason(StrEnum):
    """Why it must not be seen (PDPA s.26 and what is like it)."""

    HEALTH = "health"  # or a disability
    BELIEF = "belief"
    CARD = "card"  # its number, or a picture of it
    OF_ANOTHER = "of_another"  # somebody else's data
    OTHER = "other"  # as the note says


class Redaction(Base):
    """One act of hiding. `places` is in how many it was found; `is_public`: the resident is told of it."""

    __tablename__ = "complaint_redactions"

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id, ondelete="CASCADE"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id))
    kind: Mapped[RedactionKind] = mapped_column(enum_column(RedactionKind))
    reason: Mapped[RedactionReason] = mapped_column(enum_column(RedactionReason))
    note: Mapped[str] = mapped_column(String(300), default="")
    places: Mapped[int]
    is_public: Mapped[bool]
    at: Mapped[datetime]


def of_complaint(reader: ReadOnly, complaint_id: int, *, for_resident: bool = False) -> Sequence[Redaction]:
    """What was hidden in a complaint, oldest first: all of it, or what its resident is told of."""
    query = select(Redaction).where(Redaction.complaint_id == complaint_id)
    if for_resident:
        query = query.where(Redaction.is_public)
    return reader.session.scalars(query.order_by(Redaction.id)).all()


def reason_words(texts: Catalogue, redaction: Redaction, language: str) -> str:
    """Why, in words: the reason and the note."""
    reason = texts.get(f"redaction.reason.{redaction.reason.value}", language)
    return f"{reason}: {redaction.note}" if redaction.note else reason
