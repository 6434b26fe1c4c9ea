"""Places with a QR code on a sign: who scans it need not say where they are.

Who makes them needs `Permission.OFFICE_MANAGE`, else ServiceError `staff.forbidden`.
"""

import io
import math
from collections.abc import Sequence

import segno
from sqlalchemy import select

from eservice.complaints import wording
from eservice.complaints.categories import read_categories
from eservice.complaints.models import Spot
from eservice.complaints.numbers import new_spot_code, read_spot_code
from eservice.kit import audit
from eservice.kit.database import insert_new
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal, require

QUIET_ZONE = 4  # modules of white around the code, as its standard asks
MODULE_PIXELS = 12


def create_spot(
    uow: UnitOfWork,
    *,
    name: str,
    village: str = "",
    category: str = "",
    latitude: float,
    longitude: float,
    by: Principal,
) -> Spot:
    """Adds a spot and gives it a code. Latitude and longitude are degrees (WGS 84).

    Raises ServiceError `complaints.no_spot_name`, `complaints.line_too_long`, `complaints.bad_place`,
    `complaints.no_category`.
    """
    require(by, Permission.OFFICE_MANAGE)
    name, village = wording.checked_line(name, "name"), wording.checked_line(village, "village")
    if not name:
        raise invalid("complaints.no_spot_name", name="empty")
    if not (_within(latitude, 90) and _within(longitude, 180)):
        raise invalid("complaints.bad_place", latitude="invalid", longitude="invalid")
    if category and not (category in (known := read_categories(uow)) and known[category].is_offered):
        raise invalid("complaints.no_category", category="unknown")
    place = {
        "name": name, "village": village, "category": category, "latitude": latitude, "longitude": longitude,
    }  # fmt: skip
    code = new_spot_code()
    while not insert_new(uow.session, Spot, [{"code": code, **place, "created_at": uow.now}]):
        code = new_spot_code()
    audit.record(
        uow, actor=by.username, action="complaint_spot.created", subject_kind="complaint_spot",
        subject_id=code, after=place,
    )  # fmt: skip
    return uow.session.get_one(Spot, code)


def remove_spot(uow: UnitOfWork, code: str, *, by: Principal) -> None:
    """Forgets a spot; its sign then leads to the form without a place. Raises `complaints.no_spot`."""
    require(by, Permission.OFFICE_MANAGE)
    spot = find_spot(uow, code)
    if spot is None:
        raise not_found("complaints.no_spot")
    uow.session.delete(spot)
    audit.record(
        uow, actor=by.username, action="complaint_spot.removed", subject_kind="complaint_spot",
        subject_id=spot.code, before={"name": spot.name},
    )  # fmt: skip


def find_spot(reader: ReadOnly, typed: str) -> Spot | None:
    """The spot of a code as scanned or typed."""
    code = read_spot_code(typed)
    return reader.session.scalar(select(Spot).where(Spot.code == code)) if code else None


def list_spots(reader: ReadOnly) -> Sequence[Spot]:
    """Every spot by village and name."""
    return reader.session.scalars(select(Spot).order_by(Spot.village, Spot.name, Spot.code)).all()


def address_of(spot: Spot, public_url: str) -> str:
    """What the QR code of a spot opens: the form, filled in with the place."""
    return f"{public_url}/report?spot={spot.code}"


def qr_image(spot: Spot, public_url: str) -> bytes:
    """The spot's QR code as PNG; a quarter of it may be scratched or dirty."""
    image = io.BytesIO()
    code = segno.make(address_of(spot, public_url), error="q", boost_error=False, micro=False)
    code.save(image, kind="png", scale=MODULE_PIXELS, border=QUIET_ZONE)
    return image.getvalue()


def _within(degrees: float, limit: int) -> bool:
    return math.isfinite(degrees) and abs(degrees) <= limit
