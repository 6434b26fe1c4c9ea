"""Staff accounts: making, changing and disabling them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff import queries, sessions
from eservice.staff.models import ApiToken, Department, Position, Role, RoleGrant, StaffAccount
from eservice.staff.permissions import OFFICE_ROLES, Grant

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,49}")
MAX_DISPLAY_NAME = 100
CLI = "cli"  # the actor of what is done on the command line
ACTORS = frozenset({CLI, audit.SYSTEM})  # nobody may sign in under the name of one


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What an administrator decides about a person."""

    display_name: str
    grants: Collection[Grant]
    department_id: int | None = None
    position: Position | None = None


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An account just made, and the token of the link for choosing its password: shown once, never stored."""

    account: StaffAccount
    token: str


def create_account(
    uow: UnitOfWork, username: str, profile: Profile, *, actor: str, is_demo: bool = False
) -> NewAccount:
    """Makes an account without a password.

    Raises ServiceError `staff.bad_username`, `staff.username_taken`, `staff.bad_display_name`,
    `staff.no_role`, `staff.unknown_department`.
    """
    name = username.strip().lower()
    if not USERNAME.fullmatch(name):
        raise invalid("staff.bad_username", username="bad")
    taken = ServiceError("staff.username_taken", ErrorKind.CONFLICT, fields={"username": "taken"})
    is_taken = select(StaffAccount.id).where(StaffAccount.username == name)
    if name in ACTORS or uow.session.scalar(is_taken) is not None:
        raise taken
    profile = _checked(uow, profile)
    account = StaffAccount(
        username=name,
        display_name=profile.display_name,
        department_id=profile.department_id,
        position=profile.position,
        is_demo=is_demo,
        created_at=uow.now,
    )
    uow.session.add(account)
    try:
        uow.session.flush()  # grants, link and audit name it by id
    except IntegrityError:  # somebody took the name since we looked
        raise taken from None
    _set_grants(uow, account, profile.grants)
    audit.record(
        uow, actor=actor, action="staff.created", subject_kind="staff", subject_id=account.id,
        after={"username": name, **_facts(profile)},
    )  # fmt: skip
    return NewAccount(account=account, token=sessions.create_link(uow, account))


def change_account(uow: UnitOfWork, account_id: int, profile: Profile, *, actor: str) -> StaffAccount:
    """Changes name, department, position and roles; they hold from the person's next click.

    Whoever is given more than before signs in anew: no session outlives what it was opened for.

    Raises ServiceError `staff.not_found`, `staff.last_administrator`, `staff.bad_display_name`,
    `staff.no_role`, `staff.unknown_department`.
    """
    administrators = _locked_administrators(uow)
    account = queries.account_by_id(uow, account_id)
    before = Profile(
        display_name=account.display_name,
        grants=queries.grants_of(uow, account.id),
        department_id=account.department_id,
        position=account.position,
    )
    profile = _checked(uow, profile)
    if administrators == {account.id} and Grant(role=Role.ADMINISTRATOR) not in profile.grants:
        raise conflict("staff.last_administrator")
    account.display_name = profile.display_name
    account.department_id = profile.department_id
    account.position = profile.position
    _set_grants(uow, account, profile.grants)
    if not set(profile.grants) <= set(before.grants):
        sessions.end_all(uow, account.id)
    audit.record(
        uow, actor=actor, action="staff.changed", subject_kind="staff", subject_id=account.id,
        before=_facts(before), after=_facts(profile),
    )  # fmt: skip
    return account


def disable_account(uow: UnitOfWork, account_id: int, *, actor: str) -> None:
    """Shuts the account: its sessions and links end at once.

    Raises ServiceError `staff.not_found`, `staff.last_administrator`.
    """
    administrators = _locked_administrators(uow)
    account = queries.account_by_id(uow, account_id)
    if account.disabled_at is not None:
        return
    if administrators == {account.id}:
        raise conflict("staff.last_administrator")
    account.disabled_at = uow.now
    sessions.end_all(uow, account.id)
    sessions.revoke_links(uow, account.id)
    audit.record(
        uow, actor=actor, action="staff.disabled", subject_kind="staff", subject_id=account.id,
        before={"disabled": False}, after={"disabled": True},
    )  # fmt: skip


def enable_account(uow: UnitOfWork, account_id: int, *, actor: str) -> None:
    """Opens a disabled account again, with the password it had.

    Raises ServiceError `staff.not_found`, `staff.machine`.
    """
    account = queries.account_by_id(uow, account_id)
    if uow.session.scalar(select(ApiToken.id).where(ApiToken.account_id == account_id)) is not None:
        raise conflict("staff.machine")
    if account.disabled_at is None:
        return
    account.disabled_at = None
    audit.record(
        uow, actor=actor, action="staff.enabled", subject_kind="staff", subject_id=account.id,
        before={"disabled": True}, after={"disabled": False},
    )  # fmt: skip


def end_sessions(
    uow: UnitOfWork, account_id: int, *, actor: str, session_id: int | None = None, but: int | None = None
) -> None:
    """Signs a person out: one browser, or all of them but the one of the session `but`.

    Raises ServiceError `staff.not_found`, `staff.no_session`.
    """
    account = queries.account_by_id(uow, account_id)
    if session_id is None:
        sessions.end_all(uow, account.id, but=but)
    else:
        sessions.end_one(uow, account.id, session_id)
    audit.record(uow, actor=actor, action="staff.sessions_ended", subject_kind="staff", subject_id=account.id)


def issue_link(uow: UnitOfWork, account_id: int, *, actor: str) -> str:
    """The token of a new link for choosing a password; the old password holds until it is used.

    Raises ServiceError `staff.not_found`, `staff.disabled`.
    """
    account = queries.account_by_id(uow, account_id)
    if account.disabled_at is not None:
        raise conflict("staff.disabled")
    audit.record(uow, actor=actor, action="staff.link_issued", subject_kind="staff", subject_id=account.id)
    return sessions.create_link(uow, account)


def create_staff(
    database: Database,
    username: str,
    roles: Collection[Role],
    department_name: str | None = None,
    display_name: str | None = None,
) -> str:
    """Makes an account from the command line and returns the path of its one-time link.

    Without a display name, residents and colleagues see the user name until it is changed in the console.
    Raises ServiceError `staff.unknown_department` and those of `create_account`.
    """
    with database.unit_of_work() as uow:
        department_id = None
        if department_name is not None:
            department_id = uow.session.scalar(
                select(Department.id).where(Department.name == department_name.strip())
            )
            if department_id is None:
                raise invalid("staff.unknown_department", department_id="unknown")
        grants = [Grant(role=role, department_id=department_id) for role in roles]
        shown = username if display_name is None else display_name
        profile = Profile(display_name=shown, grants=grants, department_id=department_id)
        return link_path(create_account(uow, username, profile, actor=CLI).token)


def link_path(token: str) -> str:
    """Where a one-time link leads."""
    return f"/admin/link/{token}"


def _checked(uow: UnitOfWork, profile: Profile) -> Profile:
    """The profile, with office-wide roles held office-wide and no role twice."""
    name = " ".join(profile.display_name.split())
    if not name or len(name) > MAX_DISPLAY_NAME or not name.isprintable():
        raise invalid("staff.bad_display_name", display_name="empty" if not name else "bad")
    if not profile.grants:
        raise invalid("staff.no_role", roles="empty")
    grants = {Grant(role=grant.role) if grant.role in OFFICE_ROLES else grant for grant in profile.grants}
    named = {grant.department_id for grant in grants} | {profile.department_id}
    known = set(uow.session.scalars(select(Department.id))) | {None}
    if not named <= known:
        raise invalid("staff.unknown_department", department_id="unknown")
    return replace(profile, display_name=name, grants=queries.in_order(grants))


def _set_grants(uow: UnitOfWork, account: StaffAccount, grants: Collection[Grant]) -> None:
    uow.session.execute(delete(RoleGrant).where(RoleGrant.account_id == account.id))
    uow.session.add_all(
        RoleGrant(account_id=account.id, role=grant.role, department_id=grant.department_id)
        for grant in grants
    )


def _locked_administrators(uow: UnitOfWork) -> set[int]:
    """Accounts that can manage accounts, locked: two of them must not remove one another at once."""
    return set(
        uow.session.scalars(
            select(StaffAccount.id)
            .join(RoleGrant, RoleGrant.account_id == StaffAccount.id)
            .where(
                RoleGrant.role == Role.ADMINISTRATOR,
                RoleGrant.department_id.is_(None),
                StaffAccount.disabled_at.is_(None),
            )
            .order_by(StaffAccount.id)
            .with_for_update()
        )
    )


def _facts(profile: Profile) -> dict[str, Any]:
    """The profile as the audit keeps it."""
    return {
        "display_name": profile.display_name,
        "department": profile.department_id,
        "position": profile.position.value if profile.position else None,
        "roles": [
            f"{grant.role.value}@{grant.department_id}" if grant.department_id else grant.role.value
            for grant in queries.in_order(frozenset(profile.grants))
        ],
    }
