"""The product and the channel emulator as processes of their own, on free ports of loopback."""

import contextlib
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]
EMULATOR = Path(os.environ.get("CHANNEL_EMULATOR", ROOT.parent / "shared/channel_emulator"))
EMULATOR_NEEDS = ("aiohttp", "jsonschema", "pyyaml", "regex")
TELEGRAM_SECRET = "s3cret"
READY_SECONDS = 90.0
STOP_SECONDS = 12.0


class Emu(Protocol):
    """The emulator's own client: every command is a method (see its README)."""

    url: str

    def call(self, command: str, **arguments: Any) -> Any: ...


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def emulator_python() -> str:
    """An interpreter that has what the emulator needs; a virtual environment of its own if ours has not."""
    modules = "import aiohttp, jsonschema, yaml, regex"
    folder = Path(tempfile.gettempdir()) / "phueanban-channel-emulator"
    own = folder / "bin/python"
    for python in (sys.executable, str(own)):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", modules], capture_output=True, check=False).returncode == 0:
                return python
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(own), "-m", "pip", "install", "-q", *EMULATOR_NEEDS], check=True)
    return str(own)


def start_emulator(folder: Path, product_url: str) -> tuple[subprocess.Popen[bytes], Emu]:
    """Starts the emulator; its webhooks go to `product_url`. Every exchange lands in `folder`/transcript.jsonl."""
    port = free_port()
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [
                emulator_python(), "emulator.py", "--port", str(port),
                "--transcript", str(folder / "transcript.jsonl"),
                "--line-url", f"{product_url}/webhooks/line",
                "--tg-url", f"{product_url}/webhooks/telegram", "--tg-secret", TELEGRAM_SECRET,
            ],
            cwd=EMULATOR, stdout=log, stderr=log,
        )  # fmt: skip
    spec = importlib.util.spec_from_file_location("emulator_client", EMULATOR / "client.py")
    assert spec is not None and spec.loader is not None, f"no emulator in {EMULATOR}"
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    emu: Emu = client.Emu(f"http://127.0.0.1:{port}")
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            emu.call("state")
            return process, emu
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError((folder / "emulator.log").read_text())


@dataclass
class Product:
    """`app.py serve`, or `worker`, that can be started, killed and started again on the same data."""

    folder: Path
    emulator_url: str
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    command: str = "serve"
    name: str = "serve"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Starts the process; does not wait for it."""
        environment = {
            **os.environ,
            "DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": "",
            "PUBLIC_URL": self.url,
            "LINE_CHANNEL_SECRET": "line-secret",
            "LINE_CHANNEL_ACCESS_TOKEN": "line-token",
            "LINE_API_BASE": self.emulator_url,
            "LINE_DATA_API_BASE": self.emulator_url,
            "TELEGRAM_BOT_TOKEN": "100001:TEST-token",
            "TELEGRAM_WEBHOOK_SECRET": TELEGRAM_SECRET,
            "TELEGRAM_API_BASE": f"{self.emulator_url}/bot",
            "LOG_FORMAT": "json",
            "APP_ENV": "local",
            **self.environment,
        }
        words = ["serve", "--port", str(self.port), *self.options] if self.command == "serve" else ["worker"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", *words], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def is_ready(self) -> bool:
        """Whether /readyz says so now."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.HTTPError):
            return False

    def wait_ready(self, seconds: float = READY_SECONDS) -> float:
        """Waits for /readyz; returns how long that took. Raises RuntimeError with the log when it does not come."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.is_ready():
                return time.monotonic() - began
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} is not ready:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> tuple[float, int]:
        """SIGTERM; returns the seconds until the end and the exit status. Killed when it does not end."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            status = -signal.SIGKILL
        return time.monotonic() - began, status

    def staff_link(self) -> str:
        """The path of the newest one-time staff link printed at the start."""
        links = re.findall(r"(/admin/link/\S+)", self.log.read_text())
        if not links:
            raise RuntimeError("no staff link was printed")
        return links[-1]


def get(url: str) -> tuple[int, str]:
    """A GET's status and text."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
