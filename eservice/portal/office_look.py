"""The office's own colours and seal, as public files. Their addresses change with them, so browsers keep them."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from eservice.kit.errors import not_found
from eservice.kit.http import Db
from eservice.kit.media_http import Media
from eservice.office import service as offices
from eservice.office.colours import stylesheet
from eservice.office.models import Office

_KEPT = "public, max-age=31536000, immutable"


def create_office_look() -> APIRouter:
    """The routes of styles and seal."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/office/styles.css", styles, methods=["GET", "HEAD"], response_class=Response)
    router.add_api_route("/office/seal.png", seal, methods=["GET", "HEAD"], response_class=Response)
    return router


def styles(request: Request, database: Db) -> Response:
    """The tokens that the office's colours change. Raises ServiceError `http.not_found`."""
    office = _office(database)
    look = offices.look_of(office)
    if not look.styles:
        raise not_found("http.not_found")
    css = stylesheet(office.header_colour, office.action_colour)
    return _file(request, look.styles, css.encode(), "text/css")


def seal(request: Request, database: Db, media: Media) -> Response:
    """The seal. Raises ServiceError `http.not_found`, `media.unavailable`."""
    office = _office(database)
    content = media.get(office.seal_key) if office.seal_key else None
    if content is None:
        raise not_found("http.not_found")
    return _file(request, offices.look_of(office).seal, content, "image/png")


def _office(database: Db) -> Office:
    with database.read() as reader:
        return offices.get_office(reader)


def _file(request: Request, address: str, content: bytes, media_type: str) -> Response:
    is_current = f"{request.url.path}?{request.url.query}" == address
    headers = {
        "Cache-Control": _KEPT if is_current else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(content, media_type=media_type, headers=headers)
