"""The room of the signs with a QR code."""

from pathlib import Path

import pytest

from admin.typed_place import typed_place
from eservice.complaints import spots
from eservice.complaints.models import Spot
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.staff.models import Role
from tests.admin.cases_room import HOME, Room, open_room, words
from tests.inquiries.desk import add_staff

LAMP = {"name": "เสาไฟหน้าวัด", "category": "ไฟฟ้าแสงสว่าง", "village": "หมู่ 3", "place": "17.1012, 104.2051"}


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return open_room(database, tmp_path)


def known(room: Room) -> list[Spot]:
    with room.desk.database.read() as reader:
        return list(spots.list_spots(reader))


def test_a_sign_is_added_printed_and_retired(room: Room) -> None:
    with room.desk.database.unit_of_work() as uow:
        boss = room.console.browser(add_staff(uow, "boss", Role.ADMINISTRATOR))
    assert "ยังไม่มีป้าย" in words(boss.get(f"{HOME}/spots").text)
    refused = boss.post(f"{HOME}/spots", **{**LAMP, "place": "หน้าวัด"})
    assert refused.status_code == 422 and LAMP["name"] in refused.text and known(room) == []
    signs = boss.post(f"{HOME}/spots", **LAMP)
    (spot,) = known(room)
    assert (spot.category, spot.village, spot.latitude) == ("ไฟฟ้าแสงสว่าง", "หมู่ 3", 17.1012)
    assert signs.headers["location"] == f"{HOME}/spots/signs?code={spot.code}"
    printed = boss.get(signs.headers["location"]).text
    assert f"จุด {spot.code}" in words(printed) and 'src="data:image/png;base64,' in printed
    assert spot.code in words(boss.get(f"{HOME}/spots").text)
    boss.post(f"{HOME}/spots/{spot.code}/retire")
    assert known(room) == []


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        (("17.1012, 104.2051",), (17.1012, 104.2051)),
        (("(๑๗.๑ ๑๐๔.๒)",), (17.1, 104.2)),
        (("17.1", "104.2"), (17.1, 104.2)),
        ((" ", ""), None),
    ],
)
def test_a_position_is_read_as_maps_give_it(
    typed: tuple[str, ...], place: tuple[float, float] | None
) -> None:
    assert typed_place(*typed) == place


@pytest.mark.parametrize("typed", ["17.1", "หน้าวัด", "17,104,3"])
def test_what_is_no_position_is_refused(typed: str) -> None:
    with pytest.raises(ServiceError, match=r"^complaints[.]bad_place$"):
        typed_place(typed)
