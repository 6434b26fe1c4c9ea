"""ติดตามเรื่อง: the number alone shows the state; the number with its key opens everything, and what one can do.

The key comes only in the body of a form, is never logged, and is not kept: `opened` remembers the number.
Every number or key that opens nothing gets the same answer and counts against the caller's address.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from eservice.complaints import cases, floods, guesses, photos, queries, ratings, redactions, residents
from eservice.complaints.cases import Resident
from eservice.complaints.numbers import read_number, shown
from eservice.complaints.rules import read_rules
from eservice.kit import outbox
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.http import STATUS, Uow, client_address
from eservice.kit.signals import Signals
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.portal.case_views import can_do, photo_views, status_view, timeline_view
from eservice.portal.forms import Form
from eservice.portal.opened import OpenedComplaint
from eservice.portal.pages import PortalPages, language_of, security_headers

TYPED = 100  # characters of a number or key that are read
WORDS = ("message", "reason", "words", "stars")
"""Fields of what one does: kept where the half hour was over before they were sent."""


def create_tracking(pages: PortalPages, signals: Signals, opened: OpenedComplaint) -> APIRouter:
    """The routes of tracking."""
    router = APIRouter(include_in_schema=False)
    tracking = _Tracking(pages, signals, opened)
    router.add_api_route("/track", tracking.look, methods=["GET", "HEAD"], response_class=Response)
    router.add_api_route("/track", tracking.act, methods=["POST"], response_class=Response)
    return router


def _say(uow: UnitOfWork, number: str, resident: Resident, form: Mapping[str, str]) -> None:
    residents.say(uow, number, resident, form.get("message", ""))


def _withdraw(uow: UnitOfWork, number: str, resident: Resident, form: Mapping[str, str]) -> None:
    residents.withdraw(uow, number, resident)


def _confirm(uow: UnitOfWork, number: str, resident: Resident, form: Mapping[str, str]) -> None:
    residents.confirm(uow, number, resident)


def _reopen(uow: UnitOfWork, number: str, resident: Resident, form: Mapping[str, str]) -> None:
    residents.reopen(uow, number, resident, form.get("reason", ""))


def _rate(uow: UnitOfWork, number: str, resident: Resident, form: Mapping[str, str]) -> None:
    stars = form.get("stars", "")
    if stars not in ("1", "2", "3", "4", "5"):
        raise invalid("complaints.bad_rating", stars="invalid")
    ratings.rate(uow, number, resident, int(stars), form.get("words", ""))


_ACTS: dict[str, tuple[Callable[[UnitOfWork, str, Resident, Mapping[str, str]], None], str]] = {
    "say": (_say, "message"),
    "withdraw": (_withdraw, ""),
    "confirm": (_confirm, ""),
    "reopen": (_reopen, "reason"),
    "rate": (_rate, "stars"),
}
"""What a resident does, and the field at which a refusal stands; "" is above the page."""

_DONE = {
    "say": "portal.track.done_say",
    "withdraw": "portal.track.done_withdraw",
    "confirm": "portal.track.done_confirm",
    "reopen": "portal.track.done_reopen",
    "rate": "portal.track.done_rate",
    "photo": "portal.track.done_photo",
}


class _Tracking:
    """The endpoints."""

    def __init__(self, pages: PortalPages, signals: Signals, opened: OpenedComplaint) -> None:
        self._pages = pages
        self._signals = signals
        self._opened = opened

    def look(self, request: Request, uow: Uow, number: str = "", done: str = "") -> Response:
        """The form; with a number its state; all of it for a browser that has opened it with the key."""
        typed = number.strip()[:TYPED]
        known = self._opened.number(request, uow.now)
        if known is not None and (not typed or read_number(typed) == known):
            return whole_page(self._pages, request, uow, known, {}, done=_DONE.get(done, ""))
        return self._state(request, uow, typed) if typed else self._form(request, uow)

    def act(self, request: Request, uow: Uow, form: Form) -> Response:
        """Opens a complaint with its key, or does something with the one that is open."""
        act = form.get("act", "open")
        if act == "open":
            return self._open(request, uow, form)
        if act == "close":
            response = to_track()
            self._opened.forget(response)
            return response
        if act not in _ACTS:
            return to_track()
        number = self._opened.number(request, uow.now)
        if number is None:
            typed = form.get("number", "")[:TYPED]
            return self._form(request, uow, typed, notice="portal.track.expired", kept=form)
        return self._do(request, uow, number, act, form)

    def _open(self, request: Request, uow: Uow, form: Mapping[str, str]) -> Response:
        typed, key = form.get("number", "").strip()[:TYPED], form.get("key", "").strip()[:TYPED]
        if not typed:
            return self._form(request, uow, fault="portal.track.no_number", status=422, kept=form)
        number = read_number(typed)
        if not key and number is not None:  # what is no number may be a key, which belongs in no address
            return to_track(number=shown(number))
        address = client_address(request)
        try:
            guesses.refuse_guesser(uow, address)
            complaint = cases.of_resident(uow, typed, Resident(key=key))
        except ServiceError as refusal:
            return self._refused(request, uow, refusal, address, typed, form)
        kept = any(form.get(name) for name in WORDS)
        response = whole_page(self._pages, request, uow, complaint.number, form) if kept else to_track()
        self._opened.remember(response, complaint.number, uow.now)
        return response

    def _do(self, request: Request, uow: Uow, number: str, act: str, form: Mapping[str, str]) -> Response:
        do, field = _ACTS[act]
        try:
            if act in ("say", "rate"):
                floods.admit_words(uow, client_address(request))
            with uow.session.begin_nested():  # the page of a refusal follows in the same transaction
                do(uow, number, Resident(shown_number=number), form)
        except ServiceError as refusal:
            fault = f"errors.{refusal.code}"
            return whole_page(
                self._pages, request, uow, number, form, field=field, fault=fault, status=STATUS[refusal.kind]
            )
        self._signals.notify(uow, outbox.TOPIC)
        response = to_track(done=act)
        self._opened.remember(response, number, uow.now)
        return response

    def _state(self, request: Request, uow: Uow, typed: str) -> Response:
        address = client_address(request)
        try:
            guesses.refuse_guesser(uow, address)
            status = queries.public_status(uow, typed)
        except ServiceError as refusal:
            return self._refused(request, uow, refusal, address, typed, {})
        view = status_view(status, self._pages.texts, language_of(request), uow.now)
        return self._pages.render(request, uow, "track_state.html", is_private=True, status_view=view)

    def _refused(
        self,
        request: Request,
        uow: Uow,
        refusal: ServiceError,
        address: str,
        typed: str,
        kept: Mapping[str, str],
    ) -> Response:
        if refusal.kind is ErrorKind.NOT_FOUND:
            guesses.count_failure(uow, address)
        return self._form(
            request,
            uow,
            typed,
            fault=f"errors.{refusal.code}",
            status=STATUS[refusal.kind],
            retry_after_seconds=refusal.retry_after_seconds,
            kept=kept,
        )

    def _form(
        self,
        request: Request,
        uow: Uow,
        typed: str = "",
        *,
        fault: str = "",
        notice: str = "",
        status: int = 200,
        retry_after_seconds: int | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> Response:
        return self._pages.render(
            request,
            uow,
            "track.html",
            is_private=True,
            status=status,
            headers={"Retry-After": str(retry_after_seconds)} if retry_after_seconds else None,
            typed=typed,
            fault=fault,
            notice_key=notice,
            kept={name: kept[name] for name in WORDS if kept.get(name)} if kept else {},
        )


def to_track(**query: str) -> Response:
    """On to the page of tracking, after something was done."""
    headers = security_headers() | {"Cache-Control": "no-store"}
    return RedirectResponse(f"/track?{urlencode(query)}" if query else "/track", 303, headers)


def whole_page(
    pages: PortalPages,
    request: Request,
    reader: ReadOnly,
    number: str,
    form: Mapping[str, str],
    *,
    done: str = "",
    field: str = "",
    fault: str = "",
    status: int = 200,
) -> Response:
    """The whole of a complaint. `form` is what was typed and could not be taken."""
    resident, language = Resident(shown_number=number), language_of(request)
    timeline = queries.timeline(reader, number, resident)
    complaint = cases.of_resident(reader, number, resident)
    return pages.render(
        request,
        reader,
        "track_whole.html",
        is_private=True,
        status=status,
        status_view=status_view(timeline.status, pages.texts, language, reader.now),
        timeline=timeline,
        entries=timeline_view(
            timeline,
            redactions.of_complaint(reader, complaint.id, for_resident=True),
            pages.texts,
            language,
        ),
        photos=photo_views(photos.of_complaint(reader, complaint.id, for_resident=True), language),
        can=can_do(complaint, reader.now, reopen_days=read_rules(reader).reopen_days),
        rating=ratings.rating_of(reader, complaint),
        typed={name: form.get(name, "") for name in WORDS},
        done=done,
        field=field,
        fault=fault,
    )
