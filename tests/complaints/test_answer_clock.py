"""The duty to answer in calendar days, and who hears of what is overdue."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eservice.complaints.clocks import (
    DEFAULT_ESCALATION,
    AnswerDuty,
    Answering,
    Extension,
    positions_to_tell,
    read_answer_clock,
)
from eservice.kit.thai_calendar import BANGKOK
from eservice.staff.models import Position

HEAD, CLERK, MAYOR = Position.HEAD, Position.CLERK_OF_OFFICE, Position.CHIEF_EXECUTIVE


def december(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of December 2569 by the Thai clock; days past 31 are of January."""
    return datetime(2026, 12, 1, hour, minute, tzinfo=BANGKOK) + timedelta(days=day - 1)


DUTY = AnswerDuty(filed_at=december(20, 23, 30), acknowledged_at=december(20, 23, 30))
EXTENSION = Extension(given_at=december(34), until=date(2027, 1, 20), reason="รอผลตรวจน้ำ")


@pytest.mark.parametrize(
    ("now", "state", "overdue_days"),
    [
        (december(20, 23, 59), Answering.WAITING, None),
        (december(31, 23, 59), Answering.WAITING, None),  # day 11
        (december(32, 0), Answering.ALERTING, None),  # day 12: New Year's Day, and still it runs
        (december(35, 23, 59), Answering.ALERTING, None),  # the last minute of day 15
        (december(36, 0), Answering.OVERDUE, 1),
        (december(45), Answering.OVERDUE, 10),
    ],
)
def test_progress_is_due_by_the_end_of_day_15(
    now: datetime, state: Answering, overdue_days: int | None
) -> None:
    clock = read_answer_clock(DUTY, now.astimezone(UTC))
    assert (clock.due_day, clock.alert_day) == (date(2027, 1, 4), date(2027, 1, 1))
    assert (clock.state, clock.overdue_days) == (state, overdue_days)
    assert clock.was_broken == (state is Answering.OVERDUE)


def test_an_acknowledgement_is_owed_at_once() -> None:
    silent = AnswerDuty(filed_at=december(20))
    assert read_answer_clock(silent, december(20)).owes_acknowledgement
    assert not read_answer_clock(DUTY, DUTY.filed_at).owes_acknowledgement


def test_an_answer_ends_the_duty_and_a_late_one_stays_late() -> None:
    in_time = AnswerDuty(filed_at=DUTY.filed_at, answered_at=december(35, 23))
    assert read_answer_clock(in_time, december(34)).state is Answering.ALERTING  # not answered yet
    assert read_answer_clock(in_time, december(35, 23)).state is Answering.ANSWERED
    clock = read_answer_clock(in_time, december(60))
    assert (clock.state, clock.was_broken, clock.overdue_days) == (Answering.ANSWERED, False, None)
    late = AnswerDuty(filed_at=DUTY.filed_at, answered_at=december(36, 0))
    clock = read_answer_clock(late, december(60))
    assert (clock.state, clock.was_broken, clock.overdue_days) == (Answering.ANSWERED, True, None)


def test_an_extension_gives_a_new_due_day_and_a_new_alert() -> None:
    duty = DUTY.extended(EXTENSION)
    assert read_answer_clock(duty, december(33)).due_day == date(2027, 1, 4)  # not given yet
    clock = read_answer_clock(duty, december(40))
    assert (clock.due_day, clock.alert_day, clock.state) == (
        date(2027, 1, 20), date(2027, 1, 17), Answering.WAITING,
    )  # fmt: skip
    assert read_answer_clock(duty, december(31 + 17)).state is Answering.ALERTING
    again = duty.extended(Extension(given_at=december(50), until=date(2027, 2, 1), reason="รอผู้รับเหมา"))
    assert read_answer_clock(again, december(50)).due_day == date(2027, 2, 1)


def test_an_extension_after_the_due_day_does_not_mend_the_breach() -> None:
    duty = DUTY.extended(Extension(given_at=december(36), until=date(2027, 1, 20), reason="ลืมแจ้ง"))
    clock = read_answer_clock(duty, december(37))
    assert (clock.state, clock.was_broken) == (Answering.WAITING, True)


def test_an_extension_needs_a_reason_and_a_later_day() -> None:
    with pytest.raises(ValueError):
        Extension(given_at=december(34), until=date(2027, 1, 20), reason=" ")
    for given_at, until in (
        (december(34), date(2027, 1, 4)),  # no later than the due day
        (december(50), date(2027, 1, 10)),  # past already
        (december(19), date(2027, 1, 20)),  # before the case was there
    ):
        with pytest.raises(ValueError):
            DUTY.extended(Extension(given_at=given_at, until=until, reason="รอ"))
    with pytest.raises(ValueError):
        DUTY.extended(EXTENSION).extended(EXTENSION)


@given(st.integers(0, 60 * 24 * 60), st.integers(0, 60 * 24 * 60))
def test_a_breach_is_never_forgotten(filed: int, passed: int) -> None:
    duty = AnswerDuty(filed_at=december(1) + timedelta(minutes=filed))
    now = duty.filed_at + timedelta(minutes=passed)
    clock = read_answer_clock(duty, now)
    later = read_answer_clock(duty, now + timedelta(days=1))
    assert later.was_broken or not clock.was_broken
    assert clock.was_broken == (clock.overdue_days is not None)
    assert clock.was_broken == (now.astimezone(BANGKOK).date() > clock.due_day)


@pytest.mark.parametrize(
    ("overdue_days", "told", "now_told"),
    [
        (None, (), ()),
        (0, (), (HEAD,)),
        (0.5, (HEAD,), ()),
        (2.9, (HEAD,), ()),
        (3, (HEAD,), (CLERK,)),
        (7, (HEAD, CLERK), (MAYOR,)),
        (400, (HEAD, CLERK, MAYOR), ()),
        (9, (), (HEAD, CLERK, MAYOR)),  # nobody looked for a week
        (9, (HEAD,), (CLERK, MAYOR)),
    ],
)
def test_an_overdue_case_climbs_once_to_each_position(
    overdue_days: float | None, told: tuple[Position, ...], now_told: tuple[Position, ...]
) -> None:
    assert positions_to_tell(overdue_days, told) == now_told


def test_an_office_sets_its_own_steps() -> None:
    assert list(DEFAULT_ESCALATION) == [HEAD, CLERK, MAYOR]
    assert positions_to_tell(5, (), {MAYOR: 5, HEAD: 1}) == (HEAD, MAYOR)
