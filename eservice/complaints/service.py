"""What staff do with complaints: handing on, moving through the states, saying, merging and splitting.

`seen_version` is the version of the complaint that the person has seen: who acts on an old one is refused
with `complaints.changed`. Every function also raises ServiceError `complaints.not_found`, for what the
person may not see too, and `staff.forbidden`.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from eservice.complaints import cases, deadlines, photos, queries, wording
from eservice.complaints.accusing import can_take, may_stay
from eservice.complaints.categories import read_categories
from eservice.complaints.clocks import Extension
from eservice.complaints.models import AnswerExtension, CommentKind, Complaint, ComplaintComment
from eservice.complaints.states import Actor, ComplaintState, WaitingReason, is_open
from eservice.kit import audit
from eservice.kit.errors import conflict, invalid
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal
from knowledge.classify import Urgency

MAX_EXTENSION_DAYS = 90  # from today; who needs longer says so again


def hand_on(
    uow: UnitOfWork,
    complaint_id: int,
    department_id: int,
    *,
    by: Principal,
    seen_version: int,
    assignee_id: int | None = None,
    reason: str = "",
) -> Complaint:
    """Gives the complaint to a department, and to a person there if one is named.

    From one department to another a reason is needed, and the new one begins anew. Never to a department
    that the complaint, or one merged into it, accuses, nor to a person of it. Raises ServiceError
    `complaints.ended`, `complaints.unknown_department`, `complaints.accused`, `complaints.unknown_assignee`,
    `complaints.needs_reason`.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_HAND_ON, seen_version=seen_version)
    if not is_open(complaint.state):
        raise conflict("complaints.ended")
    if uow.session.get(Department, department_id) is None:
        raise invalid("complaints.unknown_department", department_id="unknown")
    accused = cases.accused_by_family(uow, complaint.id)
    if department_id in accused:
        raise conflict("complaints.accused")
    if assignee_id is not None and not can_take(uow, assignee_id, department_id, accused):
        raise invalid("complaints.unknown_assignee", assignee_id="unknown")
    why = wording.optional_text(reason)
    is_new = department_id != complaint.department_id
    if is_new and complaint.department_id is not None and not why:
        raise conflict("complaints.needs_reason")
    before = {"department": complaint.department_id, "assignee": complaint.assignee_id}
    complaint.department_id, complaint.assignee_id = department_id, assignee_id
    if complaint.state is ComplaintState.RECEIVED or (
        is_new and complaint.state is not ComplaintState.ASSIGNED
    ):
        cases.move(uow, complaint, ComplaintState.ASSIGNED, cases.officer(by), reason=why, is_public=False)
    else:
        cases.write(uow, complaint, complaint.state, cases.officer(by), reason=why, is_public=False)
    audit.record(
        uow, actor=by.username, action="complaint.handed_on", subject_kind="complaint", subject_id=complaint.id,
        before=before, after={"department": department_id, "assignee": assignee_id},
    )  # fmt: skip
    return complaint


def change_state(
    uow: UnitOfWork,
    complaint_id: int,
    target: ComplaintState,
    *,
    by: Principal,
    seen_version: int,
    note: str = "",
    reason: str = "",
    waiting_reason: WaitingReason | None = None,
    is_public: bool = True,
) -> Complaint:
    """Moves the complaint as the table allows.

    `note` and `reason` are for the resident too when `is_public`, and always where they must know why. For
    "duplicate" and back see `merge` and `split`, for "resolved" `propose_done` and `agree_done`, for
    "assigned" `hand_on`. Raises ServiceError `complaints.jumps_queue` for beginning it before one whose turn
    it is, without a reason, and what `cases.move` raises. Who begins what nobody has, has it from then on.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    if complaint.state is ComplaintState.DUPLICATE:
        raise conflict("complaints.not_allowed")
    if target is ComplaintState.IN_PROGRESS and not reason.strip() and queries.waits_before(uow, complaint):
        raise conflict("complaints.jumps_queue")
    is_taken = (
        target is ComplaintState.IN_PROGRESS
        and complaint.assignee_id is None
        and complaint.department_id is not None
        and can_take(uow, by.account_id, complaint.department_id, cases.accused_by_family(uow, complaint.id))
    )
    if is_taken:
        complaint.assignee_id = by.account_id
    cases.move(
        uow,
        complaint,
        target,
        cases.officer(by),
        note=wording.optional_text(note),
        reason=wording.optional_text(reason),
        waiting_reason=waiting_reason,
        is_public=is_public,
    )
    if is_taken:
        audit.record(
            uow, actor=by.username, action="complaint.handed_on", subject_kind="complaint",
            subject_id=complaint.id, before={"department": complaint.department_id, "assignee": None},
            after={"department": complaint.department_id, "assignee": by.account_id},
        )  # fmt: skip
    return complaint


def recategorise(
    uow: UnitOfWork,
    complaint_id: int,
    category: str,
    urgency: Urgency,
    *,
    by: Principal,
    seen_version: int,
) -> Complaint:
    """Corrects what the complaint is about and how soon someone must look; its target changes with it.

    The machine learns from it (`is_corrected`). Raises ServiceError `complaints.no_category`,
    `complaints.ended`.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    if not is_open(complaint.state):
        raise conflict("complaints.ended")
    wanted = read_categories(uow).get(category)
    if wanted is None:
        raise invalid("complaints.no_category", category="unknown")
    before = {"category": complaint.category, "urgency": complaint.urgency.value}
    complaint.category, complaint.urgency, complaint.is_corrected = category, urgency, True
    complaint.needs_photo, complaint.promised_days = wanted.needs_photo, wanted.working_days
    cases.write(uow, complaint, complaint.state, cases.officer(by), is_public=False)
    deadlines.set_dates(uow, complaint)
    audit.record(
        uow, actor=by.username, action="complaint.recategorised", subject_kind="complaint",
        subject_id=complaint.id, before=before, after={"category": category, "urgency": urgency.value},
    )  # fmt: skip
    return complaint


