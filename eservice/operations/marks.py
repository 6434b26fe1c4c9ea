"""The ends of the chains, noted outside the database: they find that the whole of it was put back to an earlier state.

Such a copy hangs together and carries our seal. So a worker notes, once an hour, how far each chain has come, in a
file of DATA_DIR; a backup takes a copy along. A database in which a noted row is missing or another is older than
what was noted. Nothing is noted over that, so that it stays to be found.

After a restore it is older rightly: the marks begin anew, and those before are void. On another machine that kept
marks of its own, the audit of the restored database says so.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.audit import AuditRecord
from eservice.kit.chain import Chain, ChainHead
from eservice.kit.database import Database, table_of
from eservice.kit.file_locks import held
from eservice.kit.settings import Settings
from eservice.kit.unit_of_work import ReadOnly
from eservice.kit.whole_files import replace_whole
from eservice.traffic import models as traffic

CHAINS = (traffic.CHAIN, audit.CHAIN)
"""In the order in which one transaction locks their heads: the audit's last, as every commit with a record does."""

FILE = "chain-marks.jsonl"
LOCK = ".chain-marks.lock"
EVERY = timedelta(hours=1)
MOST = 400  # lines: a week of hours
_LAST = 2**63 - 1  # place in a chain that a database can be asked for
_NOT_OURS = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What comes of reading a file that this program has not written: other bytes, JSON without end, days before the first."""

log = structlog.get_logger()


class Because(StrEnum):
    """Why the marks begin anew. Each is told by the text `chains.begun.<value>`."""

    RESTORED = "restored"  # from the backup that `what` names
    MARKED_ANEW = "marked_anew"  # by `audit reseal`, for a reason on record
    FOUNDED = "founded"  # an office takes the place of what was there


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far a chain had come at an instant."""

    chain: str
    sequence: int
    hash: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Begun:
    """From when on marks count."""

    at: datetime
    because: Because
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the files hold. With `is_damaged` one of them is not as this program writes it."""

    marks: Sequence[Mark] = ()
    begun: Begun | None = None  # the last time
    is_damaged: bool = False


NOTHING = Kept()

_ON_RECORD = {"backup.restored": Because.RESTORED, "chain.marked_anew": Because.MARKED_ANEW}
"""The records of the audit that begin the marks anew, also where another machine wrote them."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What a database is, held against the marks. `older` has the marks that it has not come to, by chain."""

    older: Mapping[str, Mark]
    noted_at: datetime | None  # the newest mark that counts
    begun: Begun | None


def folders_of(settings: Settings) -> list[Path]:
    """Where marks are kept: DATA_DIR, and beside the backups."""
    return [settings.data_dir, *([settings.backup_folder] if settings.backup_folder else [])]


def read(folders: Iterable[Path]) -> Kept:
    """All that is noted there. To be read before the database, which may go on meanwhile."""
    marks: list[Mark] = []
    begun: list[Begun] = []
    is_damaged = False
    for folder in folders:
        try:
            for line in _lines(folder / FILE):
                _take(json.loads(line), marks, begun)
        except _NOT_OURS:
            is_damaged = True
    last = max(begun, key=lambda each: each.at, default=None)
    return Kept(marks=marks, begun=last, is_damaged=is_damaged)


def compare(reader: ReadOnly, kept: Kept) -> Compared:
    """Whether the database has come as far as was noted. Looks at one row of each chain."""
    begun = max(
        (each for each in (kept.begun, _begun_on_record(reader)) if each is not None),
        key=lambda each: each.at,
        default=None,
    )
    count = [mark for mark in kept.marks if begun is None or mark.at >= begun.at]
    farthest = {mark.chain: mark for mark in sorted(count, key=lambda mark: mark.sequence)}
    older = {
        chain.name: farthest[chain.name]
        for chain in CHAINS
        if chain.name in farthest and not _holds(reader, chain, farthest[chain.name])
    }
    return Compared(older=older, noted_at=max((mark.at for mark in count), default=None), begun=begun)


