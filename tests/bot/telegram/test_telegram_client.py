"""What comes of a call to Telegram, against a server on this machine that answers as the real one does."""

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from aiohttp import web
from telegram.error import NetworkError, TimedOut

from bot.channel import Accepted, Doubt, Gone, Outcome, Refused, Request, Road, TryAgain, Unreachable
from bot.channels.telegram.client import TelegramCallError, TelegramChannel, WebhookInfo, file_base
from bot.channels.telegram.setup import set_up
from bot.menu import MENU

TOKEN = "100001:AAFsecretsecretsecretsecretsecret"
HELLO = Request(method="sendMessage", body={"text": "<b>สวัสดี</b> &amp; ยินดี", "parse_mode": "HTML"})
MAP = Request(
    method="sendPhoto",
    body={"photo": "https://www.example.go.th/map.png", "caption": "แผนที่", "parse_mode": "HTML"},
)
SOMCHAI = Road(address="42")
SENT = {"ok": True, "result": {"message_id": 555}}


def refusal(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    return {
        "ok": False,
        "error_code": code,
        "description": description,
        **({"parameters": parameters} if parameters else {}),
    }


@dataclass
class Telegram:
    """A Bot API server: gives the planned answers in turn, then accepts; keeps what it was asked."""

    plan: list[dict[str, Any] | str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    base: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.calls.append((request.path, dict(await request.post())))  # type: ignore[arg-type]
        answer = self.plan.pop(0) if self.plan else SENT
        if answer == "hang":
            await asyncio.sleep(1)
        if answer in ("hang", "reset"):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, str):
            return web.Response(status=502, text=answer, content_type="text/html")
        return web.json_response(answer, status=answer.get("error_code", 200))


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    server = Telegram()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    yield server
    await runner.cleanup()


@pytest.fixture
async def channel(telegram: Telegram) -> AsyncIterator[TelegramChannel]:
    channel = TelegramChannel(TOKEN, telegram.base, read_timeout_seconds=0.3)
    yield channel
    await channel.close()


async def outcome_of(telegram: Telegram, channel: TelegramChannel, *plan: dict[str, Any] | str) -> Outcome:
    telegram.plan = list(plan)
    return await channel.perform(HELLO, SOMCHAI)


async def test_a_message_is_sent_without_asking_who_we_are(
    telegram: Telegram, channel: TelegramChannel
) -> None:
    assert await channel.perform(HELLO, SOMCHAI) == Accepted(platform_ref="555")
    ((path, form),) = telegram.calls
    assert path == f"/bot{TOKEN}/sendMessage"
    assert form == {"chat_id": "42", "text": "<b>สวัสดี</b> &amp; ยินดี", "parse_mode": "HTML"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (refusal(403, "Forbidden: bot was blocked by the user"), Unreachable(why=Gone.BLOCKED)),
        (refusal(403, "Forbidden: bot was kicked from the supergroup chat"), Unreachable(why=Gone.BLOCKED)),
        (refusal(403, "Forbidden: user is deactivated"), Unreachable(why=Gone.DEACTIVATED)),
        (refusal(403, "Forbidden: the group chat was deleted"), Unreachable(why=Gone.DEACTIVATED)),
        (
            refusal(403, "Forbidden: bot can't initiate conversation with a user"),
            Unreachable(why=Gone.UNKNOWN),
        ),
        (refusal(400, "Bad Request: chat not found"), Unreachable(why=Gone.UNKNOWN)),
        (
            refusal(400, "Bad Request: not enough rights to send text messages to the chat"),
            Unreachable(why=Gone.BLOCKED),
        ),
        (
            refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=-1009,
            ),
            Unreachable(why=Gone.UNKNOWN, moved_to="-1009"),
        ),
        (
            refusal(400, "Bad Request: message is not modified: specified new message content"),
            Accepted(note="message is not modified"),
        ),
        (
            refusal(400, "Bad Request: BUTTON_DATA_INVALID"),
            Refused(reason="BadRequest: Button_data_invalid"),
        ),
        (
            refusal(429, "Too Many Requests: retry after 7", retry_after=7),
            TryAgain(
                reason="TooManyRequests: too many requests",
                doubt=Doubt.NOT_SENT,
                after_seconds=7.0,
                whole_channel=True,
            ),
        ),
        (
            refusal(429, "Too Many Requests"),
            TryAgain(
                reason="TooManyRequests: too many requests",
                doubt=Doubt.NOT_SENT,
                whole_channel=True,
            ),
        ),
        (
            refusal(500, "Internal Server Error"),
            TryAgain(reason="NetworkError: HTTP 500 instead of an answer", doubt=Doubt.MAYBE_SENT),
        ),
        (
            "<html>502 Bad Gateway</html>",
            TryAgain(reason="NetworkError: HTTP 502 instead of an answer", doubt=Doubt.MAYBE_SENT),
        ),
        ("hang", TryAgain(reason="TimedOut: Timed out", doubt=Doubt.MAYBE_SENT)),
    ],
)
async def test_each_fault_has_its_meaning(
    telegram: Telegram, channel: TelegramChannel, answer: dict[str, Any] | str, outcome: Outcome
) -> None:
    assert await outcome_of(telegram, channel, answer) == outcome
    assert len(telegram.calls) == 1, "the sender alone decides on another try"


