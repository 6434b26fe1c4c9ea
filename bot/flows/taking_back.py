"""Messages that their author takes back: erased wherever they are kept."""

from bot.flows.turn import Turn
from bot.inbound import Said, SentMedia, SharedLocation
from eservice.complaints import forgetting
from eservice.inquiries import service as inquiries
from eservice.messaging import conversations, inbox
from eservice.messaging.models import ChannelName
from knowledge.entries import confirmations
from knowledge.entries import service as entries


def take_back(turn: Turn, ref: str) -> None:
    """Erases a message that its author took back, wherever it was stored; a case made of it stays."""
    message = conversations.erase_heard(turn.uow, turn.talk.conversation, ref)
    confirmations.forget_message(turn.uow, message.id)
    forgetting.take_back(turn.uow, message.id)
    for inquiry_id in inquiries.asked_with(turn.uow, message.id):
        entries.forget_inquiry(turn.uow, inquiry_id)
    key = f"{turn.inbound.channel.value}:{turn.inbound.address}"
    inbox.erase_message(turn.uow, turn.inbound.channel, key, ref)


def was_taken_back(turn: Turn) -> bool:
    """Whether this message comes after the word that its author took it back; only LINE has such a word."""
    match turn.inbound.body:
        case (
            Said(message_ref=str(ref))
            | SharedLocation(message_ref=str(ref))
            | SentMedia(message_ref=str(ref))
        ):
            if turn.inbound.channel is ChannelName.LINE:
                return conversations.was_taken_back(turn.uow, turn.talk.conversation, ref)
        case _:
            pass
    return False
