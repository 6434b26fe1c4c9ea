"""API tokens on the command line: making, renewing, listing and revoking them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from eservice.kit.database import Database
from eservice.kit.errors import invalid
from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import tokens
from eservice.staff.commands import TEXTS
from eservice.staff.models import Department, Role
from eservice.staff.permissions import Grant
from eservice.staff.queries import department_names
from eservice.staff.tokens import TokenRow


def create(database: Database, name: str, roles: Collection[Role], department: str | None, days: int) -> None:
    """`api-token create`: prints the token, once. Raises ServiceError as `tokens.create_token` does."""
    with database.unit_of_work() as uow:
        department_id = _department_id(uow, department) if department is not None else None
        grants = [Grant(role=role, department_id=department_id) for role in roles]
        token = tokens.create_token(uow, name, grants, days=days)
    _print(database, name, token)


def renew(database: Database, name: str, days: int) -> None:
    """`api-token renew`: prints the new token, once. Raises ServiceError as `tokens.renew_token` does."""
    with database.unit_of_work() as uow:
        token = tokens.renew_token(uow, name, days=days)
    _print(database, name, token)


def revoke(database: Database, name: str) -> None:
    """`api-token revoke`. Raises ServiceError `staff.no_token`."""
    with database.unit_of_work() as uow:
        tokens.revoke_token(uow, name)
    print(TEXTS.both("token_commands.revoked", name=name.strip().lower()))


def show(database: Database) -> None:
    """`api-token list`: one line for each system, never its token."""
    with database.read() as reader:
        names = department_names(reader)
        for row in tokens.all_tokens(reader):
            print(_line(row, names))


def _line(row: TokenRow, departments: dict[int, str]) -> str:
    if row.revoked_at is not None:
        return TEXTS.both("token_commands.revoked_row", name=row.name)
    whole = TEXTS.both("token_commands.whole_office")
    roles = ", ".join(
        f"{grant.role.value} ({departments.get(grant.department_id or 0, whole)})" for grant in row.grants
    )
    used = _day(row.last_used_at) if row.last_used_at else TEXTS.both("token_commands.never")
    return TEXTS.both("token_commands.row", name=row.name, roles=roles, until=_day(row.expires_at), used=used)


def _print(database: Database, name: str, token: str) -> None:
    plain = name.strip().lower()
    with database.read() as reader:
        (row,) = (row for row in tokens.all_tokens(reader) if row.name == plain)
    print(TEXTS.both("token_commands.created", name=plain, until=_day(row.expires_at)))
    print(token)


def _day(instant: datetime) -> str:
    return local(instant).strftime("%Y-%m-%d %H:%M")


def _department_id(reader: ReadOnly, name: str) -> int:
    found = reader.session.scalar(select(Department.id).where(Department.name == name.strip()))
    if found is None:
        raise invalid("staff.unknown_department", department="unknown")
    return found
