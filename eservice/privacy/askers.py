"""Those who ask at the counter, by letter or on the telephone: whether they may, about which cases, what to forget."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update

from eservice.complaints import cases
from eservice.complaints.models import Complaint
from eservice.kit.errors import conflict, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.privacy import national_ids
from eservice.privacy.models import Age, Asker, Identity, PrivacyRequest, RequestCase
from eservice.staff.models import StaffAccount
from eservice.staff.permissions import Permission, Principal, may
from eservice.staff.queries import principal_of

EMPTY = {"name": "", "reach": "", "guardian": "", "relation": "", "alone_reason": ""}
"""What is left of a person once they are forgotten."""


def find(reader: ReadOnly, request_id: int) -> Asker | None:
    """Who asks, where a request came by no channel of ours."""
    return reader.session.get(Asker, request_id)


def get(reader: ReadOnly, request_id: int) -> Asker:
    """As `find`. Raises ServiceError `privacy.not_found`."""
    asker = find(reader, request_id)
    if asker is None:
        raise not_found("privacy.not_found")
    return asker


def may_be_done(asker: Asker) -> None:
    """Nothing is handed out, changed or erased for somebody who may not ask for it.

    Raises ServiceError `privacy.no_identity`, `privacy.no_guardian` for a child of 10 or below, and
    `privacy.minor_alone` for who is below 20 and has neither a guardian nor a reason to ask alone.
    """
    has_guardian = bool(asker.guardian and asker.relation)
    if asker.identity is Identity.NOT_YET:
        raise conflict("privacy.no_identity")
    if asker.age is Age.CHILD and not has_guardian:
        raise conflict("privacy.no_guardian")
    if asker.age is Age.MINOR and not (has_guardian or asker.alone_reason):
        raise conflict("privacy.minor_alone")


def cases_of(reader: ReadOnly, request: PrivacyRequest) -> Sequence[Complaint]:
    """The complaints that a request is about, but not those of a contact who asks in its own chat."""
    named = select(RequestCase.complaint_id).where(RequestCase.request_id == request.id)
    own = request.complaint_id or 0
    return reader.session.scalars(
        select(Complaint).where((Complaint.id == own) | Complaint.id.in_(named)).order_by(Complaint.id)
    ).all()


def is_hidden_from(reader: ReadOnly, request: PrivacyRequest, by: Principal) -> bool:
    """Whether it is about a complaint that accuses a department of this person: somebody else has to see to it.

    Not when all who could answer it belong to one: the law's days run, whoever is accused.
    """
    theirs = cases.parts_of(by)
    if not theirs:
        return False
    about = [complaint.id for complaint in cases_of(reader, request)] or _filed_by(reader, request)
    accused = {department for case_id in about for department in cases.accused_by_family(reader, case_id)}
    if not accused & theirs:
        return False
    active = reader.session.scalars(select(StaffAccount).where(StaffAccount.disabled_at.is_(None)))
    others = (principal_of(reader, account) for account in active.all())
    return any(
        may(other, Permission.PRIVACY_HANDLE) and not accused & cases.parts_of(other) for other in others
    )


def _filed_by(reader: ReadOnly, request: PrivacyRequest) -> Sequence[int]:
    return reader.session.scalars(
        select(Complaint.id).where(Complaint.contact_id == (request.contact_id or 0))
    ).all()


def empty(uow: UnitOfWork, request_ids: Sequence[int]) -> int:
    """Forgets who made these requests, with their national ids; returns how many."""
    ids = list(request_ids)
    national_ids.forget(uow, ids)
    uow.session.execute(update(Asker).where(Asker.request_id.in_(ids)).values(**EMPTY))
    return len(ids)


def told_about(complaint_ids: Sequence[int]) -> ColumnElement[bool]:
    """Which askers were told, of those whose requests are about these complaints."""
    about = select(RequestCase.request_id).where(RequestCase.complaint_id.in_(complaint_ids))
    return Asker.request_id.in_(about) & Asker.told_at.is_not(None)
