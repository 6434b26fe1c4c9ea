"""Registers what Telegram keeps for us: the webhook, the command menu and its button."""

from pathlib import Path

from bot.channels.telegram.client import TelegramChannel
from bot.channels.telegram.render import TEXTS
from bot.menu import MENU
from eservice.kit.text import DEFAULT_LANGUAGE, Catalogue

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "poll",
    "poll_answer",
    "my_chat_member",
)
_BOT_TEXTS = Path(__file__).parents[2] / "text"


async def set_up(
    channel: TelegramChannel, public_url: str, secret: str, *, language: str = DEFAULT_LANGUAGE
) -> list[str]:
    """Registers webhook, commands and menu button; doing it again changes nothing.

    `language` is that of the returned lines, which say what was done. Raises TelegramCallError.
    """
    url = f"{public_url}/webhooks/telegram"
    await channel.call("setWebhook", url=url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES))
    thai, english = commands(DEFAULT_LANGUAGE), commands("en")
    # Without a language code: for everybody whose app speaks neither Thai nor English, too.
    await channel.call("setMyCommands", commands=thai)
    await channel.call("setMyCommands", commands=english, language_code="en")
    await channel.call("setChatMenuButton", menu_button={"type": "commands"})
    me = await channel.get_me()
    return [
        TEXTS.get("setup.webhook", language, url=url),
        TEXTS.get("setup.commands", language, commands=" ".join(f"/{item['command']}" for item in thai)),
        TEXTS.get("setup.menu_button", language),
        TEXTS.get("setup.address", language, username=me.username),
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