async def test_a_reset_after_the_call_left_may_have_been_sent(
    telegram: Telegram, channel: TelegramChannel
) -> None:
    outcome = await outcome_of(telegram, channel, "reset")
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is Doubt.MAYBE_SENT


@pytest.mark.parametrize("code", [401, 404])
async def test_a_refused_token_stops_the_channel_for_a_long_time(
    telegram: Telegram, channel: TelegramChannel, code: int
) -> None:
    outcome = await outcome_of(telegram, channel, refusal(code, "Unauthorized"))
    assert isinstance(outcome, TryAgain)
    assert (outcome.doubt, outcome.whole_channel) == (Doubt.NOT_SENT, True)
    assert outcome.after_seconds is not None and outcome.after_seconds >= 300


async def test_without_a_connection_nothing_was_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/bot"
        channel = TelegramChannel(TOKEN, address)
        outcome = await channel.perform(HELLO, SOMCHAI)
        await channel.close()
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is Doubt.NOT_SENT


@pytest.mark.parametrize(
    ("cause", "doubt"),
    [
        (httpx.PoolTimeout(""), Doubt.NOT_SENT),
        (httpx.ConnectTimeout(""), Doubt.NOT_SENT),
        (httpx.ReadTimeout(""), Doubt.MAYBE_SENT),
        (httpx.WriteError(""), Doubt.MAYBE_SENT),
        (httpx.RemoteProtocolError(""), Doubt.MAYBE_SENT),
    ],
)
async def test_doubt_depends_on_whether_the_call_had_left(
    channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch, cause: Exception, doubt: Doubt
) -> None:
    async def fail(*_args: Any, **_kwargs: Any) -> None:
        raise cause

    monkeypatch.setattr(httpx.AsyncClient, "request", fail)
    outcome = await channel.perform(HELLO, SOMCHAI)
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is doubt


async def test_a_closed_channel_has_sent_nothing(telegram: Telegram) -> None:
    channel = TelegramChannel(TOKEN, telegram.base)
    await channel.close()
    outcome = await channel.perform(HELLO, SOMCHAI)
    assert isinstance(outcome, TryAgain)
    assert outcome.doubt is Doubt.NOT_SENT
    assert telegram.calls == []


async def test_refused_markup_is_said_as_plain_text(telegram: Telegram, channel: TelegramChannel) -> None:
    refused = refusal(400, 'Bad Request: can\'t parse entities: Unclosed start tag "b" at byte offset 11')
    outcome = await outcome_of(telegram, channel, refused)
    assert outcome == Accepted(platform_ref="555", note="sent as plain text")
    assert telegram.calls[1][1] == {"chat_id": "42", "text": "สวัสดี & ยินดี"}


async def test_plain_text_is_tried_once(telegram: Telegram, channel: TelegramChannel) -> None:
    refused = refusal(400, "Bad Request: can't parse entities: odd")
    assert isinstance(await outcome_of(telegram, channel, refused, refused), Refused)
    assert len(telegram.calls) == 2


