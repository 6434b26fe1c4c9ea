"""Whether what the office runs on works: database, disk, media store, clock, worker, administrators. And how findings are told.

The channels examine themselves beside their clients and answer in the same `Finding`s.
"""

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from eservice.kit import backup_runs, clock_checks, heartbeat, outbox
from eservice.kit.audit import AuditRecord
from eservice.kit.backup_runs import BACKUP_MAY_BE_OLD, DRILL_MAY_BE_OLD, DrillState, RunKind, RunState
from eservice.kit.clock_checks import AskKernel, ClockState, Source, state_of_offset
from eservice.kit.database import Database, open_database
from eservice.kit.errors import ServiceError
from eservice.kit.free_space import free_mb
from eservice.kit.kernel_clock import is_synchronised
from eservice.kit.media import local_folder, open_media
from eservice.kit.media import reason_of as reason_of_media
from eservice.kit.migrate import is_current, missing_columns
from eservice.kit.settings import MOST_COPY_DAYS, Settings
from eservice.kit.text import LANGUAGES, Catalogue
from eservice.kit.thai_calendar import BUDDHIST_ERA_OFFSET, local_date, shown_in
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import credentials, delivery_queries, inbox
from eservice.messaging.models import InboundEvent
from eservice.operations import marks, old_copies
from eservice.operations.failures import reason_of
from eservice.operations.maintenance import under_maintenance
from eservice.privacy import national_ids
from eservice.privacy.alarms import read_alarm
from eservice.staff.queries import ENOUGH_ADMINISTRATORS, administrators_in_use

LOW_DISK_MB = 500
FIRST_YEAR = 2569  # of the product: a clock before it is wrong
CLOCK_TOLERANCE = timedelta(minutes=1)  # of what processes wrote down, on whichever machine
WORK_MAY_WAIT = timedelta(minutes=1)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TEXTS = Catalogue(Path(__file__).parent / "text")


class Verdict(StrEnum):
    """What came of an examination. Only `failed` makes the command fail."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    OFF = "off"  # not configured
    UNKNOWN = "unknown"  # could not be looked at


MARKS = {
    Verdict.OK: "✓",
    Verdict.WARNING: "!",
    Verdict.FAILED: "✗",
    Verdict.OFF: "–",
    Verdict.UNKNOWN: "?",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found of one thing, and what to do about it, in Thai and English."""

    name: str  # e.g. "line_token"
    verdict: Verdict
    thai: str
    english: str
    detail: str = ""  # as the other side said it, in its own words


def finding(
    texts: Catalogue, name: str, verdict: Verdict, code: str, /, detail: object = "", **parameters: object
) -> Finding:
    """A finding in the words of `doctor.<name>.<code>`; an instant is written as each language does.

    `detail`: what the other side said, which is told after our own words.
    """
    thai, english = (
        texts.get(
            f"doctor.{name}.{code}",
            language,
            **{key: _shown(value, language) for key, value in parameters.items()},
        )
        for language in LANGUAGES
    )
    return Finding(name=name, verdict=verdict, thai=thai, english=english, detail=str(detail))


def _shown(value: object, language: str) -> object:
    return shown_in(language, value) if isinstance(value, datetime) else value


def told(findings: Sequence[Finding], *, as_json: bool) -> str:
    """The findings for a person, or for a program."""
    if as_json:
        checks = [
            {
                "name": found.name,
                "verdict": found.verdict.value,
                "ok": found.verdict is not Verdict.FAILED,
                "th": found.thai,
                "en": _in_english(found),
            }
            for found in findings
        ]
        return json.dumps({"ok": all_work(findings), "checks": checks}, ensure_ascii=False, indent=2)
    return "\n".join(f"{MARKS[found.verdict]} {found.thai}\n  {_in_english(found)}" for found in findings)


def _in_english(found: Finding) -> str:
    return f"{found.english} ({found.detail})" if found.detail else found.english


def all_work(findings: Sequence[Finding]) -> bool:
    """Whether nothing that is configured fails."""
    return all(found.verdict is not Verdict.FAILED for found in findings)


