"""The traffic log: what is noted of a request and what never is; gaps; how long it is kept; what is taken along."""

import csv
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from bot.channels.webchat.routes import create_router
from eservice.kit import audit
from eservice.kit.chain import verify
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.http import CALLER, Caller
from eservice.kit.signals import Signals
from eservice.staff.models import Role
from eservice.traffic import export, keeping
from eservice.traffic.models import CHAIN, TrafficRow
from eservice.traffic.recording import AT_ONCE, Seen, TrafficLog, TrafficRecorder, pseudonym, safe_path
from tests.admin.visitors import Doors
from tests.traffic.opening import opened, waiting

JSON = {"Content-Type": "application/json"}


def seen(recorder: TrafficRecorder, source: str = "203.0.113.9") -> Seen:
    return Seen(
        at=recorder.now(), milliseconds=2, source=source, port=50_000, caller=Caller(account="malee"),
        method="GET", path="/faq", status=200, bytes_in=0, bytes_out=99,
    )  # fmt: skip


def rows_of(database: Database) -> list[TrafficRow]:
    with database.read() as reader:
        assert verify(reader, CHAIN).fault is None
        return list(reader.session.scalars(select(TrafficRow).order_by(TrafficRow.sequence)))


def test_a_visitor_is_noted_by_a_pseudonym_and_their_words_nowhere(database: Database) -> None:
    recorder = TrafficRecorder(database)
    app = FastAPI()
    app.state.database = database
    chat = create_router(
        database=database, signals=Signals(database), store=lambda events: None, is_stopping=lambda: False
    )
    app.include_router(chat)
    app.add_middleware(TrafficLog, recorder=recorder)
    client = TestClient(app, client=("203.0.113.7", 50_123))
    begun = client.post("/api/v1/chat/sessions").json()
    bearer = {"Authorization": f"Bearer {begun['token']}"}
    body = json.dumps({"text": "ความลับของฉัน"}).encode()
    client.post("/api/v1/chat/messages?q=ลับ", content=body, headers=bearer | JSON)
    client.get("/static/site.css")
    recorder.write()
    first, second = rows_of(database)
    assert (second.method, second.path, second.status) == ("POST", "/api/v1/chat/messages", 202)
    assert (second.source, second.port) == ("203.0.113.7", 50_123)
    assert second.bytes_in == len(body) and second.bytes_out > 0
    name = pseudonym(database.signing_key(), begun["session_id"])
    assert first.account == second.account == f"web:{name}" and second.session == name
    everything = str([vars(row) for row in (first, second)])
    for secret in ("ลับ", begun["token"], begun["session_id"]):
        assert secret not in everything


def test_staff_are_noted_by_name_and_one_time_links_without_their_secret(
    database: Database, tmp_path: Path
) -> None:
    doors = Doors(database, tmp_path)
    recorder = TrafficRecorder(database)
    doors.app.add_middleware(TrafficLog, recorder=recorder)
    boss = doors.browser("boss", Role.ADMINISTRATOR)
    boss.get(f"/admin/staff/{boss.account_id}?token=secret-in-a-query")
    doors.visitor().get("/admin/link/9f86d081884c7d659a2feaa0")
    doors.visitor().get("/wp-login.php/9f86d081884c7d659a2feaa0")
    recorder.write()
    staff, link, lost = rows_of(database)
    assert (staff.account, staff.path) == ("boss", f"/admin/staff/{boss.account_id}")
    assert staff.session and staff.status == 200
    assert (link.account, link.path) == ("", "/admin/link/{token}")
    assert (lost.path, lost.status) == ("/wp-login.php/…", 404)


def test_outside_the_console_no_number_leads_to_a_case() -> None:
    scope = {"route": None, "path": "/api/v1/cases/2569-00012/attachments/77"}
    scope["path_params"] = {"number": "2569-00012", "reference": "77"}
    assert safe_path(scope) == "/api/v1/cases/{number}/attachments/{reference}"


def test_a_clock_put_forward_by_months_keeps_no_row_from_being_written(database: Database) -> None:
    recorder = TrafficRecorder(database)
    recorder.note(replace(seen(recorder), milliseconds=2**33, bytes_out=2**33))
    recorder.note(seen(recorder))
    assert recorder.write() == 2
    assert [row.milliseconds for row in rows_of(database)] == [2**31 - 1, 2]


def test_a_proxy_that_is_trusted_hands_on_the_port(database: Database) -> None:
    app, recorder = FastAPI(), TrafficRecorder(database)
    app.add_middleware(TrafficLog, recorder=recorder)
    # uvicorn puts port 0 beside an address that a trusted proxy named
    TestClient(app, client=("198.51.100.4", 0)).get("/x", headers={"X-Client-Port": "61000"})
    TestClient(app, client=("198.51.100.4", 7)).get("/x", headers={"X-Client-Port": "61000"})
    recorder.write()
    assert [row.port for row in rows_of(database)] == [61_000, 7]


