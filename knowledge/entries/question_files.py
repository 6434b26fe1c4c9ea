"""Questions with their right entries, read from a file: JSON lines, CSV, Excel, or plain lines.

A table has the columns `text` and `expected`; a plain line is the question, then after a tab or "|" the keys.
Several keys are separated by "|"; none means that nothing here answers the question.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import islice
from pathlib import PurePath

from eservice.kit.errors import invalid
from knowledge.entries.content import LIST_SEPARATOR
from knowledge.entries.faq_file import MAX_LINES, FileKind, Unreadable, plain_cell, table_lines
from knowledge.entries.known_questions import Question

SUFFIXES = (".jsonl", ".csv", ".xlsx", ".txt")

_TEXT = ("text", "question", "คำถาม")
_EXPECTED = ("expected", "id", "รหัส")


class _NotAQuestion(Exception):
    """A line says nothing that could be asked."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def read_questions(data: bytes, name: str, *, limit: int | None = None) -> list[Question]:
    """The questions of a file; its name says which form it has, JSON lines when it ends in nothing known.

    With `limit` reading stops at one question more, which says that there are too many. Raises ServiceError `faq.unreadable_questions`, naming the line.
    """
    try:
        match PurePath(name).suffix.lower():
            case ".csv":
                found = _of_table(table_lines(data, FileKind.CSV))
            case ".xlsx":
                found = _of_table(table_lines(data, FileKind.XLSX))
            case ".txt":
                found = _of_plain(data)
            case _:
                found = _of_json(data)
        return list(islice(found, None if limit is None else limit + 1))
    except _NotAQuestion as fault:
        raise invalid("faq.unreadable_questions", **{f"line {fault.line}": "not_a_question"}) from fault
    except Unreadable as fault:
        line = fault.problem.line
        raise invalid("faq.unreadable_questions", **{f"line {line}": fault.problem.code}) from fault


def _of_json(data: bytes) -> Iterator[Question]:
    for number, line in _lines(data):
        try:
            value = json.loads(line)
            text, expected = value["text"], value["expected"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:  # not JSON, or of another shape
            raise _NotAQuestion(number) from error
        if not isinstance(text, str) or not isinstance(expected, list):
            raise _NotAQuestion(number)
        yield Question(text=text, expected=frozenset(str(key) for key in expected))


def _of_table(lines: Iterator[tuple[int, Sequence[object]]]) -> Iterator[Question]:
    first, head = next(lines, (1, ()))
    names = [str(cell).strip().lower() for cell in head]
    text_at = next((names.index(name) for name in _TEXT if name in names), None)
    expected_at = next((names.index(name) for name in _EXPECTED if name in names), None)
    if text_at is None or expected_at is None:
        raise _NotAQuestion(first)
    for number, row in lines:
        if number > MAX_LINES:
            raise _NotAQuestion(number)
        cells = [str(plain_cell(cell) if cell is not None else "") for cell in row]
        if any(cell.strip() for cell in cells):
            cells += [""] * (max(text_at, expected_at) + 1 - len(cells))
            yield _question(number, cells[text_at], cells[expected_at].split(LIST_SEPARATOR))


def _of_plain(data: bytes) -> Iterator[Question]:
    for number, line in _lines(data):
        try:
            text, *keys = line.decode().replace("\t", LIST_SEPARATOR).split(LIST_SEPARATOR)
        except UnicodeDecodeError as error:
            raise _NotAQuestion(number) from error
        yield _question(number, text, keys)


def _question(line: int, text: str, keys: Iterable[str]) -> Question:
    if not text.strip():
        raise _NotAQuestion(line)
    return Question(text=text.strip(), expected=frozenset(key.strip() for key in keys if key.strip()))


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that hold anything, with their numbers from 1."""
    for number, line in enumerate(BytesIO(data.removeprefix(b"\xef\xbb\xbf")), start=1):
        if number > MAX_LINES:
            raise _NotAQuestion(number)
        if line.strip():
            yield number, line
