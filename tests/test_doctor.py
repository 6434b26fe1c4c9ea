"""`doctor` and `channels setup`: what they say of the office's parts and of LINE and Telegram on loopback."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select, update

from bot.channels.line.rich_menu import NAME_PREFIX
from bot.menu import MENU
from eservice.demo.first_start import prepare
from eservice.kit import audit, heartbeat, outbox
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import inbox
from eservice.messaging.models import ChannelName
from eservice.privacy import breaches, requests
from eservice.privacy.breaches import NewBreach
from eservice.privacy.models import BreachRisk, RequestKind
from eservice.staff.models import StaffAccount
from tests.bot.line.fake_line import FakeLine
from tests.commands import Ran, Run, data_dir, run
from tests.loopback import served
from tests.migrated import default_database

__all__ = ["data_dir", "run"]

URL = "https://abt.example.go.th"
TOKEN = "100001:AAFsecretsecretsecretsecretsecret"


@pytest.fixture
def office(data_dir: Path) -> Database:
    """The default database with an office in it."""
    database = default_database(data_dir)
    prepare(database, with_demo=False)
    return database


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLine]:
    """A LINE where all is well, and an office that is on it."""
    fake = FakeLine()
    fake.answers = {
        "GET /v2/bot/info": (200, {"userId": "U1", "basicId": "@abt", "displayName": "อบต.ตัวอย่าง"}),
        "GET /v2/bot/message/quota": (200, {"type": "limited", "value": 300}),
        "GET /v2/bot/message/quota/consumption": (200, {"totalUsage": 40}),
        "GET /v2/bot/channel/webhook/endpoint": (200, {"endpoint": f"{URL}/webhooks/line", "active": True}),
        "POST /v2/bot/channel/webhook/test": (200, {"success": True, "reason": "OK", "statusCode": 200}),
        "GET /v2/bot/richmenu/list": (
            200,
            {"richmenus": [{"richMenuId": "ours", "name": f"{NAME_PREFIX}1"}]},
        ),
        "GET /v2/bot/user/all/richmenu": (200, {"richMenuId": "ours"}),
        "POST /v2/bot/richmenu": (200, {"richMenuId": "new"}),
    }
    with served(fake.handle) as address:
        monkeypatch.setenv("PUBLIC_URL", URL)
        monkeypatch.setenv("LINE_CHANNEL_SECRET", "secret")
        monkeypatch.setenv("LINE_CHANNEL_ACCESS_TOKEN", "line-token")
        monkeypatch.setenv("LINE_API_BASE", address)
        monkeypatch.setenv("LINE_DATA_API_BASE", address)
        yield fake


class FakeTelegram:
    """A Bot API server that gives each method its answer, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"getMe": {"id": 100001, "is_bot": True, "username": "tambon_bot"}}
        self.refusals: dict[str, tuple[int, str]] = {}
        self.asked: dict[str, dict[str, Any]] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        self.asked[method] = dict(await request.post())
        if method in self.refusals:
            code, words = self.refusals[method]
            return web.json_response({"ok": False, "error_code": code, "description": words}, status=code)
        return web.json_response({"ok": True, "result": self.answers.get(method, True)})


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTelegram]:
    """A Telegram where all is well, and an office that is on it."""
    fake = FakeTelegram()
    fake.answers["getWebhookInfo"] = webhook(f"{URL}/webhooks/telegram")
    with served(fake.handle) as address:
        monkeypatch.setenv("PUBLIC_URL", URL)
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
        monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "hook-secret")
        monkeypatch.setenv("TELEGRAM_API_BASE", f"{address}/bot")
        yield fake


def recorded(office: Database, channel: str) -> list[tuple[str, str, Any]]:
    """Who did what with a channel, as it is on record."""
    with office.read() as reader:
        found = audit.history(reader, subject_kind="channel", subject_id=channel)
        return [(each.actor, each.action, each.after) for each in found]


def webhook(url: str, **more: Any) -> dict[str, Any]:
    """getWebhookInfo's answer."""
    return {"url": url, "has_custom_certificate": False, "pending_update_count": 0, **more}


def verdicts(done: Ran) -> dict[str, str]:
    """The verdict of each check of `doctor --json`, whose exit code agrees with them."""
    answer = json.loads(done.out)
    found = {check["name"]: check["verdict"] for check in answer["checks"]}
    assert answer["ok"] is ("failed" not in found.values())
    assert done.code == (0 if answer["ok"] else 1)
    return found


def but_for_the_clock(found: dict[str, str]) -> dict[str, str]:
    """The verdicts on what is the same on every machine: whether something sets its clock, its kernel knows."""
    assert found["clock"] in ("ok", "warning", "unknown")
    return {name: verdict for name, verdict in found.items() if name != "clock"}


