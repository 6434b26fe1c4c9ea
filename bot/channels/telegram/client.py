"""Calls Telegram's Bot API, and says what came of each call.

python-telegram-bot's `Bot` makes the calls; its update queue and dialogs are not used. Nothing here waits
for Telegram before it can work: sending needs no getMe, and our name is learned in the background.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channel import (
    Accepted,
    Doubt,
    Fetched,
    FetchOutcome,
    Gone,
    NotThere,
    NotYet,
    Outcome,
    Refused,
    Request,
    Road,
    TooLarge,
    TryAgain,
    Unreachable,
)
from bot.channels.telegram.render import render, to_plain
from eservice.messaging.content import Bundle
from eservice.messaging.models import ChannelName

BAD_TOKEN_PAUSE_SECONDS = 600.0  # nothing but a person can mend a refused token
_ERRANDS_TIMEOUT_SECONDS = 5.0  # for what is not worth waiting for
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_DOWNLOAD_TIMEOUT_SECONDS = 30.0
_MAX_CONNECTIONS = 32

# Faults before a byte of the call left this machine; after any other one it may have been carried out.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    RuntimeError,  # the client is closed: we are stopping
)
# The words of the server's refusals that mean something to us, in lower case.
_DEACTIVATED = ("user is deactivated", "group chat was deactivated", "group chat was deleted")
_NEVER_STARTED = ("chat not found", "user not found", "chat_id is empty", "peer_id_invalid", "can't initiate")
_SILENCED = ("not enough rights", "have no rights", "need administrator rights", "chat_write_forbidden")
_BAD_PICTURE = (
    "http url",  # "wrong file identifier/HTTP URL specified", "failed to get HTTP URL content"
    "type of the web page content",
    "wrong remote file",
    "photo_invalid",
    "image_process_failed",
    "webpage_",
)

_log = structlog.get_logger(__name__)


class TelegramCallError(Exception):
    """Telegram refused a call of set-up or inspection, or could not be reached. The text holds no token."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who we are: the id is part of the token, the @username comes from getMe."""

    id: int | None
    username: str | None


@dataclass(frozen=True, kw_only=True)
class WebhookInfo:
    """What Telegram says of our webhook; `url` is empty when none is set."""

    url: str
    pending: int
    last_error: str
    last_error_at: datetime | None


