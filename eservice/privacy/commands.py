"""Personal data on the command line: erasing again after a backup was restored."""

from eservice.kit.database import Database
from eservice.kit.media import open_media
from eservice.kit.settings import Settings
from eservice.privacy import erasure, tombstones


def reapply(database: Database, settings: Settings) -> None:
    """`privacy reapply`: prints how many people and cases were erased again. A `restore` ends with it."""
    erased = erasure.reapply(
        database,
        settings.data_dir,
        signing_key=settings.signing_key,
        former_key=settings.secret_key_previous.get_secret_value(),
    )
    tombstones.keep_outside(database, settings.data_dir)
    erasure.forget_files(database, open_media(settings))
    print(erasure.TEXTS.both("privacy_commands.reapplied", count=erased))
