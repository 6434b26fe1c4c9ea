"""A backup that is older than an erasure, put back: who was erased stays erased."""

import gzip
import shutil
from pathlib import Path

from eservice.kit.database import Database, open_database
from eservice.kit.media import open_media
from eservice.kit.settings import Settings
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, Contact, ContactKind
from eservice.privacy import keeping, requests, tombstones
from eservice.privacy.models import RequestKind
from tests.commands import Run, data_dir, run
from tests.migrated import default_database
from tests.privacy.test_erasure import CANARY, MALEE, bytes_of, holders

__all__ = ["data_dir", "run"]


def erased_since_a_backup(data_dir: Path, run: Run, backups: Path) -> Database:
    """An office of two residents; of one, only the backup has anything still."""
    database = default_database(data_dir)
    settings = Settings(data_dir=data_dir, _env_file=None)  # type: ignore[call-arg]
    key = settings.signing_key
    with database.unit_of_work() as uow:
        for address, words in (("U1", CANARY), ("U2", "คำของมาลี")):
            talk = conversations.begin_talk(
                uow, channel=ChannelName.LINE, address=address, kind=ContactKind.PERSON
            )
            conversations.record_heard(uow, talk.conversation, text=words)
    assert run("backup", str(backups)).code == 0
    with database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, 1)
        asked = requests.ask(uow, RequestKind.ERASURE, contact=contact)
        agreed = requests.agree(uow, asked.id, "ลบแล้ว", by=MALEE, signing_key=key)
        agreed.farewell_id = None  # told already
    assert keeping.keep(database, open_media(settings), data_dir, signing_key=key) == 1
    assert holders(database) == set()
    return database


def test_whoever_was_erased_since_a_backup_is_erased_again_when_it_is_restored(
    data_dir: Path, run: Run, tmp_path: Path
) -> None:
    database = erased_since_a_backup(data_dir, run, tmp_path / "backups")
    database.dispose()

    restored = run("restore", str(tmp_path / "backups"), "--replace")

    assert restored.code == 0 and CANARY not in restored.out + restored.err
    assert holders(database) == set() and holders(database, "คำของมาลี") == {"messages.text"}
    database.dispose()
    assert CANARY.encode() not in bytes_of(data_dir)
    later = [gzip.decompress(file.read_bytes()) for file in data_dir.rglob("before-restore/**/*.gz")]
    assert later and not any(CANARY.encode() in content for content in later)
    assert run("privacy", "reapply").code == 0
    assert run("audit", "verify").code == 0


def test_with_the_machine_lost_an_older_backup_is_restored_without_whoever_was_erased(
    data_dir: Path, run: Run, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    erased_since_a_backup(data_dir, run, backups).dispose()
    (older,) = backups.glob("phueanban-*")
    foreign = '{"kind": "case", "subject": "of another machine", "at": "2026-11-01T00:00:00+00:00"}\n'
    (backups / tombstones.FILE).write_text(foreign, encoding="utf-8")
    assert run("backup", str(backups)).code == 0  # takes the note of the erasure along
    beside = (backups / tombstones.FILE).read_text(encoding="utf-8")
    assert beside.startswith(foreign) and beside.count("\n") == 2
    key = (data_dir / "secret_key").read_text(encoding="utf-8")
    shutil.rmtree(data_dir)
    data_dir.mkdir()
    (data_dir / "secret_key").write_text(key, encoding="utf-8")

    assert run("restore", str(older)).code == 0

    database = open_database(Settings.read())
    assert holders(database) == set() and holders(database, "คำของมาลี") == {"messages.text"}
    assert (data_dir / tombstones.FILE).read_text(encoding="utf-8").startswith(foreign)
    database.dispose()
