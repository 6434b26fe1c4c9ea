"""The go-live checklist: each thing that can be missing is found, and nothing else is."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eservice.demo.first_start import UNNAMED, prepare
from eservice.kit import backup_runs
from eservice.kit.backup_runs import DrillState, RunKind
from eservice.kit.database import Database
from eservice.kit.settings import Settings
from eservice.messaging import credentials
from eservice.messaging.models import ChannelName
from eservice.office.holidays import Holiday
from eservice.office.service import OfficeFacts
from eservice.operations.doctor import Verdict
from eservice.setup.checklist import Readiness, State, checklist, is_ready, read_state

FACTS = OfficeFacts(
    name="อบต.น้ำใส",
    address="หมู่ 5",
    phone="043 000",
    latitude=16.4,
    longitude=102.8,
    holidays=(Holiday(day=date(2026, 12, 31), name="วันสิ้นปี"),),
    privacy_contact="ปลัด",
    privacy_phone="043 001",
)
READY = State(
    facts=FACTS,
    today=date(2026, 11, 20),
    has_seal=True,
    is_demo=False,
    has_notice=True,
    administrators=2,
    readiness={ChannelName.LINE: Readiness.TESTED, ChannelName.TELEGRAM: Readiness.OFF},
    published=20,
    with_demo_facts=0,
    waiting_starters=0,
    categories_of_nobody=(),
    is_https=True,
    has_own_key=True,
    administrators_without_code=(),
    backups_go_to=True,
    has_fresh_backup=True,
    drill=DrillState.OK,
    without_agreement=(),
    old_copies=(),
)


def verdicts(state: State) -> dict[str, Verdict]:
    """What is not in order, by name."""
    found = {item.found.name: item.found.verdict for item in checklist(state)}
    return {name: verdict for name, verdict in found.items() if verdict not in (Verdict.OK, Verdict.OFF)}


def test_an_office_that_has_everything_is_ready() -> None:
    assert verdicts(READY) == {} and is_ready(checklist(READY))


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"is_demo": True}, "go_live_demo"),
        ({"facts": replace(FACTS, name=UNNAMED)}, "go_live_name"),
        ({"facts": replace(FACTS, address="")}, "go_live_facts"),
        ({"facts": replace(FACTS, phone="")}, "go_live_facts"),
        ({"has_notice": False}, "go_live_notice"),
        ({"facts": replace(FACTS, privacy_contact="")}, "go_live_privacy"),
        ({"facts": replace(FACTS, privacy_phone="")}, "go_live_privacy"),
        ({"administrators": 1}, "go_live_administrators"),
        ({"readiness": {ChannelName.LINE: Readiness.UNTESTED}}, "go_live_channel"),
        ({"readiness": {ChannelName.TELEGRAM: Readiness.FAILING}}, "go_live_channel"),
        ({"published": 19}, "go_live_answers"),
        ({"with_demo_facts": 1}, "go_live_demo_facts"),
        ({"categories_of_nobody": ("สัตว์จรจัด",)}, "go_live_categories"),
        ({"today": date(2000, 1, 1)}, "go_live_holidays"),
        ({"is_https": False}, "go_live_https"),
        ({"has_own_key": False}, "go_live_key"),
        ({"administrators_without_code": ("สมศรี",)}, "go_live_second_factor"),
        ({"backups_go_to": False}, "go_live_backups"),
        ({"has_fresh_backup": False}, "go_live_backups"),
    ],
)
def test_each_thing_that_is_missing_is_found_alone(missing: dict[str, Any], name: str) -> None:
    state = replace(READY, **missing)
    assert verdicts(state) == {name: Verdict.FAILED} and not is_ready(checklist(state))


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"has_seal": False}, "go_live_facts"),
        ({"waiting_starters": 3}, "go_live_starters"),
        *(({"drill": state}, "go_live_drill") for state in DrillState if state is not DrillState.OK),
        ({"without_agreement": ("LINE",)}, "go_live_agreements"),
        ({"old_copies": ("/data/before-upgrade/phueanban-20260101-000000",)}, "go_live_copies"),
        (
            {"facts": replace(FACTS, holidays=(Holiday(day=date(2026, 12, 7), name="ชดเชย (คาดการณ์)"),))},
            "go_live_holidays",
        ),
    ],
)
def test_what_may_wait_is_a_warning(missing: dict[str, Any], name: str) -> None:
    state = replace(READY, **missing)
    assert verdicts(state) == {name: Verdict.WARNING} and is_ready(checklist(state))


def test_the_state_is_that_of_the_database(database: Database, tmp_path: Path) -> None:
    prepare(database, with_demo=False)
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    with database.unit_of_work() as uow:
        credentials.save(
            uow, settings, ChannelName.TELEGRAM, token="1:abcdef", secret="made-up", actor="somsri"
        )  # fmt: skip
        run = backup_runs.begin(uow, RunKind.BACKUP)
    with database.read() as reader:
        state = read_state(reader, settings)
    assert (state.is_demo, state.administrators, state.published) == (False, 1, 0)
    assert state.readiness == {ChannelName.LINE: Readiness.OFF, ChannelName.TELEGRAM: Readiness.UNTESTED}
    assert len(state.administrators_without_code) == 1
    assert (state.backups_go_to, state.has_fresh_backup) == (False, False)
    with database.unit_of_work() as uow:
        backup_runs.succeed(uow, run, tmp_path, rows=1, size_bytes=1)
    with database.read() as reader:
        assert read_state(reader, settings.model_copy(update={"backup_dir": str(tmp_path)})).has_fresh_backup
    assert "ถนนและทางเท้า" in state.categories_of_nobody and not state.has_own_key
