"""Copies beside the database: known by where they lie, told when too old, deleted when ours and of no use."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from eservice.kit.settings import Settings
from eservice.kit.thai_calendar import local
from eservice.operations import old_copies
from eservice.operations.backup_files import MANIFEST, NAME_FORMAT
from eservice.operations.doctor import Verdict, examine
from tests.conftest import NOON

DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path / "data", "backup_dir": str(tmp_path / "b")})


def backup(folder: Path, days_ago: float) -> Path:
    made = folder / local(NOON - days_ago * DAY).strftime(NAME_FORMAT)
    made.mkdir(parents=True)
    (made / MANIFEST).write_text("{}")
    return made


def demo(settings: Settings, days_ago: float) -> Path:
    stamp = f"{local(NOON - days_ago * DAY):%Y%m%d-%H%M%S}"
    aside = settings.data_dir / f"phueanban-demo-{stamp}.db"
    aside.write_text("")
    aside.with_name(aside.name + "-wal").write_text("")
    return aside


def test_a_copy_is_too_old_after_ninety_days_wherever_it_lies(settings: Settings, tmp_path: Path) -> None:
    data = settings.data_dir
    old = [
        backup(tmp_path / "b", 93), backup(data / "before-upgrade", 92), demo(settings, 91),
    ]  # fmt: skip
    young = [backup(tmp_path / "b", 89), backup(data / "before-restore", 1), demo(settings, 2)]
    (data / "before-lunch").write_text("a file of somebody")
    backup(tmp_path / "elsewhere", 200)
    assert [copy.path for copy in old_copies.too_old(settings, NOON)] == old
    assert {copy.path for copy in old_copies.known(settings)} == {*old, *young}
    (found,) = [each for each in examine(settings) if each.name == "copies"]
    assert found.verdict is Verdict.WARNING and str(old[0]) in found.thai


def test_what_an_upgrade_or_the_demo_left_goes_after_thirty_days_and_the_offices_own_never(
    settings: Settings, tmp_path: Path
) -> None:
    data = settings.data_dir
    gone = [backup(data / "before-upgrade", 31), backup(data / "before-restore", 300), demo(settings, 31)]
    stays = [
        backup(data / "before-upgrade", 29), demo(settings, 29), backup(tmp_path / "b", 300),
        backup(data / "photos", 300), data / "phueanban.db",
    ]  # fmt: skip
    stays[-1].write_text("")
    assert old_copies.delete_safety_copies(settings, NOON) == 3
    assert not any(each.exists() for each in gone) and all(each.exists() for each in stays)
    assert not list(data.glob("*-demo-*-wal"))[1:], "its log went along"
    assert old_copies.delete_safety_copies(settings, NOON) == 0


@pytest.mark.parametrize(("rule", "days"), [("14+8", 56), ("90+12", 90), ("90", 90), ("1", 1)])
def test_a_rule_that_lets_no_copy_outlive_an_erasure_is_taken(rule: str, days: int, tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "backup_keep": rule, "backup_dir": "b"})
    assert old_copies.gone_by(settings, NOON) == NOON + max(days, 30) * DAY


@pytest.mark.parametrize("rule", ["91", "14+13", "91+1"])
def test_a_rule_that_keeps_copies_longer_is_refused_by_name(rule: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"BACKUP_KEEP would keep copies for 91 days"):
        Settings.model_validate({"data_dir": tmp_path, "backup_keep": rule})
