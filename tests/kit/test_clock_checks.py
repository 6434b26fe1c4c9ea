"""Whether the machines' clocks are right: what each source's word means, and who hears of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from admin.channels import router as channels_room
from eservice.kit import clock_checks, kernel_clock
from eservice.kit.clock import FixedClock, SystemClock
from eservice.kit.clock_checks import COUNTS_FOR, ClockState, Source, offset_between
from eservice.kit.database import Database
from eservice.kit.settings import Settings
from eservice.operations.doctor import Finding, Verdict, examine
from eservice.operations.metrics import Metrics
from eservice.operations.schedules import ClockWatch
from eservice.staff.models import Role
from tests.admin.visitors import Doors

AT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def states(database: Database) -> dict[str, str]:
    """What is kept, by source, the worst first."""
    with database.read() as reader:
        return {check.source: check.state for check in clock_checks.newest(reader)}


@pytest.mark.parametrize(
    ("told", "ahead"),
    [
        ((AT, AT), timedelta()),
        ((AT + 2 * SECOND, AT + 2 * SECOND), timedelta()),  # it took us two seconds to hear
        ((AT - SECOND, AT), timedelta()),
        ((AT - 3 * SECOND, AT - 2 * SECOND), 2 * SECOND),
        ((AT + 5 * SECOND, AT + 6 * SECOND), -3 * SECOND),
    ],
)
def test_only_what_asking_and_answering_cannot_explain_is_a_difference(
    told: tuple[datetime, datetime], ahead: timedelta
) -> None:
    assert offset_between(AT, told, AT + 2 * SECOND) == ahead


def test_more_than_a_second_either_way_is_wrong() -> None:
    verdicts = [clock_checks.state_of_offset(seconds * SECOND) for seconds in (1, -1, 1.001, -1.001)]
    assert verdicts == [ClockState.RIGHT, ClockState.RIGHT, ClockState.OFF, ClockState.OFF]


def test_the_kernel_is_asked_without_setting_anything() -> None:
    before = datetime.now(UTC)
    assert kernel_clock.is_synchronised() in (True, False, None)
    assert datetime.now(UTC) - before < timedelta(hours=1)


def test_a_worker_looks_and_keeps_what_kernel_and_server_say(database: Database) -> None:
    database.clock = SystemClock()  # the server of the tests is on this machine
    clock_checks.look(database, lambda: True)
    server = {} if database.is_sqlite else {"database": "right"}
    assert states(database) == {"kernel": "right", **server}


def test_a_clock_that_is_off_and_one_that_nothing_sets_are_alarms(database: Database) -> None:
    """The clock of the tests stands still on a day of its own, so that of the server is far from it."""
    with capture_logs() as logs:
        clock_checks.look(database, lambda: False)
    found = states(database)
    assert found == ({"kernel": "unset"} if database.is_sqlite else {"database": "off", "kernel": "unset"})
    assert list(found) == sorted(found), "the worst first"
    assert {(line["source"], line["state"]) for line in logs if line["event"] == "clock.not_right"} == set(
        found.items()
    )


def test_what_was_said_hours_ago_counts_no_more(database: Database, clock: FixedClock) -> None:
    with database.unit_of_work() as uow:
        clock_checks.note(uow, Source.LINE, ClockState.OFF, 400 * 365 * 86_400 * SECOND)
    assert states(database) == {"line": "off"}
    clock.advance(seconds=COUNTS_FOR.total_seconds())
    assert states(database) == {}


def test_what_a_clock_that_ran_ahead_has_left_goes_with_the_next_look(
    database: Database, clock: FixedClock
) -> None:
    with database.unit_of_work() as uow:
        clock_checks.note(uow, Source.LINE, ClockState.OFF, 400 * 86_400 * SECOND)
    clock.advance(days=-400)
    clock_checks.look(database, lambda: True)
    assert Source.LINE.value not in states(database)


async def test_the_watch_looks_again_only_after_an_hour(database: Database, clock: FixedClock) -> None:
    answers = iter([True])
    watch = ClockWatch(database, lambda: next(answers))
    await watch()
    await watch()
    assert states(database)["kernel"] == "right"


def test_figures_for_monitoring(database: Database) -> None:
    with database.unit_of_work() as uow:
        clock_checks.note(uow, Source.KERNEL, ClockState.UNSET)
        clock_checks.note(uow, Source.LINE, ClockState.OFF, 2.5 * SECOND)
    with database.read() as reader:
        lines = Metrics().render(reader).decode().splitlines()
    right = [line for line in lines if line.startswith("phueanban_clock_right{")]
    assert len(right) == 2 and all(line.endswith(" 0.0") for line in right)
    assert [line for line in lines if 'source="line"' in line and line.endswith(" 2.5")]


def test_administrators_see_it_on_every_page(database: Database, tmp_path: Path) -> None:
    doors = Doors(database, tmp_path, [channels_room])
    admin, clerk = doors.browser("somsri", Role.ADMINISTRATOR), doors.browser("manee", Role.RESPONDER)
    page = "/admin/me/second-factor"  # in a real office the only one before there is a second factor
    for told, env, words in (
        (ClockState.RIGHT, "production", ""),
        (ClockState.UNKNOWN, "production", ""),
        (ClockState.UNSET, "local", ""),
        (ClockState.UNSET, "production", "ไม่มีอะไรตั้งเวลาให้เครื่อง"),
        (ClockState.OFF, "local", "บันทึกการเข้าใช้และกำหนดเวลาของเรื่องอาจผิด"),
    ):
        doors.settings.app_env = env  # type: ignore[assignment]
        with database.unit_of_work() as uow:
            clock_checks.note(uow, Source.KERNEL, told)
        seen = admin.get(page).text
        assert ("นาฬิกาของเครื่อง" in seen) is bool(words) and words in seen, (told, env)
        assert "นาฬิกาของเครื่อง" not in clerk.get(page).text


def of_clock(settings: Settings, kernel: bool | None) -> Finding:
    """What `doctor` says of the clock when the kernel says this."""
    return next(found for found in examine(settings, lambda: kernel) if found.name == "clock")


@pytest.fixture
def settings_of(own_database: Database, tmp_path: Path) -> Callable[[], Settings]:
    address = own_database.url.render_as_string(hide_password=False)
    return lambda: Settings.model_validate({"data_dir": tmp_path, "database_url": address})


def test_doctor_says_who_sets_the_clock_and_how_far_it_is_off(
    own_database: Database, settings_of: Callable[[], Settings]
) -> None:
    settings = settings_of()
    assert of_clock(settings, True).verdict is Verdict.OK
    unset = of_clock(settings, False)
    assert unset.verdict is Verdict.WARNING and "NTP" in unset.english
    untold = of_clock(settings, None)
    assert untold.verdict is Verdict.UNKNOWN and "does not say" in untold.english
    for offset, verdict, words in (
        (0 * SECOND, Verdict.OK, "agrees with LINE's"),
        (-90 * SECOND, Verdict.FAILED, "90.0 seconds away from LINE's"),
    ):
        with own_database.unit_of_work() as uow:
            clock_checks.note(uow, Source.LINE, clock_checks.state_of_offset(offset), offset)
        found = of_clock(settings, None)
        assert found.verdict is verdict and words in found.english
    assert of_clock(settings, True).verdict is Verdict.FAILED, "a wrong clock that something sets is wrong"
