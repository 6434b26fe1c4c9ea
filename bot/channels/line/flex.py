"""Flex bubbles in the product's look, and how large they may be.

Every text is measured in UTF-16 units: one unit is at most three bytes of UTF-8 and six of the escapes that
the SDK sends, so a cap in units bounds both. A bubble is built at a `Detail`; when its JSON is still too
large, the caller builds it at the next leaner one, and `Cutter.lost` tells that something was left out.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

from bot.channels.measure import fits, grapheme_length, printable, shorten, utf16_length
from eservice.messaging.content import (
    AnyButton,
    Button,
    Card,
    Choices,
    Link,
    LinkButton,
    Meta,
    MetaKind,
    Row,
    Step,
    Steps,
)

Json: TypeAlias = dict[str, Any]

# LINE allows 30 KB a bubble and 50 KB a carousel and does not say whether it measures UTF-8 or escapes.
MAX_BUBBLE_UTF8, MAX_BUBBLE_ESCAPED = 15_000, 30_000
MAX_CAROUSEL_UTF8, MAX_CAROUSEL_ESCAPED = 25_000, 50_000

MAX_ACTION_LABEL = 40  # grapheme clusters, in Flex
MAX_URI = 1000
_MAX_SHOWN_LABEL = 100  # grapheme clusters of a button's text, which wraps
_SIDE_BY_SIDE = 12  # grapheme clusters: two buttons this short stand beside each other

INK, SOFT_INK, LINE_COLOUR, FIELD_BORDER, WHITE = "#1E2A26", "#55625C", "#DFDACD", "#7B8882", "#FFFFFF"
_ICONS = {MetaKind.SOURCE: "📖", MetaKind.DEPARTMENT: "👥", MetaKind.DATE: "🕒", MetaKind.NOTE: "📌"}
_URI = re.compile(r"(?:https?://[^/?#]|tel:\+?[0-9*#])[\x21-\x7e]*")


@dataclass(frozen=True, kw_only=True)
class Look:
    """The colours that say who speaks."""

    strip: str
    main: str
    tint: str


MACHINE = Look(strip="#084438", main="#0B5D4E", tint="#E3F1EC")
PERSON = Look(strip="#6A4BA0", main="#6A4BA0", tint="#F1ECF9")


@dataclass(frozen=True, kw_only=True)
class Detail:
    """How much of a part a bubble shows: texts in UTF-16 units, lists in items, buttons plain or styled."""

    title: int
    body: int
    line: int  # each side of a row, each meta line, each text of a step
    rows: int
    metas: int
    label: int
    buttons: int = 10
    url: int = MAX_URI  # links with longer addresses are left out
    styled: bool = True
    size: str = "mega"


FULL = Detail(title=300, body=1500, line=200, rows=30, metas=6, label=150)
SHORT = Detail(title=200, body=500, line=60, rows=12, metas=4, label=100)
LEAN = Detail(title=200, body=0, line=60, rows=12, metas=4, label=100)
BARE = Detail(title=150, body=0, line=40, rows=0, metas=0, label=60, styled=False)
SIDE_FULL = Detail(title=150, body=400, line=80, rows=6, metas=3, label=80, size="kilo")
SIDE_SHORT = Detail(title=100, body=150, line=40, rows=3, metas=1, label=60, styled=False, size="kilo")
SIDE_BARE = Detail(
    title=60, body=0, line=40, rows=0, metas=0, label=40, buttons=3, url=250, styled=False, size="kilo"
)


class Cutter:
    """Makes texts printable and short, and remembers whether anything was left out."""

    def __init__(self) -> None:
        self.lost = False

    def text(self, text: str, limit: int) -> str:
        """`text` for a reader in at most `limit` UTF-16 units; "" if there is no room or nothing to say."""
        if not text.strip():
            return ""
        if limit == 0:
            self.lost = True
            return ""
        text = printable(text)
        short = shorten(text, limit, utf16_length)
        self.lost = self.lost or short is not text
        return short

    def items(self, items: Sequence[Any], limit: int) -> Sequence[Any]:
        """The first `limit` of `items`."""
        self.lost = self.lost or len(items) > limit
        return items[:limit]


def label_text(label: str, graphemes: int, units: int) -> str:
    """A label in one line within `graphemes` clusters and `units` UTF-16 units."""
    line = " ".join(printable(label).split())
    return shorten(shorten(line, graphemes, grapheme_length), units, utf16_length)


def action(button: AnyButton, units: int) -> Json | None:
    """The action of a button, its words within `units` each; None for a link that LINE would refuse."""
    label = label_text(button.label, MAX_ACTION_LABEL, units)
    if isinstance(button, Button):
        # The chat shows what was tapped as the person's own words.
        said = label_text(button.label, _MAX_SHOWN_LABEL, units)
        return {"type": "postback", "label": label, "data": button.payload, "displayText": said}
    uri = safe_uri(button.url)
    return {"type": "uri", "label": label, "uri": uri} if uri else None


def safe_uri(url: str) -> str | None:
    """`url` as LINE takes it in an action (http, https, tel; percent-encoded), or None."""
    encoded = quote(url, safe="%/:=&?~#+!$,;'@()*[]-._")
    return encoded if len(encoded) <= MAX_URI and _URI.fullmatch(encoded) else None


def card_bubble(card: Card, look: Look, strip: str, detail: Detail, cutter: Cutter) -> Json:
    """Headline, lines, table, proof, buttons; `strip` stands above a card without a label of its own."""
    contents = [heading(cutter.text(card.title, detail.title))]
    if body := cutter.text(card.body, detail.body):
        contents.append(paragraph(body))
    rows = [_row(row, detail, look, cutter) for row in cutter.items(card.rows, detail.rows)]
    if rows := [row for row in rows if row]:
        contents.append(_box(rows, spacing="xs", margin="md"))
    contents.extend(_meta_lines(card.meta, detail, look, cutter))
    return bubble(
        contents,
        card.buttons,
        detail,
        look,
        cutter,
        strip=card.label or strip,
        primary=not card.is_open_choice,
    )


def choices_bubble(choices: Choices, look: Look, strip: str, detail: Detail, cutter: Cutter) -> Json:
    """The question and its answers as buttons; the last answer, the way out, is grey."""
    contents = [heading(cutter.text(choices.prompt, detail.title))]
    return bubble(contents, choices.options, detail, look, cutter, strip=strip, primary=False, way_out=True)


def link_bubble(link: Link, look: Look, strip: str, detail: Detail, cutter: Cutter) -> Json:
    """A sentence and the button that opens its page."""
    text = cutter.text(link.text, detail.body or detail.title)
    button = LinkButton(label=link.label, url=link.url)
    return bubble([paragraph(text)], (button,), detail, look, cutter, strip=strip)


def steps_bubble(steps: Steps, look: Look, strip: str, detail: Detail, cutter: Cutter) -> Json:
    """Tiles for total time and fee, numbered steps, proof, buttons."""
    contents = [heading(cutter.text(steps.title, detail.title))]
    tiles = [(icon, cutter.text(words, 60)) for icon, words in (("🕒", steps.total_time), ("💰", steps.fee))]
    if shown := [_tile(icon, words, look) for icon, words in tiles if words]:
        contents.append(_box(shown, "horizontal", spacing="sm", margin="md"))
    numbered = enumerate(cutter.items(steps.steps, detail.rows), start=1)
    if rows := [_step(number, step, detail, look, cutter) for number, step in numbered]:
        contents.append(_box(rows, spacing="md", margin="lg"))
    contents.extend(_meta_lines(steps.meta, detail, look, cutter))
    return bubble(contents, steps.buttons, detail, look, cutter, strip=strip)


def bubble(
    contents: list[Json],
    buttons: Sequence[AnyButton],
    detail: Detail,
    look: Look,
    cutter: Cutter,
    *,
    strip: str = "",
    primary: bool = True,
    way_out: bool = False,
) -> Json:
    """A bubble of a strip, a body and its buttons: `primary` fills the first, `way_out` greys the last."""
    result: Json = {"type": "bubble", "size": detail.size}
    if strip := cutter.text(strip, min(60, detail.line)):
        words = _text(strip, size="sm", weight="bold", color=WHITE)
        result["header"] = _box([words], backgroundColor=look.strip, paddingAll="12px")
    result["body"] = _box(contents, spacing="sm")
    shown = [
        button for button in buttons if not isinstance(button, LinkButton) or len(button.url) <= detail.url
    ]
    shown = list(cutter.items(shown, detail.buttons))
    cutter.lost = cutter.lost or len(shown) < len(buttons)
    paired = len(shown) == 2 and all(grapheme_length(button.label) <= _SIDE_BY_SIDE for button in shown)
    colours = [look.main] * len(shown)
    if way_out and len(shown) > 1 and not paired:
        colours[-1] = FIELD_BORDER
    drawn = [
        _button(
            button, detail, colour, filled=primary and not paired and index == 0, centred=primary or paired
        )
        for index, (button, colour) in enumerate(zip(shown, colours, strict=True))
    ]
    if drawn := [button for button in drawn if button]:
        result["footer"] = _box(drawn, "horizontal" if paired else "vertical", spacing="sm")
    return result


def carousel(bubbles: list[Json]) -> Json:
    """Bubbles side by side; all must have the same size."""
    return {"type": "carousel", "contents": bubbles}


def is_small(container: Json) -> bool:
    """Whether a bubble, or a carousel and all its bubbles, keep half of LINE's limits."""
    if container["type"] == "carousel":
        return _is_within(container, MAX_CAROUSEL_UTF8, MAX_CAROUSEL_ESCAPED) and all(
            map(is_small, container["contents"])
        )
    return _is_within(container, MAX_BUBBLE_UTF8, MAX_BUBBLE_ESCAPED)


