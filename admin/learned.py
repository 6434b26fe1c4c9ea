"""What the bot learns beside the office's own wordings: deciding about it, teaching, and the rules.

Writers decide about the wordings of their own entries. The rules are the administrator's (`office.manage`):
who accepts wordings must not be the one who switches the accepting off.
"""

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import Field

from admin.access import MAX_ID, console_of, guarded
from admin.faq import ReaderOfFaq, Writer, live_faq, wake
from admin.learned_pages import (
    ADDRESS,
    ROWS,
    address_of,
    learned_page,
    outcome_of,
    require_teaching,
    rule_words,
)
from admin.pages import RowId, page, redirect, refilling, told_on
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal
from knowledge.entries import phrasings
from knowledge.entries.learning_rules import LIMITS, LearningRules, change_rules, get_rules
from knowledge.entries.models import LearningMode, Phrasing, PhrasingState
from knowledge.entries.phrasing_queries import LearnedView

router = APIRouter(prefix="/faq/learned")

RULES = f"{ADDRESS}/rules"

RulesManager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]
EntryOrNone = Annotated[int, Form(ge=0, le=2**31 - 1)]
"""The entry that answers; 0 says that none here does."""


@router.get("")
def show(
    request: Request,
    staff: ReaderOfFaq,
    reader: Reader,
    view: LearnedView = LearnedView.PENDING,
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """The wordings that wait, that are active, or that were put away."""
    texts = console_of(request).texts
    learned = learned_page(reader, texts, staff, live_faq(request), view, page_number)
    return page(request, "learned/list.html", learned=learned)


@router.post("/accept")
def accept_page(
    request: Request,
    uow: Uow,
    staff: Writer,
    phrasing: Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]] | None, Form(max_length=ROWS)] = None,
) -> Response:
    """Accepts the wordings of a page that nobody contradicts; what has changed meanwhile is passed over."""
    accepted = 0
    for phrasing_id in phrasing or []:
        found = _to_decide(uow, staff, phrasing_id)
        if found.state is PhrasingState.PENDING and not found.contradicted:
            try:
                phrasings.approve(uow, phrasing_id, actor=staff.username)
                accepted += 1
            except ServiceError as error:  # e.g. the same words are taught for another entry by now
                if error.kind is not ErrorKind.CONFLICT:
                    raise
    wake(request, uow)
    return redirect(request, ADDRESS, flash="learned.accepted_page", count=str(accepted))


@router.post("/{phrasing_id:int}/accept")
def accept(request: Request, uow: Uow, staff: Writer, phrasing_id: RowId) -> Response:
    """Accepts a wording, also one that was put away."""
    _to_decide(uow, staff, phrasing_id)
    with told_on(request, ADDRESS):
        phrasings.approve(uow, phrasing_id, actor=staff.username)
    return _changed(request, uow, "learned.accepted")


@router.post("/{phrasing_id:int}/reject")
def reject(request: Request, uow: Uow, staff: Writer, phrasing_id: RowId) -> Response:
    """Puts a wording that waits away."""
    _to_decide(uow, staff, phrasing_id)
    with told_on(request, ADDRESS):
        phrasings.reject(uow, phrasing_id, actor=staff.username)
    return _changed(request, uow, "learned.rejected")


@router.post("/{phrasing_id:int}/move")
def move(request: Request, uow: Uow, staff: Writer, phrasing_id: RowId, entry: EntryOrNone) -> Response:
    """Teaches a wording for another entry, or that none here answers it."""
    _to_decide(uow, staff, phrasing_id)
    require_teaching(uow, staff, entry or None)
    with told_on(request, ADDRESS):
        moved = phrasings.move(uow, phrasing_id, entry or None, actor=staff.username)
    return _changed(request, uow, outcome_of(moved))


@router.post("/{phrasing_id:int}/withdraw")
def withdraw(request: Request, uow: Uow, staff: Writer, phrasing_id: RowId) -> Response:
    """Takes an active wording out; the bot un-learns it."""
    _to_decide(uow, staff, phrasing_id)
    active = address_of(LearnedView.ACTIVE)
    with told_on(request, active):
        phrasings.withdraw(uow, phrasing_id, actor=staff.username)
    return _changed(request, uow, "learned.withdrawn", active)


@router.post("/teach")
def teach(
    request: Request,
    uow: Uow,
    staff: Writer,
    entry: EntryOrNone,
    q: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Teaches what was tried at the test bench."""
    require_teaching(uow, staff, entry or None)
    with told_on(request, f"/admin/bench?{urlencode({'q': q})}"):
        taught = phrasings.correct(uow, q, entry or None, actor=staff.username)
    # What was taught leads its list; a proposal waits among the others.
    view = LearnedView.ACTIVE if taught.state is PhrasingState.ACTIVE else LearnedView.PENDING
    return _changed(request, uow, outcome_of(taught), address_of(view))


@router.get("/rules")
def show_rules(request: Request, staff: RulesManager, reader: Reader) -> Response:
    """The rules, to be changed."""
    rules = get_rules(reader)
    return page(request, "learned/rules.html", **_rules_page(request, reader, asdict(rules)))


@router.post("/rules")
def save_rules(
    request: Request,
    uow: Uow,
    staff: RulesManager,
    mode: Annotated[LearningMode, Form()] = LearningMode.REVIEWED,
    review_people: Annotated[str, Form()] = "",
    people: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
    contact_age_days: Annotated[str, Form()] = "",
    daily_limit: Annotated[str, Form()] = "",
    corrections_at_once: Annotated[str, Form()] = "",
) -> Response:
    """Puts the rules in force for what is said from now on."""
    numbers = {
        "review_people": review_people,
        "people": people,
        "days": days,
        "contact_age_days": contact_age_days,
        "daily_limit": daily_limit,
    }
    typed = {**numbers, "mode": mode, "corrections_at_once": corrections_at_once == "yes"}
    with refilling(request, "learned/rules.html", **_rules_page(request, uow, typed)):
        rules = LearningRules(
            mode=mode,
            corrections_at_once=corrections_at_once == "yes",
            **{name: _number(name, words) for name, words in numbers.items()},
        )
        change_rules(uow, rules, actor=staff.username)
    return redirect(request, RULES, flash="learned.rules_saved")


def _to_decide(uow: UnitOfWork, staff: Principal, phrasing_id: int) -> Phrasing:
    phrasing = phrasings.get_phrasing(uow, phrasing_id)
    require_teaching(uow, staff, phrasing.entry_id)
    return phrasing


def _changed(request: Request, uow: UnitOfWork, outcome: str, address: str = ADDRESS) -> Response:
    wake(request, uow)
    return redirect(request, address, flash=outcome)


def _rules_page(request: Request, reader: ReadOnly, typed: dict[str, object]) -> dict[str, Any]:
    return {
        "form": typed,
        "limits": LIMITS,
        "modes": list(LearningMode),
        "rule": rule_words(console_of(request).texts, get_rules(reader)),
    }


def _number(name: str, words: str) -> int:
    words = words.strip()
    if not words.isdecimal() or len(words) > 4:
        raise invalid("faq.invalid_rules", **{name: "out_of_range"})
    return int(words)
