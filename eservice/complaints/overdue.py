"""What time alone does to complaints: silence closes them, missed dates climb, a duty is remembered before its day.

`keep` is called now and then by the worker. Each function looks at a bounded number of rows and is harmless
when called again.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select

from eservice.complaints import deadlines, residents
from eservice.complaints.assigning import OPEN_STATES
from eservice.complaints.cases import subject_of
from eservice.complaints.clocks import (
    ALERT_DAYS_BEFORE,
    DEFAULT_ESCALATION,
    Answering,
    positions_to_tell,
    read_answer_clock,
)
from eservice.complaints.models import (
    CommentKind,
    Complaint,
    ComplaintComment,
    Escalation,
    EscalationClock,
)
from eservice.complaints.rules import read_rules
from eservice.complaints.states import ComplaintState
from eservice.kit import outbox
from eservice.kit.database import insert_new
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.models import Position

ESCALATED = "complaint.escalated"
"""In the outbox: a complaint has come before somebody, `complaint_id`."""
_BATCH = 200


def keep(uow: UnitOfWork) -> None:
    """All that is due now."""
    close_silent(uow)
    escalate(uow)


def close_silent(uow: UnitOfWork) -> int:
    """Closes complaints called done whose resident has said nothing for too many days, and marks them so."""
    until = uow.now - timedelta(days=read_rules(uow).silence_days)
    spoken = exists().where(
        ComplaintComment.complaint_id == Complaint.id,
        ComplaintComment.kind == CommentKind.RESIDENT,
        ComplaintComment.at > until,
    )
    silent = uow.session.scalars(
        select(Complaint.id)
        .where(Complaint.state == ComplaintState.RESOLVED, Complaint.said_done_at <= until, ~spoken)
        .order_by(Complaint.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)  # whom another worker closes, or whose resident speaks up just now
    ).all()
    for complaint_id in silent:
        residents.close_unanswered(uow, complaint_id)
    return len(silent)


def escalate(uow: UnitOfWork) -> int:
    """Brings overdue complaints before หัวหน้า/ผอ.กอง, ปลัด, นายก, each once for one missed date.

    For the duty to answer, the office is also alerted three days before the day. Returns how many were
    brought before anybody.
    """
    hours = deadlines.hours_of(uow)
    due_work = [
        _not_told(
            EscalationClock.WORK,
            position,
            Complaint.due_at <= min(uow.now, hours.latest_start(uow.now, days * hours.day_length)),
        )
        for position, days in DEFAULT_ESCALATION.items()
    ]
    due_answer = [
        _not_told(
            EscalationClock.ANSWER,
            position,
            Complaint.answer_due_at <= deadlines.end_of(local_date(uow.now) - timedelta(days=max(days, 1))),
        )
        for position, days in DEFAULT_ESCALATION.items()
    ]
    alert_until = deadlines.end_of(local_date(uow.now) + timedelta(days=ALERT_DAYS_BEFORE))
    alert = _not_told(EscalationClock.ANSWER, None, Complaint.answer_due_at <= alert_until)
    late_work = and_(Complaint.state != ComplaintState.WAITING, or_(*due_work))
    late_answer = and_(Complaint.answered_at.is_(None), or_(alert, *due_answer))
    found = uow.session.scalars(
        select(Complaint)
        .where(Complaint.state.in_(OPEN_STATES), or_(late_work, late_answer))
        .order_by(Complaint.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    brought = 0
    for complaint in found:
        answer = read_answer_clock(deadlines.answer_duty(uow, complaint), uow.now)
        new = 0
        if complaint.due_at is not None and complaint.state is not ComplaintState.WAITING:
            late_days = deadlines.overdue_days(uow, complaint, hours)
            new += _tell(uow, complaint, EscalationClock.WORK, complaint.due_at, late_days)
        due = deadlines.end_of(answer.due_day)
        if answer.state in (Answering.ALERTING, Answering.OVERDUE):
            new += _note(uow, complaint, EscalationClock.ANSWER, None, due)
            new += _tell(uow, complaint, EscalationClock.ANSWER, due, answer.overdue_days)
        if new:
            outbox.record(uow, ESCALATED, subject_of(complaint.id), complaint_id=complaint.id)
            brought += 1
    return brought


def _not_told(
    clock: EscalationClock, position: Position | None, is_due: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a position must be told of a missed date and has not been: only such rows fill a batch."""
    due_at = Complaint.due_at if clock is EscalationClock.WORK else Complaint.answer_due_at
    told = exists().where(
        Escalation.complaint_id == Complaint.id,
        Escalation.clock == clock,
        Escalation.position == position,
        Escalation.due_at == due_at,
    )
    return and_(is_due, ~told)


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
