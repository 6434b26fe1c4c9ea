"""Looking into the traffic log, for whoever keeps it; every look is on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.unit_of_work import UnitOfWork
from eservice.traffic.models import TrafficRow

LOOKED = "traffic.read"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for; an empty part asks nothing. Instants are [begin, end)."""

    begin: datetime
    end: datetime
    source: str = ""
    account: str = ""


def search(
    uow: UnitOfWork, wanted: Search, *, actor: str, before: int | None = None, limit: int = 100
) -> Sequence[TrafficRow]:
    """The rows that fit, newest first, before a place in the chain. What was asked for is recorded, each time."""
    audit.record(
        uow, actor=actor, action=LOOKED, subject_kind="traffic", subject_id="search",
        after={
            "from": wanted.begin.isoformat(), "to": wanted.end.isoformat(), "source": wanted.source,
            "account": wanted.account,
        },
    )  # fmt: skip
    query = (
        select(TrafficRow)
        .where(TrafficRow.at >= wanted.begin, TrafficRow.at < wanted.end)
        .order_by(TrafficRow.sequence.desc())
        .limit(limit)
    )
    if wanted.source:
        query = query.where(TrafficRow.source == wanted.source)
    if wanted.account:
        query = query.where(TrafficRow.account == wanted.account)
    if before is not None:
        query = query.where(TrafficRow.sequence < before)
    return uow.session.scalars(query).all()
