"""LINE's events become what the conversation understands; each kind has a decided meaning."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.line.parse import parse
from bot.inbound import (
    AccountLinked,
    Blocked,
    Edited,
    Ignored,
    Inbound,
    JoinedGroup,
    MediaKind,
    Said,
    SentMedia,
    SharedLocation,
    Started,
    Tapped,
    Unsent,
    Unsupported,
)
from eservice.messaging.models import ChannelName, ContactKind

USER, GROUP, ROOM = "U" + "1" * 32, "C" + "2" * 32, "R" + "3" * 32
PERSON = {"type": "user", "userId": USER}
IN_GROUP = {"type": "group", "groupId": GROUP, "userId": USER}


def event(kind: str, source: dict[str, Any] | None = PERSON, **fields: Any) -> Inbound:
    base = {
        "type": kind,
        "mode": "active",
        "timestamp": 1_700_000_000_123,
        "webhookEventId": "01HF0000000000000000000000",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": "0f3779fba3b349968c5d07db31eab56f",
    }
    return parse(json.dumps({**base, **({"source": source} if source else {}), **fields}))


def message(kind: str, source: dict[str, Any] = PERSON, **fields: Any) -> Inbound:
    return event("message", source, message={"type": kind, "id": "42", **fields})


def test_words_in_a_private_chat():
    inbound = message("text", text="ไฟถนนดับ\x00หน้าตลาด")
    assert inbound.body == Said(text="ไฟถนนดับหน้าตลาด", message_ref="42")
    assert (inbound.channel, inbound.address, inbound.kind) == (ChannelName.LINE, USER, ContactKind.PERSON)
    assert inbound.addressed
    assert inbound.reply_token == "0f3779fba3b349968c5d07db31eab56f"
    assert inbound.occurred_at.isoformat() == "2023-11-14T22:13:20.123000+00:00"


@pytest.mark.parametrize(
    ("text", "said", "addressed"),
    [
        ("ไฟดับทั้งซอยเลย", "ไฟดับทั้งซอยเลย", False),
        ("เพื่อนบ้าน ไฟดับ", "ไฟดับ", True),
        ("เพื่อนบ้าน, น้ำไม่ไหล", "น้ำไม่ไหล", True),
        ("@เพื่อนบ้านไฟดับ", "ไฟดับ", True),
        ("เพื่อนบ้านคะ ขยะล้น", "ขยะล้น", True),
        ("เพื่อนบ้านช่วยดูถนนที", "ช่วยดูถนนที", True),
        ("เพื่อนบ้านเสียงดังมาก", "เพื่อนบ้านเสียงดังมาก", False),
        ("ถามเพื่อนบ้าน ไฟดับ", "ถามเพื่อนบ้าน ไฟดับ", False),
        ("เพื่อนบ้าน", "เมนู", True),
    ],
)
def test_in_a_group_we_answer_to_our_name(text: str, said: str, addressed: bool):
    inbound = message("text", IN_GROUP, text=text)
    assert inbound.body == Said(text=said, message_ref="42")
    assert inbound.addressed is addressed
    assert (inbound.address, inbound.kind) == (GROUP, ContactKind.GROUP)


def mention(index: Any, length: Any, is_self: Any = True) -> dict[str, Any]:
    return {"mentionees": [{"index": index, "length": length, "type": "user", "isSelf": is_self}]}


@pytest.mark.parametrize(
    ("text", "mention", "said", "addressed"),
    [
        ("@อบต.ตัวอย่าง ไฟดับ", mention(0, 13), "ไฟดับ", True),
        ("👍👍 @bot ไฟดับ", mention(5, 4), "👍👍  ไฟดับ", True),  # places are UTF-16 units
        ("@bot", mention(0, 4), "เมนู", True),
        ("@สมชาย ไปไหน", mention(0, 6, False), "@สมชาย ไปไหน", False),
        ("@All ประชุม", {"mentionees": [{"index": 0, "length": 4, "type": "all"}]}, "@All ประชุม", False),
        ("@bot ไฟดับ", mention(3, 400), "@bot ไฟดับ", True),
        ("@bot ไฟดับ", mention(-1, "x"), "@bot ไฟดับ", True),
    ],
)
def test_a_mention_addresses_us_and_is_left_out(text: str, mention: Any, said: str, addressed: bool):
    inbound = message("text", IN_GROUP, text=text, mention=mention)
    assert inbound.body == Said(text=said, message_ref="42")
    assert inbound.addressed is addressed


@pytest.mark.parametrize(
    ("kind", "fields", "body"),
    [
        (
            "image",
            {"contentProvider": {"type": "line"}, "imageSet": {"id": "A", "index": 1, "total": 2}},
            SentMedia(kind=MediaKind.PHOTO, media_ref="42", album="A", message_ref="42"),
        ),
        (
            "image",
            {"contentProvider": {"type": "external", "originalContentUrl": "https://evil.example/a"}},
            SentMedia(kind=MediaKind.PHOTO, message_ref="42"),
        ),
        ("video", {}, SentMedia(kind=MediaKind.VIDEO, media_ref="42", message_ref="42")),
        ("audio", {}, SentMedia(kind=MediaKind.AUDIO, media_ref="42", message_ref="42")),
        (
            "file",
            {"fileName": "โฉนด.pdf"},
            SentMedia(kind=MediaKind.FILE, media_ref="42", message_ref="42"),
        ),
        ("sticker", {"packageId": "1"}, SentMedia(kind=MediaKind.STICKER, message_ref="42")),
        (
            "location",
            {"latitude": 13.75, "longitude": 100.5, "title": "บ้าน", "address": "ถ.ราชดำเนิน"},
            SharedLocation(latitude=13.75, longitude=100.5, label="บ้าน ถ.ราชดำเนิน", message_ref="42"),
        ),
        ("location", {"latitude": float("nan"), "longitude": 100.5}, Unsupported(kind="location")),
        ("location", {"latitude": 91, "longitude": 100.5}, Unsupported(kind="location")),
        ("hologram", {}, Unsupported(kind="message hologram")),
    ],
)
def test_messages_that_are_not_words(kind: str, fields: dict[str, Any], body: object):
    inbound = message(kind, **fields)
    assert inbound.body == body
    assert inbound.addressed
    assert not message(kind, IN_GROUP, **fields).addressed


@pytest.mark.parametrize(
    ("kind", "fields", "body"),
    [
        ("follow", {"follow": {"isUnblocked": False}}, Started()),
        ("follow", {"follow": {"isUnblocked": True}}, Started()),
        ("unfollow", {}, Blocked()),
        ("unsend", {"unsend": {"messageId": "42"}}, Unsent(message_ref="42")),
        ("postback", {"postback": {"data": "menu:ask"}}, Tapped(payload="menu:ask")),
        (
            "postback",
            {"postback": {"data": "date:1", "params": {"date": "2026-11-30"}}},
            Tapped(payload="date:1", label="2026-11-30"),
        ),
        ("postback", {"postback": {"data": "action=buy&item=1"}}, Unsupported(kind="postback")),
        (
            "postback",
            {"postback": {"data": "tab", "params": {"newRichMenuAliasId": "b", "status": "SUCCESS"}}},
            Ignored(reason="line rich menu tab"),
        ),
        (
            "accountLink",
            {"link": {"result": "ok", "nonce": "n0nce-12345"}},
            AccountLinked(ok=True, nonce="n0nce-12345"),
        ),
        ("beacon", {"beacon": {"hwid": "d41d8cd98f", "type": "enter"}}, Ignored(reason="line beacon")),
        ("videoPlayComplete", {}, Ignored(reason="line videoPlayComplete")),
        ("membership", {}, Ignored(reason="line membership")),
        ("botSuspended", {}, Ignored(reason="line botSuspended")),
        ("somethingNew", {}, Unsupported(kind="somethingNew")),
    ],
)
def test_events_of_a_private_chat(kind: str, fields: dict[str, Any], body: object):
    assert event(kind, **fields).body == body


@pytest.mark.parametrize(
    ("kind", "fields", "body", "addressed"),
    [
        ("join", {}, JoinedGroup(), True),
        ("leave", {}, Blocked(), True),
        ("memberJoined", {"joined": {"members": [PERSON]}}, Ignored(reason="line memberJoined"), False),
        ("memberLeft", {"left": {"members": [PERSON]}}, Ignored(reason="line memberLeft"), False),
        ("postback", {"postback": {"data": "menu:ask"}}, Tapped(payload="menu:ask"), True),
        ("unsend", {"unsend": {"messageId": "42"}}, Unsent(message_ref="42"), True),
        (
            "messageEdited",
            {"message": {"type": "text", "id": "42", "text": "ไฟดับแล้ว"}},
            Edited(message_ref="42", text="ไฟดับแล้ว"),
            False,
        ),
        (
            "messageEdited",
            {"message": {"type": "text", "id": "42", "text": "เพื่อนบ้าน ไฟดับแล้ว"}},
            Edited(message_ref="42", text="ไฟดับแล้ว"),
            True,
        ),
        ("somethingNew", {}, Unsupported(kind="somethingNew"), False),
    ],
)
def test_events_of_a_group(kind: str, fields: dict[str, Any], body: object, addressed: bool):
    inbound = event(kind, IN_GROUP, **fields)
    assert (inbound.body, inbound.addressed, inbound.kind) == (body, addressed, ContactKind.GROUP)


def test_a_room_is_a_group():
    inbound = message("text", {"type": "room", "roomId": ROOM, "userId": USER}, text="@เพื่อนบ้าน เมนู")
    assert (inbound.address, inbound.kind, inbound.body) == (
        ROOM,
        ContactKind.GROUP,
        Said(text="เมนู", message_ref="42"),
    )


def test_a_failed_account_link_has_no_source():
    inbound = event("accountLink", None, link={"result": "failed", "nonce": "n0nce-12345"})
    assert inbound.body == AccountLinked(ok=False, nonce="n0nce-12345")
    assert inbound.address == ""


def test_standby_is_kept_silent():
    inbound = event("message", mode="standby", message={"type": "text", "id": "42", "text": "เพื่อนบ้าน"})
    assert isinstance(inbound.body, Ignored)
    assert not inbound.addressed


def test_a_person_nobody_knows_cannot_be_answered():
    assert isinstance(event("follow", None).body, Ignored)


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", "1", '"x"', "[" * 100_000])
def test_what_is_no_event_is_unsupported(payload: str):
    assert parse(payload).body == Unsupported(kind="not an event")


KINDS = ["message", "messageEdited", "postback", "follow", "unsend", "accountLink", "join", "leave", "beacon"]
MESSAGES = ["text", "image", "video", "audio", "file", "sticker", "location"]
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(MESSAGES) | odd},
    optional={
        "id": st.just("42") | odd,
        "text": st.text(st.characters(codec=None)) | odd,
        "mention": odd
        | st.builds(mention, st.integers(-1, 9) | odd, st.integers(-1, 9) | odd, st.booleans() | odd),
        "latitude": odd,
        "longitude": odd,
        "title": odd,
        "fileName": odd,
        "contentProvider": odd,
    },
)
events = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | odd},
    optional={
        "mode": odd,
        "timestamp": odd | st.integers(0, 2**60),
        "replyToken": odd,
        "source": st.sampled_from([PERSON, IN_GROUP]) | odd | st.fixed_dictionaries({"groupId": odd}),
        "message": messages | odd,
        "postback": odd | st.fixed_dictionaries({"data": odd, "params": odd}),
        "unsend": odd | st.fixed_dictionaries({"messageId": odd}),
        "link": odd | st.fixed_dictionaries({"result": odd, "nonce": odd}),
    },
)


@given(events)
def test_any_object_has_an_answer_that_can_be_stored(raw: dict[str, Any]):
    inbound = parse(json.dumps(raw))
    assert len(inbound.address) <= 64
    body = inbound.body
    if isinstance(body, Said | Edited):
        assert body.text.strip()
        body.text.encode()
    if isinstance(body, Unsupported):
        body.kind.encode()
    if not inbound.address:
        assert isinstance(body, AccountLinked | Ignored | Unsupported)
