"""Spots with a QR code on a sign, and the wait of an address that files very many."""

import io
import math

import pytest
from PIL import Image

from eservice.complaints import floods, spots
from eservice.complaints.models import Spot
from eservice.complaints.numbers import ALPHABET, read_spot_code
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.staff.models import Role
from eservice.staff.permissions import Principal
from eservice.staff.queries import principal_of
from tests.complaints.desk import Desk, refused
from tests.inquiries.desk import add_staff


@pytest.fixture
def admin(database: Database) -> Principal:
    with database.unit_of_work() as uow:
        return principal_of(uow, add_staff(uow, "admin", Role.ADMINISTRATOR))


def make(database: Database, admin: Principal, name: str = "เสาไฟหน้าวัด") -> Spot:
    with database.unit_of_work() as uow:
        return spots.create_spot(uow, name=name, village="หมู่ 4", latitude=17.1, longitude=104.2, by=admin)


def test_a_spot_is_found_by_its_code_however_it_is_typed(database: Database, admin: Principal) -> None:
    spot = make(database, admin)
    with database.read() as reader:
        for typed in (spot.code, f" {spot.code[:3].lower()}-{spot.code[3:]} "):
            found = spots.find_spot(reader, typed)
            assert found is not None and (found.name, found.village) == ("เสาไฟหน้าวัด", "หมู่ 4")
        for wrong in ("", "ABC", "\x00", spot.code[:-1], spot.code + "A", "' or 1=1 --", "ก" * 9_000):
            assert spots.find_spot(reader, wrong) is None
        assert [each.code for each in spots.list_spots(reader)] == [spot.code]


def test_one_wrong_character_of_a_code_is_noticed(database: Database, admin: Principal) -> None:
    code = make(database, admin).code
    slips = {code[:2] + other + code[3:] for other in ALPHABET} - {code}
    assert [slip for slip in slips if read_spot_code(slip)] == []


def test_only_who_manages_the_office_makes_and_removes_spots(desk: Desk, admin: Principal) -> None:
    spot = make(desk.database, admin)
    with desk.database.unit_of_work() as uow:
        with refused("staff.forbidden"):
            spots.create_spot(uow, name="x", latitude=1, longitude=1, by=desk.palad)
        with refused("staff.forbidden"):
            spots.remove_spot(uow, spot.code, by=desk.palad)
        spots.remove_spot(uow, spot.code, by=admin)
        with refused("complaints.no_spot"):
            spots.remove_spot(uow, spot.code, by=admin)
        assert spots.list_spots(uow) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "complaints.no_spot_name"),
        ({"name": "ก" * 301}, "complaints.line_too_long"),
        ({"latitude": 91.0}, "complaints.bad_place"),
        ({"longitude": math.nan}, "complaints.bad_place"),
    ],
)
def test_a_spot_without_a_name_or_a_place_is_refused(
    database: Database, admin: Principal, fields: dict[str, object], code: str
) -> None:
    values: dict[str, object] = {"name": "ปั๊มน้ำ", "latitude": 1.0, "longitude": 1.0} | fields
    with database.unit_of_work() as uow, refused(code):
        spots.create_spot(uow, **values, by=admin)  # pyright: ignore[reportArgumentType]


def test_the_qr_image_is_black_and_white_with_a_quiet_zone(database: Database, admin: Principal) -> None:
    spot = make(database, admin)
    assert spots.address_of(spot, "https://a.go.th") == f"https://a.go.th/report?spot={spot.code}"
    image = Image.open(io.BytesIO(spots.qr_image(spot, "https://a.go.th"))).convert("L")
    quiet = spots.QUIET_ZONE * spots.MODULE_PIXELS
    assert {colour for _, colour in image.getcolors() or ()} == {0, 255}
    assert image.crop((0, 0, image.width, quiet)).getextrema() == (255, 255)
    assert image.getpixel((quiet, quiet)) == 0  # the finder pattern begins here
    modules = image.width // spots.MODULE_PIXELS - 2 * spots.QUIET_ZONE
    assert (modules - 17) % 4 == 0


def test_an_address_that_files_very_many_waits_and_no_other_does(
    database: Database, clock: FixedClock
) -> None:
    with database.unit_of_work() as uow:
        for _ in range(floods.LIMIT.free):
            floods.refuse_flood(uow, "1.2.3.4")
            floods.count_filing(uow, "1.2.3.4")
        with pytest.raises(ServiceError, match=r"^complaints[.]too_many_filed$") as waiting:
            floods.refuse_flood(uow, "1.2.3.4")
        assert waiting.value.retry_after_seconds == 2
        floods.refuse_flood(uow, "1.2.3.5")
    clock.advance(seconds=3)
    with database.read() as reader:
        floods.refuse_flood(reader, "1.2.3.4")
