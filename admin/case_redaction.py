"""Hiding words and removing photos of a complaint in the console: shown first as it will be, then done for good."""

from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.case_list import HOME
from admin.case_moves import Seen, Words
from admin.case_photo_views import PhotoView, photo_of
from admin.pages import page, redirect, refilling
from eservice.complaints import photos, queries
from eservice.complaints.numbers import shown
from eservice.complaints.redactions import RedactionReason
from eservice.kit import audit, outbox
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.http import Db
from eservice.kit.media import MediaStore
from eservice.kit.media_http import Media
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import deliveries
from eservice.privacy import erasure, redaction
from eservice.privacy.redaction import Place
from eservice.staff.permissions import Permission, Principal, require
from knowledge.entries import service as entries

router = APIRouter(prefix="/cases")
log = structlog.get_logger()

Worker = Annotated[Principal, guarded(Permission.CASE_WORK)]
Reason = Annotated[str, Form(max_length=30)]
Sure = Annotated[str, Form(max_length=3)]


@dataclass(frozen=True, kw_only=True)
class PlaceView:
    """One text of the complaint: where it stands, and its lines."""

    title: str
    lines: list[str]


@router.get("/{case_id:int}/redact")
def show_words(request: Request, staff: Worker, database: Db, case_id: int) -> Response:
    """The form for hiding words, with all that can be hidden in to copy from."""
    context = _words_page(request, staff, database, case_id, {"words": "", "reason": "", "note": ""})
    return page(request, "cases/redact.html", **context)


@router.post("/{case_id:int}/redact")
def hide_words(
    request: Request,
    staff: Worker,
    database: Db,
    case_id: int,
    seen: Seen = 0,
    words: Words = "",
    reason: Reason = "",
    note: Words = "",
    sure: Sure = "",
) -> Response:
    """Shows how the texts would be; with `sure` "yes" hides the words for good."""
    form = {"words": words, "reason": reason, "note": note}
    context = _words_page(request, staff, database, case_id, form)
    why = _reason(reason)
    with refilling(request, "cases/redact.html", **context):
        if sure != "yes":
            with database.read() as reader:
                complaint = queries.find(reader, case_id, staff)
                would_be = redaction.preview(reader, complaint, words, why, note)
            texts = console_of(request).texts
            return page(request, "cases/redact.html", **{**context, "preview": _views(texts, would_be)})
        with database.unit_of_work() as uow:
            done = redaction.hide_words(uow, case_id, words, why, note, by=staff, seen_version=seen)
            _told(request, uow)
            count = str(done.places)
    database.empty_log()
    return redirect(request, f"{HOME}/{case_id}", flash="cases.redacted", count=count)


@router.get("/photos/{photo_id:int}/remove")
def show_photo_to_remove(request: Request, staff: Worker, database: Db, photo_id: int) -> Response:
    """A photo, and the question whether it goes."""
    context = _photo_page(request, staff, database, photo_id, {"reason": "", "note": ""})
    return page(request, "cases/remove_photo.html", **context)


@router.post("/photos/{photo_id:int}/remove")
def remove_photo(
    request: Request,
    staff: Worker,
    database: Db,
    media: Media,
    photo_id: int,
    seen: Seen = 0,
    reason: Reason = "",
    note: Words = "",
) -> Response:
    """Removes a photo for good, with its files."""
    context = _photo_page(request, staff, database, photo_id, {"reason": reason, "note": note})
    with refilling(request, "cases/remove_photo.html", **context), database.unit_of_work() as uow:
        redaction.remove_photo(uow, photo_id, _reason(reason), note, by=staff, seen_version=seen)
        _told(request, uow)
    _forget_files(database, media)
    return redirect(request, f"{HOME}/{context['case_id']}#photos", flash="cases.photo_removed")


def _words_page(
    request: Request, staff: Principal, database: Database, case_id: int, form: dict[str, str]
) -> dict[str, Any]:
    """What the page shows, with all that was said in the case: that it was read is on record."""
    audit.note_reading(
        database,
        actor=staff.username,
        action="complaint.read",
        subject_kind="complaint",
        find=lambda reader: queries.find(reader, case_id, staff).id,
    )
    texts = console_of(request).texts
    with database.read() as reader:
        complaint = queries.find(reader, case_id, staff)
        require(staff, Permission.CASE_WORK, complaint.department_id)
        return {
            "case_id": complaint.id,
            "number": shown(complaint.number),
            "version": complaint.version,
            "places": _views(texts, redaction.texts_of(reader, complaint)),
            "preview": [],
            "reasons": _reasons(texts),
            "form": form,
        }


def _photo_page(
    request: Request, staff: Principal, database: Database, photo_id: int, form: dict[str, str]
) -> dict[str, Any]:
    texts = console_of(request).texts
    with database.read() as reader:
        complaint = queries.find(reader, photos.find_case(reader, photo_id, staff), staff)
        require(staff, Permission.CASE_WORK, complaint.department_id)
        photo: PhotoView = photo_of(reader, texts, staff, photo_id)
        return {
            "case_id": complaint.id,
            "number": shown(complaint.number),
            "version": complaint.version,
            "photo": photo,
            "reasons": _reasons(texts),
            "form": form,
        }


def _views(texts: Catalogue, places: list[Place]) -> list[PlaceView]:
    return [
        PlaceView(
            title=" · ".join(
                filter(
                    None,
                    (
                        texts.get(f"cases.redact.place.{place.kind}"),
                        thai_datetime(place.at) if place.at is not None else "",
                    ),
                )
            ),
            lines=[line for line in place.text.splitlines() if line.strip()],
        )
        for place in places
    ]


def _reasons(texts: Catalogue) -> list[tuple[str, str]]:
    return [(reason.value, texts.get(f"redaction.reason.{reason.value}")) for reason in RedactionReason]


def _reason(chosen: str) -> RedactionReason | None:
    return RedactionReason(chosen) if chosen in list(RedactionReason) else None


def _told(request: Request, uow: UnitOfWork) -> None:
    """Wakes whoever tells residents, and whoever answers with what was learned from those words."""
    request.app.state.signals.notify(uow, outbox.TOPIC, deliveries.TOPIC, entries.TOPIC)


def _forget_files(database: Database, media: MediaStore) -> None:
    try:
        erasure.forget_files(database, media)
    except ServiceError as fault:  # nobody sees the photo any more; its files go with the worker's next round
        log.error("photos.not_forgotten", reason=fault.parameters.get("reason", ""))
