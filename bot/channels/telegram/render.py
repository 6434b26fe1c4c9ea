"""Says a bundle in Telegram's words: HTML messages with inline keyboards.

Limits hold by construction: text is measured before it becomes HTML (Telegram counts code points after
parsing), every value is escaped, and a keyboard never has more than a hundred buttons.
"""

import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from bot.channel import Request
from bot.channels.measure import grapheme_length, printable, shorten, split_text
from eservice.kit.text import Catalogue
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
    LinkButton,
    Meta,
    MetaKind,
    Part,
    Picture,
    Sender,
    Steps,
    Text,
    plain_text,
)

MAX_TEXT = 4096  # code points after parsing
MAX_CAPTION = 1024
MAX_ENTITIES = 100  # per message; Telegram drops what is over
MAX_LABEL = 60  # grapheme clusters: our choice, about two lines on a telephone
_SHORT_LABEL = 14  # grapheme clusters of which two fit side by side
_MAX_LIST_BUTTONS = 80  # of Telegram's hundred: the rest is for quick replies
_WORTH_FILLING = 1000  # code points: with less room, a long text rather begins a new message

TEXTS = Catalogue(Path(__file__).parent / "text")

_META_ICONS = {
    MetaKind.SOURCE: "📄",
    MetaKind.DEPARTMENT: "🏢",
    MetaKind.DATE: "📅",
    MetaKind.NOTE: "ℹ️",
}
_THAI = re.compile("[\u0e00-\u0e7f]")

Keyboard: TypeAlias = list[list[dict[str, str]]]


@dataclass(frozen=True, kw_only=True)
class _Line:
    """Words of one style: plain, bold or linked."""

    text: str
    bold: bool = False
    url: str | None = None

    def html(self, text: str) -> str:
        """A piece of this line's text, as HTML."""
        escaped = html.escape(text, quote=False)
        if self.url is not None:
            return f'<a href="{html.escape(self.url)}">{escaped}</a>'
        return f"<b>{escaped}</b>" if self.bold else escaped

    @property
    def entities(self) -> int:
        return int(self.bold or self.url is not None)


@dataclass(kw_only=True)
class _Bubble:
    """One message to be: HTML and the inline keyboard below it, or a picture or the wish for a location."""

    html: str
    keyboard: Keyboard = field(default_factory=list)
    photo: str | None = None
    location_button: str | None = None


def render(bundle: Bundle) -> list[Request]:
    """The calls that say `bundle`, in order, without chat_id."""
    language = "th" if _THAI.search(plain_text(bundle)) else "en"
    said_by = _said_by(bundle, language)
    bubbles: list[_Bubble] = []
    for part in bundle.parts:
        bubbles += _bubbles(part, said_by if not bubbles else [], language)
    if bundle.quick_replies:
        if bubbles[-1].location_button is not None:
            bubbles.append(_otherwise(language))
        bubbles[-1].keyboard += _rows(bundle.quick_replies)
    # A location button stays on the screen until a message takes it away.
    lingering = not any(bubble.location_button for bubble in bubbles)
    return [_request(bubble, removes_keyboard=lingering) for bubble in bubbles]


