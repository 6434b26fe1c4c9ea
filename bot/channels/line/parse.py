"""Reads a stored LINE event into one neutral event. Total: any text has an answer here.

LINE adds properties, event types and enum values without notice, so nothing is taken for granted: a field
that is missing or of another type counts as absent, and a kind that this version does not know becomes
`Unsupported`.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any, TypeAlias

from bot.channels.measure import printable
from bot.inbound import (
    AccountLinked,
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
    Unsent,
    Unsupported,
)
from eservice.messaging.models import ChannelName, ContactKind

Json: TypeAlias = dict[str, Any]

NOWHERE = ""  # the address of events without a source: a failed account link has none

# In a group we answer to our name. "เพื่อนบ้าน" is also a common word, so without @ a pause or a word of
# address must follow: "เพื่อนบ้าน ไฟดับ" calls us, "เพื่อนบ้านเสียงดัง" does not.
_CALL = re.compile(
    r"\s*(?:@\s?เพื่อนบ้าน|เพื่อนบ้าน(?:ครับ|คะ|ค่ะ|จ๋า|จ้า|จ๊ะ)|เพื่อนบ้าน(?![ก-๎])|เพื่อนบ้าน(?=ช่วย|ขอ|ถาม|บอก|สวัสดี))[\s,:]*"
)
_BARE_CALL = "เมนู"  # only our name and nothing else asks what we can do

_ID = re.compile(r"[\x21-\x7e]{1,60}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")
_NONCE = re.compile(r"[\x21-\x7e]{10,255}")
_PAYLOAD = re.compile(r"[A-Za-z0-9_.:\-]{1,60}")
_LAST_MS = 2**53 // 64  # the year 6429, well within datetime's range
_MAX_LABEL = 200

_MEDIA = {
    "image": MediaKind.PHOTO,  # of several sent at once (imageSet) each comes as an event of its own
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "file": MediaKind.FILE,
    "sticker": MediaKind.STICKER,
}
# Understood, and nothing to do: about other members, readers and devices, or about the channel itself.
_IGNORED = {
    "memberJoined",
    "memberLeft",
    "beacon",
    "videoPlayComplete",
    "membership",
    "delivery",
    "activated",
    "deactivated",
    "botSuspended",
    "botResumed",
    "module",
}


def parse(payload: str) -> Inbound:
    """The event in the JSON `payload`, as the conversation sees it. Never raises."""
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return _inbound({}, Unsupported(kind="not an event"), addressed=False)
    if event.get("mode") == "standby":
        return _inbound(event, Ignored(reason="another module answers in standby mode"), addressed=False)
    kind = _text(event, "type")
    if kind in ("message", "messageEdited"):
        return _message(event, edited=kind == "messageEdited")
    body = _body(kind, event)
    return _inbound(event, body, addressed=_is_person(event) or not isinstance(body, Ignored | Unsupported))


def _body(kind: str, event: Json) -> Body:
    """What happened, for every kind of event but messages."""
    match kind:
        case "postback":
            return _tapped(_object(event, "postback"))
        case "follow":  # isUnblocked is not reliable, and both deserve the welcome
            return Started()
        case "unfollow" | "leave":
            return Blocked()
        case "join":
            return JoinedGroup()
        case "unsend":
            ref = _known(_object(event, "unsend").get("messageId"), _ID)
            return Unsent(message_ref=ref) if ref else Unsupported(kind=kind)
        case "accountLink":
            link = _object(event, "link")
            return AccountLinked(ok=link.get("result") == "ok", nonce=_known(link.get("nonce"), _NONCE) or "")
        case _ if kind in _IGNORED:
            return Ignored(reason=f"line {kind}")
        case _:
            return Unsupported(kind=printable(kind)[:60])


def _tapped(postback: Json) -> Body:
    """A tap on one of our buttons; of a date picker, `label` is the date or time that was picked."""
    parameters = _object(postback, "params")
    if "newRichMenuAliasId" in parameters:
        return Ignored(reason="line rich menu tab")
    payload = _known(postback.get("data"), _PAYLOAD)
    if payload is None:
        return Unsupported(kind="postback")
    picked = next(
        (_text(parameters, name) for name in ("datetime", "date", "time") if name in parameters), ""
    )
    return Tapped(payload=payload, label=picked if _PAYLOAD.fullmatch(picked) else "")


def _message(event: Json, *, edited: bool) -> Inbound:
    message = _object(event, "message")
    kind = _text(message, "type")
    ref = _known(message.get("id"), _ID)
    if kind == "text":
        words, addressed = _words(message, in_group=not _is_person(event))
        if not edited:
            return _inbound(event, Said(text=words, message_ref=ref), addressed=addressed)
        body = Edited(message_ref=ref, text=words) if ref else Unsupported(kind="messageEdited")
        return _inbound(event, body, addressed=addressed)
    if edited:
        body = Unsupported(kind=printable(f"messageEdited {kind}")[:60])
    else:
        body = _thing(kind, message, ref)
    return _inbound(event, body, addressed=_is_person(event))


def _thing(kind: str, message: Json, ref: str | None) -> Body:
    """A message that is not text."""
    if kind == "location":
        latitude, longitude = _degrees(message, "latitude", 90), _degrees(message, "longitude", 180)
        if latitude is None or longitude is None:
            return Unsupported(kind="location")
        words = (_text(message, "title"), _text(message, "address"))
        label = " ".join(printable(word) for word in words if word)[:_MAX_LABEL]
        return SharedLocation(latitude=latitude, longitude=longitude, label=label, message_ref=ref)
    if kind in _MEDIA:
        # Content that LINE does not hold (sent by a web app) lies on a stranger's server: nothing to fetch.
        held = kind != "sticker" and _object(message, "contentProvider").get("type") != "external"
        caption = _text(message, "text")  # what people typed into a message sticker; a file name is no speech
        return SentMedia(
            kind=_MEDIA[kind],
            media_ref=ref if held else None,
            caption=printable(caption)[:_MAX_LABEL] if caption else "",
            album=_text(_object(message, "imageSet"), "id")[:64],
            message_ref=ref,
        )
    return Unsupported(kind=printable(f"message {kind}")[:60])


def _words(message: Json, *, in_group: bool) -> tuple[str, bool]:
    """The text of a message without our mention or name, and whether it was meant for us."""
    text = _text(message, "text")
    if not in_group:
        return printable(text), True
    text, mentioned = _without_mention(text, _object(message, "mention"))
    call = _CALL.match(text)
    if call:
        text = text[call.end() :]
    if not (mentioned or call):
        return printable(text), False
    return (printable(text) if text.strip() else _BARE_CALL), True


def _without_mention(text: str, mention: Json) -> tuple[str, bool]:
    """`text` without the places that mention us, counted in UTF-16 units, and whether there were any."""
    mentionees = mention.get("mentionees")
    ours = [
        mentionee
        for mentionee in (mentionees if isinstance(mentionees, list) else [])
        if isinstance(mentionee, dict) and mentionee.get("isSelf") is True
    ]
    units = text.encode("utf-16-le", "surrogatepass")
    for index, length in sorted((_place(mentionee, units) for mentionee in ours), reverse=True):
        units = units[: 2 * index] + units[2 * (index + length) :]
    return units.decode("utf-16-le", "replace").strip() if ours else text, bool(ours)


def _place(mentionee: Json, units: bytes) -> tuple[int, int]:
    """Where a mention begins and how long it is; nowhere if that is not within the text."""
    index, length = mentionee.get("index"), mentionee.get("length")
    if type(index) is int and type(length) is int and 0 <= index <= index + length <= len(units) // 2:
        return index, length
    return 0, 0


def _inbound(event: Json, body: Body, *, addressed: bool) -> Inbound:
    source = _object(event, "source")
    places = (_known(source.get(name), _ID) for name in ("groupId", "roomId", "userId"))
    address = next(filter(None, places), NOWHERE)
    if not address and not isinstance(body, AccountLinked | Ignored | Unsupported):
        body, addressed = Ignored(reason="line event without a source"), False
    timestamp = event.get("timestamp")
    milliseconds = timestamp if type(timestamp) is int and 0 <= timestamp < _LAST_MS else 0
    return Inbound(
        channel=ChannelName.LINE,
        address=address,
        kind=ContactKind.PERSON if _is_person(event) else ContactKind.GROUP,
        occurred_at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        body=body,
        addressed=addressed,
        reply_token=_known(event.get("replyToken"), _TOKEN),
    )


def _is_person(event: Json) -> bool:
    source = _object(event, "source")
    return not any(_known(source.get(name), _ID) for name in ("groupId", "roomId"))


def _degrees(message: Json, name: str, most: int) -> float | None:
    value = message.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most:
        return float(value)
    return None


def _object(holder: Json, name: str) -> Json:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(holder: Json, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _known(value: Any, shape: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None
