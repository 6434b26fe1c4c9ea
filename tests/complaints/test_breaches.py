"""How the office kept its word, as its staff see it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from eservice.complaints import breaches, overdue, service
from eservice.complaints.breaches import Breach, Period
from eservice.complaints.filing import Filed
from eservice.complaints.models import EscalationClock, Source
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit.clock import FixedClock
from tests.complaints.desk import LIGHT, Desk

WORK, ANSWER = EscalationClock.WORK, EscalationClock.ANSWER


@pytest.fixture
def begin(desk: Desk) -> datetime:
    with desk.database.read() as reader:
        return reader.now


def wait(desk: Desk, days: float) -> None:
    with desk.database.read() as reader:
        now = reader.now
    desk.database.clock = FixedClock(now + timedelta(days=days))


def period(begin: datetime, days: float = 200) -> Period:
    return Period(name="test", start=begin, end=begin + timedelta(days=days))


def missed(desk: Desk, within: Period) -> list[tuple[int, EscalationClock, bool]]:
    with desk.database.read() as reader:
        found = breaches.breaches(reader, desk.palad, within)
    return [(b.complaint.id, b.clock, b.ended_at is not None) for b in found]


def work_on(desk: Desk, filed: Filed) -> None:
    with desk.database.unit_of_work() as uow:
        service.hand_on(uow, filed.complaint_id, desk.works, by=desk.palad, seen_version=1)
        service.change_state(
            uow, filed.complaint_id, ComplaintState.IN_PROGRESS, by=desk.somsri, seen_version=2, reason="x"
        )


def finish(desk: Desk, filed: Filed) -> None:
    with desk.database.unit_of_work() as uow:
        version = desk.version(filed)
        service.propose_done(uow, filed.complaint_id, "เสร็จ", by=desk.somsri, seen_version=version)
        service.agree_done(uow, filed.complaint_id, by=desk.somchai, seen_version=version + 1)


def test_both_dates_are_missed_when_nobody_does_anything(desk: Desk, begin: datetime) -> None:
    filed = desk.file()
    assert missed(desk, period(begin)) == []
    wait(desk, 40)
    assert missed(desk, period(begin)) == [
        (filed.complaint_id, WORK, False),
        (filed.complaint_id, ANSWER, False),
    ]
    assert missed(desk, period(begin - timedelta(days=30), 30)) == []


def test_an_answer_in_time_meets_its_date_and_late_work_is_told_with_its_end(
    desk: Desk, begin: datetime
) -> None:
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        service.say(uow, filed.complaint_id, "จะไปดูค่ะ", by=desk.palad, to_resident=True)
    work_on(desk, filed)
    wait(desk, 40)
    finish(desk, filed)
    assert missed(desk, period(begin)) == [(filed.complaint_id, WORK, True)]


def test_waiting_stops_the_work_but_not_the_answer(desk: Desk, begin: datetime) -> None:
    filed = desk.file()
    work_on(desk, filed)
    with desk.database.unit_of_work() as uow:
        service.change_state(
            uow, filed.complaint_id, ComplaintState.WAITING, by=desk.somsri, seen_version=3,
            reason="รองบ", waiting_reason=WaitingReason.BUDGET,
        )  # fmt: skip
    wait(desk, 40)
    assert missed(desk, period(begin)) == []  # saying why it waits was the answer
    silent = desk.file()
    wait(desk, 40)
    assert (silent.complaint_id, ANSWER, False) in missed(desk, period(begin))


def test_an_extension_after_the_day_does_not_mend_the_breach(desk: Desk, begin: datetime) -> None:
    filed = desk.file()
    wait(desk, 17)
    with desk.database.unit_of_work() as uow:
        overdue.escalate(uow)
        service.extend_answer(
            uow, filed.complaint_id, (uow.now + timedelta(days=20)).date(), "รออะไหล่",
            by=desk.palad, seen_version=1,
        )  # fmt: skip
    assert (filed.complaint_id, ANSWER) in [
        (number, clock) for number, clock, _ in missed(desk, period(begin))
    ]


def test_the_sample_is_the_same_each_time_and_small(desk: Desk, begin: datetime) -> None:
    for _ in range(8):
        desk.file()
    wait(desk, 40)

    def sampled() -> list[tuple[int, EscalationClock]]:
        with desk.database.read() as reader:
            found: list[Breach] = breaches.breaches(reader, desk.palad, period(begin))
        assert len(found) == 16
        return [(b.complaint.id, b.clock) for b in found if b.is_sampled]

    assert len(sampled()) == breaches.SAMPLE and sampled() == sampled()


def test_shares_count_what_was_done_in_time(desk: Desk, begin: datetime) -> None:
    early, late, other = desk.file(), desk.file(), desk.file(replace(LIGHT, category="อื่นๆ"))
    for filed in (early, late, other):
        work_on(desk, filed)
    finish(desk, early)
    finish(desk, other)
    wait(desk, 40)
    finish(desk, late)
    with desk.database.read() as reader:
        by_department, by_category = breaches.on_time(reader, desk.palad, period(begin))
    assert [(s.key, s.count, s.on_time) for s in by_department] == [(desk.works, 3, 2)]
    assert [(s.key, s.count, s.on_time) for s in by_category] == [("ไฟฟ้าแสงสว่าง", 2, 1), ("อื่นๆ", 1, 1)]


def test_waiting_times_are_medians_by_channel_and_village(desk: Desk, begin: datetime) -> None:
    filed = [desk.file(replace(LIGHT, village="หมู่ 1")), desk.file(replace(LIGHT, source=Source.WEB))]
    work_on(desk, filed[0])
    wait(desk, 4)
    finish(desk, filed[0])
    with desk.database.read() as reader:
        by_source, by_village = breaches.waiting_times(reader, desk.palad, period(begin))
    found = {w.key: (w.count, w.done_days) for w in by_source}
    assert found == {Source.LINE: (1, pytest.approx(4)), Source.WEB: (1, None)}
    assert {w.key: w.count for w in by_village} == {"หมู่ 1": 1, "": 1}


def test_reports_keep_to_what_one_may_see(desk: Desk, begin: datetime) -> None:
    desk.file(replace(LIGHT, accused=frozenset({desk.works})))
    wait(desk, 40)
    with desk.database.read() as reader:
        assert breaches.breaches(reader, desk.somsri, period(begin)) == []
        assert breaches.waiting_times(reader, desk.somsri, period(begin)) == ([], [])
