"""What becomes of a call to LINE: every answer and every fault has its own outcome."""

import socket
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import unused_port

from bot.channel import (
    Accepted,
    Doubt,
    Fetched,
    Gone,
    NotThere,
    NotYet,
    QuotaSpent,
    Refused,
    ReplyTokenDead,
    Request,
    Road,
    TooLarge,
    TryAgain,
    Unreachable,
)
from bot.channels.line.client import BotInfo, LineChannel, LineError, Quota, WebhookEndpoint, WebhookTest
from eservice.messaging.content import say
from tests.bot.line.fake_line import FakeLine

USER = "U" + "1" * 32
KEY = "123e4567-e89b-12d3-a456-426614174000"
REPLY = Road(address=USER, reply_token="token-1")
PUSH = Road(address=USER, retry_key=KEY)
REQUEST = Request(method="messages", body={"messages": [{"type": "text", "text": "ค่ะ"}]})
MONTHLY = {"message": "You have reached your monthly limit."}
RATE = {"message": "The API rate limit has been exceeded. Try again later."}


def answer_both(line: FakeLine, status: int, body: Any) -> None:
    line.answers = {"POST /v2/bot/message/reply": (status, body), "POST /v2/bot/message/push": (status, body)}


async def test_a_reply_travels_on_its_token_without_a_retry_key(line: FakeLine, channel: LineChannel):
    outcome = await channel.perform(REQUEST, Road(address=USER, reply_token="token-1", retry_key=KEY))
    assert outcome == Accepted(platform_ref="request-1")
    [call] = line.calls
    assert (call.method, call.path) == ("POST", "/v2/bot/message/reply")
    assert call.body == {"replyToken": "token-1", "messages": [{"type": "text", "text": "ค่ะ"}]}
    assert call.headers["Authorization"] == "Bearer access-token"
    assert "X-Line-Retry-Key" not in call.headers


async def test_a_push_carries_the_deliverys_retry_key(line: FakeLine, channel: LineChannel):
    assert await channel.perform(REQUEST, PUSH) == Accepted(platform_ref="request-1")
    [call] = line.calls
    assert (call.path, call.headers["X-Line-Retry-Key"]) == ("/v2/bot/message/push", KEY)
    assert call.body == {"to": USER, "messages": [{"type": "text", "text": "ค่ะ"}]}


@pytest.mark.parametrize("fault", ["slow", "reset"])
@pytest.mark.parametrize("road", [REPLY, PUSH])
async def test_a_lost_answer_leaves_doubt(line: FakeLine, channel: LineChannel, fault: str, road: Road):
    line.fault = fault
    outcome = await channel.perform(REQUEST, road)
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is Doubt.MAYBE_SENT
    assert not outcome.whole_channel
    assert len(line.calls) == 1


async def test_no_connection_leaves_no_doubt():
    channel = LineChannel("t", f"http://127.0.0.1:{unused_port()}", "http://127.0.0.1:9", timeout_seconds=0.5)
    outcome = await channel.perform(REQUEST, PUSH)
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is Doubt.NOT_SENT
    await channel.close()


async def test_a_server_that_never_accepts_was_not_reached():
    # A full backlog: the kernel answers no further connection attempts.
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        held = [socket.socket() for _ in range(4)]
        for client in held:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        channel = LineChannel("t", f"http://127.0.0.1:{port}", "", timeout_seconds=0.5)
        outcome = await channel.perform(REQUEST, PUSH)
        await channel.close()
        for client in held:
            client.close()
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is Doubt.NOT_SENT


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(
    "body", [{"message": "Internal server error"}, b"<html>502 Bad Gateway</html>", b"\xff"]
)
async def test_a_server_error_leaves_doubt(line: FakeLine, channel: LineChannel, status: int, body: Any):
    answer_both(line, status, body)
    for road in (REPLY, PUSH):
        outcome = await channel.perform(REQUEST, road)
        assert isinstance(outcome, TryAgain)
        assert outcome.doubt is Doubt.MAYBE_SENT


async def test_a_dead_reply_token_is_told_apart(line: FakeLine, channel: LineChannel):
    answer_both(line, 400, {"message": "Invalid reply token"})
    assert await channel.perform(REQUEST, REPLY) == ReplyTokenDead()


