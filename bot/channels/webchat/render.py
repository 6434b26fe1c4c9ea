"""Says a bundle as the items that the web widget reads. Pure and total; the shapes below are the contract.

Every item has `kind` and `text`; `text` alone reads well, for a screen reader, a partner's simple client or
a kind that an old widget does not know. The fields beside it say the same in parts. Nothing is HTML.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from bot.channels.measure import printable
from eservice.messaging.content import (
    AnyButton,
    AskLocation,
    AskPhoto,
    Bundle,
    Button,
    Card,
    CardList,
    Choices,
    Link,
    Meta,
    Part,
    Picture,
    Steps,
    Text,
    plain_text,
)


class ActionButton(TypedDict):
    """A tap that the widget posts back as `{"action": action}`."""

    label: str
    action: str


class UrlButton(TypedDict):
    """A tap that opens an address: http, https or tel."""

    label: str
    url: str


AnyWebButton: TypeAlias = ActionButton | UrlButton


class RowView(TypedDict):
    """One row of a two-column table; `strong` marks the row that applies to this person."""

    left: str
    right: str
    strong: bool


class MetaView(TypedDict):
    """A line of proof: `kind` picks the icon; `url`, if there is one, is http or https."""

    kind: Literal["source", "department", "date", "note"]
    text: str
    url: NotRequired[str]


class CardView(TypedDict):
    """A card: `label` is the strip above the title. Empty texts and lists are not shown."""

    label: str
    title: str
    body: str
    rows: list[RowView]
    meta: list[MetaView]
    buttons: list[AnyWebButton]


class StepView(TypedDict):
    """One step of a service; `detail` and `duration` may be empty."""

    title: str
    detail: str
    duration: str


class _Item(TypedDict):
    """What every item has; `quick_replies` hang below the last item of a bundle."""

    text: str
    quick_replies: NotRequired[list[ActionButton]]


class TextItem(_Item):
    """Running text; line ends are kept."""

    kind: Literal["text"]


class ChoicesItem(_Item):
    """A question and its answers; for "ask_location" and "ask_photo" the ways to go on without."""

    kind: Literal["choices", "ask_location", "ask_photo"]
    options: list[ActionButton]


class CardItem(_Item, CardView):
    """One card."""

    kind: Literal["card"]


class CardsItem(_Item):
    """Several cards side by side."""

    kind: Literal["cards"]
    cards: list[CardView]


class PictureItem(_Item):
    """A picture; `text` is its alternative text. `preview_url` is the smaller one, or the same."""

    kind: Literal["picture"]
    url: str
    preview_url: str


class LinkItem(_Item):
    """A sentence and the page it speaks of, as one button."""

    kind: Literal["link"]
    buttons: list[AnyWebButton]


class StepsItem(_Item):
    """The steps of a service; `total_time` and `fee` are words and may be empty."""

    kind: Literal["steps"]
    title: str
    total_time: str
    fee: str
    steps: list[StepView]
    meta: list[MetaView]
    buttons: list[AnyWebButton]


Item: TypeAlias = TextItem | ChoicesItem | CardItem | CardsItem | PictureItem | LinkItem | StepsItem


def render(bundle: Bundle) -> list[Item]:
    """One item per part, in order. Who is speaking is the message's to say, not the item's."""
    items = [_item(part) for part in bundle.parts]
    if bundle.quick_replies:
        items[-1]["quick_replies"] = _actions(bundle.quick_replies)
    return items


def _item(part: Part) -> Item:
    text = _words(plain_text(Bundle(parts=(part,))))
    match part:
        case Text():
            return {"kind": "text", "text": text}
        case Choices(options=options):
            return {"kind": "choices", "text": text, "options": _actions(options)}
        case AskLocation(options=options):
            return {"kind": "ask_location", "text": text, "options": _actions(options)}
        case AskPhoto(options=options):
            return {"kind": "ask_photo", "text": text, "options": _actions(options)}
        case Card():
            return {"kind": "card", "text": text, **_card(part)}
        case CardList(cards=cards):
            return {"kind": "cards", "text": text, "cards": [_card(card) for card in cards]}
        case Picture(url=url, preview_url=preview_url):
            return {
                "kind": "picture",
                "text": text,
                "url": url,
                "preview_url": preview_url or url,
            }
        case Link(text=sentence, label=label, url=url):
            buttons: list[AnyWebButton] = [{"label": _line(label), "url": url}]
            return {"kind": "link", "text": _words(sentence), "buttons": buttons}
        case Steps():
            return {
                "kind": "steps",
                "text": text,
                "title": _words(part.title),
                "total_time": _line(part.total_time),
                "fee": _line(part.fee),
                "steps": [
                    {
                        "title": _line(step.title),
                        "detail": _words(step.detail),
                        "duration": _line(step.duration),
                    }
                    for step in part.steps
                ],
                "meta": _meta(part.meta),
                "buttons": _buttons(part.buttons),
            }


def _card(card: Card) -> CardView:
    return {
        "label": _line(card.label),
        "title": _words(card.title),
        "body": _words(card.body),
        "rows": [
            {"left": _line(row.left), "right": _line(row.right), "strong": row.strong} for row in card.rows
        ],
        "meta": _meta(card.meta),
        "buttons": _buttons(card.buttons),
    }


def _meta(meta: tuple[Meta, ...]) -> list[MetaView]:
    views: list[MetaView] = []
    for item in meta:
        if text := _line(item.text):
            view: MetaView = {"kind": item.kind.value, "text": text}
            # The vocabulary does not check these: a javascript: address must not become a link.
            if item.url is not None and item.url.startswith(("https://", "http://")):
                view["url"] = item.url
            views.append(view)
    return views


def _actions(buttons: tuple[Button, ...]) -> list[ActionButton]:
    return [{"label": _line(button.label), "action": button.payload} for button in buttons]


def _buttons(buttons: tuple[AnyButton, ...]) -> list[AnyWebButton]:
    return [
        {"label": _line(button.label), "action": button.payload}
        if isinstance(button, Button)
        else {"label": _line(button.label), "url": button.url}
        for button in buttons
    ]


def _words(text: str) -> str:
    """What can be seen of `text`; "" stays empty."""
    return printable(text).strip() if text.strip() else ""


def _line(text: str) -> str:
    return " ".join(_words(text).split())
