"""Whether Telegram works for us: the token, and the way of messages to our webhook."""

from datetime import UTC, datetime, timedelta

from bot.channels.telegram.client import TelegramCallError, TelegramChannel, WebhookInfo
from bot.channels.telegram.render import TEXTS
from bot.channels.telegram.setup import WEBHOOK_PATH
from eservice.kit.clock import Clock, SystemClock
from eservice.kit.settings import Settings
from eservice.operations.doctor import Finding, Verdict, finding

RECENT = timedelta(hours=1)  # an older error with nothing waiting is over
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def examine(settings: Settings, clock: Clock | None = None) -> list[Finding]:
    """What Telegram says of our token and webhook. Sends nothing."""
    if not settings.telegram_enabled:
        return [_found("telegram", Verdict.OFF, "off")]
    channel = TelegramChannel(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base)
    try:
        known = await _check_token(channel)
        if known.verdict is Verdict.FAILED:
            return [known, _found("telegram_webhook", Verdict.UNKNOWN, "unseen")]
        now = (clock or SystemClock()).now()
        return [known, await _check_webhook(channel, settings.public_url + WEBHOOK_PATH, now)]
    finally:
        await channel.close()


def _found(name: str, verdict: Verdict, code: str, /, **parameters: object) -> Finding:
    return finding(TEXTS, name, verdict, code, **parameters)


async def _check_token(channel: TelegramChannel) -> Finding:
    try:
        me = await channel.get_me()
    except TelegramCallError as error:
        code = "refused" if str(error).startswith("InvalidToken") else "no_answer"
        return _found("telegram_token", Verdict.FAILED, code, detail=error)
    return _found("telegram_token", Verdict.OK, "ok", username=me.username)


async def _check_webhook(channel: TelegramChannel, ours: str, now: datetime) -> Finding:
    try:
        info = await channel.webhook_info()
    except TelegramCallError as error:
        return _found("telegram_webhook", Verdict.FAILED, "no_answer", detail=error)
    if info is None:
        return _found("telegram_webhook", Verdict.UNKNOWN, "not_told")
    if not info.url:
        return _found("telegram_webhook", Verdict.FAILED, "not_set", ours=ours)
    if info.url != ours:
        return _found("telegram_webhook", Verdict.FAILED, "elsewhere", ours=ours, theirs=info.url)
    if info.last_error and (info.pending or now - (info.last_error_at or _LONG_AGO) < RECENT):
        return _after_an_error(info)
    return _found("telegram_webhook", Verdict.OK, "ok", ours=ours, pending=info.pending)


def _after_an_error(info: WebhookInfo) -> Finding:
    """Messages that wait behind an error do not arrive; an error with nothing waiting is over."""
    verdict, code = (Verdict.FAILED, "failing") if info.pending else (Verdict.WARNING, "failed_lately")
    return _found(
        "telegram_webhook",
        verdict,
        code,
        detail=info.last_error[:300],
        at=info.last_error_at or "?",
        pending=info.pending,
    )
