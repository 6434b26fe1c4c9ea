"""The traffic log, for the log custodian alone: who reached the service, when and from where.

Nothing here leads to a case, and no page of a case leads here. Nothing is shown before a time is asked for, and
every search is on record.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.pages import page
from admin.typed_day import LONGEST, typed_day
from eservice.kit.http import Uow
from eservice.kit.thai_calendar import at_bangkok, local
from eservice.staff.permissions import Permission, Principal
from eservice.traffic import keeping, queries
from eservice.traffic.models import TrafficRow

router = APIRouter(prefix="/traffic")

HOME = "/admin/traffic"
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
def show(
    request: Request,
    staff: Annotated[Principal, guarded(Permission.TRAFFIC_READ)],
    uow: Uow,
    begin: Annotated[Day, Query(alias="from")] = "",
    end: Annotated[Day, Query(alias="to")] = "",
    source: Short = "",
    account: Short = "",
    before: Annotated[int | None, Query(ge=1, le=MAX_PLACE)] = None,
) -> Response:
    """The rows of some days, newest first; the form alone until days are asked for."""
    typed_first, typed_last = typed_day(begin), typed_day(end)
    first, last = typed_first.day, typed_last.day
    asked = {"from": begin, "to": end, "source": source.strip(), "account": account.strip()}
    rows: list[TrafficRow] | None = None
    if first is not None and last is not None and first <= last:
        wanted = queries.Search(
            begin=at_bangkok(first, time()),
            end=at_bangkok(last + timedelta(days=1), time()),
            source=asked["source"],
            account=asked["account"],
        )
        rows = list(queries.search(uow, wanted, actor=staff.username, before=before, limit=ROWS + 1))
    shown = (rows or [])[:ROWS]
    is_more = rows is not None and len(rows) > ROWS
    return page(
        request,
        "records/traffic.html",
        asked=asked,
        first=typed_first,
        last=typed_last,
        rows=None if rows is None else [_row(row) for row in shown],
        older_href=f"{HOME}?{urlencode({**asked, 'before': shown[-1].sequence})}" if is_more else "",
        newest_href=f"{HOME}?{urlencode(asked)}" if before else "",
        holds=[
            (held.case_reference, _instant(held.covers_from), _instant(held.until))
            for held in keeping.live_holds(uow)
        ],
        days=console_of(request).settings.traffic_log_days,
    )


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
