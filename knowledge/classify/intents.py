"""What kind of message it is: a question, a problem, a greeting, small talk …

Learned from `intents.txt` beside this module, some hundreds of messages as residents type them, when
the first message is asked about (about half a second).
"""

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from knowledge.classify.kept import learn_or_load
from knowledge.classify.model import TextClassifier
from knowledge.thai import as_thai_layout, normalise, without_long_numbers

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


_MATTERS = frozenset({IntentLabel.QUESTION, IntentLabel.PROBLEM, IntentLabel.PERSON, IntentLabel.CAPABILITY})
_LIMIT = 500  # meaningful characters that are read
_REMEMBERED_LENGTH = 500  # characters
_LEAST_LETTERS = 2
_LEAST_MATTER = 4  # characters left beside the courtesies that may be a matter of their own
_LONG_MATTER = 15  # from here on they are more likely one than not

_POLITE = (
    r"(?:ค่ะ|คะ|ครับ|คับ|ค้าบ|จ้า|จ้ะ|จ๊ะ|ฮะ|นะ|เด้อ|เจ้า|ๆ|มาก|หลาย|เลย|แอดมิน|แอด|น้อง|ทุกท่าน|เพื่อนบ้าน|อบต"
    r"|ตอนเช้า|ตอนบ่าย|ตอนเย็น|ยามเช้า|\s)*+"
)
_GREETING = r"(?:สวัสดี|สวัดดี|หวัดดี|ฮัลโหล|ไหว้สา|ดี(?=ค่ะ|ครับ|คับ|จ้า)|(?:hello|hi)\b)"
# Thanks for something ("ขอบคุณที่มาซ่อม") is thanks to the end, unless a "but" follows.
_THANKS = (
    r"(?:(?:ขอบคุณ|ขอบคุน|ขอบใจ|ขอบพระคุณ)(?:.{0,40}?แต่(?!ง)|(?=" + _POLITE + r"(?!ที่|สำหรับ|ล่วงหน้า|เจ้าหน้าที่|ทีม))))"
)
_OPENING = re.compile(
    f"^(?:(?:{_GREETING}|{_THANKS}|โอเค|ok\\b|รับทราบ|ทราบแล้ว|เข้าใจแล้ว|อ๋อ|อ่อ|ขอโทษ|แต่|แล้ว(?:ก็)?(?=ขอบ)){_POLITE})+"
)
_CLOSING = re.compile(rf"\s*(?:ขอบคุณ|ขอบคุน|ขอบใจ|ขอบพระคุณ)(?:ล่วงหน้า)?{_POLITE}$")
_RUDE = re.compile(
    r"(?:ไอ้?|อี|บัก)?(?:เหี้ย|สัส|สัด|สัตว์|ควย|ส้นตีน|ห่า|แม่ง|เชี่ย|เวร|เฮงซวย|ชิบหาย|ฉิบหาย|มึง|กู|วะ|โว้ย|เสือก)(?:อะไร|ไร|เอ้ย|เนี่ย|วะ)*+"
)


class Intent(NamedTuple):
    """What a message most probably is. `probability` is 0 to 1."""

    label: IntentLabel
    probability: float


def classify_intent(text: str) -> Intent:
    """What kind of message this is. What many people write (a greeting, a tapped word) is read once.

    Courtesies at either end do not count when a matter comes with them: "ขอบคุณค่ะ แล้วต้องใช้อะไรบ้าง" is a
    question. Text without Thai letters is also read as typed in the wrong keyboard layout; the surer reading counts.
    """
    # A longer one nobody sends twice, and a thousand of them would fill the memory.
    return remembered_intent(text) if len(text) <= _REMEMBERED_LENGTH else _classify(text)


def _classify(text: str) -> Intent:
    intent = _read_as(text)
    meant = as_thai_layout(text[: 4 * _LIMIT])
    if meant is None:
        return intent
    other = _read_as(meant)
    makes_sense = other.label is not IntentLabel.UNCLEAR and other.probability > intent.probability
    return other if makes_sense else intent


remembered_intent = lru_cache(maxsize=1024)(_classify)


def _read_as(text: str) -> Intent:
    clean = without_long_numbers(normalise(text, limit=_LIMIT))
    if len(clean.replace(" ", "")) < _LEAST_LETTERS:
        return Intent(IntentLabel.UNCLEAR, 1.0)
    matter = _CLOSING.sub("", _OPENING.sub("", clean)).strip()
    if matter != clean and len(matter) >= _LEAST_MATTER:
        predictions = _model().predict(matter, limit=len(IntentLabel))
        matters = [prediction for prediction in predictions if prediction.label in _MATTERS]
        sure_enough = 0.5 if len(matter) < _LONG_MATTER else 0.3
        if sum(prediction.probability for prediction in matters) >= sure_enough:
            return Intent(IntentLabel(matters[0].label), matters[0].probability)
    intent = _predict(clean)
    if intent.label is IntentLabel.ABUSE:
        # Anger at a broken lamp is still a report of a broken lamp.
        report = _predict(_RUDE.sub(" ", clean))
        if report.label is IntentLabel.PROBLEM and report.probability >= 0.6:
            return report
    return intent


def _predict(text: str) -> Intent:
    best = _model().predict(text, limit=1)[0]
    return Intent(IntentLabel(best.label), best.probability)


def load_intents(folder: Path | None = None) -> None:
    """Learn now rather than at the first message. In `folder` what was learned is kept between starts."""
    global _learned
    _learned = learn_or_load(
        "intents", folder=folder, data=_DATA, learn=lambda: TextClassifier.fit(read_examples())
    )


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


_learned: TextClassifier | None = None


def _model() -> TextClassifier:
    if _learned is None:
        load_intents()
    assert _learned is not None
    return _learned
