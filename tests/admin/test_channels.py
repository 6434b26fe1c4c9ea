"""The channel status page: what works, what is left, what is stuck."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from admin.channels import quota_of, runs_out_on
from admin.delivery_words import reason_told, reason_words
from admin.site import text_directories
from eservice.complaints.numbers import shown
from eservice.kit import audit, outbox
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.text import Catalogue
from eservice.kit.web.rendering import TEXT_DIRECTORY
from eservice.messaging import channels, deliveries
from eservice.messaging.content import say
from eservice.messaging.models import (
    ChannelName,
    ChannelState,
    DeliveryClass,
    DeliveryState,
    EventState,
    InboundEvent,
)
from eservice.staff.models import Role, StaffAccount
from tests.admin.desk_client import Console
from tests.complaints.desk import open_desk
from tests.inquiries.desk import add_staff, meet

LINE = {"line_channel_secret": "s" * 32, "line_channel_access_token": "t" * 32}


@pytest.fixture
def administrator(database: Database) -> StaffAccount:
    with database.unit_of_work() as uow:
        return add_staff(uow, "admin", Role.ADMINISTRATOR)


def park(database: Database, reason: str | None = "KeyError at parse.py:88") -> int:
    with database.unit_of_work() as uow:
        event = InboundEvent(
            channel=ChannelName.LINE,
            event_id="e1",
            conversation_key="line:U1",
            occurred_ms=1,
            received_at=uow.now,
            payload='{"text": "คำลับของเขา"}',
            state=EventState.PARKED,
            attempts=3,
            reason=reason,
        )
        uow.session.add(event)
        uow.session.flush()
        return event.id


def test_the_page_says_what_is_on_and_how_it_does(
    database: Database, tmp_path: Path, administrator: StaffAccount
) -> None:
    with database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 290)
        channels.pause(uow, ChannelName.LINE, timedelta(minutes=5), "LINE answered 429: slow down")
    page = Console(database, tmp_path, **LINE).browser(administrator).page("/admin/channels")
    page = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "พักอยู่ถึง 20 พ.ย. 2569 12.05 น." in page
    assert "ส่งถี่เกินไป" in page
    assert "ใช้ 290 จาก 300" in page and "จะหมดวันที่ 20 พ.ย. 2569" in page
    assert "ปิดอยู่" in page  # Telegram has no token


def test_troubled_messages_are_listed_without_their_words(
    database: Database, tmp_path: Path, administrator: StaffAccount
) -> None:
    with database.unit_of_work() as uow:
        delivery = deliveries.enqueue(
            uow,
            meet(uow, "U1", name="ป้าแดง"),
            say("ข้อความส่วนตัว"),
            purpose=DeliveryClass.REPLY,
        )
        assert delivery is not None
        delivery.state, delivery.reason = DeliveryState.FAILED, "blocked"
    page = Console(database, tmp_path).browser(administrator).page("/admin/channels")
    assert "เขาปิดรับข้อความจากเรา" in page
    assert "ข้อความส่วนตัว" not in page and "ป้าแดง" not in page


def test_a_parked_event_is_shown_without_its_words_and_tried_again(
    database: Database, tmp_path: Path, administrator: StaffAccount
) -> None:
    event_id = park(database)
    console = Console(database, tmp_path)
    browser = console.browser(administrator)
    page = browser.page("/admin/channels").replace("\N{NO-BREAK SPACE}", " ")
    assert "<dt>รับล่าสุด</dt><dd>20 พ.ย. 2569 12.00 น.</dd>" in page
    assert "KeyError at parse.py:88" in page and "คำลับของเขา" not in page

    for _ in range(2):
        assert browser.post(f"/admin/channels/parked/{event_id}/retry").status_code == 303
    with database.read() as reader:
        assert reader.session.get_one(InboundEvent, event_id).state is EventState.PENDING
        history = audit.history(reader, subject_kind="event", subject_id=event_id)
        assert [(record.actor, record.action) for record in history] == [("admin", "event.retried")]
    assert console.signals.woken == ["inbox"]


def test_only_administrators_come_in(database: Database, tmp_path: Path) -> None:
    event_id = park(database)
    with database.unit_of_work() as uow:
        responder = add_staff(uow, "somsri", Role.RESPONDER)
    browser = Console(database, tmp_path).browser(responder)
    assert browser.get("/admin/channels").status_code == 403
    assert browser.post(f"/admin/channels/parked/{event_id}/retry").status_code == 403
    with database.read() as reader:
        assert reader.session.get_one(InboundEvent, event_id).state is EventState.PARKED
    browser.client.cookies.clear()
    assert browser.get("/admin/channels").headers["location"].startswith("/admin/login")


@pytest.mark.parametrize(
    ("day", "used", "limit", "ends"),
    [
        (20, 0, 300, None),
        (20, 182, 300, None),  # 9.1 a day: 118 last 12 days more
        (20, 290, 300, 20),
        (10, 200, 300, 15),  # 20 a day: 100 last five days more
        (1, 100, 300, 3),
        (30, 299, 300, None),
    ],
)
def test_the_forecast_follows_the_days_so_far(day: int, used: int, limit: int, ends: int | None) -> None:
    found = runs_out_on(used, limit, datetime(2026, 11, day, 5, tzinfo=UTC))
    assert (found.day if found else None) == ends


def test_the_allowance_is_told_in_words(clock: FixedClock) -> None:
    texts = Catalogue(TEXT_DIRECTORY, *text_directories())
    row = ChannelState(channel=ChannelName.LINE, quota_limit=300, quota_used=300)
    assert quota_of(texts, row, clock.now()).words == "ยังไม่ได้อ่านยอดจาก LINE"
    row.quota_checked_at = clock.now()
    assert quota_of(texts, row, clock.now()).detail == "เหลือ 0 · หมดแล้ว"
    row.quota_limit, row.quota_used = None, 1200
    assert quota_of(texts, row, clock.now()).words == "ใช้ไป 1,200 ไม่จำกัดจำนวน"


def test_news_that_nobody_could_be_told_is_shown_by_its_complaint_and_tried_again(
    database: Database, tmp_path: Path, administrator: StaffAccount
) -> None:
    filed = open_desk(database).file()
    with database.unit_of_work() as uow:
        event = uow.session.scalars(select(outbox.OutboxEvent)).one()
        event.attempts, event.reason = outbox.MAX_ATTEMPTS, "KeyError"
    console = Console(database, tmp_path)
    browser = console.browser(administrator)
    page = browser.page("/admin/channels")
    assert shown(filed.number) in page.replace("\N{NO-BREAK SPACE}", " ") and "KeyError" in page
    assert "ไฟหน้าวัด" not in page
    for _ in range(2):
        assert browser.post(f"/admin/channels/untold/{event.id}/retry").status_code == 303
    assert console.signals.woken == [outbox.TOPIC]
    assert "KeyError" not in browser.page("/admin/channels")
    with database.read() as reader:
        row = reader.session.get_one(outbox.OutboxEvent, event.id)
        assert (row.attempts, row.done_at) == (0, None)
        (written,) = audit.history(reader, subject_kind="news", subject_id=event.id)
        assert (written.actor, written.action) == ("admin", "news.retried")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("LINE refuses the channel access token (401): Authentication failed", "ให้ผู้ดูแลระบบใส่ใหม่"),
        ("LINE answered 429: You have reached your monthly limit.", "โควตา LINE เดือนนี้หมด"),
        ("LINE answered 429: The API rate limit has been exceeded.", "ระบบพักแล้วส่งต่อเอง"),
        ("LINE answered 400: Failed to send messages", "ให้เขาทักมาก่อน"),
        ("LINE answered 400: Invalid webhook endpoint URL", "https://"),
        (
            "LINE answered 400: The request body has 1 error(s); messages[0].text: May not be empty",
            "ระบบเรียงผิด",
        ),
        ("LINE answered 503: Service Unavailable", "รอสักครู่"),
        ("InvalidToken: Unauthorized", "ให้ผู้ดูแลระบบใส่ใหม่"),
        ("Forbidden: bot was blocked by the user", "เขาปิดรับข้อความจากเรา"),
        ("Forbidden: bot was kicked from the supergroup chat", "ให้คนดูแลกลุ่มเพิ่มบอตใหม่"),
        ("BadRequest: Chat not found", "ให้เขาทักมาก่อน"),
        ("BadRequest: Bad webhook: An HTTPS URL must be provided for webhook", "https://"),
        ("BadRequest: Bad webhook: Failed to resolve host: Name or service not known", "ชื่อเว็บ"),
        ("TooManyRequests: too many requests", "ระบบพักแล้วส่งต่อเอง"),
        ("NetworkError: HTTP 502 instead of an answer", "รอสักครู่"),
        ("TimedOut: Timed out", "ถามเขาว่าได้รับหรือไม่"),
        ("something that nobody has seen yet", "แจ้งผู้ดูแลระบบ"),
    ],
)
def test_what_a_platform_says_is_told_with_what_to_do_next(said: str, words: str) -> None:
    told = reason_words(Catalogue(*text_directories()), said)
    assert words in told and not re.search("[A-Za-z]{3}", re.sub("LINE|https|PUBLIC_URL", "", told))
    assert reason_told(said) == said and reason_told("blocked") == ""
