"""Staff accounts on the command line: making one, a new one-time link, a second factor taken away."""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from eservice.kit.database import Database
from eservice.kit.errors import not_found
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff import accounts, second_factor
from eservice.staff.models import Role, StaffAccount
from eservice.staff.sessions import LINK_LIFETIME

TEXTS = Catalogue(Path(__file__).parents[1] / "text")


def create(
    database: Database,
    public_url: str,
    username: str,
    roles: Collection[Role],
    department: str | None,
    display_name: str | None,
) -> None:
    """`staff create`: makes an account and prints the link for choosing its password.

    Raises ServiceError as `accounts.create_staff` does.
    """
    path = accounts.create_staff(database, username, roles, department, display_name)
    name = _as_stored(username)
    print(TEXTS.both("staff_commands.created", username=name))
    _print_link(name, public_url + path)


def link(database: Database, public_url: str, username: str) -> None:
    """`staff link`: prints a new link for an account; its password holds until the link is used.

    Raises ServiceError `staff.not_found`, `staff.disabled`.
    """
    with database.unit_of_work() as uow:
        name = _as_stored(username)
        token = accounts.issue_link(uow, _account_id(uow, name), actor=accounts.CLI)
    _print_link(name, public_url + accounts.link_path(token))


def reset_second_factor(database: Database, username: str) -> None:
    """`staff reset-second-factor`: the way back for a person whose phone and recovery codes are lost.

    Raises ServiceError `staff.not_found`, `staff.no_second_factor`.
    """
    with database.unit_of_work() as uow:
        name = _as_stored(username)
        second_factor.reset(uow, _account_id(uow, name), actor=accounts.CLI)
    print(TEXTS.both("staff_commands.second_factor_reset", username=name))


def _account_id(uow: UnitOfWork, name: str) -> int:
    account_id = uow.session.scalar(select(StaffAccount.id).where(StaffAccount.username == name))
    if account_id is None:
        raise not_found("staff.not_found")
    return account_id


def _as_stored(username: str) -> str:
    return username.strip().lower()


def _print_link(username: str, address: str) -> None:
    hours = LINK_LIFETIME // timedelta(hours=1)
    print(TEXTS.both("staff_commands.link", username=username, hours=hours))
    print(address)
