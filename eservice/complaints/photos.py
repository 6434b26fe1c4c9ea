"""Photos of complaints: kept, attached, seen.

In two steps, because neither drawing nor storing belongs inside a transaction: `pictures.prepare` and `keep`
first, then the row. What was kept and got no row is an orphan, and `forgetting` finds it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, or_, select

from eservice.complaints import cases, queries
from eservice.complaints.cases import Resident
from eservice.complaints.models import (
    ArrivalState,
    Complaint,
    ComplaintEvent,
    Photo,
    PhotoArrival,
    PhotoKind,
)
from eservice.complaints.pictures import NEAR_BITS, PreparedPhoto, bits_apart
from eservice.complaints.states import ComplaintState
from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, conflict, not_found
from eservice.kit.media import MediaStore
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal

MOST_FROM_RESIDENT = 10  # of one complaint
REFERENCE_LENGTH = 24


@dataclass(frozen=True, kw_only=True)
class KeptPhoto:
    """A photo whose two files are in the media store, and which has no row yet."""

    image_key: str
    thumbnail_key: str
    bytes: int
    width: int
    height: int
    original_sha256: str
    sha256: str
    look: int

    @property
    def keys(self) -> tuple[str, str]:
        """The keys of its files, for whoever gives it up."""
        return self.image_key, self.thumbnail_key


def reference_of(photo: Photo) -> str:
    """The name of a photo outside: it cannot be guessed, and tells nothing of where the photo lies."""
    return sha256(f"photo:{photo.image_key}".encode()).hexdigest()[:REFERENCE_LENGTH]


def named(found: Iterable[Photo], reference: str) -> Photo:
    """The photo of this name among some. Raises ServiceError `photos.not_found`."""
    for photo in found:
        if reference_of(photo) == reference:
            return photo
    raise not_found("photos.not_found")


def keep(media: MediaStore, prepared: PreparedPhoto) -> KeptPhoto:
    """Stores a photo's two files. Not inside a transaction. Raises ServiceError `media.unavailable`."""
    return KeptPhoto(
        image_key=media.put(prepared.image),
        thumbnail_key=media.put(prepared.thumbnail),
        bytes=len(prepared.image),
        width=prepared.width,
        height=prepared.height,
        original_sha256=prepared.original_sha256,
        sha256=prepared.sha256,
        look=prepared.look,
    )


def attach(
    uow: UnitOfWork,
    complaint_id: int,
    kept: KeptPhoto,
    *,
    kind: PhotoKind,
    by: Principal,
    is_public: bool = False,
) -> Photo:
    """Adds a photo that staff took, or was given at the counter.

    Raises ServiceError `complaints.not_found`, `staff.forbidden`; for an after photo `photos.same_as_before`
    when its file, or the picture in it to the last pixel, is on the complaint already; for a resident's
    `photos.too_many`.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=None)
    near_photo_id = None
    if kind is PhotoKind.AFTER:
        near_photo_id = _nearest_other(uow, complaint, kept, by)
    elif kind is PhotoKind.RESIDENT:
        require_room(uow, complaint.id)
    photo = add_row(
        uow,
        kept,
        complaint_id=complaint.id,
        uploaded_by_id=by.account_id,
        kind=kind,
        is_public=is_public or kind is PhotoKind.RESIDENT,
        opening=openings(uow, complaint.id),
        near_photo_id=near_photo_id,
    )
    record_added(uow, complaint.id, by.username)
    return photo


def attach_from_resident(uow: UnitOfWork, number: str, resident: Resident, kept: KeptPhoto) -> Photo:
    """Adds a photo of the complaint's owner or of the holder of its key.

    Raises ServiceError `complaints.not_found`, `photos.too_many`.
    """
    complaint = cases.for_resident(uow, number, resident)
    require_room(uow, complaint.id)
    photo = add_row(
        uow,
        kept,
        complaint_id=complaint.id,
        contact_id=resident.contact_id,
        kind=PhotoKind.RESIDENT,
        is_public=True,
        opening=openings(uow, complaint.id),
    )
    record_added(uow, complaint.id, "resident")
    return photo


def new_after(reader: ReadOnly, complaint: Complaint, photo_ids: Iterable[int]) -> list[int]:
    """The ids, each once, if all are after photos of the complaint that came since it was last reopened.

    Raises ServiceError `photos.not_after`.
    """
    wanted = sorted(set(photo_ids))
    found = reader.session.scalars(
        select(Photo.id).where(
            Photo.id.in_(wanted),
            Photo.complaint_id == complaint.id,
            Photo.kind == PhotoKind.AFTER,
            Photo.opening == openings(reader, complaint.id),
            Photo.forgotten_at.is_(None),
        )
    )
    if set(found) != set(wanted):
        raise conflict("photos.not_after")
    return wanted


def of_complaint(reader: ReadOnly, complaint_id: int, *, for_resident: bool = False) -> Sequence[Photo]:
    """A complaint's photos, oldest first: all for staff, or those that its resident sees."""
    query = select(Photo).where(Photo.complaint_id == complaint_id, Photo.forgotten_at.is_(None))
    if for_resident:
        query = query.where(Photo.is_public)
    return reader.session.scalars(query.order_by(Photo.id)).all()


