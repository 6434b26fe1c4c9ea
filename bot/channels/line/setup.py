"""Registers us with LINE: the webhook address and the rich menu. Doing it twice changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from bot.channels.line.client import LineChannel, LineError, require
from bot.channels.line.rich_menu import NAME_PREFIX, MenuItem, RichMenu, draw, menu_json
from bot.facts import Facts, FactsReader
from bot.menu import MENU
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, conflict
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.operations.connections import Tried

Say: TypeAlias = Callable[..., str]
WEBHOOK_PATH = "/webhooks/line"
_UNAUTHORIZED = 401  # with which we answer a signature made with another secret
_UNREACHED = {"COULD_NOT_CONNECT": "no_connection", "REQUEST_TIMEOUT": "timeout"}
"""What LINE calls a failed test of the webhook, and our word for it."""
TIMEOUT_SECONDS = 15.0  # LINE answers a test of the webhook only when it has made it

_TEXTS = Catalogue(Path(__file__).parent / "text")
_BOT_TEXTS = Path(__file__).parents[2] / "text"


def register(settings: Settings, database: Database) -> None:
    """`channels setup line`: sets LINE up and prints what was done.

    Raises ServiceError `channels.off`, `channels.refused`, `channels.not_https` (once the menu is made),
    `office.not_set_up`.
    """
    if not settings.line_enabled:
        names = "LINE_CHANNEL_SECRET, LINE_CHANNEL_ACCESS_TOKEN"
        raise ServiceError("channels.off", ErrorKind.CONFLICT, parameters={"channel": "LINE", "names": names})
    menu = menu_of(FactsReader(database, settings.public_url).get())
    try:
        lines = asyncio.run(_register(settings, menu))
    except LineError as error:
        parameters = {"channel": "LINE", "reason": str(error)}
        raise ServiceError("channels.refused", ErrorKind.UNAVAILABLE, parameters=parameters) from error
    print(*lines, sep="\n")
    if not settings.is_https:
        raise conflict("channels.not_https")


async def whose(settings: Settings, token: str) -> Tried:
    """The account of a token; empty when LINE does not answer. Raises ServiceError `channels.token_refused`."""
    async with _opened(settings, token) as channel:
        try:
            info = await channel.bot_info()
        except LineError as error:
            if error.status in (400, 401, 403):
                raise _refused("channels.token_refused", error) from error
            return Tried(account="", reason=str(error))
        return Tried(account=f"{info.display_name} ({info.basic_id})")


async def register_webhook(settings: Settings) -> list[str]:
    """Sets and tests the webhook; says in Thai what was done. Raises ServiceError `channels.refused`."""
    async with _opened(settings) as channel:
        try:
            return await _set_up_webhook(channel, settings.public_url + WEBHOOK_PATH, _TEXTS.get)
        except LineError as error:
            raise _refused("channels.refused", error) from error


async def register_menu(settings: Settings, menu: RichMenu) -> list[str]:
    """Makes the menu everybody's; says in Thai what was done. Raises ServiceError `channels.refused`."""
    async with _opened(settings) as channel:
        try:
            return await _set_up_menu(channel, menu, _TEXTS.get)
        except LineError as error:
            raise _refused("channels.refused", error) from error


@asynccontextmanager
async def _opened(settings: Settings, token: str = "") -> AsyncIterator[LineChannel]:
    token = token or settings.line_channel_access_token.get_secret_value()
    channel = LineChannel(
        token, settings.line_api_base, settings.line_data_api_base, timeout_seconds=TIMEOUT_SECONDS
    )
    try:
        yield channel
    finally:
        await channel.close()


def _refused(code: str, error: LineError) -> ServiceError:
    parameters = {"channel": "LINE", "reason": str(error)}
    return ServiceError(code, ErrorKind.CONFLICT, parameters=parameters)


async def _register(settings: Settings, menu: RichMenu) -> list[str]:
    async with _opened(settings) as channel:
        return await set_up(channel, menu, settings.public_url)


