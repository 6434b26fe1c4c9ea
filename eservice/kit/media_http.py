"""Files of the media store over HTTP: the store of a request, files that come in a form, pictures that go out."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from eservice.kit.errors import invalid, not_found
from eservice.kit.media import MediaStore

MAX_PHOTO_BODY_BYTES = 12_000_000  # one photo in a form, and one too large, so that it is told in words
PHOTO_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}
"""The form of `the_file` in the API's document."""


def _media(request: Request) -> MediaStore:
    return request.app.state.media


Media: TypeAlias = Annotated[MediaStore, Depends(_media)]


def files_of(form: FormData, name: str) -> list[UploadFile]:
    """The files that were chosen in a field. A field without any sends one that has neither name nor content."""
    found = (part for part in form.getlist(name) if isinstance(part, UploadFile))
    return [part for part in found if part.filename or part.size]


async def the_file(request: Request) -> UploadFile:
    """The one file of a form, in the field `file`; of several the last. To be read once it is known who asks.

    Raises ServiceError `http.invalid`; HTTPException 400 and 415 for what is no such form.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(415)
    form = await request.form(max_files=1, max_fields=10, max_part_size=10_000)
    files = files_of(form, "file")
    if not files:
        raise invalid("http.invalid", file="missing")
    return files[-1]


def read_files(files: Iterable[UploadFile], limit_bytes: int) -> list[bytes]:
    """Their contents, each read to one byte more than the limit, which tells that it is too large. Reads a disk."""
    return [file.file.read(limit_bytes + 1) for file in files]


def jpeg_response(request: Request, media: MediaStore, key: str, name: str) -> Response:
    """A stored JPEG for whoever has just been let in. Not inside a transaction.

    Browsers keep a copy and ask each time: a file never changes, but who may see it does. Raises ServiceError
    `http.not_found`, `media.unavailable`.
    """
    tag = f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'
    headers = {
        "Cache-Control": "private, no-cache",
        "ETag": tag,
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "default-src 'none'",
        "Content-Disposition": f'inline; filename="{name}.jpg"',
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = media.get(key)
    if content is None:
        raise not_found("http.not_found")
    return Response(content, media_type="image/jpeg", headers=headers)