def find(reader: ReadOnly, photo_id: int, by: Principal) -> Photo:
    """One photo for staff. Raises ServiceError `photos.not_found`, also for what the person may not see."""
    photo = _there(reader, photo_id)
    if photo is None or photo.complaint_id is None:
        raise not_found("photos.not_found")
    try:
        queries.find(reader, photo.complaint_id, by)
    except ServiceError as refusal:
        raise not_found("photos.not_found") from refusal
    return photo


def find_case(reader: ReadOnly, photo_id: int, by: Principal) -> int:
    """The complaint of a photo for staff. Raises what `find` raises."""
    complaint_id = find(reader, photo_id, by).complaint_id
    assert complaint_id is not None
    return complaint_id


def find_for_resident(reader: ReadOnly, number: str, resident: Resident, photo_id: int) -> Photo:
    """One photo that the complaint's resident may see.

    Raises ServiceError `complaints.not_found`, `photos.not_found`.
    """
    complaint = cases.of_resident(reader, number, resident)
    photo = _there(reader, photo_id)
    if photo is None or photo.complaint_id != complaint.id or not photo.is_public:
        raise not_found("photos.not_found")
    return photo


def show(uow: UnitOfWork, photo_id: int, *, to_resident: bool, by: Principal) -> Photo:
    """Lets the resident see a photo of the office's, or no more.

    A follower's is for the officers alone, and what the owner sent nobody takes from them. Raises ServiceError
    `photos.not_found`, `photos.not_ours` for one of a resident's, `staff.forbidden`.
    """
    photo = find(uow, photo_id, by)
    assert photo.complaint_id is not None
    if photo.kind is PhotoKind.RESIDENT:
        raise conflict("photos.not_ours")
    cases.for_staff(uow, photo.complaint_id, by, Permission.CASE_WORK, seen_version=None)
    before, photo.is_public = photo.is_public, to_resident
    audit.record(
        uow, actor=by.username, action="complaint.photo_shown", subject_kind="complaint",
        subject_id=photo.complaint_id, before={"photo": photo.id, "public": before},
        after={"photo": photo.id, "public": to_resident},
    )  # fmt: skip
    return photo


def add_row(
    uow: UnitOfWork,
    kept: KeptPhoto,
    *,
    kind: PhotoKind,
    is_public: bool,
    complaint_id: int | None = None,
    contact_id: int | None = None,
    message_id: int | None = None,
    uploaded_by_id: int | None = None,
    opening: int = 0,
    near_photo_id: int | None = None,
    at: datetime | None = None,
) -> Photo:
    """The row of a photo of which nothing more is to be asked."""
    photo = Photo(
        complaint_id=complaint_id,
        contact_id=contact_id,
        message_id=message_id,
        uploaded_by_id=uploaded_by_id,
        kind=kind,
        is_public=is_public,
        opening=opening,
        original_sha256=kept.original_sha256,
        sha256=kept.sha256,
        look=f"{kept.look:016x}",
        image_key=kept.image_key,
        thumbnail_key=kept.thumbnail_key,
        width=kept.width,
        height=kept.height,
        bytes=kept.bytes,
        near_photo_id=near_photo_id,
        at=at or uow.now,
    )
    uow.session.add(photo)
    uow.session.flush()  # whoever adds a photo names it by its id at once
    return photo


