"""Making a backup while the office works: one consistent look at the rows, then the files that they name."""

import heapq
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import SQLAlchemyError

from eservice.kit.database import Base, Database
from eservice.kit.errors import ErrorKind, ServiceError, conflict
from eservice.kit.file_locks import held
from eservice.kit.media import MediaStore
from eservice.kit.migrate import is_current
from eservice.kit.thai_calendar import local
from eservice.operations import backup_files, marks, row_dumps
from eservice.operations.backup_files import Manifest, MediaOfBackup, TableOfBackup
from eservice.privacy import tombstones
from eservice.tables import ALL_MODELS  # noqa: F401 - its tables say where the keys of files are

__all__ = ["Made", "back_up", "delete_backup", "media_columns", "prune", "to_keep"]

ROWS_BETWEEN_CHECKS = 2_000

log = structlog.get_logger()

Check = Callable[[], None]
"""Called now and then while a backup is made; raises what is to end it, e.g. that the program stops."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A finished backup. `bytes` are those of its files on the disk."""

    folder: Path
    manifest: Manifest
    bytes: int
    seconds: float


def back_up(
    database: Database,
    media: MediaStore,
    folder: Path,
    *,
    key_fingerprint: str,
    data_dir: Path | None = None,
    check: Check = lambda: None,
) -> Made:
    """Writes a backup below `folder`, which is made if need be, while others read and write.

    What is kept in `data_dir` because it must outlive the database, how far the chains have come and who was
    erased, is copied beside the backups.

    Raises ServiceError `operations.backup_going_on` (another one to the same folder), `operations.no_database`,
    `media.unavailable`; OSError when the disk does not take it. What was begun is then deleted.
    """
    began = time.monotonic()
    if database.is_sqlite and not Path(database.url.database or "").is_file():
        raise conflict("operations.no_database")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with held(folder / backup_files.LOCK, alone=True) as is_ours:
        if not is_ours:
            raise ServiceError("operations.backup_going_on", ErrorKind.CONFLICT)
        for left in folder.glob(f".*{backup_files.UNFINISHED}"):  # of one that was killed
            shutil.rmtree(left, ignore_errors=True)  # another account's must not end all backups to come
        name = _free_name(folder, local(database.clock.now()))
        unfinished = folder / f".{name}{backup_files.UNFINISHED}"
        unfinished.mkdir(mode=0o700)
        try:
            manifest = _write(database, media, unfinished, key_fingerprint, check)
            if data_dir is not None:
                _take_along(database, data_dir, folder)
            unfinished.rename(folder / name)
        finally:  # it is there no more when all went well
            shutil.rmtree(unfinished, ignore_errors=True)
        backup_files.settle(folder)
    size = sum(file.stat().st_size for file in (folder / name).rglob("*") if file.is_file())
    return Made(folder=folder / name, manifest=manifest, bytes=size, seconds=time.monotonic() - began)


def _take_along(database: Database, data_dir: Path, folder: Path) -> None:
    with suppress(SQLAlchemyError, OSError):  # a full DATA_DIR or a busy database must not prevent a backup
        if is_current(database):
            marks.note(database, data_dir, every=timedelta())
            _keeping_damage(tombstones.keep_outside, database, data_dir)
    marks.copy_to(folder, data_dir)
    _keeping_damage(tombstones.copy_to, folder, data_dir)


def _keeping_damage(write: Callable[..., None], *where: Any) -> None:
    """A damaged file of who was erased stays as it is, for somebody to look at: the backup has the table."""
    try:
        write(*where)
    except ServiceError as error:
        log.error("erased.not_taken_along", error=error.code)


def media_columns(schema_tables: Iterable[Table]) -> Iterator[tuple[Table, str]]:
    """The columns, among those of a schema, that hold keys of files."""
    for table in schema_tables:
        model = Base.metadata.tables.get(table.name)
        for column in () if model is None else model.columns:
            if column.info.get("is_media_key") and column.name in table.columns:
                yield table, column.name


def to_keep(names: Iterable[str], rule: str) -> set[str]:
    """Of the names of backups those that a rule keeps: "10", the newest ten; or "14+8", days and weeks.

    Days and weeks: the last backup of each of the last 14 days, and of each of the last 8 weeks, that have one.
    The newest is always kept.
    """
    newest_first = sorted((name for name in names if backup_files.NAME.fullmatch(name)), reverse=True)
    days, plus, weeks = rule.partition("+")
    if not plus:
        return set(newest_first[: int(days)])
    by_day: dict[object, str] = {}
    by_week: dict[object, str] = {}
    for name in newest_first:
        at = datetime.strptime(name, backup_files.NAME_FORMAT)  # noqa: DTZ007 - Thai time, as it is written
        by_day.setdefault(at.date(), name)
        by_week.setdefault(at.isocalendar()[:2], name)
    return {*list(by_day.values())[: int(days)], *list(by_week.values())[: int(weeks)]}


