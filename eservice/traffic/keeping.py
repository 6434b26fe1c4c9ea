"""How long the traffic log is kept: a set number of days, and longer under an order; then its oldest part goes."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, func, select

from eservice.kit import audit
from eservice.kit.chain import move_base
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.thai_calendar import at_bangkok, local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.traffic.models import CHAIN, TrafficHold, TrafficRow

LONGEST_HOLD = timedelta(days=730)  # as long as the law lets an official order
MAX_REFERENCE, MAX_REASON = 100, 500
AT_ONCE = 20_000  # rows of one commit: others wait for it on SQLite


def hold(
    uow: UnitOfWork, *, case: str, reason: str, covers_from: date | None, until: date, actor: str
) -> TrafficHold:
    """Keeps the rows from a day on (None: all there are) until the end of another day.

    Raises ServiceError `traffic.bad_hold` for an order without a case, over already or longer than two years.
    """
    end = at_bangkok(until + timedelta(days=1), time())
    if not case.strip() or not uow.now < end <= uow.now + LONGEST_HOLD + timedelta(days=1):
        raise invalid("traffic.bad_hold", until="invalid")
    oldest = uow.session.scalar(select(func.min(TrafficRow.at))) or uow.now
    begin = at_bangkok(covers_from, time()) if covers_from else oldest
    made = TrafficHold(
        case_reference=case.strip()[:MAX_REFERENCE],
        reason=reason.strip()[:MAX_REASON],
        covers_from=begin,
        until=end,
        created_at=uow.now,
        created_by=actor,
    )
    uow.session.add(made)
    uow.session.flush()  # the audit names it by id
    after = {"case": made.case_reference, "from": begin.isoformat(), "until": end.isoformat()}
    audit.record(
        uow, actor=actor, action="traffic.held", subject_kind="traffic_hold", subject_id=made.id, after=after
    )
    return made


def release(uow: UnitOfWork, *, case: str, actor: str) -> int:
    """Ends the holds of a case; returns how many. Raises ServiceError `traffic.no_hold` when there is none."""
    found = [held for held in live_holds(uow) if held.case_reference == case.strip()]
    if not found:
        raise ServiceError("traffic.no_hold", ErrorKind.NOT_FOUND)
    for held in found:
        held.released_at = uow.now
        audit.record(
            uow, actor=actor, action="traffic.released", subject_kind="traffic_hold", subject_id=held.id,
            after={"case": held.case_reference},
        )  # fmt: skip
    return len(found)


def live_holds(reader: ReadOnly) -> Sequence[TrafficHold]:
    """The orders that are in force, oldest first."""
    return reader.session.scalars(
        select(TrafficHold)
        .where(TrafficHold.released_at.is_(None), TrafficHold.until > reader.now)
        .order_by(TrafficHold.id)
    ).all()


def kept_from(reader: ReadOnly, days: int) -> datetime:
    """The instant before which rows may go: a midnight, so that it moves once a day; or where a hold begins."""
    ordinary = at_bangkok(local_date(reader.now) - timedelta(days=days), time())
    return min([ordinary, *(held.covers_from for held in live_holds(reader))])


def purge(database: Database, days: int) -> int:
    """Deletes what is older than it need be from the beginning of the log on; returns how many rows.

    The chain then begins after the last row that went, as its sealed head says; the audit keeps how many.
    """
    with database.read() as reader:
        oldest = _oldest(reader)
        if oldest is None or oldest.at >= kept_from(reader, days):
            return 0
    gone = 0
    while count := _purge_some(database, days):
        gone += count
    return gone


def _purge_some(database: Database, days: int) -> int:
    with database.unit_of_work() as uow:
        oldest, border = _oldest(uow), kept_from(uow, days)
        if oldest is None or oldest.at >= border:
            return 0
        first_kept = uow.session.scalar(select(func.min(TrafficRow.sequence)).where(TrafficRow.at >= border))
        newest = uow.session.scalars(select(func.max(TrafficRow.sequence))).one()
        last = min((first_kept or newest + 1) - 1, oldest.sequence + AT_ONCE - 1)
        last_hash = uow.session.scalar(
            select(TrafficRow.hash).where(TrafficRow.sequence <= last).order_by(TrafficRow.sequence.desc())
        )
        assert last_hash is not None
        move_base(uow, CHAIN, sequence=last, base_hash=last_hash)
        uow.session.execute(delete(TrafficRow).where(TrafficRow.sequence <= last))
        count = last - oldest.sequence + 1
        audit.record(
            uow, actor=audit.SYSTEM, action="traffic.purged", subject_kind="traffic", subject_id=last,
            after={"rows": count, "before": border.isoformat()},
        )  # fmt: skip
        return count


def _oldest(reader: ReadOnly) -> TrafficRow | None:
    return reader.session.scalar(select(TrafficRow).order_by(TrafficRow.sequence).limit(1))
