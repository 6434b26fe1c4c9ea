"""The rows of a database as lines of text that mean the same on SQLite and PostgreSQL, and back.

A dump of a table is UTF-8: first a line with the names of its columns, sorted, then a line per row with their
values, in the order of the primary key; every line a JSON array. Equal rows give equal bytes on both databases,
so that the SHA-256 of a dump says whether two tables are equal. The tables are those that the database has, not
those of today's models: a dump of an older schema is read and written by a newer program.
"""

import base64
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    bindparam,
    cast,
    collate,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.sql.ddl import sort_tables_and_constraints

REVISION_TABLE = "alembic_version"
ROWS_AT_ONCE = 500
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_Convert = Callable[[Any], Any]


@dataclass(kw_only=True)
class Digest:
    """The SHA-256 of the lines that went by, and how many rows they were."""

    rows: int = -1  # the first line names the columns
    _hash: Any = field(default_factory=sha256)

    def watch(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines, counted on their way."""
        for line in lines:
            self.rows += 1
            self._hash.update(line)
            yield line

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The tables of a database, each after those that it refers to.

    `late` are columns by table that may refer to a row which comes later: to the same table, or in a circle.
    """

    tables: tuple[Table, ...]
    late: Mapping[str, frozenset[str]]


def schema_of(connection: Connection) -> Schema:
    """The tables that there are, but the one in which migrations note their revision."""
    metadata = MetaData()
    metadata.reflect(connection)
    tables: list[Table] = []
    late: dict[str, set[str]] = {}
    ordered = sort_tables_and_constraints(
        sorted((t for t in metadata.tables.values() if t.name != REVISION_TABLE), key=lambda t: t.name)
    )
    for table, circular in ordered:
        own = [] if table is None else [c for c in table.foreign_key_constraints if c.referred_table is table]
        if table is not None:
            tables.append(table)
        for constraint in [*own, *(circular if table is None else ())]:
            late.setdefault(constraint.table.name, set()).update(constraint.column_keys)
    return Schema(tables=tuple(tables), late={name: frozenset(columns) for name, columns in late.items()})


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """The dump of a table, read a little at a time. Raises ValueError for a type that it cannot write."""
    columns = _columns(table)
    yield _line([column.name for column in columns])
    is_sqlite = connection.dialect.name == "sqlite"
    query = select(*(_read_as(column, is_sqlite=is_sqlite) for column in columns)).order_by(
        *(_in_order(column, is_sqlite=is_sqlite) for column in table.primary_key.columns)
    )
    converts = [_writer(column) for column in columns]
    for row in connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}):
        yield _line(
            [None if value is None else convert(value) for convert, value in zip(converts, row, strict=True)]
        )


def load(connection: Connection, table: Table, dump: Iterable[bytes], late: frozenset[str]) -> None:
    """Writes the rows of a dump into a table, with nothing in the columns of `late` until `load_late`.

    Raises ValueError for a dump of other columns.
    """
    rows = _rows(table, dump)
    is_sqlite = connection.dialect.name == "sqlite"
    statement = table.insert().values(
        {column.name: _write_as(column, column.name, is_sqlite=is_sqlite) for column in table.columns}
    )
    for some in _some_at_once(rows):
        connection.execute(statement, [{**row, **dict.fromkeys(late)} for row in some])


def load_late(connection: Connection, table: Table, dump: Iterable[bytes], late: frozenset[str]) -> None:
    """Writes the columns that `load` left empty, now that every row is there."""
    is_sqlite = connection.dialect.name == "sqlite"
    keys = [column.name for column in table.primary_key.columns]
    statement = (
        table.update()
        .where(*(table.c[name] == bindparam(f"the_{name}") for name in keys))
        .values({name: _write_as(table.c[name], name, is_sqlite=is_sqlite) for name in sorted(late)})
    )
    filled = (row for row in _rows(table, dump) if any(row[name] is not None for name in late))
    for some in _some_at_once(filled):
        connection.execute(
            statement,
            [
                {name: row[name] for name in late} | {f"the_{name}": row[name] for name in keys}
                for row in some
            ],
        )


def follow_on(connection: Connection, table: Table) -> None:
    """Has PostgreSQL number new rows after those that are there; SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return
    keys = list(table.primary_key.columns)
    if len(keys) != 1 or not isinstance(keys[0].type, Integer):
        return
    newest = connection.scalar(select(func.max(keys[0])))
    connection.execute(
        text("SELECT setval(pg_get_serial_sequence(:table, :column), :value, :is_taken)"),
        {"table": table.name, "column": keys[0].name, "value": newest or 1, "is_taken": newest is not None},
    )


def _columns(table: Table) -> list[Column[Any]]:
    return sorted(table.columns, key=lambda column: column.name)


def _line(values: list[Any]) -> bytes:
    return (_write(values) + "\n").encode()


def _rows(table: Table, dump: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    columns = _columns(table)
    lines_of_dump = iter(dump)
    names = json.loads(next(lines_of_dump, b"[]"))
    if names != [column.name for column in columns]:
        raise ValueError(f"the dump of {table.name} has other columns")
    converts = [_reader(column) for column in columns]
    for line in lines_of_dump:
        values = json.loads(line)
        yield {
            name: None if value is None else convert(value)
            for name, convert, value in zip(names, converts, values, strict=True)
        }


def _some_at_once(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    return iter(lambda: list(itertools.islice(rows, ROWS_AT_ONCE)), [])


def _in_order(column: Column[Any], *, is_sqlite: bool) -> Any:
    """By bytes, as SQLite compares; PostgreSQL would follow the language of its machine."""
    return column if is_sqlite or not isinstance(column.type, String) else collate(column, "C")


def _read_as(column: Column[Any], *, is_sqlite: bool) -> Any:
    """JSON as its text, letter by letter: read as values, 1.0 and 1 or two orders of keys were the same."""
    if not isinstance(column.type, JSON):
        return column
    return type_coerce(column, Text) if is_sqlite else cast(column, Text)


def _write_as(column: Column[Any], name: str, *, is_sqlite: bool) -> Any:
    if not isinstance(column.type, JSON):
        return bindparam(name, type_=column.type)
    return bindparam(name, type_=Text) if is_sqlite else cast(bindparam(name, type_=Text), JSON)


def _writer(column: Column[Any]) -> _Convert:
    """What JSON holds for a value of the column that is not NULL."""
    match column.type:
        case Boolean():
            return bool
        case Integer():
            return int
        case Float():
            return float
        case String() | JSON():
            return str
        case DateTime():
            return _instant
        case Date() | Time():
            return _iso
        case LargeBinary():
            return lambda value: base64.b64encode(value).decode()
        case _:
            raise ValueError(f"{column} is of a type that no dump can hold")


def _reader(column: Column[Any]) -> _Convert:
    """The inverse of `_writer`."""
    match column.type:
        case DateTime(timezone=with_zone):
            return partial(_read_instant, with_zone=with_zone)
        case Date():
            return date.fromisoformat
        case Time():
            return time.fromisoformat
        case LargeBinary():
            return base64.b64decode
        case Float():
            return float
        case _:
            return lambda value: value


def _instant(value: datetime) -> str:
    """An instant in UTC; SQLite keeps it without saying so."""
    at = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _read_instant(value: str, *, with_zone: bool) -> datetime:
    at = datetime.fromisoformat(value)
    return at if with_zone else at.astimezone(UTC).replace(tzinfo=None)


def _iso(value: date | time) -> str:
    return value.isoformat()
