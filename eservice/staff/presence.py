"""Who is at the desk: a signed-in person who has the questions open and looks at them.

While somebody is, the machine holds its acknowledgement back for some seconds, so that a quick answer
travels free in its place.
"""

from datetime import timedelta

from sqlalchemy import or_, select, update

from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import RoleGrant, StaffAccount
from eservice.staff.permissions import GRANTS, OFFICE_ROLES, Permission

WRITE_EVERY = timedelta(seconds=10)
PRESENT_SECONDS = 30

_ANSWERING_ROLES = [role for role, permissions in GRANTS.items() if Permission.INQUIRY_ANSWER in permissions]


def needs_marking(reader: ReadOnly, account_id: int) -> bool:
    """Whether it is time to write again that the person is there: a look that locks nobody out."""
    seen = reader.session.scalar(select(StaffAccount.last_seen_at).where(StaffAccount.id == account_id))
    return seen is None or reader.now - seen >= WRITE_EVERY


def mark_present(uow: UnitOfWork, account_id: int) -> None:
    """Records that the person looks at the questions now; at most one write in ten seconds."""
    uow.session.execute(
        update(StaffAccount)
        .where(
            StaffAccount.id == account_id,
            or_(
                StaffAccount.last_seen_at.is_(None),
                StaffAccount.last_seen_at <= uow.now - WRITE_EVERY,
            ),
        )
        .values(last_seen_at=uow.now)
        .execution_options(synchronize_session=False)
    )


def anyone_present(reader: ReadOnly, within_seconds: float = PRESENT_SECONDS) -> bool:
    """Whether anybody who may answer questions has looked at them within so many seconds."""
    since = reader.now - timedelta(seconds=within_seconds)
    found = (
        select(StaffAccount.id)
        .join(RoleGrant, RoleGrant.account_id == StaffAccount.id)
        .where(
            StaffAccount.last_seen_at > since,
            StaffAccount.disabled_at.is_(None),
            RoleGrant.role.in_(_ANSWERING_ROLES),
            or_(RoleGrant.department_id.is_(None), RoleGrant.role.not_in(OFFICE_ROLES)),
        )
        .limit(1)
    )
    return reader.session.scalar(found) is not None