def _is_within(container: Json, utf8: int, escaped: int) -> bool:
    size = len(json.dumps(container))
    if size <= utf8:  # the escaped form is never the smaller one
        return True
    return size <= escaped and len(json.dumps(container, ensure_ascii=False).encode()) <= utf8


def heading(text: str) -> Json:
    """The headline: the answer itself, or the question."""
    if fits(text, 120, utf16_length):
        return _text(text, size="lg", weight="bold", color=INK)
    return paragraph(text)


def paragraph(text: str) -> Json:
    """Running text; its lines are kept."""
    return _text(text, color=INK)


def _text(text: str, **style: Any) -> Json:
    return {"type": "text", "text": text, "wrap": True, **style}


def _box(contents: list[Json], layout: str = "vertical", **style: Any) -> Json:
    return {"type": "box", "layout": layout, "contents": contents, **style}


def _button(button: AnyButton, detail: Detail, colour: str, *, filled: bool, centred: bool) -> Json | None:
    """One button: a box that shows its whole label where there is room, else LINE's own one-line button."""
    act = action(button, detail.label)
    if act is None:
        return None
    if not detail.styled:
        style = {"style": "primary", "color": colour} if filled else {"style": "link", "color": colour}
        return {"type": "button", "height": "sm", "action": act, **style}
    ink = WHITE if filled else INK if colour == FIELD_BORDER else colour
    shown = label_text(button.label, _MAX_SHOWN_LABEL, detail.label)
    words = _text(shown, color=ink, weight="bold", align="center" if centred else "start")
    surface: Json = {"backgroundColor": colour} if filled else {"borderWidth": "1px", "borderColor": colour}
    return _box([words], action=act, cornerRadius="12px", paddingAll="12px", **surface)


