"""Making the console's pages: rendering, redirects with a message, and forms that refill after a refusal.

A room is a module `admin/<room>.py` with a router, templates in `admin/templates/<room>/`, words in
`admin/text/<room>/th.toml` and `en.toml`:

    router = APIRouter(prefix="/faq")

    @router.get("/{entry_id}")
    def show(request: Request, reader: Reader, entry_id: RowId,
             staff: Annotated[Principal, guarded(Permission.FAQ_READ)]) -> Response:
        return page(request, "faq/entry.html", entry=service.entry(reader, entry_id))

    @router.post("/{entry_id}")
    def change(request: Request, uow: Uow, entry_id: RowId,
               staff: Annotated[Principal, guarded(Permission.FAQ_WRITE)],
               question: Annotated[str, Form()] = "") -> Response:
        entry = service.entry(uow, entry_id)
        require(staff, Permission.FAQ_WRITE, entry.department_id)
        with refilling(request, "faq/entry.html", entry=entry, form={"question": question}):
            service.change(uow, entry_id, question=question, actor=staff.username)
        return redirect(request, f"/admin/faq/{entry_id}", flash="faq.saved")

Templates extend `site/console.html`, put `{{ csrf_field }}` into every form (htmx sends the token by itself)
and find there: `staff`, `may(permission, …)`, `errors` [(field, sentence)], `error_of(field)`. Texts of a
flash are `flash.<key>`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup

from admin.access import CSRF_FIELD, CSRF_HEADER, Console, Visit, console_of, csrf_token
from admin.navigation import Room, is_within, rooms_for
from admin.record_pages import history_href
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import STATUS
from eservice.kit.text import Catalogue
from eservice.staff import permissions
from eservice.staff.permissions import Permission, Principal

RowId: TypeAlias = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""An id in an address; anything else is "not found"."""

FLASH_COOKIE = "flash"
NOT_DONE = "not_done"
"""The flash that tells what could not be done."""
FLASH_SECONDS = 60


class FormRefused(Exception):
    """A refused form, shown again. Raised, so that the route's unit of work rolls back."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@contextmanager
def refilling(request: Request, template: str, **context: Any) -> Iterator[None]:
    """Within the block, refused input or a conflict shows the form again with what was typed."""
    try:
        yield
    except ServiceError as error:
        if error.kind in (ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.TOO_MANY):
            # Rendered now, while what the context holds can still be read from the database.
            raise FormRefused(_form_again(request, template, error, context)) from error
        raise


@contextmanager
def told_on(request: Request, address: str) -> Iterator[None]:
    """Within the block, refused input or a conflict changes nothing and is told on top of the page at `address`."""
    try:
        yield
    except ServiceError as error:
        if error.kind not in (ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.TOO_LARGE, ErrorKind.TOO_MANY):
            raise
        words = " ".join(sentence for _, sentence in sentences(console_of(request), error))
        raise FormRefused(redirect(request, address, flash=NOT_DONE, words=words)) from error


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Renders a page of the console for whoever is at the door."""
    console = console_of(request)
    visit: Visit = request.state.visit
    flash = _read_flash(console, request)
    known: dict[str, Any] = {"errors": [], "error_of": _no_error, "flash": "", "is_failure": False}
    html = console.templates.get_template(template).render(
        {**known, **_frame(console, request, visit), **flash, **context}
    )
    response = HTMLResponse(html, status_code=status)
    if visit.new_visitor:
        set_cookie(console, response, console.visitor_cookie, visit.new_visitor)
    if flash:
        response.delete_cookie(FLASH_COOKIE, path="/admin")
    return response


