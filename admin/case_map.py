"""The map of complaints: drawn by our own script from positions alone, without tiles of anybody."""

import math
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from admin.access import console_of, guarded
from admin.case_list import HOME, AskedQuery, address, choices, list_page
from admin.pages import page
from eservice.complaints import listing
from eservice.complaints.listing import CELLS_ACROSS, Asked, Box, Cluster
from eservice.kit.http import Reader
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/cases")

Looker = Annotated[Principal, guarded(Permission.CASE_READ)]
SMALLEST_DEGREES = 0.002  # some two hundred metres: nothing is seen closer
LARGEST_DEGREES = 180.0


@router.get("/map")
def show(request: Request, staff: Looker, reader: Reader, asked: AskedQuery) -> Response:
    """The page of the map, with the filters of the list."""
    texts = console_of(request).texts
    whole = replace(asked, box=None)
    return page(
        request,
        "cases/map.html",
        listed=list_page(reader, texts, staff, whole, ""),
        choices=choices(reader, texts, staff),
        source=address(whole, path=f"{HOME}/map.json"),
    )


@router.get("/map.json")
def clusters(staff: Looker, reader: Reader, asked: AskedQuery) -> Response:
    """The clusters within the part of the map in sight, or of all. `degrees` is the width of a cell."""
    box = _grown(asked.box) if asked.box else listing.bounds(reader, staff, asked)
    if box is None:
        return JSONResponse({"box": None, "clusters": []})
    box = _grown(box)
    cell = 2.0 ** math.floor(math.log2(max(box.north - box.south, box.east - box.west) / CELLS_ACROSS))
    found = listing.clusters(reader, staff, replace(asked, box=box), cell=cell)
    return JSONResponse(
        {
            "box": [box.south, box.west, box.north, box.east],
            "degrees": cell,
            "clusters": [_plain(asked, cluster) for cluster in found],
        }
    )


def _plain(asked: Asked, cluster: Cluster) -> dict[str, object]:
    href = (
        f"{HOME}/{cluster.complaint_id}" if cluster.complaint_id else address(replace(asked, box=cluster.box))
    )
    return {
        "count": cluster.count,
        "overdue": cluster.overdue,
        "latitude": round(cluster.latitude, 6),
        "longitude": round(cluster.longitude, 6),
        "href": href,
    }


def _grown(box: Box) -> Box:
    """The part of the map, no smaller than what can be seen, and within the world."""
    lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2
    half_lat = _half(box.north - box.south)
    half_lon = _half(box.east - box.west)
    return Box(south=lat - half_lat, west=lon - half_lon, north=lat + half_lat, east=lon + half_lon)


def _half(degrees: float) -> float:
    return min(max(degrees, SMALLEST_DEGREES), LARGEST_DEGREES) / 2
