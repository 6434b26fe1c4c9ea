"""Who may do what: the one place that says so.

A role gives permissions (`GRANTS`). A role held in a department gives them for the things of that department;
a role held without one gives them for the whole office. `REACH` says what the department means for each
permission.
"""

from dataclasses import dataclass
from enum import StrEnum

from eservice.kit.errors import ErrorKind, ServiceError
from eservice.staff.models import Position, Role


class Permission(StrEnum):
    """One thing that a person may do in the console."""

    FAQ_READ = "faq.read"
    FAQ_WRITE = "faq.write"
    FAQ_PUBLISH = "faq.publish"  # also retires
    FAQ_WORDS = "faq.words"  # the office's own words, by which all answers are found
    INQUIRY_READ = "inquiry.read"
    INQUIRY_ANSWER = "inquiry.answer"
    INQUIRY_HAND_ON = "inquiry.hand_on"
    CASE_READ = "case.read"
    CASE_FILE = "case.file"  # for a resident at the counter, on the phone, by letter
    CASE_WORK = "case.work"
    CASE_HAND_ON = "case.hand_on"
    CASE_CHECK = "case.check"  # as second officer
    BENCH_USE = "bench.use"
    CHANNEL_READ = "channel.read"
    EVENT_RETRY = "event.retry"
    STAFF_MANAGE = "staff.manage"
    OFFICE_MANAGE = "office.manage"
    AUDIT_READ = "audit.read"
    TRAFFIC_READ = (
        "traffic.read"  # who reached the service from where: for whoever keeps the logs, nobody else
    )
    TRAFFIC_APPROVE = (
        "traffic.approve"  # as second person: whether the traffic log is opened, not what is in it
    )
    PRIVACY_HANDLE = "privacy.handle"  # requests about personal data, keeping times, breaches


class Reach(StrEnum):
    """What the department of a role means for a permission."""

    OFFICE = "office"  # nothing: the permission holds for the whole office wherever the role is held
    DEPARTMENT = "department"  # a thing of no department belongs to those who hold the role office-wide
    UNASSIGNED_TOO = "unassigned_too"  # a thing that no department has yet belongs to all who hold the role


REACH: dict[Permission, Reach] = {
    Permission.FAQ_READ: Reach.OFFICE,
    Permission.FAQ_WRITE: Reach.DEPARTMENT,
    Permission.FAQ_PUBLISH: Reach.DEPARTMENT,
    Permission.FAQ_WORDS: Reach.DEPARTMENT,  # words belong to no department
    Permission.INQUIRY_READ: Reach.UNASSIGNED_TOO,
    Permission.INQUIRY_ANSWER: Reach.UNASSIGNED_TOO,
    Permission.INQUIRY_HAND_ON: Reach.UNASSIGNED_TOO,
    Permission.CASE_READ: Reach.UNASSIGNED_TOO,
    Permission.CASE_FILE: Reach.OFFICE,  # whoever sits at the counter, for whichever department
    Permission.CASE_WORK: Reach.UNASSIGNED_TOO,
    Permission.CASE_HAND_ON: Reach.UNASSIGNED_TOO,
    Permission.CASE_CHECK: Reach.DEPARTMENT,
    Permission.BENCH_USE: Reach.OFFICE,
    Permission.CHANNEL_READ: Reach.OFFICE,
    Permission.EVENT_RETRY: Reach.OFFICE,
    Permission.STAFF_MANAGE: Reach.OFFICE,
    Permission.OFFICE_MANAGE: Reach.OFFICE,
    Permission.AUDIT_READ: Reach.OFFICE,
    Permission.TRAFFIC_READ: Reach.OFFICE,
    Permission.TRAFFIC_APPROVE: Reach.OFFICE,
    Permission.PRIVACY_HANDLE: Reach.OFFICE,
}

_KNOWLEDGE = frozenset({Permission.FAQ_READ, Permission.BENCH_USE})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AUTHOR: _KNOWLEDGE | {Permission.FAQ_WRITE},
    Role.APPROVER: _KNOWLEDGE | {Permission.FAQ_WRITE},
    Role.PUBLISHER: _KNOWLEDGE | {Permission.FAQ_WRITE, Permission.FAQ_PUBLISH, Permission.FAQ_WORDS},
    Role.CHECKER: _KNOWLEDGE | {Permission.INQUIRY_READ, Permission.CASE_READ, Permission.CASE_CHECK},
    Role.RESPONDER: _KNOWLEDGE
    | {
        Permission.INQUIRY_READ,
        Permission.INQUIRY_ANSWER,
        Permission.INQUIRY_HAND_ON,
        Permission.CASE_READ,
        Permission.CASE_FILE,
        Permission.CASE_WORK,
        Permission.CASE_HAND_ON,
        Permission.CASE_CHECK,
    },
    Role.ADMINISTRATOR: _KNOWLEDGE
    | {
        Permission.FAQ_WORDS,
        Permission.CHANNEL_READ,
        Permission.EVENT_RETRY,
        Permission.STAFF_MANAGE,
        Permission.OFFICE_MANAGE,
        Permission.AUDIT_READ,
        Permission.TRAFFIC_APPROVE,
        Permission.PRIVACY_HANDLE,
    },
    Role.LOG_CUSTODIAN: frozenset({Permission.AUDIT_READ, Permission.TRAFFIC_READ}),
}

OFFICE_ROLES = frozenset({Role.ADMINISTRATOR, Role.LOG_CUSTODIAN})
"""Roles that are about the whole office. Held in a department they give nothing."""


@dataclass(frozen=True, kw_only=True, order=True)
class Grant:
    """One role of a person; without a department it holds for the whole office."""

    role: Role
    department_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A person who is signed in, with what they are entitled to."""

    account_id: int
    username: str
    display_name: str
    department_id: int | None = None
    department_name: str = ""
    position: Position | None = None
    grants: frozenset[Grant] = frozenset()


class _Anywhere:
    """Stands for "in any department at all"."""


ANYWHERE = _Anywhere()


def may(
    principal: Principal, permission: Permission, department_id: int | _Anywhere | None = ANYWHERE
) -> bool:
    """Whether the person may do this to a thing of the department.

    `None` is a thing that has no department. Left out, the question is whether they may do it anywhere at
    all: right for opening a page, not for touching a thing.
    """
    departments = departments_of(principal, permission)
    if departments is None:
        return True
    if isinstance(department_id, _Anywhere):
        return bool(departments)
    if department_id is None:
        return REACH[permission] is Reach.UNASSIGNED_TOO and bool(departments)
    return department_id in departments


def require(
    principal: Principal, permission: Permission, department_id: int | _Anywhere | None = ANYWHERE
) -> None:
    """Raises ServiceError `staff.forbidden` unless `may` says yes; its parameters are the same."""
    if not may(principal, permission, department_id):
        raise ServiceError("staff.forbidden", ErrorKind.FORBIDDEN)


def departments_of(principal: Principal, permission: Permission) -> frozenset[int] | None:
    """The departments in which the person has the permission; `None` is the whole office, empty is nowhere.

    Lists filter by it. With `Reach.UNASSIGNED_TOO`, a non-empty answer also covers what has no department.
    """
    departments: set[int] = set()
    for grant in principal.grants:
        if permission not in GRANTS[grant.role]:
            continue
        if grant.department_id is None:
            return None
        if grant.role in OFFICE_ROLES:
            continue
        if REACH[permission] is Reach.OFFICE:
            return None
        departments.add(grant.department_id)
    return frozenset(departments)
