"""Closing for a while: everybody is told so, health checks go on, platforms come again."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from eservice.operations.maintenance import FILE, MaintenanceGate
from tests.commands import Run, data_dir, run

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


def test_a_file_that_says_nothing_still_closes(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / FILE).write_text("[")
    assert office_at(data_dir).get("/").status_code == 503


def test_the_page_for_a_proxy_needs_nothing_else(run: Run, tmp_path: Path) -> None:
    assert run("maintenance", "page", str(tmp_path / "m.html")).code == 0
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "src=" not in page and "href=" not in page and "$" not in page
    assert "อีกสักครู่ลองเปิดหน้านี้อีกครั้ง" in page


def test_a_time_without_end_is_refused(run: Run, data_dir: Path) -> None:
    assert "100" in run("maintenance", "on", "--until", "ก" * 101).complaint
    assert not (data_dir / FILE).exists()
