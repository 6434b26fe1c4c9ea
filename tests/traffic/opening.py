"""Two people and an order: openings of the traffic log for tests."""

from datetime import date
from typing import Any

from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.permissions import Grant, Principal
from eservice.traffic import openings
from eservice.traffic.openings import NewOpening


def person(username: str, *roles: Role) -> Principal:
    grants = frozenset(Grant(role=role) for role in roles)
    return Principal(account_id=1, username=username, display_name=username, grants=grants)


KEEPER = person("keeper", Role.LOG_CUSTODIAN)
BOSS = person("boss", Role.ADMINISTRATOR)


def order(**changes: Any) -> NewOpening:
    """An order over three days, the last of them the day of the tests' clock."""
    told = {
        "order_reference": "คดี 7/2569", "ordered_by": "สภ.เมือง", "document_number": "ตช 12/9",
        "ordered_on": date(2026, 11, 19), "first": date(2026, 11, 18), "last": date(2026, 11, 20),
        "reason": "ตามคำสั่ง",
    }  # fmt: skip
    return NewOpening(**told | changes)


def waiting(database: Database, **changes: Any) -> int:
    """The id of an opening that KEEPER has asked for."""
    with database.unit_of_work() as uow:
        return openings.ask(uow, order(**changes), by=KEEPER).id


def opened(database: Database, **changes: Any) -> int:
    """The id of an opening that KEEPER has asked for and BOSS has approved."""
    opening_id = waiting(database, **changes)
    with database.unit_of_work() as uow:
        openings.approve(uow, opening_id, by=BOSS)
    return opening_id
