"""The complaints in the console: who sees which, the order of the list, and every form of a complaint's page."""

from dataclasses import replace
from pathlib import Path

import pytest

from eservice.complaints import residents, service
from eservice.complaints.filing import Filed, NewComplaint
from eservice.complaints.models import CommentKind
from eservice.complaints.numbers import shown
from eservice.complaints.queries import comments
from eservice.complaints.states import ComplaintState
from eservice.kit import outbox
from eservice.kit.database import Database
from eservice.kit.thai_calendar import thai_date
from eservice.staff.permissions import Principal
from knowledge.classify import Urgency
from tests.admin.cases_room import HOME, Room, open_room, words
from tests.complaints.desk import LIGHT


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


def with_works(room: Room, new: NewComplaint = LIGHT, to: Principal | None = None) -> Filed:
    """A complaint that กองช่าง has, or one of its people."""
    filed = room.desk.file(new)
    with room.desk.database.unit_of_work() as uow:
        service.hand_on(
            uow, filed.complaint_id, room.desk.works, by=room.desk.palad, seen_version=1,
            assignee_id=to.account_id if to else None,
        )  # fmt: skip
    return filed


def begun(room: Room) -> Filed:
    filed = with_works(room, to=room.desk.somsri)
    with room.desk.database.unit_of_work() as uow:
        service.change_state(
            uow, filed.complaint_id, ComplaintState.IN_PROGRESS, by=room.desk.somsri, seen_version=2,
            reason="ผ่านไปพอดี",
        )  # fmt: skip
    return filed


def test_danger_comes_first_then_what_came_in_first(room: Room) -> None:
    first, second = room.desk.file(), room.desk.file()
    danger = room.desk.file(replace(LIGHT, urgency=Urgency.URGENT))
    page = room.browser(room.desk.palad).page(HOME)
    places = [page.index(shown(filed.number)) for filed in (danger, first, second)]
    assert places == sorted(places)


def test_a_department_sees_its_own_and_what_nobody_has(room: Room) -> None:
    theirs, nobodys = with_works(room), room.desk.file()
    malee, somsri = room.browser(room.desk.malee), room.browser(room.desk.somsri)
    assert shown(theirs.number) in somsri.page(HOME) and shown(nobodys.number) in somsri.page(HOME)
    assert shown(theirs.number) not in malee.page(HOME) and shown(nobodys.number) in malee.page(HOME)
    assert malee.get(f"{HOME}/{theirs.complaint_id}").status_code == 404
    assert room.act(malee, theirs, "say", text="ขอดูด้วย", to="staff").status_code == 404


def test_an_accused_department_neither_sees_nor_gets_the_complaint(room: Room) -> None:
    filed = room.desk.file(replace(LIGHT, accused=frozenset({room.desk.works})))
    accused, palad = room.browser(room.desk.somsri), room.browser(room.desk.palad)
    assert shown(filed.number) not in accused.page(HOME)
    assert shown(filed.number) not in accused.page(f"{HOME}/board")
    for address in (f"{HOME}/{filed.complaint_id}", f"{HOME}/{filed.complaint_id}/live"):
        assert accused.get(address).status_code == 404
    assert room.act(accused, filed, "hand-on", to=str(room.desk.finance)).status_code == 404
    offered = palad.page(f"{HOME}/{filed.complaint_id}")
    assert f'<option value="{room.desk.finance}"' in offered
    assert f'<option value="{room.desk.works}"' not in offered
    assert f'value="{room.desk.works}:' not in offered
    refused = room.act(palad, filed, "hand-on", to=str(room.desk.works), reason="ของกองช่าง")
    assert refused.status_code == 409 and "ของกองช่าง" in refused.text
    assert room.desk.now(filed).department_id is None


