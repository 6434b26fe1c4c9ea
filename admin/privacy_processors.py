"""The page of those who handle personal data for the office: the agreement with each, noted with its day and number."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.pages import page, redirect, refilling
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import parse_thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.privacy import processors, ropa
from eservice.privacy.processors import NewAgreement, Processor
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/privacy/processors")
Handler = Annotated[Principal, guarded(Permission.PRIVACY_HANDLE)]

HOME = "/admin/privacy/processors"
_BLANK = {"key": "", "day": "", "reference": "", "needless": ""}


@router.get("")
def show(request: Request, reader: Reader, staff: Handler) -> Response:
    """Everybody who handles data for us, and the form for an agreement."""
    return page(request, "privacy/processors.html", rows=_rows(request, reader), form=_BLANK)


@router.post("")
def note(
    request: Request,
    uow: Uow,
    staff: Handler,
    key: Annotated[str, Form(max_length=60)] = "",
    day: Annotated[str, Form()] = "",
    reference: Annotated[str, Form()] = "",
    needless: Annotated[str, Form()] = "",
) -> Response:
    """Notes the agreement with one of them, or that none is needed."""
    form = {"key": key, "day": day, "reference": reference, "needless": needless}
    with refilling(request, "privacy/processors.html", rows=_rows(request, uow), form=form):
        new = NewAgreement(key=key, on=_day(day), reference=reference, is_needless=needless == "yes")
        processors.note(uow, console_of(request).settings, new, by=staff.username)
    return redirect(request, HOME, flash="privacy.agreement_noted")


@router.post("/end")
def end(
    request: Request, uow: Uow, staff: Handler, key: Annotated[str, Form(max_length=60)] = ""
) -> Response:
    """Takes an agreement that is over off the list."""
    processors.end(uow, key, by=staff.username)
    return redirect(request, HOME, flash="privacy.agreement_ended")


def _rows(request: Request, reader: ReadOnly) -> list[tuple[Processor, str]]:
    """Each with how it stands with the agreement."""
    console = console_of(request)
    found = processors.all_processors(reader, console.settings)
    return [(each, ropa.agreement_words(console.texts, each)) for each in found]


def _day(typed: str) -> date:
    try:
        return parse_thai_date(typed)
    except ValueError as error:
        raise invalid("privacy.bad_agreement", on="invalid") from error
