"""Erasing a person whose message is being worked on at this moment."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import inbox
from eservice.messaging.models import Contact, Conversation, EventState, InboundEvent
from eservice.privacy import erasure
from tests.chat import Village
from tests.locks import until_it_waits


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
            until_it_waits(own_database, erasing)
            work.session.scalars(select(Conversation).with_for_update()).one()
        erasing.result(timeout=20)
    with own_database.read() as reader:
        assert reader.session.scalars(select(Contact.address)).one().startswith("erased:")
