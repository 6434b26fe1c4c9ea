"""The office's test questions: kept in the database, read from files."""

import io
import json
import threading

import pytest
import xlsxwriter

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from knowledge.entries import known_questions
from knowledge.entries.faq_file import MAX_LINES
from knowledge.entries.known_questions import Added, Question
from knowledge.entries.question_files import read_questions
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, published

GOLD = "ราคาทองวันนี้เท่าไร"
FEE = "ขยะเดือนละกี่บาท"


@pytest.fixture
def office(database: Database) -> Database:
    published(database, GARBAGE, "garbage")
    published(database, REGISTER, "register")
    return database


def add(database: Database, *questions: tuple[str, str]) -> Added:
    items = [Question(text=text, expected=frozenset(keys.split())) for text, keys in questions]
    with database.unit_of_work() as uow:
        return known_questions.add(uow, items, actor="malee")


def stored(database: Database) -> list[tuple[str, list[str]]]:
    with database.read() as reader:
        return [(row.text, row.expected) for row in known_questions.in_use(reader)]


def test_questions_are_kept_with_their_right_entries_or_none(office: Database) -> None:
    assert add(office, (f" {FEE}\n", "garbage"), (GOLD, "")) == Added(new=2, changed=0, known=0)
    assert stored(office) == [(FEE, ["garbage"]), (GOLD, [])]


def test_the_same_words_again_count_once_and_the_last_word_holds(office: Database) -> None:
    add(office, (FEE, "garbage"), (GOLD, ""))
    again = add(office, (FEE, "register garbage"), (GOLD, ""), (GOLD + "คะ", ""), (GOLD + "คะ", "register"))
    assert again == Added(new=1, changed=1, known=1)
    assert stored(office) == [(GOLD, []), (FEE, ["garbage", "register"]), (GOLD + "คะ", ["register"])]


def test_one_bad_question_keeps_all_of_them_out(office: Database) -> None:
    bad = [("", ""), ("ก" * 501, ""), (FEE, "nothing")]
    with pytest.raises(ServiceError) as refused:
        add(office, (GOLD, ""), *bad)
    assert refused.value.code == "faq.invalid_question" and refused.value.kind is ErrorKind.INVALID
    assert refused.value.fields == {
        "question 2": "empty", "question 3": "too_long", "question 4": "unknown_entry",
    }  # fmt: skip
    assert stored(office) == []


def test_there_is_an_end_to_their_number(office: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_questions, "MOST_QUESTIONS", 2)
    add(office, (FEE, "garbage"), (GOLD, ""))
    assert add(office, (GOLD, "register")).changed == 1
    with pytest.raises(ServiceError) as refused:
        add(office, ("อีกข้อหนึ่ง", ""))
    assert refused.value.fields == {"questions": "too_many"}


def test_a_retired_question_counts_no_more_and_may_come_again(office: Database) -> None:
    add(office, (FEE, "garbage"))
    with office.unit_of_work() as uow:
        (row,) = known_questions.in_use(uow)
        for _ in range(2):
            known_questions.retire(uow, row.id, actor="malee")
        with pytest.raises(ServiceError, match=r"faq\.question_not_found"):
            known_questions.retire(uow, 987_654, actor="malee")
    assert stored(office) == []
    assert add(office, (FEE, "garbage")).new == 1


def test_retiring_in_two_windows_at_once_is_audited_once(own_database: Database) -> None:
    add(own_database, (GOLD, ""))

    def retire() -> None:
        with own_database.unit_of_work() as uow:
            known_questions.retire(uow, 1, actor="somsri")

    second = threading.Thread(target=retire)
    with own_database.unit_of_work() as uow:
        known_questions.retire(uow, 1, actor="malee")
        uow.session.flush()  # as far as the first goes before its commit
        second.start()
        second.join(0.3)
    second.join()
    with own_database.read() as reader:
        (retired,) = audit.history(reader, subject_kind="test_questions", subject_id=1)
    assert retired.actor == "malee"


