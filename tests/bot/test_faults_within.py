"""Faults of our own: none may block other people, lose an event, or send anything twice."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from bot.channel import Accepted, Doubt, QuotaSpent, ReplyTokenDead, TryAgain
from bot.flows.turn import Turn
from eservice.kit.database_faults import is_passing
from eservice.messaging import attempts, channels, conversations, deliveries, inbox
from eservice.messaging.content import Text, say
from eservice.messaging.models import (
    ChannelName,
    ContactKind,
    DeliveryClass,
    DeliveryState,
    EventState,
    InboundEvent,
    Message,
)
from tests.bot.test_delivery import asks_staff, staff_answers
from tests.chat import Village, parked

LOST = TryAgain(reason="read timed out", doubt=Doubt.MAYBE_SENT)


def disk_full() -> OperationalError:
    """What SQLAlchemy raises when SQLite finds no room."""
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("COMMIT", None, cause)


def test_a_full_disk_costs_an_event_no_attempt(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    somchai = village.resident()
    village.receive([])

    def fail(*_: object) -> None:
        raise disk_full()

    with monkeypatch.context() as broken:
        broken.setattr(inbox, "finish", fail)
        with pytest.raises(OperationalError):
            somchai.says("เมนู")
    (event,) = village.rows(InboundEvent)
    assert (event.state, event.attempts) == (EventState.PENDING, 0)
    village.work()
    somchai.sees("วันนี้ให้ช่วยเรื่องอะไร")


def test_only_faults_of_the_surroundings_pass() -> None:
    syntax = sqlite3.OperationalError("no such column")
    syntax.sqlite_errorcode = sqlite3.SQLITE_ERROR
    assert is_passing(disk_full())
    assert not is_passing(OperationalError("SELECT", None, syntax))
    assert not is_passing(ValueError())


def test_an_apology_that_fails_too_blocks_nobody(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    somchai, mali = village.resident(), village.resident()
    real = conversations.open_talk

    def fail(uow: object, *, address: str, **rest: object) -> object:
        if address == somchai.address:
            raise RuntimeError
        return real(uow, address=address, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(conversations, "open_talk", fail)
    somchai.says("เมนู")
    mali.says("เมนู")
    mali.sees("วันนี้ให้ช่วยเรื่องอะไร")
    for _ in range(inbox.MAX_ATTEMPTS):
        village.clock.advance(seconds=10)
        village.work()
    assert len(parked(village)) == 1


def test_an_event_that_somebody_else_finished_is_not_set_aside(village: Village) -> None:
    somchai = village.resident()
    somchai.says("เมนู")
    (event,) = village.rows(InboundEvent)
    with village.database.unit_of_work() as uow:
        assert not inbox.fail(uow, event.id, "late")
    (event,) = village.rows(InboundEvent)
    assert (event.state, event.reason) == (EventState.DONE, None)


def test_a_message_that_cannot_be_rendered_fails_and_the_next_one_goes_out(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()

    def fail(*_: object) -> None:
        raise KeyError

    with monkeypatch.context() as broken:
        broken.setattr(village.telegram, "render", fail)
        mali.says("เมนู")
    mali.says("สวัสดีค่ะ")
    assert [d.state for d in mali.deliveries()[-2:]] == [DeliveryState.FAILED, DeliveryState.ACCEPTED]


def test_a_message_whose_words_are_gone_stops_nobody(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    with village.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        )
        empty = deliveries.enqueue(uow, talk, say("x"), purpose=DeliveryClass.NOTICE)
        assert empty is not None
        uow.session.get_one(Message, empty.message_id).content = None
    mali.says("เมนู")
    village.deliver()
    assert [d.state for d in mali.deliveries()[-2:]] == [DeliveryState.CANCELLED, DeliveryState.ACCEPTED]


def test_a_push_in_doubt_is_settled_under_its_key_even_when_the_allowance_is_spent(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    village.line.outcomes = [LOST]
    staff_answers(village, somchai, "ด่วนค่ะ", push_now=True)
    with village.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 300)
    village.line.outcomes = [Accepted(note="accepted at an earlier attempt")]
    village.clock.advance(seconds=5)
    village.deliver()
    assert village.line.calls[-1][1].retry_key == village.line.calls[-2][1].retry_key
    assert somchai.deliveries()[-1].state is DeliveryState.ACCEPTED


def test_a_killed_push_after_the_tokens_death_is_settled_under_its_key(village: Village) -> None:
    with village.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 10)
    somchai = village.resident()
    village.receive([])
    somchai._line("message", message={"id": "1", "type": "text", "text": "เมนู"})
    village.clock.advance(seconds=60)  # the process was away for so long
    processed = village.intake.process_next()
    assert processed is not None
    (pushed,) = processed.jobs
    assert pushed.reply is None  # and here it dies again, perhaps after the call
    village.clock.advance(seconds=attempts.LEASE_SECONDS + 1)
    village.deliver()
    assert village.line.calls[-1][1].retry_key == pushed.key
    assert somchai.deliveries()[-1].state is DeliveryState.ACCEPTED


def test_a_late_sender_lets_go_of_nothing_that_rides_along(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    staff_answers(village, somchai, "คำตอบ")
    somchai._line("message", message={"id": "9", "type": "text", "text": "เมนู"})
    processed = village.intake.process_next()
    assert processed is not None
    (late,) = processed.jobs
    village.clock.advance(seconds=attempts.LEASE_SECONDS + 1)
    with village.database.unit_of_work() as uow:
        (current,) = attempts.claim_due(uow)
        assert len(current.carried) == 1
        assert not attempts.without_token(uow, late)
        assert not attempts.failed(uow, late, "late")
        assert not attempts.hold(uow, late, "late")
    states = [delivery.state for delivery in somchai.deliveries()[-2:]]
    assert states == [DeliveryState.CARRIED, DeliveryState.SENDING]


def test_every_uncertain_message_is_offered_one_at_each_contact(village: Village) -> None:
    somchai = village.resident()
    village.line.outcomes = [LOST, ReplyTokenDead(), LOST, ReplyTokenDead()]
    somchai.says("เมนู")
    somchai.says("สวัสดีค่ะ")
    for _ in range(2):
        village.clock.advance(seconds=5)
        village.deliver()
    somchai.sees()
    for _ in range(2):
        somchai.says("ขอบคุณ")
        somchai.sees("อาจส่งไม่ถึงคุณ", "ดูข้อความนั้น")
    somchai.says("ขอบคุณ")
    assert "อาจส่งไม่ถึงคุณ" not in somchai.sees()


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_jumps_stops_neither_answers_nor_retries(village: Village, days: int) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    for _ in range(30):
        mali.says("เมนู")
        village.clock.advance(seconds=0.001)
    wait = TryAgain(reason="flood", doubt=Doubt.NOT_SENT, after_seconds=3, whole_channel=True)
    village.clock.advance(seconds=2)
    village.telegram.outcomes = [wait]
    mali.says("สวัสดีค่ะ")
    village.clock.advance(days=days)
    mali.says("เมนู")
    for _ in range(5):
        village.clock.advance(seconds=5)
        village.work()
    assert {delivery.state for delivery in mali.deliveries()} == {DeliveryState.ACCEPTED}


def test_an_event_tried_before_the_clock_went_back_is_tried_again(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    somchai = village.resident()
    real = Turn.say

    def fail(self: Turn, *parts: Text | str) -> None:
        raise RuntimeError

    monkeypatch.setattr(Turn, "say", fail)
    somchai.says("เมนู")
    monkeypatch.setattr(Turn, "say", real)
    village.clock.advance(days=-1)
    village.work()
    somchai.sees("วันนี้ให้ช่วยเรื่องอะไร")


def test_a_start_with_a_new_token_does_not_wait_out_the_old_ones_pause(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    refused = TryAgain(reason="InvalidToken", doubt=Doubt.NOT_SENT, after_seconds=600, whole_channel=True)
    village.telegram.outcomes = [refused]
    mali.says("เมนู")
    village.clock.advance(seconds=30)
    assert village.deliver() == 0
    with village.database.unit_of_work() as uow:
        attempts.resume(uow)
    assert village.deliver() == 1


def test_a_short_pause_that_the_platform_asked_for_outlives_a_start(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    flood = TryAgain(reason="flood", doubt=Doubt.NOT_SENT, after_seconds=30, whole_channel=True)
    village.telegram.outcomes = [flood]
    mali.says("เมนู")
    with village.database.unit_of_work() as uow:
        attempts.resume(uow)
    assert village.deliver() == 0


def test_an_unanswered_quota_costs_no_retries(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    village.line.outcomes = [LOST, QuotaSpent()]
    staff_answers(village, somchai, "ด่วนค่ะ", push_now=True)
    village.clock.advance(seconds=5)
    village.deliver()
    assert somchai.deliveries()[-1].state is DeliveryState.HELD
