"""Reads a stored Telegram update into one neutral event. Total: any JSON object has an answer here.

The Bot API table is followed, but nothing is taken for granted: a field that is missing or of another type
counts as absent, and a kind that this version does not know becomes `Unsupported`.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from bot.inbound import (
    Blocked,
    Body,
    Edited,
    Ignored,
    Inbound,
    JoinedGroup,
    MediaKind,
    Said,
    SentMedia,
    SharedLocation,
    Started,
    Tapped,
    Unblocked,
    Unsupported,
)
from bot.menu import MENU
from eservice.messaging.models import ChannelName, ContactKind

Json: TypeAlias = dict[str, Any]

COMMANDS = ("start", "menu", "help", "cancel", "language", *(item.command for item in MENU))
NOWHERE = ""  # the address of updates that belong to no chat

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?!\S)")
_DEEP_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EPOCH = datetime.fromtimestamp(0, UTC)
_LAST_SECOND = 2**32
_MAX_NAME = 200

_MEDIA = {
    "sticker": MediaKind.STICKER,
    "video": MediaKind.VIDEO,
    "video_note": MediaKind.VIDEO,
    "animation": MediaKind.VIDEO,
    "voice": MediaKind.AUDIO,
    "audio": MediaKind.AUDIO,
    "document": MediaKind.FILE,  # after animation, which also fills it
    "contact": MediaKind.CONTACT,
    "dice": MediaKind.OTHER,
    "game": MediaKind.OTHER,
    "poll": MediaKind.OTHER,
    "story": MediaKind.OTHER,
    "paid_media": MediaKind.OTHER,
    "checklist": MediaKind.OTHER,
}
# What a chat tells about itself; nobody said anything. Our own coming and going is in my_chat_member.
_SERVICE = (
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "pinned_message",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "boost_added",
    "chat_background_set",
    "proximity_alert_triggered",
    "write_access_allowed",
    "users_shared",
    "chat_shared",
    "web_app_data",
)
_UNHEARD = ("poll", "poll_answer", "channel_post", "edited_channel_post")


@dataclass(frozen=True, kw_only=True)
class _Us:
    """Who we are, as far as it is known: Telegram's getMe may not have answered yet."""

    bot_id: int | None
    username: str | None

    def is_named(self, username: str) -> bool:
        return self.username is not None and username.lower() == self.username.lower()

    def without_mention(self, text: str) -> tuple[str, bool]:
        """`text` without our @username, and whether it was there."""
        if not self.username:
            return text, False
        pattern = rf"(?<![A-Za-z0-9_@])@{re.escape(self.username)}(?![A-Za-z0-9_])"
        stripped, count = re.subn(pattern, " ", text, flags=re.IGNORECASE)
        return (stripped.strip(), True) if count else (text, False)


def parse(payload: str, bot_id: int | None, bot_username: str | None) -> Inbound:
    """The event in a stored update, read by the bot with this id and @username, as far as they are known.

    A tapped button carries no time: it is dated by its message, which is when we asked. What has no date at
    all happened in 1970.
    """
    us = _Us(bot_id=bot_id, username=bot_username)
    try:
        update = json.loads(payload)
    except (ValueError, RecursionError):
        update = {}
    name, event = _event(update if isinstance(update, dict) else {})
    match name:
        case "message":
            body, addressed = _message(event, us)
            return _inbound(event, body, addressed=addressed)
        case "edited_message":
            body, addressed = _edited(event, us)
            return _inbound(event, body, addressed=addressed)
        case "callback_query":
            return _callback(event)
        case "my_chat_member":
            return _inbound(event, _membership(event))
        case _ if name in _UNHEARD:
            return _inbound(event, Ignored(reason=f"telegram {name}"), addressed=False)
        case _:
            return _inbound(event, Unsupported(kind=name), addressed=False)


def _event(update: Json) -> tuple[str, Json]:
    """An update's only object and its name ("update" for one that has none)."""
    for name, value in update.items():
        if isinstance(value, dict):
            return _clean(name)[:64], value
    return "update", {}


