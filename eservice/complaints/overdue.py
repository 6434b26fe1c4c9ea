"""What time alone does to complaints: silence closes them, missed dates climb, a duty is remembered before its day.

`keep` is called now and then by the worker. Each function acts on a bounded number of rows and is harmless
when called again, and by two workers at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from eservice.complaints import deadlines, residents
from eservice.complaints.assigning import OPEN_STATES
from eservice.complaints.cases import SILENCE_DAYS, subject_of
from eservice.complaints.clocks import (
    ALERT_DAYS_BEFORE,
    DEFAULT_ESCALATION,
    Answering,
    WorkingHours,
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


def close_silent(uow: UnitOfWork, *, silence_days: int = SILENCE_DAYS) -> int:
    """Closes complaints called done whose resident has said nothing for so many days, and marks them so."""
    until = uow.now - timedelta(days=silence_days)
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
        .with_for_update(skip_locked=True)  # somebody is at work on the others: the next call looks again
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
    brought, last_id = 0, 0
    while brought < _BATCH:
        found = _to_bring(uow, hours, after_id=last_id)
        for complaint in found:
            if _bring(uow, complaint, hours):
                outbox.record(uow, ESCALATED, subject_of(complaint.id), complaint_id=complaint.id)
                brought += 1
        if len(found) < _BATCH:
            break
        last_id = found[-1].id
    return brought


def _to_bring(uow: UnitOfWork, hours: WorkingHours, *, after_id: int) -> Sequence[Complaint]:
    """Complaints that have come so far that a position or the alert is due which was not told yet, locked.

    A wait after the date was missed is not seen here, so a few of them are not due after all.
    """
    late_work = [
        and_(Complaint.due_at <= reached, ~_told(EscalationClock.WORK, position, Complaint.due_at))
        for position, days in DEFAULT_ESCALATION.items()
        for reached in (min(uow.now, hours.latest_start(uow.now, days * hours.day_length)),)
    ]
    today = local_date(uow.now)
    late_answer = [
        and_(
            Complaint.answer_due_at <= deadlines.end_of(today - timedelta(days=max(days, 1))),
            ~_told(EscalationClock.ANSWER, position, Complaint.answer_due_at),
        )
        for position, days in DEFAULT_ESCALATION.items()
    ]
    alert = and_(
        Complaint.answer_due_at <= deadlines.end_of(today + timedelta(days=ALERT_DAYS_BEFORE)),
        ~_told(EscalationClock.ANSWER, None, Complaint.answer_due_at),
    )
    return uow.session.scalars(
        select(Complaint)
        .where(
            Complaint.state.in_(OPEN_STATES),
            Complaint.id > after_id,
            or_(
                and_(Complaint.state != ComplaintState.WAITING, or_(*late_work)),
                and_(Complaint.answered_at.is_(None), or_(alert, *late_answer)),
            ),
        )
        .order_by(Complaint.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _bring(uow: UnitOfWork, complaint: Complaint, hours: WorkingHours) -> int:
    """Notes whom the complaint has come before, by the dates that everybody was shown; returns how many."""
    new = 0
    if complaint.due_at is not None:
        late_days = deadlines.overdue_days(uow, complaint, hours)
        new += _tell(uow, complaint, EscalationClock.WORK, complaint.due_at, late_days)
    answer = read_answer_clock(deadlines.answer_duty(uow, complaint), uow.now)
    if answer.state in (Answering.ALERTING, Answering.OVERDUE):
        due = deadlines.end_of(answer.due_day)
        new += _note(uow, complaint, EscalationClock.ANSWER, None, due)
        new += _tell(uow, complaint, EscalationClock.ANSWER, due, answer.overdue_days)
    return new


def _told(
    clock: EscalationClock, position: Position | None, due_at: InstrumentedAttribute[datetime | None]
) -> ColumnElement[bool]:
    """Whether the position, or with None the office by its alert, has been told of this date."""
    return exists().where(
        Escalation.complaint_id == Complaint.id,
        Escalation.clock == clock,
        Escalation.position.is_(None) if position is None else Escalation.position == position,
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
