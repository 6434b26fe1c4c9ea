"""What staff do on the page of one complaint: every form of it, each with the version that the person has seen.

A refusal shows the page as it is now, with what was typed. Whoever may no longer see the complaint after
handing it on goes back to the list.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import Field

from admin.access import MAX_ID, console_of, guarded
from admin.case_list import HOME
from admin.case_pages import case_page, reaches
from admin.pages import redirect, refilling
from eservice.complaints import accusing, cases, photos, queries, service
from eservice.complaints.models import Complaint
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit import outbox
from eservice.kit.errors import ServiceError, invalid
from eservice.kit.http import Uow
from eservice.kit.thai_calendar import parse_thai_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import deliveries
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal
from knowledge.classify import Urgency

router = APIRouter(prefix="/cases")

Worker = Annotated[Principal, guarded(Permission.CASE_WORK)]
Checker = Annotated[Principal, guarded(Permission.CASE_CHECK)]
Seen = Annotated[int, Form(ge=0, le=MAX_ID)]
Words = Annotated[str, Form()]
PhotoId = Annotated[int, Field(ge=1, le=MAX_ID)]
DepartmentId = Annotated[int, Field(ge=1, le=MAX_ID)]
MOST_DEPARTMENTS = 50  # named at once
MOST_PHOTOS = 50  # named in one proposal
Act: TypeAlias = Callable[[], Complaint | None]

_SIMPLE = frozenset(
    {
        ComplaintState.IN_PROGRESS,
        ComplaintState.NEEDS_INFORMATION,
        ComplaintState.WAITING,
        ComplaintState.REJECTED,
        ComplaintState.REOPENED,
    }
)
_FORM_OF = {
    ComplaintState.IN_PROGRESS: "begin",
    ComplaintState.NEEDS_INFORMATION: "ask",
    ComplaintState.WAITING: "wait",
    ComplaintState.REJECTED: "reject",
    ComplaintState.REOPENED: "reopen",
}


@router.post("/{case_id:int}/move")
def move(
    request: Request,
    uow: Uow,
    staff: Worker,
    case_id: int,
    target: Annotated[ComplaintState, Form()] = ComplaintState.RECEIVED,
    seen: Seen = 0,
    note: Words = "",
    reason: Words = "",
    waiting_reason: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Begins, asks, waits, rejects, reopens: the moves that need no more than words."""
    if target not in _SIMPLE:
        raise invalid("complaints.not_allowed", target="unknown")
    kind = WaitingReason(waiting_reason) if waiting_reason in list(WaitingReason) else None

    def act() -> Complaint:
        return service.change_state(
            uow,
            case_id,
            target,
            by=staff,
            seen_version=seen,
            note=note,
            reason=reason,
            waiting_reason=kind,
            is_public=target is not ComplaintState.IN_PROGRESS,  # why it jumps the queue is for staff
        )

    typed = {"note": note, "reason": reason, "waiting_reason": waiting_reason}
    return _do(request, uow, staff, case_id, _FORM_OF[target], act, typed)


@router.post("/{case_id:int}/hand-on")
def hand_on(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.CASE_HAND_ON)],
    case_id: int,
    to: Annotated[str, Form(pattern=r"^[0-9]{1,9}(:[0-9]{1,9})?$")] = "0",
    seen: Seen = 0,
    reason: Words = "",
) -> Response:
    """Gives it to a department, or to a person there; also how one takes it oneself."""
    department, _, person = to.partition(":")

    def act() -> Complaint:
        return service.hand_on(
            uow,
            case_id,
            int(department),
            by=staff,
            seen_version=seen,
            assignee_id=int(person) if person else None,
            reason=reason,
        )

    return _do(request, uow, staff, case_id, "hand_on", act, {"to": to, "reason": reason})