def note(database: Database, folder: Path, *, every: timedelta = EVERY) -> None:
    """Notes how far the chains have come, unless that was done within `every`, or somebody does it now."""
    if not _is_due(read([folder]), database.clock.now(), every):
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with held(folder / LOCK, alone=True) as is_ours:
        kept = read([folder])
        if not is_ours or not _is_due(kept, database.clock.now(), every):
            return
        with database.read() as reader:
            older = compare(reader, kept).older
            new = _marks_now(reader)
        if older or kept.is_damaged:
            log.error("chain.not_noted", older=sorted(older), is_damaged=kept.is_damaged)
            return
        _write(folder, [*_lines(folder / FILE), *map(_line, new)])


def begin_anew(database: Database, folder: Path, because: Because, what: str = "") -> None:
    """Forgets what was noted in a folder: the database is another by right, and counts from now on."""
    with database.read() as reader:
        begun = Begun(at=reader.now, because=because, what=what)
        marks = _marks_now(reader)
    _write(folder, [_line(begun), *map(_line, marks)])


def copy_to(folder: Path, data_dir: Path) -> None:
    """Copies what is noted in DATA_DIR to a folder of backups, and keeps what other machines have noted there."""
    if read([folder, data_dir]).is_damaged:
        log.error("chain.marks_not_copied")
    elif lines := dict.fromkeys([*_lines(folder / FILE), *_lines(data_dir / FILE)]):
        _write(folder, sorted(lines, key=_instant))


def _marks_now(reader: ReadOnly) -> list[Mark]:
    heads = reader.session.scalars(select(ChainHead).order_by(ChainHead.name))
    return [
        Mark(chain=head.name, sequence=head.sequence, hash=head.hash, at=reader.now)
        for head in heads
        if head.sequence
    ]


def _holds(reader: ReadOnly, chain: Chain, mark: Mark) -> bool:
    """Whether the chain has the row of a mark still, or has purged it rightly."""
    head = reader.session.get(ChainHead, chain.name)
    if head is not None and mark.sequence <= head.base_sequence:
        return mark.sequence < head.base_sequence or mark.hash == head.base_hash
    table = table_of(chain.model)
    found = reader.session.scalar(select(table.c.hash).where(table.c.sequence == mark.sequence))
    return found == mark.hash


def _begun_on_record(reader: ReadOnly) -> Begun | None:
    found = reader.session.scalar(
        select(AuditRecord)
        .where(AuditRecord.subject_kind.in_(("backup", "chain")), AuditRecord.action.in_(_ON_RECORD))
        .order_by(AuditRecord.at.desc())
        .limit(1)
    )
    if found is None:
        return None
    return Begun(at=found.at, because=_ON_RECORD[found.action], what=found.subject_id)


def _is_due(kept: Kept, now: datetime, every: timedelta) -> bool:
    """A mark from a clock that was ahead holds nobody back."""
    return not any(timedelta() <= now - mark.at < every for mark in kept.marks)


def _take(row: dict[str, Any], marks: list[Mark], begun: list[Begun]) -> None:
    at = datetime.fromisoformat(row["at"]).astimezone(UTC)
    if "chain" not in row:
        begun.append(Begun(at=at, because=Because(row["because"]), what=str(row["what"])))
        return
    sequence = row["sequence"]
    if not (isinstance(sequence, int) and 0 < sequence <= _LAST):
        raise ValueError("no place in a chain")
    marks.append(Mark(chain=str(row["chain"]), sequence=sequence, hash=str(row["hash"]), at=at))


def _line(said: Mark | Begun) -> str:
    return json.dumps({**vars(said), "at": said.at.isoformat()}, ensure_ascii=False)


def _instant(line: str) -> datetime:
    return datetime.fromisoformat(json.loads(line)["at"])


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _write(folder: Path, lines: Sequence[str]) -> None:
    replace_whole(folder / FILE, "".join(f"{line}\n" for line in lines[-MOST:]))
