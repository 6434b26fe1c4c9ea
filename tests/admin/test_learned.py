"""What the bot learns, at the console: who decides about it, and what they are told."""

import html
import itertools
import re
from pathlib import Path

import pytest

from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, ContactKind
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import asks, phrasings, service
from knowledge.entries.learning_rules import LearningRules, get_rules
from knowledge.entries.live import LiveDecision
from knowledge.entries.models import AskDecision, LearningMode, Phrasing, PhrasingState
from tests.admin.answers import WATER, AnswerRooms, shown
from tests.admin.visitors import Visitor

LIST = "/admin/faq/learned"
SIGN = "ป้ายร้านกาแฟต้องจ่ายไหม"
DRY = "เปิดก๊อกแล้วไม่มีอะไรออกมา"
_numbers = itertools.count(1)


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    return AnswerRooms(database, tmp_path)


def confirmed(
    rooms: AnswerRooms,
    words: str,
    entry_id: int,
    channel: ChannelName = ChannelName.LINE,
    helpful: bool = True,
) -> int:
    """Somebody new asks, chooses the entry and says whether it fits; returns the wording's id."""
    address = f"U{next(_numbers):032x}"
    with rooms.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=channel, address=address, kind=ContactKind.PERSON, display_name="สมชายใจดี"
        )
        message = conversations.record_heard(uow, talk.conversation, text=words)
        decision = LiveDecision(
            kind=AskDecision.CLARIFIED,
            confidence=0.4,
            hits=((rooms.tax_id, 0.5), (rooms.water_id, 0.4)),
            explain=lambda: pytest.fail("nobody asked why"),
        )
        ask = asks.record_ask(uow, message.id, decision)
        asks.choose(uow, ask.id, entry_id, conversation_id=talk.conversation.id)
        if not helpful:
            asks.feedback(uow, ask.id, helpful=False, conversation_id=talk.conversation.id)
    with rooms.database.read() as reader:
        return max(row.id for row in reader.session.query(Phrasing).filter_by(entry_id=entry_id))


def state(rooms: AnswerRooms, phrasing_id: int) -> PhrasingState:
    with rooms.database.read() as reader:
        return reader.session.get_one(Phrasing, phrasing_id).state


def only(rooms: AnswerRooms, entry_id: int | None) -> Phrasing:
    with rooms.database.read() as reader:
        return reader.session.query(Phrasing).filter_by(entry_id=entry_id).one()


def said(visitor: Visitor, address: str = LIST) -> str:
    return shown(visitor.get(address))


def decides(visitor: Visitor, phrasing_id: int, verb: str, **fields: object) -> int:
    return visitor.post(f"{LIST}/{phrasing_id}/{verb}", **fields).status_code


def answered(rooms: AnswerRooms, words: str) -> int | None:
    rooms.live.refresh()
    decision = rooms.live.decide(words)
    return decision.hits[0][0] if decision.kind is AskDecision.ANSWERED else None


def test_a_wording_is_shown_with_what_it_would_change_and_never_with_names(rooms: AnswerRooms) -> None:
    for channel in (ChannelName.LINE, ChannelName.LINE, ChannelName.WEB):
        confirmed(rooms, DRY, rooms.water_id, channel)
    assert answered(rooms, DRY) is None
    page = said(rooms.publisher())
    assert WATER.question in page and f"“{DRY}”" in page
    assert "ยืนยัน 3 คน (LINE 2, เว็บ 1)" in page
    assert f"ถ้ารับ ตอบข้อ “{WATER.question}”" in page
    assert "สมชาย" not in page
    assert "ทุกข้อความต้องมีเจ้าหน้าที่รับก่อน" in page


def test_an_accepted_wording_is_answered_and_can_be_taken_out_again(rooms: AnswerRooms) -> None:
    phrasing_id = confirmed(rooms, DRY, rooms.water_id)
    wipa = rooms.publisher()
    assert decides(wipa, phrasing_id, "accept") == 303
    assert rooms.signals.woken == [service.TOPIC]
    assert answered(rooms, DRY) == rooms.water_id
    page = said(wipa, f"{LIST}?view=active")
    assert DRY in page and "คุณwipa รับ" in page
    assert decides(wipa, phrasing_id, "withdraw") == 303
    assert answered(rooms, DRY) is None
    assert DRY in said(wipa, f"{LIST}?view=put_away")
    assert decides(wipa, phrasing_id, "accept") == 303
    assert answered(rooms, DRY) == rooms.water_id


