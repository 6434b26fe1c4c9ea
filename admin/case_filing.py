"""Filing for a resident at the counter, on the phone or by letter, and the receipt with number and key."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.case_moves import told
from admin.pages import fragment, page, refilling
from admin.typed_place import typed_place
from eservice.complaints import categories, filing
from eservice.complaints.filing import AT_THE_OFFICE, NewComplaint
from eservice.complaints.models import Source
from eservice.complaints.numbers import shown
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from eservice.staff.queries import department_names
from knowledge.classify import ComplaintClassifier, Urgency

router = APIRouter(prefix="/cases/new")

Filer = Annotated[Principal, guarded(Permission.CASE_FILE)]
Line = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the form offers, as (value, words)."""

    sources: list[dict[str, str]]
    categories: list[tuple[str, str]]
    urgencies: list[tuple[str, str]]
    departments: list[dict[str, str]]


@router.get("")
def show(request: Request, staff: Filer, reader: Reader) -> Response:
    """The empty form."""
    form = {"source": Source.WALK_IN.value, "urgency": "", "accused": [], "token": secrets.token_urlsafe(16)}
    for name in (
        "text",
        "category",
        "suggested",
        "village",
        "address",
        "latitude",
        "longitude",
        "name",
        "phone",
    ):
        form[name] = ""
    choices = _choices(reader, console_of(request).texts)
    return page(request, "cases/new.html", form=form, choices=choices, suggestions=[])


@router.post("/suggest")
def suggest(request: Request, staff: Filer, reader: Reader, text: Line = "") -> Response:
    """The categories that a text is most probably about, as a fragment."""
    suggestions = _suggestions(request, reader, text)
    chosen = suggestions[0]["value"] if suggestions else ""
    return fragment(request, "cases/_suggest.html", suggestions=suggestions, form={"suggested": chosen})


@router.post("")
def file(
    request: Request,
    uow: Uow,
    staff: Filer,
    source: Annotated[str, Form(max_length=20)] = "",
    text: Annotated[str, Form()] = "",
    category: Annotated[str, Form(max_length=100)] = "",
    suggested: Annotated[str, Form(max_length=100)] = "",
    urgency: Annotated[str, Form(max_length=20)] = "",
    village: Line = "",
    address: Line = "",
    latitude: Annotated[str, Form(max_length=30)] = "",
    longitude: Annotated[str, Form(max_length=30)] = "",
    name: Line = "",
    phone: Annotated[str, Form(max_length=50)] = "",
    accused: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
    token: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Files it once and shows the receipt. The same form again shows it without the key, which is told once."""
    texts = console_of(request).texts
    chosen = category or suggested
    form: dict[str, Any] = {
        "source": source, "text": text, "category": category, "suggested": suggested, "urgency": urgency,
        "village": village, "address": address, "latitude": latitude, "longitude": longitude, "name": name,
        "phone": phone, "accused": accused, "token": token or secrets.token_urlsafe(16),
    }  # fmt: skip
    suggestions = _suggestions(request, uow, text) if not chosen else []
    with refilling(
        request, "cases/new.html", form=form, choices=_choices(uow, texts), suggestions=suggestions
    ):
        if source not in {known.value for known in AT_THE_OFFICE}:
            raise invalid("http.invalid", source="unknown")
        if chosen and chosen not in categories.read_categories(uow):
            raise invalid("complaints.no_category", category="unknown")
        lat, lon = typed_place(latitude, longitude) or (None, None)
        classifier: ComplaintClassifier = request.app.state.complaints
        known_urgency = urgency in list(Urgency)
        filed = filing.file_complaint(
            uow,
            NewComplaint(
                source=Source(source),
                category=chosen,
                text=text,
                reporter_name=" ".join(filter(None, (name.strip(), phone.strip()))),
                latitude=lat,
                longitude=lon,
                village=village,
                address=address,
                urgency=Urgency(urgency) if known_urgency else classifier.urgency(text).urgency,
                accused=_departments(accused),
            ),
            idempotency_key=f"desk:{staff.account_id}:{form['token']}",
            by=staff,
        )
    told(request, uow)
    return page(
        request,
        "cases/receipt.html",
        number=shown(filed.number),
        key=shown(filed.key) if filed.key else "",
        category=chosen,
        filed=thai_datetime(uow.now),
        case_id=filed.complaint_id,
    )


def _choices(reader: ReadOnly, texts: Catalogue) -> Choices:
    offered = [name for name, known in categories.read_categories(reader).items() if known.is_offered]
    return Choices(
        sources=[
            {"value": source.value, "label": texts.get(f"cases.source.{source.value}")}
            for source in Source
            if source in AT_THE_OFFICE
        ],
        categories=[("", texts.get("cases.new.by_suggestion")), *((name, name) for name in offered)],
        urgencies=[
            ("", texts.get("cases.new.urgency_guess")),
            *((urgency.value, texts.get(f"cases.urgency.{urgency.value}")) for urgency in Urgency),
        ],
        departments=[
            {"value": str(number), "label": name} for number, name in department_names(reader).items()
        ],
    )


def _suggestions(request: Request, reader: ReadOnly, text: str) -> list[dict[str, str]]:
    """The offered categories that the text is most probably about, best first."""
    if not text.strip():
        return []
    classifier: ComplaintClassifier = request.app.state.complaints
    known = categories.read_categories(reader)
    found = [
        prediction
        for prediction in classifier.categories(text, limit=len(known))
        if prediction.label in known and known[prediction.label].is_offered
    ]
    t = console_of(request).texts.get
    return [
        {
            "value": prediction.label,
            "label": prediction.label,
            "note": t("cases.new.probably", percent=round(100 * prediction.probability)),
        }
        for prediction in found[:3]
    ]


def _departments(numbers: list[str]) -> frozenset[int]:
    """The accused departments. Raises ServiceError `complaints.unknown_department`."""
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        raise invalid("complaints.unknown_department", accused="unknown")
    return frozenset(map(int, numbers))
