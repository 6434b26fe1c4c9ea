"""Whom a complaint accuses: naming departments later, and who may have it all the same."""

from collections.abc import Collection

from eservice.complaints import cases
from eservice.complaints.models import AccusedDepartment, Complaint
from eservice.complaints.states import is_open
from eservice.kit import audit
from eservice.kit.errors import conflict, invalid
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.models import Department, StaffAccount
from eservice.staff.permissions import Permission, Principal, may
from eservice.staff.queries import principal_of


def accuse(
    uow: UnitOfWork,
    complaint_id: int,
    departments: Collection[int],
    *,
    by: Principal,
    seen_version: int,
) -> Complaint:
    """Notes that the complaint accuses these departments too: from now on they neither see nor get it.

    Nobody takes an accusation back. Whoever has it and belongs to one of them has it no more. Raises
    ServiceError `complaints.ended`, `complaints.names_nobody`, `complaints.unknown_department`,
    `complaints.accused_has_it` while one of them has it: hand it on first.
    """
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_HAND_ON, seen_version=seen_version)
    if not is_open(complaint.state):
        raise conflict("complaints.ended")
    new = sorted(set(departments) - cases.accused_by(uow, complaint.id))
    if not new:
        raise invalid("complaints.names_nobody", department="required")
    if any(uow.session.get(Department, department_id) is None for department_id in new):
        raise invalid("complaints.unknown_department", department="unknown")
    if complaint.department_id in new:
        raise conflict("complaints.accused_has_it")
    uow.session.add_all(
        AccusedDepartment(complaint_id=complaint.id, department_id=department_id) for department_id in new
    )
    uow.session.flush()  # who may stay is read from these rows
    if not may_stay(uow, complaint, cases.accused_by_family(uow, complaint.id)):
        complaint.assignee_id = None
    cases.write(uow, complaint, complaint.state, cases.officer(by), is_public=False)
    audit.record(
        uow, actor=by.username, action="complaint.accused", subject_kind="complaint", subject_id=complaint.id,
        after={"departments": new},
    )  # fmt: skip
    return complaint


def may_stay(uow: UnitOfWork, complaint: Complaint, accused: frozenset[int]) -> bool:
    """Whether the person in charge may stay so, now that these departments are accused."""
    if complaint.assignee_id is None or complaint.department_id is None:
        return True
    return can_take(uow, complaint.assignee_id, complaint.department_id, accused)


def can_take(uow: UnitOfWork, account_id: int, department_id: int, accused: frozenset[int]) -> bool:
    """Whether the person may work on complaints of the department and belongs to none that is accused."""
    account = uow.session.get(StaffAccount, account_id)
    return (
        account is not None
        and account.disabled_at is None
        and account.department_id not in accused
        and may(principal_of(uow, account), Permission.CASE_WORK, department_id)
    )