def test_a_rejected_wording_is_put_away(rooms: AnswerRooms) -> None:
    phrasing_id = confirmed(rooms, DRY, rooms.water_id)
    wipa = rooms.publisher()
    decides(wipa, phrasing_id, "reject")
    assert state(rooms, phrasing_id) is PhrasingState.REJECTED
    assert "ไม่มีข้อความที่รอตรวจ" in said(wipa)
    assert "ยังไม่ได้ทำ: เพื่อนร่วมงานตัดสินข้อความนี้ก่อนคุณแล้ว" in said_after(wipa, phrasing_id, "withdraw")


def said_after(visitor: Visitor, phrasing_id: int, verb: str, **fields: object) -> str:
    """The page that a decision leads to."""
    where = visitor.post(f"{LIST}/{phrasing_id}/{verb}", **fields).headers["location"]
    return said(visitor, where)


def test_a_wording_is_moved_to_the_entry_that_answers_it(rooms: AnswerRooms) -> None:
    phrasing_id = confirmed(rooms, DRY, rooms.tax_id)
    wipa = rooms.publisher()
    offered = re.findall(r'name="entry" value="(\d+)"', wipa.get(LIST).text)
    assert str(rooms.water_id) in offered and "0" in offered and str(rooms.tax_id) not in offered
    assert decides(wipa, phrasing_id, "move", entry=rooms.water_id) == 303
    assert state(rooms, phrasing_id) is PhrasingState.REJECTED
    assert only(rooms, rooms.water_id).state is PhrasingState.ACTIVE
    assert answered(rooms, DRY) == rooms.water_id


def test_a_wording_is_moved_to_no_entry_by_who_writes_for_the_whole_office(rooms: AnswerRooms) -> None:
    phrasing_id = confirmed(rooms, SIGN, rooms.tax_id)
    assert decides(rooms.author_of_finance(), phrasing_id, "move", entry=0) == 403
    assert decides(rooms.publisher(), phrasing_id, "move", entry=0) == 303
    rooms.live.refresh()
    assert rooms.live.decide(SIGN).kind is AskDecision.UNKNOWN


def test_a_refused_move_changes_nothing(rooms: AnswerRooms) -> None:
    phrasing_id = confirmed(rooms, WATER.variants[0], rooms.tax_id)
    page = said_after(rooms.publisher(), phrasing_id, "move", entry=rooms.water_id)
    assert "ยังไม่ได้ทำ: ข้อนี้มีคำถามนี้อยู่แล้ว" in page
    assert state(rooms, phrasing_id) is PhrasingState.PENDING


