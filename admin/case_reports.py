"""The reports for staff: what was done in time, how long people waited, which dates were missed."""

import csv
import io
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.case_list import names_of
from admin.case_words import cut, last_day, lasting
from admin.pages import page
from eservice.complaints import breaches
from eservice.complaints.breaches import Breach, Period, Share, Waiting
from eservice.complaints.models import EscalationClock
from eservice.complaints.numbers import shown
from eservice.kit import audit
from eservice.kit.http import Reader
from eservice.kit.text import Catalogue, guard_formula
from eservice.kit.thai_calendar import (
    BUDDHIST_ERA_OFFSET,
    MONTHS,
    at_bangkok,
    fiscal_year,
    local_date,
    thai_datetime,
)
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from eservice.staff.queries import department_names

router = APIRouter(prefix="/cases/reports")

Looker = Annotated[Principal, guarded(Permission.CASE_READ)]
PeriodName = Annotated[str, Query(pattern=r"^(2[01][0-9]{2}-(0[1-9]|1[0-2])|fy2[56][0-9]{2})?$")]
MONTHS_BACK = 24
SHOWN = 200  # breaches on the page; the file has all


@dataclass(frozen=True, kw_only=True)
class BreachRow:
    """One missed date."""

    id: int
    number: str
    category: str
    text: str
    department: str
    assignee: str
    clock: str
    due: str
    ended: str
    late: str
    is_sampled: bool


@router.get("")
def show(request: Request, staff: Looker, reader: Reader, period: PeriodName = "") -> Response:
    """The reports of a month or a fiscal year; this month unless asked otherwise."""
    texts = console_of(request).texts
    asked = _period(period, local_date(reader.now))
    by_department, by_category = breaches.on_time(reader, staff, asked)
    by_source, by_village = breaches.waiting_times(reader, staff, asked)
    found = breaches.breaches(reader, staff, asked)
    departments = department_names(reader)
    rows = _rows(reader, texts, found)
    return page(
        request,
        "cases/reports.html",
        period=asked.name,
        periods=_periods(texts, local_date(reader.now), asked.name),
        departments=[
            _share(texts, departments.get(_number(share.key), texts.get("cases.no_department")), share)
            for share in by_department
        ],
        categories=[_share(texts, str(share.key), share) for share in by_category],
        sources=[_wait(texts, texts.get(f"cases.source.{wait.key}"), wait) for wait in by_source],
        villages=[
            _wait(texts, str(wait.key) or texts.get("cases.reports.no_village"), wait) for wait in by_village
        ],
        total=len(rows),
        rows=rows[:SHOWN],
        sample=[row for row in rows if row.is_sampled],
    )


@router.get("/breaches.csv")
def download(request: Request, staff: Looker, reader: Reader, period: PeriodName = "") -> Response:
    """Every missed date of the period as a table that no spreadsheet takes for formulas; no word of a resident."""
    texts = console_of(request).texts
    asked = _period(period, local_date(reader.now))
    audit.note_reading(
        console_of(request).database,
        actor=staff.username,
        action="breaches.exported",
        subject_kind="breaches",
        find=lambda looking: asked.name,
    )
    rows = _rows(reader, texts, breaches.breaches(reader, staff, asked))
    file = io.StringIO()
    writer = csv.writer(file)
    columns = (
        "number",
        "category",
        "department",
        "assignee",
        "clock",
        "due",
        "ended",
        "late",
        "sampled",
    )
    writer.writerow([texts.get(f"cases.reports.column.{column}") for column in columns])
    for row in rows:
        sampled = texts.get("cases.reports.sampled") if row.is_sampled else ""
        cells = (row.number, row.category, row.department, row.assignee, row.clock, row.due, row.ended, row.late, sampled)  # fmt: skip
        writer.writerow([guard_formula(cell) for cell in cells])
    headers = {"Content-Disposition": f'attachment; filename="breaches-{asked.name}.csv"'}
    # With a byte order mark: without it Excel reads Thai as something else.
    return Response(
        file.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers
    )


def _period(name: str, today: date) -> Period:
    name = name or f"{today.year}-{today.month:02d}"
    if name.startswith("fy"):
        year = int(name.removeprefix("fy")) - BUDDHIST_ERA_OFFSET
        first, end = date(year - 1, 10, 1), date(year, 10, 1)
    else:
        year, month = int(name[:4]), int(name[5:])
        first = date(year, month, 1)
        end = date(year + month // 12, month % 12 + 1, 1)
    return Period(name=name, start=at_bangkok(first, time()), end=at_bangkok(end, time()))


def _periods(texts: Catalogue, today: date, asked: str) -> list[tuple[str, str]]:
    """What can be chosen: the last months, and two fiscal years; and what was asked for, if it is another."""
    newest = today.year * 12 + today.month - 1
    found = []
    for months in range(newest, newest - MONTHS_BACK, -1):
        year, month = divmod(months, 12)
        found.append((f"{year}-{month + 1:02d}", f"{MONTHS[month]} {year + BUDDHIST_ERA_OFFSET}"))
    this_year = fiscal_year(today)
    found += [
        (f"fy{year}", texts.get("cases.reports.fiscal", year=year)) for year in (this_year, this_year - 1)
    ]
    return found if asked in dict(found) else [(asked, asked), *found]


def _share(texts: Catalogue, name: str, share: Share) -> dict[str, object]:
    percent = round(100 * share.on_time / share.count)
    return {
        "label": name,
        "percent": percent,
        "value": f"{percent}%",
        "count": share.count,
        "note": texts.get("cases.reports.of", met=share.on_time, count=share.count),
    }


def _wait(texts: Catalogue, name: str, wait: Waiting) -> tuple[str, int, str, str]:
    return name, wait.count, _days(texts, wait.answer_days), _days(texts, wait.done_days)


def _days(texts: Catalogue, days: float | None) -> str:
    return lasting(texts, timedelta(days=days)) if days is not None else "–"


def _rows(reader: ReadOnly, texts: Catalogue, found: list[Breach]) -> list[BreachRow]:
    departments = department_names(reader)
    people = names_of(reader, {breach.complaint.assignee_id for breach in found})
    return [_row(texts, breach, departments, people) for breach in found]


def _row(texts: Catalogue, breach: Breach, departments: dict[int, str], people: dict[int, str]) -> BreachRow:
    complaint, late = breach.complaint, breach.late_by
    clock = "work" if breach.clock is EscalationClock.WORK else "answer"
    return BreachRow(
        id=complaint.id,
        number=shown(complaint.number),
        category=complaint.category,
        text=cut(complaint.text, 80),
        department=departments.get(complaint.department_id or 0, texts.get("cases.no_department")),
        assignee=people.get(complaint.assignee_id or 0, texts.get("cases.nobody")),
        clock=texts.get(f"cases.clock.{clock}"),
        due=thai_datetime(breach.due_at) if clock == "work" else last_day(breach.due_at),
        ended=thai_datetime(breach.ended_at) if breach.ended_at is not None else texts.get("cases.reports.lasts"),
        late=lasting(texts, late) if late else "",
        is_sampled=breach.is_sampled,
    )  # fmt: skip


def _number(key: int | str | None) -> int:
    return key if isinstance(key, int) else 0
