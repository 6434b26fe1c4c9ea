"""The page of incidents with personal data: noting one, the 72 hours to the PDPC, telling people, closing."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.list_readings import note_export
from admin.pages import RowId, clock_words, page, redirect, refilling
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import BANGKOK, parse_thai_date, thai_datetime
from eservice.privacy import breaches, register
from eservice.privacy.breaches import NewBreach
from eservice.privacy.models import Breach, BreachRisk
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/privacy/breaches")
Handler = Annotated[Principal, guarded(Permission.PRIVACY_HANDLE)]

HOME = "/admin/privacy/breaches"
_RISKS = tuple(BreachRisk)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One incident as the pages show it."""

    id: int
    noticed: str
    what: str
    data: str
    people: str
    risk: str
    is_high: bool
    tone: str
    clock: str
    is_running: bool
    is_late: bool
    is_past_excuse: bool
    reported: str
    in_time: str  # whether the report came within 72 hours, within 15 days, or later; "" without one
    late_reason: str
    told: str
    told_words: str
    closed: str
    measures: str


@router.get("")
def show(request: Request, reader: Reader, staff: Handler) -> Response:
    """Every incident, and the form for a new one."""
    return page(request, "privacy/breaches.html", rows=_rows(request, reader), form=_blank(), risks=_RISKS)


@router.post("")
def note(
    request: Request,
    uow: Uow,
    staff: Handler,
    day: Annotated[str, Form()] = "",
    clock: Annotated[str, Form()] = "",
    what: Annotated[str, Form()] = "",
    data: Annotated[str, Form()] = "",
    people: Annotated[str, Form()] = "",
    risk: Annotated[str, Form()] = "",
) -> Response:
    """Notes an incident."""
    form = {"day": day, "clock": clock, "what": what, "data": data, "people": people, "risk": risk}
    rows = _rows(request, uow)
    with refilling(request, "privacy/breaches.html", rows=rows, form=form, risks=_RISKS):
        new = NewBreach(
            noticed_at=_instant(day, clock),
            what=what,
            data=data,
            people=_number(people),
            risk=_risk(risk),
        )
        breach = breaches.note(uow, new, by=staff.username)
    return redirect(request, f"{HOME}/{breach.id}", flash="privacy.breach_noted")


@router.get("/{breach_id:int}")
def look(request: Request, reader: Reader, staff: Handler, breach_id: RowId) -> Response:
    """One incident with its clock; it prints on one sheet."""
    return page(request, "privacy/breach.html", row=_row_of(request, reader, breach_id), typed={})


@router.post("/{breach_id:int}/{step}")
def go_on(
    request: Request,
    uow: Uow,
    staff: Handler,
    breach_id: RowId,
    step: str,
    words: Annotated[str, Form()] = "",
) -> Response:
    """The next step: the PDPC was told, the people were told, or it is over."""
    steps = {"report": breaches.report, "tell": breaches.tell_people, "close": breaches.close}
    row = _row_of(request, uow, breach_id)
    act = steps.get(step)
    if act is None:
        return redirect(request, f"{HOME}/{breach_id}")
    with refilling(request, "privacy/breach.html", row=row, typed={step: words}):
        act(uow, breach_id, words, by=staff.username)
    return redirect(request, f"{HOME}/{breach_id}", flash="privacy.breach_saved")


@router.get("/all.csv")
def download(request: Request, reader: Reader, staff: Handler) -> Response:
    """Every incident as a table that no spreadsheet takes for formulas."""
    note_export(request, staff, "breach_list")
    texts = console_of(request).texts
    fields = (
        "noticed",
        "what",
        "data",
        "people",
        "risk",
        "reported",
        "in_time",
        "late_reason",
        "told",
        "closed",
        "measures",
    )
    header = [texts.get(f"privacy_room.breach.{field}") for field in fields]
    lines = [[getattr(row, field) for field in fields] for row in _rows(request, reader)]
    headers = {"Content-Disposition": 'attachment; filename="breaches-of-data.csv"'}
    return Response(register.as_csv(header, lines), media_type="text/csv; charset=utf-8", headers=headers)


def _rows(request: Request, reader: Reader) -> list[Row]:
    texts = console_of(request).texts
    return [_row(texts, breach, reader.now) for breach in breaches.all_breaches(reader)]


def _row_of(request: Request, reader: Reader, breach_id: int) -> Row:
    return _row(console_of(request).texts, breaches.get_breach(reader, breach_id), reader.now)


def _row(texts: Catalogue, breach: Breach, now: datetime) -> Row:
    clock = breaches.clock(breach, now)
    return Row(
        id=breach.id,
        noticed=thai_datetime(breach.noticed_at),
        what=breach.what,
        data=breach.data,
        people=f"{breach.people:,}",
        risk=texts.get(f"privacy_room.risk.{breach.risk.value}"),
        is_high=breach.risk is BreachRisk.HIGH,
        tone="neutral" if breach.closed_at else ("error" if clock.is_late else "warn"),
        clock=clock_words(texts, clock.left),
        is_running=clock.is_running,
        is_late=clock.is_late,
        is_past_excuse=clock.is_past_excuse,
        reported=thai_datetime(breach.reported_at) if breach.reported_at else "",
        in_time=_in_time(texts, clock) if breach.reported_at else "",
        late_reason=breach.late_reason,
        told=thai_datetime(breach.told_at) if breach.told_at else "",
        told_words=breach.told_words,
        closed=thai_datetime(breach.closed_at) if breach.closed_at else "",
        measures=breach.measures,
    )


def _in_time(texts: Catalogue, clock: breaches.Clock) -> str:
    key = "past_excuse" if clock.is_past_excuse else "late" if clock.is_late else "in_time"
    return texts.get(f"privacy_room.breach.was.{key}")


def _blank() -> dict[str, str]:
    return {"day": "", "clock": "", "what": "", "data": "", "people": "", "risk": BreachRisk.RISK.value}


def _instant(day: str, clock: str) -> datetime:
    try:
        found = parse_thai_date(day)
        hour, minute = clock.strip().replace(".", ":").split(":")
        return datetime.combine(found, time(int(hour), int(minute)), BANGKOK)
    except ValueError as error:
        raise invalid("privacy.bad_breach", noticed_at="invalid") from error


def _number(typed: str) -> int:
    bare = typed.replace(",", "").strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 9 else -1


def _risk(typed: str) -> BreachRisk:
    try:
        return BreachRisk(typed)
    except ValueError as error:
        raise invalid("privacy.bad_breach", risk="invalid") from error