def _inbound(event: Json, body: Body, *, addressed: bool = True) -> Inbound:
    chat, sender = _object(event, "chat"), _object(event, "from") or _object(event, "user")
    chat_id = _integer(chat, "id")
    is_group = chat_id is not None and _text(chat, "type") != "private"
    address = chat_id if chat_id is not None else _integer(sender, "id")
    return Inbound(
        channel=ChannelName.TELEGRAM,
        address=NOWHERE if address is None else str(address),
        kind=ContactKind.GROUP if is_group else ContactKind.PERSON,
        occurred_at=_time(event, "edit_date") or _time(event, "date") or _EPOCH,
        body=body,
        addressed=addressed,
        display_name=_display_name(chat if is_group else sender or chat),
        language_hint=None if is_group else _language(sender),
    )


def _message(message: Json, us: _Us) -> tuple[Body, bool]:
    """What a message says, and whether it was said to us."""
    moved_to = _integer(message, "migrate_to_chat_id")
    if moved_to is not None:
        # The next sending to the old address learns of the move too, and takes the contact along.
        return Ignored(reason=f"the group became supergroup {moved_to}"), False
    for name in _SERVICE:
        if name in message:
            return Ignored(reason=f"telegram {name}"), False
    if _is_from_machine(message):
        return Ignored(reason="written by another bot or forwarded by a channel"), False

    to_us = _is_private(message) or _replies_to(message, us)
    ref = _ref(message)
    words = _text(message, "text")
    if command := _COMMAND.match(words):
        return _command(message, command, us)
    text, mentioned = us.without_mention(words)
    if text or mentioned:
        # Our name alone is a call for us: the menu answers it.
        return Said(text=text or "/menu", message_ref=ref), to_us or mentioned
    if location := _location(message, ref):
        return location, to_us
    caption, mentioned = us.without_mention(_text(message, "caption"))
    if media := _media(message, caption, ref):
        return media, to_us or mentioned
    return Unsupported(kind=_unknown_content(message)), to_us


def _command(message: Json, command: re.Match[str], us: _Us) -> tuple[Body, bool]:
    """A command without its @name. In groups one for another bot, or one that is not of ours, is not for us."""
    name, recipient = command[1].lower(), command[2]
    rest, mentioned = us.without_mention(command.string[command.end() :].strip())
    if _is_private(message):
        to_us = True
    elif recipient is not None:
        to_us = us.is_named(recipient)
    else:
        to_us = name in COMMANDS or mentioned or _replies_to(message, us)
    if name == "start":
        return Started(parameter=rest if _DEEP_LINK.fullmatch(rest) else ""), to_us
    return Said(text=f"/{name} {rest}".rstrip(), message_ref=_ref(message)), to_us


def _edited(message: Json, us: _Us) -> tuple[Body, bool]:
    """A changed text or caption; a moving live location or anything else that changes by itself is no news."""
    text, mentioned = us.without_mention(_text(message, "text") or _text(message, "caption"))
    ref = _ref(message)
    if not text or ref is None:
        return Ignored(reason="telegram edited_message without words"), False
    if _is_from_machine(message):
        return Ignored(reason="edited by another bot or by a channel"), False
    return Edited(message_ref=ref, text=text), _is_private(message) or mentioned or _replies_to(message, us)


def _callback(query: Json) -> Inbound:
    message, sender = _object(query, "message"), _object(query, "from")
    data = _text(query, "data")
    body: Body = Tapped(payload=data, label=_label_of(message, data)) if data else Unsupported(kind="game")
    chat = _object(message, "chat") or {"id": sender.get("id"), "type": "private"}
    times = {name: message.get(name) for name in ("date", "edit_date")}
    inbound = _inbound({"chat": chat, "from": sender, **times}, body)
    return replace(inbound, callback_id=_text(query, "id") or None)


def _membership(event: Json) -> Body:
    """Our own place in a chat changed: a person blocks and unblocks us, a group takes us in and sends us away."""
    old, new = _object(event, "old_chat_member"), _object(event, "new_chat_member")
    chat_type = _text(_object(event, "chat"), "type")
    was_in, is_in = (
        _text(member, "status") in ("creator", "administrator", "member") or member.get("is_member") is True
        for member in (old, new)
    )
    if chat_type == "channel" or not new or (was_in and is_in):
        return Ignored(reason=f"telegram my_chat_member: {_text(new, 'status')} of a {chat_type} chat"[:100])
    if not is_in:
        return Blocked()
    return Unblocked() if chat_type == "private" else JoinedGroup()


