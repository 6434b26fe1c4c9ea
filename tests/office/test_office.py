"""The office's facts, hours and privacy notice."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.thai_calendar import BANGKOK
from eservice.office import service
from eservice.office.holidays import Holiday
from eservice.office.service import OfficeFacts

FACTS = OfficeFacts(
    name="อบต.บ้านสวน",
    address="1 หมู่ 2",
    phone="0 2000 0000",
    email="office@example.go.th",
    holidays=(
        Holiday(day=date(2026, 12, 10), name="วันรัฐธรรมนูญ"),
        Holiday(day=date(2026, 12, 7), name="ชดเชยวันพ่อแห่งชาติ"),
    ),
    widget_origins=("https://www.example.go.th",),
)


def bangkok(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of December 2569 by the Thai clock. The 4th is a Friday."""
    return datetime(2026, 12, day, hour, minute, tzinfo=BANGKOK)


@pytest.mark.parametrize(
    ("now", "is_open", "next_opening"),
    [
        (bangkok(4, 8, 29), False, bangkok(4, 8, 30)),
        (bangkok(4, 8, 30), True, bangkok(4, 8, 30)),
        (bangkok(4, 16, 29), True, bangkok(4, 16, 29)),
        (bangkok(4, 16, 30), False, bangkok(8, 8, 30)),  # weekend, then a holiday
        (bangkok(9, 20), False, bangkok(11, 8, 30)),
    ],
)
def test_the_office_is_open_on_working_days(
    database: Database, now: datetime, is_open: bool, next_opening: datetime
) -> None:
    with database.unit_of_work() as uow:
        office = service.create_office(uow, FACTS, actor="malee")
        found = service.opening(office, now)
    assert (found.is_open, found.closes, found.next_opening) == (is_open, time(16, 30), next_opening)


def test_public_holidays_count_in_years_the_office_has_not_listed(database: Database) -> None:
    with database.unit_of_work() as uow:
        office = service.create_office(uow, FACTS, actor="malee")
        found = service.opening(office, datetime(2026, 12, 31, 20, tzinfo=BANGKOK))
        assert found.next_opening == datetime(2027, 1, 4, 8, 30, tzinfo=BANGKOK)  # after 1 January, a Friday


def test_the_door_stays_open_over_lunch(database: Database) -> None:
    with database.unit_of_work() as uow:
        office = service.create_office(uow, FACTS, actor="malee")
        assert (office.lunch_starts_at, office.lunch_ends_at) == (time(12), time(13))
        assert service.opening(office, bangkok(4, 12, 30)).is_open


def test_the_lunch_break_is_given_up_on_the_record(database: Database) -> None:
    with database.unit_of_work() as uow:
        service.create_office(uow, FACTS, actor="malee")
        service.update_office(uow, replace(FACTS, lunch_starts_at=None, lunch_ends_at=None), actor="malee")
        assert service.facts_of(service.get_office(uow)).lunch_ends_at is None
        newest = audit.history(uow, subject_kind="office", subject_id=1)[0]
    assert newest.before == {"lunch_starts_at": "12:00:00", "lunch_ends_at": "13:00:00"}
    assert newest.after == {"lunch_starts_at": None, "lunch_ends_at": None}


def test_facts_are_replaced_and_audited(database: Database) -> None:
    with database.unit_of_work() as uow:
        office = service.create_office(uow, FACTS, actor="malee")
        assert service.facts_of(office) == replace(FACTS, holidays=FACTS.holidays[::-1])
        service.update_office(uow, service.facts_of(office), actor="somchai")
        service.update_office(uow, replace(FACTS, name=" อบต.ใหม่ ", opens_at=time(9)), actor="somchai")
    with database.read() as reader:
        assert service.get_office(reader).name == "อบต.ใหม่"
        newest, first = audit.history(reader, subject_kind="office", subject_id=1)
        assert (first.action, newest.action, newest.actor) == ("office.created", "office.updated", "somchai")
        assert newest.before == {"name": "อบต.บ้านสวน", "opens_at": "08:30:00"}
        assert newest.after == {"name": "อบต.ใหม่", "opens_at": "09:00:00"}


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (replace(FACTS, name="  "), "name"),
        (replace(FACTS, address="ก" * 501), "address"),
        (replace(FACTS, phone="โทรมานะ"), "phone"),
        (replace(FACTS, email="office"), "email"),
        (replace(FACTS, latitude=13.7), "latitude"),
        (replace(FACTS, latitude=91.0, longitude=100.5), "latitude"),
        (replace(FACTS, closes_at=time(8, 30)), "closes_at"),
        (replace(FACTS, lunch_ends_at=None), "lunch_ends_at"),
        (replace(FACTS, lunch_ends_at=time(12)), "lunch_ends_at"),
        (replace(FACTS, lunch_ends_at=time(16, 30)), "lunch_ends_at"),
        (replace(FACTS, lunch_starts_at=time(8, 30)), "lunch_ends_at"),
        (replace(FACTS, holidays=FACTS.holidays[:1] * 2), "holidays"),
        (replace(FACTS, holidays=(Holiday(day=date(2026, 1, 1), name=" "),)), "holidays"),
        (replace(FACTS, widget_origins=("https://example.go.th/page",)), "widget_origins"),
        (replace(FACTS, widget_origins=("*",)), "widget_origins"),
    ],
)
def test_unsound_facts_are_refused_by_field(database: Database, facts: OfficeFacts, field: str) -> None:
    with database.unit_of_work() as uow:
        service.create_office(uow, FACTS, actor="malee")
        with pytest.raises(ServiceError) as error:
            service.update_office(uow, facts, actor="malee")
        assert (error.value.code, set(error.value.fields)) == ("office.invalid", {field})


def test_there_is_one_office_and_it_must_be_set_up(database: Database) -> None:
    with database.unit_of_work() as uow:
        for attempt in (
            lambda: service.get_office(uow),
            lambda: service.update_office(uow, FACTS, actor="malee"),
        ):
            with pytest.raises(ServiceError) as error:
                attempt()
            assert (error.value.code, error.value.kind) == ("office.not_set_up", ErrorKind.NOT_FOUND)
        service.create_office(uow, FACTS, actor="malee")
        with pytest.raises(ServiceError) as error:
            service.create_office(uow, FACTS, actor="malee")
        assert error.value.code == "office.exists"


def test_the_newest_notice_is_in_force_and_no_version_is_changed(
    database: Database, clock: FixedClock
) -> None:
    with database.unit_of_work() as uow:
        assert service.current_notice(uow) is None
        service.publish_notice(uow, version="2569-1", text=" ฉบับแรก ", actor="malee")
    clock.advance(days=1)
    with database.unit_of_work() as uow:
        service.publish_notice(uow, version="2569-2", text="ฉบับสอง", actor="malee")
        with pytest.raises(ServiceError) as error:
            service.publish_notice(uow, version="2569-1", text="แก้", actor="malee")
        assert error.value.code == "office.notice_exists"
        for version, text, field in (("", "ก", "version"), ("3", " ", "text"), ("3", "ก" * 20_001, "text")):
            with pytest.raises(ServiceError) as error:
                service.publish_notice(uow, version=version, text=text, actor="malee")
            assert set(error.value.fields) == {field}
    with database.read() as reader:
        notice = service.current_notice(reader)
        assert notice is not None
        assert (notice.version, notice.text) == ("2569-2", "ฉบับสอง")
        (record,) = audit.history(reader, subject_kind="privacy_notice", subject_id="2569-2")
        assert (record.before, record.after) == ({"version": "2569-1"}, {"version": "2569-2"})
