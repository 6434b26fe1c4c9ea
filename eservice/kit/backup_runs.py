"""What came of backups and of trying them out: for the console and `doctor`, and so that one a day is made."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import BigInteger, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base, insert_new
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

TRY_AGAIN_AFTER = timedelta(hours=1)  # after one that failed, or that nobody heard the end of
BACKUP_MAY_BE_OLD = timedelta(hours=26)  # a day, and time to make it in
DRILL_MAY_BE_OLD = timedelta(days=90)
MAX_REASON = 300  # characters


class RunKind(StrEnum):
    """What was done."""

    BACKUP = "backup"
    DRILL = "drill"  # a backup was restored for trial


class RunState(StrEnum):
    """How it stands."""

    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"


class BackupRun(Base):
    """One backup or drill. `day` is the Thai day of a scheduled one; `name` is the backup's folder."""

    __tablename__ = "backup_runs"
    __table_args__ = (Index(None, "kind", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    day: Mapped[date | None] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(300), default="")
    rows: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    reason: Mapped[str] = mapped_column(String(MAX_REASON), default="")


def is_due(reader: ReadOnly, day: date) -> bool:
    """Whether the backup of a day is still to be made, and nobody is making it."""
    run = reader.session.scalar(select(BackupRun).where(BackupRun.day == day))
    return run is None or _may_be_tried_again(run, reader.now)


def claim(uow: UnitOfWork, day: date) -> int | None:
    """The id of the run of a day, if it is ours to make; of all who ask at once one gets it."""
    begun = {"started_at": uow.now, "finished_at": None, "state": RunState.RUNNING.value, "reason": ""}
    row = {"kind": RunKind.BACKUP.value, "day": day, "name": "", "rows": 0, "bytes": 0, **begun}
    is_new = insert_new(uow.session, BackupRun, [row]) == 1
    run = uow.session.scalars(select(BackupRun).where(BackupRun.day == day).with_for_update()).one()
    if is_new:
        return run.id
    if not _may_be_tried_again(run, uow.now):
        return None
    for name, value in begun.items():
        setattr(run, name, value)
    return run.id


def give_back(uow: UnitOfWork, run_id: int) -> None:
    """The run was not made and is anybody's again."""
    uow.session.delete(uow.session.get_one(BackupRun, run_id))


def begin(uow: UnitOfWork, kind: RunKind) -> int:
    """Notes that somebody began one by hand; returns its id."""
    run = BackupRun(kind=kind.value, started_at=uow.now, state=RunState.RUNNING.value)
    uow.session.add(run)
    uow.session.flush()  # its id is the answer
    return run.id


def succeed(uow: UnitOfWork, run_id: int, folder: Path, *, rows: int, size_bytes: int) -> None:
    """Notes a good end."""
    run = uow.session.get_one(BackupRun, run_id)
    run.state, run.finished_at, run.name = RunState.OK.value, uow.now, folder.name[:300]
    run.rows, run.bytes = rows, size_bytes


def fail(uow: UnitOfWork, run_id: int, reason: str) -> None:
    """Notes a bad end and why."""
    run = uow.session.get_one(BackupRun, run_id)
    run.state, run.finished_at, run.reason = RunState.FAILED.value, uow.now, reason[:MAX_REASON]


def newest(reader: ReadOnly, kind: RunKind, state: RunState) -> BackupRun | None:
    """The last run of a kind that stands so."""
    return reader.session.scalar(
        select(BackupRun)
        .where(BackupRun.kind == kind.value, BackupRun.state == state.value)
        .order_by(BackupRun.started_at.desc(), BackupRun.id.desc())
        .limit(1)
    )


class DrillState(StrEnum):
    """Whether a backup was tried out as it should be."""

    NONE = "none"
    FAILED = "failed"  # the last one, however many were good before
    OLD = "old"
    OK = "ok"


def last_drill(reader: ReadOnly) -> tuple[DrillState, BackupRun | None]:
    """How it stands with trying out, and the last time that it was done to its end."""
    run = reader.session.scalar(
        select(BackupRun)
        .where(BackupRun.kind == RunKind.DRILL.value, BackupRun.state != RunState.RUNNING.value)
        .order_by(BackupRun.started_at.desc(), BackupRun.id.desc())
        .limit(1)
    )
    if run is None:
        return DrillState.NONE, None
    if run.state == RunState.FAILED:
        return DrillState.FAILED, run
    is_old = reader.now - run.started_at > DRILL_MAY_BE_OLD
    return DrillState.OLD if is_old else DrillState.OK, run


def _may_be_tried_again(run: BackupRun, now: datetime) -> bool:
    return run.state != RunState.OK and now - (run.finished_at or run.started_at) >= TRY_AGAIN_AFTER
