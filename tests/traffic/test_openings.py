"""Opening the traffic log takes an order and two people, and ends; nothing is seen without or beside it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest

from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.http import Caller
from eservice.staff.models import Role
from eservice.staff.permissions import Principal
from eservice.traffic import openings, queries
from eservice.traffic.models import OpeningState
from eservice.traffic.recording import Seen, TrafficRecorder
from tests.locks import until_it_waits
from tests.traffic.opening import BOSS, KEEPER, opened, order, person, waiting

BOTH = person("both", Role.LOG_CUSTODIAN, Role.ADMINISTRATOR)


@pytest.fixture
def noted(database: Database) -> Database:
    """Four requests: of two addresses yesterday and today."""
    recorder = TrafficRecorder(database)
    for at in (recorder.now() - timedelta(days=1), recorder.now()):
        for source, account in (("203.0.113.9", "web:1"), ("203.0.113.10", "malee")):
            recorder.note(
                Seen(
                    at=at, milliseconds=1, source=source, port=5, caller=Caller(account=account), method="GET",
                    path="/faq", status=200, bytes_in=0, bytes_out=1,
                )
            )  # fmt: skip
    recorder.write()
    return database


def look(
    database: Database,
    opening_id: int,
    by: Principal = KEEPER,
    days: tuple[int, int] = (18, 21),
    **asked: str,
) -> list[str]:
    """The addresses that a search from one day of November to before another shows."""
    begin, end = (datetime.fromisoformat(f"2026-11-{day:02}T00:00:00+07:00") for day in days)
    with database.unit_of_work() as uow:
        found = queries.search(uow, opening_id, queries.Search(begin=begin, end=end, **asked), by=by)
        return [f"{row.source} {row.at:%d}" for row in found]


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(ServiceError, match=f"^{code}$"):
        act()


def test_an_approved_opening_shows_its_part_of_the_log_and_no_more(noted: Database) -> None:
    whole = opened(noted)
    assert len(look(noted, whole)) == 4
    assert look(noted, whole, source="203.0.113.9", days=(20, 21)) == ["203.0.113.9 20"]
    narrow = opened(noted, source="203.0.113.10", account="malee", first=date(2026, 11, 20))
    assert look(noted, narrow, days=(20, 21)) == ["203.0.113.10 20"]
    for beside in (
        lambda: look(noted, narrow),
        lambda: look(noted, whole, days=(18, 22)),
        lambda: look(noted, whole, days=(20, 20)),
        lambda: look(noted, narrow, days=(20, 21), source="203.0.113.9"),
        lambda: look(noted, narrow, days=(20, 21), account="web:1"),
    ):
        refused("traffic.outside_opening", beside)
    refused("traffic.no_opening", lambda: look(noted, 99))
    refused("staff.forbidden", lambda: look(noted, whole, by=BOSS))
    with noted.read() as reader:
        steps = audit.history(reader, subject_kind="traffic_opening", subject_id=whole)
    assert [(each.actor, each.action) for each in reversed(steps)] == [
        ("keeper", "traffic.opening_asked"), ("boss", "traffic.opening_approved"),
        ("keeper", "traffic.read"), ("keeper", "traffic.read"),
    ]  # fmt: skip
    assert steps[-1].after is not None and steps[-1].after["case"] == "คดี 7/2569"


def test_whoever_asks_cannot_approve_and_nobody_without_the_permission(noted: Database) -> None:
    with noted.unit_of_work() as uow:
        own = openings.ask(uow, order(), by=BOTH).id

    def decide(act: Callable[..., object], by: Principal, *words: str) -> None:
        with noted.unit_of_work() as uow:
            act(uow, own, *words, by=by)

    refused("traffic.own_opening", lambda: decide(openings.approve, BOTH))
    refused("traffic.own_opening", lambda: decide(openings.refuse, BOTH, "ไม่"))
    refused("staff.forbidden", lambda: decide(openings.approve, KEEPER))
    refused("staff.forbidden", lambda: decide(openings.close, KEEPER))
    refused("traffic.opening_waits", lambda: look(noted, own))
    refused("traffic.no_refusal_reason", lambda: decide(openings.refuse, BOSS, " "))
    with noted.unit_of_work() as uow:
        refused("staff.forbidden", lambda: openings.ask(uow, order(), by=BOSS))
    with noted.read() as reader:
        assert openings.waiting_count(reader, "boss") == 1 and openings.waiting_count(reader, "both") == 0


def test_what_was_refused_stays_refused(noted: Database) -> None:
    opening_id = waiting(noted)
    with noted.unit_of_work() as uow:
        openings.refuse(uow, opening_id, "ไม่มีคำสั่งตัวจริง", by=BOSS)
    for act in (openings.approve, openings.close):
        with noted.unit_of_work() as uow, pytest.raises(ServiceError, match=r"opening_(decided|over)"):
            act(uow, opening_id, by=BOSS)
    refused("traffic.opening_refused", lambda: look(noted, opening_id))


def test_an_opening_ends_by_itself_after_seven_days_or_when_either_closes_it(
    noted: Database, clock: FixedClock
) -> None:
    by_asker, by_approver, over, taken_back = opened(noted), opened(noted), opened(noted), waiting(noted)
    for opening_id, by in ((by_asker, KEEPER), (by_approver, BOSS), (taken_back, KEEPER)):
        with noted.unit_of_work() as uow:
            openings.close(uow, opening_id, by=by)
        refused("traffic.opening_over", lambda opening_id=opening_id: look(noted, opening_id))
    with noted.unit_of_work() as uow:
        refused("traffic.opening_decided", lambda: openings.approve(uow, taken_back, by=BOSS))
    clock.advance(days=7, seconds=-1)
    assert len(look(noted, over)) == 4
    clock.advance(seconds=1)
    refused("traffic.opening_over", lambda: look(noted, over))
    with noted.read() as reader:
        assert openings.open_now(reader) == openings.waiting(reader) == []
        assert [each.id for each in openings.ended(reader)] == [taken_back, over, by_approver, by_asker]


def test_an_opening_needs_an_order_and_days_that_have_come(database: Database) -> None:
    wrong = {
        "reference": {"order_reference": " "}, "ordered_by": {"ordered_by": ""}, "document": {"document_number": ""},
        "reason": {"reason": ""}, "ordered_on": {"ordered_on": date(2026, 11, 21)}, "from": {"first": None},
        "to": {"last": date(2026, 11, 21)}, "source": {"source": "บ้านสมชาย"},
    }  # fmt: skip
    for field, changes in wrong.items():
        with database.unit_of_work() as uow, pytest.raises(ServiceError, match="bad_opening") as fault:
            openings.ask(uow, order(**changes), by=KEEPER)
        assert list(fault.value.fields) == [field]
    for changes in ({"last": date(2026, 11, 17)}, {"first": date(2020, 1, 1)}):
        refused("traffic.bad_opening", lambda changes=changes: waiting(database, **changes))


def test_of_two_who_decide_at_once_one_decides(own_database: Database, clock: FixedClock) -> None:
    own_database.clock = clock
    opening_id = waiting(own_database)

    def approve_too() -> None:
        with own_database.unit_of_work() as uow:
            openings.approve(uow, opening_id, by=person("second", Role.ADMINISTRATOR))

    with ThreadPoolExecutor() as pool:
        with own_database.unit_of_work() as uow:
            openings.refuse(uow, opening_id, "ไม่มีคำสั่ง", by=BOSS)
            other = pool.submit(approve_too)
            until_it_waits(own_database, other)
        with pytest.raises(ServiceError, match="opening_decided"):
            other.result(timeout=20)
    with own_database.read() as reader:
        opening = openings.get_opening(reader, opening_id)
        assert (opening.state, opening.decided_by) == (OpeningState.REFUSED, "boss")