@router.post("/{case_id:int}/accuse")
def accuse(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.CASE_HAND_ON)],
    case_id: int,
    seen: Seen = 0,
    accused: Annotated[list[DepartmentId], Form(max_length=MOST_DEPARTMENTS)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Names departments that it accuses; whoever is of one of them sees it no more."""

    def act() -> Complaint:
        return accusing.accuse(uow, case_id, accused, by=staff, seen_version=seen)

    return _do(request, uow, staff, case_id, "accuse", act, {"accused": accused})


@router.post("/{case_id:int}/propose")
def propose(
    request: Request,
    uow: Uow,
    staff: Worker,
    case_id: int,
    seen: Seen = 0,
    note: Words = "",
    photo_ids: Annotated[list[PhotoId], Form(max_length=MOST_PHOTOS)] = [],  # noqa: B006 (FastAPI copies it)
    public: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Says that it is done, with the photos that show it; a second officer must agree.

    `public` "yes": the resident, who is asked whether it is fixed, sees these photos.
    """

    def act() -> Complaint:
        complaint = service.propose_done(uow, case_id, note, by=staff, seen_version=seen, photo_ids=photo_ids)
        if public == "yes":
            for photo_id in complaint.proposed_photo_ids:
                photos.show(uow, photo_id, to_resident=True, by=staff)
        return complaint

    typed = {"note": note, "photo_ids": photo_ids, "public": public}
    return _do(request, uow, staff, case_id, "propose", act, typed)


@router.post("/{case_id:int}/agree")
def agree(request: Request, uow: Uow, staff: Checker, case_id: int, seen: Seen = 0) -> Response:
    """The second officer agrees that it is done."""

    def act() -> Complaint:
        return service.agree_done(uow, case_id, by=staff, seen_version=seen)

    return _do(request, uow, staff, case_id, "agree", act, {})


@router.post("/{case_id:int}/disagree")
def disagree(
    request: Request, uow: Uow, staff: Checker, case_id: int, seen: Seen = 0, reason: Words = ""
) -> Response:
    """The second officer says why it is not done."""

    def act() -> Complaint:
        return service.disagree_done(uow, case_id, reason, by=staff, seen_version=seen)

    return _do(request, uow, staff, case_id, "disagree", act, {"reason": reason})


@router.post("/{case_id:int}/merge")
def merge(
    request: Request,
    uow: Uow,
    staff: Worker,
    case_id: int,
    seen: Seen = 0,
    parent: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Lets it go on in another complaint, found by its number."""

    def act() -> Complaint:
        other = _by_number(uow, parent, staff)
        return service.merge(uow, case_id, other.id, by=staff, seen_version=seen)

    return _do(request, uow, staff, case_id, "merge", act, {"parent": parent})


@router.post("/{case_id:int}/split")
def split(
    request: Request, uow: Uow, staff: Worker, case_id: int, seen: Seen = 0, reason: Words = ""
) -> Response:
    """Lets a duplicate go on by itself again."""

    def act() -> Complaint:
        return service.split(uow, case_id, reason, by=staff, seen_version=seen)

    return _do(request, uow, staff, case_id, "split", act, {"reason": reason})


@router.post("/{case_id:int}/say")
def say(
    request: Request,
    uow: Uow,
    staff: Worker,
    case_id: int,
    text: Words = "",
    to: Annotated[str, Form(pattern=r"^(resident|staff)$")] = "staff",
) -> Response:
    """Replies to the resident, or writes a note among staff. It changes nothing that others must have seen."""

    def act() -> None:
        service.say(uow, case_id, text, by=staff, to_resident=to == "resident")

    form = "reply" if to == "resident" else "note"
    return _do(request, uow, staff, case_id, form, act, {"text": text})


@router.post("/{case_id:int}/extend")
def extend(
    request: Request,
    uow: Uow,
    staff: Worker,
    case_id: int,
    seen: Seen = 0,
    until: Annotated[str, Form(max_length=40)] = "",
    reason: Words = "",
) -> Response:
    """Gives the duty to answer more time; the resident reads why."""

    def act() -> Complaint:
        return service.extend_answer(uow, case_id, _day(until), reason, by=staff, seen_version=seen)

    return _do(request, uow, staff, case_id, "extend", act, {"until": until, "reason": reason})


@router.post("/{case_id:int}/category")
def recategorise(
    request: Request,
    uow: Uow,
    staff: Worker,
    case_id: int,
    seen: Seen = 0,
    category: Annotated[str, Form(max_length=100)] = "",
    urgency: Annotated[Urgency, Form()] = Urgency.NORMAL,
) -> Response:
    """Corrects what it is about and how soon someone must look."""

    def act() -> Complaint:
        return service.recategorise(uow, case_id, category, urgency, by=staff, seen_version=seen)

    return _do(
        request, uow, staff, case_id, "category", act, {"category": category, "urgency": urgency.value}
    )


def told(request: Request, uow: UnitOfWork) -> None:
    """Wakes whoever tells residents and the desk of what was just done."""
    request.app.state.signals.notify(uow, outbox.TOPIC, deliveries.TOPIC)


def _do(
    request: Request,
    uow: UnitOfWork,
    staff: Principal,
    case_id: int,
    form: str,
    act: Act,
    typed: Mapping[str, str | list[int]],
) -> Response:
    """Does it, or shows the page as it is now with what was typed into that form."""
    texts = console_of(request).texts
    before = queries.find(uow, case_id, staff)
    assignee_before = before.assignee_id
    shown = case_page(uow, texts, staff, before)
    with refilling(request, "cases/case.html", case=shown, form={"refused_in": form, **typed}, stamp=""):
        act()
    told(request, uow)
    after = uow.session.get_one(Complaint, case_id)
    sees = reaches(staff, after.department_id) and not cases.accuses(uow, case_id, staff)
    address = f"{HOME}/{case_id}" if sees else HOME
    department = uow.session.get(Department, after.department_id) if after.department_id else None
    name = department.name if department else ""
    is_taken = form == "begin" and assignee_before is None and after.assignee_id == staff.account_id
    told_of = "begin_mine" if is_taken else form
    return redirect(request, address, flash=f"cases.{told_of}", department=name)


def _by_number(uow: UnitOfWork, typed: str, staff: Principal) -> Complaint:
    """The other complaint, if this person may see it. Raises ServiceError `cases.unknown_parent`."""
    try:
        return queries.find(uow, cases.by_number(uow, typed).id, staff)
    except ServiceError as fault:
        raise invalid("cases.unknown_parent", parent="unknown") from fault


def _day(text: str) -> date:
    try:
        return parse_thai_date(text)
    except ValueError as fault:
        raise invalid("complaints.bad_extension", until="invalid") from fault
