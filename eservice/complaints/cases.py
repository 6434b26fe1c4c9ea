"""One complaint in hand: finding it for whoever asks, locking it, and the only way its state changes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from eservice.complaints import deadlines
from eservice.complaints.models import (
    AccusedDepartment,
    CommentKind,
    Complaint,
    ComplaintComment,
    ComplaintEvent,
)
from eservice.complaints.numbers import opens, read_number
from eservice.complaints.rules import read_rules
from eservice.complaints.states import (
    Actor,
    ComplaintState,
    Need,
    WaitingReason,
    missing,
    move_between,
)
from eservice.kit import audit, outbox
from eservice.kit.errors import ErrorKind, ServiceError, conflict, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal, departments_of, may, require

_REFUSALS = {
    Need.NOTE: "complaints.needs_note",
    Need.REASON: "complaints.needs_reason",
    Need.DEPARTMENT: "complaints.needs_department",
    Need.NO_DEPARTMENT: "complaints.has_department",
    Need.WAITING_REASON: "complaints.needs_waiting_reason",
    Need.PROPOSAL: "complaints.needs_proposal",
    Need.PHOTO: "complaints.needs_photo",
    Need.PARENT: "complaints.needs_parent",
    Need.PARENT_OVER: "complaints.goes_on_elsewhere",
    Need.WITHIN_WINDOW: "complaints.too_late",
    Need.SILENCE: "complaints.too_early",
}
_TOLD = frozenset(
    {
        ComplaintState.NEEDS_INFORMATION,
        ComplaintState.WAITING,
        ComplaintState.RESOLVED,
        ComplaintState.REJECTED,
    }
)
"""States whose note and reason are always for the resident: they must know why."""


_CALLED_OVER = frozenset({ComplaintState.RESOLVED, ComplaintState.CONFIRMED, ComplaintState.REJECTED})
_OFFICE = frozenset({Actor.OFFICER, Actor.SECOND_OFFICER})

CHANGED = "complaint.changed"
"""In the outbox: a row of history was written, `event_id`."""
SAID = "complaint.said"
"""In the outbox: staff or the resident said something, `comment_id`."""


@dataclass(frozen=True, kw_only=True)
class Resident:
    """Who asks for the whole of a complaint: its owner's own channel, or the holder of its key.

    `shown_number` is the number of a complaint whose key they showed us a short while ago.
    """

    contact_id: int | None = None
    key: str | None = None
    shown_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Doer:
    """Who changes a complaint, in which part, and under what name in the audit."""

    actor: Actor
    id: int | None
    name: str


SYSTEM = Doer(actor=Actor.SYSTEM, id=None, name=audit.SYSTEM)


def officer(by: Principal, actor: Actor = Actor.OFFICER) -> Doer:
    """A member of staff as doer."""
    return Doer(actor=actor, id=by.account_id, name=by.username)


def resident_of(complaint: Complaint) -> Doer:
    """The resident of a complaint as doer."""
    return Doer(actor=Actor.RESIDENT, id=complaint.contact_id, name="resident")


def locked(uow: UnitOfWork, complaint_id: int) -> Complaint:
    """The complaint, locked until the transaction ends. Raises ServiceError `complaints.not_found`."""
    complaint = uow.session.scalar(
        select(Complaint)
        .where(Complaint.id == complaint_id)
        .with_for_update()
        .execution_options(populate_existing=True)  # as it is now, not as it was read before the lock
    )
    if complaint is None:
        raise not_found("complaints.not_found")
    return complaint


def for_staff(
    uow: UnitOfWork, complaint_id: int, by: Principal, permission: Permission, *, seen_version: int | None
) -> Complaint:
    """The complaint, locked, for a member of staff who has read its version `seen_version` (None: any).

    Raises ServiceError: `complaints.not_found` (also for what they may not see), `staff.forbidden`,
    `complaints.changed`.
    """
    complaint = locked(uow, complaint_id)
    if not may(by, Permission.CASE_READ, complaint.department_id) or accuses(uow, complaint.id, by):
        raise not_found("complaints.not_found")
    require(by, permission, complaint.department_id)
    if seen_version is not None and complaint.version != seen_version:
        raise conflict("complaints.changed")
    return complaint


def accuses(reader: ReadOnly, complaint_id: int, by: Principal) -> bool:
    """Whether the complaint, or one that goes on in it, accuses a department that the person is a part of."""
    return bool(parts_of(by) & accused_by_family(reader, complaint_id))


def parts_of(by: Principal) -> frozenset[int]:
    """The departments that a person is a part of: their own, and those in which their roles are held."""
    held = departments_of(by, Permission.CASE_READ) or frozenset()
    return held | ({by.department_id} if by.department_id is not None else frozenset())


def accused_by(reader: ReadOnly, complaint_id: int) -> frozenset[int]:
    """The departments that the complaint itself accuses."""
    return frozenset(
        reader.session.scalars(
            select(AccusedDepartment.department_id).where(AccusedDepartment.complaint_id == complaint_id)
        )
    )


def family(reader: ReadOnly, complaint_id: int) -> frozenset[int]:
    """The complaint and all that go on in it, at whatever remove."""
    found: set[int] = {complaint_id}
    edge = found
    while edge:
        edge = set(reader.session.scalars(select(Complaint.id).where(Complaint.parent_id.in_(edge)))) - found
        found = found | edge
    return frozenset(found)


def goes_on_in(reader: ReadOnly, complaint: Complaint) -> Complaint:
    """The complaint in which this one goes on at last: itself, unless it is a duplicate."""
    here = complaint
    while here.state is ComplaintState.DUPLICATE and here.parent_id is not None:
        here = reader.session.get_one(Complaint, here.parent_id)
    return here


def accused_by_family(reader: ReadOnly, complaint_id: int) -> frozenset[int]:
    """The departments accused by the complaint or by any that goes on in it: none of them may get it."""
    members = family(reader, complaint_id)
    return frozenset(
        reader.session.scalars(
            select(AccusedDepartment.department_id).where(AccusedDepartment.complaint_id.in_(members))
        )
    )


def by_number(reader: ReadOnly, typed: str) -> Complaint:
    """The complaint of a number as people type it. Raises ServiceError `complaints.not_found`."""
    number = read_number(typed)
    complaint = reader.session.scalar(select(Complaint).where(Complaint.number == number)) if number else None
    if complaint is None:
        raise not_found("complaints.not_found")
    return complaint


def of_resident(reader: ReadOnly, typed_number: str, resident: Resident) -> Complaint:
    """The complaint for its owner or the holder of its key.

    Raises ServiceError `complaints.not_found`, which says nothing of what was wrong.
    """
    complaint = by_number(reader, typed_number)
    is_owner = resident.contact_id is not None and resident.contact_id == complaint.contact_id
    holds_key = resident.key is not None and opens(complaint.number, resident.key, complaint.key_hash)
    if not (is_owner or holds_key or resident.shown_number == complaint.number):
        raise not_found("complaints.not_found")
    return complaint


def for_resident(uow: UnitOfWork, typed_number: str, resident: Resident) -> Complaint:
    """As `of_resident`, locked."""
    return locked(uow, of_resident(uow, typed_number, resident).id)


def move(
    uow: UnitOfWork,
    complaint: Complaint,
    target: ComplaintState,
    doer: Doer,
    *,
    note: str = "",
    reason: str = "",
    waiting_reason: WaitingReason | None = None,
    is_public: bool = True,
) -> None:
    """Changes the state by the table, with its history and audit. The complaint is locked already.

    Raises ServiceError: `complaints.not_allowed` where the table has no such move, else the refusal of the
    first need that is not met.
    """
    rule = move_between(complaint.state, target, doer.actor)
    if rule is None:
        raise conflict("complaints.not_allowed")
    rules = read_rules(uow)
    called_over = goes_on_in(uow, complaint)
    since = uow.now - (called_over.said_done_at or called_over.changed_at)
    facts = {
        Need.NOTE: bool(note),
        Need.REASON: bool(reason),
        Need.DEPARTMENT: complaint.department_id is not None,
        Need.NO_DEPARTMENT: complaint.department_id is None,
        Need.WAITING_REASON: waiting_reason is not None,
        Need.PROPOSAL: complaint.proposed_by_id is not None,
        Need.PHOTO: bool(complaint.proposed_photo_ids) or not complaint.needs_photo,
        Need.PARENT: complaint.parent_id is not None,
        Need.PARENT_OVER: called_over.state in _CALLED_OVER,
        Need.WITHIN_WINDOW: since <= timedelta(days=rules.reopen_days),
        Need.SILENCE: Need.SILENCE in rule.needs
        and uow.now - heard_since(uow, complaint) >= timedelta(days=rules.silence_days),
    }
    lacking = missing(rule, (need for need, is_met in facts.items() if is_met))
    if lacking is not None:
        raise ServiceError(_REFUSALS[lacking], ErrorKind.CONFLICT)
    before, complaint.state = complaint.state, target
    complaint.waiting_reason = waiting_reason if target is ComplaintState.WAITING else None
    complaint.proposed_by_id, complaint.proposed_note, complaint.proposed_photo_ids = None, None, []
    complaint.confirmed_by_silence = target is ComplaintState.CONFIRMED and doer.actor is Actor.SYSTEM
    if target in (ComplaintState.RESOLVED, ComplaintState.REJECTED):
        complaint.said_done_at = uow.now
    write(
        uow,
        complaint,
        before,
        doer,
        note=note,
        reason=reason,
        waiting_reason=complaint.waiting_reason,
        is_public=is_public or target in _TOLD,
    )
    audit.record(
        uow, actor=doer.name, action="complaint.moved", subject_kind="complaint", subject_id=complaint.id,
        before={"state": before.value}, after={"state": target.value},
    )  # fmt: skip


def write(
    uow: UnitOfWork,
    complaint: Complaint,
    before: ComplaintState | None,
    doer: Doer,
    *,
    note: str = "",
    reason: str = "",
    waiting_reason: WaitingReason | None = None,
    is_public: bool,
) -> None:
    """Adds a row of history for the complaint as it is now, and counts its version on."""
    complaint.changed_at = uow.now
    if before is not None:
        complaint.version += 1
        if is_public and (note or reason) and doer.actor in _OFFICE:
            complaint.answered_at = complaint.answered_at or uow.now
    event = ComplaintEvent(
        complaint_id=complaint.id,
        before=before,
        after=complaint.state,
        actor=doer.actor,
        actor_id=doer.id,
        department_id=complaint.department_id,
        note=note,
        reason=reason,
        waiting_reason=waiting_reason,
        is_public=is_public,
        at=uow.now,
    )
    uow.session.add(event)
    uow.session.flush()  # the outbox names it
    outbox.record(uow, CHANGED, subject_of(complaint.id), event_id=event.id)
    if before is None or deadlines.moves_dates(before, complaint.state):
        deadlines.set_dates(uow, complaint)


def tell_of(uow: UnitOfWork, comment: ComplaintComment) -> None:
    """Notes in the outbox that something was said."""
    uow.session.flush()  # the outbox names it
    outbox.record(uow, SAID, subject_of(comment.complaint_id), comment_id=comment.id)


def subject_of(complaint_id: int) -> str:
    """What the outbox calls the complaint: what happens to it is told in order."""
    return f"complaint:{complaint_id}"


def heard_since(reader: ReadOnly, complaint: Complaint) -> datetime:
    """The last sign of life since the office called it done: that itself, or a later word of its resident."""
    begun = complaint.said_done_at or complaint.changed_at
    said = reader.session.scalar(
        select(func.max(ComplaintComment.at)).where(
            ComplaintComment.complaint_id == complaint.id, ComplaintComment.kind == CommentKind.RESIDENT
        )
    )
    return max(begun, said) if said is not None else begun
