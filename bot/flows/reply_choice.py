"""How a typed message is answered, from what it means and what the FAQ knows. Pure, so it can be measured."""

from enum import StrEnum, auto

from knowledge.classify.intents import Intent, IntentLabel
from knowledge.entries.models import AskDecision

CERTAIN_TALK = 0.75  # so sure must we be that a message is only talk

_COURTESIES = (IntentLabel.GREETING, IntentLabel.THANKS, IntentLabel.FAREWELL, IntentLabel.CAPABILITY)
_EMPTY_WORDS = (IntentLabel.UNCLEAR, IntentLabel.CHATTER, IntentLabel.ABUSE)


class Reply(StrEnum):
    """The kinds of replies. To a reported problem, all but talk also offer to leave it with the office."""

    TALK = auto()
    """A human word, and the menu."""
    PERHAPS_TALK = auto()
    """More words for what the office already has from this person, if anything; else a human word."""
    ANSWER = auto()
    CHOICES = auto()
    LEAVE = auto()
    """An honest "I do not know", and the offer to leave the words with the office."""


def wants_person(intent: Intent) -> bool:
    """Whether this asks for a human; then the FAQ is not asked at all."""
    return intent.label is IntentLabel.PERSON and intent.probability >= CERTAIN_TALK


def choose_reply(intent: Intent, decision: AskDecision) -> Reply:
    """The kind of reply to a message of this intent, when the FAQ decided so."""
    certain = intent.probability >= CERTAIN_TALK
    if certain and intent.label in _COURTESIES:
        return Reply.TALK
    if intent.label in _EMPTY_WORDS and decision is not AskDecision.ANSWERED:
        if certain:
            return Reply.TALK
        if decision is AskDecision.UNKNOWN:
            return Reply.PERHAPS_TALK
    match decision:
        case AskDecision.ANSWERED:
            return Reply.ANSWER
        case AskDecision.CLARIFIED:
            return Reply.CHOICES
        case AskDecision.UNKNOWN:
            return Reply.LEAVE
