"""A thousand ways to tamper with a chain, as its rows lie in memory or in a table.

Each takes the rows (in their order) and the head, and gives what somebody left behind who can write everything
but does not know SECRET_KEY.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Table

from eservice.kit import audit
from eservice.kit.chain import GENESIS, Chain, Head, extend, hash_of, key_id
from eservice.kit.database import Database
from eservice.traffic import models as traffic

Rows: TypeAlias = list[dict[str, Any]]
Left: TypeAlias = tuple[Rows, Head | None]
Tampering: TypeAlias = Callable[[random.Random, Chain, Rows, Head], Left]


def edit(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    row = dice.choice(rows)
    column = dice.choice(list(row))
    row[column] = _another(dice, row[column])
    return rows, head


def delete_some(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    begin = dice.randrange(len(rows))
    del rows[begin : begin + dice.randint(1, 3)]
    return rows, head


def cut_the_end(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    del rows[dice.randrange(len(rows)) :]
    return rows, head


def cut_the_end_and_the_head(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    del rows[dice.randrange(1, len(rows)) :]
    return rows, replace(head, sequence=rows[-1]["sequence"], hash=rows[-1]["hash"])


def cut_the_beginning_and_the_base(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    gone = dice.randrange(1, len(rows))
    last = rows[gone - 1]
    return rows[gone:], replace(head, base_sequence=last["sequence"], base_hash=last["hash"])


def delete_all(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    left = dice.choice((head, None, replace(head, sequence=0, hash=GENESIS), Head(name=chain.name)))
    return [], left


def swap(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    one, other = dice.sample(range(len(rows)), 2)
    names = ("sequence", "previous_hash", "hash") if dice.random() < 0.5 else ("sequence",)
    for name in names:
        rows[one][name], rows[other][name] = rows[other][name], rows[one][name]
    return rows, head


def insert(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    copy = dict(dice.choice(rows))
    if "id" in copy:
        copy["id"] = max(row["id"] for row in rows) + 1
    copy["sequence"] = head.sequence + dice.randint(1, 2)
    copy["previous_hash"] = head.hash
    copy["hash"] = hash_of(chain.name, copy)
    return [*rows, copy], head


def compute_anew(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    """The best that can be done without the key: all hashes and the head fit again; only the seal cannot."""
    place = dice.randrange(len(rows))
    column = dice.choice([name for name in rows[place] if name not in ("sequence", "previous_hash", "hash")])
    rows[place][column] = _another(dice, rows[place][column])
    rows, last = _chained(chain, rows)
    wrong_key = dice.choice(("", "guessed"))
    seals: list[Head] = [
        replace(head, hash=last),
        replace(head, hash=last, seal=""),
        replace(head, hash=last).sealed(wrong_key),
        replace(replace(head, hash=last).sealed(wrong_key), key_id=key_id("secret")),
    ]
    return rows, dice.choice(seals)


def take_from_another_chain(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> Left:
    """A row that is right in another chain: its hash holds that chain's name."""
    row = dice.choice(rows)
    row["hash"] = hash_of("another", row)
    return rows, head


ALL: tuple[Tampering, ...] = (
    edit, delete_some, cut_the_end, cut_the_end_and_the_head, cut_the_beginning_and_the_base, delete_all, swap,
    insert, compute_anew, take_from_another_chain,
)  # fmt: skip


def tamper(dice: random.Random, chain: Chain, rows: Rows, head: Head) -> tuple[str, Left]:
    """One tampering of any kind, on copies; the rows come back as a verification reads them."""
    how = dice.choice(ALL)
    left, new_head = how(dice, chain, [dict(row) for row in rows], head)
    left.sort(key=lambda row: (row["sequence"] is not None, row["sequence"] or 0))
    return how.__name__, (left, new_head)


def can_be_stored(table: Table, rows: Rows) -> bool:
    """Whether the database itself would take it: places and ids once each, and values of the right kind."""
    for column in table.c:
        values = [row[column.name] for row in rows]
        is_once = column.primary_key or column.unique
        length = getattr(column.type, "length", None)
        if is_once and len(set(values)) < len(values):
            return False
        if length and any(isinstance(value, str) and len(value) > length for value in values):
            return False
        if column.name in ("before", "after") and any(isinstance(value, str) for value in values):
            return False
    return True


def _chained(chain: Chain, rows: Rows) -> tuple[Rows, str]:
    previous = GENESIS
    for row in rows:
        row["previous_hash"] = previous
        previous = row["hash"] = hash_of(chain.name, row)
    return rows, previous


def _another(dice: random.Random, value: Any) -> Any:
    match value:
        case None:
            return "x"
        case datetime():
            return value + timedelta(microseconds=dice.choice((-1, 1, 86_400_000_000)))
        case int():
            return value + dice.choice((-1, 1, 1_000_000))
        case str():
            place = dice.randrange(len(value) + 1)
            return value[:place] + dice.choice("0aก ") + value[place:]
        case dict():
            return {**value, "added": 1}
        case _:
            raise TypeError(type(value).__name__)


_AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def fill(database: Database, count: int) -> None:
    """Both chains with some rows."""
    with database.unit_of_work() as uow:
        for number in range(count):
            audit.record(
                uow, actor="malee", action="office.updated", subject_kind="office", subject_id=number,
                before={"name": "เก่า", "n": number}, after={"name": "ใหม่", "n": [number, 1.5]},
            )  # fmt: skip
        rows = [
            traffic.TrafficRow(
                at=_AT + timedelta(seconds=number), milliseconds=3, source="203.0.113.9", port=4000 + number,
                account="malee", session="s" * 16, method="GET", path="/faq/{key}", status=200, bytes_in=0,
                bytes_out=512, lost=0,
            )
            for number in range(count)
        ]  # fmt: skip
        extend(uow, traffic.CHAIN, rows)
        uow.session.add_all(rows)
