"""The two dates of a complaint as they stand on its row, through lunch, holidays, waits and changes of mind."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from eservice.complaints import categories, deadlines, filing, queries, residents, service
from eservice.complaints.categories import category_of, save_category
from eservice.complaints.clocks import Answering, read_answer_clock
from eservice.complaints.filing import Filed
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit.clock import FixedClock
from eservice.kit.thai_calendar import BANGKOK
from eservice.office.models import Office
from eservice.staff.models import Role
from eservice.staff.queries import principal_of
from knowledge.classify import Urgency
from tests.complaints.desk import LIGHT, Desk, refused
from tests.complaints.test_service import agree, hand_on, in_progress, move, propose
from tests.inquiries.desk import add_staff

S = ComplaintState


def thai(*moment: int) -> datetime:
    year, month, day, hour, *minute = moment
    return datetime(year, month, day, hour, *minute, tzinfo=BANGKOK)


def set_clock(clock: FixedClock, instant: datetime) -> None:
    clock.advance(seconds=(instant - clock.now()).total_seconds())


def due(desk: Desk, filed: Filed) -> datetime:
    """The target by the Thai clock; staff, residents and partners are shown the same one."""
    complaint = desk.now(filed)
    with desk.database.read() as reader:
        status = queries.public_status(reader, filed.number)
        assert (status.due_at, status.answer_due_at) == (complaint.due_at, complaint.answer_due_at)
    assert complaint.due_at is not None
    return complaint.due_at.astimezone(BANGKOK)


def of_days(desk: Desk, days: int) -> Filed:
    """A complaint of a category with a target of 1, 3 or 5 working days."""
    names = {1: "ความปลอดภัย", 3: "น้ำประปา", 5: "ไฟฟ้าแสงสว่าง"}
    return desk.file(replace(LIGHT, category=names[days]))


@pytest.mark.parametrize(
    ("filed_at", "days", "expected"),
    [
        (thai(2026, 11, 16, 12, 30), 1, thai(2026, 11, 17, 12)),  # in the lunch break
        (thai(2026, 11, 16, 11), 1, thai(2026, 11, 17, 11)),  # through it
        (thai(2026, 11, 14, 22), 1, thai(2026, 11, 16, 16, 30)),  # on a Saturday night
        (thai(2026, 11, 20, 14), 3, thai(2026, 11, 25, 14)),  # over a weekend
        (thai(2026, 12, 4, 10), 3, thai(2026, 12, 11, 10)),  # 7 and 10 December are public holidays
        (thai(2026, 12, 30, 15), 3, thai(2027, 1, 6, 15)),  # over the end of the year
        (thai(2026, 9, 29, 9), 5, thai(2026, 10, 6, 9)),  # over the end of the fiscal year
        (thai(2026, 10, 12, 9), 1, thai(2026, 10, 14, 9)),  # 13 October is a public holiday
    ],
)
def test_the_target_counts_working_time_only(
    desk: Desk, clock: FixedClock, filed_at: datetime, days: int, expected: datetime
) -> None:
    set_clock(clock, filed_at)
    assert due(desk, of_days(desk, days)) == expected


def test_a_wait_moves_the_target_by_its_working_time_and_a_question_does_not(
    desk: Desk, clock: FixedClock
) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = in_progress(desk)
    assert due(desk, filed) == thai(2026, 11, 23, 9)
    set_clock(clock, thai(2026, 11, 17, 9))
    move(desk, filed, S.NEEDS_INFORMATION, note="เสาต้นไหนคะ")
    set_clock(clock, thai(2026, 11, 18, 9))
    with desk.database.unit_of_work() as uow:
        residents.say(uow, filed.number, desk.owner, "หน้าวัด")
    move(desk, filed, S.IN_PROGRESS)
    assert due(desk, filed) == thai(2026, 11, 23, 9)
    move(desk, filed, S.WAITING, waiting_reason=WaitingReason.PROCUREMENT, reason="รอซื้อหลอด")
    assert due(desk, filed) == thai(2026, 11, 23, 9)
    set_clock(clock, thai(2026, 11, 20, 10))  # two days and an hour later
    move(desk, filed, S.IN_PROGRESS)
    assert due(desk, filed) == thai(2026, 11, 25, 10)


def test_a_reopened_complaint_has_its_whole_time_again(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = in_progress(desk)
    move(desk, filed, S.WAITING, waiting_reason=WaitingReason.BUDGET, reason="รองบ")
    set_clock(clock, thai(2026, 11, 19, 9))
    move(desk, filed, S.IN_PROGRESS)
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    kept = due(desk, filed)
    set_clock(clock, thai(2026, 11, 24, 9))
    assert due(desk, filed) == kept
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับ")
    assert due(desk, filed) == thai(2026, 12, 1, 9)


def test_another_category_brings_its_own_target_from_the_day_of_filing(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = in_progress(desk)
    set_clock(clock, thai(2026, 11, 17, 9))
    with desk.database.unit_of_work() as uow:
        service.recategorise(
            uow,
            filed.complaint_id,
            "น้ำประปา",
            Urgency.URGENT,
            by=desk.somsri,
            seen_version=desk.version(filed),
        )
    assert due(desk, filed) == thai(2026, 11, 19, 9)
    complaint = desk.now(filed)
    assert (complaint.urgency, complaint.is_corrected, complaint.state) == (
        Urgency.URGENT,
        True,
        S.IN_PROGRESS,
    )
    for category, code in (("ไม่มีหมวดนี้", "no_category"), ("", "no_category")):
        with desk.database.unit_of_work() as uow, refused(f"complaints.{code}"):
            service.recategorise(
                uow,
                filed.complaint_id,
                category,
                Urgency.LOW,
                by=desk.somsri,
                seen_version=desk.version(filed),
            )
    move(desk, filed, S.REJECTED, reason="นอกเขต")
    with desk.database.unit_of_work() as uow, refused("complaints.ended"):
        service.recategorise(
            uow, filed.complaint_id, "น้ำประปา", Urgency.LOW, by=desk.somsri, seen_version=desk.version(filed)
        )


def test_what_is_filed_keeps_its_promise_when_the_office_changes_the_category(
    desk: Desk, clock: FixedClock
) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = in_progress(desk)
    with desk.database.unit_of_work() as uow:
        boss = principal_of(uow, add_staff(uow, "boss", Role.ADMINISTRATOR))
        save_category(uow, replace(category_of(uow, LIGHT.category), working_days=1), by=boss)
    assert due(desk, filed) == thai(2026, 11, 23, 9)
    move(desk, filed, S.WAITING, waiting_reason=WaitingReason.BUDGET, reason="รองบ")
    set_clock(clock, thai(2026, 11, 17, 9))
    move(desk, filed, S.IN_PROGRESS)
    assert due(desk, filed) == thai(2026, 11, 24, 9)
    assert due(desk, desk.file()) == thai(2026, 11, 18, 9)
    with desk.database.read() as reader:
        clock_now = deadlines.work_clock(reader, desk.now(filed), deadlines.hours_of(reader))
    assert clock_now.due == due(desk, filed)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ((time(17), time(8), None, None), thai(2026, 11, 17, 9)),
        ((time(8, 30), time(8, 30), time(12), time(13)), thai(2026, 11, 17, 9)),
        ((time(8, 30), time(16, 30), time(20), time(21)), thai(2026, 11, 17, 9)),
        ((time(8, 30), time(16, 30), time(8), time(17)), thai(2026, 11, 17, 9)),
        ((time(9), time(12), time(13), time(12)), thai(2026, 11, 16, 12)),
        ((time(9), time(12), time(10), None), thai(2026, 11, 16, 12)),
    ],
)
def test_hours_that_cannot_be_refuse_nobodys_complaint(
    desk: Desk,
    clock: FixedClock,
    hours: tuple[time, time, time | None, time | None],
    expected: datetime,
) -> None:
    opens, closes, lunch, lunch_ends = hours
    with desk.database.unit_of_work() as uow:
        uow.session.add(
            Office(
                name="อบต.", address="", opens_at=opens, closes_at=closes, lunch_starts_at=lunch,
                lunch_ends_at=lunch_ends, holidays=[], widget_origins=[], updated_at=uow.now,
            )
        )  # fmt: skip
    set_clock(clock, thai(2026, 11, 16, 9))
    assert due(desk, of_days(desk, 1)) == expected


def test_the_duty_to_answer_is_day_15_alerted_on_day_12_and_never_stops(
    desk: Desk, clock: FixedClock
) -> None:
    set_clock(clock, thai(2026, 11, 16, 23, 59))
    filed = desk.file()
    hand_on(desk, filed, desk.works, desk.palad)
    assert desk.now(filed).answer_due_at == thai(2026, 12, 2, 0)  # the end of 1 December
    move(desk, filed, S.WAITING, waiting_reason=WaitingReason.BUDGET, reason="รองบ")
    complaint = desk.now(filed)
    assert complaint.answered_at is not None  # why it waits is an answer; as if nobody had been told:
    complaint.answered_at = None
    with desk.database.read() as reader:
        duty = deadlines.answer_duty(reader, complaint)
    for instant, state in (
        (thai(2026, 11, 27, 23, 59), Answering.WAITING),
        (thai(2026, 11, 28, 0), Answering.ALERTING),
        (thai(2026, 12, 1, 23, 59), Answering.ALERTING),
        (thai(2026, 12, 2, 0), Answering.OVERDUE),
    ):
        assert read_answer_clock(duty, instant).state is state
    assert deadlines.last_day(thai(2026, 12, 2, 0)) == date(2026, 12, 1)


def test_more_time_to_answer_is_reasoned_later_and_within_bounds(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = desk.file()

    def extend(until: date, reason: str = "รอผลตรวจ") -> None:
        with desk.database.unit_of_work() as uow:
            service.extend_answer(
                uow, filed.complaint_id, until, reason, by=desk.palad, seen_version=desk.version(filed)
            )

    for until in (date(2026, 12, 1), date(2026, 11, 20), date(2027, 2, 15)):
        with refused("complaints.bad_extension"):
            extend(until)
    with refused("complaints.needs_reason"):
        extend(date(2026, 12, 10), "  ")
    extend(date(2026, 12, 10))
    assert desk.now(filed).answer_due_at == thai(2026, 12, 11, 0)
    assert due(desk, filed) == thai(2026, 11, 23, 9)  # the other clock is another matter
    with desk.database.read() as reader:
        said = [e for e in queries.timeline(reader, filed.number, desk.owner).entries if hasattr(e, "kind")]
    assert [each.text for each in said] == ["รอผลตรวจ"]
    assert desk.now(filed).answered_at is None  # more time is no answer
    set_clock(clock, thai(2026, 12, 20, 9))  # after it was missed: a new day, still to come
    with refused("complaints.bad_extension"):
        extend(date(2026, 12, 19))
    extend(date(2026, 12, 20))
    with desk.database.unit_of_work() as uow:
        service.say(uow, filed.complaint_id, "ซ่อมพรุ่งนี้", by=desk.palad, to_resident=True)
    with refused("complaints.answered"):
        extend(date(2026, 12, 30))


def test_whose_turn_it_is_goes_by_danger_and_then_by_time(desk: Desk, clock: FixedClock) -> None:
    first, second = desk.file(), desk.file()
    clock.advance(minutes=1)
    urgent = desk.file(replace(LIGHT, urgency=Urgency.URGENT))
    water = desk.file(replace(LIGHT, category="น้ำประปา"))
    for filed in (first, second, urgent, water):
        hand_on(desk, filed, desk.works, desk.palad)
    move(desk, water, S.IN_PROGRESS)  # another queue
    for early in (second, first):
        with refused("complaints.jumps_queue"):
            move(desk, early, S.IN_PROGRESS, reason="  ")
    move(desk, urgent, S.IN_PROGRESS)
    with refused("complaints.jumps_queue"):
        move(desk, second, S.IN_PROGRESS)
    move(desk, second, S.IN_PROGRESS, reason="อยู่ทางผ่าน")
    move(desk, first, S.IN_PROGRESS)
    with desk.database.read() as reader:
        assert queries.history(reader, second.complaint_id)[-1].reason == "อยู่ทางผ่าน"


def test_a_withdrawn_complaint_has_stopped_its_clock(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = desk.file()
    clock.advance(hours=2)
    with desk.database.unit_of_work() as uow:
        residents.withdraw(uow, filed.number, desk.owner)
    clock.advance(days=30)
    with desk.database.read() as reader:
        read = deadlines.work_clock(reader, desk.now(filed), deadlines.hours_of(reader))
    assert (read.elapsed_minutes, read.overdue_days) == (120, None)


def test_an_office_sets_its_categories_within_reason(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        boss = principal_of(uow, add_staff(uow, "boss", Role.ADMINISTRATOR))
        other = category_of(uow, "อื่นๆ")
        with refused("staff.forbidden"):
            save_category(uow, other, by=desk.palad)
        for days in (0, -1, categories.MAX_WORKING_DAYS + 1):
            with refused("complaints.bad_target"):
                save_category(uow, replace(other, working_days=days), by=boss)
        for name in ("", "   ", "ก" * 101):
            with refused("complaints.no_category"):
                save_category(uow, replace(other, name=name), by=boss)
        with refused("complaints.unknown_department"):
            save_category(uow, replace(other, department_id=999_999), by=boss)
        save_category(uow, replace(other, is_offered=False), by=boss)
        save_category(uow, replace(other, name="เรือข้ามฟาก", working_days=2, is_offered=False), by=boss)
    with desk.database.read() as reader:
        known = categories.read_categories(reader)
        assert known["อื่นๆ"].is_offered  # there is always somewhere to put a thing
        assert (known["เรือข้ามฟาก"].working_days, known["เรือข้ามฟาก"].is_offered) == (2, False)
        assert category_of(reader, "หมวดที่ไม่มีใครตั้ง") == known["อื่นๆ"]
        assert list(known)[-1] == "เรือข้ามฟาก"
    with desk.database.unit_of_work() as uow, refused("complaints.no_category"):
        filing.file_complaint(uow, replace(LIGHT, category="ก" * 101), idempotency_key="x")


def test_dates_are_instants_in_utc(desk: Desk) -> None:
    complaint = desk.now(desk.file())
    assert complaint.due_at is not None and complaint.due_at.tzinfo is UTC
