"""Failures as pages for people at a browser; the API's answers stay problem documents."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from inspect import isawaitable
from typing import TypeAlias, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from eservice.kit.errors import ServiceError
from eservice.kit.http import DATABASE_AWAY, STATUS, note_refusal, problem
from eservice.kit.text import Catalogue
from eservice.portal.pages import PortalPages

_MACHINE_PATHS = (
    "/api/",
    "/open311/",
    "/webhooks/",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
)
_PAGES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "unreadable",
    HTTPStatus.FORBIDDEN: "forged",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "not_found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unreadable",
    HTTPStatus.UNPROCESSABLE_ENTITY: "unreadable",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "failed",
}

log = structlog.get_logger()

_Handler: TypeAlias = Callable[[Request, Exception], Response | Awaitable[Response]]


def add_page_errors(app: FastAPI, pages: PortalPages, texts: Catalogue) -> None:
    """Gives browsers a page for what they may well meet; everything else goes to the handlers so far.

    Call it after `add_problem_handlers`. `texts` has the words of problem documents.
    """
    for kind in (HTTPException, ServiceError, *DATABASE_AWAY):
        _wrap(app, kind, pages)

    def crashed(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "")  # never the address: it may hold a token
        log.error("http.crashed", error=type(error).__name__, route=route)
        if _wants_page(request):
            return pages.render_error(request, 500, "failed")
        return problem(texts, 500, "http.failed")

    app.add_exception_handler(Exception, crashed)


def _wrap(app: FastAPI, kind: type[Exception], pages: PortalPages) -> None:
    # FastAPI keeps handlers by class or by status; ours are by class.
    so_far = cast(_Handler, app.exception_handlers[kind])

    async def answer(request: Request, error: Exception) -> Response:
        status = _status(error)
        if status in _PAGES and _wants_page(request):
            if isinstance(error, ServiceError):
                note_refusal(request, error)
            is_full = isinstance(error, ServiceError) and error.code == "http.disk_full"
            page = pages.render_error(request, status, "full" if is_full else _PAGES[status])
            if isinstance(error, ServiceError) and error.retry_after_seconds:
                page.headers["Retry-After"] = str(error.retry_after_seconds)
            return page
        answered = so_far(request, error)
        return await answered if isawaitable(answered) else answered

    app.add_exception_handler(kind, answer)


def _status(error: Exception) -> int:
    match error:
        case HTTPException():
            return error.status_code
        case ServiceError():
            return STATUS[error.kind]
        case _:
            return HTTPStatus.SERVICE_UNAVAILABLE


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith(_MACHINE_PATHS):
        return False
    return "text/html" in request.headers.get("accept", "")
