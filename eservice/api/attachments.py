"""Photos of cases: residents with the case's key add some and see what is meant for them, partners work with all.

Who asks is known before anything of a body is read. A photo is drawn and stored before its transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from eservice.api.callers import CaseKey, IdempotencyKey, Number, Partner, do_once, slowing_guesses
from eservice.api.looks import attachment_shape
from eservice.api.shapes import Attachment
from eservice.complaints import cases, floods, photos, queries, uploads
from eservice.complaints.cases import Resident
from eservice.complaints.models import Photo, PhotoKind
from eservice.complaints.photos import REFERENCE_LENGTH, KeptPhoto
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit.audit import note_reading
from eservice.kit.database import Database
from eservice.kit.errors import invalid
from eservice.kit.http import Db, client_address
from eservice.kit.media import MediaStore
from eservice.kit.media_http import (
    MAX_PHOTO_BODY_BYTES,
    PHOTO_FORM,
    Media,
    jpeg_response,
    read_files,
    the_file,
)
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.permissions import Permission, require

Reference: TypeAlias = Annotated[str, Path(pattern=f"^[0-9a-f]{{{REFERENCE_LENGTH}}}$")]
Size: TypeAlias = Annotated[Literal["whole", "small"], Query(description="small: at most 320 pixels wide")]
_OFFICE_FORM = {
    **PHOTO_FORM,
    "required": ["file", "kind"],
    "properties": {
        **PHOTO_FORM["properties"],
        "kind": {"type": "string", "enum": [PhotoKind.BEFORE.value, PhotoKind.AFTER.value]},
        "is_public": {"type": "boolean", "description": "whether the resident sees it"},
    },
}
_JPEG: dict[int | str, dict[str, object]] = {200: {"content": {"image/jpeg": {}}, "description": "a JPEG"}}


@dataclass(frozen=True, kw_only=True)
class OfficePhoto:
    """What a partner sends."""

    file: UploadFile
    kind: PhotoKind
    is_public: bool


def _resident(request: Request, database: Db, number: Number, case_key: CaseKey) -> Resident:
    with slowing_guesses(database, client_address(request)), database.read() as reader:
        cases.of_resident(reader, number, Resident(key=case_key))
    return Resident(key=case_key)


KeyHolder: TypeAlias = Annotated[Resident, Depends(_resident)]


def _case_of_partner(database: Db, number: Number, partner: Partner) -> int:
    """The id of a case within the partner's reach."""
    with database.read() as reader:
        return queries.find(reader, cases.by_number(reader, number).id, partner).id


def _case_to_work_on(
    database: Db, partner: Partner, case_id: Annotated[int, Depends(_case_of_partner)]
) -> int:
    with database.read() as reader:
        require(partner, Permission.CASE_WORK, queries.find(reader, case_id, partner).department_id)
    return case_id


PartnersCase: TypeAlias = Annotated[int, Depends(_case_of_partner)]
WorkersCase: TypeAlias = Annotated[int, Depends(_case_to_work_on)]


async def _file_of_resident(request: Request, resident: KeyHolder) -> UploadFile:
    return await the_file(request)


async def _file_of_office(request: Request, case_id: WorkersCase) -> OfficePhoto:
    file = await the_file(request)
    form = await request.form()
    kind, is_public = form.get("kind"), form.get("is_public", "false")
    if kind not in (PhotoKind.BEFORE, PhotoKind.AFTER):
        raise invalid("http.invalid", kind="unknown")
    if is_public not in ("true", "false"):
        raise invalid("http.invalid", is_public="unknown")
    return OfficePhoto(file=file, kind=PhotoKind(str(kind)), is_public=is_public == "true")


