"""What Telegram is asked to show: words, keyboards, and limits that no bundle can break."""

import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import HealthCheck, given, settings

from bot.channel import Request
from bot.channels.measure import grapheme_length
from bot.channels.telegram.render import render, to_plain
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
    say,
)
from tests.bot.strategies import bundles

SKIP = Button(label="ข้ามไปก่อน", payload="skip")


class _Html(HTMLParser):
    """Telegram's rules for the tags we use; collects the text and counts the entities."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.open, self.entities = "", [], 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in ("b", "a"), tag
        self.open.append(tag)
        self.entities += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(source: str) -> _Html:
    assert not re.search(r"&(?!(lt|gt|amp|quot|#x27);)", source)
    reader = _Html()
    reader.feed(source)
    reader.close()
    assert not reader.open
    return reader


def keyboard(request: Request) -> list[dict[str, str]]:
    markup = request.body.get("reply_markup", {})
    return [button for row in markup.get("inline_keyboard", []) for button in row]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(bundles)
def test_no_bundle_breaks_telegrams_limits(bundle: Bundle) -> None:
    requests = render(bundle)
    assert requests
    for request in requests:
        assert request.method in ("sendMessage", "sendPhoto")
        source, limit = (
            (request.body["text"], 4096)
            if request.method == "sendMessage"
            else (request.body["caption"], 1024)
        )
        reader = parsed(source)
        assert reader.text.strip() and len(reader.text) <= limit
        assert reader.entities <= 100
        assert to_plain(source) == reader.text
        source.encode()
        inline = keyboard(request)
        assert len(inline) <= 100
        for button in inline:
            assert len(button.keys() & {"callback_data", "url"}) == 1
            assert button["text"].strip() and grapheme_length(button["text"]) <= 60
            assert 1 <= len(button.get("callback_data", "x").encode()) <= 64
            assert re.fullmatch(r"https?://[^\s/]+\.\S+", button.get("url", "https://a.b"))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(bundles)
def test_every_button_can_be_tapped_somewhere(bundle: Bundle) -> None:
    shown = [button.get("callback_data") for request in render(bundle) for button in keyboard(request)]
    for button in bundle.quick_replies:
        assert button.payload in shown
    for part in bundle.parts:
        cards = part.cards if isinstance(part, CardList) else (part,)
        for card in cards:
            for button in (*getattr(card, "options", ()), *getattr(card, "buttons", ())):
                if isinstance(button, Button):
                    assert button.payload in shown


def test_words_are_never_markup() -> None:
    (request,) = render(say("3 < 5 & <b>หนา</b>"))
    assert request.body["text"] == "3 &lt; 5 &amp; &lt;b&gt;หนา&lt;/b&gt;"
    assert request.body["parse_mode"] == "HTML"


def test_a_text_of_4096_characters_is_one_message_however_many_are_escaped() -> None:
    assert len(render(say("<" * 4096))) == 1
    assert len(render(say("<" * 4097))) == 2


def test_a_long_text_loses_no_words() -> None:
    text = "\n".join(f"ข้อ {number} อบต. เปิดทำการวันจันทร์ถึงวันศุกร์" for number in range(160))
    requests = render(say(text))
    assert len(requests) == 2
    said = "\n".join(to_plain(request.body["text"]) for request in requests)
    assert said.split() == text.split()


def test_a_card_is_headline_rows_proof_and_buttons() -> None:
    card = Card(
        label="คำตอบจากกองคลัง",
        title="เดือนละ 600–1,000 บาท",
        body="ตามอายุ",
        rows=(Row(left="60–69 ปี", right="600 บาท"), Row(left="70–79 ปี", right="700 บาท", strong=True)),
        meta=(Meta(kind=MetaKind.SOURCE, text="ระเบียบ มท.", url="https://www.example.go.th/?a=1&b=2"),),
        buttons=(LinkButton(label="ดูระเบียบ", url="https://www.example.go.th/"), SKIP),
    )
    (request,) = render(say(card))
    assert request.body["text"] == (
        "คำตอบจากกองคลัง\n<b>เดือนละ 600–1,000 บาท</b>\n\nตามอายุ\n\n"
        "60–69 ปี: 600 บาท\n<b>70–79 ปี: 700 บาท</b>\n\n"
        '<a href="https://www.example.go.th/?a=1&amp;b=2">📄 ระเบียบ มท.</a>'
    )
    assert request.body["reply_markup"] == {
        "inline_keyboard": [
            [
                {"text": "ดูระเบียบ", "url": "https://www.example.go.th/"},
                {"text": "ข้ามไปก่อน", "callback_data": "skip"},
            ]
        ]
    }


def test_short_labels_share_a_row_and_long_ones_do_not() -> None:
    labels = ("ใช่", "ไม่ใช่", "ขอคุยกับเจ้าหน้าที่ของสำนักงาน", "ยกเลิก")
    options = tuple(Button(label=label, payload=str(n)) for n, label in enumerate(labels))
    (request,) = render(say(Choices(prompt="ถูกต้องไหม", options=options)))
    rows = request.body["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [
        ["ใช่", "ไม่ใช่"],
        ["ขอคุยกับเจ้าหน้าที่ของสำนักงาน"],
        ["ยกเลิก"],
    ]


def test_several_cards_are_one_message_and_their_buttons_are_numbered() -> None:
    cards = tuple(
        Card(title=f"เรื่องที่ {name}", buttons=(Button(label="เลือก", payload=name),)) for name in "abc"
    )
    (request,) = render(say(CardList(cards=cards)))
    assert "<b>2. เรื่องที่ b</b>" in request.body["text"]
    assert [button["text"] for button in keyboard(request)] == ["1. เลือก", "2. เลือก", "3. เลือก"]


def test_ten_cards_with_ten_buttons_and_eleven_quick_replies_stay_within_a_hundred_buttons() -> None:
    cards = tuple(
        Card(
            title=f"เรื่องที่ {n}",
            buttons=tuple(Button(label=f"ทางเลือก {n}.{m}", payload=f"{n}.{m}") for m in range(10)),
        )
        for n in range(10)
    )
    quick = tuple(Button(label=f"ทางลัด {n}", payload=f"q{n}") for n in range(11))
    requests = render(say(CardList(cards=cards), quick_replies=quick))
    assert [len(keyboard(request)) for request in requests] == [80, 31]


def test_quick_replies_hang_below_the_last_message() -> None:
    first, last = render(say("หนึ่ง", "สอง", quick_replies=(SKIP,)))
    assert not keyboard(first)
    assert [button["callback_data"] for button in keyboard(last)] == ["skip"]


def test_quick_replies_follow_the_buttons_of_the_last_message() -> None:
    yes = Button(label="ใช่", payload="yes")
    (request,) = render(say(Choices(prompt="ใช่ไหม", options=(yes,)), quick_replies=(SKIP,)))
    assert [button["callback_data"] for button in keyboard(request)] == ["yes", "skip"]


def test_asking_for_a_location_shows_its_button_and_the_other_ways_in_a_message_of_their_own() -> None:
    ask, otherwise = render(say(AskLocation(prompt="เกิดเหตุที่ไหน", options=(SKIP,))))
    assert ask.body["reply_markup"] == {
        "keyboard": [[{"text": "📍 ส่งตำแหน่งที่อยู่ตอนนี้", "request_location": True}]],
        "one_time_keyboard": True,
        "resize_keyboard": True,
    }
    assert otherwise.body["text"] == "หรือเลือกจากปุ่มข้างล่าง"
    assert [button["callback_data"] for button in keyboard(otherwise)] == ["skip"]


def test_asking_for_a_location_without_other_ways_is_one_message() -> None:
    (ask,) = render(say(AskLocation(prompt="Where is it?")))
    assert ask.body["reply_markup"]["keyboard"][0][0]["text"] == "📍 Send where I am now"


def test_a_message_without_keyboard_takes_a_lingering_location_button_away() -> None:
    (request,) = render(say("ได้รับแล้ว"))
    assert request.body["reply_markup"] == {"remove_keyboard": True}


def test_asking_for_a_photo_offers_the_other_ways_below_the_question() -> None:
    (ask,) = render(say(AskPhoto(prompt="ส่งรูปได้เลย", options=(SKIP,))))
    assert [button["callback_data"] for button in keyboard(ask)] == ["skip"]


def test_a_telephone_number_is_text_because_telegram_has_no_such_button() -> None:
    (request,) = render(say(Link(text="แจ้งไฟฟ้าขัดข้อง", label="โทร PEA", url="tel:1129")))
    assert request.body["text"] == "แจ้งไฟฟ้าขัดข้อง\nโทร PEA: 1129"
    assert not keyboard(request)


def test_an_address_that_telegram_refuses_as_a_button_is_text() -> None:
    (request,) = render(say(Link(text="หน้าเว็บ", label="เปิด", url="http://localhost:8000/faq")))
    assert request.body["text"].endswith("เปิด: http://localhost:8000/faq")
    assert not keyboard(request)


def test_a_picture_carries_its_words_as_caption() -> None:
    (request,) = render(say(Picture(url="https://www.example.go.th/map.png", alt="ก" * 2000)))
    assert request.method == "sendPhoto"
    assert request.body["photo"] == "https://www.example.go.th/map.png"
    assert len(request.body["caption"]) == 1024


def test_steps_are_numbered_with_time_and_fee_first() -> None:
    service = Steps(
        title="ขออนุญาตก่อสร้าง",
        steps=(Step(title="ยื่นคำขอ", detail="ที่กองช่าง", duration="1 วัน"), Step(title="รับใบอนุญาต")),
        total_time="45 วัน",
        fee="20 บาท",
    )
    (request,) = render(say(service))
    assert request.body["text"] == (
        "<b>ขออนุญาตก่อสร้าง</b>\n⏱ 45 วัน\n💰 20 บาท\n\n<b>1. ยื่นคำขอ (1 วัน)</b>\nที่กองช่าง\n\n<b>2. รับใบอนุญาต</b>"
    )


def test_a_person_is_named_once_above_what_they_say() -> None:
    bundle = Bundle(parts=say("หนึ่ง", "สอง").parts, sender=Sender.STAFF, sender_name="สมศรี กองคลัง")
    first, second = render(bundle)
    assert first.body["text"] == "<b>👤 สมศรี กองคลัง</b>\nหนึ่ง"
    assert second.body["text"] == "สอง"


def test_a_person_without_a_name_is_still_a_person() -> None:
    (request,) = render(Bundle(parts=say("สวัสดี").parts, sender=Sender.STAFF))
    assert request.body["text"].startswith("<b>👤 เจ้าหน้าที่</b>")
