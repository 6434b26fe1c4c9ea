"""What the pages about oneself share: the browser of a request, its cookies once signed in, how a wait is told."""

from fastapi import Request
from fastapi.responses import Response

from admin.access import Console, console_of
from admin.pages import drop_cookie, set_cookie
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.http import client_address
from eservice.kit.sealing import Sealer
from eservice.staff.devices import KNOWN_FOR
from eservice.staff.sign_in import Browser, MustWait, SignedIn, WrongPassword


def browser_of(request: Request) -> Browser:
    """Where the request comes from."""
    console = console_of(request)
    return Browser(
        address=client_address(request),
        user_agent=request.headers.get("user-agent", ""),
        session_token=request.cookies.get(console.session_cookie, ""),
        device_token=request.cookies.get(console.device_cookie, ""),
    )


def put_signed_in(console: Console, response: Response, signed_in: SignedIn) -> None:
    """Gives the browser the cookies of its new session and takes those of the way in."""
    for name in (console.visitor_cookie, console.code_cookie, console.link_cookie):
        drop_cookie(console, response, name)
    set_cookie(console, response, console.session_cookie, signed_in.token)
    known_seconds = int(KNOWN_FOR.total_seconds())
    set_cookie(console, response, console.device_cookie, signed_in.device_token, max_age=known_seconds)


def second_factor_sealer(request: Request) -> Sealer:
    """What seals the seeds of second factors."""
    return console_of(request).settings.sealer("second-factor")


def password_refusal(outcome: WrongPassword | MustWait) -> ServiceError:
    """The refusal of whoever typed their own password wrong, or too often: at the field `current`."""
    if isinstance(outcome, MustWait):
        return wait_refusal(outcome)
    return invalid("staff.wrong_current_password", current="wrong")


def wait_refusal(outcome: MustWait) -> ServiceError:
    """The refusal `staff.must_wait`, in seconds, or `staff.must_wait_minutes`."""
    if outcome.seconds <= 60:
        code, parameters = "staff.must_wait", {"seconds": str(outcome.seconds)}
    else:
        code, parameters = "staff.must_wait_minutes", {"minutes": str(-(-outcome.seconds // 60))}
    return ServiceError(code, ErrorKind.TOO_MANY, parameters=parameters, retry_after_seconds=outcome.seconds)
