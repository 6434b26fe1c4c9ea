"""The backup of every day: one however many workers, made up for, tried again; and the room it needs."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.kit.backup_runs import BackupRun
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.media import open_media
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.operations import backup_files
from eservice.operations.schedules import DailyBackup, day_due

NIGHT = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)  # 28 Nov 02.30 in Bangkok


def chore(database: Database, folder: Path, *, is_stopping: bool = False, **settings: object) -> DailyBackup:
    set_up = Settings.model_validate(
        {"data_dir": folder / "data", "backup_dir": str(folder / "b"), **settings}
    )
    return DailyBackup(database, open_media(set_up), set_up, folder / "b", lambda: is_stopping)


def only_run(database: Database) -> BackupRun:
    with database.read() as reader:
        return reader.session.scalars(select(BackupRun)).one()


def test_the_day_that_is_due_changes_at_its_hour() -> None:
    assert day_due(NIGHT - timedelta(seconds=1), "02:30") == date(2026, 11, 27)
    assert day_due(NIGHT, "02:30") == date(2026, 11, 28)
    assert day_due(NIGHT + timedelta(hours=21), "23:59") == date(2026, 11, 27)


def test_one_of_all_workers_makes_the_backup_and_a_broken_one_is_made_again(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    clock.advance(seconds=(NIGHT - clock.now()).total_seconds())
    one, other = chore(database, tmp_path / "1"), chore(database, tmp_path / "2")
    first = one.claim()
    assert first is not None and other.claim() is None and one.claim() is None
    clock.advance(minutes=59)
    assert other.claim() is None
    clock.advance(minutes=1)  # nobody heard the end of it
    assert other.claim() == first and one.claim() is None
    clock.advance(days=3)  # what was missed is made once
    assert one.claim() not in (None, first) and other.claim() is None


@pytest.fixture
def office(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'office.db'}", FixedClock(NIGHT))
    migrate(database)
    return database


def test_a_backup_is_made_noted_and_not_made_twice(office: Database, tmp_path: Path) -> None:
    daily = chore(office, tmp_path, backup_keep="1")
    (tmp_path / "b" / "phueanban-20261101-023000").mkdir(parents=True)
    (tmp_path / "b" / "phueanban-20261101-023000" / "manifest.json").write_text("{}")

    async def twice() -> None:
        await daily()
        assert daily._thread is not None
        daily._thread.join()
        await daily()

    asyncio.run(twice())
    (made,) = backup_files.complete_in(tmp_path / "b")
    run = only_run(office)
    assert (run.state, run.day, run.name) == ("ok", date(2026, 11, 28), made.name)
    assert run.name == "phueanban-20261128-023000" and run.bytes > 0 and run.finished_at == NIGHT


def test_too_little_room_ends_a_backup_with_its_reason(office: Database, tmp_path: Path) -> None:
    daily = chore(office, tmp_path, min_free_mb=10**9)
    run_id = daily.claim()
    assert run_id is not None
    daily.make(run_id)
    run = only_run(office)
    assert run.state == "failed" and "BACKUP_DIR" in run.reason
    assert [each.name for each in (tmp_path / "b").iterdir()] == [".phueanban.lock"]


def test_a_backup_that_is_stopped_is_anybodys_again(office: Database, tmp_path: Path) -> None:
    daily = chore(office, tmp_path, is_stopping=True)
    run_id = daily.claim()
    assert run_id is not None
    daily.make(run_id)
    assert daily.claim() is not None and backup_files.complete_in(tmp_path / "b") == []