class _HideTokens(logging.Filter):
    """Takes tokens out of what libraries log: httpx logs every URL, and Telegram's URLs hold the token."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if any(token in message for token in self.tokens):
            for token in self.tokens:
                message = message.replace(token, "…")
            record.msg, record.args = message, ()
        return True


_hidden = _HideTokens()
for _name in ("httpx", "telegram.Bot"):
    logging.getLogger(_name).addFilter(_hidden)


class _TooManyRequests(TelegramError):
    """Telegram asks for silence, for `after_seconds` if it says how long."""

    def __init__(self, after_seconds: float | None) -> None:
        super().__init__("too many requests")
        self.after_seconds = after_seconds


class _Http(HTTPXRequest):
    """Stops what did not come from Telegram (a proxy's page) before it is logged or quoted, and every 429."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        status, payload = await super().do_request(*args, **kwargs)
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if status == 429:
            parameters = answer.get("parameters") if isinstance(answer, dict) else None
            after = parameters.get("retry_after") if isinstance(parameters, dict) else None
            raise _TooManyRequests(float(after) if isinstance(after, int | float) else None)
        if status >= 500 or not isinstance(answer, dict):
            raise NetworkError(f"HTTP {status} instead of an answer")
        return status, payload


class _Bot(Bot):
    """Makes any call with a ready JSON body and hands back the raw result."""

    async def call(self, method: str, body: Mapping[str, Any], timeout_seconds: float | None) -> Any:
        # The typed methods would build objects from the answer, and may fail after the message was sent.
        if timeout_seconds is None:
            return await self._post(method, dict(body))
        return await self._post(method, dict(body), read_timeout=timeout_seconds)


class TelegramChannel:
    """Telegram behind the port of `bot.channel`. Create it once per process; `close()` it at the end.

    `api_base` is python-telegram-bot's base_url, e.g. "https://api.telegram.org/bot".
    """

    name = ChannelName.TELEGRAM

    def __init__(self, token: str, api_base: str, *, read_timeout_seconds: float = 10.0) -> None:
        self._token = token
        _hidden.tokens.add(token)
        http = _Http(connection_pool_size=_MAX_CONNECTIONS, read_timeout=read_timeout_seconds)
        self._bot = _Bot(
            token,
            base_url=api_base,
            base_file_url=file_base(api_base),
            request=http,
            get_updates_request=http,
        )
        self._http = http
        self._file_base = file_base(api_base)
        self._files: httpx.AsyncClient | None = None
        number = token.partition(":")[0]
        self._identity = Identity(id=int(number) if number.isdecimal() else None, username=None)
        self._learning: asyncio.Task[None] | None = None

    def render(self, bundle: Bundle) -> list[Request]:
        """One request per message of the bundle."""
        return render(bundle)

    async def perform(self, request: Request, road: Road) -> Outcome:
        """Makes one call. Markup or a picture that Telegram refuses is said once more as plain text."""
        body = {**request.body, "chat_id": road.address}
        is_group = road.address.startswith("-")
        if is_group and "keyboard" in body.get("reply_markup", {}):
            del body["reply_markup"]  # only private chats may be asked for a location by a button
        try:
            return _accepted(await self._bot.call(request.method, body, None))
        except TelegramError as error:
            simpler = _simpler(request.method, body, error)
            if simpler is None:
                return self._outcome(error)
        try:
            result = await self._bot.call(simpler.method, simpler.body, None)
        except TelegramError as error:
            return self._outcome(error)
        return Accepted(platform_ref=_accepted(result).platform_ref, note="sent as plain text")

    async def fetch_media(self, media_ref: str, most_bytes: int) -> FetchOutcome:
        """A file that somebody sent, read no further than `most_bytes`. Never raises, never retries."""
        try:
            known = await self._bot.call("getFile", {"file_id": media_ref}, None)
        except TelegramError as error:
            return self._not_fetched(error)
        path = known.get("file_path") if isinstance(known, dict) else None
        if not isinstance(path, str):
            return NotYet(reason="getFile was answered without a path")
        size = known.get("file_size")
        if isinstance(size, int) and size > most_bytes:
            return TooLarge()
        return await self._download(f"{self._file_base}{self._token}/{quote(path)}", most_bytes)

    async def _download(self, url: str, most_bytes: int) -> FetchOutcome:
        """The file at `url`, which holds the token and is never shown."""
        if self._files is None:
            self._files = httpx.AsyncClient(timeout=_DOWNLOAD_TIMEOUT_SECONDS, follow_redirects=False)
        try:
            async with self._files.stream("GET", url) as response:
                if response.status_code != 200:
                    # The address that getFile gave may have run out: it gives another.
                    return NotYet(reason=f"HTTP {response.status_code} instead of a file")
                content = bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > most_bytes:
                        return TooLarge()
                return Fetched(content=bytes(content))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return NotYet(reason=f"no file from Telegram: {type(error).__name__}")

    def _not_fetched(self, error: TelegramError) -> FetchOutcome:
        """What a failed getFile means for fetching the file later."""
        reason = self._words(error)
        match error:
            case _TooManyRequests(after_seconds=after):
                return NotYet(reason=reason, after_seconds=after)
            case InvalidToken():
                return NotYet(reason=reason, after_seconds=BAD_TOKEN_PAUSE_SECONDS)
            case BadRequest() if "too big" in str(error).lower():
                return TooLarge()
            case BadRequest() | Forbidden():
                return NotThere(reason=reason)
            case _:
                return NotYet(reason=reason)

    async def answer_callback(self, callback_id: str) -> None:
        """Stops the spinner of a tapped button, if it can still be stopped."""
        await self._errand("answerCallbackQuery", {"callback_query_id": callback_id})

    async def send_chat_action(self, address: str, action: str = "typing") -> None:
        """Shows that an answer is coming, if Telegram can be reached at once."""
        await self._errand("sendChatAction", {"chat_id": address, "action": action})

    def identity(self) -> Identity:
        """Who we are, as far as it is known; `start()` finds out the rest."""
        return self._identity

    def start(self) -> None:
        """Begins to learn our username in the background of the running loop, for as long as it takes."""
        self._learning = asyncio.create_task(self._learn_identity())

    async def close(self) -> None:
        """Ends the background task and the connections."""
        if self._learning is not None:
            self._learning.cancel()
            with suppress(asyncio.CancelledError):
                await self._learning
        await self._http.shutdown()
        if self._files is not None:
            await self._files.aclose()
            self._files = None

    async def call(self, method: str, **body: Any) -> Any:
        """One call of set-up or inspection; returns its result. Raises TelegramCallError."""
        try:
            return await self._bot.call(method, body, None)
        except TelegramError as error:
            # Without its cause: that one knows the URL, and the URL holds the token.
            raise TelegramCallError(self._words(error)) from None

    async def get_me(self) -> Identity:
        """Who Telegram says we are. Raises TelegramCallError."""
        me = await self.call("getMe")
        if not isinstance(me, dict):
            raise TelegramCallError("getMe was answered without an object")
        self._identity = Identity(id=me.get("id"), username=me.get("username"))
        return self._identity

    async def webhook_info(self) -> WebhookInfo | None:
        """Where Telegram sends our updates, and how that goes. Raises TelegramCallError.

        None from a server that only says that it heard the question, as simulators do.
        """
        info = await self.call("getWebhookInfo")
        if not isinstance(info, dict):
            return None
        failed_at = info.get("last_error_date")
        return WebhookInfo(
            url=info.get("url", ""),
            pending=info.get("pending_update_count", 0),
            last_error=info.get("last_error_message", ""),
            last_error_at=None if failed_at is None else datetime.fromtimestamp(failed_at, UTC),
        )

    async def _learn_identity(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await self.get_me()
            except TelegramCallError as error:
                _log.warning("telegram.get_me_failed", reason=str(error), retry_in_seconds=pause)
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _errand(self, method: str, body: dict[str, Any]) -> None:
        try:
            await self._bot.call(method, body, _ERRANDS_TIMEOUT_SECONDS)
        except TelegramError as error:
            _log.info("telegram.errand_failed", method=method, reason=self._words(error))

    def _words(self, error: TelegramError) -> str:
        return f"{type(error).__name__.lstrip('_')}: {error}".replace(self._token, "…")[:300]

    def _outcome(self, error: TelegramError) -> Outcome:
        """What a failed call means for the message and for the person it was for."""
        reason = self._words(error)
        words = str(error).lower()
        match error:
            case _TooManyRequests(after_seconds=after):
                return TryAgain(reason=reason, doubt=Doubt.NOT_SENT, after_seconds=after, whole_channel=True)
            case ChatMigrated(new_chat_id=new_chat_id):
                return Unreachable(why=Gone.UNKNOWN, moved_to=str(new_chat_id))
            case InvalidToken():
                return TryAgain(
                    reason=reason,
                    doubt=Doubt.NOT_SENT,
                    after_seconds=BAD_TOKEN_PAUSE_SECONDS,
                    whole_channel=True,
                )
            case Forbidden() | BadRequest() if (gone := _gone(words, error)) is not None:
                return Unreachable(why=gone)
            case BadRequest() if "message is not modified" in words:
                return Accepted(note="message is not modified")
            case Forbidden() | BadRequest():
                return Refused(reason=reason)
            case _ if isinstance(error.__cause__, _BEFORE_SENDING):
                return TryAgain(reason=reason, doubt=Doubt.NOT_SENT)
            case _:
                return TryAgain(reason=reason, doubt=Doubt.MAYBE_SENT)


def file_base(api_base: str) -> str:
    """Where files are, by where calls go: ".../file/bot" beside ".../bot"."""
    host, _, rest = api_base.rpartition("/bot")
    return f"{host}/file/bot{rest}"


def _gone(words: str, error: TelegramError) -> Gone | None:
    """Why nobody hears us there, or None if the fault lies elsewhere."""
    if any(phrase in words for phrase in _DEACTIVATED):
        return Gone.DEACTIVATED
    if any(phrase in words for phrase in _NEVER_STARTED):
        return Gone.UNKNOWN
    if isinstance(error, Forbidden) or any(phrase in words for phrase in _SILENCED):
        return Gone.BLOCKED
    return None


def _simpler(method: str, body: dict[str, Any], error: TelegramError) -> Request | None:
    """The same message without what Telegram refused to read or fetch, or None if that was not the fault."""
    if not isinstance(error, BadRequest):
        return None
    words = str(error).lower()
    plain = {name: value for name, value in body.items() if name != "parse_mode"}
    if "can't parse entities" in words and "parse_mode" in body:
        for name in ("text", "caption"):
            if name in plain:
                plain[name] = to_plain(plain[name])
        return Request(method=method, body=plain)
    if method == "sendPhoto" and any(phrase in words for phrase in _BAD_PICTURE):
        text = f"{to_plain(plain.pop('caption'))}\n{plain.pop('photo')}"
        return Request(method="sendMessage", body={**plain, "text": text})
    return None


def _accepted(result: Any) -> Accepted:
    message_id = result.get("message_id") if isinstance(result, dict) else None
    return Accepted(platform_ref="" if message_id is None else str(message_id))
