"""The room of personal data: requests decided and told, keeping times, the register, incidents."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from admin import privacy, privacy_breaches, privacy_processors
from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, ContactKind, Message
from eservice.privacy import breaches, requests, retention
from eservice.privacy.breaches import NewBreach
from eservice.privacy.models import Breach, BreachRisk, PrivacyRequest, RequestKind, RequestState
from eservice.staff.models import Role
from tests.admin.visitors import Doors, Visitor
from tests.privacy.test_erasure import MALEE

SECRET = "นามสกุลผิด <b>ที่ถูกคือใจดี</b>"


@pytest.fixture
def boss(doors: Doors) -> Visitor:
    return doors.browser("boss", Role.ADMINISTRATOR)


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, (privacy_breaches.router, privacy_processors.router, privacy.router))


def ask(doors: Doors, kind: RequestKind, words: str = "") -> int:
    with doors.database.unit_of_work() as uow:
        talk = conversations.open_talk(uow, channel=ChannelName.WEB, address="w1", kind=ContactKind.PERSON)
        return requests.ask(uow, kind, contact=talk.contact, words=words).id


def the_request(doors: Doors) -> PrivacyRequest:
    with doors.database.read() as reader:
        return reader.session.scalars(select(PrivacyRequest)).one()


def test_a_correction_is_read_answered_and_told(doors: Doors, boss: Visitor) -> None:
    number = ask(doors, RequestKind.CORRECTION, SECRET)
    listed = boss.get("/admin/privacy").text
    assert "ขอแก้ไขข้อมูล" in listed and "เหลือ 30 วัน" in listed.replace("\N{NO-BREAK SPACE}", " ")
    page = boss.get(f"/admin/privacy/{number}").text
    assert "&lt;b&gt;ที่ถูกคือใจดี" in page and SECRET not in page
    assert boss.post(f"/admin/privacy/{number}/do", outcome=" ").status_code == 422
    assert boss.post(f"/admin/privacy/{number}/do", outcome="แก้นามสกุลแล้ว").status_code == 303
    assert the_request(doors).state is RequestState.DONE
    with doors.database.read() as reader:
        assert "แก้นามสกุลแล้ว" in reader.session.scalars(select(Message)).one().text
    assert "แก้นามสกุลแล้ว" in boss.get(f"/admin/privacy/{number}").text
    assert boss.post(f"/admin/privacy/{number}/do", outcome="อีกครั้ง").status_code == 409
    assert "ขอแก้ไขข้อมูล" in boss.get("/admin/privacy?done=yes").text


def test_a_refusal_names_the_law(doors: Doors, boss: Visitor) -> None:
    number = ask(doors, RequestKind.ERASURE)
    page = boss.get(f"/admin/privacy/{number}").text
    assert "90 วันตามกฎหมายคอมพิวเตอร์" in page and "ต้องลบเสร็จไม่เกิน" in page
    refused = boss.post(f"/admin/privacy/{number}/refuse", reason="ยังมีคดี", law="")
    assert refused.status_code == 422 and "ยังมีคดี" in refused.text
    boss.post(f"/admin/privacy/{number}/refuse", reason="ยังมีคดี", law="PDPA ม.33")
    assert (the_request(doors).state, the_request(doors).law) == (RequestState.REFUSED, "PDPA ม.33")


def test_keeping_times_are_set_within_the_law_and_show_what_would_go(doors: Doors, boss: Visitor) -> None:
    page = boss.get("/admin/privacy/keeping").text
    assert "ถ้าลบตอนนี้ จะลบ 0 รายการ" in page and "อย่างน้อย 90 วัน" in page
    assert boss.post("/admin/privacy/keeping", name="sign_ins", days="30").status_code == 422
    assert boss.post("/admin/privacy/keeping", name="messages", days="180").status_code == 303
    with doors.database.read() as reader:
        assert retention.days_of(reader)["messages"] == 180
        assert reader.session.scalars(select(AuditRecord.action)).all()[-1] == "privacy.kept_for"
    assert "180 วัน" in boss.get("/admin/privacy/register").text


def test_the_register_downloads_as_csv_and_excel(boss: Visitor) -> None:
    assert "contacts.address" in boss.get("/admin/privacy/register/csv").content.decode("utf-8-sig")
    assert boss.get("/admin/privacy/register/xlsx").content.startswith(b"PK")


def test_an_incident_counts_down_and_is_closed_step_by_step(doors: Doors, boss: Visitor) -> None:
    typed = {
        "day": "19/11/2569",
        "clock": "12:00",
        "what": "โน้ตบุ๊กหาย",
        "data": "ชื่อ",
        "people": "12",
        "risk": "high",
    }
    wrong = boss.post("/admin/privacy/breaches", **{**typed, "day": "31/2/2569"})
    assert wrong.status_code == 422 and "โน้ตบุ๊กหาย" in wrong.text
    assert "ใส่จำนวนคนเป็นตัวเลข" in boss.post("/admin/privacy/breaches", **{**typed, "people": "สิบคน"}).text
    home = boss.post("/admin/privacy/breaches", **typed).headers["location"]
    assert "เหลือ 48 ชั่วโมง 0 นาที" in boss.get(home).text.replace("\N{NO-BREAK SPACE}", " ")
    assert boss.post(f"{home}/close", words="เข้ารหัสทุกเครื่อง").status_code == 409
    for step, words in (("report", ""), ("tell", "เรียนทุกท่าน"), ("close", "เข้ารหัสทุกเครื่อง")):
        assert boss.post(f"{home}/{step}", words=words).status_code == 303, step
    with doors.database.read() as reader:
        assert reader.session.scalars(select(Breach)).one().closed_at is not None
    assert "ปิดแล้ว" in boss.get("/admin/privacy/breaches").text
    assert "โน้ตบุ๊กหาย" in boss.get("/admin/privacy/breaches/all.csv").content.decode("utf-8-sig")


def test_every_page_says_when_a_clock_runs_out_and_the_badge_is_red(
    doors: Doors, boss: Visitor, clock: FixedClock
) -> None:
    clerk = doors.browser("clerk", Role.RESPONDER)
    ask(doors, RequestKind.CORRECTION, "แก้ชื่อ")
    quiet = boss.get("/admin/me").text
    assert ">1</span>" in quiet and "count--urgent" not in quiet and "console-warning" not in quiet
    clock.advance(days=26)
    boss, clerk = doors.browser("boss2", Role.ADMINISTRATOR), doors.browser("clerk2", Role.RESPONDER)
    pressing = boss.get("/admin/me").text
    assert "count--urgent" in pressing and "1 คำขอที่ต้องทำให้เสร็จใน 5 วัน" in pressing.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    with doors.database.unit_of_work() as uow:
        noticed = uow.now - timedelta(hours=70)
        new = NewBreach(noticed_at=noticed, what="โน้ตบุ๊กหาย", data="ชื่อ", people=1, risk=BreachRisk.RISK)
        breach = breaches.note(uow, new, by="boss")
    running = boss.get("/admin/me").text.replace("\N{NO-BREAK SPACE}", " ")
    assert ">2</span>" in running and "เหลือ 2 ชั่วโมง 0 นาที" in running and "ยังไม่ได้แจ้ง สคส." in running
    assert "console-warning" not in clerk.get("/admin/me").text
    with doors.database.unit_of_work() as uow:
        breaches.report(uow, breach.id, "", by="boss")
        requests.refuse(uow, the_request(doors).id, "ไม่ได้", "PDPA ม.36", by=MALEE)
    assert "console-warning" not in boss.get("/admin/me").text


def test_an_erasure_says_when_the_last_backup_of_it_is_gone_and_names_old_copies(
    doors: Doors, boss: Visitor, clock: FixedClock, tmp_path: Path
) -> None:
    number = ask(doors, RequestKind.ERASURE)
    page = boss.get(f"/admin/privacy/{number}").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "หมดไปเองภายใน 20 ธ.ค. 2569" in page and "เก่ากว่า 90 วัน" not in page
    old = tmp_path / "before-upgrade" / "phueanban-20260101-023000"
    old.mkdir(parents=True)
    (old / "manifest.json").write_text("{}")
    clock.advance(days=61)
    late = doors.browser("boss2", Role.ADMINISTRATOR).get(f"/admin/privacy/{number}").text
    assert "เลยวันที่ต้องลบเสร็จ" in late and str(old) in late


def test_agreements_with_those_who_handle_data_are_noted_and_ended(doors: Doors, boss: Visitor) -> None:
    page = boss.get("/admin/privacy/processors").text
    assert "ยังไม่มีข้อตกลง" in page and "ผู้พัฒนา" in page and "Telegram" not in page
    typed = {"key": "developer", "day": "1/11/2569", "reference": "สัญญา <b>7/2569"}
    wrong = boss.post("/admin/privacy/processors", **{**typed, "day": "31/2/2569"})
    assert wrong.status_code == 422 and "สัญญา &lt;b&gt;7/2569" in wrong.text
    assert boss.post("/admin/privacy/processors", **{**typed, "key": "mars"}).status_code == 404
    assert boss.post("/admin/privacy/processors", **typed).status_code == 303
    noted = boss.get("/admin/privacy/processors").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "1 พ.ย. 2569" in noted and "สัญญา &lt;b&gt;7/2569" in noted
    assert boss.post("/admin/privacy/processors/end", key="developer").status_code == 303
    assert "1 พ.ย. 2569" not in boss.get("/admin/privacy/processors").text.replace("\N{NO-BREAK SPACE}", " ")