def record_added(uow: UnitOfWork, complaint_id: int, actor: str) -> None:
    """Writes down that a complaint has got photos."""
    audit.record(
        uow, actor=actor, action="complaint.photo_added", subject_kind="complaint", subject_id=complaint_id
    )


def _there(reader: ReadOnly, photo_id: int) -> Photo | None:
    return reader.session.scalar(select(Photo).where(Photo.id == photo_id, Photo.forgotten_at.is_(None)))


def _nearest_other(uow: UnitOfWork, complaint: Complaint, kept: KeptPhoto, by: Principal) -> int | None:
    """The photo of the complaint, or of one that goes on in it, that looks nearly the same, if any does.

    Else the very same one of another complaint: it may show both, but the second officer is to see that. Raises ServiceError `photos.same_as_before` for the very same.
    """
    family = cases.family(uow, complaint.id)
    others = uow.session.scalars(
        select(Photo).where(Photo.complaint_id.in_(family), Photo.forgotten_at.is_(None)).order_by(Photo.id)
    ).all()
    if any(kept.original_sha256 == o.original_sha256 or kept.sha256 == o.sha256 for o in others):
        raise conflict("photos.same_as_before")
    apart = {other.id: bits_apart(kept.look, int(other.look, 16)) for other in others}
    nearest = min(apart, key=lambda photo_id: apart[photo_id], default=None)
    if nearest is not None and apart[nearest] <= NEAR_BITS:
        return nearest
    return uow.session.scalar(
        select(Photo.id)
        .join(Complaint, Complaint.id == Photo.complaint_id)
        .where(
            Complaint.id.not_in(family),
            queries.within_reach(by),
            or_(Photo.original_sha256 == kept.original_sha256, Photo.sha256 == kept.sha256),
            Photo.forgotten_at.is_(None),
        )
        .order_by(Photo.id)
        .limit(1)
    )


def openings(reader: ReadOnly, complaint_id: int) -> int:
    """How often the complaint has been reopened."""
    query = select(func.count()).where(
        ComplaintEvent.complaint_id == complaint_id,
        ComplaintEvent.after == ComplaintState.REOPENED,
        ComplaintEvent.before != ComplaintState.REOPENED,  # that would be a change of department
    )
    return reader.session.scalars(query).one()


def require_room(reader: ReadOnly, complaint_id: int) -> None:
    """Raises ServiceError `photos.too_many` where the complaint has enough photos of its resident."""
    if from_resident(reader, complaint_id) >= MOST_FROM_RESIDENT:
        raise too_many()


def too_many() -> ServiceError:
    """The refusal of one photo more."""
    return ServiceError("photos.too_many", ErrorKind.CONFLICT, fields={"photo": "too_many"})


def from_resident(reader: ReadOnly, complaint_id: int, *, is_owner: bool = True) -> int:
    """How many photos of its owner the complaint has, or of all its followers, those still coming too."""
    here = select(func.count()).where(
        Photo.complaint_id == complaint_id,
        Photo.kind == PhotoKind.RESIDENT,
        Photo.is_public == is_owner,
        Photo.forgotten_at.is_(None),
    )
    owner = select(Complaint.contact_id).where(Complaint.id == complaint_id).scalar_subquery()
    coming = select(func.count()).where(
        PhotoArrival.complaint_id == complaint_id,
        PhotoArrival.state == ArrivalState.COMING,
        PhotoArrival.contact_id.is_not_distinct_from(owner)
        if is_owner
        else PhotoArrival.contact_id.is_distinct_from(owner),
    )
    return reader.session.scalars(here).one() + reader.session.scalars(coming).one()
