"""Calls LINE's Messaging API through the official SDK, and says precisely what came of each call.

The SDK's typed models cost 4.2 ms of CPU for an answer card, most of the budget of a whole event; its
`call_api` with a plain body 0.45 ms, and 0.16 ms once the session stops reading proxies and netrc from the
environment at every request. So bodies are plain (the renderer proves their limits), and the proxy is read
from the environment once.
"""

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp

from bot.channel import (
    Accepted,
    Doubt,
    FetchOutcome,
    Gone,
    Outcome,
    QuotaSpent,
    Refused,
    ReplyTokenDead,
    Request,
    Road,
    TryAgain,
    Unreachable,
)
from bot.channels.line.content import TOKEN_REFUSED_PAUSE_SECONDS, fetch_content
from bot.channels.line.render import render
from eservice.messaging.content import Bundle
from eservice.messaging.models import ChannelName

if TYPE_CHECKING:
    from linebot.v3.messaging import AsyncApiClient

Json: TypeAlias = dict[str, Any]

_TIMEOUT_SECONDS = 5.0
_UPLOAD_TIMEOUT_SECONDS = 30.0
_MAX_CONNECTIONS = 20
# The request never left this machine. Everything else that breaks may have been carried out.
_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """LINE's answer to a call. `body` is empty when it was not a JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Json

    @property
    def ok(self) -> bool:
        """Whether LINE did what was asked."""
        return 200 <= self.status <= 299

    @property
    def message(self) -> str:
        """LINE's own word for what is wrong, with the properties it names; never a text of ours."""
        details = self.body.get("details")
        named = [
            f"{detail.get('property')}: {detail.get('message')}"
            for detail in (details if isinstance(details, list) else [])
            if isinstance(detail, dict)
        ]
        return "; ".join([str(self.body.get("message", "")), *named])[:400]


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """The call broke before LINE's answer was here."""

    reason: str
    doubt: Doubt


class LineError(Exception):
    """A call of set-up or inspection failed; `status` is None when LINE did not answer."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Counted messages of this month: `limit` is None on a plan without one. LINE's `used` is approximate.

    `date` is when LINE said so by its own clock, as the header is written.
    """

    limit: int | None
    used: int
    date: str = ""


@dataclass(frozen=True, kw_only=True)
class BotInfo:
    """The account that the token belongs to."""

    user_id: str
    basic_id: str
    display_name: str
    chat_mode: str = ""  # "bot", or "chat" while people of the account answer by hand; "" when LINE is silent


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    """Where LINE sends events; `active` is the console's switch "Use webhook".

    A server that only says that it heard the question, as simulators do, gives `is_told` False.
    """

    url: str
    active: bool
    is_told: bool = True


@dataclass(frozen=True, kw_only=True)
class WebhookTest:
    """What LINE met when it called our webhook."""

    success: bool
    reason: str
    status: int


