"""The console as one application under /admin: its rooms, error pages and security headers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute, _IncludedRouter  # the only name for a router within a router
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin import access_review, login, me, office, own_second_factor, staff
from admin.access import (
    HOME,
    PUBLIC,
    SECOND_FACTOR,
    SIGN_IN,
    Console,
    SignedIn,
    Visit,
    check_csrf,
    check_input,
    console_of,
    current_visit,
    guard_of,
)
from admin.navigation import rooms_for, waiting_in_rooms
from admin.pages import FormRefused, page, redirect
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.free_space import FreeSpace, folders_of
from eservice.kit.http import DATABASE_AWAY, STATUS, Reader, note_refusal
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.kit.web.rendering import TEXT_DIRECTORY, create_templates
from eservice.office.models import Office
from eservice.office.service import THE_ONE
from eservice.setup.steps import read_progress
from eservice.staff.permissions import Permission, may

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
STATIC = FOLDER / "static"
"""The console's own static files; whoever mounts the shared ones mounts these with them."""
SERVICE_TEXTS = FOLDER.parent / "eservice" / "text"
ENTRY_TEXTS = FOLDER.parent / "knowledge" / "entries" / "text"
MAX_BODY_BYTES = 12 * 1024 * 1024  # an import file of an office with all its answers

_PAGE_OF_STATUS = {401: "signed_out", 403: "forbidden", 404: "not_found", 405: "not_found", 409: "conflict",
                   413: "too_large", 422: "invalid", 429: "too_many", 503: "unavailable"}  # fmt: skip

log = structlog.get_logger()


def text_directories() -> tuple[Path, ...]:
    """The catalogues of the console: the services' refusals, and one folder of `admin/text` per room."""
    rooms = sorted(catalogue.parent for catalogue in (FOLDER / "text").glob("*/th.toml"))
    return (SERVICE_TEXTS, ENTRY_TEXTS, *rooms)


