"""Tokens of partner systems: what opens, what does not any more, and who may make them."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from eservice.complaints import assigning
from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff import accounts, queries, tokens
from eservice.staff.models import ApiToken, Role, StaffAccount
from eservice.staff.permissions import Grant, Permission, Principal, may
from tests.complaints.desk import Desk, open_desk, refused

WORKER = Grant(role=Role.RESPONDER)


@pytest.fixture
def desk(database: Database) -> Desk:
    return open_desk(database)


def administrator(desk: Desk) -> Principal:
    return replace(desk.palad, username="nai", grants=frozenset({Grant(role=Role.ADMINISTRATOR)}))


def made(desk: Desk, *grants: Grant, days: int = 30) -> str:
    with desk.database.unit_of_work() as uow:
        return tokens.create_token(uow, "traffy", grants or (WORKER,), days=days, by=administrator(desk))


def opens(desk: Desk, token: str) -> Principal | None:
    with desk.database.read() as reader:
        found = tokens.find(reader, token)
        return found.principal if found else None


def test_a_token_has_its_own_roles_where_they_were_given(desk: Desk) -> None:
    principal = opens(desk, made(desk, Grant(role=Role.RESPONDER, department_id=desk.works)))
    assert principal is not None
    assert principal.username == "api:traffy"
    assert may(principal, Permission.CASE_WORK, desk.works)
    assert not may(principal, Permission.CASE_WORK, desk.finance)
    assert not may(principal, Permission.STAFF_MANAGE)


def test_only_the_hash_is_stored_and_the_maker_is_on_record(desk: Desk) -> None:
    token = made(desk)
    with desk.database.read() as reader:
        stored = reader.session.scalars(select(ApiToken)).one()
        assert token not in repr(vars(stored))
        assert stored.created_by == "nai"
        actors = reader.session.execute(select(AuditRecord.actor, AuditRecord.action)).all()
        assert ("nai", "api_token.created") in [tuple(row) for row in actors]


def test_a_token_ends_on_its_day(desk: Desk, clock: FixedClock) -> None:
    token = made(desk, days=1)
    clock.advance(hours=23, minutes=59)
    assert opens(desk, token) is not None
    clock.advance(minutes=1)
    assert opens(desk, token) is None


def test_a_revoked_token_opens_nothing_and_a_renewed_one_replaces_it(desk: Desk) -> None:
    first = made(desk)
    with desk.database.unit_of_work() as uow:
        tokens.revoke_token(uow, "traffy", by=administrator(desk))
    assert opens(desk, first) is None
    with desk.database.unit_of_work() as uow:
        second = tokens.renew_token(uow, "Traffy", days=10, by=administrator(desk))
    assert opens(desk, first) is None
    assert opens(desk, second) is not None


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ก" * 43, "x" * 5000])
def test_what_is_no_token_opens_nothing(desk: Desk, token: str) -> None:
    made(desk)
    assert opens(desk, token) is None


def test_the_last_use_is_known_to_the_minute(desk: Desk, clock: FixedClock) -> None:
    token = made(desk)
    with desk.database.unit_of_work() as uow:
        found = tokens.find(uow, token)
        assert found is not None and tokens.needs_touching(uow, found)
        tokens.touch(uow, found)
    with desk.database.read() as reader:
        again = tokens.find(reader, token)
        assert again is not None and again.last_used_at == clock.now()
        assert not tokens.needs_touching(reader, again)


def test_only_who_manages_accounts_makes_lists_and_revokes(desk: Desk) -> None:
    made(desk)
    with desk.database.unit_of_work() as uow:
        for act in (
            lambda: tokens.create_token(uow, "other", (WORKER,), days=1, by=desk.palad),
            lambda: tokens.renew_token(uow, "traffy", days=1, by=desk.palad),
            lambda: tokens.revoke_token(uow, "traffy", by=desk.palad),
            lambda: tokens.all_tokens(uow, by=desk.palad),
        ):
            with refused("staff.forbidden"):
                act()


def test_a_role_that_does_nothing_with_cases_is_refused(desk: Desk) -> None:
    for role in (Role.ADMINISTRATOR, Role.LOG_CUSTODIAN, Role.AUTHOR):
        with desk.database.unit_of_work() as uow, refused("staff.useless_role"):
            tokens.create_token(uow, "other", (Grant(role=role),), days=1)
    with desk.database.unit_of_work() as uow:
        with refused("staff.no_role"):
            tokens.create_token(uow, "other", (), days=1)
        with refused("staff.unknown_department"):
            tokens.create_token(uow, "other", (Grant(role=Role.CHECKER, department_id=10**6),), days=1)


def test_nobody_signs_in_to_a_partners_account_nor_is_it_given_work(desk: Desk) -> None:
    made(desk, Grant(role=Role.RESPONDER, department_id=desk.works))
    with desk.database.unit_of_work() as uow:
        account = uow.session.scalars(select(StaffAccount).where(StaffAccount.username == "api:traffy")).one()
        with refused("staff.machine"):
            accounts.enable_account(uow, account.id, actor="nai")
        with refused("staff.disabled"):
            accounts.issue_link(uow, account.id, actor="nai")
        assert account.username not in [row.account.username for row in queries.all_accounts(uow)]
        assert account.id not in assigning.load_of(uow, desk.works)