def examine(settings: Settings, ask_kernel: AskKernel = is_synchronised) -> list[Finding]:
    """Database, migrations, disk, media store, clock, worker, backups, marks, old copies
    and the clocks of personal data.

    Leaves everything as it was, and may run beside serving processes.
    """
    database = open_database(settings)
    try:
        usable = _check_database(database)
        is_there = usable.verdict is not Verdict.FAILED
        migrations = _check_migrations(database) if is_there else _unseen("migrations")
        has_tables = migrations.verdict is Verdict.OK
        return [
            usable,
            migrations,
            *_check_maintenance(settings.data_dir),
            _check_disk(settings.data_dir, settings.min_free_mb),
            _check_media(settings),
            _check_clock(database, ask_kernel, has_tables=has_tables),
            _check_worker(database) if has_tables else _unseen("worker"),
            _check_backups(settings, database) if has_tables else _unseen("backups"),
            *(_check_national_ids(settings, database) if has_tables else []),
            _check_copies(settings, database.clock.now()),
            _check_privacy(database) if has_tables else _unseen("privacy"),
            _check_drills(settings, database) if has_tables else _unseen("drills"),
            _check_marks(settings, database) if has_tables else _unseen("marks"),
            *([_check_administrators(database)] if has_tables and settings.app_env == "production" else []),
        ]
    finally:
        database.dispose()


def with_entered_keys(settings: Settings) -> tuple[Settings, list[Finding]]:
    """The settings with what was entered in the console for LINE and Telegram, as far as it can be read.

    Leaves everything as it was. What another SECRET_KEY has sealed is a finding.
    """
    database = open_database(settings)
    try:
        if database.is_sqlite and not Path(database.url.database or "").is_file():
            return settings, []
        with database.read() as reader:
            return credentials.settings_in_force(reader, settings), []
    except SQLAlchemyError:
        return settings, []  # the database's own finding says what is the matter
    except ServiceError:
        return settings, [_found("channel_keys", Verdict.FAILED, "other_key")]
    finally:
        database.dispose()


def _found(name: str, verdict: Verdict, code: str, /, **parameters: object) -> Finding:
    return finding(_TEXTS, name, verdict, code, **parameters)


def _unseen(name: str) -> Finding:
    return _found(name, Verdict.UNKNOWN, "unseen")


def _check_database(database: Database) -> Finding:
    if database.is_sqlite and not Path(database.url.database or "").is_file():
        return _found("database", Verdict.FAILED, "missing", path=database.url.database)
    try:
        with database.read() as reader:
            fault = _integrity_fault(reader) if database.is_sqlite else None
            reader.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        code = "damaged" if _is_damage(error) else "away"
        return _found("database", Verdict.FAILED, code, reason=reason_of(error))
    if fault is not None:
        return _found("database", Verdict.FAILED, "damaged", reason=fault)
    try:
        with database.engine.connect() as connection:
            connection.execute(text("CREATE TABLE doctor_trial (number INTEGER)"))
            connection.rollback()
    except SQLAlchemyError as error:
        return _found("database", Verdict.FAILED, "read_only", reason=reason_of(error))
    return _found("database", Verdict.OK, "ok", kind="SQLite" if database.is_sqlite else "PostgreSQL")


def _integrity_fault(reader: ReadOnly) -> str | None:
    """What SQLite's own check of the file finds wrong first."""
    first = str(reader.session.scalar(text("PRAGMA quick_check(1)")))
    return None if first == "ok" else first.splitlines()[-1]


def _is_damage(error: SQLAlchemyError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) if isinstance(error, DBAPIError) else 0
    return code & 0xFF in _DAMAGED


def _check_migrations(database: Database) -> Finding:
    """Whether the schema has the number of this version, and what that number promises."""
    try:
        if not is_current(database):
            return _found("migrations", Verdict.FAILED, "other")
        missing = missing_columns(database)
    except SQLAlchemyError as error:
        return _found("migrations", Verdict.FAILED, "unreadable", reason=reason_of(error))
    if missing:
        return _found("migrations", Verdict.FAILED, "incomplete", missing=", ".join(missing[:3]))
    return _found("migrations", Verdict.OK, "ok")


def _check_maintenance(data_dir: Path) -> list[Finding]:
    """A page that somebody forgot keeps everybody out; while it is off there is nothing to say."""
    found = under_maintenance(data_dir)
    if found is None:
        return []
    return [_found("maintenance", Verdict.WARNING, "on", time=found.since or "?")]


def _check_disk(data_dir: Path, min_free_mb: int) -> Finding:
    folder = _there(data_dir.absolute())
    if not _is_writable(folder):
        return _found("disk", Verdict.FAILED, "not_writable", folder=folder)
    free = free_mb(folder)
    if free < min_free_mb:
        return _found("disk", Verdict.FAILED, "full", folder=folder, free=f"{free:,}", least=min_free_mb)
    is_low = free < LOW_DISK_MB
    verdict, code = (Verdict.WARNING, "low") if is_low else (Verdict.OK, "ok")
    return _found("disk", verdict, code, folder=folder, free=f"{free:,}")


