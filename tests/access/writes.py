"""Every form of the console, filled in so that it does what it is for; and all that then stands in the database."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from eservice.kit.database import Base
from tests.access.cast import SECRET, Cast
from tests.conftest import JoinedDatabase

CASE = "/cases/{case_id:int}"
ENTRY = "/faq/{entry_id:int}"
INQUIRY = "/inquiries/{inquiry_id:int}"
REQUEST = "/privacy/{request_id:int}"
OPENING = "/openings/{opening_id:int}"

ANSWER = {"question": "ขยะเก็บวันไหน", "answer": "ทุกวันจันทร์", "category": "สิ่งแวดล้อม", "based_on": "1"}
HOURS = {"opens_at": "08.30", "closes_at": "16.30"}
FILLED: Mapping[str, Mapping[str, object]] = {
    "/staff/new": {"username": "noknoi", "display_name": "นกน้อย", "roles": "author@{works}"},
    "/staff/{account_id}": {"display_name": "มาลี ใจดี", "roles": "responder@{works}"},
    "/office": {"name": "อบต.ใหม่", "address": "หมู่ 2", **HOURS},
    "/setup/notice": {"version": "2", "text": "# ประกาศ\n\nเก็บน้อยลง"},
    "/setup/{step}": HOURS,
    "/bench/add": {"entry": "{entry}", "q": "ไฟหน้าโรงเรียนดับ"},
    "/bench/questions": {"entry": "{entry}", "q": "ไฟหน้าโรงเรียนดับ"},
    "/faq/new": ANSWER,
    ENTRY: {**ANSWER, "department": "{works}"},
    f"{ENTRY}/discard": {"number": "2"},
    "/faq/learned/{phrasing_id:int}/move": {"entry": "{entry}"},
    "/faq/learned/teach": {"entry": "{entry}", "q": "เสาไฟหน้าบ้านมืดสนิท"},
    "/faq/learned/rules": {
        "mode": "reviewed", "review_people": "3", "people": "3", "days": "30", "contact_age_days": "2",
        "daily_limit": "5",
    },
    "/faq/words/try": {"kind": "synonyms", "words": "ขยะ = สิ่งปฏิกูล"},
    f"{INQUIRY}/answer": {"text": "ซ่อมพรุ่งนี้", "form_token": "t"},
    f"{INQUIRY}/department": {"department": "{finance}"},
    f"{INQUIRY}/notes": {"note": "โทรแล้ว"},
    f"{INQUIRY}/teach": {"entry": "{entry}"},
    "/cases/new": {"source": "phone", "text": "ไฟดับหน้าตลาด", "category": "ไฟฟ้าแสงสว่าง", "token": "t"},
    "/cases/bulk": {"what": "begin", "case": "{lamp}:2"},
    "/cases/replies": {"title": "ขอบคุณ", "text": "ขอบคุณที่แจ้ง"},
    "/cases/categories": {"name": "ไฟฟ้าแสงสว่าง", "working_days": "9", "is_offered": "yes"},
    "/cases/rules": {"radius_m": "60", "reopen_days": "31", "silence_days": "9"},
    "/cases/spots": {"name": "สะพาน", "place": "16.4, 102.8"},
    "/cases/tasks/{task_id:int}/finish": {"outcome": "เปลี่ยนผู้รับเหมา"},
    "/cases/photos/{photo_id:int}/show": {"public": "yes"},
    f"{CASE}/photos": {"kind": "after"},
    f"{CASE}/move": {"target": "in_progress", "seen": "2"},
    f"{CASE}/hand-on": {"to": "{finance}", "seen": "2", "reason": "งานคลัง"},
    f"{CASE}/accuse": {"accused": "{finance}", "seen": "2"},
    f"{CASE}/propose": {"note": "เปลี่ยนหลอดแล้ว", "seen": "3"},
    f"{CASE}/agree": {"seen": "4"},
    f"{CASE}/disagree": {"reason": "ยังดับ", "seen": "4"},
    f"{CASE}/merge": {"parent": "{spare}", "seen": "2"},
    f"{CASE}/split": {"reason": "คนละเสา", "seen": "3"},
    f"{CASE}/say": {"text": "รับทราบ", "to": "staff"},
    f"{CASE}/extend": {"until": "20/12/2569", "reason": "รออะไหล่", "seen": "2"},
    f"{CASE}/category": {"category": "น้ำประปา", "seen": "2"},
    f"{CASE}/redact": {"words": SECRET, "reason": "health", "sure": "yes", "seen": "2"},
    "/cases/photos/{photo_id:int}/remove": {"reason": "card", "seen": "2"},
    f"{REQUEST}/prove": {"identity": "card", "age": "grown", "cases": "{lamp_number}"},
    f"{REQUEST}/national-id": {"why": "เทียบกับบัตร"},
    f"{REQUEST}/told": {"told_on": "20/11/2569"},
    "/privacy/new": {
        "kind": "erasure", "came_by": "letter", "received": "19/11/2569", "name": "สมหญิง", "reach_by": "telephone",
        "reach": "0812345678", "identity": "card", "age": "grown", "cases": "{lamp_number}",
    },
    "/privacy/processors": {"key": "developer", "day": "20/11/2569", "reference": "สัญญา 7/2569"},
    "/privacy/processors/end": {"key": "developer"},
    "/traffic/ask": {
        "reference": "ศ 2/2569", "ordered_by": "ศาลจังหวัด", "document": "8", "ordered_on": "20/11/2569",
        "from": "20/11/2569", "to": "20/11/2569", "reason": "ตามคำสั่ง",
    },
    f"{OPENING}/refuse": {"reason": "ไม่มีคำสั่ง"},
    "/partners/new-token": {"name": "hub", "roles": "responder", "days": "30"},
    "/partners/tokens/{name}/renew": {"days": "60"},
    "/partners/new-webhook": {"name": "hub", "url": "https://hub.example.go.th/x", "kinds": "case.filed"},
    f"{REQUEST}/do": {"outcome": "แก้แล้ว"},
    f"{REQUEST}/refuse": {"reason": "ชื่อถูกแล้ว", "law": "ม.36"},
    "/privacy/keeping": {"name": "messages", "days": "180"},
    "/privacy/breaches": {
        "day": "20/11/2569", "clock": "10.00", "what": "ส่งผิดคน", "data": "ชื่อ", "people": "1", "risk": "risk",
    },
}  # fmt: skip
"""What is typed. `{works}` and the like are ids of the cast."""

FIRST: Mapping[str, tuple[str, ...]] = {
    f"{ENTRY}/discard": (ENTRY,),
    f"{ENTRY}/restore": (f"{ENTRY}/retire",),
    f"{INQUIRY}/faq": (f"{INQUIRY}/answer",),
    f"{CASE}/propose": (f"{CASE}/move",),
    f"{CASE}/agree": (f"{CASE}/move", f"{CASE}/propose"),
    f"{CASE}/disagree": (f"{CASE}/move", f"{CASE}/propose"),
    f"{CASE}/split": (f"{CASE}/merge",),
    f"{REQUEST}/copy": (f"{REQUEST}/do",),
    f"{REQUEST}/copy.json": (f"{REQUEST}/do",),
    f"{REQUEST}/told": (f"{REQUEST}/do",),
    f"{REQUEST}/forget": (f"{REQUEST}/do", f"{REQUEST}/told"),
    "/privacy/processors/end": ("/privacy/processors",),
    "/traffic/{opening_id:int}/close": (f"{OPENING}/approve",),
    f"{OPENING}/close": (f"{OPENING}/approve",),
    "/partners/webhooks/{name}/resume": ("/partners/webhooks/{name}/pause",),
}
"""What a colleague must have done before."""

NOT_DONE = {
    "/me/password": "nobody here has a password",
    "/me/second-factor/codes": "needs a phone's code, as the next one",
    "/me/second-factor/remove": "",
    "/staff/{account_id}/reset-second-factor": "there is none",
    "/bench/evaluate": "a file, of which nothing is kept",
    "/bench/questions/upload": "a file, read by its columns alone, as the next two",
    "/faq/import": "",
    "/faq/import/confirm": "",
    "/bench/confidence": "needs a measurement, as the next two",
    "/bench/confidence/recalibrate": "",
    "/bench/confidence/restore": "",
    "/channels/{name}/keys": "the keys stand in the settings, as the next one",
    "/channels/{name}/forget": "",
    "/faq/words": "needs what the trial before it has signed",
    "/faq/unanswered/add": "nothing is unanswered",
}
"""Forms that are refused here, and why. The rest are done."""

KEEPS_NOTHING = ("/faq/words/try", "/faq/learned/{phrasing_id:int}/move")  # a trial; its own answer again
DRAWN = ("password_hash", "token_hash", "csrf_secret", "secret_hash", "key_hash", "hash", "seal", "code", "key", "number",
         "image_key", "thumbnail_key", "salt", "event_key", "last_used_at")  # fmt: skip
"""Columns with what is drawn anew each time, or signed with it; and when somebody last came."""

_STATEMENTS = {
    table.name: str(
        select(*(each for each in table.c if each.name not in DRAWN))
        .order_by(*(each for each in (*table.primary_key, *table.c) if each.name not in DRAWN))
        .compile(dialect=sqlite.dialect())
    )
    for table in Base.metadata.sorted_tables
}


def filled(cast: Cast, path: str) -> dict[str, object]:
    """The fields of a form of the console, with the cast's ids."""
    ids = {
        "works": cast.desk.works, "finance": cast.desk.finance, "entry": cast.entry_id,
        "lamp": cast.lamp.complaint_id, "lamp_number": cast.lamp.number, "spare": cast.spare.number,
    }  # fmt: skip
    return {name: str(value).format(**ids) for name, value in FILLED.get(path, {}).items()}


def all_rows(database: JoinedDatabase) -> dict[str, list[dict[str, object]]]:
    """Every row of every table as SQLite has it, without what is drawn anew each time."""
    found = {}
    for name, statement in _STATEMENTS.items():
        rows = database.connection.exec_driver_sql(statement)
        columns = list(rows.keys())
        found[name] = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
    for record in found["audit_records"]:
        if record["subject_kind"] == "complaint_spot":
            record["subject_id"] = ""  # its code
    return found


def differences(
    some: Mapping[str, list[dict[str, object]]], others: Mapping[str, list[dict[str, object]]]
) -> list[object]:
    """The tables and columns in which two states of a database differ."""
    found: list[object] = []
    for table, rows in some.items():
        if len(rows) != len(others[table]):
            found.append((table, len(rows), len(others[table])))
        for row, other in zip(rows, others[table], strict=False):
            found += [
                (table, name, value, other[name]) for name, value in row.items() if value != other[name]
            ]
    return found
