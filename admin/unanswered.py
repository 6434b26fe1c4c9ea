"""What could not be answered: topics for new phrasings and new answers, and those that need no answer."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import Field

from admin.access import MAX_ID, console_of, guarded
from admin.faq_pages import add_phrasings
from admin.list_readings import note_list
from admin.pages import FormRefused, page, redirect
from admin.unanswered_pages import View, address_of, asked_lately, choice_page, unanswered_page, words_of
from eservice.kit.errors import ServiceError
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from knowledge.entries import passed_over, service
from knowledge.entries.importer import fault_text

router = APIRouter(prefix="/faq/unanswered")

MOST_PAGES = 1_000
MOST_IDS = 40_000  # characters; three thousand questions fit
_ID = re.compile(r"[0-9]{1,9}")

Writer = Annotated[Principal, guarded(Permission.FAQ_WRITE)]
Messages = Annotated[str, Form(max_length=MOST_IDS, pattern=r"^[0-9,]*$")]
ListView = Annotated[View, Form()]
ListPage = Annotated[int, Form(alias="page", ge=1, le=MOST_PAGES)]


@router.get("")
def show(
    request: Request,
    staff: Writer,
    reader: Reader,
    view: View = View.OPEN,
    number: Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """The topics, the largest first."""
    note_list(request, staff, "faq_unanswered")
    return _page(request, reader, staff, view, number)


@router.get("/choose")
def choose(
    request: Request,
    staff: Writer,
    reader: Reader,
    message: Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]] | None, Query(max_length=20)] = None,
    q: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Looks for another entry that questions belong to."""
    note_list(request, staff, "faq_unanswered")
    chosen = choice_page(reader, staff, request.app.state.faq, message or (), q.strip())
    return page(request, "faq/unanswered_choose.html", chosen=chosen)


@router.post("/add")
def add(
    request: Request,
    uow: Uow,
    staff: Writer,
    entry: Annotated[int, Form(ge=1, le=2**31 - 1)] = 2**31 - 1,
    message: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Adds the chosen phrasings to an entry's draft, which its owner publishes."""
    phrasings = words_of(uow, staff, message or ())
    try:
        is_new = add_phrasings(uow, staff, entry, phrasings)
    except ServiceError as error:
        if "variants" not in error.fields:
            raise
        words = fault_text("variants", error.fields["variants"])
        raise FormRefused(_page(request, uow, staff, View.OPEN, status=422, fault=words)) from error
    request.app.state.signals.notify(uow, service.TOPIC)
    flash = "faq.variant_added" if is_new else "faq.variant_known"
    return redirect(request, f"/admin/faq/{entry}", flash=flash)


@router.post("/pass-over")
def pass_over(
    request: Request,
    uow: Uow,
    staff: Writer,
    messages: Messages = "",
    view: ListView = View.OPEN,
    number: ListPage = 1,
) -> Response:
    """Takes a topic out of sight until it grows."""
    passed_over.pass_over(uow, _seen(uow, staff, messages), actor=staff.username)
    return redirect(request, address_of(view, number), flash="unanswered.passed_over")


@router.post("/take-back")
def take_back(
    request: Request,
    uow: Uow,
    staff: Writer,
    messages: Messages = "",
    view: ListView = View.PASSED,
    number: ListPage = 1,
) -> Response:
    """Brings a topic into sight again."""
    passed_over.take_back(uow, _seen(uow, staff, messages), actor=staff.username)
    return redirect(request, address_of(view, number), flash="unanswered.taken_back")


def _page(
    request: Request,
    reader: ReadOnly,
    staff: Principal,
    view: View,
    number: int = 1,
    *,
    status: int = 200,
    fault: str = "",
) -> Response:
    shown = unanswered_page(reader, console_of(request).texts, staff, request.app.state.faq, view, number)
    errors = [("", fault)] if fault else []
    return page(request, "faq/unanswered.html", status=status, shown=shown, errors=errors)


def _seen(reader: ReadOnly, staff: Principal, typed: str) -> set[int]:
    """Those of the ids that are questions this person may see."""
    seen = {question.message_id for question in asked_lately(reader, staff)}
    return seen.intersection(map(int, _ID.findall(typed)))
