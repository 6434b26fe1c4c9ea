"""The queue and the cases as staff may see them."""

from datetime import timedelta

import pytest

from eservice.inquiries import queries
from eservice.inquiries import service as inquiries
from eservice.inquiries.queries import View
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import conversations, deliveries
from eservice.messaging.content import Bundle, Sender, Text
from eservice.messaging.models import ChannelName, DeliveryState
from eservice.staff.models import Role, StaffAccount
from tests.inquiries.desk import acknowledge_later, add_department, add_staff, heard, leave, meet

NOBODY = 0


def staff_says(text: str) -> Bundle:
    return Bundle(parts=(Text(text=text),), sender=Sender.STAFF, sender_name="สมศรี · กองคลัง")


def answer(uow: UnitOfWork, inquiry_id: int, account: StaffAccount, text: str = "จ่ายที่กองคลังค่ะ") -> None:
    inquiries.answer(uow, inquiry_id, staff_says(text), actor=account.username, author_id=account.id)


def said(
    database: Database, view: View, departments: frozenset[int] | None, account_id: int = NOBODY
) -> list[str]:
    with database.read() as reader:
        rows = queries.queue(reader, view, account_id=account_id, departments=departments)
        return [row.newest.text for row in rows]


def test_the_longest_waiting_question_comes_first(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        first = leave(uow, meet(uow, "U1"), "ถามก่อน")
    clock.advance(minutes=1)
    with database.unit_of_work() as uow:
        leave(uow, meet(uow, "U2"), "ถามทีหลัง")
    assert said(database, View.WAITING, None) == ["ถามก่อน", "ถามทีหลัง"]

    clock.advance(minutes=1)
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        answer(uow, first.id, somsri)
    clock.advance(minutes=1)
    with database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        current = inquiries.current(uow, talk.conversation.id)
        assert current is not None
        inquiries.follow_up(uow, current, heard(uow, talk, "ถามต่อ"))
    assert said(database, View.WAITING, None) == ["ถามทีหลัง", "ถามต่อ"]


def test_people_see_their_departments_and_what_nobody_has_yet(database: Database) -> None:
    with database.unit_of_work() as uow:
        finance, works = add_department(uow, "กองคลัง"), add_department(uow, "กองช่าง")
        leave(uow, meet(uow, "U1"), "ภาษี", finance)
        other = leave(uow, meet(uow, "U2"), "ถนน", works)
        leave(uow, meet(uow, "U3"), "อื่นๆ")
    assert said(database, View.WAITING, frozenset({finance.id})) == ["ภาษี", "อื่นๆ"]
    assert said(database, View.WAITING, None) == ["ภาษี", "ถนน", "อื่นๆ"]
    assert said(database, View.WAITING, frozenset()) == []
    with database.read() as reader:
        assert queries.waiting_count(reader, frozenset({finance.id})) == 2
        assert queries.waiting_count(reader, frozenset()) == 0
        assert queries.find(reader, other.id, frozenset({works.id})).department == "กองช่าง"
        with pytest.raises(ServiceError, match=r"inquiries\.not_found"):
            queries.find(reader, other.id, frozenset({finance.id}))
        with pytest.raises(ServiceError, match=r"inquiries\.not_found"):
            queries.find(reader, 999_999, None)


def test_each_list_counts_what_it_shows(database: Database) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        finance = add_department(uow, "กองคลัง")
        leave(uow, meet(uow, "U1"), "รอ", finance)
        taken = leave(uow, meet(uow, "U2"), "ของสมศรี")
        answered = leave(uow, meet(uow, "U3"), "ตอบแล้ว")
        closed = leave(uow, meet(uow, "U4"), "จบแล้ว")
        inquiries.take(uow, taken.id, actor="somsri", account_id=somsri.id)
        answer(uow, answered.id, somsri)
        inquiries.close(uow, closed, actor="somsri")
    with database.read() as reader:
        counted = queries.counts(reader, account_id=somsri.id, departments=None)
        of_finance = queries.counts(reader, account_id=somsri.id, departments=None, department_id=finance.id)
    shown = {view: len(said(database, view, None, somsri.id)) for view in View}
    assert counted == shown == {View.WAITING: 2, View.MINE: 2, View.ANSWERED: 1, View.CLOSED: 1}
    assert of_finance == {View.WAITING: 1, View.MINE: 0, View.ANSWERED: 0, View.CLOSED: 0}


def test_a_thread_has_what_came_before_and_leaves_out_other_questions(database: Database) -> None:
    with database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        leave(uow, talk, "เรื่องอื่นของเขา")
        for number in range(queries.CONTEXT_MESSAGES + 2):
            heard(uow, talk, f"คุยเล่น {number}")
        inquiry = leave(uow, talk, "ค่าน้ำเท่าไหร่")
        inquiries.follow_up(uow, inquiry, heard(uow, talk, "บ้านเลขที่ 12"))
    with database.read() as reader:
        texts = [message.text for message in queries.thread(reader, inquiry)]
    assert texts == [*(f"คุยเล่น {number}" for number in range(2, 10)), "ค่าน้ำเท่าไหร่", "บ้านเลขที่ 12"]


def test_a_closed_thread_ends_where_it_was_closed(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        inquiry = leave(uow, talk, "ค่าน้ำเท่าไหร่")
        inquiries.close(uow, inquiry, actor="somsri")
    clock.advance(hours=1)
    with database.unit_of_work() as uow:
        heard(uow, meet(uow, "U1"), "เรื่องใหม่")
    with database.read() as reader:
        assert [m.text for m in queries.thread(reader, inquiry)] == ["ค่าน้ำเท่าไหร่"]


def test_a_message_taken_back_stays_as_an_empty_row(database: Database) -> None:
    with database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        inquiry = leave(uow, talk, "ความลับ", ref="m1")
        conversations.erase_heard(uow, talk.conversation, "m1")
    with database.read() as reader:
        assert [(m.text, m.erased_at is not None) for m in queries.thread(reader, inquiry)] == [("", True)]


def test_notes_and_the_newest_answer_name_their_authors(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        inquiry = leave(uow, meet(uow, "U1"), "ค่าน้ำเท่าไหร่")
        assert queries.newest_answer(uow, inquiry.id) is None
        inquiries.note(uow, inquiry.id, "โทรถามแล้ว", actor="somsri", author_id=somsri.id)
        answer(uow, inquiry.id, somsri, "คำตอบแรก")
    clock.advance(minutes=1)
    with database.unit_of_work() as uow:
        answer(uow, inquiry.id, somsri, "คำตอบที่สอง")
    with database.read() as reader:
        assert [(note.author, note.text) for note in queries.notes(reader, inquiry.id)] == [
            ("Somsri", "โทรถามแล้ว")
        ]
        newest = queries.newest_answer(reader, inquiry.id)
    assert newest is not None
    assert (newest.author, newest.text, newest.at) == ("Somsri", "คำตอบที่สอง", clock.now())


def test_one_form_gives_one_answer(database: Database) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        inquiry = leave(uow, meet(uow, "U1"), "ค่าน้ำเท่าไหร่")
    bundle = staff_says("128 บาทค่ะ")
    with database.unit_of_work() as uow:
        sent = inquiries.answer(
            uow, inquiry.id, bundle, actor="somsri", author_id=somsri.id, dedup_key="answer:1:form"
        )
    with database.unit_of_work() as uow:
        again = queries.answer_sent_by(uow, "answer:1:form")
        assert again is not None and again.id == sent.id
        with pytest.raises(ServiceError, match=r"inquiries\.changed"):
            inquiries.answer(
                uow, inquiry.id, bundle, actor="somsri", author_id=somsri.id, dedup_key="answer:1:form"
            )


def test_an_answer_is_free_until_the_receipt_goes_out(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        leave(uow, talk, "ค่าน้ำเท่าไหร่")
        acknowledge_later(uow, talk, after_seconds=35)
    contact_id = talk.contact.id
    with database.read() as reader:
        moment = queries.free_moment(reader, contact_id)
    assert moment is not None
    assert (moment.since, moment.until) == (clock.now(), clock.now() + timedelta(seconds=35))
    clock.advance(seconds=36)
    with database.read() as reader:
        assert queries.free_moment(reader, contact_id) is None


def test_a_token_near_its_end_is_not_trusted(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        talk = meet(uow, "U1")
        acknowledge_later(uow, talk, after_seconds=600)
    with database.read() as reader:
        moment = queries.free_moment(reader, talk.contact.id)
        assert moment is not None
        assert moment.until == clock.now() + timedelta(seconds=47)
    clock.advance(seconds=47)
    with database.read() as reader:
        assert queries.free_moment(reader, talk.contact.id) is None


def test_an_answer_in_the_free_moment_takes_the_receipts_place(database: Database) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        talk = meet(uow, "U1")
        inquiry = leave(uow, talk, "ค่าน้ำเท่าไหร่")
        receipt = acknowledge_later(uow, talk)
        sent = inquiries.answer(uow, inquiry.id, staff_says("128 บาทค่ะ"), actor="somsri", author_id=somsri.id)
        assert receipt.state is DeliveryState.CANCELLED
        assert (sent.state, sent.reply_token) == (DeliveryState.QUEUED, "reply-token")
        assert queries.free_moment(uow, talk.contact.id) is None  # the token is spent on the answer


def test_earlier_questions_of_the_same_person_are_counted(database: Database) -> None:
    with database.unit_of_work() as uow:
        leave(uow, meet(uow, "W1", ChannelName.WEB), "แรก")
        second = leave(uow, meet(uow, "W1", ChannelName.WEB), "สอง")
        assert queries.earlier_count(uow, second) == 1


def test_what_was_to_ride_with_the_receipt_rides_with_the_answer(database: Database) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        talk = meet(uow, "U1")
        first, second = leave(uow, talk, "เรื่องแรก"), leave(uow, talk, "เรื่องที่สอง")
        waiting = inquiries.answer(uow, first.id, staff_says("คำตอบแรก"), actor="somsri", author_id=somsri.id)
        receipt = acknowledge_later(uow, talk)
        deliveries.carry(uow, [waiting], receipt)
        uow.session.flush()
        answer = inquiries.answer(
            uow, second.id, staff_says("คำตอบที่สอง"), actor="somsri", author_id=somsri.id
        )
        uow.session.flush()
        uow.session.refresh(waiting)
        assert (waiting.state, waiting.carrier_id) == (DeliveryState.CARRIED, answer.id)


def test_a_colleagues_answer_on_its_way_is_not_taken_back(database: Database) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        talk = meet(uow, "U1")
        inquiry = leave(uow, talk, "ค่าน้ำเท่าไหร่")
        acknowledge_later(uow, talk)
        first, second = (
            inquiries.answer(uow, inquiry.id, staff_says(text), actor="somsri", author_id=somsri.id)
            for text in ("คำตอบแรก", "คำตอบที่สอง")
        )
        assert (first.state, second.state) == (DeliveryState.QUEUED, DeliveryState.HELD)
