"""The doors of the console: name and password, the code of the second factor, one-time links, signing out."""

from typing import Annotated, Any, assert_never
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import HOME, SIGN_IN, CurrentVisit, SignedIn, console_of, safe_next
from admin.own_browser import browser_of, put_signed_in, second_factor_sealer, wait_refusal
from admin.pages import drop_cookie, page, redirect, refilling, set_cookie
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import second_step, sessions, sign_in
from eservice.staff.passwords import MIN_LENGTH

CODE_PAGE = "/admin/login/code"
LINK_PAGE = "/admin/link"

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
    """Signs in, on to the page that was asked for, or first to the question for the code."""
    with refilling(request, "login/sign_in.html", username=username, next=next):
        outcome = sign_in.sign_in(console_of(request).database, username, password, browser_of(request))
        match outcome:
            case sign_in.SignedIn() | sign_in.NeedsCode():
                return _on(request, outcome, safe_next(next))
            case sign_in.WrongPassword():
                raise ServiceError("staff.wrong_password", ErrorKind.INVALID)
            case sign_in.MustWait():
                raise wait_refusal(outcome)
            case unknown:
                assert_never(unknown)


@router.get("/login/code")
def show_code(request: Request, reader: Reader, next: str = "") -> Response:
    """The question for the code, once the password was right."""
    try:
        sessions.account_of_pending(reader, request.cookies.get(console_of(request).code_cookie, ""))
    except ServiceError:
        return redirect(request, SIGN_IN)
    return page(request, "login/code.html", next=next)


@router.post("/login/code")
def sign_in_with_code(
    request: Request, code: Annotated[str, Form()] = "", next: Annotated[str, Form()] = ""
) -> Response:
    """Ends the sign-in with a code of the app or a recovery code."""
    console = console_of(request)
    token = request.cookies.get(console.code_cookie, "")
    with refilling(request, "login/code.html", next=next):
        try:
            outcome = second_step.enter_code(
                console.database, second_factor_sealer(request), token, code, browser_of(request)
            )
        except ServiceError as error:
            if error.kind is not ErrorKind.UNAUTHENTICATED:
                raise
            return redirect(request, SIGN_IN, flash="second_step_over")
        match outcome:
            case sign_in.SignedIn():
                return _on(request, outcome, safe_next(next))
            case second_step.WrongCode():
                raise invalid("staff.wrong_code", code="wrong")
            case sign_in.MustWait():
                raise wait_refusal(outcome)
            case unknown:
                assert_never(unknown)


@router.post("/logout")
def sign_out(request: Request, uow: Uow, staff: SignedIn) -> Response:
    """Ends the session, here and on the server."""
    console = console_of(request)
    sessions.end(uow, request.cookies[console.session_cookie])
    response = redirect(request, SIGN_IN, flash="signed_out_now")
    drop_cookie(console, response, console.session_cookie)
    return response


@router.get("/link/{token}")
def take_link(request: Request, reader: Reader, token: str) -> Response:
    """Takes a one-time link's token out of the address at once, into a cookie. The link is not used up by it."""
    console = console_of(request)
    sessions.account_of_link(reader, token)
    response = redirect(request, LINK_PAGE)
    set_cookie(console, response, console.link_cookie, token)
    return response


@router.get("/link")
def show_link(request: Request, reader: Reader) -> Response:
    """What a one-time link opens: choosing a password, or for the demo going straight in."""
    return page(request, "login/link.html", **_link_context(request, reader))


@router.post("/link")
def choose_password(
    request: Request, password: Annotated[str, Form()] = "", repeated: Annotated[str, Form()] = ""
) -> Response:
    """Sets the first, or a forgotten, password and signs in."""
    database = console_of(request).database
    with database.read() as reader:
        context = _link_context(request, reader)
    with refilling(request, "login/link.html", **context):
        if password != repeated:
            raise invalid("staff.password_differs", repeated="differs")
        outcome = sign_in.choose_password(database, _link_token(request), password, browser_of(request))
    return _on(request, outcome, HOME, flash="password_chosen")


@router.post("/link/enter")
def enter_with_link(request: Request) -> Response:
    """Goes into the demo office without a password; only on a machine of one's own."""
    console = console_of(request)
    if console.settings.app_env != "local":
        raise ServiceError("staff.not_demo", ErrorKind.FORBIDDEN)
    outcome = sign_in.sign_in_with_link(console.database, _link_token(request), browser_of(request))
    return _on(request, outcome, HOME, flash="demo_entered")


def _link_token(request: Request) -> str:
    return request.cookies.get(console_of(request).link_cookie, "")


def _link_context(request: Request, reader: ReadOnly) -> dict[str, Any]:
    account = sessions.account_of_link(reader, _link_token(request))
    is_local = console_of(request).settings.app_env == "local"
    return {
        "username": account.username,
        "display_name": account.display_name,
        "may_enter": account.is_demo and is_local,
        "min_length": MIN_LENGTH,
    }


def _on(
    request: Request, outcome: sign_in.SignedIn | sign_in.NeedsCode, address: str, *, flash: str = ""
) -> Response:
    """On to the page, or first to the question for the code."""
    console = console_of(request)
    if isinstance(outcome, sign_in.NeedsCode):
        target = CODE_PAGE if address == HOME else f"{CODE_PAGE}?{urlencode({'next': address})}"
        response = redirect(request, target, flash=flash)
        set_cookie(console, response, console.code_cookie, outcome.token)
        drop_cookie(console, response, console.link_cookie)
        return response
    response = redirect(request, address, flash=flash)
    put_signed_in(console, response, outcome)
    return response
