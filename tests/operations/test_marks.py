"""What is noted outside the database: an older copy in its place is found, and a rightful restore is told."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.file_locks import held
from eservice.operations import marks
from tests.commands import Run, data_dir, run
from tests.migrated import default_database
from tests.operations.test_backup_commands import examined
from tests.traffic.tampering import fill

__all__ = ["data_dir", "run"]


def put(database: Path, place: Path) -> None:
    """One whole SQLite database in place of another, whoever has it open."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(place)) as target:
        source.backup(target)


def lines(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / marks.FILE).read_text(encoding="utf-8").splitlines()]


def test_an_older_copy_of_the_whole_database_is_found_and_noted_over_by_nobody(
    data_dir: Path, run: Run
) -> None:
    database = default_database(data_dir)
    fill(database, 3)
    file, older = data_dir / "phueanban.db", data_dir.with_name("older.db")
    put(file, older)
    assert examined(run, "marks")[0] == "off"
    fill(database, 3)
    marks.note(database, data_dir)
    noted = lines(data_dir)
    assert run("audit", "verify").code == 0 and "no older than was noted" in run("audit", "verify").out

    put(older, file)
    assert "the database is older than was noted" in run("audit", "verify").complaint
    verdict, words = examined(run, "marks")
    assert verdict == "failed" and "older than was noted" in words
    fill(database, 9)  # the chains grow past the marks, and are others still
    marks.note(database, data_dir, every=timedelta())
    assert lines(data_dir) == noted and "record 6" in run("audit", "verify").complaint
    assert run("audit", "reseal", "--reason", "ดิสก์เสีย เริ่มจากของเก่า").code == 0
    again = run("audit", "verify")
    assert again.code == 0 and "audit reseal" in again.out
    assert examined(run, "marks")[0] == "ok"


def test_after_a_restore_everything_is_well_and_told_and_a_later_rollback_found(
    data_dir: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "b"))
    database = default_database(data_dir)
    fill(database, 3)
    assert run("backup", str(tmp_path / "b")).code == 0
    fill(database, 3)
    other_machine = data_dir.with_name("other")
    marks.note(database, other_machine)
    assert run("restore", str(tmp_path / "b"), "--replace").code == 0
    verified = run("audit", "verify")
    assert verified.code == 0 and "since the backup phueanban-" in verified.out
    with database.read() as reader:
        elsewhere = marks.compare(reader, marks.read([other_machine]))
        assert elsewhere.older == {} and elsewhere.begun is not None

    copy = data_dir.with_name("older.db")
    put(data_dir / "phueanban.db", copy)
    fill(database, 3)
    assert run("backup", str(tmp_path / "b")).code == 0  # takes along what is noted
    (data_dir / marks.FILE).unlink()  # whoever puts back a database may find that too
    put(copy, data_dir / "phueanban.db")
    assert "older than was noted" in run("audit", "verify").complaint


def test_one_line_an_hour_of_each_chain_and_not_without_end(
    own_database: Database, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_database.clock = clock
    marks.note(own_database, tmp_path)
    assert lines(tmp_path) == []
    fill(own_database, 3)
    with held(tmp_path / marks.LOCK, alone=True):
        marks.note(own_database, tmp_path)
    assert lines(tmp_path) == []
    for hours, expected in ((0, 2), (0, 2), (1, 4)):
        clock.advance(hours=hours)
        marks.note(own_database, tmp_path)
        assert len(lines(tmp_path)) == expected
    monkeypatch.setattr(marks, "MOST", 4)
    clock.advance(hours=1)
    marks.note(own_database, tmp_path)
    assert [line["at"][11:13] for line in lines(tmp_path)] == ["06", "06", "07", "07"]


def test_marks_of_rows_that_were_purged_since_do_not_make_a_database_old(
    database: Database, tmp_path: Path
) -> None:
    fill(database, 3)
    marks.note(database, tmp_path)
    kept = marks.read([tmp_path])
    with database.unit_of_work() as uow:
        uow.session.execute(text("UPDATE chain_heads SET base_sequence = 2 WHERE name = 'traffic'"))
        assert marks.compare(uow, kept).older == {}
        uow.session.execute(text("DELETE FROM traffic_rows"))
        assert marks.compare(uow, kept).older.keys() == {"traffic"}
        uow.session.execute(text("UPDATE chain_heads SET base_sequence = 4 WHERE name = 'traffic'"))
        assert marks.compare(uow, kept).older == {}


def test_marks_that_were_meddled_with_are_said(data_dir: Path, run: Run) -> None:
    database = default_database(data_dir)
    fill(database, 3)
    marks.note(database, data_dir)
    with (data_dir / marks.FILE).open("a", encoding="utf-8") as file:
        file.write('{"chain": "audit", "seq')
    before = (data_dir / marks.FILE).read_bytes()
    assert "chain-marks.jsonl" in run("audit", "verify").complaint
    assert examined(run, "marks")[0] == "failed"
    marks.note(database, data_dir, every=timedelta())
    marks.copy_to(data_dir.with_name("b"), data_dir)
    assert (data_dir / marks.FILE).read_bytes() == before and not data_dir.with_name("b").exists()


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"at": "0001-01-01T00:00:00+07:00", "because": "restored", "what": ""}',
        b'{"chain": "audit", "sequence": 1e999, "hash": "x", "at": "2026-11-20T05:00:00+00:00"}',
        b'{"chain": "audit", "sequence": 99999999999999999999, "hash": "x", "at": "2026-11-20T05:00:00+00:00"}',
    ],
)
def test_whatever_stands_there_is_damage_that_stops_nobody(tmp_path: Path, line: bytes) -> None:
    (tmp_path / marks.FILE).write_bytes(line + b"\n")
    assert marks.read([tmp_path]).is_damaged
    marks.copy_to(tmp_path.with_name("b"), tmp_path)
    assert not tmp_path.with_name("b").exists()
