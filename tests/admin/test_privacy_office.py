"""Requests made at the office, in the room of personal data: taken, proved, decided, handed over and told."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from admin import privacy, privacy_office
from eservice.complaints.filing import Filed, file_complaint
from eservice.complaints.models import Source
from eservice.complaints.numbers import shown
from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.privacy.models import NationalId, PrivacyRequest
from eservice.staff.models import Role, StaffAccount
from tests.admin.visitors import Doors, Visitor
from tests.complaints.desk import LIGHT
from tests.privacy.test_at_office import DIGITS, NAME, PHONE, TYPED, digits_in

NEW = "/admin/privacy/new"
FORM = {
    "kind": "copy", "came_by": "counter", "received": "20/11/2569", "name": NAME, "reach_by": "telephone",
    "reach": PHONE, "words": "ขอดูเรื่องเสาไฟ", "identity": "card", "age": "grown", "national_id": TYPED,
}  # fmt: skip


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, (privacy_office.router, privacy.router))


@pytest.fixture
def boss(doors: Doors) -> Visitor:
    return doors.browser("boss", Role.ADMINISTRATOR)


def file_case(doors: Doors, **changes: object) -> Filed:
    with doors.database.unit_of_work() as uow:
        new = replace(LIGHT, source=Source.WEB, reporter_name="ป้าแดง", **changes)
        return file_complaint(uow, new, idempotency_key="one")


def take(boss: Visitor, **changes: str) -> str:
    answer = boss.post(NEW, **{**FORM, **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def page_of(boss: Visitor, address: str) -> str:
    return boss.get(address).text.replace("\N{NO-BREAK SPACE}", " ")


def readings(doors: Doors) -> list[str]:
    with doors.database.read() as reader:
        found = reader.session.scalars(select(AuditRecord).where(AuditRecord.action == "privacy.id_read"))
        return [str(record.after) for record in found]


def test_a_wrong_form_comes_back_with_everything_but_the_number_of_the_card(
    doors: Doors, boss: Visitor
) -> None:
    assert "รับคำขอที่มาด้วยตนเองหรือเป็นหนังสือ" in page_of(boss, "/admin/privacy")
    assert boss.get(NEW).status_code == 200
    wrong = boss.post(NEW, **{**FORM, "national_id": DIGITS[:-1] + "1", "words": f"บัตร {TYPED}"})
    assert wrong.status_code == 422 and "ต้องมี 13 หลัก" in wrong.text
    assert DIGITS[:-1] not in wrong.text and not digits_in(wrong.text) and TYPED not in wrong.text
    assert all(kept in wrong.text for kept in (NAME, PHONE, "20/11/2569", "บัตร"))
    tomorrow = boss.post(NEW, **{**FORM, "received": "21/11/2569"})
    assert tomorrow.status_code == 422 and "ไม่ใช่วันข้างหน้า" in tomorrow.text
    assert not digits_in(tomorrow.text) and "พิมพ์เลขบัตรอีกครั้ง" in tomorrow.text
    with doors.database.read() as reader:
        assert reader.session.scalars(select(PrivacyRequest)).all() == []
        assert reader.session.scalars(select(NationalId)).all() == []


def test_the_number_is_masked_and_shown_whole_only_with_a_reason_on_record(
    doors: Doors, boss: Visitor
) -> None:
    address = take(boss)
    for looked_at in (address, "/admin/privacy", "/admin/privacy?done=yes", "/admin/privacy/register/csv"):
        assert not digits_in(page_of(boss, looked_at)), looked_at
    assert "x-xxxx-xxxxx-xx-0" in page_of(boss, address) and "x-xxxx" not in page_of(boss, "/admin/privacy")
    assert boss.get(f"{address}/national-id").status_code == 405
    without = boss.post(f"{address}/national-id", why=" ")
    assert without.status_code == 422 and not digits_in(without.text) and readings(doors) == []
    whole = boss.post(f"{address}/national-id", why="เทียบกับบัตร")
    assert "1-1017-00203-45-0" in whole.text and whole.headers["cache-control"] == "no-store"
    assert readings(doors) == ["{'reason': 'เทียบกับบัตร'}"]


def test_without_proof_it_waits_and_is_refused_but_not_done(boss: Visitor) -> None:
    address = take(boss, identity="not_yet", age="child")
    page = page_of(boss, address)
    assert "ขอหลักฐาน" in page and f'action="{address}/do"' not in page
    assert boss.post(f"{address}/do", outcome="ให้สำเนา").status_code == 409
    proved = boss.post(f"{address}/prove", identity="card", age="child", guardian="แม่น้อย", cases="")
    assert proved.status_code == 303 and "ต้องมีพ่อแม่หรือผู้ปกครอง" in page_of(boss, address)
    boss.post(f"{address}/prove", identity="card", age="child", guardian="แม่น้อย", relation="แม่")
    assert "แม่น้อย (แม่)" in page_of(boss, address) and f'action="{address}/do"' in page_of(boss, address)
    other = take(boss, identity="not_yet", name="อีกคน")
    lawless = boss.post(f"{other}/refuse", reason=f"เลข {TYPED}", law="", form_on=other)
    assert lawless.status_code == 422 and "เลข" in lawless.text and not digits_in(lawless.text)
    assert boss.post(f"{other}/refuse", reason="ไม่มีหลักฐาน", law="PDPA ม.30", form_on=other).status_code == 303
    assert "pdpc.or.th" in page_of(boss, other)


def test_the_copy_is_handed_over_then_noted_as_told_and_closed(doors: Doors, boss: Visitor) -> None:
    filed = file_case(doors)
    address = take(boss, cases=shown(filed.number))
    assert "ป้าแดง" in page_of(boss, address)
    assert boss.post(f"{address}/copy").status_code == 409
    assert boss.post(f"{address}/do", outcome="พิมพ์ให้ที่เคาน์เตอร์").status_code == 303
    assert NAME in page_of(boss, "/admin/privacy/untold")
    paper, file = boss.post(f"{address}/copy"), boss.post(f"{address}/copy.json")
    for given in (paper, file):
        assert LIGHT.text in given.text and not digits_in(given.text)
        assert given.headers["cache-control"] == "no-store"
    assert "รับเรื่องแล้ว" in paper.text and '"state": "received"' in file.text
    with doors.database.read() as reader:
        actions = reader.session.scalars(select(AuditRecord.action)).all()
    assert actions.count("privacy.copy_given") == actions.count("complaint.exported") == 2
    assert boss.post(f"{address}/told", told_on="19/11/2569").status_code == 422
    assert boss.post(f"{address}/told", told_on="๒๐/๑๑/๒๕๖๙").status_code == 303
    assert "แจ้งผลครบทุกคนแล้ว" in page_of(boss, "/admin/privacy/untold")
    assert boss.post(f"{address}/copy").status_code == 409
    with doors.database.read() as reader:
        assert reader.session.scalars(select(NationalId)).all() == []
    assert boss.post(f"{address}/forget").status_code == 303
    assert NAME not in page_of(boss, address) and NAME not in page_of(boss, "/admin/privacy?done=yes")


def test_who_is_accused_neither_names_the_case_nor_sees_the_request(doors: Doors, boss: Visitor) -> None:
    graft = file_case(doors, accused=frozenset({doors.works_id}))
    address = take(boss, cases=graft.number)
    accused = doors.browser("accused", Role.ADMINISTRATOR)
    with doors.database.unit_of_work() as uow:
        uow.session.get_one(StaffAccount, accused.account_id).department_id = doors.works_id
    named = accused.post(NEW, **{**FORM, "cases": graft.number})
    assert named.status_code == 422 and "ไม่พบเลขเรื่องนี้" in named.text
    listed = page_of(accused, "/admin/privacy")
    assert NAME not in listed and address not in listed and "ให้เจ้าหน้าที่อื่นทำ" in listed
    assert accused.get(address).status_code == 404
    for act in ("do", "refuse", "prove", "national-id", "copy", "copy.json", "told", "forget"):
        assert accused.post(f"{address}/{act}").status_code == 404, act
    assert NAME in page_of(boss, "/admin/privacy")