def test_filters_narrow_the_list_and_words_find_by_text_or_number(room: Room) -> None:
    light = with_works(room, replace(LIGHT, village="หมู่ 4"))
    dog = room.desk.file(replace(LIGHT, category="สัตว์จรจัด", text="หมากัดคน", village="หมู่ 1"))
    palad = room.browser(room.desk.palad)

    def found(query: str) -> set[str]:
        page = palad.page(f"{HOME}?{query}")
        return {filed.number for filed in (light, dog) if shown(filed.number) in page}

    assert found("") == {light.number, dog.number}
    assert found("category=สัตว์จรจัด") == found("q=กัดคน") == {dog.number}
    assert found(f"department={room.desk.works}") == found("village=หมู่+4") == {light.number}
    assert found(f"q={shown(light.number).lower()}") == {light.number}
    assert found("group=working") == found("source=phone") == found("overdue=yes") == set()
    assert found("assignee=me") == set()


def test_strange_filters_are_refused(room: Room) -> None:
    palad = room.browser(room.desk.palad)
    for query in ("department=๑", "source=fax", "box=1,2,3", "assignee=x", "group=none", "box=nan,1,1,1"):
        assert palad.get(f"{HOME}?{query}").status_code == 422, query
    assert palad.get(f"{HOME}?after=nobody-gave-this").status_code == 200


def test_the_page_offers_only_what_the_table_allows(room: Room) -> None:
    filed = begun(room)
    page = room.browser(room.desk.somsri).page(f"{HOME}/{filed.complaint_id}")
    assert {form for form in ("propose", "ask", "wait", "reject", "merge", "hand_on") if f'id="form-{form}"' in page} == {
        "propose", "ask", "wait", "reject", "merge", "hand_on",
    }  # fmt: skip
    for form in ("begin", "agree", "disagree", "reopen", "split"):
        assert f'id="form-{form}"' not in page


def test_the_console_opens_where_something_waits_and_the_page_says_what_to_do(room: Room) -> None:
    somsri = room.browser(room.desk.somsri)
    assert somsri.get("/admin/").headers["location"] == "/admin/inquiries"
    filed = with_works(room)
    assert somsri.get("/admin/").headers["location"] == HOME
    assert "กองช่างยังไม่มีคนรับ กด “รับเรื่องนี้เอง”" in words(somsri.page(f"{HOME}/{filed.complaint_id}"))
    room.act(somsri, filed, "move", target="in_progress")
    room.act(somsri, filed, "move", target="waiting", waiting_reason="budget", reason="รองบปีหน้า")
    resting = words(somsri.page(f"{HOME}/{filed.complaint_id}"))
    assert "ทำเรื่องนี้ต่อ" in resting and "เริ่มทำเรื่องนี้" not in resting


def test_beginning_before_one_whose_turn_it_is_needs_a_reason(room: Room) -> None:
    with_works(room)
    later = with_works(room)
    somsri = room.browser(room.desk.somsri)
    refused = room.act(somsri, later, "move", target="in_progress")
    assert refused.status_code == 409 and "มีเรื่องที่มาก่อนรออยู่" in refused.text
    assert room.desk.state(later) is ComplaintState.ASSIGNED
    assert room.act(somsri, later, "move", target="in_progress", reason="ช่างผ่านไปพอดี").status_code == 303
    assert room.desk.state(later) is ComplaintState.IN_PROGRESS


def test_a_second_officer_agrees_or_says_why_not(room: Room) -> None:
    filed = begun(room)
    somsri, somchai = room.browser(room.desk.somsri), room.browser(room.desk.somchai)
    assert room.act(somsri, filed, "propose", note="เปลี่ยนหลอดแล้ว").status_code == 303
    assert 'id="form-agree"' not in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert room.act(somsri, filed, "agree").status_code == 409
    assert room.act(somchai, filed, "disagree").status_code == 409  # says no reason
    assert room.act(somchai, filed, "disagree", reason="อีกต้นยังดับ").status_code == 303
    assert "อีกต้นยังดับ" in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert room.act(somchai, filed, "agree").status_code == 409  # nothing is proposed any more
    assert room.act(somsri, filed, "propose", note="เปลี่ยนครบสองต้น").status_code == 303
    assert room.act(somchai, filed, "agree").status_code == 303
    assert room.desk.state(filed) is ComplaintState.RESOLVED


