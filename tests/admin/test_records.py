"""The room "who did what": what it shows, to whom, and that every deed has its words."""

import ast
import re
from pathlib import Path

import pytest

from admin import records
from admin.record_pages import Asked, records_page
from admin.site import text_directories
from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date
from eservice.staff.models import Role
from knowledge.entries.models import CalibrationOrigin
from tests.access.cast import whole_cast
from tests.admin.cases_room import HOME, open_room
from tests.admin.visitors import Doors
from tests.source import nodes

VERBS = {
    "breach": {"noted", "reported", "people_told", "closed"},
    "calibration": set(CalibrationOrigin),
    "channel": {"connected", "keys_replaced", "disconnected", "registered", "menu_set", "set_up"},
    "department": {"created", "renamed", "removed"},
    "faq": {
        "created", "draft_saved", "draft_discarded", "published", "retired", "restored", "asker_took_back",
    },
    "faq_phrasing": {"proposed", "accepted", "sent_back", "rejected", "withdrawn"},
    "faq_unanswered": {"passed_over", "taken_back"},
    "faq_words": {"added", "changed", "retired"},
    "list": {"read", "exported"},
    "privacy": {"asked", "agreed", "refused"},
}  # fmt: skip
"""The deeds whose names are put together."""
CODE = re.compile(r"[a-z_]+\.[a-z_]+")


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, [records.router])


def test_every_deed_in_the_code_has_its_sentence_and_every_thing_its_name() -> None:
    texts = Catalogue(*text_directories())
    missing = {
        f"deeds.{kind}.{verb}" for kind, verbs in VERBS.items() for verb in verbs
        if not texts.has(f"deeds.{kind}.{verb}")
    }  # fmt: skip
    families = set()
    for _, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "_record":
            told = [word.value for word in node.args if isinstance(word, ast.Constant)]
            deeds = {f"deeds.{word}" for word in told if isinstance(word, str) and CODE.fullmatch(word)}
            missing |= {deed for deed in deeds if not texts.has(deed)}
        if isinstance(node.func, ast.Name) and node.func.id in ("note_list", "note_export"):
            kinds = {f"things.{word.value}" for word in node.args if isinstance(word, ast.Constant)}
            missing |= {kind for kind in kinds if not texts.has(kind)}
        said = {word.arg: word.value for word in node.keywords}
        if "action" not in said or "subject_kind" not in said:
            continue
        kind = said["subject_kind"]
        if isinstance(kind, ast.Constant) and not texts.has(f"things.{kind.value}"):
            missing.add(f"things.{kind.value}")
        match said["action"]:
            case ast.Constant(value=str(action)) if not texts.has(f"deeds.{action}"):
                missing.add(f"deeds.{action}")
            case ast.JoinedStr(values=[ast.Constant(value=str(begin)), *_]):
                families.add(begin.removesuffix("."))
    assert missing == set()
    assert families == VERBS.keys()


def test_records_are_told_as_sentences_and_found_by_person_thing_deed_and_day(
    doors: Doors, database: Database
) -> None:
    with database.unit_of_work() as uow:
        for number in range(60):
            audit.record(
                uow, actor="malee", action="office.updated", subject_kind="office", subject_id=1,
                before={"name": f"เดิม {number}"}, after={"name": f"ใหม่ {number}"},
            )  # fmt: skip
        audit.record(uow, actor="cli", action="webhook.added", subject_kind="webhook", subject_id="traffy")
        audit.record(uow, actor="auditor", action="office.updated", subject_kind="office", subject_id=1)
    auditor = doors.browser("auditor", Role.LOG_CUSTODIAN)
    first = auditor.get("/admin/records").text
    assert "เพิ่มที่อยู่รับข่าว" in first and "ผู้ดูแลเครื่อง" in first and "<ins>ใหม่ 59</ins>" in first
    older = re.search(r'href="([^"]+before=\d+)" rel="next"', first)
    assert older is not None and "ใหม่ 0" in auditor.get(older[1].replace("&amp;", "&")).text
    for query, count in (
        ("person=malee", 50), ("person=cli&deed=webhook.added", 1), ("kind=webhook&number=traffy", 1),
        ("from=2026-11-20&to=2026-11-20&kind=webhook", 1), ("from=2026-11-21&to=", 0), ("person=nobody", 0),
        ("from=0001-01-01&to=9999-12-31&kind=webhook", 1), ("person=ผู้ดูแลเครื่อง&kind=webhook", 1),
        ("person=AUDITOR", 1), ("person=คุณaud", 1), ("person=udito", 1), ("person=%25", 0), ("from=21/11/2569&kind=webhook", 0),
        ("from=20+พ.ย.+2569&to=20/11/2026&kind=webhook", 1),
    ):  # fmt: skip
        shown = auditor.get(f"/admin/records?{query}").text
        assert shown.count("timeline__title") == count, query
    typed = auditor.get("/admin/records?from=20/11/2569&to=31/2/2569").text
    assert 'value="20 พ.ย. 2569"' in typed  # as it was understood
    assert 'value="31/2/2569"' in typed and "อ่านวันที่นี้ไม่ได้" in typed


