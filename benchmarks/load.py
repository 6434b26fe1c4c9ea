"""Load: LINE and web messages at a steady rate against one process on SQLite, beside a bare server.

    python -m benchmarks.load [--rate 50] [--seconds 60]

The bare server checks LINE's signature and commits the raw event in SQLite (WAL, synchronous=FULL), and
does nothing else. Both serve in turn, in processes of their own, under the same arrivals; a small LINE on
loopback takes the replies and notes when they came. Printed: acknowledgement and reply times (p50, p99,
milliseconds), CPU milliseconds per event, the ratio of the two, start-up seconds and resident memory.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

ROOT = Path(__file__).parents[1]
SECRET = "load-secret"
WEB_SHARE = 0.3  # of the messages come from web visitors
PEOPLE = 400
QUESTIONS = (
    "เบี้ยผู้สูงอายุต้องไปลงที่ไหน",
    "ภาษีป้ายกี่บาท",
    "ไฟถนนหน้าบ้านดับมาสามวันแล้ว",
    "ขอใบอนุญาตก่อสร้างใช้เอกสารอะไรบ้างคะ",
    "จดทะเบียนพาณิชย์ขายของออนไลน์",
    "สวัสดีค่ะ",
    "ขอบคุณครับ",
    "น้ำประปาไม่ไหล",
    "เงินเด็กแรกเกิดได้เดือนละเท่าไร",
    "อยากทราบว่ารถเมล์ผ่านกี่โมง",
    "เปิดร้านอาหารต้องขอใบอะไร",
    "เมนู",
)


_numbers = itertools.count(1)


@dataclass
class FakeLine:
    """Takes replies and notes when each token's reply came."""

    replies: dict[str, float] = field(default_factory=dict)
    url: str = ""

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._any)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{port}"
        return runner

    async def _any(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path.endswith("/reply"):
            self.replies[json.loads(body)["replyToken"]] = time.perf_counter()
            return web.json_response({"sentMessages": [{"id": "1"}]})
        if request.path.endswith("/quota"):
            return web.json_response({"type": "limited", "value": 300})
        if request.path.endswith("/consumption"):
            return web.json_response({"totalUsage": 0})
        return web.json_response({})


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one server showed."""

    ack: list[float]
    reply: list[float]
    unanswered: int
    cpu_ms_per_event: float
    ready_seconds: float
    resident_mb: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def line_event(user: str, text: str, number: int) -> dict[str, Any]:
    return {
        "type": "message",
        "mode": "active",
        "timestamp": time.time_ns() // 1_000_000,
        "source": {"type": "user", "userId": user},
        "webhookEventId": f"01LOAD{os.getpid():08d}{number:012d}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": f"token{number}",
        "message": {"id": str(number), "type": "text", "text": text, "quoteToken": "q"},
    }


async def drive(
    base: str, line: FakeLine, rate: float, seconds: float, *, with_web: bool
) -> tuple[list[float], list[float], int, int]:
    """Sends messages at `rate`; returns acknowledgement and reply times, unanswered ones, and how many."""
    chooser = random.Random(2569)
    acks: list[float] = []
    replies: list[float] = []
    unanswered = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        visitors = await _visitors(session, base) if with_web else []

        async def over_line(number: int) -> None:
            nonlocal unanswered
            event = line_event(f"U{chooser.randrange(PEOPLE):032x}", chooser.choice(QUESTIONS), number)
            body = json.dumps({"destination": "U", "events": [event]}).encode()
            mac = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
            began = time.perf_counter()
            async with session.post(
                f"{base}/webhooks/line", data=body, headers={"x-line-signature": mac}
            ) as answer:
                assert answer.status == 200, await answer.text()
            acks.append(time.perf_counter() - began)
            if not with_web:
                return
            for _ in range(200):
                if came := line.replies.get(event["replyToken"]):
                    replies.append(came - began)
                    return
                await asyncio.sleep(0.05)
            unanswered += 1

        async def over_web(number: int) -> None:
            token = visitors[number % len(visitors)]
            headers = {"Authorization": f"Bearer {token}"}
            message = {"text": chooser.choice(QUESTIONS), "client_message_id": f"c{number}"}
            began = time.perf_counter()
            async with session.post(f"{base}/api/v1/chat/messages", json=message, headers=headers) as answer:
                assert answer.status == 202, await answer.text()
            acks.append(time.perf_counter() - began)

        tasks: list[asyncio.Task[None]] = []
        started = time.perf_counter()
        count = int(rate * seconds)
        for turn in range(count):
            delay = started + turn / rate - time.perf_counter()
            if delay > 0:
                await asyncio.sleep(delay)
            is_web = with_web and chooser.random() < WEB_SHARE
            number = next(_numbers)
            tasks.append(asyncio.create_task(over_web(number) if is_web else over_line(number)))
        await asyncio.gather(*tasks)
    return acks, replies, unanswered, count


async def _visitors(session: aiohttp.ClientSession, base: str) -> list[str]:
    tokens = []
    for _ in range(120):  # each may send thirty messages a minute
        async with session.post(f"{base}/api/v1/chat/sessions") as answer:
            assert answer.status == 201
            tokens.append((await answer.json())["token"])
    return tokens


@contextlib.contextmanager
def served(
    command: list[str], environment: dict[str, str], base: str, ready: str
) -> Iterator[tuple[int, float]]:
    """Runs a server until the block ends; yields its process id and the seconds until it was ready."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        try:
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(base + ready, timeout=5) as answer:
                    if answer.status == 200:
                        break
                if process.poll() is not None or time.perf_counter() - began > 120:
                    log.seek(0)
                    sys.exit(log.read().decode())
                time.sleep(0.05)
            yield process.pid, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(20)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def measure(
    command: list[str],
    environment: dict[str, str],
    port: int,
    line: FakeLine,
    rate: float,
    seconds: float,
    *,
    whole: bool,
) -> Figures:
    base = f"http://127.0.0.1:{port}"
    with served(command, environment, base, "/readyz" if whole else "/healthz") as (pid, ready_seconds):
        await drive(base, line, rate, 3, with_web=whole)  # warm
        line.replies.clear()
        await asyncio.sleep(1)
        before = cpu_seconds(pid)
        acks, replies, unanswered, count = await drive(base, line, rate, seconds, with_web=whole)
        await asyncio.sleep(1)
        used = cpu_seconds(pid) - before
        return Figures(
            ack=acks,
            reply=replies,
            unanswered=unanswered,
            cpu_ms_per_event=used * 1000 / count,
            ready_seconds=ready_seconds,
            resident_mb=resident_mb(pid),
        )


def show(name: str, figures: Figures) -> None:
    def quantiles(values: list[float]) -> str:
        ordered = sorted(values)
        p99 = ordered[int(len(ordered) * 0.99)] * 1000
        return f"p50 {statistics.median(ordered) * 1000:6.1f}  p99 {p99:6.1f} ms"

    print(f"{name:10} ack {quantiles(figures.ack)}   CPU {figures.cpu_ms_per_event:.2f} ms/event")
    if figures.reply:
        print(f"{'':10} reply {quantiles(figures.reply)}   unanswered {figures.unanswered}")
    print(f"{'':10} ready after {figures.ready_seconds:.1f} s, resident {figures.resident_mb:.0f} MB")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    line = FakeLine()
    runner = await line.start()
    folder = Path(tempfile.mkdtemp())
    try:
        port = free_port()
        bare = await measure(
            [sys.executable, "-m", "benchmarks.bare_server", str(port), str(folder / "bare.db")],
            {}, port, line, arguments.rate, arguments.seconds, whole=False,
        )  # fmt: skip
        port = free_port()
        environment = {
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": "",
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_CHANNEL_ACCESS_TOKEN": "token",
            "LINE_API_BASE": line.url,
            "LINE_DATA_API_BASE": line.url,
            "TELEGRAM_BOT_TOKEN": "",
        }
        command = [sys.executable, "app.py", "serve", "--port", str(port)]
        with served(command, environment, f"http://127.0.0.1:{port}", "/readyz") as (_, first_run):
            pass
        whole = await measure(command, environment, port, line, arguments.rate, arguments.seconds, whole=True)
    finally:
        await runner.cleanup()
        shutil.rmtree(folder)
    show("bare", bare)
    show("phueanban", whole)
    print(f"ratio of CPU per event {whole.cpu_ms_per_event / bare.cpu_ms_per_event:.2f}")
    print(f"first run on an empty folder: ready after {first_run:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())
