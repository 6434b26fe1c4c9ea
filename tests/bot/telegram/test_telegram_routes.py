"""The door for Telegram's webhooks, as Telegram and strangers find it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from bot.channels.telegram.routes import create_router
from bot.inbound import RawEvent

SECRET = "s3cret_token-of-ours"
CHAT = {"id": 42, "type": "private"}


class Inbox:
    """Remembers what was stored; away, it refuses like a database that is down."""

    def __init__(self) -> None:
        self.events: list[RawEvent] = []
        self.is_away = False

    async def __call__(self, events: Sequence[RawEvent]) -> None:
        if self.is_away:
            raise ConnectionError
        self.events += events


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def client(inbox: Inbox) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(create_router(lambda: SECRET, inbox))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def send(client: TestClient, update: Any, secret: str | None = SECRET) -> Response:
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
    return client.post("/webhooks/telegram", content=body, headers=headers)


def text_update(update_id: int, **message: Any) -> dict[str, Any]:
    return {
        "update_id": update_id,
        "message": {"message_id": 9, "chat": CHAT, "date": 1_800_000_000, "text": "สวัสดี", **message},
    }


def test_an_update_is_stored_as_it_came_and_answered(client: TestClient, inbox: Inbox) -> None:
    update = text_update(700)
    assert send(client, update).status_code == 200
    (event,) = inbox.events
    assert (event.event_id, event.conversation_key, event.message_ref) == ("700", "telegram:42", "9")
    assert json.loads(event.payload) == update


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "ลับ"])
def test_without_the_secret_nothing_is_read_or_stored(
    client: TestClient, inbox: Inbox, secret: str | None
) -> None:
    answer = send(client, b"{broken", secret)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert inbox.events == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 200_000])
def test_what_is_no_json_object_is_refused(client: TestClient, inbox: Inbox, body: bytes) -> None:
    assert send(client, body).status_code == 400
    assert inbox.events == []


def test_a_body_over_a_megabyte_is_refused(client: TestClient, inbox: Inbox) -> None:
    assert send(client, text_update(1, text="x" * 1_000_001)).status_code == 413
    assert inbox.events == []


def test_a_body_that_hides_its_length_is_refused_all_the_same(client: TestClient, inbox: Inbox) -> None:
    chunks = (b"x" * 100_000 for _ in range(11))
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    assert client.post("/webhooks/telegram", content=chunks, headers=headers).status_code == 413
    assert inbox.events == []


def test_an_update_is_not_acknowledged_when_it_could_not_be_stored(client: TestClient, inbox: Inbox) -> None:
    inbox.is_away = True
    assert send(client, text_update(1)).status_code >= 500


@pytest.mark.parametrize(
    ("update", "key"),
    [
        ({"message": {"chat": {"id": -1001}}}, "telegram:-1001"),
        ({"edited_message": {"chat": {"id": 5}}}, "telegram:5"),
        (
            {"callback_query": {"from": {"id": 42}, "message": {"chat": {"id": -7}, "message_id": 3}}},
            "telegram:-7",
        ),
        ({"callback_query": {"from": {"id": 42}}}, "telegram:42"),
        ({"my_chat_member": {"chat": {"id": 42}, "from": {"id": 42}}}, "telegram:42"),
        ({"poll_answer": {"poll_id": "1", "user": {"id": 42}}}, "telegram:42"),
        ({"poll": {"id": "1"}}, "telegram:-"),
        ({"hologram": {"chat": {"id": "text"}}}, "telegram:-"),
        ({"message": {"chat": {"id": 10**40}}}, "telegram:-"),
        ({"message": [1]}, "telegram:-"),
        ({}, "telegram:-"),
    ],
)
def test_an_update_of_any_kind_queues_with_its_chat(
    client: TestClient, inbox: Inbox, update: dict[str, Any], key: str
) -> None:
    assert send(client, {"update_id": 1, **update}).status_code == 200
    assert inbox.events[0].conversation_key == key


def test_a_tap_does_not_name_our_own_message_as_the_persons(client: TestClient, inbox: Inbox) -> None:
    send(client, {"update_id": 1, "callback_query": {"message": {"chat": CHAT, "message_id": 3}}})
    assert inbox.events[0].message_ref is None


def test_updates_of_a_chat_are_in_the_order_of_their_ids(client: TestClient, inbox: Inbox) -> None:
    """A tap carries the date of the message it hangs under, hours ago: dates would turn the order round."""
    tap = {"callback_query": {"from": {"id": 42}, "message": {"chat": CHAT, "date": 1}, "data": "x"}}
    send(client, {"update_id": 702, **tap})
    send(client, text_update(701))
    send(client, text_update(703))
    by_time = sorted(inbox.events, key=lambda event: event.occurred_ms)
    assert [event.event_id for event in by_time] == ["701", "702", "703"]


def test_an_update_without_a_usable_id_is_recognised_when_it_comes_again(
    client: TestClient, inbox: Inbox
) -> None:
    for update in ({"message": {"chat": CHAT}}, {"update_id": True}, {"update_id": 10**30}):
        send(client, update)
        send(client, update)
    ids = [event.event_id for event in inbox.events]
    assert ids[0::2] == ids[1::2]
    assert len(set(ids)) == 3
