"""Rendering of public pages: the office around them, their language, their headers and caching."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from eservice.kit import thai_calendar
from eservice.kit.text import DEFAULT_LANGUAGE, LANGUAGES, Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.kit.web.rendering import create_templates
from eservice.office import service as offices
from eservice.office.models import Office
from knowledge.entries.answer import AnswerLine, LineKind

FOLDER = Path(__file__).parent
SERVICE_TEXT = FOLDER.parent / "text"  # names of states, and what services answer
STATIC_DIRECTORY = FOLDER / "static"
PRODUCT = "เพื่อนบ้าน"
LANGUAGE_COOKIE = "lang"
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors "
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True)
class ChannelLinks:
    """Addresses at which residents add the office on other channels; None while a channel is off."""

    line: str | None = None
    telegram: str | None = None


@dataclass(frozen=True, kw_only=True)
class OfficeView:
    """The office as pages speak of it, in the page's language."""

    name: str
    address: str
    phone: str
    email: str
    hours: str
    is_open: bool
    open_words: str
    map_url: str
    is_demo: bool


class PortalPages:
    """Renders the public pages. One of it serves portal and error pages."""

    def __init__(self, *, public_url: str, channel_links: Callable[[], ChannelLinks] = ChannelLinks) -> None:
        self.public_url = public_url
        self.is_https = public_url.startswith("https://")  # cookies are then marked secure
        self.texts = Catalogue(FOLDER / "text", SERVICE_TEXT)
        self._channel_links = channel_links
        self._environment = create_templates(
            FOLDER / "templates",
            static_directories=(STATIC_DIRECTORY,),
            text_directories=(FOLDER / "text", SERVICE_TEXT),
            globals={"line_groups": line_groups},
        )
        self._last_name = PRODUCT  # error pages must speak while the database is away

    def render(
        self,
        request: Request,
        reader: ReadOnly,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        is_private: bool = False,
        **context: Any,
    ) -> Response:
        """A page with the office around it. No copy of a private one is kept anywhere."""
        office = offices.get_office(reader)
        language = language_of(request)
        self._last_name = office.name
        view = _view_of(office, reader.now, language, self.texts)
        frame_ancestors = context.pop("frame_ancestors", "'none'")
        body = self._environment.get_template(template).render(
            **self._common(request, language),
            office=view,
            office_name=view.name,
            look=offices.look_of(office),
            channel_links=self._channel_links(),
            **context,
        )
        response = self._respond(
            request, body, language, status=status, frame_ancestors=frame_ancestors, is_private=is_private
        )
        response.headers.update(headers or {})
        return response

    def render_error(self, request: Request, status: int, key: str) -> Response:
        """The page of a failure; it needs nothing but memory. `key` names its words below `portal.errors`."""
        language = language_of(request)
        body = self._environment.get_template("error.html").render(
            **self._common(request, language), office_name=self._last_name, key=key
        )
        return self._respond(request, body, language, status=status)

    def text(self, language: str) -> Callable[..., str]:
        """Reads the portal's words in one language."""

        def read(key: str, **parameters: object) -> str:
            return self.texts.get(key, language, **parameters)

        return read

    def _common(self, request: Request, language: str) -> dict[str, Any]:
        path = request.url.path
        return {
            "lang": language,
            "path": path,
            "canonical": self.public_url + path,
            # What was typed into a form is in no address: its next page stays in its language.
            "other_language_href": ""
            if request.method == "POST"
            else _with_language(request, "en" if language == "th" else "th"),
            "date_words": lambda value: date_words(value, language),
        }

    def _respond(
        self,
        request: Request,
        body: str,
        language: str,
        *,
        status: int = 200,
        frame_ancestors: str = "'none'",
        is_private: bool = False,
    ) -> Response:
        content = body.encode()
        headers = security_headers(frame_ancestors)
        if status == 200 and not is_private:
            tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
            # The words follow cookie, clock and database: browsers keep a copy but ask each time.
            headers |= {"Cache-Control": "private, no-cache", "ETag": tag, "Vary": "Cookie"}
            if tag in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
        else:
            headers["Cache-Control"] = "no-store"
        headers["Content-Language"] = language
        response = Response(content, status, headers, media_type="text/html")
        if request.query_params.get("lang") == language:
            response.set_cookie(
                LANGUAGE_COOKIE,
                language,
                max_age=LANGUAGE_COOKIE_SECONDS,
                httponly=True,
                samesite="lax",
                secure=self.is_https,
            )
        return response


def security_headers(frame_ancestors: str = "'none'") -> dict[str, str]:
    """What every public answer carries. `frame_ancestors` are the sites that may frame the page."""
    headers = {
        "Content-Security-Policy": _POLICY + frame_ancestors,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    }
    if frame_ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"  # older browsers; it cannot name other sites
    return headers


def line_groups(lines: Sequence[AnswerLine]) -> list[tuple[LineKind, list[AnswerLine]]]:
    """The lines of an answer in runs of one kind: a list, a table, a paragraph."""
    return [(kind, list(run)) for kind, run in groupby(lines, key=lambda line: line.kind)]


def language_of(request: Request) -> str:
    """What the address asks for, else what the visitor chose before, else Thai."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if asked in LANGUAGES:
            return asked
    return DEFAULT_LANGUAGE


def date_words(value: datetime | date, language: str) -> str:
    """`20 พ.ย. 2569`, or `20 Nov 2026` in English."""
    if language == "th":
        return thai_calendar.thai_date(value)
    day = thai_calendar.local_date(value) if isinstance(value, datetime) else value
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_words(value: datetime, language: str) -> str:
    """`20 พ.ย. 2569 16.30 น.`, or `20 Nov 2026 16.30` in English."""
    if language == "th":
        return thai_calendar.thai_datetime(value)
    return f"{date_words(value, language)} {thai_calendar.local(value):%H.%M}"


def month_words(first_day: date, language: str) -> str:
    """`พ.ย. 2569`, or `Nov 2026` in English."""
    if language == "th":
        return f"{thai_calendar.MONTHS_SHORT[first_day.month - 1]} {first_day.year + 543}"
    return f"{_MONTHS[first_day.month - 1]} {first_day.year}"


def _view_of(office: Office, now: datetime, language: str, texts: Catalogue) -> OfficeView:
    opening = offices.opening(office, now)
    closes = f"{office.closes_at:%H.%M}"
    if opening.is_open:
        words = texts.get("portal.office.open", language, time=closes)
    else:
        words = texts.get(
            "portal.office.closed", language, time=_next_opening(opening.next_opening, language)
        )
    place = office.latitude is not None and office.longitude is not None
    return OfficeView(
        name=office.name,
        address=office.address,
        phone=office.phone,
        email=office.email,
        hours=texts.get("portal.office.hours", language, opens=f"{office.opens_at:%H.%M}", closes=closes),
        is_open=opening.is_open,
        open_words=words,
        map_url=f"https://www.google.com/maps?q={office.latitude},{office.longitude}" if place else "",
        is_demo=office.is_demo,
    )


def _next_opening(at: datetime, language: str) -> str:
    if language == "th":
        return f"{thai_calendar.thai_weekday_date(at)} {thai_calendar.thai_time(at)}"
    here = thai_calendar.local(at)
    return f"{_WEEKDAYS[here.weekday()]} {here.day} {_MONTHS[here.month - 1]} {here:%H.%M}"


def _with_language(request: Request, language: str) -> str:
    """This address in the other language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', language)])}"
