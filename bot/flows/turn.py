"""One turn of a conversation: what was said, by whom, in which state; and the reply as it takes shape."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.dialog.flow import Run
from bot.facts import Facts
from bot.inbound import Inbound
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.content import (
    MAX_PARTS,
    MAX_QUICK_REPLIES,
    AskLocation,
    Bundle,
    Button,
    Card,
    Choices,
    Part,
    Text,
)
from eservice.messaging.conversations import Talk
from eservice.messaging.models import Direction, Message
from knowledge.classify.complaints import ComplaintClassifier
from knowledge.entries.live import LiveFaq

PHOTOS_AFTER = timedelta(minutes=30)  # so long a photo without words belongs to the case just filed
CONTEXT_MINUTES = (
    15  # so long "แล้วใช้เอกสารอะไร" is about the entry answered before, and "2" the second choice
)


class LanguageFrom(StrEnum):
    """How we came to speak a person's language."""

    CHOICE = "choice"
    GUESS = "guess"


@dataclass(kw_only=True)
class DialogState:
    """What the bot remembers between two messages; kept as JSON in the conversation's row."""

    run: Run | None = None
    shelved: Run | None = None
    """A dialog that was put aside or ran out of time, for who wants to go on with it."""
    last_entry: int | None = None
    last_at: datetime | None = None
    last_case: str | None = None
    last_case_at: datetime | None = None
    album: str = ""  # the photos sent in one go of which the first was answered
    offered: tuple[Button, ...] = ()
    """The buttons of the last list or card, in their order, as long as it is the last thing said."""
    aside: tuple[Button, ...] = ()
    """The quick replies that went with it."""
    offered_at: datetime | None = None
    language_from: LanguageFrom | None = None
    """None: they have what everybody begins with."""

    @classmethod
    def read(cls, data: dict[str, Any]) -> "DialogState":
        """Reads the stored form; what it does not know it leaves out."""
        last_at, offered_at = data.get("last_at"), data.get("offered_at")
        language_from, last_case_at = data.get("language_from"), data.get("last_case_at")
        return cls(
            run=_read_run(data.get("run")),
            shelved=_read_run(data.get("shelved")),
            last_entry=data.get("last_entry"),
            last_at=datetime.fromisoformat(last_at) if last_at else None,
            last_case=data.get("last_case"),
            last_case_at=datetime.fromisoformat(last_case_at) if last_case_at else None,
            album=data.get("album", ""),
            offered=tuple(Button(payload=payload, label=label) for payload, label in data.get("offered", ())),
            aside=tuple(Button(payload=payload, label=label) for payload, label in data.get("aside", ())),
            offered_at=datetime.fromisoformat(offered_at) if offered_at else None,
            language_from=LanguageFrom(language_from) if language_from else None,
        )

    def write(self) -> dict[str, Any]:
        """The stored form."""
        data: dict[str, Any] = {}
        if self.run:
            data["run"] = asdict(self.run)
        if self.shelved:
            data["shelved"] = asdict(self.shelved)
        if self.last_entry is not None and self.last_at is not None:
            data["last_entry"] = self.last_entry
            data["last_at"] = self.last_at.isoformat()
        if self.last_case is not None and self.last_case_at is not None:
            data["last_case"] = self.last_case
            data["last_case_at"] = self.last_case_at.isoformat()
        if self.album:
            data["album"] = self.album
        if (self.offered or self.aside) and self.offered_at is not None:
            data["offered"] = [[button.payload, button.label] for button in self.offered]
            data["aside"] = [[button.payload, button.label] for button in self.aside]
            data["offered_at"] = self.offered_at.isoformat()
        if self.language_from is not None:
            data["language_from"] = self.language_from.value
        return data


def _read_run(data: dict[str, Any] | None) -> Run | None:
    if not data:
        return None
    return Run(flow=data["flow"], run_id=data["run_id"], step=data["step"], answers=data["answers"])


