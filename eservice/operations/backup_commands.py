"""`backup`, `backup drill` and `restore` on the command line."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from eservice.kit import audit, backup_runs
from eservice.kit.backup_runs import RunKind
from eservice.kit.database import Database, open_database
from eservice.kit.errors import not_found
from eservice.kit.media import open_at, open_media
from eservice.kit.migrate import is_current
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.operations import backup_files, chains, marks
from eservice.operations.backup import Made, back_up, prune
from eservice.operations.failures import EXPECTED, in_one_line
from eservice.operations.marks import Because
from eservice.operations.restore import Restored, forget_index, restore

TEXTS = Catalogue(Path(__file__).parent / "text")

_DEEDS = {RunKind.BACKUP: "backup.made", RunKind.DRILL: "backup.tried_out"}
_Succeed = Callable[[Path, int, int], None]


def make(settings: Settings, folder: Path, keep: int | None) -> None:
    """`backup DIR`: writes a backup and says what is in it, and what is not. Raises as `back_up` does."""
    database = _existing(settings)
    with _noted(database, RunKind.BACKUP) as succeeded:
        fingerprint = settings.key_fingerprint
        made = back_up(
            database, open_media(settings), folder, key_fingerprint=fingerprint, data_dir=settings.data_dir
        )
        succeeded(made.folder, made.manifest.rows, made.bytes)
    _tell_made(made)
    _say("key_apart", fingerprint=fingerprint or "–")
    if keep is not None:
        for name in prune(folder, str(keep)):
            _say("deleted", name=name)


def put_back(settings: Settings, folder: Path, *, replace: bool) -> Path:
    """`restore DIR`: puts a backup in place, and returns which. Raises as `restore` does."""
    backup = backup_files.backup_at(folder)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    safety = settings.backup_folder or settings.data_dir / "before-restore"
    database = open_database(settings)
    restored = restore(
        database,
        open_media(settings),
        backup,
        safety_folder=safety if replace else None,
        key_fingerprint=settings.key_fingerprint,
    )
    forget_index(settings.data_dir)
    _record(database, settings, backup, restored)
    marks.begin_anew(database, settings.data_dir, Because.RESTORED, backup.name)
    if restored.before is not None:
        _say("was_kept", folder=restored.before.folder)
    _tell_restored("restored", backup, restored)
    _warn_of_another_key(settings, restored)
    return backup


def _record(database: Database, settings: Settings, backup: Path, restored: Restored) -> None:
    """Puts it on record, unless the key that seals the records is not here."""
    if settings.key_fingerprint != restored.manifest.key_fingerprint:
        return
    with database.unit_of_work() as uow:
        audit.record(
            uow, actor=chains.CLI, action="backup.restored", subject_kind="backup", subject_id=backup.name,
            after={"rows": restored.manifest.rows},
        )  # fmt: skip


def _warn_of_another_key(settings: Settings, restored: Restored) -> None:
    if settings.key_fingerprint != restored.manifest.key_fingerprint:
        _say("other_key", fingerprint=restored.manifest.key_fingerprint)


def drill(settings: Settings, folder: Path) -> None:
    """`backup drill DIR`: restores a backup beside everything else, compares, and throws it away.

    Raises as `restore` does; that is noted too.
    """
    backup = backup_files.backup_at(folder)
    with _noted(_existing(settings), RunKind.DRILL) as succeeded:
        restored = try_out(backup, lambda: settings.signing_key)
        succeeded(backup, restored.manifest.rows, restored.manifest.media.bytes)
    _tell_restored("drilled", backup, restored)
    _warn_of_another_key(settings, restored)


def try_out(backup: Path, signing_key: Callable[[], str]) -> Restored:
    """Restores a backup into a new SQLite database and media folder, which are then deleted.

    Raises as `restore` does, and ServiceError `chain.<fault>` for a chain of records that is not whole.
    """
    with tempfile.TemporaryDirectory(prefix="phueanban-drill-") as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'drill.db'}", signing_key=signing_key)
        try:
            restored = restore(database, open_at(Path(scratch) / "media"), backup)
            chains.require_whole(database, whatever_key=True)
            return restored
        finally:
            database.dispose()


def _existing(settings: Settings) -> Database:
    """The database as it is: a backup comes before the migrations of an upgrade, not after."""
    database = open_database(settings)
    if database.is_sqlite and not Path(database.url.database or "").is_file():
        raise not_found("operations.no_database")
    return database


@contextmanager
def _noted(database: Database, kind: RunKind) -> Iterator[_Succeed]:
    """Notes in the database what comes of the block, where it can: a full disk must not prevent a backup."""
    notes = _Notes(database, kind)
    try:
        yield notes.succeeded
    except EXPECTED as error:
        notes.failed(in_one_line(error))
        raise


class _Notes:
    """The note of one run. Whatever the database does not take is left out."""

    def __init__(self, database: Database, kind: RunKind) -> None:
        self._database = database
        self._kind = kind
        self._run_id: int | None = None
        with suppress(SQLAlchemyError):
            if is_current(database):
                with database.unit_of_work() as uow:
                    run_id = backup_runs.begin(uow, kind)
                self._run_id = run_id

    def succeeded(self, folder: Path, rows: int, size_bytes: int) -> None:
        with suppress(SQLAlchemyError):
            if self._run_id is not None:
                with self._database.unit_of_work() as uow:
                    backup_runs.succeed(uow, self._run_id, folder, rows=rows, size_bytes=size_bytes)
                    audit.record(
                        uow, actor=chains.CLI, action=_DEEDS[self._kind], subject_kind="backup",
                        subject_id=folder.name[:100], after={"rows": rows},
                    )  # fmt: skip

    def failed(self, reason: str) -> None:
        with suppress(SQLAlchemyError):
            if self._run_id is not None:
                with self._database.unit_of_work() as uow:
                    backup_runs.fail(uow, self._run_id, reason)


def _tell_made(made: Made) -> None:
    manifest = made.manifest
    _say(
        "made",
        folder=made.folder,
        rows=f"{manifest.rows:,}",
        files=f"{manifest.media.files:,}",
        size=f"{made.bytes / 1e6:,.1f}",
        seconds=f"{made.seconds:.1f}",
    )
    if manifest.media.missing:
        _say("files_missing", number=len(manifest.media.missing))


def _tell_restored(code: str, backup: Path, restored: Restored) -> None:
    manifest = restored.manifest
    _say(
        code,
        name=backup.name,
        time=manifest.at,
        tables=len(manifest.tables),
        rows=f"{manifest.rows:,}",
        files=f"{manifest.media.files:,}",
        seconds=f"{restored.seconds:.1f}",
    )


def _say(code: str, **parameters: object) -> None:
    print(TEXTS.both(f"backup.{code}", **parameters))
