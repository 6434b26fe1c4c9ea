"""The photos of one complaint as its page shows them: plain values, no table rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.case_list import names_of
from eservice.complaints import arrivals, photos
from eservice.complaints.models import ArrivalState, Complaint, Photo, PhotoArrival, PhotoKind
from eservice.kit.errors import ServiceError
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Principal


@dataclass(frozen=True, kw_only=True)
class PhotoView:
    """One photo. `alt` says in words what it is; `near` names the photo that it nearly repeats."""

    id: int
    href: str
    thumbnail: str
    alt: str
    note: str  # by whom and when
    is_public: bool
    is_office: bool  # the office's own: it decides whether the resident sees it
    near: "PhotoView | None"


@dataclass(frozen=True, kw_only=True)
class PhotoGroup:
    """The photos of one kind, oldest first."""

    name: str
    photos: list[PhotoView]


@dataclass(frozen=True, kw_only=True)
class AwaitedView:
    """A photo of the resident's that is not here, in words."""

    words: str
    is_coming: bool


@dataclass(frozen=True, kw_only=True)
class CasePhotos:
    """All of them. `new` are the after photos that a proposal may name, `proposed` those that it does."""

    groups: list[PhotoGroup]
    awaited: list[AwaitedView]
    new: list[PhotoView]
    proposed: list[PhotoView]


def photos_of(reader: ReadOnly, texts: Catalogue, staff: Principal, complaint: Complaint) -> CasePhotos:
    """The complaint's photos as this person may see them."""
    found = photos.of_complaint(reader, complaint.id)
    names = names_of(reader, {photo.uploaded_by_id for photo in found})
    views = {photo.id: _view(reader, texts, staff, photo, names) for photo in found}
    kinds = (PhotoKind.RESIDENT, PhotoKind.BEFORE, PhotoKind.AFTER)
    groups = [_group(texts, kind, [views[p.id] for p in found if p.kind is kind]) for kind in kinds]
    opening = photos.openings(reader, complaint.id)
    return CasePhotos(
        groups=[group for group in groups if group.photos],
        awaited=[_awaited(texts, arrival) for arrival in arrivals.of_complaint(reader, complaint.id)],
        new=[views[p.id] for p in found if p.kind is PhotoKind.AFTER and p.opening == opening],
        proposed=[views[number] for number in complaint.proposed_photo_ids if number in views],
    )


def photo_of(reader: ReadOnly, texts: Catalogue, staff: Principal, photo_id: int) -> PhotoView:
    """One photo by itself. Raises ServiceError `photos.not_found`."""
    photo = photos.find(reader, photo_id, staff)
    return _view(reader, texts, staff, photo, names_of(reader, {photo.uploaded_by_id}))


def _group(texts: Catalogue, kind: PhotoKind, shown: Sequence[PhotoView]) -> PhotoGroup:
    return PhotoGroup(name=texts.get(f"cases.photos.kind.{kind.value}"), photos=list(shown))


def _view(
    reader: ReadOnly, texts: Catalogue, staff: Principal, photo: Photo, names: dict[int, str]
) -> PhotoView:
    near = _seen(reader, staff, photo.near_photo_id) if photo.near_photo_id else None
    kind = texts.get(f"cases.photos.kind.{photo.kind.value}")
    time = thai_datetime(photo.at)
    by = names.get(photo.uploaded_by_id or 0, "")
    return PhotoView(
        id=photo.id,
        href=f"/admin/cases/photos/{photo.id}",
        thumbnail=f"/admin/cases/photos/{photo.id}/thumbnail",
        alt=texts.get("cases.photos.alt", kind=kind, time=time),
        note=" · ".join(filter(None, (time, by))),
        is_public=photo.is_public,
        is_office=photo.kind is not PhotoKind.RESIDENT,
        near=_view(reader, texts, staff, near, {}) if near is not None else None,
    )


def _seen(reader: ReadOnly, staff: Principal, photo_id: int) -> Photo | None:
    """The photo, which may be of a complaint merged into this one, if the person may see it."""
    try:
        return photos.find(reader, photo_id, staff)
    except ServiceError:
        return None


def _awaited(texts: Catalogue, arrival: PhotoArrival) -> AwaitedView:
    if arrival.state is ArrivalState.COMING:
        words = texts.get("cases.photos.coming", time=thai_datetime(arrival.at))
    elif arrival.state is ArrivalState.REFUSED and texts.has(f"errors.{arrival.reason}"):
        words = texts.get("cases.photos.refused", reason=texts.get(f"errors.{arrival.reason}"))
    else:
        words = texts.get("cases.photos.lost", time=thai_datetime(arrival.at))
    return AwaitedView(words=words, is_coming=arrival.state is ArrivalState.COMING)
