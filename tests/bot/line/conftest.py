"""A LINE on loopback and a channel that talks to it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.line.client import LineChannel
from tests.bot.line.fake_line import FakeLine


@pytest.fixture
async def line() -> AsyncIterator[FakeLine]:
    fake = FakeLine()
    app = web.Application(client_max_size=2_000_000)
    app.router.add_route("*", "/{path:.*}", fake.handle)
    server = TestServer(app)
    await server.start_server()
    fake.url = str(server.make_url("")).rstrip("/")
    yield fake
    await server.close()


@pytest.fixture
async def channel(line: FakeLine) -> AsyncIterator[LineChannel]:
    channel = LineChannel("access-token", line.url, line.url, timeout_seconds=0.5)
    yield channel
    await channel.close()