def test_an_old_page_changes_nothing_and_keeps_the_words(room: Room) -> None:
    filed = begun(room)
    old = room.desk.version(filed)
    somchai = room.browser(room.desk.somchai)
    assert room.act(somchai, filed, "move", target="rejected", reason="ซ้ำกับงานใหญ่").status_code == 303
    somsri = room.browser(room.desk.somsri)
    refused = room.act(somsri, filed, "propose", note="เปลี่ยนหลอดแล้ว", seen=str(old))
    assert refused.status_code == 409
    assert "เปลี่ยนหลอดแล้ว" in refused.text and "Somchai แก้เรื่องนี้ก่อนคุณ" in words(refused.text)
    assert room.desk.state(filed) is ComplaintState.REJECTED


def test_words_to_the_resident_and_notes_are_told_apart(room: Room) -> None:
    filed = with_works(room)
    somsri = room.browser(room.desk.somsri)
    assert room.act(somsri, filed, "say", text="ช่างไปพรุ่งนี้ค่ะ", to="resident").status_code == 303
    assert room.act(somsri, filed, "say", text="เบิกหลอดที่คลัง", to="staff").status_code == 303
    with room.desk.database.read() as reader:
        kinds = {comment.text: comment.kind for comment in comments(reader, filed.complaint_id)}
    assert kinds == {"ช่างไปพรุ่งนี้ค่ะ": CommentKind.REPLY, "เบิกหลอดที่คลัง": CommentKind.NOTE}
    page = words(somsri.page(f"{HOME}/{filed.complaint_id}"))
    assert "ช่างไปพรุ่งนี้ค่ะ ผู้แจ้งเห็น" in page and "เบิกหลอดที่คลัง เห็นเฉพาะเจ้าหน้าที่" in page
    assert room.act(somsri, filed, "say", text="  ", to="staff").status_code == 422
    assert outbox.TOPIC in room.console.signals.woken


def test_handing_on_leads_away_from_what_one_no_longer_sees(room: Room) -> None:
    filed = with_works(room)
    somsri = room.browser(room.desk.somsri)
    refused = room.act(somsri, filed, "hand-on", to=str(room.desk.finance))
    assert refused.status_code == 409 and "บอกเหตุผลก่อน" in refused.text
    person = f"{room.desk.finance}:{room.desk.malee.account_id}"
    answer = room.act(somsri, filed, "hand-on", to=person, reason="เรื่องค่าน้ำ")
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    now = room.desk.now(filed)
    assert (now.department_id, now.assignee_id) == (room.desk.finance, room.desk.malee.account_id)


def test_one_takes_a_complaint_with_one_button(room: Room) -> None:
    filed = room.desk.file()
    somsri = room.browser(room.desk.somsri)
    page = somsri.page(f"{HOME}/{filed.complaint_id}")
    fields = somsri.hidden(page, f"{HOME}/{filed.complaint_id}/hand-on")
    assert somsri.post(f"{HOME}/{filed.complaint_id}/hand-on", **fields).status_code == 303
    assert room.desk.now(filed).assignee_id == room.desk.somsri.account_id


def test_merging_is_by_number_and_only_into_what_one_may_see(room: Room) -> None:
    parent, twin = with_works(room), with_works(room)
    hidden = room.desk.file(replace(LIGHT, accused=frozenset({room.desk.works})))
    somsri = room.browser(room.desk.somsri)
    page = somsri.page(f"{HOME}/{twin.complaint_id}")
    assert f'value="{shown(parent.number)}"' in page and shown(hidden.number) not in page
    for number in (hidden.number, "ไม่มีเลขนี้", twin.number):
        assert room.act(somsri, twin, "merge", parent=number).status_code in (409, 422)
    assert room.act(somsri, twin, "merge", parent=shown(parent.number)).status_code == 303
    assert room.desk.now(twin).parent_id == parent.complaint_id
    assert shown(twin.number) in somsri.page(f"{HOME}/{parent.complaint_id}")
    assert room.act(somsri, twin, "split", reason="คนละต้น").status_code == 303
    assert room.desk.state(twin) is ComplaintState.ASSIGNED


