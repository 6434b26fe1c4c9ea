"""Personal data on the command line: erasing again after a backup was restored."""

from pathlib import Path

from eservice.kit.database import Database
from eservice.kit.media import open_media
from eservice.kit.settings import Settings
from eservice.privacy import erasure, tombstones


def reapply(database: Database, settings: Settings, *beside: Path) -> None:
    """`privacy reapply`: prints how many people and cases were erased again. A `restore` ends with it.

    Whom to erase, DATA_DIR and BACKUP_DIR say, and the folders named, e.g. that of a restored backup.
    """
    backups = [settings.backup_folder] if settings.backup_folder else []
    folders = [settings.data_dir, *backups, *beside]
    erased = erasure.reapply(
        database,
        *folders,
        signing_key=settings.signing_key,
        former_key=settings.secret_key_previous.get_secret_value(),
    )
    tombstones.keep_outside(database, *folders)
    erasure.forget_files(database, open_media(settings))
    print(erasure.TEXTS.both("privacy_commands.reapplied", count=erased))
