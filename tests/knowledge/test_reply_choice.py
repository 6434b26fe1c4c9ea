"""Which kind of reply a message gets, from its intent and the FAQ's decision."""

import pytest

from knowledge.classify.intents import Intent, IntentLabel
from knowledge.entries.models import AskDecision
from knowledge.entries.reply_choice import Reply, choose_reply, wants_person

ANSWERED, CLARIFIED, UNKNOWN = AskDecision.ANSWERED, AskDecision.CLARIFIED, AskDecision.UNKNOWN


@pytest.mark.parametrize(
    ("label", "probability", "decision", "confidence", "reply"),
    [
        (IntentLabel.QUESTION, 0.9, ANSWERED, 0.75, Reply.ANSWER),
        (IntentLabel.QUESTION, 0.9, CLARIFIED, 0.5, Reply.CHOICES),
        (IntentLabel.QUESTION, 0.9, UNKNOWN, 0.1, Reply.LEAVE),
        (IntentLabel.PROBLEM, 0.9, ANSWERED, 0.95, Reply.ANSWER),
        (IntentLabel.PROBLEM, 0.9, ANSWERED, 0.75, Reply.REPORT),
        (IntentLabel.PROBLEM, 0.9, UNKNOWN, 0.1, Reply.REPORT),
        (IntentLabel.PROBLEM, 0.5, CLARIFIED, 0.5, Reply.CHOICES),
        (IntentLabel.GREETING, 0.9, ANSWERED, 0.95, Reply.TALK),
        (IntentLabel.GREETING, 0.6, UNKNOWN, 0.2, Reply.PERHAPS_TALK),
        (IntentLabel.GREETING, 0.5, ANSWERED, 0.95, Reply.ANSWER),
        (IntentLabel.CHATTER, 0.9, ANSWERED, 0.8, Reply.TALK),
        (IntentLabel.CHATTER, 0.9, ANSWERED, 0.95, Reply.ANSWER),
        (IntentLabel.CHATTER, 0.65, CLARIFIED, 0.3, Reply.PERHAPS_TALK),
        (IntentLabel.CHATTER, 0.65, CLARIFIED, 0.6, Reply.CHOICES),
        (IntentLabel.CHATTER, 0.4, CLARIFIED, 0.3, Reply.CHOICES),
        (IntentLabel.UNCLEAR, 0.5, UNKNOWN, 0.1, Reply.PERHAPS_TALK),
        (IntentLabel.UNCLEAR, 0.4, UNKNOWN, 0.1, Reply.LEAVE),
    ],
)
def test_the_reply_fits_what_was_meant_and_what_is_known(
    label: IntentLabel, probability: float, decision: AskDecision, confidence: float, reply: Reply
) -> None:
    assert choose_reply(Intent(label, probability), decision, confidence) is reply


def test_only_a_sure_wish_for_a_human_goes_straight_to_the_staff() -> None:
    assert wants_person(Intent(IntentLabel.PERSON, 0.9))
    assert not wants_person(Intent(IntentLabel.PERSON, 0.5))
    assert not wants_person(Intent(IntentLabel.QUESTION, 0.9))
