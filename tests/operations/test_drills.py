"""Whether a backup was tried out: what the last drill came to, told by `doctor`, the checklist and the console."""

from datetime import timedelta
from pathlib import Path

import pytest

from admin.channels import router as channels_room
from eservice.kit import backup_runs
from eservice.kit.backup_runs import DRILL_MAY_BE_OLD, DrillState, RunKind
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.settings import Settings
from eservice.operations.doctor import Finding, Verdict, examine
from eservice.setup.checklist import read_state
from eservice.staff.models import Role
from tests.admin.visitors import Doors
from tests.migrated import default_database


def tried(database: Database, folder: Path, *, fault: str = "") -> None:
    """A drill that ends so."""
    with database.unit_of_work() as uow:
        run = backup_runs.begin(uow, RunKind.DRILL)
        if fault:
            backup_runs.fail(uow, run, fault)
        else:
            backup_runs.succeed(uow, run, folder / "phueanban-1", rows=1, size_bytes=1)


def test_the_last_drill_counts_and_for_ninety_days(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    def state() -> DrillState:
        with database.read() as reader:
            return backup_runs.last_drill(reader)[0]

    with database.unit_of_work() as uow:
        backup_runs.begin(uow, RunKind.DRILL)
        backup_runs.succeed(uow, backup_runs.begin(uow, RunKind.BACKUP), tmp_path, rows=1, size_bytes=1)
    assert state() is DrillState.NONE, "one that goes on proves nothing, and a backup is no drill"
    tried(database, tmp_path)
    assert state() is DrillState.OK
    clock.advance(days=90)
    assert state() is DrillState.OK
    clock.advance(seconds=1)
    assert state() is DrillState.OLD
    tried(database, tmp_path, fault="office.jsonl.gz")
    assert state() is DrillState.FAILED
    clock.advance(minutes=1)
    tried(database, tmp_path)
    assert state() is DrillState.OK


def test_doctor_says_when_it_was_and_what_to_run(tmp_path: Path) -> None:
    database = default_database(tmp_path)
    settings = Settings.model_validate({"data_dir": tmp_path, "backup_dir": "/mnt/backup"})

    def found() -> Finding:
        return next(each for each in examine(settings) if each.name == "drills")

    assert found().verdict is Verdict.OFF, "nothing was backed up yet"
    with database.unit_of_work() as uow:
        backup_runs.succeed(uow, backup_runs.begin(uow, RunKind.BACKUP), tmp_path, rows=1, size_bytes=1)
    assert found().verdict is Verdict.WARNING and "backup drill /mnt/backup" in found().english
    tried(database, tmp_path, fault="office.jsonl.gz is missing")
    assert found().verdict is Verdict.WARNING and "office.jsonl.gz is missing" in found().english
    tried(database, tmp_path)
    assert found().verdict is Verdict.OK and "phueanban-1" in found().english
    database.clock = FixedClock(database.clock.now() - DRILL_MAY_BE_OLD - timedelta(days=1))
    with database.unit_of_work() as uow:
        uow.session.query(backup_runs.BackupRun).delete()
    tried(database, tmp_path)
    assert found().verdict is Verdict.WARNING and "more than 90 days ago" in found().english


@pytest.mark.parametrize(("fault", "words"), [("", "ซ้อมกู้คืนล่าสุดเมื่อ"), ("office.jsonl.gz", "แจ้งผู้ดูแลเครื่อง")])
def test_the_console_and_the_checklist_show_it(
    database: Database, tmp_path: Path, fault: str, words: str
) -> None:
    doors = Doors(database, tmp_path, [channels_room])
    admin = doors.browser("somsri", Role.ADMINISTRATOR)
    assert "ยังไม่เคยซ้อมกู้คืนข้อมูล" in admin.get("/admin/channels").text
    tried(database, tmp_path, fault=fault)
    page = admin.get("/admin/channels").text
    assert words in page and fault in page and "ยังไม่เคยซ้อมกู้คืนข้อมูล" not in page
    with database.read() as reader:
        assert read_state(reader, doors.settings).drill is (DrillState.FAILED if fault else DrillState.OK)
