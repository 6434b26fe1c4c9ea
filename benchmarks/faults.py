"""Faults: kills, restores, a full disk and a locked database under mixed traffic, and whether promises are kept.

    python -m benchmarks.faults kill --n 200 [--db sqlite|postgresql] [--seed 2569]
    python -m benchmarks.faults restore --n 50        backups taken during the traffic, each restored and compared
    python -m benchmarks.faults diskfull --sites 20   SQLite on a small disk that is filled up again and again
    python -m benchmarks.faults dblock --n 20         another process holds the write lock, 0.1 to 30 s

The oracle is what the senders were told (`fault_traffic`) and what the LINE of the run received. Prints JSON and
exits 1 when a promise was broken: something acknowledged is not there exactly once; a message does not end; LINE
took a message twice; a backup cannot be restored to the same rows or lacks what was acknowledged before it; the
audit chain, where there is one, does not verify; the process does not come back by itself.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from benchmarks.fault_traffic import FakeLine, Traffic
from benchmarks.kill import database_url
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import open_at
from eservice.kit.settings import Settings
from eservice.operations import backup_files
from eservice.operations.restore import restore
from tests.acceptance.product import ROOT, Product, free_port

READY_SECONDS = 120.0
SETTLE_SECONDS = 120.0
SMALL_DISK_MB = 160


@dataclass
class Run:
    """One campaign: the product, its senders, and what is found."""

    arguments: argparse.Namespace
    folder: Path
    url: str  # of PostgreSQL, or ""
    line: FakeLine
    product: Product
    traffic: Traffic
    chooser: random.Random
    broken: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def sqlite_file(self) -> Path:
        return self.folder / "data/phueanban.db"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATA_DIR": str(self.folder / "data"), "DATABASE_URL": self.url}

    def database(self) -> Database:
        return Database(Settings.model_validate({"database_url": self.address}).database_address)

    @property
    def address(self) -> str:
        return self.url or f"sqlite:///{self.sqlite_file}"

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the product beside the serving process."""
        return subprocess.run(
            [sys.executable, "app.py", *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


def kill(run: Run) -> None:
    """SIGKILL at random moments, sometimes while it starts."""
    ready: list[float] = []
    kills = 0
    while kills < run.arguments.n:
        time.sleep(run.chooser.uniform(0.2, 6.0))
        run.product.kill()
        kills += 1
        run.product.start()
        if run.chooser.random() < 0.15:
            time.sleep(run.chooser.uniform(0.2, 4.0))
            run.product.kill()
            kills += 1
            run.product.start()
        ready.append(run.product.wait_ready(READY_SECONDS))
    run.figures |= {"kills": kills, "ready_p50_s": statistics.median(ready), "ready_max_s": max(ready)}


def restore_again_and_again(run: Run) -> None:
    """Backups while everybody writes; each is restored into a new SQLite database and compared;
    one more backup and restore are killed each time."""
    seconds: list[float] = []
    rows: list[int] = []
    for number in range(run.arguments.n):
        time.sleep(run.chooser.uniform(0.5, 3.0))
        _kill_command(run, "backup", str(run.folder / "backups"))
        before = set(run.traffic.took.case_texts)
        made = run.command("backup", str(run.folder / "backups"), "--keep", "2")
        if made.returncode:
            run.broken.append(f"backup {number}: {made.stderr.strip()[-300:]}")
            continue
        backup = backup_files.backup_at(run.folder / "backups")
        scratch = run.folder / f"scratch{number}"
        scratch.mkdir()
        database = Database(f"sqlite:///{scratch / 'restored.db'}")
        try:
            done = restore(database, open_at(scratch / "media"), backup)
        except Exception as error:
            run.broken.append(f"restore {number}: {type(error).__name__}: {error}")
            continue
        run.broken += [f"restore {number}: {fault}" for fault in _cut_off(run, backup, scratch)]
        seconds.append(done.seconds)
        rows.append(done.manifest.rows)
        with database.read() as reader:
            texts = Counter(reader.session.scalars(text("SELECT text FROM complaints")))
        run.broken += [f"restore {number}: {one!r} is missing" for one in before if texts[one] != 1]
        database.dispose()
        shutil.rmtree(scratch)
    run.figures |= {
        "restores": len(seconds),
        "rows_last": rows[-1:],
        "restore_max_s": max(seconds, default=0),
    }


def _kill_command(run: Run, *words: str, **environment: str) -> None:
    """Begins a command of the product and kills it at a moment of chance; it may have ended by then."""
    process = subprocess.Popen(
        [sys.executable, "app.py", *words],
        cwd=ROOT, env=run.environment | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(run.chooser.uniform(0.5, 4.0))
    process.kill()
    process.wait()


def _cut_off(run: Run, backup: Path, scratch: Path) -> list[str]:
    """Restores with a kill in between, then once more; and looks whether every backup that looks whole is."""
    machine = {"DATA_DIR": str(scratch / "machine"), "DATABASE_URL": ""}
    _kill_command(run, "restore", str(backup), **machine)
    again = subprocess.run(
        [sys.executable, "app.py", "restore", str(backup)],
        cwd=ROOT, env=run.environment | machine, capture_output=True, text=True, check=False,
    )  # fmt: skip
    faults: list[str] = []
    was_done = "--replace" in again.stderr  # the first was quicker than the kill
    if again.returncode and not was_done:
        faults.append(f"after a kill: {again.stderr.strip()[-300:]}")
    for each in backup_files.complete_in(run.folder / "backups"):
        try:
            backup_files.check_files(each, backup_files.read_manifest(each))
        except ServiceError as error:
            faults.append(f"{each.name} looks whole: {error} {error.parameters}")
    return faults


def fill_disk(run: Run) -> None:
    """Leaves next to no room for some seconds, at moments and with leftovers of chance; then frees it."""
    data = run.folder / "data"
    on_small_disk = os.path.ismount(data)
    recovered: list[float] = []
    for _ in range(run.arguments.sites):
        time.sleep(run.chooser.uniform(1.0, 3.0))
        if run.chooser.random() < 0.7:  # the log begins anew, and needs room at once
            with (
                contextlib.suppress(sqlite3.OperationalError),
                sqlite3.connect(run.sqlite_file) as connection,
            ):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        left = run.chooser.randrange(0, 96_000)
        if on_small_disk:
            ballast = data / "ballast"
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(data).free - left))
        else:  # files cannot grow past this size: the same faults for the database and its log
            log = Path(f"{run.sqlite_file}-wal")
            limit = (log.stat().st_size if log.exists() else 0) + left
            _limit_files(run.product, limit)
        time.sleep(run.chooser.uniform(1.0, 4.0))
        if on_small_disk:
            ballast.unlink(missing_ok=True)
        else:
            _limit_files(run.product, resource.RLIM_INFINITY)
        recovered.append(_again(run))
    run.figures |= {
        "sites": len(recovered),
        "way": f"tmpfs of {SMALL_DISK_MB} MB" if on_small_disk else "RLIMIT_FSIZE",
        "recovered_max_s": max(recovered),
    }


def _limit_files(product: Product, limit: int) -> None:
    assert product.process is not None
    hard = resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE, (limit, hard))


