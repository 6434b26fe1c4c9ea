"""Backup and restore: what comes back is what was there, on either database; what is not whole is refused."""

import gzip
import itertools
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from obstore.store import LocalStore
from sqlalchemy import select, text

from eservice import tables
from eservice.complaints.filing import NewComplaint, file_complaint
from eservice.complaints.models import Complaint, Photo, PhotoKind, Source
from eservice.kit import audit, heartbeat
from eservice.kit.database import Base, Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import MediaStore
from eservice.kit.migrate import check, migrate
from eservice.operations import backup_files, row_dumps
from eservice.operations.backup import back_up, media_columns, prune, to_keep
from eservice.operations.restore import restore
from eservice.staff.models import Department
from tests.conftest import postgres_address

assert tables.ALL_MODELS


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return store(tmp_path / "media")


def store(folder: Path) -> MediaStore:
    folder.mkdir()
    return MediaStore(LocalStore(folder), folder)


@pytest.fixture
def two(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Database, Database]]:
    """An SQLite database and a PostgreSQL one, both with nothing in them, not even a schema."""
    admin = Database(postgres_address(postgres_url))
    name = f"backup_{os.getpid()}_{abs(hash(str(tmp_path))) % 10**9}"
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    postgres = Database(admin.url.set(database=name).render_as_string(hide_password=False))
    sqlite = Database(f"sqlite:///{tmp_path / 'one.db'}")
    yield sqlite, postgres
    for database in (sqlite, postgres):
        database.dispose()
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def fill(database: Database, media: MediaStore) -> list[str]:
    """Rows of many kinds: two complaints, the earlier merged into the later; photos; a null and a JSON null."""
    migrate(database)
    keys = [media.put(b"picture"), media.put(b"thumbnail")]
    with database.unit_of_work() as uow:
        for number, words in enumerate(("ถนนพัง 🚧", "น้ำไม่ไหล\nมาสองวัน")):
            new = NewComplaint(source=Source.WEB, category="อื่น ๆ", text=words, latitude=13.1, longitude=100.0)
            file_complaint(uow, new, idempotency_key=f"k{number}")
        first, second = uow.session.scalars(select(Complaint).order_by(Complaint.id))
        first.parent_id = second.id
        uow.session.add(
            Photo(
                complaint_id=first.id, kind=PhotoKind.RESIDENT, is_public=True, original_sha256="0" * 64,
                sha256="1" * 64, look="2" * 16, image_key=keys[0], thumbnail_key=keys[1], width=1, height=1,
                bytes=7, at=datetime(2026, 11, 28, 17, 0, 0, 123456, tzinfo=UTC),
            )
        )  # fmt: skip
        audit.record(uow, actor="ก", action="a.b", subject_kind="x", subject_id=1, after={"b": 1.0, "a": "๑"})
        uow.session.execute(
            text("INSERT INTO audit_records (at, actor, action, subject_kind, subject_id) SELECT at, 'z', action, "
                 "subject_kind, subject_id FROM audit_records WHERE actor = 'ก'")
        )  # fmt: skip
    return keys


def hashes(database: Database) -> dict[str, tuple[int, str]]:
    with database.snapshot() as reader:
        found = {}
        for table in row_dumps.schema_of(reader.session.connection()).tables:
            digest = row_dumps.Digest()
            for _ in digest.watch(row_dumps.lines(reader.session.connection(), table)):
                pass
            found[table.name] = (digest.rows, digest.sha256)
        return found


