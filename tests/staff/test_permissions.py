"""Who may do what: every role with every permission, and what a department means."""

from itertools import product

import pytest

from eservice.kit.errors import ErrorKind, ServiceError
from eservice.staff.models import Role
from eservice.staff.permissions import (
    GRANTS,
    OFFICE_ROLES,
    REACH,
    Grant,
    Permission,
    Principal,
    Reach,
    departments_of,
    may,
    require,
)

FINANCE, WORKS = 2, 3
EXPECTED = {
    Role.AUTHOR: "faq.read faq.write bench.use",
    Role.APPROVER: "faq.read faq.write bench.use",
    Role.PUBLISHER: "faq.read faq.write faq.publish faq.words bench.use",
    Role.CHECKER: "faq.read inquiry.read case.read case.check bench.use",
    Role.RESPONDER: "faq.read inquiry.read inquiry.answer inquiry.hand_on bench.use "
    "case.read case.file case.work case.hand_on case.check",
    Role.ADMINISTRATOR: "faq.read faq.words bench.use channel.read event.retry staff.manage office.manage audit.read "
    "traffic.approve privacy.handle",
    Role.LOG_CUSTODIAN: "audit.read traffic.read",
}
DEPARTMENT_ROLES = sorted(set(Role) - OFFICE_ROLES)


def holding(*grants: Grant) -> Principal:
    return Principal(account_id=1, username="somsri", display_name="สมศรี", grants=frozenset(grants))


def test_every_role_and_every_permission_is_decided() -> None:
    assert GRANTS.keys() == EXPECTED.keys() == set(Role)
    assert REACH.keys() == set(Permission)


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_an_office_wide_role_gives_exactly_its_permissions_everywhere(
    role: Role, permission: Permission
) -> None:
    somsri = holding(Grant(role=role))
    expected = permission.value in EXPECTED[role].split()
    assert may(somsri, permission) is expected
    assert may(somsri, permission, FINANCE) is expected
    assert may(somsri, permission, None) is expected


@pytest.mark.parametrize(("role", "permission"), list(product(DEPARTMENT_ROLES, Permission)))
def test_a_role_in_a_department_holds_there_and_not_next_door(role: Role, permission: Permission) -> None:
    somsri = holding(Grant(role=role, department_id=FINANCE))
    has = permission.value in EXPECTED[role].split()
    reach = REACH[permission]
    assert may(somsri, permission) is has
    assert may(somsri, permission, FINANCE) is has
    assert may(somsri, permission, WORKS) is (has and reach is Reach.OFFICE)
    assert may(somsri, permission, None) is (has and reach is not Reach.DEPARTMENT)


@pytest.mark.parametrize(("role", "permission"), list(product(sorted(OFFICE_ROLES), Permission)))
def test_an_office_role_in_a_department_gives_nothing(role: Role, permission: Permission) -> None:
    assert not may(holding(Grant(role=role, department_id=FINANCE)), permission, FINANCE)


@pytest.mark.parametrize("permission", Permission)
def test_nobody_may_anything_without_a_role(permission: Permission) -> None:
    assert not may(holding(), permission)
    assert not may(holding(), permission, None)


def test_roles_of_several_departments_add_up() -> None:
    somsri = holding(
        Grant(role=Role.AUTHOR, department_id=FINANCE), Grant(role=Role.RESPONDER, department_id=WORKS)
    )
    assert departments_of(somsri, Permission.FAQ_WRITE) == {FINANCE}
    assert departments_of(somsri, Permission.INQUIRY_ANSWER) == {WORKS}
    assert departments_of(somsri, Permission.FAQ_READ) is None
    assert departments_of(somsri, Permission.STAFF_MANAGE) == frozenset()


def test_require_refuses_what_may_denies() -> None:
    author = holding(Grant(role=Role.AUTHOR, department_id=FINANCE))
    require(author, Permission.FAQ_WRITE, FINANCE)
    with pytest.raises(ServiceError) as refusal:
        require(author, Permission.FAQ_WRITE, WORKS)
    assert (refusal.value.code, refusal.value.kind) == ("staff.forbidden", ErrorKind.FORBIDDEN)
