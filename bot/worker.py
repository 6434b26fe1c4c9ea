"""The background worker: works on events, sends what is due, fetches photos, and keeps house.

Any number of workers may run against PostgreSQL. On SQLite one process does the work; a second would only
wait for its turn.
"""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot import upkeep
from bot.delivery import Sender
from bot.intake import Intake, Processed
from bot.photos import PhotoFetcher
from eservice.complaints import arrivals
from eservice.kit import heartbeat, outbox
from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.messaging import attempts, deliveries, inbox
from eservice.messaging.attempts import Job
from eservice.notifications.relay import Relay
from eservice.webhooks import deliveries as webhook_deliveries
from eservice.webhooks.sender import WebhookSender

INBOX_LOOPS = 4  # on PostgreSQL; SQLite writes one at a time anyway
PHOTOS_AT_ONCE = 2  # fetched and drawn by one process: each takes up to 120 MB of memory for a moment
LOOK_SECONDS = 2.0  # a waiter looks by itself this often, should a signal be lost
UPKEEP_SECONDS = 15.0
EMPTY_LOG_SECONDS = 600.0  # so long at most do words that were taken back stay in SQLite's log
REST_SECONDS = 1.0  # after the database failed us
DRAIN_SECONDS = 4.0  # with five seconds for open requests before it, we are gone within ten

log = structlog.get_logger()

T = TypeVar("T")
Errand = Callable[[str], Awaitable[None]]
Chore = Callable[[], Awaitable[None]]


