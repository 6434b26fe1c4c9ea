"""Erasing a person whose message is being worked on at this moment."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import select, text

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import inbox
from eservice.messaging.models import Contact, Conversation, EventState, InboundEvent
from eservice.privacy import erasure
from tests.chat import Village


def test_it_waits_for_the_work_and_the_work_does_not_wait_for_it(
    own_database: Database, clock: FixedClock
) -> None:
    own_database.clock = clock
    village = Village(own_database, clock)
    somchai = village.resident()
    somchai.says("สวัสดี")
    with own_database.unit_of_work() as uow:
        done = uow.session.scalars(select(InboundEvent)).one()
        done.state, done.payload = EventState.PENDING, "{}"

    def erase() -> None:
        with own_database.unit_of_work() as uow:
            erasure.erase(uow, uow.session.scalars(select(Contact)).one(), by="malee", signing_key="k")

    with ThreadPoolExecutor() as pool:
        with own_database.unit_of_work() as work:
            assert inbox.claim_next(work) is not None
            erasing = pool.submit(erase)
            _until_it_waits(own_database, erasing)
            work.session.scalars(select(Conversation).with_for_update()).one()
        erasing.result(timeout=20)
    with own_database.read() as reader:
        assert reader.session.scalars(select(Contact.address)).one().startswith("erased:")


def _until_it_waits(database: Database, erasing: Future[None]) -> None:
    """On SQLite writers stand in one line; on PostgreSQL one waits for the lock of the other."""
    if database.is_sqlite:
        return
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(200):
        with database.read() as reader:
            if erasing.done() or reader.session.scalar(waiting):
                return
        time.sleep(0.05)
