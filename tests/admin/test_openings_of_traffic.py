"""The rooms of the traffic log: asking, the second person, the search in an opening, and what nobody sees."""

import re
from pathlib import Path

import pytest

from admin import openings, traffic
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.http import Caller
from eservice.staff.models import Role
from eservice.traffic.recording import Seen, TrafficRecorder
from tests.admin.visitors import Doors

FORM = {
    "reference": "คดี 7/2569", "ordered_by": "สภ.เมือง", "document": "ตช 12/9", "ordered_on": "2026-11-19",
    "from": "2026-11-20", "to": "2026-11-20", "source": "203.0.113.9", "reason": "ตามคำสั่ง",
}  # fmt: skip
SEEN = "203.0.113.9:5"


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    recorder = TrafficRecorder(database)
    recorder.note(
        Seen(
            at=recorder.now(), milliseconds=1, source="203.0.113.9", port=5, caller=Caller(account="malee"),
            method="GET", path="/faq", status=200, bytes_in=0, bytes_out=1,
        )
    )  # fmt: skip
    recorder.write()
    return Doors(database, tmp_path, [traffic.router, openings.router])


def test_from_the_order_to_the_rows_and_to_the_end_it_takes_two(doors: Doors, database: Database) -> None:
    keeper = doors.browser("keeper", Role.LOG_CUSTODIAN, Role.ADMINISTRATOR)
    boss = doors.browser("boss", Role.ADMINISTRATOR)
    days = "from=2026-11-20&to=2026-11-20"
    assert SEEN not in keeper.get(f"/admin/traffic?{days}").text
    empty = keeper.post("/admin/traffic/ask", form_on="/admin/traffic/ask", reference="คดี 7/2569")
    assert empty.status_code == 422 and 'value="คดี 7/2569"' in empty.text
    assert "เลขหนังสือ: ใส่เลขหนังสือของคำสั่ง" in empty.text
    asked = keeper.post("/admin/traffic/ask", form_on="/admin/traffic/ask", **FORM)
    page = asked.headers["location"]
    of_boss = page.replace("traffic", "openings")
    assert 'role="search"' not in keeper.get(page).text and SEEN not in keeper.get(f"{page}?{days}").text
    assert "อนุมัติเองไม่ได้" in keeper.get(of_boss).text
    assert keeper.post(f"{of_boss}/approve").status_code == 403
    assert re.search(r"<b[^>]*>1</b>|count\">1<", boss.get("/admin/openings").text)
    assert "ตช 12/9" in boss.get(of_boss).text
    assert boss.post(f"{of_boss}/refuse", reason="").status_code == 422
    assert boss.post(f"{of_boss}/approve").headers["location"] == of_boss

    assert "ค้นหา" in keeper.get("/admin/traffic").text and 'role="search"' in keeper.get(page).text
    found = keeper.get(f"{page}?{days}").text
    assert SEEN in found and "2026-11-20 12:00:00+07:00" in found and "malee" in found
    assert boss.get(page).status_code == 403
    assert all(SEEN not in boss.get(at).text for at in ("/admin/openings", of_boss, f"{of_boss}?{days}"))
    for outside in ("from=2026-11-19&to=2026-11-20", "from=x&to=2026-11-20", f"{days}&source=203.0.113.10"):
        answer = keeper.get(f"{page}?{outside}")
        assert answer.status_code == 422 and SEEN not in answer.text and "ไม่ครอบคลุม" in answer.text
    assert SEEN not in keeper.get(f"{page}?{days}&account=x").text

    assert keeper.post(f"{page}/close").status_code == 303
    over = keeper.get(f"{page}?{days}")
    assert over.status_code == 409 and SEEN not in over.text
    assert "จบแล้ว" in keeper.get("/admin/traffic").text and "จบแล้ว" in boss.get("/admin/openings").text
    with database.read() as reader:
        steps = audit.history(reader, subject_kind="traffic_opening", subject_id=page.rpartition("/")[2])
    assert [each.action.removeprefix("traffic.") for each in reversed(steps)] == [
        "opening_asked", "opening_approved", "read", "read", "opening_closed",
    ]  # fmt: skip


def test_a_second_decision_and_a_refusal_are_told_on_the_page(doors: Doors) -> None:
    keeper = doors.browser("keeper", Role.LOG_CUSTODIAN)
    boss = doors.browser("boss", Role.ADMINISTRATOR)
    page = keeper.post("/admin/traffic/ask", form_on="/admin/traffic/ask", **FORM).headers["location"]
    of_boss = page.replace("traffic", "openings")
    assert keeper.get(of_boss).status_code == keeper.post(f"{of_boss}/approve").status_code == 403
    assert boss.post(f"{of_boss}/refuse", reason="ไม่มีคำสั่งตัวจริง").status_code == 303
    assert boss.post(f"{of_boss}/approve").headers["location"] == of_boss
    assert "มีคนตัดสินหรือปิดไปแล้ว" in boss.get(of_boss).text
    assert "ไม่มีคำสั่งตัวจริง" in keeper.get(page).text
