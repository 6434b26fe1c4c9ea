"""That data was erased, noted without saying whose, so that an older backup can be erased anew.

Each tombstone is a row, and a line of a file beside the database: a backup that is older than the erasure
has no such row, so the file must outlive it. Neither holds more than an HMAC of the address or number with
SECRET_KEY: with another SECRET_KEY nothing is found again.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import select

from eservice.complaints.models import Complaint
from eservice.kit.database import Database
from eservice.kit.errors import conflict
from eservice.kit.unit_of_work import ReadOnly
from eservice.kit.whole_files import replace_whole
from eservice.messaging.models import Contact
from eservice.privacy.models import Tombstone, TombstoneKind

FILE = "erased.jsonl"
"""In DATA_DIR, and a copy beside the backups. Restoring a backup must leave it alone."""

Buried: TypeAlias = tuple[TombstoneKind, str]
"""Who or what was erased: its kind and hash."""


def contact_hash(signing_key: str, contact: Contact) -> str:
    """What finds a contact again by its channel and address."""
    return _hash(signing_key, f"contact:{contact.channel.value}:{contact.address}")


def case_hash(signing_key: str, complaint: Complaint) -> str:
    """What finds a case again by its number."""
    return _hash(signing_key, f"case:{complaint.number}")


def known(reader: ReadOnly, *folders: Path) -> dict[Buried, datetime]:
    """Everything that was ever erased, with the newest instant: from the table and the files of these folders."""
    rows = reader.session.scalars(select(Tombstone)).all()
    table = ((row.kind, row.subject_hash, row.at) for row in rows)
    return _newest(table, *(_read(folder / FILE) for folder in folders))


def keep_outside(database: Database, folder: Path, *others: Path) -> None:
    """Writes every tombstone into the file of a folder, with those of others; loses none that only a file knows."""
    with database.read() as reader:
        everything = known(reader, folder, *others)
    _write(folder, everything)


def copy_to(folder: Path, data_dir: Path) -> None:
    """Copies the file of DATA_DIR to a folder of backups, and keeps what that one alone knows."""
    _write(folder, _newest(_read(folder / FILE), _read(data_dir / FILE)))


def _newest(*found: Iterable[tuple[TombstoneKind, str, datetime]]) -> dict[Buried, datetime]:
    newest: dict[Buried, datetime] = {}
    for kind, subject_hash, at in chain(*found):
        newest[kind, subject_hash] = max(at, newest.get((kind, subject_hash), at))
    return newest


def _write(folder: Path, everything: dict[Buried, datetime]) -> None:
    if everything.keys() == {(kind, digest) for kind, digest, _ in _read(folder / FILE)}:
        return
    lines = [
        json.dumps({"kind": kind.value, "subject": digest, "at": at.isoformat()})
        for (kind, digest), at in sorted(everything.items(), key=lambda item: item[1])
    ]
    replace_whole(folder / FILE, "\n".join([*lines, ""]))


def _read(path: Path) -> Iterable[tuple[TombstoneKind, str, datetime]]:
    """Raises ServiceError `privacy.erased_file_damaged`, which names the file."""
    if not path.exists():
        return
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield TombstoneKind(row["kind"]), row["subject"], datetime.fromisoformat(row["at"])
    except (ValueError, KeyError, TypeError) as fault:
        error = conflict("privacy.erased_file_damaged")
        error.parameters["file"] = str(path)
        raise error from fault


def _hash(signing_key: str, subject: str) -> str:
    return hmac.new(signing_key.encode(), f"erased:{subject}".encode(), hashlib.sha256).hexdigest()
