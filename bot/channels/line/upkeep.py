"""Keeps LINE's own figures at hand: how many counted messages the month still has, and what time it is there."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog
from starlette.concurrency import run_in_threadpool

from bot.channels.line.client import LineChannel, LineError, Quota
from eservice.kit import clock_checks
from eservice.kit.clock_checks import Source, offset_between, state_of_offset
from eservice.kit.database import Database
from eservice.messaging import channels
from eservice.messaging.models import ChannelName

READ_EVERY = timedelta(hours=1)
READ_EVERY_WHEN_SPENT = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=1)
DATE_STEP = timedelta(seconds=1)  # what LINE's hour is told in

log = structlog.get_logger()


class QuotaReader:
    """Reads the allowance at the start, then hourly, and more often while it is spent."""

    def __init__(self, channel: LineChannel, database: Database) -> None:
        self._channel = channel
        self._database = database
        self._next_at: datetime | None = None

    async def __call__(self) -> None:
        """Reads the allowance if it is time."""
        now = self._database.clock.now()
        if self._next_at is not None and now < self._next_at:
            return
        try:
            quota = await self._channel.quota()
        except LineError as error:
            log.warning("line.quota_not_read", reason=str(error))
            self._next_at = now + RETRY_AFTER
            return
        spent = await run_in_threadpool(self._record, quota, now)
        self._next_at = now + (READ_EVERY_WHEN_SPENT if spent else READ_EVERY)

    def _record(self, quota: Quota, asked: datetime) -> bool:
        with self._database.unit_of_work() as uow:
            channels.record_quota(uow, quota.limit, quota.used)
            if (told_at := _instant(quota.date)) is not None:
                told = (told_at, told_at + DATE_STEP)
                offset = offset_between(asked, told, uow.now)
                clock_checks.note(uow, Source.LINE, state_of_offset(offset), offset)
            return channels.state(uow, ChannelName.LINE).push_blocked_since is not None


def _instant(date: str) -> datetime | None:
    """The second that the header names, if it names one with its zone."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo is not None else None