def extend_answer(
    uow: UnitOfWork, complaint_id: int, until: date, reason: str, *, by: Principal, seen_version: int
) -> Complaint:
    """Gives the duty to answer more time, until the end of a Thai day; the resident reads why.

    Raises ServiceError `complaints.needs_reason`, `complaints.ended`, `complaints.answered`,
    `complaints.bad_extension` unless it gives a later day than the present one and one still to come.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    why = wording.optional_text(reason)
    if not why:
        raise conflict("complaints.needs_reason")
    if not is_open(complaint.state):
        raise conflict("complaints.ended")
    if complaint.answered_at is not None:
        raise conflict("complaints.answered")
    try:
        deadlines.answer_duty(uow, complaint).extended(Extension(given_at=uow.now, until=until, reason=why))
    except ValueError as fault:
        raise invalid("complaints.bad_extension", until="invalid") from fault
    if until > local_date(uow.now) + timedelta(days=MAX_EXTENSION_DAYS):
        raise invalid("complaints.bad_extension", until="invalid")
    uow.session.add(
        AnswerExtension(
            complaint_id=complaint.id, given_by_id=by.account_id, until=until, reason=why, at=uow.now
        )
    )
    cases.write(uow, complaint, complaint.state, cases.officer(by, Actor.OFFICER), is_public=False)
    deadlines.set_dates(uow, complaint)
    comment = ComplaintComment(
        complaint_id=complaint.id, kind=CommentKind.EXTENSION, author_id=by.account_id, text=why, at=uow.now
    )
    uow.session.add(comment)
    cases.tell_of(uow, comment)
    audit.record(
        uow, actor=by.username, action="complaint.extended", subject_kind="complaint", subject_id=complaint.id,
        after={"until": until.isoformat()},
    )  # fmt: skip
    return complaint


def propose_done(
    uow: UnitOfWork,
    complaint_id: int,
    note: str,
    *,
    by: Principal,
    seen_version: int,
    photo_ids: Iterable[int] = (),
) -> Complaint:
    """The officer in charge says that it is done; a second officer must agree before anybody is told so.

    `note` is what the resident will read. `photo_ids` are the after photos that show it, taken since the
    complaint was last reopened. Raises ServiceError `complaints.not_allowed`, `complaints.needs_note`,
    `complaints.needs_photo`, `photos.not_after`.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    if complaint.state is not ComplaintState.IN_PROGRESS:
        raise conflict("complaints.not_allowed")
    text = wording.optional_text(note)
    if not text:
        raise conflict("complaints.needs_note")
    shown = photos.new_after(uow, complaint, photo_ids)
    if complaint.needs_photo and not shown:
        raise conflict("complaints.needs_photo")
    complaint.proposed_by_id, complaint.proposed_note = by.account_id, text
    complaint.proposed_photo_ids = shown
    cases.write(uow, complaint, complaint.state, cases.officer(by), note=text, is_public=False)
    audit.record(
        uow, actor=by.username, action="complaint.proposed", subject_kind="complaint", subject_id=complaint.id
    )
    return complaint


