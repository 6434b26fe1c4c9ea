"""The complaints: the list, the board, the page of one, and what keeps them fresh without a reload.

Only `_case` leads to a complaint, so that nobody reads one that is outside their reach.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool

from admin.access import console_of, guarded
from admin.case_list import AskedQuery, board_page, choices, list_page
from admin.case_pages import CasePage, case_page
from admin.list_readings import note_list
from admin.pages import fragment, page
from eservice.complaints import queries
from eservice.complaints.models import ComplaintComment, ComplaintEvent, Escalation
from eservice.complaints.redactions import Redaction
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.http import Reader
from eservice.kit.unit_of_work import ReadOnly
from eservice.notifications.relay import BOARD
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/cases")

Looker = Annotated[Principal, guarded(Permission.CASE_READ)]
After = Annotated[str, Query(max_length=40)]
WAIT_SECONDS = 25.0
_SHOWN = (ComplaintEvent, ComplaintComment, Escalation, Redaction)
_STAMP = r"^[0-9]{1,12}(-[0-9]{1,12}){3}$"


@router.get("")
def show_list(
    request: Request, staff: Looker, reader: Reader, asked: AskedQuery, after: After = ""
) -> Response:
    """The list."""
    note_list(request, staff, "complaint_list")
    return page(
        request,
        "cases/list.html",
        listed=list_page(reader, console_of(request).texts, staff, asked, after),
        choices=choices(reader, console_of(request).texts, staff),
        stamp=_stamp(reader),
    )


@router.get("/list")
def refresh_list(
    request: Request, staff: Looker, reader: Reader, asked: AskedQuery, after: After = ""
) -> Response:
    """The list again, as a fragment."""
    note_list(request, staff, "complaint_list")
    listed = list_page(reader, console_of(request).texts, staff, asked, after)
    return fragment(request, "cases/_list.html", listed=listed)


@router.get("/board")
def show_board(request: Request, staff: Looker, reader: Reader, asked: AskedQuery) -> Response:
    """The first complaints of every group, in columns."""
    note_list(request, staff, "complaint_list")
    texts = console_of(request).texts
    return page(
        request,
        "cases/board.html",
        listed=list_page(reader, texts, staff, asked, ""),
        columns=board_page(reader, texts, staff, asked),
        choices=choices(reader, texts, staff),
        stamp=_stamp(reader),
    )


@router.get("/board/columns")
def refresh_board(request: Request, staff: Looker, reader: Reader, asked: AskedQuery) -> Response:
    """The columns again, as a fragment."""
    note_list(request, staff, "complaint_list")
    columns = board_page(reader, console_of(request).texts, staff, asked)
    return fragment(request, "cases/_board.html", columns=columns)


@router.get("/changes")
async def wait_for_changes(
    request: Request, staff: Looker, seen: Annotated[str, Query(pattern=_STAMP)] = ""
) -> Response:
    """The stamp of all that happened to complaints: at once when it is not `seen`, else when it changes.

    Answers after some seconds at the latest, so that the sign-in is looked at again. It says that something
    happened, and nothing of what.
    """
    database = console_of(request).database
    with request.app.state.signals.waiting(BOARD) as waiter:
        stamp = await run_in_threadpool(_stamp_now, database)
        if stamp == seen:
            await waiter.wait(WAIT_SECONDS)
            stamp = await run_in_threadpool(_stamp_now, database)
    return JSONResponse({"stamp": stamp})


@router.get("/{case_id:int}")
def show_case(request: Request, staff: Looker, reader: Reader, case_id: int) -> Response:
    """One complaint."""
    shown = _opened(request, reader, staff, case_id)
    return page(request, "cases/case.html", case=shown, form={"refused_in": ""}, stamp=_stamp(reader))


@router.get("/{case_id:int}/live")
def refresh_case(
    request: Request, staff: Looker, reader: Reader, case_id: int, seen: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """What happened to it, as a fragment; with a word when it is not the version that the page shows."""
    shown = _opened(request, reader, staff, case_id)
    return fragment(request, "cases/_timeline.html", case=shown, seen=seen)


def _opened(request: Request, reader: ReadOnly, staff: Principal, case_id: int) -> CasePage:
    """The complaint, if it is within this person's reach; that they opened it is on record first."""
    console = console_of(request)
    audit.note_reading(
        console.database,
        actor=staff.username,
        action="complaint.read",
        subject_kind="complaint",
        find=lambda looking: queries.find(looking, case_id, staff).id,
    )
    return case_page(reader, console.texts, staff, queries.find(reader, case_id, staff))


def _stamp_now(database: Database) -> str:
    with database.read() as reader:
        return _stamp(reader)


def _stamp(reader: ReadOnly) -> str:
    """Changes with everything that the desk shows."""
    newest = (func.max(table.id) for table in _SHOWN)
    return "-".join(str(reader.session.scalar(select(number)) or 0) for number in newest)
