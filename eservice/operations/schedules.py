"""What a worker does by the hour and the day: the look at the clock, and the backup of every day.

A backup is made by one of the workers, and made up for when everything was off at its hour.
"""

import threading
import time as stopwatch
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from eservice.kit import backup_runs, clock_checks
from eservice.kit.clock_checks import AskKernel
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.free_space import free_mb
from eservice.kit.kernel_clock import is_synchronised
from eservice.kit.media import MediaStore
from eservice.kit.settings import Settings
from eservice.kit.thai_calendar import at_bangkok, local_date
from eservice.operations.backup import back_up, prune
from eservice.operations.failures import EXPECTED, in_one_line

log = structlog.get_logger()


def day_due(now: datetime, backup_at: str) -> date:
    """The Thai day whose backup is the last that should be there by now. `backup_at` is as 02:30."""
    today = local_date(now)
    return today if now >= at_bangkok(today, time.fromisoformat(backup_at)) else today - timedelta(days=1)


class ClockWatch:
    """A chore of the worker: looks once an hour whether this machine's clock is right."""

    def __init__(self, database: Database, ask_kernel: AskKernel = is_synchronised) -> None:
        self._database = database
        self._ask_kernel = ask_kernel
        self._next_at = 0.0  # by the stopwatch: a clock that is put back would else stop the looking

    async def __call__(self) -> None:
        """Looks if it is time."""
        if stopwatch.monotonic() < self._next_at:
            return
        await run_in_threadpool(clock_checks.look, self._database, self._ask_kernel)
        self._next_at = stopwatch.monotonic() + clock_checks.LOOK_EVERY.total_seconds()


class DailyBackup:
    """A chore of the worker: begins the day's backup in a thread of its own, so that no other chore waits."""

    def __init__(
        self,
        database: Database,
        media: MediaStore,
        settings: Settings,
        folder: Path,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._database = database
        self._media = media
        self._settings = settings
        self._folder = folder
        self._is_stopping = is_stopping
        self._thread: threading.Thread | None = None

    async def __call__(self) -> None:
        """Begins the backup that is due, unless somebody makes it or has made it."""
        if self._thread is not None and self._thread.is_alive():
            return
        run_id = await run_in_threadpool(self.claim)
        if run_id is not None:
            # Of a process that ends it may be cut off: what it has begun looks like nothing whole.
            self._thread = threading.Thread(target=self.make, args=(run_id,), name="backup", daemon=True)
            self._thread.start()

    def claim(self) -> int | None:
        """The run that is due and now ours, or None."""
        with self._database.read() as reader:
            day = day_due(reader.now, self._settings.backup_at)
            if not backup_runs.is_due(reader, day):
                return None
        with self._database.unit_of_work() as uow:
            return backup_runs.claim(uow, day)

    def make(self, run_id: int) -> None:
        """Makes a backup, deletes those that are not kept, and notes what came of it."""
        try:
            made = back_up(
                self._database,
                self._media,
                self._folder,
                key_fingerprint=self._settings.key_fingerprint,
                data_dir=self._settings.data_dir,
                check=self._check,
            )
            gone = prune(self._folder, self._settings.backup_keep)
        except EXPECTED as error:
            self._note_failure(run_id, error)
            return
        with self._database.unit_of_work() as uow:
            backup_runs.succeed(uow, run_id, made.folder, rows=made.manifest.rows, size_bytes=made.bytes)
        log.info("backup.made", folder=made.folder.name, rows=made.manifest.rows, deleted=len(gone))

    def _check(self) -> None:
        if self._is_stopping():
            raise ServiceError("operations.backup_stopped", ErrorKind.UNAVAILABLE)
        if free_mb(self._folder) < self._settings.min_free_mb:
            raise ServiceError("operations.no_room_for_backup", ErrorKind.UNAVAILABLE)

    def _note_failure(self, run_id: int, error: Exception) -> None:
        was_stopped = isinstance(error, ServiceError) and error.code == "operations.backup_stopped"
        reason = in_one_line(error)
        log.error("backup.failed", reason=reason)
        try:
            with self._database.unit_of_work() as uow:
                if was_stopped:
                    backup_runs.give_back(uow, run_id)
                else:
                    backup_runs.fail(uow, run_id, reason)
        except SQLAlchemyError as away:  # it stays begun, and is begun again in an hour
            log.error("backup.not_noted", error=type(away).__name__)
