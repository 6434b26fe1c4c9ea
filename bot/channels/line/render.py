"""Renders a bundle as one LINE request of at most five messages. Pure and total.

Parts are said in their order. Each part may use what is left of the five messages when every later part
keeps one; a text that would need more ends in "…". A part too large for its bubble is said as text first
and then shown as a smaller bubble with its buttons.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from bot.channel import Request
from bot.channels.line import flex
from bot.channels.line.flex import Cutter, Detail, Look
from bot.channels.measure import (
    ELLIPSIS,
    fits,
    grapheme_length,
    printable,
    shorten,
    split_text,
    utf16_length,
)
from eservice.kit.text import Catalogue
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
    Part,
    Picture,
    Sender,
    Steps,
    Text,
    plain_text,
)

Json: TypeAlias = dict[str, Any]
Draw: TypeAlias = Callable[[Detail, Cutter], Json]

MAX_MESSAGES = 5
MAX_TEXT = 5_000  # UTF-16 units
MAX_ALT_TEXT = 400  # of LINE's 1,500: it is a line in the list of chats
MAX_QUICK_REPLIES = 13
MAX_QUICK_LABEL = 20  # grapheme clusters
MAX_SENDER_NAME = 20
MAX_MEDIA_URL = 2_000

_TEXTS = Catalogue(Path(__file__).parent / "text")
_THAI = re.compile("[\u0e00-\u0e7f]")
_BRAND = re.compile("line", re.IGNORECASE)


def render(bundle: Bundle) -> list[Request]:
    """The one request, method "messages", that says `bundle`."""
    asks = [part for part in bundle.parts if isinstance(part, AskLocation | AskPhoto)]
    inline = _fit_quick_replies(asks)
    look = flex.PERSON if bundle.sender is Sender.STAFF else flex.MACHINE
    strip = bundle.sender_name if bundle.sender is Sender.STAFF else ""
    messages: list[Json] = []
    for index, part in enumerate(bundle.parts):
        room = MAX_MESSAGES - len(messages) - (len(bundle.parts) - index - 1)
        messages += _messages(part, room, look, strip, inline=inline)
    replies = _quick_replies(asks, bundle.quick_replies, inline=inline)
    if replies:
        messages[-1]["quickReply"] = {"items": [{"type": "action", "action": reply} for reply in replies]}
    if bundle.sender is Sender.STAFF:
        name = _sender_name(bundle.sender_name)
        for message in messages:
            message["sender"] = {"name": name}
    return [Request(method="messages", body={"messages": messages})]


def _messages(part: Part, room: int, look: Look, strip: str, *, inline: bool) -> list[Json]:
    """The messages of one part, one to `room`."""
    match part:
        case Text(text=text):
            return _texts(text, room)
        case AskLocation(prompt=prompt, options=options) | AskPhoto(prompt=prompt, options=options):
            if inline or not options:
                return _texts(prompt, room)
            return _choices(Choices(prompt=prompt, options=options), room, look, strip)
        case Choices():
            return _choices(part, room, look, strip)
        case Card():
            return _card(part, room, look, strip)
        case CardList(cards=cards):
            return _carousels(cards, room, look, strip)
        case Steps():
            return _drawn(part, partial(flex.steps_bubble, part, look, strip), room)
        case Link():
            return _link(part, room, look, strip)
        case Picture():
            return _picture(part, room, look, strip)


def _texts(text: str, room: int) -> list[Json]:
    """`text` in at most `room` text messages."""
    pieces = split_text(printable(text), MAX_TEXT, utf16_length)
    if len(pieces) > room:
        last = pieces[room - 1]
        cut = (
            last + ELLIPSIS
            if fits(last, MAX_TEXT - 1, utf16_length)
            else shorten(last + ELLIPSIS, MAX_TEXT, utf16_length)
        )
        pieces = [*pieces[: room - 1], cut]
    return [{"type": "text", "text": piece} for piece in pieces]


def _drawn(part: Part, draw: Draw, room: int) -> list[Json]:
    """`part` as a bubble; where a bubble cannot show it all, its words as text and then a smaller bubble."""
    cutter = Cutter()
    bubble = draw(flex.FULL, cutter)
    if not cutter.lost and flex.is_small(bubble):
        return [_flex_message(part, bubble)]
    said = _texts(_in_words(part), room - 1) if room > 1 else []
    details = (flex.LEAN,) if said else (flex.FULL, flex.SHORT, flex.LEAN)
    bubbles = (draw(detail, Cutter()) for detail in details)
    # The barest one is small by construction.
    bubble = next(filter(flex.is_small, bubbles), None) or draw(flex.BARE, Cutter())
    return [*said, _flex_message(part, bubble)]


def _choices(choices: Choices, room: int, look: Look, strip: str) -> list[Json]:
    """A long prompt is said as text, all but its last line, which is the question above the buttons."""
    before, _, question = choices.prompt.rstrip().rpartition("\n")
    if room > 1 and before.strip() and not fits(choices.prompt, flex.FULL.title, utf16_length):
        said = _texts(before, room - 1)
        choices = Choices(prompt=question, options=choices.options)
    else:
        said = []
    draw = partial(flex.choices_bubble, choices, look, strip)
    return said + _drawn(choices, draw, room - len(said))


def _card(card: Card, room: int, look: Look, strip: str) -> list[Json]:
    """A long body is said as text below its headline; the card then follows without it."""
    said: list[Json] = []
    if room > 1 and not fits(card.body, flex.FULL.body, utf16_length):
        said = _texts(f"{card.title}\n{card.body}", room - 1)
        card = replace(card, body="")
    return said + _drawn(card, partial(flex.card_bubble, card, look, strip), room - len(said))


def _carousels(cards: Sequence[Card], room: int, look: Look, strip: str) -> list[Json]:
    """Cards side by side in one carousel, in several if one would be too large, with less text at the last."""
    if len(cards) == 1:
        return _card(cards[0], room, look, strip)
    for detail in (flex.SIDE_FULL, flex.SIDE_SHORT, flex.SIDE_BARE):
        bubbles = [flex.card_bubble(card, look, strip, detail, Cutter()) for card in cards]
        carousel = flex.carousel(bubbles)
        if detail is flex.SIDE_BARE or flex.is_small(carousel):
            return [_flex_message(CardList(cards=tuple(cards)), carousel)]
        if room > 1:
            break
    half = (len(cards) + 1) // 2
    first = _carousels(cards[:half], room - room // 2, look, strip)
    return first + _carousels(cards[half:], room - len(first), look, strip)


def _link(link: Link, room: int, look: Look, strip: str) -> list[Json]:
    if flex.safe_uri(link.url) is None:
        return _texts(f"{link.text}\n{link.url}", room)
    return _drawn(link, partial(flex.link_bubble, link, look, strip), room)


def _picture(picture: Picture, room: int, look: Look, strip: str) -> list[Json]:
    """A picture over HTTPS as such; LINE takes no other, so any other becomes a link to it."""
    url = flex.safe_uri(picture.url)
    if url and url.startswith("https:"):
        preview = flex.safe_uri(picture.preview_url or "") or url
        preview = preview if preview.startswith("https:") else url
        return [{"type": "image", "originalContentUrl": url, "previewImageUrl": preview}]
    label = _word("see_picture", picture.alt)
    return _link(Link(text=picture.alt, label=label, url=picture.url), room, look, strip)


def _flex_message(part: Part, container: Json) -> Json:
    titles = [card.title for card in part.cards] if isinstance(part, CardList) else [_in_words(part)]
    words = " ".join(" · ".join(titles)[: 4 * MAX_ALT_TEXT].split())
    return {
        "type": "flex",
        "altText": shorten(printable(words), MAX_ALT_TEXT, utf16_length),
        "contents": container,
    }


def _in_words(part: Part) -> str:
    """The part as text, with the addresses of its links."""
    words = plain_text(Bundle(parts=(part,)))
    buttons = part.buttons if isinstance(part, Card | Steps) else ()
    links = [f"{button.label}: {button.url}" for button in buttons if isinstance(button, LinkButton)]
    return "\n".join([words, *links])


def _fit_quick_replies(asks: Sequence[AskLocation | AskPhoto]) -> bool:
    """Whether the ways to go on without a pin or photo can stand beside the actions that send one."""
    options = [option for ask in asks for option in ask.options]
    return len(options) <= MAX_QUICK_REPLIES - 3 and all(
        fits(option.label, MAX_QUICK_LABEL, grapheme_length) for option in options
    )


def _quick_replies(
    asks: Sequence[AskLocation | AskPhoto], replies: Sequence[Button], *, inline: bool
) -> list[Json]:
    """The actions below the last message, most needed first: LINE shows thirteen."""
    actions: list[Json] = []
    if place := next((ask for ask in asks if isinstance(ask, AskLocation)), None):
        actions.append({"type": "location", "label": _word("send_location", place.prompt)})
    if photo := next((ask for ask in asks if isinstance(ask, AskPhoto)), None):
        actions.append({"type": "camera", "label": _word("take_photo", photo.prompt)})
        actions.append({"type": "cameraRoll", "label": _word("choose_photo", photo.prompt)})
    options = [option for ask in asks for option in ask.options] if inline else []
    for button in (*options, *replies):
        label = flex.label_text(button.label, MAX_QUICK_LABEL, 60)
        said = flex.label_text(button.label, 100, 200)
        actions.append({"type": "postback", "label": label, "data": button.payload, "displayText": said})
    return actions[:MAX_QUICK_REPLIES]


def _sender_name(name: str) -> str:
    """The name above a person's messages; LINE forbids its own name in it."""
    name = printable(name)
    while _BRAND.search(name):
        name = _BRAND.sub("", name)
    if not name.strip(f" {ELLIPSIS}"):
        return _word("staff", "")
    return flex.label_text(name, MAX_SENDER_NAME, MAX_SENDER_NAME)


def _word(key: str, beside: str) -> str:
    """One of LINE's own words, in English only beside a text without Thai letters."""
    return _TEXTS.get(key, "th" if not beside or _THAI.search(beside) else "en")
