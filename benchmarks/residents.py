"""How the demo office does on messages as rural residents type them, by the bot's own way of deciding.

    python benchmarks/residents.py            # figures of both halves, what went wrong in the developing half
    python benchmarks/residents.py --all      # what went wrong in the judging half too

Half of the messages (by a hash of their text) judge: nobody looks at them while improving the product.
"""

import argparse
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.mistyping import mistype
from knowledge.classify import Intent, IntentLabel, classify_intent
from knowledge.emergency import find_emergency
from knowledge.entries.models import AskDecision
from knowledge.entries.reply_choice import Reply, choose_reply, wants_person
from knowledge.search import FaqDocument, FaqIndex

_ROOT = Path(__file__).parents[1]
MESSAGES = _ROOT / "tests" / "knowledge" / "data" / "resident_messages.jsonl"
ENTRIES = _ROOT / "eservice" / "demo" / "faq"

# The numbers shown in an emergency are what these entries say.
_EMERGENCY_ENTRIES = {
    "suicide": {"hotline-mental"},
    "drowning": {"hotline-emergency"},
    "electric": {"power-wire", "hotline-emergency"},
    "fire": {"fire-field", "hotline-emergency"},
    "gas_leak": {"hotline-emergency"},
    "abuse": {"hotline-social-help"},
    "crime": {"hotline-emergency"},
    "online_scam": {"hotline-online-scam", "tax-scam"},
    "animal_bite": {"dog-bite", "dog-rabid"},
    "accident": {"hotline-emergency"},
    "snake": {"hotline-emergency"},
    "flood_rescue": {"disaster-emergency"},
    "help": {"hotline-emergency", "disaster-emergency"},
}
_TALK = (Reply.TALK, Reply.PERHAPS_TALK)


@dataclass(frozen=True, slots=True)
class Message:
    """What a resident typed.

    `expected` are ids of the entries that answer a question, belong to a problem, or may be shown for talk
    or for an unanswerable message without harm, since they name whom to ask.
    """

    text: str
    kind: str  # question, problem, talk, unknown
    expected: frozenset[str]

    @property
    def judges(self) -> bool:
        """Whether it belongs to the half that judges."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the bot did. `emergency` is its kind, or empty; `shown` are the entries given or offered.

    `reply` is None when the message goes straight to the staff.
    """

    emergency: str
    intent: Intent
    reply: Reply | None
    shown: tuple[str, ...]
    confidence: float


class Verdict(StrEnum):
    """How good that was."""

    RIGHT = "right at once"
    OFFERED = "right among the candidates"
    ASIDE = "candidates without the right one"
    HANDED_ON = "handed on"
    WRONG = "answered wrong"
    TALKED = "taken for talk"
    RECOGNISED = "recognised"
    MISSED = "not recognised"
    HANDLED = "handled"
    NOT_ANSWERED = "not answered"
    CONFIDENT = "answered with confidence"


_GOOD = {
    "question": {Verdict.RIGHT, Verdict.OFFERED},
    "problem": {Verdict.RECOGNISED},
    "talk": {Verdict.HANDLED},
    "unknown": {Verdict.NOT_ANSWERED, Verdict.TALKED},
}


