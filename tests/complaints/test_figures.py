"""The public figures: right, and silent about the few."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from eservice.complaints import figures, ratings, residents
from eservice.complaints.categories import Category
from eservice.complaints.clocks import OTHER_CATEGORY
from eservice.complaints.figures import FEW, Hidden, hide_few, public_figures, village_name
from eservice.complaints.models import Complaint, Source
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from tests.complaints.desk import LIGHT, Desk
from tests.complaints.test_residents import resolved

SAFETY, CORRUPT, ROAD, LAMP = "ความปลอดภัย", "ทุจริต", "ถนนและทางเท้า", "ไฟฟ้าแสงสว่าง"
KNOWN = {
    name: Category(name=name, department_id=None, working_days=5, is_sensitive=name in (SAFETY, CORRUPT))
    for name in (ROAD, SAFETY, LAMP, CORRUPT, OTHER_CATEGORY)
}


def read(database: Database) -> figures.Figures:
    with database.read() as reader:
        return public_figures(reader)


def test_an_office_without_complaints_has_empty_figures(database: Database) -> None:
    found = read(database)
    assert (found.total, found.done, found.median_days, found.mean_stars) == (0, 0, None, None)
    assert not found.is_withheld and len(found.by_month) == 12 and found.by_village == {}


def test_everything_is_counted_once(desk: Desk, clock: FixedClock) -> None:
    for turn, (source, village) in enumerate(product((Source.LINE, Source.WEB), ("หมู่ 4", "ม.๔", "บ้านยายมี"))):
        desk.file(replace(LIGHT, source=source, village=village, category=(LAMP, ROAD)[turn % 2]))
    clock.advance(days=40)
    desk.file(replace(LIGHT, category="ประเภทที่เลิกใช้แล้ว"))
    found = read(desk.database)
    assert found.total == 7 and found.by_state[ComplaintState.RECEIVED] == 7
    assert (found.by_category[LAMP], found.by_category[ROAD], found.by_category[OTHER_CATEGORY]) == (3, 3, 1)
    assert found.by_source[Source.LINE] == 4 and found.by_source[Source.WEB] == 3
    assert found.by_village == {"หมู่ 4": 4, "": 3}
    assert [month.filed for month in found.by_month][-3:] == [6, 1, 0] or [
        month.filed for month in found.by_month
    ][-2:] == [6, 1]
    assert sum(month.filed for month in found.by_month) == 7


def test_times_and_marks_are_told_of_five_or_more(desk: Desk, clock: FixedClock) -> None:
    for turn in range(FEW):
        filed = resolved(desk)
        with desk.database.unit_of_work() as uow:
            residents.confirm(uow, filed.number, desk.owner)
            ratings.rate(uow, filed.number, desk.owner, 3 + turn % 2)
        found = read(desk.database)
        assert found.done == turn + 1
        told = (found.median_days is None, found.on_time_share is None, found.mean_stars is None)
        assert told == ((False,) * 3 if turn == FEW - 1 else (True,) * 3)
    assert (found.median_days, found.on_time_share, found.answers) == (0.0, 1.0, FEW)
    assert found.mean_stars == pytest.approx(3.4)


def test_the_median_is_of_calendar_days_and_late_ones_are_not_on_time(desk: Desk, clock: FixedClock) -> None:
    began = clock.now()
    for days in (1, 2, 3, 40, 50):
        filed = desk.file()
        with desk.database.unit_of_work() as uow:
            uow.session.execute(
                update(Complaint)
                .where(Complaint.id == filed.complaint_id)
                .values(
                    state=ComplaintState.CONFIRMED,
                    confirmed_by_silence=days == 50,
                    said_done_at=began + timedelta(days=days),
                    due_at=began + timedelta(days=10),
                )
            )
    found = read(desk.database)
    assert (found.median_days, found.on_time_share, found.unanswered) == (3.0, 0.6, 1)


def test_few_complaints_about_people_are_not_told_and_cannot_be_worked_out(desk: Desk) -> None:
    for category, count in ((SAFETY, 3), (LAMP, 12), (OTHER_CATEGORY, 6)):
        for _ in range(count):
            desk.file(replace(LIGHT, category=category))
    found = read(desk.database)
    assert found.by_category[SAFETY] is Hidden.FEW and found.by_category[OTHER_CATEGORY] is Hidden.WITH_FEW
    assert found.by_category[LAMP] == 12 and found.by_category["ทุจริต"] == 0


def test_where_hiding_is_not_enough_nothing_is_told(desk: Desk) -> None:
    desk.file(replace(LIGHT, category=CORRUPT))
    desk.file()
    found = read(desk.database)
    assert found.is_withheld and found.total == 0 and found.by_category == {} and found.by_month == ()


@given(st.tuples(*[st.integers(0, 12)] * len(KNOWN)))
def test_whoever_knows_the_total_and_the_rule_cannot_tell_the_few(counts: tuple[int, ...]) -> None:
    """Every hidden small count could as well be any other from one to four, with the very same answer."""
    truth = dict(zip(KNOWN, counts, strict=True))
    told = hide_few(truth, KNOWN)
    if told is None:
        return
    few = [name for name, count in told.items() if count is Hidden.FEW]
    in_turn = (OTHER_CATEGORY, *(name for name in KNOWN if name != OTHER_CATEGORY))
    beside = [name for name in in_turn if told[name] is Hidden.WITH_FEW]
    assert few == [n for n in KNOWN if KNOWN[n].is_sensitive and 0 < truth[n] < FEW]
    for name in few:
        possible: set[int] = set()
        for guess in product(range(1, FEW), repeat=len(few)):
            rest = sum(truth[n] for n in (*few, *beside)) - sum(guess)
            for share in range(rest + 1) if len(beside) > 1 else (rest,):
                world = truth | dict(zip(few, guess, strict=True)) | dict.fromkeys(beside, 0)
                world[beside[0]] = share
                world[beside[-1]] = rest if len(beside) == 1 else rest - share
                if min(world.values()) >= 0 and hide_few(world, KNOWN) == told:
                    possible.add(world[name])
        assert possible == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("หมู่ 4", "หมู่ 4"), ("หมู่ที่ 4", "หมู่ 4"), ("หมู่ที่ ๑๒", "หมู่ 12"), ("ม.3", "หมู่ 3"), ("7", "หมู่ 7"), ("04", "หมู่ 4"),
        ("หมู่บ้าน 5", "หมู่ 5"), ("บ้านโนน", "บ้านโนน"), ("", ""), ("0", ""), ("บ้านนายสมชาย ใจดี โทร 0812345678", ""),
        ("หมู่ 4 บ้านยายมี", ""), ("=1+1", ""), ("<b>4</b>", ""), ("123", ""),
    ],
)  # fmt: skip
def test_villages_are_numbers_or_known_and_never_free_text(typed: str, name: str) -> None:
    assert village_name(typed, frozenset({"บ้านโนน"})) == name