async def test_a_conflict_means_that_an_earlier_attempt_was_accepted(line: FakeLine, channel: LineChannel):
    line.headers["x-line-accepted-request-id"] = "request-0"
    answer_both(line, 409, {"message": "The retry key is already accepted", "sentMessages": [{"id": "1"}]})
    outcome = await channel.perform(REQUEST, PUSH)
    assert outcome == Accepted(platform_ref="request-0", note="accepted at an earlier attempt")


async def test_the_two_meanings_of_too_many(line: FakeLine, channel: LineChannel):
    answer_both(line, 429, MONTHLY)
    assert await channel.perform(REQUEST, PUSH) == QuotaSpent()
    answer_both(line, 429, RATE)
    outcome = await channel.perform(REQUEST, PUSH)
    assert isinstance(outcome, TryAgain)
    assert (outcome.doubt, outcome.whole_channel) == (Doubt.NOT_SENT, True)


@pytest.mark.parametrize(
    "message",
    ["Failed to send messages", "The property, 'to', in the request body is invalid (line: -, column: -)"],
)
async def test_an_unknown_address_is_unreachable(line: FakeLine, channel: LineChannel, message: str):
    answer_both(line, 400, {"message": message})
    assert await channel.perform(REQUEST, PUSH) == Unreachable(why=Gone.UNKNOWN)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_pauses_the_channel(line: FakeLine, channel: LineChannel, status: int):
    answer_both(line, status, {"message": "Authentication failed"})
    outcome = await channel.perform(REQUEST, REPLY)
    assert isinstance(outcome, TryAgain)
    assert (outcome.doubt, outcome.whole_channel, outcome.after_seconds) == (Doubt.NOT_SENT, True, 300)
    assert "token" in outcome.reason


@pytest.mark.parametrize("status", [400, 404, 413, 415])
async def test_our_own_fault_is_named_and_not_retried(line: FakeLine, channel: LineChannel, status: int):
    details = [{"message": "May not be empty", "property": "messages[0].text"}]
    answer_both(line, status, {"message": "The request body has 1 error(s)", "details": details})
    assert await channel.perform(REQUEST, REPLY) == Refused(
        reason=f"LINE answered {status}: The request body has 1 error(s); messages[0].text: May not be empty"
    )


async def test_the_port_renders(channel: LineChannel):
    assert channel.render(say("ค่ะ")) == [REQUEST]


async def test_a_closed_channel_opens_again(line: FakeLine, channel: LineChannel):
    await channel.open()
    await channel.close()
    await channel.close()
    assert isinstance(await channel.perform(REQUEST, REPLY), Accepted)


@pytest.mark.parametrize(
    ("limit", "quota"),
    [
        ({"type": "limited", "value": 300}, Quota(limit=300, used=12)),
        ({"type": "none"}, Quota(limit=None, used=12)),
    ],
)
async def test_the_allowance(line: FakeLine, channel: LineChannel, limit: dict[str, Any], quota: Quota):
    line.answers = {
        "GET /v2/bot/message/quota": (200, limit),
        "GET /v2/bot/message/quota/consumption": (200, {"totalUsage": 12}),
    }
    line.headers["Date"] = "Fri, 20 Nov 2026 05:00:00 GMT"
    assert await channel.quota() == replace(quota, date="Fri, 20 Nov 2026 05:00:00 GMT")


async def test_a_failed_inspection_raises_with_its_status(line: FakeLine, channel: LineChannel):
    line.answers = {"GET /v2/bot/info": (401, {"message": "Authentication failed"})}
    with pytest.raises(LineError, match="401: Authentication failed") as failure:
        await channel.bot_info()
    assert failure.value.status == 401
    line.fault = "reset"
    with pytest.raises(LineError) as failure:
        await channel.quota()
    assert failure.value.status is None


@pytest.mark.parametrize(("seconds", "sent"), [(1, 5), (20, 20), (42, 40), (300, 60)])
async def test_the_loading_animation_lasts_a_multiple_of_five(
    line: FakeLine, channel: LineChannel, seconds: int, sent: int
):
    await channel.show_loading(USER, seconds)
    [call] = line.calls
    assert (call.path, call.body) == ("/v2/bot/chat/loading/start", {"chatId": USER, "loadingSeconds": sent})


