"""Photos of the complaint that a browser has opened with its key: seeing them, and adding some.

Without the signed cookie of `opened` there is nothing here.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from eservice.complaints import floods, photos, uploads
from eservice.complaints.cases import Resident
from eservice.complaints.models import Photo
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError, invalid, not_found
from eservice.kit.http import STATUS, Db, client_address
from eservice.kit.media_http import Media, jpeg_response, read_files
from eservice.portal.forms import MAX_PHOTOS, FormWithPhotos
from eservice.portal.opened import OpenedComplaint
from eservice.portal.pages import PortalPages
from eservice.portal.tracking import to_track, whole_page


def create_track_photos(pages: PortalPages, opened: OpenedComplaint) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    def photo_of(request: Request, database: Database, photo_id: int) -> Photo:
        with database.read() as reader:
            number = opened.number(request, reader.now)
            if number is None or photo_id > 2**31 - 1:
                raise not_found("photos.not_found")
            return photos.find_for_resident(reader, number, Resident(shown_number=number), photo_id)

    @router.get("/track/photos/{photo_id:int}")
    def show_photo(request: Request, database: Db, media: Media, photo_id: int) -> Response:
        """A photo that the resident may see."""
        return jpeg_response(request, media, photo_of(request, database, photo_id).image_key, "photo")

    @router.get("/track/photos/{photo_id:int}/thumbnail")
    def show_thumbnail(request: Request, database: Db, media: Media, photo_id: int) -> Response:
        """The same, small."""
        return jpeg_response(request, media, photo_of(request, database, photo_id).thumbnail_key, "photo")

    @router.post("/track/photos")
    def add_photos(request: Request, form: FormWithPhotos, database: Db, media: Media) -> Response:
        """Adds photos, each by itself. What was refused is told on the page, with those that were not in it."""
        with database.read() as reader:
            number = opened.number(request, reader.now)
        if number is None:
            return to_track()
        try:
            _add(database, media, number, form, client_address(request))
        except ServiceError as refusal:
            with database.read() as reader:
                return whole_page(
                    pages,
                    request,
                    reader,
                    number,
                    {},
                    field="photos",
                    fault=f"errors.{refusal.code}",
                    status=STATUS[refusal.kind],
                )
        response = to_track(done="photo")
        opened.remember(response, number, database.clock.now())
        return response

    return router


def _add(database: Database, media: Media, number: str, form: FormWithPhotos, source: str) -> None:
    """Raises the first refusal after all were tried."""
    if not form.photos:
        raise invalid("photos.none", photo="missing")
    if len(form.photos) > MAX_PHOTOS:
        raise invalid("photos.too_many_at_once", photo="too_many")
    first: ServiceError | None = None
    for content in read_files(form.photos, MAX_BYTES):
        try:
            floods.admit_photo(database, source)
            with uploads.kept_for(media, content) as kept, database.unit_of_work() as uow:
                photos.attach_from_resident(uow, number, Resident(shown_number=number), kept)
        except ServiceError as refusal:
            first = first or refusal
    if first is not None:
        raise first
