"""Slowing down in the chat: whoever tries numbers and keys, and a web visitor's network that files very many cases.

A web visitor is a new contact whenever they like, so their network address counts besides.
"""

from bot.flows.turn import Turn
from eservice.complaints import floods, guesses
from eservice.kit.errors import ServiceError


def refuse_guesser(turn: Turn) -> None:
    """Raises ServiceError `complaints.too_many_tries` while this person, or their network, must wait."""
    guesses.refuse_guesser(turn.uow, _contact(turn))
    if address := _address(turn):
        guesses.refuse_guesser(turn.uow, address, limit=guesses.CHAT_ADDRESS_LIMIT)


def count_wrong(turn: Turn) -> None:
    """Counts a wrong number or key of this person."""
    for source in filter(None, (_contact(turn), _address(turn))):
        guesses.count_failure(turn.uow, source)


def must_wait_to_file(turn: Turn) -> bool:
    """Whether very many cases have just come from this web visitor's network."""
    try:
        if address := _address(turn):
            floods.refuse_flood(turn.uow, address)
    except ServiceError:
        return True
    return False


def count_filing(turn: Turn) -> None:
    """Counts a case that was just filed."""
    if address := _address(turn):
        floods.count_filing(turn.uow, address)


def _contact(turn: Turn) -> str:
    return f"contact:{turn.talk.contact.id}"


def _address(turn: Turn) -> str:
    """The network of a web visitor; empty on other channels."""
    return f"chat:{turn.inbound.source}" if turn.inbound.source else ""