def add_attachment_routes(router: APIRouter) -> None:
    """The routes about photos."""

    @router.post(
        "/{number}/attachments",
        status_code=201,
        max_body_size=MAX_PHOTO_BODY_BYTES,
        openapi_extra=_form(PHOTO_FORM),
    )
    def add_a_photo(
        request: Request,
        number: Number,
        resident: KeyHolder,
        file: Annotated[UploadFile, Depends(_file_of_resident)],
        database: Db,
        media: Media,
        idempotency_key: IdempotencyKey = None,
    ) -> Attachment:
        """The resident adds a photo: JPEG, PNG or WebP, at most 10 MB and 40 million pixels; 10 for one case.

        What is kept is drawn anew: nothing that was hidden in the file goes on.
        """
        floods.admit_photo(database, client_address(request))
        return _take_in(
            request,
            database,
            media,
            file,
            lambda uow, kept: photos.attach_from_resident(uow, number, resident, kept),
            caller=f"key:{resident.key}",
            key=idempotency_key,
        )

    @router.get("/{number}/attachments/{reference}", response_class=Response, responses=_JPEG)
    def see_a_photo(
        request: Request,
        number: Number,
        resident: KeyHolder,
        reference: Reference,
        database: Db,
        media: Media,
        size: Size = "whole",
    ) -> Response:
        """A photo that the resident may see."""
        with database.read() as reader:
            case = cases.of_resident(reader, number, resident)
            shown = photos.of_complaint(reader, case.id, for_resident=True)
            photo = photos.named(shown, reference)
        return _picture(request, media, photo, size)

    @router.post(
        "/{number}/record/attachments",
        status_code=201,
        max_body_size=MAX_PHOTO_BODY_BYTES,
        openapi_extra=_form(_OFFICE_FORM),
    )
    def add_to_the_record(
        request: Request,
        partner: Partner,
        case_id: WorkersCase,
        sent: Annotated[OfficePhoto, Depends(_file_of_office)],
        database: Db,
        media: Media,
        idempotency_key: IdempotencyKey = None,
    ) -> Attachment:
        """The office adds a photo of before or after the work. Its reference goes into `photo_ids` of `propose-done`."""
        return _take_in(
            request,
            database,
            media,
            sent.file,
            lambda uow, kept: photos.attach(
                uow, case_id, kept, kind=sent.kind, by=partner, is_public=sent.is_public
            ),
            caller=partner.username,
            key=idempotency_key,
            asked=f"{sent.kind.value} {sent.is_public}",
        )

    @router.get("/{number}/record/attachments/{reference}", response_class=Response, responses=_JPEG)
    def see_a_photo_of_the_record(
        request: Request,
        partner: Partner,
        case_id: PartnersCase,
        reference: Reference,
        database: Db,
        media: Media,
        size: Size = "whole",
    ) -> Response:
        """Any photo of a case within the token's reach."""
        note_reading(
            database,
            actor=partner.username,
            action="complaint.read",
            subject_kind="complaint",
            find=lambda reader: case_id,
        )
        with database.read() as reader:
            photo = photos.named(photos.of_complaint(reader, case_id), reference)
        return _picture(request, media, photo, size)


def _take_in(
    request: Request,
    database: Database,
    media: MediaStore,
    file: UploadFile,
    attach: Callable[[UnitOfWork, KeptPhoto], Photo],
    *,
    caller: str,
    key: str | None,
    asked: str = "",
) -> Attachment:
    (content,) = read_files([file], MAX_BYTES)
    with uploads.kept_for(media, content) as kept, database.unit_of_work() as uow:
        answer = do_once(
            uow,
            lambda: attachment_shape(attach(uow, kept)),
            caller=caller,
            route=f"{request.method} {request.url.path}",
            key=key,
            asked=f"{asked} {sha256(content).hexdigest()}",
        )
    return Attachment.model_validate(answer)


def _picture(request: Request, media: MediaStore, photo: Photo, size: str) -> Response:
    key = photo.thumbnail_key if size == "small" else photo.image_key
    return jpeg_response(request, media, key, "photo")


def _form(schema: dict[str, object]) -> dict[str, object]:
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
