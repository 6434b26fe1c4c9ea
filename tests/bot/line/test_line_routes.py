"""LINE's door: only what LINE signed gets in, and all of it is stored before the 200."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.line.routes import create_router, raw_events
from bot.channels.webhooks import MAX_BODY_BYTES
from bot.inbound import RawEvent
from eservice.messaging.models import ChannelName

SECRET = "line-secret"
MESSAGE = {
    "type": "message",
    "mode": "active",
    "timestamp": 1_700_000_000_123,
    "webhookEventId": "01HF0000000000000000000000",
    "deliveryContext": {"isRedelivery": False},
    "replyToken": "0f3779fba3b349968c5d07db31eab56f",
    "source": {"type": "user", "userId": "U" + "1" * 32},
    "message": {"id": "468789577898262530", "type": "text", "text": "ไฟถนนดับ"},
}


class Inbox:
    """Keeps what the door stored."""

    def __init__(self) -> None:
        self.events: list[RawEvent] = []

    async def store(self, events: Sequence[RawEvent]) -> None:
        self.events.extend(events)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def client(inbox: Inbox) -> TestClient:
    app = FastAPI()
    app.include_router(create_router(lambda: SECRET, inbox.store))
    return TestClient(app)


def sign(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Line-Signature": base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()}


def batch(*events: Any) -> bytes:
    return json.dumps({"destination": "U0", "events": events}, ensure_ascii=False).encode()


def test_a_signed_event_is_stored_and_acknowledged(client: TestClient, inbox: Inbox):
    body = batch(MESSAGE)
    answer = client.post("/webhooks/line", content=body, headers=sign(body))
    assert answer.status_code == 200
    [event] = inbox.events
    assert event.channel is ChannelName.LINE
    assert event.event_id == "01HF0000000000000000000000"
    assert event.conversation_key == "line:U" + "1" * 32
    assert event.occurred_ms == 1_700_000_000_123
    assert event.message_ref == "468789577898262530"
    assert json.loads(event.payload) == MESSAGE


@pytest.mark.parametrize("headers", [{}, {"X-Line-Signature": ""}, {"X-Line-Signature": "ก".encode()}])
def test_no_signature_no_entry(client: TestClient, inbox: Inbox, headers: dict[str, Any]):
    answer = client.post("/webhooks/line", content=batch(MESSAGE), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert inbox.events == []


def test_a_signature_of_another_body_or_secret_is_refused(client: TestClient, inbox: Inbox):
    body = batch(MESSAGE)
    for headers in (sign(body + b" "), sign(body, "wrong")):
        assert client.post("/webhooks/line", content=body, headers=headers).status_code == 401
    assert inbox.events == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"events": {}}', b"\xff\xfe", b"[" * 100_000])
def test_signed_but_not_a_webhook_is_a_bad_request(client: TestClient, body: bytes):
    assert client.post("/webhooks/line", content=body, headers=sign(body)).status_code == 400


def test_the_consoles_verify_has_no_events(client: TestClient, inbox: Inbox):
    body = batch()
    assert client.post("/webhooks/line", content=body, headers=sign(body)).status_code == 200
    assert inbox.events == []


def test_a_body_over_the_limit_is_refused_even_when_signed(client: TestClient, inbox: Inbox):
    body = batch({**MESSAGE, "padding": "x" * MAX_BODY_BYTES})
    assert client.post("/webhooks/line", content=body, headers=sign(body)).status_code == 413

    def chunks():
        yield from (body[start : start + 65_536] for start in range(0, len(body), 65_536))

    assert client.post("/webhooks/line", content=chunks(), headers=sign(body)).status_code == 413
    assert inbox.events == []


def test_a_batch_is_cut_by_conversation():
    group = {"type": "group", "groupId": "C" + "2" * 32, "userId": "U" + "1" * 32}
    events = raw_events(batch(MESSAGE, {**MESSAGE, "source": group}, {"type": "accountLink"}))
    assert events is not None
    assert [event.conversation_key for event in events] == [
        "line:U" + "1" * 32,
        "line:C" + "2" * 32,
        "line:-",
    ]


def test_an_event_without_an_id_gets_one_that_survives_redelivery():
    bare = {key: value for key, value in MESSAGE.items() if key != "webhookEventId"}
    again = {**bare, "deliveryContext": {"isRedelivery": True}}
    other = {**bare, "timestamp": 1}
    first, second, third = (raw_events(batch(event)) for event in (bare, again, other))
    assert first and second and third
    assert first[0].event_id == second[0].event_id != third[0].event_id


def test_an_unsend_is_not_the_message_it_takes_back():
    events = raw_events(batch({"type": "unsend", "unsend": {"messageId": "1"}}))
    assert events and events[0].message_ref is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
odd_events = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": json_values,
        "webhookEventId": json_values,
        "source": json_values | st.fixed_dictionaries({"userId": json_values}),
        "message": json_values | st.fixed_dictionaries({"id": json_values}),
    },
)


@given(st.lists(odd_events | json_values, max_size=3))
def test_whatever_is_in_a_batch_can_be_stored(events: list[Any]):
    cut = raw_events(json.dumps({"events": events}).encode())
    assert cut is not None and len(cut) == len(events)
    for event in cut:
        assert event.payload.isascii() and "\x00" not in event.payload
        assert 1 <= len(event.event_id) <= 128 and event.event_id.isprintable()
        assert len(event.conversation_key) <= 80 and event.conversation_key.startswith("line:")
        assert 0 <= event.occurred_ms < 2**63
