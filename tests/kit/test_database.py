"""The two databases: pragmas, write transactions, fairness, instants."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from eservice.kit.audit import AuditRecord, record
from eservice.kit.database import Database, insert_new
from eservice.kit.migrate import is_current, migrate
from eservice.staff.models import Department
from tests.conftest import postgres_address


def test_sqlite_survives_a_power_cut_and_keeps_its_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.read() as reader:
        pragmas = {
            name: reader.session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "secure_delete": 1,
    }


def test_postgresql_waits_for_a_lock_no_longer_than_sqlite(postgres_url: str) -> None:
    database = Database(postgres_address(postgres_url))
    with database.read() as reader:
        assert reader.session.scalar(text("SHOW lock_timeout")) == "10s"
    database.dispose()


def test_many_writers_and_readers_neither_fail_nor_lose(own_database: Database) -> None:
    faults: list[Exception] = []

    def write(number: int) -> None:
        try:
            for turn in range(10):
                with own_database.unit_of_work() as uow:
                    record(uow, actor=f"w{number}", action="x", subject_kind="k", subject_id=turn)
                with own_database.read() as reader:
                    reader.session.query(AuditRecord).count()
        except Exception as error:  # the test reports it
            faults.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with own_database.read() as reader:
        assert reader.session.query(AuditRecord).count() == 80


def test_a_unit_of_work_may_end_in_another_thread_than_it_began(own_database: Database) -> None:
    uow = own_database.unit_of_work().__enter__()
    record(uow, actor="a", action="x", subject_kind="k", subject_id=1)
    uow.session.flush()
    ending = threading.Thread(target=uow.__exit__, args=(None, None, None))
    ending.start()
    ending.join()
    with own_database.unit_of_work() as after:
        record(after, actor="b", action="x", subject_kind="k", subject_id=2)


def test_a_failing_block_changes_nothing_and_frees_the_writers(own_database: Database) -> None:
    called: list[str] = []
    with pytest.raises(RuntimeError), own_database.unit_of_work() as uow:
        uow.after_commit(lambda: called.append("x"))
        record(uow, actor="a", action="x", subject_kind="k", subject_id=1)
        raise RuntimeError
    with own_database.unit_of_work() as uow:
        assert uow.session.query(AuditRecord).count() == 0
    assert called == []


def test_instants_come_back_in_utc_whatever_zone_they_had(database: Database) -> None:
    bangkok = timezone(timedelta(hours=7))
    with database.unit_of_work() as uow:
        uow.session.add(
            AuditRecord(
                at=datetime(2026, 11, 20, 12, tzinfo=bangkok), actor="a", action="x",
                subject_kind="k", subject_id="1", before=None, after=None,
            )
        )  # fmt: skip
    with database.read() as reader:
        assert reader.session.query(AuditRecord).one().at == datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(StatementError), database.unit_of_work() as uow:
        uow.session.add(
            AuditRecord(
                at=datetime(2026, 11, 20), actor="a", action="x",  # noqa: DTZ001 - the fault under test
                subject_kind="k", subject_id="1", before=None, after=None,
            )
        )  # fmt: skip


def test_parameters_never_show_in_errors(database: Database) -> None:
    with pytest.raises(Exception, match="hidden") as fault, database.unit_of_work() as uow:
        uow.session.execute(text("SELECT * FROM nowhere WHERE x = :x"), {"x": "ความลับ"})
    assert "ความลับ" not in str(fault.value)


def test_a_unit_of_work_has_one_instant(own_database: Database) -> None:
    with own_database.unit_of_work() as uow:
        assert uow.now == uow.now
    with own_database.unit_of_work() as later:
        assert later.now > uow.now


def test_whether_the_schema_is_current_is_asked_without_waiting_for_writers(tmp_path: Path) -> None:
    database, other = (Database(f"sqlite:///{tmp_path / 'busy.db'}") for _ in range(2))
    migrate(database)
    with other.unit_of_work() as writer:
        writer.session.execute(text("SELECT 1"))  # begins, and holds the writers' place
        began = time.monotonic()
        assert is_current(database)
        assert time.monotonic() - began < 5  # and not SQLite's busy timeout of ten


def test_what_was_erased_leaves_the_log_too(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/office.db")
    with database.unit_of_work() as uow:
        uow.session.execute(text("CREATE TABLE said (words TEXT)"))
        uow.session.execute(text("INSERT INTO said VALUES ('ลับสุดยอด')"))
    with database.unit_of_work() as uow:
        uow.session.execute(text("UPDATE said SET words = ''"))

    def is_on_disk() -> bool:
        return any("ลับสุดยอด".encode() in file.read_bytes() for file in tmp_path.iterdir())

    assert is_on_disk()  # in the log
    with database.read() as reader:
        reader.session.execute(text("SELECT 1 FROM said")).all()
        database.empty_log()  # somebody reads: nothing happens, and nobody waits
    database.empty_log()
    assert not is_on_disk()
    with database.unit_of_work() as uow:
        uow.session.execute(text("INSERT INTO said VALUES ('ใหม่')"))
    database.dispose()


def test_inserting_new_rows_counts_them_and_not_those_that_were_there(database: Database) -> None:
    rows = [{"name": name, "position": 0} for name in ("กองคลัง", "กองช่าง")]
    with database.unit_of_work() as uow:
        assert insert_new(uow.session, Department, rows[:1]) == 1
        assert insert_new(uow.session, Department, rows) == 1
        assert insert_new(uow.session, Department, rows) == 0
