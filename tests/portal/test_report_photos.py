"""Photos on the web, as a browser without scripts sends them: with a report, and to the case that is open."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from eservice.complaints import floods, guesses, photos
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint, Filing, Photo, PhotoKind
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from tests.complaints.desk import Desk, open_desk
from tests.complaints.pictures import photo
from tests.portal.conftest import Portal
from tests.portal.test_report import LIGHT, Visit
from tests.portal.test_track import open_with

SMALL = (64, 48)
NO_PICTURE = b"%PDF-1.7 no picture"


@pytest.fixture
def visit(portal: Portal) -> Visit:
    return Visit(portal.client)


@pytest.fixture
def desk(portal: Portal, database: Database) -> Desk:
    desk = open_desk(database)
    desk.media = portal.media
    return desk


def send(visit: Visit, go: str, *contents: bytes, **typed: str) -> httpx.Response:
    """The form of the details with chosen files, as a browser sends it."""
    files = [("photos", (f"{n}.jpg", content, "image/jpeg")) for n, content in enumerate(contents)]
    fields = {name: value for name, value in (visit.fields | typed | {"go": go}).items() if name != "photos"}
    sent = visit.client.post("/report", data=fields, files=files or NO_FILE)
    return visit._read(sent)


NO_FILE = [("photos", ("", b"", "application/octet-stream"))]


def details(visit: Visit) -> None:
    visit.open()
    assert visit.tap("details", text=LIGHT).status_code == 200


def rows(portal: Portal) -> list[Photo]:
    with portal.database.read() as reader:
        return list(reader.session.scalars(select(Photo).order_by(Photo.id)))


def stored(portal: Portal) -> int:
    return sum(len(some) for some in portal.media.keys(datetime.now(UTC) + timedelta(days=1)))


def pictures_of(page: httpx.Response) -> list[str]:
    return [address.replace("&amp;", "&") for address in re.findall(r'<img src="([^"]+)"', page.text)]


def bomb() -> bytes:
    written = BytesIO()
    Image.new("1", (20_000, 20_000)).save(written, "PNG")
    return written.getvalue()


def test_photos_wait_for_the_last_button_and_then_belong_to_the_case(portal: Portal, visit: Visit) -> None:
    details(visit)
    check = send(visit, "check", photo(1, SMALL), photo(2, SMALL))
    assert check.status_code == 200 and rows(portal) == []
    shown = [portal.client.get(address) for address in pictures_of(check)]
    assert [answer.status_code for answer in shown] == [200, 200]
    assert all(answer.headers["content-type"] == "image/jpeg" for answer in shown)
    visit.tap("what")  # there and back: they stay
    visit.tap("details")
    assert visit.tap("check").status_code == 200
    assert visit.send().status_code == 200
    with portal.database.read() as reader:
        complaint = reader.session.scalars(select(Complaint)).one()
        found = photos.of_complaint(reader, complaint.id, for_resident=True)
    assert [(row.kind, row.is_public) for row in found] == [(PhotoKind.RESIDENT, True)] * 2
    assert stored(portal) == 4


def test_sending_twice_attaches_once(portal: Portal, visit: Visit) -> None:
    details(visit)
    send(visit, "check", photo(1, SMALL))
    assert visit.send().status_code == visit.send().status_code == 200
    assert len(rows(portal)) == 1


def test_a_photo_can_be_taken_away_again(portal: Portal, visit: Visit) -> None:
    details(visit)
    send(visit, "details", photo(1, SMALL), photo(2, SMALL))
    page = send(visit, "drop:0")
    assert len(pictures_of(page)) == 1
    visit.tap("check")
    visit.send()
    assert len(rows(portal)) == 1


@pytest.mark.parametrize("content", [NO_PICTURE, bytes(MAX_BYTES + 1), bomb()])
def test_a_refused_photo_is_told_at_its_field_and_what_was_typed_stays(
    portal: Portal, visit: Visit, content: bytes
) -> None:
    details(visit)
    page = send(visit, "check", photo(1, SMALL), content, address="หน้าวัด")
    assert page.status_code == 422 and 'id="photo-error"' in page.text and "หน้าวัด" in page.text
    assert len(pictures_of(page)) == 1 and stored(portal) == 2


def test_a_fourth_photo_is_refused_and_a_body_beyond_three_is_not_read(portal: Portal, visit: Visit) -> None:
    details(visit)
    page = send(visit, "check", *[photo(seed, SMALL) for seed in range(4)])
    assert page.status_code == 422 and "แนบได้ไม่เกิน 3 รูป" in page.text and len(pictures_of(page)) == 3
    page = send(visit, "check", *[bytes(MAX_BYTES)] * 4)
    assert page.status_code == 413 and "<h1>" in page.text


def test_forged_and_outdated_tokens_attach_nothing(portal: Portal, visit: Visit, clock: FixedClock) -> None:
    details(visit)
    send(visit, "check", photo(1, SMALL))
    good = visit.fields["enclosed"]
    address = "/report/photo"
    assert portal.client.get(address, params={"token": good}).status_code == 200
    for forged in (good[:-2] + "xx", "a.b", "x" * 5000, ""):
        assert portal.client.get(address, params={"token": forged}).status_code == 404
    visit.fields["enclosed"] = good[:-2] + "xx"
    refused = visit.send()
    assert refused.status_code == 422 and "แนบใหม่" in refused.text
    clock.advance(hours=13)
    assert portal.client.get(address, params={"token": good}).status_code == 404
    visit.fields["enclosed"] = good
    assert visit.send().status_code == 422 and rows(portal) == []


def test_a_token_used_for_a_second_case_leaves_the_photo_with_the_first(portal: Portal, visit: Visit) -> None:
    details(visit)
    send(visit, "check", photo(1, SMALL))
    visit.send()
    visit.fields["key"] = "another-key-of-24-letters"
    assert visit.send().status_code == 200
    assert len(rows(portal)) == 1


def test_an_address_that_sends_very_many_photos_must_wait(portal: Portal, visit: Visit) -> None:
    with portal.database.unit_of_work() as uow:
        for _ in range(floods.PHOTO_LIMIT.free + 8):
            guesses.count_one(uow, Filing, "photos:testclient")
    details(visit)
    page = send(visit, "check", photo(1, SMALL))
    assert page.status_code == 422 and "รอสักครู่" in page.text and stored(portal) == 0
    assert visit.tap("check").status_code == 200  # without it, nothing is in the way


def opened(portal: Portal, desk: Desk) -> Filed:
    filed = desk.file()
    assert filed.key is not None
    open_with(portal, filed.number, filed.key)
    return filed


def add(portal: Portal, *contents: bytes) -> httpx.Response:
    files = [("photos", (f"{n}.jpg", content, "image/jpeg")) for n, content in enumerate(contents)]
    return portal.client.post("/track/photos", files=files or NO_FILE)


def test_who_opened_the_case_sees_what_is_meant_for_residents_and_nothing_else(
    portal: Portal, desk: Desk
) -> None:
    filed = opened(portal, desk)
    shown = desk.add_photo(filed, photo(1), kind=PhotoKind.BEFORE, is_public=True)
    hidden = desk.add_photo(filed, photo(2), kind=PhotoKind.BEFORE)
    other = desk.add_photo(desk.file(), photo(3), kind=PhotoKind.BEFORE, is_public=True)
    page = portal.client.get("/track")
    assert f"/track/photos/{shown.id}/thumbnail" in page.text and f"/photos/{hidden.id}" not in page.text
    picture = portal.client.get(f"/track/photos/{shown.id}")
    assert picture.status_code == 200 and picture.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["cache-control"] == "private, no-cache"
    for number in (hidden.id, other.id, 999_999, 2**40):
        assert portal.client.get(f"/track/photos/{number}").status_code == 404
    stranger = portal.visitor("203.0.113.9")
    assert stranger.get(f"/track/photos/{shown.id}").status_code == 404
    assert stranger.get(f"/track/photos/{shown.id}/thumbnail").status_code == 404


def test_photos_are_added_to_the_case_that_is_open(portal: Portal, desk: Desk) -> None:
    opened(portal, desk)
    done = add(portal, photo(1, SMALL), photo(2, SMALL))
    assert done.status_code == 200 and "เพิ่มรูปแล้ว" in done.text
    assert [row.kind for row in rows(portal)] == [PhotoKind.RESIDENT] * 2


@pytest.mark.parametrize("content", [NO_PICTURE, bytes(MAX_BYTES + 1), bomb()])
def test_what_is_no_photo_is_refused_on_the_page_of_the_case(
    portal: Portal, desk: Desk, content: bytes
) -> None:
    opened(portal, desk)
    refused = add(portal, content)
    assert refused.status_code in (413, 422) and 'id="photos-error"' in refused.text
    assert rows(portal) == [] and stored(portal) == 0
    assert add(portal).status_code == 422


def test_strangers_and_other_sites_add_nothing(portal: Portal, desk: Desk) -> None:
    filed = desk.file()
    assert filed.key is not None
    assert "รหัส" in add(portal, photo(1, SMALL)).text
    open_with(portal, filed.number, filed.key)
    files = [("photos", ("1.jpg", photo(1, SMALL), "image/jpeg"))]
    forged = portal.client.post("/track/photos", files=files, headers={"Origin": "https://evil.example"})
    assert forged.status_code == 403 and rows(portal) == [] and stored(portal) == 0


def test_the_eleventh_photo_of_a_resident_is_refused_and_its_files_go(portal: Portal, desk: Desk) -> None:
    opened(portal, desk)
    for first in (0, 3, 6):
        add(portal, *[photo(seed, SMALL) for seed in range(first, first + 3)])
    refused = add(portal, photo(9, SMALL), photo(10, SMALL))
    assert refused.status_code == 409 and len(rows(portal)) == 10 and stored(portal) == 20