def _row(row: Row, detail: Detail, look: Look, cutter: Cutter) -> Json | None:
    left, right = cutter.text(row.left, detail.line), cutter.text(row.right, detail.line)
    style: Json = {"size": "sm", "color": INK if row.strong else SOFT_INK}
    if row.strong:
        style["weight"] = "bold"
    cells = [_text(left, flex=3, **style)] if left else []
    cells += [_text(right, flex=2, align="end", **style)] if right else []
    surface: Json = {"backgroundColor": look.tint, "cornerRadius": "8px"} if row.strong else {}
    return _box(cells, "horizontal", spacing="sm", paddingAll="4px", **surface) if cells else None


def _meta_lines(metas: Sequence[Meta], detail: Detail, look: Look, cutter: Cutter) -> list[Json]:
    lines = []
    for meta in cutter.items(metas, detail.metas):
        if not (text := cutter.text(meta.text, detail.line)):
            continue
        line = _text(f"{_ICONS[meta.kind]} {text}", size="sm", color=SOFT_INK)
        uri = safe_uri(meta.url) if meta.url else None
        if uri:
            line |= {"action": {"type": "uri", "uri": uri}, "color": look.main, "decoration": "underline"}
        lines.append(line)
    return [{"type": "separator", "margin": "md", "color": LINE_COLOUR}, *lines] if lines else []


def _tile(icon: str, words: str, look: Look) -> Json:
    text = _text(f"{icon} {words}", size="sm", weight="bold", color=look.main)
    return _box([text], backgroundColor=look.tint, cornerRadius="8px", paddingAll="8px")


def _step(number: int, step: Step, detail: Detail, look: Look, cutter: Cutter) -> Json:
    words = [_text(cutter.text(step.title, detail.line) or str(number), weight="bold", color=INK)]
    for extra in (step.detail, step.duration):
        if text := cutter.text(extra, detail.line):
            words.append(_text(text, size="sm", color=SOFT_INK))
    digit = {"type": "text", "text": f"{number}.", "flex": 0, "weight": "bold", "color": look.main}
    return _box([digit, _box(words)], "horizontal", spacing="md")
