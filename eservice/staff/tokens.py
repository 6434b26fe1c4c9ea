"""API tokens: how partner systems come in, each with roles of its own and a day on which it ends.

A token belongs to a machine account, so that whatever it does has a doer like any other. Every function that
changes something takes who does it; `by` is None on the command line, whose person has the machine itself.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.accounts import CLI
from eservice.staff.models import ApiToken, Department, RoleGrant, StaffAccount
from eservice.staff.permissions import GRANTS, Grant, Permission, Principal, require
from eservice.staff.queries import grants_of, in_order, principal_of
from eservice.staff.sessions import TOUCH_EVERY, hash_token, new_token

PREFIX = "api:"  # of the account's name; no person's name can have a colon
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
MAX_DAYS = 730
_TOKEN_LENGTHS = range(20, 101)


@dataclass(frozen=True, kw_only=True)
class LiveToken:
    """A token that is still good, and what its holder is entitled to."""

    id: int
    principal: Principal
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    """A token as lists show it; never the token itself."""

    name: str
    grants: tuple[Grant, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


def create_token(
    uow: UnitOfWork, name: str, grants: Collection[Grant], *, days: int, by: Principal | None = None
) -> str:
    """The token of a new partner system: shown once, never stored.

    Raises ServiceError `staff.forbidden`, `staff.bad_token_name`, `staff.token_taken`, `staff.no_role`,
    `staff.useless_role` (one that does nothing with cases), `staff.unknown_department`, `staff.bad_days`.
    """
    actor = _actor(by)
    plain = name.strip().lower()
    if not NAME.fullmatch(plain):
        raise invalid("staff.bad_token_name", name="bad")
    if uow.session.scalar(select(StaffAccount.id).where(StaffAccount.username == PREFIX + plain)):
        raise ServiceError("staff.token_taken", ErrorKind.CONFLICT, fields={"name": "taken"})
    wanted = in_order(_checked(uow, grants))
    expires_at = uow.now + _lifetime(days)
    token, token_hash = new_token()
    account = StaffAccount(
        username=PREFIX + plain,
        display_name=f"API {plain}",
        created_at=uow.now,
        disabled_at=uow.now,  # nobody signs in, and no work is given to it
    )
    uow.session.add(account)
    uow.session.flush()  # grants and token name it by id
    uow.session.add_all(
        RoleGrant(account_id=account.id, role=grant.role, department_id=grant.department_id)
        for grant in wanted
    )
    uow.session.add(
        ApiToken(
            account_id=account.id,
            token_hash=token_hash,
            created_by=actor,
            created_at=uow.now,
            expires_at=expires_at,
        )
    )
    audit.record(
        uow, actor=actor, action="api_token.created", subject_kind="api_token", subject_id=plain,
        after={"roles": [_plain(grant) for grant in wanted], "expires_at": expires_at.isoformat()},
    )  # fmt: skip
    return token


def renew_token(uow: UnitOfWork, name: str, *, days: int, by: Principal | None = None) -> str:
    """A new token for a system that has or had one; the old one stops working at once.

    Raises ServiceError `staff.forbidden`, `staff.no_token`, `staff.bad_days`.
    """
    actor, found = _actor(by), _of_name(uow, name)
    token, found.token_hash = new_token()
    found.expires_at, found.revoked_at = uow.now + _lifetime(days), None
    audit.record(
        uow, actor=actor, action="api_token.renewed", subject_kind="api_token", subject_id=_bare(name),
        after={"expires_at": found.expires_at.isoformat()},
    )  # fmt: skip
    return token


def revoke_token(uow: UnitOfWork, name: str, *, by: Principal | None = None) -> None:
    """The token opens nothing from now on. Raises ServiceError `staff.forbidden`, `staff.no_token`."""
    actor, found = _actor(by), _of_name(uow, name)
    if found.revoked_at is not None:
        return
    found.revoked_at = uow.now
    audit.record(
        uow, actor=actor, action="api_token.revoked", subject_kind="api_token", subject_id=_bare(name)
    )


def all_tokens(reader: ReadOnly, *, by: Principal | None = None) -> list[TokenRow]:
    """Every token by name, those that are over too. Raises ServiceError `staff.forbidden`."""
    _actor(by)
    rows = reader.session.execute(
        select(ApiToken, StaffAccount.username)
        .join(StaffAccount, StaffAccount.id == ApiToken.account_id)
        .order_by(StaffAccount.username)
    )
    return [
        TokenRow(
            name=username.removeprefix(PREFIX),
            grants=in_order(grants_of(reader, token.account_id)),
            created_by=token.created_by,
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            last_used_at=token.last_used_at,
        )
        for token, username in rows
    ]


def find(reader: ReadOnly, token: str) -> LiveToken | None:
    """The token, unless it is unknown, over or revoked."""
    if len(token) not in _TOKEN_LENGTHS:
        return None
    row = reader.session.execute(
        select(ApiToken, StaffAccount)
        .join(StaffAccount, StaffAccount.id == ApiToken.account_id)
        .where(
            ApiToken.token_hash == hash_token(token),
            ApiToken.expires_at > reader.now,
            ApiToken.revoked_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    found, account = row
    return LiveToken(id=found.id, principal=principal_of(reader, account), last_used_at=found.last_used_at)


def needs_touching(reader: ReadOnly, token: LiveToken) -> bool:
    """Whether it is time to write again that the token is in use."""
    return token.last_used_at is None or reader.now - token.last_used_at >= TOUCH_EVERY


def touch(uow: UnitOfWork, token: LiveToken) -> None:
    """Notes that the token is in use."""
    uow.session.execute(update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=uow.now))


def _actor(by: Principal | None) -> str:
    if by is None:
        return CLI
    require(by, Permission.STAFF_MANAGE)
    return by.username


def _bare(name: str) -> str:
    return name.strip().lower()


def _of_name(uow: UnitOfWork, name: str) -> ApiToken:
    found = uow.session.scalar(
        select(ApiToken)
        .join(StaffAccount, StaffAccount.id == ApiToken.account_id)
        .where(StaffAccount.username == PREFIX + _bare(name))
        .with_for_update(of=ApiToken)
    )
    if found is None:
        raise not_found("staff.no_token")
    return found


def _lifetime(days: int) -> timedelta:
    if not 1 <= days <= MAX_DAYS:
        raise invalid("staff.bad_days", days="invalid")
    return timedelta(days=days)


def _checked(uow: UnitOfWork, grants: Collection[Grant]) -> frozenset[Grant]:
    if not grants:
        raise invalid("staff.no_role", roles="empty")
    if any(Permission.CASE_READ not in GRANTS[grant.role] for grant in grants):
        raise invalid("staff.useless_role", roles="useless")
    known = {*uow.session.scalars(select(Department.id)), None}
    if not {grant.department_id for grant in grants} <= known:
        raise invalid("staff.unknown_department", department_id="unknown")
    return frozenset(grants)


def _plain(grant: Grant) -> str:
    return f"{grant.role.value}@{grant.department_id}" if grant.department_id else grant.role.value
