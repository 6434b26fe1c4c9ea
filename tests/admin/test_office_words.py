"""The page of the office's words: tried on the test questions, then saved."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import Response

from admin import office_words
from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import known_questions, service, words
from knowledge.entries.known_questions import Question
from knowledge.entries.models import AskDecision
from knowledge.search import OfficeWords
from tests.admin.answers import TAX, AnswerRooms, shown
from tests.admin.visitors import Visitor

ADDRESS = "/admin/faq/words"
GARBAGE = replace(
    TAX,
    question="ค่าขยะเดือนละเท่าไร",
    variants=("เก็บค่าขยะกี่บาท", "เก็บค่าสิ่งปฏิกูลเท่าไร"),
    answer="บ้านละ 20 บาทต่อเดือน",
)


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    made = AnswerRooms(database, tmp_path, [office_words.router])
    made.published(GARBAGE, made.doors.works_id, "garbage")
    made.live.refresh()
    return made


def kept(rooms: AnswerRooms) -> OfficeWords:
    with rooms.database.read() as reader:
        return words.office_words(reader)


def tried(visitor: Visitor, **fields: object) -> Response:
    return visitor.post(f"{ADDRESS}/try", **fields)


def saving_form(page: Response) -> dict[str, str]:
    """The hidden fields of the form that saves what was tried."""
    (form,) = re.findall(rf'<form[^>]*action="{ADDRESS}">.*?</form>', page.text, re.DOTALL)
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def test_a_rule_is_saved_after_its_effect_was_shown(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    page = tried(wipa, kind="synonyms", words="ขยะ = สิ่งปฏิกูล", note="คนที่นี่เรียกแบบนี้")
    assert page.status_code == 200
    assert "ดีขึ้น 1 คำถาม แย่ลง 0 คำถาม จากคำถามทดสอบ 3 คำถาม" in shown(page)
    assert "ดีขึ้น เก็บค่าสิ่งปฏิกูลเท่าไร" in shown(page)
    assert "นับรวมกับคำเหล่านี้ด้วย: ขยะมูลฝอย, มูลฝอย" in shown(page)
    assert kept(rooms) == OfficeWords()
    saved = wipa.client.post(ADDRESS, data=saving_form(page))
    assert saved.headers["location"] == ADDRESS
    assert kept(rooms).synonyms == (("ขยะ", "สิ่งปฏิกูล"),)
    assert rooms.signals.woken == [service.TOPIC]
    page_after = shown(wipa.get(ADDRESS))
    assert "บันทึกแล้ว" in page_after
    assert "ขยะ = สิ่งปฏิกูล นับรวมกับคำเหล่านี้ด้วย: ขยะมูลฝอย, มูลฝอย" in page_after
    assert "คนที่นี่เรียกแบบนี้ คุณwipa" in page_after
    rooms.live.refresh()
    assert rooms.live.decide("สิ่งปฏิกูลเก็บค่าเท่าไร").kind is AskDecision.ANSWERED


def test_a_rule_that_does_more_harm_than_good_is_saved_only_when_confirmed(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    first = saving_form(tried(wipa, kind="synonyms", words="ขยะ\nสิ่งปฏิกูล"))
    wipa.client.post(ADDRESS, data=first)
    with rooms.database.read() as reader:
        (rule,) = words.rules(reader)
    page = tried(wipa, item=rule.id, action="retire", words="ขยะ = สิ่งปฏิกูล")
    assert "ดีขึ้น 0 คำถาม แย่ลง 1 คำถาม" in shown(page)
    assert "เลิกใช้แม้ผลแย่ลง" in shown(page)
    assert f'action="{ADDRESS}/try" aria-labelledby="form-title"' not in page.text
    form = saving_form(page)
    refused = wipa.client.post(ADDRESS, data=form)
    assert refused.status_code == 422
    assert "ยืนยันก่อนบันทึก" in shown(refused)
    assert kept(rooms).synonyms
    done = wipa.client.post(ADDRESS, data={**form, "confirm": "yes"})
    assert done.status_code == 303
    assert kept(rooms) == OfficeWords()
    assert "ที่เลิกใช้แล้ว ขยะ = สิ่งปฏิกูล" in shown(wipa.get(ADDRESS))


def test_the_effect_is_counted_in_the_words_of_the_confidence_room(rooms: AnswerRooms) -> None:
    questions = [
        Question(text=text, expected=frozenset(key.split()))
        for text, key in (
            (TAX.question, "sign-tax"),
            ("ค่ากากของเสีย", "garbage"),
            ("สูตรแกงเขียวหวานไก่", ""),
        )
    ]
    with rooms.database.unit_of_work() as uow:
        known_questions.add(uow, questions, actor="cli")
    page = shown(tried(rooms.publisher(), kind="synonyms", words="ขยะ\nกากของเสีย"))
    assert "มีคำตอบ 2 คำถาม ตอบถูก 1 2 (+1) ตอบผิดข้อ 0 0" in page
    assert "ไม่มีคำตอบ 1 คำถาม ตอบทั้งที่ไม่มีคำตอบ 0 0" in page
    assert "ส่งให้เจ้าหน้าที่ ถูกต้องแล้ว 1 1" in page


def test_below_an_effect_the_form_is_folded_away(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    folded = re.compile(r'<details class="disclosure">(?:(?!</details>).)*id="form-title"', re.DOTALL)
    assert 'id="form-title"' in wipa.get(ADDRESS).text and not folded.search(wipa.get(ADDRESS).text)
    tried_page = tried(wipa, kind="synonyms", words="ขยะ\nสิ่งปฏิกูล").text
    assert folded.search(tried_page) and tried_page.count('id="form-title"') == 1


def test_nothing_is_saved_that_was_not_tried(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    form = saving_form(tried(wipa, kind="stop_phrase", words="อยากให้ช่วยดู"))
    for changes in (
        {"words": "ภาษีป้าย"},
        {"seen": ""},
        {"seen": "x.y.z"},
        {"kind": "protected"},
        {"item": "7"},
    ):
        refused = wipa.client.post(ADDRESS, data=form | changes)
        assert refused.status_code == 422
        assert "ดูผลกับคำถามทดสอบก่อน" in shown(refused)
    assert kept(rooms) == OfficeWords()


def test_a_refused_rule_keeps_what_was_typed_and_says_why(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    refused = tried(wipa, kind="synonyms", words="ขยะ", note="ลอง")
    assert refused.status_code == 422
    assert "คำเดียว" in shown(refused)
    assert ">\nขยะ</textarea>" in refused.text
    assert 'value="ลอง"' in refused.text
    refused = tried(wipa, kind="stop_phrase", words=GARBAGE.variants[0])
    assert f"คำถาม “{GARBAGE.variants[0]}” จะไม่เหลืออะไร" in shown(refused)


def test_a_rule_is_rewritten(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    wipa.client.post(ADDRESS, data=saving_form(tried(wipa, kind="protected", words="บ้านนา")))
    with rooms.database.read() as reader:
        (rule,) = words.rules(reader)
    page = wipa.get(f"{ADDRESS}?edit={rule.id}")
    assert ">\nบ้านนา</textarea>" in page.text
    form = saving_form(tried(wipa, kind="protected", words="บ้านนาคำ", item=rule.id))
    assert wipa.client.post(ADDRESS, data=form).status_code == 303
    assert kept(rooms).protected == ("บ้านนาคำ",)
    again = wipa.client.post(ADDRESS, data=form)
    assert again.status_code == 409
    assert "มีคนแก้คำชุดนี้ก่อนคุณ" in shown(again)
    assert wipa.get(f"{ADDRESS}?edit={rule.id}").status_code == 409
    assert wipa.get(f"{ADDRESS}?edit=987654").status_code == 404


def test_only_who_keeps_words_for_the_whole_office_changes_them(rooms: AnswerRooms) -> None:
    one_department = Grant(role=Role.PUBLISHER, department_id=rooms.doors.finance_id)
    for visitor in (rooms.doors.browser("somsri", one_department), rooms.doors.browser("malee", Role.AUTHOR)):
        page = visitor.get(ADDRESS)
        assert page.status_code == 200
        assert f'action="{ADDRESS}/try"' not in page.text
        assert tried(visitor, kind="protected", words="บ้านนา").status_code == 403
        assert visitor.post(ADDRESS, kind="protected", words="บ้านนา").status_code == 403
    administrator = rooms.doors.browser("admin1", Role.ADMINISTRATOR)
    assert tried(administrator, kind="protected", words="บ้านนา").status_code == 200


def test_the_shipped_words_are_shown(rooms: AnswerRooms) -> None:
    page = shown(rooms.publisher().get(ADDRESS))
    assert "สุนัข = หมา = น้องหมา" in page
    assert "อบต = องค์การบริหารส่วนตำบล" in page


@pytest.mark.parametrize(
    "text", ["", "=", "=,=\n=", "\u200b\u200b", "ก" * 5_000, "<script>=alert", "a=b=c" * 20]
)
def test_any_words_have_a_page(rooms: AnswerRooms, text: str) -> None:
    assert tried(rooms.publisher(), kind="synonyms", words=text).status_code in (200, 422)
