"""The port that LINE, Telegram and web chat implement for the sender, and what can come of a sending.

A channel renders a bundle to its own requests (pure) and performs one request (network). The sender in
`bot.delivery` decides when, how often and on which road; a channel never retries by itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from eservice.messaging.content import Bundle
from eservice.messaging.models import ChannelName


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call to a platform: `method` in its own vocabulary and the JSON `body` without address or token.

    LINE: one request per bundle, method "messages", body {"messages": [...]} of at most five.
    Telegram: one request per bubble, e.g. method "sendMessage", body without chat_id.
    """

    method: str
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Road:
    """How a request travels: on LINE's reply token, or as a push under `retry_key` (the delivery's UUID)."""

    address: str
    reply_token: str | None = None
    retry_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The platform took it. That is not "read": no platform here tells us that."""

    platform_ref: str = ""  # LINE's request id or Telegram's message id
    note: str = ""  # e.g. "sent as plain text"


class Doubt(StrEnum):
    """Whether a failed call may have been carried out all the same."""

    NOT_SENT = "not_sent"  # refused, or never left this machine
    MAYBE_SENT = "maybe_sent"  # time-out, reset or 5xx after the request left


@dataclass(frozen=True, kw_only=True)
class TryAgain:
    """A passing fault. `after_seconds` is the platform's own word (Telegram's retry_after), if it gave one."""

    reason: str
    doubt: Doubt
    after_seconds: float | None = None
    whole_channel: bool = False  # the pause holds for the channel, not only for this delivery


@dataclass(frozen=True, kw_only=True)
class ReplyTokenDead:
    """LINE said "Invalid reply token": used or expired."""


@dataclass(frozen=True, kw_only=True)
class QuotaSpent:
    """LINE's monthly allowance is spent: no push until it changes, and no retries."""


class Gone(StrEnum):
    """Why nobody can be reached at an address."""

    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """The person blocked us, left, or never was there: recorded on the contact, not tried again."""

    why: Gone
    moved_to: str | None = None  # Telegram: the group's new chat id


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The platform says the request itself is wrong: our fault, for staff to see; retrying cannot help."""

    reason: str


Outcome: TypeAlias = Accepted | TryAgain | ReplyTokenDead | QuotaSpent | Unreachable | Refused


class Channel(Protocol):
    """A channel as the sender sees it. `perform` returns an outcome for every fault; it does not raise."""

    name: ChannelName

    def render(self, bundle: Bundle) -> list[Request]: ...

    async def perform(self, request: Request, road: Road) -> Outcome: ...


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file that somebody sent, whole."""

    content: bytes


@dataclass(frozen=True, kw_only=True)
class TooLarge:
    """The file is larger than we take; no more of it was read than that."""


@dataclass(frozen=True, kw_only=True)
class NotThere:
    """The platform has no such file any more, or never had: trying again cannot help."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class NotYet:
    """A passing fault, or the platform still prepares the file. `after_seconds` is how long to wait, if known."""

    reason: str
    after_seconds: float | None = None


FetchOutcome: TypeAlias = Fetched | TooLarge | NotThere | NotYet


class MediaSource(Protocol):
    """Where files that people sent are fetched from. Every fault is an outcome; it does not raise."""

    async def fetch_media(self, media_ref: str, most_bytes: int) -> FetchOutcome: ...
