"""The traffic log, for the log custodian alone: who reached the service, when and from where.

Nothing here leads to a case, and no page of a case leads here. Nothing is shown but within an opening that
another person has approved, and every search is on record.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from admin import opening_pages
from admin.access import console_of, guarded
from admin.pages import RowId, page, redirect, refilling, told_on
from admin.typed_day import LONGEST, typed_day
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import at_bangkok, local, thai_date
from eservice.staff.permissions import Permission, Principal
from eservice.traffic import keeping, openings, queries
from eservice.traffic.models import TrafficOpening, TrafficRow
from eservice.traffic.openings import NewOpening

router = APIRouter(prefix="/traffic")
Custodian = Annotated[Principal, guarded(Permission.TRAFFIC_READ)]

HOME = "/admin/traffic"
FIELDS = (
    "reference", "ordered_by", "document", "ordered_on", "from", "to", "source", "account", "reason",
)  # fmt: skip
ROWS = 100
MAX_PLACE = 2**63 - 1  # of PostgreSQL's bigint
Short = Annotated[str, Query(max_length=100)]
Day = Annotated[str, Query(max_length=LONGEST)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request as it is shown; with `lost`, how many could not be written down."""

    place: int
    at: str
    source: str
    account: str
    session: str
    request: str
    status: int
    sizes: str
    lost: int


@router.get("")
def show(request: Request, reader: Reader, staff: Custodian) -> Response:
    """What to do next: ask for an opening, wait for the second person, or look into one that is open."""
    texts, name = console_of(request).texts, staff.username
    return page(
        request,
        "records/traffic.html",
        waiting=opening_pages.rows(reader, texts, openings.waiting(reader), name),
        open=opening_pages.rows(reader, texts, openings.open_now(reader), name),
        ended=opening_pages.rows(reader, texts, openings.ended(reader), name),
        holds=[
            (held.case_reference, _instant(held.covers_from), _instant(held.until))
            for held in keeping.live_holds(reader)
        ],
        days=console_of(request).settings.traffic_log_days,
    )


@router.get("/ask")
def show_form(request: Request, staff: Custodian) -> Response:
    """The form of an opening."""
    return page(request, "records/opening_ask.html", form=dict.fromkeys(FIELDS, ""))


@router.post("/ask")
def ask(
    request: Request,
    uow: Uow,
    staff: Custodian,
    reference: Annotated[str, Form()] = "",
    ordered_by: Annotated[str, Form()] = "",
    document: Annotated[str, Form()] = "",
    ordered_on: Annotated[str, Form()] = "",
    begin: Annotated[str, Form(alias="from")] = "",
    end: Annotated[str, Form(alias="to")] = "",
    source: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Asks for an opening."""
    form = {
        "reference": reference, "ordered_by": ordered_by, "document": document, "ordered_on": ordered_on,
        "from": begin, "to": end, "source": source, "account": account, "reason": reason,
    }  # fmt: skip
    with refilling(request, "records/opening_ask.html", form=form):
        new = NewOpening(
            order_reference=reference,
            ordered_by=ordered_by,
            document_number=document,
            ordered_on=typed_day(ordered_on).day,
            first=typed_day(begin).day,
            last=typed_day(end).day,
            source=source,
            account=account,
            reason=reason,
        )
        opening = openings.ask(uow, new, by=staff)
    return redirect(request, f"{HOME}/{opening.id}", flash="openings.asked")


@router.get("/{opening_id:int}")
def look(
    request: Request,
    uow: Uow,
    staff: Custodian,
    opening_id: RowId,
    begin: Annotated[Day, Query(alias="from")] = "",
    end: Annotated[Day, Query(alias="to")] = "",
    source: Short = "",
    account: Short = "",
    before: Annotated[int | None, Query(ge=1, le=MAX_PLACE)] = None,
) -> Response:
    """One opening; in force, with the search in it. Its rows, newest first, once days are asked for."""
    opening = openings.get_opening(uow, opening_id)
    row = opening_pages.row(uow, console_of(request).texts, opening_id, staff.username)
    first, last = typed_day(begin).day, typed_day(end).day
    asked = {"from": begin, "to": end, "source": source.strip(), "account": account.strip()}
    if not begin and not end:
        return page(request, "records/opening.html", row=row, asked=asked | _all_of(opening), rows=None)
    rows: list[TrafficRow] = []
    with refilling(request, "records/opening.html", row=row, asked=asked, rows=None):
        wanted = queries.Search(
            begin=_midnight(first),
            end=_midnight(last and last + timedelta(days=1)),
            source=asked["source"],
            account=asked["account"],
        )
        rows = list(queries.search(uow, opening_id, wanted, by=staff, before=before, limit=ROWS + 1))
    shown, here = rows[:ROWS], f"{HOME}/{opening_id}?"
    older = here + urlencode({**asked, "before": shown[-1].sequence}) if len(rows) > ROWS else ""
    return page(
        request,
        "records/opening.html",
        row=row,
        asked=asked,
        rows=[_row(each) for each in shown],
        older_href=older,
        newest_href=here + urlencode(asked) if before else "",
    )


@router.post("/{opening_id:int}/close")
def close(request: Request, uow: Uow, staff: Custodian, opening_id: RowId) -> Response:
    """Ends an opening of one's own, or takes it back while it waits."""
    with told_on(request, f"{HOME}/{opening_id}"):
        openings.close(uow, opening_id, by=staff)
    return redirect(request, f"{HOME}/{opening_id}", flash="openings.closed")


def _all_of(opening: TrafficOpening) -> dict[str, str]:
    """The search that shows all that an opening covers."""
    last = opening.covers_to - timedelta(days=1)
    return {
        "from": thai_date(opening.covers_from), "to": thai_date(last),
        "source": opening.source, "account": opening.account,
    }  # fmt: skip


def _midnight(found: date | None) -> datetime:
    """When a Thai day begins; a day that could not be read lies outside every opening."""
    return at_bangkok(found, time()) if found else at_bangkok(date(1970, 1, 2), time())


def _row(row: TrafficRow) -> Row:
    return Row(
        place=row.sequence,
        at=_instant(row.at),
        source=f"[{row.source}]:{row.port}" if ":" in row.source else f"{row.source}:{row.port}",
        account=row.account,
        session=row.session,
        request=f"{row.method} {row.path}",
        status=row.status,
        sizes=f"{row.bytes_in:,} / {row.bytes_out:,}",
        lost=row.lost,
    )


def _instant(instant: datetime) -> str:
    """With the offset, as the law asks for the time."""
    return local(instant).isoformat(sep=" ", timespec="seconds")
