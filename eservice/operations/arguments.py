"""The words of commands about records, for app.py; imports nothing, so that every command starts quickly."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path

YEARS = range(2000, 2200)  # a year of the Buddhist era is a slip


def add_audit(parser: ArgumentParser, run: object) -> None:
    """The words after `audit`."""
    parser.set_defaults(run=run)
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    commands.add_parser("verify", help="check every record; exit 1 and name the first that is broken")
    reseal = commands.add_parser("reseal", help="after a change of SECRET_KEY: seal what is whole anew")
    reseal.add_argument("--reason", required=True, help="why; it is recorded")


def add_traffic(parser: ArgumentParser, run: object) -> None:
    """The words after `traffic`."""
    parser.set_defaults(run=run)
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    hold = commands.add_parser("hold", help="keep rows beyond their time, by order of an official")
    release = commands.add_parser("release", help="end the holds of a case")
    export = commands.add_parser("export", help="write the rows of some days, with a signed sheet")
    check = commands.add_parser("verify-export", help="whether an export is as it was written here")
    for command in (hold, release, export):
        command.add_argument("--case", required=True, help="the number of the order")
    hold.add_argument("--until", type=_day, required=True, metavar="YYYY-MM-DD")
    hold.add_argument(
        "--from", dest="begin", type=_day, metavar="YYYY-MM-DD", help="without it: all there is"
    )
    hold.add_argument("--reason", default="", help="what the order says")
    export.add_argument("--from", dest="begin", type=_day, required=True, metavar="YYYY-MM-DD")
    export.add_argument("--to", type=_day, required=True, metavar="YYYY-MM-DD", help="the last day")
    export.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".csv or .jsonl; not there yet"
    )
    check.add_argument("file", type=Path)


def _day(word: str) -> date:
    try:
        found = date.fromisoformat(word)
    except ValueError as fault:
        raise ArgumentTypeError(f"{word}: YYYY-MM-DD") from fault
    if found.year not in YEARS:
        raise ArgumentTypeError(f"{word}: {YEARS.start}-…")
    return found
