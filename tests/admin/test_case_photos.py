"""Photos in the console: who sees a picture, what is taken in and what not, and ending a case that needs one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from eservice.complaints import service
from eservice.complaints.filing import Filed
from eservice.complaints.models import ArrivalState, PhotoArrival, PhotoKind
from eservice.complaints.photos import of_complaint
from eservice.complaints.pictures import MAX_BYTES
from eservice.complaints.states import ComplaintState
from eservice.kit.database import Database
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, Conversation
from tests.admin.cases_room import HOME, Room, open_room, words
from tests.admin.desk_client import Browser
from tests.complaints.desk import LIGHT
from tests.complaints.pictures import file_of, photo, scene

SMALL = (64, 48)


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


def begun(room: Room, *, needs_photo: bool = True) -> Filed:
    """A complaint that somsri works on."""
    filed = room.desk.file(replace(LIGHT, needs_photo=needs_photo))
    with room.desk.database.unit_of_work() as uow:
        service.hand_on(
            uow, filed.complaint_id, room.desk.works, by=room.desk.palad, seen_version=1,
            assignee_id=room.desk.somsri.account_id,
        )  # fmt: skip
        service.change_state(
            uow, filed.complaint_id, ComplaintState.IN_PROGRESS, by=room.desk.somsri, seen_version=2
        )
    return filed


def add(browser: Browser, filed: Filed, *contents: bytes, kind: str = "after", **fields: str):
    """Sends the form for adding photos."""
    token = browser.hidden(browser.page("/admin/me"), "/admin/logout")["csrf_token"]
    files = [
        ("photos", (f"IMG_{number}.jpg", content, "image/jpeg")) for number, content in enumerate(contents)
    ]
    return browser.client.post(
        f"{HOME}/{filed.complaint_id}/photos",
        data={"csrf_token": token, "kind": kind, **fields},
        files=files or [("photos", ("", b"", "application/octet-stream"))],
    )


def kept(room: Room, filed: Filed):
    with room.desk.database.read() as reader:
        return list(of_complaint(reader, filed.complaint_id))


def stored(room: Room) -> int:
    """How many files the store has, of whatever age."""
    return sum(len(some) for some in room.desk.media.keys(datetime.now(UTC) + timedelta(days=1)))


def bomb() -> bytes:
    """A small file that says it is a picture of 400 million pixels."""
    written = BytesIO()
    Image.new("1", (20_000, 20_000)).save(written, "PNG")
    return written.getvalue()


def test_a_picture_is_given_to_who_sees_the_case_and_never_the_original(room: Room) -> None:
    filed = begun(room)
    original = file_of(scene(1), quality=90, comment=b"GPS 13.7 100.5")
    row = room.desk.add_photo(filed, original, kind=PhotoKind.BEFORE)
    somsri, malee = room.browser(room.desk.somsri), room.browser(room.desk.malee)
    for address in (f"{HOME}/photos/{row.id}", f"{HOME}/photos/{row.id}/thumbnail"):
        shown = somsri.get(address)
        assert shown.status_code == 200 and shown.content[:2] == b"\xff\xd8"
        assert shown.content != original and b"GPS" not in shown.content
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["cache-control"] == "private, no-cache"
        assert shown.headers["content-disposition"].startswith("inline")
        again = somsri.get(address, **{"if-none-match": shown.headers["etag"]})
        assert again.status_code == 304 and not again.content
        # The same copy is no way in for who may not see it.
        assert malee.get(address, **{"if-none-match": shown.headers["etag"]}).status_code == 404
    assert somsri.get(f"{HOME}/photos/999999").status_code == 404


def test_the_thumbnail_is_small(room: Room) -> None:
    row = room.desk.add_photo(begun(room), photo(1, (1600, 1200)))
    small = room.browser(room.desk.somsri).get(f"{HOME}/photos/{row.id}/thumbnail")
    assert max(Image.open(BytesIO(small.content)).size) == 320


def test_several_photos_are_added_at_once_and_one_that_is_refused_loses_no_other(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    done = add(somsri, filed, photo(1, SMALL), b"%PDF-1.7 not a picture", photo(2, SMALL))
    assert done.status_code == 303 and done.headers["location"].endswith("#photos")
    page = words(somsri.page(f"{HOME}/{filed.complaint_id}"))
    assert "เพิ่มแล้ว 2 รูป รับไม่ได้ 1 รูป" in page and "เปิดไฟล์นี้เป็นรูปไม่ได้" in page
    assert [row.kind for row in kept(room, filed)] == [PhotoKind.AFTER] * 2
    assert stored(room) == 4


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", bytes(MAX_BYTES + 1_000_000), bomb()])
def test_what_is_no_photo_or_too_large_leaves_nothing(room: Room, content: bytes) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    assert add(somsri, filed, content).status_code == 303
    assert 'role="alert"' in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert kept(room, filed) == [] and stored(room) == 0


def test_no_file_and_too_many_files_are_refused_in_words(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    add(somsri, filed)
    assert "ยังไม่ได้เลือกรูป" in somsri.page(f"{HOME}/{filed.complaint_id}")
    add(somsri, filed, *[photo(seed, SMALL) for seed in range(6)])
    assert "เลือกรูปมากเกินไป" in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert kept(room, filed) == []


def test_a_body_beyond_all_photos_is_not_read(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    assert add(somsri, filed, *[bytes(MAX_BYTES + 500_000)] * 5).status_code == 413
    assert kept(room, filed) == []


def test_the_very_same_photo_again_is_refused_and_its_files_go(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    add(somsri, filed, photo(1, SMALL), kind="before")
    add(somsri, filed, photo(1, SMALL), kind="after")
    assert "เป็นไฟล์เดียวกับรูปที่มีอยู่แล้ว" in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert len(kept(room, filed)) == 1 and stored(room) == 2


def test_nobody_adds_or_shows_photos_of_a_case_outside_their_reach(room: Room) -> None:
    filed = begun(room)
    row = room.desk.add_photo(filed, photo(1, SMALL), kind=PhotoKind.BEFORE)
    malee, author = room.browser(room.desk.malee), room.browser(room.desk.author)
    assert add(malee, filed, photo(2, SMALL)).status_code == 404
    assert malee.post(f"{HOME}/photos/{row.id}/show", public="yes").status_code == 404
    assert add(author, filed, photo(2, SMALL)).status_code == 403
    assert author.get(f"{HOME}/photos/{row.id}").status_code == 403
    assert add(malee, filed, photo(2, SMALL), csrf_token="forged").status_code == 403
    assert len(kept(room, filed)) == 1 and not kept(room, filed)[0].is_public and stored(room) == 2


def test_the_office_decides_whether_the_resident_sees_its_photo(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    add(somsri, filed, photo(1, SMALL), public="yes")
    add(somsri, filed, photo(2, SMALL))
    assert [row.is_public for row in kept(room, filed)] == [True, False]
    first = kept(room, filed)[0]
    somsri.post(f"{HOME}/photos/{first.id}/show", public="no")
    assert not kept(room, filed)[0].is_public
    somsri.post(f"{HOME}/photos/{first.id}/show", public="yes")
    assert kept(room, filed)[0].is_public


def test_a_case_that_needs_a_photo_is_finished_with_the_photos_chosen(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    page = somsri.page(f"{HOME}/{filed.complaint_id}")
    assert "ส่งให้ตรวจ (ขาดรูปหลังแก้ไข)" in page
    refused = room.act(somsri, filed, "propose", note="เปลี่ยนหลอดแล้ว")
    assert refused.status_code == 409 and "เปลี่ยนหลอดแล้ว" in refused.text
    add(somsri, filed, photo(1, SMALL), kind="before")
    add(somsri, filed, photo(2, SMALL), photo(3, SMALL))
    before, first, second = kept(room, filed)
    page = somsri.page(f"{HOME}/{filed.complaint_id}")
    assert (
        f'name="photo_ids" value="{first.id}" checked' in page and f'value="{before.id}" checked' not in page
    )
    wrong = room.act(somsri, filed, "propose", note="เสร็จ", photo_ids=str(before.id))
    assert wrong.status_code == 409
    done = room.act(somsri, filed, "propose", note="เสร็จ", photo_ids=str(second.id), public="yes")
    assert done.status_code == 303
    assert [each.is_public for each in kept(room, filed)] == [False, False, True]
    assert room.desk.now(filed).proposed_photo_ids == [second.id]
    checker = room.browser(room.desk.checker)
    assert room.act(checker, filed, "agree").status_code == 303
    assert room.desk.state(filed) is ComplaintState.RESOLVED


def test_the_second_officer_sees_a_photo_beside_the_old_one_that_it_nearly_repeats(room: Room) -> None:
    filed, somsri = begun(room), room.browser(room.desk.somsri)
    add(somsri, filed, photo(1), kind="before")
    add(somsri, filed, file_of(scene(1), quality=60), kind="after")
    old, new = kept(room, filed)
    assert new.near_photo_id == old.id
    room.act(somsri, filed, "propose", note="เสร็จ", photo_ids=str(new.id))
    page = room.browser(room.desk.checker).page(f"{HOME}/{filed.complaint_id}")
    form = page[page.index('id="form-agree"') : page.index("</form>", page.index('id="form-agree"'))]
    assert "รูปใหม่แทบไม่ต่างจากรูปที่มีอยู่แล้ว" in form
    assert form.index(f"/photos/{old.id}/thumbnail") < form.index(f"/photos/{new.id}/thumbnail")


def test_photos_that_are_coming_or_did_not_come_are_told_with_their_reason(room: Room) -> None:
    filed = begun(room)
    states = {ArrivalState.COMING: None, ArrivalState.REFUSED: "photos.heic", ArrivalState.LOST: "gone"}
    with room.desk.database.unit_of_work() as uow:
        conversation = uow.session.scalars(
            select(Conversation).where(Conversation.contact_id == room.desk.daeng)
        ).one()
        for state, reason in states.items():
            message = conversations.record_heard(uow, conversation, text="", kind="photo")
            uow.session.add(
                PhotoArrival(
                    contact_id=room.desk.daeng, message_id=message.id, complaint_id=filed.complaint_id,
                    channel=ChannelName.LINE, media_ref="m", state=state, reason=reason, due_at=uow.now, at=uow.now,
                )
            )  # fmt: skip
    page = words(room.browser(room.desk.somsri).page(f"{HOME}/{filed.complaint_id}"))
    assert "กำลังรับรูปที่ผู้แจ้งส่ง" in page and "HEIC" in page and "มาไม่ถึง" in page