def _check_media(settings: Settings) -> Finding:
    """Writes, reads and deletes a file; a folder that is not there yet is left for the first photo to make."""
    folder = local_folder(settings)
    place = settings.media_url or folder
    if folder is not None and not folder.exists() and _is_writable(folder):
        return _found("media", Verdict.OK, "not_yet", place=place)
    try:
        open_media(settings).try_out()
    except ServiceError as fault:
        code = "no_folder" if folder is not None else "no_store"
        return _found("media", Verdict.FAILED, code, place=place, reason=reason_of_media(fault))
    return _found("media", Verdict.OK, "ok", place=place)


def _is_writable(folder: Path) -> bool:
    """Whether the folder, or the nearest one above it that is there, can be written to."""
    return os.access(_there(folder), os.W_OK)


def _there(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _check_clock(database: Database, ask_kernel: AskKernel, *, has_tables: bool) -> Finding:
    """Asks the kernel and the database server, and looks at what LINE said last. No time server is asked."""
    now = database.clock.now()
    if local_date(now).year + BUDDHIST_ERA_OFFSET < FIRST_YEAR:
        return _found("clock", Verdict.FAILED, "too_early", time=now)
    newest, offset, by_line = None, None, None
    if has_tables:
        try:
            with database.read() as reader:
                newest, by_line = _newest_instant(reader), _told_by_line(reader)
            offset = clock_checks.offset_from_server(database)
        except SQLAlchemyError:
            pass  # the kernel's word is left
    now = database.clock.now()
    if newest is not None and newest > now + CLOCK_TOLERANCE:
        return _found("clock", Verdict.FAILED, "put_back", time=now, newest=newest)
    for code, found in (("differs", offset), ("differs_from_line", by_line)):
        if found is not None and state_of_offset(found) is ClockState.OFF:
            seconds = f"{abs(found.total_seconds()):,.1f}"
            return _found("clock", Verdict.FAILED, code, time=now, seconds=seconds)
    match ask_kernel():
        case True:
            return _found("clock", Verdict.OK, "ok", time=now)
        case False:
            return _found("clock", Verdict.WARNING, "unset", time=now)
        case None if by_line is not None:
            return _found("clock", Verdict.OK, "as_line", time=now)
        case None:
            return _found("clock", Verdict.UNKNOWN, "not_told", time=now)


def _told_by_line(reader: ReadOnly) -> timedelta | None:
    """How far this or another machine was ahead of LINE's clock when LINE was last asked, at the worst."""
    offsets = [
        timedelta(milliseconds=check.offset_ms)
        for check in clock_checks.newest(reader)
        if check.source == Source.LINE and check.offset_ms is not None
    ]
    return max(offsets, key=abs, default=None)


def _newest_instant(reader: ReadOnly) -> datetime | None:
    """The newest instant that any process wrote down."""
    columns = (heartbeat.WorkerBeat.at, InboundEvent.received_at, AuditRecord.at)
    written = [reader.session.scalar(select(func.max(column))) for column in columns]
    return max((at for at in written if at is not None), default=None)


def _check_marks(settings: Settings, database: Database) -> Finding:
    """Whether the database has come as far as was noted beside it: an older one was put in its place."""
    try:
        kept = marks.read(marks.folders_of(settings))
        with database.read() as reader:
            compared = marks.compare(reader, kept)
    except (SQLAlchemyError, OSError):
        return _unseen("marks")
    if kept.is_damaged:
        return _found("marks", Verdict.FAILED, "damaged", file=marks.FILE)
    for mark in compared.older.values():
        return _found("marks", Verdict.FAILED, "older", chain=mark.chain, record=mark.sequence, time=mark.at)
    if compared.noted_at is None:
        return _found("marks", Verdict.OFF, "none")
    return _found("marks", Verdict.OK, "ok", time=compared.noted_at)


def _check_administrators(database: Database) -> Finding:
    """A real office needs two: one who cannot get in is let in by the other."""
    try:
        with database.read() as reader:
            count = administrators_in_use(reader)
    except SQLAlchemyError:
        return _unseen("administrators")
    if count < ENOUGH_ADMINISTRATORS:
        return _found("administrators", Verdict.WARNING, "too_few", count=count)
    return _found("administrators", Verdict.OK, "ok", count=count)


def _check_national_ids(settings: Settings, database: Database) -> list[Finding]:
    """Whether the sealed numbers of identity cards can be opened; nothing where none is kept."""
    try:
        with database.read() as reader:
            unread, count = national_ids.unreadable(reader, settings)
    except SQLAlchemyError:
        return [_unseen("national_ids")]
    if unread:
        return [_found("national_ids", Verdict.FAILED, "other_key", unread=unread, count=count)]
    return [_found("national_ids", Verdict.OK, "ok", count=count)] if count else []


def _check_worker(database: Database) -> Finding:
    """A worker that rests is a warning; one that lets people wait is a failure."""
    try:
        with database.read() as reader:
            is_alive = heartbeat.is_fresh(reader)
            events, since = inbox.waiting_count(reader), delivery_queries.oldest_due(reader)
            given_up = outbox.given_up(reader)
            is_late = since is not None and reader.now - since > WORK_MAY_WAIT
    except SQLAlchemyError:
        return _unseen("worker")
    if is_alive and given_up:
        return _found("worker", Verdict.WARNING, "given_up", events=given_up)
    if is_alive:
        return _found("worker", Verdict.OK, "ok")
    if events or is_late:
        return _found("worker", Verdict.FAILED, "people_wait", events=events)
    return _found("worker", Verdict.WARNING, "resting")


def _check_copies(settings: Settings, now: datetime) -> Finding:
    """Whether a copy lies about that is older than what people have erased may be."""
    try:
        old = old_copies.too_old(settings, now)
    except OSError as error:
        return _found("copies", Verdict.UNKNOWN, "unreadable", reason=error.strerror or type(error).__name__)
    if old:
        first = old[0]
        return _found("copies", Verdict.WARNING, "old", count=len(old), path=first.path, time=first.at)
    return _found("copies", Verdict.OK, "ok", days=MOST_COPY_DAYS)


def _check_privacy(database: Database) -> Finding:
    """Whether a clock of personal data runs out: the 72 hours of a breach, the days of a request."""
    try:
        with database.read() as reader:
            alarm = read_alarm(reader)
    except SQLAlchemyError:
        return _unseen("privacy")
    if alarm.breaches:
        return _found("privacy", Verdict.WARNING, "breach", count=alarm.breaches)
    if alarm.pressing:
        return _found("privacy", Verdict.WARNING, "pressing", count=alarm.pressing)
    return _found("privacy", Verdict.OK, "ok")


def _check_backups(settings: Settings, database: Database) -> Finding:
    """Whether there is a backup of today or yesterday; without BACKUP_DIR that matters in production only."""
    try:
        with database.read() as reader:
            good = backup_runs.newest(reader, RunKind.BACKUP, RunState.OK)
            bad = backup_runs.newest(reader, RunKind.BACKUP, RunState.FAILED)
            now = reader.now
    except SQLAlchemyError:
        return _unseen("backups")
    if good is not None and now - good.started_at <= BACKUP_MAY_BE_OLD:
        return _found("backups", Verdict.OK, "ok", time=good.started_at, size=f"{good.bytes / 1e6:,.1f}")
    if settings.backup_folder is None:
        verdict = Verdict.WARNING if settings.app_env == "production" else Verdict.OFF
        return _found("backups", verdict, "off")
    if bad is not None and (good is None or bad.started_at > good.started_at):
        return _found("backups", Verdict.WARNING, "failed", time=bad.started_at, reason=bad.reason)
    if good is None:
        return _found("backups", Verdict.WARNING, "none")
    return _found("backups", Verdict.WARNING, "old", time=good.started_at)


def _check_drills(settings: Settings, database: Database) -> Finding:
    """Whether a backup was tried out lately: one that nobody has tried may be none. Where none is made, not yet."""
    try:
        with database.read() as reader:
            state, run = backup_runs.last_drill(reader)
            has_backup = backup_runs.newest(reader, RunKind.BACKUP, RunState.OK) is not None
    except SQLAlchemyError:
        return _unseen("drills")
    folder = settings.backup_folder or "DIR"
    if run is None:
        verdict = Verdict.WARNING if has_backup or settings.app_env == "production" else Verdict.OFF
        return _found("drills", verdict, "none", folder=folder)
    verdict = Verdict.OK if state is DrillState.OK else Verdict.WARNING
    about = {"time": run.started_at, "name": run.name, "reason": run.reason, "days": DRILL_MAY_BE_OLD.days}
    return _found("drills", verdict, state.value, folder=folder, **about)
