"""Open complaints that a new one may repeat: of the same category and close by, or alike in words.

What is offered tells a stranger no more than the number does: never words, names or a position. Categories
about people are never offered at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, and_, exists, or_, select

from eservice.complaints.assigning import OPEN_STATES
from eservice.complaints.categories import category_of
from eservice.complaints.models import AccusedDepartment, Complaint
from eservice.complaints.rules import read_rules
from eservice.complaints.states import ComplaintState
from eservice.kit.unit_of_work import ReadOnly
from knowledge.thai import normalise

ALIKE = 70.0  # of 100, the share of letters in common
FRESH = timedelta(days=60)  # words alone say little about an old complaint
MAX_COMPARED = 500
MAX_LETTERS = 200  # of each text that is compared: a turn waits for it, and a place is named early
DISTANCE_STEP_M = 50  # distances are told in such steps: three exact ones would tell the place
_METRES_PER_DEGREE = 111_320.0
_EARTH_M = 6_371_000.0


@dataclass(frozen=True, kw_only=True)
class Similar:
    """An open complaint that may be the same. `distance_m` is None where there was no pin to measure from,
    else rounded up to `DISTANCE_STEP_M`.
    """

    complaint_id: int
    number: str
    category: str
    state: ComplaintState
    village: str
    filed_at: datetime
    department_id: int | None
    distance_m: int | None


def open_nearby(
    reader: ReadOnly,
    *,
    category: str,
    text: str,
    latitude: float | None = None,
    longitude: float | None = None,
    contact_id: int | None = None,
    limit: int = 3,
) -> list[Similar]:
    """The nearest open complaints of the category within `Rules.radius_m`; without a pin, those alike in words.

    A contact's own complaints are left out: they know of them. So are those that accuse a department.
    """
    if category_of(reader, category).is_sensitive:
        return []
    query = select(Complaint).where(
        Complaint.category == category,
        Complaint.state.in_(OPEN_STATES),
        ~exists().where(AccusedDepartment.complaint_id == Complaint.id),
    )
    if contact_id is not None:
        query = query.where(Complaint.contact_id.is_distinct_from(contact_id))
    if latitude is not None and longitude is not None:
        radius_m = read_rules(reader).radius_m
        around = query.where(_around(latitude, longitude, radius_m)).order_by(Complaint.id.desc())
        found = reader.session.scalars(around.limit(MAX_COMPARED)).all()
        return _nearest(found, latitude, longitude, radius_m)[:limit]
    fresh = query.where(Complaint.filed_at > reader.now - FRESH).order_by(Complaint.id.desc())
    return _alike(reader.session.scalars(fresh.limit(MAX_COMPARED)).all(), text)[:limit]


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres along the earth between two places in degrees (haversine)."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def _around(latitude: float, longitude: float, radius_m: float) -> ColumnElement[bool]:
    """A box that holds all that lies within the radius, wherever on the earth. The distance itself decides."""
    reach = radius_m / _METRES_PER_DEGREE * 1.01  # degrees are not all of one length
    rows = Complaint.latitude.between(latitude - reach, latitude + reach)
    polewards = abs(latitude) + reach
    if polewards >= 90:
        return rows
    wide = reach / math.cos(math.radians(polewards))
    if wide >= 180:
        return rows
    west, east = longitude - wide, longitude + wide
    places: list[ColumnElement[bool]] = [Complaint.longitude.between(west, east)]
    if west < -180:
        places.append(Complaint.longitude >= west + 360)
    if east > 180:
        places.append(Complaint.longitude <= east - 360)
    return and_(rows, or_(*places))


def _nearest(found: Sequence[Complaint], latitude: float, longitude: float, radius_m: float) -> list[Similar]:
    measured = [
        (distance_m(latitude, longitude, complaint.latitude, complaint.longitude), complaint)
        for complaint in found
        if complaint.latitude is not None and complaint.longitude is not None
    ]
    near = sorted(((metres, c) for metres, c in measured if metres <= radius_m), key=lambda pair: pair[0])
    return [
        _similar(complaint, math.ceil(metres / DISTANCE_STEP_M) * DISTANCE_STEP_M)
        for metres, complaint in near
    ]


def _alike(found: Sequence[Complaint], text: str) -> list[Similar]:
    """By shared letters in order: in short Thai messages the place's name is most of what is said."""
    wanted = normalise(text[:MAX_LETTERS])
    scored = [
        (fuzz.ratio(wanted, normalise(complaint.text[:MAX_LETTERS]), score_cutoff=ALIKE), complaint)
        for complaint in found
    ]
    alike = sorted((pair for pair in scored if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    return [_similar(complaint, None) for _score, complaint in alike]


def _similar(complaint: Complaint, metres: int | None) -> Similar:
    return Similar(
        complaint_id=complaint.id,
        number=complaint.number,
        category=complaint.category,
        state=complaint.state,
        village=complaint.village,
        filed_at=complaint.filed_at,
        department_id=complaint.department_id,
        distance_m=metres,
    )
