"""What could not be answered, by topic, and what needs no answer."""

from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.inquiries import service as inquiries
from eservice.inquiries.models import InquiryKind
from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.masking import MASK, without_numbers
from eservice.messaging import conversations
from eservice.messaging.conversations import Talk
from eservice.messaging.models import ChannelName, Contact, ContactKind, Conversation, Message
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import passed_over
from knowledge.entries.models import AskDecision
from tests.admin.answers import TAX, WATER, shown
from tests.admin.unanswered_rooms import ADDRESS, DOGS, UnansweredRooms, forms, headings, send

SUBJECTS = (
    "สูตรแกงเขียวหวานไก่", "ราคาทองวันนี้", "ดวงวันนี้เป็นไง", "เปิดสอนว่ายน้ำไหม", "ซ่อมมือถือร้านไหนดี",
    "รถไฟไปเชียงใหม่ออกกี่โมง", "ขายกล้วยไม้ราคาส่ง", "ฝึกพูดเกาหลี", "หวยออกอะไร", "แมวพันธุ์เปอร์เซีย",
    "เช่าชุดแต่งงาน", "ปลูกทุเรียนยังไง",
)  # fmt: skip


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> UnansweredRooms:
    return UnansweredRooms(database, tmp_path)


def test_questions_that_ask_the_same_are_one_topic_the_largest_first(rooms: UnansweredRooms) -> None:
    rooms.asked("v9", "สูตรแกงเขียวหวานไก่")
    rooms.dogs()
    rooms.asked("v0", DOGS[0])
    page = rooms.publisher().get(ADDRESS)
    first, second = headings(page)
    assert (first, second) == (DOGS[0], "สูตรแกงเขียวหวานไก่")
    assert "ถาม 4 ครั้ง จาก 3 คน" in shown(page)
    assert "ล่าสุด 20 พ.ย. 2569" in shown(page)


def test_what_one_person_asks_again_and_again_comes_last(rooms: UnansweredRooms) -> None:
    for _ in range(6):
        rooms.asked("v9", "สูตรแกงเขียวหวานไก่")
    rooms.dogs()
    assert headings(rooms.publisher().get(ADDRESS)) == [DOGS[0], "สูตรแกงเขียวหวานไก่"]


def test_every_way_of_having_no_answer_counts(rooms: UnansweredRooms) -> None:
    rooms.asked("v1", "สูตรแกงเขียวหวานไก่")
    rooms.asked("v2", "ราคาทองวันนี้", decision=AskDecision.CLARIFIED, entry_id=rooms.tax_id)
    rooms.asked("v3", "ดวงวันนี้เป็นไง", decision=AskDecision.ANSWERED, entry_id=rooms.tax_id, helpful=False)
    rooms.left("v4", "เปิดสอนว่ายน้ำไหม", InquiryKind.QUESTION)
    rooms.asked("v5", "ภาษีป้าย", decision=AskDecision.ANSWERED, entry_id=rooms.tax_id)
    rooms.left("v6", "ไฟดับทั้งซอย", InquiryKind.PROBLEM)
    taken_back = rooms.asked("v7", "เบอร์เมียนายก")
    with rooms.database.unit_of_work() as uow:
        uow.session.get_one(Message, taken_back).erased_at = uow.now
    page = rooms.publisher().get(ADDRESS)
    assert set(headings(page)) == {
        "สูตรแกงเขียวหวานไก่", "ราคาทองวันนี้", "ดวงวันนี้เป็นไง", "เปิดสอนว่ายน้ำไหม",
    }  # fmt: skip
    assert "เบอร์เมียนายก" not in page.text


def test_a_question_left_after_it_was_asked_counts_once(rooms: UnansweredRooms) -> None:
    message_id = rooms.asked("v1", "เปิดสอนว่ายน้ำไหม")
    with rooms.database.unit_of_work() as uow:
        talk = conversations.open_talk(uow, channel=ChannelName.WEB, address="v1", kind=ContactKind.PERSON)
        message = uow.session.get_one(Message, message_id)
        inquiries.leave_question(uow, talk, message, kind=InquiryKind.QUESTION)
    assert "ถาม 1 ครั้ง จาก 1 คน" in shown(rooms.publisher().get(ADDRESS))


