"""Photos that go: taken back by their sender, removed by staff, held in vain, or left in the store without a row."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from eservice.complaints.held_photos import KEPT_FOR
from eservice.complaints.models import Photo, PhotoArrival
from eservice.kit.database import Database
from eservice.kit.media import MediaStore
from eservice.kit.unit_of_work import UnitOfWork
from eservice.office.models import Office

ORPHAN_AFTER = timedelta(days=1)  # a file so old whose row has not come has none
FORGET_AT_ONCE = 100


def take_back(uow: UnitOfWork, message_id: int) -> None:
    """Forgets the photo of a message that its author took back; the complaint stays."""
    uow.session.execute(delete(PhotoArrival).where(PhotoArrival.message_id == message_id))
    uow.session.execute(
        update(Photo)
        .where(Photo.message_id == message_id, Photo.forgotten_at.is_(None))
        .values(forgotten_at=uow.now)
    )


def remove(uow: UnitOfWork, photo: Photo) -> None:
    """Forgets a photo that staff have removed, whoever sent it."""
    if photo.message_id is not None:
        uow.session.execute(delete(PhotoArrival).where(PhotoArrival.message_id == photo.message_id))
    photo.forgotten_at, photo.original_sha256, photo.contact_id = uow.now, "", None


def forget_due(database: Database, media: MediaStore) -> int:
    """Deletes photos that were taken back or removed, and held ones whose time is over; returns how many.

    At most a hundred at a time, in transactions of its own: files first, so that a row is never lost before
    its files. Raises ServiceError `media.unavailable`.
    """
    with database.read() as reader:
        limit = reader.now - KEPT_FOR
        photo = (Photo.complaint_id.is_(None), Photo.forgotten_at.is_(None), Photo.at < limit)
        arrival = (PhotoArrival.complaint_id.is_(None), PhotoArrival.at < limit)
        looks = (select(Photo.id).where(*photo), select(PhotoArrival.id).where(*arrival))
        anything = any(reader.session.scalar(look.limit(1)) is not None for look in looks)
    if anything:
        with database.unit_of_work() as uow:
            uow.session.execute(update(Photo).where(*photo).values(forgotten_at=uow.now))
            uow.session.execute(delete(PhotoArrival).where(*arrival))
    with database.read() as reader:
        rows = reader.session.execute(
            select(Photo.id, Photo.image_key, Photo.thumbnail_key)
            .where(Photo.forgotten_at.is_not(None))
            .limit(FORGET_AT_ONCE)
        ).all()
    if rows:
        media.delete([key for _, *keys in rows for key in keys])
        with database.unit_of_work() as uow:
            uow.session.execute(delete(Photo).where(Photo.id.in_([row.id for row in rows])))
    return len(rows)


def forget_orphans(database: Database, media: MediaStore, keys: Sequence[str]) -> int:
    """Of files old enough to have a row, deletes those that have none; returns how many.

    Raises ServiceError `media.unavailable`.
    """
    with database.read() as reader:
        rows = reader.session.execute(
            select(Photo.image_key, Photo.thumbnail_key).where(
                or_(Photo.image_key.in_(keys), Photo.thumbnail_key.in_(keys))
            )
        )
        known = {key for row in rows for key in row}
        known |= set(reader.session.scalars(select(Office.seal_key).where(Office.seal_key.in_(keys))))
    orphans = [key for key in keys if key not in known]
    media.delete(orphans)
    return len(orphans)
