"""Copies of the data beside the database, and which of them are too old: an erasure reaches none of them.

Known are the backups in BACKUP_DIR, those that stand in `before-…` below DATA_DIR since an upgrade or a restore,
and the demo database that `office init` put aside. What somebody carried elsewhere, only the office knows.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from eservice.kit.settings import MOST_COPY_DAYS, Settings, copy_days
from eservice.kit.thai_calendar import BANGKOK
from eservice.operations import backup_files
from eservice.operations.backup import delete_backup

SAFETY_DAYS = 30  # how long a `before-…` copy and the demo put aside are of use
_BEFORE = "before-*"
_STAMP = "%Y%m%d-%H%M%S"

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One copy. `is_ours` says that the program deletes it by itself after SAFETY_DAYS."""

    path: Path
    at: datetime
    is_ours: bool


def known(settings: Settings) -> list[Copy]:
    """Every copy that we know of, oldest first. Raises OSError for a folder that may not be read."""
    found = [*_safety_copies(settings), *_demos(settings)]
    if settings.backup_folder is not None:
        found += _backups(settings.backup_folder, is_ours=False)
    return sorted(found, key=lambda copy: copy.at)


def too_old(settings: Settings, now: datetime) -> list[Copy]:
    """The copies that are older than an erasure may take, oldest first. Raises OSError as `known` does."""
    return [copy for copy in known(settings) if now - copy.at > timedelta(days=MOST_COPY_DAYS)]


def gone_by(settings: Settings, now: datetime) -> datetime:
    """When the last copy that may be there now is deleted by itself, if the daily work goes on."""
    days = copy_days(settings.backup_keep) if settings.backup_folder is not None else 0
    return now + timedelta(days=max(days, SAFETY_DAYS))


def delete_safety_copies(settings: Settings, now: datetime) -> int:
    """Deletes what an upgrade, a restore or `office init` left, once it is of no use; returns how many.

    The office's own BACKUP_DIR is not touched: its rule is BACKUP_KEEP.
    """
    gone = 0
    for copy in (*_safety_copies(settings), *_demos(settings)):
        if now - copy.at <= timedelta(days=SAFETY_DAYS):
            continue
        with suppress(FileNotFoundError):  # of two workers one comes second
            if copy.path.is_dir():
                delete_backup(copy.path.parent, copy.path.name)
            else:
                for suffix in ("-wal", "-shm", ""):
                    copy.path.with_name(copy.path.name + suffix).unlink(missing_ok=True)
            gone += 1
            log.info("copies.deleted", name=copy.path.name)
    return gone


def _safety_copies(settings: Settings) -> Iterator[Copy]:
    for folder in settings.data_dir.glob(_BEFORE):
        yield from _backups(folder, is_ours=True)


def _backups(folder: Path, *, is_ours: bool) -> Iterator[Copy]:
    for backup in backup_files.complete_in(folder):
        at = datetime.strptime(backup.name, backup_files.NAME_FORMAT).replace(tzinfo=BANGKOK)
        yield Copy(path=backup, at=at, is_ours=is_ours)


def _demos(settings: Settings) -> Iterator[Copy]:
    """What `office init --replace-demo` put aside, beside an SQLite database."""
    url = make_url(settings.database_address)
    if not url.drivername.startswith("sqlite") or not url.database:
        return
    place = Path(url.database)
    if not place.parent.is_dir():
        return
    pattern = re.compile(rf"{re.escape(place.stem)}-demo-(\d{{8}}-\d{{6}}){re.escape(place.suffix)}")
    for each in place.parent.iterdir():
        if (match := pattern.fullmatch(each.name)) is not None:
            with suppress(ValueError):  # digits that are no time: not ours
                at = datetime.strptime(match[1], _STAMP).replace(tzinfo=BANGKOK)
                yield Copy(path=each, at=at, is_ours=True)
