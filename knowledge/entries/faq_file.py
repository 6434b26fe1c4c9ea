"""The three forms of the FAQ file: JSON lines, CSV and Excel, read into rows and written from rows.

A row is a mapping from column to value: text, or a list of texts for `variants` and `keywords`; in the two
table forms such a list is one cell, separated by "|". Cells that a spreadsheet would take for a formula are
written behind an apostrophe, which reading takes away again.
"""

import csv
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, TypeAlias
from xml.etree.ElementTree import ParseError

from eservice.kit.errors import invalid
from eservice.kit.text import LANGUAGES, Catalogue, guard_formula, unguard_formula
from knowledge.entries.content import LIST_SEPARATOR

COLUMNS = (
    "id",
    "question",
    "variants",
    "answer",
    "keywords",
    "category",
    "department",
    "source",
    "source_url",
    "publish_from",
    "publish_until",
    "language",
)
REQUIRED = ("question", "answer")
LISTS = ("variants", "keywords")
MAX_MEGABYTES = 10
MAX_UNPACKED_MEGABYTES = 100
MAX_ROWS = 5_000
MAX_LINES = 100_000  # with empty ones: a few bytes of Excel can claim thousands of millions
MAX_MARKS = 1_500_000  # tags of an unpacked Excel file: each becomes an object in memory

TEXTS = Catalogue(Path(__file__).parent / "text")

# What openpyxl lets through from zip, XML and its own reading of a file that is damaged or something else.
_XLSX_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ParseError,
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip

Row: TypeAlias = Mapping[str, object]


class FileKind(StrEnum):
    """The forms of the file."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True)
class ImportProblem:
    """One thing wrong with a file: where (lines count from 1), its code, and the words for the clerk."""

    line: int
    column: str  # empty when the whole line is meant
    code: str
    message: str
    english: str


@dataclass(frozen=True)
class FileRow:
    """One entry as the file has it."""

    line: int
    cells: Row


class Unreadable(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, problem: ImportProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def kind_of(name: str) -> FileKind:
    """The form that a file's name promises. Raises ServiceError `faq.unknown_file_kind`."""
    suffix = PurePath(name).suffix.lower().lstrip(".")
    try:
        return FileKind(suffix)
    except ValueError as error:
        raise invalid("faq.unknown_file_kind", file="unknown") from error


def file_problem(line: int, column: str, code: str, *, number: int = 0) -> ImportProblem:
    """A problem in the words of `faq_file`; `number` is the limit or the other line that they name."""
    thai, english = (TEXTS.get(f"faq_file.{code}", language, number=f"{number:,}") for language in LANGUAGES)
    return ImportProblem(line, column, code, thai, english)


def read_rows(data: bytes, kind: FileKind) -> tuple[list[FileRow], list[ImportProblem]]:
    """The rows of a file, and every line that could not be read."""
    try:
        if len(data) > MAX_MEGABYTES * 1_000_000:
            raise Unreadable(file_problem(1, "", "too_large", number=MAX_MEGABYTES))
        rows, problems = _read_jsonl(data) if kind is FileKind.JSONL else _read_table(data, kind)
    except Unreadable as error:
        return [], [error.problem]
    if len(rows) > MAX_ROWS:
        return [], [file_problem(rows[MAX_ROWS].line, "", "too_many_rows", number=MAX_ROWS)]
    if not rows and not problems:
        return [], [file_problem(1, "", "no_rows")]
    return rows, problems


def write_rows(rows: Iterable[Row], kind: FileKind) -> bytes:
    """The file of these rows."""
    match kind:
        case FileKind.JSONL:
            return "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows).encode()
        case FileKind.CSV:
            return _write_csv(rows)
        case FileKind.XLSX:
            return _write_xlsx(rows)