def test_what_is_answered_by_now_is_gone(rooms: UnansweredRooms) -> None:
    rooms.asked("v1", WATER.question)
    rooms.asked("v2", TAX.question, decision=AskDecision.ANSWERED, entry_id=rooms.tax_id, helpful=False)
    page = rooms.publisher().get(ADDRESS)
    assert headings(page) == [TAX.question]
    assert f'name="entry" value="{rooms.tax_id}"' not in page.text


@pytest.mark.parametrize("text", ["แล้วต้องใช้เอกสารอะไร", "กี่บาท", "ต้องทำยังไง", "งั้นไปที่ไหน"])
def test_what_goes_on_from_another_question_is_no_topic(rooms: UnansweredRooms, text: str) -> None:
    rooms.asked("v1", text)
    rooms.asked("v2", "ทำบัตรผู้พิการ", in_context=True)
    rooms.dogs()
    page = rooms.publisher().get(ADDRESS)
    assert headings(page) == [DOGS[0]]
    assert "ไม่รวมคำถามต่อเนื่อง 2 คำถาม" in shown(page)


@pytest.mark.parametrize("text", ["ขยะ", "ใช้น้ำบาดาลได้ไหม", "เอกสารซื้อบ้าน"])
def test_a_short_question_with_a_subject_is_a_topic(rooms: UnansweredRooms, text: str) -> None:
    rooms.asked("v1", text)
    page = rooms.publisher().get(ADDRESS)
    assert headings(page) == [text] and "ไม่รวมคำถามต่อเนื่อง" not in shown(page)


def test_words_about_a_person_are_hidden_and_in_no_draft(rooms: UnansweredRooms) -> None:
    rooms.dogs()
    named = rooms.asked("v7", "นายสมชาย ใจดี มีหมาจรจัดเยอะแถวตลาด")
    house = rooms.asked("v8", "หมาจรจัดเยอะ ตลาด บ้าน 99/12 หมู่ 3")
    alone = rooms.asked("v9", "นางสาวสมหญิง สูตรแกงเขียวหวานไก่")
    wipa = rooms.publisher()
    page = wipa.get(ADDRESS)
    for secret in ("สมชาย", "สมหญิง", "99/12"):
        assert secret not in page.text
    offered = {number for form in forms(page, "add") for number in form.get("message", [])}
    assert offered.isdisjoint(map(str, (named, house, alone)))
    send(wipa, "add", {"entry": [str(rooms.tax_id)], "message": [str(named), str(house)]})
    assert "99/12" not in wipa.get(f"/admin/faq/{rooms.tax_id}").text


def test_a_topic_that_needs_no_answer_stays_away_until_it_grows(rooms: UnansweredRooms) -> None:
    rooms.dogs()
    wipa = rooms.publisher()
    (form,) = forms(wipa.get(ADDRESS), "pass-over")
    assert send(wipa, "pass-over", form).headers["location"] == ADDRESS
    assert headings(wipa.get(ADDRESS)) == []
    assert headings(wipa.get(f"{ADDRESS}?view=passed")) == [DOGS[0]]
    for n in range(2):
        rooms.asked(f"w{n}", DOGS[n])
        assert headings(wipa.get(ADDRESS)) == []
    rooms.asked("w9", DOGS[2])
    assert len(headings(wipa.get(ADDRESS))) == 1
    (form,) = forms(wipa.get(ADDRESS), "pass-over")
    send(wipa, "pass-over", form)
    (form,) = forms(wipa.get(f"{ADDRESS}?view=passed"), "take-back")
    send(wipa, "take-back", form)
    assert len(headings(wipa.get(ADDRESS))) == 1
    assert headings(wipa.get(f"{ADDRESS}?view=passed")) == []


@pytest.mark.parametrize("text", ["ขยะ", "สูตรแกงเขียวหวานไก่"])
def test_whoever_set_a_topic_aside_and_brought_it_back_is_on_record(
    rooms: UnansweredRooms, text: str
) -> None:
    rooms.asked("v1", text)
    wipa = rooms.publisher()
    for address, action in ((ADDRESS, "pass-over"), (f"{ADDRESS}?view=passed", "take-back")):
        (form,) = forms(wipa.get(address), action)
        assert send(wipa, action, form).headers["location"] == address
        assert headings(wipa.get(address)) == []
    with rooms.database.read() as reader:
        done = reader.session.execute(
            select(AuditRecord.actor, AuditRecord.action).where(
                AuditRecord.subject_kind == "faq_unanswered", AuditRecord.action != "list.read"
            )
        )
        assert list(done) == [
            ("wipa", "faq_unanswered.passed_over"), ("wipa", "faq_unanswered.taken_back"),
        ]  # fmt: skip