async def test_a_picture_that_telegram_cannot_fetch_is_said_in_words(
    telegram: Telegram, channel: TelegramChannel
) -> None:
    telegram.plan = [refusal(400, "Bad Request: failed to get HTTP URL content")]
    outcome = await channel.perform(MAP, SOMCHAI)
    assert outcome == Accepted(platform_ref="555", note="sent as plain text")
    path, form = telegram.calls[1]
    assert path.endswith("/sendMessage")
    assert form == {"chat_id": "42", "text": "แผนที่\nhttps://www.example.go.th/map.png"}


@pytest.mark.parametrize(("address", "is_shown"), [("42", True), ("-1001", False)])
async def test_the_location_button_is_for_private_chats(
    telegram: Telegram, channel: TelegramChannel, address: str, is_shown: bool
) -> None:
    keyboard = {"keyboard": [[{"text": "ส่งตำแหน่ง", "request_location": True}]]}
    request = Request(method="sendMessage", body={"text": "ที่ไหน", "reply_markup": keyboard})
    await channel.perform(request, Road(address=address))
    assert ("reply_markup" in telegram.calls[0][1]) is is_shown
    assert request.body["reply_markup"] == keyboard


async def test_inline_buttons_are_for_groups_too(telegram: Telegram, channel: TelegramChannel) -> None:
    markup = {"inline_keyboard": [[{"text": "ใช่", "callback_data": "yes"}]]}
    request = Request(method="sendMessage", body={"text": "ไหม", "reply_markup": markup})
    await channel.perform(request, Road(address="-1001"))
    assert json.loads(telegram.calls[0][1]["reply_markup"]) == markup


async def test_a_spinner_is_stopped(telegram: Telegram, channel: TelegramChannel) -> None:
    await channel.answer_callback("77")
    await channel.send_chat_action("42")
    assert [(path.rpartition("/")[2], form) for path, form in telegram.calls] == [
        ("answerCallbackQuery", {"callback_query_id": "77"}),
        ("sendChatAction", {"chat_id": "42", "action": "typing"}),
    ]


async def test_a_spinner_that_can_no_longer_be_stopped_disturbs_nobody(
    telegram: Telegram, channel: TelegramChannel
) -> None:
    telegram.plan = [refusal(400, "Bad Request: query is too old"), "reset"]
    await channel.answer_callback("77")
    await channel.send_chat_action("42")