def test_of_a_case_out_of_reach_staff_see_what_its_number_tells_and_not_its_matter(room: Room) -> None:
    child = with_works(room)
    accusing = replace(LIGHT, category="บริการเจ้าหน้าที่", accused=frozenset({room.desk.works}))
    parent = room.desk.file(accusing)
    palad, somsri = room.browser(room.desk.palad), room.browser(room.desk.somsri)
    assert room.act(palad, child, "merge", parent=shown(parent.number)).status_code == 303
    address = f"{HOME}/{child.complaint_id}"
    assert "บริการเจ้าหน้าที่ ·" in words(palad.page(address))
    seen = words(somsri.page(address))
    assert shown(parent.number) in seen and "บริการเจ้าหน้าที่ ·" not in seen


def test_an_extension_takes_a_thai_date_and_a_reason(room: Room) -> None:
    filed = with_works(room)
    somsri = room.browser(room.desk.somsri)
    for until in ("พรุ่งนี้", "1 ม.ค. 2560"):
        refused = room.act(somsri, filed, "extend", until=until, reason="รออะไหล่")
        assert refused.status_code == 422 and "รออะไหล่" in refused.text and until in refused.text
    due = room.desk.now(filed).answer_due_at
    assert due is not None
    until = thai_date(due)  # the first instant after the last day
    assert room.act(somsri, filed, "extend", until=until, reason="รออะไหล่").status_code == 303
    page = somsri.page(f"{HOME}/{filed.complaint_id}").replace("\u00a0", " ")
    assert "ขยายแล้ว 1 ครั้ง" in page


def test_correcting_the_category_shows_in_what_happened(room: Room) -> None:
    filed = with_works(room)
    somsri = room.browser(room.desk.somsri)
    assert room.act(somsri, filed, "category", category="น้ำประปา", urgency="urgent").status_code == 303
    assert room.desk.now(filed).category == "น้ำประปา"
    assert "แก้ประเภทเป็นน้ำประปา" in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert room.act(somsri, filed, "category", category="ไม่มี", urgency="normal").status_code == 422


def test_the_page_says_when_somebody_else_has_changed_it(room: Room) -> None:
    filed = with_works(room)
    somsri = room.browser(room.desk.somsri)
    address = f"{HOME}/{filed.complaint_id}/live?seen="
    assert "มีคนเพิ่งแก้เรื่องนี้" not in somsri.page(f"{address}{room.desk.version(filed)}")
    assert "มีคนเพิ่งแก้เรื่องนี้" in somsri.page(f"{address}{room.desk.version(filed) - 1}")


def test_the_stamp_changes_with_whatever_happens(room: Room) -> None:
    palad = room.browser(room.desk.palad)

    def stamp() -> str:
        return palad.get(f"{HOME}/changes").json()["stamp"]

    before = stamp()
    filed = room.desk.file()
    filed_stamp = stamp()
    with room.desk.database.unit_of_work() as uow:
        residents.say(uow, filed.number, room.desk.owner, "ดับทั้งซอย")
    assert len({before, filed_stamp, stamp()}) == 3
    assert palad.get(f"{HOME}/changes?seen={before}").json()["stamp"] == stamp()


def test_a_checker_of_the_department_only_reads_and_checks(room: Room) -> None:
    filed = begun(room)
    checker = room.browser(room.desk.checker)
    page = checker.page(f"{HOME}/{filed.complaint_id}")
    assert 'id="form-' not in page and "เขียนถึงผู้แจ้ง หรือบันทึกภายใน" not in page
    with room.desk.database.unit_of_work() as uow:
        service.propose_done(
            uow, filed.complaint_id, "เปลี่ยนแล้ว", by=room.desk.somsri, seen_version=room.desk.version(filed)
        )
    assert room.act(checker, filed, "agree").status_code == 303
