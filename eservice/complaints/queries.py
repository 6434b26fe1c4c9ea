"""Looking at complaints: as staff within their reach, as anybody by number, as the resident with everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, literal, or_, select, true
from sqlalchemy.orm import aliased

from eservice.complaints import cases
from eservice.complaints.cases import Resident
from eservice.complaints.models import (
    AccusedDepartment,
    CommentKind,
    Complaint,
    ComplaintComment,
    ComplaintEvent,
    Follower,
)
from eservice.complaints.numbers import shown
from eservice.complaints.states import Actor, ComplaintState, WaitingReason, is_open
from eservice.kit.errors import not_found
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal, departments_of
from eservice.staff.queries import department_names
from knowledge.classify import Urgency

MAX_ROWS = 200  # of one list
NOT_BEGUN = (ComplaintState.ASSIGNED, ComplaintState.REOPENED)
_RANK = {Urgency.URGENT: 0, Urgency.NORMAL: 1, Urgency.LOW: 2}
URGENT_FIRST = case(_RANK, value=Complaint.urgency, else_=1)
"""The first part of the rule of the queue, to sort by."""


@dataclass(frozen=True, kw_only=True)
class PublicStatus:
    """What anybody may know who has the number: state, dates, unit. `continues_as` is another's number."""

    number: str
    state: ComplaintState
    by_silence: bool
    waiting_reason: WaitingReason | None
    department: str
    filed_at: datetime
    changed_at: datetime
    due_at: datetime | None
    answer_due_at: datetime | None
    continues_as: str | None


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One change as the resident sees it: who did it only by their part."""

    at: datetime
    before: ComplaintState | None
    after: ComplaintState
    actor: Actor
    department: str
    waiting_reason: WaitingReason | None
    note: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing said between the resident and the office."""

    at: datetime
    kind: CommentKind
    text: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The whole of a complaint for its resident, oldest first."""

    status: PublicStatus
    category: str
    text: str
    entries: tuple[Happened | Said, ...]


def within_reach(by: Principal) -> ColumnElement[bool]:
    """The condition that keeps complaints to those a person may see.

    That is those of their departments and of none yet, without those that accuse their own, or in which one
    goes on that does.
    """
    reach = departments_of(by, Permission.CASE_READ)
    theirs = cases.parts_of(by)
    accusing = (
        select(AccusedDepartment.complaint_id.label("id"))
        .where(AccusedDepartment.department_id.in_(theirs))
        .cte("accusing", recursive=True)
    )
    member = aliased(Complaint)
    accusing = accusing.union(
        select(member.parent_id)
        .join(accusing, accusing.c.id == member.id)
        .where(member.parent_id.is_not(None))
    )
    mine: ColumnElement[bool] = true()
    if reach is not None:
        unassigned = Complaint.department_id.is_(None) if reach else Complaint.id.is_(None)  # or nobody's
        mine = or_(unassigned, Complaint.department_id.in_(reach))
    return and_(mine, Complaint.id.not_in(select(accusing.c.id))) if theirs else mine


def find(reader: ReadOnly, complaint_id: int, by: Principal) -> Complaint:
    """One complaint. Raises ServiceError `complaints.not_found`, also for what the person may not see."""
    complaint = reader.session.scalar(select(Complaint).where(Complaint.id == complaint_id, within_reach(by)))
    if complaint is None:
        raise not_found("complaints.not_found")
    return complaint


def queue(
    reader: ReadOnly, by: Principal, *, department_id: int | None = None, limit: int = MAX_ROWS
) -> Sequence[Complaint]:
    """The open complaints in the order of the rule: danger first, then by when they came in."""
    query = select(Complaint).where(
        within_reach(by), Complaint.state.in_([state for state in ComplaintState if is_open(state)])
    )
    if department_id is not None:
        query = query.where(Complaint.department_id == department_id)
    ordered = query.order_by(URGENT_FIRST, Complaint.filed_at, Complaint.id)
    return reader.session.scalars(ordered.limit(limit)).all()


def waits_before(reader: ReadOnly, complaint: Complaint) -> Complaint | None:
    """The complaint whose turn comes first in the same queue: the same department and category, not begun.

    The rule: danger first, then by when it came in. None when it is this one's turn.
    """
    if complaint.state not in NOT_BEGUN and _has_begun(reader, complaint):
        return None
    rank = literal(_RANK[complaint.urgency])
    return reader.session.scalar(
        select(Complaint)
        .where(
            Complaint.department_id == complaint.department_id,
            Complaint.category == complaint.category,
            Complaint.state.in_(NOT_BEGUN),
            or_(
                rank > URGENT_FIRST,
                and_(
                    rank == URGENT_FIRST,
                    or_(
                        Complaint.filed_at < complaint.filed_at,
                        and_(Complaint.filed_at == complaint.filed_at, Complaint.id < complaint.id),
                    ),
                ),
            ),
        )
        .order_by(URGENT_FIRST, Complaint.filed_at, Complaint.id)
        .limit(1)
    )


def _has_begun(reader: ReadOnly, complaint: Complaint) -> bool:
    """Whether work on it has begun since it was filed or last reopened; who only asked has not begun."""
    last = reader.session.scalar(
        select(ComplaintEvent.after)
        .where(
            ComplaintEvent.complaint_id == complaint.id,
            ComplaintEvent.before != ComplaintEvent.after,
            ComplaintEvent.after.in_((ComplaintState.IN_PROGRESS, ComplaintState.REOPENED)),
        )
        .order_by(ComplaintEvent.id.desc())
        .limit(1)
    )
    return last is ComplaintState.IN_PROGRESS


def history(reader: ReadOnly, complaint_id: int) -> Sequence[ComplaintEvent]:
    """Every row of a complaint's history, oldest first, for staff."""
    return reader.session.scalars(
        select(ComplaintEvent).where(ComplaintEvent.complaint_id == complaint_id).order_by(ComplaintEvent.id)
    ).all()


