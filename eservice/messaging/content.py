"""The vocabulary of what we say to people: one meaning, rendered by each channel as well as it can.

A `Bundle` is one utterance: a few parts in order, then quick replies below the last one. Everything here
is data: frozen, JSON-serialisable, without a word about any platform. Limits that hold on every channel
are enforced when a value is made, so that no later code can say what a platform would refuse.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

MAX_PARTS = 4  # LINE takes five messages a request; one stays free for what was waiting
MAX_BUTTONS = 10  # per choice list or card
MAX_QUICK_REPLIES = 11  # LINE shows 13; two stay free for what a channel adds
MAX_CARDS = 10
MAX_TEXT = 8000  # code points of running text in one part
MAX_LABEL = 300  # longer labels are shortened by the channel, in its own unit
MAX_PAYLOAD_BYTES = 60  # Telegram's callback data holds 64 bytes
_PAYLOAD = re.compile(r"[A-Za-z0-9_.:\-]{1,60}")


class Sender(StrEnum):
    """Who is speaking. People must always be able to tell a machine from a person."""

    BOT = "bot"
    STAFF = "staff"


class MetaKind(StrEnum):
    """What a line of proof under an answer is about; each channel has its own icon for it."""

    SOURCE = "source"
    DEPARTMENT = "department"
    DATE = "date"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Button:
    """A tap that comes back to us as `payload` (`[A-Za-z0-9_.:-]`, at most 60 bytes)."""

    label: str
    payload: str

    def __post_init__(self) -> None:
        _require_label(self.label)
        if not _PAYLOAD.fullmatch(self.payload):
            raise ValueError(f"a payload has 1 to {MAX_PAYLOAD_BYTES} bytes of [A-Za-z0-9_.:-]")


@dataclass(frozen=True, kw_only=True)
class LinkButton:
    """A tap that opens `url` (http, https or tel)."""

    label: str
    url: str

    def __post_init__(self) -> None:
        _require_label(self.label)
        _require_url(self.url, schemes=("https:", "http:", "tel:"))


AnyButton: TypeAlias = Button | LinkButton


@dataclass(frozen=True, kw_only=True)
class Text:
    """Plain running text; lines are kept. Never markup."""

    text: str

    def __post_init__(self) -> None:
        _require_text(self.text)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A question with answers to tap. The last one should be the way out."""

    prompt: str
    options: tuple[Button, ...]

    def __post_init__(self) -> None:
        _require_text(self.prompt)
        _require_count(self.options, 1, MAX_BUTTONS, "options")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a small two-column table; `strong` marks the row that applies to this person."""

    left: str
    right: str
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Meta:
    """A line of proof under an answer: source, department, date."""

    kind: MetaKind
    text: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """Headline first, then a few lines, a small table, proof, and what can be done next."""

    title: str
    body: str = ""
    rows: tuple[Row, ...] = ()
    meta: tuple[Meta, ...] = ()
    buttons: tuple[AnyButton, ...] = ()
    label: str = ""  # a short strip above the title, e.g. "คำตอบจากกองคลัง"
    is_open_choice: bool = False  # the buttons answer a question: none may look recommended

    def __post_init__(self) -> None:
        _require_text(self.title)
        if len(self.body) > MAX_TEXT:
            raise ValueError(f"a card's body has at most {MAX_TEXT} characters")
        _require_count(self.rows, 0, 30, "rows")
        _require_count(self.meta, 0, 6, "meta lines")
        _require_count(self.buttons, 0, MAX_BUTTONS, "buttons")


@dataclass(frozen=True, kw_only=True)
class CardList:
    """Several cards side by side."""

    cards: tuple[Card, ...]

    def __post_init__(self) -> None:
        _require_count(self.cards, 1, MAX_CARDS, "cards")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture on our own public address, with words for those who cannot see it."""

    url: str
    alt: str
    preview_url: str | None = None

    def __post_init__(self) -> None:
        _require_url(self.url, schemes=("https:", "http:"))
        _require_text(self.alt)


@dataclass(frozen=True, kw_only=True)
class AskLocation:
    """Asks where; `options` are the ways to go on without a pin."""

    prompt: str
    options: tuple[Button, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.prompt)
        _require_count(self.options, 0, MAX_BUTTONS, "options")


