"""The office's test questions, as staff see, take in and remove them."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from httpx import Response

from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import known_questions
from tests.admin.answers import TAX, AnswerRooms, keep, shown, with_questions
from tests.admin.visitors import Visitor

LIST = "/admin/bench/questions"


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    return with_questions(database, tmp_path)


def texts_in_use(rooms: AnswerRooms) -> list[str]:
    with rooms.database.read() as reader:
        return [row.text for row in known_questions.in_use(reader)]


def upload(visitor: Visitor, name: str, data: bytes) -> Response:
    token = visitor.token("/admin/me")
    return visitor.client.post(f"{LIST}/upload", data={"csrf_token": token}, files={"file": (name, data)})


def test_each_test_question_shows_how_it_fares(rooms: AnswerRooms) -> None:
    keep(rooms, ("ภาษีป้ายร้านค้าจ่ายกี่บาทต่อปี", "water"), ("ถามหลังปีใหม่", "sign-tax"))
    wipa = rooms.publisher()
    page = shown(wipa.get(f"{LIST}?view=wrong"))
    assert "ภาษีป้ายร้านค้าจ่ายกี่บาทต่อปี" in page and "น้ำประปาไม่ไหลต้องแจ้งใคร ตอบผิด" in page
    assert "ราคาทองวันนี้" not in page
    page = shown(wipa.get(f"{LIST}?q=แกง"))
    assert "สูตรแกงเขียวหวานไก่ เพิ่มโดย ผู้ติดตั้งระบบ 20 พ.ย. 2569 ไม่มีข้อไหนตอบ ส่งให้เจ้าหน้าที่" in page
    assert "ราคาทองวันนี้" not in page
    assert "ไม่พบคำถามทดสอบแบบนี้" in shown(wipa.get(f"{LIST}?q=zzz"))


def test_a_long_list_has_pages(rooms: AnswerRooms) -> None:
    keep(rooms, *((f"คำถามที่ {number} ของเรา", "") for number in range(60)))
    wipa = rooms.publisher()
    page = wipa.get(LIST)
    assert "หน้า 1 จาก 4" in shown(page) and 'href="/admin/bench/questions?page=2"' in page.text
    assert "หน้า 2 จาก 4" in shown(wipa.get(f"{LIST}?page=2"))
    assert "หน้า 4 จาก 4" in shown(wipa.get(f"{LIST}?page=9")), "beyond the last is the last"


def test_who_removes_a_question_stays_where_the_list_was(rooms: AnswerRooms) -> None:
    keep(rooms, *((f"คำถามที่ {number} ของเรา", "") for number in range(60)))
    wipa = rooms.publisher()
    page = wipa.get(f"{LIST}?q=ของเรา&view=handed&page=2").text
    found = re.search(r'action="(\S+/retire)">(.*?)</form>', page, re.DOTALL)
    assert found is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[2]))
    told = wipa.client.post(found[1], data=fields).headers["location"]
    assert unquote(told) == f"{LIST}?q=ของเรา&view=handed&page=2"
    assert "หน้า 2 จาก 3" in shown(wipa.get(told))


def test_the_way_to_take_a_file_in_stands_above_the_list(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    page = wipa.get(LIST).text
    form = page.index(f'action="{LIST}/upload"')
    assert page.index('<details class="disclosure">') < form < page.index('<table class="table')
    refused = wipa.post(f"{LIST}/upload").text
    assert '<details class="disclosure" open>' in refused and 'id="file-error"' in refused


def test_a_question_is_kept_from_the_bench(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    page = wipa.get("/admin/bench?q=ป้ายไวนิลเสียภาษีไหม").text
    assert f'<option value="{rooms.tax_id}">{TAX.question}</option>' in page
    assert '<option value="none">ไม่มีข้อไหนตอบ</option>' in page
    wipa.post(LIST, q="ป้ายไวนิลเสียภาษีไหม", entry=rooms.tax_id)
    wipa.post(LIST, q="ขายรถมือสอง", entry="none")
    assert texts_in_use(rooms)[-2:] == ["ป้ายไวนิลเสียภาษีไหม", "ขายรถมือสอง"]
    assert "เก็บเป็นคำถามทดสอบแล้ว" in shown(wipa.get(LIST))
    before = texts_in_use(rooms)
    assert wipa.post(LIST, q="ไม่มีข้อนี้", entry="987654").status_code == 404
    assert wipa.post(LIST, q="ปลอม", entry="1 or 1").status_code == 422
    assert texts_in_use(rooms) == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"q": "ป้ายไวนิลเสียภาษีไหม", "entry": ""}, "เลือกคำตอบที่ถูกก่อน"),
        ({"q": "ป้าย" * 130, "entry": "none"}, "ยังไม่ได้เพิ่มคำถามทดสอบ"),
    ],
)
def test_a_question_that_cannot_be_kept_stays_on_the_bench_with_the_reason(
    rooms: AnswerRooms, fields: dict[str, str], words: str
) -> None:
    before = texts_in_use(rooms)
    refused = rooms.publisher().post(LIST, **fields, previous=rooms.water_id)
    assert refused.status_code == 422
    assert f'value="{fields["q"]}" maxlength="2000"' in refused.text
    assert f'name="previous" value="{rooms.water_id}"' in refused.text
    assert re.search(rf'<p class="field__error" id="entry-error">.*?{words}', refused.text, re.DOTALL)
    assert re.search(rf'notice--error" role="alert">.*?{words}', refused.text, re.DOTALL)
    assert f'<option value="{fields["entry"]}" selected>' in refused.text
    assert texts_in_use(rooms) == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("q.txt", "ป้ายไวนิลเสียภาษีไหม | sign-tax\nขายรถมือสอง\n"),
        ("q.csv", "text,expected\nป้ายไวนิลเสียภาษีไหม,sign-tax\nขายรถมือสอง,\n"),
    ],
)
def test_a_file_of_questions_is_taken_in(rooms: AnswerRooms, name: str, data: str) -> None:
    wipa = rooms.publisher()
    assert upload(wipa, name, data.encode()).headers["location"] == LIST
    assert "เพิ่ม 2 คำถาม เปลี่ยนคำตอบ 0 คำถาม มีอยู่แล้ว 0 คำถาม" in shown(wipa.get(LIST))
    assert len(texts_in_use(rooms)) == 12


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("", b"", "เลือกไฟล์ก่อน"),
        ("q.txt", b"", "1 ถึง 5,000 คำถาม"),
        ("q.jsonl", b"nothing", "บรรทัดที่ 1"),
        ("q.txt", "ถาม | no-such-key\nถามอีก | sign-tax\n".encode(), "คำถามที่ 1"),
        ("q.txt", b"x" * 5_000_001, "ไม่เกิน 5 MB"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_whole(
    rooms: AnswerRooms, name: str, data: bytes, words: str
) -> None:
    before = texts_in_use(rooms)
    wipa = rooms.publisher()
    refused = upload(wipa, name, data) if name else wipa.post(f"{LIST}/upload")
    assert refused.status_code == 422 and words in shown(refused)
    assert texts_in_use(rooms) == before


def test_a_question_is_removed_by_who_writes_answers(rooms: AnswerRooms) -> None:
    with rooms.database.read() as reader:
        row = known_questions.in_use(reader)[0]
    somsri = rooms.doors.browser("somsri", Grant(role=Role.AUTHOR, department_id=rooms.doors.works_id))
    responder = rooms.doors.browser("preecha", Role.RESPONDER)
    assert responder.post(f"{LIST}/{row.id}/retire").status_code == 403
    assert "นำออก" not in shown(responder.get(LIST))
    assert somsri.post(f"{LIST}/{row.id}/retire").headers["location"] == LIST
    assert row.text not in texts_in_use(rooms)


def test_words_of_a_question_are_never_markup(rooms: AnswerRooms) -> None:
    keep(rooms, ("<script>alert(1)</script> ป้าย", "sign-tax"))
    assert "<script>alert(1)" not in rooms.publisher().get(LIST).text
