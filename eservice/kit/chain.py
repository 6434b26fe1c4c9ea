"""Hash chains: rows that are only ever added, so that a changed, missing or added one is found.

Every row carries its place (`sequence`), the hash of the row before it and its own hash, SHA-256 over all its
columns and that hash. Whoever can write to the database can compute those anew; so the head of each chain says
where it ends, and is sealed with a key that is made from SECRET_KEY and is not in the database.

A head whose seal does not fit is extended without a seal: the office goes on working, and what was done to the
chain before stays to be found. What a seal cannot show is that everything, head and all, was put back to an
earlier state: for that, how far it had come is noted elsewhere (`eservice.operations.marks`).
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import BigInteger, String, Table, insert, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base, table_of
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork

GENESIS = "0" * 64
"""The hash before the first row."""
NO_SEAL = ""
ROWS_AT_ONCE = 1_000

log = structlog.get_logger()


class ChainHead(Base):
    """Where a chain begins and ends. `base_*` are the place and hash of the last row that was purged."""

    __tablename__ = "chain_heads"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)  # of the last row
    hash: Mapped[str] = mapped_column(String(64))  # of the last row
    base_sequence: Mapped[int] = mapped_column(BigInteger)
    base_hash: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))  # tells which SECRET_KEY sealed it, and nothing of it
    seal: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, kw_only=True)
class Head:
    """A head as it was read."""

    name: str
    sequence: int = 0
    hash: str = GENESIS
    base_sequence: int = 0
    base_hash: str = GENESIS
    key_id: str = ""
    seal: str = NO_SEAL

    def sealed(self, key: str) -> "Head":
        """The same with the seal of this SECRET_KEY."""
        return replace(self, key_id=key_id(key), seal=self._seal_of(key))

    def is_sealed_by(self, key: str) -> bool:
        """Whether the seal is that of this SECRET_KEY over what the head says."""
        return hmac.compare_digest(self.seal, self._seal_of(key))

    def _seal_of(self, key: str) -> str:
        says = [self.name, self.sequence, self.hash, self.base_sequence, self.base_hash]
        return hmac.new(_derived(key, self.name), json.dumps(says).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A kind of rows that are chained. The model has `sequence`, `previous_hash` and `hash`."""

    name: str
    model: type[Base]


class Fault(StrEnum):
    """What is wrong with a chain. Each is told by the text `chain.<value>`."""

    NO_HEAD = "no_head"
    OUTSIDE = "outside"  # a row without a place
    MISSING = "missing"  # rows between two others, or at the end
    TWICE = "twice"  # a place that is taken, or lies before the beginning
    MOVED = "moved"  # does not follow the row before it
    CHANGED = "changed"
    BEYOND = "beyond"  # rows after the end
    NOT_THE_LAST = "not_the_last"  # the end is another than the one that was sealed
    OTHER_KEY = "other_key"  # the rows hang together, and another SECRET_KEY sealed them, or so it says
    NO_SEAL = "no_seal"
    OLDER = "older"  # whole, and not as far as was noted outside the database
    MARKS_DAMAGED = "marks_damaged"  # whole, but what was noted cannot be read


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What came of a verification. `fault` is None for a chain that is whole."""

    name: str
    rows: int
    head: Head | None
    fault: Fault | None = None
    record: int | None = None  # the place of the first broken row, or its id where it has no place

    @property
    def mark(self) -> str:
        """The end of the chain in a few characters, to be noted elsewhere and compared later."""
        return f"{self.head.sequence}:{self.head.hash[:16]}" if self.head else ""


def extend(uow: UnitOfWork, chain: Chain, rows: Sequence[Any]) -> None:
    """Gives the rows, in this order, their places at the end of the chain.

    Locks the head until the transaction ends: called last, just before the commit, so that other writers wait
    only for that. All other columns of the rows are set and will not change.
    """
    if not rows:
        return
    head = _locked(uow, chain)
    is_ours = head.is_sealed_by(uow.signing_key)
    sequence, previous = head.sequence, head.hash
    table = table_of(chain.model)
    for row in rows:
        sequence += 1
        row.sequence, row.previous_hash = sequence, previous
        previous = row.hash = hash_of(
            chain.name, {column.key: getattr(row, column.key) for column in table.c}
        )
    _keep(uow, replace(head, sequence=sequence, hash=previous), is_ours=is_ours)


def move_base(uow: UnitOfWork, chain: Chain, *, sequence: int, base_hash: str) -> None:
    """Says in the head that the rows up to this place were purged. The same lock and the same rule of seals."""
    head = _locked(uow, chain)
    is_ours = head.is_sealed_by(uow.signing_key)
    _keep(uow, replace(head, base_sequence=sequence, base_hash=base_hash), is_ours=is_ours)


def seal_anew(uow: UnitOfWork, chain: Chain) -> Head:
    """Seals the head as it is with today's SECRET_KEY. Whoever calls it has verified the rows, and records it."""
    head = _locked(uow, chain)
    _keep(uow, head, is_ours=True)
    return head