def create_console(database: Database, settings: Settings, rooms: Iterable[APIRouter] = ()) -> FastAPI:
    """The console, to be mounted at /admin. `rooms` are the routers of further rooms.

    Raises RuntimeError for a route that is neither guarded nor listed as public.
    """
    folders = text_directories()
    app = FastAPI(
        docs_url=None,
        openapi_url=None,
        dependencies=[Depends(current_visit), Depends(check_csrf), Depends(check_input)],
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.database = database
    app.state.console = Console(
        database=database,
        settings=settings,
        templates=create_templates(TEMPLATES, static_directories=(STATIC,), text_directories=folders),
        texts=Catalogue(TEXT_DIRECTORY, *folders),
        space=FreeSpace(folders_of(settings, database), settings.min_free_mb),
    )
    app.state.routers = (
        _first_page,
        login.router,
        me.router,
        own_second_factor.router,
        access_review.router,  # its address looks like an account's to the next
        staff.router,
        office.router,
        *rooms,
    )
    for path, routes in routes_of(app).items():
        for route in routes:
            _refuse_unguarded(path, route)
    for router in app.state.routers:
        app.include_router(router)
    _add_error_pages(app)
    app.add_middleware(SecurityHeaders, is_https=settings.is_https)
    return app


_first_page = APIRouter()


@_first_page.get("/")
def first_page(request: Request, staff: SignedIn, reader: Reader) -> Response:
    """Leads to the first room in which something waits for this person, else to the first that is open.

    An administrator goes through the set-up first.
    """
    if may(staff, Permission.OFFICE_MANAGE) and _is_unfinished(reader):
        return redirect(request, "/admin/setup")
    rooms = rooms_for(staff)
    waiting = waiting_in_rooms(reader, staff)
    first = next((room for room in rooms if waiting.get(room.key)), rooms[0] if rooms else None)
    return redirect(request, first.href if first else "/admin/me")


def _is_unfinished(reader: ReadOnly) -> bool:
    """Whether an office of its own still has steps of its first set-up to go through."""
    office = reader.session.get(Office, THE_ONE)
    return office is not None and not office.is_demo and read_progress(reader).next_step is not None


def routes_of(console: FastAPI) -> dict[str, list[APIRoute]]:
    """Every route of the console by its path below /admin. Raises RuntimeError for one that is no page."""
    found: dict[str, list[APIRoute]] = defaultdict(list)
    for router in console.state.routers:
        for path, route in _routes_below("", router):
            found[path].append(route)
    return found


def _routes_below(prefix: str, router: APIRouter) -> Iterator[tuple[str, APIRoute]]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield prefix + route.path, route
        elif isinstance(route, _IncludedRouter):
            yield from _routes_below(prefix + route.include_context.prefix, route.original_router)
        else:
            raise RuntimeError(f"{route} cannot be guarded")


def _refuse_unguarded(path: str, route: APIRoute) -> None:
    is_public = all((method, path) in PUBLIC for method in route.methods or ())
    if guard_of(route) is None and not is_public:
        raise RuntimeError(f"/admin{path} has no guard")


class SecurityHeaders:
    """Marks every answer: our own sources only, in no frame, kept by nobody; where it says no other itself."""

    def __init__(self, app: ASGIApp, is_https: bool) -> None:
        self._app = app
        headers = {
            "content-security-policy": (
                "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
                "form-action 'self'; frame-ancestors 'none'"
            ),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            "cache-control": "no-store",
            "x-robots-tag": "noindex",
        }
        if is_https:
            headers["strict-transport-security"] = "max-age=31536000"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                own = {name for name, _ in given}
                message["headers"] = given + [each for each in self._headers if each[0] not in own]
            await send(message)

        await self._app(scope, receive, send_marked)


def _add_error_pages(app: FastAPI) -> None:
    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServiceError)
        note_refusal(request, error)
        if error.kind is ErrorKind.UNAUTHENTICATED:
            return _to_sign_in(request)
        if error.code == "staff.needs_second_factor":
            return redirect(request, SECOND_FACTOR)
        response = _error_page(request, STATUS[error.kind], error)
        if error.retry_after_seconds:
            response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response

    def form(request: Request, error: Exception) -> Response:
        assert isinstance(error, FormRefused)
        return error.response

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        is_address = any(fault["loc"][0] == "path" for fault in error.errors())
        return _error_page(request, 404 if is_address else 422)

    def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _error_page(request, error.status_code)

    def database_away(request: Request, error: Exception) -> Response:
        log.error("http.database_away", error=type(error).__name__)
        return _error_page(request, 503)

    def broken(request: Request, error: Exception) -> Response:
        return _error_page(request, 500)

    app.add_exception_handler(ServiceError, refused)
    app.add_exception_handler(FormRefused, form)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, database_away)
    app.add_exception_handler(Exception, broken)


def _to_sign_in(request: Request) -> Response:
    """On to the sign-in page, and from there back to the page that was asked for."""
    if request.method != "GET" or "hx-request" in request.headers:
        return redirect(request, SIGN_IN, flash="signed_out")
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = SIGN_IN if address == HOME else f"{SIGN_IN}?{urlencode({'next': address})}"
    return redirect(request, target)


def _error_page(request: Request, status: int, error: ServiceError | None = None) -> Response:
    """A page that says in plain words what is the matter and where to go on."""
    if not hasattr(request.state, "visit"):
        if status == 404:
            current_visit(request)  # no route has this address, so nothing has read it yet
        else:
            request.state.visit = Visit(office_name="", csrf_secret="")
    key = _PAGE_OF_STATUS.get(status, "broken")
    texts = console_of(request).texts
    words = f"errors.{error.code}" if error else ""
    detail = texts.get(words, **error.parameters) if error and texts.has(words) else ""
    return page(request, "site/error.html", status=status, key=key, detail=detail)
