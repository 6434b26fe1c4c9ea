"""The two dates of a complaint, kept on its row so that lists can order by them.

They are computed from its history by `clocks`, whenever something happens that moves them.
"""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from eservice.complaints.clocks import (
    AnswerDuty,
    Extension,
    Pause,
    WorkClock,
    WorkingHours,
    office_hours,
    read_work_clock,
)
from eservice.complaints.models import AnswerExtension, Complaint, ComplaintEvent
from eservice.complaints.states import ComplaintState, is_open
from eservice.kit.thai_calendar import at_bangkok, local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.office.models import Office
from eservice.office.service import THE_ONE, OfficeFacts, facts_of

_MOVING = frozenset({ComplaintState.WAITING, ComplaintState.REOPENED})


def hours_of(reader: ReadOnly) -> WorkingHours:
    """The office's working hours; usual ones before it is set up."""
    office = reader.session.get(Office, THE_ONE)
    facts = facts_of(office) if office is not None else OfficeFacts(name="", address="")
    return office_hours(facts, reader.now)


def set_dates(uow: UnitOfWork, complaint: Complaint) -> None:
    """Sets both dates of a complaint from its history as it is now."""
    complaint.due_at = work_clock(uow, complaint, hours_of(uow)).due
    complaint.answer_due_at = end_of(_answer_due_day(uow, complaint))


def moves_dates(before: ComplaintState | None, after: ComplaintState) -> bool:
    """Whether a change of state moves a date: the clock stops, goes on, or begins anew."""
    return before is not after and (before in _MOVING or after in _MOVING)


def work_clock(reader: ReadOnly, complaint: Complaint, hours: WorkingHours) -> WorkClock:
    """The working-time clock now; for a complaint that is over, at the instant at which it was."""
    start, pauses = _since_when(reader, complaint)
    return read_work_clock(
        hours,
        target_minutes=complaint.promised_days * hours.day_minutes,
        start=start,
        pauses=pauses,
        now=reader.now if is_open(complaint.state) else _over_at(complaint),
    )


def overdue_days(reader: ReadOnly, complaint: Complaint, hours: WorkingHours) -> float | None:
    """Working days since the date that the resident was given, whatever its category promises by now.

    Waits do not count. None while the date has not passed.
    """
    if complaint.due_at is None:
        return None
    _start, pauses = _since_when(reader, complaint)
    since_due = read_work_clock(
        hours, target_minutes=0, start=complaint.due_at, pauses=pauses, now=reader.now
    )
    return since_due.overdue_days


def answer_duty(reader: ReadOnly, complaint: Complaint) -> AnswerDuty:
    """The duty to answer, with its extensions. The receipt that every filing gives is its acknowledgement."""
    extensions = reader.session.scalars(
        select(AnswerExtension)
        .where(AnswerExtension.complaint_id == complaint.id)
        .order_by(AnswerExtension.id)
    )
    return AnswerDuty(
        filed_at=complaint.filed_at,
        acknowledged_at=complaint.filed_at,
        answered_at=complaint.answered_at,
        extensions=tuple(
            Extension(given_at=row.at, until=row.until, reason=row.reason) for row in extensions
        ),
    )


def end_of(day: date) -> datetime:
    """The instant at which a Thai day is over."""
    return at_bangkok(day + timedelta(days=1), time())


def last_day(end: datetime) -> date:
    """The Thai day that is over at this instant: `end_of` the other way round."""
    return local_date(end - timedelta(seconds=1))


def _answer_due_day(reader: ReadOnly, complaint: Complaint) -> date:
    duty = answer_duty(reader, complaint)
    return duty.extensions[-1].until if duty.extensions else duty.first_due_day


def _over_at(complaint: Complaint) -> datetime:
    """When it was over: a later yes, no or silence of the resident is no work of the office."""
    if complaint.state in (ComplaintState.RESOLVED, ComplaintState.CONFIRMED, ComplaintState.REJECTED):
        return complaint.said_done_at or complaint.changed_at
    return complaint.changed_at


def _since_when(reader: ReadOnly, complaint: Complaint) -> tuple[datetime, list[Pause]]:
    """When the clock began, at the filing or the last reopening, and where it stood still since."""
    rows = reader.session.scalars(
        select(ComplaintEvent).where(ComplaintEvent.complaint_id == complaint.id).order_by(ComplaintEvent.id)
    )
    start, pauses = complaint.filed_at, list[Pause]()
    begun: ComplaintEvent | None = None
    for row in rows:
        if row.before is row.after:
            continue
        if begun is not None:
            pauses.append(_pause(begun, row.at))
            begun = None
        if row.after is ComplaintState.REOPENED:
            start, pauses = row.at, []
        elif row.after is ComplaintState.WAITING:
            begun = row
    return start, [*pauses, _pause(begun, None)] if begun is not None else pauses


def _pause(begun: ComplaintEvent, end: datetime | None) -> Pause:
    return Pause(start=begun.at, end=end, reason=begun.waiting_reason.value if begun.waiting_reason else "-")
