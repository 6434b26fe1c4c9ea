"""The first set-up in the console: step by step to an office, and starter answers that wait for their word."""

from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.office import service as offices
from eservice.setup import starter
from eservice.setup.steps import STEPS, Step
from eservice.staff.models import Department, Role
from eservice.staff.permissions import Grant
from knowledge.entries.content import UNFILLED
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, Entry, EntryState, EntryVersion
from tests.admin.visitors import Doors, further_rooms
from tests.complaints.pictures import photo

PAID = "elderly-not-paid"


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, further_rooms())


def test_the_administrator_is_led_from_step_to_step(rooms: Doors) -> None:
    admin = rooms.browser("somsri", Role.ADMINISTRATOR)
    assert admin.get("/admin/").headers["location"] == "/admin/setup"
    token = admin.token("/admin/me")

    def save(step: Step, files: dict[str, bytes] | None = None, **fields: str) -> str:
        answer = admin.client.post(
            f"/admin/setup/{step.value}", data={"csrf_token": token, **fields}, files=files
        )
        return answer.headers["location"] if answer.status_code == 303 else answer.text

    colours = {"header_colour": "#1d3a8a", "action_colour": "#f4b63f"}
    assert "เข้มพอ" in save(Step.NAME, name="อบต.น้ำใส", **colours)
    colours["action_colour"] = "#1d3a8a"
    assert "เปิดไฟล์นี้เป็นรูปไม่ได้" in save(Step.NAME, {"seal": b"<svg/>"}, name="อบต.น้ำใส", **colours)
    assert save(Step.NAME, {"seal": photo(1)}, name="อบต.น้ำใส", **colours) == "/admin/setup/place"
    assert "ยังไม่เสร็จ" in admin.get("/admin/setup").text
    assert "/office/seal.png" in admin.get("/admin/setup/name").text
    assert "ใส่ที่อยู่" in save(Step.PLACE, address="")
    assert "ตัวเลขสองตัว" in save(Step.PLACE, address="หมู่ 5", latitude="ที่นี่")
    assert save(Step.PLACE, address="หมู่ 5", latitude="16.44, 102.83") == "/admin/setup/departments"

    own = {"name_new1": "สำนักปลัด", "order_new1": "1"}
    works = {f"name_{rooms.works_id}": "กองช่าง", f"order_{rooms.works_id}": "2"}
    assert save(Step.DEPARTMENTS, **own, **works) == "/admin/setup/hours"
    hours = {"opens_at": "08.30", "closes_at": "16.30", "holidays": "15/1/2570 งานตำบล"}
    assert save(Step.HOURS, **hours) == "/admin/setup/contacts"
    assert save(Step.CONTACTS, phone="043 000", privacy_contact="ปลัด") == "/admin/setup/administrators"
    assert "อย่างน้อยสองคน" in save(Step.ADMINISTRATORS)
    rooms.account("wichai", Role.ADMINISTRATOR)
    assert save(Step.ADMINISTRATORS) == "/admin/setup/starter"
    assert save(Step.STARTER) == "/admin/setup"
    assert admin.get("/admin/").headers["location"] != "/admin/setup"

    with rooms.database.read() as reader:
        office = offices.get_office(reader)
        assert (office.name, office.latitude, office.privacy_contact) == ("อบต.น้ำใส", 16.44, "ปลัด")
        assert office.setup_steps == [step.value for step in STEPS]
        names = reader.session.scalars(select(Department.name).order_by(Department.position))
        assert list(names) == ["สำนักปลัด", "กองช่าง"]
        actions = {record.action for record in audit.history(reader, subject_kind="office", subject_id=1)}
        assert {"office.updated", "office.seal_changed", "office.step_done"} <= actions


def test_departments_change_names_with_each_other_and_stay_while_anybody_is_in_them(rooms: Doors) -> None:
    grant = Grant(role=Role.RESPONDER, department_id=rooms.works_id)
    rooms.account("somchai", grant)
    admin = rooms.browser("somsri", Role.ADMINISTRATOR)
    swapped = {f"name_{rooms.finance_id}": "กองช่าง", f"name_{rooms.works_id}": "กองคลัง"}
    assert admin.post("/admin/setup/departments", **swapped).status_code == 303
    refused = admin.post("/admin/setup/departments", **{f"name_{rooms.finance_id}": "กองช่าง"})
    assert refused.status_code == 409 and "ลบกองนี้ไม่ได้" in refused.text
    with rooms.database.read() as reader:
        assert reader.session.get_one(Department, rooms.works_id).name == "กองคลัง"


