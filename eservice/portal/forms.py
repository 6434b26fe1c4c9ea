"""Forms that anybody may send: from our own pages only, within limits, without what no database can hold."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import structlog
from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import read_body
from eservice.kit.text import writable

MAX_BYTES = 200_000  # far more than any field takes, so that what is too long is said at its field
MAX_FIELDS = 40
URLENCODED = "application/x-www-form-urlencoded"

log = structlog.get_logger()


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form; of several with one name, the last.

    Raises ServiceError `staff.forged`, `http.too_large`, `http.bad_request`, and HTTPException 415 for a body
    that is no form.
    """
    if not _is_from_our_page(request):
        log.warning("portal.forged_request", route=request.scope["route"].path)
        raise ServiceError("staff.forged", ErrorKind.FORBIDDEN)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != URLENCODED:
        raise HTTPException(415)
    body = await read_body(request, MAX_BYTES)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise ServiceError("http.bad_request", ErrorKind.INVALID) from error
    return {name: writable(value) for name, value in pairs}


Form: TypeAlias = Annotated[Mapping[str, str], Depends(read_form)]


def _is_from_our_page(request: Request) -> bool:
    """What a browser says of where the form stood. Who says nothing of it is no browser that a page could misuse."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    said = request.headers.get("origin") or request.headers.get("referer")
    if said is None:
        return True
    try:
        return urlsplit(said).netloc == request.headers.get("host", "")
    except ValueError:  # no address at all
        return False
