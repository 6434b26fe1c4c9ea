"""Asks an application thousands of things quickly: one event loop, no cookie jar, nothing started."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from fastapi import FastAPI

from eservice.kit.database import Database
from eservice.staff import sessions
from eservice.staff.models import Role, StaffAccount
from eservice.staff.permissions import Grant

HOST = "http://127.0.0.1:8000"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: the headers of every request, and the token of our own forms."""

    headers: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


class Office(Protocol):
    """What makes accounts: `tests.admin.visitors.Doors`."""

    database: Database

    def account(self, username: str, *roles: Role | Grant) -> Any: ...


class Asker:
    """One application and a loop to ask it in."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        self._runner = runner
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.7", 50_000))
        self._client = httpx.AsyncClient(transport=transport, base_url=HOST)

    def ask(self, caller: Caller, method: str, address: str, **how: Any) -> httpx.Response:
        """One request; `how` as httpx takes it."""
        headers = {**caller.headers, **how.pop("headers", {})}
        self._client.cookies.clear()
        return self._runner.run(self._client.request(method, address, headers=headers, **how))

    def form(
        self,
        caller: Caller,
        method: str,
        address: str,
        fields: Mapping[str, object] | None = None,
        **how: Any,
    ) -> httpx.Response:
        """A page, or a form of it sent with the caller's token."""
        if method == "GET":
            return self.ask(caller, method, address)
        return self.ask(caller, method, address, data={"csrf_token": caller.token, **(fields or {})}, **how)

    def signed_in(self, office: Office, username: str, *roles: Role | Grant) -> Caller:
        """A new member of staff with a session."""
        return self.session_of(office.database, office.account(username, *roles).account)

    def session_of(self, database: Database, account: StaffAccount) -> Caller:
        """A new session of somebody."""
        with database.unit_of_work() as uow:
            merged = uow.session.merge(account)
            cookie = sessions.open_session(uow, merged, user_agent="test")
        caller = Caller(headers={"cookie": f"phueanban_staff={cookie}"})
        return Caller(headers=caller.headers, token=_token(self.ask(caller, "GET", "/admin/me").text))

    def nobody(self, page: str) -> Caller:
        """A browser in which nobody is signed in, with the form of a page."""
        answer = self.ask(Caller(), "GET", page)
        cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
        return Caller(headers={"cookie": cookies}, token=_token(answer.text))


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert found is not None
    return found[1]


@contextmanager
def asking(app: FastAPI) -> Iterator[Asker]:
    """An application to ask for as long as the block lasts."""
    with asyncio.Runner() as runner:
        yield Asker(app, runner)
