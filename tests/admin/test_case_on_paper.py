"""The case on paper, read back: every word as it was typed, and nothing that was sealed, masked or erased."""

from dataclasses import replace
from pathlib import Path

import pytest

from eservice.complaints import residents
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.kit.database import Database
from eservice.messaging.models import Contact
from eservice.privacy import erasure
from tests.admin.cases_room import HOME, Room, open_room
from tests.complaints.desk import LIGHT
from tests.printed import strings_of, words_of

TYPED = "น้ำท่วมที่ปากซอย ผู้ใหญ่บ้านรู้เรื่องแล้ว กำลังสูบอยู่ ฐานปูนก็พัง ญี่ปุ่นทำๆ เอาไว้"
CANARY = "กระรอกบินkrarokbin"
NATIONAL_ID = "1-1017-00230-70-8"


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def printed(room: Room, filed: Filed) -> tuple[str, str]:
    """The words on the paper, and everything in the file, without blanks and ends of lines."""
    answer = room.browser(room.desk.palad).get(f"{HOME}/{filed.complaint_id}/file.pdf")
    assert answer.status_code == 200
    words = words_of(answer.content)
    return packed(words), packed(words + strings_of(answer.content))


def packed(text: str) -> str:
    return "".join(text.replace("\N{WORD JOINER}", "").split())


def test_the_case_on_paper_reads_back_as_it_was_typed(room: Room) -> None:
    filed = room.desk.file(replace(LIGHT, text=f"{TYPED}\n{CANARY}", reporter_name="ลุงก้ำ ป้ำเป๋อ"))
    words, _ = printed(room, filed)
    for said in (TYPED, CANARY, "ลุงก้ำ ป้ำเป๋อ", shown(filed.number), "ไฟฟ้าแสงสว่าง"):
        assert packed(said) in words, said


def test_nothing_of_whoever_gave_no_name_is_on_paper(room: Room) -> None:
    with room.desk.database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, room.desk.daeng)
        contact.display_name, contact.address = CANARY, "U0812345678"
    filed = room.desk.file(replace(LIGHT, text=f"เลขบัตร {NATIONAL_ID} ค่ะ"))
    with room.desk.database.unit_of_work() as uow:
        residents.say(uow, filed.number, Resident(key=filed.key), f"รหัส {shown(filed.key or '')} ค่ะ")
    words, everything = printed(room, filed)
    assert "ไม่บอกชื่อ" in words and "•••" in words
    for sealed in (CANARY, "0812345678", NATIONAL_ID, NATIONAL_ID.replace("-", ""), "00230", filed.key or "", shown(filed.key or "")):  # fmt: skip
        assert sealed not in everything, sealed


def test_an_erased_case_is_on_paper_without_its_words(room: Room) -> None:
    filed = room.desk.file(
        replace(LIGHT, text=f"{TYPED} {CANARY}", reporter_name=CANARY, address=f"ข้างบ้าน {CANARY}")
    )
    owner = Resident(key=filed.key)
    with room.desk.database.unit_of_work() as uow:
        residents.say(uow, filed.number, owner, f"มาดูหน่อย {CANARY}")
        residents.withdraw(uow, filed.number, owner)
    assert CANARY in printed(room, filed)[0]
    with room.desk.database.unit_of_work() as uow:
        case = uow.session.get_one(Complaint, filed.complaint_id)
        erasure.erase_case(uow, case, by="palad", signing_key="a key")
    words, everything = printed(room, filed)
    assert shown(filed.number) in words
    assert "krarokbin" not in everything and "กระรอกบิน" not in everything and "น้ำท่วม" not in everything
