"""Attempts: who may claim one, when the next is due, and whose outcome counts."""

from datetime import timedelta

from eservice.messaging import attempts, conversations, deliveries
from eservice.messaging.content import say
from eservice.messaging.models import ChannelName, ContactKind, DeliveryClass, Speaker
from tests.chat import Village


def test_a_late_senders_outcome_changes_nothing(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    with village.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        )
        deliveries.enqueue(uow, talk, say("x"), purpose=DeliveryClass.NOTICE, speaker=Speaker.BOT)
        (late,) = attempts.claim_due(uow)
    village.clock.advance(seconds=attempts.LEASE_SECONDS + 1)
    with village.database.unit_of_work() as uow:
        (current,) = attempts.claim_due(uow)
        assert current.doubtful
        assert not attempts.failed(uow, late, "too late")
        assert attempts.accepted(uow, current, road="api", platform_ref="1", carried_ids=())


def test_a_killed_attempt_before_the_clock_went_back_is_taken_over(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    with village.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        )
        deliveries.enqueue(uow, talk, say("x"), purpose=DeliveryClass.NOTICE)
        attempts.claim_due(uow)
    village.clock.advance(days=-1)
    assert village.deliver() == 1


def test_the_next_due_is_the_earliest_that_is_not_due_yet(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    with village.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        )
        assert attempts.next_due(uow) is None
        for seconds in (0, 35, 8):
            deliveries.enqueue(
                uow,
                talk,
                say("x"),
                purpose=DeliveryClass.NOTICE,
                due_at=uow.now + timedelta(seconds=seconds),
            )
        assert attempts.next_due(uow) == uow.now + timedelta(seconds=8)