def test_what_found_no_room_while_the_database_was_away_is_counted_in_a_row(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = TrafficRecorder(database, room=AT_ONCE + 3)
    for _ in range(AT_ONCE + 8):
        recorder.note(seen(recorder))

    def away(*, read_only: bool = False) -> Session:
        raise OperationalError("BEGIN", None, ConnectionError())

    with monkeypatch.context() as patched:
        patched.setattr(database, "open_session", away)
        recorder.write_if_possible()
    assert recorder.write() == AT_ONCE + 4
    assert recorder.write() == 0
    rows = rows_of(database)
    assert [row.lost for row in rows if row.lost] == [5]
    assert rows[-1].lost == 5 and rows[-1].path == ""


def test_rows_go_after_their_days_unless_an_order_keeps_them(database: Database, clock: FixedClock) -> None:
    recorder = TrafficRecorder(database)
    for source in ("day-0", "day-1", "day-2"):
        recorder.note(seen(recorder, source))
        recorder.write()
        clock.advance(days=1)
    clock.advance(days=86)  # the first is 89 days old
    assert keeping.purge(database, 90) == 0
    clock.advance(days=2)
    with database.unit_of_work() as uow:
        begin = date(2026, 11, 21)
        keeping.hold(uow, case="คำสั่ง 1", reason="", covers_from=begin, until=date(2027, 3, 31), actor="cli")
    assert keeping.purge(database, 90) == 1
    clock.advance(days=20)
    assert keeping.purge(database, 90) == 0
    assert [row.source for row in rows_of(database)] == ["day-1", "day-2"]
    with database.unit_of_work() as uow:
        assert keeping.release(uow, case="คำสั่ง 1", actor="cli") == 1
    assert keeping.purge(database, 90) == 2
    assert rows_of(database) == []
    recorder.note(seen(recorder, "after"))
    recorder.write()
    assert [(row.sequence, row.source) for row in rows_of(database)] == [(4, "after")]
    with database.read() as reader:
        purged = audit.history(reader, subject_kind="traffic", subject_id=3)
        assert purged[0].after is not None and purged[0].after["rows"] == 2
        assert verify(reader, audit.CHAIN).fault is None


def test_an_order_without_a_case_or_an_end_to_come_is_refused(database: Database) -> None:
    with database.unit_of_work() as uow:
        for case, until in (("", date(2027, 1, 1)), ("1", date(2026, 11, 19)), ("1", date(2029, 1, 1))):
            with pytest.raises(ServiceError, match="bad_hold"):
                keeping.hold(uow, case=case, reason="", covers_from=None, until=until, actor="cli")


@pytest.mark.parametrize("suffix", export.SUFFIXES)
def test_an_export_is_signed_and_any_change_of_it_shows(
    database: Database, tmp_path: Path, suffix: str
) -> None:
    recorder = TrafficRecorder(database)
    for source in ("203.0.113.1", "203.0.113.2"):
        recorder.note(seen(recorder, source))
    recorder.write()
    file, key = tmp_path / f"taken{suffix}", database.signing_key()
    opening = opened(database)

    def take(opening_id: int, begin: datetime | None = None) -> export.Exported:
        return export.export(database, file, opening_id=opening_id, begin=begin, end=None, actor="keeper")

    for cannot, begin in ((waiting(database), None), (opening, recorder.now() - timedelta(days=9))):
        with pytest.raises(ServiceError, match="opening"):
            take(cannot, begin)
    assert not file.exists()
    assert take(opened(database, source="203.0.113.2")).rows == 1
    sheet = json.loads((tmp_path / (file.name + export.MANIFEST)).read_text(encoding="utf-8"))
    assert (sheet["case"], sheet["asked_by"], sheet["approved_by"]) == ("คดี 7/2569", "keeper", "boss")
    file.unlink()
    (tmp_path / (file.name + export.MANIFEST)).unlink()
    made = take(opening)
    assert made.rows == 2 and export.check(file, key) == made
    if suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as table:
            first = next(csv.DictReader(table))
        assert first["at"] == "2026-11-20T12:00:00.000+07:00" and first["source"] == "203.0.113.1"
    with database.read() as reader:
        taken, *_ = audit.history(reader, subject_kind="traffic_opening", subject_id=opening)
        assert (taken.actor, taken.action) == ("keeper", "traffic.exported")
    for name in (file.name, file.name + export.MANIFEST):
        written = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(written.replace("2", "3", 1), encoding="utf-8")
        with pytest.raises(ServiceError, match="not_ours"):
            export.check(file, key)
        (tmp_path / name).write_text(written, encoding="utf-8")
    with pytest.raises(ServiceError, match="not_ours"):
        export.check(file, "another key")
    with pytest.raises(FileExistsError):
        take(opening)
    for link in (file, tmp_path / (file.name + export.MANIFEST)):
        for written in (file, tmp_path / (file.name + export.MANIFEST)):
            written.unlink(missing_ok=True)
        link.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FileExistsError):
            take(opening)
        assert not (tmp_path / "elsewhere").exists()


def test_the_whole_application_is_behind_the_traffic_log(whole_app: FastAPI) -> None:
    assert whole_app.user_middleware[0].cls is TrafficLog
    assert CALLER == "caller"
