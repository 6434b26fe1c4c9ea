"""The copy of a person's own data, behind a link that opens once; and what one may ask about a single case.

The secret stands behind the "#" of the link, so that no browser sends it by itself: a script puts it into the
form below, and only sending that form opens anything. What was opened stays open for half an hour, in a signed
cookie. A case is opened with its number and key, as everywhere.
"""

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from eservice.complaints import cases
from eservice.complaints.cases import Resident
from eservice.complaints.numbers import shown
from eservice.kit.errors import ServiceError, not_found
from eservice.kit.http import STATUS, Db, Reader, Uow
from eservice.kit.media_http import Media, jpeg_response
from eservice.portal.forms import Form
from eservice.portal.opened import OpenedComplaint
from eservice.portal.pages import PortalPages, date_words, language_of, moment_words, security_headers
from eservice.portal.tracking import to_track
from eservice.privacy import copies, requests
from eservice.privacy.copies import Copy
from eservice.privacy.models import RequestKind

COOKIE = "mydata"
OF_A_CASE = {"correction": RequestKind.CORRECTION, "erasure": RequestKind.ERASURE}


def create_my_data(pages: PortalPages, opened_case: OpenedComplaint, opened: OpenedComplaint) -> APIRouter:
    """The routes. `opened` remembers the contact whose copy is open, `opened_case` the case."""
    router = APIRouter(include_in_schema=False)
    room = _MyData(pages, opened_case, opened)
    router.add_api_route(copies.PAGE, room.door, methods=["GET"], response_class=Response)
    router.add_api_route(copies.PAGE, room.open, methods=["POST"], response_class=Response)
    router.add_api_route(f"{copies.PAGE}/all", room.show, methods=["GET"], response_class=Response)
    router.add_api_route(f"{copies.PAGE}/data.json", room.download, methods=["GET"], response_class=Response)
    router.add_api_route(
        f"{copies.PAGE}/photos/{{photo_id:int}}", room.photo, methods=["GET"], response_class=Response
    )
    router.add_api_route("/track/personal", room.of_case, methods=["GET"], response_class=Response)
    router.add_api_route("/track/personal", room.ask_about_case, methods=["POST"], response_class=Response)
    router.add_api_route("/track/data.json", room.download_case, methods=["GET"], response_class=Response)
    return router


class _MyData:
    """The endpoints."""

    def __init__(self, pages: PortalPages, opened_case: OpenedComplaint, opened: OpenedComplaint) -> None:
        self._pages = pages
        self._opened_case = opened_case
        self._opened = opened

    def door(self, request: Request, reader: Reader) -> Response:
        """The form that opens a copy. Looking at it opens nothing."""
        return self._pages.render(request, reader, "mydata.html", is_private=True, fault="")

    def open(self, request: Request, uow: Uow, form: Form) -> Response:
        """Exchanges the secret, once."""
        try:
            contact_id = copies.open_link(uow, form.get("secret", "")[:200])
        except ServiceError as refusal:
            fault = f"errors.{refusal.code}"
            return self._pages.render(
                request, uow, "mydata.html", is_private=True, status=STATUS[refusal.kind], fault=fault
            )
        response = _to(f"{copies.PAGE}/all")
        self._opened.remember(response, str(contact_id), uow.now)
        return response

    def show(self, request: Request, reader: Reader) -> Response:
        """All of it, to read."""
        contact_id = self._contact(request, reader.now)
        if contact_id is None:
            return _to(copies.PAGE)
        language = language_of(request)
        return self._pages.render(
            request,
            reader,
            "mydata_all.html",
            is_private=True,
            sections=copies.readable(
                copies.copy_of(reader, contact_id),
                self._pages.texts,
                language,
                lambda at: moment_words(at, language),
            ),
            photos=[photo.id for photo in copies.photos_of(reader, contact_id)],
        )

    def download(self, request: Request, reader: Reader) -> Response:
        """All of it, for another program."""
        contact_id = self._contact(request, reader.now)
        return (
            _to(copies.PAGE) if contact_id is None else _json(copies.copy_of(reader, contact_id), "my-data")
        )

    def photo(self, request: Request, database: Db, media: Media, photo_id: int) -> Response:
        """One of the person's own photos."""
        with database.read() as reader:
            contact_id = self._contact(request, reader.now)
            own = copies.photos_of(reader, contact_id) if contact_id is not None else []
            photo = next((photo for photo in own if photo.id == photo_id), None)
        if photo is None:
            raise not_found("photos.not_found")
        return jpeg_response(request, media, photo.image_key, "photo")

    def of_case(self, request: Request, reader: Reader, done: str = "") -> Response:
        """What one may ask about the case that is open in this browser."""
        number = self._opened_case.number(request, reader.now)
        return to_track() if number is None else self._case_page(request, reader, number, done=done == "yes")

    def ask_about_case(self, request: Request, uow: Uow, form: Form) -> Response:
        """Takes a request about it."""
        number = self._opened_case.number(request, uow.now)
        kind = OF_A_CASE.get(form.get("kind", ""))
        if number is None or kind is None:
            return to_track()
        complaint = cases.for_resident(uow, number, Resident(shown_number=number))
        try:
            requests.ask(uow, kind, complaint=complaint, words=form.get("words", ""))
        except ServiceError as refusal:
            return self._case_page(
                request, uow, number, status=STATUS[refusal.kind], fault=f"errors.{refusal.code}", typed=form
            )
        return _to("/track/personal?done=yes")

    def download_case(self, request: Request, reader: Reader) -> Response:
        """What is kept of the case."""
        number = self._opened_case.number(request, reader.now)
        if number is None:
            return to_track()
        complaint = cases.of_resident(reader, number, Resident(shown_number=number))
        return _json(copies.copy_of_case(reader, complaint), f"case-{shown(number)}")

    def _contact(self, request: Request, now: datetime) -> int | None:
        opened = self._opened.number(request, now)
        return int(opened) if opened is not None else None

    def _case_page(
        self,
        request: Request,
        reader: Reader,
        number: str,
        *,
        status: int = 200,
        fault: str = "",
        typed: Mapping[str, str] | None = None,
        done: bool = False,
    ) -> Response:
        complaint = cases.of_resident(reader, number, Resident(shown_number=number))
        language = language_of(request)
        asked = [
            {
                "number": requests.number(each),
                "kind": f"privacy.kinds_for_residents.{each.kind.value}",
                "state": f"privacy.states.{each.state.value}",
                "due": date_words(each.due_at, language),
                "outcome": " ".join(filter(None, (each.outcome, each.law))),
            }
            for each in requests.of_case(reader, complaint.id)
        ]
        return self._pages.render(
            request,
            reader,
            "track_personal.html",
            is_private=True,
            status=status,
            number=shown(number),
            asked=asked,
            fault=fault,
            typed=(typed or {}).get("words", ""),
            done=done,
        )


def _json(copy: Copy, name: str) -> Response:
    headers = security_headers() | {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}.json"',
    }
    return Response(copies.as_json(copy), media_type="application/json", headers=headers)


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, security_headers() | {"Cache-Control": "no-store"})
