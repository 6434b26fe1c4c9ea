"""Fills an empty database with the demo office, so that the first start shows something that works."""

from pathlib import Path

from sqlalchemy import select

from eservice.kit.audit import SYSTEM, record
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.office.holidays import shipped_holidays
from eservice.office.models import Office
from eservice.office.service import OfficeFacts, create_office, publish_notice
from eservice.staff.models import Department, StaffAccount
from knowledge.entries import known_questions
from knowledge.entries.faq_file import FileKind
from knowledge.entries.importer import import_entries
from knowledge.entries.models import Entry
from knowledge.entries.question_files import read_questions

DEPARTMENTS = ("สำนักปลัด", "กองคลัง", "กองช่าง", "กองการศึกษาฯ")
NOTICE_VERSION = "2569-1"
OFFICE_NAME = "อบต.ตัวอย่าง"

_FOLDER = Path(__file__).parent


def is_empty(reader: ReadOnly) -> bool:
    """Whether nobody has set anything up yet: no office, no staff, no FAQ."""
    return all(
        reader.session.scalar(select(table.id).limit(1)) is None for table in (Office, StaffAccount, Entry)
    )


def load_demo(uow: UnitOfWork) -> None:
    """Loads the demo office into an empty database: facts, departments, privacy notice, published FAQ, test questions."""
    create_office(uow, _facts(), actor=SYSTEM, is_demo=True)
    _create_departments(uow)
    publish_notice(uow, version=NOTICE_VERSION, text=shipped_notice(), actor=SYSTEM)
    for path in sorted((_FOLDER / "faq").glob("*.jsonl")):
        result = import_entries(uow, path.read_bytes(), FileKind.JSONL, actor=SYSTEM, publish=True)
        if result.problems:
            first = result.problems[0]
            raise RuntimeError(f"{path.name}:{first.line} {first.column} {first.code}")
    questions = _FOLDER / "test_questions.jsonl"
    known_questions.add(uow, read_questions(questions.read_bytes(), questions.name), actor=SYSTEM)


def shipped_notice() -> str:
    """A privacy notice that an office may begin with."""
    return (_FOLDER / "privacy_notice.md").read_text(encoding="utf-8")


def _facts() -> OfficeFacts:
    return OfficeFacts(
        name=OFFICE_NAME,
        address="99 หมู่ 1 ต.ตัวอย่าง อ.ตัวอย่าง จ.ตัวอย่าง",
        holidays=shipped_holidays(),
    )


def _create_departments(uow: UnitOfWork) -> None:
    departments = [Department(name=name, position=place) for place, name in enumerate(DEPARTMENTS)]
    uow.session.add_all(departments)
    uow.session.flush()  # the audit names them by id
    for department in departments:
        record(
            uow, actor=SYSTEM, action="department.created", subject_kind="department",
            subject_id=department.id, after={"name": department.name},
        )  # fmt: skip
