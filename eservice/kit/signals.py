"""Waking whoever waits for a change: in this process at once, in others through PostgreSQL's NOTIFY.

A signal carries nothing but its topic; the database is the truth and every waiter also looks by itself from
time to time, so a lost signal costs a moment and never a message.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import psycopg
import structlog
from sqlalchemy import text

from eservice.kit.database import Database
from eservice.kit.unit_of_work import UnitOfWork

NOTIFY_CHANNEL = "phueanban"
RECONNECT_SECONDS = 2.0

log = structlog.get_logger()


class Waiter:
    """Waits for a topic from one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Called from any thread."""
        with suppress(RuntimeError):  # its loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """Returns at the next signal, or after `seconds`; says whether a signal came."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Signals:
    """The topics of one process, e.g. "inbox", "outbox", "conversation:12"."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters: dict[str, set[Waiter]] = defaultdict(set)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def notify(self, uow: UnitOfWork, *topics: str) -> None:
        """Wakes the waiters of the topics once the transaction is committed."""
        if not self._database.is_sqlite:
            for topic in topics:
                uow.session.execute(
                    text("SELECT pg_notify(:channel, :topic)"), {"channel": NOTIFY_CHANNEL, "topic": topic}
                )
        for topic in topics:
            uow.after_commit(partial(self.wake, topic))

    @contextmanager
    def waiting(self, *topics: str) -> Iterator[Waiter]:
        """A waiter for the topics, forgotten at the end of the block."""
        waiter = Waiter()
        with self._lock:
            for topic in topics:
                self._waiters[topic].add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                for topic in topics:
                    self._waiters[topic].discard(waiter)
                    if not self._waiters[topic]:
                        del self._waiters[topic]

    def listen(self) -> None:
        """Starts hearing other processes (PostgreSQL only)."""
        if not self._database.is_sqlite and self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stops listening and lets every waiter go."""
        self._stop.set()
        with self._lock:
            waiters = [waiter for waiters in self._waiters.values() for waiter in waiters]
        for waiter in waiters:
            waiter.wake()

    def wake(self, topic: str) -> None:
        """Wakes this process's waiters of a topic now."""
        with self._lock:
            waiters = list(self._waiters.get(topic, ()))
        for waiter in waiters:
            waiter.wake()

    def _listen(self) -> None:
        address = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stop.is_set():
            try:
                with psycopg.connect(address, autocommit=True) as connection:
                    connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=1.0):
                            self.wake(notice.payload)
            except psycopg.Error as error:
                log.warning("signals.disconnected", error=type(error).__name__)
                self._stop.wait(RECONNECT_SECONDS)
