"""Importing and exporting the FAQ file in its three forms."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.text import guard_formula, unguard_formula
from eservice.kit.thai_calendar import BANGKOK
from knowledge.entries import faq_file, queries, service
from knowledge.entries.content import content_of
from knowledge.entries.exporter import export_entries
from knowledge.entries.faq_file import COLUMNS, FileKind, Row, read_rows
from knowledge.entries.importer import ImportResult, fault_text, import_entries
from knowledge.entries.models import Entry, EntryState, EntryVersion
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, published

KINDS = list(FileKind)
ROW: Row = {
    "id": "garbage-fee",
    "question": "ค่าขยะเดือนละเท่าไร",
    "variants": ["เก็บค่าขยะกี่บาท", "ค่าขยะ"],
    "answer": "บ้านละ 20 บาท\nร้านค้า 60 บาท",
    "keywords": ["ขยะ"],
    "category": "สุขภาพและสิ่งแวดล้อม",
    "department": "กองคลัง",
    "source": "ข้อบัญญัติตำบล",
    "source_url": "https://example.go.th/fee",
    "publish_from": "2026-11-01T08:30:00+07:00",
    "publish_until": None,
    "language": "th",
}


def file_of(kind: FileKind, *rows: Row) -> bytes:
    return faq_file.write_rows(rows, kind)


WORKBOOK = file_of(FileKind.XLSX, ROW)


def take(database: Database, data: bytes, kind: FileKind, *, publish: bool = False) -> ImportResult:
    with database.unit_of_work() as uow:
        return import_entries(uow, data, kind, actor="cli", publish=publish)


def export(database: Database, kind: FileKind) -> bytes:
    with database.read() as reader:
        return export_entries(reader, kind)


def counts(database: Database) -> tuple[int, int]:
    """How many entries and versions there are."""
    with database.read() as reader:
        entries = reader.session.scalar(select(func.count()).select_from(Entry)) or 0
        return entries, reader.session.scalar(select(func.count()).select_from(EntryVersion)) or 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_becomes_drafts_or_with_publish_goes_before_residents(
    database: Database, treasury: int, kind: FileKind
) -> None:
    data = file_of(kind, ROW)
    assert take(database, data, kind) == ImportResult(created=1)
    with database.read() as reader:
        (listed,) = queries.list_entries(reader)
        assert (listed.entry.key, listed.entry.state) == ("garbage-fee", EntryState.DRAFT)
        content = content_of(listed.version)
    assert content.variants == ("เก็บค่าขยะกี่บาท", "ค่าขยะ")
    assert content.answer == ROW["answer"]
    assert content.department_id == treasury
    assert content.publish_from == datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
    assert take(database, data, kind, publish=True) == ImportResult(published=1)
    assert take(database, data, kind, publish=True) == ImportResult(unchanged=1)
    assert counts(database) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_importing_an_export_changes_nothing(database: Database, treasury: int, kind: FileKind) -> None:
    first = published(
        database,
        replace(
            REGISTER,
            question="=1+1",
            variants=("-2 บาท", "@ไลน์", "'=ก"),
            answer="+66\n- ข้อแรก\n\nก | ข",
            keywords=("'", "=ค"),
            source='"อ้าง", อิง',
            department_id=treasury,
            publish_from=datetime(2026, 11, 1, 3, 4, 5, 678901, tzinfo=UTC),
            publish_until=datetime(2030, 1, 1, tzinfo=UTC),
        ),
    )
    with database.unit_of_work() as uow:
        service.create_entry(uow, GARBAGE, actor="malee")  # a draft
        service.save_draft(uow, first, REGISTER, based_on=1, actor="malee")  # live, with a draft
    published(database, replace(GARBAGE, question="ข้อที่เลิกใช้"), key="gone")
    with database.unit_of_work() as uow:
        service.retire(uow, queries.list_entries(uow)[0].entry.id, actor="malee")
    before = counts(database)
    exported = export(database, kind)
    assert take(database, exported, kind) == ImportResult(unchanged=2)
    assert counts(database) == before
    if kind is not FileKind.XLSX:  # a workbook holds the time of its making
        assert export(database, kind) == exported


def test_an_empty_office_takes_over_an_export_whole(database: Database, treasury: int) -> None:
    take(database, file_of(FileKind.JSONL, ROW, {**ROW, "id": "b", "question": "ข้อสอง"}), FileKind.JSONL)
    exported = export(database, FileKind.XLSX)
    with database.unit_of_work() as uow:
        uow.session.query(Entry).delete()
        uow.session.query(EntryVersion).delete()
    assert take(database, exported, FileKind.XLSX).created == 2
    assert [json.loads(line) for line in export(database, FileKind.JSONL).splitlines()] == [
        ROW,
        {**ROW, "id": "b", "question": "ข้อสอง"},
    ]


def test_cells_that_a_spreadsheet_would_compute_are_guarded(database: Database) -> None:
    published(database, replace(REGISTER, question="=cmd|' /C calc'!A0".replace("|", "/"), source="@SUM(1)"))
    rows = list(csv.reader(io.StringIO(export(database, FileKind.CSV).decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@"}]
    sheet = openpyxl.load_workbook(io.BytesIO(export(database, FileKind.XLSX))).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


@given(st.text())
def test_guarding_a_cell_can_be_undone(text: str) -> None:
    assert unguard_formula(guard_formula(text)) == text
    assert guard_formula(text)[:1] not in {"=", "+", "-", "@"} or not text


@given(st.binary())
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for kind in KINDS:
        rows, problems = read_rows(data, kind)
        assert rows or problems


@given(st.data())
def test_no_damaged_workbook_breaks_the_reader(data: st.DataObject) -> None:
    damaged = bytearray(WORKBOOK)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    rows, problems = read_rows(bytes(damaged), FileKind.XLSX)
    assert rows or problems


def test_one_bad_row_keeps_all_out_and_every_fault_is_named(database: Database, treasury: int) -> None:
    rows: list[Row] = [
        ROW,
        {**ROW, "id": "ไทย", "question": "", "department": "กองอวกาศ"},
        {**ROW, "id": "c", "publish_from": "เร็ว ๆ นี้", "variants": "ก" * 301},
        {**ROW, "question": "อีกข้อ"},
    ]
    for kind in KINDS:
        result = take(database, file_of(kind, *rows), kind, publish=True)
        head = 0 if kind is FileKind.JSONL else 1
        found = {(problem.line - head, problem.column, problem.code) for problem in result.problems}
        assert (
            found
            == {
                (2, "id", "not_a_key"),
                (2, "question", "empty"),
                (2, "department", "unknown_department"),
                (3, "publish_from", "not_a_date"),
                (3, "variants", "too_long"),
                (4, "id", "repeated"),
            }
            or kind is not FileKind.JSONL
        )
        assert all(problem.message for problem in result.problems)
        assert (result.created, counts(database)) == (0, (0, 0))


def test_lines_of_a_csv_count_as_the_clerk_sees_them(database: Database) -> None:
    data = 'question,answer\n"สองบรรทัด\nในช่องเดียว",ตอบ\n,ไม่มีคำถาม\n'.encode()
    (problem,) = take(database, data, FileKind.CSV).problems
    assert (problem.line, problem.column, problem.code, problem.message) == (
        4, "question", "empty", "ยังไม่ได้ใส่",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "line", "column", "code"),
    [
        (FileKind.JSONL, b"", 1, "", "no_rows"),
        (FileKind.JSONL, b'{"question": "a", "answer": "b"}\n{oops\n', 2, "", "not_json"),
        (FileKind.JSONL, b"[" * 100_000, 1, "", "not_json"),
        (FileKind.JSONL, b"[1]", 1, "", "not_an_object"),
        (
            FileKind.JSONL,
            b'{"question": "a", "answer": "b", "varaints": []}',
            1,
            "varaints",
            "unknown_column",
        ),
        (FileKind.JSONL, b'{"question": ["a"], "answer": "b"}', 1, "question", "not_text"),
        (FileKind.JSONL, b'{"question": "a", "answer": "b", "variants": [1]}', 1, "variants", "not_a_list"),
        (FileKind.JSONL, '{"question": "ก"}'.encode("cp874"), 1, "", "not_utf8"),
        (FileKind.CSV, "question,answer\nก,ข".encode("cp874"), 2, "", "not_utf8"),
        (FileKind.CSV, b"question\na", 1, "answer", "missing_column"),
        (FileKind.CSV, b"question,answer,answer\na,b,c", 1, "answer", "repeated_column"),
        (FileKind.CSV, b"question,answer\na,b,c", 2, "", "extra_cell"),
        (FileKind.CSV, b'question,answer\na,b\nc,"d', 3, "", "not_csv"),
        (FileKind.CSV, b"x" * 10_000_001, 1, "", "too_large"),
        (FileKind.CSV, b"question,answer\n" + b"a,b\n" * 5_001, 5_002, "", "too_many_rows"),
        (FileKind.XLSX, b"PK\x03\x04 not a workbook", 1, "", "not_xlsx"),
        (FileKind.XLSX, b"", 1, "", "not_xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(
    database: Database, kind: FileKind, data: bytes, line: int, column: str, code: str
) -> None:
    problem = take(database, data, kind).problems[0]
    assert (problem.line, problem.column, problem.code) == (line, column, code)


def test_a_zip_that_unpacks_to_a_flood_is_refused(database: Database) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 101_000_000)
    assert take(database, bomb.getvalue(), FileKind.XLSX).problems[0].code == "too_large"


def test_a_minimal_file_with_a_byte_order_mark_is_enough(database: Database) -> None:
    data = "question,answer\nถาม,ตอบ\n".encode("utf-8-sig")
    assert take(database, data, FileKind.CSV).created == 1
    assert take(database, data, FileKind.CSV) == ImportResult(unchanged=1)  # the same question, no id
    other = b"\xef\xbb\xbf" + '{"question": "ถาม", "answer": "ตอบใหม่"}'.encode()
    assert take(database, other, FileKind.JSONL) == ImportResult(changed=1)
    assert counts(database) == (1, 2)


def test_a_department_is_passed_over_until_departments_are_set_up(database: Database) -> None:
    assert take(database, file_of(FileKind.JSONL, ROW), FileKind.JSONL).created == 1


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("20/11/2569", (2026, 11, 20), (2026, 11, 21)),
        ("๒๐/๑๑/๒๕๖๙", (2026, 11, 20), (2026, 11, 21)),
        ("2026-11-20", (2026, 11, 20), (2026, 11, 21)),
    ],
)
def test_a_thai_date_means_the_whole_day(
    database: Database, written: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    row = {"question": "ถาม", "answer": "ตอบ", "publish_from": written, "publish_until": written}
    assert take(database, file_of(FileKind.CSV, row), FileKind.CSV).created == 1
    with database.read() as reader:
        version = queries.list_entries(reader)[0].version
        assert version.publish_from == datetime(*start, tzinfo=BANGKOK)
        assert version.publish_until == datetime(*end, tzinfo=BANGKOK)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-11-20T08:30:00", "not_a_date"),  # whose clock?
        ("31/02/2569", "not_a_date"),
        ("พรุ่งนี้", "not_a_date"),
        ("10542-12-31", "not_a_date"),
        ("1/1/99999999999999999999", "not_a_date"),
        ("2569-11-20T08:30:00+07:00", "not_a_year"),
        ("0001-01-01", "not_a_year"),
    ],
)
def test_a_date_that_is_none_is_refused(database: Database, written: str, code: str) -> None:
    row = {"question": "ถาม", "answer": "ตอบ", "publish_until": written}
    (problem,) = take(database, file_of(FileKind.CSV, row), FileKind.CSV).problems
    assert (problem.column, problem.code) == ("publish_until", code)


def test_numbers_and_dates_that_excel_made_are_understood(database: Database) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "question", "answer", "keywords", "publish_from", "publish_until"])
        sheet.write_row(1, 0, [12, "โทรหาใคร", 1548, 1669])
        day = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_datetime(1, 4, datetime(2026, 11, 20, 8, 30), day)  # noqa: DTZ001
        sheet.write_datetime(1, 5, datetime(2026, 11, 30), day)  # noqa: DTZ001
    assert take(database, out.getvalue(), FileKind.XLSX) == ImportResult(created=1)
    with database.read() as reader:
        (listed,) = queries.list_entries(reader)
        content = content_of(listed.version)
        assert listed.entry.key == "12"
    assert (content.answer, content.keywords) == ("1548", ("1669",))
    assert content.publish_from == datetime(2026, 11, 20, 8, 30, tzinfo=BANGKOK)
    assert content.publish_until == datetime(2026, 12, 1, tzinfo=BANGKOK)


def test_an_import_rewrites_beside_the_live_words_and_brings_retired_ones_back(database: Database) -> None:
    entry_id = published(database, REGISTER, key="a")
    row = {"id": "a", "question": REGISTER.question, "answer": "คำตอบใหม่"}
    assert take(database, file_of(FileKind.JSONL, row), FileKind.JSONL) == ImportResult(changed=1)
    with database.unit_of_work() as uow:
        assert queries.get_entry(uow, entry_id).state is EntryState.LIVE_WITH_DRAFT
        service.retire(uow, entry_id, actor="malee")
    result = take(database, file_of(FileKind.JSONL, row), FileKind.JSONL, publish=True)
    assert result == ImportResult(changed=1, published=1)
    with database.read() as reader:
        entry = queries.get_entry(reader, entry_id)
        assert entry.state is EntryState.LIVE
        assert service.current_version(reader, entry).answer == "คำตอบใหม่"


def test_thousands_of_rows_go_in_together(database: Database) -> None:
    rows = [{"id": f"r{n}", "question": f"ข้อที่ {n}", "answer": "ตอบ"} for n in range(1_200)]
    assert take(database, file_of(FileKind.JSONL, *rows), FileKind.JSONL).created == 1_200


def test_the_name_of_a_file_tells_its_form() -> None:
    assert [faq_file.kind_of(name) for name in ("a.jsonl", "B.CSV", "/x/ค.xlsx")] == KINDS
    with pytest.raises(ServiceError):
        faq_file.kind_of("faq.doc")


def test_an_export_has_the_columns_of_the_contract(database: Database) -> None:
    published(database, REGISTER, key="a")
    (line,) = export(database, FileKind.JSONL).splitlines()
    assert tuple(json.loads(line)) == COLUMNS
    assert timedelta(hours=7) == datetime.fromisoformat(str(ROW["publish_from"])).utcoffset()


def test_the_words_for_clerks_exist_in_both_languages() -> None:
    assert faq_file.TEXTS.keys("th") == faq_file.TEXTS.keys("en")
    assert fault_text("question", "too_long") == "ยาวเกิน 300 ตัวอักษร"
    assert fault_text("variants", "too_many", "en") == "has more than 60 items"


@pytest.mark.parametrize(
    "rows",
    ['<row r="2000000000"><c t="inlineStr"><is><t>x</t></is></c></row>', "<row/>" * 2_000_000],
    ids=["a row far away", "millions of empty rows"],
)
def test_a_small_excel_file_that_claims_much_is_refused_at_once(rows: str) -> None:
    small, claiming = file_of(FileKind.XLSX, ROW), io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(small)) as source,
        zipfile.ZipFile(claiming, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in source.namelist():
            part = source.read(name).decode()
            out.writestr(name, part.replace("</sheetData>", rows + "</sheetData>"))
    assert read_rows(small, FileKind.XLSX)[1] == []
    assert len(claiming.getvalue()) < 50_000
    assert [problem.code for problem in read_rows(claiming.getvalue(), FileKind.XLSX)[1]] == ["too_many_rows"]