def comments(reader: ReadOnly, complaint_id: int) -> Sequence[ComplaintComment]:
    """All that was said, oldest first, for staff."""
    return reader.session.scalars(
        select(ComplaintComment)
        .where(ComplaintComment.complaint_id == complaint_id)
        .order_by(ComplaintComment.id)
    ).all()


def public_status(reader: ReadOnly, number: str) -> PublicStatus:
    """What the number alone shows. Raises ServiceError `complaints.not_found`."""
    return _status(reader, cases.by_number(reader, number))


def timeline(reader: ReadOnly, number: str, resident: Resident) -> Timeline:
    """The whole timeline for the owner or the holder of the key. Raises ServiceError `complaints.not_found`."""
    complaint = cases.of_resident(reader, number, resident)
    names = department_names(reader)
    happened: list[Happened | Said] = [
        Happened(
            at=event.at,
            before=event.before,
            after=event.after,
            actor=event.actor,
            department=names.get(event.department_id or 0, ""),
            waiting_reason=event.waiting_reason,
            note=event.note if event.is_public else "",
            reason=event.reason if event.is_public else "",
        )
        for event in history(reader, complaint.id)
        if event.is_public or event.before is not event.after
    ]
    said = [
        Said(at=comment.at, kind=comment.kind, text=comment.text)
        for comment in comments(reader, complaint.id)
        if comment.kind not in (CommentKind.NOTE, CommentKind.JOINED)
    ]
    return Timeline(
        status=_status(reader, complaint),
        category=complaint.category,
        text=complaint.text,
        entries=tuple(sorted([*said, *happened], key=lambda entry: entry.at)),
    )


def id_for_resident(reader: ReadOnly, number: str, resident: Resident) -> int:
    """The id of a complaint, for its owner or the holder of its key. Raises ServiceError `complaints.not_found`."""
    return cases.of_resident(reader, number, resident).id


def number_of_subject(reader: ReadOnly, subject: str, by: Principal) -> str | None:
    """The number, as people read it, of the complaint that the outbox names.

    None where it names none, or one that accuses a department of whoever looks.
    """
    kind, _, number = subject.partition(":")
    complaint = (
        reader.session.get(Complaint, int(number)) if kind == "complaint" and number.isdigit() else None
    )
    if complaint is None or cases.accuses(reader, complaint.id, by):
        return None
    return shown(complaint.number)


def of_contact(reader: ReadOnly, contact_id: int, *, limit: int = MAX_ROWS) -> list[PublicStatus]:
    """What a contact filed or follows, newest first."""
    followed = select(Follower.complaint_id).where(Follower.contact_id == contact_id)
    found = reader.session.scalars(
        select(Complaint)
        .where(or_(Complaint.contact_id == contact_id, Complaint.id.in_(followed)))
        .order_by(Complaint.id.desc())
        .limit(limit)
    )
    return [_status(reader, complaint) for complaint in found.all()]


def filed_by(reader: ReadOnly, contact_id: int, *, limit: int = MAX_ROWS) -> list[PublicStatus]:
    """What a contact filed themselves, newest first."""
    mine = select(Complaint).where(Complaint.contact_id == contact_id)
    found = reader.session.scalars(mine.order_by(Complaint.id.desc()).limit(limit))
    return [_status(reader, complaint) for complaint in found.all()]


def has_accused(reader: ReadOnly, contact_id: int, by: Principal) -> bool:
    """Whether a contact has filed anything that accuses a department that the person is a part of."""
    found = (
        select(Complaint.id)
        .join(AccusedDepartment, AccusedDepartment.complaint_id == Complaint.id)
        .where(Complaint.contact_id == contact_id, AccusedDepartment.department_id.in_(cases.parts_of(by)))
    )
    return reader.session.scalar(found.limit(1)) is not None


def own_among(reader: ReadOnly, complaint_id: int, contact_id: int) -> Complaint | None:
    """What a contact filed themselves, of a complaint and those that go on in it; the first of several."""
    return reader.session.scalar(
        select(Complaint)
        .where(Complaint.id.in_(cases.family(reader, complaint_id)), Complaint.contact_id == contact_id)
        .order_by(Complaint.id != complaint_id, Complaint.id)
        .limit(1)
    )


def audience(reader: ReadOnly, complaint_id: int) -> frozenset[int]:
    """The contacts who are told of what happens: who filed it or follows it, or any that goes on in it."""
    members = cases.family(reader, complaint_id)
    owners = select(Complaint.contact_id).where(Complaint.id.in_(members))
    followers = select(Follower.contact_id).where(Follower.complaint_id.in_(members))
    found = [*reader.session.scalars(owners), *reader.session.scalars(followers)]
    return frozenset(contact_id for contact_id in found if contact_id is not None)


def _status(reader: ReadOnly, complaint: Complaint) -> PublicStatus:
    department = reader.session.get(Department, complaint.department_id) if complaint.department_id else None
    parent = reader.session.get(Complaint, complaint.parent_id) if complaint.parent_id else None
    return PublicStatus(
        number=complaint.number,
        state=complaint.state,
        by_silence=complaint.confirmed_by_silence,
        waiting_reason=complaint.waiting_reason,
        department=department.name if department else "",
        filed_at=complaint.filed_at,
        changed_at=complaint.changed_at,
        due_at=complaint.due_at,
        answer_due_at=complaint.answer_due_at,
        continues_as=parent.number if parent else None,
    )
