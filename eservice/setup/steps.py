"""The steps by which an office is set up in the console, and how far it has come. Pure but for `read_progress`."""

from dataclasses import dataclass
from enum import StrEnum

from eservice.kit.unit_of_work import ReadOnly
from eservice.office import service as offices


class Step(StrEnum):
    """One page of the first set-up."""

    NAME = "name"
    PLACE = "place"
    DEPARTMENTS = "departments"
    HOURS = "hours"
    CONTACTS = "contacts"
    ADMINISTRATORS = "administrators"
    STARTER = "starter"


STEPS = tuple(Step)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far setting up has come."""

    done: frozenset[Step]

    @property
    def next_step(self) -> Step | None:
        """The first step that was not gone through; None once all were."""
        return next((step for step in STEPS if step not in self.done), None)


def read_progress(reader: ReadOnly) -> Progress:
    """The steps that were saved. Raises ServiceError `office.not_set_up`."""
    saved = offices.get_office(reader).setup_steps
    return Progress(done=frozenset(step for step in STEPS if step.value in saved))


def step_after(step: Step) -> Step | None:
    """The step that follows this one."""
    place = STEPS.index(step) + 1
    return STEPS[place] if place < len(STEPS) else None