def _read_jsonl(data: bytes) -> tuple[list[FileRow], list[ImportProblem]]:
    rows: list[FileRow] = []
    problems: list[ImportProblem] = []
    for line, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw.decode())
        except UnicodeDecodeError:
            problems.append(file_problem(line, "", "not_utf8"))
            continue
        except (ValueError, RecursionError):
            problems.append(file_problem(line, "", "not_json"))
            continue
        if not isinstance(value, dict):
            problems.append(file_problem(line, "", "not_an_object"))
            continue
        unknown = [name for name in value if name not in COLUMNS]
        problems += [file_problem(line, name[:50], "unknown_column") for name in unknown]
        rows.append(FileRow(line, value))
    return rows, problems


def _read_table(data: bytes, kind: FileKind) -> tuple[list[FileRow], list[ImportProblem]]:
    lines = table_lines(data, kind)
    head_line, head = next(lines, (1, []))
    names = [str(cell).strip().lower() if cell is not None else "" for cell in head]
    while names and not names[-1]:
        names.pop()
    problems = [file_problem(head_line, name, "missing_column") for name in REQUIRED if name not in names]
    for place, name in enumerate(names):
        if name not in COLUMNS:
            problems.append(file_problem(head_line, name[:50], "unknown_column"))
        elif name in names[:place]:
            problems.append(file_problem(head_line, name, "repeated_column"))
    if problems:
        return [], problems
    rows: list[FileRow] = []
    for line, cells in lines:
        if line > MAX_LINES:
            raise Unreadable(file_problem(line, "", "too_many_rows", number=MAX_ROWS))
        if all(cell is None or cell == "" for cell in cells):
            continue
        if any(cell not in (None, "") for cell in cells[len(names) :]):
            problems.append(file_problem(line, "", "extra_cell"))
        rows.append(FileRow(line, dict(zip(names, map(plain_cell, cells), strict=False))))
        if len(rows) > MAX_ROWS:
            break
    return rows, problems


def table_lines(data: bytes, kind: FileKind) -> Iterator[tuple[int, Sequence[object]]]:
    """The rows of a CSV or Excel file with their line numbers. Raises Unreadable while they are read."""
    return _csv_lines(data) if kind is FileKind.CSV else _xlsx_lines(data)


def _csv_lines(data: bytes) -> Iterator[tuple[int, Sequence[object]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(file_problem(line, "", "not_utf8")) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(file_problem(line, "", "not_csv")) from error


def _xlsx_lines(data: bytes) -> Iterator[tuple[int, Sequence[object]]]:
    import openpyxl  # here: few processes ever meet an Excel file, and it takes half a second
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
            if unpacked > MAX_UNPACKED_MEGABYTES * 1_000_000:
                raise Unreadable(file_problem(1, "", "too_large", number=MAX_UNPACKED_MEGABYTES))
            if sum(archive.read(item).count(b"<") for item in archive.infolist()) > MAX_MARKS:
                raise Unreadable(file_problem(1, "", "too_many_rows", number=MAX_ROWS))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the file's own word on its size may be wrong
        yield from enumerate(sheet.iter_rows(values_only=True), start=1)
        book.close()
    except (*_XLSX_ERRORS, InvalidFileException) as error:
        raise Unreadable(file_problem(1, "", "not_xlsx")) from error


def plain_cell(cell: object) -> object:
    """Cells as text: Excel holds "1548" as a number. Dates stay dates."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, int | float):
        return str(cell)
    return unguard_formula(cell) if isinstance(cell, str) else cell


def _cells(row: Row) -> list[str]:
    return [guard_formula(_cell_text(row.get(name))) for name in COLUMNS]


def _cell_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return LIST_SEPARATOR.join(str(item) for item in value)
    return "" if value is None else str(value)


def _write_csv(rows: Iterable[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(row) for row in rows)
    return out.getvalue().encode("utf-8-sig")  # with its mark Excel reads Thai


def _write_xlsx(rows: Iterable[Row]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    options: dict[str, Any] = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("FAQ")
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.set_column(0, len(COLUMNS) - 1, 30, wrapped)
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, book.add_format({"bold": True}))
        for line, row in enumerate(rows, start=1):
            for column, text in enumerate(_cells(row)):
                sheet.write_string(line, column, text, wrapped)
    return out.getvalue()
