"""What a new office is made of, before it is made: asked one by one, or read from a TOML file. No database."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any, TypeVar

from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import parse_thai_date
from eservice.office.holidays import Holiday, shipped_holidays
from eservice.office.service import OfficeFacts, faults_of
from eservice.setup import seal
from eservice.staff.accounts import USERNAME
from eservice.staff.models import Position, Role

ADMINISTRATORS = 2  # so that the office is never locked out by one forgotten password
MAX_DEPARTMENTS = 40
MAX_NAME = 100
TEXTS = Catalogue(Path(__file__).parent / "text", Path(__file__).parents[1] / "text")

_CLOCK_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
_TABLES = {
    "office": {
        "name", "address", "phone", "email", "latitude", "longitude", "seal", "header_colour", "action_colour",
    },
    "hours": {"opens", "closes", "lunch_starts", "lunch_ends"},
    "privacy": {"contact", "phone", "email"},
}  # fmt: skip
_LISTS = {
    "holidays": {"day", "name"},
    "departments": {"name"},
    "people": {"username", "name", "position", "department", "roles"},
}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who gets an account and a one-time link. `department` is the name of one, or empty."""

    username: str
    name: str
    roles: tuple[Role, ...]
    position: Position | None = None
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class OfficePlan:
    """A whole office: its facts, its departments in their order, its first people, its seal as a drawn PNG."""

    facts: OfficeFacts
    departments: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    drawn_seal: bytes | None = field(default=None, repr=False)


def faults_in(plan: OfficePlan) -> list[str]:
    """What is wrong with a plan, each a field's name with a sentence in Thai."""
    found = [_office_fault(name) for name in faults_of(plan.facts)]
    names = [name.strip() for name in plan.departments]
    if not names or len(names) > MAX_DEPARTMENTS or not all(0 < len(name) <= MAX_NAME for name in names):
        found.append(_fault("departments"))
    elif len(set(names)) < len(names):
        found.append(_fault("departments_twice"))
    if sum(Role.ADMINISTRATOR in person.roles for person in plan.people) < ADMINISTRATORS:
        found.append(_fault("administrators"))
    usernames = [person.username for person in plan.people]
    if len(set(usernames)) < len(usernames):
        found.append(_fault("usernames_twice"))
    for person in plan.people:
        if not USERNAME.fullmatch(person.username):
            found.append(f"{person.username[:50]}: {_fault('username')}")
        if not 0 < len(person.name.strip()) <= MAX_NAME:
            found.append(f"{person.username[:50]}: {_fault('person_name')}")
        if person.department and person.department not in names:
            found.append(f"{person.username[:50]}: {_fault('person_department')}")
        if not person.roles:
            found.append(f"{person.username[:50]}: {_fault('roles')}")
    return found


