"""Channels connected in the console: every process takes them over while it runs; the environment wins."""

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.channels.line.routes import create_router as line_router
from bot.connections import Connections, PlatformDesk
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.settings import Settings
from eservice.kit.signals import Signals
from eservice.messaging import credentials
from eservice.messaging.models import ChannelName
from eservice.operations.doctor import Verdict
from tests.bot.line.fake_line import FakeLine
from tests.loopback import served

TOKEN, SECRET = "token-1", "secret-1"
BOT = ("100001:AAFsecretsecret", "made-up")


def settings_of(folder: Path, **given: str) -> Settings:
    return Settings(data_dir=folder, _env_file=None, **given)  # type: ignore[call-arg]


def enter(database: Database, settings: Settings, token: str = TOKEN) -> None:
    with database.unit_of_work() as uow:
        credentials.save(uow, settings, ChannelName.LINE, token=token, secret=SECRET, actor="somsri")


async def store(events: object) -> None:
    return None


def test_a_running_process_takes_keys_over_and_lets_them_go(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    connections = Connections(settings, database)
    app = FastAPI()
    app.include_router(line_router(connections.line_secret, store))  # type: ignore[arg-type]
    client = TestClient(app)
    assert client.post("/webhooks/line", content=b"{}").status_code == 404 and connections.line is None

    enter(database, settings)
    asyncio.run(connections.refresh())
    first = connections.channel(ChannelName.LINE)
    assert first is not None and connections.line_secret() == SECRET
    assert client.post("/webhooks/line", content=b"{}").status_code == 401
    asyncio.run(connections.refresh())
    assert connections.channel(ChannelName.LINE) is first
    enter(database, settings, "token-2")
    asyncio.run(connections.refresh())
    assert connections.channel(ChannelName.LINE) not in (first, None)

    with database.unit_of_work() as uow:
        assert credentials.forget(uow, settings, ChannelName.LINE, actor="somsri")
    asyncio.run(connections.refresh())
    assert connections.line is None and client.post("/webhooks/line", content=b"{}").status_code == 404


def test_keys_that_cannot_be_read_change_nothing(database: Database, tmp_path: Path) -> None:
    enter(database, settings_of(tmp_path, secret_key="a" * 40))
    connections = Connections(settings_of(tmp_path, secret_key="b" * 40), database)
    asyncio.run(connections.refresh())
    assert connections.line is None


def test_the_environment_wins_over_the_console(database: Database, tmp_path: Path) -> None:
    enter(database, settings_of(tmp_path))
    given = settings_of(tmp_path, line_channel_access_token="env", line_channel_secret="env-secret")
    with database.read() as reader:
        assert credentials.settings_in_force(reader, given) == given
    with database.unit_of_work() as uow, pytest.raises(ServiceError, match="set_elsewhere"):
        credentials.forget(uow, given, ChannelName.LINE, actor="somsri")


def test_a_signal_wakes_the_process_that_waits(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    signals = Signals(database)

    async def wait() -> Connections:
        connections, stopping = Connections(settings, database), asyncio.Event()
        following = asyncio.create_task(connections.keep_current(signals, stopping))
        await asyncio.sleep(0)
        await asyncio.to_thread(_enter_with_signal)
        while connections.telegram is None:
            await asyncio.sleep(0.01)
        stopping.set()
        signals.close()
        await following
        await connections.close()
        return connections

    def _enter_with_signal() -> None:
        with database.unit_of_work() as uow:
            token, secret = BOT
            credentials.save(uow, settings, ChannelName.TELEGRAM, token=token, secret=secret, actor="somsri")
            signals.notify(uow, credentials.TOPIC)

    async def in_time() -> Connections:
        async with asyncio.timeout(10):  # sooner than the process would look by itself
            return await wait()

    assert asyncio.run(in_time()).telegram_secret() == "made-up"


def test_a_fault_while_keys_are_taken_over_does_not_end_the_taking_over(
    database: Database, tmp_path: Path
) -> None:
    settings, signals = settings_of(tmp_path), Signals(database)

    class Hindered(Connections):
        faults = 1

        def _build_line(self, settings: Settings) -> None:
            if settings.line_enabled and self.faults:
                self.faults -= 1
                raise OSError("the disk is away")
            super()._build_line(settings)

    async def follow() -> Connections:
        connections, stopping = Hindered(settings, database), asyncio.Event()
        following = asyncio.create_task(connections.keep_current(signals, stopping))
        async with asyncio.timeout(10):
            while connections.line is None:
                await asyncio.sleep(0.01)
                signals.wake(credentials.TOPIC)
        stopping.set()
        signals.close()
        await following
        return connections

    enter(database, settings)
    assert asyncio.run(follow()).line_secret() == SECRET


def test_the_console_reaches_line_with_the_entered_keys(database: Database, tmp_path: Path) -> None:
    fake = FakeLine()
    fake.answers = {
        "GET /v2/bot/info": (200, {"basicId": "@obt", "displayName": "อบต.น้ำใส", "chatMode": "chat"}),
        "GET /v2/bot/message/quota": (200, {"type": "limited", "value": 300}),
        "GET /v2/bot/message/quota/consumption": (200, {"totalUsage": 40}),
        "GET /v2/bot/channel/webhook/endpoint": (404, {"message": "no"}),
    }
    with served(fake.handle) as address:
        settings = settings_of(tmp_path, line_api_base=address, public_url="https://obt.example.go.th")
        desk = PlatformDesk(settings, database)
        assert desk.try_token(ChannelName.LINE, TOKEN).account == "อบต.น้ำใส (@obt)"
        with pytest.raises(ServiceError, match="not_connected"):
            desk.register(ChannelName.LINE)
        enter(database, settings)
        verdicts = {found.name: found.verdict for found in desk.examine(ChannelName.LINE)}
        assert verdicts["line_mode"] is Verdict.WARNING and verdicts["line_webhook"] is Verdict.FAILED
        fake.answers["GET /v2/bot/info"] = (401, {"message": "Authentication failed"})
        with pytest.raises(ServiceError, match="token_refused"):
            desk.try_token(ChannelName.LINE, "wrong")
