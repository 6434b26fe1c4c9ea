"""Tables of the FAQ: entries, versions, words, change feed, what people asked and taught, questions, calibrations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.messaging.models import Contact, Message, enum_column
from eservice.staff.models import Department

NO_ENTRY = 0  # in the change feed, where an entry's id stands
OFFICE_WORDS = -1  # there too
MAX_QUESTION = 500  # characters of a test question


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
    is_starter: Mapped[bool] = mapped_column(default=False, server_default=false())  # taken from the demo
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
    """The change feed: processes read on from their last id.

    Each row says that an entry's live face changed, or what was learned for it; `NO_ENTRY` stands for what
    was learned to have no entry, `OFFICE_WORDS` for the office's words.
    """

    __tablename__ = "faq_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    at: Mapped[datetime]


class WordKind(StrEnum):
    """What an office's words are to the answer engine."""

    SYNONYMS = "synonyms"  # they mean the same here
    PROTECTED = "protected"  # a word as it stands: no polite word, and no shipped synonym replaces it
    STOP_PHRASE = "stop_phrase"  # says nothing about a subject


class WordRule(Base):
    """A group of synonyms, a protected word or a stop phrase of the office.

    A row never changes but to be retired; another wording is a row of its own.
    """

    __tablename__ = "faq_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[WordKind] = mapped_column(enum_column(WordKind))
    words: Mapped[list[str]] = mapped_column(JSON)  # several for synonyms, else one
    note: Mapped[str] = mapped_column(String(300))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    retired_by: Mapped[str | None] = mapped_column(String(100))
    retired_at: Mapped[datetime | None]


class PassedOver(Base):
    """A question that staff found to need no answer. No words: those stay in the message."""

    __tablename__ = "faq_passed_over"

    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True)
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]


class AskDecision(StrEnum):
    """What the machine did with a question."""

    ANSWERED = "answer"
    CLARIFIED = "clarify"
    UNKNOWN = "unknown"


class Ask(Base):
    """One question put to the machine and what became of it; its words stay in the message.

    `entry_id` is the entry answered, or chosen among the candidates; `helpful` the person's own word.
    `in_context` marks a question that was understood from the one before: its words alone mean something else.
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
    in_context: Mapped[bool] = mapped_column(default=False, server_default=false())


class PhrasingState(StrEnum):
    """The life of a resident's wording. Only an active one is part of what the bot knows."""

    COLLECTING = "collecting"  # too few people yet
    PENDING = "pending"  # waits for staff
    ACTIVE = "active"
    REJECTED = "rejected"  # staff said no; nobody's tap brings it back
    WITHDRAWN = "withdrawn"  # was active, and staff took it out


class PhrasingSource(StrEnum):
    """Who brought a wording first."""

    RESIDENTS = "residents"
    STAFF = "staff"


class Phrasing(Base):
    """A wording that residents use, and the entry that answers it; no entry: nothing here answers it.

    `text` is normalised; `identity` is what two people who ask the same have in common: no polite words, no
    blanks. `confirmed` and `contradicted` count different people. `decided_by` is a staff username, or
    "system" when the rules made it active. A correction by staff has `proposed_by`, and `origin_message_id`
    when it came from a resident's message.
    """

    __tablename__ = "faq_phrasings"
    __table_args__ = (
        UniqueConstraint("identity", "entry_id"),
        Index(
            "uq_faq_phrasings_no_entry",
            "identity",
            unique=True,
            sqlite_where=text("entry_id IS NULL"),
            postgresql_where=text("entry_id IS NULL"),
        ),
        Index(
            "uq_faq_phrasings_active",  # one wording is never taught for two entries
            "identity",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index(None, "state", "entry_id"),
        Index(None, "entry_id", "created_at"),
        Index(None, "origin_message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    identity: Mapped[str] = mapped_column(String(200))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey(Entry.id, ondelete="CASCADE"))
    state: Mapped[PhrasingState] = mapped_column(enum_column(PhrasingState))
    source: Mapped[PhrasingSource] = mapped_column(enum_column(PhrasingSource))
    proposed_by: Mapped[str | None] = mapped_column(String(100))
    origin_message_id: Mapped[int | None] = mapped_column(ForeignKey(Message.id, ondelete="SET NULL"))
    confirmed: Mapped[int] = mapped_column(default=0)
    contradicted: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None]


class Confirmation(Base):
    """One person's word on a wording: that its entry answers it, or not. One row however often they tap.

    `message_id` is the message whose words it was, the newest; `at` is when they first said so; `changes`
    is how often they changed their mind since.
    """

    __tablename__ = "faq_confirmations"
    __table_args__ = (Index(None, "contact_id", "at"), Index(None, "message_id"))

    phrasing_id: Mapped[int] = mapped_column(ForeignKey(Phrasing.id, ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id, ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    agrees: Mapped[bool]
    changes: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    at: Mapped[datetime]


class LearningMode(StrEnum):
    """Who says that a wording becomes part of what the bot knows."""

    REVIEWED = "reviewed"  # staff, one by one or a page at a time
    AUTOMATIC = "automatic"  # enough residents; staff see what is doubtful


class LearningRulesRow(Base):
    """The office's rules of learning; without the row the defaults of `learning_rules.LearningRules` hold."""

    __tablename__ = "faq_learning_rules"
    __table_args__ = (CheckConstraint("id = 1", name="one_set_of_rules"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    mode: Mapped[LearningMode] = mapped_column(enum_column(LearningMode))
    review_people: Mapped[int]
    people: Mapped[int]
    days: Mapped[int]
    contact_age_days: Mapped[int]
    daily_limit: Mapped[int]
    corrections_at_once: Mapped[bool]
    updated_at: Mapped[datetime]


class KnownQuestion(Base):
    """A test question of the office: `expected` are the keys of the entries that answer it, none for no entry.

    A retired one stays as a row and counts no more.
    """

    __tablename__ = "faq_test_questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(MAX_QUESTION))
    expected: Mapped[list[Any]] = mapped_column(JSON)
    added_by: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[datetime]
    retired_by: Mapped[str | None] = mapped_column(String(100))
    retired_at: Mapped[datetime | None]


class CalibrationOrigin(StrEnum):
    """How a version of the calibration came about."""

    SHIPPED = "shipped"
    RECALIBRATED = "recalibrated"  # learned from test questions and confirmations
    MOVED = "moved"  # thresholds moved by hand
    RESTORED = "restored"


class CalibrationVersion(Base):
    """One setting of what is sure enough. The highest number is in force; no row ever changes or goes.

    `with_entry` and `without_entry` are what became of the office's test questions at this setting when it
    was saved, by outcome; `confirmations` is how many words of residents it was learned from besides.
    `weights` is the fingerprint of the shipped numbers that it was made for; older rows do not know it.
    """

    __tablename__ = "faq_calibrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    origin: Mapped[CalibrationOrigin] = mapped_column(enum_column(CalibrationOrigin))
    restored_number: Mapped[int | None]
    slope: Mapped[float]
    shift: Mapped[float]
    answer_threshold: Mapped[float]
    clarify_threshold: Mapped[float]
    wanted_share: Mapped[float | None]  # of answers that shall be right, 0 to 1; recalibrated only
    with_entry: Mapped[dict[str, Any]] = mapped_column(JSON)
    without_entry: Mapped[dict[str, Any]] = mapped_column(JSON)
    confirmations: Mapped[int]
    weights: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
