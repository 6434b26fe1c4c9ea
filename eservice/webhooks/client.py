"""The call itself: to the address that was checked, for a bounded time, following nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from eservice.webhooks import addresses
from eservice.webhooks.addresses import NotPublic

CALL_SECONDS = 15.0  # for all of a call; the lease is longer
LONGEST_ASKED_WAIT = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class WebhookOutcome:
    """What came of a call. `code` is None without an answer; `reason` is empty when it arrived."""

    code: int | None
    reason: str
    asked_wait: timedelta = timedelta()


async def post(
    url: str, body: str, headers: Mapping[str, str], *, is_local: bool, seconds: float = CALL_SECONDS
) -> WebhookOutcome:
    """Posts JSON. Whatever the network does is an outcome, never an exception."""
    try:
        async with asyncio.timeout(seconds):
            return await _post(httpx.URL(url), body, headers, is_local)
    except NotPublic:
        return _unsent("the address is not on the public internet")
    except TimeoutError:
        return _unsent(f"no answer within {seconds:.0f} seconds")
    except (OSError, UnicodeError) as error:
        return _unsent(f"the name was not found ({type(error).__name__})")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return _unsent(f"no connection ({type(error).__name__})")


async def _post(url: httpx.URL, body: str, headers: Mapping[str, str], is_local: bool) -> WebhookOutcome:
    port = url.port or (443 if url.scheme == "https" else 80)
    ip = await asyncio.to_thread(addresses.resolve, url.host, port, is_local=is_local)
    own = {
        "host": url.netloc.decode("ascii"),
        "content-type": "application/json",
        "user-agent": "phueanban-webhooks/1",
    }
    # The environment's proxies and .netrc are left aside: the address that was checked is the one called.
    async with (
        httpx.AsyncClient(timeout=CALL_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST",
            url.copy_with(host=ip),
            content=body.encode(),
            headers={**own, **headers},
            extensions={"sni_hostname": url.host},
        ) as answer,
    ):
        return _read(answer)


def _read(answer: httpx.Response) -> WebhookOutcome:
    """Of the answer only its status counts; its body is not read."""
    if answer.is_success:
        return WebhookOutcome(code=answer.status_code, reason="")
    if answer.is_redirect:
        return WebhookOutcome(code=answer.status_code, reason="redirects are not followed")
    asked = answer.headers.get("retry-after", "")
    seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
    return WebhookOutcome(
        code=answer.status_code,
        reason=f"answered {answer.status_code}",
        asked_wait=min(timedelta(seconds=seconds), LONGEST_ASKED_WAIT),
    )


def _unsent(reason: str) -> WebhookOutcome:
    return WebhookOutcome(code=None, reason=reason)
