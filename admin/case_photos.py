"""Photos of a complaint in the console: the pictures themselves, taking new ones in, showing them to the resident.

A picture leads through `photos.find` only. What is taken in is drawn and stored before its transaction.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from admin.access import console_of, guarded
from admin.case_list import HOME
from admin.case_moves import told
from admin.pages import NOT_DONE, redirect, sentences, told_on
from eservice.complaints import photos, queries, uploads
from eservice.complaints.models import PhotoKind
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.http import Db, Uow
from eservice.kit.media_http import Media, files_of, jpeg_response, read_files
from eservice.staff.permissions import Permission, Principal, require

MOST_AT_ONCE = 5  # files in one form
MAX_BODY_BYTES = MOST_AT_ONCE * MAX_BYTES + 2_000_000  # so that a file too large is told by its name

router = APIRouter(prefix="/cases")

Looker = Annotated[Principal, guarded(Permission.CASE_READ)]
Worker = Annotated[Principal, guarded(Permission.CASE_WORK)]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the form for adding says."""

    files: list[UploadFile]
    kind: PhotoKind
    is_public: bool


async def _chosen(request: Request, staff: Worker) -> Chosen:
    """The form, read by hand after the guard: nobody fills our disk who may not work on complaints.

    Raises ServiceError `http.invalid`.
    """
    form = await request.form()
    kind = form.get("kind")
    if kind not in list(PhotoKind):
        raise invalid("http.invalid", kind="unknown")
    return Chosen(
        files=files_of(form, "photos"), kind=PhotoKind(str(kind)), is_public=form.get("public") == "yes"
    )


@router.get("/photos/{photo_id:int}")
def show_photo(request: Request, staff: Looker, database: Db, media: Media, photo_id: int) -> Response:
    """A photo as we drew it."""
    _note_reading(database, staff, photo_id)
    with database.read() as reader:
        key = photos.find(reader, photo_id, staff).image_key
    return jpeg_response(request, media, key, f"photo-{photo_id}")


@router.get("/photos/{photo_id:int}/thumbnail")
def show_thumbnail(request: Request, staff: Looker, database: Db, media: Media, photo_id: int) -> Response:
    """The same, small; with the page of its case that is one record."""
    _note_reading(database, staff, photo_id)
    with database.read() as reader:
        key = photos.find(reader, photo_id, staff).thumbnail_key
    return jpeg_response(request, media, key, f"photo-{photo_id}-small")


@router.post("/{case_id:int}/photos", max_body_size=MAX_BODY_BYTES)
def add_photos(
    request: Request,
    staff: Worker,
    chosen: Annotated[Chosen, Depends(_chosen)],
    database: Db,
    media: Media,
    case_id: int,
) -> Response:
    """Takes photos in, each by itself: one that is refused does not lose the others."""
    with database.read() as reader:
        complaint = queries.find(reader, case_id, staff)
        require(staff, Permission.CASE_WORK, complaint.department_id)
    address = f"{HOME}/{case_id}#photos"
    with told_on(request, address):
        if not chosen.files:
            raise invalid("photos.none", photo="missing")
        if len(chosen.files) > MOST_AT_ONCE:
            raise invalid("photos.too_many_at_once", photo="too_many")
    refused = ""
    added = 0
    for content in read_files(chosen.files, MAX_BYTES):
        try:
            with uploads.kept_for(media, content) as kept, database.unit_of_work() as uow:
                photos.attach(uow, case_id, kept, kind=chosen.kind, by=staff, is_public=chosen.is_public)
            added += 1
        except ServiceError as refusal:
            if refusal.kind in (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN):
                raise
            refused = refused or " ".join(sentence for _, sentence in sentences(console_of(request), refusal))
    if not refused:
        return redirect(request, address, flash="cases.photos", count=str(added))
    words = console_of(request).texts.get(
        "cases.photos.some", added=added, refused=len(chosen.files) - added, reason=refused
    )
    return redirect(request, address, flash=NOT_DONE, words=words)


@router.post("/photos/{photo_id:int}/show")
def show_to_resident(
    request: Request,
    uow: Uow,
    staff: Worker,
    photo_id: int,
    public: Annotated[str, Form(pattern="^(yes|no)$")] = "no",
) -> Response:
    """Lets the resident see a photo of the office's, or no more."""
    photo = photos.show(uow, photo_id, to_resident=public == "yes", by=staff)
    told(request, uow)
    return redirect(
        request,
        f"{HOME}/{photo.complaint_id}#photos",
        flash=f"cases.photo_{'shown' if photo.is_public else 'hidden'}",
    )


def _note_reading(database: Database, staff: Principal, photo_id: int) -> None:
    audit.note_reading(
        database,
        actor=staff.username,
        action="complaint.read",
        subject_kind="complaint",
        find=lambda reader: photos.find_case(reader, photo_id, staff),
    )