def test_the_audit_counts_questions_and_keeps_no_words_of_them(office: Database) -> None:
    add(office, (FEE, "garbage"))
    add(office, (FEE, "garbage"))
    with office.unit_of_work() as uow:
        (row,) = known_questions.in_use(uow)
        known_questions.retire(uow, row.id, actor="somsri")
    with office.read() as reader:
        (added,) = audit.history(reader, subject_kind="test_questions", subject_id="all")
        (retired,) = audit.history(reader, subject_kind="test_questions", subject_id=row.id)
    assert (added.actor, added.action, added.after) == (
        "malee", "test_questions.added", {"new": 1, "changed": 0},
    )  # fmt: skip
    assert (retired.actor, retired.action) == ("somsri", "test_questions.retired")
    assert FEE not in json.dumps([added.after, retired.before], ensure_ascii=False)


def excel(*rows: tuple[object, ...]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


EXPECTED = [
    Question(text=FEE, expected=frozenset({"garbage"})),
    Question(text=GOLD, expected=frozenset()),
    Question(text="สองข้อ", expected=frozenset({"a", "12"})),
]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("q.jsonl", "".join(json.dumps({"text": q.text, "expected": sorted(q.expected)}) + "\n" for q in EXPECTED)),
        ("q", "".join(json.dumps({"text": q.text, "expected": sorted(q.expected)}) + "\n" for q in EXPECTED)),
        ("Q.CSV", f"note,Text,expected\n,{FEE},garbage\n\n,{GOLD},\n,สองข้อ,a | 12\n"),
        ("q.csv", f"คำถาม,รหัส\n{FEE},garbage\n{GOLD}\nสองข้อ,a|12\n"),
        ("q.txt", f"{FEE}\tgarbage\r\n\r\n{GOLD}\r\nสองข้อ | a | 12\r\n"),
        ("q.txt", f"\ufeff{FEE}|garbage\n{GOLD}|\nสองข้อ\ta\t12"),
        ("q.xlsx", excel(("question", "expected"), (FEE, "garbage"), (GOLD,), (), ("สองข้อ", "a|12"))),
    ],
)  # fmt: skip
def test_every_form_of_the_file_says_the_same(name: str, data: str | bytes) -> None:
    assert read_questions(data if isinstance(data, bytes) else data.encode(), name) == EXPECTED


def test_a_key_that_excel_takes_for_a_number_is_a_key() -> None:
    (question,) = read_questions(excel(("text", "expected"), ("ถาม", 1548)), "q.xlsx")
    assert question.expected == {"1548"}


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("q.jsonl", b'{"text": "x", "expected": []}\n{"text": 1, "expected": []}', "line 2"),
        ("q.jsonl", b'{"text": "x", "expected": "a"}', "line 1"),
        ("q.jsonl", b"[" * 100_000, "line 1"),
        ("q.csv", b"text,answer\nx,y", "line 1"),
        ("q.csv", "text,expected\n,เหลือแต่รหัส".encode(), "line 2"),
        ("q.csv", b'text,expected\n"open', "line 2"),
        ("q.csv", b"", "line 1"),
        ("q.txt", "ถาม\n|garbage".encode(), "line 2"),
        ("q.txt", b"\xff\xfe", "line 1"),
        ("q.xlsx", b"no zip", "line 1"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_line(name: str, data: bytes, line: str) -> None:
    with pytest.raises(ServiceError) as refused:
        read_questions(data, name)
    assert refused.value.code == "faq.unreadable_questions"
    assert list(refused.value.fields) == [line]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("q.txt", b"a\nb\nc\n" + b"|\n" * 9),
        ("q.jsonl", b'{"text": "a", "expected": []}\n' * 3 + b"no question"),
        ("q.csv", b"text,expected\na,\nb,\nc,\n,sign-tax\n"),
    ],
)
def test_nothing_is_read_beyond_what_says_that_there_are_too_many(name: str, data: bytes) -> None:
    assert len(read_questions(data, name, limit=2)) == 3
    with pytest.raises(ServiceError, match=r"faq\.unreadable_questions"):
        read_questions(data, name, limit=3)


def test_a_file_of_endless_lines_is_refused_early() -> None:
    with pytest.raises(ServiceError, match=r"faq\.unreadable_questions"):
        read_questions(b"\n" * (MAX_LINES + 1), "questions.txt")
    with pytest.raises(ServiceError, match=r"faq\.unreadable_questions"):
        read_questions(b"text,expected\n" + b"\n" * MAX_LINES + b"x,\n", "questions.csv")