def test_a_backup_goes_from_either_database_to_the_other_and_back(
    two: tuple[Database, Database], media: MediaStore, tmp_path: Path
) -> None:
    sqlite, postgres = two
    keys = fill(sqlite, media)
    before = hashes(sqlite)
    made = back_up(sqlite, media, tmp_path / "b", key_fingerprint="f")
    assert {n: (t.rows, t.sha256) for n, t in made.manifest.tables.items()} == before
    assert before["complaints"][0] == 2 and before["complaint_photos"][0] == 1
    assert made.manifest.media.files == 2 and made.manifest.media.missing == []
    elsewhere = store(tmp_path / "elsewhere")
    migrate(postgres)  # a schema alone is as good as nothing
    restore(postgres, elsewhere, made.folder)
    assert hashes(postgres) == before
    assert [elsewhere.get(key) for key in keys] == [b"picture", b"thumbnail"]
    check(postgres)
    with postgres.unit_of_work() as uow:  # new rows are numbered after those that came
        new = NewComplaint(source=Source.WEB, category="อื่น ๆ", text="ใหม่")
        file_complaint(uow, new, idempotency_key="k9")
    again = back_up(postgres, elsewhere, tmp_path / "b2", key_fingerprint="f")
    third = Database(f"sqlite:///{tmp_path / 'three.db'}")
    restore(third, store(tmp_path / "third"), again.folder)
    assert hashes(third) == hashes(postgres) != before
    check(third)
    third.dispose()


def test_every_table_and_every_column_can_be_in_a_backup(
    fresh_database: Database, media: MediaStore, tmp_path: Path
) -> None:
    migrate(fresh_database)
    with fresh_database.unit_of_work() as uow:
        uow.session.execute(text("CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY, at TIME)"))
        uow.session.execute(text("INSERT INTO of_tomorrow VALUES (7, '08:30:00')"))
    made = back_up(fresh_database, media, tmp_path / "b", key_fingerprint="")
    assert set(made.manifest.tables) == set(Base.metadata.tables) | {"of_tomorrow"}
    lines = [*backup_files.read_table(made.folder, "of_tomorrow")]
    assert lines == [b'["at","id"]\n', f'["{time(8, 30).isoformat()}",7]\n'.encode()]
    assert (made.folder.stat().st_mode & 0o777, (made.folder / "manifest.json").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )


def test_every_column_that_looks_like_a_key_of_a_file_is_marked_as_one() -> None:
    marked = {(table.name, name) for table, name in media_columns(Base.metadata.sorted_tables)}
    looks = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_key") and getattr(column.type, "length", 0) == 32
    }
    assert marked == looks != set()


def test_a_backup_shows_one_moment_and_lets_others_write_meanwhile(
    fresh_database: Database, media: MediaStore, tmp_path: Path
) -> None:
    fill(fresh_database, media)
    before = hashes(fresh_database)
    calls = itertools.count()

    def write_meanwhile() -> None:
        with fresh_database.unit_of_work() as uow:
            audit.record(uow, actor="x", action="a.b", subject_kind="x", subject_id=next(calls))

    made = back_up(fresh_database, media, tmp_path / "b", key_fingerprint="", check=write_meanwhile)
    assert next(calls) > len(made.manifest.tables)
    # The first look was while the first table was written: nothing that came later is in it.
    assert made.manifest.tables["complaints"].sha256 == before["complaints"][1]
    assert made.manifest.tables["audit_records"].rows <= before["audit_records"][0] + 1


