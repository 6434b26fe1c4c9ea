"""Fetching what people sent from Telegram, against a server on this machine that answers as the real one does."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.channel import Fetched, FetchOutcome, NotThere, NotYet, TooLarge
from bot.channels.telegram.client import TelegramChannel

TOKEN = "100001:AAFsecretsecretsecretsecretsecret"


def refusal(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    more = {"parameters": parameters} if parameters else {}
    return {"ok": False, "error_code": code, "description": description, **more}


@dataclass
class Files:
    """A Bot API server that gives files out; `answer` is what getFile says."""

    answer: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    breaks_off: bool = False
    asked: list[str] = field(default_factory=list)
    base: str = ""

    def has(self, path: str, content: bytes, *, told_size: int | None = None) -> None:
        size = len(content) if told_size is None else told_size
        self.files[f"/file/bot{TOKEN}/{path}"] = content
        known = {"file_id": "f", "file_unique_id": "u", "file_size": size, "file_path": path}
        self.answer = {"ok": True, "result": known}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == f"/bot{TOKEN}/getFile":
            assert (await request.post())["file_id"] == "photo-1"
            return web.json_response(self.answer, status=self.answer.get("error_code", 200))
        if self.status != 200:
            return web.Response(status=self.status, headers={"Location": "/elsewhere"})
        content = self.files[request.path]
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        if self.breaks_off:
            await response.write(content[:10])
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(content)
        return response


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    server = Files()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    yield server
    await runner.cleanup()


@pytest.fixture
async def channel(files: Files) -> AsyncIterator[TelegramChannel]:
    channel = TelegramChannel(TOKEN, files.base, read_timeout_seconds=0.3)
    yield channel
    await channel.close()


async def fetched(channel: TelegramChannel, most_bytes: int = 100_000) -> FetchOutcome:
    return await channel.fetch_media("photo-1", most_bytes)


async def test_a_photo_is_read_from_where_get_file_says(files: Files, channel: TelegramChannel) -> None:
    files.has("photos/ไฟล์ 1.jpg", b"photo")
    assert await fetched(channel) == Fetched(content=b"photo")
    files.has("photos/2.jpg", b"another")
    assert await fetched(channel) == Fetched(content=b"another")


async def test_a_large_file_is_not_begun_and_a_lying_one_is_not_finished(
    files: Files, channel: TelegramChannel
) -> None:
    files.has("photos/1.jpg", bytes(100_001))
    assert await fetched(channel) == TooLarge()
    assert files.asked == [f"/bot{TOKEN}/getFile"]
    files.has("photos/1.jpg", bytes(100_001), told_size=5)
    assert await fetched(channel) == TooLarge()
    files.has("photos/1.jpg", bytes(100_000))
    assert await fetched(channel) == Fetched(content=bytes(100_000))


@pytest.mark.parametrize(
    ("answer", "kind", "after_seconds"),
    [
        (refusal(400, "Bad Request: file is too big"), TooLarge, None),
        (refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), NotThere, None),
        (refusal(429, "Too Many Requests: retry after 7", retry_after=7), NotYet, 7.0),
        (refusal(401, "Unauthorized"), NotYet, 600.0),
        (refusal(500, "Internal Server Error"), NotYet, None),
        ({"ok": True, "result": {"file_id": "f"}}, NotYet, None),
        ({"ok": True, "result": True}, NotYet, None),
    ],
)
async def test_what_get_file_says_instead(
    files: Files, channel: TelegramChannel, answer: dict[str, Any], kind: type, after_seconds: float | None
) -> None:
    files.answer = answer
    outcome = await fetched(channel)
    assert isinstance(outcome, kind) and getattr(outcome, "after_seconds", None) == after_seconds


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_an_address_that_gives_no_file_is_asked_for_anew(
    files: Files, channel: TelegramChannel, status: int
) -> None:
    files.has("photos/1.jpg", b"photo")
    files.status = status
    assert isinstance(await fetched(channel), NotYet)
    assert len(files.asked) == 2  # a redirection is not followed: the address holds the token


async def test_a_file_that_breaks_off_is_not_taken_for_whole(files: Files, channel: TelegramChannel) -> None:
    files.has("photos/1.jpg", bytes(1_000))
    files.breaks_off = True
    assert isinstance(await fetched(channel), NotYet)


async def test_the_token_is_in_no_log_and_no_reason(
    files: Files, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="httpx")
    files.has("photos/1.jpg", b"photo")
    await fetched(channel)
    files.status = 500
    outcome = await fetched(channel)
    await asyncio.sleep(0)
    assert "photos/1.jpg" in caplog.text and TOKEN not in caplog.text
    assert TOKEN not in str(outcome)