def read_messages(path: Path = MESSAGES) -> list[Message]:
    """The messages of the file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [Message(row["text"], row["kind"], frozenset(row["expected"])) for row in rows]


@cache
def demo_index() -> FaqIndex:
    """The demo office's entries, indexed as they are when published."""
    rows = [
        json.loads(line)
        for path in sorted(ENTRIES.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line
    ]
    return FaqIndex.build(
        FaqDocument(
            id=row["id"],
            question=row["question"],
            variants=tuple(row["variants"]),
            answer=row["answer"],
            keywords=tuple(row["keywords"]),
        )
        for row in rows
    )


def respond(text: str) -> Outcome:
    """What the bot does with a first message."""
    intent = classify_intent(text)
    emergency = find_emergency(text)
    decision = demo_index().decide(text)
    kind = {
        "answer": AskDecision.ANSWERED,
        "clarify": AskDecision.CLARIFIED,
        "unknown": AskDecision.UNKNOWN,
    }[decision.kind]
    reply = None if wants_person(intent) else choose_reply(intent, kind, decision.confidence)
    shown = tuple(hit.id for hit in decision.hits) if reply in (Reply.ANSWER, Reply.CHOICES) else ()
    return Outcome(emergency.kind if emergency else "", intent, reply, shown, decision.confidence)


def judge(message: Message, outcome: Outcome) -> Verdict:
    """How good the bot's reply to a message was."""
    match message.kind:
        case "question":
            return _judge_question(message, outcome)
        case "problem":
            offers_to_leave = outcome.reply in (Reply.ANSWER, Reply.CHOICES, Reply.REPORT)
            astray = outcome.reply is Reply.ANSWER and not message.expected.intersection(outcome.shown)
            reported = outcome.intent.label is IntentLabel.PROBLEM and offers_to_leave and not astray
            return Verdict.RECOGNISED if reported or outcome.emergency else Verdict.MISSED
        case "talk":
            talked = outcome.reply in (*_TALK, None) or message.expected.intersection(outcome.shown)
            return Verdict.HANDLED if talked and not outcome.emergency else Verdict.MISSED
        case _:
            answered = outcome.reply is Reply.ANSWER and not message.expected.intersection(outcome.shown)
            if outcome.emergency or answered:
                return Verdict.CONFIDENT
            return Verdict.TALKED if outcome.reply in _TALK else Verdict.NOT_ANSWERED


def _judge_question(message: Message, outcome: Outcome) -> Verdict:
    if outcome.emergency:
        covered = message.expected & _EMERGENCY_ENTRIES[outcome.emergency]
        return Verdict.RIGHT if covered else Verdict.WRONG
    found = message.expected.intersection(outcome.shown)
    match outcome.reply:
        case None:
            return Verdict.RIGHT if "chat-staff" in message.expected else Verdict.WRONG
        case Reply.TALK | Reply.PERHAPS_TALK:
            return Verdict.RIGHT if "chat-what" in message.expected else Verdict.TALKED
        case Reply.ANSWER:
            return Verdict.RIGHT if found else Verdict.WRONG
        case Reply.CHOICES:
            return Verdict.OFFERED if found else Verdict.ASIDE
        case Reply.LEAVE | Reply.REPORT:
            return Verdict.HANDED_ON


def tally(messages: Iterable[Message]) -> dict[str, Counter[Verdict]]:
    """For each kind of message, how often the bot did how well."""
    counts: dict[str, Counter[Verdict]] = {kind: Counter() for kind in _GOOD}
    for message in messages:
        counts[message.kind][judge(message, respond(message.text))] += 1
    return counts


def good_share(counts: Counter[Verdict], kind: str) -> float:
    """The share, 0 to 1, of messages of a kind that were treated as they should be."""
    return sum(counts[verdict] for verdict in _GOOD[kind]) / max(counts.total(), 1)


def _print_half(name: str, counts: dict[str, Counter[Verdict]]) -> None:
    print(f"\n{name}")
    for kind, verdicts in counts.items():
        parts = ", ".join(
            f"{verdict} {n} ({n / verdicts.total():.1%})" for verdict, n in verdicts.most_common()
        )
        print(f"  {kind:<9}{good_share(verdicts, kind):6.1%} of {verdicts.total():>3}: {parts}")


def _print_failures(messages: Iterable[Message]) -> None:
    for message in messages:
        outcome = respond(message.text)
        verdict = judge(message, outcome)
        if verdict in _GOOD[message.kind]:
            continue
        did = (
            outcome.emergency
            or f"{outcome.reply or 'staff'} {outcome.confidence:.2f} {','.join(outcome.shown)}"
        )
        meant = ",".join(sorted(message.expected))
        intent = f"{outcome.intent.label} {outcome.intent.probability:.2f}"
        print(f"  {message.kind}: {verdict}: {message.text} [{meant}] → {did} ({intent})")


def _mistyped(messages: Iterable[Message]) -> list[Message]:
    """The same messages with typing slips of our own making; a seed each, so that others may come and go."""
    return [replace(m, text=mistype(m.text, random.Random(m.text))) for m in messages]


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="list the failures of the judging half too")
    show_all = parser.parse_args().all
    messages = read_messages()
    judging = [message for message in messages if message.judges]
    developing = [message for message in messages if not message.judges]
    print("What went wrong:")
    _print_failures(messages if show_all else developing)
    _print_half(f"developing half: {len(developing)} messages", tally(developing))
    _print_half(f"judging half: {len(judging)} messages", tally(judging))
    _print_half("judging half, mistyped on top", tally(_mistyped(judging)))


if __name__ == "__main__":
    main()