def agree_done(uow: UnitOfWork, complaint_id: int, *, by: Principal, seen_version: int) -> Complaint:
    """A second officer agrees that it is done. Who does not: `disagree_done`.

    Raises ServiceError `complaints.needs_second_officer` for the one who proposed it, and what `cases.move`
    raises.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_CHECK, seen_version=seen_version)
    if complaint.proposed_by_id == by.account_id:
        raise conflict("complaints.needs_second_officer")
    second = cases.officer(by, Actor.SECOND_OFFICER)
    cases.move(uow, complaint, ComplaintState.RESOLVED, second, note=complaint.proposed_note or "")
    return complaint


def disagree_done(
    uow: UnitOfWork, complaint_id: int, why: str, *, by: Principal, seen_version: int
) -> Complaint:
    """A second officer does not agree that it is done, and says among staff why: the work goes on.

    Raises ServiceError `complaints.needs_proposal`, `complaints.needs_reason`,
    `complaints.needs_second_officer` for the one who proposed it.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_CHECK, seen_version=seen_version)
    reason = wording.optional_text(why)
    if complaint.state is not ComplaintState.IN_PROGRESS or complaint.proposed_by_id is None:
        raise conflict("complaints.needs_proposal")
    if complaint.proposed_by_id == by.account_id:
        raise conflict("complaints.needs_second_officer")
    if not reason:
        raise conflict("complaints.needs_reason")
    complaint.proposed_by_id, complaint.proposed_note, complaint.proposed_photo_ids = None, None, []
    second = cases.officer(by, Actor.SECOND_OFFICER)
    cases.write(uow, complaint, complaint.state, second, reason=reason, is_public=False)
    audit.record(
        uow,
        actor=by.username,
        action="complaint.disagreed",
        subject_kind="complaint",
        subject_id=complaint.id,
    )
    return complaint


def say(
    uow: UnitOfWork, complaint_id: int, text: str, *, by: Principal, to_resident: bool
) -> ComplaintComment:
    """Replies to the resident, or writes a note among staff.

    Raises ServiceError `complaints.no_text`, `complaints.text_too_long`.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=None)
    comment = ComplaintComment(
        complaint_id=complaint.id,
        kind=CommentKind.REPLY if to_resident else CommentKind.NOTE,
        author_id=by.account_id,
        text=wording.checked_text(text),
        at=uow.now,
    )
    uow.session.add(comment)
    if to_resident:
        complaint.answered_at = complaint.answered_at or uow.now
    cases.tell_of(uow, comment)
    action = "complaint.replied" if to_resident else "complaint.noted"
    audit.record(uow, actor=by.username, action=action, subject_kind="complaint", subject_id=complaint.id)
    return comment


def merge(
    uow: UnitOfWork, complaint_id: int, parent_id: int, *, by: Principal, seen_version: int
) -> Complaint:
    """Lets the complaint go on in another open one; its own people are told what happens there.

    Raises ServiceError `complaints.same_complaint`, `complaints.parent_not_open`, `complaints.accused` (the
    other is with a department that this one accuses), and what `cases.move` raises.
    """
    if complaint_id == parent_id:
        raise conflict("complaints.same_complaint")
    for each in sorted((complaint_id, parent_id)):  # in one order: two merges never wait for each other
        cases.for_staff(uow, each, by, Permission.CASE_WORK, seen_version=None)
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    parent = cases.locked(uow, parent_id)
    if not is_open(parent.state):
        raise conflict("complaints.parent_not_open")
    accused = cases.accused_by_family(uow, complaint.id)
    if parent.department_id in accused:
        raise conflict("complaints.accused")
    if not may_stay(uow, parent, accused):
        parent.assignee_id = None  # whoever is accused must not go on with it
    complaint.parent_id = parent.id
    cases.move(uow, complaint, ComplaintState.DUPLICATE, cases.officer(by))
    audit.record(
        uow, actor=by.username, action="complaint.merged", subject_kind="complaint", subject_id=complaint.id,
        after={"parent": parent.id},
    )  # fmt: skip
    return complaint


def split(uow: UnitOfWork, complaint_id: int, reason: str, *, by: Principal, seen_version: int) -> Complaint:
    """Lets a duplicate go on by itself again. Raises what `cases.move` raises."""
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    target = ComplaintState.RECEIVED if complaint.department_id is None else ComplaintState.ASSIGNED
    if complaint.state is not ComplaintState.DUPLICATE:
        raise conflict("complaints.not_allowed")
    parent_id = complaint.parent_id
    cases.move(uow, complaint, target, cases.officer(by), reason=wording.optional_text(reason))
    complaint.parent_id = None
    audit.record(
        uow, actor=by.username, action="complaint.split", subject_kind="complaint", subject_id=complaint.id,
        before={"parent": parent_id},
    )  # fmt: skip
    return complaint