def _location(message: Json, ref: str | None) -> SharedLocation | None:
    venue = _object(message, "venue")
    location = _object(message, "location") or _object(venue, "location")
    latitude, longitude = _number(location, "latitude", 90), _number(location, "longitude", 180)
    if latitude is None or longitude is None:
        return None
    label = ", ".join(filter(None, [_text(venue, "title"), _text(venue, "address")]))
    return SharedLocation(latitude=latitude, longitude=longitude, label=label, message_ref=ref)


def _media(message: Json, caption: str, ref: str | None) -> SentMedia | None:
    sizes = [size for size in _list(message, "photo") if isinstance(size, dict) and _text(size, "file_id")]
    if sizes:
        largest = max(sizes, key=lambda size: _integer(size, "width") or 0)
        return SentMedia(
            kind=MediaKind.PHOTO,
            media_ref=_text(largest, "file_id"),
            caption=caption,
            album=_text(message, "media_group_id")[:64],
            message_ref=ref,
        )
    for name, kind in _MEDIA.items():
        if name in message:
            file_id = _text(_object(message, name), "file_id") or None
            return SentMedia(kind=kind, media_ref=file_id, caption=caption, message_ref=ref)
    return None


def _label_of(message: Json, data: str) -> str:
    """What the tapped button showed, found by its payload in the keyboard under the message."""
    for row in _list(_object(message, "reply_markup"), "inline_keyboard"):
        for button in row if isinstance(row, list) else ():
            if isinstance(button, dict) and _text(button, "callback_data") == data:
                return _text(button, "text")
    return ""


def _unknown_content(message: Json) -> str:
    """The name of what a message holds, as well as it can be told from its envelope."""
    envelope = ("chat", "from", "sender_chat", "entities", "reply_to_message", "via_bot", "forward_origin")
    for name, value in message.items():
        if isinstance(value, dict | list) and name not in envelope:
            return _clean(name)[:64]
    return "message"


def _is_from_machine(message: Json) -> bool:
    """Another bot, or a channel's post copied into its group. Anonymous admins look like a bot with `sender_chat`."""
    is_bot = _object(message, "from").get("is_bot") is True
    return (is_bot and "sender_chat" not in message) or message.get("is_automatic_forward") is True


def _is_private(message: Json) -> bool:
    return _text(_object(message, "chat"), "type") == "private"


def _replies_to(message: Json, us: _Us) -> bool:
    author = _integer(_object(_object(message, "reply_to_message"), "from"), "id")
    return author is not None and author == us.bot_id


def _ref(message: Json) -> str | None:
    message_id = _integer(message, "message_id")
    return None if message_id is None else str(message_id)


def _display_name(who: Json) -> str | None:
    """A person's name or a group's title."""
    parts = (_text(who, name) for name in ("title", "first_name", "last_name"))
    return " ".join(filter(None, parts))[:_MAX_NAME] or None


def _language(sender: Json) -> str | None:
    """The language of the person's app ("en" of "en-US"): a hint, not a choice."""
    primary = _text(sender, "language_code").split("-")[0].lower()
    return primary if re.fullmatch(r"[a-z]{2,3}", primary) else None


def _time(event: Json, name: str) -> datetime | None:
    seconds = _integer(event, name)
    # 0 is the date of messages that Telegram no longer shows us.
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < _LAST_SECOND else None


def _object(holder: Json, name: str) -> Json:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _list(holder: Json, name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _text(holder: Json, name: str) -> str:
    value = holder.get(name)
    return _clean(value).strip() if isinstance(value, str) else ""


def _integer(holder: Json, name: str) -> int | None:
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:  # Telegram's widest id
        return None
    return value


def _number(holder: Json, name: str, limit: float) -> float | None:
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= limit:  # NaN too
        return None
    return float(value)


def _clean(text: str) -> str:
    """Without what no database stores: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
