"""Files of the media store over HTTP: the store of a request, files that come in a form, pictures that go out."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from eservice.kit.errors import not_found
from eservice.kit.media import MediaStore


def _media(request: Request) -> MediaStore:
    return request.app.state.media


Media: TypeAlias = Annotated[MediaStore, Depends(_media)]


def files_of(form: FormData, name: str) -> list[UploadFile]:
    """The files that were chosen in a field. A field without any sends one that has neither name nor content."""
    found = (part for part in form.getlist(name) if isinstance(part, UploadFile))
    return [part for part in found if part.filename or part.size]


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
