"""The spots: places with a QR code on a sign, and the signs to print."""

import base64
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.pages import page, redirect, refilling
from admin.typed_place import typed_place
from eservice.complaints import spots
from eservice.complaints.categories import read_categories
from eservice.complaints.models import Spot
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/cases/spots")

Manager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]
HOME = "/admin/cases/spots"
EMPTY = {"name": "", "category": "", "village": "", "place": ""}


@dataclass(frozen=True, kw_only=True)
class SpotRow:
    """One spot of the list."""

    code: str
    name: str
    village: str
    category: str
    pin: str
    since: str


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One sign to print; `image` is the QR code as an address that holds the picture itself."""

    code: str
    name: str
    village: str
    image: str


@router.get("")
def show(request: Request, staff: Manager, reader: Reader) -> Response:
    """Every spot, and the form for one more."""
    return page(request, "cases/spots.html", form=EMPTY, **_shown(reader))


@router.post("")
def add(
    request: Request,
    uow: Uow,
    staff: Manager,
    name: Annotated[str, Form(max_length=1000)] = "",
    category: Annotated[str, Form(max_length=100)] = "",
    village: Annotated[str, Form(max_length=1000)] = "",
    place: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Adds a spot and leads to its sign."""
    form = {"name": name, "category": category, "village": village, "place": place}
    with refilling(request, "cases/spots.html", form=form, **_shown(uow)):
        found = typed_place(place)
        if found is None:
            raise invalid("complaints.bad_place", latitude="empty")
        spot = spots.create_spot(
            uow,
            name=name,
            category=category,
            village=village,
            latitude=found[0],
            longitude=found[1],
            by=staff,
        )
    return redirect(request, f"{HOME}/signs?code={spot.code}", flash="cases.spot_added", name=spot.name)


@router.post("/{code}/retire")
def retire(request: Request, uow: Uow, staff: Manager, code: str) -> Response:
    """Takes a spot away; its sign then opens the form without a place."""
    spots.remove_spot(uow, code, by=staff)
    return redirect(request, HOME, flash="cases.spot_retired")


@router.get("/signs")
def print_signs(
    request: Request, staff: Manager, reader: Reader, code: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The signs to print and put up: one, or all of them."""
    public_url = console_of(request).settings.public_url
    signs = [_sign(spot, public_url) for spot in spots.list_spots(reader) if code in ("", spot.code)]
    return page(request, "cases/signs.html", signs=signs)


def _shown(reader: ReadOnly) -> dict[str, Any]:
    rows = [
        SpotRow(
            code=spot.code,
            name=spot.name,
            village=spot.village,
            category=spot.category,
            pin=f"{spot.latitude:.5f}, {spot.longitude:.5f}",
            since=thai_date(spot.created_at),
        )
        for spot in spots.list_spots(reader)
    ]
    offered = [(name, name) for name, known in read_categories(reader).items() if known.is_offered]
    return {"rows": rows, "categories": offered}


def _sign(spot: Spot, public_url: str) -> Sign:
    picture = base64.b64encode(spots.qr_image(spot, public_url)).decode("ascii")
    return Sign(
        code=spot.code, name=spot.name, village=spot.village, image=f"data:image/png;base64,{picture}"
    )
