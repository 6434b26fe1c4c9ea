"""Requests about personal data that come to the office itself: taking them down, proof, the copy, telling."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.pages import RowId, page, redirect, refilling
from admin.privacy_pages import Row, copies_of, row_of
from admin.typed_day import typed_day
from eservice.complaints.numbers import shown
from eservice.kit.http import Reader, Uow
from eservice.kit.sealing import Sealer
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.kit.thai_ids import without_citizen_ids
from eservice.kit.unit_of_work import ReadOnly
from eservice.privacy import askers, at_office, copies, national_ids, requests
from eservice.privacy.at_office import NewRequest, Proof
from eservice.privacy.models import Age, CameBy, Identity, PrivacyRequest, ReachBy, RequestKind
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/privacy")
Handler = Annotated[Principal, guarded(Permission.PRIVACY_HANDLE)]
Field = Annotated[str, Form()]

HOME = "/admin/privacy"
_PROOF = ("identity", "age", "guardian", "relation", "alone_reason", "cases")
_E = TypeVar("_E", bound=StrEnum)


@router.get("/new")
def show_new(request: Request, reader: Reader, staff: Handler) -> Response:
    """The empty form."""
    form = dict.fromkeys((*_PROOF, "kind", "name", "reach", "words"), "")
    form |= {
        "came_by": CameBy.COUNTER.value,
        "reach_by": ReachBy.TELEPHONE.value,
        "received": thai_date(reader.now),
    }
    return page(request, "privacy/new.html", form=form, choices=_choices(console_of(request).texts))


@router.post("/new")
def take(
    request: Request,
    uow: Uow,
    staff: Handler,
    kind: Field = "",
    came_by: Field = "",
    received: Field = "",
    name: Field = "",
    reach_by: Field = "",
    reach: Field = "",
    words: Field = "",
    identity: Field = "",
    age: Field = "",
    guardian: Field = "",
    relation: Field = "",
    alone_reason: Field = "",
    cases: Field = "",
    national_id: Field = "",
) -> Response:
    """Takes a request down. A refused form comes back with everything but the number of the card."""
    form = without_ids(
        kind=kind, came_by=came_by, received=received, name=name, reach_by=reach_by, reach=reach, words=words,
        identity=identity, age=age, guardian=guardian, relation=relation, alone_reason=alone_reason, cases=cases,
    )  # fmt: skip
    new = NewRequest(
        kind=_chosen(RequestKind, kind),
        came_by=_chosen(CameBy, came_by),
        received=typed_day(received).day,
        name=name,
        reach_by=_chosen(ReachBy, reach_by),
        reach=reach,
        words=words,
        identity=_chosen(Identity, identity),
        age=_chosen(Age, age),
        guardian=guardian,
        relation=relation,
        alone_reason=alone_reason,
        cases=cases,
        national_id=national_id,
    )
    choices = _choices(console_of(request).texts)
    has_lost_id = bool(national_id.strip())
    with refilling(request, "privacy/new.html", form=form, choices=choices, has_lost_id=has_lost_id):
        taken = at_office.take(uow, new, by=staff, sealer=sealer_of(request))
    return redirect(request, f"{HOME}/{taken.id}", flash="privacy.taken")


@router.post("/{request_id:int}/prove")
def prove(
    request: Request,
    uow: Uow,
    staff: Handler,
    request_id: RowId,
    identity: Field = "",
    age: Field = "",
    guardian: Field = "",
    relation: Field = "",
    alone_reason: Field = "",
    cases: Field = "",
    national_id: Field = "",
) -> Response:
    """Writes down what was shown since the request came."""
    found = requests.for_staff(uow, request_id, staff)
    typed = without_ids(
        identity=identity, age=age, guardian=guardian, relation=relation, alone_reason=alone_reason, cases=cases
    )  # fmt: skip
    proof = Proof(
        identity=_chosen(Identity, identity),
        age=_chosen(Age, age),
        guardian=guardian,
        relation=relation,
        alone_reason=alone_reason,
        cases=cases,
        national_id=national_id,
    )
    again = context(request, uow, staff, found, typed) | {"has_lost_id": bool(national_id.strip())}
    with refilling(request, "privacy/request.html", **again):
        at_office.prove(uow, request_id, proof, by=staff, sealer=sealer_of(request))
    return redirect(request, f"{HOME}/{request_id}", flash="privacy.proved")


@router.post("/{request_id:int}/national-id")
def reveal(request: Request, uow: Uow, staff: Handler, request_id: RowId, why: Field = "") -> Response:
    """Shows the whole number, once its reading is on record. Nothing of it is kept by the browser."""
    found = requests.for_staff(uow, request_id, staff)
    shown_context = context(request, uow, staff, found, without_ids(why=why))
    with refilling(request, "privacy/request.html", **shown_context):
        number = national_ids.reveal(uow, request_id, why, by=staff.username, sealer=sealer_of(request))
    return page(request, "privacy/national_id.html", row=shown_context["row"], number=number)


@router.post("/{request_id:int}/copy")
def show_copy(request: Request, uow: Uow, staff: Handler, request_id: RowId) -> Response:
    """The copy on paper, to be handed over."""
    found = requests.for_staff(uow, request_id, staff)
    shown_context = context(request, uow, staff, found)
    with refilling(request, "privacy/request.html", **shown_context):
        copy = at_office.give_copy(uow, request_id, by=staff.username)
    sections = copies.readable(copy, console_of(request).texts, "th", thai_datetime)
    return page(request, "privacy/copy.html", row=shown_context["row"], sections=sections)


@router.post("/{request_id:int}/copy.json")
def download_copy(request: Request, uow: Uow, staff: Handler, request_id: RowId) -> Response:
    """The copy for another program."""
    found = requests.for_staff(uow, request_id, staff)
    with refilling(request, "privacy/request.html", **context(request, uow, staff, found)):
        copy = at_office.give_copy(uow, request_id, by=staff.username)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="copy-{request_id}.json"',
    }
    return Response(copies.as_json(copy), media_type="application/json", headers=headers)


@router.post("/{request_id:int}/told")
def tell(request: Request, uow: Uow, staff: Handler, request_id: RowId, told_on: Field = "") -> Response:
    """Notes when the person was told."""
    found = requests.for_staff(uow, request_id, staff)
    shown_context = context(request, uow, staff, found, {"told_on": told_on})
    with refilling(request, "privacy/request.html", **shown_context):
        at_office.note_told(uow, request_id, typed_day(told_on).day, by=staff.username)
    return redirect(request, f"{HOME}/{request_id}", flash="privacy.told")


@router.post("/{request_id:int}/forget")
def forget(request: Request, uow: Uow, staff: Handler, request_id: RowId) -> Response:
    """Forgets who asked, at their wish."""
    found = requests.for_staff(uow, request_id, staff)
    with refilling(request, "privacy/request.html", **context(request, uow, staff, found)):
        at_office.forget(uow, request_id, by=staff.username)
    return redirect(request, f"{HOME}/{request_id}", flash="privacy.forgotten")


def sealer_of(request: Request) -> Sealer:
    """What opens and seals national ids."""
    return console_of(request).settings.sealer(national_ids.PURPOSE)


def context(
    request: Request,
    reader: ReadOnly,
    staff: Principal,
    found: PrivacyRequest,
    typed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the page of one request is made of; `typed` fills its forms where it is not what is kept."""
    texts = console_of(request).texts
    form = {"outcome": "", "reason": "", "law": "", "why": "", "told_on": thai_date(reader.now)}
    asker = askers.find(reader, found.id)
    if asker is not None:
        numbers = "\n".join(shown(each.number) for each in askers.cases_of(reader, found))
        form |= {field: str(getattr(asker, field)) for field in _PROOF if field != "cases"}
        form["cases"] = numbers
    row: Row = row_of(reader, texts, found, staff, sealer_of(request))
    return {
        "row": row,
        "form": form | dict(typed or {}),
        "choices": _choices(texts),
        "copies": copies_of(reader, console_of(request).settings, found),
    }


def without_ids(**typed: str) -> dict[str, str]:
    """What was typed, for showing it again: without the number of a card, wherever somebody put it."""
    return {field: without_citizen_ids(words) for field, words in typed.items()}


def _choices(texts: Catalogue) -> dict[str, list[dict[str, str]]]:
    """What the forms offer, by field."""
    kinds: dict[str, type[StrEnum]] = {
        "came_by": CameBy,
        "reach_by": ReachBy,
        "identity": Identity,
        "age": Age,
    }
    offered = {
        field: [
            {"value": each.value, "label": texts.get(f"privacy_office.{field}.{each.value}")} for each in kind
        ]
        for field, kind in kinds.items()
    }
    offered["kind"] = [
        {"value": each.value, "label": texts.get(f"privacy.kinds.{each.value}")} for each in RequestKind
    ]
    return offered


def _chosen(kind: type[_E], typed: str) -> _E | None:
    return kind(typed) if typed in list(kind) else None
