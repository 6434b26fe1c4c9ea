"""What a dialog is: named steps, each asking one thing, and what a finished run hands on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from eservice.messaging.content import Button

Value: TypeAlias = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class AskText:
    """Asks for words. The answer kept is the id of the message, so that taking it back erases it.

    `check` reads the text and returns the key of what is wrong with it, or None. `skip` is the label key of
    a button that leaves the step out. `takes_questions` says that a question typed here is the answer
    itself and not a question to the machine.
    """

    name: str
    prompt: str
    check: Callable[[str], str | None] | None = None
    skip: str | None = None
    takes_questions: bool = False


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer to tap: the value kept and the key of its label."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Choose:
    """Asks to tap one of a few answers."""

    name: str
    prompt: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Pick:
    """Asks to tap one of several answers that only the dialog's own module knows, and shows.

    It also judges the value: any tap of this step and run is taken.
    """

    name: str
    prompt: str


@dataclass(frozen=True, kw_only=True)
class AskPlace:
    """Asks where: a pin, or words. The answer kept is the id of the message, as with `AskText`."""

    name: str
    prompt: str
    skip: str
    check: Callable[[str], str | None] | None = None


Step: TypeAlias = AskText | Choose | Pick | AskPlace


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A dialog. It ends by itself, with a kind word, `expires_minutes` after the last answer."""

    name: str
    steps: tuple[Step, ...]
    expires_minutes: int = 30

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if not names or len(set(names)) != len(names):
            raise ValueError("a flow has steps, each with a name of its own")

    def index(self, step_name: str) -> int | None:
        """The place of a step; None for one that a newer version no longer has."""
        return next((i for i, step in enumerate(self.steps) if step.name == step_name), None)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One person's way through a flow: where they are and what they have answered."""

    flow: str
    run_id: str  # buttons carry it, so that one from an older run is recognised
    step: str
    answers: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TextAnswer:
    """Words typed while the flow was open, and the message that holds them."""

    text: str
    message_id: int


@dataclass(frozen=True, kw_only=True)
class TapAnswer:
    """A tapped button of a flow: the run and step it belonged to, and its value."""

    run_id: str
    step: str
    value: str


@dataclass(frozen=True, kw_only=True)
class PlaceAnswer:
    """A pin sent while the flow was open, and the message that holds it."""

    message_id: int


Answer: TypeAlias = TextAnswer | TapAnswer | PlaceAnswer


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Put this to the person next: a text key and the taps that go with it."""

    run: Run
    prompt: str
    options: tuple[tuple[str, str], ...]  # (payload, label key)
    problem: str | None = None  # the key of what was wrong with the answer just given


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Every step is answered."""

    run: Run


@dataclass(frozen=True, kw_only=True)
class Left:
    """The person stepped back out of the first step."""


Turn: TypeAlias = Ask | Finished | Left

SKIP = "_skip"
BACK = "_back"
CANCEL = "_cancel"


def flow_payload(run: Run, value: str) -> str:
    """The payload of a flow's button."""
    return f"flow:{run.run_id}:{run.step}:{value}"


def read_payload(payload: str) -> TapAnswer | None:
    """The inverse of `flow_payload`; None for any other payload."""
    parts = payload.split(":")
    if len(parts) != 4 or parts[0] != "flow":
        return None
    return TapAnswer(run_id=parts[1], step=parts[2], value=parts[3])


def button(payload: str, label: str) -> Button:
    """A button of a flow."""
    return Button(label=label, payload=payload)
