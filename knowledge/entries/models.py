"""Tables of the FAQ: entries, their versions, the change feed of the live index, and what people asked."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.messaging.models import Message, enum_column
from eservice.staff.models import Department


class EntryState(StrEnum):
    """Where an entry stands."""

    DRAFT = "draft"  # never been live
    LIVE = "live"
    LIVE_WITH_DRAFT = "live_with_draft"  # live, and being rewritten
    RETIRED = "retired"


class Entry(Base):
    """One question and answer. `key` is stable across import and export; versions hold the words.

    `live_version_id` is what residents see while the window of that version is open; `draft_version_id` is
    what authors work on; a retired entry keeps its last words there. The sign-off between the two grows
    here without another shape.
    """

    __tablename__ = "faq_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[EntryState] = mapped_column(enum_column(EntryState), index=True)
    live_version_id: Mapped[int | None]  # no foreign key: versions point here, and a circle helps nobody
    draft_version_id: Mapped[int | None]
    asked_count: Mapped[int] = mapped_column(default=0)  # times it was given as the answer
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class EntryVersion(Base):
    """One wording of an entry. A version that has been live is never changed."""

    __tablename__ = "faq_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id, ondelete="CASCADE"), index=True)
    number: Mapped[int]
    question: Mapped[str] = mapped_column(String(300))
    variants: Mapped[list[Any]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(Text)
    keywords: Mapped[list[Any]] = mapped_column(JSON)
    category: Mapped[str] = mapped_column(String(100))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))
    source: Mapped[str] = mapped_column(String(500))
    source_url: Mapped[str] = mapped_column(String(1000))
    language: Mapped[str] = mapped_column(String(5), default="th")
    publish_from: Mapped[datetime | None]
    publish_until: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    published_by: Mapped[str | None] = mapped_column(String(100))
    published_at: Mapped[datetime | None]


class EntryChange(Base):
    """The change feed: each row says that an entry's live face changed; processes read on from their last id."""

    __tablename__ = "faq_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    at: Mapped[datetime]


class AskDecision(StrEnum):
    """What the machine did with a question."""

    ANSWERED = "answer"
    CLARIFIED = "clarify"
    UNKNOWN = "unknown"


class Ask(Base):
    """One question put to the machine and what became of it; its words stay in the message.

    `entry_id` is the entry answered, or chosen among the candidates; `helpful` the person's own word.
    """

    __tablename__ = "faq_asks"
    __table_args__ = (Index(None, "entry_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    decision: Mapped[AskDecision] = mapped_column(enum_column(AskDecision))
    confidence: Mapped[float]
    candidates: Mapped[list[Any]] = mapped_column(JSON)  # entry ids, best first
    entry_id: Mapped[int | None]
    helpful: Mapped[bool | None]