def fragment(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Renders a part of a page for htmx; the template extends nothing."""
    return page(request, template, status=status, **context)


def sentences(console: Console, error: ServiceError) -> list[tuple[str, str]]:
    """What is wrong, as (field, sentence); a fault of the whole form has the field "".

    A field's own sentence is `faults.<code>.<field>`; without one it is the refusal's, or when several fields
    are wrong `faults.any.<fault>`.
    """
    texts = console.texts
    whole = texts.get(f"errors.{error.code}", **error.parameters)
    if not error.fields:
        return [("", whole)]

    def sentence(field: str, fault: str) -> str:
        if texts.has(key := f"faults.{error.code}.{field}"):
            return texts.get(key)
        return whole if len(error.fields) == 1 else texts.get(f"faults.any.{fault}")

    return [(field, sentence(field, fault)) for field, fault in error.fields.items()]


def redirect(request: Request, address: str, *, flash: str = "", **parameters: str) -> Response:
    """Sends the browser on to `address` after a change; the page there shows the text `flash.<flash>`."""
    if "hx-request" in request.headers:
        # Quoted as RedirectResponse does it: a header cannot carry Thai.
        address = quote(address, safe=":/%#?=@[]!$&'()*+,;")
        response = Response(status_code=204, headers={"HX-Redirect": address})
    else:
        response = RedirectResponse(address, status_code=303)
    if flash:
        console = console_of(request)
        signed = _serializer(console).dumps([flash, parameters])
        assert isinstance(signed, str)
        response.set_cookie(
            FLASH_COOKIE, signed, max_age=FLASH_SECONDS, path="/admin",
            secure=console.settings.is_https, httponly=True, samesite="lax",
        )  # fmt: skip
    return response


def set_cookie(
    console: Console, response: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Sets a cookie out of reach of scripts and of other sites, for this browser session or so many seconds."""
    response.set_cookie(
        name, value, max_age, path="/", secure=console.settings.is_https, httponly=True, samesite="lax"
    )


def drop_cookie(console: Console, response: Response, name: str) -> None:
    """Takes a cookie away."""
    response.delete_cookie(name, path="/", secure=console.settings.is_https, httponly=True)


def _form_again(request: Request, template: str, error: ServiceError, context: dict[str, Any]) -> Response:
    """The form once more, with a sentence at each wrong field."""
    errors = sentences(console_of(request), error)
    faults = dict(errors)
    response = page(
        request, template, status=STATUS[error.kind],
        **{"errors": errors, "error_of": lambda name: faults.get(name, ""), **context},
    )  # fmt: skip
    if error.retry_after_seconds:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _frame(console: Console, request: Request, visit: Visit) -> dict[str, Any]:
    """What every template may rely on."""
    token = csrf_token(console, visit)
    return {
        "lang": "th",
        "office_name": visit.office_name or console.texts.get("site.unnamed_office"),
        "look": visit.look,
        "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token),
        "csrf_headers": {CSRF_HEADER: token},
        "disk_is_short": console.space.is_short(),
        "clock_fault": visit.clock_fault,
        "is_lone_administrator": visit.is_lone_administrator,
        **(_person(console, request, visit.principal, visit) if visit.principal else {"staff": None}),
    }


def _person(console: Console, request: Request, principal: Principal, visit: Visit) -> dict[str, Any]:
    t = console.texts.get
    path = request.url.path
    alarm = visit.alarm

    def may(permission: str, *department: int | None) -> bool:
        return permissions.may(principal, Permission(permission), *department)

    def rail_item(room: Room) -> dict[str, Any]:
        item = {"href": room.href, "label": t(f"rooms.{room.key}"), "icon": room.icon}
        is_urgent = room.permission is Permission.PRIVACY_HANDLE and bool(alarm and alarm.is_urgent)
        waiting = {"count": visit.counts.get(room.key, 0), "is_urgent": is_urgent}
        return {**item, "current": is_within(room, path), **waiting}

    return {
        "staff": principal,
        "staff_name": principal.display_name,
        "staff_line": principal.department_name or t("site.whole_office"),
        "may": may,
        "history_href": history_href,
        "breach_clock": clock_words(console.texts, alarm.breach_left)
        if alarm and alarm.breach_left is not None
        else "",
        "pressing_requests": alarm.pressing if alarm else 0,
        "rail": [rail_item(room) for room in ([] if visit.must_enrol else rooms_for(principal))],
    }


def clock_words(texts: Catalogue, left: timedelta) -> str:
    """How much is left of the 72 hours of a breach, or how long they are over."""
    hours, minutes = divmod(int(abs(left).total_seconds()) // 60, 60)
    key = "privacy_room.breach.left" if left >= timedelta() else "privacy_room.breach.over"
    return texts.get(key, hours=hours, minutes=minutes)


def _read_flash(console: Console, request: Request) -> dict[str, Any]:
    """What the template is told of a flash; nothing where no cookie came that is to be read now."""
    signed = request.cookies.get(FLASH_COOKIE)
    if not signed or request.method != "GET" or "hx-request" in request.headers:
        return {}
    try:
        key, parameters = _serializer(console).loads(signed, max_age=FLASH_SECONDS)
    except BadSignature:
        return {"flash": ""}
    return {"flash": console.texts.get(f"flash.{key}", **parameters), "is_failure": key == NOT_DONE}


def _serializer(console: Console) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(console.settings.signing_key, salt="console-flash")


def _no_error(name: str) -> str:
    return ""