@dataclass(frozen=True, kw_only=True)
class AskPhoto:
    """Asks for a photo; `options` are the ways to go on without one."""

    prompt: str
    options: tuple[Button, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.prompt)
        _require_count(self.options, 0, MAX_BUTTONS, "options")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A sentence and the page it speaks of."""

    text: str
    label: str
    url: str

    def __post_init__(self) -> None:
        _require_text(self.text)
        _require_label(self.label)
        _require_url(self.url, schemes=("https:", "http:", "tel:"))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a service: what is done, by whom, how long it takes (in words)."""

    title: str
    detail: str = ""
    duration: str = ""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps of a service, with its total time and fee shown before the first tap."""

    title: str
    steps: tuple[Step, ...]
    total_time: str = ""
    fee: str = ""
    meta: tuple[Meta, ...] = ()
    buttons: tuple[AnyButton, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.title)
        _require_count(self.steps, 1, 20, "steps")
        _require_count(self.meta, 0, 6, "meta lines")
        _require_count(self.buttons, 0, MAX_BUTTONS, "buttons")


Part: TypeAlias = Text | Choices | Card | CardList | Picture | AskLocation | AskPhoto | Link | Steps

_PARTS: dict[str, type[Part]] = {
    "text": Text,
    "choices": Choices,
    "card": Card,
    "cards": CardList,
    "picture": Picture,
    "ask_location": AskLocation,
    "ask_photo": AskPhoto,
    "link": Link,
    "steps": Steps,
}
_KINDS = {part: kind for kind, part in _PARTS.items()}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """One utterance: one to four parts, then quick replies; said by the machine or by a named person."""

    parts: tuple[Part, ...]
    quick_replies: tuple[Button, ...] = ()
    sender: Sender = Sender.BOT
    sender_name: str = ""  # for a person: name and department, as the resident may see it

    def __post_init__(self) -> None:
        _require_count(self.parts, 1, MAX_PARTS, "parts")
        _require_count(self.quick_replies, 0, MAX_QUICK_REPLIES, "quick replies")


def say(*parts: Part | str, quick_replies: tuple[Button, ...] = ()) -> Bundle:
    """A bundle said by the machine; strings become `Text`."""
    return Bundle(
        parts=tuple(Text(text=part) if isinstance(part, str) else part for part in parts),
        quick_replies=quick_replies,
    )


def bundle_to_json(bundle: Bundle) -> dict[str, Any]:
    """The stored form; `bundle_from_json` is its inverse."""
    return {
        "parts": [{"kind": _KINDS[type(part)], **_plain_data(part)} for part in bundle.parts],
        "quick_replies": [_plain_data(button) for button in bundle.quick_replies],
        "sender": bundle.sender.value,
        "sender_name": bundle.sender_name,
    }


def _plain_data(value: Any) -> dict[str, Any]:
    """The fields of one of our values, values within it too. Leaner than `dataclasses.asdict`, which copies."""
    return {
        name: [_plain_data(item) if hasattr(item, "__dict__") else item for item in held]
        if isinstance(held, tuple)
        else held
        for name, held in vars(value).items()
    }


def bundle_from_json(data: dict[str, Any]) -> Bundle:
    """Reads what `bundle_to_json` wrote. Raises KeyError or ValueError on anything else."""
    return Bundle(
        parts=tuple(_part_from_json(part) for part in data["parts"]),
        quick_replies=tuple(Button(**button) for button in data["quick_replies"]),
        sender=Sender(data["sender"]),
        sender_name=data["sender_name"],
    )


def plain_text(bundle: Bundle) -> str:
    """The bundle as one readable text: for staff, search and channels that can do no better."""
    return "\n".join(filter(None, (_plain_part(part) for part in bundle.parts)))


def _plain_part(part: Part) -> str:
    match part:
        case Text(text=text):
            return text
        case Choices(prompt=prompt) | AskLocation(prompt=prompt) | AskPhoto(prompt=prompt):
            return prompt
        case Card():
            rows = [f"{row.left}: {row.right}" for row in part.rows]
            return "\n".join(filter(None, [part.title, part.body, *rows, *(meta.text for meta in part.meta)]))
        case CardList(cards=cards):
            return "\n\n".join(_plain_part(card) for card in cards)
        case Picture(alt=alt):
            return alt
        case Link(text=text, url=url):
            return f"{text}\n{url}"
        case Steps():
            lines = [
                " ".join(filter(None, [f"{number}. {step.title}", step.detail, step.duration]))
                for number, step in enumerate(part.steps, start=1)
            ]
            return "\n".join(filter(None, [part.title, part.total_time, part.fee, *lines]))


def _part_from_json(data: dict[str, Any]) -> Part:
    fields = {name: value for name, value in data.items() if name != "kind"}
    return _rebuild(_PARTS[data["kind"]], fields)


def _rebuild(cls: type[Any], fields: dict[str, Any]) -> Any:
    known: dict[str, Any] = dict(fields)
    if "rows" in known:
        known["rows"] = tuple(Row(**row) for row in known["rows"])
    if "meta" in known:
        known["meta"] = tuple(Meta(**{**meta, "kind": MetaKind(meta["kind"])}) for meta in known["meta"])
    if "steps" in known:
        known["steps"] = tuple(Step(**step) for step in known["steps"])
    if "cards" in known:
        known["cards"] = tuple(_rebuild(Card, card) for card in known["cards"])
    for name in ("buttons", "options"):
        if name in known:
            known[name] = tuple(
                Button(**button) if "payload" in button else LinkButton(**button) for button in known[name]
            )
    return cls(**known)


def _require_text(text: str) -> None:
    if not text.strip():
        raise ValueError("a text for people is never empty")
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text has at most {MAX_TEXT} characters")


def _require_label(label: str) -> None:
    if not label.strip() or len(label) > MAX_LABEL or "\n" in label:
        raise ValueError(f"a label is one line of 1 to {MAX_LABEL} characters")


def _require_url(url: str, schemes: tuple[str, ...]) -> None:
    if not url.startswith(schemes) or not url.isascii() or len(url) > 1000 or any(c.isspace() for c in url):
        raise ValueError("an address is percent-encoded, at most 1,000 characters, http(s) or tel")


def _require_count(items: tuple[object, ...], least: int, most: int, name: str) -> None:
    if not least <= len(items) <= most:
        raise ValueError(f"{least} to {most} {name}, not {len(items)}")
