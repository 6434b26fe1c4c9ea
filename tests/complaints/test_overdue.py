"""What time alone does: missed dates climb, each once, and nobody's case waits behind another's."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from eservice.complaints import overdue
from eservice.complaints.categories import Category, save_category
from eservice.complaints.models import Complaint, Escalation, EscalationClock
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.staff.models import Position, Role
from eservice.staff.queries import principal_of
from tests.complaints.desk import LIGHT, Desk
from tests.inquiries.desk import add_staff


def escalate(desk: Desk) -> int:
    with desk.database.unit_of_work() as uow:
        return overdue.escalate(uow)


def told(desk: Desk, clock: EscalationClock) -> list[tuple[int, Position | None, datetime]]:
    with desk.database.read() as reader:
        rows = reader.session.scalars(
            select(Escalation).where(Escalation.clock == clock).order_by(Escalation.id)
        )
        return [(row.complaint_id, row.position, row.due_at) for row in rows]


def test_no_case_waits_behind_others_that_are_overdue_too(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "_BATCH", 2)
    filed = {desk.file().complaint_id for _ in range(5)}
    clock.advance(days=8)  # past the five working days, and not yet three more
    assert [escalate(desk) for _ in range(4)] == [2, 2, 1, 0]
    heads = told(desk, EscalationClock.WORK)
    assert {complaint_id for complaint_id, _position, _due in heads} == filed
    assert {position for _complaint_id, position, _due in heads} == {Position.HEAD}


def test_each_rank_is_told_once_in_turn(desk: Desk, clock: FixedClock) -> None:
    desk.file()
    for _ in range(30):
        clock.advance(days=1)
        escalate(desk)
    positions = [position for _complaint_id, position, _due in told(desk, EscalationClock.WORK)]
    assert positions == [Position.HEAD, Position.CLERK_OF_OFFICE, Position.CHIEF_EXECUTIVE]


def test_the_date_that_the_resident_was_given_counts_whatever_the_category_promises_later(
    desk: Desk, clock: FixedClock
) -> None:
    filed = desk.file()
    given = desk.now(filed).due_at
    assert given is not None
    with desk.database.unit_of_work() as uow:
        administrator = principal_of(uow, add_staff(uow, "boss", Role.ADMINISTRATOR))
        longer = Category(name=LIGHT.category, department_id=desk.works, working_days=60)
        save_category(uow, longer, by=administrator)
    clock.advance(days=8)
    escalate(desk)
    assert told(desk, EscalationClock.WORK) == [(filed.complaint_id, Position.HEAD, given)]
    assert escalate(desk) == 0


def test_the_alert_of_the_duty_to_answer_comes_on_day_12(desk: Desk, clock: FixedClock) -> None:
    filed = desk.file(replace(LIGHT, category="อาคารและก่อสร้าง"))  # a target of 30 working days
    clock.advance(days=11)
    assert escalate(desk) == 0
    clock.advance(days=1)
    assert escalate(desk) == 1
    assert [(c, p) for c, p, _due in told(desk, EscalationClock.ANSWER)] == [(filed.complaint_id, None)]


def test_what_waits_climbs_no_further(desk: Desk, clock: FixedClock) -> None:
    filed = desk.file()
    clock.advance(days=8)
    with desk.database.unit_of_work() as uow:
        uow.session.get_one(Complaint, filed.complaint_id).state = ComplaintState.WAITING
    escalate(desk)
    assert told(desk, EscalationClock.WORK) == []
