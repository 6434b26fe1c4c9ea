"""Cases in pages, the newest first, within a partner's reach."""

import base64
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from eservice.complaints.models import Complaint
from eservice.complaints.numbers import read_number
from eservice.complaints.queries import within_reach
from eservice.complaints.states import ComplaintState
from eservice.kit.errors import invalid
from eservice.kit.text import writable
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal, require


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """Which cases; empty and None leave out nothing. Instants are inclusive."""

    states: tuple[ComplaintState, ...] = ()
    category: str | None = None
    department: str | None = None
    changed_since: datetime | None = None
    filed_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """Some cases, and the cursor of the next page; None on the last one."""

    cases: tuple[Complaint, ...]
    cursor: str | None


def page_of(
    reader: ReadOnly, by: Principal, wanted: CaseFilter, *, limit: int, cursor: str | None
) -> CasePage:
    """One page. Raises ServiceError `staff.forbidden`, `cases.bad_cursor`, `complaints.unknown_department`."""
    require(by, Permission.CASE_READ)
    query = select(Complaint).where(within_reach(by)).order_by(Complaint.id.desc()).limit(limit + 1)
    if wanted.states:
        query = query.where(Complaint.state.in_(wanted.states))
    if wanted.category is not None:
        query = query.where(Complaint.category == writable(wanted.category))
    if wanted.department is not None:
        query = query.where(Complaint.department_id == department_named(reader, wanted.department))
    if wanted.changed_since is not None:
        query = query.where(Complaint.changed_at >= wanted.changed_since)
    if wanted.filed_since is not None:
        query = query.where(Complaint.filed_at >= wanted.filed_since)
    if cursor is not None:
        query = query.where(Complaint.id < _after(reader, cursor))
    found = reader.session.scalars(query).all()
    shown = tuple(found[:limit])
    return CasePage(cases=shown, cursor=_cursor(shown[-1]) if len(found) > limit else None)


def department_named(reader: ReadOnly, name: str) -> int:
    """The department of this name. Raises ServiceError `complaints.unknown_department`."""
    found = reader.session.scalar(select(Department.id).where(Department.name == writable(name).strip()))
    if found is None:
        raise invalid("complaints.unknown_department", department="unknown")
    return found


def _cursor(last: Complaint) -> str:
    """Made of the number, which tells nothing of how many cases there are."""
    return base64.urlsafe_b64encode(last.number.encode()).decode().rstrip("=")


def _after(reader: ReadOnly, cursor: str) -> int:
    try:
        number = read_number(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii"))
    except ValueError:  # also what is not base64
        number = None
    found = reader.session.scalar(select(Complaint.id).where(Complaint.number == number)) if number else None
    if found is None:
        raise invalid("cases.bad_cursor", cursor="invalid")
    return found
