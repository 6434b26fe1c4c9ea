"""What could not be answered, by topic: new phrasings, new answers, and what is none of ours."""

import re
from pathlib import Path

import pytest
from httpx import Response

from admin import unanswered
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import InquiryKind
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.masking import MASK, without_numbers
from eservice.messaging import conversations
from eservice.messaging.conversations import Talk
from eservice.messaging.models import ChannelName, Contact, ContactKind, Conversation, Message
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import asks, passed_over
from knowledge.entries.live import LiveDecision
from knowledge.entries.models import AskDecision, EntryState
from tests.admin.answers import TAX, WATER, AnswerRooms, shown
from tests.admin.visitors import Visitor

ADDRESS = "/admin/faq/unanswered"
DOGS = ("หมาจรจัดเยอะ ตลาด", "มีหมาจรจัดเยอะแถวตลาด", "หมาจรจัดเยอะมากตรงตลาด")


class UnansweredRooms(AnswerRooms):
    """Rooms of an office whose residents ask what it has no answer for."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder, [unanswered.router])

    def asked(
        self,
        person: str,
        text: str,
        *,
        decision: AskDecision = AskDecision.UNKNOWN,
        entry_id: int | None = None,
        helpful: bool | None = None,
    ) -> int:
        """Somebody asks; returns the id of the message."""
        hits = ((entry_id, 0.5),) if entry_id is not None else ()
        with self.database.unit_of_work() as uow:
            talk = conversations.open_talk(
                uow, channel=ChannelName.WEB, address=person, kind=ContactKind.PERSON
            )
            message = conversations.record_heard(uow, talk.conversation, text=text)
            found = LiveDecision(kind=decision, confidence=0.1, hits=hits, explain=lambda: None)  # type: ignore[arg-type]
            ask = asks.record_ask(uow, message.id, found)
            if helpful is not None:
                asks.feedback(uow, ask.id, helpful=helpful, conversation_id=talk.conversation.id)
            return message.id

    def left(self, person: str, text: str, kind: InquiryKind, department_id: int | None = None) -> int:
        """Somebody leaves a question with the office; returns the id of the message."""
        with self.database.unit_of_work() as uow:
            talk = conversations.open_talk(
                uow, channel=ChannelName.WEB, address=person, kind=ContactKind.PERSON
            )
            message = conversations.record_heard(uow, talk.conversation, text=text)
            inquiries.leave_question(uow, talk, message, kind=kind, department_id=department_id)
            return message.id

    def dogs(self) -> list[int]:
        return [self.asked(f"v{n}", text) for n, text in enumerate(DOGS)]


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> UnansweredRooms:
    return UnansweredRooms(database, tmp_path)


def headings(response: Response) -> list[str]:
    """The topics in the order of the page."""
    found = re.findall(r'<h2 class="card__title" id="topic-\d+">(.*?)</h2>', response.text)
    return [words.replace("\xa0", " ") for words in found]


def forms(response: Response, action: str) -> list[dict[str, list[str]]]:
    """The fields of the page's forms that post to an action."""
    found = []
    for form in re.findall(rf'<form[^>]*action="{ADDRESS}/{action}".*?</form>', response.text, re.DOTALL):
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form):
            fields.setdefault(name, []).append(value)
        found.append(fields)
    return found


def send(visitor: Visitor, action: str, fields: dict[str, list[str]]) -> Response:
    return visitor.client.post(f"{ADDRESS}/{action}", data=fields)


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


def test_phrasings_go_into_the_draft_of_the_nearest_entry(rooms: UnansweredRooms) -> None:
    texts = ("น้ำหยุดไหลหลายวันแล้ว", "น้ำหยุดไหลหลายวัน")
    ids = [rooms.asked(f"v{n}", text) for n, text in enumerate(texts)]
    wipa = rooms.publisher()
    page = wipa.get(ADDRESS)
    (form,) = forms(page, "add")
    assert form["entry"] == [str(rooms.water_id)]
    assert sorted(map(int, form["message"])) == ids
    added = send(wipa, "add", {**form, "message": [str(ids[0])]})
    assert added.headers["location"] == f"/admin/faq/{rooms.water_id}"
    assert rooms.words(rooms.water_id).variants == (*WATER.variants, texts[0])
    assert rooms.state(rooms.water_id) is EntryState.LIVE_WITH_DRAFT
    send(wipa, "add", form)
    assert rooms.words(rooms.water_id).variants == (*WATER.variants, *texts)


def test_only_who_may_write_an_entry_adds_to_it(rooms: UnansweredRooms) -> None:
    message_id = rooms.asked("v1", "น้ำหยุดไหลหลายวัน")
    somsri = rooms.author_of_finance()
    page = somsri.get(ADDRESS)
    assert WATER.question in shown(page)
    assert forms(page, "add") == []
    refused = somsri.post(f"{ADDRESS}/add", entry=rooms.water_id, message=message_id)
    assert refused.status_code == 403
    assert rooms.words(rooms.water_id).variants == WATER.variants


def test_a_new_answer_begins_with_the_questions(rooms: UnansweredRooms) -> None:
    ids = rooms.dogs()
    wipa = rooms.publisher()
    (href,) = re.findall(r'href="(/admin/faq/new\?asked=[\d,]+)"', wipa.get(ADDRESS).text)
    form = wipa.get(href).text
    assert re.search(rf'id="question"[^>]*value="{DOGS[0]}"|id="question"[^>]*>\s*{DOGS[0]}<', form)
    assert all(text in form for text in DOGS)
    erased = f"/admin/faq/new?asked={ids[1]}"
    with rooms.database.unit_of_work() as uow:
        uow.session.get_one(Message, ids[1]).erased_at = uow.now
    assert DOGS[1] not in wipa.get(erased).text
    assert wipa.get("/admin/faq/new?asked=" + "9," * 30).status_code == 422


def test_a_topic_that_is_not_ours_stays_away_until_it_grows(rooms: UnansweredRooms) -> None:
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


def test_only_shown_questions_are_passed_over(rooms: UnansweredRooms, clock: FixedClock) -> None:
    answered = rooms.asked("v1", TAX.question, decision=AskDecision.ANSWERED, entry_id=rooms.tax_id)
    wipa = rooms.publisher()
    for messages in (str(answered), "999999999", "", ",,,"):
        assert wipa.post(f"{ADDRESS}/pass-over", messages=messages).status_code == 303
    assert wipa.post(f"{ADDRESS}/pass-over", messages="1;2").status_code == 422
    with rooms.database.read() as reader:
        assert passed_over.passed_over(reader) == set()


def test_numbers_that_tell_who_somebody_is_are_hidden(rooms: UnansweredRooms) -> None:
    rooms.asked("v1", "ขอคนมาดูคลอง โทร 081-234 5678 บัตร 1 2345 67890 12 3")
    wipa = rooms.publisher()
    page = wipa.get(ADDRESS)
    assert headings(page) == [f"ขอคนมาดูคลอง โทร {MASK} บัตร {MASK}"]
    assert "5678" not in page.text
    (href,) = re.findall(r'href="(/admin/faq/new\?asked=[\d,]+)"', page.text)
    assert "5678" not in wipa.get(href).text


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
    assert "ธันวาคม 2569 3 3 พฤศจิกายน 2569 5 (83%) 6" in shown(page)
    assert headings(wipa.get(f"{ADDRESS}?view=last_month")) == ["สูตรแกงเขียวหวานไก่"]
    assert len(headings(wipa.get(ADDRESS))) == 2
    clock.advance(days=91)
    assert headings(rooms.doors.browser("manee", Role.AUTHOR).get(ADDRESS)) == []


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
