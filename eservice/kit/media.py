"""Files outside the database (photos): on the office's own disk, or in any store that speaks S3.

A file has a key that nobody can guess, is written whole or not at all, and is never changed afterwards.
Every call here is disk or network: none belongs inside a transaction.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

KEY_BYTES = 16  # of chance in a key
LIST_AT_ONCE = 500  # keys
_CLIENT: "ClientConfig" = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=20)}
_RETRY: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
_FAULTS = (BaseError, OSError, ValueError)  # OSError and ValueError: what obstore passes on as it is


class MediaStore:
    """Where files are kept. `folder` is None when they are not on this machine's disk."""

    def __init__(self, store: "ObjectStore", folder: Path | None = None) -> None:
        self._store = store
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keeps a file and returns its new key, 32 hexadecimal digits.

        Once this returns a power cut does not lose it. Raises ServiceError `media.unavailable`.
        """
        key = secrets.token_hex(KEY_BYTES)
        self.put_back(key, content)
        return key

    def put_back(self, key: str, content: bytes) -> None:
        """Keeps a file under the key that it had, e.g. from a backup. Raises ServiceError `media.unavailable`."""
        try:
            self._store.put(_path(key), content)
            if self.folder is not None:
                _settle(self.folder / _path(key))
        except _FAULTS as fault:
            raise _unavailable(fault) from fault

    def get(self, key: str) -> bytes | None:
        """A file, or None when there is none. Raises ServiceError `media.unavailable`."""
        path = _path(key)
        if self._is_link(path):
            return None
        try:
            return bytes(self._store.get(path).bytes())
        except FileNotFoundError:
            return None
        except _FAULTS as fault:
            raise _unavailable(fault) from fault

    def exists(self, key: str) -> bool:
        """Whether there is such a file. Raises ServiceError `media.unavailable`."""
        path = _path(key)
        if self._is_link(path):
            return False
        try:
            self._store.head(path)
        except FileNotFoundError:
            return False
        except _FAULTS as fault:
            raise _unavailable(fault) from fault
        return True

    def delete(self, keys: Sequence[str]) -> None:
        """Deletes files; one that is not there is as good as deleted. Raises ServiceError `media.unavailable`."""
        for path in [_path(key) for key in keys]:
            try:
                self._store.delete(path)
            except FileNotFoundError:
                continue
            except _FAULTS as fault:
                raise _unavailable(fault) from fault

    def keys(self, before: datetime) -> Iterator[list[str]]:
        """The keys of all files written before an instant, some hundreds at a time.

        Raises ServiceError `media.unavailable` when asked for more.
        """
        try:
            for found in self._store.list(chunk_size=LIST_AT_ONCE):
                names = [each["path"].rpartition("/")[2] for each in found if each["last_modified"] < before]
                yield [name for name in names if _is_key(name)]
        except _FAULTS as fault:
            raise _unavailable(fault) from fault

    def _is_link(self, path: str) -> bool:
        """Whether something else stands where our file would be: what it leads to is not given out."""
        return self.folder is not None and (self.folder / path).is_symlink()

    def try_out(self) -> None:
        """Writes a small file, reads it and deletes it. Raises ServiceError `media.unavailable` with its reason."""
        content = secrets.token_bytes(KEY_BYTES)
        key = self.put(content)
        read = self.get(key)
        self.delete([key])
        if read != content:
            raise _unavailable(ValueError("what was written was not read back"))


def open_media(settings: Settings) -> MediaStore:
    """The store that MEDIA_URL names; a folder is made if need be. Opens no connection.

    Raises ServiceError `media.unavailable` when the folder cannot be made.
    """
    if (folder := local_folder(settings)) is not None:
        return open_at(folder)
    address = urlsplit(settings.media_url)
    chosen = {
        "access_key_id": settings.aws_access_key_id.get_secret_value(),
        "secret_access_key": settings.aws_secret_access_key.get_secret_value(),
        "region": settings.aws_region,
        "endpoint": settings.aws_endpoint_url,
    }
    # What is not set is left to the machine: a role, or a token in its environment.
    config: S3Config = {name: value for name, value in chosen.items() if value}  # pyright: ignore[reportAssignmentType]
    client: ClientConfig = {**_CLIENT, "allow_http": settings.aws_endpoint_url.startswith("http://")}
    prefix = address.path.strip("/") or None
    return MediaStore(
        S3Store(address.netloc, prefix=prefix, config=config, client_options=client, retry_config=_RETRY)
    )


def open_at(folder: Path) -> MediaStore:
    """A store in a folder, which is made if need be. Raises ServiceError `media.unavailable`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return MediaStore(LocalStore(folder), folder)
    except _FAULTS as fault:
        raise _unavailable(fault) from fault


def local_folder(settings: Settings) -> Path | None:
    """The folder that MEDIA_URL names, be it there or not; None for a store elsewhere."""
    if not settings.media_url:
        return (settings.data_dir / "media").absolute()
    address = urlsplit(settings.media_url)
    if address.scheme != "file":
        return None
    return Path(unquote(address.netloc + address.path)).absolute()


def reason_of(fault: ServiceError) -> str:
    """The first line of what the disk or the store said."""
    return fault.parameters.get("reason", fault.code)


def _unavailable(fault: Exception) -> ServiceError:
    reason = (str(fault).strip() or type(fault).__name__).splitlines()[0][:300]
    return ServiceError("media.unavailable", ErrorKind.UNAVAILABLE, parameters={"reason": reason})


def _path(key: str) -> str:
    """Where a file lies: 256 folders, so that none becomes too large to look into."""
    if not _is_key(key):
        raise ValueError("not a key")
    return f"{key[:2]}/{key}"


def _is_key(name: str) -> bool:
    return len(name) == 2 * KEY_BYTES and set(name) <= set("0123456789abcdef")


def _settle(file: Path) -> None:
    """Has the disk keep a file and its name through a power cut."""
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
