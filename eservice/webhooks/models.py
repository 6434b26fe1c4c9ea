"""Tables of outgoing webhooks: who wants to hear of what, and every message to them with its life."""

from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.messaging.models import enum_column


class WebhookKind(StrEnum):
    """What a partner may hear of."""

    CASE_FILED = "case.filed"
    CASE_CHANGED = "case.changed"  # its state, department, category or dates
    CASE_COMMENTED = "case.commented"  # the office or the resident said something; never what
    TEST = "test"  # nothing happened: an administrator tries whether messages arrive


OFFERED = tuple(kind for kind in WebhookKind if kind is not WebhookKind.TEST)
"""What a partner chooses from; a trial reaches each of them."""


class WebhookState(StrEnum):
    """The life of one message."""

    QUEUED = "queued"
    SENDING = "sending"  # until its lease runs out
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Tried(TypedDict):
    """One line of a delivery's log. `code` is the HTTP status, None when there was no answer."""

    at: str
    code: int | None
    reason: str


class WebhookSubscription(Base):
    """A partner's address. `salt` and our SECRET_KEY make the secret, which is stored nowhere."""

    __tablename__ = "webhook_subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    url: Mapped[str] = mapped_column(String(500))
    salt: Mapped[str] = mapped_column(String(64))
    kinds: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None]  # since then messages wait here
    created_by: Mapped[str] = mapped_column(String(100))  # as the audit names whoever made it
    created_at: Mapped[datetime]  # when this address was entered: one that comes back is a new one


class WebhookDelivery(Base):
    """One message to one partner. `body` is sent byte for byte the same each time, under the same `key`."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("subscription_id", "event_key"),
        Index(None, "state", "due_at"),
        Index(None, "settled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)  # webhook-id
    subscription_id: Mapped[int] = mapped_column(ForeignKey(WebhookSubscription.id, ondelete="CASCADE"))
    event_key: Mapped[str] = mapped_column(String(60))  # one message for one thing that happened
    kind: Mapped[WebhookKind] = mapped_column(enum_column(WebhookKind))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[WebhookState] = mapped_column(enum_column(WebhookState))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]  # of the next attempt; while sending, the end of the lease
    response_code: Mapped[int | None]
    log: Mapped[list[Tried]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
