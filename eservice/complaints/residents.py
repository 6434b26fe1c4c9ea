"""What residents do with their own complaints: saying more, withdrawing, confirming, reopening.

Each raises ServiceError `complaints.not_found` for whoever is neither the owner nor holds the key, and what
`cases.move` raises.
"""

from eservice.complaints import cases, wording
from eservice.complaints.cases import Resident
from eservice.complaints.models import CommentKind, Complaint, ComplaintComment
from eservice.complaints.states import ComplaintState
from eservice.kit import audit
from eservice.kit.errors import conflict
from eservice.kit.unit_of_work import UnitOfWork


def say(uow: UnitOfWork, number: str, resident: Resident, text: str) -> ComplaintComment:
    """Adds the resident's message. When the office had asked for more, the complaint goes on.

    Raises ServiceError `complaints.no_text`, `complaints.text_too_long`.
    """
    complaint = cases.for_resident(uow, number, resident)
    comment = ComplaintComment(
        complaint_id=complaint.id, kind=CommentKind.RESIDENT, text=wording.checked_text(text), at=uow.now
    )
    uow.session.add(comment)
    cases.tell_of(uow, comment)
    if complaint.state is ComplaintState.NEEDS_INFORMATION:
        target = ComplaintState.RECEIVED if complaint.department_id is None else ComplaintState.ASSIGNED
        cases.move(uow, complaint, target, cases.resident_of(complaint))
    audit.record(
        uow, actor="resident", action="complaint.told_more", subject_kind="complaint", subject_id=complaint.id
    )
    return comment


def withdraw(uow: UnitOfWork, number: str, resident: Resident) -> Complaint:
    """Takes the complaint back.

    Raises ServiceError `complaints.others_go_on` while others' complaints go on in it: they would end with it,
    unfixed and without a word of theirs.
    """
    complaint = cases.for_resident(uow, number, resident)
    if len(cases.family(uow, complaint.id)) > 1:
        raise conflict("complaints.others_go_on")
    cases.move(uow, complaint, ComplaintState.WITHDRAWN, cases.resident_of(complaint))
    return complaint


def confirm(uow: UnitOfWork, number: str, resident: Resident) -> Complaint:
    """Yes, it is fixed."""
    complaint = cases.for_resident(uow, number, resident)
    cases.move(uow, complaint, ComplaintState.CONFIRMED, cases.resident_of(complaint))
    return complaint


def reopen(uow: UnitOfWork, number: str, resident: Resident, reason: str) -> Complaint:
    """No, it is not: the same complaint goes on, within `Rules.reopen_days` after the office called it over.

    One that went on in another takes its own way again, with the department that worked on it, once that other
    one is called over.
    """
    complaint = cases.for_resident(uow, number, resident)
    together = cases.goes_on_in(uow, complaint)
    if complaint.department_id is None and together.department_id not in cases.accused_by_family(
        uow, complaint.id
    ):
        complaint.department_id = together.department_id
    cases.move(
        uow,
        complaint,
        ComplaintState.REOPENED,
        cases.resident_of(complaint),
        reason=wording.optional_text(reason),
    )
    complaint.parent_id = None
    return complaint


def close_unanswered(uow: UnitOfWork, complaint_id: int) -> Complaint:
    """Closes a resolved complaint whose resident has said nothing for `Rules.silence_days`, and marks it so.

    Raises ServiceError `complaints.too_early` before that.
    """
    complaint = cases.locked(uow, complaint_id)
    cases.move(uow, complaint, ComplaintState.CONFIRMED, cases.SYSTEM)
    return complaint
