"""LINE and Telegram as the office has connected them now: taken over while running, set up from the console.

The environment's settings win over what was entered in the console. A channel that is off is never imported:
LINE's and Telegram's libraries take a second and tens of megabytes each.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.channel import Channel, MediaSource
from bot.facts import FactsReader
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.settings import Settings
from eservice.kit.signals import Signals
from eservice.messaging import attempts, credentials
from eservice.messaging.credentials import Platform
from eservice.messaging.models import ChannelName
from eservice.operations.connections import Tried
from eservice.operations.doctor import Finding

if TYPE_CHECKING:
    from bot.channels.line.client import LineChannel
    from bot.channels.line.upkeep import QuotaReader
    from bot.channels.telegram.client import TelegramChannel

LOOK_SECONDS = 15.0  # every process looks by itself this often, should a signal be lost
LOADING_SECONDS = 40

T = TypeVar("T")

log = structlog.get_logger()


class Connections:
    """The channels of one process. `line` and `telegram` are None while they are off."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._given = settings
        self._database = database
        self._is_open = False
        self._former: list[LineChannel | TelegramChannel] = []  # calls under way may still use them
        self._quota: QuotaReader | None = None
        self.line: LineChannel | None = None
        self.telegram: TelegramChannel | None = None
        self.settings = settings
        self._build_line(settings)
        self._build_telegram(settings)

    def line_secret(self) -> str:
        """What LINE signs with; empty while it is off."""
        return self.settings.line_channel_secret.get_secret_value()

    def telegram_secret(self) -> str:
        """What Telegram sends along; empty while it is off."""
        is_on = self.settings.telegram_enabled
        return self.settings.telegram_webhook_secret.get_secret_value() if is_on else ""

    def channel(self, name: ChannelName) -> Channel | None:
        """The channel for sending."""
        return {ChannelName.LINE: self.line, ChannelName.TELEGRAM: self.telegram}.get(name)

    def media_source(self, name: ChannelName) -> MediaSource | None:
        """Where photos of a channel are fetched."""
        return {ChannelName.LINE: self.line, ChannelName.TELEGRAM: self.telegram}.get(name)

    async def answer_callback(self, callback_id: str) -> None:
        """Stops the spinner of a button tapped on Telegram."""
        if self.telegram is not None:
            await self.telegram.answer_callback(callback_id)

    async def show_loading(self, user_id: str) -> None:
        """Shows on LINE that staff are writing."""
        if self.line is not None:
            await self.line.show_loading(user_id, seconds=LOADING_SECONDS)

    async def read_quota(self) -> None:
        """Keeps LINE's allowance at hand."""
        if self._quota is not None:
            await self._quota()

    async def open(self) -> None:
        """Makes ready to send."""
        self._is_open = True
        if self.line is not None:
            await self.line.open()
        if self.telegram is not None:
            self.telegram.start()

    async def close(self) -> None:
        """Closes every connection, those of former tokens too."""
        for channel in (self.line, self.telegram, *self._former):
            if channel is not None:
                await channel.close()
        self._former = []

    async def refresh(self) -> None:
        """Takes over what was entered since; a database that is away, or another key, changes nothing."""
        try:
            found = await run_in_threadpool(self._read)
        except (SQLAlchemyError, ServiceError) as error:
            log.warning("channels.not_read", error=getattr(error, "code", type(error).__name__))
            return
        line_changed = _line_keys(found) != _line_keys(self.settings)
        telegram_changed = _telegram_keys(found) != _telegram_keys(self.settings)
        if not (line_changed or telegram_changed):
            return
        for channel in self._former:
            await channel.close()
        self._former = []
        former_line, former_telegram = self.line, self.telegram
        if line_changed:
            await run_in_threadpool(self._build_line, found)
            self._former += [former_line] if former_line else []
        if telegram_changed:
            await run_in_threadpool(self._build_telegram, found)
            self._former += [former_telegram] if former_telegram else []
        self.settings = found
        if self._is_open:
            if self.line is not None and line_changed:
                await self.line.open()
            if self.telegram is not None and telegram_changed:
                self.telegram.start()
            await run_in_threadpool(self._resume)
        log.info("channels.taken_over", line=self.line is not None, telegram=self.telegram is not None)

    async def keep_current(self, signals: Signals, stopping: asyncio.Event) -> None:
        """Takes over what is entered, until stopped."""
        with signals.waiting(credentials.TOPIC) as waiter:
            while not stopping.is_set():
                await waiter.wait(LOOK_SECONDS)
                try:
                    await self.refresh()
                except Exception as error:  # whatever went wrong once, the next keys are taken over too
                    log.error("channels.not_taken_over", error=type(error).__name__, exc_info=error)

    def _read(self) -> Settings:
        with self._database.read() as reader:
            return credentials.settings_in_force(reader, self._given)

    def _resume(self) -> None:
        """What waited because a token was refused is sent with the new one."""
        with self._database.unit_of_work() as uow:
            attempts.resume(uow)

    def _build_line(self, settings: Settings) -> None:
        """Puts the channel of these settings in place of the one before: there is no moment without one."""
        line, quota = None, None
        if settings.line_enabled:
            from bot.channels.line.client import LineChannel
            from bot.channels.line.upkeep import QuotaReader

            token = settings.line_channel_access_token.get_secret_value()
            line = LineChannel(token, settings.line_api_base, settings.line_data_api_base)
            quota = QuotaReader(line, self._database)
        self.line, self._quota = line, quota

    def _build_telegram(self, settings: Settings) -> None:
        telegram = None
        if settings.telegram_enabled:
            from bot.channels.telegram.client import TelegramChannel

            token = settings.telegram_bot_token.get_secret_value()
            telegram = TelegramChannel(token, settings.telegram_api_base)
        self.telegram = telegram


