"""Whether LINE works for us: the token, the month's allowance, the way of messages to our webhook, and our menu."""

from pathlib import Path

from bot.channels.line.client import LineChannel, LineError
from bot.channels.line.setup import TIMEOUT_SECONDS, WEBHOOK_PATH, default_menu, our_menus
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.operations.doctor import Finding, Verdict, finding

NEARLY_SPENT = 0.9  # of the month's allowance
_UNAUTHORIZED = 401
_BEHIND_THE_TOKEN = ("line_quota", "line_webhook", "line_menu")
_TEXTS = Catalogue(Path(__file__).parent / "text")


async def examine(settings: Settings) -> list[Finding]:
    """What LINE says of our token, allowance, webhook and menu. Has LINE call the webhook once; sends nothing."""
    if not settings.line_enabled:
        return [_found("line", Verdict.OFF, "off")]
    token = settings.line_channel_access_token.get_secret_value()
    channel = LineChannel(
        token, settings.line_api_base, settings.line_data_api_base, timeout_seconds=TIMEOUT_SECONDS
    )
    try:
        known, mode = await _check_token(channel)
        if known.verdict is Verdict.FAILED:
            return [
                known,
                *(_found(name, Verdict.UNKNOWN, "unseen") for name in _BEHIND_THE_TOKEN),
            ]
        return [
            known,
            *mode,
            await _check_quota(channel),
            await _check_webhook(channel, settings),
            await _check_menu(channel),
        ]
    finally:
        await channel.close()


def _found(name: str, verdict: Verdict, code: str, /, **parameters: object) -> Finding:
    return finding(_TEXTS, name, verdict, code, **parameters)


async def _check_token(channel: LineChannel) -> tuple[Finding, list[Finding]]:
    """What of the token, and of the mode of answering if LINE tells it."""
    try:
        info = await channel.bot_info()
    except LineError as error:
        code = "refused" if error.status == _UNAUTHORIZED else "no_answer"
        return _found("line_token", Verdict.FAILED, code, detail=error), []
    known = _found("line_token", Verdict.OK, "ok", name=info.display_name, basic_id=info.basic_id)
    match info.chat_mode:
        case "chat":
            return known, [_found("line_mode", Verdict.WARNING, "chat")]
        case "bot":
            return known, [_found("line_mode", Verdict.OK, "bot")]
        case _:
            return known, []


async def _check_quota(channel: LineChannel) -> Finding:
    try:
        quota = await channel.quota()
    except LineError as error:
        return _found("line_quota", Verdict.FAILED, "no_answer", detail=error)
    used = f"{quota.used:,}"
    if quota.limit is None:
        return _found("line_quota", Verdict.OK, "unlimited", used=used)
    limit = f"{quota.limit:,}"
    if quota.used >= quota.limit:
        return _found("line_quota", Verdict.WARNING, "spent", used=used, limit=limit)
    if quota.used >= NEARLY_SPENT * quota.limit:
        return _found("line_quota", Verdict.WARNING, "nearly_spent", used=used, limit=limit)
    return _found("line_quota", Verdict.OK, "ok", used=used, limit=limit)


async def _check_webhook(channel: LineChannel, settings: Settings) -> Finding:
    ours = settings.public_url + WEBHOOK_PATH
    try:
        endpoint = await channel.webhook_endpoint()
        if endpoint is not None and not endpoint.is_told:
            return _found("line_webhook", Verdict.UNKNOWN, "not_told")
        if endpoint is None or not endpoint.url:
            return _found("line_webhook", Verdict.FAILED, "not_set", ours=ours)
        if endpoint.url != ours:
            return _found("line_webhook", Verdict.FAILED, "elsewhere", ours=ours, theirs=endpoint.url)
        if not endpoint.active:
            return _found("line_webhook", Verdict.FAILED, "inactive")
        test = await channel.test_webhook_endpoint()
    except LineError as error:
        return _found("line_webhook", Verdict.FAILED, "no_answer", detail=error)
    if test.success:
        return _found("line_webhook", Verdict.OK, "ok", ours=ours)
    if test.status == _UNAUTHORIZED:
        return _found("line_webhook", Verdict.FAILED, "wrong_secret")
    return _found("line_webhook", Verdict.FAILED, "unreachable", status=test.status, detail=test.reason)


async def _check_menu(channel: LineChannel) -> Finding:
    """Whether everybody sees the menu that we made. One made in LINE's own console is none of the API's."""
    try:
        shown, ours = await default_menu(channel), await our_menus(channel)
    except LineError as error:
        return _found("line_menu", Verdict.WARNING, "no_answer", detail=error)
    if shown is None:
        return _found("line_menu", Verdict.WARNING, "none")
    if shown not in ours:
        return _found("line_menu", Verdict.WARNING, "not_ours")
    return _found("line_menu", Verdict.OK, "ok")
