"""Requests that nobody would send by mistake: of the API's document, of platforms, of chats and of forms.

All of it is drawn from one seed, in one process, against the whole application.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.channels.webchat import sessions
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.office.service import OfficeFacts, create_office
from eservice.staff import tokens
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from tests.complaints.desk import open_desk
from tests.conftest import EVERY_CHANNEL, NOON, whole_app_on
from tests.migrated import default_database

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_READY = ("GET /readyz", 503)
"""There is no worker, and it says so: the one answer above 499 that is right."""

HOST = "http://127.0.0.1:8000"
ODD = (
    "\x00", "\u0e48\u0e49" * 40, "\u200b\u200d\ufeff", "\u202eกลับ\u202c", "\ud83d", "ก" * 100_000, "์", "๙๙๙",
    "<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", "=1+1", "../../etc/passwd", "\r\nSet-Cookie: a=b",
    "🏳️‍🌈", "ﷺ", "ไฟหน้าวัดดับ", "สวัสดีค่ะ", "", " ", "%00", "%ff", "1e999", "-1", str(2**63), "null", "NaN",
)  # fmt: skip
PORTAL_FORMS = {
    "/report": ("step", "text", "category", "village", "address", "latitude", "longitude", "name", "photos",
                "accused", "enclosed", "token", "contact", "agree"),
    "/report/send": ("step", "text", "category", "village", "address", "latitude", "longitude", "name",
                     "enclosed", "token", "accused"),
    "/track": ("act", "number", "key", "message", "reason", "stars", "words"),
    "/track/photos": ("photos",),
    "/track/personal": ("kind", "words"),
    "/mydata": ("secret",),
}  # fmt: skip
ACTS = ("open", "close", "say", "withdraw", "confirm", "reopen", "rate", "details", "place", "send", "check")
PAGES = ("/", "/faq", "/faq/x", "/faq/topic/x", "/track", "/figures", "/figures.csv", "/report", "/docs",
         "/sitemap.xml", "/api/v1/faq/search", "/report/photo", "/api/v1/cases/x", "/admin/login", "/widget.js")  # fmt: skip


@dataclass(kw_only=True)
class Tally:
    """What came back."""

    by_status: Counter[int] = field(default_factory=Counter)
    by_part: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)  # a curl line each, and what was wrong

    @property
    def requests(self) -> int:
        return self.by_status.total()


class Arena:
    """The application with an office, a case and its key, a partner's token and a visitor's."""

    def __init__(self, folder: Path, seed: int, database: Database | None = None) -> None:
        database = database or default_database(folder)
        database.clock = self._clock = FixedClock(NOON)
        self.seed, self.dice, self.tally = seed, random.Random(seed), Tally()
        with database.unit_of_work() as uow:
            create_office(uow, OfficeFacts(name="อบต.ทดสอบ", address="หมู่ 1"), actor="cli")
            self._token = tokens.create_token(uow, "fuzz", [Grant(role=Role.RESPONDER)], days=30)
            self._visitors = [sessions.begin(uow, "th").token for _ in range(20)]
        filed = open_desk(database).file()
        self._number, self._key = filed.number, filed.key or ""
        self.app = whole_app_on(database, folder)
        self.schema: Any = schemathesis.openapi.from_asgi("/openapi.json", self._from_anywhere())
        self._database = database

    def close(self) -> None:
        """Lets the file go."""
        self._database.dispose()

    def by_document(self, operations: range | None = None, *, examples: int) -> None:
        """So many requests of each operation of the API's document, as it describes them and as it does not."""
        found = [result.ok() for result in self.schema.get_all_operations()]
        for number, operation in enumerate(found):
            if operations is None or number in operations:
                self._draw(operation, examples)

    def by_hand(self, count: int) -> None:
        """So many requests of platforms, chats and browsers."""
        makers: list[Callable[[], httpx.Request]] = [
            self._line,
            self._telegram,
            self._chat,
            self._form,
            self._page,
        ]
        with asyncio.Runner() as runner:
            transport = httpx.ASGITransport(self._from_anywhere(), raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url=HOST)
            for _ in range(count):
                maker = self.dice.choice(makers)
                request = maker()
                answer = runner.run(client.send(request))
                self._count(maker.__name__.strip("_"), answer.status_code, lambda sent=request: curl_of(sent))

    def _draw(self, operation: Any, examples: int) -> None:
        @hypothesis_seed(self.dice.getrandbits(32))
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
                HealthCheck.large_base_example,
            ],
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            self._dress(case)
            answer = case.call()
            what_is_wrong = ""
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as failures:
                what_is_wrong = "; ".join(f"{type(each).__name__}: {each}" for each in failures.exceptions)
            is_right = (operation.label, answer.status_code) == NOT_READY
            self.tally.by_status[answer.status_code] += 1
            self.tally.by_part["document"] += 1
            if what_is_wrong and not is_right:
                self.tally.faults.append(f"{case.as_curl_command()}  # {answer.status_code} {what_is_wrong}")

        ask()

    def _dress(self, case: Any) -> None:
        """Lets most requests past the door: what stands behind it is what is to be tried."""
        if self.dice.random() < 0.7:
            if "number" in (case.path_parameters or {}):
                case.path_parameters["number"] = self._number
            token = self.dice.choice(self._visitors) if "/chat/" in case.path else self._token
            headers = {"Authorization": f"Bearer {token}", "X-Case-Key": self._key}
            wanted = "Authorization" if self.dice.random() < 0.5 or "/chat/" in case.path else "X-Case-Key"
            case.headers = {**(case.headers or {}), wanted: headers[wanted]}

    def _from_anywhere(self) -> Any:
        """The application, asked from another address each time: limits for one address are not what is tried."""

        async def asked(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self._clock.advance(seconds=self.dice.randrange(5))
                address = ".".join(str(self.dice.randrange(1, 255)) for _ in range(4))
                scope = {**scope, "client": (address, 50_000)}
            with suppress(Exception):  # it was answered with 500 before it was raised again
                await self.app(scope, receive, send)

        return asked

    def _count(self, part: str, status: int, curl: Callable[[], str]) -> None:
        self.tally.by_status[status] += 1
        self.tally.by_part[part] += 1
        if status >= 500:
            self.tally.faults.append(
                f"{curl()}  # {status}, request {self.tally.requests} of seed {self.seed}"
            )

    def _word(self) -> str:
        words = self.dice.sample(ODD, self.dice.choice((1, 1, 1, 2, 3)))
        if self.dice.random() < 0.2:
            words.append(
                "".join(chr(self.dice.choice((self.dice.randrange(32, 0xD800), 0xE31))) for _ in range(20))
            )
        if self.dice.random() < 0.9:  # mostly short, so that there can be many
            words = [word[:300] for word in words]
        return "".join(words)

    def _value(self, depth: int = 0) -> Any:
        """Any JSON."""
        kind = self.dice.randrange(9 if depth < 3 else 7)
        match kind:
            case 0 | 1 | 2:
                return self._word()
            case 3:
                return self.dice.choice((0, -1, 2**31, 2**63, 2**80, -(2**63) - 1, 10**30))
            case 4:
                return self.dice.choice((0.5, -0.0, 1e308, 91.0))
            case 5:
                return self.dice.choice((True, False, None))
            case 6:
                return ""
            case 7:
                return [self._value(depth + 1) for _ in range(self.dice.randrange(4))]
            case _:
                return {self._word()[:20]: self._value(depth + 1) for _ in range(self.dice.randrange(4))}

    def _changed(self, value: Any) -> Any:
        """A true message with some of it as nobody sends it, cut off, or once more."""
        if self.dice.random() < 0.08:
            return self._value()
        if isinstance(value, dict):
            kept = {name: self._changed(each) for name, each in value.items() if self.dice.random() > 0.04}
            return kept | ({self._word()[:20]: self._value()} if self.dice.random() < 0.03 else {})
        if isinstance(value, list):
            return [self._changed(each) for each in value for _ in range(self.dice.choice((1, 1, 1, 0, 2)))]
        return self._word() if isinstance(value, str) and self.dice.random() < 0.15 else value

    def _body(self, value: Any) -> bytes:
        text = json.dumps(value, ensure_ascii=self.dice.random() < 0.5)
        body = text.encode("utf-8", "surrogatepass")
        match self.dice.randrange(30):
            case 0:
                return body[: self.dice.randrange(len(body) + 1)]
            case 1:
                return body + self.dice.randbytes(5)
            case 2:
                return self.dice.randbytes(60)
            case 3:
                return b"[" * self.dice.choice((10, 2_000, 100_000))
            case _:
                return body

    def _line(self) -> httpx.Request:
        source: dict[str, Any] = {"type": "user", "userId": f"U{self.dice.randrange(50):032x}"}
        message = self.dice.choice((
            {"id": str(self.dice.randrange(10**6)), "type": "text", "text": self._word()},
            {"id": "1", "type": "image", "contentProvider": {"type": "line"}},
            {"id": "2", "type": "sticker", "packageId": "1", "stickerId": "1"},
            {"id": "3", "type": "location", "latitude": 15.5, "longitude": 100.5, "address": self._word(), "title": "x"},
        ))  # fmt: skip
        event = {
            "type": self.dice.choice(("message", "follow", "unfollow", "postback", "unsend", "join", "things")),
            "mode": "active", "timestamp": 1_700_000_000_123, "webhookEventId": f"{self.dice.getrandbits(40):026X}",
            "deliveryContext": {"isRedelivery": False}, "replyToken": "r" * 32, "source": source,
            "message": message, "postback": {"data": self._word()[:300]}, "unsend": {"messageId": "1"},
        }  # fmt: skip
        body = self._body(self._changed({"destination": "U0", "events": [event]}))
        secret = EVERY_CHANNEL["line_channel_secret"].encode()
        signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()
        return httpx.Request(
            "POST", f"{HOST}/webhooks/line", content=body, headers={"X-Line-Signature": signature}
        )

    def _telegram(self) -> httpx.Request:
        person = {"id": self.dice.randrange(1, 50), "is_bot": False, "first_name": self._word()[:60]}
        message = {
            "message_id": self.dice.randrange(1, 10**6), "date": 1_700_000_000, "text": self._word(),
            "chat": {"id": person["id"], "type": "private"}, "from": person,
            "location": {"latitude": 15.5, "longitude": 100.5},
            "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}],
        }  # fmt: skip
        kept = {name: each for name, each in message.items() if self.dice.random() > 0.2}
        update = {
            "update_id": self.dice.randrange(10**9),
            self.dice.choice(("message", "edited_message", "callback_query", "my_chat_member", "poll")): kept,
        }
        headers = {"X-Telegram-Bot-Api-Secret-Token": EVERY_CHANNEL["telegram_webhook_secret"]}
        return httpx.Request(
            "POST", f"{HOST}/webhooks/telegram", content=self._body(self._changed(update)), headers=headers
        )

    def _chat(self) -> httpx.Request:
        said = self.dice.choice((
            {"text": self._word()}, {"action": self._word()[:60], "label": self._word()[:300]},
            {"location": {"lat": 15.5, "lon": 100.5, "label": self._word()[:200]}},
            {"attachment_id": self._word()[:40]},
        ))  # fmt: skip
        said |= {"client_message_id": f"{self.dice.getrandbits(40)}"}
        headers = {
            "authorization": f"Bearer {self.dice.choice(self._visitors)}", "content-type": "application/json",
        }  # fmt: skip
        return httpx.Request(
            "POST", f"{HOST}/api/v1/chat/messages", content=self._body(self._changed(said)), headers=headers
        )

    def _form(self) -> httpx.Request:
        address = self.dice.choice(tuple(PORTAL_FORMS))
        fields = {name: self._typed(name) for name in PORTAL_FORMS[address] if self.dice.random() < 0.8}
        if self.dice.random() < 0.2:
            files = {"photos": (_sendable(self._word()[:80]) or "x", self.dice.randbytes(200), "image/jpeg")}
            sendable = {name: _sendable(value) for name, value in fields.items()}
            return httpx.Request("POST", f"{HOST}{address}", data=sendable, files=files)
        pairs = "&".join(f"{name}={_quoted(value)}" for name, value in fields.items())
        body = pairs.encode() if self.dice.random() < 0.9 else pairs.encode() + self.dice.randbytes(20)
        charset = self.dice.choice(("", "", "; charset=utf-8", "; charset=utf-16", "; charset=tis-620"))
        headers = {"content-type": f"application/x-www-form-urlencoded{charset}"}
        return httpx.Request("POST", f"{HOST}{address}", content=body, headers=headers)

    def _typed(self, name: str) -> str:
        if name in ("act", "step") and self.dice.random() < 0.8:
            return self.dice.choice(ACTS)
        if name == "number" and self.dice.random() < 0.5:
            return self._number
        if name == "key" and self.dice.random() < 0.5:
            return self._key
        return self._word()

    def _page(self) -> httpx.Request:
        address = self.dice.choice(PAGES).replace("x", _quoted(self._word()[:60] or "x"), 1)
        names = ("q", "number", "done", "lang", "token", "year", "month", "page", "topic")
        query = "&".join(f"{name}={_quoted(self._word()[:300])}" for name in self.dice.sample(names, 3))
        headers = {
            "accept-language": self.dice.choice(("th", "en;q=0.5,*;q=0", "x" * 500)),
            "cookie": f"track={_quoted(self._word()[:80])}",
            "accept": self.dice.choice(("text/html", "*/*", "application/json")),
        }
        return httpx.Request("GET", f"{HOST}{address}?{query}", headers=headers)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def curl_of(request: httpx.Request) -> str:
    """The request as a line for a shell; a long body by its beginning."""
    words = ["curl", "-X", request.method, str(request.url)]
    for name, value in request.headers.items():
        if name not in ("host", "content-length"):
            words += ["-H", f"{name}: {value}"]
    content = request.content[:2_000].decode("utf-8", "backslashreplace")
    return shlex.join([*words, "--data-binary", content] if content else words)


@contextmanager
def arena(folder: Path, seed: int, database: Database | None = None) -> Iterator[Arena]:
    """An arena for as long as the block lasts, on a SQLite file of its own or a migrated database that is given."""
    built = Arena(folder, seed, database)
    try:
        yield built
    finally:
        built.close()
