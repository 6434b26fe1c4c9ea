"""What every HTTP route shares: units of work per request, problem details (RFC 9457), request ids.

A refusal (`ServiceError`) becomes `application/problem+json` with a stable `type`, a Thai and an English
title and field errors. The unit of work of a request commits before its response is sent.
"""

import ipaddress
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eservice.kit import security_log
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.free_space import FreeSpace
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

log = structlog.get_logger()

STATUS: dict[ErrorKind, int] = {
    ErrorKind.INVALID: 422,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.CONFLICT: 409,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.UNAVAILABLE: 503,
}
_CODE_OF_STATUS = {
    400: "http.bad_request",
    401: "http.unauthenticated",
    403: "http.forbidden",
    404: "http.not_found",
    405: "http.method_not_allowed",
    413: "http.too_large",
    415: "http.unsupported_media_type",
    422: "http.invalid",
    429: "http.too_many",
    503: "http.unavailable",
}
RETRY_AFTER_SECONDS = 5
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What the database says while it is away, full, locked or out of connections."""
_POSTED_TO_READ = ("/track",)
PROBLEM = "application/problem+json"
CALLER = "caller"  # in a request's scope
REFUSAL = "refusal"  # likewise
_REFUSED = frozenset({401, 403, 429})
_DENIALS = frozenset({ErrorKind.UNAUTHENTICATED, ErrorKind.FORBIDDEN, ErrorKind.TOO_MANY})


def _database(request: Request) -> Database:
    return request.app.state.database


def _unit_of_work(database: Annotated[Database, Depends(_database)]) -> Iterator[UnitOfWork]:
    with database.unit_of_work() as uow:
        yield uow


def _read_only(database: Annotated[Database, Depends(_database)]) -> Iterator[ReadOnly]:
    with database.read() as reader:
        yield reader


Db: TypeAlias = Annotated[Database, Depends(_database)]
# With FastAPI's default scope the response would leave before the commit.
Uow: TypeAlias = Annotated[UnitOfWork, Depends(_unit_of_work, scope="function")]
Reader: TypeAlias = Annotated[ReadOnly, Depends(_read_only, scope="function")]


def problem(
    texts: Catalogue,
    status: int,
    code: str,
    *,
    fields: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
    retry_after_seconds: int | None = None,
) -> Response:
    """An RFC 9457 answer. `code` is the stable part of `type`; unknown codes speak as their status does."""
    key = f"errors.{code}"
    if not texts.has(key):
        key = f"errors.{_CODE_OF_STATUS.get(status, 'http.failed')}"
    content: dict[str, Any] = {
        "type": f"urn:phueanban:error:{code}",
        "title": texts.get(key, "th", **(parameters or {})),
        "title_en": texts.get(key, "en", **(parameters or {})),
        "status": status,
    }
    if fields:
        content["errors"] = [{"field": name, "code": fault} for name, fault in fields.items()]
    headers = {"Retry-After": str(retry_after_seconds)} if retry_after_seconds else None
    return JSONResponse(content, status_code=status, headers=headers, media_type=PROBLEM)


def add_problem_handlers(app: FastAPI, texts: Catalogue) -> None:
    """Makes every refusal of the API a problem document; pages may answer theirs before it comes here."""

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServiceError)
        note_refusal(request, error)
        return problem(
            texts,
            STATUS[error.kind],
            error.code,
            fields=error.fields,
            parameters=error.parameters,
            retry_after_seconds=error.retry_after_seconds,
        )

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fields = {".".join(str(part) for part in fault["loc"]): fault["type"] for fault in error.errors()}
        return problem(texts, 422, "http.invalid", fields=fields)

    def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(texts, error.status_code, _CODE_OF_STATUS.get(error.status_code, "http.failed"))

    def database_away(request: Request, error: Exception) -> Response:
        log.error("http.database_away", error=type(error).__name__)
        return problem(texts, 503, "http.unavailable", retry_after_seconds=RETRY_AFTER_SECONDS)

    app.add_exception_handler(ServiceError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, database_away)


def note_refusal(request: Request, error: ServiceError) -> None:
    """Tells the log why a request is refused: whoever answers it calls this, in whatever form they answer."""
    request.scope[REFUSAL] = error


def _refusal_of(scope: Scope, status: int) -> str | None:
    """Why a request was refused, if for who asks or how often; None for any other answer.

    What is there and not for this caller is answered as what is not there: so for staff and partners that counts.
    """
    error = scope.get(REFUSAL)
    if isinstance(error, ServiceError):
        caller = scope.get(CALLER)
        is_known = isinstance(caller, Caller) and bool(caller.account)
        if error.kind in _DENIALS or (error.kind is ErrorKind.NOT_FOUND and is_known):
            return error.code
    return f"http.{status}" if status in _REFUSED else None


class RequestLog:
    """ASGI middleware: a request id on every log line and answer, one line per request, no query strings.

    Whoever is refused makes a second line, `security.refused`, on whatever route.
    """

    def __init__(self, app: Any, observe: Callable[[str, str, int, float], None] | None = None) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex[:16]
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "")
            if self._observe:
                self._observe(scope["method"], route, status, seconds)
            if (reason := _refusal_of(scope, status)) is not None:
                caller = scope.get(CALLER)
                account_id = caller.account_id if isinstance(caller, Caller) else None
                where = {"method": scope["method"], "route": route or "unmatched", "status": status}
                security_log.refused(reason, account_id=account_id, **where)
            if status >= 500 or not route.startswith(("/webhooks", "/static", "/healthz", "/api/v1/chat")):
                log.info(
                    "http.request",
                    method=scope["method"],
                    route=route or "unmatched",
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )


@dataclass(slots=True)
class Caller:
    """Who a request comes from, as the routes find out while they answer it. Never leaves the process as it is.

    `account` is a username or the name of a partner's token, `account_id` the row that either has; `persons` are residents, as (channel, address);
    `session` is a secret or an id that stays the same over a person's visit.
    """

    account: str = ""
    account_id: int | None = None
    session: str = ""
    persons: list[tuple[str, str]] = field(default_factory=list)


def note_caller(
    request: Request,
    *,
    account: str = "",
    account_id: int | None = None,
    session: str = "",
    persons: Iterable[tuple[str, str]] = (),
) -> None:
    """Tells the traffic log who asks, where one is kept."""
    caller = request.scope.get(CALLER)
    if isinstance(caller, Caller):
        caller.account, caller.session = account or caller.account, session or caller.session
        caller.account_id = account_id or caller.account_id
        caller.persons.extend(persons)


def refuse_without_room(space: FreeSpace) -> Callable[[Request], Awaitable[None]]:
    """A dependency of every route: what is sent to us while the disk is nearly full is refused before it is read.

    Raises ServiceError `http.disk_full`. Looking at one's own case goes on, though its form is posted.
    """

    async def look(request: Request) -> None:
        if request.method not in ("GET", "HEAD") and request.url.path not in _POSTED_TO_READ:
            space.require()

    return look


def client_address(request: Request) -> str:
    """The caller's address for throttling; an IPv6 network of one household counts as one."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:45]
    if address.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)
    return str(address)


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The raw body. Raises ServiceError `http.too_large` before reading more than the limit."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise ServiceError("http.too_large", ErrorKind.TOO_LARGE)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise ServiceError("http.too_large", ErrorKind.TOO_LARGE)
    return bytes(body)


def read_json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises ServiceError `http.bad_json` for anything else."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ServiceError("http.bad_json", ErrorKind.INVALID)
    return data


class PagesOnly:
    """Lets a middleware work on what is fetched; what is sent to us goes straight through."""

    def __init__(self, app: ASGIApp, pages: Callable[..., ASGIApp], **options: object) -> None:
        self._app = app
        self._pages = pages(app, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._pages if scope.get("method") in ("GET", "HEAD") else self._app)(scope, receive, send)
