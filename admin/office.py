"""The room of the office's settings: what residents are told of it, its hours, and who may embed the chat."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import guarded
from admin.pages import page, redirect, refilling
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import BUDDHIST_ERA_OFFSET, leading_thai_date
from eservice.office import service
from eservice.office.holidays import Holiday
from eservice.office.service import OfficeFacts
from eservice.staff.permissions import Permission, Principal

_CLOCK_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")

router = APIRouter(prefix="/office")
Manager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]


@router.get("")
def show(request: Request, reader: Reader, staff: Manager) -> Response:
    """The office's settings, to be changed."""
    facts = service.facts_of(service.get_office(reader))
    return page(request, "office/settings.html", form=_as_typed(facts))


@router.post("")
def change(
    request: Request,
    uow: Uow,
    staff: Manager,
    name: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    phone: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    opens_at: Annotated[str, Form()] = "",
    closes_at: Annotated[str, Form()] = "",
    lunch_starts_at: Annotated[str, Form()] = "",
    lunch_ends_at: Annotated[str, Form()] = "",
    holidays: Annotated[str, Form()] = "",
    widget_origins: Annotated[str, Form()] = "",
) -> Response:
    """Changes the settings; residents are told the new ones from now on."""
    known = service.facts_of(service.get_office(uow))
    typed = {
        "name": name,
        "address": address,
        "phone": phone,
        "email": email,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "lunch_starts_at": lunch_starts_at,
        "lunch_ends_at": lunch_ends_at,
        "holidays": holidays,
        "widget_origins": widget_origins,
    }
    with refilling(request, "office/settings.html", form=typed):
        facts = replace(
            known,
            name=name,
            address=address,
            phone=phone,
            email=email,
            opens_at=clock_time("opens_at", opens_at),
            closes_at=clock_time("closes_at", closes_at),
            lunch_starts_at=optional_time("lunch_starts_at", lunch_starts_at),
            lunch_ends_at=optional_time("lunch_ends_at", lunch_ends_at),
            holidays=tuple(holidays_in(holidays)),
            widget_origins=tuple(line.strip().rstrip("/") for line in _lines(widget_origins)),
        )
        service.update_office(uow, facts, actor=staff.username)
    return redirect(request, "/admin/office", flash="office.saved")


def _as_typed(facts: OfficeFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "address": facts.address,
        "phone": facts.phone,
        "email": facts.email,
        "opens_at": time_words(facts.opens_at),
        "closes_at": time_words(facts.closes_at),
        "lunch_starts_at": time_words(facts.lunch_starts_at),
        "lunch_ends_at": time_words(facts.lunch_ends_at),
        "holidays": "\n".join(holiday_line(holiday) for holiday in facts.holidays),
        "widget_origins": "\n".join(facts.widget_origins),
    }


def holiday_line(holiday: Holiday) -> str:
    """The day as a line of the list of holidays."""
    day = holiday.day
    return f"{day.day}/{day.month}/{day.year + BUDDHIST_ERA_OFFSET} {holiday.name}"


def holidays_in(text: str) -> Iterator[Holiday]:
    """One holiday a line: the day, a space, its name. Raises ServiceError `office.invalid`."""
    for line in _lines(text):
        try:
            day, name = leading_thai_date(line)
            yield Holiday(day=day, name=name)
        except ValueError:
            raise invalid("office.invalid", holidays="invalid") from None


def time_words(value: time | None) -> str:
    """The time as a form shows it."""
    return value.strftime("%H:%M") if value is not None else ""


def optional_time(field: str, text: str) -> time | None:
    """A time, or None for an empty field. Raises ServiceError `office.invalid`."""
    return clock_time(field, text) if text.strip() else None


def clock_time(field: str, text: str) -> time:
    """A time as `08:30` or, as Thais write it, `08.30`. Raises ServiceError `office.invalid`."""
    found = _CLOCK_TIME.fullmatch(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise invalid("office.invalid", **{field: "invalid"})
    return time(int(found[1]), int(found[2]))


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())
