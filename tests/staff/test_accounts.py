"""Accounts: making, changing, disabling; the last administrator; what the audit keeps."""

import json

import pytest
from sqlalchemy import select

from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.staff import accounts, queries, sessions
from eservice.staff.accounts import NewAccount, Profile
from eservice.staff.models import Department, OneTimeLink, Position, Role, StaffAccount
from eservice.staff.permissions import Grant

ADMINISTRATOR = Grant(role=Role.ADMINISTRATOR)


def profile(*grants: Grant, **facts: object) -> Profile:
    return Profile(**{"display_name": "สมศรี ใจดี", "grants": grants or (ADMINISTRATOR,), **facts})  # type: ignore[arg-type]


def make(database: Database, username: str, *grants: Grant, **facts: object) -> NewAccount:
    with database.unit_of_work() as uow:
        return accounts.create_account(uow, username, profile(*grants, **facts), actor="cli")


def department(database: Database, name: str = "กองคลัง") -> int:
    with database.unit_of_work() as uow:
        made = Department(name=name)
        uow.session.add(made)
        uow.session.flush()
        return made.id


def refusal(database: Database, username: str = "somsri", *grants: Grant, **facts: object) -> str:
    with pytest.raises(ServiceError) as error:
        make(database, username, *grants, **facts)
    return error.value.code


def test_an_account_holds_its_roles_by_department(database: Database) -> None:
    finance, works = department(database), department(database, "กองช่าง")
    grants = {
        Grant(role=Role.AUTHOR, department_id=finance),
        Grant(role=Role.AUTHOR, department_id=works),
        Grant(role=Role.RESPONDER),
    }
    made = make(database, " Somsri ", *grants, department_id=finance, position=Position.HEAD)
    with database.read() as reader:
        somsri = queries.principal_of(reader, queries.account_by_id(reader, made.account.id))
    assert (somsri.username, somsri.department_name, somsri.position) == ("somsri", "กองคลัง", Position.HEAD)
    assert somsri.grants == grants


def test_an_office_role_is_held_for_the_whole_office_whatever_the_form_says(database: Database) -> None:
    finance = department(database)
    made = make(database, "somsri", Grant(role=Role.ADMINISTRATOR, department_id=finance))
    with database.read() as reader:
        assert queries.grants_of(reader, made.account.id) == {ADMINISTRATOR}


@pytest.mark.parametrize("username", ["", "ab", "สมศรี", "som sri", "somsri\x00", ".somsri", "a" * 51])
def test_a_username_that_cannot_be_typed_is_refused(database: Database, username: str) -> None:
    assert refusal(database, username) == "staff.bad_username"


def test_an_account_needs_a_name_a_role_and_real_departments(database: Database) -> None:
    assert refusal(database, display_name="  ") == "staff.bad_display_name"
    assert refusal(database, display_name="ก" * 101) == "staff.bad_display_name"
    assert refusal(database, display_name="ก\x00ข") == "staff.bad_display_name"
    assert refusal(database, grants=()) == "staff.no_role"
    assert refusal(database, department_id=77) == "staff.unknown_department"
    assert refusal(database, "x-y-z", Grant(role=Role.AUTHOR, department_id=77)) == "staff.unknown_department"
    make(database, "somsri")
    assert refusal(database, "SOMSRI") == "staff.username_taken"
    assert refusal(database, "cli") == refusal(database, "system") == "staff.username_taken"


def test_the_last_administrator_can_neither_leave_nor_step_down(database: Database) -> None:
    first = make(database, "first").account.id
    make(database, "author", Grant(role=Role.AUTHOR))
    author = profile(Grant(role=Role.AUTHOR))
    for act in (
        lambda uow: accounts.disable_account(uow, first, actor="first"),
        lambda uow: accounts.change_account(uow, first, author, actor="first"),
    ):
        with pytest.raises(ServiceError, match=r"staff\.last_administrator"), database.unit_of_work() as uow:
            act(uow)
    make(database, "second")
    with database.unit_of_work() as uow:
        accounts.change_account(uow, first, author, actor="second")
    with database.read() as reader:
        assert queries.grants_of(reader, first) == {Grant(role=Role.AUTHOR)}


