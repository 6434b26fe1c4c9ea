"""A disk that is nearly full: nothing new is taken in, and whoever sends it hears so; reading goes on."""

from pathlib import Path

from fastapi.testclient import TestClient

from eservice.kit.database import Database
from eservice.kit.free_space import FreeSpace
from eservice.staff.models import Role
from tests.admin.desk_client import Console
from tests.conftest import ServeOffice
from tests.inquiries.desk import add_staff

FULL = 10**9  # megabytes that no disk has free


def test_what_is_sent_is_refused_in_words_and_pages_are_shown(serve_office: ServeOffice) -> None:
    client = TestClient(serve_office(min_free_mb=FULL))
    for path in ("/webhooks/line", "/api/v1/chat/sessions", "/api/v1/chat/messages", "/api/v1/cases"):
        refused = client.post(path, json={"text": "น้ำไม่ไหล"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60"), path
        assert refused.json()["type"] == "urn:phueanban:error:http.disk_full"
        assert "ใกล้เต็ม" in refused.json()["title"]
    page = client.post("/report", data={"text": "น้ำไม่ไหล"}, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "60")
    assert "เรื่องนี้ยังไม่ถูกส่ง" in page.text
    for path in ("/", "/report", "/track", "/healthz"):
        assert client.get(path).status_code == 200
    assert client.post("/track", data={"act": "open", "number": "1"}).status_code != 503


def test_staff_see_that_the_disk_is_nearly_full(database: Database, tmp_path: Path) -> None:
    with database.unit_of_work() as uow:
        administrator = add_staff(uow, "admin", Role.ADMINISTRATOR)
    page = Console(database, tmp_path, min_free_mb=str(FULL)).browser(administrator).page("/admin/channels")
    assert "ดิสก์ใกล้เต็ม" in page
    assert "ดิสก์ใกล้เต็ม" not in Console(database, tmp_path).browser(administrator).page("/admin/channels")


def test_the_fullest_of_the_disks_counts(tmp_path: Path) -> None:
    space = FreeSpace([tmp_path, tmp_path / "to" / "come"], 1)
    assert space.least_mb() > 1 and not space.is_short()
    space.require()
