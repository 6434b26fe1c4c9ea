"""Registers what Telegram keeps for us: the webhook, the command menu and its button."""

from bot.channels.telegram.client import TelegramChannel
from bot.channels.telegram.render import TEXTS
from eservice.kit.text import DEFAULT_LANGUAGE

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "poll",
    "poll_answer",
    "my_chat_member",
)
MENU_COMMANDS = ("menu", "help", "cancel", "language")


async def set_up(
    channel: TelegramChannel, public_url: str, secret: str, *, language: str = DEFAULT_LANGUAGE
) -> list[str]:
    """Registers webhook, commands and menu button; doing it again changes nothing.

    `language` is that of the returned lines, which say what was done. Raises TelegramCallError.
    """
    url = f"{public_url}/webhooks/telegram"
    await channel.call("setWebhook", url=url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES))
    # Without a language code: for everybody whose app speaks neither Thai nor English, too.
    await channel.call("setMyCommands", commands=_commands(DEFAULT_LANGUAGE))
    await channel.call("setMyCommands", commands=_commands("en"), language_code="en")
    await channel.call("setChatMenuButton", menu_button={"type": "commands"})
    me = await channel.get_me()
    return [
        TEXTS.get("setup.webhook", language, url=url),
        TEXTS.get("setup.commands", language, commands=" ".join(f"/{name}" for name in MENU_COMMANDS)),
        TEXTS.get("setup.menu_button", language),
        TEXTS.get("setup.address", language, username=me.username),
    ]


def _commands(language: str) -> list[dict[str, str]]:
    return [
        {"command": name, "description": TEXTS.get(f"commands.{name}", language)} for name in MENU_COMMANDS
    ]
