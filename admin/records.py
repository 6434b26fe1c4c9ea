"""Who did what: the audit, to be searched and verified. It holds no words of residents."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request
from fastapi.responses import Response

from admin.access import MAX_ID, console_of, guarded
from admin.pages import page, redirect
from admin.record_pages import Asked, last_verification, records_page
from admin.typed_day import LONGEST, typed_day
from eservice.kit.http import Reader
from eservice.operations import chains
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/records")

HOME = "/admin/records"
Auditor = Annotated[Principal, guarded(Permission.AUDIT_READ)]
Short = Annotated[str, Query(max_length=100)]


@router.get("")
def show(
    request: Request,
    staff: Auditor,
    reader: Reader,
    person: Short = "",
    deed: Short = "",
    kind: Short = "",
    number: Short = "",
    begin: Annotated[str, Query(alias="from", max_length=LONGEST)] = "",
    end: Annotated[str, Query(alias="to", max_length=LONGEST)] = "",
    before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Response:
    """The newest records that fit what was asked, or those before a place in the list."""
    texts = console_of(request).texts
    first, last = typed_day(begin), typed_day(end)
    asked = Asked(
        person=person.strip(),
        deed=deed,
        kind=kind,
        number=number.strip(),
        begin=first.day,
        end=last.day,
        before=before,
    )
    return page(
        request,
        "records/records.html",
        first=first,
        last=last,
        listed=records_page(reader, texts, asked, staff),
        verified=last_verification(reader, texts),
    )


@router.post("/verify")
def verify(request: Request, staff: Auditor, after: BackgroundTasks) -> Response:
    """Has all chains verified once this is answered; the outcome is on record, and shown on the page."""
    console = console_of(request)
    after.add_task(chains.verify_on_record, console.database, console.settings, actor=staff.username)
    return redirect(request, HOME, flash="records.verifying")
