"""The rooms of staff accounts and of the office's settings."""

import html
import re
from datetime import time

import pytest

from admin.site import text_directories
from eservice.kit import audit
from eservice.kit.text import LANGUAGES, Catalogue
from eservice.office import service
from eservice.staff import queries, sessions
from eservice.staff.models import Position, Role
from eservice.staff.permissions import Grant
from tests.admin.visitors import GOOD_PASSWORD, Doors, Visitor


@pytest.fixture
def boss(doors: Doors) -> Visitor:
    return doors.browser("boss", Role.ADMINISTRATOR)


def test_a_new_account_shows_its_link_once_and_the_link_works(doors: Doors, boss: Visitor) -> None:
    answer = boss.post(
        "/admin/staff/new",
        username="preecha",
        display_name="ปรีชา <ช่าง>",
        department=str(doors.works_id),
        position="head",
        roles=["responder", f"author@{doors.works_id}"],
    )
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert "ปรีชา &lt;ช่าง&gt;" in answer.text
    found = re.search(r'value="http://127.0.0.1:8000(/admin/link/[\w-]+)"', answer.text)
    assert found is not None
    preecha = doors.visitor()
    preecha.open_link(found[1])
    form = "/admin/link"
    chosen = preecha.post(form, form_on=form, password=GOOD_PASSWORD, repeated=GOOD_PASSWORD)
    assert chosen.status_code == 303
    with doors.database.read() as reader:
        row = next(row for row in queries.all_accounts(reader) if row.account.username == "preecha")
        assert set(row.grants) == {
            Grant(role=Role.RESPONDER),
            Grant(role=Role.AUTHOR, department_id=doors.works_id),
        }
        assert (row.department_name, row.account.position) == ("กองช่าง", Position.HEAD)
    page = boss.get("/admin/staff").text
    assert "ผู้เขียนคำตอบ (กองช่าง)" in page and found[1] not in page


def test_a_refused_form_keeps_what_was_typed(doors: Doors, boss: Visitor) -> None:
    answer = boss.post(
        "/admin/staff/new", username="สมศรี", display_name="สมศรี", department=str(doors.finance_id)
    )
    assert answer.status_code == 422
    assert 'value="สมศรี"' in answer.text and 'id="username-error"' in answer.text
    assert f'<option value="{doors.finance_id}" selected>' in answer.text
    with doors.database.read() as reader:
        assert len(queries.all_accounts(reader)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": "emperor"},
        {"roles": "author@x"},
        {"roles": "author", "position": "god"},
        {"roles": "author@99"},
    ],
)
def test_what_the_form_does_not_offer_is_refused(doors: Doors, boss: Visitor, wrong: dict[str, str]) -> None:
    answer = boss.post("/admin/staff/new", username="somsri", display_name="สมศรี", **wrong)
    assert answer.status_code == 422
    with doors.database.read() as reader:
        assert len(queries.all_accounts(reader)) == 1


def test_fewer_rights_hold_from_the_next_click_and_more_from_the_next_sign_in(
    doors: Doors, boss: Visitor
) -> None:
    somsri = doors.browser("somsri", Role.AUTHOR, Role.ADMINISTRATOR)
    address = f"/admin/staff/{somsri.account_id}"
    assert somsri.get("/admin/office").status_code == 200
    saved = boss.post(address, display_name="สมศรี", roles=["author"])
    assert saved.status_code == 303 and "บันทึกแล้ว" in boss.get(address).text
    assert somsri.get("/admin/office").status_code == 403
    boss.post(address, display_name="สมศรี", roles=["author", "responder"])
    assert somsri.get("/admin/me").status_code == 303


def test_changing_ones_own_rights_gives_a_new_session(doors: Doors, boss: Visitor) -> None:
    old = boss.client.cookies["phueanban_staff"]
    address = f"/admin/staff/{boss.account_id}"
    assert boss.post(address, display_name="นาย", roles=["administrator", "author"]).status_code == 303
    assert boss.get(address).status_code == 200
    thief = doors.visitor()
    thief.client.cookies.set("phueanban_staff", old)
    assert thief.get("/admin/me").status_code == 303


