"""Reads what people sent from LINE's data host, no further than asked for."""

from urllib.parse import quote

import aiohttp

from bot.channel import Fetched, FetchOutcome, NotThere, NotYet, TooLarge

TIMEOUT_SECONDS = 30.0
PREPARING_SECONDS = 3.0  # LINE says 202 while it makes the content ready
TOKEN_REFUSED_PAUSE_SECONDS = 300.0
_CHUNK_BYTES = 65_536


async def fetch_content(
    session: aiohttp.ClientSession,
    data_api_base: str,
    access_token: str,
    message_id: str,
    most_bytes: int,
    *,
    proxy: str | None,
) -> FetchOutcome:
    """The content of a message. Never raises, never retries."""
    request = session.get(
        f"{data_api_base}/v2/bot/message/{quote(message_id, safe='')}/content",
        headers={"Authorization": f"Bearer {access_token}"},
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        proxy=proxy,
        allow_redirects=False,  # the token goes to LINE and nowhere else
    )
    try:
        async with request as response:
            if response.status != 200:
                return _not_fetched(response.status)
            content = bytearray()
            async for part in response.content.iter_chunked(_CHUNK_BYTES):
                content += part
                if len(content) > most_bytes:
                    return TooLarge()
            return Fetched(content=bytes(content))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return NotYet(reason=f"no answer from LINE: {type(error).__name__}")


def _not_fetched(status: int) -> FetchOutcome:
    """What an answer without the content means for fetching it later."""
    reason = f"LINE answered {status} to a request for content"
    match status:
        case 202:
            return NotYet(reason="LINE still prepares the content", after_seconds=PREPARING_SECONDS)
        case 401 | 403:
            return NotYet(reason=reason, after_seconds=TOKEN_REFUSED_PAUSE_SECONDS)
        case 408 | 429:
            return NotYet(reason=reason)
        case _ if status >= 500:
            return NotYet(reason=reason)
        case _:  # 410 after an unsending, 404 once LINE has deleted it
            return NotThere(reason=reason)
