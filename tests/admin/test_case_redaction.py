"""Hiding in the console: shown first, done once, kept when refused, and for nobody out of reach."""

from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.complaints import service
from eservice.complaints.models import Photo, PhotoKind
from eservice.complaints.redactions import Redaction
from eservice.kit.database import Database
from tests.admin.cases_room import HOME, Room, open_room, words
from tests.complaints.pictures import photo

ILL = "สามวันแล้ว"  # stands in what was reported, and in a note


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


def test_words_are_shown_masked_and_hidden_only_when_sure(room: Room) -> None:
    desk = room.desk
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        service.hand_on(uow, filed.complaint_id, desk.works, by=desk.palad, seen_version=1)
        service.say(uow, filed.complaint_id, f"ป่วย{ILL}", by=desk.somsri, to_resident=False)
    somsri, malee = room.browser(desk.somsri), room.browser(desk.malee)
    address = f"{HOME}/{filed.complaint_id}/redact"
    assert f'href="{address}"' in somsri.page(f"{HOME}/{filed.complaint_id}")
    assert f"ป่วย{ILL}" in words(somsri.page(address))
    for sure in ("", "yes"):
        forged = malee.post(address, words=ILL, reason="health", sure=sure, seen=str(desk.version(filed)))
        assert forged.status_code == 404 and ILL not in forged.text
    wrong = room.act(
        somsri, filed, "redact", words=f"{ILL}\nไม่มีคำนี้", reason="health", note="เพราะ", sure="yes"
    )
    assert wrong.status_code == 422 and "บรรทัดที่ 2" in words(wrong.text)
    assert f"{ILL}\nไม่มีคำนี้</textarea>" in wrong.text and 'value="health" checked' in wrong.text
    stale = room.act(somsri, filed, "redact", words=ILL, reason="health", sure="yes", seen="1")
    assert stale.status_code == 409 and "มีคนเพิ่งแก้" in words(stale.text)

    looked = room.act(somsri, filed, "redact", words=ILL, reason="other", note="ไม่เกี่ยวกับเรื่อง")
    assert "จะเป็นแบบนี้" in words(looked.text) and "ป่วย•••" in words(looked.text)
    assert ILL in desk.now(filed).text, "nothing is hidden yet"
    sure = somsri.hidden(looked.text, address)
    assert (sure["sure"], sure["words"]) == ("yes", ILL)
    assert somsri.post(address, **sure).headers["location"] == f"{HOME}/{filed.complaint_id}"
    again = somsri.post(address, **sure)
    assert again.status_code == 409
    page = words(somsri.page(f"{HOME}/{filed.complaint_id}"))
    assert ILL not in page and "ป่วย•••" in page and "ปิดข้อความ 2 แห่ง: เหตุอื่น" in page
    assert "ไม่เกี่ยวกับเรื่อง" in page and "ผู้แจ้งเห็น" in page
    assert somsri.get(f"{HOME}/{filed.complaint_id}/file.pdf").status_code == 200
    with desk.database.read() as reader:
        assert [row.places for row in reader.session.scalars(select(Redaction))] == [2]


def test_a_photo_is_removed_with_its_files_and_out_of_what_was_proposed(room: Room) -> None:
    desk = room.desk
    filed = desk.file()
    card = desk.add_photo(filed, photo(1), kind=PhotoKind.AFTER, is_public=True)
    with desk.database.unit_of_work() as uow:
        service.hand_on(uow, filed.complaint_id, desk.works, by=desk.palad, seen_version=1)
        row = desk.now(filed)
        uow.session.merge(row).proposed_photo_ids = [card.id]
    somsri, malee = room.browser(desk.somsri), room.browser(desk.malee)
    address = f"{HOME}/photos/{card.id}/remove"
    assert f'href="{address}"' in somsri.page(f"{HOME}/{filed.complaint_id}")
    seen = somsri.hidden(somsri.page(address), address)["seen"]
    assert malee.post(address, reason="card", seen=seen).status_code == 404
    unsaid = somsri.post(address, reason="", note="มีบัตร", seen=seen)
    assert unsaid.status_code == 422 and 'value="มีบัตร"' in unsaid.text
    assert somsri.post(address, reason="card", seen=seen).status_code == 303
    assert "ลบรูป: เลขหรือรูปบัตร" in words(somsri.page(f"{HOME}/{filed.complaint_id}"))
    assert desk.now(filed).proposed_photo_ids == []
    assert somsri.get(f"{HOME}/photos/{card.id}").status_code == 404
    with desk.database.read() as reader:
        assert reader.session.scalars(select(Photo)).all() == []
    assert [key for keys in desk.media.keys(desk.database.clock.now()) for key in keys] == []
