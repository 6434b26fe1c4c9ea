"""What kind of message it is: a question, a problem, a greeting, small talk …

Learned from `intents.txt` beside this module, some hundreds of messages as residents type them, when
the first message is asked about (about half a second).
"""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from knowledge.classify.model import TextClassifier
from knowledge.thai import normalise

_DATA = Path(__file__).with_name("intents.txt")


class IntentLabel(StrEnum):
    """The kinds of messages, as the conversation treats them."""

    QUESTION = "question"
    """Asks for information or a service."""
    PROBLEM = "problem"
    """Reports something broken, dangerous or annoying."""
    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    CAPABILITY = "capability"
    """Asks what the bot can do, or whether it is one."""
    PERSON = "person"
    """Wants to talk to a human."""
    ABUSE = "abuse"
    """Rude words or an insult."""
    CHATTER = "chatter"
    """Any other talk: jokes, weather, lottery."""
    UNCLEAR = "unclear"
    """Says too little to act on."""


class Intent(NamedTuple):
    """What a message most probably is. `probability` is 0 to 1."""

    label: IntentLabel
    probability: float


def classify_intent(text: str) -> Intent:
    """What kind of message this is."""
    if len(normalise(text, limit=50).replace(" ", "")) < 2:
        return Intent(IntentLabel.UNCLEAR, 1.0)
    best = _model().predict(text, limit=1)[0]
    return Intent(IntentLabel(best.label), best.probability)


def load_intents() -> None:
    """Learn now rather than at the first message."""
    _model()


def read_examples(path: Path = _DATA) -> list[tuple[str, tuple[str, ...]]]:
    """The labelled messages: a `[label]` line, then one message a line; `#` starts a comment line.

    Raises ValueError for a message before the first label.
    """
    label = None
    examples: list[tuple[str, tuple[str, ...]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        message = line.strip()
        if not message or message.startswith("#"):
            continue
        if message.startswith("[") and message.endswith("]"):
            label = IntentLabel(message[1:-1])
        elif label is None:
            raise ValueError(f"{path}: {message!r} has no label above it")
        else:
            examples.append((message, (label.value,)))
    return examples


@cache
def _model() -> TextClassifier:
    return TextClassifier.fit(read_examples())
