"""The review of access: who may do what, when each account was last used, and that somebody looked it through."""

import csv
import io
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.pages import page, redirect
from admin.staff import role_words
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue, guard_formula
from eservice.kit.thai_calendar import local_date, thai_datetime
from eservice.staff import access_reviews, queries
from eservice.staff.access_reviews import ReviewRow
from eservice.staff.models import Role
from eservice.staff.permissions import Permission, Principal

PAGE = "/admin/staff/review"
COLUMNS = (
    "staff.field.username", "staff.field.display_name", "staff.field.department", "staff.field.position",
    "staff.field.roles", "review.last_used", "me.second_factor", "review.use",
)  # fmt: skip

router = APIRouter(prefix="/staff/review")
Reviewer = Annotated[Principal, guarded(Permission.AUDIT_READ)]


@router.get("")
def show(request: Request, reader: Reader, staff: Reviewer) -> Response:
    """Every account with its roles, its second factor and its last use; and when this was last reviewed."""
    last, today = access_reviews.last_review(reader), local_date(reader.now)
    due = access_reviews.due_on(last, today)
    return page(
        request,
        "staff/review.html",
        rows=access_reviews.rows(reader),
        department_names=queries.department_names(reader),
        roles=list(Role),
        last=last,
        due=due,
        is_due=due <= today,
    )


@router.post("")
def record(request: Request, uow: Uow, staff: Reviewer) -> Response:
    """Says that all of it was looked through and is right."""
    access_reviews.record_review(uow, staff)
    return redirect(request, PAGE, flash="reviewed")


@router.get("/accounts.csv")
def download(request: Request, reader: Reader, staff: Reviewer) -> Response:
    """The same table for a spreadsheet, which takes nothing in it for a formula."""
    texts, departments = console_of(request).texts, queries.department_names(reader)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([texts.get(column) for column in COLUMNS])
    for row in access_reviews.rows(reader):
        writer.writerow([guard_formula(cell) for cell in _cells(texts, departments, row)])
    name = f"access-{local_date(reader.now):%Y%m%d}.csv"
    # With a byte order mark: without it Excel reads Thai as something else.
    return Response(
        file.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _cells(texts: Catalogue, departments: Mapping[int, str], row: ReviewRow) -> tuple[str, ...]:
    account = row.row.account
    return (
        account.username,
        account.display_name,
        row.row.department_name or texts.get("site.whole_office"),
        texts.get(f"positions.{account.position.value}") if account.position else "",
        ", ".join(role_words(texts, departments, grant) for grant in row.row.grants),
        thai_datetime(account.last_used_at) if account.last_used_at else "",
        texts.get("me.factor_on" if row.has_second_factor else "me.factor_off"),
        texts.get(f"review.uses.{row.use.value}"),
    )