def test_a_file_that_went_meanwhile_is_named(media: MediaStore, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.db'}")
    keys = fill(database, media)
    media.delete(keys[:1])
    made = back_up(database, media, tmp_path / "b", key_fingerprint="")
    assert (made.manifest.media.missing, made.manifest.media.files) == (keys[:1], 1)
    backup_files.check_files(made.folder, made.manifest)


def test_what_is_not_whole_is_refused_and_nothing_is_written(media: MediaStore, tmp_path: Path) -> None:
    source = Database(f"sqlite:///{tmp_path / 'one.db'}")
    keys = fill(source, media)
    whole = back_up(source, media, tmp_path / "b", key_fingerprint="").folder
    source.dispose()

    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-9])

    def turn_a_bit(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    def change_a_word(path: Path) -> None:
        path.write_bytes(
            gzip.compress(gzip.decompress(path.read_bytes()).replace("ถนน".encode(), "ถนะ".encode()))
        )

    def of_tomorrow(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), "revision": "9999"}))

    complaints, picture = "tables/complaints.jsonl.gz", f"media/{keys[0][:2]}/{keys[0]}"
    for harm, name, code in [
        (cut, complaints, "operations.backup_damaged"),
        (turn_a_bit, complaints, "operations.backup_damaged"),
        (change_a_word, complaints, "operations.backup_damaged"),
        (Path.unlink, complaints, "operations.backup_damaged"),
        (turn_a_bit, picture, "operations.backup_damaged"),
        (Path.unlink, picture, "operations.backup_damaged"),
        (cut, "media.jsonl.gz", "operations.backup_damaged"),
        (cut, "manifest.json", "operations.backup_damaged"),
        (of_tomorrow, "manifest.json", "operations.backup_newer"),
    ]:
        copy = tmp_path / "copy"
        shutil.copytree(whole, copy)
        harm(copy / name)
        target = Database(f"sqlite:///{tmp_path / 'target.db'}")
        kept = store(tmp_path / "kept")
        with pytest.raises(ServiceError) as refused:
            restore(target, kept, copy)
        assert refused.value.code == code, (harm, name)
        assert not (tmp_path / "target.db").exists() and list((tmp_path / "kept").iterdir()) == []
        target.dispose()
        shutil.rmtree(copy)
        shutil.rmtree(tmp_path / "kept")


