"""Taking answers in from a file, and giving them out."""

import json
from pathlib import Path

import pytest
from httpx import Response

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import queries
from knowledge.entries.faq_file import FileKind, write_rows
from knowledge.entries.models import EntryState
from tests.admin.answers import TAX, AnswerRooms, shown
from tests.admin.visitors import Visitor

DOG = {"id": "dog", "question": "หมาจรจัดแจ้งใคร", "answer": "แจ้งสำนักปลัด", "variants": ["หมากัดกัน"]}


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    return AnswerRooms(database, tmp_path)


def upload(visitor: Visitor, data: bytes, name: str = "faq.jsonl") -> Response:
    token = visitor.token("/admin/me")
    return visitor.client.post("/admin/faq/import", data={"csrf_token": token}, files={"file": (name, data)})


def lines(*rows: object) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def kept(page: Response) -> str:
    return page.text.split('name="upload" value="')[1].split('"')[0]


def test_a_file_is_counted_first_and_taken_in_when_confirmed(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    checked = upload(wipa, lines(DOG, {"id": "sign-tax", "question": TAX.question, "answer": "ใหม่"}))
    assert "ข้อใหม่ 1 ข้อ ข้อที่เปลี่ยน 1 ข้อ" in shown(checked).replace("\xa0", " ")
    assert rooms.entries() == 2
    assert rooms.state(rooms.tax_id) is EntryState.LIVE
    with rooms.database.read() as reader:
        assert [
            record.actor for record in audit.history(reader, subject_kind="faq", subject_id=rooms.tax_id)
        ] == [
            "cli",
            "cli",
        ]
    rooms.signals.woken.clear()
    done = wipa.post("/admin/faq/import/confirm", upload=kept(checked))
    assert done.status_code == 303
    assert rooms.entries() == 3
    assert rooms.state(rooms.tax_id) is EntryState.LIVE_WITH_DRAFT
    assert rooms.signals.woken == ["faq"]
    assert "ใหม่ 1 ข้อ เปลี่ยน 1 ข้อ เผยแพร่ 0 ข้อ" in shown(wipa.get("/admin/faq")).replace("\xa0", " ")
    assert wipa.post("/admin/faq/import/confirm", upload=kept(checked)).status_code == 422  # it is used up


def test_a_publisher_may_publish_the_file_at_once(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    wipa.post("/admin/faq/import/confirm", upload=kept(upload(wipa, lines(DOG))), publish="yes")
    rooms.live.refresh()
    assert rooms.live.face_by_key("dog") is not None
    author = rooms.doors.browser("manee", Role.AUTHOR)
    checked = upload(author, lines({**DOG, "answer": "อื่น"}))
    assert 'name="publish"' not in checked.text
    refused = author.post("/admin/faq/import/confirm", upload=kept(checked), publish="yes")
    assert refused.status_code == 403
    assert rooms.live.face_by_key("dog").answer == "แจ้งสำนักปลัด"  # type: ignore[union-attr]


def test_every_bad_row_is_shown_and_nothing_is_taken_in(rooms: AnswerRooms) -> None:
    wicked = {"question": "<b>ก</b>", "answer": "", "department": "<i>กองผี</i>"}
    refused = upload(rooms.publisher(), lines(DOG, wicked, {"colour": 1}) + b"\n{")
    assert refused.status_code == 422
    page = shown(refused)
    assert "มี 6 จุดที่ต้องแก้" in page
    assert "บรรทัดที่ 2 answer" in page and "ไม่มีหน่วยงานชื่อนี้" in page
    assert "บรรทัดที่ 3 colour ไม่รู้จักคอลัมน์นี้" in page
    assert "บรรทัดที่ 4 ทั้งบรรทัด" in page
    assert 'name="upload"' not in refused.text
    assert rooms.entries() == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [("faq.pdf", b"x"), ("faq.xlsx", b"no zip"), ("faq.csv", b"\xff\xfe"), ("faq.jsonl", b""), ("", b"")],
)
def test_what_is_no_file_of_answers_is_refused(rooms: AnswerRooms, name: str, data: bytes) -> None:
    assert upload(rooms.publisher(), data, name).status_code == 422
    assert rooms.entries() == 2


def test_a_file_may_touch_every_department_so_authors_of_one_take_none_in(rooms: AnswerRooms) -> None:
    somsri = rooms.author_of_finance()
    assert somsri.get("/admin/faq/import").status_code == 403
    assert upload(somsri, lines(DOG)).status_code == 403
    assert somsri.post("/admin/faq/import/confirm", upload="0" * 64 + ".jsonl").status_code == 403
    assert "นำเข้าไฟล์" not in shown(somsri.get("/admin/faq"))


@pytest.mark.parametrize("name", ["../../secret_key", "0" * 64 + ".jsonl", "", "x/y.csv"])
def test_only_ones_own_checked_file_is_taken_in(rooms: AnswerRooms, name: str) -> None:
    wipa, other = rooms.publisher(), rooms.doors.browser("manee", Role.AUTHOR)
    theirs = kept(upload(other, lines(DOG)))
    for asked in (name, theirs):
        refused = wipa.post("/admin/faq/import/confirm", upload=asked)
        assert refused.status_code == 422
    assert rooms.entries() == 2


@pytest.mark.parametrize("kind", FileKind)
def test_an_export_taken_in_again_changes_nothing(rooms: AnswerRooms, kind: FileKind) -> None:
    wipa = rooms.publisher()
    export = wipa.get(f"/admin/faq/export/{kind.value}")
    assert f'filename="faq-2026-11-20.{kind.value}"' in export.headers["content-disposition"]
    checked = upload(wipa, export.content, f"back.{kind.value}")
    assert "ข้อใหม่ 0 ข้อ ข้อที่เปลี่ยน 0 ข้อ ข้อที่เหมือนเดิม 2 ข้อ" in shown(checked).replace("\xa0", " ")


def test_a_spreadsheet_of_answers_is_taken_in(rooms: AnswerRooms) -> None:
    wipa = rooms.doors.browser("manee", Grant(role=Role.AUTHOR))
    checked = upload(wipa, write_rows([DOG], FileKind.XLSX), "คำตอบ.XLSX")
    wipa.post("/admin/faq/import/confirm", upload=kept(checked))
    with rooms.database.read() as reader:
        drafts = queries.list_entries(reader, state=EntryState.DRAFT)
    assert [item.entry.key for item in drafts] == ["dog"]
