"""That data was erased, noted without saying whose, so that an older backup can be erased anew.

Each tombstone is a row, and a line of a file beside the database: a backup that is older than the erasure
has no such row, so the file must outlive it. Neither holds more than an HMAC of the address or number with
SECRET_KEY: with another SECRET_KEY nothing is found again.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from eservice.complaints.models import Complaint
from eservice.kit.database import Database
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import Contact
from eservice.privacy.models import Tombstone, TombstoneKind

FILE = "erased.jsonl"
"""In DATA_DIR. Restoring a backup must leave it alone."""


def contact_hash(signing_key: str, contact: Contact) -> str:
    """What finds a contact again by its channel and address."""
    return _hash(signing_key, f"contact:{contact.channel.value}:{contact.address}")


def case_hash(signing_key: str, complaint: Complaint) -> str:
    """What finds a case again by its number."""
    return _hash(signing_key, f"case:{complaint.number}")


def known(reader: ReadOnly, folder: Path) -> dict[tuple[TombstoneKind, str], datetime]:
    """Everything that was ever erased, by kind and hash, with the newest instant: from the table and the file."""
    rows = reader.session.scalars(select(Tombstone)).all()
    found = [(row.kind, row.subject_hash, row.at) for row in rows] + list(_read(folder / FILE))
    newest: dict[tuple[TombstoneKind, str], datetime] = {}
    for kind, subject_hash, at in found:
        newest[kind, subject_hash] = max(at, newest.get((kind, subject_hash), at))
    return newest


def keep_outside(database: Database, folder: Path) -> None:
    """Writes every tombstone into the file, and loses none that only the file knows."""
    with database.read() as reader:
        everything = known(reader, folder)
    if dict.fromkeys(everything) == dict.fromkeys((kind, digest) for kind, digest, _ in _read(folder / FILE)):
        return
    lines = [
        json.dumps({"kind": kind.value, "subject": digest, "at": at.isoformat()})
        for (kind, digest), at in sorted(everything.items(), key=lambda item: item[1])
    ]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = folder / f".{FILE}.{os.getpid()}"
    with new.open("w", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / FILE)


def _read(path: Path) -> Iterable[tuple[TombstoneKind, str, datetime]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield TombstoneKind(row["kind"]), row["subject"], datetime.fromisoformat(row["at"])


def _hash(signing_key: str, subject: str) -> str:
    return hmac.new(signing_key.encode(), f"erased:{subject}".encode(), hashlib.sha256).hexdigest()