def test_a_disabled_administrator_does_not_count_as_one(database: Database) -> None:
    first, second = make(database, "first").account.id, make(database, "second").account.id
    with database.unit_of_work() as uow:
        accounts.disable_account(uow, first, actor="second")
    with pytest.raises(ServiceError, match=r"staff\.last_administrator"), database.unit_of_work() as uow:
        accounts.disable_account(uow, second, actor="second")


def test_disabling_ends_sessions_and_links_at_once(database: Database) -> None:
    make(database, "boss")
    made = make(database, "somsri")
    with database.unit_of_work() as uow:
        account = queries.account_by_id(uow, made.account.id)
        cookie = sessions.open_session(uow, account, user_agent="")
        accounts.disable_account(uow, account.id, actor="boss")
    with database.read() as reader:
        assert sessions.find(reader, cookie) is None
        with pytest.raises(ServiceError, match=r"staff\.link_dead"):
            sessions.account_of_link(reader, made.token)
    with pytest.raises(ServiceError, match=r"staff\.disabled"), database.unit_of_work() as uow:
        accounts.issue_link(uow, made.account.id, actor="boss")
    with database.unit_of_work() as uow:
        accounts.enable_account(uow, made.account.id, actor="boss")
        assert accounts.issue_link(uow, made.account.id, actor="boss")


def test_every_change_is_audited_without_secrets(database: Database) -> None:
    make(database, "boss")
    made = make(database, "somsri", Grant(role=Role.AUTHOR))
    with database.unit_of_work() as uow:
        changed = profile(Grant(role=Role.AUTHOR), Grant(role=Role.RESPONDER), position=Position.HEAD)
        accounts.change_account(uow, made.account.id, changed, actor="boss")
        link = accounts.issue_link(uow, made.account.id, actor="boss")
        accounts.disable_account(uow, made.account.id, actor="boss")
        accounts.enable_account(uow, made.account.id, actor="boss")
    with database.read() as reader:
        records = list(
            reader.session.scalars(
                select(AuditRecord)
                .where(AuditRecord.subject_kind == "staff", AuditRecord.subject_id == str(made.account.id))
                .order_by(AuditRecord.id)
            )
        )
        assert [(record.actor, record.action) for record in records] == [
            ("cli", "staff.created"),
            ("boss", "staff.changed"),
            ("boss", "staff.link_issued"),
            ("boss", "staff.disabled"),
            ("boss", "staff.enabled"),
        ]
        assert records[1].before == {"position": None, "roles": ["author"]}
        assert records[1].after == {"position": "head", "roles": ["author", "responder"]}
        kept = json.dumps([[record.before, record.after] for record in records])
        assert made.token not in kept and link not in kept
        stored = {row.token_hash for row in reader.session.scalars(select(OneTimeLink))}
        assert stored and not stored & {made.token, link}


def test_the_command_line_makes_an_account_and_gives_its_link(database: Database) -> None:
    finance = department(database)
    path = accounts.create_staff(database, "somsri", [Role.AUTHOR, Role.ADMINISTRATOR], "กองคลัง", "สมศรี ใจดี")
    assert path.startswith("/admin/link/")
    with database.read() as reader:
        account = sessions.account_of_link(reader, path.removeprefix("/admin/link/"))
        assert (account.username, account.display_name) == ("somsri", "สมศรี ใจดี")
        assert account.department_id == finance
        assert queries.grants_of(reader, account.id) == {
            Grant(role=Role.AUTHOR, department_id=finance),
            ADMINISTRATOR,
        }
    assert accounts.create_staff(database, "wichai", [Role.AUTHOR])
    with pytest.raises(ServiceError, match=r"staff\.unknown_department"):
        accounts.create_staff(database, "malee", [Role.AUTHOR], "กองหน้า")
    with database.read() as reader:
        assert reader.session.scalar(select(StaffAccount).where(StaffAccount.username == "malee")) is None
        wichai = reader.session.scalar(select(StaffAccount).where(StaffAccount.username == "wichai"))
        assert wichai is not None and wichai.display_name == "wichai"