def test_a_verification_on_request_is_recorded_and_told(doors: Doors, database: Database) -> None:
    auditor = doors.browser("auditor", Role.LOG_CUSTODIAN)
    assert "ยังไม่เคยตรวจ" in auditor.get("/admin/records").text
    assert auditor.post("/admin/records/verify").status_code == 303
    assert re.search(r"ตรวจแล้ว ครบถ้วน ณ 20\sพ.ย.\s2569", auditor.get("/admin/records").text)
    with database.unit_of_work() as uow:
        first = uow.session.query(audit.AuditRecord).filter_by(sequence=1).one()
        first.actor = "somebody"
    auditor.post("/admin/records/verify")
    shown = auditor.get("/admin/records").text
    assert "พบว่าบันทึกถูกแก้ไข" in shown and "รายการที่ 1 ไม่ตรงกับที่บันทึกไว้" in shown


def test_opening_a_case_is_on_record_once_an_hour_and_printing_it_and_the_list_too(
    database: Database, tmp_path: Path
) -> None:
    room = open_room(database, tmp_path)
    filed = room.desk.file()
    palad = room.browser(room.desk.palad)
    address = f"{HOME}/{filed.complaint_id}"
    for page in (address, address, f"{address}/live", f"{address}/file.pdf"):
        assert palad.get(page).status_code == 200
    with database.read() as reader:
        found = audit.history(reader, subject_kind="complaint", subject_id=filed.complaint_id)
        number = shown(reader.session.get_one(Complaint, filed.complaint_id).number)
        asked = Asked(kind="complaint", number=number)
        listed = records_page(reader, Catalogue(*text_directories()), asked, room.desk.palad)
    assert [row.thing for row in listed.rows] == [f"เรื่องแจ้ง {number}"] * len(found)
    readings = [(record.actor, record.action) for record in found if record.before is record.after is None]
    name = room.desk.palad.username
    assert readings == [(name, "complaint.exported"), (name, "complaint.read")]
    for page in (HOME, f"{HOME}/list", f"{HOME}/board"):
        assert palad.get(page).status_code == 200
    with database.read() as reader:
        today = local_date(reader.now).isoformat()
        (seen,) = audit.history(reader, subject_kind="complaint_list", subject_id=today)
    assert (seen.actor, seen.action) == (name, "list.read")


def test_pages_of_things_lead_to_their_history_for_whoever_may_see_it(
    database: Database, tmp_path: Path
) -> None:
    with whole_cast(database, tmp_path) as cast:
        request_id = cast.things["{request_id:int}"]["about lamp"]
        for address, link in (
            (f"/privacy/{request_id}", f"kind=privacy_request&amp;number={request_id}"),
            ("/channels/line", "kind=channel&amp;number=line"),
            ("/cases/categories", "kind=complaint_category"),
            ("/faq/learned", "kind=faq_phrasing"),
        ):
            assert (
                f'href="/admin/records?{link}"'
                in cast.asker.ask(cast.staff["manager"], "GET", f"/admin{address}").text
            ), address
        for who in ("author", "publisher"):
            assert "/admin/records" not in cast.asker.ask(cast.staff[who], "GET", "/admin/faq/learned").text
