"""Being at the desk: only those who may answer, only for a moment, rarely written."""

from datetime import timedelta

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff import presence
from eservice.staff.models import Role, StaffAccount
from tests.inquiries.desk import add_department, add_staff


def is_present(database: Database) -> bool:
    with database.read() as reader:
        return presence.anyone_present(reader)


def look(database: Database, account: StaffAccount) -> None:
    with database.unit_of_work() as uow:
        presence.mark_present(uow, account.id)


def test_a_responder_who_looks_is_present_for_half_a_minute(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER, department=add_department(uow, "กองคลัง"))
    assert not is_present(database)
    look(database, somsri)
    assert is_present(database)
    clock.advance(seconds=29)
    assert is_present(database)
    clock.advance(seconds=2)
    assert not is_present(database)


def test_somebody_who_may_not_answer_is_never_present(database: Database) -> None:
    with database.unit_of_work() as uow:
        author = add_staff(uow, "author", Role.AUTHOR, Role.CHECKER)
    look(database, author)
    assert not is_present(database)


def test_a_disabled_account_is_not_present(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
        somsri.disabled_at = uow.now
    look(database, somsri)
    assert not is_present(database)


def test_presence_is_written_at_most_every_ten_seconds(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        somsri = add_staff(uow, "somsri", Role.RESPONDER)
    look(database, somsri)
    first = clock.now()
    for seconds, seen in ((9, first), (1, first + timedelta(seconds=10))):
        clock.advance(seconds=seconds)
        with database.read() as reader:
            assert presence.needs_marking(reader, somsri.id) is (seen > first)
        look(database, somsri)
        with database.read() as reader:
            assert reader.session.get_one(StaffAccount, somsri.id).last_seen_at == seen
