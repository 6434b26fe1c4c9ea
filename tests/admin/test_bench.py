"""The test bench: what the assistant makes of a question, in a clerk's words."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import Response

from admin.bench_pages import marked
from eservice.kit.database import Database
from eservice.staff.models import Role
from knowledge.entries.models import EntryState
from tests.admin.answers import TAX, WATER, AnswerRooms, shown
from tests.admin.visitors import Visitor


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    return AnswerRooms(database, tmp_path)


def evaluate(visitor: Visitor, data: bytes, name: str = "questions.jsonl") -> Response:
    token = visitor.token("/admin/me")
    return visitor.client.post(
        "/admin/bench/evaluate", data={"csrf_token": token}, files={"file": (name, data)}
    )


def test_an_answer_is_shown_with_its_reasons(rooms: AnswerRooms) -> None:
    page = shown(rooms.publisher().get(f"/admin/bench?q={TAX.variants[0]}"))
    assert "ตอบเอง มั่นใจ" in page
    assert "คิดตามขนาดป้าย" in page and "ที่มา: กฎกระทรวง" in page and "ผู้ดูแล: กองคลัง" in page
    assert "ถามข้อมูล (" in page
    assert f"คำถามที่คล้ายที่สุด“{TAX.variants[0]}”" in page.replace(" ", "")
    assert "ข้อนี้มีคำถามนี้แล้ว" in page


def test_the_words_that_matched_are_named_and_marked_in_the_phrasing(rooms: AnswerRooms) -> None:
    response = rooms.publisher().get("/admin/bench?q=ป้ายหน้าบ้านเสียกี่บาท")
    assert "<mark>ป้าย</mark>" in response.text
    page = shown(response)
    assert re.search("คำว่า “ป้าย”.* ตรงกับคำถามนี้", page)
    assert "ไม่มีข้อไหนมีคำว่า หน้าบ้าน" in page


def test_the_second_says_in_words_why_it_lost(rooms: AnswerRooms) -> None:
    rooms.published(
        replace(TAX, question="ภาษีที่ดินคิดอย่างไร", variants=("อัตราภาษีที่ดิน",), answer="คิดตามราคา"),
        rooms.doors.finance_id,
        "land-tax",
    )
    rooms.live.refresh()
    page = shown(rooms.publisher().get("/admin/bench?q=อัตราภาษีป้าย"))
    assert re.search("ข้ออันดับสอง.*ภาษีที่ดินคิดอย่างไร (ห่าง|ใกล้)[^ ]* ข้อนี้ไม่มีคำว่า “ป้าย” คำถามที่คล้าย", page)


def test_how_near_an_entry_is_is_said_in_words(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    page = shown(wipa.get(f"/admin/bench?q={TAX.question}"))
    assert f"{TAX.question} ใกล้เคียงมาก" in page and "ใน 100" not in page
    page = shown(wipa.get("/admin/bench?q=สูตรแกงเขียวหวานไก่"))
    assert " ห่าง ดูข้อนี้" in page and "ใกล้เคียงมาก" not in page


def test_the_question_comes_before_the_ways_to_other_rooms(rooms: AnswerRooms) -> None:
    page = rooms.publisher().get("/admin/bench").text
    assert page.index('id="q"') < page.index('href="/admin/bench/questions"')
    assert page.count('href="/admin/bench/questions"') == 1


@pytest.mark.parametrize("length", [2_001, 5_000])
def test_a_question_that_is_too_long_is_refused_at_its_field(rooms: AnswerRooms, length: int) -> None:
    refused = rooms.publisher().client.get("/admin/bench", params={"q": "ก" * length})
    assert refused.status_code == 422
    page = shown(refused)
    assert f"ยาวเกินไป พิมพ์ได้ไม่เกิน 2,000 ตัวอักษร ตอนนี้ {length:,} ตัวอักษร" in page
    assert f'id="q" name="q" value="{"ก" * length}"' in refused.text, "what was typed is kept"
    assert 'aria-describedby="q-error q-hint"' in refused.text and 'id="q-error"' in refused.text
    assert "ประชาชนจะเห็นแบบนี้" not in page


def test_three_candidates_are_shown_and_the_others_unfold(rooms: AnswerRooms) -> None:
    for number in range(4):
        words = replace(TAX, question=f"ภาษีป้ายแบบที่ {number}", variants=())
        rooms.published(words, rooms.doors.finance_id, f"tax-{number}")
    rooms.live.refresh()
    page = rooms.publisher().get("/admin/bench?q=ภาษีป้ายร้าน").text
    near, _, further = page[page.index('id="candidates"') :].partition("<details")
    assert near.count(">ดูข้อนี้<") == 3
    unfolded = further.partition("</details>")[0]
    count = unfolded.count(">ดูข้อนี้<")
    assert count >= 2 and f"ดูอีก {count} ข้อ" in unfolded


def test_what_the_two_buttons_do_is_said_beside_them(rooms: AnswerRooms) -> None:
    hint = "สอนทันที = มีผลเลย · เพิ่มเป็นคำถามของข้อนี้ = เป็นร่าง รอเผยแพร่"
    address = "/admin/bench?q=ป้ายใหญ่เสียเท่าไร"
    assert hint in shown(rooms.publisher().get(address))
    assert hint not in shown(rooms.doors.browser("preecha", Role.RESPONDER).get(address))


def test_how_sure_the_assistant_is_is_said_in_words(rooms: AnswerRooms) -> None:
    page = shown(rooms.publisher().get(f"/admin/bench?q={TAX.question}"))
    sure, times, threshold = re.search(
        r"มั่นใจ\S* (\d+)% \(ถามแบบนี้ 100 ครั้ง น่าจะถูกราว (\d+) ครั้ง\) ถึงเกณฑ์ตอบเอง (\d+)%", page
    ).groups()  # type: ignore[union-attr]
    assert sure == times and int(threshold) <= int(sure) < 100


def test_words_are_marked_wherever_they_stand() -> None:
    def told(phrasing: str, *words: str) -> str:
        return "".join(
            f"[{piece.text}]" if piece.is_marked else piece.text for piece in marked(phrasing, words)
        )

    assert told("ค่าขยะกี่บาท", "ขยะ", "บาท") == "ค่า[ขยะ]กี่[บาท]"
    assert told("ใช้ LINE", "line") == "ใช้ [LINE]"
    assert told("ป้ายภาษีป้าย", "ป้าย", "ป้ายภาษี") == "[ป้ายภาษี][ป้าย]"
    assert told("1+1 (เท่าไร)", "+", "(") == "1[+]1 [(]เท่าไร)"
    assert told("ค่าขยะ") == "ค่าขยะ" and told("", "ขยะ") == ""


def test_a_question_that_nothing_answers_goes_to_a_person(rooms: AnswerRooms) -> None:
    page = shown(rooms.publisher().get("/admin/bench?q=ขอทุนเรียนต่อให้หลานได้ที่ไหน"))
    assert "ส่งให้เจ้าหน้าที่ ไม่มั่นใจ" in page
    assert "ฝากเจ้าหน้าที่ตอบ" in page


def test_an_emergency_shows_its_numbers_and_no_other_answer(rooms: AnswerRooms) -> None:
    page = shown(rooms.publisher().get("/admin/bench?q=ไฟไหม้บ้าน ช่วยด้วย"))
    assert "เหตุด่วน" in page and "199" in page
    assert "ประชาชนจะเห็นแบบนี้" not in page and "เกณฑ์ถามกลับ" not in page


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("สวัสดีค่ะ", "ตอบรับสั้น ๆ อ่านแล้วเป็น “ทักทาย”"),
        ("ฟหกด", "ตอบรับสั้น ๆ อ่านแล้วเป็น “ข้อความสั้นไป ยังไม่เข้าใจ”"),
        ("ขอคุยกับเจ้าหน้าที่", "ชวนคุยกับเจ้าหน้าที่ อ่านแล้วเป็น “ขอคุยกับเจ้าหน้าที่”"),
    ],
)
def test_a_message_that_the_chat_does_not_look_up_is_told_so(
    rooms: AnswerRooms, text: str, told: str
) -> None:
    page = shown(rooms.publisher().get(f"/admin/bench?q={text}"))
    assert told in page
    assert "ถามกลับ" not in page and "ชวนให้ฝากเจ้าหน้าที่ตอบ" not in page


def test_a_problem_begins_a_report(rooms: AnswerRooms) -> None:
    page = shown(rooms.publisher().get("/admin/bench?q=น้ำไหลอ่อนมากทั้งซอย"))
    assert "รับแจ้งเรื่อง" in page
    assert "ผู้ช่วยจะถามว่าอยู่ตรงไหน" in page


def test_trying_counts_as_no_asking(rooms: AnswerRooms) -> None:
    rooms.publisher().get(f"/admin/bench?q={TAX.question}")
    assert rooms.entry(rooms.tax_id).asked_count == 0


def test_a_following_question_is_asked_on_from_an_entry(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    page = wipa.get(f"/admin/bench?q=แล้วใช้เอกสารอะไร&previous={rooms.tax_id}")
    assert f"ถามต่อจากข้อ “{TAX.question}”" in shown(page)
    assert f'name="previous" value="{rooms.tax_id}"' in page.text
    assert wipa.get("/admin/bench?q=อะไร&previous=987654").status_code == 200


@pytest.mark.parametrize("text", ["", "   ", "?", "\u200b" * 500, "ก" * 2_000, "9" * 300])
def test_any_text_has_a_page(rooms: AnswerRooms, text: str) -> None:
    assert rooms.publisher().client.get("/admin/bench", params={"q": text}).status_code == 200


def test_a_question_is_added_to_the_draft_of_an_entry(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    added = wipa.post("/admin/bench/add", q=" ป้ายใหญ่เสียเท่าไร ", entry=rooms.tax_id)
    assert added.headers["location"] == f"/admin/faq/{rooms.tax_id}"
    assert rooms.words(rooms.tax_id).variants == (*TAX.variants, "ป้ายใหญ่เสียเท่าไร")
    assert rooms.state(rooms.tax_id) is EntryState.LIVE_WITH_DRAFT
    assert "ตรวจแล้วกดเผยแพร่" in shown(wipa.get(f"/admin/faq/{rooms.tax_id}"))
    tried = wipa.get("/admin/bench?q=ป้ายใหญ่เสียเท่าไร").text
    assert f'<a href="/admin/faq/{rooms.tax_id}">อยู่ในร่าง รอเผยแพร่</a>' in tried
    assert f"เพิ่มเป็นคำถามของข้อ {TAX.question}" not in tried
    wipa.post("/admin/bench/add", q="ป้ายใหญ่เสียเท่าไร", entry=rooms.tax_id)
    assert len(rooms.words(rooms.tax_id).variants) == len(TAX.variants) + 1


def test_only_who_may_write_an_entry_adds_to_it(rooms: AnswerRooms) -> None:
    somsri = rooms.author_of_finance()
    assert somsri.post("/admin/bench/add", q="น้ำหยุดไหล", entry=rooms.water_id).status_code == 403
    assert rooms.words(rooms.water_id).variants == WATER.variants
    page = somsri.get(f"/admin/bench?q={WATER.question}ตอนนี้").text
    assert f'name="entry" value="{rooms.water_id}"' not in page
    responder = rooms.doors.browser("preecha", Role.RESPONDER)
    assert responder.post("/admin/bench/add", q="ก", entry=rooms.tax_id).status_code == 403


def test_a_question_that_does_not_fit_is_refused(rooms: AnswerRooms) -> None:
    refused = rooms.publisher().post("/admin/bench/add", q="ก ข" * 150, entry=rooms.tax_id)
    assert refused.status_code == 422
    assert "ยาวเกิน 300 ตัวอักษร" in shown(refused)


def test_a_file_of_questions_is_measured(rooms: AnswerRooms) -> None:
    questions = (
        {"text": TAX.variants[0], "expected": ["sign-tax"]},
        {"text": WATER.variants[1], "expected": ["sign-tax"]},
        {"text": "สูตรแกงเขียวหวานไก่", "expected": []},
    )
    data = "\n".join(json.dumps(row, ensure_ascii=False) for row in questions).encode()
    page = shown(evaluate(rooms.publisher(), data))
    assert "3 คำถาม" in page.replace("\xa0", " ")
    assert "2 จาก 3 คำถาม" in page
    assert "ข้อที่ใช่มาเป็นอันดับแรก 50.0%" in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"text": "x", "expected": []}\n{"text": 1}', "บรรทัดที่ 2"),
        (b"", "ไฟล์ต้องมี 1 ถึง 5,000 คำถาม"),
        (b'{"text": "x", "expected": []}\n' * 5_001, "ไฟล์ต้องมี 1 ถึง 5,000 คำถาม"),
        (b"\xff\xfe", "บรรทัดที่ 1"),
    ],
)
def test_a_file_that_cannot_be_measured_says_why(rooms: AnswerRooms, data: bytes, words: str) -> None:
    refused = evaluate(rooms.publisher(), data)
    assert refused.status_code == 422
    assert words in shown(refused)