def test_a_database_that_holds_something_is_replaced_only_when_told_and_all_at_once(
    fresh_database: Database, media: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(fresh_database, media)
    made = back_up(fresh_database, media, tmp_path / "b", key_fingerprint="")
    with fresh_database.unit_of_work() as uow:
        audit.record(uow, actor="later", action="a.b", subject_kind="x", subject_id=5)
    later = hashes(fresh_database)
    with pytest.raises(ServiceError, match="not_empty"):
        restore(fresh_database, media, made.folder)

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(row_dumps, "follow_on", broken)  # half of the tables are written by then
        restore(fresh_database, media, made.folder, safety_folder=tmp_path / "safe")
    assert hashes(fresh_database) == later
    done = restore(fresh_database, media, made.folder, safety_folder=tmp_path / "safe")
    assert hashes(fresh_database) == {n: (t.rows, t.sha256) for n, t in made.manifest.tables.items()} != later
    assert done.before is not None
    assert {n: (t.rows, t.sha256) for n, t in done.before.manifest.tables.items()} == later


def test_a_backup_of_an_older_schema_is_brought_up_to_date(media: MediaStore, tmp_path: Path) -> None:
    older, database = (Database(f"sqlite:///{tmp_path / name}.db") for name in ("older", "new"))
    migrate(older, "0012")
    with older.unit_of_work() as uow:
        uow.session.execute(text("INSERT INTO departments (name, position) VALUES ('กองช่าง', 1)"))
    made = back_up(older, media, tmp_path / "b", key_fingerprint="")
    restore(database, media, made.folder)
    check(database)
    with database.read() as reader:
        assert reader.session.scalars(select(Department.name)).all() == ["กองช่าง"]


def test_what_a_killed_backup_left_does_not_look_whole_and_goes_with_the_next(
    media: MediaStore, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.db'}")
    fill(database, media)

    class Killed(BaseException):
        pass

    left = tmp_path / "b" / ".phueanban-20261128-023000.partial"

    def killed() -> None:
        shutil.copytree(next((tmp_path / "b").glob(".*.partial")), left)
        raise Killed

    with pytest.raises(Killed):
        back_up(database, media, tmp_path / "b", key_fingerprint="", check=killed)
    assert backup_files.complete_in(tmp_path / "b") == [] and left.exists()
    with pytest.raises(ServiceError, match="no_backup"):
        backup_files.backup_at(tmp_path / "b")
    made = back_up(database, media, tmp_path / "b", key_fingerprint="")
    assert not left.exists() and backup_files.backup_at(tmp_path / "b") == made.folder
    database.dispose()


def test_a_restore_waits_until_nobody_works(
    two: tuple[Database, Database], media: MediaStore, tmp_path: Path
) -> None:
    from eservice.kit import in_use

    sqlite, postgres = two
    fill(sqlite, media)
    made = back_up(sqlite, media, tmp_path / "b", key_fingerprint="")
    for database in two:
        migrate(database)
        with in_use.shared(database), in_use.shared(database), pytest.raises(ServiceError, match="in_use"):
            restore(database, media, made.folder, safety_folder=tmp_path / "safe")
        with (
            in_use.alone(database),
            pytest.raises(ServiceError, match="being_restored"),
            in_use.shared(database),
        ):
            pass
    with postgres.unit_of_work() as uow:
        heartbeat.beat(uow, "somebody:1")
    with pytest.raises(ServiceError, match="in_use"):
        restore(postgres, media, made.folder, safety_folder=tmp_path / "safe")


def test_the_last_of_each_day_and_week_are_kept(tmp_path: Path) -> None:
    at = datetime(2026, 11, 28, 2, 30)  # noqa: DTZ001 - Thai time, as names say it
    names = [(at - timedelta(hours=12 * n)).strftime(backup_files.NAME_FORMAT) for n in range(200)]
    kept = sorted(to_keep([*names, "phueanban-notes"], "14+8"), reverse=True)
    assert kept[:3] == [names[0], names[1], names[3]]  # of each day the last
    assert len(kept) == 14 + 8 - 3  # three of the weeks have their last among the days
    assert to_keep(names, "2") == set(names[:2])
    for name in names[:3]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    (tmp_path / "of-the-office").mkdir()
    assert prune(tmp_path, "1") == sorted(names[1:3])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["of-the-office", names[0]]


def test_what_cannot_be_deleted_does_not_end_the_backups_to_come(
    fresh_database: Database, media: MediaStore, tmp_path: Path
) -> None:
    migrate(fresh_database)
    folder, elsewhere = tmp_path / "b", tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir()
    (folder / ".phueanban-20200101-000000.partial").symlink_to(elsewhere)  # as stubborn as another account's
    assert back_up(fresh_database, media, folder, key_fingerprint="").folder.is_dir()


def test_a_link_is_no_backup_and_nothing_is_written_or_deleted_through_one(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "b", tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir()
    (elsewhere / "manifest.json").write_text("{}")
    (folder / "phueanban-20200101-000000").symlink_to(elsewhere)
    (folder / "table").symlink_to(tmp_path / "not there")
    assert backup_files.complete_in(folder) == [] == prune(folder, "1")
    with pytest.raises(FileExistsError):
        backup_files.write_lines(folder / "table", [b"x"])
    assert [each.name for each in elsewhere.iterdir()] == ["manifest.json"]
    assert not (tmp_path / "not there").exists()


@pytest.mark.parametrize("value", ["9" * 30, '"x"', "[[1]]", "{}"])
def test_values_that_no_column_holds_are_damage_and_change_nothing(
    own_database: Database, media: MediaStore, tmp_path: Path, value: str
) -> None:
    made = back_up(own_database, media, tmp_path / "b", key_fingerprint="")
    path = backup_files.table_file(made.folder, "complaint_escalations")
    columns, *_ = backup_files.read_table(made.folder, "complaint_escalations")
    path.unlink()
    forged = [columns, ("[" + ",".join([value] * len(json.loads(columns))) + "]\n").encode()]
    digest = row_dumps.Digest()
    backup_files.write_lines(path, digest.watch(forged))
    manifest = json.loads((made.folder / "manifest.json").read_text())
    manifest["tables"]["complaint_escalations"] = {"rows": digest.rows, "sha256": digest.sha256}
    (made.folder / "manifest.json").write_text(json.dumps(manifest))
    before = hashes(own_database)
    with pytest.raises(ServiceError, match=r"operations\.backup_damaged"):
        restore(own_database, media, made.folder, safety_folder=tmp_path / "safe")
    assert hashes(own_database) == before
