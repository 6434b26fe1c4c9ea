"""The map, the printable file, the reports and the improvement tasks of complaints in the console."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from admin import case_file, case_words
from admin.site import text_directories
from eservice.complaints import overdue, ratings, residents, service
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.text import Catalogue
from tests.admin.cases_room import HOME, Room, open_room, words
from tests.complaints.desk import LIGHT


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


def done(room: Room, filed: Filed) -> None:
    desk = room.desk
    with desk.database.unit_of_work() as uow:
        number = filed.complaint_id
        service.hand_on(uow, number, desk.works, by=desk.palad, seen_version=1)
        service.change_state(
            uow, number, ComplaintState.IN_PROGRESS, by=desk.somsri, seen_version=2, reason="ผ่านไปพอดี"
        )
        service.propose_done(uow, number, "เปลี่ยนหลอดแล้ว", by=desk.somsri, seen_version=3)
        service.agree_done(uow, number, by=desk.somchai, seen_version=4)


def later(room: Room, days: float) -> None:
    """Moves the office's clock on."""
    database = room.desk.database
    with database.read() as reader:
        now = reader.now
    database.clock = FixedClock(now + timedelta(days=days))


def test_the_map_joins_what_lies_together_and_leads_to_its_list(room: Room) -> None:
    for place in ((14.0001, 100.5), (14.0002, 100.5), (14.5, 100.9)):
        room.desk.file(replace(LIGHT, latitude=place[0], longitude=place[1]))
    room.desk.file(replace(LIGHT, latitude=14.0001, longitude=100.5, category="น้ำประปา"))
    palad = room.browser(room.desk.palad)
    found = palad.get(f"{HOME}/map.json").json()["clusters"]
    assert sorted(cluster["count"] for cluster in found) == [1, 3]
    whole = max(found, key=lambda cluster: cluster["count"])
    assert palad.page(whole["href"]).count("data-row>") == 3
    alone = min(found, key=lambda cluster: cluster["count"])
    assert palad.get(alone["href"]).status_code == 200
    lights = palad.get(f"{HOME}/map.json?category={quote('น้ำประปา')}").json()["clusters"]
    assert [cluster["count"] for cluster in lights] == [1]
    elsewhere = palad.get(f"{HOME}/map.json?box=1,1,2,2").json()
    assert elsewhere["clusters"] == [] and elsewhere["box"] == [1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize("box", ["14,100,14,100", "90,180,-90,-180", "-999,-999,999,999"])
def test_strange_parts_of_the_map_are_no_fault(room: Room, box: str) -> None:
    room.desk.file(replace(LIGHT, latitude=14.0, longitude=100.0))
    assert room.browser(room.desk.palad).get(f"{HOME}/map.json?box={box}").status_code == 200


def test_the_map_shows_an_accused_department_nothing(room: Room) -> None:
    room.desk.file(replace(LIGHT, latitude=14.0, longitude=100.0, accused=frozenset({room.desk.works})))
    assert room.browser(room.desk.somsri).get(f"{HOME}/map.json").json() == {"box": None, "clusters": []}
    assert len(room.browser(room.desk.malee).get(f"{HOME}/map.json").json()["clusters"]) == 1


def test_the_file_is_a_pdf_for_who_may_read_the_complaint(room: Room) -> None:
    filed = room.desk.file(replace(LIGHT, accused=frozenset({room.desk.works}), text="ไฟดับ\n#read(\"x\") *จริง* $1$"))  # fmt: skip
    address = f"{HOME}/{filed.complaint_id}/file.pdf"
    answer = room.browser(room.desk.malee).get(address)
    assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert room.browser(room.desk.somsri).get(address).status_code == 404


def test_what_people_write_never_becomes_code_of_the_file() -> None:
    hostile = '#panic("x") #read("/etc/passwd") \\ $ ` " </> \u202e {{}}'
    data: dict[str, object] = {
        "office": hostile, "title": hostile, "printed": hostile, "facts": [(hostile, hostile)],
        "text_heading": hostile, "text": [hostile], "history_heading": hostile,
        "history": [{"time": hostile, "who": hostile, "title": hostile, "lines": [hostile], "mark": hostile}],
        "signatures": [hostile, hostile],
    }  # fmt: skip
    assert case_file.render(data).startswith(b"%PDF-")


def test_reports_tell_what_was_in_time_and_what_was_missed(room: Room) -> None:
    on_time, missed = room.desk.file(replace(LIGHT, village="หมู่ 1")), room.desk.file()
    done(room, on_time)
    palad = room.browser(room.desk.palad)
    with room.desk.database.read() as reader:
        due = reader.session.get_one(Complaint, missed.complaint_id).due_at
        today = reader.now
    assert due is not None
    page = words(palad.page(f"{HOME}/reports?period={today.year}-{today.month:02d}"))
    assert "ทันกำหนด 1 จาก 1 เรื่อง" in page and "หมู่ 1" in page
    later(room, 40)
    with room.desk.database.unit_of_work() as uow:
        overdue.escalate(uow)
    table = room.browser(room.desk.palad).page(f"{HOME}/reports?period={due.year}-{due.month:02d}")
    assert shown(missed.number) in table and shown(on_time.number) not in table
    assert shown(missed.number) not in room.browser(room.desk.author).get(f"{HOME}/reports").text


def test_the_missed_dates_of_a_period_go_into_a_table_without_anybodys_words(room: Room) -> None:
    missed = room.desk.file(replace(LIGHT, text="ความในใจของผู้แจ้ง", category='=HYPERLINK("http://x";"y")'))
    with room.desk.database.read() as reader:
        due = reader.session.get_one(Complaint, missed.complaint_id).due_at
    assert due is not None
    later(room, 40)
    answer = room.browser(room.desk.palad).get(
        f"{HOME}/reports/breaches.csv?period={due.year}-{due.month:02d}"
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][0] == shown(missed.number) and rows[1][1].startswith("'=HYPERLINK")
    assert "ความในใจ" not in answer.content.decode()
    assert "attachment" in answer.headers["content-disposition"]


def test_strange_periods_are_refused_or_empty(room: Room) -> None:
    palad = room.browser(room.desk.palad)
    for period in ("2026-13", "0000-01", "9999-12", "fy1999", "x", "๒๕๖๙-๐๑"):
        assert palad.get(f"{HOME}/reports?period={period}").status_code == 422, period
    for period in ("2000-01", "2199-12", "fy2500", "fy2699", ""):
        assert palad.get(f"{HOME}/reports?period={period}").status_code == 200, period


def test_a_low_rating_opens_a_task_that_somebody_finishes(room: Room) -> None:
    filed = room.desk.file()
    done(room, filed)
    with room.desk.database.unit_of_work() as uow:
        residents.confirm(uow, filed.number, room.desk.owner)
        ratings.rate(uow, filed.number, room.desk.owner, 1, "รอนานมาก")
        (task,) = ratings.tasks(uow, room.desk.palad)
    somsri = room.browser(room.desk.somsri)
    assert "รอนานมาก" in somsri.page(f"{HOME}/tasks")
    assert "ผู้แจ้งให้ 1 จาก 5" in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert shown(filed.number) not in room.browser(room.desk.malee).page(f"{HOME}/tasks")
    assert somsri.post(f"{HOME}/tasks/{task.id}/finish", outcome=" ").status_code == 422
    assert somsri.post(f"{HOME}/tasks/{task.id}/finish", outcome="เบิกหลอดสำรองไว้").status_code == 303
    assert shown(filed.number) not in somsri.page(f"{HOME}/tasks")
    assert "เบิกหลอดสำรองไว้" in somsri.page(f"{HOME}/tasks?done=yes")


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.5, "ไม่ถึง 1 ชั่วโมง"), (5.2, "5 ชั่วโมง"), (23.7, "1 วัน"), (48, "2 วัน"), (60, "2.5 วัน")],
)
def test_a_short_wait_is_told_in_hours(hours: float, words: str) -> None:
    assert case_words.lasting(Catalogue(*text_directories()), timedelta(hours=hours)) == words
