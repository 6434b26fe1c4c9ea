"""Builds everything and hands it down: the parts of a process, the web application, serving and working.

Only the staff console comes from above: the bot does not know it, and `app.py` hands it in.

Nothing imports this module but `app.py`, when a command serves or works, and tests/conftest.py. A channel
that is off is never imported: LINE's and Telegram's libraries take a second and tens of megabytes each.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from bot.channel import MediaSource
from bot.channels.line import parse as line_parse
from bot.channels.line.routes import create_router as line_router
from bot.channels.telegram import parse as telegram_parse
from bot.channels.telegram.routes import create_router as telegram_router
from bot.channels.webchat import parse as webchat_parse
from bot.channels.webchat.routes import create_router as webchat_router
from bot.delivery import Sender
from bot.facts import FactsReader
from bot.inbound import Inbound
from bot.intake import Intake, Parser
from bot.photos import PhotoFetcher, PhotoKeeper
from bot.privacy_keeper import PrivacyKeeper
from bot.worker import Chore, Worker
from eservice.api.routes import create_router as cases_router
from eservice.kit.database import Database
from eservice.kit.http import PagesOnly, RequestLog, add_problem_handlers
from eservice.kit.media import MediaStore, open_media
from eservice.kit.settings import Settings
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.web.rendering import mount_static
from eservice.messaging.models import ChannelName
from eservice.notifications.relay import Relay
from eservice.operations.metrics import Metrics
from eservice.operations.routes import create_router as operations_router
from eservice.portal.api_docs import create_api_docs
from eservice.portal.api_document import publish_document
from eservice.portal.case_routes import create_case_pages
from eservice.portal.errors import add_page_errors
from eservice.portal.pages import STATIC_DIRECTORY as PORTAL_STATIC
from eservice.portal.pages import ChannelLinks, PortalPages
from eservice.portal.routes import create_portal
from eservice.staff import presence
from eservice.webhooks.sender import WebhookSender
from knowledge.classify.complaints import ComplaintClassifier
from knowledge.classify.intents import load_intents
from knowledge.emergency import find_emergency
from knowledge.entries.live import LiveFaq
from knowledge.entries.routes import create_router as faq_router

if TYPE_CHECKING:
    from bot.channels.line.client import LineChannel
    from bot.channels.telegram.client import TelegramChannel

ROOT = Path(__file__).parents[1]
LOADING_SECONDS = 40
log = structlog.get_logger()


@dataclass(kw_only=True)
class System:
    """The parts of one process, built and wired."""

    settings: Settings
    database: Database
    media: MediaStore
    signals: Signals
    metrics: Metrics
    faq: LiveFaq
    complaints: ComplaintClassifier
    intake: Intake
    sender: Sender
    line: "LineChannel | None"
    telegram: "TelegramChannel | None"
    bot_texts: Catalogue
    service_texts: Catalogue
    stopping: asyncio.Event

    def worker(self) -> Worker:
        """The background worker of this process."""
        return Worker(
            database=self.database,
            signals=self.signals,
            intake=self.intake,
            sender=self.sender,
            texts=self.bot_texts,
            relay=Relay(self.database, self.signals, self.service_texts),
            webhooks=WebhookSender(
                self.database,
                self.signals,
                lambda: self.settings.signing_key,
                is_local=self.settings.app_env == "local",
            ),
            count_event=self.metrics.event,
            answer_callback=self.telegram.answer_callback if self.telegram else None,
            show_loading=partial(self.line.show_loading, seconds=LOADING_SECONDS) if self.line else None,
            photos=PhotoFetcher(
                database=self.database,
                media=self.media,
                sources=self._media_sources(),
                texts=self.bot_texts,
                signals=self.signals,
            ),
            chores=self._chores(),
        )

    def _media_sources(self) -> dict[ChannelName, MediaSource]:
        sources = {ChannelName.LINE: self.line, ChannelName.TELEGRAM: self.telegram}
        return {name: source for name, source in sources.items() if source is not None}

    def _chores(self) -> list[Chore]:
        keepers: list[Chore] = [
            PhotoKeeper(self.database, self.media),
            PrivacyKeeper(self.database, self.media, self.settings),
        ]
        if self.line is None:
            return keepers
        from bot.channels.line.upkeep import QuotaReader

        return [QuotaReader(self.line, self.database), *keepers]


MountConsole: TypeAlias = Callable[[FastAPI, System], Path]
"""Mounts the staff console, which the bot does not know, and returns the folder of its static files."""


def build(settings: Settings, database: Database | None = None) -> System:
    """Builds the parts; opens no connection and starts nothing."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = database or Database(settings.database_address)
    signals = Signals(database)
    metrics = Metrics()
    bot_texts = Catalogue(ROOT / "bot/text", ROOT / "eservice/text")
    line, telegram = _line(settings), _telegram(settings)
    faq = LiveFaq(database, settings.data_dir / "index")
    complaints = ComplaintClassifier(settings.data_dir / "index")
    intake = Intake(
        database=database,
        signals=signals,
        parsers=_parsers(telegram),
        texts=bot_texts,
        faq=faq,
        complaints=complaints,
        facts=FactsReader(database, settings.public_url),
        staff_present=presence.anyone_present,
    )
    sender = Sender(
        database,
        line,
        {ChannelName.TELEGRAM: telegram} if telegram else {},
        lambda channel, outcome: metrics.outcome(channel.value, outcome),
        signals,
    )
    return System(
        settings=settings,
        database=database,
        media=open_media(settings),
        signals=signals,
        metrics=metrics,
        faq=faq,
        complaints=complaints,
        intake=intake,
        sender=sender,
        line=line,
        telegram=telegram,
        bot_texts=bot_texts,
        service_texts=Catalogue(ROOT / "eservice/text", ROOT / "knowledge/entries/text"),
        stopping=asyncio.Event(),
    )


