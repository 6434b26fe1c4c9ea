"""The review of access: who and what may do what, when each was last used, and that somebody looked it through.

That is people with accounts, other systems with tokens, and addresses to which news goes out.
"""

import csv
import io
from collections.abc import Mapping
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.list_readings import note_export
from admin.pages import page, redirect
from admin.partner_pages import TokenLine, WebhookLine, token_lines, webhook_lines
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
    """Every account, token and address with what it may do and its last use; and when this was last reviewed."""
    texts = console_of(request).texts
    last, today = access_reviews.last_review(reader), local_date(reader.now)
    due = access_reviews.due_on(last, today)
    return page(
        request,
        "staff/review.html",
        rows=access_reviews.rows(reader),
        tokens=token_lines(reader, texts),
        webhooks=webhook_lines(reader, texts),
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
    note_export(request, staff, "access")
    texts, departments = console_of(request).texts, queries.department_names(reader)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([texts.get(column) for column in COLUMNS])
    rows = chain(
        (_cells(texts, departments, row) for row in access_reviews.rows(reader)),
        (_token_cells(texts, token) for token in token_lines(reader, texts)),
        (_webhook_cells(texts, webhook) for webhook in webhook_lines(reader, texts)),
    )
    writer.writerows([guard_formula(cell) for cell in row] for row in rows)
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


def _token_cells(texts: Catalogue, token: TokenLine) -> tuple[str, ...]:
    scopes = ", ".join(token.scopes)
    return (token.name, texts.get("review.token"), "", "", scopes, token.used, "", token.look.words)


def _webhook_cells(texts: Catalogue, webhook: WebhookLine) -> tuple[str, ...]:
    kinds = f"{webhook.kinds} → {webhook.url}"
    return (webhook.name, texts.get("review.webhook"), "", "", kinds, webhook.latest, "", webhook.look.words)
