"""Whether the machines' clocks are right: each worker looks once an hour, and what it found is kept for all to see.

The law on traffic data wants times that are right to the second. Three things say so without a time server being
asked by us: the kernel, which knows whether something sets the clock; the database server's clock, where it has one
of its own; and the hour in LINE's answers.
"""

import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base, Database
from eservice.kit.kernel_clock import is_synchronised
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

TOLERANCE = timedelta(seconds=1)  # what the law on traffic data calls in time
LOOK_EVERY = timedelta(hours=1)
COUNTS_FOR = timedelta(hours=3)  # a machine that has not looked since says nothing of today

log = structlog.get_logger()

AskKernel = Callable[[], bool | None]


class Source(StrEnum):
    """Who says whether a clock is right."""

    KERNEL = "kernel"
    DATABASE = "database"
    LINE = "line"


class ClockState(StrEnum):
    """What a source says of a clock."""

    RIGHT = "right"
    OFF = "off"  # by more than a second
    UNSET = "unset"  # nothing sets it: it may be right today and wrong tomorrow
    UNKNOWN = "unknown"  # the source does not say


ALARMING = (ClockState.OFF, ClockState.UNSET)


class ClockCheck(Base):
    """What a source said last of one machine's clock. `offset_ms` is how far the clock is ahead, at least."""

    __tablename__ = "clock_checks"

    machine: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    offset_ms: Mapped[int | None]


def offset_between(asked: datetime, told: tuple[datetime, datetime], answered: datetime) -> timedelta:
    """How far our clock is certainly ahead of another; negative when it is behind, nothing when they may agree.

    The other clock was read at some moment between asking and having the answer, and showed something between
    the two instants told: only what cannot be explained by those is the clocks' doing.
    """
    earliest, latest = told
    if answered < earliest:
        return answered - earliest
    return max(asked - latest, timedelta())


def state_of_offset(offset: timedelta) -> ClockState:
    """What a difference means."""
    return ClockState.OFF if abs(offset) > TOLERANCE else ClockState.RIGHT


def state_of_kernel(answer: bool | None) -> ClockState:
    """What the kernel's answer means."""
    if answer is None:
        return ClockState.UNKNOWN
    return ClockState.RIGHT if answer else ClockState.UNSET


def offset_from_server(database: Database) -> timedelta | None:
    """How far our clock is ahead of the database server's. None for SQLite, which reads ours."""
    if database.is_sqlite:
        return None
    with database.read() as reader:
        reader.session.scalar(select(1))  # the first statement may wait for a connection
        asked = database.clock.now()
        told: datetime = reader.session.scalars(select(func.clock_timestamp())).one()
        return offset_between(asked, (told, told), database.clock.now())


def look(database: Database, ask_kernel: AskKernel = is_synchronised) -> None:
    """Asks the kernel and the database server, and keeps what they say of this machine."""
    offset = offset_from_server(database)
    with database.unit_of_work() as uow:
        note(uow, Source.KERNEL, state_of_kernel(ask_kernel()))
        if offset is not None:
            note(uow, Source.DATABASE, state_of_offset(offset), offset)
        uow.session.execute(
            delete(ClockCheck).where(~ClockCheck.at.between(uow.now - COUNTS_FOR, uow.now + COUNTS_FOR))
        )


def note(uow: UnitOfWork, source: Source, state: ClockState, offset: timedelta | None = None) -> None:
    """Keeps what a source says of this machine's clock."""
    machine = socket.gethostname()[:64]
    check = uow.session.get(ClockCheck, (machine, source.value))
    if check is None:
        check = ClockCheck(machine=machine, source=source.value)
        uow.session.add(check)
    check.at, check.state = uow.now, state.value
    check.offset_ms = None if offset is None else _milliseconds(offset)
    if state in ALARMING:
        log.error("clock.not_right", source=source.value, state=state.value, offset_ms=check.offset_ms)


def newest(reader: ReadOnly) -> Sequence[ClockCheck]:
    """What each source says of each machine, as far as it was said lately; the worst first."""
    found = reader.session.scalars(
        select(ClockCheck)
        .where(ClockCheck.at > reader.now - COUNTS_FOR)
        .order_by(ClockCheck.machine, ClockCheck.source)
    )
    worst_first = (ClockState.OFF, ClockState.UNSET, ClockState.UNKNOWN, ClockState.RIGHT)
    return sorted(found, key=lambda check: worst_first.index(ClockState(check.state)))


def _milliseconds(offset: timedelta) -> int:
    most = 2**31 - 1  # of the column: a clock may be wrong by years
    return max(-most, min(most, round(offset.total_seconds() * 1000)))
