"""Migrated SQLite files, made once for a process and copied: migrations take a second, a copy a hundredth."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from eservice.kit.database import Database, open_database
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings

_KEY = "k" * 48


def copy_of_migrated(path: Path) -> Path:
    """Puts an empty migrated database at `path`, and returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(_template(""), path))


def default_database(data_dir: Path) -> Database:
    """The database that a machine without settings has in its DATA_DIR, empty and migrated, with its SECRET_KEY."""
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "secret_key").write_text(_KEY)
    shutil.copyfile(_template(_KEY), data_dir / "phueanban.db")
    return open_database(Settings.model_validate({"data_dir": data_dir}))


@cache
def _template(key: str) -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'migrated.db'}", signing_key=lambda: key)
    migrate(database)
    database.empty_log()
    database.dispose()
    return folder / "migrated.db"
