"""Looking into the traffic log, for whoever keeps it and only by an opening; every look is on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from eservice.kit import audit
from eservice.kit.errors import invalid
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.permissions import Permission, Principal, require
from eservice.traffic import openings
from eservice.traffic.models import TrafficOpening, TrafficRow

LOOKED = "traffic.read"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for; an empty part asks nothing. Instants are [begin, end)."""

    begin: datetime
    end: datetime
    source: str = ""
    account: str = ""


def search(
    uow: UnitOfWork,
    opening_id: int,
    wanted: Search,
    *,
    by: Principal,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[TrafficRow]:
    """The rows that fit, newest first, before a place in the chain. What was asked for is recorded, each time.

    Raises ServiceError `staff.forbidden`, `traffic.outside_opening`, and as `openings.in_force`.
    """
    require(by, Permission.TRAFFIC_READ)
    opening = openings.in_force(uow, opening_id, begin=wanted.begin, end=wanted.end)
    for field, asked, allowed in (
        ("source", wanted.source, opening.source),
        ("account", wanted.account, opening.account),
    ):
        if allowed and asked not in ("", allowed):
            raise invalid("traffic.outside_opening", **{field: "invalid"})
    audit.record(
        uow, actor=by.username, action=LOOKED, subject_kind="traffic_opening", subject_id=opening.id,
        after={
            "from": wanted.begin.isoformat(), "to": wanted.end.isoformat(), "source": wanted.source,
            "account": wanted.account,
        },
    )  # fmt: skip
    query = (
        select(TrafficRow)
        .where(TrafficRow.at >= wanted.begin, TrafficRow.at < wanted.end, *narrowed(opening))
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


def narrowed(opening: TrafficOpening) -> list[ColumnElement[bool]]:
    """What an opening lets one see besides its days: one address or account, where it names one."""
    return [
        column == value
        for column, value in (
            (TrafficRow.source, opening.source),
            (TrafficRow.account, opening.account),
        )
        if value
    ]
