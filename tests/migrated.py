"""A migrated SQLite file, made once for a process and copied: migrations take a second, a copy a hundredth."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from eservice.kit.database import Database
from eservice.kit.migrate import migrate


def copy_of_migrated(path: Path) -> Path:
    """Puts an empty migrated database at `path`, and returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(_template(), path))


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'migrated.db'}")
    migrate(database)
    database.empty_log()
    database.dispose()
    return folder / "migrated.db"
