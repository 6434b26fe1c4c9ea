"""Forms that anybody may send: from our own pages only, within limits, without what no database can hold."""

from typing import Annotated, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from eservice.complaints.pictures import MAX_BYTES as PHOTO_BYTES
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import read_body
from eservice.kit.media_http import files_of
from eservice.kit.text import writable

MAX_BYTES = 200_000  # far more than any field takes, so that what is too long is said at its field
MAX_PHOTOS = 3  # of one form
MAX_PHOTO_BYTES = MAX_PHOTOS * PHOTO_BYTES + 2_000_000
MAX_FIELDS = 40
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PHOTOS = "photos"  # the one field that has files


class SentForm(dict[str, str]):
    """The fields of a form; of several with one name, the last. `photos` are the files that were chosen."""

    photos: tuple[UploadFile, ...] = ()


async def read_form(request: Request) -> SentForm:
    """The fields of a form without files.

    Raises ServiceError `staff.forged`, `http.too_large`, `http.bad_request`, and HTTPException 415 for a body
    that is no form.
    """
    _refuse_forged(request)
    if _kind(request) != URLENCODED:
        raise HTTPException(415)
    body = await read_body(request, MAX_BYTES)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise ServiceError("http.bad_request", ErrorKind.INVALID) from error
    return SentForm({name: writable(value) for name, value in pairs})


async def read_form_with_photos(request: Request) -> SentForm:
    """The same for a form that may have photos. They lie on disk until the request is over.

    Raises what `read_form` raises.
    """
    if _kind(request) != MULTIPART:
        return await read_form(request)
    _refuse_forged(request)
    announced = request.headers.get("content-length", "")
    if not announced.isdigit() or int(announced) > MAX_PHOTO_BYTES:  # every browser announces it
        raise ServiceError("http.too_large", ErrorKind.TOO_LARGE)
    parts = await request.form(max_files=MAX_FIELDS, max_fields=MAX_FIELDS, max_part_size=MAX_BYTES)
    texts = ((name, value) for name, value in parts.multi_items() if isinstance(value, str))
    form = SentForm({name: writable(value) for name, value in texts})
    form.photos = tuple(files_of(parts, PHOTOS))
    return form


Form: TypeAlias = Annotated[SentForm, Depends(read_form)]
FormWithPhotos: TypeAlias = Annotated[SentForm, Depends(read_form_with_photos)]


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _refuse_forged(request: Request) -> None:
    if not _is_from_our_page(request):
        raise ServiceError("staff.forged", ErrorKind.FORBIDDEN)


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
