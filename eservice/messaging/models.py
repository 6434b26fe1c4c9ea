"""Tables of messaging: contacts, conversations, messages, the inbox of raw events, deliveries, channels."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base


def enum_column(kind: type[StrEnum]) -> Enum:
    """A string column that holds the values of `kind`; adding a value needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=30,
        values_callable=lambda k: [m.value for m in k],
    )


class ChannelName(StrEnum):
    """The roads to a resident."""

    LINE = "line"
    TELEGRAM = "telegram"
    WEB = "web"


class ContactKind(StrEnum):
    """Who is at an address."""

    PERSON = "person"
    GROUP = "group"


class Reachability(StrEnum):
    """Whether we may still write to an address."""

    ACTIVE = "active"
    BLOCKED = "blocked"  # the person blocked us, or the group removed us
    DEACTIVATED = "deactivated"  # the account is gone
    UNKNOWN = "unknown"  # the platform does not know the address


class Contact(Base):
    """An address on a channel: a LINE user or group, a Telegram chat, a web visitor's session."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        Index(None, "created_at"),
        Index(
            "ix_contacts_token_hash",
            "token_hash",
            unique=True,
            sqlite_where=text("token_hash IS NOT NULL"),
            postgresql_where=text("token_hash IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[ChannelName] = mapped_column(enum_column(ChannelName))
    address: Mapped[str] = mapped_column(String(64))
    kind: Mapped[ContactKind] = mapped_column(enum_column(ContactKind))
    display_name: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(5), default="th")
    reachability: Mapped[Reachability] = mapped_column(enum_column(Reachability), default=Reachability.ACTIVE)
    reachability_at: Mapped[datetime | None]
    notice_version: Mapped[str | None] = mapped_column(String(20))  # of the privacy notice last mentioned
    token_hash: Mapped[str | None] = mapped_column(String(64))  # web visitors only: SHA-256 of their token
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class Handler(StrEnum):
    """Who owns a conversation."""

    BOT = "bot"
    STAFF = "staff"


class Conversation(Base):
    """The talk with one contact. `dialog` is the bot's own state; nobody else reads it."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index(None, "handler", "updated_at"),
        Index(
            "ix_conversations_dialog_expires_at",
            "dialog_expires_at",
            sqlite_where=text("dialog_expires_at IS NOT NULL"),
            postgresql_where=text("dialog_expires_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id, ondelete="CASCADE"), unique=True)
    handler: Mapped[Handler] = mapped_column(enum_column(Handler), default=Handler.BOT)
    handler_since: Mapped[datetime | None]
    dialog: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    dialog_expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Direction(StrEnum):
    """Whose words a message holds."""

    IN = "in"
    OUT = "out"


class Speaker(StrEnum):
    """Who said it."""

    RESIDENT = "resident"
    BOT = "bot"
    STAFF = "staff"


class Message(Base):
    """One thing said, either way. `text` is what people read; `content` holds our own bundles in full.

    `platform_ref` is LINE's or Telegram's id of a resident's message, so that an edit or an unsending
    finds it. `erased_at` marks a message whose words were taken back: nothing of them is left.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "conversation_id", "id"),
        Index(None, "conversation_id", "platform_ref"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    direction: Mapped[Direction] = mapped_column(enum_column(Direction))
    speaker: Mapped[Speaker] = mapped_column(enum_column(Speaker))
    kind: Mapped[str] = mapped_column(String(30), default="text")
    text: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    platform_ref: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]


class EventState(StrEnum):
    """The life of a raw event."""

    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"  # it kept failing; staff see it with the reason


class InboundEvent(Base):
    """A raw event as the platform sent it, committed before it is acknowledged.

    Unique by (channel, event_id): a redelivery changes nothing. Events with the same `conversation_key`
    are worked on in the order of (`occurred_ms`, `id`). `payload` is emptied once the event is done: the
    message row is then the record. `message_ref` finds a waiting payload when its message is taken back.
    """

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint("channel", "event_id"),
        # Whole indexes: SQLite uses a partial one only for a condition written out, and ours are bound.
        Index("ix_inbound_events_waiting", "state", "conversation_key", "occurred_ms", "id"),
        Index(None, "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[ChannelName] = mapped_column(enum_column(ChannelName))
    event_id: Mapped[str] = mapped_column(String(128))
    conversation_key: Mapped[str] = mapped_column(String(80))
    occurred_ms: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    payload: Mapped[str] = mapped_column(Text)
    message_ref: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[EventState] = mapped_column(enum_column(EventState), default=EventState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]  # not before this instant, after a failure
    reason: Mapped[str | None] = mapped_column(String(500))
    done_at: Mapped[datetime | None]


class DeliveryClass(StrEnum):
    """What a message is for; it decides whether a LINE push may be spent on it."""

    REPLY = "reply"  # the bot's answer to something just said: never a push
    STAFF_ANSWER = "staff_answer"  # held for the next contact unless staff choose to spend a push
    STAFF_ANSWER_PUSH = "staff_answer_push"  # staff saw the cost and chose to send now
    CASE_PUSH = "case_push"  # a complaint needs the resident, or is said to be done
    NOTICE = "notice"  # e.g. an abandoned dialog's kind word: rides along, never a push

    @property
    def may_push(self) -> bool:
        """Whether this class may spend one of LINE's counted messages."""
        return self in (DeliveryClass.STAFF_ANSWER_PUSH, DeliveryClass.CASE_PUSH)


class DeliveryState(StrEnum):
    """The life of an outgoing message."""

    QUEUED = "queued"
    SENDING = "sending"  # an attempt is recorded and leased to a sender
    HELD = "held"  # waits, free of charge, for the person's next contact
    CARRIED = "carried"  # rides in another delivery (`carrier_id`)
    ACCEPTED = "accepted"  # the platform took it; nobody can say it was read
    UNCERTAIN = "uncertain"  # may or may not have arrived; offered at the next contact
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING)
OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD, DeliveryState.UNCERTAIN)


