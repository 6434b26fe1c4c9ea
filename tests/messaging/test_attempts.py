"""Attempts: who may claim one, and whose outcome counts."""

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
