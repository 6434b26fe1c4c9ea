"""Reads a stored web chat event: what our own routes wrote."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.channels.measure import printable
from bot.inbound import (
    Body,
    Inbound,
    MediaKind,
    Said,
    SentMedia,
    SharedLocation,
    Started,
    Tapped,
    Unsupported,
)
from eservice.messaging.models import ChannelName, ContactKind


def parse(payload: str) -> Inbound:
    """The event as the conversation sees it. Raises KeyError for what our routes never write."""
    event = json.loads(payload)
    return Inbound(
        channel=ChannelName.WEB,
        address=event["session"],
        kind=ContactKind.PERSON,
        occurred_at=datetime.fromtimestamp(event["ms"] / 1000, UTC),
        body=_body(event),
        source=event.get("from", ""),
    )


def _body(event: dict[str, object]) -> Body:
    ref = str(event["ref"])
    match event:
        case {"text": str(text)}:
            return Said(text=printable(text), message_ref=ref)
        case {"action": "start"}:
            return Started()
        case {"action": str(action)}:
            return Tapped(payload=action, label=_label(event), message_ref=ref)
        case {"location": {"lat": float() | int() as lat, "lon": float() | int() as lon, **rest}}:
            pin = {"latitude": float(lat), "longitude": float(lon)}
            return SharedLocation(**pin, label=_label(rest), message_ref=ref)
        case {"attachment": str(attachment)}:
            return SentMedia(kind=MediaKind.PHOTO, media_ref=attachment, message_ref=ref)
        case _:
            return Unsupported(kind="web")


def _label(fields: Mapping[str, object]) -> str:
    label = str(fields.get("label") or "")
    return printable(label) if label else ""
