"""The questions in the console: who sees which, and the answer on its way to the asker."""

import html
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from eservice.complaints.filing import NewComplaint, file_complaint
from eservice.complaints.models import Source
from eservice.complaints.numbers import shown
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry, InquiryState
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import channels, conversations
from eservice.messaging.content import bundle_from_json, say
from eservice.messaging.models import (
    ChannelName,
    Contact,
    Delivery,
    DeliveryClass,
    DeliveryState,
    Message,
    Reachability,
    Speaker,
)
from eservice.staff import presence
from eservice.staff.models import Department, Role, StaffAccount
from knowledge.entries import service as entries
from knowledge.entries.content import EntryContent
from knowledge.entries.models import Entry, EntryVersion, Phrasing, PhrasingState
from tests.admin.desk_client import Browser, Console
from tests.inquiries.desk import acknowledge_later, add_department, add_staff, heard, leave, meet


@dataclass
class Office:
    """An office with two departments, each with a responder, and a question for each."""

    console: Console
    finance: Department
    works: Department
    somsri: StaffAccount  # answers for finance
    preecha: StaffAccount  # answers for works
    tax: int
    road: int

    @property
    def database(self) -> Database:
        return self.console.database

    def browser(self, account: StaffAccount) -> Browser:
        return self.console.browser(account)

    def inquiry(self, inquiry_id: int) -> Inquiry:
        with self.database.read() as reader:
            return reader.session.get_one(Inquiry, inquiry_id)

    def answers(self) -> list[Delivery]:
        with self.database.read() as reader:
            staff = (DeliveryClass.STAFF_ANSWER, DeliveryClass.STAFF_ANSWER_PUSH)
            return list(
                reader.session.scalars(
                    select(Delivery).where(Delivery.purpose.in_(staff)).order_by(Delivery.id)
                )
            )

    def actions(self, inquiry_id: int) -> list[str]:
        with self.database.read() as reader:
            found = audit.history(reader, subject_kind="inquiry", subject_id=inquiry_id)
            return [f"{record.actor} {record.action}" for record in found]


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    with database.unit_of_work() as uow:
        finance, works = add_department(uow, "กองคลัง"), add_department(uow, "กองช่าง")
        somsri = add_staff(uow, "somsri", Role.RESPONDER, Role.AUTHOR, department=finance)
        preecha = add_staff(uow, "preecha", Role.RESPONDER, department=works)
        tax = leave(uow, meet(uow, "U1", name="ป้าแดง"), "ภาษีป้ายจ่ายเท่าไหร่", finance)
        road = leave(uow, meet(uow, "T1", ChannelName.TELEGRAM, "ลุงคำ"), "ถนนเป็นหลุม", works)
    return Office(
        console=Console(database, tmp_path),
        finance=finance,
        works=works,
        somsri=somsri,
        preecha=preecha,
        tax=tax.id,
        road=road.id,
    )


def send(browser: Browser, inquiry_id: int, text: str, **changed: str):
    """Opens the case, writes and sends; `changed` replaces fields of the rendered form."""
    action = f"/admin/inquiries/{inquiry_id}/answer"
    fields = browser.hidden(browser.page(f"/admin/inquiries/{inquiry_id}"), action)
    return browser.post(action, **{**fields, "text": text, "road": "wait", **changed})


# Who sees which


def test_the_queue_shows_what_is_mine_to_answer(office: Office) -> None:
    page = office.browser(office.somsri).page("/admin/inquiries")
    assert "ภาษีป้ายจ่ายเท่าไหร่" in page
    assert "ถนนเป็นหลุม" not in page
    assert "<title>(1) คำถาม" in page


