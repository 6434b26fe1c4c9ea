"""What somebody tries who means harm: the same thing again and again, and more than a form asks for."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select

from eservice.complaints.models import Complaint
from eservice.inquiries.models import Inquiry
from eservice.kit.database import Database
from eservice.messaging.models import EventState, InboundEvent
from eservice.office.models import Office
from eservice.staff.models import ApiToken, Role, RoleGrant, StaffAccount
from knowledge.entries.models import Entry
from tests.access.asking import Caller
from tests.access.cast import Cast, whole_cast
from tests.access.test_every_route import BODIES, CASE, CHANGING
from tests.access.things import FORMS
from tests.admin.test_access_matrix import ROUTES
from tests.conftest import EVERY_CHANNEL
from tests.inquiries.desk import add_staff

NOBODY = Caller()
REPLAYS = 1_000
EXTRA = {
    "owner_id": "2", "contact_id": "2", "approved_by": "1", "is_demo": "1", "password_hash": "x", "key_hash": "x",
    "assignee_id": "1", "filed_by_id": "1", "is_active": "0", "promised_days": "1", "grants": "administrator",
    "created_at": "2000-01-01", "version": "99", "filed_at": "2000-01-01", "totp_secret": "x", "disabled_at": "",
}  # fmt: skip
KEPT = (Complaint, Inquiry, StaffAccount, RoleGrant, ApiToken, Entry, Office)
OTHERWISE_EACH_TIME = {"password_hash", "last_seen_at", "last_used_at", "secret_hash", "token_hash"}


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


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_fields_that_a_form_does_not_ask_for_change_nothing(cast: Cast) -> None:
    with cast.database.unit_of_work() as uow:
        staff = add_staff(uow, "everything", *Role)
    caller = cast.asker.session_of(cast.database, staff)
    wrong: list[object] = []
    for address, fields in _console_forms(cast):
        plain, more = (_after(cast, caller, address, {**fields, **extra}) for extra in ({}, EXTRA))
        if plain != more:
            wrong.append(
                (address, [pair for pair in zip(plain[1], more[1], strict=False) if pair[0] != pair[1]])
            )
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_api_refuses_fields_that_it_does_not_name(cast: Cast) -> None:
    before = _rows(cast)
    bodies: dict[str, dict[str, Any]] = {
        **{f"{CASE.replace('{number}', cast.lamp.number)}/{act}": body for act, body in BODIES.items()},
        "/api/v1/cases": {"text": "ไฟดับ", "category": "ไฟฟ้าแสงสว่าง"},
        "/api/v1/chat/messages": {"text": "สวัสดี"},
        "/api/v1/chat/sessions": {"language": "th"},
        f"/api/v1/cases/{cast.lamp.number}/comments": {"text": "เมื่อไหร่"},
    }
    for address, body in bodies.items():
        act = address.rpartition("/")[2]
        whose = (
            cast.chat["owner"] if "/chat/" in address else cast.partners["own"] if act in CHANGING else NOBODY
        )
        for name, value in EXTRA.items():
            if name == "version" and act in CHANGING:
                continue
            headers = {"x-case-key": cast.lamp.key or "", "idempotency-key": "k" * 20}
            answer = cast.asker.ask(whose, "POST", address, json=body | {name: value}, headers=headers)
            assert answer.status_code == 422, (address, name, answer.text)
    assert _rows(cast) == before


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


def _console_forms(cast: Cast) -> Iterator[tuple[str, dict[str, object]]]:
    ids = {
        "{case_id:int}": cast.lamp.complaint_id, "{inquiry_id:int}": cast.inquiry_id, "{entry_id:int}": cast.entry_id,
        "{account_id}": cast.desk.malee.account_id, "{photo_id:int}": cast.proof_id,
    }  # fmt: skip
    for method, path in ROUTES:
        if (
            method == "POST" and path != "/logout" and not path.endswith("/link")
        ):  # which makes another each time
            address = path
            for name, number in ids.items():
                address = address.replace(name, str(number))
            yield f"/admin{address}", dict(FORMS.get(path.rpartition("/")[2], {}))


def _after(cast: Cast, caller: Caller, address: str, fields: dict[str, object]) -> tuple[int, list[Any]]:
    with cast.undone():
        status = cast.asker.form(caller, "POST", address, fields).status_code
        return status, _rows(cast)


def _rows(cast: Cast) -> list[Any]:
    with cast.database.read() as reader:
        return [
            {column.key: getattr(row, column.key) for column in model.__mapper__.column_attrs
             if column.key not in OTHERWISE_EACH_TIME}
            for model in KEPT
            for row in reader.session.scalars(select(model))
        ]  # fmt: skip