def to_plain(text: str) -> str:
    """What remains of our HTML without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def _request(bubble: _Bubble, *, removes_keyboard: bool) -> Request:
    body: dict[str, Any] = {"parse_mode": "HTML"}
    if bubble.keyboard:
        body["reply_markup"] = {"inline_keyboard": bubble.keyboard}
    elif bubble.location_button is not None:
        button = {"text": bubble.location_button, "request_location": True}
        body["reply_markup"] = {"keyboard": [[button]], "one_time_keyboard": True, "resize_keyboard": True}
    elif removes_keyboard:
        body["reply_markup"] = {"remove_keyboard": True}
    if bubble.photo is not None:
        return Request(method="sendPhoto", body={"photo": bubble.photo, "caption": bubble.html, **body})
    preview = {"is_disabled": True}
    return Request(method="sendMessage", body={"text": bubble.html, "link_preview_options": preview, **body})


def _bubbles(part: Part, said_by: list[_Line], language: str) -> list[_Bubble]:
    match part:
        case Text(text=text):
            return _messages([*said_by, *_line(text)], [])
        case Choices(prompt=prompt, options=options) | AskPhoto(prompt=prompt, options=options):
            return _messages([*said_by, *_line(prompt)], _rows(options))
        case AskLocation(prompt=prompt, options=options):
            bubbles = _messages([*said_by, *_line(prompt)], [])
            bubbles[-1].location_button = TEXTS.get("location.button", language)
            if options:
                bubbles.append(_otherwise(language))
                bubbles[-1].keyboard = _rows(options)
            return bubbles
        case Link(text=text, label=label, url=url):
            links = (LinkButton(label=label, url=url),)
            return _messages([*said_by, *_line(text), *_unbuttoned(links)], _rows(links))
        case Picture(url=url, alt=alt):
            names = "".join(line.html(line.text) + "\n" for line in said_by)
            room = MAX_CAPTION - sum(len(line.text) + 1 for line in said_by)
            caption = html.escape(shorten(_words(alt), room, len), quote=False)
            return [_Bubble(html=names + caption, photo=url)]
        case Card():
            return _messages([*said_by, *_card_lines(part)], _rows(part.buttons))
        case CardList(cards=cards):
            return _card_list(cards, said_by)
        case Steps():
            return _messages([*said_by, *_steps_lines(part)], _rows(part.buttons))


def _said_by(bundle: Bundle, language: str) -> list[_Line]:
    """The line that names a person; the machine needs none."""
    if bundle.sender is not Sender.STAFF:
        return []
    name = _one_line(bundle.sender_name) or TEXTS.get("staff", language)
    return [_Line(text=f"👤 {shorten(name, 200, len)}", bold=True)]


def _otherwise(language: str) -> _Bubble:
    """The short message that carries inline buttons after a wish for a location: one message has one keyboard."""
    return _Bubble(html=html.escape(TEXTS.get("location.otherwise", language), quote=False))


def _card_lines(card: Card, number: str = "") -> list[_Line]:
    rows = [
        line
        for row in card.rows
        for line in _line(": ".join(filter(None, [_one_line(row.left), _one_line(row.right)])), row.strong)
    ]
    sections = [
        [*_line(_one_line(card.label)), *_line(number + card.title, bold=True)],
        _line(card.body),
        rows,
        [*_meta_lines(card.meta), *_unbuttoned(card.buttons)],
    ]
    return _with_gaps(sections)


def _steps_lines(steps: Steps) -> list[_Line]:
    terms = [(icon, _one_line(value)) for icon, value in (("⏱", steps.total_time), ("💰", steps.fee))]
    sections = [
        [
            *_line(steps.title, bold=True),
            *(_Line(text=f"{icon} {value}") for icon, value in terms if value),
        ]
    ]
    for number, step in enumerate(steps.steps, start=1):
        duration = _one_line(step.duration)
        head = f"{number}. {_one_line(step.title)}" + (f" ({duration})" if duration else "")
        sections.append([_Line(text=head, bold=True), *_line(step.detail)])
    sections.append([*_meta_lines(steps.meta), *_unbuttoned(steps.buttons)])
    return _with_gaps(sections)


def _card_list(cards: tuple[Card, ...], said_by: list[_Line]) -> list[_Bubble]:
    """Cards below each other in as few messages as their texts and buttons allow; numbers tell buttons apart."""
    groups: list[tuple[list[list[_Line]], Keyboard]] = []
    used = 0
    for position, card in enumerate(cards, start=1):
        number = f"{position}. " if len(cards) > 1 else ""
        lines = [*said_by, *_card_lines(card, number)]
        said_by = []
        size = sum(len(line.text) + 1 for line in lines)
        rows = _rows(card.buttons, number)
        full = groups and (
            used + size > MAX_TEXT - 2 * len(cards)
            or sum(len(row) for row in groups[-1][1]) + len(card.buttons) > _MAX_LIST_BUTTONS
        )
        if not groups or full:
            groups.append(([], []))
            used = 0
        groups[-1][0].append(lines)
        groups[-1][1].extend(rows)
        used += size
    return [bubble for sections, rows in groups for bubble in _messages(_with_gaps(sections), rows)]


def _meta_lines(meta: tuple[Meta, ...]) -> list[_Line]:
    return [
        _Line(
            text=f"{_META_ICONS[item.kind]} {words}",
            url=item.url if item.url is not None and _opens_in_telegram(item.url) else None,
        )
        for item in meta
        if (words := _one_line(item.text))
    ]


def _unbuttoned(buttons: tuple[AnyButton, ...]) -> list[_Line]:
    """Telephone numbers, and addresses that Telegram would refuse as a button: shown as text, to be tapped there."""
    return [
        _Line(text=f"{_one_line(button.label)}: {button.url.removeprefix('tel:')}")
        for button in buttons
        if isinstance(button, LinkButton) and not _opens_in_telegram(button.url)
    ]


def _opens_in_telegram(url: str) -> bool:
    """Whether Telegram takes `url` for a button: http(s), with a host that has a dot or is an address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", parts.hostname or "") is not None
    )