class LineChannel:
    """LINE behind the port of `bot.channel`. One per process; made anywhere, used in one event loop."""

    name = ChannelName.LINE

    def __init__(
        self,
        access_token: str,
        api_base: str,
        data_api_base: str,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._access_token = access_token
        self._api_base = api_base
        self._data_api_base = data_api_base
        # Connecting has the smaller share: a time-out there is known to be harmless.
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_seconds, connect=0.8 * timeout_seconds, sock_connect=0.6 * timeout_seconds
        )
        self._client: AsyncApiClient | None = None
        self._opening = asyncio.Lock()

    def render(self, bundle: Bundle) -> list[Request]:
        """The one request that says `bundle`."""
        return render(bundle)

    async def perform(self, request: Request, road: Road) -> Outcome:
        """Replies on the road's token, or pushes under its retry key. Never raises, never retries."""
        if road.reply_token:
            answer = await self.call(
                "POST", "/v2/bot/message/reply", {**request.body, "replyToken": road.reply_token}
            )
            return _outcome(answer, on_reply=True)
        headers = {"X-Line-Retry-Key": road.retry_key} if road.retry_key else None
        answer = await self.call(
            "POST", "/v2/bot/message/push", {**request.body, "to": road.address}, headers=headers
        )
        return _outcome(answer, on_reply=False)

    async def open(self) -> None:
        """Loads the SDK (a second of imports, in a thread) and makes its client; the first call does it too."""
        async with self._opening:
            if self._client is None:
                await asyncio.to_thread(_import_sdk)
                self._client = _new_client(self._access_token, self._api_base)

    async def close(self) -> None:
        """Closes the connections. The channel can be used again afterwards."""
        async with self._opening:
            if self._client is not None:
                await self._client.close()
                self._client = None

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Answer | NoAnswer:
        """One call to the API host with a JSON body; every fault comes back as a value."""
        return await self._call(self._api_base, method, path, body, headers, self._timeout)

    async def upload(self, path: str, content: bytes, media_type: str) -> Answer | NoAnswer:
        """One POST of raw content to the data host."""
        headers = {"Content-Type": media_type}
        timeout = aiohttp.ClientTimeout(total=_UPLOAD_TIMEOUT_SECONDS)
        return await self._call(self._data_api_base, "POST", path, content, headers, timeout)

    async def fetch_media(self, media_ref: str, most_bytes: int) -> FetchOutcome:
        """The content of a message, read no further than `most_bytes`. Never raises, never retries."""
        await self.open()
        assert self._client is not None
        session: aiohttp.ClientSession = self._client.rest_client.pool_manager
        host = self._data_api_base
        return await fetch_content(
            session, host, self._access_token, media_ref, most_bytes, proxy=_proxy_for(host)
        )

    async def _call(
        self,
        host: str,
        method: str,
        path: str,
        body: Json | bytes | None,
        headers: dict[str, str] | None,
        timeout: aiohttp.ClientTimeout,
    ) -> Answer | NoAnswer:
        if self._client is None:
            await self.open()
        assert self._client is not None
        from linebot.v3.messaging import ApiException

        try:
            call: Any = self._client.call_api(
                path,
                method,
                header_params=headers,
                body=body,
                response_types_map={},
                _request_timeout=timeout,
                _host=host,
            )
            response = await call
        except ApiException as error:
            return Answer(
                status=error.status or 0, headers=error.headers or {}, body=_json_object(error.body)
            )
        except _NEVER_LEFT as error:
            return NoAnswer(reason=f"could not connect to LINE: {type(error).__name__}", doubt=Doubt.NOT_SENT)
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError, LookupError) as error:
            # The last two: an answer that is not text, e.g. from a proxy on the way.
            return NoAnswer(reason=f"no answer from LINE: {type(error).__name__}", doubt=Doubt.MAYBE_SENT)
        return Answer(
            status=response.status_code, headers=response.headers, body=_json_object(response.raw_data)
        )

    async def quota(self) -> Quota:
        """This month's allowance and use. Raises LineError."""
        limit = await self._ask("/v2/bot/message/quota")
        answer = require(await self.call("GET", "/v2/bot/message/quota/consumption"))
        value = limit.get("value") if limit.get("type") == "limited" else None
        most, used = value if isinstance(value, int) else None, _integer(answer.body.get("totalUsage"))
        return Quota(limit=most, used=used, date=answer.headers.get("Date", ""))

    async def show_loading(self, user_id: str, seconds: int) -> None:
        """Shows the loading animation in a private chat for 5 to 60 s, or until we write. Its failure is nobody's loss."""
        whole = min(max(5 * round(seconds / 5), 5), 60)
        await self.call("POST", "/v2/bot/chat/loading/start", {"chatId": user_id, "loadingSeconds": whole})

    async def profile_name(self, user_id: str) -> str | None:
        """The name a person shows on LINE; None if LINE does not tell (blocked, no friend, no consent, no answer)."""
        answer = await self.call("GET", f"/v2/bot/profile/{user_id}")
        name = answer.body.get("displayName") if isinstance(answer, Answer) and answer.ok else None
        return name if isinstance(name, str) else None

    async def bot_info(self) -> BotInfo:
        """The account behind the token. Raises LineError, with status 401 if the token is wrong."""
        info = await self._ask("/v2/bot/info")
        return BotInfo(
            user_id=str(info.get("userId", "")),
            basic_id=str(info.get("basicId", "")),
            display_name=str(info.get("displayName", "")),
            chat_mode=str(info.get("chatMode", "")),
        )

    async def webhook_endpoint(self) -> WebhookEndpoint | None:
        """Where LINE sends events, or None if no address was ever set. Raises LineError."""
        answer = require(await self.call("GET", "/v2/bot/channel/webhook/endpoint"), allowed=(404,))
        if not answer.ok:
            return None
        return WebhookEndpoint(
            url=str(answer.body.get("endpoint", "")),
            active=answer.body.get("active") is True,
            is_told="endpoint" in answer.body,
        )

    async def set_webhook_endpoint(self, url: str) -> None:
        """Tells LINE where to send events (https, at most 500 characters). Raises LineError."""
        require(await self.call("PUT", "/v2/bot/channel/webhook/endpoint", {"endpoint": url}))

    async def test_webhook_endpoint(self) -> WebhookTest:
        """Has LINE call our webhook now. Raises LineError if LINE would not try."""
        answer = require(await self.call("POST", "/v2/bot/channel/webhook/test", {}))
        return WebhookTest(
            success=answer.body.get("success") is True,
            reason=str(answer.body.get("reason", "")),
            status=_integer(answer.body.get("statusCode")),
        )

    async def _ask(self, path: str) -> Json:
        return require(await self.call("GET", path)).body


