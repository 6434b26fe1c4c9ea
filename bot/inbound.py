"""What people do on a channel, in words that no channel owns.

Each channel's parser turns one stored raw event into one `Inbound`. What it does not know becomes
`Unsupported`: a new kind of event is answered politely or noted, never dropped in silence.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from eservice.messaging.models import ChannelName, ContactKind


class MediaKind(StrEnum):
    """Things people send that are not words."""

    STICKER = "sticker"
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"
    CONTACT = "contact"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Said:
    """Words typed by a person. `message_ref` is the platform's id of the message."""

    text: str
    message_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tapped:
    """One of our buttons. `payload` is what the button carried; `label` what it showed, if known.

    `message_ref` is set where a tap is a message that its sender keeps showing: on the web.
    """

    payload: str
    label: str = ""
    message_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class SharedLocation:
    """A pin: WGS 84 degrees, with the platform's words for the place, if any."""

    latitude: float
    longitude: float
    label: str = ""
    message_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class SentMedia:
    """A photo, sticker or other thing. `media_ref` fetches it from the platform; `caption` is what was written.

    `album` names what was sent in one go: each of its photos comes as an event of its own.
    """

    kind: MediaKind
    media_ref: str | None = None
    caption: str = ""
    album: str = ""
    message_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Edited:
    """A person changed an earlier message."""

    message_ref: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Unsent:
    """A person took a message back: its content must be erased everywhere (LINE, unsend event)."""

    message_ref: str


@dataclass(frozen=True, kw_only=True)
class Started:
    """A person added us, unblocked us or pressed start; `parameter` comes from a deep link."""

    parameter: str = ""


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """A person blocked us, or a group removed us: nothing is sent there any more."""


@dataclass(frozen=True, kw_only=True)
class Unblocked:
    """A person let us back in without pressing start."""


@dataclass(frozen=True, kw_only=True)
class JoinedGroup:
    """We were added to a group."""


@dataclass(frozen=True, kw_only=True)
class AccountLinked:
    """LINE's account link ended: `ok` with the nonce we issued, or not."""

    ok: bool
    nonce: str


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Understood, and nothing to do or say; `reason` goes to the record (e.g. members joined a group)."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Unsupported:
    """A kind of event that this version does not know; `kind` is the platform's word for it."""

    kind: str


Body: TypeAlias = (
    Said
    | Tapped
    | SharedLocation
    | SentMedia
    | Edited
    | Unsent
    | Started
    | Blocked
    | Unblocked
    | JoinedGroup
    | AccountLinked
    | Ignored
    | Unsupported
)


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One event, as the conversation sees it.

    `address` is where answers go: a person's or a group's id on the channel. `addressed` is false for
    talk in a group that was not meant for us. `callback_id` is Telegram's, to stop the button's spinner.
    `source` tells the network addresses of the web apart, as a hash.
    """

    channel: ChannelName
    address: str
    kind: ContactKind
    occurred_at: datetime
    body: Body
    addressed: bool = True
    display_name: str | None = None
    language_hint: str | None = None
    reply_token: str | None = None
    callback_id: str | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class RawEvent:
    """One event of a webhook, cut out of its batch but not yet understood.

    `event_id` is unique on its channel. Events with the same `conversation_key` ("line:U123…") are worked
    on in the order of `occurred_ms`. `payload` is the event's JSON; `message_ref` its message's id, if any.
    """

    channel: ChannelName
    event_id: str
    conversation_key: str
    occurred_ms: int
    payload: str
    message_ref: str | None = None


def person_of(event: RawEvent) -> tuple[str, str]:
    """Channel and address of whoever an event came from, or of their group: for the traffic log's pseudonyms."""
    return event.channel.value, event.conversation_key.partition(":")[2]


StoreEvents: TypeAlias = Callable[[Sequence[RawEvent]], Awaitable[None]]
"""Commits raw events, then returns; only then may a webhook answer 200. Known (channel, event_id) pairs
change nothing. Raises `ServiceError` (unavailable) when the database is away: the platform will redeliver."""
