"""Who is at the door: the signed-in person, the guard of every route, and protection from forged requests.

Every console route declares its guard in its signature:

    def show(request: Request, staff: Annotated[Principal, guarded(Permission.FAQ_READ)]) -> Response: ...
    def mine(request: Request, staff: SignedIn) -> Response: ...      # any signed-in person

The guard asks "anywhere at all"; before touching a thing, a route also calls
`require(staff, Permission.FAQ_WRITE, entry.department_id)`. A route without a guard that is not in `PUBLIC`
stops the start of the console.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from jinja2 import Environment

from admin.navigation import waiting_in_rooms
from eservice.kit import clock_checks
from eservice.kit.clock_checks import ALARMING, ClockState
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, not_found
from eservice.kit.free_space import FreeSpace
from eservice.kit.http import note_caller
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.office.models import Office
from eservice.office.service import THE_ONE, Look, look_of
from eservice.privacy.alarms import Alarm, read_alarm
from eservice.staff import queries, second_factor, sessions
from eservice.staff.permissions import Permission, Principal, may, require

HOME = "/admin/"
SIGN_IN = "/admin/login"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SECOND_FACTOR = "/admin/me/second-factor"
PUBLIC = frozenset(
    {
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/login/code"),
        ("POST", "/login/code"),
        ("GET", "/link/{token}"),
        ("GET", "/link"),
        ("POST", "/link"),
        ("POST", "/link/enter"),
    }
)
"""The routes for those who are not signed in, as (method, path below /admin)."""

BEFORE_SECOND_FACTOR = frozenset(
    {("GET", "/me/second-factor"), ("POST", "/me/second-factor"), ("POST", "/logout")}
)
"""All that is open to a person who must set up a second factor first."""

MAX_ID = 2**31 - 1  # of PostgreSQL's integer

_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
_UNSTORABLE = re.compile(
    "[\x00\ud800-\udfff]"
)  # a form may name its own encoding, and some know half characters


@dataclass(frozen=True, kw_only=True)
class Console:
    """What the console's pages stand on; `request.app.state.console` of every console request."""

    database: Database
    settings: Settings
    templates: Environment
    texts: Catalogue
    space: FreeSpace

    def cookie(self, purpose: str) -> str:
        """The name of a cookie. `__Host-` binds it to this host and to HTTPS."""
        return f"__Host-{purpose}" if self.settings.is_https else f"phueanban_{purpose}"

    @property
    def session_cookie(self) -> str:
        """The name of the session's cookie."""
        return self.cookie("staff")

    @property
    def visitor_cookie(self) -> str:
        """The name of the cookie that ties the forms of a person not yet signed in to their browser."""
        return self.cookie("visitor")

    @property
    def code_cookie(self) -> str:
        """The name of the cookie of a sign-in that waits for its code."""
        return self.cookie("code")

    @property
    def link_cookie(self) -> str:
        """The name of the cookie that keeps a one-time link's token out of addresses."""
        return self.cookie("link")

    @property
    def device_cookie(self) -> str:
        """The name of the cookie by which a browser is known again at the next sign-in."""
        return self.cookie("device")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request's person and what its page needs to know about the office."""

    office_name: str
    csrf_secret: str
    session_id: int | None = None
    principal: Principal | None = None
    look: Look = field(default_factory=Look)
    counts: Mapping[str, int] = field(default_factory=dict)  # how much waits, by room
    new_visitor: str = ""  # the visitor cookie to set with the answer
    must_enrol: bool = False  # nothing opens before a second factor is set up
    alarm: Alarm | None = None  # of personal data, for whoever handles it
    is_lone_administrator: bool = False  # nobody else could let this person in again
    clock_fault: ClockState | None = None  # what an administrator is told of the machines' clocks


def console_of(request: Request) -> Console:
    """The console that serves this request."""
    return request.app.state.console


def current_visit(request: Request) -> Visit:
    """Reads cookie, session and office once per request, before anything else of the route runs.

    It has sessions of its own, which are over before the route's begin.
    """
    return visit_with(request, request.cookies.get(console_of(request).session_cookie, ""))


def visit_with(request: Request, token: str) -> Visit:
    """The request as one of the session with this cookie value: also of one that it has just opened."""
    console = console_of(request)
    with console.database.read() as reader:
        session = sessions.find(reader, token) if token else None
        office = reader.session.get(Office, THE_ONE)
        office_name, look = (office.name, look_of(office)) if office else ("", Look())
        must_enrol = (
            session is not None
            and not session.has_second_factor
            and needs_second_factor(console, session.principal)
        )
        counts = waiting_in_rooms(reader, session.principal) if session and not must_enrol else {}
        handles_privacy = session is not None and may(session.principal, Permission.PRIVACY_HANDLE)
        alarm = read_alarm(reader) if handles_privacy and not must_enrol else None
        is_lone = session is not None and _is_lone_administrator(request, reader, session.principal)
        clock_fault = _clock_fault(console, reader, session.principal) if session else None
        is_stale = (
            session is not None
            and reader.now - session.last_used_at > sessions.TOUCH_EVERY
            and not _asks_by_itself(request)
        )
    if session is not None:
        who = session.principal
        note_caller(request, account=who.username, account_id=who.account_id, session=f"staff:{session.id}")
    if session is not None and is_stale:
        with console.database.unit_of_work() as uow:
            sessions.touch(uow, session)
    if session is not None:
        visit = Visit(
            office_name=office_name,
            csrf_secret=session.csrf_secret,
            session_id=session.id,
            principal=session.principal,
            look=look,
            counts=counts,
            must_enrol=must_enrol,
            alarm=alarm,
            is_lone_administrator=is_lone,
            clock_fault=clock_fault,
        )
    else:
        known = request.cookies.get(console.visitor_cookie, "")
        fresh = "" if known else secrets.token_urlsafe(32)
        visit = Visit(office_name=office_name, csrf_secret=known or fresh, new_visitor=fresh, look=look)
    request.state.visit = visit
    return visit