def test_what_was_not_done_is_told_as_a_fault_and_what_was_done_is_not(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    for words, tone, role in ((WATER.variants[0], "error", "alert"), (DRY, "done", "status")):
        told = wipa.post("/admin/faq/learned/teach", q=words, entry=rooms.water_id)
        page = wipa.get(told.headers["location"]).text
        assert re.search(rf'class="notice notice--{tone}" role="{role}"', page)


def test_a_page_is_accepted_at_once_but_for_what_is_contradicted(rooms: AnswerRooms) -> None:
    calm = [confirmed(rooms, words, rooms.water_id) for words in (DRY, "ฝักบัวแห้งทั้งวัน")]
    disputed = confirmed(rooms, SIGN, rooms.tax_id)
    confirmed(rooms, SIGN, rooms.tax_id, helpful=False)
    wipa = rooms.publisher()
    page = wipa.get(LIST)
    assert "มีคนบอกว่าไม่ตรง 1 คน" in shown(page) and "รับทั้ง 2 ข้อความที่ไม่มีใครค้าน" in shown(page)
    assert sorted(map(int, re.findall(r'name="phrasing" value="(\d+)"', page.text))) == calm
    assert wipa.post(f"{LIST}/accept", phrasing=[*calm, disputed]).status_code == 303
    assert [state(rooms, one) for one in (*calm, disputed)] == [
        PhrasingState.ACTIVE,
        PhrasingState.ACTIVE,
        PhrasingState.PENDING,
    ]


def test_a_writer_sees_and_decides_what_belongs_to_their_department(rooms: AnswerRooms) -> None:
    tax, water = confirmed(rooms, SIGN, rooms.tax_id), confirmed(rooms, DRY, rooms.water_id)
    somsri = rooms.author_of_finance()
    page = said(somsri)
    assert SIGN in page and DRY not in page
    for verb, fields in (("accept", {}), ("reject", {}), ("withdraw", {}), ("move", {"entry": rooms.tax_id})):
        assert decides(somsri, water, verb, **fields) == 403
    assert decides(somsri, tax, "move", entry=rooms.water_id) == 403
    assert somsri.post(f"{LIST}/accept", phrasing=[water]).status_code == 403
    assert (state(rooms, tax), state(rooms, water)) == (PhrasingState.PENDING, PhrasingState.PENDING)
    assert decides(somsri, tax, "accept") == 303


def test_who_only_reads_answers_decides_nothing(rooms: AnswerRooms) -> None:
    phrasing_id = confirmed(rooms, DRY, rooms.water_id)
    reader = rooms.doors.browser("preecha", Role.RESPONDER)
    page = reader.get(LIST)
    assert DRY in shown(page)
    assert f"{LIST}/{phrasing_id}/accept" not in page.text
    assert decides(reader, phrasing_id, "accept") == 403


def test_a_word_is_taught_at_the_test_bench(rooms: AnswerRooms) -> None:
    somsri = rooms.author_of_finance()
    page = somsri.get(f"/admin/bench?q={SIGN}").text
    assert 'action="/admin/faq/learned/teach"' in page
    assert f'name="entry" value="{rooms.water_id}"' not in page and 'name="entry" value="0"' not in page
    taught = somsri.post(f"{LIST}/teach", q=SIGN, entry=rooms.tax_id).headers["location"]
    assert taught == f"{LIST}?view=active"
    assert answered(rooms, SIGN) == rooms.tax_id
    page = said(somsri, taught).replace("\xa0", " ")
    assert f"“{SIGN}”" in page and "คุณsomsri สอนเมื่อ 20 พ.ย. 2569" in page
    assert somsri.post(f"{LIST}/teach", q=DRY, entry=rooms.water_id).status_code == 403
    assert somsri.post(f"{LIST}/teach", q=DRY, entry=0).status_code == 403
    refused = somsri.post(f"{LIST}/teach", q="นายสมชายถามภาษี", entry=rooms.tax_id).headers["location"]
    page = somsri.get(refused)
    assert "สอนไม่ได้" in shown(page) and 'value="นายสมชายถามภาษี"' in page.text
    assert 'name="entry" value="0"' in rooms.publisher().get(f"/admin/bench?q={SIGN}").text


def test_what_was_taught_last_leads_a_long_list(rooms: AnswerRooms, clock: FixedClock) -> None:
    wipa = rooms.publisher()
    for number in range(25):
        wipa.post(f"{LIST}/teach", q=f"ป้ายไวนิลกว้าง {number} เมตรเสียเท่าไร", entry=rooms.tax_id)
    clock.advance(minutes=1)
    taught = wipa.post(f"{LIST}/teach", q=DRY, entry=rooms.water_id).headers["location"]
    assert f"“{DRY}”" in said(wipa, taught)


def test_the_wordings_of_a_retired_entry_rest(rooms: AnswerRooms) -> None:
    waiting = confirmed(rooms, DRY, rooms.water_id)
    active = confirmed(rooms, "ฝักบัวแห้งทั้งวัน", rooms.water_id)
    wipa = rooms.publisher()
    decides(wipa, active, "accept")
    with rooms.database.unit_of_work() as uow:
        service.retire(uow, rooms.water_id, actor="wipa")
    assert "ไม่มีข้อความที่รอตรวจ" in said(wipa)
    assert "ข้อนี้เลิกใช้แล้ว ข้อความเหล่านี้จึงยังไม่มีผล" in said(wipa, f"{LIST}?view=active")
    assert "ประชาชนยังไม่เห็นข้อนี้" in said_after(wipa, waiting, "accept")


def test_many_wordings_come_in_pages(rooms: AnswerRooms) -> None:
    for number in range(25):
        confirmed(rooms, f"{SIGN} {number}", rooms.tax_id)
    wipa = rooms.publisher()
    first, second = said(wipa), said(wipa, f"{LIST}?page=2")
    assert "1–20 จาก 25" in first and "21–25 จาก 25" in second
    assert "21–25 จาก 25" in said(wipa, f"{LIST}?page=99")


@pytest.mark.parametrize("view", ["pending", "active", "put_away"])
def test_an_empty_list_says_what_to_do(rooms: AnswerRooms, view: str) -> None:
    page = rooms.publisher().get(f"{LIST}?view={view}")
    assert page.status_code == 200 and 'class="empty"' in page.text


RULES = {
    "mode": "automatic", "review_people": "2", "people": "4", "days": "3", "contact_age_days": "7",
    "daily_limit": "9",
}  # fmt: skip


def test_the_administrator_sets_the_rules_and_they_are_audited(rooms: AnswerRooms) -> None:
    chief = rooms.doors.browser("chief", Role.ADMINISTRATOR)
    page = html.unescape(chief.get(f"{LIST}/rules").text)
    assert re.search(r'value="reviewed" checked', page) and 'name="people" type="text" value="3"' in page
    assert chief.post(f"{LIST}/rules", **RULES).headers["location"] == f"{LIST}/rules"
    with rooms.database.read() as reader:
        assert get_rules(reader) == LearningRules(
            mode=LearningMode.AUTOMATIC,
            review_people=2,
            people=4,
            days=3,
            contact_age_days=7,
            daily_limit=9,
            corrections_at_once=False,
        )
        record = reader.session.query(AuditRecord).order_by(AuditRecord.id.desc()).first()
        assert record is not None
        assert (record.actor, record.action) == ("chief", "faq_learning.rules_changed")
    assert "ถ้า 4 คนเห็นตรงกัน ในวันต่างกันอย่างน้อย 3 วัน" in said(chief)


@pytest.mark.parametrize(
    ("field", "value"), [("people", "1"), ("people", "๒๒๒๒๒"), ("days", ""), ("days", "-1")]
)
def test_a_rule_out_of_reason_is_refused_with_the_form_kept(
    rooms: AnswerRooms, field: str, value: str
) -> None:
    chief = rooms.doors.browser("chief", Role.ADMINISTRATOR)
    refused = chief.post(f"{LIST}/rules", **{**RULES, field: value})
    assert refused.status_code == 422
    assert "ใส่ตัวเลข" in shown(refused) and 'name="daily_limit" type="text" value="9"' in refused.text
    with rooms.database.read() as reader:
        assert get_rules(reader) == LearningRules()


def test_who_accepts_wordings_cannot_switch_the_accepting_off(rooms: AnswerRooms) -> None:
    for visitor in (rooms.publisher(), rooms.author_of_finance()):
        assert visitor.get(f"{LIST}/rules").status_code == 403
        assert visitor.post(f"{LIST}/rules", **RULES).status_code == 403


def test_a_proposed_correction_is_accepted_by_somebody_else(rooms: AnswerRooms) -> None:
    rooms.doors.browser("chief", Role.ADMINISTRATOR).post(f"{LIST}/rules", **{**RULES, "mode": "reviewed"})
    somsri = rooms.author_of_finance()
    somsri.post(f"{LIST}/teach", q=SIGN, entry=rooms.tax_id)
    proposed = only(rooms, rooms.tax_id)
    assert proposed.state is PhrasingState.PENDING
    assert "ต้องให้เพื่อนร่วมงานอีกคนรับ" in said_after(somsri, proposed.id, "accept")
    colleague = rooms.doors.browser("malee", Grant(role=Role.APPROVER, department_id=rooms.doors.finance_id))
    assert decides(colleague, proposed.id, "accept") == 303
    assert answered(rooms, SIGN) == rooms.tax_id


def test_the_room_is_reached_from_the_answers_and_from_the_bench(rooms: AnswerRooms) -> None:
    confirmed(rooms, DRY, rooms.water_id)
    wipa = rooms.publisher()
    for address in ("/admin/faq", "/admin/bench"):
        assert f'href="{LIST}"' in wipa.get(address).text
    assert "สิ่งที่เรียนรู้ รอตรวจ 1" in said(wipa, "/admin/faq")
    assert "รอตรวจ 1" not in said(rooms.author_of_finance(), "/admin/faq")


def test_what_is_already_taught_elsewhere_is_said(rooms: AnswerRooms) -> None:
    with rooms.database.unit_of_work() as uow:
        phrasings.correct(uow, DRY, rooms.water_id, actor="cli")
    phrasing_id = confirmed(rooms, DRY, rooms.tax_id)
    assert "ข้อความนี้สอนไว้กับข้ออื่นแล้ว" in said_after(rooms.publisher(), phrasing_id, "accept")


def test_a_number_that_no_wording_can_have_is_refused(rooms: AnswerRooms) -> None:
    assert rooms.publisher().post(f"{LIST}/accept", phrasing=10**30).status_code == 422
