"""The traffic log on the command line: orders to keep, their end, and what an official takes along."""

from argparse import Namespace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from eservice.kit.database import Database
from eservice.kit.errors import invalid
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import at_bangkok, thai_datetime
from eservice.traffic import export, keeping

CLI = "cli"  # whoever has the machine
TEXTS = Catalogue(Path(__file__).parents[1] / "text")


def run(database: Database, words: Namespace) -> None:
    """The command `words.action`. Raises what that one raises."""
    if words.action == "hold":
        hold(database, words.case, words.reason, words.begin, words.until)
    elif words.action == "release":
        release(database, words.case)
    elif words.action == "export":
        take(database, words.begin, words.to, words.out, words.opening)
    else:
        check(database, words.file)


def hold(database: Database, case: str, reason: str, covers_from: date | None, until: date) -> None:
    """`traffic hold`. Raises ServiceError `traffic.bad_hold`."""
    with database.unit_of_work() as uow:
        made = keeping.hold(uow, case=case, reason=reason, covers_from=covers_from, until=until, actor=CLI)
        begin, end = thai_datetime(made.covers_from), thai_datetime(made.until)
    print(TEXTS.both("traffic_commands.held", case=case, begin=begin, end=end))


def release(database: Database, case: str) -> None:
    """`traffic release`. Raises ServiceError `traffic.no_hold`."""
    with database.unit_of_work() as uow:
        keeping.release(uow, case=case, actor=CLI)
    print(TEXTS.both("traffic_commands.released", case=case))


def take(
    database: Database, first: date | None, last: date | None, file: Path, opening_id: int | None
) -> None:
    """`traffic export`: the rows of these days, both included, as far as an opening covers them.

    Raises ServiceError `traffic.needs_opening` without one: two people who have signed in make one in the
    console, and whoever has the machine is neither. Raises as `export` does.
    """
    if opening_id is None:
        raise invalid("traffic.needs_opening", opening="empty")
    begin = None if first is None else _midnight(first)
    end = None if last is None else _midnight(last + timedelta(days=1))
    made = export.export(database, file, opening_id=opening_id, begin=begin, end=end, actor=CLI)
    print(TEXTS.both("traffic_commands.exported", rows=f"{made.rows:,}", file=file, sha256=made.sha256))
    print(TEXTS.both("traffic_commands.public_key", public=made.public_key))


def check(database: Database, file: Path) -> None:
    """`traffic verify-export`. Raises ServiceError `traffic.not_ours`."""
    found = export.check(file, database.signing_key())
    print(TEXTS.both("traffic_commands.whole", rows=f"{found.rows:,}", file=file))
    print(TEXTS.both("traffic_commands.public_key", public=found.public_key))


def _midnight(day: date) -> datetime:
    return at_bangkok(day, time())
