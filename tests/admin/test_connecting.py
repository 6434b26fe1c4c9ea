"""Connecting a channel in the console: keys go in and never come out; what the platform says is told in words."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.messaging import channels
from eservice.messaging.models import ChannelCredential, ChannelName
from eservice.operations.connections import Tried
from eservice.operations.doctor import Finding, Verdict
from eservice.staff.models import Role
from tests.admin.visitors import Doors, Visitor, further_rooms

TOKEN = "tokentokentoken-abcd"
SECRET = "0123456789abcdef0123456789abcdef"
BOT_TOKEN = "100001:AAFsecretsecretsecret"


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, further_rooms())


@pytest.fixture
def admin(rooms: Doors) -> Visitor:
    return rooms.browser("somsri", Role.ADMINISTRATOR)


def test_keys_are_tried_sealed_and_never_shown_again(rooms: Doors, admin: Visitor) -> None:
    assert "ปิดอยู่" in admin.get("/admin/channels").text
    assert "ยังไม่มีรหัส" in admin.get("/admin/channels/line").text
    saved = admin.post("/admin/channels/line/keys", token=f" {TOKEN}\n", secret=SECRET)
    assert saved.headers["location"] == "/admin/channels/line"
    assert rooms.desk.asked == [("line", TOKEN)]
    page = admin.get("/admin/channels/line").text
    assert "อบต.น้ำใส (@obt)" in page and "••••abcd" in page
    assert TOKEN not in page and SECRET not in page
    with rooms.database.read() as reader:
        row = reader.session.get_one(ChannelCredential, ChannelName.LINE)
        assert TOKEN not in row.sealed_token and SECRET not in row.sealed_secret
        told = [f"{record.before} {record.after}" for record in reader.session.scalars(select(AuditRecord))]
        assert not any(TOKEN in words or SECRET in words for words in told)
        history = audit.history(reader, subject_kind="channel", subject_id="line")
        assert [(record.actor, record.action) for record in history] == [("somsri", "channel.connected")]

    assert admin.post("/admin/channels/line/forget").status_code == 303
    assert "ยังไม่มีรหัส" in admin.get("/admin/channels/line").text


def test_what_is_no_key_or_refused_by_the_platform_is_not_kept(rooms: Doors, admin: Visitor) -> None:
    refused = admin.post("/admin/channels/line/keys", token="มีวรรค ที่นี่", secret="")
    assert refused.status_code == 422 and rooms.desk.asked == []
    assert admin.post("/admin/channels/telegram/keys", token=TOKEN).status_code == 422
    rooms.desk.refusal = "channels.token_refused"
    answer = admin.post("/admin/channels/telegram/keys", token=BOT_TOKEN)
    assert answer.status_code == 409 and "ไม่รับรหัสนี้" in answer.text and BOT_TOKEN not in answer.text
    with rooms.database.read() as reader:
        assert reader.session.scalars(select(ChannelCredential)).all() == []


def test_keys_are_kept_while_the_platform_cannot_be_reached(rooms: Doors, admin: Visitor) -> None:
    rooms.desk.tried = Tried(account="", reason="no answer")
    admin.post("/admin/channels/telegram/keys", token=BOT_TOKEN)
    assert "ยังถามช่องทางนี้ไม่ได้" in admin.get("/admin/channels/telegram").text


def test_each_button_tells_what_came_of_it(rooms: Doors, admin: Visitor) -> None:
    admin.post("/admin/channels/line/keys", token=TOKEN, secret=SECRET)
    assert "ตั้งที่อยู่รับข้อความแล้ว" in admin.post("/admin/channels/line/register").text
    assert "ทำเมนูใหม่แล้ว" in admin.post("/admin/channels/line/menu").text
    bad = Finding(name="line_webhook", verdict=Verdict.FAILED, thai="เปิด Use webhook", english="Turn it on")
    rooms.desk.findings = [bad]
    assert "เปิด Use webhook" in admin.post("/admin/channels/line/check").text
    assert "ยังมีข้อที่ต้องแก้" in admin.get("/admin/channels/line").text
    rooms.desk.findings = [Finding(name="line_token", verdict=Verdict.OK, thai="ใช้ได้", english="ok")]
    admin.post("/admin/channels/line/check")
    with rooms.database.read() as reader:
        assert channels.all_states(reader)[ChannelName.LINE].check_passed is True
    rooms.desk.refusal = "channels.refused"
    page = admin.post("/admin/channels/line/register").text
    assert "ให้ผู้ดูแลระบบใส่ใหม่" in page and "รายละเอียดสำหรับผู้ดูแลระบบ" in page and "401" in page
    rooms.desk.refusal = "channels.not_connected"
    admin.post("/admin/channels/line/menu")
    with rooms.database.read() as reader:
        history = audit.history(reader, subject_kind="channel", subject_id="line")
    assert [(record.action, record.after) for record in history] == [
        ("channel.registered", {"refused": "channels.refused"}),
        ("channel.menu_set", None),
        ("channel.registered", None),
        ("channel.connected", None),
    ], "what LINE was never asked for is not there"


def test_the_environment_wins_and_is_shown_as_such(database: Database, tmp_path: Path) -> None:
    given = {"line_channel_secret": SECRET, "line_channel_access_token": TOKEN}
    rooms = Doors(database, tmp_path, further_rooms(), **given)
    admin = rooms.browser("somsri", Role.ADMINISTRATOR)
    assert "environment" in admin.get("/admin/channels/line").text
    assert admin.post("/admin/channels/line/keys", token=TOKEN, secret=SECRET).status_code == 409


def test_keys_under_another_secret_key_are_asked_for_again(rooms: Doors, admin: Visitor) -> None:
    admin.post("/admin/channels/line/keys", token=TOKEN, secret=SECRET)
    console = rooms.console.state.console
    other = rooms.settings.model_copy(update={"secret_key": SecretStr("b" * 40)})
    other.__dict__.pop("signing_key", None)
    rooms.console.state.console = replace(console, settings=other)
    assert "SECRET_KEY" in admin.get("/admin/channels/line").text
    assert "ปิดอยู่" in admin.get("/admin/channels").text
