"""แจ้งเรื่อง: the form for reporting, in three steps that work without scripts: what, details, check.

Nothing is stored before the last button. A cry for help is answered on every step; words that read like
corruption first get the advice of whom to call, and become an ordinary case only when that is chosen.
"""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from eservice.complaints import corruption, filing, floods, nearby, spots
from eservice.complaints.categories import CORRUPTION, read_categories
from eservice.complaints.clocks import OTHER_CATEGORY
from eservice.complaints.filing import Filed
from eservice.complaints.nearby import Similar
from eservice.complaints.numbers import shown
from eservice.complaints.states import state_name
from eservice.complaints.villages import read_village
from eservice.kit import outbox
from eservice.kit.errors import ErrorKind, ServiceError, not_found
from eservice.kit.http import Db, Reader, Uow, client_address
from eservice.kit.media_http import Media, jpeg_response
from eservice.kit.signals import Signals
from eservice.kit.unit_of_work import ReadOnly
from eservice.portal.drafts import (
    Draft,
    complaint_of,
    detail_faults,
    new_draft,
    pin_of,
    read_draft,
    renewed,
    text_faults,
    with_photos,
    without_pin,
)
from eservice.portal.enclosed import MOST, EnclosedPhotos, without
from eservice.portal.forms import Form, FormWithPhotos
from eservice.portal.opened import OpenedComplaint
from eservice.portal.pages import PortalPages, language_of, security_headers
from eservice.staff.queries import department_names
from knowledge.classify import ComplaintClassifier
from knowledge.emergency import find_emergency

SUGGESTED = 3
DROP = "drop:"  # a button that takes a photo away again
HOTLINES = (
    ("1205", "portal.report.nacc", "portal.report.nacc_note"),
    ("1206", "portal.report.pacc", "portal.report.pacc_note"),
    ("1567", "portal.report.damrong", "portal.report.damrong_note"),
)
"""ป.ป.ช., ป.ป.ท., ศูนย์ดำรงธรรม."""


def create_reporting(
    pages: PortalPages,
    classifier: ComplaintClassifier,
    signals: Signals,
    opened: OpenedComplaint,
    enclosed: EnclosedPhotos,
) -> APIRouter:
    """The routes of the form."""
    router = APIRouter(include_in_schema=False)
    reporting = _Reporting(pages, classifier, signals, opened, enclosed)
    router.add_api_route("/report", reporting.begin, methods=["GET", "HEAD"], response_class=Response)
    router.add_api_route("/report", reporting.go_on, methods=["POST"], response_class=Response)
    router.add_api_route(
        "/report/photo", reporting.show_photo, methods=["GET", "HEAD"], response_class=Response
    )
    router.add_api_route("/report/send", reporting.again, methods=["GET", "HEAD"], response_class=Response)
    router.add_api_route("/report/send", reporting.send, methods=["POST"], response_class=Response)
    return router