@dataclass(kw_only=True)
class Turn:
    """The work of one event. Handlers add to `parts` and `quick_replies`; the first parts win when it is full."""

    uow: UnitOfWork
    talk: Talk
    inbound: Inbound
    state: DialogState
    texts: Catalogue
    faq: LiveFaq
    complaints: ComplaintClassifier
    facts: Facts
    parts: list[Part] = field(default_factory=list)
    quick_replies: list[Button] = field(default_factory=list)
    language_changed: bool = False  # by our own guess, in this turn
    acknowledgement: bool = False  # the reply only says "received": a staff answer may take its place

    @property
    def language(self) -> str:
        return self.talk.contact.language

    def text(self, key: str, **parameters: object) -> str:
        """A text of the catalogue in the person's language."""
        return self.texts.get(key, self.language, **parameters)

    def say(self, *parts: Part | str) -> None:
        """Adds to the reply."""
        for part in parts:
            if len(self.parts) < MAX_PARTS:
                self.parts.append(Text(text=part) if isinstance(part, str) else part)

    def offer(self, *buttons: Button) -> None:
        """Adds quick replies; one that is already offered is not repeated."""
        for button in buttons:
            known = any(button.payload == offered.payload for offered in self.quick_replies)
            if not known and len(self.quick_replies) < MAX_QUICK_REPLIES:
                self.quick_replies.append(button)

    def button(self, key: str, payload: str) -> Button:
        """A button whose label is in the catalogue."""
        return Button(label=self.text(key), payload=payload)

    def remember_entry(self, entry_id: int) -> None:
        """Notes what the talk is about, for follow-up questions."""
        self.state.last_entry, self.state.last_at = entry_id, self.uow.now

    @property
    def previous_entry(self) -> int | None:
        """The entry answered just before, while the talk is still about it."""
        return self.state.last_entry if self._is_fresh(self.state.last_at) else None

    @property
    def offered(self) -> tuple[Button, ...]:
        """The buttons of the list or card that is the last thing said, while the talk is still about it."""
        return self.state.offered if self._is_fresh(self.state.offered_at) else ()

    @property
    def aside(self) -> tuple[Button, ...]:
        """The quick replies below it."""
        return self.state.aside if self._is_fresh(self.state.offered_at) else ()

    def remember_offered(self) -> None:
        """Notes the buttons of what is said in this turn, so that they may be named in words."""
        if not self.parts:
            return
        shown = [part for part in self.parts if isinstance(part, Choices | Card | AskLocation)]
        buttons = (shown[-1].buttons if isinstance(shown[-1], Card) else shown[-1].options) if shown else ()
        self.state.offered = tuple(button for button in buttons if isinstance(button, Button))
        self.state.aside = tuple(self.quick_replies)
        self.state.offered_at = self.uow.now

    def _is_fresh(self, at: datetime | None) -> bool:
        return at is not None and self.uow.now - at <= timedelta(minutes=CONTEXT_MINUTES)

    def remember_case(self, number: str) -> None:
        """Notes which case was filed, so that a photo sent afterwards finds it."""
        self.state.last_case, self.state.last_case_at = number, self.uow.now

    @property
    def recent_case(self) -> str | None:
        """The number of the case filed just before, so long as photos still belong to it."""
        at = self.state.last_case_at
        return self.state.last_case if at is not None and self.uow.now - at <= PHOTOS_AFTER else None

    def own_message(self, message_id: int) -> Message | None:
        """A message that this person sent here and has not taken back; None for any other."""
        message = self.uow.session.get(Message, message_id) if message_id else None
        is_theirs = (
            message is not None
            and message.conversation_id == self.talk.conversation.id
            and message.direction is Direction.IN
            and message.erased_at is None
        )
        return message if is_theirs else None

    def bundle(self) -> Bundle | None:
        """The reply, or None when there is nothing to say."""
        if not self.parts:
            return None
        return Bundle(parts=tuple(self.parts), quick_replies=tuple(self.quick_replies))
