"""Signing in and out, one-time links, one's own password and sessions."""

from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import (
    HOME,
    SIGN_IN,
    CurrentVisit,
    SignedIn,
    Visit,
    console_of,
    safe_next,
)
from admin.pages import RowId, page, redirect, refilling, set_cookie
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import Reader, Uow, client_address
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import queries, sessions, sign_in
from eservice.staff.accounts import link_path
from eservice.staff.passwords import MIN_LENGTH
from eservice.staff.permissions import Principal

MY_PAGE = "/admin/me"

router = APIRouter()


@router.get("/login")
def show_sign_in(request: Request, visit: CurrentVisit, next: str = "") -> Response:
    """The sign-in form; whoever is signed in already goes straight on."""
    if visit.principal is not None:
        return redirect(request, safe_next(next))
    return page(request, "login/sign_in.html", username="", next=next)


@router.post("/login")
def sign_in_with_password(
    request: Request,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Signs in, on to the page that was asked for."""
    with refilling(request, "login/sign_in.html", username=username, next=next):
        token = _new_token(
            sign_in.sign_in(console_of(request).database, username, password, _browser(request)),
            wrong=ServiceError("staff.wrong_password", ErrorKind.INVALID),
        )
    return _signed_in(request, token, safe_next(next))


@router.post("/logout")
def sign_out(request: Request, uow: Uow, staff: SignedIn) -> Response:
    """Ends the session, here and on the server."""
    console = console_of(request)
    sessions.end(uow, request.cookies[console.session_cookie])
    response = redirect(request, SIGN_IN, flash="signed_out_now")
    _forget(request, response, console.session_cookie)
    return response


@router.get("/link/{token}")
def show_link(request: Request, reader: Reader, token: str) -> Response:
    """What a one-time link opens: choosing a password, or for the demo going straight in."""
    return page(request, "login/link.html", **_link_context(request, reader, token))


@router.post("/link/{token}")
def choose_password(
    request: Request,
    token: str,
    password: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
) -> Response:
    """Sets the first, or a forgotten, password and signs in."""
    database = console_of(request).database
    with database.read() as reader:
        context = _link_context(request, reader, token)
    with refilling(request, "login/link.html", **context):
        _same(password, repeated)
        outcome = sign_in.choose_password(database, token, password, _browser(request))
    return _signed_in(request, outcome.token, HOME, flash="password_chosen")


@router.post("/link/{token}/enter")
def enter_with_link(request: Request, token: str) -> Response:
    """Goes into the demo office without a password; only on a machine of one's own."""
    console = console_of(request)
    if console.settings.app_env != "local":
        raise ServiceError("staff.not_demo", ErrorKind.FORBIDDEN)
    outcome = sign_in.sign_in_with_link(console.database, token, _browser(request))
    return _signed_in(request, outcome.token, HOME, flash="demo_entered")


@router.get("/me")
def show_me(request: Request, reader: Reader, visit: CurrentVisit, staff: SignedIn) -> Response:
    """One's own name and roles, password and open sessions."""
    return page(request, "login/me.html", **_my_context(reader, visit, staff))


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
        context = _my_context(reader, visit, staff)
    with refilling(request, "login/me.html", **context):
        _same(password, repeated)
        token = _new_token(
            sign_in.change_password(database, staff.account_id, current, password, _browser(request)),
            wrong=ServiceError(
                "staff.wrong_current_password", ErrorKind.INVALID, fields={"current": "wrong"}
            ),
        )
    return _signed_in(request, token, MY_PAGE, flash="password_changed")


@router.post("/me/sessions/{session_id}/end")
def end_session(request: Request, uow: Uow, staff: SignedIn, session_id: RowId) -> Response:
    """Signs one of one's own browsers out."""
    sessions.end_one(uow, staff.account_id, session_id)
    return redirect(request, MY_PAGE, flash="session_ended")


def _link_context(request: Request, reader: ReadOnly, token: str) -> dict[str, Any]:
    account = sessions.account_of_link(reader, token)
    is_local = console_of(request).settings.app_env == "local"
    return {
        "link": link_path(token),
        "username": account.username,
        "display_name": account.display_name,
        "may_enter": account.is_demo and is_local,
        "min_length": MIN_LENGTH,
    }


def _my_context(reader: ReadOnly, visit: Visit, staff: Principal) -> dict[str, Any]:
    return {
        "department_names": queries.department_names(reader),
        "grants": queries.in_order(staff.grants),
        "sessions": sessions.sessions_of(reader, staff.account_id),
        "session_id": visit.session_id,
        "has_password": queries.account_by_id(reader, staff.account_id).password_hash is not None,
        "min_length": MIN_LENGTH,
    }


def _same(password: str, repeated: str) -> None:
    """Raises ServiceError `staff.password_differs` when the two fields do."""
    if password != repeated:
        raise ServiceError("staff.password_differs", ErrorKind.INVALID, fields={"repeated": "differs"})


def _new_token(
    outcome: sign_in.SignedIn | sign_in.WrongPassword | sign_in.MustWait, *, wrong: ServiceError
) -> str:
    """The new session's cookie value. Raises `wrong`, or ServiceError `staff.must_wait`."""
    match outcome:
        case sign_in.SignedIn(token=token):
            return token
        case sign_in.WrongPassword():
            raise wrong
        case sign_in.MustWait(seconds=seconds):
            raise ServiceError(
                "staff.must_wait",
                ErrorKind.TOO_MANY,
                parameters={"seconds": str(seconds)},
                retry_after_seconds=seconds,
            )
        case unknown:
            assert_never(unknown)


def _browser(request: Request) -> sign_in.Browser:
    return sign_in.Browser(
        address=client_address(request),
        user_agent=request.headers.get("user-agent", ""),
        session_token=request.cookies.get(console_of(request).session_cookie, ""),
    )


def _signed_in(request: Request, token: str, address: str, *, flash: str = "") -> Response:
    console = console_of(request)
    response = redirect(request, address, flash=flash)
    _forget(request, response, console.visitor_cookie)
    set_cookie(console, response, console.session_cookie, token)
    return response


def _forget(request: Request, response: Response, cookie: str) -> None:
    response.delete_cookie(cookie, path="/", secure=console_of(request).settings.is_https, httponly=True)