def test_an_administrator_signs_another_out_and_it_is_on_record(doors: Doors, boss: Visitor) -> None:
    somsri, desk = doors.browser("somsri", Role.AUTHOR), doors.visitor()
    with doors.database.unit_of_work() as uow:
        account = queries.account_by_id(uow, somsri.account_id)
        android = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36"
        cookie = sessions.open_session(uow, account, user_agent=android, address="203.0.113.7")
    desk.client.cookies.set("phueanban_staff", cookie)
    address = f"/admin/staff/{somsri.account_id}"
    page = html.unescape(boss.get(address).text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Chrome บน Android" in page and "203.0.113.7" in page
    one = re.search(rf'"{address}/sessions/(\d+)/end"', page)
    assert one is not None
    foreign = boss.post(f"/admin/staff/{boss.account_id}/sessions/{one[1]}/end")
    assert foreign.status_code == 404  # not of that person
    assert boss.post(f"{address}/sessions/{one[1]}/end").status_code == 303
    assert sorted(each.get("/admin/me").status_code for each in (somsri, desk)) == [200, 303]
    assert boss.post(f"{address}/sessions/end").status_code == 303
    assert somsri.get("/admin/me").status_code == desk.get("/admin/me").status_code == 303
    assert "ให้ออกจากระบบ" in boss.get(f"{address}/history").text


def test_the_last_administrator_stays(doors: Doors, boss: Visitor) -> None:
    address = f"/admin/staff/{boss.account_id}"
    for answer in (
        boss.post(address, display_name="หัวหน้า", roles=["author"]),
        boss.post(f"{address}/disable"),
    ):
        assert answer.status_code == 409 and "ผู้ดูแลระบบคนสุดท้าย" in answer.text
    assert boss.get("/admin/staff").status_code == 200


def test_disabling_and_enabling(doors: Doors, boss: Visitor) -> None:
    somsri = doors.browser("somsri", Role.AUTHOR)
    address = f"/admin/staff/{somsri.account_id}"
    assert boss.post(f"{address}/disable").status_code == 303
    assert somsri.get("/admin/me").status_code == 303
    assert "ปิดแล้ว" in boss.get("/admin/staff").text
    assert boss.post(f"{address}/link").status_code == 409
    assert boss.post(f"{address}/enable").status_code == 303
    assert "/admin/link/" in boss.post(f"{address}/link").text


def test_the_history_says_who_changed_what_in_words(doors: Doors, boss: Visitor) -> None:
    made = doors.account("somsri", Grant(role=Role.AUTHOR, department_id=doors.finance_id))
    address = f"/admin/staff/{made.account.id}"
    boss.post(
        address, display_name="สมศรี", department=str(doors.works_id), position="head", roles=["checker"]
    )
    page = html.unescape(boss.get(f"{address}/history").text)
    assert "โดย boss" in page and "แก้บัญชี" in page and "โดย cli" in page and "สร้างบัญชี" in page
    assert "<del>ผู้เขียนคำตอบ (กองคลัง)</del>" in page and "<ins>ผู้ตรวจ</ins>" in page
    assert "<ins>กองช่าง</ins>" in page and "<ins>หัวหน้า/ผอ.กอง</ins>" in page
    assert sessions.hash_token(made.token) not in page


def test_the_history_is_open_to_the_custodian_and_to_nobody_else(doors: Doors, boss: Visitor) -> None:
    address = f"/admin/staff/{boss.account_id}/history"
    assert doors.browser("custodian", Role.LOG_CUSTODIAN).get(address).status_code == 200
    assert doors.browser("author", Role.AUTHOR).get(address).status_code == 403


def test_the_rail_shows_only_open_rooms(doors: Doors, boss: Visitor) -> None:
    author = doors.browser("author", Role.AUTHOR)
    page = author.get("/admin/me").text
    assert 'href="/admin/faq"' in page and 'href="/admin/bench"' in page
    assert 'href="/admin/staff"' not in page and 'href="/admin/inquiries"' not in page
    assert author.get("/admin/").headers["location"] == "/admin/faq"
    assert (
        doors.browser("custodian", Role.LOG_CUSTODIAN).get("/admin/").headers["location"] == "/admin/records"
    )


OFFICE_FORM = {
    "name": "อบต.ใหม่",
    "address": "1 หมู่ 2",
    "phone": "02 000 0000",
    "email": "saraban@example.go.th",
    "opens_at": "8.30",
    "closes_at": "16:00",
    "lunch_starts_at": "11.30",
    "lunch_ends_at": "12:30",
    "holidays": "31/12/2569 วันสิ้นปี\n\n1/1/2570 วันขึ้นปีใหม่",
    "widget_origins": "https://www.example.go.th/\n",
}


def test_office_settings_are_changed_and_audited(doors: Doors, boss: Visitor) -> None:
    assert boss.post("/admin/office", **OFFICE_FORM).status_code == 303
    page = boss.get("/admin/office").text
    assert "อบต.ใหม่" in page and "31/12/2569 วันสิ้นปี\n1/1/2570 วันขึ้นปีใหม่" in page
    with doors.database.read() as reader:
        office = service.get_office(reader)
        assert (office.opens_at.hour, office.closes_at.hour) == (8, 16)
        assert (office.lunch_starts_at, office.lunch_ends_at) == (time(11, 30), time(12, 30))
        assert office.widget_origins == ["https://www.example.go.th"]
        assert audit.history(reader, subject_kind="office", subject_id=1)[0].actor == "boss"


def test_an_office_can_work_through_lunch(doors: Doors, boss: Visitor) -> None:
    assert 'value="12:00"' in boss.get("/admin/office").text
    no_lunch = {**OFFICE_FORM, "lunch_starts_at": "", "lunch_ends_at": " "}
    assert boss.post("/admin/office", **no_lunch).status_code == 303
    assert 'name="lunch_starts_at" type="text" value=""' in boss.get("/admin/office").text
    with doors.database.read() as reader:
        office = service.get_office(reader)
        assert (office.lunch_starts_at, office.lunch_ends_at) == (None, None)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "ใส่ชื่อสำนักงาน"),
        ("email", "saraban", "อีเมลยังไม่ถูก"),
        ("opens_at", "เช้า", "เวลาเปิดเขียนแบบ"),
        ("opens_at", "25:00", "เวลาเปิดเขียนแบบ"),
        ("closes_at", "08:00", "ต้องหลังเวลาเปิด"),
        ("closes_at", "16:30+07:00", "เวลาปิดเขียนแบบ"),
        ("lunch_starts_at", "เที่ยง", "เวลาเริ่มพักเขียนแบบ"),
        ("lunch_ends_at", "24:00", "เวลาพักต้องครบ"),
        ("lunch_ends_at", "", "เวลาพักต้องครบ"),
        ("lunch_ends_at", "11:00", "เวลาพักต้องครบ"),
        ("holidays", "วันสิ้นปี", "วันหยุดบางบรรทัดยังไม่ถูก"),
        ("holidays", "31/2/2569 ไม่มีวันนี้", "วันหยุดบางบรรทัดยังไม่ถูก"),
        ("widget_origins", "javascript:alert(1)", "เว็บไซต์ขึ้นต้นด้วย"),
    ],
)
def test_a_wrong_setting_is_explained_at_its_field(
    doors: Doors, boss: Visitor, field: str, value: str, sentence: str
) -> None:
    answer = boss.post("/admin/office", **{**OFFICE_FORM, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text and sentence in answer.text
    with doors.database.read() as reader:
        assert service.get_office(reader).phone == ""


def test_thai_and_english_say_the_same_things() -> None:
    texts = Catalogue(*text_directories())
    assert texts.keys("th") == texts.keys("en")
    for key in texts.keys("th"):
        names = [sorted(re.findall(r"{(\w+)}", texts.get(key, language))) for language in LANGUAGES]
        assert names[0] == names[1], key
