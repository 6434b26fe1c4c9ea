"""Closing for a while: everybody is told so, health checks go on, platforms come again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from eservice.demo.first_start import prepare
from eservice.kit import audit, heartbeat
from eservice.kit.database import Database
from eservice.operations.maintenance import FILE, MaintenanceGate, switch_on, under_maintenance
from eservice.operations.metrics import Metrics
from eservice.operations.routes import create_router
from tests.commands import Run, data_dir, run
from tests.migrated import default_database

__all__ = ["data_dir", "run"]


def office_at(data_dir: Path) -> TestClient:
    app = FastAPI()
    app.get("/")(lambda: "open")
    app.get("/healthz")(lambda: "well")
    app.post("/webhooks/line")(lambda: "stored")
    app.add_middleware(MaintenanceGate, data_dir=data_dir)
    return TestClient(app)


def test_everybody_is_told_while_it_is_on(run: Run, data_dir: Path) -> None:
    office = office_at(data_dir)
    assert office.get("/").status_code == 200
    assert run("maintenance", "on", "--until", "14.00 น. <b>").code == 0
    shown = office.get("/")
    assert (shown.status_code, shown.headers["retry-after"]) == (503, "120")
    assert "คาดว่าจะเปิดได้อีกครั้ง 14.00 น. &lt;b&gt;" in shown.text and "1669" in shown.text
    assert "unsafe" not in shown.headers["content-security-policy"]
    refused = office.post("/webhooks/line")
    assert (refused.status_code, refused.json()["type"]) == (
        503,
        "urn:phueanban:error:operations.maintenance",
    )
    assert office.get("/healthz").status_code == 200
    assert "เปิดให้บริการตามปกติแล้ว" in run("maintenance", "off").out
    assert office.post("/webhooks/line").status_code == 200
    assert "ไม่มีอะไรเปลี่ยน" in run("maintenance", "off").out


def test_who_closed_and_opened_is_on_record_and_doctor_says_since_when(run: Run, data_dir: Path) -> None:
    database = default_database(data_dir)
    prepare(database, with_demo=False)
    run("maintenance", "on", "--until", "14.00 น.")
    since = under_maintenance(data_dir)
    run("maintenance", "on", "--until", "15.00 น.")
    again = under_maintenance(data_dir)
    assert since is not None and again is not None
    assert again.since == since.since and again.until == "15.00 น.", "on since the first time"
    (found,) = (
        check for check in json.loads(run("doctor", "--json").out)["checks"] if check["name"] == "maintenance"
    )
    assert found["verdict"] == "warning" and "maintenance off" in found["en"] and "since 20" in found["en"]
    run("maintenance", "off")
    assert "maintenance" not in [check["name"] for check in json.loads(run("doctor", "--json").out)["checks"]]
    with database.read() as reader:
        told = audit.history(reader, subject_kind="maintenance", subject_id="page")
    assert [(each.actor, each.action) for each in told] == [
        ("cli", "maintenance.off"),
        ("cli", "maintenance.on"),
        ("cli", "maintenance.on"),
    ]


def test_it_closes_and_opens_while_the_database_is_away_and_says_that_nobody_noted_it(
    run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://office@127.0.0.1:1/office")
    for word in ("on", "off"):
        done = run("maintenance", word)
        assert done.code == 0 and "Not put on record" in done.out


def test_readiness_says_that_it_is_closed_and_since_when(database: Database, data_dir: Path) -> None:
    app = FastAPI()
    app.include_router(create_router(database, Metrics(), data_dir))
    client = TestClient(app)
    with database.unit_of_work() as uow:
        heartbeat.beat(uow, "worker")
    open_says = client.get("/readyz")
    switch_on(data_dir, now=datetime(2026, 11, 20, 5, 0, tzinfo=UTC))
    closed_says = client.get("/readyz")
    assert (open_says.status_code, closed_says.status_code) == (200, 200)
    assert closed_says.json() == {**open_says.json(), "closed_since": "2026-11-20T12:00:00+07:00"}


def test_a_file_that_says_nothing_still_closes(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / FILE).write_text("[")
    shown = office_at(data_dir).get("/")
    assert shown.status_code == 503 and "ปิดตั้งแต่" in shown.text, "since the file was written"


def test_the_page_for_a_proxy_needs_nothing_else(run: Run, tmp_path: Path) -> None:
    assert run("maintenance", "page", str(tmp_path / "m.html")).code == 0
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "src=" not in page and "href=" not in page and "$" not in page
    assert "อีกสักครู่ลองเปิดหน้านี้อีกครั้ง" in page


def test_a_time_without_end_is_refused(run: Run, data_dir: Path) -> None:
    assert "100" in run("maintenance", "on", "--until", "ก" * 101).complaint
    assert not (data_dir / FILE).exists()
