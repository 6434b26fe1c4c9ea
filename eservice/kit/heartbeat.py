"""Whether some worker is alive: each writes the time now and then, and readiness reads the newest."""

from datetime import datetime, timedelta

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

FRESH_FOR = timedelta(seconds=60)
KEEP_FOR = timedelta(days=1)


class WorkerBeat(Base):
    """The newest sign of life of one worker process."""

    __tablename__ = "worker_beats"

    worker: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


def beat(uow: UnitOfWork, worker: str) -> None:
    """Writes a sign of life, and forgets workers that are long gone."""
    row = uow.session.get(WorkerBeat, worker)
    if row is None:
        uow.session.add(WorkerBeat(worker=worker, at=uow.now))
    else:
        row.at = uow.now
    uow.session.query(WorkerBeat).filter(WorkerBeat.at < uow.now - KEEP_FOR).delete(synchronize_session=False)


def is_fresh(reader: ReadOnly) -> bool:
    """Whether any worker has given a sign of life lately."""
    newest = reader.session.scalar(select(func.max(WorkerBeat.at)))
    return newest is not None and reader.now - newest < FRESH_FOR
