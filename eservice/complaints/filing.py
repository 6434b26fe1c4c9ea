"""Filing a complaint, by a resident or by staff for one, and saying "me too" to one that is there."""

import math
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select

from eservice.complaints import cases, wording
from eservice.complaints.categories import category_of
from eservice.complaints.models import (
    AccusedDepartment,
    CommentKind,
    Complaint,
    ComplaintComment,
    Follower,
    Source,
)
from eservice.complaints.numbers import key_hash, new_key, new_number
from eservice.complaints.states import ComplaintState, is_open
from eservice.kit import audit
from eservice.kit.database import insert_new
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid
from eservice.kit.unit_of_work import UnitOfWork
from eservice.office.service import current_notice
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal, require
from knowledge.classify import Urgency

AT_THE_OFFICE = frozenset({Source.WALK_IN, Source.PHONE, Source.LETTER})
"""What staff file themselves, for a resident."""
BY_STAFF = AT_THE_OFFICE | {Source.API}
"""Only staff, and partner systems with a token, file what comes in this way."""


@dataclass(frozen=True, kw_only=True)
class NewComplaint:
    """All that whoever files a complaint may say. Latitude and longitude are degrees (WGS 84), both or none."""

    source: Source
    category: str
    text: str
    contact_id: int | None = None
    reporter_name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    address: str = ""
    village: str = ""
    urgency: Urgency = Urgency.NORMAL
    needs_photo: bool | None = None  # None: as its category asks
    accused: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Filed:
    """A complaint that is filed. `key` is there the first time only: nobody can show it again."""

    complaint_id: int
    number: str
    key: str | None


def file_complaint(
    uow: UnitOfWork, new: NewComplaint, *, idempotency_key: str, by: Principal | None = None
) -> Filed:
    """Files a complaint once, however often it is sent with the same idempotency key.

    `by` is the member of staff who files for a resident. Raises ServiceError: `staff.forbidden`,
    `complaints.no_text`, `complaints.text_too_long`, `complaints.line_too_long`, `complaints.no_category`,
    `complaints.bad_place`, `complaints.unknown_department`, `complaints.filed_otherwise` (the idempotency
    key has filed another complaint).
    """
    if by is not None:
        require(by, Permission.CASE_FILE)
    elif new.source in BY_STAFF:
        raise ServiceError("staff.forbidden", ErrorKind.FORBIDDEN)
    values = _checked(uow, new)
    values["filed_by_id"] = by.account_id if by else None
    category = category_of(uow, new.category)
    while True:
        number, key = new_number(), new_key()
        row = {
            **values,
            "needs_photo": category.needs_photo if new.needs_photo is None else new.needs_photo,
            "promised_days": category.working_days,
            "number": number,
            "key_hash": key_hash(number, key),
            "idempotency_key": idempotency_key,
            "state": ComplaintState.RECEIVED,
            "filed_at": uow.now,
            "changed_at": uow.now,
            "notice_version": _notice_version(uow, new),
        }
        if insert_new(uow.session, Complaint, [row]):
            break
        known = uow.session.scalar(select(Complaint).where(Complaint.idempotency_key == idempotency_key))
        if known is not None:
            if any(getattr(known, name) != value for name, value in values.items()):
                raise conflict("complaints.filed_otherwise")
            return Filed(complaint_id=known.id, number=known.number, key=None)
        # Neither: the number was taken, once in a hundred thousand complaints. Another will be free.
    complaint = uow.session.scalars(select(Complaint).where(Complaint.number == number)).one()
    for department_id in sorted(new.accused):
        uow.session.add(AccusedDepartment(complaint_id=complaint.id, department_id=department_id))
    doer = cases.officer(by) if by else cases.resident_of(complaint)
    cases.write(uow, complaint, None, doer, is_public=True)
    audit.record(
        uow, actor=doer.name, action="complaint.filed", subject_kind="complaint", subject_id=complaint.id,
        after={"state": complaint.state.value, "source": complaint.source.value, "category": complaint.category},
    )  # fmt: skip
    return Filed(complaint_id=complaint.id, number=number, key=key)


def join(uow: UnitOfWork, typed_number: str, contact_id: int, *, words: str = "") -> bool:
    """Lets a contact follow an open complaint; False when they follow it already, or filed it.

    `words` are what they had wanted to report: its officers read them, and nobody else; they are kept
    whatever comes back. A duplicate is followed where it goes on. Raises ServiceError
    `complaints.not_found`, `complaints.ended`.
    """
    complaint = cases.by_number(uow, typed_number)
    while complaint.parent_id is not None:
        complaint = uow.session.get_one(Complaint, complaint.parent_id)
    if not is_open(complaint.state):
        raise conflict("complaints.ended")
    is_owner = complaint.contact_id == contact_id
    kind = CommentKind.RESIDENT if is_owner else CommentKind.JOINED
    for part in wording.in_parts(words):
        comment = ComplaintComment(
            complaint_id=complaint.id,
            kind=kind,
            contact_id=None if is_owner else contact_id,
            text=part,
            at=uow.now,
        )
        uow.session.add(comment)
        cases.tell_of(uow, comment)
    if is_owner:
        return False
    row = {"complaint_id": complaint.id, "contact_id": contact_id, "at": uow.now}
    is_new = insert_new(uow.session, Follower, [row]) == 1
    if is_new:
        audit.record(
            uow, actor="resident", action="complaint.joined", subject_kind="complaint", subject_id=complaint.id
        )  # fmt: skip
    return is_new


def leave(uow: UnitOfWork, typed_number: str, contact_id: int) -> None:
    """The contact follows the complaint, or those that go on with it, no more."""
    complaint = cases.by_number(uow, typed_number)
    uow.session.execute(
        delete(Follower).where(
            Follower.complaint_id.in_(cases.family(uow, complaint.id)), Follower.contact_id == contact_id
        )
    )
    audit.record(
        uow, actor="resident", action="complaint.left", subject_kind="complaint", subject_id=complaint.id
    )


def _checked(uow: UnitOfWork, new: NewComplaint) -> dict[str, object]:
    """The columns that the one who files decides; nothing else can be set from outside."""
    category = wording.checked_line(new.category, "category")
    if not category or len(category) > 100:
        raise invalid("complaints.no_category", category="unknown")
    if (new.latitude is None) != (new.longitude is None) or not (
        _within(new.latitude, 90) and _within(new.longitude, 180)
    ):
        raise invalid("complaints.bad_place", latitude="invalid", longitude="invalid")
    known = uow.session.scalar(select(func.count()).where(Department.id.in_(new.accused)))
    if known != len(new.accused):
        raise invalid("complaints.unknown_department", accused="unknown")
    return {
        "source": new.source,
        "category": category,
        "text": wording.checked_text(new.text),
        "contact_id": new.contact_id,
        "reporter_name": wording.checked_line(new.reporter_name, "reporter_name") or None,
        "latitude": new.latitude,
        "longitude": new.longitude,
        "address": wording.checked_line(new.address, "address"),
        "village": wording.checked_line(new.village, "village"),
        "urgency": new.urgency,
    }


def _notice_version(uow: UnitOfWork, new: NewComplaint) -> str | None:
    """What the form on the web or the partner's own pointed to; in a chat the contact's row knows it."""
    if new.contact_id is not None or new.source in BY_STAFF:
        return None
    notice = current_notice(uow)
    return notice.version if notice else None


def _within(degrees: float | None, limit: int) -> bool:
    return degrees is None or (math.isfinite(degrees) and abs(degrees) <= limit)
