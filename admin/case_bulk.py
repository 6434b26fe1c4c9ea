"""The same for many complaints at once: each is done or refused by itself, and the page says which and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy import select

from admin.access import console_of, guarded
from admin.case_list import Row, rows_of
from admin.case_moves import told
from admin.case_pages import targets_of
from admin.list_readings import note_list
from admin.pages import page, sentences
from eservice.complaints import queries, service
from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.complaints.states import ComplaintState, WaitingReason, waiting_name
from eservice.kit.errors import ServiceError, invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/cases/bulk")

MOST = 50
CaseAndVersion = Annotated[str, Query(pattern=r"^[0-9]{1,9}:[0-9]{1,9}$")]
Worker = Annotated[Principal, guarded(Permission.CASE_WORK)]

_MOVES = {
    "begin": ComplaintState.IN_PROGRESS,
    "ask": ComplaintState.NEEDS_INFORMATION,
    "wait": ComplaintState.WAITING,
    "reject": ComplaintState.REJECTED,
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one of them. `refused` is empty for one that was done."""

    id: int
    number: str
    text: str
    refused: str


@router.get("")
def choose(
    request: Request,
    staff: Worker,
    reader: Reader,
    case: Annotated[list[CaseAndVersion], Query(max_length=MOST)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """The chosen complaints, and what can be done with all of them."""
    note_list(request, staff, "complaint_list")
    texts = console_of(request).texts
    versions = _versions(case)
    return page(
        request,
        "cases/bulk.html",
        rows=_rows(request, reader, staff, versions),
        chosen=[f"{number}:{version}" for number, version in versions.items()],
        targets=targets_of(reader, texts),
        waiting_reasons=[(reason.value, waiting_name(texts, reason, "th")) for reason in WaitingReason],
    )


@router.post("")
def do(
    request: Request,
    uow: Uow,
    staff: Worker,
    what: Annotated[str, Form(pattern=r"^(hand_on|begin|ask|wait|reject)$")] = "hand_on",
    case: Annotated[list[str], Form(max_length=MOST)] = [],  # noqa: B006 (FastAPI copies it)
    to: Annotated[str, Form(pattern=r"^[0-9]{1,9}(:[0-9]{1,9})?$")] = "0",
    note: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    waiting_reason: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Does it to each that allows it, and tells of each."""
    department, _, person = to.partition(":")
    kind = WaitingReason(waiting_reason) if waiting_reason in list(WaitingReason) else None

    def act(number: int, version: int) -> Complaint:
        if what == "hand_on":
            return service.hand_on(
                uow, number, int(department), by=staff, seen_version=version,
                assignee_id=int(person) if person else None, reason=reason,
            )  # fmt: skip
        return service.change_state(
            uow, number, _MOVES[what], by=staff, seen_version=version, note=note, reason=reason,
            waiting_reason=kind, is_public=what != "begin",
        )  # fmt: skip

    outcomes = [_each(request, uow, staff, number, version, act) for number, version in _in_turn(uow, case)]
    told(request, uow)
    return page(request, "cases/bulk_done.html", outcomes=outcomes, what=what)


def _in_turn(uow: UnitOfWork, chosen: list[str]) -> list[tuple[int, int]]:
    """The chosen with their versions, the earliest filed first: a later one may not be begun before it."""
    versions = _versions(chosen)
    filed = uow.session.scalars(
        select(Complaint.id).where(Complaint.id.in_(versions)).order_by(Complaint.filed_at, Complaint.id)
    ).all()
    return [(number, versions[number]) for number in dict.fromkeys((*filed, *versions))]


def _each(
    request: Request,
    uow: UnitOfWork,
    staff: Principal,
    number: int,
    version: int,
    act: Callable[[int, int], Complaint],
) -> Outcome:
    """One of them, within a savepoint: what is refused leaves no trace, and the others go on."""
    refused = ""
    try:
        known = queries.find(uow, number, staff)
        name, text = shown(known.number), known.text
    except ServiceError as error:
        return Outcome(id=number, number="", text="", refused=_words(request, error))
    try:
        with uow.session.begin_nested():
            act(number, version)
    except ServiceError as error:
        refused = _words(request, error)
    return Outcome(id=number, number=name, text=text, refused=refused)


def _words(request: Request, error: ServiceError) -> str:
    return " ".join(sentence for _, sentence in sentences(console_of(request), error))


def _rows(request: Request, reader: ReadOnly, staff: Principal, versions: dict[int, int]) -> list[Row]:
    """Those that the person may see, as rows."""
    found = reader.session.query(Complaint).where(Complaint.id.in_(versions), queries.within_reach(staff))
    return rows_of(reader, console_of(request).texts, found.order_by(Complaint.filed_at).all())


def _versions(chosen: list[str]) -> dict[int, int]:
    """Complaint to the version that was seen. Raises ServiceError `http.invalid` for anything else."""
    pairs = [text.partition(":")[::2] for text in chosen]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for pair in pairs for part in pair):
        raise invalid("http.invalid", case="invalid")
    return {int(number): int(version) for number, version in pairs}