def test_somebody_for_the_whole_office_sees_all_and_filters(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        chief = add_staff(uow, "chief", Role.RESPONDER)
    browser = office.browser(chief)
    everything = browser.page("/admin/inquiries")
    assert "ภาษีป้าย" in everything and "ถนนเป็นหลุม" in everything
    works = browser.page(f"/admin/inquiries?department={office.works.id}")
    assert "ภาษีป้าย" not in works and "ถนนเป็นหลุม" in works


def test_a_complaint_told_in_the_same_talk_gives_staff_no_key_and_the_accused_nothing(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        talk = meet(uow, "T1", ChannelName.TELEGRAM, "ลุงคำ")
        heard(uow, talk, "กองช่างทำถนนไม่ดี")
        filed = file_complaint(
            uow,
            NewComplaint(
                source=Source.TELEGRAM, category="ถนน", text="กองช่างทำถนนไม่ดี", contact_id=talk.contact.id,
                accused=frozenset({office.works.id}),
            ),
            idempotency_key="chat:1",
        )  # fmt: skip
        assert filed.key is not None
        key = shown(filed.key)
        conversations.record_said(uow, talk.conversation, say(f"รหัสส่วนตัว: {key}"), Speaker.BOT)
        chief = add_staff(uow, "chief", Role.RESPONDER)
    address = f"/admin/inquiries/{office.road}"
    for part in ("", "/thread"):
        seen = office.browser(chief).page(address + part)
        assert "กองช่างทำถนนไม่ดี" in seen and key not in seen
        accused = office.browser(office.preecha).page(address + part)
        assert "ถนนเป็นหลุม" in accused
        assert "กองช่างทำถนนไม่ดี" not in accused and "รหัสส่วนตัว" not in accused


@pytest.mark.parametrize("part", ["", "/thread", "/road"])
def test_another_departments_case_is_not_there(office: Office, part: str) -> None:
    browser = office.browser(office.somsri)
    assert browser.get(f"/admin/inquiries/{office.road}{part}").status_code == 404
    assert browser.get(f"/admin/inquiries/{office.tax}{part}").status_code == 200


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("answer", {"text": "ตอบแทน", "road": "wait"}),
        ("take", {}),
        ("department", {"department": "1"}),
        ("close", {}),
        ("notes", {"note": "แอบเขียน"}),
        ("faq", {}),
        ("teach", {"entry": "1"}),
    ],
)
def test_another_departments_case_cannot_be_changed(
    office: Office, action: str, fields: dict[str, str]
) -> None:
    response = office.browser(office.somsri).post(f"/admin/inquiries/{office.road}/{action}", **fields)
    assert response.status_code == 404
    road = office.inquiry(office.road)
    assert (road.state, road.assignee_id, road.department_id) == (
        InquiryState.WAITING,
        None,
        office.works.id,
    )
    assert office.answers() == []


