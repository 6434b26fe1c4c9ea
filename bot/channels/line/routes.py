"""The door for LINE's webhooks: check the signature, cut the batch into events, store them, answer.

LINE gives up after two seconds and may cut off a server that keeps failing, so nothing is understood here:
whatever is signed and is a JSON object is stored, known kind or not, and answered 200.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from bot.channels.webhooks import problem, read_body
from bot.inbound import RawEvent, StoreEvents, person_of
from eservice.kit.http import note_caller
from eservice.messaging.models import ChannelName

SIGNATURE_HEADER = "x-line-signature"

_ID = re.compile(r"[\x21-\x7e]{1,60}")  # LINE's own ids are shorter; columns and addresses have room for this
_NOWHERE = "line:-"  # the queue of events without a source, e.g. a failed account link
_LAST_MS = 2**53


def create_router(channel_secret: Callable[[], str], store: StoreEvents) -> APIRouter:
    """The router with POST /webhooks/line; `store` commits the events before the 200.

    Without a secret LINE is off, and there is nothing here.
    """
    router = APIRouter()

    @router.post("/webhooks/line", include_in_schema=False)
    async def receive_events(request: Request) -> Response:
        key = channel_secret().encode()
        if not key:
            return problem(404, "webhook.off", "This office is not on LINE")
        body = await read_body(request)
        if body is None:
            return problem(413, "webhook.too_large", "The webhook is larger than 1 MB")
        given = request.headers.get(SIGNATURE_HEADER, "").encode("latin-1")
        expected = base64.b64encode(hmac.digest(key, body, hashlib.sha256))
        if not hmac.compare_digest(given, expected):
            return problem(401, "webhook.bad_signature", "The signature does not match")
        events = raw_events(body)
        if events is None:
            return problem(400, "webhook.not_json", "The body is not a LINE webhook")
        note_caller(request, persons=[person_of(event) for event in events])
        if events:
            await store(events)
        return Response(status_code=200)

    return router


def raw_events(body: bytes) -> list[RawEvent] | None:
    """The events of one webhook in their order, or None if `body` is not a JSON object with a list of them."""
    try:
        batch = json.loads(body)
        events = batch.get("events", []) if isinstance(batch, dict) else None
        return [_raw_event(event) for event in events] if isinstance(events, list) else None
    except (ValueError, RecursionError):
        return None


def _raw_event(event: Any) -> RawEvent:
    # ASCII escapes carry what UTF-8 and PostgreSQL cannot: lone surrogates and NUL.
    payload = json.dumps(event, separators=(",", ":"))
    if not isinstance(event, dict):
        event = {}
    timestamp = event.get("timestamp")
    message = event.get("message")
    return RawEvent(
        channel=ChannelName.LINE,
        event_id=_known_id(event.get("webhookEventId")) or _digest(payload),
        conversation_key=_conversation_key(event.get("source")),
        occurred_ms=timestamp if type(timestamp) is int and 0 <= timestamp < _LAST_MS else 0,
        payload=payload,
        message_ref=_known_id(message.get("id")) if isinstance(message, dict) else None,
    )


def _conversation_key(source: Any) -> str:
    """The group or room if there is one, else the person: people in a group share one conversation."""
    if isinstance(source, dict):
        for name in ("groupId", "roomId", "userId"):
            if address := _known_id(source.get(name)):
                return f"line:{address}"
    return _NOWHERE


def _known_id(value: Any) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _digest(payload: str) -> str:
    """A stable id for an event without one: a redelivery differs in its delivery context only."""
    event = json.loads(payload)
    if isinstance(event, dict):
        event.pop("deliveryContext", None)
    return "sha256:" + hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()