def _asks_by_itself(request: Request) -> bool:
    """Whether a page looks for news and no person did anything: an open page alone keeps no session alive."""
    headers = request.headers
    return request.method == "GET" and (
        "hx-request" in headers or headers.get("accept") == "application/json"
    )


def needs_second_factor(console: Console, principal: Principal) -> bool:
    """Whether this office lets the person work only with a second factor."""
    return console.settings.app_env == "production" and second_factor.is_required(principal)


def _is_lone_administrator(request: Request, reader: ReadOnly, principal: Principal) -> bool:
    """Whether to warn of it: everywhere in a real office, while trying out only among the accounts."""
    if not may(principal, Permission.STAFF_MANAGE):
        return False
    is_place = console_of(request).settings.app_env == "production" or "/staff" in request.url.path
    return is_place and queries.administrators_in_use(reader) < queries.ENOUGH_ADMINISTRATORS


def _clock_fault(console: Console, reader: ReadOnly, principal: Principal) -> ClockState | None:
    """Of a wrong clock everywhere; of one that nothing sets only in a real office."""
    if not may(principal, Permission.OFFICE_MANAGE):
        return None
    told = ALARMING if console.settings.app_env == "production" else (ClockState.OFF,)
    states = [ClockState(check.state) for check in clock_checks.newest(reader)]
    return next((state for state in states if state in told), None)


CurrentVisit: TypeAlias = Annotated[Visit, Depends(current_visit)]


class Guard:
    """A dependency that lets a signed-in person through, or only one with a permission."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    def __call__(self, request: Request, visit: CurrentVisit) -> Principal:
        if visit.principal is None:
            raise ServiceError("staff.signed_out", ErrorKind.UNAUTHENTICATED)
        if visit.must_enrol and (request.method, request.scope["route"].path) not in BEFORE_SECOND_FACTOR:
            raise ServiceError("staff.needs_second_factor", ErrorKind.FORBIDDEN)
        if self.permission is not None:
            require(visit.principal, self.permission)
        return visit.principal


def guarded(permission: Permission) -> Any:
    """The guard of a route, which gives it the `Principal`. 401 signed out; 403 without the permission."""
    return Depends(Guard(permission))


SignedIn: TypeAlias = Annotated[Principal, Depends(Guard(None))]


async def check_input(request: Request) -> None:
    """Refuses what no database of ours can be asked for: an id out of range, NUL or a lone surrogate in a text."""
    for value in request.path_params.values():
        digits = str(value)
        if digits.isdecimal() and (len(digits) > len(str(MAX_ID)) or int(digits) > MAX_ID):
            raise not_found("http.not_found")
    texts = [str(value) for _, value in request.query_params.multi_items()]
    if _has_form(request):
        fields = (value for _, value in (await request.form()).multi_items())
        texts += [value if isinstance(value, str) else value.filename or "" for value in fields]
    if any(_UNSTORABLE.search(text) for text in (*texts, request.url.path)):
        raise ServiceError("http.bad_request", ErrorKind.INVALID)


def _has_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))


async def check_csrf(request: Request, visit: CurrentVisit) -> None:
    """Refuses an unsafe request that no page of ours sent: `staff.forged`, 403.

    The console applies it to every route. The token comes in the form's field, or from htmx in a header.
    """
    if request.method in SAFE_METHODS:
        return
    if visit.principal is None and (request.method, request.scope["route"].path) not in PUBLIC:
        raise ServiceError("staff.signed_out", ErrorKind.UNAUTHENTICATED)
    given = request.headers.get(CSRF_HEADER, "")
    if not given and _has_form(request):
        token = (await request.form()).get(CSRF_FIELD, "")
        given = token if isinstance(token, str) else ""
    is_ours = request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    expected = csrf_token(console_of(request), visit)
    if not is_ours or not hmac.compare_digest(given.encode(), expected.encode()):
        raise ServiceError("staff.forged", ErrorKind.FORBIDDEN)


def csrf_token(console: Console, visit: Visit) -> str:
    """What this browser's forms carry: a signature that only we can make, of its session's secret."""
    key = console.settings.signing_key.encode()
    return hmac.new(key, f"csrf:{visit.csrf_secret}".encode(), hashlib.sha256).hexdigest()


def guard_of(route: APIRoute) -> Guard | None:
    """The guard that a route declares, wherever among its dependencies it stands."""
    return _guard_among(route.dependant)


def _guard_among(dependant: Dependant) -> Guard | None:
    if isinstance(dependant.call, Guard):
        return dependant.call
    found = (_guard_among(below) for below in dependant.dependencies)
    return next((guard for guard in found if guard is not None), None)


def safe_next(address: str) -> str:
    """The console page to go on to after sign-in; anything else, also on another site, is the first page."""
    if _CONTROL.search(address) or address.startswith("//"):
        return HOME
    parts = urlsplit(address)
    is_page = parts.path == "/admin" or parts.path.startswith("/admin/")
    if parts.scheme or parts.netloc or not is_page or ".." in parts.path:
        return HOME
    if parts.path.startswith((SIGN_IN, "/admin/logout", "/admin/link")):
        return HOME
    return address
