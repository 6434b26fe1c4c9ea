"""Marks for the work, and what the office makes of a low one."""

from datetime import date

import pytest
from sqlalchemy import select

from eservice.complaints import ratings, residents
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.complaints.models import ImprovementTask, Rating
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.staff.models import Position, Role, StaffAccount
from tests.complaints.desk import Desk, refused
from tests.complaints.test_residents import resolved
from tests.complaints.test_service import agree, hand_on, move, propose
from tests.inquiries.desk import add_staff


def confirmed(desk: Desk) -> Filed:
    filed = resolved(desk)
    with desk.database.unit_of_work() as uow:
        residents.confirm(uow, filed.number, desk.owner)
    return filed


def rate(desk: Desk, filed: Filed, stars: int, words: str = "", by: Resident | None = None) -> None:
    with desk.database.unit_of_work() as uow:
        ratings.rate(uow, filed.number, by or desk.owner, stars, words)


def marks(desk: Desk) -> list[tuple[int, str]]:
    with desk.database.read() as reader:
        return [(row.stars, row.words) for row in reader.session.scalars(select(Rating).order_by(Rating.id))]


def the_tasks(desk: Desk) -> list[ImprovementTask]:
    with desk.database.read() as reader:
        return list(reader.session.scalars(select(ImprovementTask).order_by(ImprovementTask.id)))


def test_a_mark_is_from_one_to_five_by_its_resident_and_for_finished_work(desk: Desk) -> None:
    filed = resolved(desk)
    with refused("complaints.not_allowed"):
        rate(desk, filed, 5)
    with desk.database.unit_of_work() as uow:
        residents.confirm(uow, filed.number, desk.owner)
    for stars in (0, 6, -1):
        with refused("complaints.bad_rating"):
            rate(desk, filed, stars)
    with refused("complaints.not_found"):
        rate(desk, filed, 5, by=Resident(contact_id=desk.dam))
    with refused("complaints.text_too_long"):
        rate(desk, filed, 5, "ก" * 4_001)
    rate(desk, filed, 4, "ช้าหน่อย")
    rate(desk, filed, 5, by=Resident(key=filed.key))
    assert marks(desk) == [(5, "ช้าหน่อย")]
    assert the_tasks(desk) == []


def test_each_time_the_work_is_called_done_has_its_own_mark(desk: Desk, clock: FixedClock) -> None:
    filed = confirmed(desk)
    rate(desk, filed, 1, "ยังดับ")
    clock.advance(days=1)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับ")
    with refused("complaints.not_allowed"):
        rate(desk, filed, 5)
    move(desk, filed, ComplaintState.IN_PROGRESS)
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    with desk.database.unit_of_work() as uow:
        residents.confirm(uow, filed.number, desk.owner)
    rate(desk, filed, 5)
    assert marks(desk) == [(1, "ยังดับ"), (5, "")]
    with desk.database.read() as reader:
        rating = ratings.rating_of(reader, desk.now(filed))
    assert rating is not None and rating.stars == 5


@pytest.mark.parametrize(("has_head", "owner"), [(True, "head"), (False, "somchai")])
def test_a_low_mark_opens_one_task_for_the_head_or_whoever_was_in_charge(
    desk: Desk, has_head: bool, owner: str
) -> None:
    with desk.database.unit_of_work() as uow:
        works = uow.session.get_one(StaffAccount, desk.somsri.account_id).department_id
        former = add_staff(uow, "former", Role.RESPONDER)
        former.department_id, former.position, former.disabled_at = works, Position.HEAD, uow.now
        if has_head:
            head = add_staff(uow, "head", Role.RESPONDER)
            head.department_id, head.position = works, Position.HEAD
    filed = resolved(desk)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับ")
    hand_on(desk, filed, desk.works, desk.somsri, assignee_id=desk.somchai.account_id)
    move(desk, filed, ComplaintState.IN_PROGRESS)
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    with desk.database.unit_of_work() as uow:
        residents.confirm(uow, filed.number, desk.owner)
    rate(desk, filed, 2)
    rate(desk, filed, 1, "แย่มาก")
    (task,) = the_tasks(desk)
    with desk.database.read() as reader:
        assert task.owner_id is not None
        assert reader.session.get_one(StaffAccount, task.owner_id).username == owner
    assert task.due_day == date(2026, 12, 4)  # two weeks


def test_nobody_who_has_left_the_office_is_given_a_task(desk: Desk) -> None:
    filed = resolved(desk)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับ")
    hand_on(desk, filed, desk.works, desk.somsri, assignee_id=desk.somchai.account_id)
    move(desk, filed, ComplaintState.IN_PROGRESS)
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    with desk.database.unit_of_work() as uow:
        residents.confirm(uow, filed.number, desk.owner)
        uow.session.get_one(StaffAccount, desk.somchai.account_id).disabled_at = uow.now
    rate(desk, filed, 1)
    assert [task.owner_id for task in the_tasks(desk)] == [None]


def test_a_task_is_finished_once_with_words_by_those_who_may(desk: Desk) -> None:
    rate(desk, confirmed(desk), 1)
    (task,) = the_tasks(desk)
    for by, outcome, code in (
        (desk.malee, "ก", "complaints.not_found"),
        (desk.checker, "ก", "staff.forbidden"),
        (desk.somsri, "  ", "complaints.no_text"),
    ):
        with desk.database.unit_of_work() as uow, refused(code):
            ratings.finish_task(uow, task.id, outcome, by=by)
    with desk.database.unit_of_work() as uow, refused("complaints.not_found"):
        ratings.finish_task(uow, 999_999, "ก", by=desk.palad)
    with desk.database.unit_of_work() as uow:
        ratings.finish_task(uow, task.id, "เปลี่ยนยี่ห้อหลอด", by=desk.somsri)
    with desk.database.unit_of_work() as uow, refused("complaints.task_finished"):
        ratings.finish_task(uow, task.id, "อย่างอื่น", by=desk.palad)
    with desk.database.read() as reader:
        assert ratings.tasks(reader, desk.somsri) == []
        assert [done.outcome for done in ratings.tasks(reader, desk.palad, is_done=True)] == ["เปลี่ยนยี่ห้อหลอด"]
        assert ratings.tasks(reader, desk.malee, is_done=True) == []
