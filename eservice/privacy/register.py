"""The register of processing activities (PDPA s.39): every table and column of personal data, why and how long.

`register.toml` is written by hand; tests hold it against the tables, so that none is forgotten, and against the
clock, so that nothing is kept longer than it says.
"""

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eservice.kit.text import guard_formula

FILE = Path(__file__).with_name("register.toml")


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """Why some data is kept, of whom, on what basis, and where it goes."""

    of: str
    why: str
    basis: str
    source: str
    seen_by: str
    leaves_to: str
    kept: str  # in words, as shipped
    retention: str = ""  # the name of a class of `classes`, whose days the office may set
    most_days: int = 0  # where the time is fixed
    law: str = ""  # by which the data stays; a purpose has one of the three


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One table: without a purpose it holds no personal data, and `nothing` says why."""

    name: str
    purpose: Purpose | None
    personal: Mapping[str, str]  # column -> what it is
    plain: frozenset[str]
    stays: Mapping[str, str]  # personal column -> why it is left when the time is over
    nothing: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of an export. A title has at most 31 characters, as Excel wants it."""

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[str]]


@cache
def measures() -> tuple[str, ...]:
    """How the data is guarded, in short."""
    return tuple(tomllib.loads(FILE.read_text(encoding="utf-8"))["measures"])


@cache
def register() -> tuple[Registered, ...]:
    """Every table, in the order of the file."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    purposes = {name: Purpose(**fields) for name, fields in data["purposes"].items()}
    return tuple(
        Registered(
            name=name,
            purpose=purposes[fields["purpose"]] if "purpose" in fields else None,
            personal=fields.get("personal", {}),
            plain=frozenset(fields.get("plain", ())),
            stays={
                column: data["stays"][reason]
                for reason, columns in fields.get("stays", {}).items()
                for column in columns
            },
            nothing=fields.get("nothing", ""),
        )
        for name, fields in data["tables"].items()
    )


def rows(days: Mapping[str, int], days_words: str) -> list[tuple[str, ...]]:
    """A line for each column of personal data.

    `days` are the keeping times in force by class; `days_words` says "{days} days" in words.
    """
    found: list[tuple[str, ...]] = []
    for table in register():
        purpose = table.purpose
        if purpose is None:
            continue
        kept = days_words.format(days=days[purpose.retention]) if purpose.retention else purpose.kept
        found.extend(
            (
                f"{table.name}.{column}", what, purpose.of, purpose.why, purpose.basis, purpose.source,
                purpose.seen_by, table.stays.get(column, kept), purpose.leaves_to,
            )
            for column, what in table.personal.items()
        )  # fmt: skip
    return found


def as_csv(header: Sequence[str], lines: Sequence[Sequence[str]]) -> bytes:
    """The lines as CSV that no spreadsheet takes for formulas; with its mark Excel reads Thai."""
    file = io.StringIO()
    writer = csv.writer(file)
    for line in (header, *lines):
        writer.writerow([guard_formula(cell) for cell in line])
    return file.getvalue().encode("utf-8-sig")


def sheets_as_csv(sheets: Sequence[Sheet]) -> bytes:
    """The sheets one below the other, each after its title."""
    lines: list[Sequence[str]] = []
    for sheet in sheets:
        lines += [*([()] if lines else []), (sheet.title,), sheet.header, *sheet.lines]
    return as_csv(lines[0], lines[1:])


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """An Excel book of plain text."""
    import xlsxwriter  # here: few processes ever write one

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for each in sheets:
            sheet = book.add_worksheet(each.title[:31])
            sheet.set_column(0, len(each.header) - 1, 28, wrapped)
            sheet.freeze_panes(1, 0)
            for number, line in enumerate((each.header, *each.lines)):
                for column, text in enumerate(line):
                    sheet.write_string(number, column, guard_formula(text), wrapped)
    return out.getvalue()
