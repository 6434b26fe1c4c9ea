"""What somebody tries who means harm: the same thing again and again, forged, or where it does not belong."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import structlog
from sqlalchemy import func, select

from bot.channels.line.routes import raw_events
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging.models import EventState, InboundEvent
from tests.access.asking import Caller
from tests.access.cast import Cast, whole_cast
from tests.chat import Village
from tests.conftest import EVERY_CHANNEL, NOON

NOBODY = Caller()
REPLAYS = 1_000


@pytest.fixture
def cast(database: Database, tmp_path: Path) -> Iterator[Cast]:
    with whole_cast(database, tmp_path) as cast:
        yield cast


def signed(body: bytes, secret: str = EVERY_CHANNEL["line_channel_secret"]) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return {"X-Line-Signature": base64.b64encode(digest).decode()}


def line_body(event_id: str, times: int = 1) -> bytes:
    event = {
        "type": "message", "mode": "active", "timestamp": 1_700_000_000_123, "webhookEventId": event_id,
        "deliveryContext": {"isRedelivery": False}, "replyToken": "r" * 32,
        "source": {"type": "user", "userId": "U" + "1" * 32}, "message": {"id": "1", "type": "text", "text": "ไฟดับ"},
    }  # fmt: skip
    return json.dumps({"destination": "U0", "events": [event] * times}, ensure_ascii=False).encode()


def events(cast: Cast) -> int:
    """How many came in since the office was set up."""
    came = select(func.count()).where(InboundEvent.state == EventState.PENDING)
    with cast.database.read() as reader:
        return reader.session.scalar(came) or 0


def test_a_thousand_replays_are_one_row(cast: Cast) -> None:
    body = line_body("01HF0000000000000000000000", times=20)
    for _ in range(REPLAYS // 20):
        assert (
            cast.asker.ask(NOBODY, "POST", "/webhooks/line", content=body, headers=signed(body)).status_code
            == 200
        )
    assert events(cast) == 1
    update = json.dumps({
        "update_id": 7,
        "message": {"message_id": 1, "date": 1_700_000_000, "text": "ไฟดับ", "chat": {"id": 5, "type": "private"}},
    })  # fmt: skip
    word = {"X-Telegram-Bot-Api-Secret-Token": EVERY_CHANNEL["telegram_webhook_secret"]}
    for _ in range(REPLAYS // 20):
        assert (
            cast.asker.ask(NOBODY, "POST", "/webhooks/telegram", content=update, headers=word).status_code
            == 200
        )
    assert events(cast) == 2


def test_replays_that_come_at_once_are_one_row(own_database: Database) -> None:
    store = Village(own_database, FixedClock(NOON)).intake.store_now
    batch = raw_events(line_body("01HF0000000000000000000002", times=10))
    assert batch is not None and len(batch) == 10
    begin = Barrier(4)

    def replay() -> None:
        begin.wait(timeout=30)
        for _ in range(REPLAYS // 40):
            store(batch)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(replay) for _ in range(4)]:
            done.result()
    with own_database.read() as reader:
        assert reader.session.scalar(select(func.count()).select_from(InboundEvent)) == 1


def test_a_forged_webhook_leaves_no_row(cast: Cast) -> None:
    body = line_body("01HF0000000000000000000001")
    again = json.dumps(json.loads(body)).encode()  # the same, written otherwise
    forged: list[Mapping[str, str]] = [
        {}, {"X-Line-Signature": ""}, signed(body, "wrong"), signed(again), signed(body + b" "),
        {"X-Telegram-Bot-Api-Secret-Token": EVERY_CHANNEL["telegram_webhook_secret"]},
        signed(body, EVERY_CHANNEL["line_channel_access_token"]),
    ]  # fmt: skip
    for headers in forged:
        assert (
            cast.asker.ask(NOBODY, "POST", "/webhooks/line", content=body, headers=headers).status_code == 401
        )
    for headers in ({}, signed(body), {"X-Telegram-Bot-Api-Secret-Token": "Secret"}):
        got = cast.asker.ask(
            NOBODY, "POST", "/webhooks/telegram", content=b'{"update_id": 1}', headers=headers
        )
        assert got.status_code == 401
    assert events(cast) == 0


def test_no_line_of_the_log_is_anybody_elses(cast: Cast) -> None:
    forged = "\n2026-11-20 [info] staff.signed_in account_id=1\r\x1b[2J"
    with structlog.testing.capture_logs() as lines:
        cast.asker.ask(NOBODY, "GET", "/faq/%0A2026%20forged", params={"q": forged})
        cast.asker.ask(NOBODY, "GET", "/nowhere%0Aforged", headers={"user-agent": "x" * 500})
        cast.asker.ask(NOBODY, "POST", "/track", data={"act": "open", "number": forged, "key": forged})
        cast.asker.ask(NOBODY, "GET", "/api/v1/cases/x%0Aforged")
    assert len(lines) >= 4
    for line in lines:
        assert "forged" not in repr(line) and "signed_in" not in repr(line) and "\x1b" not in repr(line)


def test_a_cursor_beyond_all_ids_finds_nothing(cast: Cast) -> None:
    for address in ("/api/v1/chat/messages?after=999999999999", "/api/v1/chat/stream?after=999999999999"):
        answer = cast.asker.ask(cast.chat["owner"], "GET", address)
        assert answer.status_code == 200 and "text" not in answer.text


def test_nobody_is_shown_how_it_is_built(cast: Cast) -> None:
    for address in (
        "/nowhere",
        "/api/nowhere",
        "/admin/nowhere",
        "/api/v1/cases/x",
        "/redoc",
        "/.git/config",
        "/.env",
    ):
        answer = cast.asker.ask(NOBODY, "GET", address)
        assert answer.status_code in (303, 404)
        assert "Traceback" not in answer.text and "sqlalchemy" not in answer.text.lower()
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers
    for method in ("TRACE", "PUT", "DELETE", "PATCH"):
        assert cast.asker.ask(NOBODY, method, "/faq").status_code == 405
