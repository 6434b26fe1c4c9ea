"""What time LINE has: its answers say so, and our clock is compared with it each hour."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.channels.line.client import LineChannel
from bot.channels.line.upkeep import QuotaReader
from eservice.kit import clock_checks
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from tests.bot.line.fake_line import FakeLine


def states(database: Database) -> dict[str, str]:
    """What is kept, by source."""
    with database.read() as reader:
        return {check.source: check.state for check in clock_checks.newest(reader)}


@pytest.mark.parametrize(("ahead", "state"), [(0, "right"), (5, "off"), (-5, "off")])
async def test_lines_hour_is_compared_with_ours(
    line: FakeLine, channel: LineChannel, database: Database, clock: FixedClock, ahead: int, state: str
) -> None:
    line.headers["Date"] = format_datetime(clock.now() - timedelta(seconds=ahead), usegmt=True)
    await QuotaReader(channel, database)()
    assert states(database) == {"line": state}


async def test_a_line_without_an_hour_says_nothing(
    line: FakeLine, channel: LineChannel, database: Database
) -> None:
    line.headers["Date"] = "today"
    await QuotaReader(channel, database)()
    assert states(database) == {}
