"""The room of personal data: requests of persons with their clocks, deciding them, keeping times, the register."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.list_readings import note_list
from admin.pages import RowId, page, redirect, refilling
from admin.privacy_office import context, without_ids
from admin.privacy_pages import row_of
from eservice.kit import audit
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import deliveries
from eservice.privacy import askers, at_office, register, requests, retention, ropa
from eservice.privacy.models import PrivacyRequest
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/privacy")
Handler = Annotated[Principal, guarded(Permission.PRIVACY_HANDLE)]

HOME = "/admin/privacy"


class RegisterFile(StrEnum):
    """The forms in which the register is given."""

    CSV = "csv"
    XLSX = "xlsx"


@router.get("")
def show(
    request: Request, reader: Reader, staff: Handler, done: Annotated[str, Query(max_length=3)] = ""
) -> Response:
    """What waits, the most urgent first; or what is done."""
    is_done = done == "yes"
    found = requests.handled(reader) if is_done else requests.waiting(reader)
    return _listed(request, reader, staff, found, "handled" if is_done else "waiting")


@router.get("/untold")
def show_untold(request: Request, reader: Reader, staff: Handler) -> Response:
    """What is decided, of persons without a chat who do not know yet."""
    return _listed(request, reader, staff, at_office.untold(reader), "untold")


@router.get("/{request_id:int}")
def look(request: Request, reader: Reader, staff: Handler, request_id: RowId) -> Response:
    """One request; that it was opened is on record first."""
    audit.note_reading(
        console_of(request).database,
        actor=staff.username,
        action="privacy.request_read",
        subject_kind="privacy_request",
        find=lambda looking: requests.for_staff(looking, request_id, staff).id,
    )
    found = requests.for_staff(reader, request_id, staff)
    return page(request, "privacy/request.html", **context(request, reader, staff, found))


@router.post("/{request_id:int}/do")
def do(
    request: Request, uow: Uow, staff: Handler, request_id: RowId, outcome: Annotated[str, Form()] = ""
) -> Response:
    """Does what was asked, and tells the person where there is a chat."""
    found = requests.for_staff(uow, request_id, staff)
    with refilling(
        request, "privacy/request.html", **context(request, uow, staff, found, without_ids(outcome=outcome))
    ):
        requests.agree(
            uow,
            request_id,
            outcome,
            by=staff,
            signing_key=console_of(request).settings.signing_key,
        )
    return _decided(request, uow, request_id, "privacy.done")


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
    found = requests.for_staff(uow, request_id, staff)
    typed = without_ids(reason=reason, law=law)
    with refilling(request, "privacy/request.html", **context(request, uow, staff, found, typed)):
        requests.refuse(uow, request_id, reason, law, by=staff)
    return _decided(request, uow, request_id, "privacy.refused")


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


def _listed(
    request: Request, reader: ReadOnly, staff: Principal, found: Sequence[PrivacyRequest], here: str
) -> Response:
    note_list(request, staff, "privacy_list")
    texts = console_of(request).texts
    rows = [row_of(reader, texts, each, staff) for each in found]
    return page(request, "privacy/requests.html", rows=rows, here=here)


def _decided(request: Request, uow: UnitOfWork, request_id: int, flash: str) -> Response:
    request.app.state.signals.notify(uow, deliveries.TOPIC)
    is_at_office = askers.find(uow, request_id) is not None
    return redirect(
        request, f"{HOME}/{request_id}", flash="privacy.decided_untold" if is_at_office else flash
    )