def _line(settings: Settings) -> "LineChannel | None":
    if not settings.line_enabled:
        return None
    from bot.channels.line.client import LineChannel

    token = settings.line_channel_access_token.get_secret_value()
    return LineChannel(token, settings.line_api_base, settings.line_data_api_base)


def _telegram(settings: Settings) -> "TelegramChannel | None":
    if not settings.telegram_enabled:
        return None
    from bot.channels.telegram.client import TelegramChannel

    return TelegramChannel(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base)


def _channel_links(system: System) -> ChannelLinks:
    identity = system.telegram.identity() if system.telegram else None
    username = identity.username if identity else None
    return ChannelLinks(line=None, telegram=f"https://t.me/{username}" if username else None)


def _parsers(telegram: "TelegramChannel | None") -> dict[ChannelName, Parser]:
    def parse_telegram(payload: str) -> Inbound:
        us = telegram.identity() if telegram else None
        return telegram_parse.parse(payload, us.id if us else None, us.username if us else None)

    return {
        ChannelName.LINE: line_parse.parse,
        ChannelName.TELEGRAM: parse_telegram,
        ChannelName.WEB: webchat_parse.parse,
    }


def create_app(system: System, mount_console: MountConsole, *, with_worker: bool) -> FastAPI:
    """The web application: portal, chat, API, webhooks, console; and the worker, if it is to run here."""
    settings, intake = system.settings, system.intake
    app = FastAPI(
        title="เพื่อนบ้าน e-service API",
        version="0.1.0",
        lifespan=partial(_lifespan, system, with_worker),
        docs_url=None,
        redoc_url=None,
    )
    app.state.database = system.database
    app.state.settings, app.state.media = settings, system.media
    add_problem_handlers(app, system.service_texts)
    app.include_router(operations_router(system.database, system.metrics))
    app.include_router(faq_router(system.faq))
    app.include_router(cases_router(system.signals, system.complaints))
    app.include_router(
        webchat_router(
            database=system.database,
            signals=system.signals,
            store=intake.store_now,
            is_stopping=system.stopping.is_set,
        )
    )
    if settings.line_enabled:
        app.include_router(line_router(settings.line_channel_secret.get_secret_value(), intake.store))
    if settings.telegram_enabled:
        app.include_router(telegram_router(settings.telegram_webhook_secret.get_secret_value(), intake.store))
    pages = PortalPages(public_url=settings.public_url, channel_links=partial(_channel_links, system))
    app.include_router(create_portal(pages, system.faq))
    cases = create_case_pages(pages, system.complaints, system.signals, lambda: settings.signing_key)
    app.include_router(cases)
    publish_document(app)
    app.include_router(create_api_docs(pages, system.service_texts, app.openapi))
    add_page_errors(app, pages, system.service_texts)
    mount_static(app, PORTAL_STATIC, mount_console(app, system))
    app.add_middleware(PagesOnly, pages=GZipMiddleware, minimum_size=1000)
    app.add_middleware(RequestLog, observe=system.metrics.request)
    return app


@contextlib.asynccontextmanager
async def _lifespan(system: System, with_worker: bool, app: FastAPI) -> AsyncIterator[None]:
    system.signals.listen()
    await run_in_threadpool(warm, system)
    tasks = [asyncio.create_task(system.faq.keep_fresh(system.signals, system.stopping))]
    worker = system.worker() if with_worker else None
    if worker is not None:
        await open_channels(system)
        tasks.append(asyncio.create_task(worker.run()))
    try:
        yield
    finally:
        system.stopping.set()
        if worker is not None:
            worker.stop()
        system.signals.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await close_channels(system)
        system.database.dispose()


def warm(system: System) -> None:
    """What would make the first resident wait: dictionaries, models, the index."""
    system.faq.refresh()
    load_intents(system.settings.data_dir / "index")
    find_emergency("สวัสดี")
    system.complaints.categories("สวัสดี")
    system.complaints.urgency("สวัสดี")
    system.faq.decide("สวัสดี")
    gc.collect()
    gc.freeze()  # dictionaries and index live as long as the process: no collection need walk them again


async def open_channels(system: System) -> None:
    if system.line is not None:
        await system.line.open()
    if system.telegram is not None:
        system.telegram.start()


async def close_channels(system: System) -> None:
    if system.line is not None:
        await system.line.close()
    if system.telegram is not None:
        await system.telegram.close()