def read_plan(path: Path) -> OfficePlan:
    """The office that a TOML file describes; `docs/office.example.toml` shows one.

    Raises ServiceError `setup.bad_plan` with everything that is wrong in one line; OSError.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refused([str(error)]) from error
    reader = _Reader(tables)
    plan = reader.plan(path.parent)
    if found := [*reader.faults, *faults_in(plan)]:
        raise refused(list(dict.fromkeys(found)))
    return plan


def refused(faults: Iterable[str]) -> ServiceError:
    """The refusal of a plan with these faults."""
    return ServiceError("setup.bad_plan", ErrorKind.INVALID, parameters={"faults": "; ".join(faults)})


def read_time(text: str) -> time:
    """A time as `08:30` or `08.30`. Raises ValueError."""
    found = _CLOCK_TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a time of day")
    return time(int(found[1]), int(found[2]))


def with_public_holidays(own: Iterable[Holiday]) -> tuple[Holiday, ...]:
    """The office's own days off among the public ones; on a day of both, the office's name for it."""
    days = {holiday.day: holiday for holiday in (*shipped_holidays(), *own)}
    return tuple(holiday for _, holiday in sorted(days.items()))


def _fault(key: str) -> str:
    return TEXTS.get(f"setup.faults.{key}")


def _office_fault(name: str) -> str:
    return f"{name}: {TEXTS.get(f'faults.office.invalid.{name}')}"


class _Reader:
    """Reads the tables of a file and gathers what is wrong with their shape."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables = tables
        self.faults: list[str] = []
        for name, value in tables.items():
            known = _TABLES.get(name) or _LISTS.get(name)
            rows = value if isinstance(value, list) else [value]
            if known is None or isinstance(value, list) != (name in _LISTS):
                self._wrong(name)
            elif not all(isinstance(row, dict) and row.keys() <= known for row in rows):
                unknown = {str(key) for row in rows if isinstance(row, dict) for key in row} - known
                self._wrong(f"{name} {' '.join(sorted(unknown))}".strip())

    def plan(self, folder: Path) -> OfficePlan:
        """The plan, with shipped values where the file is silent or wrong."""
        office, hours, privacy = (self._table(name) for name in ("office", "hours", "privacy"))
        drawn = None
        if named := self._text(office, "office.seal"):
            drawn = self._tried("office.seal", lambda: seal.draw((folder / named).read_bytes()))
        closes = self._time(hours, "hours.closes") or time(16, 30)
        holidays = [self._holiday(row) for row in self._rows("holidays")]
        facts = OfficeFacts(
            name=self._text(office, "office.name"),
            address=self._text(office, "office.address"),
            phone=self._text(office, "office.phone"),
            email=self._text(office, "office.email"),
            latitude=self._number(office, "office.latitude"),
            longitude=self._number(office, "office.longitude"),
            header_colour=self._text(office, "office.header_colour"),
            action_colour=self._text(office, "office.action_colour"),
            opens_at=self._time(hours, "hours.opens") or time(8, 30),
            closes_at=closes,
            lunch_starts_at=self._time(hours, "hours.lunch_starts"),
            lunch_ends_at=self._time(hours, "hours.lunch_ends"),
            holidays=with_public_holidays(day for day in holidays if day is not None),
            privacy_contact=self._text(privacy, "privacy.contact"),
            privacy_phone=self._text(privacy, "privacy.phone"),
            privacy_email=self._text(privacy, "privacy.email"),
        )
        return OfficePlan(
            facts=facts,
            departments=tuple(self._text(row, "departments.name") for row in self._rows("departments")),
            people=tuple(self._person(row) for row in self._rows("people")),
            drawn_seal=drawn,
        )

    def _person(self, row: Mapping[str, Any]) -> Person:
        named = row.get("roles", [])
        roles = self._tried("people.roles", lambda: tuple(Role(name) for name in named)) or ()
        position = self._text(row, "people.position")
        return Person(
            username=self._text(row, "people.username").lower(),
            name=self._text(row, "people.name"),
            roles=roles,
            position=self._tried("people.position", lambda: Position(position)) if position else None,
            department=self._text(row, "people.department"),
        )

    def _holiday(self, row: Mapping[str, Any]) -> Holiday | None:
        day, name = str(row.get("day", "")), self._text(row, "holidays.name")
        return self._tried(f"holidays {day[:20]}", lambda: Holiday(day=parse_thai_date(day), name=name))

    def _table(self, name: str) -> Mapping[str, Any]:
        value = self._tables.get(name, {})
        return value if isinstance(value, dict) else {}

    def _rows(self, name: str) -> list[Mapping[str, Any]]:
        value = self._tables.get(name, [])
        return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

    def _text(self, row: Mapping[str, Any], field: str) -> str:
        value = row.get(field.rpartition(".")[2], "")
        if isinstance(value, str):
            return value.strip()
        self._wrong(field)
        return ""

    def _number(self, row: Mapping[str, Any], field: str) -> float | None:
        value = row.get(field.rpartition(".")[2])
        if value is None or type(value) in (int, float):
            return value
        self._wrong(field)
        return None

    def _time(self, row: Mapping[str, Any], field: str) -> time | None:
        text = str(row.get(field.rpartition(".")[2], ""))
        return self._tried(field, lambda: read_time(text)) if text else None

    def _tried(self, field: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (ValueError, TypeError, OSError, ServiceError):
            self._wrong(field)
            return None

    def _wrong(self, field: str) -> None:
        self.faults.append(f"{field}: {_fault('shape')}")