def test_a_checker_reads_but_changes_nothing(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        checker = add_staff(uow, "checker", Role.CHECKER)
    browser = office.browser(checker)
    assert "ภาษีป้าย" in browser.page(f"/admin/inquiries/{office.tax}")
    for action in ("answer", "take", "close", "notes", "department", "faq"):
        response = browser.post(f"/admin/inquiries/{office.tax}/{action}", text="x", department="1")
        assert response.status_code == 403
    assert office.inquiry(office.tax).state is InquiryState.WAITING


@pytest.mark.parametrize("address", ["", "/list", "/1", "/1/thread", "/1/road"])
def test_the_room_is_closed_to_strangers_and_to_those_without_the_right(office: Office, address: str) -> None:
    with office.database.unit_of_work() as uow:
        author = add_staff(uow, "author", Role.AUTHOR)
    browser = office.browser(author)
    assert browser.get(f"/admin/inquiries{address}").status_code == 403
    browser.client.cookies.clear()
    assert browser.get(f"/admin/inquiries{address}").headers["location"].startswith("/admin/login")


def test_a_form_that_no_page_of_ours_made_is_refused(office: Office) -> None:
    browser = office.browser(office.somsri)
    response = browser.post(f"/admin/inquiries/{office.tax}/answer", text="คำตอบ", csrf_token="forged")
    assert response.status_code == 403
    assert office.answers() == []


# What a case shows


def test_a_case_shows_who_said_what_and_how_far_it_came(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        inquiries.note(uow, office.tax, "โทรหาแล้ว", actor="somsri", author_id=office.somsri.id)
        inquiry = inquiries.current(uow, talk.conversation.id)
        assert inquiry is not None
        inquiries.follow_up(uow, inquiry, heard(uow, talk, "", kind="photo"))
        inquiries.follow_up(uow, inquiry, heard(uow, talk, "ลับมาก", ref="m9"))
        conversations.erase_heard(uow, talk.conversation, "m9")
    browser = office.browser(office.somsri)
    send(browser, office.tax, "200 บาทค่ะ")
    page = browser.page(f"/admin/inquiries/{office.tax}")
    assert '<p class="case-question">ภาษีป้ายจ่ายเท่าไหร่</p>' in page
    assert "มั่นใจ 41%" in page
    assert "โน้ตภายใน เห็นเฉพาะเจ้าหน้าที่ · Somsri" in page and "โทรหาแล้ว" in page
    assert "ส่งรูป (ดูได้" in page
    assert "ผู้ส่งลบข้อความนี้แล้ว" in page and "ลับมาก" not in page
    assert "Somsri" in page and "200 บาทค่ะ" in page
    assert "รอส่งเมื่อเขาทักมา" in page
    thread = browser.page(f"/admin/inquiries/{office.tax}/thread")
    assert "200 บาทค่ะ" in thread and "<html" not in thread


@pytest.mark.parametrize(
    ("state", "road", "reason", "words"),
    [
        (DeliveryState.ACCEPTED, "reply", None, "ส่งถึงระบบของ LINE แล้ว"),
        (DeliveryState.ACCEPTED, "push", None, "ใช้ 1 ข้อความ"),
        (DeliveryState.UNCERTAIN, None, "no answer from LINE: TimeoutError", "ไม่แน่ใจว่าถึงหรือไม่"),
        (DeliveryState.FAILED, None, "blocked", "ส่งไม่ได้: เขาปิดรับข้อความจากเรา"),
        (DeliveryState.FAILED, None, "LINE answered 400: bad", "ส่งไม่ได้: ช่องทางไม่รับข้อความนี้"),
        (DeliveryState.HELD, None, "blocked", "รอส่ง เพราะเขาปิดรับข้อความจากเรา"),
        (DeliveryState.CANCELLED, None, None, "คำตอบของเจ้าหน้าที่ไปแทน"),
    ],
)
def test_each_outcome_has_honest_words(
    office: Office, state: DeliveryState, road: str | None, reason: str | None, words: str
) -> None:
    browser = office.browser(office.somsri)
    send(browser, office.tax, "200 บาทค่ะ")
    with office.database.unit_of_work() as uow:
        delivery = uow.session.get_one(Delivery, office.answers()[0].id)
        delivery.state, delivery.road, delivery.reason = state, road, reason
    thread = html.unescape(browser.page(f"/admin/inquiries/{office.tax}/thread"))
    assert words in thread
    assert "อ่านแล้ว" not in thread


def test_a_nameless_visitor_has_a_number(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        talk = meet(uow, "W1", ChannelName.WEB, name="")
        leave(uow, talk, "ถามจากเว็บ", office.finance)
    page = office.browser(office.somsri).page("/admin/inquiries")
    assert f"ผู้ใช้เว็บ {talk.contact.id:04d}" in page


def test_waiting_is_told_in_words_and_colour(office: Office, clock: FixedClock) -> None:
    browser = office.browser(office.somsri)
    for minutes, words, tone in (
        (0, "รอไม่ถึง 1 นาที", "neutral"),
        (4, "รอ 4 นาที", "warn"),
        (27, "รอ 31 นาที", "error"),
        (94, "รอ 2 ชม. 5 นาที", "error"),
        (60 * 48, "รอ 2 วัน", "error"),
    ):
        clock.advance(minutes=minutes)
        browser = office.browser(office.somsri)
        page = browser.page("/admin/inquiries/list").replace("\N{NO-BREAK SPACE}", " ")
        assert words in page
        assert f"chip--{tone}" in page


def test_what_residents_write_is_never_markup(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        leave(uow, meet(uow, "U9", name="<b>ชื่อ</b>"), "<script>alert(1)</script>", office.finance)
    page = office.browser(office.somsri).page("/admin/inquiries")
    assert "<script>alert" not in page and "<b>ชื่อ" not in page


# Answering


def test_an_answer_goes_to_the_askers_own_channel(office: Office) -> None:
    browser = office.browser(office.preecha)
    response = send(browser, office.road, "  จะส่งช่างไปดูพรุ่งนี้ค่ะ\r\nขอบคุณที่แจ้ง ")
    assert response.status_code == 303
    (delivery,) = office.answers()
    assert (delivery.channel, delivery.state) == (ChannelName.TELEGRAM, DeliveryState.QUEUED)
    with office.database.read() as reader:
        message = reader.session.get_one(Message, delivery.message_id)
        assert message.content is not None
        bundle = bundle_from_json(message.content)
        conversation_id = message.conversation_id
    assert message.text == "จะส่งช่างไปดูพรุ่งนี้ค่ะ\nขอบคุณที่แจ้ง"
    assert bundle.sender_name == "Preecha · กองช่าง"
    assert [button.payload for button in bundle.quick_replies] == [
        f"more:{office.road}",
        f"settled:{office.road}",
    ]
    answered = office.inquiry(office.road)
    assert (answered.state, answered.assignee_id) == (InquiryState.ANSWERED, office.preecha.id)
    assert "preecha inquiry.answered" in office.actions(office.road)
    assert {"outbox", f"conversation:{conversation_id}"} <= set(office.console.signals.woken)


def test_on_line_an_answer_waits_for_contact_or_costs_one(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 182)
    browser = office.browser(office.somsri)
    page = browser.page(f"/admin/inquiries/{office.tax}")
    assert "ส่งเมื่อเขาทักมา (ฟรี)" in page
    assert "ส่งตอนนี้ ใช้ 1 (เหลือ 118)" in page
    send(browser, office.tax, "รอได้")
    send(browser, office.tax, "ด่วน", road="now")
    assert [(d.purpose, d.state) for d in office.answers()] == [
        (DeliveryClass.STAFF_ANSWER, DeliveryState.HELD),
        (DeliveryClass.STAFF_ANSWER_PUSH, DeliveryState.QUEUED),
    ]


def test_when_the_allowance_is_spent_nothing_can_be_pushed(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 300)
    browser = office.browser(office.somsri)
    assert "โควตาเดือนนี้หมด" in browser.page(f"/admin/inquiries/{office.tax}")
    response = send(browser, office.tax, "ด่วนมาก", road="now")
    assert response.status_code == 409
    assert "ด่วนมาก" in response.text and "ส่งแบบฟรีเมื่อเขาทักมาได้" in response.text
    assert office.answers() == []


def test_while_a_reply_token_lives_one_button_sends_free(office: Office, clock: FixedClock) -> None:
    with office.database.unit_of_work() as uow:
        acknowledge_later(uow, meet(uow, "U1"), after_seconds=35)
    browser = office.browser(office.somsri)
    road = browser.page(f"/admin/inquiries/{office.tax}/road").replace("\N{NO-BREAK SPACE}", " ")
    assert "ตอบฟรีได้อีก 35 วินาที" in road and "ส่งคำตอบ (ฟรี)" in road and 'value="now"' not in road
    send(browser, office.tax, "200 บาทค่ะ")
    (delivery,) = office.answers()
    assert (delivery.state, delivery.reply_token) == (DeliveryState.QUEUED, "reply-token")
    clock.advance(minutes=1)
    road = browser.page(f"/admin/inquiries/{office.tax}/road")
    assert "ส่งคำตอบ (ฟรี)" not in road and 'value="now"' in road


def test_telegram_and_web_have_one_button(office: Office) -> None:
    page = office.browser(office.preecha).page(f"/admin/inquiries/{office.road}")
    assert "ส่งคำตอบ" in page and 'value="now"' not in page


def test_the_same_form_twice_sends_one_answer(office: Office) -> None:
    browser = office.browser(office.somsri)
    action = f"/admin/inquiries/{office.tax}/answer"
    fields = browser.hidden(browser.page(f"/admin/inquiries/{office.tax}"), action)
    for _ in range(2):
        response = browser.post(action, **fields, text="200 บาทค่ะ", road="wait")
        assert response.status_code == 303
    assert len(office.answers()) == 1


def test_two_clicks_at_once_send_one_answer(own_database: Database, tmp_path: Path) -> None:
    with own_database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        inquiry = leave(uow, meet(uow, "U1"), "ค่าน้ำเท่าไหร่")
    browser = Console(own_database, tmp_path).browser(somsri)
    action = f"/admin/inquiries/{inquiry.id}/answer"
    fields = browser.hidden(browser.page(f"/admin/inquiries/{inquiry.id}"), action)
    with ThreadPoolExecutor() as pool:
        clicks = [
            pool.submit(browser.post, action, **fields, text="128 บาทค่ะ", road="wait") for _ in range(4)
        ]
    assert [click.result().status_code for click in clicks] == [303] * 4
    with own_database.read() as reader:
        assert reader.session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_a_faster_colleague_is_named_and_the_text_stays(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        wipa = add_staff(uow, "wipa", Role.RESPONDER, department=office.finance)
    mine, theirs = office.browser(office.somsri), office.browser(wipa)
    action = f"/admin/inquiries/{office.tax}/answer"
    fields = mine.hidden(mine.page(f"/admin/inquiries/{office.tax}"), action)
    send(theirs, office.tax, "คำตอบของวิภา")
    response = mine.post(action, **fields, text="คำตอบของฉัน", road="wait")
    assert response.status_code == 409
    assert "Wipa" in response.text and "คำตอบของฉัน" in response.text and "คำตอบของวิภา" in response.text
    again = mine.hidden(response.text, action)
    assert mine.post(action, **again, text="คำตอบของฉัน", road="wait").status_code == 303
    assert len(office.answers()) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("   ", "ยังไม่ได้พิมพ์คำตอบ"),
        ("\x07\x1b", "ยังไม่ได้พิมพ์คำตอบ"),
        ("ก" * 2001, "2,000"),
    ],
)
def test_an_answer_that_cannot_be_sent_is_kept_and_explained(office: Office, text: str, words: str) -> None:
    response = send(office.browser(office.somsri), office.tax, text)
    assert response.status_code == 422
    assert words in response.text
    assert office.answers() == []
    assert office.inquiry(office.tax).state is InquiryState.WAITING


def test_control_characters_do_not_reach_the_resident(office: Office) -> None:
    assert send(office.browser(office.somsri), office.tax, "200\x1b บาท\x07ค่ะ").status_code == 303
    with office.database.read() as reader:
        assert reader.session.get_one(Message, office.answers()[0].message_id).text == "200 บาทค่ะ"


def test_a_closed_question_takes_no_answer(office: Office) -> None:
    browser = office.browser(office.somsri)
    action = f"/admin/inquiries/{office.tax}/answer"
    fields = browser.hidden(browser.page(f"/admin/inquiries/{office.tax}"), action)
    assert browser.post(f"/admin/inquiries/{office.tax}/close").status_code == 303
    assert browser.post(action, **fields, text="สายไป", road="wait").status_code == 409
    assert office.answers() == []
    assert "เรื่องนี้เสร็จแล้ว" in browser.page(f"/admin/inquiries/{office.tax}")
    assert "somsri inquiry.closed" in office.actions(office.tax)


def test_somebody_who_blocked_us_is_not_promised_an_answer(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, meet(uow, "U1").contact.id)
        conversations.set_reachability(uow, contact, Reachability.BLOCKED)
    page = office.browser(office.somsri).page(f"/admin/inquiries/{office.tax}")
    assert "เขาปิดรับข้อความจากเรา" in page


# Taking, handing on, notes


def test_taking_a_question_puts_it_in_my_list(office: Office) -> None:
    browser = office.browser(office.somsri)
    action = f"/admin/inquiries/{office.tax}/take"
    fields = browser.hidden(browser.page(f"/admin/inquiries/{office.tax}"), action)
    browser.post(action, **fields)
    assert office.inquiry(office.tax).assignee_id == office.somsri.id
    assert "ภาษีป้าย" in browser.page("/admin/inquiries?view=mine")
    assert "somsri inquiry.taken" in office.actions(office.tax)


def test_whoever_takes_it_first_keeps_it(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        wipa = add_staff(uow, "wipa", Role.RESPONDER, department=office.finance)
    action = f"/admin/inquiries/{office.tax}/take"
    office.browser(wipa).post(action, seen_assignee="")
    late = office.browser(office.somsri)
    late.post(action, seen_assignee="")
    assert office.inquiry(office.tax).assignee_id == wipa.id
    assert "Wipaรับเรื่องนี้ไปก่อนแล้ว" in late.page(f"/admin/inquiries/{office.tax}")


def test_a_question_is_given_only_to_somebody_who_may_answer_it(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        wipa = add_staff(uow, "wipa", Role.RESPONDER, department=office.finance)
    browser = office.browser(office.somsri)
    action = f"/admin/inquiries/{office.tax}/take"
    refused = browser.post(action, seen_assignee="", account=str(office.preecha.id))
    assert refused.status_code == 404
    assert office.inquiry(office.tax).assignee_id is None
    browser.post(action, seen_assignee="", account=str(wipa.id))
    assert office.inquiry(office.tax).assignee_id == wipa.id


def test_handing_on_moves_the_question_to_the_other_departments_people(office: Office) -> None:
    browser = office.browser(office.somsri)
    response = browser.post(f"/admin/inquiries/{office.tax}/department", department=str(office.works.id))
    assert response.headers["location"] == "/admin/inquiries"
    assert browser.get(f"/admin/inquiries/{office.tax}").status_code == 404
    assert "ภาษีป้าย" in office.browser(office.preecha).page("/admin/inquiries")
    assert "somsri inquiry.handed_on" in office.actions(office.tax)


def test_a_question_is_not_handed_to_a_department_that_is_not_there(office: Office) -> None:
    response = office.browser(office.somsri).post(
        f"/admin/inquiries/{office.tax}/department", department="999999"
    )
    assert response.status_code == 422
    assert office.inquiry(office.tax).department_id == office.finance.id


def test_a_note_is_seen_by_staff_and_sent_to_nobody(office: Office) -> None:
    browser = office.browser(office.somsri)
    browser.post(f"/admin/inquiries/{office.tax}/notes", note="โทรหาแล้ว ไม่รับ")
    assert "โทรหาแล้ว ไม่รับ" in browser.page(f"/admin/inquiries/{office.tax}")
    assert browser.post(f"/admin/inquiries/{office.tax}/notes", note=" ").status_code == 422
    assert office.answers() == []


# The FAQ beside a question


def publish(office: Office, question: str, answer: str) -> int:
    with office.database.unit_of_work() as uow:
        entry = entries.create_entry(uow, EntryContent(question=question, answer=answer), actor="cli")
        entries.publish(uow, entry.id, number=1, actor="cli")
        return entry.id


def test_near_answers_can_be_put_into_the_box_without_scripts(office: Office) -> None:
    entry_id = publish(office, "ภาษีป้ายจ่ายเท่าไหร่", "เริ่มที่ 200 บาท")
    browser = office.browser(office.somsri)
    page = browser.page(f"/admin/inquiries/{office.tax}")
    assert "ใกล้เคียง" in page and f"?insert={entry_id}" in page
    filled = browser.page(f"/admin/inquiries/{office.tax}?insert={entry_id}")
    assert "เริ่มที่ 200 บาท</textarea>" in filled


def test_a_question_and_its_answer_become_one_draft(office: Office) -> None:
    browser = office.browser(office.somsri)
    action = f"/admin/inquiries/{office.tax}/faq"
    assert browser.post(action).status_code == 422  # nothing has been answered yet
    send(browser, office.tax, "เริ่มที่ 200 บาทค่ะ")
    first, second = browser.post(action), browser.post(action)
    with office.database.read() as reader:
        entry = reader.session.scalars(select(Entry)).one()
        draft = reader.session.get_one(EntryVersion, entry.draft_version_id)
    assert first.headers["location"] == second.headers["location"] == f"/admin/faq/{entry.id}"
    assert (draft.question, draft.answer, draft.department_id) == (
        "ภาษีป้ายจ่ายเท่าไหร่",
        "เริ่มที่ 200 บาทค่ะ",
        office.finance.id,
    )
    assert entry.live_version_id is None


def test_a_responder_who_may_not_write_the_faq_makes_no_draft(office: Office) -> None:
    browser = office.browser(office.preecha)
    send(browser, office.road, "จะไปดูค่ะ")
    assert "ตั้งเป็นคำตอบใหม่" not in browser.page(f"/admin/inquiries/{office.road}")
    assert browser.post(f"/admin/inquiries/{office.road}/faq").status_code == 403


# Being there


def test_whoever_has_the_questions_open_is_present(office: Office, clock: FixedClock) -> None:
    def present() -> bool:
        with office.database.read() as reader:
            return presence.anyone_present(reader)

    browser = office.browser(office.somsri)
    assert not present()
    browser.get("/admin/inquiries/list", **{"X-Looking": "no"})
    assert not present()
    browser.get("/admin/inquiries/list", **{"X-Looking": "yes"})
    assert present()
    clock.advance(seconds=31)
    assert not present()
    browser.get(f"/admin/inquiries/{office.tax}/thread")
    assert present()


# The assistant learns from it


def test_a_question_that_an_answer_fits_already_is_taught_with_one_click(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        content = EntryContent(question="ภาษีป้ายคิดอย่างไร", answer="ตามขนาด", department_id=office.finance.id)
        entry = entries.create_entry(uow, content, actor="cli")
        uow.session.flush()
        entries.publish(uow, entry.id, number=1, actor="cli")
    action = f"/admin/inquiries/{office.tax}/teach"
    somsri = office.browser(office.somsri)
    fields = somsri.hidden(somsri.page(f"/admin/inquiries/{office.tax}"), action)
    assert fields["entry"] == str(entry.id)
    assert somsri.post(action, **fields).headers["location"] == f"/admin/inquiries/{office.tax}"
    with office.database.read() as reader:
        (taught,) = reader.session.scalars(select(Phrasing))
        assert (taught.state, taught.entry_id, taught.proposed_by) == (
            PhrasingState.ACTIVE,
            entry.id,
            "somsri",
        )
        assert taught.origin_message_id == reader.session.get_one(Inquiry, office.tax).question_id
    assert office.console.signals.woken[-1] == entries.TOPIC
    preecha = office.browser(office.preecha)
    assert preecha.post(f"/admin/inquiries/{office.road}/teach", entry=str(entry.id)).status_code == 403
    assert "/teach" not in preecha.page(f"/admin/inquiries/{office.road}")