class Delivery(Base):
    """One message on its way to one contact; `key` is its UUID, LINE's retry key.

    `attempts` counts the calls recorded before they were made; `doubtful` says that one of them may have
    been carried out. `parts_sent` counts the platform calls of this delivery that were accepted.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_open", "contact_id", "state"),
        Index("ix_deliveries_due", "state", "due_at"),
        Index(
            "ix_deliveries_carrier_id",
            "carrier_id",
            sqlite_where=text("carrier_id IS NOT NULL"),
            postgresql_where=text("carrier_id IS NOT NULL"),
        ),
        Index(None, "channel", "last_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id, ondelete="CASCADE"))
    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    channel: Mapped[ChannelName] = mapped_column(enum_column(ChannelName))
    purpose: Mapped[DeliveryClass] = mapped_column(enum_column(DeliveryClass))
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState))
    due_at: Mapped[datetime]  # queued: not before; sending: when the lease ends
    reply_token: Mapped[str | None] = mapped_column(String(128))
    reply_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    parts_sent: Mapped[int] = mapped_column(default=0)
    doubtful: Mapped[bool] = mapped_column(default=False)
    last_attempt_at: Mapped[datetime | None]
    carrier_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id", ondelete="SET NULL"))
    road: Mapped[str | None] = mapped_column(String(20))  # reply, push, api, web: how it was accepted
    platform_ref: Mapped[str | None] = mapped_column(String(128))
    reason: Mapped[str | None] = mapped_column(String(500))
    dedup_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ChannelCredential(Base):
    """What the office has entered for LINE or Telegram in the console, sealed; the environment's settings win.

    `secret` is LINE's channel secret, or what Telegram sends along with every update.
    """

    __tablename__ = "channel_credentials"

    channel: Mapped[ChannelName] = mapped_column(enum_column(ChannelName), primary_key=True)
    sealed_token: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[str] = mapped_column(String(100))
    saved_at: Mapped[datetime]


class ChannelState(Base):
    """What we know of a channel's health and allowance, shared by all processes."""

    __tablename__ = "channel_states"

    channel: Mapped[ChannelName] = mapped_column(enum_column(ChannelName), primary_key=True)
    paused_until: Mapped[datetime | None]  # the platform asked for silence
    push_blocked_since: Mapped[datetime | None]  # LINE's monthly allowance is spent
    quota_limit: Mapped[int | None]  # None: unlimited or unknown
    quota_used: Mapped[int | None]
    quota_checked_at: Mapped[datetime | None]
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    checked_at: Mapped[datetime | None]  # when somebody last had the connection examined, and what came of it
    check_passed: Mapped[bool | None]
