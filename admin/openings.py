"""Whether the traffic log is opened: the second person's page. Nothing of the log itself is shown here."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin import opening_pages
from admin.access import console_of, guarded
from admin.pages import RowId, page, redirect, refilling, told_on
from eservice.kit.http import Reader, Uow
from eservice.staff.permissions import Permission, Principal
from eservice.traffic import openings

router = APIRouter(prefix="/openings")
Approver = Annotated[Principal, guarded(Permission.TRAFFIC_APPROVE)]

HOME = "/admin/openings"


@router.get("")
def show(request: Request, reader: Reader, staff: Approver) -> Response:
    """Those that wait, those in force, those that have ended."""
    texts, name = console_of(request).texts, staff.username
    return page(
        request,
        "records/approvals.html",
        waiting=opening_pages.rows(reader, texts, openings.waiting(reader), name),
        open=opening_pages.rows(reader, texts, openings.open_now(reader), name),
        ended=opening_pages.rows(reader, texts, openings.ended(reader), name),
    )


@router.get("/{opening_id:int}")
def look(request: Request, reader: Reader, staff: Approver, opening_id: RowId) -> Response:
    """One of them, to decide on or to close."""
    row = opening_pages.row(reader, console_of(request).texts, opening_id, staff.username)
    return page(request, "records/approval.html", row=row, reason="")


@router.post("/{opening_id:int}/approve")
def approve(request: Request, uow: Uow, staff: Approver, opening_id: RowId) -> Response:
    """The second person agrees."""
    with told_on(request, f"{HOME}/{opening_id}"):
        openings.approve(uow, opening_id, by=staff)
    return redirect(request, f"{HOME}/{opening_id}", flash="openings.approved")


@router.post("/{opening_id:int}/refuse")
def refuse(
    request: Request,
    uow: Uow,
    staff: Approver,
    opening_id: RowId,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """The second person does not agree, and says why."""
    row = opening_pages.row(uow, console_of(request).texts, opening_id, staff.username)
    with refilling(request, "records/approval.html", row=row, reason=reason):
        openings.refuse(uow, opening_id, reason, by=staff)
    return redirect(request, f"{HOME}/{opening_id}", flash="openings.refused")


@router.post("/{opening_id:int}/close")
def close(request: Request, uow: Uow, staff: Approver, opening_id: RowId) -> Response:
    """Ends one before its time."""
    with told_on(request, f"{HOME}/{opening_id}"):
        openings.close(uow, opening_id, by=staff)
    return redirect(request, f"{HOME}/{opening_id}", flash="openings.closed")
