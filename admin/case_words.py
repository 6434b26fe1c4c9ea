"""How the desk speaks of a complaint: its state, both dates with the days that are left, who must act next."""

from datetime import datetime, timedelta

from admin.delivery_words import Look
from eservice.complaints.clocks import Answering, WorkClock, WorkingHours, read_answer_clock
from eservice.complaints.deadlines import answer_duty
from eservice.complaints.models import Complaint
from eservice.complaints.states import ComplaintState, is_open, state_name, waiting_name
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date, thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly

_SOON_DAYS = 3  # of the duty to answer
_LOOKS = {
    ComplaintState.RECEIVED: ("neutral", ""),
    ComplaintState.ASSIGNED: ("leaf", ""),
    ComplaintState.IN_PROGRESS: ("warn", ""),
    ComplaintState.NEEDS_INFORMATION: ("info", "pause"),
    ComplaintState.WAITING: ("info", "pause"),
    ComplaintState.RESOLVED: ("done", "check"),
    ComplaintState.CONFIRMED: ("done", "check"),
    ComplaintState.REOPENED: ("error", "undo"),
    ComplaintState.REJECTED: ("neutral", "close"),
    ComplaintState.DUPLICATE: ("neutral", "link"),
    ComplaintState.WITHDRAWN: ("neutral", "close"),
}


def state_look(texts: Catalogue, complaint: Complaint) -> Look:
    """The state as a chip; work that waits for a second officer is shown as that."""
    if complaint.state is ComplaintState.IN_PROGRESS and complaint.proposed_by_id is not None:
        return Look(words=texts.get("cases.group.check"), tone="human", icon="people")
    words = state_name(texts, complaint.state, "th", by_silence=complaint.confirmed_by_silence)
    if complaint.waiting_reason is not None:
        words = f"{words}: {waiting_name(texts, complaint.waiting_reason, 'th')}"
    tone, icon = _LOOKS[complaint.state]
    return Look(words=words, tone=tone, icon=icon)


def due_look(texts: Catalogue, complaint: Complaint, hours: WorkingHours, now: datetime) -> Look:
    """The working-time target: days left or overdue, paused, or whether it was met."""
    due = complaint.due_at
    if due is None:
        return Look(words=texts.get("cases.due.none"))
    if not is_open(complaint.state):
        return _met(texts, complaint.said_done_at, due)
    if complaint.state is ComplaintState.WAITING:
        return Look(words=texts.get("cases.due.paused"), tone="info", icon="pause")
    if now >= due:
        days = hours.worked(due, now) // hours.day_length
        return Look(words=_days(texts, "overdue", days), tone="error", icon="alert")
    left = hours.worked(now, due)
    tone = "warn" if left <= hours.day_length else "leaf"
    return Look(words=_days(texts, "left", left // hours.day_length), tone=tone, icon="clock")


def answer_look(texts: Catalogue, complaint: Complaint, now: datetime) -> Look:
    """The duty to answer: calendar days left or overdue, or that it is done."""
    due = complaint.answer_due_at
    if complaint.answered_at is not None:
        is_late = due is not None and complaint.answered_at > due
        words = texts.get("cases.answer.late" if is_late else "cases.answer.done")
        return Look(words=words, tone="warn" if is_late else "done", icon="check")
    if due is None or not is_open(complaint.state):
        return Look(words=texts.get("cases.answer.over"))
    days = (local_date(due - timedelta(seconds=1)) - local_date(now)).days
    if days < 0:
        return Look(words=texts.get("cases.answer.overdue", count=-days), tone="error", icon="alert")
    words = texts.get("cases.answer.left", count=days) if days else texts.get("cases.answer.today")
    return Look(words=words, tone="warn" if days <= _SOON_DAYS else "leaf", icon="clock")


def last_day(due: datetime | None) -> str:
    """The day at whose end an answer is due."""
    return thai_date(due - timedelta(seconds=1)) if due is not None else ""


def work_detail(texts: Catalogue, complaint: Complaint, clock: WorkClock) -> str:
    """When the work is due, and what stopped the clock."""
    if clock.is_paused and complaint.waiting_reason is not None:
        reason = waiting_name(texts, complaint.waiting_reason, "th")
        return texts.get("cases.clock.paused_detail", reason=reason, due=thai_datetime(clock.due))
    return texts.get("cases.clock.due", due=thai_datetime(complaint.due_at or clock.due))


def answer_detail(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> str:
    """The last day of the duty to answer, and how often it was extended."""
    duty = answer_duty(reader, complaint)
    clock = read_answer_clock(duty, reader.now)
    if clock.state is Answering.ANSWERED and complaint.answered_at is not None:
        return texts.get("cases.clock.answered", at=thai_datetime(complaint.answered_at))
    if duty.extensions:
        return texts.get(
            "cases.clock.extended",
            due=thai_date(clock.due_day),
            count=len(duty.extensions),
            reason=duty.extensions[-1].reason,
        )
    return texts.get("cases.clock.answer_due", due=thai_date(clock.due_day))


def next_step(
    texts: Catalogue,
    complaint: Complaint,
    *,
    department: str,
    assignee: str,
    proposer: str,
    silence_days: int,
) -> str:
    """Who must do what next, in one sentence."""
    who = assignee or texts.get("cases.next.somebody", department=department)
    match complaint.state:
        case ComplaintState.RECEIVED:
            return texts.get("cases.next.received")
        case ComplaintState.IN_PROGRESS if complaint.proposed_by_id is not None:
            return texts.get("cases.next.check", name=proposer)
        case ComplaintState.WAITING if complaint.waiting_reason is not None:
            reason = waiting_name(texts, complaint.waiting_reason, "th")
            return texts.get("cases.next.waiting", reason=reason, who=who)
        case ComplaintState.RESOLVED if complaint.said_done_at is not None:
            until = complaint.said_done_at + timedelta(days=silence_days)
            return texts.get("cases.next.resolved", date=thai_date(until))
        case ComplaintState.ASSIGNED | ComplaintState.REOPENED if not assignee:
            return texts.get(f"cases.next.{complaint.state.value}_nobody", department=department)
        case state:
            return texts.get(f"cases.next.{state.value}", who=who)


def cut(text: str, length: int) -> str:
    """The text in one line, shortened with an ellipsis where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _met(texts: Catalogue, said_done_at: datetime | None, due: datetime) -> Look:
    if said_done_at is None:
        return Look(words=texts.get("cases.due.none"))
    if said_done_at > due:
        return Look(words=texts.get("cases.due.done_late"), tone="warn", icon="check")
    return Look(words=texts.get("cases.due.done"), tone="done", icon="check")


def lasting(texts: Catalogue, duration: timedelta) -> str:
    """How long something took: hours within a day, else days with one digit after the point."""
    hours = round(duration / timedelta(hours=1))
    if duration < timedelta(hours=1):
        return texts.get("cases.lasting.under_an_hour")
    if hours < 24:
        return texts.get("cases.lasting.hours", count=hours)
    days = f"{duration / timedelta(days=1):.1f}".removesuffix(".0")
    return texts.get("cases.lasting.days", count=days)


def _days(texts: Catalogue, what: str, days: int) -> str:
    if days:
        return texts.get(f"cases.due.{what}", count=days)
    return texts.get(f"cases.due.{what}_short")
