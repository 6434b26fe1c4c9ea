"""A partner's receiver on this machine, and the sender that posts to it."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.webhooks import deliveries, subscriptions
from eservice.webhooks.models import OFFERED, WebhookDelivery, WebhookKind
from eservice.webhooks.sender import WebhookSender
from eservice.webhooks.signing import secret_of, shown_secret
from tests.loopback import served

KEY = "a key of the office, long enough"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_with(self, shown: str) -> bool:
        """The check as a partner writes it from the documentation, knowing only the secret as shown."""
        secret = base64.b64decode(shown.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.{self.body}".encode()
        wanted = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        return self.headers["webhook-signature"] == f"v1,{wanted}"


@dataclass(kw_only=True)
class Partner:
    """Keeps what it hears; answers from `answers`, then 204."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(path=request.path, headers=headers, body=await request.text()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@contextmanager
def listening() -> Iterator[Partner]:
    partner = Partner()
    with served(partner.handle) as address:
        partner.url = f"{address}/hook"
        yield partner


def subscribe(database: Database, url: str, *kinds: WebhookKind, name: str = "province") -> str:
    """Adds the address; returns its secret as shown."""
    with database.unit_of_work() as uow:
        added = subscriptions.add(uow, name, url, kinds or OFFERED, is_local=True)
        return shown_secret(secret_of(KEY, added.salt))


def happens(database: Database, event_key: str, kind: WebhookKind = WebhookKind.CASE_CHANGED) -> int:
    with database.unit_of_work() as uow:
        return deliveries.enqueue(uow, kind, {"number": "K7RM4WQD"}, event_key=event_key, at=uow.now)


def sender_of(database: Database, *, is_local: bool = True) -> WebhookSender:
    return WebhookSender(database, Signals(database), lambda: KEY, is_local=is_local)


def send_due(database: Database, *, is_local: bool = True) -> int:
    """Sends what is due now; returns how many calls that took."""
    sender, calls = sender_of(database, is_local=is_local), 0
    while jobs := sender.claim():
        for job in jobs:
            asyncio.run(sender.send(job))
            calls += 1
    return calls


def messages(database: Database, name: str = "province") -> list[WebhookDelivery]:
    """The partner's log, the newest first."""
    with database.read() as reader:
        return list(deliveries.read_log(reader, subscriptions.named(reader, name).id))
