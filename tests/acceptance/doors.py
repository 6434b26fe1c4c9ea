"""The doors: who may come in, what comes twice, what comes in heaps, what is bent."""

import base64
import hashlib
import hmac
import itertools
import json
import time
from typing import Any

import httpx

from tests.acceptance.conversations import PENSION
from tests.acceptance.product import TELEGRAM_SECRET, get
from tests.acceptance.stage import Resident, Stage, said, told

_update_ids = itertools.count(900_000_000)


def post_line(stage: Stage, body: bytes, *, secret: str = "line-secret") -> int:
    """A raw LINE webhook; returns its status."""
    mac = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    url = f"{stage.product.url}/webhooks/line"
    return httpx.post(url, content=body, headers={"x-line-signature": mac}, timeout=30).status_code


def post_telegram(stage: Stage, body: bytes, *, secret: str = TELEGRAM_SECRET) -> int:
    """A raw Telegram webhook; returns its status."""
    url = f"{stage.product.url}/webhooks/telegram"
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    return httpx.post(url, content=body, headers=headers, timeout=30).status_code


def update(stage: Stage, **fields: Any) -> int:
    """A Telegram update that the emulator cannot make; returns the status."""
    return post_telegram(stage, json.dumps({"update_id": next(_update_ids), **fields}).encode())


def refused(stage: Stage) -> None:
    """Wrong signatures and secrets, and bodies that are no JSON."""
    somchai, mali = stage.line(), stage.telegram()
    for signature in ("bad", "none"):
        answer = stage.emu.call("line", type="text", user=somchai.address, text=PENSION, signature=signature)
        stage.check(answer["status"] == 401, f"a {signature} LINE signature got {answer['status']}")
        answer = stage.emu.call("tg", type="text", user=mali.address, text=PENSION, secret=signature)
        stage.check(answer["status"] == 401, f"a {signature} Telegram secret got {answer['status']}")
    somchai.sees_nothing("a forged webhook is not answered", 0.8)
    mali.sees_nothing("a forged webhook is not answered", 0.3)
    for body in (b"", b"{", b"[]", b'"x"', b"null", b'{"events": 5}', b"\xff\xfe", b"[" * 100_000):
        stage.check(400 <= post_line(stage, body) < 500, f"LINE took {body[:20]!r}")
    for body in (b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b"[" * 100_000):
        stage.check(400 <= post_telegram(stage, body) < 500, f"Telegram took {body[:20]!r}")
    stage.check(post_line(stage, b'{"events": "' + b"x" * 1_000_000 + b'"}') == 413, "a huge body is refused")
    stage.check(stage.emu.call("line", events=[])["status"] == 200, "LINE's Verify is answered 200")


def twice(stage: Stage) -> None:
    """A redelivered event is answered once; so is a tap."""
    somchai, mali = stage.line(), stage.telegram()
    sent = somchai.says(PENSION)
    somchai.sees(told("answer.source"))
    ids = [event["webhookEventId"] for event in sent["events"]]
    for _ in range(3):
        stage.check(stage.emu.call("line_redeliver", ids=ids)["status"] == 200, "a redelivery gets 200")
    somchai.sees_nothing("a redelivered event is answered once")
    sent = mali.says(PENSION)
    mali.sees(told("answer.source"))
    for _ in range(3):
        again = stage.emu.call("tg_redeliver", update_id=sent["update"]["update_id"])
        stage.check(again["status"] == 200, "a redelivery gets 200")
    mali.sees_nothing("a redelivered update is answered once")
    tap = mali.taps(told("answer.helpful"))
    mali.sees(told("answer.thanks_helpful"))
    stage.emu.call("tg_redeliver", update_id=tap["update"]["update_id"])
    mali.sees_nothing("a redelivered tap is answered once")


