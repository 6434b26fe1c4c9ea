"""What LINE is asked to show: one request, within every limit, with nothing a resident needs left out."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.channels.line.flex import (
    MAX_BUBBLE_ESCAPED,
    MAX_BUBBLE_UTF8,
    MAX_CAROUSEL_ESCAPED,
    MAX_CAROUSEL_UTF8,
)
from bot.channels.line.render import render
from bot.channels.measure import grapheme_length, utf16_length
from eservice.messaging.content import (
    AskLocation,
    AskPhoto,
    Bundle,
    Button,
    Card,
    CardList,
    Choices,
    Link,
    LinkButton,
    Meta,
    MetaKind,
    Picture,
    Row,
    Sender,
    Step,
    Steps,
    Text,
    bundle_from_json,
    bundle_to_json,
    say,
)
from tests.bot.strategies import bundles

YES, NO = Button(label="👍 ตรง", payload="fb:7:y"), Button(label="👎 ไม่ตรง", payload="fb:7:n")
ANSWER = Card(
    label="คำตอบจากสำนักปลัด",
    title="อายุ 70–79 ปี ได้เดือนละ 700 บาท",
    body="เงินเข้าทุกวันที่ 10\nตรงวันหยุดจ่ายก่อน",
    rows=(Row(left="60–69 ปี", right="600 บาท"), Row(left="70–79 ปี", right="700 บาท", strong=True)),
    meta=(Meta(kind=MetaKind.SOURCE, text="กรมกิจการผู้สูงอายุ", url="https://www.dop.go.th/"),),
    buttons=(YES, NO),
)


def messages_of(bundle: Bundle) -> list[dict[str, Any]]:
    [request] = render(bundle)
    assert request.method == "messages"
    return request.body["messages"]


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from objects(item)


def shown(node: Any) -> list[str]:
    """The texts that a person reads, in order."""
    return [item["text"] for item in objects(node) if item.get("type") == "text"]


def actions(node: Any) -> list[dict[str, Any]]:
    return [item["action"] for item in objects(node) if "action" in item]


def size_within(container: dict[str, Any], utf8: int, escaped: int) -> bool:
    raw = json.dumps(container, ensure_ascii=False, separators=(",", ":")).encode()
    return len(raw) <= utf8 and len(json.dumps(container)) <= escaped


def check_action(action: dict[str, Any], label_limit: int) -> None:
    kind = action["type"]
    assert kind in ("postback", "uri", "location", "camera", "cameraRoll")
    if kind != "uri" or "label" in action:
        assert 1 <= grapheme_length(action["label"]) <= label_limit
        assert action["label"].strip() and "\n" not in action["label"]
    if kind == "postback":
        assert 1 <= len(action["data"]) <= 300
        assert 1 <= grapheme_length(action["displayText"]) <= 300
    if kind == "uri":
        assert action["uri"].startswith(("http://", "https://", "tel:"))
        assert len(action["uri"]) <= 1000 and action["uri"].isascii() and action["uri"].isprintable()
        assert " " not in action["uri"]


def check_message(message: dict[str, Any]) -> None:
    match message["type"]:
        case "text":
            assert message["text"].strip() and utf16_length(message["text"]) <= 5000
        case "image":
            for name in ("originalContentUrl", "previewImageUrl"):
                assert message[name].startswith("https://") and len(message[name]) <= 2000
        case "flex":
            assert message["altText"].strip() and utf16_length(message["altText"]) <= 1500
            contents = message["contents"]
            bubbles = contents["contents"] if contents["type"] == "carousel" else [contents]
            assert 1 <= len(bubbles) <= 10 and len({bubble["size"] for bubble in bubbles}) == 1
            assert all(size_within(bubble, MAX_BUBBLE_UTF8, MAX_BUBBLE_ESCAPED) for bubble in bubbles)
            assert size_within(contents, MAX_CAROUSEL_UTF8, MAX_CAROUSEL_ESCAPED)
            assert all(text.strip() for text in shown(contents))
            assert all(item["contents"] for item in objects(contents) if item.get("type") == "box")
            for action in actions(contents):
                check_action(action, 40)
        case other:
            raise AssertionError(other)


@given(bundles)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_any_bundle_is_one_request_within_every_limit(bundle: Bundle):
    messages = messages_of(bundle)
    assert 1 <= len(messages) <= 5
    json.dumps(messages, ensure_ascii=False).encode()
    for message in messages:
        check_message(message)
        if bundle.sender is Sender.STAFF:
            name = message["sender"]["name"]
            assert 1 <= utf16_length(name) <= 20 and "line" not in name.lower() and name.strip()
        else:
            assert "sender" not in message
    assert all("quickReply" not in message for message in messages[:-1])
    replies = messages[-1].get("quickReply", {"items": []})["items"]
    assert len(replies) <= 13
    for reply in replies:
        check_action(reply["action"], 20)
    if bundle.quick_replies:
        assert replies


@given(bundles)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_every_answer_to_a_question_stays_tappable(bundle: Bundle):
    payloads = {action["data"] for action in actions(messages_of(bundle)) if action["type"] == "postback"}
    for part in bundle.parts:
        if isinstance(part, Choices | AskLocation | AskPhoto):
            assert {option.payload for option in part.options} <= payloads
        if isinstance(part, Card | Steps):
            assert {button.payload for button in part.buttons if isinstance(button, Button)} <= payloads


def test_short_text_is_one_text_message():
    assert messages_of(say("สวัสดีค่ะ")) == [{"type": "text", "text": "สวัสดีค่ะ"}]


def test_long_text_is_split_at_sentence_ends_without_loss():
    sentence = "ยื่นคำขอได้ที่สำนักปลัดทุกวันทำการค่ะ "
    text = (sentence * 200).strip()
    messages = messages_of(say(text))
    assert len(messages) == 2
    assert all(message["text"].endswith("ค่ะ") for message in messages)
    assert " ".join(message["text"] for message in messages) == text


def test_text_beyond_five_messages_ends_in_an_ellipsis():
    messages = messages_of(say(*[Text(text="👍" * 8000)] * 4))
    assert len(messages) == 5
    assert messages[-1]["text"].endswith("…")


def test_an_answer_card():
    [message] = messages_of(say(ANSWER, quick_replies=(Button(label="วิธีลงทะเบียน", payload="faq:8"),)))
    assert message["altText"].startswith("อายุ 70–79 ปี ได้เดือนละ 700 บาท เงินเข้าทุกวันที่ 10")
    assert shown(message["contents"]) == [
        "คำตอบจากสำนักปลัด",
        "อายุ 70–79 ปี ได้เดือนละ 700 บาท",
        "เงินเข้าทุกวันที่ 10\nตรงวันหยุดจ่ายก่อน",
        "60–69 ปี",
        "600 บาท",
        "70–79 ปี",
        "700 บาท",
        "📖 กรมกิจการผู้สูงอายุ",
        "👍 ตรง",
        "👎 ไม่ตรง",
    ]
    assert [action.get("uri") or action["data"] for action in actions(message["contents"])] == [
        "https://www.dop.go.th/",
        "fb:7:y",
        "fb:7:n",
    ]
    assert message["contents"]["footer"]["layout"] == "horizontal"
    assert message["quickReply"]["items"] == [
        {
            "type": "action",
            "action": {
                "type": "postback",
                "label": "วิธีลงทะเบียน",
                "data": "faq:8",
                "displayText": "วิธีลงทะเบียน",
            },
        }
    ]


def test_where_the_choice_is_open_no_button_looks_recommended():
    three = (YES, NO, Button(label="ดูเรื่องนี้", payload="case:1"))
    asks = Card(title="แก้แล้วหรือยังคะ", buttons=three, is_open_choice=True)
    tells = Card(title="แก้แล้วหรือยังคะ", buttons=three)
    [open_one], [leading] = (messages_of(Bundle(parts=(card,))) for card in (asks, tells))
    looks = [
        {name: value for name, value in button.items() if name not in ("action", "contents")}
        for button in open_one["contents"]["footer"]["contents"]
    ]
    assert looks[0] == looks[1] == looks[2]
    assert open_one["contents"]["footer"] != leading["contents"]["footer"]
    stored = Bundle(parts=(asks,))
    assert bundle_from_json(bundle_to_json(stored)) == stored


def test_a_long_body_is_said_in_full_before_its_card():
    body = "รายละเอียดของขั้นตอนค่ะ " * 100
    messages = messages_of(say(Card(title="ต่อเติมบ้าน", body=body, buttons=(YES, NO))))
    assert [message["type"] for message in messages] == ["text", "flex"]
    assert messages[0]["text"] == f"ต่อเติมบ้าน\n{body}"
    assert shown(messages[1]) == ["ต่อเติมบ้าน", "👍 ตรง", "👎 ไม่ตรง"]


def test_choices_show_whole_labels_and_grey_the_way_out():
    long = "ขอใบอนุญาตประกอบกิจการที่เป็นอันตรายต่อสุขภาพตามข้อบัญญัติท้องถิ่น"
    options = (Button(label=long, payload="a"), Button(label="ไม่ใช่ทั้งหมดนี้", payload="none"))
    [message] = messages_of(say(Choices(prompt="หมายถึงข้อไหนคะ", options=options)))
    assert shown(message["contents"]) == ["หมายถึงข้อไหนคะ", long, "ไม่ใช่ทั้งหมดนี้"]
    first, last = actions(message["contents"])
    assert grapheme_length(first["label"]) <= 40 and first["label"].endswith("…")
    assert first["displayText"] == long
    assert (last["label"], last["data"]) == ("ไม่ใช่ทั้งหมดนี้", "none")
    boxes = message["contents"]["footer"]["contents"]
    assert [box["borderColor"] for box in boxes] == ["#0B5D4E", "#7B8882"]


def test_a_long_prompt_leaves_its_question_above_the_buttons():
    prompt = "เรื่องนี้มีหลายกรณีค่ะ " * 30 + "\nหมายถึงข้อไหนคะ"
    text, choices = messages_of(say(Choices(prompt=prompt, options=(YES, NO))))
    assert text["type"] == "text" and "หมายถึงข้อไหนคะ" not in text["text"]
    assert shown(choices)[0] == "หมายถึงข้อไหนคะ"


def test_asking_for_a_place_offers_the_pin_and_the_other_ways():
    typed = Button(label="พิมพ์บอกเอง", payload="place:typed")
    menu = Button(label="เมนู", payload="menu")
    [message] = messages_of(say(AskLocation(prompt="เกิดที่ไหนคะ", options=(typed,)), quick_replies=(menu,)))
    assert message["text"] == "เกิดที่ไหนคะ"
    items = [item["action"] for item in message["quickReply"]["items"]]
    assert items[0] == {"type": "location", "label": "ส่งตำแหน่ง"}
    assert [item["data"] for item in items[1:]] == ["place:typed", "menu"]


def test_asking_for_a_photo_opens_camera_and_album_in_the_language_of_the_question():
    [message] = messages_of(say(AskPhoto(prompt="Please send a photo")))
    items = [item["action"] for item in message["quickReply"]["items"]]
    assert items == [
        {"type": "camera", "label": "Take a photo"},
        {"type": "cameraRoll", "label": "Choose a photo"},
    ]


def test_ways_too_long_for_quick_replies_become_buttons_beside_the_pin():
    way = Button(label="พิมพ์บอกจุดสังเกตใกล้เคียงแทนการปักหมุดในแผนที่", payload="place:typed")
    [message] = messages_of(say(AskLocation(prompt="เกิดที่ไหนคะ", options=(way,))))
    assert message["type"] == "flex"
    assert [action["type"] for action in actions(message["contents"])] == ["postback"]
    assert [item["action"]["type"] for item in message["quickReply"]["items"]] == ["location"]


def test_steps_show_time_and_fee_before_the_first_step():
    steps = Steps(
        title="ขอใบอนุญาตก่อสร้าง",
        steps=(Step(title="ยื่นคำขอ", detail="ที่กองช่าง", duration="1 วัน"), Step(title="ตรวจแบบ")),
        total_time="45 วัน",
        fee="200 บาท",
        buttons=(LinkButton(label="ดาวน์โหลดแบบ", url="https://example.go.th/form.pdf"),),
    )
    [message] = messages_of(say(steps))
    assert shown(message["contents"]) == [
        "ขอใบอนุญาตก่อสร้าง",
        "🕒 45 วัน",
        "💰 200 บาท",
        "1.",
        "ยื่นคำขอ",
        "ที่กองช่าง",
        "1 วัน",
        "2.",
        "ตรวจแบบ",
        "ดาวน์โหลดแบบ",
    ]


def test_ten_cards_are_a_carousel_of_one_size():
    cards = tuple(
        Card(title=f"บริการที่ {n}", buttons=(Button(label="เริ่ม", payload=f"s:{n}"),)) for n in range(10)
    )
    [message] = messages_of(say(CardList(cards=cards)))
    assert message["contents"]["type"] == "carousel"
    assert message["altText"].startswith("บริการที่ 0 · บริการที่ 1")
    assert [action["data"] for action in actions(message)] == [f"s:{n}" for n in range(10)]


def test_cards_too_large_for_one_carousel_take_several():
    cards = tuple(
        Card(title=f"ข่าว {n}", body="ประกาศน้ำไม่ไหล " * 25, rows=ANSWER.rows * 3, buttons=(YES, NO))
        for n in range(10)
    )
    messages = messages_of(say(CardList(cards=cards)))
    assert 1 < len(messages) <= 5
    titles = [text for text in shown(messages) if text.startswith("ข่าว")]
    assert titles == [f"ข่าว {n}" for n in range(10)]


@pytest.mark.parametrize("preview", [None, "http://127.0.0.1/p.jpg"])
def test_a_picture_over_https_is_shown(preview: str | None):
    url = "https://example.go.th/map.jpg"
    [message] = messages_of(say(Picture(url=url, alt="แผนที่", preview_url=preview)))
    assert message == {"type": "image", "originalContentUrl": url, "previewImageUrl": url}


def test_a_picture_that_line_refuses_becomes_a_link():
    [message] = messages_of(say(Picture(url="http://127.0.0.1:8000/map.jpg", alt="แผนที่ไป อบต.")))
    assert shown(message["contents"]) == ["แผนที่ไป อบต.", "ดูรูป"]
    assert actions(message["contents"])[0]["uri"] == "http://127.0.0.1:8000/map.jpg"


def test_a_link_is_a_sentence_and_a_button():
    [message] = messages_of(say(Link(text="อ่านต่อที่เว็บค่ะ", label="เปิดเว็บ", url="https://example.go.th/")))
    assert shown(message["contents"]) == ["อ่านต่อที่เว็บค่ะ", "เปิดเว็บ"]
    assert actions(message["contents"])[0] == {
        "type": "uri",
        "label": "เปิดเว็บ",
        "uri": "https://example.go.th/",
    }


def test_an_address_line_refuses_is_said_in_words():
    [message] = messages_of(say(Link(text="อ่านต่อ", label="เปิดเว็บ", url="https:")))
    assert message == {"type": "text", "text": "อ่านต่อ\nhttps:"}


def test_a_person_speaks_under_their_own_name_in_violet():
    bundle = Bundle(parts=(Text(text="สวัสดีค่ะ"), ANSWER), sender=Sender.STAFF, sender_name="สมศรี กองคลัง")
    messages = messages_of(bundle)
    assert [message["sender"] for message in messages] == [{"name": "สมศรี กองคลัง"}] * 2
    assert messages[1]["contents"]["header"]["backgroundColor"] == "#6A4BA0"


@pytest.mark.parametrize(
    ("name", "sent"),
    [("", "เจ้าหน้าที่"), ("LINE", "เจ้าหน้าที่"), ("สายด่วน LiLINEne งานทะเบียน", "สายด่วน งานทะเบียน")],
)
def test_a_senders_name_never_has_lines_name_in_it(name: str, sent: str):
    bundle = Bundle(parts=(Text(text="ค่ะ"),), sender=Sender.STAFF, sender_name=name)
    assert messages_of(bundle)[0]["sender"] == {"name": sent}
