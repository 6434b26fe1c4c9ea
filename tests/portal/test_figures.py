"""The public figures as page, CSV and JSON."""

import csv
import io
from dataclasses import replace

import pytest

from eservice.complaints.categories import Category, save_category
from eservice.complaints.models import Source
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.queries import principal_of
from tests.complaints.desk import LIGHT, Desk, open_desk
from tests.inquiries.desk import add_staff
from tests.portal.conftest import HOSTILE, Portal

SECRET = "ข้อความลับ"


@pytest.fixture
def desk(portal: Portal, database: Database) -> Desk:
    return open_desk(database)


def fill(desk: Desk) -> None:
    for category, count in (("ไฟฟ้าแสงสว่าง", 12), ("ความปลอดภัย", 2), ("อื่นๆ", 9)):
        for _ in range(count):
            desk.file(
                replace(
                    LIGHT,
                    category=category,
                    text=SECRET,
                    village="บ้านนายสมชาย",
                    source=Source.WEB,
                    reporter_name="สมชาย",
                    latitude=17.123456,
                    longitude=104.654321,
                    address="ข้างบ้านครู",
                )
            )


def table(portal: Portal) -> list[list[str]]:
    body = portal.client.get("/figures.csv")
    assert body.content.startswith(b"\xef\xbb\xbf") and "charset=utf-8" in body.headers["content-type"]
    return list(csv.reader(io.StringIO(body.content.decode("utf-8-sig"))))


def test_page_csv_and_json_say_the_same_and_nothing_of_anybody(portal: Portal, desk: Desk) -> None:
    fill(desk)
    page, document = portal.client.get("/figures").text, portal.client.get("/figures.json").json()
    rows = {(row[0], row[1]): row[2] for row in table(portal)}
    assert document["total"] == 23 and rows["ทั้งหมด", "เรื่องที่แจ้ง"] == "23" and ">23<" in page
    assert rows["ตามประเภท", "ความปลอดภัย"] == "น้อยกว่า 5" and "น้อยกว่า 5" in page
    hidden = {row["name"]: row.get("hidden") for row in document["by_category"] if row["count"] is None}
    assert hidden == {"ความปลอดภัย": "fewer_than_5", "อื่นๆ": "hidden_with_few"}
    for secret in (SECRET, "สมชาย", "17.123", "104.65", "ข้างบ้านครู"):
        assert secret not in page + str(document) + str(rows)


def test_too_few_complaints_about_people_withhold_everything(portal: Portal, desk: Desk) -> None:
    desk.file(replace(LIGHT, category="ทุจริต"))
    assert portal.client.get("/figures.json").json()["total"] is None
    assert "น้อยเกินไป" in portal.client.get("/figures").text
    assert len(table(portal)) == 2


def test_names_of_the_office_are_no_formulas_in_a_spreadsheet(portal: Portal, desk: Desk) -> None:
    with portal.database.unit_of_work() as uow:
        admin = principal_of(uow, add_staff(uow, "admin", Role.ADMINISTRATOR))
        for name in ("=1+1", HOSTILE):
            save_category(uow, Category(name=name, department_id=None, working_days=3), by=admin)
    desk.file(replace(LIGHT, category="=1+1"))
    desk.file(replace(LIGHT, category=HOSTILE))
    cells = [cell for row in table(portal) for cell in row]
    assert "'=1+1" in cells and not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert HOSTILE not in portal.client.get("/figures").text


def test_the_figures_of_the_last_minute_are_kept(portal: Portal, desk: Desk, clock: FixedClock) -> None:
    assert portal.client.get("/figures.json").json()["total"] == 0
    desk.file()
    assert portal.client.get("/figures.json").json()["total"] == 0
    clock.advance(seconds=61)
    assert portal.client.get("/figures.json").json()["total"] == 1


def test_figures_speak_english_too(portal: Portal, desk: Desk) -> None:
    fill(desk)
    assert "How we work" in portal.client.get("/figures?lang=en").text
    assert "fewer than 5" in portal.client.get("/figures.csv?lang=en").text
