"""Writing down who reached us: a cheap ASGI layer that notes, and a recorder that commits once a second.

Every HTTP request is noted when its answer is out (a stream when it ends), but for static files, which tell of
nobody's doings, and the probes of whoever watches over the machine. What is noted waits in memory for a second
at most; a killed process loses that. With the database away it waits longer; past `ROOM` requests the newest are
counted instead, and the count is written as a row of its own.
"""

import asyncio
import hashlib
import hmac
import re
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eservice.kit.chain import extend
from eservice.kit.database import Database
from eservice.kit.http import CALLER, Caller
from eservice.traffic.models import CHAIN, TrafficRow

LEFT_OUT = ("/static/", "/healthz", "/readyz", "/metrics")
CONSOLE = "/admin"
EVERY_SECONDS = 1.0
ROOM = 20_000  # requests that wait in one process; some ten megabytes
AT_ONCE = 500  # rows of one commit
MOST = (
    2**31 - 1
)  # that a column holds: a clock that was put forward must not keep a row from ever being written
PERSONS = 3  # of one batch of a platform
CLIENT_PORT = b"x-client-port"  # from a trusted proxy, see docs/audit-and-traffic.md

_PLAIN_SEGMENT = re.compile(r"[A-Za-z._-]{0,24}")
_NUMBER = re.compile(r"[0-9]{1,10}")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One request as it was noted, before pseudonyms are made of whoever is named."""

    at: datetime
    milliseconds: int
    source: str
    port: int
    caller: Caller
    method: str
    path: str
    status: int
    bytes_in: int
    bytes_out: int


class TrafficLog:
    """The outermost layer: sees the sizes as they go over the wire, and answers that others give early."""

    def __init__(self, app: ASGIApp, recorder: "TrafficRecorder") -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(LEFT_OUT):
            await self._app(scope, receive, send)
            return
        caller = scope[CALLER] = Caller()
        at = self._recorder.now()
        status, taken, given = 0, 0, 0

        async def counted_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            nonlocal status, given
            if message["type"] == "http.response.start":
                status = message["status"]
            given += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, counted_receive, counted_send)
        finally:
            source, port = _origin(scope)
            self._recorder.note(
                Seen(
                    at=at,
                    milliseconds=round((self._recorder.now() - at).total_seconds() * 1000),
                    source=source,
                    port=port,
                    caller=caller,
                    method=scope["method"],
                    path=safe_path(scope),
                    status=status,
                    bytes_in=taken,
                    bytes_out=given,
                )
            )


class TrafficRecorder:
    """What one process has noted and not yet written. `note` never waits; `write` runs in a thread."""

    def __init__(self, database: Database, *, room: int = ROOM) -> None:
        self._database = database
        self._room = room
        self._waiting: deque[Seen] = deque()
        self._lost = 0
        self._counting = threading.Lock()  # of `note` on the loop and `write` in its thread
        self._writing = threading.Lock()

    def now(self) -> datetime:
        """The clock's instant."""
        return self._database.clock.now()

    def note(self, seen: Seen) -> None:
        """Takes one request; a full room only counts it."""
        with self._counting:
            if len(self._waiting) < self._room:
                self._waiting.append(seen)
            else:
                self._lost += 1

    def write(self) -> int:
        """Commits what waits, in batches. Returns how many rows; what a fault leaves stays for the next time."""
        written = 0
        with self._writing:
            while rows := self._next_rows():
                with self._database.unit_of_work() as uow:
                    made = [self._row(seen, uow.signing_key) for seen in rows]
                    lost = self._lost if len(rows) < AT_ONCE else 0
                    if lost:
                        made.append(_gap(uow.now, lost))
                    extend(uow, CHAIN, made)
                    uow.session.add_all(made)
                with self._counting:
                    self._lost -= lost
                    for _ in rows:
                        self._waiting.popleft()
                written += len(made)
        return written

    async def run(self, stopping: asyncio.Event) -> None:
        """Writes about once a second until told to stop. What comes after is for a last `write`."""
        while not stopping.is_set():
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await stopping.wait()
            except TimeoutError:
                await run_in_threadpool(self.write_if_possible)

    def write_if_possible(self) -> None:
        """`write`, with a fault of the database logged: what waits goes on waiting."""
        try:
            self.write()
        except SQLAlchemyError as error:
            log.error("traffic.not_written", error=type(error).__name__, waiting=len(self._waiting))

    def _next_rows(self) -> list[Seen]:
        with self._counting:
            return [self._waiting[place] for place in range(min(AT_ONCE, len(self._waiting)))]

    def _row(self, seen: Seen, key: str) -> TrafficRow:
        caller = seen.caller
        account = caller.account or ",".join(
            f"{channel}:{pseudonym(key, person)}"
            for channel, person in dict.fromkeys(caller.persons[:PERSONS])
        )
        return TrafficRow(
            at=seen.at,
            milliseconds=min(seen.milliseconds, MOST),
            source=seen.source[:45],
            port=seen.port,
            account=account[:100],
            session=pseudonym(key, caller.session) if caller.session else "",
            method=seen.method[:10],
            path=seen.path[:200],
            status=seen.status,
            bytes_in=min(seen.bytes_in, MOST),
            bytes_out=min(seen.bytes_out, MOST),
            lost=0,
        )


def pseudonym(key: str, name: str) -> str:
    """Always the same for one person or session, and telling nothing of it to who does not have SECRET_KEY."""
    return hmac.new(key.encode(), f"traffic:{name}".encode(), hashlib.sha256).hexdigest()[:16]


def safe_path(scope: Scope) -> str:
    """The path without anything private: no query, and names for what a part of it stands for.

    Ids are kept in the console only, where they tell what a member of staff opened; a case's number or photo
    elsewhere would lead from a resident's connection to a case. Of an address that nothing has, only plain
    words stay, since it may be a mistyped secret.
    """
    path: str = scope["path"]
    in_console = path.startswith(CONSOLE)
    if "route" not in scope:
        return "/".join(part if _PLAIN_SEGMENT.fullmatch(part) else "…" for part in path.split("/"))
    for name, value in scope.get("path_params", {}).items():
        text = str(value)
        if text and not (in_console and _NUMBER.fullmatch(text)):
            path = path.replace(f"/{text}", f"/{{{name}}}")
    return path


def _origin(scope: Scope) -> tuple[str, int]:
    """Address and port of whoever asked. A proxy that is trusted has put its client in place, without a port."""
    host, port = scope.get("client") or ("", 0)
    if port == 0:
        given = next((value for name, value in scope["headers"] if name == CLIENT_PORT), b"")
        port = int(given) if given.isdigit() and len(given) <= 5 else 0
    return host, port


def _gap(at: datetime, lost: int) -> TrafficRow:
    return TrafficRow(
        at=at, milliseconds=0, source="", port=0, account="", session="", method="", path="", status=0,
        bytes_in=0, bytes_out=0, lost=lost,
    )  # fmt: skip
