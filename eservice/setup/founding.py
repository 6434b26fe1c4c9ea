"""Making the office that a plan describes, all or nothing; and telling demo data from an office's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import ChannelName, Contact
from eservice.office import service as offices
from eservice.office.models import Office
from eservice.setup.plan import OfficePlan, faults_in, refused
from eservice.setup.steps import STEPS, Step
from eservice.staff import accounts
from eservice.staff.accounts import Profile
from eservice.staff.models import ApiToken, Department, StaffAccount
from eservice.staff.permissions import OFFICE_ROLES, Grant


class Contents(StrEnum):
    """What a database holds."""

    NOTHING = "nothing"
    DEMO = "demo"  # the demo office and what was tried out in it
    DEMO_IN_USE = (
        "demo_in_use"  # the demo office, and real people: accounts of staff, residents on a platform
    )
    OFFICE = "office"  # an office of its own


@dataclass(frozen=True, kw_only=True)
class FirstLink:
    """The way in for one of the first people: shown once, never stored."""

    username: str
    name: str
    path: str


def contents(reader: ReadOnly) -> Contents:
    """What there is. A visitor of the web chat is somebody who tries the demo out; LINE and Telegram are people."""
    office = reader.session.get(Office, offices.THE_ONE)
    anybody = reader.session.scalar(select(StaffAccount.id).limit(1)) is not None
    if office is None:
        return Contents.OFFICE if anybody else Contents.NOTHING
    if not office.is_demo:
        return Contents.OFFICE
    machines = select(ApiToken.account_id)
    own_staff = select(StaffAccount.id).where(
        StaffAccount.is_demo.is_(False), StaffAccount.id.not_in(machines)
    )
    residents = select(Contact.id).where(Contact.channel != ChannelName.WEB)
    real = any(reader.session.scalar(look.limit(1)) is not None for look in (own_staff, residents))
    return Contents.DEMO_IN_USE if real else Contents.DEMO


def found(uow: UnitOfWork, plan: OfficePlan, *, seal_key: str | None, actor: str) -> list[FirstLink]:
    """Makes the office, its departments and its first people; the links by which they come in.

    Raises ServiceError `setup.bad_plan`, `office.exists`.
    """
    if faults := faults_in(plan):
        raise refused(faults)
    offices.create_office(uow, plan.facts, actor=actor)
    if seal_key is not None:
        offices.set_seal(uow, seal_key, actor=actor)
    for step in STEPS:
        if step is not Step.STARTER:  # which answers to take over is chosen in the console
            offices.note_step(uow, step.value, actor=actor)
    return _add_people(uow, plan, _add_departments(uow, plan, actor), actor)


def _add_departments(uow: UnitOfWork, plan: OfficePlan, actor: str) -> Mapping[str, int]:
    rows = [
        Department(name=name.strip(), position=place) for place, name in enumerate(plan.departments, start=1)
    ]
    uow.session.add_all(rows)
    uow.session.flush()  # people and audit name them by id
    for row in rows:
        audit.record(
            uow, actor=actor, action="department.created", subject_kind="department", subject_id=row.id,
            after={"name": row.name},
        )  # fmt: skip
    return {row.name: row.id for row in rows}


def _add_people(
    uow: UnitOfWork, plan: OfficePlan, departments: Mapping[str, int], actor: str
) -> list[FirstLink]:
    links = []
    for person in plan.people:
        department_id = departments.get(person.department)
        grants = [
            Grant(role=role, department_id=None if role in OFFICE_ROLES else department_id)
            for role in person.roles
        ]
        profile = Profile(
            display_name=person.name,
            grants=grants,
            department_id=department_id,
            position=person.position,
        )
        made = accounts.create_account(uow, person.username, profile, actor=actor)
        path = accounts.link_path(made.token)
        links.append(FirstLink(username=made.account.username, name=person.name, path=path))
    return links
