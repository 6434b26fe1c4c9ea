"""What partner systems hear of complaints: which one, how it stands, and when. Never who, where, or what was said."""

from datetime import datetime

from eservice.complaints.models import CommentKind, Complaint, ComplaintComment, ComplaintEvent
from eservice.complaints.redactions import Redaction
from eservice.complaints.states import Actor, ComplaintState
from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.models import Department
from eservice.webhooks import deliveries
from eservice.webhooks.models import WebhookKind


def announce_change(uow: UnitOfWork, change: ComplaintEvent) -> None:
    """Queues the news of one row of a complaint's history, as the complaint stood then."""
    complaint = uow.session.get_one(Complaint, change.complaint_id)
    deliveries.enqueue(
        uow,
        WebhookKind.CASE_FILED if change.before is None else WebhookKind.CASE_CHANGED,
        _facts(uow, complaint, change.after, change.department_id, change.actor),
        event_key=f"complaint-event:{change.id}",
        at=change.at,
    )


def announce_saying(uow: UnitOfWork, comment: ComplaintComment) -> None:
    """Queues that something was said to or by the resident; what is said among staff stays there."""
    if comment.kind is CommentKind.NOTE:
        return
    complaint = uow.session.get_one(Complaint, comment.complaint_id)
    by = Actor.RESIDENT if comment.author_id is None else Actor.OFFICER
    deliveries.enqueue(
        uow,
        WebhookKind.CASE_COMMENTED,
        _facts(uow, complaint, complaint.state, complaint.department_id, by),
        event_key=f"complaint-comment:{comment.id}",
        at=comment.at,
    )


def announce_redaction(uow: UnitOfWork, redaction: Redaction) -> None:
    """Queues that the case is no longer as partners have read it: what they read from now on is masked."""
    complaint = uow.session.get_one(Complaint, redaction.complaint_id)
    deliveries.enqueue(
        uow,
        WebhookKind.CASE_CHANGED,
        _facts(uow, complaint, complaint.state, complaint.department_id, Actor.OFFICER),
        event_key=f"complaint-redaction:{redaction.id}",
        at=redaction.at,
    )


def _facts(
    uow: UnitOfWork, complaint: Complaint, state: ComplaintState, department_id: int | None, by: Actor
) -> dict[str, str | None]:
    department = uow.session.get(Department, department_id) if department_id is not None else None
    parent = uow.session.get(Complaint, complaint.parent_id) if complaint.parent_id is not None else None
    return {
        "number": complaint.number,
        "state": state.value,
        "category": complaint.category,
        "department": department.name if department else None,
        "by": by.value,
        "continues_as": parent.number if parent else None,
        "filed_at": _time(complaint.filed_at),
        "changed_at": _time(complaint.changed_at),
        "due_at": _time(complaint.due_at),
        "answer_due_at": _time(complaint.answer_due_at),
    }


def _time(instant: datetime | None) -> str | None:
    return local(instant).isoformat() if instant is not None else None
