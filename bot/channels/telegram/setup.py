"""Registers what Telegram keeps for us: the webhook, the command menu and its button."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.channels.telegram.client import TelegramCallError, TelegramChannel
from bot.channels.telegram.render import TEXTS
from bot.menu import MENU
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.settings import Settings
from eservice.kit.text import DEFAULT_LANGUAGE, Catalogue
from eservice.operations.connections import Tried

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "poll",
    "poll_answer",
    "my_chat_member",
)
WEBHOOK_PATH = "/webhooks/telegram"
_BOT_TEXTS = Path(__file__).parents[2] / "text"


def register(settings: Settings) -> None:
    """`channels setup telegram`: sets Telegram up and prints what was done.

    Raises ServiceError `channels.off`, `channels.refused`.
    """
    if not settings.telegram_enabled:
        names = "TELEGRAM_BOT_TOKEN, TELEGRAM_WEBHOOK_SECRET"
        parameters = {"channel": "Telegram", "names": names}
        raise ServiceError("channels.off", ErrorKind.CONFLICT, parameters=parameters)
    try:
        lines = asyncio.run(_register(settings))
    except TelegramCallError as error:
        parameters = {"channel": "Telegram", "reason": str(error)}
        raise ServiceError("channels.refused", ErrorKind.UNAVAILABLE, parameters=parameters) from error
    print(*lines, sep="\n")


async def whose(settings: Settings, token: str) -> Tried:
    """The bot of a token; empty when Telegram does not answer. Raises ServiceError `channels.token_refused`."""
    channel = TelegramChannel(token, settings.telegram_api_base)
    try:
        me = await channel.get_me()
    except TelegramCallError as error:
        if str(error).startswith("InvalidToken"):
            raise _refused("channels.token_refused", error) from error
        return Tried(account="", reason=str(error))
    finally:
        await channel.close()
    return Tried(account=f"@{me.username}")


async def register_bot(settings: Settings) -> list[str]:
    """Sets webhook, commands and menu button; says in Thai what was done. Raises ServiceError `channels.refused`."""
    channel = TelegramChannel(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base)
    try:
        secret = settings.telegram_webhook_secret.get_secret_value()
        return await set_up(channel, settings.public_url, secret, TEXTS.get)
    except TelegramCallError as error:
        raise _refused("channels.refused", error) from error
    finally:
        await channel.close()


def _refused(code: str, error: TelegramCallError) -> ServiceError:
    parameters = {"channel": "Telegram", "reason": str(error)}
    return ServiceError(code, ErrorKind.CONFLICT, parameters=parameters)


async def _register(settings: Settings) -> list[str]:
    channel = TelegramChannel(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base)
    try:
        secret = settings.telegram_webhook_secret.get_secret_value()
        return await set_up(channel, settings.public_url, secret)
    finally:
        await channel.close()


async def set_up(
    channel: TelegramChannel, public_url: str, secret: str, say: Callable[..., str] = TEXTS.both
) -> list[str]:
    """Registers webhook, commands and menu button; says line by line what was done. Twice changes nothing.

    Raises TelegramCallError.
    """
    url = public_url + WEBHOOK_PATH
    await channel.call("setWebhook", url=url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES))
    thai, english = commands(DEFAULT_LANGUAGE), commands("en")
    # Without a language code: for everybody whose app speaks neither Thai nor English, too.
    await channel.call("setMyCommands", commands=thai)
    await channel.call("setMyCommands", commands=english, language_code="en")
    await channel.call("setChatMenuButton", menu_button={"type": "commands"})
    me = await channel.get_me()
    return [
        say("setup.webhook", url=url),
        say("setup.commands", commands=" ".join(f"/{item['command']}" for item in thai)),
        say("setup.menu_button"),
        say("setup.address", username=me.username),
    ]


def commands(language: str) -> list[dict[str, str]]:
    """The command menu: the main menu and each of its entries, then the ways out."""
    menu_texts = Catalogue(_BOT_TEXTS)
    names_and_words = [
        ("menu", TEXTS.get("commands.menu", language)),
        *((item.command, menu_texts.get(f"menu.{item.key}.title", language)) for item in MENU),
        *((name, TEXTS.get(f"commands.{name}", language)) for name in ("cancel", "language", "help")),
    ]
    return [{"command": name, "description": words} for name, words in names_and_words]
