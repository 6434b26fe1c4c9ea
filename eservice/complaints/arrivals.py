"""Photos on their way from a platform: noted with the message, fetched after it, tried again, given up.

An attempt is committed before its call and its outcome after it: a killed process leaves a lease that runs
out, never a lost photo. An outcome counts only while its attempt is the current one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from eservice.complaints import held_photos, photos
from eservice.complaints.models import ArrivalState, Complaint, Photo, PhotoArrival, PhotoKind
from eservice.complaints.photos import KeptPhoto
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import ChannelName

TOPIC = "photos"  # a signal: a photo is to be fetched
LEASE_SECONDS = 90  # longer than the longest fetching, drawing and storing
MAX_ATTEMPTS = 7  # over some seven minutes
BACKOFF_SECONDS = 2.0
BACKOFF_MOST_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """One recorded attempt to fetch a photo."""

    arrival_id: int
    attempt: int
    contact_id: int
    channel: ChannelName
    media_ref: str


def expect(
    uow: UnitOfWork,
    *,
    contact_id: int,
    message_id: int,
    channel: ChannelName,
    media_ref: str,
    complaint_id: int | None = None,
) -> PhotoArrival:
    """Notes a photo that a contact has sent, for a complaint of theirs or to be held.

    Raises ServiceError `photos.too_many`.
    """
    if complaint_id is None:
        held_photos.require_room(uow, contact_id)
    else:
        photos.require_room(uow, complaint_id)
    arrival = PhotoArrival(
        contact_id=contact_id,
        message_id=message_id,
        complaint_id=complaint_id,
        channel=channel,
        media_ref=media_ref,
        due_at=uow.now,
        at=uow.now,
    )
    uow.session.add(arrival)
    return arrival


def anything_due(reader: ReadOnly) -> bool:
    """A cheap look, without a write transaction, at whether `claim` may find something."""
    due = select(PhotoArrival.id).where(
        PhotoArrival.state == ArrivalState.COMING, PhotoArrival.due_at <= reader.now
    )
    return reader.session.scalar(due.limit(1)) is not None


def claim(uow: UnitOfWork, limit: int) -> list[Job]:
    """Takes photos that are due, at most `limit`, and records an attempt on each.

    An attempt above MAX_ATTEMPTS comes after one that died with its process: it is not to be made, but ended.
    """
    rows = uow.session.scalars(
        select(PhotoArrival)
        .where(PhotoArrival.state == ArrivalState.COMING, PhotoArrival.due_at <= uow.now)
        .order_by(PhotoArrival.due_at, PhotoArrival.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    jobs: list[Job] = []
    for arrival in rows:
        arrival.attempts += 1
        arrival.due_at = uow.now + timedelta(seconds=LEASE_SECONDS)
        jobs.append(
            Job(
                arrival_id=arrival.id,
                attempt=arrival.attempts,
                contact_id=arrival.contact_id,
                channel=arrival.channel,
                media_ref=arrival.media_ref,
            )
        )
    return jobs


def arrived(uow: UnitOfWork, job: Job, kept: KeptPhoto) -> Photo | None:
    """The photo is here: its row takes the place of the waiting one.

    None when nobody waits for it any more: it was taken back, forgotten, or fetched by somebody else.
    """
    arrival = _current(uow, job)
    if arrival is None:
        return None
    complaint_id = arrival.complaint_id
    complaint = uow.session.get(Complaint, complaint_id) if complaint_id else None
    photo = photos.add_row(
        uow,
        kept,
        complaint_id=complaint_id,
        contact_id=arrival.contact_id,
        message_id=arrival.message_id,
        kind=PhotoKind.RESIDENT,
        is_public=complaint is None or complaint.contact_id == arrival.contact_id,
        opening=photos.openings(uow, complaint_id) if complaint_id else 0,
        at=arrival.at,
    )
    uow.session.delete(arrival)
    return photo


def again(uow: UnitOfWork, job: Job, reason: str, *, after_seconds: float | None = None) -> bool:
    """Tries once more later, or gives up after the last attempt; returns whether it gave up."""
    arrival = _current(uow, job)
    if arrival is None:
        return False
    arrival.reason = reason[:200]
    if arrival.attempts >= MAX_ATTEMPTS:
        arrival.state = ArrivalState.LOST
        return True
    backoff = min(BACKOFF_SECONDS * 3 ** (arrival.attempts - 1), BACKOFF_MOST_SECONDS)
    arrival.due_at = uow.now + timedelta(seconds=after_seconds or backoff)
    return False


def end(uow: UnitOfWork, job: Job, state: ArrivalState, reason: str) -> bool:
    """The photo will not come; returns whether anybody waited for it."""
    arrival = _current(uow, job)
    if arrival is None:
        return False
    arrival.state, arrival.reason = state, reason[:200]
    return True


def of_complaint(reader: ReadOnly, complaint_id: int) -> Sequence[PhotoArrival]:
    """The photos of a complaint that are not here: coming, refused or lost, oldest first."""
    return reader.session.scalars(
        select(PhotoArrival).where(PhotoArrival.complaint_id == complaint_id).order_by(PhotoArrival.id)
    ).all()


def _current(uow: UnitOfWork, job: Job) -> PhotoArrival | None:
    """The waiting row, locked, while this attempt is its current one."""
    return uow.session.scalar(
        select(PhotoArrival)
        .where(
            PhotoArrival.id == job.arrival_id,
            PhotoArrival.attempts == job.attempt,
            PhotoArrival.state == ArrivalState.COMING,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
