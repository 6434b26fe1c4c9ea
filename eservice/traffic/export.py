"""What an official who has ordered it takes along: the rows of an opening as a file, and a signed sheet about it.

The signature is Ed25519 with a key made from SECRET_KEY; its public half is in the sheet and is shown by
`traffic verify-export`, so that others can check the file without us.
"""

import csv
import errno
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, select

from eservice.kit import audit
from eservice.kit.database import Database, table_of
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.text import guard_formula
from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import ReadOnly
from eservice.traffic import openings
from eservice.traffic.models import TrafficRow
from eservice.traffic.queries import narrowed

SUFFIXES = (".csv", ".jsonl")
MANIFEST = ".manifest.json"
ROWS_AT_ONCE = 1_000
_SIGNATURE = "signature"


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written. `public_key` is the hexadecimal half that anybody may know."""

    rows: int
    sha256: str
    public_key: str


def export(
    database: Database,
    file: Path,
    *,
    opening_id: int,
    begin: datetime | None,
    end: datetime | None,
    actor: str,
) -> Exported:
    """Writes the rows of [begin, end) that an opening covers (None: as far as it goes), and the sheet beside them.

    The audit keeps who took them and by which opening. Raises ServiceError `traffic.bad_export` for another kind
    of file, as `openings.in_force`; OSError for a file that cannot be written.
    """
    if file.suffix not in SUFFIXES:
        raise invalid("traffic.bad_export", file="invalid")
    if os.path.lexists(_manifest(file)):  # no rows are left behind without their sheet
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(_manifest(file)))
    with database.unit_of_work() as uow:  # on record before anything is taken
        asked = openings.get_opening(uow, opening_id)
        begin, end = begin or asked.covers_from, end or asked.covers_to
        opening = openings.in_force(uow, opening_id, begin=begin, end=end)
        audit.record(
            uow, actor=actor, action="traffic.exported", subject_kind="traffic_opening", subject_id=opening.id,
            after={
                "case": opening.order_reference, "from": begin.isoformat(), "to": end.isoformat(),
                "file": file.name,
            },
        )  # fmt: skip
        within = [TrafficRow.at >= begin, TrafficRow.at < end, *narrowed(opening)]
    with database.read() as reader:
        count, first, last = _write(file, _rows(reader, within))
        now = reader.now
    sheet = {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "rows": count,
        "first_sequence": first["sequence"] if first else None,
        "last_sequence": last["sequence"] if last else None,
        "last_hash": last["hash"] if last else None,
        "from": _shown(begin),
        "to": _shown(end),
        "case": opening.order_reference,
        "ordered_by": opening.ordered_by,
        "document": opening.document_number,
        "opening": opening.id,
        "asked_by": opening.asked_by,
        "approved_by": opening.decided_by,
        "source": opening.source,
        "account": opening.account,
        "made_at": _shown(now),
        "made_by": actor,
    }
    key = _key(database.signing_key())
    sheet["public_key"] = key.public_key().public_bytes_raw().hex()
    sheet[_SIGNATURE] = key.sign(_signed_part(sheet)).hex()
    with _manifest(file).open("x", encoding="utf-8") as opened:
        json.dump(sheet, opened, ensure_ascii=False, indent=2)
    return Exported(rows=count, sha256=str(sheet["sha256"]), public_key=str(sheet["public_key"]))


def check(file: Path, key: str) -> Exported:
    """Raises ServiceError `traffic.not_ours` unless file and sheet are as they were written with this SECRET_KEY."""
    try:
        sheet = json.loads(_manifest(file).read_text(encoding="utf-8"))
        signature = bytes.fromhex(sheet[_SIGNATURE])
        public = _key(key).public_key()
        public.verify(signature, _signed_part(sheet))
        is_whole = sheet["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        is_ours = sheet["public_key"] == public.public_bytes_raw().hex() and sheet["file"] == file.name
    except (ValueError, KeyError, TypeError, InvalidSignature) as fault:
        raise ServiceError("traffic.not_ours", ErrorKind.CONFLICT) from fault
    if not (is_whole and is_ours):
        raise ServiceError("traffic.not_ours", ErrorKind.CONFLICT)
    return Exported(rows=sheet["rows"], sha256=sheet["sha256"], public_key=sheet["public_key"])


def _rows(reader: ReadOnly, within: Sequence[ColumnElement[bool]]) -> Iterator[dict[str, Any]]:
    table = table_of(TrafficRow)
    statement = (
        select(table).where(*within).order_by(table.c.sequence).execution_options(yield_per=ROWS_AT_ONCE)
    )
    for row in reader.session.execute(statement).mappings():
        yield {**row, "at": _shown(row["at"])}


def _write(
    file: Path, rows: Iterator[dict[str, Any]]
) -> tuple[int, dict[str, Any] | None, dict[str, Any] | None]:
    names = table_of(TrafficRow).c.keys()
    count, first, last = 0, None, None
    with file.open("x", encoding="utf-8", newline="") as opened:  # never over a file that is there
        table = csv.writer(opened)
        if file.suffix == ".csv":
            table.writerow(names)
        for row in rows:
            if file.suffix == ".csv":
                table.writerow([guard_formula(str(row[name])) for name in names])
            else:
                opened.write(json.dumps(row, ensure_ascii=False) + "\n")
            first, last, count = first or row, row, count + 1
    return count, first, last


def _manifest(file: Path) -> Path:
    return file.with_name(file.name + MANIFEST)


def _shown(instant: datetime) -> str:
    """With the offset, as the law asks for the time."""
    return local(instant).isoformat(timespec="milliseconds")


def _signed_part(sheet: dict[str, Any]) -> bytes:
    said = {name: value for name, value in sheet.items() if name != _SIGNATURE}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _key(signing_key: str) -> Ed25519PrivateKey:
    seed = hmac.new(signing_key.encode(), b"traffic export", hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
