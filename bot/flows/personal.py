"""What nobody needs to send: the number of an identity card."""

from bot.flows.turn import Turn
from eservice.kit.thai_ids import holds_citizen_id
from eservice.messaging.models import ChannelName

# What makes the number vanish here too: LINE tells us of a message taken back, Telegram of a changed one.
_TAKE_BACK = {
    ChannelName.LINE: "personal.take_back_line",
    ChannelName.TELEGRAM: "personal.take_back_telegram",
    ChannelName.WEB: "personal.take_back_web",
}


def warn_of_card_number(turn: Turn, text: str) -> None:
    """Below the reply to a message with such a number: that it is not needed, and how to take it back."""
    if turn.parts and holds_citizen_id(text):
        turn.acknowledgement = False  # an answer of the staff must not take the place of this
        turn.say(f"{turn.text('personal.no_card_number')} {turn.text(_TAKE_BACK[turn.inbound.channel])}")