def examined(run: Run, name: str) -> tuple[str, str]:
    """The verdict and the English words for one thing."""
    done = run("doctor", "--json")
    (check,) = (check for check in json.loads(done.out)["checks"] if check["name"] == name)
    return verdicts(done)[name], check["en"]


def test_an_office_without_channels_is_well(run: Run, office: Database) -> None:
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert "✓ ฐานข้อมูล SQLite อ่านและเขียนได้\n  Database: SQLite can be read and written" in done.out
    assert but_for_the_clock(verdicts(run("doctor", "--json"))) == {
        "database": "ok",
        "migrations": "ok",
        "disk": "ok",
        "media": "ok",
        "worker": "warning",
        "backups": "off",
        "copies": "ok",
        "privacy": "ok",
        "drills": "off",
        "marks": "off",
        "line": "off",
        "telegram": "off",
    }


def test_the_examination_changes_nothing(
    run: Run, own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = own_database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", address)
    found = verdicts(run("doctor", "--json"))
    assert (found["database"], found["migrations"]) == ("ok", "ok")
    but_for_the_clock(found)
    with own_database.engine.connect() as connection:
        assert not own_database.engine.dialect.has_table(connection, "doctor_trial")


def test_a_real_office_is_told_to_have_two_administrators(
    run: Run, office: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"APP_ENV": "production", "SECRET_KEY": "k" * 32, "PUBLIC_URL": URL}.items():
        monkeypatch.setenv(name, value)
    run("staff", "create", "somsri", "--role", "administrator")
    for verdict, count in (("warning", "in use: 0"), ("ok", "in use: 2")):
        found = examined(run, "administrators")
        assert found[0] == verdict and count in found[1]
        with office.unit_of_work() as uow:
            uow.session.execute(update(StaffAccount).values(password_hash="x"))


def test_clocks_of_personal_data_are_told(run: Run, office: Database) -> None:
    with office.unit_of_work() as uow:
        asked = requests.ask(uow, RequestKind.ERASURE)
        asked.due_at = uow.now
    found = examined(run, "privacy")
    assert found[0] == "warning" and "1 requests" in found[1]
    with office.unit_of_work() as uow:
        breaches.note(
            uow, NewBreach(noticed_at=uow.now, what="x", data="x", people=1, risk=BreachRisk.HIGH), by="x"
        )
    found = examined(run, "privacy")
    assert found[0] == "warning" and "72 hours" in found[1]


def test_a_schema_that_lacks_what_its_number_promises_is_found(run: Run, office: Database) -> None:
    with office.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE complaints DROP COLUMN notice_version")
    found = examined(run, "migrations")
    assert found[0] == "failed" and "complaints.notice_version" in found[1]


def test_it_works_while_another_process_writes(run: Run, office: Database) -> None:
    with office.unit_of_work() as uow:
        heartbeat.beat(uow, "worker")
    with office.read() as reader:
        assert heartbeat.is_fresh(reader)
        assert verdicts(run("doctor", "--json"))["worker"] == "ok"


def test_a_missing_database_is_said_and_not_made(run: Run, data_dir: Path) -> None:
    assert but_for_the_clock(verdicts(run("doctor", "--json"))) | {"disk": "ok"} == {
        "database": "failed",
        "migrations": "unknown",
        "disk": "ok",
        "media": "ok",
        "worker": "unknown",
        "backups": "unknown",
        "copies": "ok",
        "privacy": "unknown",
        "drills": "unknown",
        "marks": "unknown",
        "line": "off",
        "telegram": "off",
    }
    assert not data_dir.exists()


def test_photos_that_cannot_be_kept_are_a_failure_with_its_reason(
    run: Run, office: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examined(run, "media")[0] == "ok"
    assert not (data_dir / "media").exists()
    (data_dir / "media").write_text("a file where a folder should be")
    verdict, words = examined(run, "media")
    assert (verdict, str(data_dir / "media") in words) == ("failed", True)
    monkeypatch.setenv("MEDIA_URL", "s3://photos")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-store")
    verdict, words = examined(run, "media")
    assert (verdict, "s3://photos" in words, "secret-of" in words) == ("failed", True, False)


def test_a_damaged_file_is_told_from_a_missing_server(
    run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir()
    (data_dir / "phueanban.db").write_bytes(b"not a database at all" * 500)
    assert "damaged" in examined(run, "database")[1]
    monkeypatch.setenv("DATABASE_URL", "postgresql://office:pass-word@127.0.0.1:1/office")
    verdict, words = examined(run, "database")
    assert verdict == "failed" and "cannot be reached" in words and "pass-word" not in words


def test_pages_that_rot_are_found(run: Run, office: Database, data_dir: Path) -> None:
    with office.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    office.dispose()
    path = data_dir / "phueanban.db"
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)
    assert "damaged" in examined(run, "database")[1]


def test_a_schema_that_waits_for_its_migration(run: Run, data_dir: Path) -> None:
    data_dir.mkdir()
    with Database(f"sqlite:///{data_dir / 'phueanban.db'}").engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER)")
    verdict, words = examined(run, "migrations")
    assert verdict == "failed" and "app.py migrate" in words


def test_a_clock_that_was_put_back(run: Run, office: Database) -> None:
    office.clock = FixedClock(datetime.now(UTC) + timedelta(days=2))
    with office.unit_of_work() as uow:
        heartbeat.beat(uow, "worker")
    verdict, words = examined(run, "clock")
    assert verdict == "failed" and "NTP" in words


def test_people_who_wait_for_a_stopped_worker(run: Run, office: Database) -> None:
    with office.unit_of_work() as uow:
        event = {"event_id": "e1", "conversation_key": "web:1", "occurred_ms": 1, "payload": "{}"}
        inbox.store(uow, [{"channel": ChannelName.WEB, "message_ref": None, **event}])
    verdict, words = examined(run, "worker")
    assert verdict == "failed" and "1 messages not read" in words


def test_news_that_was_given_up(run: Run, office: Database) -> None:
    with office.unit_of_work() as uow:
        heartbeat.beat(uow, "worker")
        outbox.record(uow, "complaint.changed", "complaint:1", event_id=1)
        uow.session.flush()
        event_id = uow.session.scalars(select(outbox.OutboxEvent.id)).one()
        for _ in range(outbox.MAX_ATTEMPTS):
            outbox.fail(uow, event_id, "KeyError")
    verdict, words = examined(run, "worker")
    assert verdict == "warning" and "1 events failed" in words


def test_line_is_well(run: Run, office: Database, line: FakeLine) -> None:
    done = run("doctor", "--json")
    assert {name: verdict for name, verdict in verdicts(done).items() if name.startswith("line")} == {
        "line_token": "ok",
        "line_quota": "ok",
        "line_webhook": "ok",
        "line_menu": "ok",
    }
    assert "อบต.ตัวอย่าง (@abt)" in done.out and "40 of 300" in done.out and "line-token" not in done.out


@pytest.mark.parametrize(
    ("asked", "answer", "name", "verdict", "words"),
    [
        ("GET /v2/bot/info", (401, {"message": "Authentication failed"}), "line_token", "failed", "Issue a new"),
        ("GET /v2/bot/info", (500, {}), "line_token", "failed", "could not be asked"),
        ("GET /v2/bot/message/quota", (200, {"type": "none"}), "line_quota", "ok", "no limit"),
        ("GET /v2/bot/message/quota/consumption", (200, {"totalUsage": 280}), "line_quota", "warning", "nearly"),
        ("GET /v2/bot/message/quota/consumption", (200, {"totalUsage": 300}), "line_quota", "warning", "spent"),
        ("GET /v2/bot/message/quota", (500, {}), "line_quota", "failed", "did not tell"),
        ("GET /v2/bot/channel/webhook/endpoint", (404, {}), "line_webhook", "failed", "channels setup line"),
        ("GET /v2/bot/user/all/richmenu", (404, {}), "line_menu", "warning", "ours is not shown"),
        ("GET /v2/bot/user/all/richmenu", (200, {"richMenuId": "1"}), "line_menu", "warning", "another than ours"),
        ("GET /v2/bot/richmenu/list", (500, {}), "line_menu", "warning", "did not tell"),
        ("GET /v2/bot/channel/webhook/endpoint", (200, {}), "line_webhook", "unknown", "did not tell"),
        (
            "GET /v2/bot/channel/webhook/endpoint",
            (200, {"endpoint": "https://old.example.go.th/hook", "active": True}),
            "line_webhook", "failed", "https://old.example.go.th/hook",
        ),
        (
            "GET /v2/bot/channel/webhook/endpoint",
            (200, {"endpoint": f"{URL}/webhooks/line", "active": False}),
            "line_webhook", "failed", "Use webhook",
        ),
        (
            "POST /v2/bot/channel/webhook/test",
            (200, {"success": False, "reason": "ERROR_STATUS_CODE", "statusCode": 401}),
            "line_webhook", "failed", "LINE_CHANNEL_SECRET",
        ),
        (
            "POST /v2/bot/channel/webhook/test",
            (200, {"success": False, "reason": "COULD_NOT_CONNECT", "statusCode": 0}),
            "line_webhook", "failed", "COULD_NOT_CONNECT",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_line(
    run: Run, office: Database, line: FakeLine, asked: str, answer: Any, name: str, verdict: str, words: str
) -> None:
    line.answers[asked] = answer
    found, said = examined(run, name)
    assert found == verdict and words in said


def test_telegram_is_well(run: Run, office: Database, telegram: FakeTelegram) -> None:
    done = run("doctor", "--json")
    found = verdicts(done)
    assert (found["telegram_token"], found["telegram_webhook"]) == ("ok", "ok")
    assert "@tambon_bot" in done.out and TOKEN not in done.out


@pytest.mark.parametrize(
    ("info", "verdict", "words"),
    [
        (True, "unknown", "does not tell"),
        (webhook(""), "failed", "channels setup telegram"),
        (webhook("https://old.example.go.th/hook"), "failed", "https://old.example.go.th/hook"),
        (
            webhook(
                f"{URL}/webhooks/telegram",
                pending_update_count=7, last_error_date=1_700_000_000, last_error_message="Connection timed out",
            ),
            "failed", "7 waiting",
        ),
        (
            webhook(f"{URL}/webhooks/telegram", last_error_date=1_700_000_000, last_error_message="long ago"),
            "ok", "0 waiting",
        ),
        (
            webhook(f"{URL}/webhooks/telegram", last_error_date=4_000_000_000, last_error_message="just now"),
            "warning", "just now",
        ),
    ],
)  # fmt: skip
def test_what_telegram_says_of_the_webhook(
    run: Run, office: Database, telegram: FakeTelegram, info: Any, verdict: str, words: str
) -> None:
    telegram.answers["getWebhookInfo"] = info
    found, said = examined(run, "telegram_webhook")
    assert found == verdict and words in said


def test_a_refused_telegram_token(run: Run, office: Database, telegram: FakeTelegram) -> None:
    telegram.refusals["getMe"] = (401, "Unauthorized")
    verdict, words = examined(run, "telegram_token")
    assert verdict == "failed" and "@BotFather" in words


@pytest.mark.parametrize(
    ("channel", "named"), [("line", "LINE_CHANNEL_SECRET"), ("telegram", "TELEGRAM_BOT_TOKEN")]
)
def test_setting_up_a_channel_that_is_off(run: Run, office: Database, channel: str, named: str) -> None:
    assert named in run("channels", "setup", channel).complaint
    assert recorded(office, channel) == []


def test_setting_up_line_registers_the_menu_with_the_offices_hours(
    run: Run, office: Database, line: FakeLine
) -> None:
    line.answers["GET /v2/bot/channel/webhook/endpoint"] = (404, {})
    done = run("channels", "setup", "line")
    assert (done.code, done.err) == (0, "")
    bodies = {f"{call.method} {call.path}": call.body for call in line.calls}
    assert bodies["PUT /v2/bot/channel/webhook/endpoint"] == {"endpoint": f"{URL}/webhooks/line"}
    menu = bodies["POST /v2/bot/richmenu"]
    assert menu["name"].startswith(NAME_PREFIX) and menu["chatBarText"] == "เมนู"
    assert [area["action"]["data"] for area in menu["areas"]] == [item.payload for item in MENU]
    assert bodies["POST /v2/bot/richmenu/new/content"].startswith(b"\x89PNG")
    assert f"{URL}/webhooks/line / Webhook address set" in done.out
    assert recorded(office, "line") == [("cli", "channel.set_up", None)]


def test_setting_up_line_without_https_makes_the_menu_and_fails(
    run: Run, office: Database, line: FakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:8000")
    assert "PUBLIC_URL" in run("channels", "setup", "line").complaint
    assert "POST /v2/bot/user/all/richmenu/new" in line.asked
    assert "PUT /v2/bot/channel/webhook/endpoint" not in line.asked


def test_setting_up_line_says_why_line_refused(run: Run, office: Database, line: FakeLine) -> None:
    line.answers["GET /v2/bot/richmenu/list"] = (401, {"message": "Authentication failed"})
    assert "Authentication failed" in run("channels", "setup", "line").complaint
    assert recorded(office, "line") == [("cli", "channel.set_up", {"refused": "channels.refused"})]


def test_setting_up_telegram(run: Run, office: Database, telegram: FakeTelegram) -> None:
    done = run("channels", "setup", "telegram")
    assert (done.code, done.err) == (0, "")
    assert telegram.asked["setWebhook"]["url"] == f"{URL}/webhooks/telegram"
    assert telegram.asked["setWebhook"]["secret_token"] == "hook-secret"
    assert {"setMyCommands", "setChatMenuButton"} <= set(telegram.asked)
    assert "https://t.me/tambon_bot" in done.out and TOKEN not in done.out
    assert recorded(office, "telegram") == [("cli", "channel.set_up", None)]


def test_setting_up_telegram_says_why_telegram_refused(
    run: Run, office: Database, telegram: FakeTelegram
) -> None:
    telegram.refusals["setWebhook"] = (400, "Bad Request: bad webhook: An HTTPS URL must be provided")
    assert "an https url must be provided" in run("channels", "setup", "telegram").complaint
