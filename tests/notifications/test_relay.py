"""The relay under trouble: each event acted on exactly once and in order, whoever dies, fails or runs beside it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from eservice.complaints import service
from eservice.complaints.filing import Filed
from eservice.complaints.states import ComplaintState
from eservice.kit import outbox
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.outbox import MAX_ATTEMPTS, OutboxEvent
from eservice.kit.signals import Signals
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.models import Delivery
from eservice.notifications.relay import Relay
from tests.complaints.desk import Desk, open_desk
from tests.notifications.test_complaints import TEXTS, begin, finish, relay_all, told


class Killed(BaseException):
    """The process is gone: nothing that handles errors runs."""


class Trouble:
    """Signals that stop the relay after all of an event's work is done, right before the commit."""

    def __init__(self, database: Database) -> None:
        self.inner = Signals(database)
        self.error: BaseException | None = None

    def notify(self, uow: UnitOfWork, *topics: str) -> None:
        uow.session.flush()
        if self.error is not None:
            raise self.error
        self.inner.notify(uow, *topics)


def troubled(desk: Desk) -> tuple[Relay, Trouble]:
    trouble = Trouble(desk.database)
    return Relay(desk.database, trouble, TEXTS), trouble  # type: ignore[arg-type]


def events(desk: Desk) -> list[OutboxEvent]:
    with desk.database.read() as reader:
        return list(reader.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)))


def deliveries_count(desk: Desk) -> int:
    with desk.database.read() as reader:
        return reader.session.scalar(select(func.count()).select_from(Delivery)) or 0


def news_of(desk: Desk, filed: Filed) -> list[int]:
    """The outbox events of a complaint that gave a message, in the order in which the messages were queued."""
    keys = {
        f"complaint-event:{event.payload['event_id']}"
        if "event_id" in event.payload
        else f"complaint-comment:{event.payload['comment_id']}": event.id
        for event in events(desk)
        if event.subject == f"complaint:{filed.complaint_id}"
    }
    with desk.database.read() as reader:
        queued = reader.session.scalars(select(Delivery.dedup_key).order_by(Delivery.id)).all()
    told_of = [key.rpartition(":")[0] for key in queued if key is not None]
    return [keys[key] for key in told_of if key in keys]


def begun(desk: Desk) -> Filed:
    """A complaint that is being worked on, with one piece of news still to tell."""
    filed = desk.file()
    relay_all(desk)
    begin(desk, filed)
    return filed


def test_whoever_is_killed_in_the_middle_leaves_the_event_as_it_was(desk: Desk) -> None:
    begun(desk)
    relay, trouble = troubled(desk)
    trouble.error = Killed()
    for _ in range(3):
        with pytest.raises(Killed):
            relay.process_next()
    assert (events(desk)[-1].attempts, events(desk)[-1].done_at, deliveries_count(desk)) == (0, None, 0)
    trouble.error = None
    assert relay.process_next()
    assert not relay.process_next()
    assert len(told(desk, desk.daeng)) == 1


def test_a_fault_after_the_work_is_done_undoes_it_and_the_next_try_tells_once(
    desk: Desk, clock: FixedClock
) -> None:
    begun(desk)
    relay, trouble = troubled(desk)
    trouble.error = KeyError("policy")
    for attempt in range(1, 4):
        assert relay.process_next()
        assert not relay.process_next()  # it is put off
        assert (events(desk)[-1].attempts, deliveries_count(desk)) == (attempt, 0)
        clock.advance(seconds=5 * 2 ** (attempt - 1))
    trouble.error = None
    relay_all(desk)
    assert len(told(desk, desk.daeng)) == 1


def test_an_event_that_comes_again_gives_no_second_message(desk: Desk) -> None:
    begun(desk)
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        for event in uow.session.scalars(select(OutboxEvent)):
            event.done_at = None
    relay_all(desk)
    assert len(told(desk, desk.daeng)) == 1


