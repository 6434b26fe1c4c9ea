"""The room of the answers: list, editor, publishing, and who may do what."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from admin.faq_form import read_instant
from eservice.kit.audit import SYSTEM
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.office.service import OfficeFacts, update_office
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import service
from knowledge.entries.content import EntryContent
from knowledge.entries.models import Ask, AskDecision, EntryState
from tests.admin.answers import TAX, WATER, AnswerRooms, shown
from tests.inquiries.desk import heard, meet

DOG = EntryContent(question="หมาจรจัดแจ้งใคร", answer="แจ้งสำนักปลัด", category="สุขภาพและสิ่งแวดล้อม")


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    return AnswerRooms(database, tmp_path)


def test_the_list_finds_live_entries_by_meaning_and_drafts_by_their_words(rooms: AnswerRooms) -> None:
    with rooms.database.unit_of_work() as uow:
        service.create_entry(uow, DOG, actor="cli")
    page = shown(rooms.publisher().get("/admin/faq?q=เสียเงินค่าป้ายร้าน"))
    assert TAX.question in page
    assert DOG.question not in page
    wipa = rooms.doors.browser("again", Role.AUTHOR)
    assert DOG.question in shown(wipa.get("/admin/faq?q=หมาจรจัด"))
    assert "ไม่พบคำตอบที่ค้น" in shown(wipa.get("/admin/faq?q=zzzzzz"))


def test_the_views_show_drafts_expiring_unasked_and_retired_entries(
    rooms: AnswerRooms, clock: FixedClock
) -> None:
    ends = EntryContent(**{**vars(DOG), "publish_until": clock.now() + timedelta(days=10)})
    dog_id = rooms.published(ends, None, "dog")
    with rooms.database.unit_of_work() as uow:
        service.retire(uow, rooms.water_id, actor="cli")
        service.locked(uow, rooms.tax_id).asked_count = 3
    wipa = rooms.publisher()

    def listed(view: str, **filters: object) -> list[str]:
        asked = "&".join(f"{name}={value}" for name, value in filters.items())
        page = shown(wipa.get(f"/admin/faq?view={view}&{asked}"))
        return [words.question for words in (TAX, WATER, DOG) if words.question in page]

    assert listed("all") == [TAX.question, DOG.question]
    assert listed("expiring") == [DOG.question]
    assert listed("unasked") == [DOG.question]
    assert listed("retired") == [WATER.question]
    assert listed("draft") == []
    assert listed("all", category="ภาษี") == [TAX.question]
    assert listed("all", department=rooms.doors.finance_id) == [TAX.question]
    clock.advance(days=11)
    later = rooms.doors.browser("manee", Role.AUTHOR)
    assert "หมดอายุแล้ว" in shown(later.get(f"/admin/faq/{dog_id}"))


def test_a_long_list_is_paged(rooms: AnswerRooms) -> None:
    with rooms.database.unit_of_work() as uow:
        for number in range(30):
            words = EntryContent(question=f"คำถามที่ {number:02}", answer="คำตอบ")
            service.create_entry(uow, words, actor="cli")
    wipa = rooms.publisher()
    first = wipa.get("/admin/faq?view=draft")
    assert len(re.findall(r"คำถามที่\s\d", first.text)) == 25
    assert "1–25 จาก 30" in shown(first)
    assert len(re.findall(r"คำถามที่\s\d", wipa.get("/admin/faq?view=draft&page=2").text)) == 5
    assert len(re.findall(r"คำถามที่\s\d", wipa.get("/admin/faq?view=draft&page=99").text)) == 5


def test_a_saved_draft_waits_and_publishing_wakes_the_live_views(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    address = f"/admin/faq/{rooms.tax_id}"
    saved = wipa.post(address, **rooms.typed(TAX, answer="คำตอบใหม่", action="save"))
    assert saved.status_code == 303
    assert rooms.state(rooms.tax_id) is EntryState.LIVE_WITH_DRAFT
    rooms.live.refresh()
    assert rooms.live.face(rooms.tax_id).answer == TAX.answer  # type: ignore[union-attr]
    rooms.signals.woken.clear()
    wipa.post(address, **rooms.typed(TAX, answer="คำตอบใหม่", action="publish", based_on=2))
    assert rooms.state(rooms.tax_id) is EntryState.LIVE
    assert rooms.signals.woken == [service.TOPIC]
    rooms.live.refresh()
    assert rooms.live.face(rooms.tax_id).answer == "คำตอบใหม่"  # type: ignore[union-attr]


def test_one_press_saves_what_was_typed_and_publishes_it(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    made = wipa.post(
        "/admin/faq/new",
        question="ขอใช้ศาลาประชาคม",
        answer="ยื่นคำขอ 7 วันก่อนใช้",
        publish_from="20/11/2569",
        publish_until="30 พ.ย. 2569",
        action="publish",
    )
    entry_id = int(made.headers["location"].rsplit("/", 1)[1])
    words = rooms.words(entry_id)
    assert words.publish_from == datetime(2026, 11, 19, 17, tzinfo=UTC)
    assert words.publish_until == datetime(2026, 11, 30, 17, tzinfo=UTC)  # the whole of the last day
    rooms.live.refresh()
    assert rooms.live.decide("ขอใช้ศาลาประชาคม").hits[0][0] == entry_id
    page = wipa.get(f"/admin/faq/{entry_id}").text
    assert 'value="30 พ.ย. 2569"' in page


def test_opening_and_saving_an_entry_again_changes_nothing(rooms: AnswerRooms, clock: FixedClock) -> None:
    timed = EntryContent(
        **{
            **vars(DOG),
            "publish_from": clock.now(),
            "publish_until": clock.now() + timedelta(days=3, minutes=5),
        }
    )
    entry_id = rooms.published(timed, rooms.doors.finance_id, "timed")
    page = rooms.publisher().get(f"/admin/faq/{entry_id}").text
    assert 'value="20 พ.ย. 2569 12.00 น."' in page
    assert read_instant("20 พ.ย. 2569 12.00 น.", ends=False) == timed.publish_from
    assert read_instant("23 พ.ย. 2569 12.05 น.", ends=True) == timed.publish_until


@pytest.mark.parametrize(
    "typed", ["วันไหนก็ได้", "31/2/2569", "20/11", "9999-12-31", "20 ศ.ศ. 2569", "20/11/69"]
)
def test_a_date_that_cannot_be_is_refused_and_what_was_typed_stays(rooms: AnswerRooms, typed: str) -> None:
    wipa = rooms.publisher()
    refused = wipa.post(f"/admin/faq/{rooms.tax_id}", **rooms.typed(TAX, publish_until=typed))
    assert refused.status_code == 422
    assert f'value="{typed}"' in refused.text
    assert rooms.state(rooms.tax_id) is EntryState.LIVE


def test_a_wrong_form_says_what_is_wrong_at_each_field(rooms: AnswerRooms) -> None:
    refused = rooms.publisher().post(
        "/admin/faq/new", question="", answer="ก" * 2_501, source_url="javascript:alert(1)"
    )
    assert refused.status_code == 422
    page = shown(refused)
    assert "คำถามหลัก: ยังไม่ได้ใส่" in page  # the list at the top names the field
    assert "ยาวเกิน 2,500 ตัวอักษร" in page
    assert "ต้องขึ้นต้นด้วย http" in page
    assert 'href="javascript:' not in refused.text
    assert rooms.entries() == 2


def test_a_colleagues_newer_words_are_named_and_the_typed_text_stays(rooms: AnswerRooms) -> None:
    wipa, other = rooms.publisher(), rooms.doors.browser("manee", Role.AUTHOR)
    address = f"/admin/faq/{rooms.tax_id}"
    other.post(address, **rooms.typed(TAX, answer="ของมานี"))
    refused = wipa.post(address, **rooms.typed(TAX, answer="ของวิภา", action="publish"))
    assert refused.status_code == 409
    page = shown(refused)
    assert "คุณmanee แก้ข้อนี้ก่อนคุณ" in page
    assert "<del>ของมานี</del>" in refused.text and "<ins>ของวิภา</ins>" in refused.text
    assert "ของวิภา</textarea>" in refused.text
    assert rooms.words(rooms.tax_id).answer == "ของมานี"
    assert wipa.post(address, **rooms.typed(TAX, answer="ของวิภา", based_on=2)).status_code == 303
    assert rooms.words(rooms.tax_id).answer == "ของวิภา"


def test_an_author_writes_for_their_own_department_only(rooms: AnswerRooms) -> None:
    somsri = rooms.author_of_finance()
    finance, works = rooms.doors.finance_id, rooms.doors.works_id
    assert somsri.post(f"/admin/faq/{rooms.tax_id}", **rooms.typed(TAX, answer="ใหม่")).status_code == 303
    refused = (
        somsri.post(f"/admin/faq/{rooms.water_id}", **rooms.typed(WATER, answer="ใหม่", department=works)),
        somsri.post(
            f"/admin/faq/{rooms.water_id}", **rooms.typed(WATER, department=finance)
        ),  # taking it over
        somsri.post(f"/admin/faq/{rooms.tax_id}", **rooms.typed(TAX, department=works, based_on=2)),
        somsri.post(f"/admin/faq/{rooms.tax_id}", **rooms.typed(TAX, department="", based_on=2)),
        somsri.post("/admin/faq/new", question="ก", answer="ข", department=works),
        somsri.post("/admin/faq/new", question="ก", answer="ข", department=""),
        somsri.post(f"/admin/faq/{rooms.water_id}/discard", number=1),
        somsri.post(f"/admin/faq/{rooms.water_id}/restore"),
    )
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert rooms.words(rooms.water_id).answer == WATER.answer
    assert rooms.entries() == 2
    page = somsri.get(f"/admin/faq/{rooms.water_id}")
    assert "คุณดูได้" in shown(page)
    assert 'id="entry-form"' not in page.text


def test_who_may_not_write_reads_what_residents_see(rooms: AnswerRooms) -> None:
    rooms.publisher().post(
        f"/admin/faq/{rooms.water_id}",
        **rooms.typed(WATER, answer="แจ้งการประปา", department=rooms.doors.works_id),
    )
    page = rooms.author_of_finance().get(f"/admin/faq/{rooms.water_id}").text
    card = page.split('class="answer"')[1].split("</article>")[0]
    assert "ข้อมูล ณ วันที่ 20 พ.ย. 2569" in card.replace("\xa0", " ")
    assert WATER.answer in card and "แจ้งการประปา" not in card
    assert "เผยแพร่</span>" not in page.split('class="console-top__actions"')[1].split("</header>")[0]


def test_publishing_and_retiring_need_their_own_permission(rooms: AnswerRooms) -> None:
    somsri = rooms.author_of_finance()
    address = f"/admin/faq/{rooms.tax_id}"
    refused = (
        somsri.post(address, **rooms.typed(TAX, answer="ใหม่", action="publish")),
        somsri.post(
            "/admin/faq/new", question="ก", answer="ข", department=rooms.doors.finance_id, action="publish"
        ),
        somsri.post(f"{address}/retire"),
    )
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert rooms.state(rooms.tax_id) is EntryState.LIVE
    assert "ต้องเป็นผู้เผยแพร่" in shown(somsri.get(address))
    works = Grant(role=Role.PUBLISHER, department_id=rooms.doors.works_id)
    stranger = rooms.doors.browser("preecha", works)
    assert stranger.post(f"{address}/retire").status_code == 403
    assert stranger.post(f"/admin/faq/{rooms.water_id}/retire").status_code == 303
    assert rooms.state(rooms.water_id) is EntryState.RETIRED


def test_an_entry_on_its_way_to_another_department_needs_both(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    wipa.post(f"/admin/faq/{rooms.tax_id}", **rooms.typed(TAX, department=rooms.doors.works_id))
    works = rooms.doors.browser("preecha", Grant(role=Role.PUBLISHER, department_id=rooms.doors.works_id))
    answer = works.post(
        f"/admin/faq/{rooms.tax_id}",
        **rooms.typed(TAX, department=rooms.doors.works_id, based_on=2, action="publish"),
    )
    assert answer.status_code == 403


def test_retiring_restoring_and_discarding(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    address = f"/admin/faq/{rooms.tax_id}"
    wipa.post(f"{address}/retire")
    rooms.live.refresh()
    assert rooms.live.face(rooms.tax_id) is None
    assert "ประชาชนไม่เห็นข้อนี้" in shown(wipa.get(address))
    wipa.post(f"{address}/restore")
    assert rooms.state(rooms.tax_id) is EntryState.DRAFT
    wipa.post(address, **rooms.typed(TAX, based_on=2, action="publish"))
    wipa.post(address, **rooms.typed(TAX, answer="อีกแบบ", based_on=2))
    assert wipa.post(f"{address}/discard", number=2).status_code == 409
    assert wipa.post(f"{address}/discard", number=3).status_code == 303
    assert rooms.state(rooms.tax_id) is EntryState.LIVE
    assert rooms.words(rooms.tax_id).answer == TAX.answer


def test_the_history_names_people_and_shows_before_and_after(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    wipa.post(f"/admin/faq/{rooms.tax_id}", **rooms.typed(TAX, source="พ.ร.บ. ภาษีป้าย"))
    page = wipa.get(f"/admin/faq/{rooms.tax_id}")
    words = shown(page)
    assert "20 พ.ย. 2569 12.00 น. · คุณwipa บันทึกร่าง" in words.replace("\xa0", " ")
    assert "<del>กฎกระทรวง</del><ins>พ.ร.บ. ภาษีป้าย</ins>" in page.text
    assert "ฉบับที่ 2" in words and "ฉบับที่ 1" in words
    older = wipa.get(f"/admin/faq/{rooms.tax_id}?version=1").text
    assert 'name="source" type="text" value="กฎกระทรวง"' in older
    assert 'name="based_on" value="2"' in older


def test_the_preview_shows_the_card_and_who_answers_already(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    token = wipa.token("/admin/me")
    typed = {"question": "ป้ายหน้าร้านเสียภาษีกี่บาท", "answer": "หัว\n- ข้อ\nซ้าย | ขวา", "csrf_token": token}
    part = wipa.client.post("/admin/faq/preview", data=typed, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    words = shown(part)
    assert "ข้ออื่นตอบอยู่แล้ว: " + TAX.question in words
    assert "• ข้อ" in words and "ซ้าย ขวา" in words
    whole = wipa.post("/admin/faq/preview", **typed)
    assert "<html" in whole.text and "หัว\n- ข้อ" in whole.text
    own = wipa.post(f"/admin/faq/{rooms.tax_id}/preview", **rooms.typed(TAX))
    assert "ข้ออื่นตอบอยู่แล้ว" not in shown(own)
    assert "เหมือนที่ประชาชนเห็นตอนนี้" in shown(own)
    assert rooms.state(rooms.tax_id) is EntryState.LIVE


def test_the_preview_shows_the_offices_facts_where_residents_will_read_them(rooms: AnswerRooms) -> None:
    with rooms.database.unit_of_work() as uow:
        update_office(uow, OfficeFacts(name="อบต.ทุ่งใหญ่", address="12 หมู่ 3"), actor=SYSTEM)
    answer = "{office_name} เปิด {office_hours} น.\n- มาที่ {office_address}\n- โทร {office_phone}"
    preview = shown(rooms.publisher().post("/admin/faq/preview", question="เปิดกี่โมง", answer=answer))
    assert "อบต.ทุ่งใหญ่ เปิด 08.30–16.30 น." in preview
    assert "• มาที่ 12 หมู่ 3" in preview
    assert "• โทร" not in preview


def test_text_from_people_is_escaped_everywhere(rooms: AnswerRooms) -> None:
    wicked = '<script>alert("1")</script>'
    wipa = rooms.publisher()
    fields = dict.fromkeys(("variants", "answer", "keywords", "category", "source"), wicked)
    made = wipa.post("/admin/faq/new", question=wicked, action="publish", **fields)
    address = made.headers["location"]
    wipa.post(address, question=wicked, action="save", based_on=1, **(fields | {"answer": wicked * 2}))
    rooms.live.refresh()
    for page in (address, "/admin/faq", f"/admin/faq?q={wicked}", f"/admin/bench?q={wicked}"):
        text = wipa.get(page).text
        assert "alert(" in text
        assert "<script>alert" not in text, page


def test_votes_are_a_share_only_where_enough_people_spoke(rooms: AnswerRooms) -> None:
    def vote(*helpful: bool) -> str:
        with rooms.database.unit_of_work() as uow:
            message = heard(uow, meet(uow, "U1"), TAX.question)
            for word in helpful:
                ask = Ask(message_id=message.id, at=uow.now, decision=AskDecision.ANSWERED, confidence=0.9)
                ask.candidates, ask.entry_id, ask.helpful = [rooms.tax_id], rooms.tax_id, word
                uow.session.add(ask)
        return shown(wipa.get("/admin/faq"))

    wipa = rooms.publisher()
    assert "คนบอกว่าไม่ตรง" not in shown(wipa.get("/admin/faq"))
    assert "คนบอกว่าไม่ตรง 1 จาก 2 คน " in vote(True, False)
    assert "คนบอกว่าไม่ตรง 1 จาก 5 คน (20%)" in vote(True, True, True)


def test_what_is_not_there_is_not_found(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    assert wipa.get("/admin/faq/987654").status_code == 404
    assert wipa.post("/admin/faq/987654", question="ก", answer="ข").status_code == 404
    assert rooms.live.decide(TAX.question).kind is AskDecision.ANSWERED
