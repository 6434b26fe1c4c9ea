"""`backup`, `backup drill` and `restore` on the command line."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from eservice.demo.first_start import prepare
from eservice.kit import in_use
from eservice.kit.audit import AuditRecord
from eservice.kit.backup_runs import BackupRun
from eservice.kit.database import Database, open_database
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.operations import backup_files
from eservice.privacy import tombstones
from tests.commands import Run, data_dir, run

__all__ = ["data_dir", "run"]


@pytest.fixture
def office(data_dir: Path) -> Database:
    """The default database with an office in it."""
    data_dir.mkdir()
    database = Database(f"sqlite:///{data_dir / 'phueanban.db'}")
    migrate(database)
    prepare(database, with_demo=False)
    return database


def test_a_backup_moves_to_a_new_machine(
    run: Run, office: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    backups = str(tmp_path / "backups")
    made = run("backup", backups)
    assert made.code == 0 and "s" * 40 not in made.out
    found = re.search(r"SECRET_KEY \(fingerprint ([0-9a-f]{16})\).* are not in it", made.out)
    assert found is not None
    assert "can be restored" in run("backup", "drill", backups).out
    with office.read() as reader:
        kinds = [(row.kind, row.state) for row in reader.session.scalars(select(BackupRun))]
    assert kinds == [("backup", "ok"), ("drill", "ok")]
    assert "--replace" in run("restore", backups).complaint
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    monkeypatch.setenv("SECRET_KEY", "other" * 8)
    moved = run("restore", backups)
    assert moved.code == 0 and "every row as in the backup" in moved.out
    assert f"careful: SECRET_KEY here is not the backup's (fingerprint {found[1]})" in moved.out
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    replaced = run("restore", backups, "--replace")
    assert "before-restore" in replaced.out and "careful" not in replaced.out
    with open_database(Settings.read()).read() as reader:
        newest = reader.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc()).limit(1)).one()
    assert (newest.action, newest.actor) == ("backup.restored", "cli")


def test_what_cannot_be_done_is_one_line_and_noted(run: Run, office: Database, tmp_path: Path) -> None:
    assert "No complete backup" in run("restore", str(tmp_path)).complaint
    assert "No complete backup" in run("backup", "drill", str(tmp_path)).complaint
    with in_use.shared(office):
        assert run("backup", str(tmp_path / "b")).code == 0
        assert "Stop all of its processes" in run("restore", str(tmp_path / "b"), "--replace").complaint
    (backup,) = (tmp_path / "b").glob("phueanban-*")
    (backup / "tables" / "office.jsonl.gz").unlink()
    assert "office.jsonl.gz" in run("restore", str(backup), "--replace").complaint
    assert "office.jsonl.gz" in run("backup", "drill", str(backup)).complaint
    with office.read() as reader:
        last = reader.session.scalars(select(BackupRun).order_by(BackupRun.id.desc())).first()
        assert last is not None and (last.kind, last.state) == ("drill", "failed")
        assert "office.jsonl.gz" in last.reason
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in run("backup", str(tmp_path / "file")).complaint


def test_keeping_some_deletes_the_older(run: Run, office: Database, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("backup", str(tmp_path / "b"), "--keep", "1").code == 0
    assert len(list((tmp_path / "b").glob("phueanban-*"))) == 1
    assert run("backup", "drill").code == run("backup", "a", "b").code == 2
    assert run("backup", "a", "--keep", "0").code == 2


def test_there_must_be_something_to_back_up(run: Run, data_dir: Path, tmp_path: Path) -> None:
    assert "nothing to back up" in run("backup", str(tmp_path / "b")).complaint
    assert not data_dir.exists() and not (tmp_path / "b").exists()


def examined(run: Run, name: str) -> tuple[str, str]:
    """What `doctor` finds of one thing, in English."""
    checks = json.loads(run("doctor", "--json").out)["checks"]
    (check,) = (check for check in checks if check["name"] == name)
    return check["verdict"], check["en"]


def test_backups_that_are_missing_or_old_are_told(
    run: Run, office: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "backups"))
    assert examined(run, "backups") == (
        "warning",
        "No backup has been made yet. Keep a worker running, or run python app.py backup DIR now",
    )
    assert run("backup", str(tmp_path / "backups")).code == 0
    assert examined(run, "backups")[0] == "ok"
    with office.unit_of_work() as uow:
        backup = uow.session.scalars(select(BackupRun)).one()
        backup.started_at -= timedelta(hours=27)
    verdict, words = examined(run, "backups")
    assert verdict == "warning" and "26 hours" in words


def test_a_disk_below_the_limit_is_a_failure(
    run: Run, office: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIN_FREE_MB", str(10**9))
    verdict, words = examined(run, "disk")
    assert verdict == "failed" and "nothing new is taken in" in words


def test_a_backup_is_made_though_the_database_takes_no_note_of_it(
    run: Run, office: Database, tmp_path: Path
) -> None:
    refuse = "BEFORE INSERT ON backup_runs BEGIN SELECT RAISE(ABORT, 'full'); END"
    with office.unit_of_work() as uow:
        uow.session.execute(text(f"CREATE TRIGGER full {refuse}"))
    assert run("backup", str(tmp_path / "b")).code == 0
    with office.read() as reader:
        assert reader.session.scalars(select(BackupRun)).all() == []


def test_what_lies_beside_the_backups_leaves_no_copy_that_counts_as_none(
    run: Run, office: Database, data_dir: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "b"
    damaged = b"\xff{"
    (data_dir / tombstones.FILE).write_bytes(damaged)
    assert run("backup", str(backups)).code == 0
    assert (data_dir / tombstones.FILE).read_bytes() == damaged
    told = run("privacy", "reapply")
    assert told.code == 1 and str(data_dir / tombstones.FILE) in told.complaint
    (backups / tombstones.FILE).mkdir()  # as when nothing can be written there
    assert run("backup", str(backups)).code != 0
    assert len(backup_files.complete_in(backups)) == 1