def test_many_topics_come_in_pages_that_are_left_only_on_purpose(rooms: UnansweredRooms) -> None:
    for number, text in enumerate(SUBJECTS):
        rooms.asked(f"v{number}", text)
    rooms.asked("v99", WATER.question)  # answered by now: it fills no place
    wipa = rooms.publisher()
    first, second = wipa.get(ADDRESS), wipa.get(f"{ADDRESS}?page=2")
    assert len(headings(first)) == 10 and "เรื่องที่ 1–10" in shown(first)
    assert sorted(headings(first) + headings(second)) == sorted(SUBJECTS)
    assert f'href="{ADDRESS}?page=2" rel="next"' in first.text and 'rel="prev"' not in first.text
    assert f'href="{ADDRESS}" rel="prev"' in second.text and 'rel="next"' not in second.text
    assert headings(wipa.get(f"{ADDRESS}?page=999")) == headings(second), "beyond the last is the last"
    assert wipa.get(f"{ADDRESS}?page=0").status_code == 422
    form, _ = forms(second, "pass-over")
    assert send(wipa, "pass-over", form).headers["location"] == f"{ADDRESS}?page=2"
    assert len(headings(wipa.get(f"{ADDRESS}?page=2"))) == 1


def test_only_shown_questions_are_passed_over(rooms: UnansweredRooms, clock: FixedClock) -> None:
    answered = rooms.asked("v1", TAX.question, decision=AskDecision.ANSWERED, entry_id=rooms.tax_id)
    wipa = rooms.publisher()
    for messages in (str(answered), "999999999", "", ",,,"):
        assert wipa.post(f"{ADDRESS}/pass-over", messages=messages).status_code == 303
    assert wipa.post(f"{ADDRESS}/pass-over", messages="1;2").status_code == 422
    with rooms.database.read() as reader:
        assert passed_over.passed_over(reader) == set()


def test_only_shown_questions_are_taken_back(rooms: UnansweredRooms) -> None:
    handed = rooms.left("v1", "เปิดสอนว่ายน้ำไหม", InquiryKind.QUESTION, rooms.doors.works_id)
    author = Grant(role=Role.AUTHOR, department_id=rooms.doors.works_id)
    malee = rooms.doors.browser("malee", author)
    assert malee.post(f"{ADDRESS}/pass-over", messages=str(handed)).status_code == 303
    rooms.author_of_finance().post(f"{ADDRESS}/take-back", messages=str(handed))
    with rooms.database.read() as reader:
        assert passed_over.passed_over(reader) == {handed}
    malee.post(f"{ADDRESS}/take-back", messages=str(handed))
    with rooms.database.read() as reader:
        assert passed_over.passed_over(reader) == set()


def test_numbers_that_tell_who_somebody_is_are_hidden(rooms: UnansweredRooms) -> None:
    rooms.asked("v1", "ขอคนมาดูคลอง โทร 081-234 5678 บัตร 1 2345 67890 12 3")
    wipa = rooms.publisher()
    page = wipa.get(ADDRESS)
    assert headings(page) == [f"ขอคนมาดูคลอง โทร {MASK} บัตร {MASK}"]
    assert "5678" not in page.text
    assert forms(page, "add") == []
    assert "เขียนคำตอบใหม่" in shown(page) and "asked=" not in page.text


def test_what_a_department_was_handed_only_its_writers_see(rooms: UnansweredRooms) -> None:
    rooms.left("v1", "เปิดสอนว่ายน้ำไหม", InquiryKind.QUESTION, rooms.doors.works_id)
    assert headings(rooms.author_of_finance().get(ADDRESS)) == []
    author = Grant(role=Role.AUTHOR, department_id=rooms.doors.works_id)
    assert headings(rooms.doors.browser("malee", author).get(ADDRESS)) == ["เปิดสอนว่ายน้ำไหม"]


