"""The queue's front: what may be put on it."""

from eservice.messaging import conversations, deliveries
from eservice.messaging.content import say
from eservice.messaging.models import ChannelName, ContactKind, DeliveryClass
from tests.chat import Village


def test_the_same_reason_enqueues_one_message(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    with village.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        )
        first = deliveries.enqueue(uow, talk, say("x"), purpose=DeliveryClass.NOTICE, dedup_key="k")
        second = deliveries.enqueue(uow, talk, say("x"), purpose=DeliveryClass.NOTICE, dedup_key="k")
    assert first is not None and second is None
