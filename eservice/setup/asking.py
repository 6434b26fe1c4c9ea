"""Asking for a new office one question at a time, in Thai, on a terminal. What is wrong is asked again at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import TypeVar

from eservice.kit.errors import ServiceError, invalid
from eservice.office.service import OfficeFacts, faults_of
from eservice.setup import seal
from eservice.setup.plan import (
    ADMINISTRATORS,
    MAX_NAME,
    TEXTS,
    OfficePlan,
    Person,
    read_time,
    with_public_holidays,
)
from eservice.staff.accounts import USERNAME
from eservice.staff.models import Role

Ask = Callable[[str], str]
Tell = Callable[[str], None]
T = TypeVar("T")

_LINES = ("name", "address", "phone", "email", "privacy_contact", "privacy_phone", "privacy_email")
_MUST = frozenset({"name", "address"})


def ask_plan(ask: Ask = input, tell: Tell = print) -> OfficePlan:
    """The whole plan, asked for. Raises ServiceError `setup.answers_ended`, KeyboardInterrupt."""
    try:
        return _Interview(ask, tell).plan()
    except EOFError as end:
        raise invalid("setup.answers_ended") from end


class _Interview:
    def __init__(self, ask: Ask, tell: Tell) -> None:
        self._ask = ask
        self._tell = tell

    def plan(self) -> OfficePlan:
        self._tell(TEXTS.get("setup.ask.begin"))
        facts = OfficeFacts(name="", address="", holidays=with_public_holidays(()))
        for name in _LINES:
            facts = self._until(
                TEXTS.get(f"setup.ask.{name}"),
                lambda text, name=name, facts=facts: self._line(facts, name, text),
            )
        facts = self._until(TEXTS.get("setup.ask.map"), lambda text: _place(facts, text))
        facts = self._until(TEXTS.get("setup.ask.hours"), lambda text: _hours(facts, text))
        facts = self._until(TEXTS.get("setup.ask.lunch"), lambda text: _lunch(facts, text))
        facts = self._until(TEXTS.get("setup.ask.colours"), lambda text: _colours(facts, text))
        drawn = self._until(TEXTS.get("setup.ask.seal"), _seal)
        self._tell(TEXTS.get("setup.ask.departments"))
        departments = self._departments()
        self._tell(TEXTS.get("setup.ask.administrators"))
        people = self._administrators()
        return OfficePlan(facts=facts, departments=departments, people=people, drawn_seal=drawn)

    def _until(self, question: str, read: Callable[[str], T]) -> T:
        """Asks until the answer can be read; `read` raises ValueError with what is wrong."""
        while True:
            try:
                return read(self._ask(f"{question}: ").strip())
            except ValueError as fault:
                self._tell(f"  ! {fault}")

    def _line(self, facts: OfficeFacts, name: str, text: str) -> OfficeFacts:
        if name in _MUST and not text:
            raise ValueError(TEXTS.get("setup.faults.empty"))
        return _checked(replace(facts, **{name: text}), name)

    def _departments(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            question = TEXTS.get("setup.ask.department", number=len(names) + 1)
            name = self._ask(f"{question}: ").strip()
            if not name and names:
                return tuple(names)
            if not name or len(name) > MAX_NAME or name in names:
                key = "departments_twice" if name in names else "departments"
                self._tell(f"  ! {TEXTS.get(f'setup.faults.{key}')}")
            else:
                names.append(name)

    def _administrators(self) -> tuple[Person, ...]:
        people: list[Person] = []
        while len(people) < ADMINISTRATORS:
            number = len(people) + 1
            taken = {person.username for person in people}
            username = self._until(
                TEXTS.get("setup.ask.username", number=number),
                lambda text, taken=taken: _username(text, taken),
            )
            name = self._until(TEXTS.get("setup.ask.person", number=number), _person_name)
            people.append(Person(username=username, name=name, roles=(Role.ADMINISTRATOR,)))
        return tuple(people)


def _checked(facts: OfficeFacts, *names: str) -> OfficeFacts:
    found = faults_of(facts)
    for name in names:
        if name in found:
            raise ValueError(TEXTS.get(f"faults.office.invalid.{name}"))
    return facts


def _place(facts: OfficeFacts, text: str) -> OfficeFacts:
    if not text:
        return facts
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(TEXTS.get("faults.office.invalid.latitude")) from None
    return _checked(replace(facts, latitude=latitude, longitude=longitude), "latitude")


def _hours(facts: OfficeFacts, text: str) -> OfficeFacts:
    opens, closes = _two_times(text, "closes_at") if text else (time(8, 30), time(16, 30))
    return _checked(
        replace(facts, opens_at=opens, closes_at=closes, lunch_starts_at=None, lunch_ends_at=None),
        "closes_at",
    )


def _lunch(facts: OfficeFacts, text: str) -> OfficeFacts:
    if text == "-":
        return replace(facts, lunch_starts_at=None, lunch_ends_at=None)
    starts, ends = _two_times(text, "lunch_ends_at") if text else (time(12), time(13))
    return _checked(replace(facts, lunch_starts_at=starts, lunch_ends_at=ends), "lunch_ends_at")


def _two_times(text: str, name: str) -> tuple[time, time]:
    first, _, second = text.partition("-")
    try:
        return read_time(first), read_time(second)
    except ValueError:
        raise ValueError(TEXTS.get(f"faults.office.invalid.{name}")) from None


def _colours(facts: OfficeFacts, text: str) -> OfficeFacts:
    header, _, action = text.partition(" ")
    changed = replace(facts, header_colour=header, action_colour=action.strip())
    return _checked(changed, "header_colour", "action_colour")


def _seal(text: str) -> bytes | None:
    if not text:
        return None
    try:
        return seal.draw(Path(text).expanduser().read_bytes())
    except OSError as error:
        raise ValueError(f"{text}: {error.strerror}") from None
    except ServiceError as refusal:
        raise ValueError(TEXTS.get(f"errors.{refusal.code}")) from None


def _username(text: str, taken: set[str]) -> str:
    if not USERNAME.fullmatch(text.lower()):
        raise ValueError(TEXTS.get("setup.faults.username"))
    if text.lower() in taken:
        raise ValueError(TEXTS.get("setup.faults.usernames_twice"))
    return text.lower()


def _person_name(text: str) -> str:
    if not 0 < len(text) <= MAX_NAME:
        raise ValueError(TEXTS.get("setup.faults.person_name"))
    return text