def test_a_problem_that_the_bot_could_not_answer_is_not_shown_to_writers(rooms: UnansweredRooms) -> None:
    message_id = rooms.asked("v1", "ช่างโกงเงินค่าซ่อมถนน")
    assert headings(rooms.publisher().get(ADDRESS)) == ["ช่างโกงเงินค่าซ่อมถนน"]
    with rooms.database.unit_of_work() as uow:
        message = uow.session.get_one(Message, message_id)
        conversation = uow.session.get_one(Conversation, message.conversation_id)
        talk = Talk(uow.session.get_one(Contact, conversation.contact_id), conversation)
        inquiries.leave_question(uow, talk, message, kind=InquiryKind.PROBLEM)
    assert headings(rooms.doors.browser("manee", Role.PUBLISHER).get(ADDRESS)) == []


def test_this_month_is_told_from_the_last(rooms: UnansweredRooms, clock: FixedClock) -> None:
    for n in range(5):
        rooms.asked(f"v{n}", "สูตรแกงเขียวหวานไก่")
    rooms.asked("v1", TAX.question, decision=AskDecision.ANSWERED, entry_id=rooms.tax_id)
    clock.advance(days=14)
    rooms.dogs()
    wipa = rooms.publisher()
    page = wipa.get(f"{ADDRESS}?view=this_month")
    assert headings(page) == [DOGS[0]]
    assert "ธันวาคม 2569 3 0 3 พฤศจิกายน 2569 5 (83%) 0 (0%) 6" in shown(page)
    assert headings(wipa.get(f"{ADDRESS}?view=last_month")) == ["สูตรแกงเขียวหวานไก่"]
    assert len(headings(wipa.get(ADDRESS))) == 2
    clock.advance(days=91)
    assert headings(rooms.doors.browser("manee", Role.AUTHOR).get(ADDRESS)) == []


def test_asking_back_in_vain_is_told_from_having_no_answer(rooms: UnansweredRooms) -> None:
    offered = AskDecision.CLARIFIED
    rooms.asked("v1", "ราคาทองวันนี้", decision=offered, entry_id=rooms.tax_id)
    rooms.asked("v2", "ราคาเงินวันนี้", decision=offered, entry_id=rooms.tax_id, helpful=False)
    rooms.asked("v3", "สูตรแกงเขียวหวานไก่")
    rooms.asked("v4", TAX.question, decision=AskDecision.ANSWERED, entry_id=rooms.tax_id)
    page = shown(rooms.publisher().get(ADDRESS))
    assert "ส่งให้เจ้าหน้าที่หรือตอบไม่ได้ ถามกลับแล้วไม่ได้เลือก คำถามทั้งหมด พฤศจิกายน 2569 2 1 4" in page


@pytest.mark.parametrize(
    "text", ["", "\u200b", "?", "😀😀", "ก" * 20_000, "<script>alert(1)</script>", "\u0e48" * 50]
)
def test_any_words_have_a_page(rooms: UnansweredRooms, text: str) -> None:
    rooms.asked("v1", text)
    page = rooms.publisher().get(ADDRESS)
    assert page.status_code == 200
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("โทร 0812345678 นะ", f"โทร {MASK} นะ"),
        ("๐๘๑-๒๓๔-๕๖๗๘", MASK),
        ("+66 81 234 5678", MASK),
        ("1-2345-67890-12-3", MASK),
        ("081 - 234 - 5678", MASK),
        ("081_2345678", MASK),
        ("08\u200b12345678", MASK),
        ("จ่าย 1,500 บาท ปี 2569", "จ่าย 1,500 บาท ปี 2569"),
        ("โทร 199 หรือ 1669", "โทร 199 หรือ 1669"),
        ("20/11/2569 16.30", "20/11/2569 16.30"),
        ("", ""),
    ],
)
def test_long_numbers_are_hidden_and_others_stay(text: str, masked: str) -> None:
    assert without_numbers(text) == masked


def test_a_topic_comes_back_when_it_is_twice_as_large() -> None:
    stays = passed_over.stays_passed_over
    assert not stays({1, 2}, set())
    assert stays({1, 2}, {1, 2})
    assert stays({1, 2, 3}, {1})
    assert not stays({1, 2, 3, 4}, {1})
    assert stays(set(range(19)), set(range(10)))
    assert not stays(set(range(20)), set(range(10)))
    assert not stays((), {1})


def test_the_queue_of_questions_leads_here(rooms: UnansweredRooms) -> None:
    assert f'href="{ADDRESS}"' in rooms.publisher().get("/admin/faq").text
    responder = rooms.doors.browser("preecha", Role.RESPONDER)
    assert f'href="{ADDRESS}"' not in responder.get("/admin/faq").text
    assert responder.get(ADDRESS).status_code == 403