class Worker:
    """The loops of one process. `run` returns once `stop` was called and everything begun is finished."""

    def __init__(
        self,
        *,
        database: Database,
        signals: Signals,
        intake: Intake,
        sender: Sender,
        texts: Catalogue,
        relay: Relay,
        webhooks: WebhookSender,
        count_event: Callable[[str], None],
        answer_callback: Errand | None = None,
        show_loading: Errand | None = None,
        photos: PhotoFetcher | None = None,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._database = database
        self._signals = signals
        self._intake = intake
        self._sender = sender
        self._texts = texts
        self._count_event = count_event
        self._answer_callback = answer_callback
        self._show_loading = show_loading
        self._photos = photos
        self._chores = chores
        self._relay = relay
        self._webhooks = webhooks
        self._stopping = asyncio.Event()
        self._log_emptied_at = 0.0
        self._someone_waits = False  # something is due, and an earlier message is still on its way
        self._sending: set[asyncio.Task[None]] = set()
        self._fetching = 0  # photos that are on their way to us
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}"

    async def run(self) -> None:
        """Runs until stopped."""
        await self._guarded(self._take_up)
        inbox_loops = 1 if self._database.is_sqlite else INBOX_LOOPS
        loops = [self._inbox_loop() for _ in range(inbox_loops)]
        if self._photos is not None:
            loops.append(self._photo_loop(self._photos))
        await asyncio.gather(
            *loops, self._relay_loop(), self._outbox_loop(), self._webhook_loop(), self._upkeep_loop()
        )
        if self._sending:
            await asyncio.wait(self._sending, timeout=DRAIN_SECONDS)

    def stop(self) -> None:
        """Asks the loops to end after what they have begun."""
        self._stopping.set()

    def claim(self) -> tuple[list[Job], float]:
        """Attempts to send, and how long there is nothing else to send: until the next delivery is due."""
        with self._database.read() as reader:
            something_is_due = attempts.anything_due(reader)
            next_due = attempts.next_due(reader)
            until_due = (next_due - reader.now).total_seconds() if next_due else LOOK_SECONDS
        jobs: list[Job] = []
        if something_is_due:
            with self._database.unit_of_work() as uow:
                jobs = attempts.claim_due(uow)
            self._someone_waits = not jobs
        return jobs, min(until_due, LOOK_SECONDS)

    async def _inbox_loop(self) -> None:
        with self._signals.waiting(inbox.TOPIC) as waiter:
            while not self._stopping.is_set():
                processed = await self._guarded(self._intake.process_next)
                if processed is not None:
                    self._dispatch(processed)
                if processed is None or not processed.more:
                    await waiter.wait(LOOK_SECONDS)

    async def _relay_loop(self) -> None:
        with self._signals.waiting(outbox.TOPIC) as waiter:
            while not self._stopping.is_set():
                if not await self._guarded(self._relay.process_next):
                    await waiter.wait(LOOK_SECONDS)

    def _dispatch(self, processed: Processed) -> None:
        self._count_event("done" if processed.done else "failed")
        for job in processed.jobs:
            self._begin(self._send(job))
        if self._answer_callback is not None and processed.callback_id:
            self._begin(self._answer_callback(processed.callback_id))
        if self._show_loading is not None and processed.waits_for_staff:
            self._begin(self._show_loading(processed.waits_for_staff))

    async def _outbox_loop(self) -> None:
        with self._signals.waiting(deliveries.TOPIC) as waiter:
            while not self._stopping.is_set():
                jobs, rest_seconds = await self._guarded(self.claim) or ([], LOOK_SECONDS)
                for job in jobs:
                    self._begin(self._send(job))
                if not jobs:
                    await waiter.wait(rest_seconds)

    async def _photo_loop(self, photos: PhotoFetcher) -> None:
        with self._signals.waiting(arrivals.TOPIC) as waiter:
            while not self._stopping.is_set():
                room = PHOTOS_AT_ONCE - self._fetching
                jobs = await self._guarded(partial(photos.claim, room)) if room else []
                for job in jobs or ():
                    self._fetching += 1
                    self._begin(self._fetch(photos, job))
                if not jobs:
                    await waiter.wait(LOOK_SECONDS)

    async def _fetch(self, photos: PhotoFetcher, job: arrivals.Job) -> None:
        try:
            await photos.fetch(job)
        except Exception as error:  # the attempt's lease runs out, and another one is made
            log.error(
                "worker.photo_failed", arrival=job.arrival_id, error=type(error).__name__, exc_info=error
            )
        finally:
            self._fetching -= 1
            self._signals.wake(arrivals.TOPIC)

    async def _webhook_loop(self) -> None:
        with self._signals.waiting(webhook_deliveries.TOPIC) as waiter:
            while not self._stopping.is_set():
                jobs = await self._guarded(self._webhooks.claim) or []
                for job in jobs:
                    self._begin(self._webhooks.send(job))
                if not jobs:
                    await waiter.wait(LOOK_SECONDS)

    async def _upkeep_loop(self) -> None:
        while not self._stopping.is_set():
            await self._guarded(self._keep_house)
            for chore in self._chores:
                await self._do(chore)
            try:
                async with asyncio.timeout(UPKEEP_SECONDS):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _send(self, job: Job) -> None:
        try:
            await self._sender.send(job)
        except SQLAlchemyError as error:
            log.error("worker.outcome_not_recorded", error=type(error).__name__)  # its lease will run out
        finally:
            if self._someone_waits:  # the next message to the same contact may be due now
                self._signals.wake(deliveries.TOPIC)

    def _take_up(self) -> None:
        """What a start changes: a killed process's attempts are due, and a new token may be the right one."""
        with self._database.unit_of_work() as uow:
            if self._database.is_sqlite:
                attempts.adopt_orphans(uow)
            attempts.resume(uow)

    def _keep_house(self) -> None:
        with self._database.unit_of_work() as uow:
            heartbeat.beat(uow, self._name)
        upkeep.end_abandoned_dialogs(self._database, self._signals, self._texts)
        upkeep.end_idle_staff_talks(self._database, self._signals, self._texts)
        upkeep.keep_complaints(self._database, self._signals)
        upkeep.forget(self._database)
        if time.monotonic() - self._log_emptied_at >= EMPTY_LOG_SECONDS:
            self._database.empty_log()
            self._log_emptied_at = time.monotonic()

    async def _guarded(self, call: Callable[[], T]) -> T | None:
        """Runs a database call in a thread; a fault is logged, waited out, and never ends the loop."""
        try:
            return await run_in_threadpool(call)
        except Exception as error:  # a worker loop outlives every fault
            log.error("worker.fault", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(REST_SECONDS)
            return None

    async def _do(self, chore: Chore) -> None:
        try:
            await chore()
        except Exception as error:  # a chore that fails today must not end the house-keeping for ever
            log.error("worker.chore_failed", error=type(error).__name__, exc_info=error)

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
