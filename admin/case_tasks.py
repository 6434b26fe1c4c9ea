"""The improvement tasks: what the office owes itself after a low rating."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.case_list import names_of
from admin.case_words import cut
from admin.list_readings import note_list
from admin.pages import page, redirect, refilling
from eservice.complaints import ratings
from eservice.complaints.models import Complaint, Rating
from eservice.complaints.numbers import shown
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date, thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal, may

router = APIRouter(prefix="/cases/tasks")

HOME = "/admin/cases/tasks"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One task."""

    id: int
    case_id: int
    number: str
    text: str
    stars: int
    words: str
    owner: str
    due: str
    is_late: bool
    done: str
    outcome: str
    may_finish: bool


@router.get("")
def show(
    request: Request,
    staff: Annotated[Principal, guarded(Permission.CASE_READ)],
    reader: Reader,
    done: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """The open tasks, or the finished ones."""
    note_list(request, staff, "complaint_list")
    is_done = done == "yes"
    rows = _rows(reader, console_of(request).texts, staff, is_done=is_done)
    return page(
        request, "cases/tasks.html", rows=rows, is_done=is_done, form={"refused_in": 0, "outcome": ""}
    )


@router.post("/{task_id:int}/finish")
def finish(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.CASE_WORK)],
    task_id: int,
    outcome: Annotated[str, Form()] = "",
) -> Response:
    """Says what was found out and done."""
    rows = _rows(uow, console_of(request).texts, staff, is_done=False)
    form = {"refused_in": task_id, "outcome": outcome}
    with refilling(request, "cases/tasks.html", rows=rows, is_done=False, form=form):
        ratings.finish_task(uow, task_id, outcome, by=staff)
    return redirect(request, HOME, flash="cases.task_done")


def _rows(reader: ReadOnly, texts: Catalogue, staff: Principal, *, is_done: bool) -> list[Row]:
    found = ratings.tasks(reader, staff, is_done=is_done)
    names = names_of(reader, {task.owner_id for task in found})
    today = local_date(reader.now)
    rows = []
    for task in found:
        complaint = reader.session.get_one(Complaint, task.complaint_id)
        rating = reader.session.get_one(Rating, task.rating_id)
        rows.append(
            Row(
                id=task.id,
                case_id=complaint.id,
                number=shown(complaint.number),
                text=cut(complaint.text, 100),
                stars=rating.stars,
                words=rating.words,
                owner=names.get(task.owner_id or 0, texts.get("cases.tasks.nobody")),
                due=thai_date(task.due_day),
                is_late=task.done_at is None and task.due_day < today,
                done=thai_date(task.done_at) if task.done_at is not None else "",
                outcome=task.outcome,
                may_finish=may(staff, Permission.CASE_WORK, complaint.department_id),
            )
        )
    return rows
