"""Filing for a resident at the console, acting on many complaints at once, and what the office sets for them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.complaints import canned, categories
from eservice.complaints.models import Complaint, Source
from eservice.complaints.numbers import opens, shown
from eservice.complaints.queries import within_reach
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff.models import Role
from knowledge.classify import Urgency
from tests.admin.cases_room import HOME, Room, open_room, words
from tests.admin.desk_client import Browser
from tests.complaints.desk import LIGHT
from tests.inquiries.desk import add_staff

CALL = {"source": "phone", "text": "ไฟถนนหน้าวัดดับ มืดมาก", "category": "ไฟฟ้าแสงสว่าง", "token": "t1"}


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


def only(room: Room) -> Complaint:
    with room.desk.database.read() as reader:
        return reader.session.scalars(select(Complaint)).one()


def administrator(room: Room) -> Browser:
    with room.desk.database.unit_of_work() as uow:
        account = add_staff(uow, "boss", Role.ADMINISTRATOR)
    return room.console.browser(account)


def test_a_call_is_filed_once_and_its_key_is_told_once(room: Room) -> None:
    somsri = room.browser(room.desk.somsri)
    fields = {**CALL, "name": "ป้าแดง", "phone": "081-234-5678", "village": "หมู่ 4", "latitude": "๑๔.๐๑", "longitude": "100.5"}  # fmt: skip
    receipt = somsri.post(f"{HOME}/new", **fields)
    filed = only(room)
    assert (filed.source, filed.reporter_name, filed.latitude) == (Source.PHONE, "ป้าแดง 081-234-5678", 14.01)
    assert filed.filed_by_id == room.desk.somsri.account_id
    number, key = re.findall(r'receipt__code">([^<]+)<', receipt.text)
    assert number == shown(filed.number) and opens(filed.number, key, filed.key_hash)
    again = somsri.post(f"{HOME}/new", **fields)
    assert shown(filed.number) in again.text and key not in again.text
    assert only(room).id == filed.id


def test_without_a_category_the_likely_ones_are_offered(room: Room) -> None:
    somsri = room.browser(room.desk.somsri)
    asked = somsri.post(f"{HOME}/new", **{**CALL, "category": ""})
    assert asked.status_code == 422 and CALL["text"] in asked.text
    assert 'name="suggested" value="ไฟฟ้าแสงสว่าง"' in asked.text
    assert 'value="ไฟฟ้าแสงสว่าง" checked' in somsri.post(f"{HOME}/new/suggest", text=CALL["text"]).text
    assert "radio" not in somsri.post(f"{HOME}/new/suggest", text=" ").text
    assert (
        somsri.post(f"{HOME}/new", **{**CALL, "category": "", "suggested": "ไฟฟ้าแสงสว่าง"}).status_code == 200
    )
    assert only(room).category == "ไฟฟ้าแสงสว่าง"


def test_danger_is_read_from_the_text_unless_staff_say(room: Room) -> None:
    somsri = room.browser(room.desk.somsri)
    danger = "สายไฟแรงสูงขาดห้อยลงมาบนถนน มีประกายไฟ"
    somsri.post(f"{HOME}/new", **{**CALL, "text": danger, "token": "a"})
    assert only(room).urgency is Urgency.URGENT
    somsri.post(f"{HOME}/new", **{**CALL, "text": danger, "token": "b", "urgency": "low"})
    with room.desk.database.read() as reader:
        found = reader.session.scalars(select(Complaint.urgency).order_by(Complaint.id)).all()
    assert found == [Urgency.URGENT, Urgency.LOW]


def test_who_is_accused_does_not_see_what_a_colleague_filed(room: Room) -> None:
    malee = room.browser(room.desk.malee)
    receipt = malee.post(f"{HOME}/new", **CALL, accused=str(room.desk.works))
    assert receipt.status_code == 200
    with room.desk.database.read() as reader:
        seen = [
            reader.session.scalar(select(Complaint.id).where(within_reach(person)))
            for person in (room.desk.malee, room.desk.somsri)
        ]
    assert seen == [only(room).id, None]


@pytest.mark.parametrize(
    "wrong",
    [{"source": "line"}, {"latitude": "เหนือ"}, {"latitude": "14"}, {"accused": "x"}, {"accused": "99999"}, {"text": " "}, {"category": "ไม่มี"}],
    ids=str,
)  # fmt: skip
def test_wrong_input_is_refused_and_kept(room: Room, wrong: dict[str, str]) -> None:
    fields = {**CALL, "village": "หมู่ 4", **wrong}
    refused = room.browser(room.desk.somsri).post(f"{HOME}/new", **fields)
    assert refused.status_code == 422 and 'value="หมู่ 4"' in refused.text
    with room.desk.database.read() as reader:
        assert reader.session.scalar(select(Complaint.id)) is None


def bulk(browser: Browser, cases: list[str], **fields: str) -> str:
    token = re.search(r'name="csrf_token" value="(\w+)"', browser.page("/admin/me"))
    assert token is not None
    answer = browser.client.post(f"{HOME}/bulk", data={"csrf_token": token[1], "case": cases, **fields})
    assert answer.status_code == 200
    return words(answer.text)


def test_many_at_once_are_each_done_or_refused_by_themselves(room: Room) -> None:
    fresh, changed, ended = (room.desk.file() for _ in range(3))
    hidden = room.desk.file(replace(LIGHT, accused=frozenset({room.desk.works})))
    somsri = room.browser(room.desk.somsri)
    room.act(somsri, ended, "move", target="rejected", reason="ไม่ใช่ของเรา")
    chosen = [f"{f.complaint_id}:{room.desk.version(f)}" for f in (fresh, changed, ended, hidden)]
    room.act(somsri, changed, "hand-on", to=str(room.desk.works))
    page = somsri.page(f"{HOME}/bulk?" + "&".join(f"case={one}" for one in chosen))
    assert shown(fresh.number) in page and shown(hidden.number) not in page
    told = bulk(somsri, chosen, what="hand_on", to=f"{room.desk.works}:{room.desk.somchai.account_id}")
    assert "ทำแล้ว 1 เรื่อง ทำไม่ได้ 3 เรื่อง" in told
    assert "มีคนเพิ่งแก้เรื่องนี้" in told and "เรื่องนี้จบแล้ว" in told and "ไม่พบเรื่องนี้" in told
    assert room.desk.now(fresh).assignee_id == room.desk.somchai.account_id
    assert room.desk.now(changed).assignee_id is None
    assert room.desk.now(hidden).department_id is None


def test_a_refused_one_leaves_no_trace_among_many(room: Room) -> None:
    first, second = room.desk.file(), room.desk.file()
    somsri = room.browser(room.desk.somsri)
    chosen = [f"{f.complaint_id}:1" for f in (first, second)]
    told = bulk(somsri, chosen, what="wait", waiting_reason="budget", reason="รองบ")
    assert "ทำแล้ว 0 เรื่อง ทำไม่ได้ 2 เรื่อง" in told
    assert room.desk.state(first) is ComplaintState.RECEIVED and room.desk.version(first) == 1
    told = bulk(somsri, chosen, what="ask", note="บ้านเลขที่เท่าไรคะ")
    assert "ทำแล้ว 2 เรื่อง" in told and room.desk.state(second) is ComplaintState.NEEDS_INFORMATION


def test_many_are_begun_in_the_order_in_which_they_came(room: Room, clock: FixedClock) -> None:
    older = room.desk.file()
    clock.advance(hours=1)
    newer = room.desk.file()
    somsri = room.browser(room.desk.somsri)
    for filed in (older, newer):
        room.act(somsri, filed, "hand-on", to=str(room.desk.works))
    chosen = [f"{filed.complaint_id}:{room.desk.version(filed)}" for filed in (newer, older)]
    assert "ทำแล้ว 2 เรื่อง" in bulk(somsri, chosen, what="begin")


def test_nobody_is_handed_a_case_by_a_list_left_as_it_was(room: Room) -> None:
    filed = room.desk.file()
    palad = room.browser(room.desk.palad)
    assert 'name="to" required>\n        <option value="">' in palad.get(f"{HOME}/{filed.complaint_id}").text
    assert room.act(palad, filed, "hand-on", to="").status_code == 422
    assert room.desk.now(filed).department_id is None


def test_strange_choices_are_refused(room: Room) -> None:
    somsri = room.browser(room.desk.somsri)
    assert somsri.get(f"{HOME}/bulk?case=๑:1").status_code == 422
    assert somsri.get(f"{HOME}/bulk?{'&'.join(f'case={n}:1' for n in range(51))}").status_code == 422
    assert somsri.post(f"{HOME}/bulk", case="1", what="begin").status_code == 422
    assert somsri.post(f"{HOME}/bulk", case="1:1", what="merge").status_code == 422


def test_categories_are_set_by_who_manages_the_office(room: Room) -> None:
    boss = administrator(room)
    assert "ไฟฟ้าแสงสว่าง" in boss.page(f"{HOME}/categories")
    refused = boss.post(f"{HOME}/categories", name="น้ำประปา", working_days="สามวัน")
    assert refused.status_code == 422 and 'value="สามวัน"' in refused.text
    saved = boss.post(
        f"{HOME}/categories", name="สะพาน", is_new="yes", working_days="๒๐", department=str(room.desk.works),
        needs_photo="yes", is_offered="yes",
    )  # fmt: skip
    assert saved.status_code == 303
    with room.desk.database.read() as reader:
        bridge = categories.read_categories(reader)["สะพาน"]
    assert (bridge.working_days, bridge.department_id, bridge.needs_photo) == (20, room.desk.works, True)
    assert room.browser(room.desk.somsri).get(f"{HOME}/categories").status_code == 403


def test_canned_replies_are_written_changed_and_taken_away(room: Room) -> None:
    somsri = room.browser(room.desk.somsri)
    assert somsri.post(f"{HOME}/replies", title="รับแล้ว", text=" ").status_code == 422
    assert somsri.post(f"{HOME}/replies", title="รับแล้ว", text="จะไปดูค่ะ").status_code == 303
    with room.desk.database.read() as reader:
        (reply,) = canned.replies(reader)
    somsri.post(f"{HOME}/replies", reply=str(reply.id), title="รับแล้ว", text="จะไปดูพรุ่งนี้ค่ะ")
    filed = room.desk.file()
    assert 'value="จะไปดูพรุ่งนี้ค่ะ"' in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert somsri.post(f"{HOME}/replies", reply="999999", title="x", text="y").status_code == 404
    assert somsri.post(f"{HOME}/replies/{reply.id}/remove").status_code == 303
    with room.desk.database.read() as reader:
        assert canned.replies(reader) == []
