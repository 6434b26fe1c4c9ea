"""Registers us with LINE: the webhook address and the rich menu. Doing it twice changes nothing."""

from pathlib import Path

from bot.channels.line.client import LineChannel, LineError, require
from bot.channels.line.rich_menu import NAME_PREFIX, RichMenu, draw, menu_json
from eservice.kit.text import Catalogue

WEBHOOK_PATH = "/webhooks/line"

_TEXTS = Catalogue(Path(__file__).parent / "text")


async def set_up(channel: LineChannel, menu: RichMenu, public_url: str) -> list[str]:
    """Sets and tests the webhook, then makes `menu` everybody's; says line by line, in Thai, what was done.

    A webhook that LINE cannot reach is reported, not raised: the office may still be opening its firewall.
    Raises LineError when LINE refuses or does not answer.
    """
    return [*await _set_up_webhook(channel, public_url + WEBHOOK_PATH), *await _set_up_menu(channel, menu)]


async def _set_up_webhook(channel: LineChannel, url: str) -> list[str]:
    if not url.startswith("https://"):
        return [_TEXTS.get("setup.webhook_not_https", url=url)]
    known = await channel.webhook_endpoint()
    if known and known.url == url:
        done = [_TEXTS.get("setup.webhook_kept", url=url)]
    else:
        await channel.set_webhook_endpoint(url)
        done = [_TEXTS.get("setup.webhook_set", url=url)]
        known = await channel.webhook_endpoint()
    if not (known and known.active):
        done.append(_TEXTS.get("setup.webhook_off"))
    test = await channel.test_webhook_endpoint()
    if test.success:
        return [*done, _TEXTS.get("setup.webhook_works")]
    return [*done, _TEXTS.get("setup.webhook_fails", status=test.status, reason=test.reason)]


async def _set_up_menu(channel: LineChannel, menu: RichMenu) -> list[str]:
    ours = await _our_menus(channel)
    default = await _default_menu(channel)
    if default and ours.get(default) == menu.name:
        current, done = default, [_TEXTS.get("setup.menu_kept", count=len(menu.items))]
    else:
        current = await _make_menu(channel, menu)
        done = [_TEXTS.get("setup.menu_made", count=len(menu.items))]
    older = [menu_id for menu_id in ours if menu_id != current]
    for menu_id in older:
        require(await channel.call("DELETE", f"/v2/bot/richmenu/{menu_id}"), allowed=(404,))
    if older:
        done.append(_TEXTS.get("setup.menus_deleted", count=len(older)))
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


async def _our_menus(channel: LineChannel) -> dict[str, str]:
    """The names of the menus that we made, by id."""
    answer = require(await channel.call("GET", "/v2/bot/richmenu/list"))
    menus = answer.body.get("richmenus")
    names = {
        str(menu.get("richMenuId")): str(menu.get("name"))
        for menu in (menus if isinstance(menus, list) else [])
        if isinstance(menu, dict)
    }
    return {menu_id: name for menu_id, name in names.items() if name.startswith(NAME_PREFIX)}


async def _default_menu(channel: LineChannel) -> str | None:
    """The id of the menu that everybody sees, if one was set through the API."""
    answer = require(await channel.call("GET", "/v2/bot/user/all/richmenu"), allowed=(403, 404))
    menu_id = answer.body.get("richMenuId")
    return menu_id if answer.ok and isinstance(menu_id, str) else None
