"""Who must be there before an office can begin: its administrators, and those whom overdue work is reported to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import Position, Role, RoleGrant, StaffAccount


@dataclass(frozen=True, kw_only=True)
class Leaders:
    """Who holds the positions by which overdue work is reported upwards: names, by department for heads."""

    heads: dict[int, list[str]]
    clerks: list[str]
    chief_executives: list[str]


def administrators(reader: ReadOnly) -> Sequence[StaffAccount]:
    """The accounts that may set everything up, the first one first."""
    return reader.session.scalars(
        select(StaffAccount)
        .join(RoleGrant, RoleGrant.account_id == StaffAccount.id)
        .where(
            RoleGrant.role == Role.ADMINISTRATOR,
            RoleGrant.department_id.is_(None),
            StaffAccount.disabled_at.is_(None),
        )
        .order_by(StaffAccount.id)
    ).all()


def leaders(reader: ReadOnly) -> Leaders:
    """Who holds which position now."""
    found = Leaders(heads={}, clerks=[], chief_executives=[])
    accounts = select(StaffAccount).where(
        StaffAccount.position.is_not(None), StaffAccount.disabled_at.is_(None)
    )
    for account in reader.session.scalars(accounts.order_by(StaffAccount.id)):
        match account.position:
            case Position.CLERK_OF_OFFICE:
                found.clerks.append(account.display_name)
            case Position.CHIEF_EXECUTIVE:
                found.chief_executives.append(account.display_name)
            case _ if account.department_id is not None:
                found.heads.setdefault(account.department_id, []).append(account.display_name)
    return found