def hold_lock(run: Run) -> None:
    """Another process writes and does not end: for a moment, for longer than anybody waits, or in between."""
    held: list[float] = []
    recovered: list[float] = []
    for number in range(run.arguments.n):
        time.sleep(run.chooser.uniform(0.5, 2.0))
        seconds = 30.0 if number == 0 else round(10 ** run.chooser.uniform(-1, 1.48), 2)
        with _locked(run):
            time.sleep(seconds)
        held.append(seconds)
        recovered.append(_again(run))
    run.figures |= {"held_s": sorted(held), "recovered_max_s": max(recovered)}


@contextlib.contextmanager
def _locked(run: Run) -> Iterator[None]:
    if run.url:
        with psycopg.connect(run.url) as connection:
            for table in ("inbound_events", "complaints", "deliveries"):
                connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()
        return
    connection = sqlite3.connect(run.sqlite_file, timeout=30, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


def _again(run: Run) -> float:
    """Seconds until something is acknowledged again, without a restart."""
    began, before = time.monotonic(), run.traffic.took.number
    while run.traffic.took.number == before:
        if time.monotonic() - began > READY_SECONDS or run.product.process is None:
            run.broken.append("nothing was acknowledged any more")
            break
        time.sleep(0.05)
    if run.product.process is not None and run.product.process.poll() is not None:
        run.broken.append(f"the process ended by itself with {run.product.process.returncode}")
    return time.monotonic() - began


def settle(run: Run) -> None:
    """Waits until all that waits is done; what is not by then is broken."""
    questions = {
        "events that wait": "SELECT count(*) FROM inbound_events WHERE state = 'pending'",
        "messages that wait": "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending')",
        "happenings not told": "SELECT count(*) FROM outbox_events WHERE done_at IS NULL",
    }
    began = time.monotonic()
    database = run.database()
    left: dict[str, int] = {}
    while time.monotonic() - began < SETTLE_SECONDS:
        with database.read() as reader:
            left = {name: reader.session.scalar(text(query)) or 0 for name, query in questions.items()}
        if not any(left.values()):
            break
        time.sleep(0.5)
    database.dispose()
    run.figures["settled_s"] = time.monotonic() - began
    run.broken += [f"{number} {name}" for name, number in left.items() if number]


def judge(run: Run) -> None:
    """Compares what the senders were told with what is there."""
    took = run.traffic.took
    database = run.database()
    with database.read() as reader:
        ask = reader.session.execute
        events = Counter(
            row[0] for row in ask(text("SELECT event_id FROM inbound_events WHERE channel = 'line'"))
        )
        said = Counter(row[0] for row in ask(text("SELECT text FROM messages WHERE direction = 'in'")))
        cases = Counter(row[0] for row in ask(text("SELECT text FROM complaints")))
        numbers = {row.text: row.number for row in ask(text("SELECT text, number FROM complaints"))}
        parked = reader.session.scalar(text("SELECT count(*) FROM inbound_events WHERE state = 'parked'"))
        states = dict(row for row in ask(text("SELECT state, count(*) FROM deliveries GROUP BY state")))
    database.dispose()
    run.broken += [f"event {one}: {events[one]} times" for one in took.line_events if events[one] != 1]
    run.broken += [f"said {one!r}: {said[one]} times" for one in took.line_events.values() if said[one] != 1]
    shown = Counter(run.traffic.said_by_chat())
    run.broken += [f"chat {one!r}: {shown[one]} times" for one in took.chat_texts if shown[one] != 1]
    run.broken += [f"case {one!r}: {cases[one]} times" for one in took.case_texts if cases[one] != 1]
    run.broken += [
        f"case {one!r}: told {number}, is {numbers.get(one)}"
        for one, number in took.case_texts.items()
        if number and numbers.get(one) != number
    ]
    run.broken += [f"LINE took {key} {n} times" for key, n in run.line.taken.items() if n > 1]
    run.broken += [f"{parked} events were set aside"] if parked else []
    run.broken += run.traffic.faults
    if "audit" in run.command("--help").stdout:
        verified = run.command("audit", "verify")
        run.broken += [f"audit verify: {verified.stderr.strip()[-200:]}"] if verified.returncode else []
        run.figures["audit"] = verified.returncode == 0
    run.figures |= {
        "acknowledged": {
            "line": len(took.line_events), "chat": len(took.chat_texts), "cases": len(took.case_texts),
        },
        "answers": dict(took.tries), "sent_again": took.again, "deliveries": states,
        "line_took": sum(run.line.taken.values()), "line_refused_twice": run.line.refused,
    }  # fmt: skip


CAMPAIGNS = {"kill": kill, "restore": restore_again_and_again, "diskfull": fill_disk, "dblock": hold_lock}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=2569)
    arguments = parser.parse_args()
    if arguments.campaign == "diskfull" and arguments.db == "postgresql":
        parser.error("diskfull fills the disk of an SQLite database")
    with contextlib.suppress(PermissionError):  # a session's leader is one already
        os.setpgid(0, 0)
    folder = Path(tempfile.mkdtemp(prefix="phueanban-faults-"))
    began = time.monotonic()
    with database_url(arguments.db) as url, _small_disk(folder, arguments.campaign == "diskfull"):
        run = _carry_out(arguments, folder, url)
    figures = {"campaign": arguments.campaign, "db": arguments.db, "seed": arguments.seed,
               "machine": f"{os.cpu_count()} CPU, {platform.platform()}", "python": platform.python_version(),
               "minutes": (time.monotonic() - began) / 60, **run.figures, "broken": run.broken[:30]}  # fmt: skip
    print(json.dumps(figures, ensure_ascii=False, indent=1, default=str))
    if not run.broken:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"data and logs: {folder}", file=sys.stderr)
    return 1 if run.broken else 0


@contextlib.contextmanager
def _small_disk(folder: Path, is_wanted: bool) -> Iterator[None]:
    data = folder / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m,mode=700", "none", str(data)]
    mounted = is_wanted and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(data)], check=False)


def _carry_out(arguments: argparse.Namespace, folder: Path, url: str) -> Run:
    line = FakeLine()
    environment = {
        "DATABASE_URL": url,
        "TELEGRAM_BOT_TOKEN": "",
        "TELEGRAM_WEBHOOK_SECRET": "",
        "MIN_FREE_MB": "0",
    }
    product = Product(folder, line.url, free_port(), environment)
    try:
        product.start()
        product.wait_ready(READY_SECONDS)
        traffic = Traffic(product, arguments.seed)
        run = Run(arguments, folder, url, line, product, traffic, random.Random(arguments.seed))
        traffic.start()
        CAMPAIGNS[arguments.campaign](run)
        traffic.stop()
        settle(run)
        judge(run)
        return run
    finally:
        product.kill()
        line.close()


if __name__ == "__main__":
    sys.exit(main())
