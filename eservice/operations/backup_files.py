"""A backup as a folder of files: its manifest, what is named in it, and whether it is whole.

    phueanban-20261128-023000/
        manifest.json                what there is, written last
        tables/<name>.jsonl.gz       a dump of each table (`row_dumps`)
        media.jsonl.gz               a line per file of the media store: [key, bytes or null, SHA-256]
        media/<xx>/<key>             the files

A folder has this name only once it is complete and on the disk; until then its name begins with a dot.
Signing keys and tokens are not in it.
"""

import gzip
import json
import os
import re
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eservice.kit.errors import ServiceError, invalid, not_found
from eservice.operations.row_dumps import Digest

NAME = re.compile(r"phueanban-(\d{8}-\d{6})")
NAME_FORMAT = "phueanban-%Y%m%d-%H%M%S"
UNFINISHED = ".partial"
LOCK = ".phueanban.lock"  # beside the backups
MANIFEST = "manifest.json"
MEDIA_LIST = "media.jsonl.gz"
COMPRESSION = 5  # of 9: a quarter slower makes hardly smaller
_MAX_MANIFEST_BYTES = 1_000_000


class TableOfBackup(BaseModel):
    """A table in a backup. `sha256` is of its dump before compression."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    sha256: str


class MediaOfBackup(BaseModel):
    """The files in a backup. `missing` had a row and no file: deleted while the backup was made, or lost before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: int
    bytes: int
    list_sha256: str
    missing: list[str]


class Manifest(BaseModel):
    """What a backup says of itself. `at` is the instant of the rows; `key_fingerprint` is "" without a key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    product: str
    revision: str
    at: datetime
    database: Literal["sqlite", "postgresql"]
    key_fingerprint: str
    tables: dict[str, TableOfBackup]
    media: MediaOfBackup

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def product_version() -> str:
    """The version of this program."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["version"]


def complete_in(folder: Path) -> list[Path]:
    """The complete backups in a folder, oldest first; a link to one elsewhere is none."""
    if not folder.is_dir():
        return []
    named = (each for each in folder.iterdir() if NAME.fullmatch(each.name) and not each.is_symlink())
    found = [each for each in named if (each / MANIFEST).is_file()]
    return sorted(found, key=lambda each: each.name)


def backup_at(folder: Path) -> Path:
    """The backup that `folder` is, or the newest one in it. Raises ServiceError `operations.no_backup`."""
    if (folder / MANIFEST).is_file():
        return folder
    if found := complete_in(folder):
        return found[-1]
    raise not_found_at(folder)


def not_found_at(folder: Path) -> ServiceError:
    """That there is no complete backup at a place."""
    error = not_found("operations.no_backup")
    error.parameters["folder"] = str(folder)
    return error


def read_manifest(backup: Path) -> Manifest:
    """What a backup says of itself. Raises ServiceError `operations.backup_damaged`."""
    try:
        with (backup / MANIFEST).open("rb") as file:
            return Manifest.model_validate_json(file.read(_MAX_MANIFEST_BYTES))
    except (OSError, ValidationError) as fault:
        raise damaged(MANIFEST) from fault


def check_files(backup: Path, manifest: Manifest) -> None:
    """Reads the whole backup and compares it with its manifest.

    Raises ServiceError `operations.backup_damaged`, naming the first file that is not as it was.
    """
    for name, table in manifest.tables.items():
        digest = Digest()
        for _ in digest.watch(read_table(backup, name)):
            pass
        if (digest.rows, digest.sha256) != (table.rows, table.sha256):
            raise damaged(f"tables/{name}.jsonl.gz")
    listed = Digest(rows=0)
    number = 0
    for key, size, hashed in _parsed(listed.watch(_read_lines(backup / MEDIA_LIST))):
        if size is None:
            continue
        number += 1
        if _look(media_file(backup, key)) != (size, hashed):
            raise damaged(f"media/{key}")
    if listed.sha256 != manifest.media.list_sha256 or number != manifest.media.files:
        raise damaged(MEDIA_LIST)


def read_table(backup: Path, name: str) -> Iterator[bytes]:
    """The dump of a table. Raises ServiceError `operations.backup_damaged`."""
    return _read_lines(table_file(backup, name))


def media_keys(backup: Path) -> Iterator[str]:
    """The keys of the files in a backup."""
    return (key for key, size, _ in _parsed(_read_lines(backup / MEDIA_LIST)) if size is not None)


def table_file(backup: Path, name: str) -> Path:
    """Where a table's dump lies. Raises ServiceError `operations.backup_damaged` for a name that is none."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise damaged(MANIFEST)
    return backup / "tables" / f"{name}.jsonl.gz"


def media_file(backup: Path, key: str) -> Path:
    """Where a file of the media store lies. Raises ServiceError `operations.backup_damaged` for a key that is none."""
    if not re.fullmatch(r"[0-9a-f]{32}", key):
        raise damaged(MEDIA_LIST)
    return backup / "media" / key[:2] / key


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Writes lines into a compressed file that survives a power cut and is for its owner only."""
    with _new(path) as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=COMPRESSION) as packed:  # fmt: skip
        for line in lines:
            packed.write(line)
    settle(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file that survives a power cut and is for its owner only."""
    with _new(path) as file:
        file.write(content)
    settle(path)


def settle(path: Path) -> None:
    """Has the disk keep a file's content, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except PermissionError:  # Windows flushes no folder, and no file that is open for reading
        pass
    finally:
        os.close(descriptor)


def damaged(name: str) -> ServiceError:
    """That a file of a backup is not there, or not as it was when the backup was made."""
    error = invalid("operations.backup_damaged")
    error.parameters["file"] = name
    return error


def _new(path: Path):
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _read_lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except (OSError, EOFError, zlib.error) as fault:
        raise damaged(path.name) from fault


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[str, int | None, str]]:
    for line in lines:
        try:
            key, size, hashed = json.loads(line)
        except (TypeError, ValueError) as fault:
            raise damaged(MEDIA_LIST) from fault
        if not isinstance(key, str):
            raise damaged(MEDIA_LIST)
        yield key, size, hashed


def _look(path: Path) -> tuple[int, str]:
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise damaged(f"media/{path.name}") from fault
    return len(content), sha256(content).hexdigest()
