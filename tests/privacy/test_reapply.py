"""`privacy reapply` on a backup that is older than an erasure: a copy of the whole database, put back."""

import shutil
from pathlib import Path

from eservice.kit.database import Database
from eservice.kit.media import open_media
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, Contact, ContactKind
from eservice.privacy import keeping, requests
from eservice.privacy.models import RequestKind
from tests.commands import Run, data_dir, run
from tests.privacy.test_erasure import CANARY, bytes_of, holders

__all__ = ["data_dir", "run"]


def test_a_restored_backup_is_erased_again_by_the_file_beside_it(
    data_dir: Path, run: Run, tmp_path: Path
) -> None:
    data_dir.mkdir()
    stored, backup = data_dir / "phueanban.db", tmp_path / "backup.db"
    settings = Settings(data_dir=data_dir, _env_file=None)  # type: ignore[call-arg]
    key = settings.signing_key
    database = Database(f"sqlite:///{stored}")
    migrate(database)
    with database.unit_of_work() as uow:
        for address, words in (("U1", CANARY), ("U2", "คำของมาลี")):
            talk = conversations.begin_talk(
                uow, channel=ChannelName.LINE, address=address, kind=ContactKind.PERSON
            )
            conversations.record_heard(uow, talk.conversation, text=words)
    database.dispose()
    shutil.copy(stored, backup)
    with database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, 1)
        asked = requests.ask(uow, RequestKind.ERASURE, contact=contact)
        agreed = requests.agree(uow, asked.id, "ลบแล้ว", by="malee", signing_key=key)
        agreed.farewell_id = None  # told already
    assert keeping.keep(database, open_media(settings), data_dir, signing_key=key) == 1
    database.dispose()
    assert holders(database) == set()
    for part in data_dir.glob("phueanban.db*"):
        part.unlink()
    shutil.copy(backup, stored)
    restored = Database(f"sqlite:///{stored}")
    assert holders(restored) == {"messages.text"}
    restored.dispose()

    ran = run("privacy", "reapply")

    assert ran.code == 0 and "1" in ran.out and CANARY not in ran.out + ran.err
    assert holders(restored) == set() and holders(restored, "คำของมาลี") == {"messages.text"}
    restored.dispose()
    assert CANARY.encode() not in bytes_of(data_dir)