def _rows(buttons: tuple[AnyButton, ...], prefix: str = "") -> Keyboard:
    """Rows of inline buttons: two short labels share one, a long one has its own."""
    rows: Keyboard = []
    has_room = False
    for button in buttons:
        label = shorten(prefix + _one_line(button.label), MAX_LABEL, grapheme_length)
        if isinstance(button, Button):
            item = {"text": label, "callback_data": button.payload}
        elif _opens_in_telegram(button.url):
            item = {"text": label, "url": button.url}
        else:
            continue
        is_short = grapheme_length(label) <= _SHORT_LABEL
        if is_short and has_room:
            rows[-1].append(item)
            has_room = False
        else:
            rows.append([item])
            has_room = is_short
    return rows


def _messages(lines: list[_Line], keyboard: Keyboard) -> list[_Bubble]:
    """The lines as messages of at most `MAX_TEXT`, the keyboard under the last one."""
    bubbles = [_Bubble(html=page) for page in _pages(lines)]
    bubbles[-1].keyboard = keyboard
    return bubbles


def _pages(lines: list[_Line]) -> list[str]:
    """The lines in as few pages of HTML as it takes; nothing invisible makes a page."""
    pages: list[str] = []
    plain: list[str] = []
    page: list[str] = []
    entities = 0

    def turn() -> None:
        words = "\n".join(plain)
        if words.strip() and printable(words) == words:
            pages.append("\n".join(page).strip())
        plain.clear()
        page.clear()

    for line in lines:
        rest = line.text
        while True:
            room = MAX_TEXT - sum(len(text) + 1 for text in plain)
            is_full = (len(rest) > room and room < _WORTH_FILLING) or entities + line.entities > MAX_ENTITIES
            if plain and is_full:
                turn()
                entities = 0
                continue
            first = rest if len(rest) <= room else split_text(rest, room, len)[0]
            plain.append(first)
            page.append(line.html(first))
            entities += line.entities
            rest = rest[len(first) :].lstrip()
            if not rest:
                break
    turn()
    return pages


def _with_gaps(sections: list[list[_Line]]) -> list[_Line]:
    """The sections one after another, an empty line between them."""
    lines: list[_Line] = []
    for section in filter(None, sections):
        lines += [_Line(text=""), *section] if lines else section
    return lines


def _line(text: str, bold: bool = False) -> list[_Line]:
    words = _words(text)
    return [_Line(text=words, bold=bold)] if words else []


def _words(text: str) -> str:
    """What can be seen of `text`; "" stays empty."""
    return printable(text).strip() if text.strip() else ""


def _one_line(text: str) -> str:
    return " ".join(_words(text).split())
