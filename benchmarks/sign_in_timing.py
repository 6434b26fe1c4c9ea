"""Whether the time of a refusal tells if an account, or a case, exists: measured through HTTP, within the process.

    .venv/bin/python -m benchmarks.sign_in_timing [--names 1000]

On a fresh SQLite the whole application, as `serve` builds it, is asked for as many known as unknown names, each once,
from an address of its own, in random order:

  sign-in    POST /admin/login with a wrong password; unknown: a name that nobody has
  tracking   POST /track with a wrong key; unknown: a well-formed number that no case has

Every answer of a door must have the same status and, but for what was typed, the same length. A two-sided
Mann-Whitney test gives p: above 0.05 nobody can tell the two apart. One of twenty honest measurements falls below, so
a p of 0.05 or less is measured once more with other names; only when both are so low does the sign-in tell, and the
command exits 1. The tracking number is printed without a verdict: whoever has a number is shown how its case stands,
without a key, so that it exists is no secret; its key is compared in constant time.

There is nothing else to measure: nobody registers, and no form resets a password. A one-time link is a secret of
256 bits, the same for every account, made by an administrator.
"""

import argparse
import asyncio
import math
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
from fastapi import FastAPI

from eservice.complaints import numbers
from eservice.complaints.filing import NewComplaint, file_complaint
from eservice.complaints.models import Source
from eservice.demo.first_start import prepare
from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from eservice.staff.models import StaffAccount
from eservice.staff.passwords import hash_password
from tests.conftest import whole_app_on

RANDOM_SEED = 2569
WARM_UP = 30
LEVEL = 0.05
HOST = "http://127.0.0.1:8000"


@dataclass(frozen=True, kw_only=True)
class Door:
    """A form that refuses, and the field into which the names of each kind go. All are of one length."""

    path: str
    field: str
    others: dict[str, str]
    known: list[str]
    unknown: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--names", type=int, default=1_000, help="of each kind, for each measurement")
    count = parser.parse_args().names
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'timing.db'}")
        migrate(database)
        prepare(database, with_demo=False)
        _make_accounts(database, 2 * count)
        cases = _make_cases(database, count)
        application = whole_app_on(database, Path(folder))
        with asyncio.Runner() as runner:
            is_told = runner.run(_measure_all(application, count, cases))
        database.dispose()
    sys.exit(1 if is_told else 0)


def mann_whitney(first: list[float], second: list[float]) -> float:
    """The two-sided p-value that both come from one distribution, by the normal approximation; no ties."""
    ranked = sorted((value, place) for place, values in enumerate((first, second)) for value in values)
    rank_sum = sum(rank for rank, (_, place) in enumerate(ranked, start=1) if place == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


async def _measure_all(application: FastAPI, count: int, cases: list[str]) -> bool:
    """Prints every measurement; whether the sign-in tells who has an account."""
    dice, sources = random.Random(RANDOM_SEED), _sources()
    asked = Asking(application, sources)
    form, cookies = await asked.sign_in_form()
    p = 1.0
    for begin in (0, count):
        names = range(begin, begin + count)
        p = await _measure(
            asked,
            "sign-in",
            Door(
                path="/admin/login",
                field="username",
                others=form,
                known=[f"known-{number:05d}" for number in names],
                unknown=[f"other-{number:05d}" for number in names],
            ),
            dice,
            cookies,
        )
        if p > LEVEL:
            break
        print(f"p <= {LEVEL}: measured again with other names" if begin == 0 else "the sign-in tells")
    tracking = Door(
        path="/track",
        field="number",
        others={"act": "open", "key": numbers.shown(numbers.new_key())},
        known=cases,
        unknown=[numbers.shown(numbers.new_number()) for _ in range(count)],
    )
    await _measure(asked, "tracking", tracking, dice, {})
    return p <= LEVEL


class Asking:
    """One application, asked from a new address each time."""

    def __init__(self, application: FastAPI, sources: Iterator[str]) -> None:
        self._application, self._sources = application, sources

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self._application, client=(next(self._sources), 50_000))
        return httpx.AsyncClient(transport=transport, base_url=HOST)

    async def sign_in_form(self) -> tuple[dict[str, str], dict[str, str]]:
        """The other fields of the form, and the cookies that belong to it."""
        answer = await self.client().get("/admin/login")
        found = re.search(r'name="csrf_token" value="(\w+)"', answer.text)
        if found is None:
            raise ValueError("the page of the sign-in has no form")
        fields = {"csrf_token": found[1], "password": "not the password of anybody"}
        return fields, dict(answer.cookies)

    async def refused(self, door: Door, name: str, cookies: dict[str, str]) -> tuple[float, tuple[int, int]]:
        """How long the refusal took, in seconds; its status and its length without what was typed."""
        fields = {**door.others, door.field: name}
        async with self.client() as client:
            client.cookies.update(cookies)
            begun = time.perf_counter()
            answer = await client.post(door.path, data=fields)
            passed = time.perf_counter() - begun
        if answer.status_code not in (404, 422):
            raise ValueError(f"{door.path} answered {answer.status_code}")
        return passed, (answer.status_code, len(answer.text.replace(name, "")))


async def _measure(
    asked: Asking, title: str, door: Door, dice: random.Random, cookies: dict[str, str]
) -> float:
    names = [("known", name) for name in door.known] + [("unknown", name) for name in door.unknown]
    dice.shuffle(names)
    for _, name in dice.sample(names, WARM_UP):
        await asked.refused(door, name[:-1] + "X", cookies)
    found: dict[str, list[float]] = {"known": [], "unknown": []}
    looks: set[tuple[int, int]] = set()
    for kind, name in names:
        seconds, look = await asked.refused(door, name, cookies)
        found[kind].append(seconds)
        looks.add(look)
    for kind, seconds in found.items():
        deciles = [round(1000 * value, 2) for value in statistics.quantiles(seconds, n=10)]
        median = 1000 * statistics.median(seconds)
        print(f"{title:8} {kind:8} n={len(seconds)} median={median:.2f} ms deciles={deciles}")
    if len(looks) != 1:
        raise ValueError(f"{door.path} answers differently: {looks}")
    p = mann_whitney(found["known"], found["unknown"])
    difference = 1000 * (statistics.median(found["known"]) - statistics.median(found["unknown"]))
    print(f"{title:8} difference of medians {difference:+.3f} ms, p = {p:.3f}", flush=True)
    return p


def _sources() -> Iterator[str]:
    for number in range(1 << 24):
        yield f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"


def _make_accounts(database: Database, count: int) -> None:
    password_hash = hash_password("a password that nobody will type")
    with database.unit_of_work() as uow:
        uow.session.add_all(
            StaffAccount(
                username=f"known-{number:05d}",
                display_name="คนหนึ่ง",
                password_hash=password_hash,
                created_at=uow.now,
            )
            for number in range(count)
        )


def _make_cases(database: Database, count: int) -> list[str]:
    """The numbers of new cases, as people know them."""
    with database.unit_of_work() as uow:
        new = NewComplaint(source=Source.WEB, category="ไฟฟ้าสาธารณะ", text="ไฟดับ")
        return [
            numbers.shown(file_complaint(uow, new, idempotency_key=f"timing:{number}").number)
            for number in range(count)
        ]


if __name__ == "__main__":
    main()
