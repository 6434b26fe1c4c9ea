"""Whether the time of a refused sign-in tells if the account exists.

    .venv/bin/python -m benchmarks.sign_in_timing [--names 2000]

Signs in with a wrong password under as many known as unknown names, each name once and from an address of its
own, in random order on a fresh SQLite. Prints both distributions and the p-value of a two-sided Mann-Whitney
test: beyond 0.05 nobody can tell the two apart.
"""

import argparse
import math
import random
import statistics
import tempfile
import time
from pathlib import Path

import structlog

from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from eservice.staff import sign_in
from eservice.staff.models import StaffAccount
from eservice.staff.passwords import hash_password
from eservice.staff.sign_in import Browser, WrongPassword

RANDOM_SEED = 2569
WARM_UP = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--names", type=int, default=2_000, help="of each kind")
    count = parser.parse_args().names
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'timing.db'}")
        migrate(database)
        _make_accounts(database, count)
        known, unknown = _measure(database, count)
        database.dispose()
    for name, seconds in (("known", known), ("unknown", unknown)):
        deciles = [round(1000 * value, 2) for value in statistics.quantiles(seconds, n=10)]
        print(
            f"{name:8} n={len(seconds)} median={1000 * statistics.median(seconds):.2f} ms deciles={deciles}"
        )
    difference = 1000 * (statistics.median(known) - statistics.median(unknown))
    print(f"difference of medians {difference:+.3f} ms, p = {mann_whitney(known, unknown):.3f}")


def mann_whitney(first: list[float], second: list[float]) -> float:
    """The two-sided p-value that both come from one distribution, by the normal approximation; no ties."""
    ranked = sorted((value, place) for place, values in enumerate((first, second)) for value in values)
    rank_sum = sum(rank for rank, (_, place) in enumerate(ranked, start=1) if place == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


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


def _measure(database: Database, count: int) -> tuple[list[float], list[float]]:
    names = [f"{kind}-{number:05d}" for kind in ("known", "other") for number in range(count)]
    random.Random(RANDOM_SEED).shuffle(names)
    found: dict[str, list[float]] = {"known": [], "other": []}
    for number, name in enumerate([*(f"first-{n}" for n in range(WARM_UP)), *names]):
        browser = Browser(address=f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
        begun = time.perf_counter()
        outcome = sign_in.sign_in(database, name, "not the password of anybody", browser)
        passed = time.perf_counter() - begun
        assert isinstance(outcome, WrongPassword)
        if number >= WARM_UP:
            found[name.partition("-")[0]].append(passed)
    return found["known"], found["other"]


if __name__ == "__main__":
    main()
