"""What time alone does to complaints: silence closes them, missed dates climb, a duty is remembered before its day.

`keep` is called now and then by the worker. Each function looks at a bounded number of rows and is harmless
when called again.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from eservice.complaints import deadlines, residents
from eservice.complaints.assigning import OPEN_STATES
from eservice.complaints.cases import SILENCE_DAYS
from eservice.complaints.clocks import (
    ALERT_DAYS_BEFORE,
    DEFAULT_ESCALATION,
    Answering,
    positions_to_tell,
    read_answer_clock,
)
from eservice.complaints.models import Complaint, Escalation, EscalationClock
from eservice.complaints.states import ComplaintState
from eservice.kit import outbox
from eservice.kit.database import insert_new
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.models import Position

ESCALATED = "complaint.escalated"
"""In the outbox: a complaint has come before somebody, `complaint_id`."""
_BATCH = 200


def keep(uow: UnitOfWork) -> None:
    """All that is due now."""
    close_silent(uow)
    escalate(uow)


def close_silent(uow: UnitOfWork, *, silence_days: int = SILENCE_DAYS) -> int:
    """Closes complaints called done whose resident has said nothing for so many days, and marks them so."""
    silent = uow.session.scalars(
        select(Complaint.id)
        .where(
            Complaint.state == ComplaintState.RESOLVED,
            Complaint.said_done_at <= uow.now - timedelta(days=silence_days),
        )
        .order_by(Complaint.id)
        .limit(_BATCH)
    ).all()
    for complaint_id in silent:
        residents.close_unanswered(uow, complaint_id, silence_days=silence_days)
    return len(silent)


def escalate(uow: UnitOfWork) -> int:
    """Brings overdue complaints before หัวหน้า/ผอ.กอง, ปลัด, นายก, each once for one missed date.

    For the duty to answer, the office is also alerted three days before the day. Returns how many were
    brought before anybody.
    """
    hours = deadlines.hours_of(uow)
    soon = uow.now + timedelta(days=ALERT_DAYS_BEFORE)
    late_work = and_(
        Complaint.due_at <= uow.now,
        Complaint.state != ComplaintState.WAITING,
        ~_reached_the_top(EscalationClock.WORK, Complaint.due_at),
    )
    late_answer = and_(
        Complaint.answered_at.is_(None),
        Complaint.answer_due_at <= soon,
        ~_reached_the_top(EscalationClock.ANSWER, Complaint.answer_due_at),
    )
    found = uow.session.scalars(
        select(Complaint)
        .where(Complaint.state.in_(OPEN_STATES), or_(late_work, late_answer))
        .order_by(Complaint.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    brought = 0
    for complaint in found:
        work = deadlines.work_clock(uow, complaint, hours)
        answer = read_answer_clock(deadlines.answer_duty(uow, complaint), uow.now)
        new = 0
        if not work.is_paused:
            new += _tell(uow, complaint, EscalationClock.WORK, work.due, work.overdue_days)
        due = deadlines.end_of(answer.due_day)
        if answer.state in (Answering.ALERTING, Answering.OVERDUE):
            new += _note(uow, complaint, EscalationClock.ANSWER, None, due)
            new += _tell(uow, complaint, EscalationClock.ANSWER, due, answer.overdue_days)
        if new:
            outbox.record(uow, ESCALATED, complaint_id=complaint.id)
            brought += 1
    return brought


def _reached_the_top(
    clock: EscalationClock, due_at: InstrumentedAttribute[datetime | None]
) -> ColumnElement[bool]:
    """Whether the last of the positions has been told of this missed date: nothing is left to do."""
    return exists().where(
        Escalation.complaint_id == Complaint.id,
        Escalation.clock == clock,
        Escalation.position == Position.CHIEF_EXECUTIVE,
        Escalation.due_at == due_at,
    )


def _tell(
    uow: UnitOfWork, complaint: Complaint, clock: EscalationClock, due: datetime, overdue_days: float | None
) -> int:
    told = uow.session.scalars(
        select(Escalation.position).where(
            Escalation.complaint_id == complaint.id, Escalation.clock == clock, Escalation.due_at == due
        )
    )
    positions = positions_to_tell(overdue_days, {p for p in told if p is not None}, DEFAULT_ESCALATION)
    return sum(_note(uow, complaint, clock, position, due) for position in positions)


def _note(
    uow: UnitOfWork, complaint: Complaint, clock: EscalationClock, position: Position | None, due: datetime
) -> int:
    if position is None:  # a unique rule does not hold for what is absent
        known = select(Escalation.id).where(
            Escalation.complaint_id == complaint.id,
            Escalation.clock == clock,
            Escalation.position.is_(None),
            Escalation.due_at == due,
        )
        if uow.session.scalar(known.limit(1)) is not None:
            return 0
    row = {"complaint_id": complaint.id, "clock": clock, "position": position, "due_at": due, "at": uow.now}
    return insert_new(uow.session, Escalation, [row])
