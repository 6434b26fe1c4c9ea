"""How a typed message is answered, from what it means and what the FAQ knows. Pure, so it can be measured."""

from enum import StrEnum, auto

from knowledge.classify.intents import Intent, IntentLabel
from knowledge.entries.models import AskDecision

CERTAIN_TALK = 0.75  # so sure must we be that a message is only talk
_LIKELY_TALK = 0.55  # enough when the FAQ has but vague ideas
_PERHAPS_TALK = 0.45  # enough when the FAQ knows nothing; below that the office is offered
_SURE_ANSWER = 0.9  # beats even certain chatter
ANSWER_TO_REPORT = 0.8  # what is broken is told in many words, and an answer beside the point annoys
_SURE_REPORT = 0.6  # enough to begin a complaint where the FAQ has an idea too
_FAIR_ANSWER = 0.4  # beats likely talk

_COURTESIES = (IntentLabel.GREETING, IntentLabel.THANKS, IntentLabel.FAREWELL, IntentLabel.CAPABILITY)
_EMPTY_WORDS = (IntentLabel.UNCLEAR, IntentLabel.CHATTER, IntentLabel.ABUSE)


class Reply(StrEnum):
    """The kinds of replies. To a problem, an answer or choices also offer to report it."""

    TALK = auto()
    """A human word, and the menu."""
    PERHAPS_TALK = auto()
    """More words for what the office already has from this person, if anything; else a human word."""
    ANSWER = auto()
    CHOICES = auto()
    REPORT = auto()
    """Something is broken or wrong: the telling of a complaint begins, with these words."""
    LEAVE = auto()
    """An honest "I do not know", and the offer to leave the words with the office."""


def wants_person(intent: Intent) -> bool:
    """Whether this asks for a human; then the FAQ is not asked at all."""
    return intent.label is IntentLabel.PERSON and intent.probability >= CERTAIN_TALK


def choose_reply(intent: Intent, decision: AskDecision, confidence: float, *, follows: bool = False) -> Reply:
    """The kind of reply to a message of this intent, when the FAQ decided so with this confidence.

    `follows` says that it goes on about the entry before: then it is not empty, however little it says.
    """
    courteous, empty = intent.label in _COURTESIES, intent.label in _EMPTY_WORDS and not follows
    if intent.probability >= CERTAIN_TALK and (courteous or (empty and confidence < _SURE_ANSWER)):
        return Reply.TALK
    if intent.probability >= _LIKELY_TALK and confidence < _FAIR_ANSWER and (courteous or empty):
        return Reply.PERHAPS_TALK
    if intent.probability >= _PERHAPS_TALK and decision is AskDecision.UNKNOWN and empty:
        return Reply.PERHAPS_TALK
    if intent.label is IntentLabel.PROBLEM and confidence < ANSWER_TO_REPORT:
        surely = decision is AskDecision.UNKNOWN or intent.probability >= _SURE_REPORT
        return Reply.REPORT if surely else Reply.CHOICES
    match decision:
        case AskDecision.ANSWERED:
            return Reply.ANSWER
        case AskDecision.CLARIFIED:
            return Reply.CHOICES
        case AskDecision.UNKNOWN:
            return Reply.LEAVE
