"""What the web widget is given to show."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from bot.channels.webchat.render import render
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
    Step,
    Steps,
    say,
)
from tests.bot.strategies import bundles

SKIP = Button(label="ข้าม", payload="skip")
FIELDS = {
    "text": set(),
    "choices": {"options"},
    "ask_location": {"options"},
    "ask_photo": {"options"},
    "card": {"label", "title", "body", "rows", "meta", "buttons"},
    "cards": {"cards"},
    "picture": {"url", "preview_url"},
    "link": {"buttons"},
    "steps": {"title", "total_time", "fee", "steps", "meta", "buttons"},
}


def strings(value: Any) -> list[str]:
    """Every text below `value`."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(bundles)
def test_every_bundle_is_items_of_the_declared_shapes(bundle: Bundle) -> None:
    items = render(bundle)
    assert len(items) == len(bundle.parts)
    for item in items:
        extra = item.keys() - {"kind", "text", "quick_replies"}
        assert extra == FIELDS[item["kind"]]
        assert item["text"].strip()
        assert ("quick_replies" in item) is (bool(bundle.quick_replies) and item is items[-1])
    json.dumps(items, ensure_ascii=False).encode()
    for text in strings(items):
        assert "\x00" not in text and "\u202e" not in text


def views(items: Any, key: str) -> list[Any]:
    """Everything under `key`, at any depth."""
    if isinstance(items, list):
        return [view for item in items for view in views(item, key)]
    if isinstance(items, dict):
        found = items.get(key, [])
        return [*found, *(view for value in items.values() for view in views(value, key))]
    return []


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(bundles)
def test_every_button_has_words_and_one_thing_to_do(bundle: Bundle) -> None:
    items = render(bundle)
    for name in ("buttons", "options", "quick_replies"):
        for button in views(items, name):
            assert button["label"]
            assert button.keys() in ({"label", "action"}, {"label", "url"})
            assert button.get("url", "https:").startswith(("http:", "https:", "tel:"))


def test_a_text_is_its_words() -> None:
    assert render(say("<b>หนึ่ง</b>\nสอง")) == [{"kind": "text", "text": "<b>หนึ่ง</b>\nสอง"}]


def test_a_card_reads_well_as_text_and_in_parts() -> None:
    card = Card(
        label="คำตอบจากกองคลัง",
        title="เดือนละ 600 บาท",
        body="ตามอายุ",
        rows=(Row(left="60–69 ปี", right="600 บาท", strong=True),),
        meta=(Meta(kind=MetaKind.SOURCE, text="ระเบียบ มท.", url="https://www.example.go.th/"),),
        buttons=(SKIP, LinkButton(label="โทร", url="tel:1300")),
    )
    assert render(say(card)) == [
        {
            "kind": "card",
            "text": "เดือนละ 600 บาท\nตามอายุ\n60–69 ปี: 600 บาท\nระเบียบ มท.",
            "label": "คำตอบจากกองคลัง",
            "title": "เดือนละ 600 บาท",
            "body": "ตามอายุ",
            "rows": [{"left": "60–69 ปี", "right": "600 บาท", "strong": True}],
            "meta": [{"kind": "source", "text": "ระเบียบ มท.", "url": "https://www.example.go.th/"}],
            "buttons": [{"label": "ข้าม", "action": "skip"}, {"label": "โทร", "url": "tel:1300"}],
        }
    ]


def test_questions_carry_their_options_and_the_last_item_the_quick_replies() -> None:
    bundle = say(
        Choices(prompt="ข้อไหน", options=(SKIP,)),
        AskLocation(prompt="ที่ไหน", options=(SKIP,)),
        AskPhoto(prompt="ส่งรูปได้"),
        quick_replies=(Button(label="เมนู", payload="menu"),),
    )
    skip = {"label": "ข้าม", "action": "skip"}
    assert render(bundle) == [
        {"kind": "choices", "text": "ข้อไหน", "options": [skip]},
        {"kind": "ask_location", "text": "ที่ไหน", "options": [skip]},
        {
            "kind": "ask_photo",
            "text": "ส่งรูปได้",
            "options": [],
            "quick_replies": [{"label": "เมนู", "action": "menu"}],
        },
    ]


def test_cards_pictures_links_and_steps() -> None:
    cards, picture, link, steps = render(
        say(
            CardList(cards=(Card(title="หนึ่ง"), Card(title="สอง"))),
            Picture(url="https://x.go.th/a.png", alt="แผนที่"),
            Link(text="อ่านต่อ", label="เปิด", url="https://x.go.th/"),
            Steps(title="ขออนุญาต", steps=(Step(title="ยื่น", duration="1 วัน"),), fee="20 บาท"),
        )
    )
    assert cards["kind"] == "cards" and [card["title"] for card in cards["cards"]] == ["หนึ่ง", "สอง"]
    assert cards["text"] == "หนึ่ง\n\nสอง"
    assert picture == {
        "kind": "picture",
        "text": "แผนที่",
        "url": "https://x.go.th/a.png",
        "preview_url": "https://x.go.th/a.png",
    }
    assert link == {
        "kind": "link",
        "text": "อ่านต่อ",
        "buttons": [{"label": "เปิด", "url": "https://x.go.th/"}],
    }
    assert steps["kind"] == "steps" and steps["fee"] == "20 บาท" and steps["total_time"] == ""
    assert steps["steps"] == [{"title": "ยื่น", "detail": "", "duration": "1 วัน"}]


def test_a_line_of_proof_never_links_to_a_script() -> None:
    meta = (Meta(kind=MetaKind.NOTE, text="หมายเหตุ", url="javascript:alert(1)"),)
    (item,) = render(say(Card(title="ก", meta=meta)))
    assert item["kind"] == "card" and item["meta"] == [{"kind": "note", "text": "หมายเหตุ"}]
