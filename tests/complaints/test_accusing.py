"""Departments that are accused only later, and who has a complaint that nobody had."""

from dataclasses import replace

from eservice.complaints import accusing, queries, service
from eservice.complaints.filing import Filed
from eservice.complaints.states import ComplaintState
from eservice.kit import audit
from eservice.staff.models import Role, RoleGrant
from eservice.staff.permissions import Principal
from tests.complaints.desk import Desk, refused


def hand_on(
    desk: Desk, filed: Filed, department_id: int, assignee_id: int | None = None, reason: str = ""
) -> None:
    with desk.database.unit_of_work() as uow:
        service.hand_on(
            uow,
            filed.complaint_id,
            department_id,
            by=desk.palad,
            seen_version=desk.version(filed),
            assignee_id=assignee_id,
            reason=reason,
        )


def begin(desk: Desk, filed: Filed, by: Principal) -> None:
    with desk.database.unit_of_work() as uow:
        service.change_state(
            uow,
            filed.complaint_id,
            ComplaintState.IN_PROGRESS,
            by=by,
            seen_version=desk.version(filed),
            reason="ด่วน",
        )


def test_whoever_begins_what_nobody_has_has_it(desk: Desk) -> None:
    filed = desk.file()
    hand_on(desk, filed, desk.works)
    begin(desk, filed, desk.somchai)
    assert desk.now(filed).assignee_id == desk.somchai.account_id
    given = desk.file()
    hand_on(desk, given, desk.works, assignee_id=desk.somsri.account_id)
    begin(desk, given, desk.palad)
    assert desk.now(given).assignee_id == desk.somsri.account_id


def accuse(desk: Desk, filed: Filed, by: Principal, *departments: int) -> None:
    with desk.database.unit_of_work() as uow:
        accusing.accuse(uow, filed.complaint_id, departments, by=by, seen_version=desk.version(filed))


def test_a_department_that_is_accused_later_loses_sight_at_once(desk: Desk) -> None:
    filed = desk.file()
    hand_on(desk, filed, desk.finance, assignee_id=desk.malee.account_id)
    with refused("complaints.names_nobody"):
        accuse(desk, filed, desk.malee)
    with refused("complaints.unknown_department"):
        accuse(desk, filed, desk.malee, 999_999)
    with refused("complaints.accused_has_it"):
        accuse(desk, filed, desk.malee, desk.finance)
    hand_on(desk, filed, desk.works, reason="ร้องเรียนกองคลัง")
    with refused("complaints.not_found"):
        accuse(desk, filed, desk.malee, desk.works)
    accuse(desk, filed, desk.somsri, desk.finance)
    with refused("complaints.accused"):
        hand_on(desk, filed, desk.finance, reason="ส่งกลับ")
    with desk.database.read() as reader:
        both = replace(desk.malee, grants=(*desk.malee.grants, *desk.palad.grants))
        for unseen_by in (desk.malee, both):
            with refused("complaints.not_found"):
                queries.find(reader, filed.complaint_id, unseen_by)
        assert queries.find(reader, filed.complaint_id, desk.palad).department_id == desk.works
        noted = audit.history(
            reader,
            subject_kind="complaint",
            subject_id=filed.complaint_id,
            actions=("complaint.accused",),
            limit=5,
        )
        assert [(each.actor, each.after) for each in noted] == [("somsri", {"departments": [desk.finance]})]


def test_whoever_has_it_has_it_no_more_once_their_own_department_is_accused(desk: Desk) -> None:
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        uow.session.add(
            RoleGrant(account_id=desk.malee.account_id, role=Role.RESPONDER, department_id=desk.works)
        )
    hand_on(desk, filed, desk.works, assignee_id=desk.malee.account_id)
    accuse(desk, filed, desk.somsri, desk.finance)
    assert desk.now(filed).assignee_id is None
