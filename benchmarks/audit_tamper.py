"""Tampers with the audit and traffic chains in a SQLite file, again and again, and counts what is not found.

Run from the repository root: python benchmarks/audit_tamper.py [--times 1000] [--rows 40] [--seed 2569]

Prints one JSON object and exits 1 when anything was missed. It also measures what noting one request costs.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

sys.path.insert(0, str(Path(__file__).parents[1]))

from eservice.kit.chain import Chain, ChainHead, Head, verify
from eservice.kit.database import Database, table_of
from eservice.kit.migrate import migrate
from eservice.operations.chains import CHAINS
from eservice.traffic.recording import TrafficLog, TrafficRecorder
from tests.traffic.tampering import can_be_stored, fill, tamper

KEY = "the key that whoever tampers does not have"
REQUESTS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2569)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'chains.db'}", signing_key=lambda: KEY)
        migrate(database)
        fill(database, arguments.rows)
        dice, tried, missed = random.Random(arguments.seed), Counter[str](), Counter[str]()
        while tried.total() < arguments.times:
            chain = dice.choice(CHAINS)
            how = _try_one(database, chain, dice)
            if how is not None:
                tried[how[0]] += 1
                missed[how[0]] += not how[1]
        figures: dict[str, Any] = {
            "seed": arguments.seed,
            "tampered": tried.total(),
            "missed": missed.total(),
            "by_kind": dict(sorted(tried.items())),
            "noting_a_request_microseconds": asyncio.run(_cost_of_noting(database)),
        }
        database.dispose()
    print(json.dumps(figures, indent=2))
    return 1 if figures["missed"] else 0


def _try_one(database: Database, chain: Chain, dice: random.Random) -> tuple[str, bool] | None:
    """What was done and whether it was found; None for what the database itself would refuse."""
    table, heads = table_of(chain.model), table_of(ChainHead)
    with database.read() as reader:
        found = reader.session.execute(select(table).order_by(table.c.sequence)).mappings()
        rows = [dict(row) for row in found]
        head = Head(**reader.session.execute(select(heads).where(heads.c.name == chain.name)).one()._mapping)
    how, (left, new_head) = tamper(dice, chain, rows, head)
    if not can_be_stored(table, left) or (left, new_head) == (rows, head):
        return None
    _put(database, chain, left, new_head)
    with database.read() as reader:
        is_found = verify(reader, chain).fault is not None
    _put(database, chain, rows, head)
    with database.read() as reader:
        assert verify(reader, chain).fault is None
    return how, is_found


def _put(database: Database, chain: Chain, rows: list[dict[str, Any]], head: Head | None) -> None:
    table, heads = table_of(chain.model), table_of(ChainHead)
    with database.unit_of_work() as uow:
        uow.session.execute(delete(table))
        uow.session.execute(delete(heads).where(heads.c.name == chain.name))
        if rows:
            uow.session.execute(insert(table), rows)
        if head is not None:
            uow.session.execute(insert(heads).values(**asdict(head)))


async def _cost_of_noting(database: Database) -> float:
    """What the layer adds to a request, median of rounds: the time with it less the time without."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 100})

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        pass

    async def time_of(app: Any) -> float:
        began = time.process_time()
        for _ in range(REQUESTS):
            scope = {
                "type": "http", "path": "/faq/abc", "method": "GET", "headers": [], "route": None,
                "path_params": {"key": "abc"}, "client": ("203.0.113.9", 50_000),
            }  # fmt: skip
            await app(scope, receive, send)
        return (time.process_time() - began) / REQUESTS * 1e6

    rounds = []
    for _ in range(5):
        recorder = TrafficRecorder(database, room=REQUESTS)
        rounds.append(await time_of(TrafficLog(answer, recorder)) - await time_of(answer))
    return round(statistics.median(rounds), 1)


if __name__ == "__main__":
    sys.exit(main())
