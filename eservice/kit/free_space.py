"""Room on the disks that the office writes to: with too little, nothing new is taken in and all else goes on.

SQLite, a log or a photo that meets a full disk fails in the middle; a message refused before it is taken in comes
again. What is left below the limit is for answering, for staff and for the backup of the database itself.
"""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.media import local_folder
from eservice.kit.settings import Settings

LOOK_AGAIN_SECONDS = 1.0
RETRY_AFTER_SECONDS = 60


def free_mb(folder: Path) -> int:
    """Megabytes free where a folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // 1_000_000


def folders_of(settings: Settings, database: Database) -> list[Path]:
    """Where this process writes: DATA_DIR, an SQLite database, photos on this machine."""
    folders = [settings.data_dir]
    if database.is_sqlite:
        folders.append(Path(database.url.database or "").parent)
    if (photos := local_folder(settings)) is not None:
        folders.append(photos)
    return [folder.absolute() for folder in folders]


class FreeSpace:
    """Whether there is room, asked of the disks at most once a second however many ask."""

    def __init__(self, folders: Sequence[Path], min_free_mb: int) -> None:
        self._folders = folders
        self._min_free_mb = min_free_mb
        self._least_mb = 0
        self._looked_at = -LOOK_AGAIN_SECONDS

    def least_mb(self) -> int:
        """Megabytes free on the fullest of the disks."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_AGAIN_SECONDS:
            self._least_mb = min(free_mb(folder) for folder in self._folders)
            self._looked_at = now
        return self._least_mb

    def is_short(self) -> bool:
        """Whether nothing new should be taken in."""
        return self.least_mb() < self._min_free_mb

    def require(self) -> None:
        """Raises ServiceError `http.disk_full` while there is too little room."""
        if self.is_short():
            raise ServiceError(
                "http.disk_full", ErrorKind.UNAVAILABLE, retry_after_seconds=RETRY_AFTER_SECONDS
            )