def require(answer: Answer | NoAnswer, *, allowed: tuple[int, ...] = ()) -> Answer:
    """The answer, if LINE did what was asked or its status is `allowed`. Raises LineError otherwise."""
    if isinstance(answer, NoAnswer):
        raise LineError(answer.reason)
    if not answer.ok and answer.status not in allowed:
        raise LineError(f"LINE answered {answer.status}: {answer.message}", answer.status)
    return answer


def _outcome(answer: Answer | NoAnswer, *, on_reply: bool) -> Outcome:
    """What a reply's or push's answer means for the delivery."""
    if isinstance(answer, NoAnswer):
        return TryAgain(reason=answer.reason, doubt=answer.doubt)
    reason = f"LINE answered {answer.status}: {answer.message}"
    match answer.status:
        case status if answer.ok:
            return Accepted(platform_ref=answer.headers.get("x-line-request-id", "")[:128])
        case 409:  # the same retry key was accepted before
            reference = answer.headers.get("x-line-accepted-request-id", "")
            return Accepted(platform_ref=reference[:128], note="accepted at an earlier attempt")
        case 429 if "monthly limit" in answer.message.lower():
            return QuotaSpent()
        case 429:
            return TryAgain(reason=reason, doubt=Doubt.NOT_SENT, whole_channel=True)
        case 401 | 403:
            return TryAgain(
                reason=f"LINE refuses the channel access token ({answer.status}): {answer.message}",
                doubt=Doubt.NOT_SENT,
                after_seconds=TOKEN_REFUSED_PAUSE_SECONDS,
                whole_channel=True,
            )
        case 400 if on_reply and "invalid reply token" in answer.message.lower():
            return ReplyTokenDead()
        case 400 if not on_reply and _is_about_the_address(answer.message):
            return Unreachable(why=Gone.UNKNOWN)
        case status if status >= 500 or status == 408:
            return TryAgain(reason=reason, doubt=Doubt.MAYBE_SENT)
        case _:
            return Refused(reason=reason)


def _is_about_the_address(message: str) -> bool:
    return message.startswith(("Failed to send messages", "The property, 'to'", "The property, to,"))


def _new_client(access_token: str, api_base: str) -> "AsyncApiClient":
    """The SDK's client, on a session that does not consult the environment at every request."""
    from linebot.v3.messaging import AsyncApiClient, Configuration

    configuration: Any = Configuration(access_token=access_token)  # no host: each call names its own
    configuration.connection_pool_maxsize = _MAX_CONNECTIONS
    configuration.proxy = _proxy_for(api_base)
    client = AsyncApiClient(configuration)
    slow = client.rest_client.pool_manager
    client.rest_client.pool_manager = aiohttp.ClientSession(connector=slow.connector, trust_env=False)
    slow.detach()
    return client


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for `url`, as `HTTPS_PROXY` and `NO_PROXY` say."""
    parts = urlsplit(url)
    if not parts.hostname or urllib.request.proxy_bypass(parts.hostname):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _import_sdk() -> None:
    import linebot.v3.messaging  # noqa: F401  # heavy: hundreds of models


def _json_object(raw: str | bytes | None) -> Json:
    try:
        value = json.loads(raw or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _integer(value: Any) -> int:
    return value if isinstance(value, int) else 0