async def test_a_profile_is_never_required(line: FakeLine, channel: LineChannel):
    line.answers = {f"GET /v2/bot/profile/{USER}": (200, {"displayName": "สมชาย"})}
    assert await channel.profile_name(USER) == "สมชาย"
    line.answers = {f"GET /v2/bot/profile/{USER}": (404, {"message": "Not found"})}
    assert await channel.profile_name(USER) is None
    line.fault = "reset"
    assert await channel.profile_name(USER) is None


async def test_the_account_and_its_webhook(line: FakeLine, channel: LineChannel):
    endpoint = "/v2/bot/channel/webhook/endpoint"
    line.answers = {
        "GET /v2/bot/info": (200, {"userId": "U0", "basicId": "@abt", "displayName": "อบต.ตัวอย่าง"}),
        f"GET {endpoint}": (404, {"message": "Webhook endpoint not found"}),
        "POST /v2/bot/channel/webhook/test": (200, {"success": False, "reason": "COULD_NOT_CONNECT"}),
    }
    assert await channel.bot_info() == BotInfo(user_id="U0", basic_id="@abt", display_name="อบต.ตัวอย่าง")
    assert await channel.webhook_endpoint() is None
    line.answers[f"GET {endpoint}"] = (200, {"endpoint": "https://a.go.th/webhooks/line", "active": True})
    assert await channel.webhook_endpoint() == WebhookEndpoint(
        url="https://a.go.th/webhooks/line", active=True
    )
    await channel.set_webhook_endpoint("https://b.go.th/webhooks/line")
    assert line.calls[-1].body == {"endpoint": "https://b.go.th/webhooks/line"}
    assert await channel.test_webhook_endpoint() == WebhookTest(
        success=False, reason="COULD_NOT_CONNECT", status=0
    )


CONTENT = "GET /v2/bot/message/325708/content"


async def test_a_photo_is_read_from_the_data_host_with_the_token(
    line: FakeLine, channel: LineChannel
) -> None:
    line.answers[CONTENT] = (200, b"photo")
    assert await channel.fetch_media("325708", 5) == Fetched(content=b"photo")
    (call,) = line.calls
    assert call.headers["Authorization"] == "Bearer access-token"


async def test_more_than_the_limit_is_not_read(line: FakeLine, channel: LineChannel) -> None:
    line.answers[CONTENT] = (200, bytes(300_000))
    assert await channel.fetch_media("325708", 299_999) == TooLarge()
    assert await channel.fetch_media("325708", 300_000) == Fetched(content=bytes(300_000))


@pytest.mark.parametrize(
    ("status", "kind", "after_seconds"),
    [
        (202, NotYet, 3.0),
        (401, NotYet, 300.0),
        (429, NotYet, None),
        (500, NotYet, None),
        (302, NotThere, None),
        (404, NotThere, None),
        (410, NotThere, None),
    ],
)
async def test_what_an_answer_without_the_photo_means(
    line: FakeLine, channel: LineChannel, status: int, kind: type, after_seconds: float | None
) -> None:
    line.headers["Location"] = f"{line.url}/elsewhere"
    line.answers[CONTENT] = (status, {"message": "no"})
    outcome = await channel.fetch_media("325708", 10)
    assert isinstance(outcome, kind) and getattr(outcome, "after_seconds", None) == after_seconds
    assert line.asked == [CONTENT]  # never where a redirection leads: the token goes along


async def test_a_photo_that_breaks_off_is_asked_for_again(line: FakeLine, channel: LineChannel) -> None:
    line.fault = "reset"
    assert isinstance(await channel.fetch_media("325708", 10), NotYet)


async def test_a_reference_cannot_lead_to_another_place(line: FakeLine, channel: LineChannel) -> None:
    await channel.fetch_media("../../profile/U1?x=#", 10)
    assert line.calls[0].path == "/v2/bot/message/../../profile/U1?x=#/content"  # as one escaped part