def verify(reader: ReadOnly, chain: Chain) -> Verified:
    """Reads the whole chain, in one statement, so that what others write meanwhile does not matter."""
    heads, table = table_of(ChainHead), table_of(chain.model)
    statement = (
        select(heads, table)
        .select_from(heads.outerjoin(table, true()))
        .where(heads.c.name == chain.name)
        .order_by(table.c.sequence.nulls_first(), *table.primary_key.columns)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    width = len(heads.c)
    result = iter(reader.session.execute(statement))
    first = next(result, None)
    if first is None:
        return examine(chain, (), None, reader.signing_key)
    head = Head(**dict(zip(heads.c.keys(), first[:width], strict=True)))
    return examine(chain, _rows(table, width, first, result), head, reader.signing_key)


def examine(chain: Chain, rows: Iterable[Mapping[str, Any]], head: Head | None, key: str) -> Verified:
    """Follows the rows from the base to the head. `rows` are by place, those without one first."""
    if head is None:
        return Verified(name=chain.name, rows=0, head=None, fault=Fault.NO_HEAD)
    place, previous, count = head.base_sequence, head.base_hash, 0

    def broken(fault: Fault, record: int | None) -> Verified:
        return Verified(name=chain.name, rows=count, head=head, fault=fault, record=record)

    for row in rows:
        found = row["sequence"]
        if found is None:
            return broken(Fault.OUTSIDE, row["id"])
        if found <= place:
            return broken(Fault.TWICE, found)
        if found > place + 1:
            return broken(Fault.MISSING, place + 1)
        if found > head.sequence:
            return broken(Fault.BEYOND, found)
        if row["previous_hash"] != previous:
            return broken(Fault.MOVED, found)
        if row["hash"] != hash_of(chain.name, row):
            return broken(Fault.CHANGED, found)
        place, previous, count = found, row["hash"], count + 1
    if place != head.sequence:
        return broken(Fault.MISSING, place + 1)
    if previous != head.hash:
        return broken(Fault.NOT_THE_LAST, place)
    if not head.is_sealed_by(key):
        is_of_another = head.key_id not in ("", key_id(key))
        return broken(Fault.OTHER_KEY if is_of_another else Fault.NO_SEAL, None)
    return Verified(name=chain.name, rows=count, head=head)


def hash_of(name: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of a row: the chain's name and every column but the hash itself, those without a value left out.

    So a column that a later version adds changes no hash of the rows that do not have it.
    """
    columns = {key: value for key, value in row.items() if value is not None and key != "hash"}
    return hashlib.sha256(_canonical([name, columns])).hexdigest()


@lru_cache(maxsize=8)
def key_id(key: str) -> str:
    """A name for a SECRET_KEY that says nothing of it."""
    return hmac.new(_derived(key, "id"), b"", hashlib.sha256).hexdigest()[:16]


@lru_cache(maxsize=8)
def _derived(key: str, purpose: str) -> bytes:
    return hmac.new(key.encode(), f"chain:{purpose}".encode(), hashlib.sha256).digest()


def _canonical(value: object) -> bytes:
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    ).encode("utf-8", "surrogatepass")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no place in a chain")


def _rows(table: Table, width: int, first: Any, others: Iterable[Any]) -> Iterator[dict[str, Any]]:
    names = table.c.keys()
    primary = names.index(next(iter(table.primary_key.columns)).key)
    if first[width + primary] is None:  # a head alone
        return
    yield dict(zip(names, first[width:], strict=True))
    for row in others:
        yield dict(zip(names, row[width:], strict=True))


def _locked(uow: UnitOfWork, chain: Chain) -> Head:
    """The head, locked until the transaction ends; one that was taken away is put where the rows end, unsealed."""
    heads = table_of(ChainHead)
    find = select(heads).where(heads.c.name == chain.name).with_for_update()
    found = uow.session.execute(find).one_or_none()
    if found is not None:
        return Head(**found._mapping)
    table = table_of(chain.model)
    last = uow.session.execute(
        select(table.c.sequence, table.c.hash)
        .where(table.c.sequence.is_not(None))
        .order_by(table.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    head = Head(name=chain.name, **(last._mapping if last else {}))
    uow.session.execute(insert(heads).values(**asdict(head)))
    return head


def _keep(uow: UnitOfWork, head: Head, *, is_ours: bool) -> None:
    if is_ours:
        head = head.sealed(uow.signing_key)
    else:
        log.error("chain.extended_without_seal", chain=head.name, sequence=head.sequence)
        head = replace(head, seal=NO_SEAL)
    heads = table_of(ChainHead)
    uow.session.execute(update(heads).where(heads.c.name == head.name).values(**asdict(head)))
