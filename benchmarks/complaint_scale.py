"""How quick the public figures are with very many complaints, on a temporary SQLite database.

Run from the repository root: python benchmarks/complaint_scale.py [--complaints 100000] [--rounds 9]

Prints the median, the slowest and the first time in milliseconds, and the median of the processor's time, which
other work on the machine does not change. Nothing is remembered between rounds.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

sys.path.insert(0, str(Path(__file__).parents[1]))

from eservice.complaints.clocks import DEFAULT_TARGETS
from eservice.complaints.figures import public_figures
from eservice.complaints.models import Complaint, Rating, Source
from eservice.complaints.numbers import ALPHABET
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from knowledge.classify import Urgency

SEED = 2570
NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
TEXTS = ("ไฟหน้าวัดดับมาสามวันแล้ว", "ถนนหน้าโรงเรียนเป็นหลุมใหญ่ รถล้มบ่อย ", "น้ำประปาไม่ไหลตั้งแต่เช้า ", "ขยะไม่มาเก็บ ")
DONE = (ComplaintState.RESOLVED, ComplaintState.CONFIRMED)
STATES = (*DONE, *DONE, *DONE, *ComplaintState)
WORDS_OF_THEIR_OWN = 0.02  # share of complaints with a village that nobody else writes
BATCH = 10_000


def number(serial: int) -> str:
    """A number like a real one, but in order."""
    letters = ""
    for _ in range(8):
        serial, place = divmod(serial, len(ALPHABET))
        letters += ALPHABET[place]
    return letters


def row(serial: int, dice: random.Random) -> dict[str, object]:
    """One complaint of the last five years."""
    filed = NOW - timedelta(minutes=dice.randrange(60, 5 * 365 * 24 * 60))
    state = dice.choice(STATES)
    done = min(filed + timedelta(hours=dice.expovariate(1 / 90)), NOW) if state in DONE else None
    own = dice.random() < WORDS_OF_THEIR_OWN
    return {
        "id": serial,
        "number": number(serial),
        "key_hash": "0" * 64,
        "idempotency_key": f"bench:{serial}",
        "source": dice.choice(list(Source)),
        "category": dice.choice(list(DEFAULT_TARGETS)),
        "is_corrected": False,
        "text": dice.choice(TEXTS) * dice.randrange(1, 8),
        "latitude": 17.1 + dice.random() / 10,
        "longitude": 104.1 + dice.random() / 10,
        "address": "",
        "village": f"บ้านของฉันเลขที่ {serial}" if own else f"หมู่ {dice.randrange(1, 13)}",
        "urgency": Urgency.NORMAL,
        "needs_photo": False,
        "state": state,
        "proposed_photo_ids": [],
        "confirmed_by_silence": state is ComplaintState.CONFIRMED and dice.random() < 0.5,
        "filed_at": filed,
        "changed_at": done or filed,
        "said_done_at": done,
        "promised_days": 5,
        "due_at": filed + timedelta(days=7),
        "answer_due_at": filed + timedelta(days=15),
        "version": 1,
    }


def fill(database: Database, complaints: int) -> None:
    """Complaints, and marks for a third of those that are done."""
    dice = random.Random(SEED)
    rows = [row(serial, dice) for serial in range(1, complaints + 1)]
    rated = [each for each in rows if each["said_done_at"] is not None and dice.random() < 0.3]
    marks = [
        {
            "complaint_id": each["id"],
            "about": each["said_done_at"],
            "stars": dice.randint(1, 5),
            "words": "",
            "at": NOW,
        }
        for each in rated
    ]
    for table, values in ((Complaint, rows), (Rating, marks)):
        for start in range(0, len(values), BATCH):
            with database.unit_of_work() as uow:
                uow.session.execute(insert(table), values[start : start + BATCH])
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def measure(name: str, rounds: int, call: Callable[[], object]) -> None:
    """Prints how long a call takes."""
    times: list[float] = []
    work: list[float] = []
    for _ in range(rounds):
        started, began = time.perf_counter(), time.process_time()
        call()
        times.append(1_000 * (time.perf_counter() - started))
        work.append(1_000 * (time.process_time() - began))
    print(
        f"{name:<16} median {statistics.median(times):5.0f} ms   slowest {max(times):5.0f} ms"
        f"   first {times[0]:5.0f} ms   processor {statistics.median(work):5.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--complaints", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scale.db'}", FixedClock(NOW))
        migrate(database)
        fill(database, arguments.complaints)

        def figures() -> object:
            with database.read() as reader:
                return public_figures(reader)

        print(f"{arguments.complaints:,} complaints on SQLite")
        measure("public figures", arguments.rounds, figures)
        database.dispose()


if __name__ == "__main__":
    main()