def test_what_happened_later_to_a_complaint_waits_for_what_came_before_and_others_do_not(
    desk: Desk, clock: FixedClock
) -> None:
    filed = begun(desk)
    relay, trouble = troubled(desk)
    trouble.error = KeyError("policy")
    assert relay.process_next()
    trouble.error = None
    finish(desk, filed)
    other = begun(desk)
    relay_all(desk)
    assert (news_of(desk, filed), len(news_of(desk, other))) == ([], 1)
    clock.advance(seconds=5)
    relay_all(desk)
    assert len(news_of(desk, filed)) == 2
    assert news_of(desk, filed) == sorted(news_of(desk, filed))
    assert "แก้แล้วหรือยัง" in told(desk, desk.daeng)[-1][0]


def test_what_fails_for_good_is_shown_holds_nothing_up_and_can_be_told_again(
    desk: Desk, clock: FixedClock
) -> None:
    filed = begun(desk)
    relay, trouble = troubled(desk)
    trouble.error = KeyError("policy")
    started = clock.now()
    for _ in range(MAX_ATTEMPTS):
        assert relay.process_next()
        clock.advance(seconds=(events(desk)[-1].due_at - clock.now()).total_seconds())
    assert not relay.process_next()
    assert (clock.now() - started).total_seconds() < 30 * 60
    trouble.error = None
    finish(desk, filed)
    relay_all(desk)
    assert len(told(desk, desk.daeng)) == 1  # the later news went on
    with desk.database.read() as reader:
        (parked,) = outbox.parked(reader)
        assert outbox.given_up(reader) == 1
        assert (parked.subject, parked.attempts, parked.reason) == (
            f"complaint:{filed.complaint_id}",
            MAX_ATTEMPTS,
            "KeyError",
        )
    with desk.database.unit_of_work() as uow:
        outbox.forget_done(uow)
        assert outbox.retry_parked(uow, parked.id)
        assert not outbox.retry_parked(uow, parked.id)
        assert not outbox.retry_parked(uow, 999_999)
    relay_all(desk)
    assert len(told(desk, desk.daeng)) == 2
    with desk.database.read() as reader:
        assert outbox.parked(reader) == []


def test_an_event_of_a_kind_that_nobody_knows_fails_alone(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        outbox.record(uow, "complaint.unheard_of", "complaint:0")
    filed = begun(desk)
    relay_all(desk)
    assert len(told(desk, desk.daeng)) == 1
    assert [(event.kind, event.reason) for event in events(desk) if event.done_at is None] == [
        ("complaint.unheard_of", "KeyError")
    ]
    assert desk.state(filed) is ComplaintState.IN_PROGRESS


def at_once(count: int, act: Callable[[], object]) -> list[BaseException]:
    """Runs the same in several threads; what went wrong in them."""
    faults: list[BaseException] = []
    ready = threading.Barrier(count)

    def run() -> None:
        try:
            ready.wait()
            act()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def test_relays_side_by_side_tell_everything_once_and_in_order(
    own_database: Database, clock: FixedClock
) -> None:
    own_database.clock = clock
    desk = open_desk(own_database)
    filed = [desk.file() for _ in range(4)]
    relay_all(desk)
    for each in filed:
        begin(desk, each)
        for word in ("หนึ่ง", "สอง", "สาม"):
            with desk.database.unit_of_work() as uow:
                service.say(uow, each.complaint_id, word, by=desk.somsri, to_resident=True)
        finish(desk, each)

    def drain() -> None:
        relay = Relay(desk.database, Signals(desk.database), TEXTS)
        while any(event.done_at is None for event in events(desk)):
            relay.process_next()

    assert at_once(3, drain) == []
    assert all(event.attempts == 0 for event in events(desk))
    assert len(told(desk, desk.daeng)) == 4 * 5
    for each in filed:
        assert len(news_of(desk, each)) == 5
        assert news_of(desk, each) == sorted(news_of(desk, each))