def test_starter_answers_answer_nobody_before_their_department_has_confirmed_them(rooms: Doors) -> None:
    question = next(e.content.question for e in starter.starter_entries() if e.key == PAID)
    live = LiveFaq(rooms.database)
    admin = rooms.browser("somsri", Role.ADMINISTRATOR)
    fields = {"entry": [PAID, "office-divisions"], "department:สำนักปลัด": str(rooms.works_id)}
    assert admin.post("/admin/setup/starter", **fields).status_code == 303
    assert admin.post("/admin/setup/starter", **fields).status_code == 303  # again: nothing more
    live.refresh()
    assert not live.faces() and live.decide(question).kind == AskDecision.UNKNOWN

    finance = rooms.browser("fin", Grant(role=Role.PUBLISHER, department_id=rooms.finance_id))
    works = rooms.browser("wor", Grant(role=Role.PUBLISHER, department_id=rooms.works_id))
    with rooms.database.read() as reader:
        (draft,) = reader.session.scalars(
            select(EntryVersion).join(Entry, Entry.id == EntryVersion.entry_id).where(Entry.key == PAID)
        )
        entry_id = draft.entry_id
        assert "กองช่าง" in draft.answer and "สำนักปลัด" not in draft.answer
    box = f"{entry_id}:1"
    assert question not in finance.get("/admin/faq/starter").text
    assert finance.post("/admin/faq/starter", entry=box).status_code == 403
    assert question in works.get("/admin/faq/starter").text
    assert works.post("/admin/faq/starter", entry=box).status_code == 303
    live.refresh()
    assert [face.question for face in live.faces()] == [question]
    assert question not in works.get("/admin/faq/starter").text


def test_a_draft_with_something_to_fill_in_cannot_be_confirmed(rooms: Doors) -> None:
    with rooms.database.unit_of_work() as uow:
        assert starter.take(uow, ["office-divisions"], {}, actor="admin") == 1
    publisher = rooms.browser("pim", Role.PUBLISHER)
    with rooms.database.read() as reader:
        (entry,) = reader.session.scalars(select(Entry))
    assert "ต้องเติมก่อน" in publisher.get("/admin/faq/starter").text
    refused = publisher.post("/admin/faq/starter", entry=f"{entry.id}:1")
    assert refused.headers["location"] == "/admin/faq/starter"
    typed = {"question": "มีกองอะไรบ้าง", "answer": "กองที่ ๑\n〔เติมชื่อ〕", "action": "publish", "based_on": "1"}
    again = publisher.post(f"/admin/faq/{entry.id}", **typed)
    assert again.status_code == 422 and "กองที่ ๑" in again.text and "ช่องที่ต้องเติม" in again.text
    with rooms.database.read() as reader:
        assert reader.session.get_one(Entry, entry.id).state is EntryState.DRAFT


def test_no_starter_answer_keeps_what_is_the_demos_own(database: Database) -> None:
    keys = [entry.key for entry in starter.starter_entries()]
    with database.unit_of_work() as uow:
        uow.session.add(Department(name="ฝ่ายบริการ", position=1))
        uow.session.flush()
        own = uow.session.scalars(select(Department.id)).one()
        mapped = dict.fromkeys({entry.department for entry in starter.starter_entries()}, own)
        with pytest.raises(ServiceError, match=r"faq\.invalid"):  # a number that no column holds
            starter.take(uow, keys, dict.fromkeys(mapped, 10**30), actor="admin")
        assert starter.take(uow, keys, mapped, actor="admin") == len(keys)
        answers = [version.answer for version in uow.session.scalars(select(EntryVersion))]
    said = "\n".join(answers)
    assert "อบต.ตัวอย่าง" not in said and "สำนักปลัด" not in said and "กองคลัง" not in said
    assert all(UNFILLED in answer for answer in answers if "ณ วันที่ตรวจสอบ" in answer)


def test_a_department_that_the_office_does_not_have_is_to_be_filled_in(database: Database) -> None:
    with database.unit_of_work() as uow:
        starter.take(uow, [PAID], {}, actor="admin")
        (version,) = uow.session.scalars(select(EntryVersion))
    assert f"{UNFILLED}ชื่อกองที่ดูแล〕" in version.answer and "สำนักปลัด" not in version.answer


def test_the_checklist_leads_to_the_notice_which_is_published_there(rooms: Doors) -> None:
    admin = rooms.browser("somsri", Role.ADMINISTRATOR)
    assert "ยังไม่มีประกาศความเป็นส่วนตัว" in admin.get("/admin/setup/checklist").text
    assert "2569-1" in admin.get("/admin/setup/notice").text
    assert admin.post("/admin/setup/notice", version="2569-1", text="").status_code == 422
    answer = admin.post("/admin/setup/notice", version="2569-1", text="# ประกาศ\r\nเก็บเท่าที่ต้องใช้")
    assert answer.headers["location"] == "/admin/setup/checklist"
    page = admin.get("/admin/setup/checklist").text
    assert "ยังไม่มีประกาศความเป็นส่วนตัว" not in page
    assert "2569-2" in admin.get("/admin/setup/notice").text
