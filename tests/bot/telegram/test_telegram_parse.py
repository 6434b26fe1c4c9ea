"""What Telegram's updates mean to the conversation. Updates are as the Bot API describes them."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.telegram.parse import parse
from bot.inbound import (
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
    Unblocked,
    Unsupported,
)
from eservice.messaging.models import ContactKind

BOT_ID, BOT_NAME = 100001, "tambon_bot"
SOMCHAI = {
    "id": 42,
    "is_bot": False,
    "first_name": "สมชาย",
    "last_name": "ใจดี",
    "language_code": "th",
}
BOT = {"id": BOT_ID, "is_bot": True, "first_name": "เพื่อนบ้าน", "username": BOT_NAME}
PRIVATE = {"id": 42, "type": "private", "first_name": "สมชาย"}
GROUP = {"id": -1001234, "type": "supergroup", "title": "หมู่ 5"}
SENT_AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def read(update: dict[str, Any], name: str | None = BOT_NAME) -> Inbound:
    return parse(json.dumps({"update_id": 7, **update}), BOT_ID, name)


def message(chat: dict[str, Any] = PRIVATE, **content: Any) -> dict[str, Any]:
    return {
        "message_id": 9,
        "date": int(SENT_AT.timestamp()),
        "chat": chat,
        "from": SOMCHAI,
        **content,
    }


def hear(chat: dict[str, Any] = PRIVATE, **content: Any) -> Inbound:
    return read({"message": message(chat, **content)})


def test_a_private_text_is_said_to_us_by_a_person() -> None:
    inbound = hear(text="เบี้ยผู้สูงอายุ")
    assert inbound.body == Said(text="เบี้ยผู้สูงอายุ", message_ref="9")
    assert (inbound.address, inbound.kind, inbound.addressed) == ("42", ContactKind.PERSON, True)
    assert (inbound.display_name, inbound.language_hint) == ("สมชาย ใจดี", "th")
    assert inbound.occurred_at == SENT_AT


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("/start", Started()),
        ("/start link_AbC-123", Started(parameter="link_AbC-123")),
        ("/start ภาษาไทย", Started()),
        ("/START@Tambon_Bot abc", Started(parameter="abc")),
        ("/menu", Said(text="/menu", message_ref="9")),
        ("/Help@tambon_bot", Said(text="/help", message_ref="9")),
        ("/cancel ไม่เอาแล้ว", Said(text="/cancel ไม่เอาแล้ว", message_ref="9")),
        ("/unknown", Said(text="/unknown", message_ref="9")),
        ("/ หรือ", Said(text="/ หรือ", message_ref="9")),
        ("ดู /menu", Said(text="ดู /menu", message_ref="9")),
    ],
)
def test_commands_in_a_private_chat(text: str, body: object) -> None:
    inbound = hear(text=text)
    assert inbound.body == body
    assert inbound.addressed


@pytest.mark.parametrize(
    ("content", "addressed", "body"),
    [
        ({"text": "เย็นนี้กินอะไร"}, False, Said(text="เย็นนี้กินอะไร", message_ref="9")),
        ({"text": "@tambon_bot ภาษีจ่ายที่ไหน"}, True, Said(text="ภาษีจ่ายที่ไหน", message_ref="9")),
        ({"text": "ถาม@Tambon_Botภาษี"}, True, Said(text="ถาม ภาษี", message_ref="9")),
        ({"text": "@tambon_bot"}, True, Said(text="/menu", message_ref="9")),
        ({"text": "@tambon_bot2 ว่าไง"}, False, Said(text="@tambon_bot2 ว่าไง", message_ref="9")),
        ({"text": "x@tambon_bot"}, False, Said(text="x@tambon_bot", message_ref="9")),
        ({"text": "/menu"}, True, Said(text="/menu", message_ref="9")),
        ({"text": "/ask"}, True, Said(text="/ask", message_ref="9")),
        ({"text": "/menu@tambon_bot"}, True, Said(text="/menu", message_ref="9")),
        ({"text": "/menu@other_bot"}, False, Said(text="/menu", message_ref="9")),
        ({"text": "/dice"}, False, Said(text="/dice", message_ref="9")),
        ({"text": "/start@other_bot"}, False, Started()),
        ({"text": "ขอบคุณ", "reply_to_message": {"from": BOT}}, True, Said(text="ขอบคุณ", message_ref="9")),
        (
            {"text": "ขอบคุณ", "reply_to_message": {"from": SOMCHAI}},
            False,
            Said(text="ขอบคุณ", message_ref="9"),
        ),
        (
            {
                "photo": [{"file_id": "p", "width": 9}],
                "caption": "@tambon_bot ถนนพัง",
                "media_group_id": "77",
            },
            True,
            SentMedia(kind=MediaKind.PHOTO, media_ref="p", caption="ถนนพัง", album="77", message_ref="9"),
        ),
        (
            {"location": {"latitude": 13.5, "longitude": 100.5}},
            False,
            SharedLocation(latitude=13.5, longitude=100.5, message_ref="9"),
        ),
    ],
)
def test_in_a_group_only_what_is_meant_for_us_is_addressed(
    content: dict[str, Any], addressed: bool, body: object
) -> None:
    inbound = hear(GROUP, **content)
    assert inbound.body == body
    assert inbound.addressed is addressed
    assert (inbound.address, inbound.kind) == ("-1001234", ContactKind.GROUP)
    assert (inbound.display_name, inbound.language_hint) == ("หมู่ 5", None)


def test_without_knowing_our_name_a_mention_in_a_group_is_not_for_us() -> None:
    inbound = read({"message": message(GROUP, text="@tambon_bot สวัสดี")}, name=None)
    assert not inbound.addressed


def test_a_venue_is_a_location_with_a_name() -> None:
    place = {"latitude": 13.5, "longitude": 100.5}
    inbound = hear(location=place, venue={"location": place, "title": "วัดกลาง", "address": "หมู่ 2"})
    assert inbound.body == SharedLocation(
        latitude=13.5, longitude=100.5, label="วัดกลาง, หมู่ 2", message_ref="9"
    )


@pytest.mark.parametrize(
    ("content", "kind", "media_ref", "caption"),
    [
        (
            {
                "photo": [{"file_id": "big", "width": 800}, {"file_id": "small", "width": 90}],
                "caption": "ถนนพัง",
            },
            MediaKind.PHOTO,
            "big",
            "ถนนพัง",
        ),
        ({"video": {"file_id": "v"}, "caption": "น้ำท่วม"}, MediaKind.VIDEO, "v", "น้ำท่วม"),
        ({"document": {"file_id": "a"}, "animation": {"file_id": "a"}}, MediaKind.VIDEO, "a", ""),
        ({"video_note": {"file_id": "n"}}, MediaKind.VIDEO, "n", ""),
        ({"document": {"file_id": "d"}, "caption": "สำเนา"}, MediaKind.FILE, "d", "สำเนา"),
        ({"voice": {"file_id": "o"}}, MediaKind.AUDIO, "o", ""),
        ({"audio": {"file_id": "u"}}, MediaKind.AUDIO, "u", ""),
        ({"sticker": {"file_id": "s", "emoji": "👍"}}, MediaKind.STICKER, "s", ""),
        ({"contact": {"phone_number": "0800000000", "first_name": "ก"}}, MediaKind.CONTACT, None, ""),
        ({"dice": {"emoji": "🎲", "value": 3}}, MediaKind.OTHER, None, ""),
        ({"poll": {"id": "1", "question": "?"}}, MediaKind.OTHER, None, ""),
    ],
)
def test_things_that_are_not_words(
    content: dict[str, Any], kind: MediaKind, media_ref: str | None, caption: str
) -> None:
    assert hear(**content).body == SentMedia(kind=kind, media_ref=media_ref, caption=caption, message_ref="9")


def test_a_changed_message_names_the_message_and_its_new_words() -> None:
    edited = message(text="แก้แล้ว", edit_date=int(SENT_AT.timestamp()) + 60)
    inbound = read({"edited_message": edited})
    assert inbound.body == Edited(message_ref="9", text="แก้แล้ว")
    assert (inbound.occurred_at - SENT_AT).seconds == 60


def test_a_changed_caption_is_a_change() -> None:
    assert read({"edited_message": message(photo=[], caption="ใหม่")}).body == Edited(
        message_ref="9", text="ใหม่"
    )


def test_a_moving_live_location_is_noted_and_not_answered() -> None:
    moving = message(location={"latitude": 1, "longitude": 2, "live_period": 60})
    assert isinstance(read({"edited_message": moving}).body, Ignored)


def tap(**changes: Any) -> Inbound:
    keyboard = {
        "inline_keyboard": [[{"text": "ใช่", "callback_data": "yes"}], [{"text": "ไม่", "callback_data": "no"}]]
    }
    shown = {**message(), "from": BOT, "reply_markup": keyboard}
    query = {"id": "77", "from": SOMCHAI, "message": shown, "data": "no", "chat_instance": "1"}
    return read({"callback_query": {**query, **changes}})


def test_a_tapped_button_carries_payload_label_and_what_stops_its_spinner() -> None:
    inbound = tap()
    assert inbound.body == Tapped(payload="no", label="ไม่")
    assert (inbound.callback_id, inbound.address, inbound.addressed) == ("77", "42", True)
    assert inbound.display_name == "สมชาย ใจดี"
    assert inbound.occurred_at == SENT_AT, "nothing else says when"


def test_a_tap_below_a_message_that_telegram_no_longer_shows() -> None:
    inbound = tap(message={"message_id": 5, "date": 0, "chat": GROUP})
    assert inbound.body == Tapped(payload="no")
    assert (inbound.address, inbound.kind, inbound.addressed) == ("-1001234", ContactKind.GROUP, True)


def test_a_tap_without_a_message_belongs_to_the_person() -> None:
    inbound = tap(message=None)
    assert (inbound.address, inbound.kind) == ("42", ContactKind.PERSON)


@pytest.mark.parametrize(
    ("chat", "old", "new", "body"),
    [
        (PRIVATE, {"status": "member"}, {"status": "kicked"}, Blocked()),
        (PRIVATE, {"status": "kicked"}, {"status": "member"}, Unblocked()),
        (GROUP, {"status": "left"}, {"status": "member"}, JoinedGroup()),
        (GROUP, {"status": "left"}, {"status": "restricted", "is_member": True}, JoinedGroup()),
        (GROUP, {"status": "member"}, {"status": "left"}, Blocked()),
        (GROUP, {"status": "administrator"}, {"status": "kicked"}, Blocked()),
        (
            GROUP,
            {"status": "restricted", "is_member": True},
            {"status": "restricted", "is_member": False},
            Blocked(),
        ),
    ],
)
def test_our_own_coming_and_going(
    chat: dict[str, Any], old: dict[str, Any], new: dict[str, Any], body: object
) -> None:
    event = {"chat": chat, "from": SOMCHAI, "date": 1, "old_chat_member": old, "new_chat_member": new}
    inbound = read({"my_chat_member": event})
    assert inbound.body == body
    assert inbound.address == str(chat["id"])


def test_becoming_an_administrator_is_noted_and_not_greeted() -> None:
    event = {
        "chat": GROUP,
        "from": SOMCHAI,
        "date": 1,
        "old_chat_member": {"status": "member"},
        "new_chat_member": {"status": "administrator"},
    }
    assert isinstance(read({"my_chat_member": event}).body, Ignored)


@pytest.mark.parametrize(
    "content",
    [
        {"migrate_to_chat_id": -100999},
        {"migrate_from_chat_id": -5},
        {"new_chat_members": [BOT]},
        {"left_chat_member": SOMCHAI},
        {"pinned_message": {}},
        {"text": "สวัสดี", "from": {"id": 3, "is_bot": True, "first_name": "other"}},
        {"text": "ประกาศ", "is_automatic_forward": True, "sender_chat": {"id": -1002, "type": "channel"}},
    ],
)
def test_what_nobody_said_to_us_is_noted_and_not_answered(content: dict[str, Any]) -> None:
    inbound = hear(GROUP, **content)
    assert isinstance(inbound.body, Ignored)
    assert not inbound.addressed


def test_the_new_id_of_a_moved_group_is_on_record() -> None:
    body = hear(GROUP, migrate_to_chat_id=-100999).body
    assert isinstance(body, Ignored)
    assert "-100999" in body.reason


def test_an_anonymous_administrator_is_heard() -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    inbound = hear(GROUP, text="@tambon_bot เมนู", sender_chat=GROUP, **{"from": anonymous})
    assert inbound.body == Said(text="เมนู", message_ref="9")
    assert inbound.addressed


@pytest.mark.parametrize("name", ["poll", "poll_answer", "channel_post", "edited_channel_post"])
def test_polls_and_channel_posts_are_noted(name: str) -> None:
    inbound = read({name: {"id": "1", "user": SOMCHAI}})
    assert isinstance(inbound.body, Ignored)
    assert not inbound.addressed


def test_an_unknown_kind_of_update_keeps_its_name() -> None:
    assert read({"holograms": {"chat": PRIVATE}}).body == Unsupported(kind="holograms")


def test_an_unknown_kind_of_message_keeps_its_name_and_is_answered_in_private() -> None:
    inbound = hear(hologram={"x": 1})
    assert inbound.body == Unsupported(kind="hologram")
    assert inbound.addressed


def test_what_no_database_stores_is_taken_out() -> None:
    update = '{"update_id": 1, "message": {"message_id": 1, "chat": {"id": 42, "type": "private"}, "text": "a\\u0000b\\ud800c"}}'
    assert parse(update, BOT_ID, BOT_NAME).body == Said(text="abc", message_ref="1")


_NAMES = st.sampled_from(
    re.findall(
        r"\w+",
        """
        update_id message edited_message callback_query my_chat_member poll poll_answer channel_post
        chat from user id type text caption date message_id data photo file_id width location venue
        latitude longitude title sticker reply_to_message reply_markup inline_keyboard callback_data
        new_chat_member old_chat_member status is_member is_bot migrate_to_chat_id sender_chat
        first_name language_code document contact entities edit_date
        """,
    )
)
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["/start x", "@tambon_bot", "private", "group", "kicked", "member", "\x00\ud800"]),
        st.sampled_from([42, -1001234, 0, 2**60, 1e300]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(_NAMES, st.text(max_size=5)), inner, max_size=8),
    ),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(_NAMES, _VALUES, max_size=4), st.sampled_from([None, BOT_NAME, "a.*("]))
def test_any_object_is_understood_or_noted(update: dict[str, Any], name: str | None) -> None:
    inbound = parse(json.dumps(update), BOT_ID, name)
    assert inbound.occurred_at.tzinfo is UTC
    assert len(inbound.address) <= 64
    for value in (*vars(inbound.body).values(), inbound.display_name, inbound.callback_id):
        if isinstance(value, str):
            assert "\x00" not in value
            value.encode()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]),
    st.dictionaries(_NAMES, _VALUES, max_size=12),
)
def test_any_event_of_a_known_kind_is_understood_or_noted(kind: str, event: dict[str, Any]) -> None:
    parse(json.dumps({"update_id": 1, kind: event}), BOT_ID, BOT_NAME)


@pytest.mark.parametrize("payload", ["", "[]", "null", "{", "[" * 100_000, '{"update_id": 1}'])
def test_what_is_not_an_update_is_unsupported(payload: str) -> None:
    inbound = parse(payload, BOT_ID, BOT_NAME)
    assert inbound.body == Unsupported(kind="update")
    assert not inbound.addressed