class PlatformDesk:
    """The platforms behind the console's port, `operations.connections.ChannelDesk`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._given = settings
        self._database = database

    def try_token(self, channel: Platform, token: str) -> Tried:
        """Whose token it is. Raises ServiceError `channels.token_refused`."""
        if channel is ChannelName.LINE:
            from bot.channels.line.setup import whose

            return _run(whose(self._given, token))
        from bot.channels.telegram.setup import whose as whose_bot

        return _run(whose_bot(self._given, token))

    def register(self, channel: Platform) -> list[str]:
        """Tells the platform where to send messages. Raises ServiceError `channels.off`, `channels.refused`."""
        settings = self._in_force(channel)
        if channel is ChannelName.LINE:
            from bot.channels.line.setup import register_webhook

            return _run(register_webhook(settings))
        from bot.channels.telegram.setup import register_bot

        return _run(register_bot(settings))

    def set_menu(self, channel: Platform) -> list[str]:
        """Draws and sets LINE's rich menu; Telegram's menu goes with its registration.

        Raises ServiceError `channels.off`, `channels.refused`, `office.not_set_up`.
        """
        settings = self._in_force(channel)
        if channel is not ChannelName.LINE:
            return self.register(channel)
        from bot.channels.line.setup import menu_of, register_menu

        menu = menu_of(FactsReader(self._database, settings.public_url).get())
        return _run(register_menu(settings, menu))

    def examine(self, channel: Platform) -> list[Finding]:
        """What `doctor` finds. Raises ServiceError `secrets.other_key`."""
        settings = self._read()
        if channel is ChannelName.LINE:
            from bot.channels.line import doctor as line

            return _run(line.examine(settings))
        from bot.channels.telegram import doctor as telegram

        return _run(telegram.examine(settings))

    def _read(self) -> Settings:
        with self._database.read() as reader:
            return credentials.settings_in_force(reader, self._given)

    def _in_force(self, channel: Platform) -> Settings:
        settings = self._read()
        is_line = channel is ChannelName.LINE
        if not (settings.line_enabled if is_line else settings.telegram_enabled):
            name = "LINE" if is_line else "Telegram"
            raise ServiceError("channels.not_connected", ErrorKind.CONFLICT, parameters={"channel": name})
        return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a call in this thread, which has no event loop of its own."""
    return asyncio.run(work)


def _line_keys(settings: Settings) -> tuple[str, str]:
    return (
        settings.line_channel_access_token.get_secret_value(),
        settings.line_channel_secret.get_secret_value(),
    )


def _telegram_keys(settings: Settings) -> tuple[str, str]:
    return (
        settings.telegram_bot_token.get_secret_value(),
        settings.telegram_webhook_secret.get_secret_value(),
    )