def batches(stage: Stage) -> None:
    """One webhook with several people and a group: everybody is answered, in their own order."""
    people = [stage.line() for _ in range(4)]
    group = stage.line_group()
    there = people[0].in_group(group)
    events: list[dict[str, Any]] = [
        {"type": "text", "user": person.address, "text": text}
        for text in (PENSION, "เมนู") for person in people
    ]  # fmt: skip
    events += [{"type": "text", "user": people[0].address, "group": group, "text": f"เพื่อนบ้าน {PENSION}"}]
    events += [{"type": "text", "user": people[0].address, "group": group, "text": "พูดกันเอง"}]
    stage.check(stage.emu.call("line", events=events)["status"] == 200, "a batch is acknowledged")
    for person in people:
        shown = person.fresh(3)  # the notice comes with the first answer
        text = said(shown)
        stage.check(
            told("answer.source") in text and told("menu.title") in text,
            f"{person.address}: {text[:200]!r}",
        )
        stage.check(
            text.index(told("answer.source")) < text.index(told("menu.title")),
            "answers keep the order of the questions",
        )
    there.sees(told("answer.source"), why="the group of the batch")


def edits_and_links(stage: Stage) -> None:
    """Telegram's edited messages, channel posts, deep links, old buttons; unknown updates."""
    mali = stage.telegram()
    sent = mali.says("สวัสดีค่ะ")["update"]["message"]
    mali.sees(told("talk_small.greeting"))
    status = update(stage, edited_message={**sent, "text": PENSION, "edit_date": int(time.time())})
    stage.check(status == 200, f"an edited message got {status}")
    mali.sees(
        *(told("answer.source"), told("answer.department")),
        why="the last message was corrected into a question",
    )
    found = json.loads(
        get(f"{stage.product.url}/api/v1/faq/search?q=%E0%B8%A0%E0%B8%B2%E0%B8%A9%E0%B8%B5")[1]
    )
    key = found["results"][0]["id"]
    mali.says(f"/start faq-{key}")
    mali.sees(told("answer.source"), why="a deep link to an answer")
    mali.says("/start no-such-thing")
    mali.sees(told("welcome.title"), why="a deep link to nothing")
    mali.says("เมนู")
    shown = mali.sees(told("menu.title"))
    for data in ("flow:zzzz:0:1", "pick:999999:999999", "again:1", "leave:1:q", "../../etc", "ก" * 20, "end"):
        callback = {
            "id": f"9{next(_update_ids)}",
            "from": {"id": mali.address, "is_bot": False, "first_name": "ป"},
        }
        origin = {
            "message_id": shown[-1]["message_id"],
            "date": 1,
            "chat": {"id": mali.address, "type": "private"},
        }
        status = update(
            stage, callback_query={**callback, "chat_instance": "1", "data": data, "message": origin}
        )
        stage.check(status == 200, f"a strange tap {data!r} got {status}")
        mali.sees(why=f"a strange tap {data!r}")
    for strange in (
        {"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "channel"}, "text": "x"}},
        {"poll": {"id": "1", "question": "x"}}, {"something_of_2027": {"a": [1]}}, {}, {"message": 5},
        {"message": {"chat": None, "text": 7}}, {"message": {"message_id": 1, "chat": {"id": "x"}}},
    ):  # fmt: skip
        stage.check(update(stage, **strange) == 200, f"{strange} must be acknowledged")
    stage.provoke("query is too old")


def bent(stage: Stage, residents: list[Resident]) -> None:
    """Texts that nobody types: each gets a sensible answer and the conversation goes on."""
    texts = {
        "100,000 characters": "น้ำท่วมถนนหน้าบ้าน " * 5_300,
        "control characters": "เบี้ย\x00\x01\x02\x1b[31mผู้สูง\x7fอายุ\r\n\t",
        "10,000 zero-width marks": "เบี้ย" + "\u200b\u200c\u200d\ufeff" * 2_500 + "ผู้สูงอายุ",
        "10,000 tone marks": "ก" + "่" * 10_000,
        "right to left": "\u202eเบี้ย\u202c\u2066x\u2069",
        "only spaces": "   \n\t  ",
        "only zero-width": "\u200b" * 50,
        "emoji": "🧓🏽👩‍👩‍👧‍👦" * 200,
        "markup": "<b>&lt;i>&amp;</script>'\"*_[x](y)`{{7*7}}${7*7}",
        "digits": "9" * 5_000,
    }
    for name, text in texts.items():
        for resident in residents:
            began = time.monotonic()
            resident.says(text)
            resident.sees(why=name, seconds=10)
            took = time.monotonic() - began
            stage.check(took < 8, f"{resident.channel}: {name} took {took:.1f} s")
    for resident in residents:
        resident.says(PENSION)
        resident.sees(told("answer.source"), why="after all that")
