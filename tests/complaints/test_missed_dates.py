"""What time alone does: overdue complaints climb once, silence closes, and nothing happens twice."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from eservice.complaints import overdue, residents, service
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint, ComplaintEvent, Escalation, EscalationClock, Source
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.outbox import OutboxEvent
from knowledge.classify import Urgency
from tests.complaints.desk import LIGHT, Desk, open_desk
from tests.complaints.test_deadlines import set_clock, thai
from tests.complaints.test_residents import resolved
from tests.complaints.test_service import agree, hand_on, in_progress, move, propose

S = ComplaintState
WORK, ANSWER = EscalationClock.WORK, EscalationClock.ANSWER


def keep(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        overdue.keep(uow)


def climbed(desk: Desk, filed: Filed, clock: EscalationClock = WORK) -> list[str | None]:
    """The positions told, in order; None is the alert before the day."""
    with desk.database.read() as reader:
        rows = reader.session.scalars(
            select(Escalation.position)
            .where(Escalation.complaint_id == filed.complaint_id, Escalation.clock == clock)
            .order_by(Escalation.id)
        )
        return [position.value if position is not None else None for position in rows]


def news(desk: Desk, kind: str) -> int:
    with desk.database.read() as reader:
        return reader.session.scalar(select(func.count()).where(OutboxEvent.kind == kind)) or 0


def answered(desk: Desk, **columns: object) -> Filed:
    """A complaint whose resident has heard something: the other clock is content."""
    filed = desk.file(replace(LIGHT, **columns))  # type: ignore[arg-type]
    hand_on(desk, filed, desk.works, desk.palad)
    with desk.database.unit_of_work() as uow:
        service.say(uow, filed.complaint_id, "พรุ่งนี้ไปดู", by=desk.somsri, to_resident=True)
    return filed


def test_each_position_hears_once_of_one_missed_date(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = answered(desk)  # due on Monday the 23rd at 9.00
    for instant, told in (
        (thai(2026, 11, 23, 9), []),
        (thai(2026, 11, 23, 9, 1), ["head"]),
        (thai(2026, 11, 26, 8, 59), ["head"]),
        (thai(2026, 11, 26, 9), ["head", "palad"]),
        (thai(2026, 12, 2, 8, 59), ["head", "palad"]),
        (thai(2026, 12, 2, 9), ["head", "palad", "nayok"]),
        (thai(2027, 3, 2, 9), ["head", "palad", "nayok"]),
    ):
        set_clock(clock, instant)
        keep(desk)
        keep(desk)
        assert climbed(desk, filed) == told
    assert news(desk, overdue.ESCALATED) == 3
    assert climbed(desk, filed, ANSWER) == []


def test_a_long_forgotten_one_comes_before_all_of_them_at_once(desk: Desk, clock: FixedClock) -> None:
    filed = answered(desk)
    clock.advance(days=60)
    keep(desk)
    assert climbed(desk, filed) == ["head", "palad", "nayok"]
    assert news(desk, overdue.ESCALATED) == 1


def test_a_reopened_complaint_climbs_anew(desk: Desk, clock: FixedClock) -> None:
    filed = in_progress(desk)
    with desk.database.unit_of_work() as uow:
        service.say(uow, filed.complaint_id, "กำลังทำ", by=desk.somsri, to_resident=True)
    clock.advance(days=10)
    keep(desk)
    assert climbed(desk, filed)[:1] == ["head"]
    before = len(climbed(desk, filed))
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    clock.advance(days=5)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับ")
    keep(desk)
    assert len(climbed(desk, filed)) == before
    clock.advance(days=12)  # two of them are public holidays
    keep(desk)
    assert climbed(desk, filed)[before:] == ["head"]


def test_while_it_waits_nobody_is_told_and_a_wait_after_the_date_delays_the_next(
    desk: Desk, clock: FixedClock
) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    waits, late = in_progress(desk), in_progress(desk, category="น้ำประปา")
    move(desk, waits, S.WAITING, waiting_reason=WaitingReason.BUDGET, reason="รองบ")
    with desk.database.unit_of_work() as uow:
        service.say(uow, late.complaint_id, "กำลังไป", by=desk.somsri, to_resident=True)
    set_clock(clock, thai(2026, 11, 20, 9))  # late was due on the 19th at 9.00
    keep(desk)
    assert climbed(desk, late) == ["head"]
    move(desk, late, S.WAITING, waiting_reason=WaitingReason.OTHER_AGENCY, reason="รอประปาภูมิภาค")
    set_clock(clock, thai(2026, 12, 15, 9))
    keep(desk)
    assert (climbed(desk, waits), climbed(desk, late)) == ([], ["head"])
    move(desk, late, S.IN_PROGRESS)
    keep(desk)
    assert climbed(desk, late) == ["head"]  # one working day late, however long it waited since
    set_clock(clock, thai(2026, 12, 17, 9))
    keep(desk)
    assert climbed(desk, late) == ["head", "palad"]


def test_the_duty_to_answer_alerts_once_on_day_12_even_while_it_waits(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        service.extend_answer(
            uow, filed.complaint_id, thai(2026, 12, 10, 0).date(), "รอผลตรวจ", by=desk.palad, seen_version=1
        )
    for instant, told in (
        (thai(2026, 12, 6, 23, 59), []),
        (thai(2026, 12, 7, 0), [None]),  # three days before the day
        (thai(2026, 12, 10, 23, 59), [None]),
        (thai(2026, 12, 11, 0), [None, "head"]),
        (thai(2026, 12, 12, 23, 59), [None, "head"]),
        (thai(2026, 12, 13, 0), [None, "head", "palad"]),
        (thai(2026, 12, 17, 0), [None, "head", "palad", "nayok"]),
        (thai(2027, 1, 30, 0), [None, "head", "palad", "nayok"]),
    ):
        set_clock(clock, instant)
        keep(desk)
        keep(desk)
        assert climbed(desk, filed, ANSWER) == told
    other = desk.file()
    clock.advance(days=12)
    with desk.database.unit_of_work() as uow:
        service.say(uow, other.complaint_id, "รับแล้ว", by=desk.palad, to_resident=True)
    keep(desk)
    assert climbed(desk, other, ANSWER) == []


def test_silence_closes_after_seven_days_and_a_word_of_the_resident_is_no_silence(
    desk: Desk, clock: FixedClock
) -> None:
    silent, speaks = resolved(desk), resolved(desk)
    proposed = in_progress(desk)
    propose(desk, proposed)
    clock.advance(days=6, hours=23, minutes=59)
    with desk.database.unit_of_work() as uow:
        residents.say(uow, speaks.number, desk.owner, "ขอดูคืนนี้ก่อนนะคะ")
    keep(desk)
    assert (desk.state(silent), desk.state(speaks)) == (S.RESOLVED, S.RESOLVED)
    clock.advance(minutes=1)
    keep(desk)
    assert (desk.state(silent), desk.state(speaks)) == (S.CONFIRMED, S.RESOLVED)
    assert desk.now(silent).confirmed_by_silence
    clock.advance(days=6, hours=23, minutes=59)
    keep(desk)
    keep(desk)
    assert (desk.state(speaks), desk.state(proposed)) == (S.CONFIRMED, S.IN_PROGRESS)


def many(desk: Desk, count: int, *, due: datetime, first: int = 0) -> list[int]:
    """Complaints that are answered and in progress, all due at once."""
    with desk.database.unit_of_work() as uow:
        rows = [
            Complaint(
                number=f"{first + serial:08d}", key_hash="0" * 64, idempotency_key=f"many:{first + serial}",
                source=Source.LINE, category=LIGHT.category, text="ไฟดับ", urgency=Urgency.NORMAL,
                state=S.IN_PROGRESS, department_id=desk.works, promised_days=5, filed_at=due - timedelta(days=7),
                changed_at=due - timedelta(days=7), answered_at=due - timedelta(days=6), due_at=due,
                answer_due_at=due + timedelta(days=8),
            )
            for serial in range(count)
        ]  # fmt: skip
        uow.session.add_all(rows)
        uow.session.flush()
        return [row.id for row in rows]


def told_ids(desk: Desk) -> Counter[int]:
    with desk.database.read() as reader:
        return Counter(reader.session.scalars(select(Escalation.complaint_id)))


def test_many_that_were_told_of_never_keep_a_newer_one_waiting(desk: Desk, clock: FixedClock) -> None:
    set_clock(clock, thai(2026, 11, 16, 9))
    old = many(desk, 300, due=thai(2026, 11, 23, 9))
    set_clock(clock, thai(2026, 11, 24, 9))  # so late that only the first position hears
    keep(desk)
    keep(desk)
    assert told_ids(desk) == Counter(old)
    newer = many(desk, 1, due=thai(2026, 11, 23, 16), first=300)
    keep(desk)
    assert told_ids(desk) == Counter([*old, *newer])


def test_two_runs_at_once_do_nothing_twice(own_database: Database, clock: FixedClock) -> None:
    own_database.clock = clock
    desk = open_desk(own_database)
    set_clock(clock, thai(2026, 11, 16, 9))
    late = many(desk, 30, due=thai(2026, 11, 23, 9))
    done = [resolved(desk).complaint_id for _ in range(5)]
    clock.advance(days=9)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            keep(desk)
        except Exception as fault:
            faults.append(fault)

    runs = [threading.Thread(target=run) for _ in range(4)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    keep(desk)
    assert faults == []
    assert told_ids(desk) == Counter(late)
    with desk.database.read() as reader:
        closed = reader.session.scalars(
            select(ComplaintEvent.complaint_id).where(ComplaintEvent.after == S.CONFIRMED)
        ).all()
    assert sorted(closed) == done
    assert news(desk, overdue.ESCALATED) == 30
