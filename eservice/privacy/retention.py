"""How long each class of data is kept, and the daily deletion of what is past its time, a little at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.privacy.classes import CLASSES, Class
from eservice.privacy.models import RetentionRule, RetentionRun

EVERY = timedelta(days=1)
BATCHES = 50  # of one class on one day; what is left waits for the next


@dataclass(frozen=True, kw_only=True)
class Due:
    """One class as the page shows it. `rows` is how many would go now."""

    name: str
    days: int
    shipped: int
    least: int
    most: int
    rows: int


def days_of(reader: ReadOnly) -> dict[str, int]:
    """The keeping time of every class in days: as the office has set it, else as shipped."""
    own = {rule.name: rule.days for rule in reader.session.scalars(select(RetentionRule))}
    return {each.name: own.get(each.name, each.days) for each in CLASSES}


def set_days(uow: UnitOfWork, name: str, days: int, *, by: str) -> None:
    """Sets the keeping time of a class. Raises ServiceError `privacy.not_found`, `privacy.bad_days`."""
    each = next((each for each in CLASSES if each.name == name), None)
    if each is None:
        raise not_found("privacy.not_found")
    if not each.least <= days <= each.most:
        raise invalid("privacy.bad_days", days="invalid")
    before = days_of(uow)[name]
    uow.session.merge(RetentionRule(name=name, days=days))
    audit.record(
        uow, actor=by, action="privacy.kept_for", subject_kind="retention", subject_id=name,
        before={"days": before}, after={"days": days},
    )  # fmt: skip


def due(reader: ReadOnly) -> list[Due]:
    """How many rows of each class are past their time: what the next run would take. Changes nothing."""
    days = days_of(reader)
    found: list[Due] = []
    for each in CLASSES:
        ids = each.which(reader.now - timedelta(days=days[each.name]))
        rows = reader.session.scalar(select(func.count(ids.column)).where(*ids.conditions)) or 0
        found.append(
            Due(
                name=each.name,
                days=days[each.name],
                shipped=each.days,
                least=each.least,
                most=each.most,
                rows=rows,
            )
        )
    return found


def last_run(reader: ReadOnly) -> RetentionRun | None:
    """The newest run."""
    return reader.session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(1)).first()


def run_daily(database: Database) -> dict[str, int] | None:
    """Once a day deletes what is past its time, in small transactions; None when it is not time yet.

    The files of photos go with the next `erasure.forget_files`.
    """
    with database.read() as reader:
        last, now, days = last_run(reader), reader.now, days_of(reader)
    if last is not None and now - last.at < EVERY:
        return None
    counts = {each.name: _run(database, each, now - timedelta(days=days[each.name])) for each in CLASSES}
    with database.unit_of_work() as uow:
        run = RetentionRun(at=uow.now, counts=counts)
        uow.session.add(run)
        uow.session.flush()  # the audit names it
        audit.record(
            uow, actor=audit.SYSTEM, action="privacy.kept_time_over", subject_kind="retention_run",
            subject_id=run.id, after=counts,
        )  # fmt: skip
    return counts


def _run(database: Database, each: Class, before: datetime) -> int:
    gone = 0
    for _ in range(BATCHES):
        with database.unit_of_work() as uow:
            ids = each.which(before)
            batch = list(uow.session.scalars(select(ids.column).where(*ids.conditions).limit(each.batch)))
            if batch:
                each.forget(uow, batch, before)
        gone += len(batch)
        if len(batch) < each.batch:
            break
    return gone
