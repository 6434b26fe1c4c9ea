"""A LINE on loopback that answers as it is told and remembers what it was asked."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Call:
    """One request as LINE saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeLine:
    """Answers are given by "METHOD /path"; `fault` breaks the connection instead."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"x-line-request-id": "request-1"})
    fault: str | None = None
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        is_json = request.content_type == "application/json" and raw
        body = json.loads(raw) if is_json else raw
        self.calls.append(Call(request.method, request.path, dict(request.headers), body))
        if self.fault == "slow":
            await asyncio.sleep(2)
        if self.fault == "reset":
            assert request.transport is not None
            request.transport.abort()
        status, answer = self.answers.get(f"{request.method} {request.path}", (200, {}))
        if isinstance(answer, bytes):
            return web.Response(status=status, body=answer, headers=self.headers)
        return web.json_response(answer, status=status, headers=self.headers)

    @property
    def asked(self) -> list[str]:
        """The calls as "METHOD /path"."""
        return [f"{call.method} {call.path}" for call in self.calls]
