"""Starter answers that wait for their department: read one by one, and confirmed as right for this office."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import guarded
from admin.pages import page, redirect, told_on
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.setup import starter
from eservice.staff.permissions import Permission, Principal
from eservice.staff.queries import department_names
from knowledge.entries import service

router = APIRouter(prefix="/faq/starter")

HOME = "/admin/faq/starter"
AT_ONCE = 20  # on one page: more than that nobody reads

Confirmer = Annotated[Principal, guarded(Permission.FAQ_PUBLISH)]


@router.get("")
def show(request: Request, reader: Reader, staff: Confirmer) -> Response:
    """The drafts that this person may confirm, whole, some at a time."""
    waiting = starter.waiting(reader, staff)
    names = department_names(reader)
    rows = [
        {
            "id": row.entry_id,
            "number": row.number,
            "question": row.content.question,
            "lines": row.content.answer.splitlines(),
            "source": row.content.source,
            "department": names.get(row.content.department_id or 0, ""),
            "has_blanks": row.has_blanks,
        }
        for row in waiting[:AT_ONCE]
    ]
    return page(request, "setup/starter.html", rows=rows, total=len(waiting))


@router.post("")
def confirm(
    request: Request, uow: Uow, staff: Confirmer, entry: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Puts the ticked drafts before residents; each box says which version was read."""
    with told_on(request, HOME):
        read: dict[int, int] = {}
        for box in entry or ():
            entry_id, _, number = box.partition(":")
            if not (entry_id.isdecimal() and number.isdecimal() and len(box) < 20):
                raise invalid("http.invalid", entry="unknown")
            read[int(entry_id)] = int(number)
        if not read:
            raise invalid("setup.nothing_chosen", entry="empty")
        count = starter.confirm(uow, read, by=staff)
    request.app.state.signals.notify(uow, service.TOPIC)
    return redirect(request, HOME, flash="setup.confirmed", count=str(count))