async def test_our_id_is_known_from_the_token_and_our_name_once_telegram_answers(
    telegram: Telegram, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.client._FIRST_PAUSE_SECONDS", 0.01)
    assert (channel.identity().id, channel.identity().username) == (100001, None)
    telegram.plan = [
        refusal(500, "Internal Server Error"),
        {"ok": True, "result": {"id": 100001, "is_bot": True, "username": "tambon_bot"}},
    ]
    channel.start()
    async with asyncio.timeout(5):
        while channel.identity().username is None:
            await asyncio.sleep(0.01)
    assert channel.identity().username == "tambon_bot"


async def test_closing_ends_the_search_for_our_name(telegram: Telegram) -> None:
    telegram.plan = ["hang"] * 9
    channel = TelegramChannel(TOKEN, telegram.base)
    channel.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(0.9):
        await channel.close()


async def test_what_telegram_says_of_our_webhook(telegram: Telegram, channel: TelegramChannel) -> None:
    telegram.plan = [
        {
            "ok": True,
            "result": {
                "url": "https://x.go.th/webhooks/telegram",
                "has_custom_certificate": False,
                "pending_update_count": 3,
                "last_error_date": 1_800_000_000,
                "last_error_message": "Connection timed out",
            },
        },
        {"ok": True, "result": {"url": "", "has_custom_certificate": False, "pending_update_count": 0}},
    ]
    assert await channel.webhook_info() == WebhookInfo(
        url="https://x.go.th/webhooks/telegram",
        pending=3,
        last_error="Connection timed out",
        last_error_at=datetime.fromtimestamp(1_800_000_000, UTC),
    )
    assert await channel.webhook_info() == WebhookInfo(url="", pending=0, last_error="", last_error_at=None)


async def test_a_server_that_says_only_yes_tells_nothing(
    telegram: Telegram, channel: TelegramChannel
) -> None:
    telegram.plan = [{"ok": True, "result": True}, {"ok": True, "result": True}]
    assert await channel.webhook_info() is None
    with pytest.raises(TelegramCallError):
        await channel.get_me()


async def test_set_up_registers_webhook_commands_and_menu(
    telegram: Telegram, channel: TelegramChannel
) -> None:
    done: dict[str, Any] = {"ok": True, "result": True}
    me = {"ok": True, "result": {"id": 100001, "is_bot": True, "username": "tambon_bot"}}
    telegram.plan = [done, done, done, done, me]
    lines = await set_up(channel, "https://x.go.th", "s3cret")
    calls = [(path.rpartition("/")[2], form) for path, form in telegram.calls]
    assert calls[0] == (
        "setWebhook",
        {
            "url": "https://x.go.th/webhooks/telegram",
            "secret_token": "s3cret",
            "allowed_updates": json.dumps(
                ["message", "edited_message", "callback_query", "poll", "poll_answer", "my_chat_member"]
            ),
        },
    )
    thai, english = calls[1][1], calls[2][1]
    assert json.loads(thai["commands"])[0] == {"command": "menu", "description": "เมนูหลัก"}
    assert json.loads(english["commands"])[0] == {"command": "menu", "description": "Main menu"}
    for commands in (json.loads(thai["commands"]), json.loads(english["commands"])):
        names = [command["command"] for command in commands]
        assert names == ["menu", *(item.command for item in MENU), "cancel", "language", "help"]
        assert all(re.fullmatch(r"[a-z0-9_]{1,32}", name) for name in names)
        assert all(1 <= len(command["description"]) <= 256 for command in commands)
    assert (thai.get("language_code"), english["language_code"]) == (None, "en")
    assert calls[3] == ("setChatMenuButton", {"menu_button": '{"type": "commands"}'})
    assert "https://x.go.th/webhooks/telegram" in lines[0]
    assert "https://t.me/tambon_bot" in lines[-1]


async def test_a_failed_set_up_says_why(telegram: Telegram, channel: TelegramChannel) -> None:
    telegram.plan = [refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")]
    with pytest.raises(TelegramCallError, match=r"(?i)https url must be provided"):
        await set_up(channel, "http://x.go.th", "s3cret")


@pytest.mark.parametrize(
    "answer",
    [SENT, "reset", f"<html>/bot{TOKEN}/</html>", refusal(400, f"/bot{TOKEN}/"), refusal(401, TOKEN)],
)
async def test_the_token_is_in_no_log_and_no_error(
    telegram: Telegram,
    caplog: pytest.LogCaptureFixture,
    answer: dict[str, Any] | str,
) -> None:
    for name in ("", "httpx", "httpcore", "telegram"):
        caplog.set_level(logging.DEBUG, logger=name)
    channel = TelegramChannel(TOKEN, telegram.base)
    telegram.plan = [answer] * 3
    outcome = await channel.perform(HELLO, SOMCHAI)
    await channel.answer_callback("77")
    try:
        await channel.call("getMe")
    except TelegramCallError as error:
        assert TOKEN not in f"{error!r} {error.__cause__!r}"
        assert error.__suppress_context__
    await channel.close()
    assert TOKEN not in repr(outcome)
    assert "HTTP Request: POST" in caplog.text or answer == "reset", "httpx was heard"
    assert TOKEN not in caplog.text
    assert "สวัสดี" not in "".join(r.getMessage() for r in caplog.records if r.levelno >= logging.INFO)


async def test_a_timeout_that_says_nothing_of_its_cause_may_have_been_sent(
    channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (TimedOut(), NetworkError("odd")):

        async def fail(*_args: Any, error: Exception = error, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("telegram.request.HTTPXRequest.do_request", fail)
        outcome = await channel.perform(HELLO, SOMCHAI)
        assert isinstance(outcome, TryAgain)
        assert outcome.doubt is Doubt.MAYBE_SENT


def test_files_are_beside_the_calls() -> None:
    assert file_base("https://api.telegram.org/bot") == "https://api.telegram.org/file/bot"
    assert file_base("http://127.0.0.1:8790/bot") == "http://127.0.0.1:8790/file/bot"
