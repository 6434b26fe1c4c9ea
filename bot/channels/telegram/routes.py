"""The door for Telegram's webhooks: check the secret, cut out the envelope, store, answer.

Telegram keeps one queue per chat and sends an update again, for a day, until it gets a 2xx. So whatever
comes with the right secret and is a JSON object is stored and answered 200, understood or not: a refused
update would lock its resident out.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from bot.channels.webhooks import problem, read_body
from bot.inbound import RawEvent, StoreEvents, person_of
from eservice.kit.http import note_caller
from eservice.messaging.models import ChannelName

_BIGGEST_ID = 2**53  # Telegram's ids have at most 52 significant bits
_NOWHERE = "telegram:-"  # the queue of updates that belong to no chat, e.g. the totals of a poll


def create_router(webhook_secret: Callable[[], str], store: StoreEvents) -> APIRouter:
    """The router with POST /webhooks/telegram; `store` commits the event before the 200.

    Without a secret Telegram is off, and there is nothing here.
    """
    router = APIRouter()

    @router.post("/webhooks/telegram", include_in_schema=False)
    async def receive_update(request: Request) -> Response:
        expected = webhook_secret().encode()
        if not expected:
            return problem(404, "webhook.off", "This office is not on Telegram")
        given = request.headers.get("x-telegram-bot-api-secret-token", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            return problem(401, "webhook.bad_secret", "The secret token does not match")
        body = await read_body(request)
        if body is None:
            return problem(413, "webhook.too_large", "The update is larger than 1 MB")
        event = raw_event(body)
        if event is None:
            return problem(400, "webhook.not_json", "The body is not a JSON object")
        note_caller(request, persons=[person_of(event)])
        await store([event])
        return Response(status_code=200)

    return router


def raw_event(body: bytes) -> RawEvent | None:
    """One update as the inbox keeps it, or None if `body` is not a JSON object.

    The order within a chat is the order of update ids, the only thing that every update has and that rises:
    messages carry whole seconds, tapped buttons no time at all, and Telegram sends taps beside messages.
    """
    try:
        payload = body.decode()
        update = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(update, dict):
        return None
    update_id = _id(update.get("update_id"))
    chat_id, message_id = _origin(update)
    return RawEvent(
        channel=ChannelName.TELEGRAM,
        event_id=hashlib.sha256(body).hexdigest() if update_id is None else str(update_id),
        conversation_key=_NOWHERE if chat_id is None else f"telegram:{chat_id}",
        occurred_ms=update_id or 0,
        payload=payload,
        message_ref=None if message_id is None else str(message_id),
    )


def _origin(update: dict[str, Any]) -> tuple[int | None, int | None]:
    """The chat that an update of any kind belongs to, and the id of the person's message, if it is one."""
    event = next((value for value in update.values() if isinstance(value, dict)), {})
    message = event.get("message")  # of a tapped button: our own message
    for holder in (event, message):
        if isinstance(holder, dict) and isinstance(holder.get("chat"), dict):
            chat_id = _id(holder["chat"].get("id"))
            if chat_id is not None:
                return chat_id, _id(event.get("message_id"))
    for name in ("from", "user"):
        if isinstance(event.get(name), dict):
            return _id(event[name].get("id")), None
    return None, None


def _id(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _BIGGEST_ID:
        return value
    return None
