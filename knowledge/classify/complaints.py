"""What a complaint is about, who looks after that, and how soon someone must look.

Learned from `complaints.txt` beside this module, some thousand texts as residents type them; an office's
corrections are learned on top.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import prod
from pathlib import Path
from typing import NamedTuple

from knowledge.classify.kept import learn_or_load
from knowledge.classify.model import Example, Prediction, TextClassifier

_DATA = Path(__file__).with_name("complaints.txt")

DEFAULT_DEPARTMENTS: Mapping[str, str] = tomllib.loads(
    Path(__file__).with_name("departments.toml").read_text(encoding="utf-8")
)
"""Category to department, as in a small office. Its keys are the categories there are to begin with."""


class Urgency(StrEnum):
    """How soon someone must look."""

    URGENT = "urgent"
    """Danger to people, now or soon."""
    NORMAL = "normal"
    LOW = "low"
    """Nothing waits for it: an idea, praise."""


_FAIR_CHANCE = 0.3
_MARKS = {"! ": Urgency.URGENT, "- ": Urgency.LOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledComplaint:
    """A text and all that is true of it. Without an urgency it teaches nothing about that."""

    text: str
    categories: tuple[str, ...]
    urgency: Urgency | None = None


class UrgencyEstimate(NamedTuple):
    """The urgency to go by. `probability`, 0 to 1, is that it is true."""

    urgency: Urgency
    probability: float


class ComplaintClassifier:
    """Suggestions for a complaint's category, department and urgency."""

    def __init__(self, folder: Path | None = None) -> None:
        """Learns when first asked, about a second. In `folder` what was learned is kept between starts."""
        self._folder = folder

    def categories(self, text: str, *, limit: int = 3) -> list[Prediction]:
        """The most probable categories, best first. Several may be true, so probabilities need not sum to one."""
        return self._categories.predict(text, limit=limit)

    def departments(
        self, text: str, *, departments: Mapping[str, str] = DEFAULT_DEPARTMENTS, limit: int = 3
    ) -> list[Prediction]:
        """The departments most probably concerned, best first.

        `departments` says who looks after which category; a category missing there counts for nobody. A
        department's probability is that at least one of its categories is true.
        """
        chances: defaultdict[str, list[float]] = defaultdict(list)
        for category, probability in self._categories.predict(text, limit=len(self._categories.labels)):
            if category in departments:
                chances[departments[category]].append(probability)
        found = [Prediction(name, 1.0 - prod(1.0 - p for p in own)) for name, own in chances.items()]
        return sorted(found, key=lambda prediction: -prediction.probability)[:limit]

    def urgency(self, text: str) -> UrgencyEstimate:
        """How soon someone must look. A fair chance of danger counts as danger: a false alarm costs little."""
        likely = self._urgency.predict(text, limit=len(Urgency))
        danger = next(prediction for prediction in likely if prediction.label == Urgency.URGENT)
        chosen = danger if danger.probability >= _FAIR_CHANCE else likely[0]
        return UrgencyEstimate(Urgency(chosen.label), chosen.probability)

    def learn(self, corrections: Iterable[LabelledComplaint]) -> None:
        """Take what staff decided, at once and until the process ends. New categories may come with it."""
        for said in corrections:
            self._categories.learn([(said.text, said.categories)])
            if said.urgency is not None:
                self._urgency.learn([(said.text, said.urgency.value)])

    @cached_property
    def _categories(self) -> TextClassifier:
        return self._learned(
            "categories", lambda: ((said.text, said.categories) for said in read_complaints())
        )

    @cached_property
    def _urgency(self) -> TextClassifier:
        return self._learned(
            "urgency", lambda: ((said.text, said.urgency) for said in read_complaints() if said.urgency)
        )

    def _learned(self, name: str, examples: Callable[[], Iterable[Example]]) -> TextClassifier:
        return learn_or_load(
            name, folder=self._folder, data=_DATA, learn=lambda: TextClassifier.fit(examples())
        )


def read_complaints(path: Path = _DATA) -> list[LabelledComplaint]:
    """The shipped texts: a `[category + category]` line, then one text a line, its urgency marked in front.

    Raises ValueError for a category that nobody knows, or a text before the first.
    """
    categories: tuple[str, ...] = ()
    complaints: list[LabelledComplaint] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("[") and text.endswith("]"):
            categories = tuple(text[1:-1].split(" + "))
            if unknown := set(categories) - set(DEFAULT_DEPARTMENTS):
                raise ValueError(f"{path}: {unknown} are no categories")
        elif not categories:
            raise ValueError(f"{path}: {text!r} has no category above it")
        else:
            urgency = _MARKS.get(text[:2], Urgency.NORMAL)
            clean = text[2:] if urgency is not Urgency.NORMAL else text
            complaints.append(LabelledComplaint(text=clean, categories=categories, urgency=urgency))
    return complaints