def menu_of(facts: Facts) -> RichMenu:
    """The main menu as LINE shows it, with the office's hours. It is one picture for all, in Thai."""
    texts = Catalogue(_BOT_TEXTS)
    items = (
        MenuItem(
            title=texts.get(f"menu.{item.key}.title"),
            subtitle=texts.get(f"menu.{item.key}.subtitle", hours=facts.hours),
            payload=item.payload,
            icon=item.icon,
        )
        for item in MENU
    )
    return RichMenu(items=tuple(items), bar=_TEXTS.get("menu_bar"))


async def set_up(channel: LineChannel, menu: RichMenu, public_url: str) -> list[str]:
    """Sets and tests the webhook, then makes `menu` everybody's; says line by line what was done.

    A webhook that LINE cannot reach is reported, not raised: the office may still be opening its firewall.
    Raises LineError when LINE refuses or does not answer.
    """
    return [
        *await _set_up_webhook(channel, public_url + WEBHOOK_PATH, _TEXTS.both),
        *await _set_up_menu(channel, menu, _TEXTS.both),
    ]


async def _set_up_webhook(channel: LineChannel, url: str, say: Say) -> list[str]:
    if not url.startswith("https://"):
        return [say("setup.webhook_not_https", url=url)]
    known = await channel.webhook_endpoint()
    if known and known.url == url:
        done = [say("setup.webhook_kept", url=url)]
    else:
        await channel.set_webhook_endpoint(url)
        done = [say("setup.webhook_set", url=url)]
        known = await channel.webhook_endpoint()
    if known and not known.is_told:
        return [*done, say("setup.webhook_untold")]
    if not (known and known.active):
        done.append(say("setup.webhook_off"))
    test = await channel.test_webhook_endpoint()
    if test.success:
        return [*done, say("setup.webhook_works")]
    code = "wrong_secret" if test.status == _UNAUTHORIZED else _UNREACHED.get(test.reason, "other")
    return [*done, say(f"setup.webhook_fails.{code}", status=test.status, reason=test.reason)]


async def _set_up_menu(channel: LineChannel, menu: RichMenu, say: Say) -> list[str]:
    ours = await our_menus(channel)
    default = await default_menu(channel)
    if default and ours.get(default) == menu.name:
        current, done = default, [say("setup.menu_kept", count=len(menu.items))]
    else:
        current = await _make_menu(channel, menu)
        done = [say("setup.menu_made", count=len(menu.items))]
    older = [menu_id for menu_id in ours if menu_id != current]
    for menu_id in older:
        require(await channel.call("DELETE", f"/v2/bot/richmenu/{menu_id}"), allowed=(404,))
    if older:
        done.append(say("setup.menus_deleted", count=len(older)))
    return done


async def _make_menu(channel: LineChannel, menu: RichMenu) -> str:
    """Creates the menu, gives it its picture and makes it the default; its id. Leaves nothing half made."""
    created = require(await channel.call("POST", "/v2/bot/richmenu", menu_json(menu)))
    menu_id = str(created.body.get("richMenuId", ""))
    if not menu_id:
        raise LineError("LINE made a rich menu without an id")
    try:
        require(await channel.upload(f"/v2/bot/richmenu/{menu_id}/content", draw(menu), "image/png"))
        require(await channel.call("POST", f"/v2/bot/user/all/richmenu/{menu_id}"))
    except LineError:
        await channel.call("DELETE", f"/v2/bot/richmenu/{menu_id}")
        raise
    return menu_id


async def our_menus(channel: LineChannel) -> dict[str, str]:
    """The names of the menus that we made, by id."""
    answer = require(await channel.call("GET", "/v2/bot/richmenu/list"))
    menus = answer.body.get("richmenus")
    names = {
        str(menu.get("richMenuId")): str(menu.get("name"))
        for menu in (menus if isinstance(menus, list) else [])
        if isinstance(menu, dict)
    }
    return {menu_id: name for menu_id, name in names.items() if name.startswith(NAME_PREFIX)}


async def default_menu(channel: LineChannel) -> str | None:
    """The id of the menu that everybody sees, if one was set through the API."""
    answer = require(await channel.call("GET", "/v2/bot/user/all/richmenu"), allowed=(403, 404))
    menu_id = answer.body.get("richMenuId")
    return menu_id if answer.ok and isinstance(menu_id, str) else None
