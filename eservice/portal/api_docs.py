"""The page at /docs: the API's routes, bodies, answers and refusals, rendered from its OpenAPI document."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from eservice.kit.http import Reader
from eservice.kit.text import Catalogue
from eservice.portal.api_document import Operation, read_operations, read_schemas
from eservice.portal.pages import PortalPages

_REFUSALS = "errors.http."


def create_api_docs(
    pages: PortalPages, texts: Catalogue, document: Callable[[], dict[str, Any]]
) -> APIRouter:
    """The router with GET /docs. `document` is `app.openapi`; `texts` has the words of problem documents."""
    router = APIRouter(include_in_schema=False)
    refusals = [
        (key.removeprefix("errors."), texts.get(key, "th"), texts.get(key, "en"))
        for key in sorted(texts.keys())
        if key.startswith(_REFUSALS)
    ]

    def docs(request: Request, reader: Reader) -> Response:
        told = document()
        return pages.render(
            request,
            reader,
            "api.html",
            groups=_by_tag(read_operations(told)),
            schemas=read_schemas(told),
            refusals=refusals,
        )

    router.add_api_route("/docs", docs, methods=["GET", "HEAD"], response_class=Response)
    return router


def _by_tag(operations: list[Operation]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for operation in operations:
        groups.setdefault(operation.tag, []).append(operation)
    return groups
