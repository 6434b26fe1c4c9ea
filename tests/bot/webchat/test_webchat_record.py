"""What the record of a web chat lets the page recognise as its own."""

from eservice.messaging.models import ChannelName, Direction, InboundEvent, Message
from tests.chat import Village


def test_words_and_taps_are_recorded_under_the_reference_that_their_sender_shows_them_by(
    village: Village,
) -> None:
    somchai = village.resident(ChannelName.WEB)
    somchai.says("อัตราภาษีป้าย")
    somchai.taps("ตรงคำถาม")
    heard = [message for message in village.rows(Message) if message.direction is Direction.IN]
    assert [(message.kind, message.text) for message in heard] == [
        ("text", "อัตราภาษีป้าย"),
        ("tap", "ตรงคำถาม"),
    ]
    refs = [event.event_id.rsplit(":", 1)[-1] for event in village.rows(InboundEvent)]
    assert [message.platform_ref for message in heard] == refs
