"""Photos from the platforms: fetched after the turn that noted them, drawn anew, stored, given their row.

No transaction spans the call, the drawing or the storing. A process that dies in between leaves a lease that
runs out, and at most two files without a row, which `PhotoKeeper` finds.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from bot.channel import Fetched, MediaSource, NotThere, NotYet, TooLarge
from eservice.complaints import arrivals, forgetting, photos
from eservice.complaints.arrivals import Job
from eservice.complaints.models import ArrivalState
from eservice.complaints.photos import KeptPhoto
from eservice.complaints.pictures import MAX_BYTES, prepare
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.media import MediaStore
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import deliveries
from eservice.messaging.content import say
from eservice.messaging.conversations import Talk
from eservice.messaging.models import ChannelName, Contact, Conversation, DeliveryClass

LOST = "photos.lost"  # what is told of a photo that the platform does not give
SWEEP_EVERY = timedelta(days=1)

log = structlog.get_logger()


class PhotoFetcher:
    """Fetches what is due, for one process."""

    def __init__(
        self,
        *,
        database: Database,
        media: MediaStore,
        sources: Callable[[ChannelName], MediaSource | None],
        texts: Catalogue,
        signals: Signals,
    ) -> None:
        self._database = database
        self._media = media
        self._sources = sources
        self._texts = texts
        self._signals = signals

    def claim(self, limit: int) -> list[Job]:
        """Photos to fetch now, at most `limit`; their attempts are recorded."""
        with self._database.read() as reader:
            if not arrivals.anything_due(reader):
                return []
        with self._database.unit_of_work() as uow:
            return arrivals.claim(uow, limit)

    async def fetch(self, job: Job) -> None:
        """Carries out an attempt that is already recorded, then records what came of it."""
        if job.attempt > arrivals.MAX_ATTEMPTS:
            await run_in_threadpool(self._end, job, ArrivalState.LOST, LOST)
            return
        source = self._sources(job.channel)
        if source is None:
            await run_in_threadpool(self._again, job, f"{job.channel.value} is off", None)
            return
        outcome = await source.fetch_media(job.media_ref, MAX_BYTES)
        match outcome:
            case Fetched(content=content):
                await run_in_threadpool(self._take_in, job, content)
            case TooLarge():
                await run_in_threadpool(self._end, job, ArrivalState.REFUSED, "photos.too_large")
            case NotThere(reason=reason):
                log.info("photos.not_there", arrival=job.arrival_id, reason=reason)
                await run_in_threadpool(self._end, job, ArrivalState.LOST, LOST)
            case NotYet(reason=reason, after_seconds=after_seconds):
                await run_in_threadpool(self._again, job, reason, after_seconds)
            case _:
                assert_never(outcome)

    def _take_in(self, job: Job, content: bytes) -> None:
        try:
            kept = photos.keep(self._media, prepare(content))
        except ServiceError as refusal:
            if refusal.kind is ErrorKind.UNAVAILABLE:
                log.error("photos.not_stored", reason=refusal.parameters.get("reason", ""))
                self._again(job, refusal.code, None)
            else:
                self._end(job, ArrivalState.REFUSED, refusal.code)
            return
        if not self._arrived(job, kept):
            self._media.delete(kept.keys)

    def _arrived(self, job: Job, kept: KeptPhoto) -> bool:
        with self._database.unit_of_work() as uow:
            return arrivals.arrived(uow, job, kept) is not None

    def _again(self, job: Job, reason: str, after_seconds: float | None) -> None:
        with self._database.unit_of_work() as uow:
            if arrivals.again(uow, job, reason, after_seconds=after_seconds):
                log.warning("photos.given_up", arrival=job.arrival_id, reason=reason)
                self._tell(uow, job, LOST)

    def _end(self, job: Job, state: ArrivalState, code: str) -> None:
        with self._database.unit_of_work() as uow:
            if arrivals.end(uow, job, state, code):
                self._tell(uow, job, code)

    def _tell(self, uow: UnitOfWork, job: Job, code: str) -> None:
        """Says that a photo did not come, at once, or on LINE with the next reply."""
        row = uow.session.execute(
            select(Contact, Conversation).where(
                Contact.id == job.contact_id, Conversation.contact_id == Contact.id
            )
        ).first()
        if row is None:
            return
        contact, conversation = row
        text = self._texts.get(f"photo.{code.removeprefix('photos.')}", contact.language)
        deliveries.enqueue(uow, Talk(contact, conversation), say(text), purpose=DeliveryClass.NOTICE)
        self._signals.notify(uow, deliveries.TOPIC, f"conversation:{conversation.id}")


class PhotoKeeper:
    """The chore of forgetting photos: a little at a time, so that no other chore waits for a large store."""

    def __init__(self, database: Database, media: MediaStore) -> None:
        self._database = database
        self._media = media
        self._sweep: Iterator[list[str]] | None = None
        self._next_sweep_at: datetime | None = None

    async def __call__(self) -> None:
        """Forgets what is due, and looks through some hundreds of stored files once a day has passed."""
        try:
            await run_in_threadpool(self._forget)
        except ServiceError as fault:
            self._sweep = None
            log.error("photos.not_forgotten", reason=fault.parameters.get("reason", ""))

    def _forget(self) -> None:
        forgetting.forget_due(self._database, self._media)
        now = self._database.clock.now()
        if self._next_sweep_at is None or now >= self._next_sweep_at:
            self._sweep = self._media.keys(before=now - forgetting.ORPHAN_AFTER)
            self._next_sweep_at = now + SWEEP_EVERY
        if self._sweep is not None:
            keys = next(self._sweep, None)
            if keys is None:
                self._sweep = None
            elif (found := forgetting.forget_orphans(self._database, self._media, keys)) > 0:
                log.info("photos.orphans_deleted", count=found)
