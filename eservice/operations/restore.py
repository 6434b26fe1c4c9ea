"""Putting a backup in place of an empty database, on either of the two kinds, whichever it was made on.

Everything is checked before anything is written. Files of the media store come first; then one transaction
makes the schema, writes the rows, reads them again and compares, and brings the schema up to date: a kill leaves
the database as it was, and the restore can be run again.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, exists, func, inspect, select, text
from sqlalchemy.exc import StatementError

from eservice.kit import in_use
from eservice.kit.database import Database
from eservice.kit.database_faults import is_passing
from eservice.kit.errors import ErrorKind, ServiceError, conflict
from eservice.kit.heartbeat import WorkerBeat
from eservice.kit.media import MediaStore
from eservice.kit.migrate import ADVISORY_LOCK, is_known, migrate, upgrade_within
from eservice.operations import backup_files, row_dumps
from eservice.operations.backup import Made, back_up
from eservice.operations.backup_files import Manifest

ALIVE_FOR = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore has done. `before` is the backup of what was there, if it was asked to replace it."""

    manifest: Manifest
    before: Made | None
    seconds: float


def restore(
    database: Database,
    media: MediaStore,
    backup: Path,
    *,
    safety_folder: Path | None = None,
    key_fingerprint: str = "",
) -> Restored:
    """Puts a backup in place. With `safety_folder` a database that holds something is first backed up there.

    Raises ServiceError `operations.no_backup`, `operations.backup_damaged`, `operations.backup_newer` (made by
    a program newer than this one), `operations.in_use` (somebody serves or works), `operations.not_empty`,
    `operations.restored_otherwise` (what was written is not what was read: nothing is kept), `media.unavailable`.
    """
    began = time.monotonic()
    manifest = backup_files.read_manifest(backup)
    if not is_known(manifest.revision):
        raise conflict("operations.backup_newer")
    backup_files.check_files(backup, manifest)
    with in_use.alone(database):
        _refuse_living_workers(database)
        before = None
        if holds_something(database):
            if safety_folder is None:
                raise conflict("operations.not_empty")
            before = back_up(database, media, safety_folder, key_fingerprint=key_fingerprint)
        for key in backup_files.media_keys(backup):
            if not media.exists(key):
                media.put_back(key, backup_files.media_file(backup, key).read_bytes())
        with database.unit_of_work() as uow:
            _replace_all(uow.session.connection(), database, backup, manifest)
    return Restored(manifest=manifest, before=before, seconds=time.monotonic() - began)


def forget_index(data_dir: Path) -> None:
    """Deletes what was learned from other rows; it is made anew with the next start."""
    shutil.rmtree(data_dir / "index", ignore_errors=True)


def holds_something(database: Database) -> bool:
    """Whether there is more than the schema and what migrations put into a new one."""
    with database.read() as reader:
        connection = reader.session.connection()
        filled = [
            table
            for table in row_dumps.schema_of(connection).tables
            if connection.scalar(select(exists(select(1).select_from(table))))
        ]
        if not filled:
            return False
        of_new = _rows_of_a_new_database(database.signing_key())
        return any(
            table.name not in of_new or _hash_of(connection, table) != of_new[table.name] for table in filled
        )


@cache
def _rows_of_a_new_database(signing_key: str) -> dict[str, str]:
    """The hashes of those tables that have rows from the start, some of them signed."""
    with tempfile.TemporaryDirectory(prefix="phueanban-new-") as folder:
        new = Database(f"sqlite:///{Path(folder) / 'new.db'}", signing_key=lambda: signing_key)
        migrate(new)
        with new.read() as reader:
            connection = reader.session.connection()
            hashes = {
                table.name: _hash_of(connection, table)
                for table in row_dumps.schema_of(connection).tables
                if connection.scalar(select(exists(select(1).select_from(table))))
            }
        new.dispose()
        return hashes


def _hash_of(connection: Connection, table: Table) -> str:
    digest = row_dumps.Digest()
    for _ in digest.watch(row_dumps.lines(connection, table)):
        pass
    return digest.sha256


def _refuse_living_workers(database: Database) -> None:
    """PostgreSQL forgets locks when it restarts; a worker's sign of life tells of one that still runs."""
    if database.is_sqlite:
        return
    with database.read() as reader:
        if not inspect(reader.session.connection()).has_table(WorkerBeat.__tablename__):
            return
        newest = reader.session.scalar(select(func.max(WorkerBeat.at)))
        if newest is not None and reader.now - newest < ALIVE_FOR:
            raise ServiceError("operations.in_use", ErrorKind.CONFLICT)


def _replace_all(connection: Connection, database: Database, backup: Path, manifest: Manifest) -> None:
    if connection.dialect.name == "postgresql":  # against a migration at another process's start
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    _drop_all(connection)
    upgrade_within(connection, database, manifest.revision)
    schema = row_dumps.schema_of(connection)
    if {table.name for table in schema.tables} != set(manifest.tables):
        raise backup_files.damaged(backup_files.MANIFEST)
    for table in reversed(schema.tables):  # what migrations have put there
        connection.execute(table.delete())
    for table in schema.tables:
        late = schema.late.get(table.name, frozenset())
        with _as_damage(table):
            row_dumps.load(connection, table, backup_files.read_table(backup, table.name), late)
    for table in schema.tables:
        if late := schema.late.get(table.name):
            with _as_damage(table):
                row_dumps.load_late(connection, table, backup_files.read_table(backup, table.name), late)
        row_dumps.follow_on(connection, table)
    _compare(connection, schema, manifest)
    upgrade_within(connection, database)


@contextmanager
def _as_damage(table: Table) -> Iterator[None]:
    """Values that are none of their columns', though their hash fits: whoever wrote them was not this program."""
    try:
        yield
    except (TypeError, ValueError, OverflowError, StatementError) as fault:
        if is_passing(fault):
            raise
        raise backup_files.damaged(f"tables/{table.name}.jsonl.gz") from fault


def _drop_all(connection: Connection) -> None:
    metadata = MetaData()
    metadata.reflect(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    metadata.drop_all(connection)


def _compare(connection: Connection, schema: row_dumps.Schema, manifest: Manifest) -> None:
    """Reads back what was written. Raises ServiceError `operations.restored_otherwise`."""
    for table in schema.tables:
        digest = row_dumps.Digest()
        for _ in digest.watch(row_dumps.lines(connection, table)):
            pass
        known = manifest.tables[table.name]
        if (digest.rows, digest.sha256) != (known.rows, known.sha256):
            error = conflict("operations.restored_otherwise")
            error.parameters["table"] = table.name
            raise error
