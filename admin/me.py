"""My account: name and roles, the password, the second factor, and the browsers that are signed in."""

from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import CurrentVisit, SignedIn, Visit, console_of, needs_second_factor
from admin.own_browser import browser_of, password_refusal, put_signed_in
from admin.pages import RowId, page, redirect, refilling
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import accounts, devices, queries, second_factor, sessions, sign_in
from eservice.staff.passwords import MIN_LENGTH
from eservice.staff.permissions import Principal

MY_PAGE = "/admin/me"

router = APIRouter()


@router.get("/me")
def show_me(request: Request, reader: Reader, visit: CurrentVisit, staff: SignedIn) -> Response:
    """One's own name and roles, password, second factor and open sessions."""
    return page(request, "me/me.html", **_my_context(request, reader, visit, staff))


@router.post("/me/password")
def change_password(
    request: Request,
    visit: CurrentVisit,
    staff: SignedIn,
    current: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
) -> Response:
    """Changes one's own password and signs every other browser out."""
    database = console_of(request).database
    with database.read() as reader:
        context = _my_context(request, reader, visit, staff)
    with refilling(request, "me/me.html", **context):
        if password != repeated:
            raise invalid("staff.password_differs", repeated="differs")
        outcome = sign_in.change_password(database, staff.account_id, current, password, browser_of(request))
        match outcome:
            case sign_in.SignedIn():
                response = redirect(request, MY_PAGE, flash="password_changed")
                put_signed_in(console_of(request), response, outcome)
                return response
            case sign_in.WrongPassword() | sign_in.MustWait():
                raise password_refusal(outcome)
            case unknown:
                assert_never(unknown)


@router.post("/me/sessions/{session_id}/end")
def end_session(request: Request, uow: Uow, staff: SignedIn, session_id: RowId) -> Response:
    """Signs one of one's own browsers out."""
    accounts.end_sessions(uow, staff.account_id, actor=staff.username, session_id=session_id)
    return redirect(request, MY_PAGE, flash="session_ended")


@router.post("/me/sessions/end-others")
def end_other_sessions(request: Request, uow: Uow, visit: CurrentVisit, staff: SignedIn) -> Response:
    """Signs all of one's browsers out but this one."""
    accounts.end_sessions(uow, staff.account_id, actor=staff.username, but=visit.session_id)
    return redirect(request, MY_PAGE, flash="other_sessions_ended")


def browsers(reader: ReadOnly, account_id: int) -> list[tuple[sessions.OpenSession, tuple[str, str]]]:
    """The open sessions of an account, each with the names of its browser and system."""
    return [(each, devices.in_words(each.user_agent)) for each in sessions.sessions_of(reader, account_id)]


def _my_context(request: Request, reader: ReadOnly, visit: Visit, staff: Principal) -> dict[str, Any]:
    return {
        "department_names": queries.department_names(reader),
        "grants": queries.in_order(staff.grants),
        "browsers": browsers(reader, staff.account_id),
        "session_id": visit.session_id,
        "has_password": queries.account_by_id(reader, staff.account_id).password_hash is not None,
        "factor": second_factor.state_of(reader, staff.account_id),
        "is_required": needs_second_factor(console_of(request), staff),
        "min_length": MIN_LENGTH,
    }
