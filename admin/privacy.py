"""The room of personal data: requests of persons with their clocks, deciding them, keeping times, the register."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy import select

from admin.access import Console, console_of, guarded
from admin.pages import RowId, page, redirect, refilling
from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.complaints.states import is_open
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import deliveries
from eservice.messaging.models import Contact
from eservice.operations import old_copies
from eservice.privacy import register, requests, retention, ropa
from eservice.privacy.alarms import SOON
from eservice.privacy.models import PrivacyRequest, RequestKind, RequestState
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/privacy")
Handler = Annotated[Principal, guarded(Permission.PRIVACY_HANDLE)]

HOME = "/admin/privacy"
_TONES = {
    RequestState.OPEN: "warn",
    RequestState.ERASING: "info",
    RequestState.DONE: "done",
    RequestState.REFUSED: "neutral",
}


class RegisterFile(StrEnum):
    """The forms in which the register is given."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, kw_only=True)
class Copies:
    """What an erasure does not reach: `until` is when the last copy is gone that may be there now."""

    until: str
    is_too_late: bool  # for the day by which the erasure must be complete
    old: tuple[str, ...]  # paths of copies that should be gone by now


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request as the pages show it."""

    id: int
    number: str
    kind: str
    state: str
    tone: str
    who: str
    asked: str
    due: str
    left: str
    is_late: bool
    is_soon: bool
    erase_by: str
    words: str
    outcome: str
    by: str
    is_open: bool
    is_erasure: bool
    is_answered_at_once: bool
    open_cases: int
    copies: Copies | None  # of an erasure that waits


@router.get("")
def show(
    request: Request, reader: Reader, staff: Handler, done: Annotated[str, Query(max_length=3)] = ""
) -> Response:
    """What waits, the most urgent first; or what is done."""
    is_done = done == "yes"
    found = requests.handled(reader) if is_done else requests.waiting(reader)
    rows = [_row(reader, console_of(request), each) for each in found]
    return page(request, "privacy/requests.html", rows=rows, is_done=is_done)


@router.get("/{request_id:int}")
def look(request: Request, reader: Reader, staff: Handler, request_id: RowId) -> Response:
    """One request."""
    row = _row(reader, console_of(request), requests.get_request(reader, request_id))
    return page(request, "privacy/request.html", row=row, form={"outcome": "", "reason": "", "law": ""})


@router.post("/{request_id:int}/do")
def do(
    request: Request, uow: Uow, staff: Handler, request_id: RowId, outcome: Annotated[str, Form()] = ""
) -> Response:
    """Does what was asked, and tells the person."""
    row = _row(uow, console_of(request), requests.get_request(uow, request_id))
    form = {"outcome": outcome, "reason": "", "law": ""}
    with refilling(request, "privacy/request.html", row=row, form=form):
        requests.agree(
            uow,
            request_id,
            outcome,
            by=staff.username,
            signing_key=console_of(request).settings.signing_key,
        )
    request.app.state.signals.notify(uow, deliveries.TOPIC)
    return redirect(request, f"{HOME}/{request_id}", flash="privacy.done")


@router.post("/{request_id:int}/refuse")
def refuse(
    request: Request,
    uow: Uow,
    staff: Handler,
    request_id: RowId,
    reason: Annotated[str, Form()] = "",
    law: Annotated[str, Form()] = "",
) -> Response:
    """Says no, why, and by which law."""
    row = _row(uow, console_of(request), requests.get_request(uow, request_id))
    form = {"outcome": "", "reason": reason, "law": law}
    with refilling(request, "privacy/request.html", row=row, form=form):
        requests.refuse(uow, request_id, reason, law, by=staff.username)
    request.app.state.signals.notify(uow, deliveries.TOPIC)
    return redirect(request, f"{HOME}/{request_id}", flash="privacy.refused")


@router.get("/keeping")
def show_keeping(request: Request, reader: Reader, staff: Handler) -> Response:
    """How long each class is kept, and how much would go now."""
    last = retention.last_run(reader)
    return page(
        request,
        "privacy/keeping.html",
        classes=retention.due(reader),
        last_at=thai_datetime(last.at) if last else "",
        last_rows=sum(last.counts.values()) if last else 0,
    )


@router.post("/keeping")
def keep(
    request: Request,
    uow: Uow,
    staff: Handler,
    name: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
) -> Response:
    """Sets the keeping time of one class."""
    wanted = int(days) if days.strip().isascii() and days.strip().isdigit() and len(days) < 7 else 0
    with refilling(request, "privacy/keeping.html", classes=retention.due(uow), last_at="", last_rows=0):
        retention.set_days(uow, name, wanted, by=staff.username)
    return redirect(request, f"{HOME}/keeping", flash="privacy.kept")


@router.get("/register")
def show_register(request: Request, reader: Reader, staff: Handler) -> Response:
    """What is kept, why and how long."""
    console = console_of(request)
    controller, _, partners, measures, refused = ropa.sheets(reader, console.settings, console.texts)
    return page(
        request,
        "privacy/register.html",
        tables=register.register(),
        days=retention.days_of(reader),
        controller=controller,
        others=(partners, measures, refused),
    )


@router.get("/register/{kind}")
def download(request: Request, reader: Reader, staff: Handler, kind: RegisterFile) -> Response:
    """The register as a file."""
    console = console_of(request)
    sheets = ropa.sheets(reader, console.settings, console.texts)
    if kind is RegisterFile.CSV:
        content, media_type = register.sheets_as_csv(sheets), "text/csv; charset=utf-8"
    else:
        content = register.as_xlsx(sheets)
        media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Content-Disposition": f'attachment; filename="ropa.{kind.value}"'}
    return Response(content, media_type=media_type, headers=headers)


def _row(reader: ReadOnly, console: Console, request: PrivacyRequest) -> Row:
    texts = console.texts
    days_left = (request.due_at - reader.now).days
    is_waiting = request.state in requests.WAITING
    return Row(
        id=request.id,
        number=requests.number(request),
        kind=texts.get(f"privacy.kinds.{request.kind.value}"),
        state=texts.get(f"privacy.states.{request.state.value}"),
        tone=_TONES[request.state],
        who=_who(reader, texts, request),
        asked=thai_datetime(request.asked_at),
        due=thai_date(request.due_at),
        left=texts.get("privacy_room.days_left", days=max(days_left, 0)),
        is_late=is_waiting and request.due_at < reader.now,
        is_soon=is_waiting and request.due_at <= reader.now + SOON,
        erase_by=thai_date(request.erase_by) if request.erase_by else "",
        words=request.words,
        outcome=" ".join(filter(None, (request.outcome, request.law))),
        by=_by(request),
        is_open=request.state is RequestState.OPEN,
        is_erasure=request.kind is RequestKind.ERASURE,
        is_answered_at_once=request.kind in (RequestKind.COPY, RequestKind.WITHDRAWAL),
        open_cases=_open_cases(reader, request),
        copies=_copies(reader, console, request),
    )


def _copies(reader: ReadOnly, console: Console, request: PrivacyRequest) -> Copies | None:
    if request.erase_by is None or request.state not in requests.WAITING:
        return None
    until = old_copies.gone_by(console.settings, reader.now)
    with suppress(OSError):  # what may not be read here is for `doctor` to say
        old = tuple(str(copy.path) for copy in old_copies.too_old(console.settings, reader.now))
        return Copies(until=thai_date(until), is_too_late=until > request.erase_by, old=old)
    return Copies(until=thai_date(until), is_too_late=until > request.erase_by, old=())


def _by(request: PrivacyRequest) -> str:
    at: datetime | None = request.handled_at
    return f"{request.handled_by or ''} {thai_datetime(at)}".strip() if at else ""


def _who(reader: ReadOnly, texts: Catalogue, request: PrivacyRequest) -> str:
    if request.complaint_id is not None:
        complaint = reader.session.get_one(Complaint, request.complaint_id)
        return texts.get("privacy_room.holder_of_key", number=shown(complaint.number))
    contact = reader.session.get(Contact, request.contact_id) if request.contact_id else None
    if contact is None:
        return texts.get("privacy_room.nobody")
    name = contact.display_name or texts.get("privacy_room.no_name")
    return f"{name} ({texts.get(f'privacy_room.channel.{contact.channel.value}')})"


def _open_cases(reader: ReadOnly, request: PrivacyRequest) -> int:
    if request.complaint_id is not None:
        which = Complaint.id == request.complaint_id
    else:
        which = Complaint.contact_id == (request.contact_id or 0)
    return sum(is_open(state) for state in reader.session.scalars(select(Complaint.state).where(which)))
