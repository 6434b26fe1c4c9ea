"""Plays LINE and Telegram against a running product, and asserts what the product promises.

    python -m tests.acceptance.run_emulator [--keep]

Needs the channel emulator beside the repository, or where CHANNEL_EMULATOR says. Prints one line per scene,
exits 1 at the first broken promise with its message and the end of the product's log. `--keep` leaves the
data, the logs and the emulator's transcript in place.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from tests.acceptance import complaints, conversations, doors, sending
from tests.acceptance.desk import Desk
from tests.acceptance.product import EMULATOR, Product, free_port, get, start_emulator
from tests.acceptance.stage import Console, Stage


def scenes(stage: Stage, console: Console) -> list[tuple[str, Callable[[], None]]]:
    """Every scene with its name, in the order of playing."""
    line, telegram = stage.line(), stage.telegram()
    database = stage.product.folder / "data/phueanban.db"
    desk = cache(partial(Desk, stage.product, console))
    played: list[tuple[str, Callable[[], None]]] = []
    for resident in (line, telegram):
        name = resident.channel
        played += [
            (f"{name} welcome and questions", partial(conversations.welcome_and_questions, stage, resident)),
            (f"{name} staff answer", partial(conversations.staff_answer, stage, resident, console)),
            (f"{name} talk to staff", partial(conversations.talk_to_staff, stage, resident, console)),
            (f"{name} things", partial(conversations.things_that_are_not_words, stage, resident)),
            (f"{name} emergencies", partial(conversations.emergencies, stage, resident)),
        ]
    return [
        *played,
        *complaints.scenes(stage, desk),
        ("groups", partial(conversations.groups, stage)),
        ("coming and going", partial(conversations.coming_and_going, stage, console)),
        ("unsend", partial(conversations.taken_back, stage, database)),
        ("refused at the door", partial(doors.refused, stage)),
        ("redelivery", partial(doors.twice, stage)),
        ("batches", partial(doors.batches, stage)),
        ("edits, links, strange taps", partial(doors.edits_and_links, stage)),
        ("bent texts", partial(doors.bent, stage, [line, telegram])),
        ("line replies over faults", partial(sending.line_replies, stage)),
        ("line lost reply", partial(sending.line_lost_reply, stage)),
        ("line late reply", partial(sending.line_late_reply, stage)),
        ("line pushes", partial(sending.line_pushes, stage, console)),
        ("telegram faults", partial(sending.telegram, stage)),
        ("order", partial(sending.in_order, stage)),
        ("flood", partial(sending.flood, stage)),
        ("staff at the desk", partial(sending.staff_at_desk, stage, console)),
    ]


def nothing_left(stage: Stage) -> None:
    """At the end no event waits, none is set aside, and the emulator noted nothing that we did not provoke."""
    request = urllib.request.Request(f"{stage.product.url}/metrics")
    with urllib.request.urlopen(request, timeout=10) as answer:
        figures = answer.read().decode()
    parked = [line for line in figures.splitlines() if "parked" in line and not line.startswith("#")]
    stage.check(all(line.endswith(" 0.0") for line in parked), f"events were set aside: {parked}")
    unexpected = stage.unexpected()
    stage.check(not unexpected, json.dumps(unexpected, ensure_ascii=False, indent=1))
    log = [json.loads(line) for line in stage.product.log.read_text().splitlines() if line.startswith("{")]
    faults = [
        entry for entry in log if entry.get("event") in ("intake.failed", "worker.fault", "delivery.refused")
    ]
    stage.check(not faults, f"the log has faults: {faults[:3]}")
    stage.check(get(f"{stage.product.url}/readyz")[0] == 200, "still ready")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave data, logs and transcript in place")
    parser.add_argument("--only", default="", help="play the scenes whose name holds this")
    arguments = parser.parse_args()
    if not (EMULATOR / "emulator.py").exists():
        print(f"no channel emulator in {EMULATOR}; set CHANNEL_EMULATOR", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="phueanban-acceptance-"))
    port = free_port()
    emulator, emu = start_emulator(folder, f"http://127.0.0.1:{port}")
    product = Product(folder, emu.url, port)
    began = time.monotonic()
    stage = Stage(emu, product)
    status = 1
    try:
        product.start()
        print(f"ready after {product.wait_ready():.1f} s")
        emu.call("config", tg_chat_burst=1000)
        for name, play in scenes(stage, Console(product)):
            if arguments.only in name:
                started = time.monotonic()
                play()
                print(f"{time.monotonic() - started:5.1f} s  {name}", flush=True)
        nothing_left(stage)
        print(f"{stage.checks} promises kept in {time.monotonic() - began:.0f} s")
        status = 0
    except AssertionError as error:
        print(f"BROKEN: {error}", file=sys.stderr)
        print("".join(product.log.read_text().splitlines(keepends=True)[-15:]), file=sys.stderr)
    finally:
        seconds, _ = product.stop()
        emulator.kill()
        if arguments.keep:
            print(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if status == 0 and seconds > 10:
        print(f"BROKEN: stopping took {seconds:.1f} s", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
