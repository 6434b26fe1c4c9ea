"""Giving a new complaint to a department and to a person there, by category and load, before anybody looks."""

from sqlalchemy import func, select

from eservice.complaints import cases
from eservice.complaints.categories import category_of
from eservice.complaints.models import Complaint
from eservice.complaints.states import ComplaintState, is_open
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import StaffAccount
from eservice.staff.permissions import Permission, departments_of, may
from eservice.staff.queries import principal_of

OPEN_STATES = tuple(state for state in ComplaintState if is_open(state))


def assign(uow: UnitOfWork, complaint_id: int) -> Complaint:
    """Sends a complaint that nobody has taken yet to the department of its category, if there is one.

    Never to a department that it accuses: then it stays with those who see all. Assigned is not read: the
    history says that the machine did it.
    """
    complaint = cases.locked(uow, complaint_id)
    department_id = category_of(uow, complaint.category).department_id
    accused = cases.accused_by_family(uow, complaint.id)
    if complaint.state is not ComplaintState.RECEIVED or department_id is None or department_id in accused:
        return complaint
    complaint.department_id = department_id
    complaint.assignee_id = least_loaded(uow, department_id, accused=accused)
    cases.move(uow, complaint, ComplaintState.ASSIGNED, cases.SYSTEM, is_public=False)
    return complaint


def least_loaded(
    reader: ReadOnly, department_id: int, *, accused: frozenset[int] = frozenset()
) -> int | None:
    """The person of the department with the fewest open complaints, among those who may work on them.

    Nobody who also has a part in an accused department: they could not see what they were given.
    """
    loads = load_of(reader, department_id, accused=accused)
    return min(loads, key=lambda account_id: (loads[account_id], account_id), default=None)


def load_of(reader: ReadOnly, department_id: int, *, accused: frozenset[int] = frozenset()) -> dict[int, int]:
    """The people of a department who may work on complaints, with how many open ones each has."""
    accounts = reader.session.scalars(
        select(StaffAccount).where(
            StaffAccount.department_id == department_id, StaffAccount.disabled_at.is_(None)
        )
    ).all()
    people = [principal_of(reader, account) for account in accounts]
    able = [
        person.account_id
        for person in people
        if may(person, Permission.CASE_WORK, department_id)
        and accused.isdisjoint(departments_of(person, Permission.CASE_READ) or ())
    ]
    rows = reader.session.execute(
        select(Complaint.assignee_id, func.count())
        .where(Complaint.assignee_id.in_(able), Complaint.state.in_(OPEN_STATES))
        .group_by(Complaint.assignee_id)
    )
    counts = {account_id: count for account_id, count in rows if account_id is not None}
    return {account_id: counts.get(account_id, 0) for account_id in able}
