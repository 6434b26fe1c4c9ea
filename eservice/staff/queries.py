"""Looking at staff: accounts with their roles, departments, and what a person is entitled to."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from eservice.kit.errors import not_found
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import ApiToken, Department, Role, RoleGrant, StaffAccount
from eservice.staff.permissions import Grant, Principal

ENOUGH_ADMINISTRATORS = 2
_ORDER = {role: place for place, role in enumerate(Role)}


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """An account as the list shows it."""

    account: StaffAccount
    department_name: str
    grants: tuple[Grant, ...]


def account_by_id(reader: ReadOnly, account_id: int) -> StaffAccount:
    """The account. Raises ServiceError `staff.not_found`."""
    account = reader.session.get(StaffAccount, account_id)
    if account is None:
        raise not_found("staff.not_found")
    return account


def all_accounts(reader: ReadOnly) -> Sequence[AccountRow]:
    """Every account of a person: those in use first, by name."""
    grants: dict[int, set[Grant]] = defaultdict(set)
    for grant in reader.session.scalars(select(RoleGrant)):
        grants[grant.account_id].add(Grant(role=grant.role, department_id=grant.department_id))
    rows = reader.session.execute(
        select(StaffAccount, Department.name)
        .outerjoin(Department, Department.id == StaffAccount.department_id)
        .where(StaffAccount.id.not_in(select(ApiToken.account_id)))
        .order_by(StaffAccount.disabled_at.is_not(None), StaffAccount.display_name, StaffAccount.id)
    )
    return [
        AccountRow(account=account, department_name=name or "", grants=in_order(grants[account.id]))
        for account, name in rows
    ]


def names_by_username(reader: ReadOnly, usernames: Collection[str]) -> dict[str, str]:
    """The names that people go by, of those usernames that are accounts."""
    found = reader.session.execute(
        select(StaffAccount.username, StaffAccount.display_name).where(StaffAccount.username.in_(usernames))
    )
    return {row.username: row.display_name for row in found}


def usernames_like(reader: ReadOnly, words: str) -> set[str]:
    """The accounts that somebody may mean: the one of that username, else those with the words in either name."""
    if (
        reader.session.scalar(select(StaffAccount.id).where(StaffAccount.username == words.lower()))
        is not None
    ):
        return {words.lower()}
    named = or_(
        StaffAccount.username.icontains(words, autoescape=True),
        StaffAccount.display_name.icontains(words, autoescape=True),
    )
    return set(reader.session.scalars(select(StaffAccount.username).where(named)))


def administrators_in_use(reader: ReadOnly) -> int:
    """How many people can manage accounts today: enabled administrators who have chosen a password."""
    count = reader.session.scalar(
        select(func.count(func.distinct(StaffAccount.id)))
        .join(RoleGrant, RoleGrant.account_id == StaffAccount.id)
        .where(
            RoleGrant.role == Role.ADMINISTRATOR,
            RoleGrant.department_id.is_(None),
            StaffAccount.disabled_at.is_(None),
            StaffAccount.password_hash.is_not(None),
        )
    )
    return count or 0


def grants_of(reader: ReadOnly, account_id: int) -> frozenset[Grant]:
    """The roles of an account."""
    rows = reader.session.scalars(select(RoleGrant).where(RoleGrant.account_id == account_id))
    return frozenset(Grant(role=row.role, department_id=row.department_id) for row in rows)


def in_order(grants: frozenset[Grant] | set[Grant]) -> tuple[Grant, ...]:
    """Roles in the order in which they are declared, the whole office before departments."""
    return tuple(sorted(grants, key=lambda grant: (_ORDER[grant.role], grant.department_id or 0)))


def departments(reader: ReadOnly) -> Sequence[Department]:
    """The departments in the office's own order."""
    return reader.session.scalars(select(Department).order_by(Department.position, Department.id)).all()


def department_names(reader: ReadOnly) -> dict[int, str]:
    """The departments' names by id, in the office's own order."""
    return {department.id: department.name for department in departments(reader)}


def principal_of(reader: ReadOnly, account: StaffAccount) -> Principal:
    """The account with what it is entitled to."""
    department = (
        reader.session.get(Department, account.department_id) if account.department_id is not None else None
    )
    return Principal(
        account_id=account.id,
        username=account.username,
        display_name=account.display_name,
        department_id=account.department_id,
        department_name=department.name if department else "",
        position=account.position,
        grants=grants_of(reader, account.id),
    )
