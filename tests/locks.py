"""Waiting until one transaction stands in the way of another."""

import time
from concurrent.futures import Future
from typing import Any

from sqlalchemy import text

from eservice.kit.database import Database


def until_it_waits(database: Database, other: Future[Any]) -> None:
    """On SQLite writers stand in one line; on PostgreSQL one waits for the lock of the other."""
    if database.is_sqlite:
        return
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(200):
        with database.read() as reader:
            if other.done() or reader.session.scalar(waiting):
                return
        time.sleep(0.05)
