"""`audit verify`, `audit reseal` and `traffic` on the command line."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from eservice.kit.audit import AuditRecord, record
from eservice.kit.chain import GENESIS, move_base
from eservice.kit.clock import SystemClock
from eservice.kit.database import Database, open_database
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.operations import chains
from eservice.traffic import models as traffic
from tests.commands import Run, data_dir, run
from tests.locks import until_it_waits
from tests.traffic.opening import opened

__all__ = ["data_dir", "run"]


@pytest.fixture
def stored(data_dir: Path) -> Database:
    """The default database with three records."""
    data_dir.mkdir()
    database = open_database(Settings.model_validate({"data_dir": data_dir}))
    migrate(database)
    with database.unit_of_work() as uow:
        for number in range(3):
            record(uow, actor="malee", action="a.b", subject_kind="k", subject_id=number)
    return database


def test_verify_says_that_all_is_whole_or_names_the_first_broken_record(run: Run, stored: Database) -> None:
    whole = run("audit", "verify")
    assert whole.code == 0, whole.err
    assert len(whole.out.splitlines()) == 2 and "audit is whole: 3 records, end 3:" in whole.out
    with stored.unit_of_work() as uow:
        uow.session.execute(update(AuditRecord).where(AuditRecord.sequence > 1).values(actor="somchai"))
    assert "audit was tampered with: record 2 is not as it was written" in run("audit", "verify").complaint


def test_another_secret_key_is_said_plainly_and_sealed_anew_on_record(
    run: Run, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "a new key of thirty-two characters")
    assert "another SECRET_KEY" in run("audit", "verify").complaint
    assert run("audit", "reseal", "--reason", "เปลี่ยนกุญแจประจำปี").code == 0
    assert "audit is whole: 5 records" in run("audit", "verify").out
    with stored.unit_of_work() as uow:
        uow.session.execute(update(AuditRecord).where(AuditRecord.sequence == 2).values(actor="somchai"))
    monkeypatch.setenv("SECRET_KEY", "a third key, with thirty-two letters")
    assert "record 2" in run("audit", "reseal", "--reason", "ลอง").complaint


def test_orders_and_exports_of_the_traffic_log(run: Run, stored: Database, tmp_path: Path) -> None:
    soon = f"{(SystemClock().now() + timedelta(days=30)).date()}"
    assert run("traffic", "hold", "--case", "ศาล 5/2569", "--until", soon).code == 0
    assert run("traffic", "release", "--case", "ศาล 5/2569").code == 0
    assert "no hold" in run("traffic", "release", "--case", "ศาล 5/2569").complaint
    file = tmp_path / "taken.jsonl"
    assert "/admin/traffic" in run("traffic", "export", "--out", str(file)).complaint
    today = SystemClock().now().date()
    opening = str(opened(stored, ordered_on=today, first=today, last=today))
    beside = run("traffic", "export", "--opening", opening, "--to", soon, "--out", str(file))
    assert "does not cover" in beside.complaint and not file.exists()
    assert run("traffic", "export", "--opening", opening, "--out", str(file)).code == 0
    assert run("traffic", "verify-export", str(file)).code == 0
    file.write_text("{}", encoding="utf-8")
    assert "does not fit" in run("traffic", "verify-export", str(file)).complaint
    assert run("traffic", "hold", "--case", "5", "--until", "tomorrow").code == 2


def test_sealing_anew_and_purging_at_once_do_not_stand_in_each_others_way(
    own_database: Database, tmp_path: Path
) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path})
    other_key = Database(own_database.url.render_as_string(hide_password=False), signing_key=lambda: "new")
    with ThreadPoolExecutor() as pool:
        with (
            own_database.unit_of_work() as purging
        ):  # takes the traffic log's head, and at its end the audit's
            move_base(purging, traffic.CHAIN, sequence=0, base_hash=GENESIS)
            record(purging, actor="system", action="traffic.purged", subject_kind="traffic", subject_id=0)
            sealing = pool.submit(chains.reseal, other_key, settings, "เปลี่ยนกุญแจ")
            until_it_waits(own_database, sealing)
        sealing.result(timeout=20)
    with other_key.read() as reader:
        assert [each.fault for each in chains.verify_all(reader)] == [None, None]
    other_key.dispose()