def prune(folder: Path, rule: str) -> list[str]:
    """Deletes the complete backups in a folder that the rule does not keep; returns their names.

    One that goes loses its name first: a kill meanwhile leaves nothing that looks whole.
    """
    names = [each.name for each in backup_files.complete_in(folder)]
    gone = sorted(set(names) - to_keep(names, rule))
    for name in gone:
        delete_backup(folder, name)
    return gone


def delete_backup(folder: Path, name: str) -> None:
    """Deletes a backup. Raises FileNotFoundError when it is gone already."""
    going = folder / f".{name}{backup_files.UNFINISHED}"
    (folder / name).rename(going)
    shutil.rmtree(going, ignore_errors=True)  # what is left goes with the next backup


def _free_name(folder: Path, at: datetime) -> str:
    name = at.strftime(backup_files.NAME_FORMAT)
    while (folder / name).exists():  # two within a second, or a clock that was put back
        at += timedelta(seconds=1)
        name = at.strftime(backup_files.NAME_FORMAT)
    return name


def _write(database: Database, media: MediaStore, into: Path, key_fingerprint: str, check: Check) -> Manifest:
    (into / "tables").mkdir(mode=0o700)
    (into / "media").mkdir(mode=0o700)
    dumped: dict[str, TableOfBackup] = {}
    with database.snapshot() as reader:
        connection, at = reader.session.connection(), reader.now
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            raise conflict("operations.no_database")
        schema = row_dumps.schema_of(connection)
        for table in schema.tables:
            digest = row_dumps.Digest()
            lines = digest.watch(row_dumps.lines(connection, table))
            backup_files.write_lines(backup_files.table_file(into, table.name), _checked(lines, check))
            dumped[table.name] = TableOfBackup(rows=digest.rows, sha256=digest.sha256)
        keys_file = into / ".keys"
        with keys_file.open("w", encoding="ascii") as file:
            file.writelines(f"{key}\n" for key in _keys(connection, schema.tables))
    with keys_file.open(encoding="ascii") as file:
        files = _write_media(media, into, (line.strip() for line in file), check)
    keys_file.unlink()
    manifest = Manifest(
        product=backup_files.product_version(),
        revision=revision,
        at=at,
        database="sqlite" if database.is_sqlite else "postgresql",
        key_fingerprint=key_fingerprint,
        tables=dumped,
        media=files,
    )
    backup_files.write_bytes(
        into / backup_files.MANIFEST, manifest.model_dump_json(indent=1).encode() + b"\n"
    )
    for each in (into / "tables", into / "media", into):
        backup_files.settle(each)
    return manifest


def _keys(connection: Connection, schema_tables: Iterable[Table]) -> Iterator[str]:
    """Every key of a file once, in order; read a little at a time."""
    columns = [table.columns[name] for table, name in media_columns(schema_tables)]
    found = [
        connection.execute(
            select(column).where(column.is_not(None)).order_by(column),
            execution_options={"yield_per": row_dumps.ROWS_AT_ONCE},
        ).scalars()
        for column in columns
    ]
    last = ""
    for key in heapq.merge(*found):
        if key != last:
            yield key
        last = key


def _write_media(media: MediaStore, into: Path, keys: Iterable[str], check: Check) -> MediaOfBackup:
    """Copies the files. One that is not there any more is listed without a size, and named as missing."""
    missing: list[str] = []
    files = size = 0

    def copied() -> Iterator[bytes]:
        nonlocal files, size
        for key in keys:
            check()
            content = media.get(key)
            if content is None:
                missing.append(key)
                yield _media_line(key, None, "")
                continue
            path = backup_files.media_file(into, key)
            path.parent.mkdir(exist_ok=True, mode=0o700)
            backup_files.write_bytes(path, content)
            files, size = files + 1, size + len(content)
            yield _media_line(key, len(content), sha256(content).hexdigest())

    listed = row_dumps.Digest(rows=0)
    backup_files.write_lines(into / backup_files.MEDIA_LIST, listed.watch(copied()))
    for each in (into / "media").iterdir():
        backup_files.settle(each)
    return MediaOfBackup(files=files, bytes=size, list_sha256=listed.sha256, missing=missing)


def _media_line(key: str, size: int | None, hashed: str) -> bytes:
    return (json.dumps([key, size, hashed]) + "\n").encode()


def _checked(lines: Iterable[bytes], check: Check) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number % ROWS_BETWEEN_CHECKS == 0:
            check()
        yield line