class _Reporting:
    """The endpoints."""

    def __init__(
        self,
        pages: PortalPages,
        classifier: ComplaintClassifier,
        signals: Signals,
        opened: OpenedComplaint,
        enclosed: EnclosedPhotos,
    ) -> None:
        self._pages = pages
        self._classifier = classifier
        self._signals = signals
        self._opened = opened
        self._enclosed = enclosed

    def begin(self, request: Request, reader: Reader, spot: str = "") -> Response:
        """The empty form; with `spot`, the code of a sign, it knows its place."""
        found = spots.find_spot(reader, spot[:100])
        return self._what(request, reader, new_draft(found), no_spot=bool(spot) and found is None)

    def again(self) -> Response:
        """Who reloads the address of the last step begins anew."""
        return RedirectResponse("/report", 303, headers=security_headers())

    def go_on(self, request: Request, form: FormWithPhotos, database: Db, media: Media) -> Response:
        """The step that the tapped button leads to, or the first one with a fault. Photos are taken in first."""
        draft, step = read_draft(form), form.get("go", "")
        if step.startswith(DROP):
            draft, step = with_photos(draft, without(draft.enclosed, step.removeprefix(DROP))), "details"
        source = client_address(request)
        tokens, fault = self._enclosed.add(database, media, draft.enclosed, form.photos, source=source)
        draft = with_photos(draft, tokens)
        with database.read() as reader:
            if step == "what" and not fault:
                return self._what(request, reader, draft)
            page = self._first_fault(request, reader, draft, "details" if fault else step, fault)
            return page or self._check(request, reader, draft)

    def show_photo(self, request: Request, media: Media, database: Db, token: str = "") -> Response:
        """The small picture of a photo that the form carries, for whoever has its token."""
        found = self._enclosed.kept(token, database.clock.now())
        if not found:
            raise not_found("photos.not_found")
        return jpeg_response(request, media, found[0].thumbnail_key, "photo")

    def send(self, request: Request, uow: Uow, form: Form) -> Response:
        """Files it, once however often it is sent. The key is shown the first time only."""
        draft = read_draft(form)
        if (page := self._first_fault(request, uow, draft, "send")) is not None:
            return page
        if len(self._enclosed.kept(draft.enclosed, uow.now)) < len(draft.enclosed.split()):
            kept = with_photos(draft, "")
            return self._details(request, uow, kept, {"photos": "photos.enclosed_too_long"})
        address = client_address(request)
        urgency = self._classifier.urgency(draft.text).urgency
        try:
            floods.refuse_flood(uow, address)
            filed = filing.file_complaint(
                uow, complaint_of(draft, urgency), idempotency_key=f"web:{draft.key}"
            )
        except ServiceError as refusal:
            if refusal.code == "complaints.filed_otherwise":
                return self._check(request, uow, renewed(draft), notice="portal.report.filed_before")
            if refusal.kind is ErrorKind.TOO_MANY:
                return self._check(request, uow, draft, refusal=refusal)
            raise
        if filed.key is not None:
            self._enclosed.attach(uow, filed.number, draft.enclosed)
            floods.count_filing(uow, address)
            self._signals.notify(uow, outbox.TOPIC)
        return self._done(request, uow, draft, filed)

    def _first_fault(
        self, request: Request, reader: ReadOnly, draft: Draft, step: str, photo_fault: str = ""
    ) -> Response | None:
        """The page that must come before the one asked for. `photo_fault` is why a photo was refused."""
        if faults := text_faults(draft):
            return self._what(request, reader, draft, faults)
        if self._reads_like_corruption(draft):
            return self._pages.render(
                request,
                reader,
                "report_advice.html",
                is_private=True,
                next_step="details" if step == "details" else "check",
                hotlines=HOTLINES,
                **self._common(draft),
            )
        if step == "details":
            return self._details(request, reader, draft, {"photos": photo_fault} if photo_fault else None)
        if faults := detail_faults(draft, self._offered(reader)):
            return self._details(request, reader, without_pin(draft) if "place" in faults else draft, faults)
        return None

    def _what(
        self,
        request: Request,
        reader: ReadOnly,
        draft: Draft,
        faults: dict[str, str] | None = None,
        *,
        no_spot: bool = False,
    ) -> Response:
        return self._pages.render(
            request,
            reader,
            "report_what.html",
            is_private=True,
            status=422 if faults else 200,
            no_spot=no_spot,
            **self._common(draft, faults),
        )

    def _details(
        self, request: Request, reader: ReadOnly, draft: Draft, faults: dict[str, str] | None = None
    ) -> Response:
        if not (draft.category or draft.village):  # shown the first time: what the words say already
            draft = replace(draft, village=read_village(draft.text))
        offered = self._offered(reader)
        likely = [found.label for found in self._classifier.categories(draft.text, limit=len(offered))]
        suggested = [name for name in likely if name in offered][:SUGGESTED] or [OTHER_CATEGORY]
        return self._pages.render(
            request,
            reader,
            "report_details.html",
            is_private=True,
            status=422 if faults else 200,
            suggested=suggested,
            others=[name for name in offered if name not in suggested],
            chosen=draft.category if draft.category in offered else suggested[0],
            **self._common(draft, faults),
        )

    def _check(
        self,
        request: Request,
        reader: ReadOnly,
        draft: Draft,
        *,
        notice: str = "",
        refusal: ServiceError | None = None,
    ) -> Response:
        pin = pin_of(draft) or (None, None)
        similar = nearby.open_nearby(
            reader, category=draft.category, text=draft.text, latitude=pin[0], longitude=pin[1]
        )
        units = department_names(reader) if similar else {}
        wait = refusal.retry_after_seconds if refusal else None
        return self._pages.render(
            request,
            reader,
            "report_check.html",
            is_private=True,
            status=429 if refusal else 200,
            headers={"Retry-After": str(wait)} if wait else None,
            similar=[self._similar(request, found, units) for found in similar],
            notice_key=f"errors.{refusal.code}" if refusal else notice,
            **self._common(draft),
        )

    def _done(self, request: Request, uow: Uow, draft: Draft, filed: Filed) -> Response:
        response = self._pages.render(
            request,
            uow,
            "report_done.html",
            is_private=True,
            number=shown(filed.number),
            private_key=shown(filed.key) if filed.key else "",
            **self._common(draft),
        )
        if filed.key is not None:  # who has just seen the key need not type it at once
            self._opened.remember(response, filed.number, uow.now)
        return response

    def _common(self, draft: Draft, faults: dict[str, str] | None = None) -> dict[str, Any]:
        return {
            "draft": draft,
            "enclosed": draft.enclosed.split(),
            "most_photos": MOST,
            "faults": {field: f"errors.{code}" for field, code in (faults or {}).items()},
            "emergency": find_emergency(draft.text) if draft.text else None,
        }

    def _similar(self, request: Request, found: Similar, units: dict[int, str]) -> dict[str, Any]:
        """What the page says of another's case; the village is in the words of whoever filed it."""
        return {
            "number": shown(found.number),
            "state": state_name(self._pages.texts, found.state, language_of(request)),
            "filed_at": found.filed_at,
            "unit": units.get(found.department_id or 0, ""),
            "distance_m": found.distance_m,
        }

    def _reads_like_corruption(self, draft: Draft) -> bool:
        if draft.ordinary == "yes":
            return False
        if draft.category == CORRUPTION:
            return True
        likely = self._classifier.categories(draft.text, limit=SUGGESTED)
        return corruption.reads_like_corruption(draft.text, likely)

    @staticmethod
    def _offered(reader: ReadOnly) -> list[str]:
        return [category.name for category in read_categories(reader).values() if category.is_offered]
