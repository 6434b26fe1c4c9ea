"""Photos that are sent before there is a complaint: held for their contact, then attached or forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from eservice.complaints import cases, photos
from eservice.complaints.models import ArrivalState, Follower, Photo, PhotoArrival, PhotoKind
from eservice.complaints.photos import (
    MOST_FROM_RESIDENT,
    KeptPhoto,
    add_row,
    from_resident,
    named,
    openings,
    record_added,
    too_many,
)
from eservice.kit.errors import not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

HELD_FOR = timedelta(minutes=30)  # before a telling begins; a photo sent during it waits for its end
KEPT_FOR = timedelta(hours=3)  # longer than anybody takes to tell a case


@dataclass(frozen=True, kw_only=True)
class HeldPhoto:
    """A photo that waits for its contact's complaint; `is_here` is false while the platform has it still."""

    message_id: int | None
    at: datetime
    is_here: bool


def hold(uow: UnitOfWork, contact_id: int, kept: KeptPhoto, *, message_id: int | None = None) -> Photo:
    """Holds a photo for the complaint that its contact may file within half an hour.

    Raises ServiceError `photos.too_many`.
    """
    require_room(uow, contact_id)
    return add_row(
        uow, kept, contact_id=contact_id, message_id=message_id, kind=PhotoKind.RESIDENT, is_public=True
    )


def held_of(reader: ReadOnly, contact_id: int, since: datetime) -> tuple[HeldPhoto, ...]:
    """The photos that a contact has sent since an instant and that belong to no complaint yet, oldest first."""
    here = reader.session.execute(
        select(Photo.message_id, Photo.at).where(
            Photo.contact_id == contact_id,
            Photo.complaint_id.is_(None),
            Photo.forgotten_at.is_(None),
            Photo.at >= since,
        )
    )
    coming = reader.session.execute(
        select(PhotoArrival.message_id, PhotoArrival.at).where(
            PhotoArrival.contact_id == contact_id,
            PhotoArrival.complaint_id.is_(None),
            PhotoArrival.state == ArrivalState.COMING,
            PhotoArrival.at >= since,
        )
    )
    found = [
        *(HeldPhoto(message_id=message_id, at=at, is_here=True) for message_id, at in here),
        *(HeldPhoto(message_id=message_id, at=at, is_here=False) for message_id, at in coming),
    ]
    return tuple(sorted(found, key=lambda held: held.at))


def attach_held(uow: UnitOfWork, complaint_id: int, contact_id: int, *, since: datetime) -> int:
    """Gives a contact's held photos, those that are still coming too, to a complaint of theirs or one they follow.

    A follower's photos are for the officers: its owner does not see them. Returns how many; what is above
    the limit stays held and is forgotten. Raises ServiceError `complaints.not_found` when the contact
    neither filed nor follows the complaint.
    """
    complaint = cases.locked(uow, complaint_id)
    is_owner = complaint.contact_id == contact_id
    if not is_owner and uow.session.get(Follower, (complaint_id, contact_id)) is None:
        raise not_found("complaints.not_found")
    room = MOST_FROM_RESIDENT - from_resident(uow, complaint.id, is_owner=is_owner)
    held = uow.session.scalars(
        select(Photo)
        .where(
            Photo.contact_id == contact_id,
            Photo.complaint_id.is_(None),
            Photo.forgotten_at.is_(None),
            Photo.at >= since,
        )
        .order_by(Photo.id)
        .limit(max(room, 0))
        .with_for_update()
    ).all()
    coming = uow.session.scalars(
        select(PhotoArrival)
        .where(
            PhotoArrival.contact_id == contact_id,
            PhotoArrival.complaint_id.is_(None),
            PhotoArrival.state == ArrivalState.COMING,
            PhotoArrival.at >= since,
        )
        .order_by(PhotoArrival.id)
        .limit(max(room - len(held), 0))
        .with_for_update()
    ).all()
    opening = openings(uow, complaint.id)
    for photo in held:
        photo.complaint_id, photo.opening, photo.is_public = complaint.id, opening, is_owner
    for arrival in coming:
        arrival.complaint_id = complaint.id
    if held or coming:
        record_added(uow, complaint.id, "resident")
    return len(held) + len(coming)


def sent_by(reader: ReadOnly, contact_id: int, reference: str) -> Photo:
    """A photo that a contact has sent lately, by its name outside, be it held or a complaint's by now.

    Raises ServiceError `photos.not_found`.
    """
    found = reader.session.scalars(
        select(Photo).where(
            Photo.contact_id == contact_id,
            Photo.kind == PhotoKind.RESIDENT,
            Photo.forgotten_at.is_(None),
            Photo.at >= reader.now - HELD_FOR,
        )
    )
    return named(found, reference)


def said_in(
    uow: UnitOfWork, contact_id: int, reference: str, message_id: int, complaint_id: int | None = None
) -> None:
    """A message has brought a held photo: it is the message's, and a complaint's of the contact if that is known.

    A photo that came with an earlier message stays as it is. Raises ServiceError `photos.not_found`,
    `photos.too_many`.
    """
    photo = sent_by(uow, contact_id, reference)
    if photo.message_id is not None or photo.complaint_id is not None:
        return
    if complaint_id is not None:
        complaint = cases.locked(uow, complaint_id)
        photos.require_room(uow, complaint.id)
        photo.complaint_id, photo.opening = complaint.id, openings(uow, complaint.id)
        record_added(uow, complaint.id, "resident")
    photo.message_id = message_id


def require_room(reader: ReadOnly, contact_id: int) -> None:
    """Raises ServiceError `photos.too_many` where enough photos are held for the contact."""
    if len(held_of(reader, contact_id, reader.now - HELD_FOR)) >= MOST_FROM_RESIDENT:
        raise too_many()
