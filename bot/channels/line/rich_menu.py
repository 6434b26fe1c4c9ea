"""The menu at the bottom of the chat: its picture, drawn from its entries, and its areas to tap."""

import hashlib
import io
import itertools
import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image, ImageDraw, ImageFont

import eservice.kit.web
from bot.channels.line import icons
from bot.channels.line.flex import label_text

Json: TypeAlias = dict[str, Any]
Box: TypeAlias = tuple[int, int, int, int]  # left, top, width, height in pixels

NAME_PREFIX = "phueanban-"  # menus with other names are not ours to delete
WIDTH, TALL, LOW = 2500, 1686, 843
MAX_ITEMS = 6
MAX_IMAGE_BYTES = 1_000_000

_DRAWING = "1"  # counts up when the picture changes while the entries do not
_GAP = 24
_ROUND, _CORNER = 88, 18  # the speech corner: bottom left is nearly square
_TITLE, _LEAST_TITLE, _SUBTITLE, _SMALLEST = 128, 120, 88, 60  # pixels
_BREAK = re.compile(r" |(?<=.)(?=(?:และ|หรือ).)")  # where a title may go on in a second line
_ICON = 250
_GROUND = "#E3EDE6"
_GREEN, _DEEP_GREEN, _MARIGOLD, _INK, _WHITE = "#0B5D4E", "#084438", "#F4B63F", "#1E2A26", "#FFFFFF"
_FONTS = Path(eservice.kit.web.__file__).parent / "fonts"


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """One entry: what it is called, a line below, the payload of its tap, and the name of its icon."""

    title: str
    subtitle: str
    payload: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class RichMenu:
    """One to six entries, and the words on the bar that opens the menu (at most 14 characters as read)."""

    items: tuple[MenuItem, ...]
    bar: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.items) <= MAX_ITEMS:
            raise ValueError(f"a rich menu has 1 to {MAX_ITEMS} entries, not {len(self.items)}")
        for item in self.items:
            if item.icon not in icons.names():
                raise ValueError(f"there is no icon {item.icon!r}")

    @property
    def name(self) -> str:
        """The same for the same menu, so that setting it up twice changes nothing."""
        content = json.dumps([_DRAWING, asdict(self)], sort_keys=True)
        return NAME_PREFIX + hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class _Colours:
    ground: str
    icon: str
    title: str


_FIRST = _Colours(ground=_GREEN, icon=_MARIGOLD, title=_WHITE)
_SECOND = _Colours(ground=_MARIGOLD, icon=_DEEP_GREEN, title=_INK)
_OTHER = _Colours(ground=_WHITE, icon=_GREEN, title=_INK)
_LAST = _Colours(ground=_DEEP_GREEN, icon=_MARIGOLD, title=_WHITE)


def menu_json(menu: RichMenu) -> Json:
    """The menu as LINE's API takes it."""
    areas = [
        {
            "bounds": {"x": left, "y": top, "width": width, "height": height},
            "action": {
                "type": "postback",
                "label": label_text(item.title, 20, 60),
                "data": item.payload,
                "displayText": label_text(item.title, 100, 200),
            },
        }
        for item, (left, top, width, height) in zip(menu.items, _areas(len(menu.items)), strict=True)
    ]
    return {
        "size": {"width": WIDTH, "height": _height(len(menu.items))},
        "selected": True,
        "name": menu.name,
        "chatBarText": label_text(menu.bar, 14, 60),
        "areas": areas,
    }


def draw(menu: RichMenu) -> bytes:
    """The picture as a PNG of at most `MAX_IMAGE_BYTES`."""
    count = len(menu.items)
    picture = Image.new("RGB", (WIDTH, _height(count)), _GROUND)
    for index, (item, area) in enumerate(zip(menu.items, _areas(count), strict=True)):
        _draw_tile(picture, item, _tile(area, picture.size), _colours(index, count))
    # Flat colours and smooth edges fit a palette, at a third of the bytes.
    small = picture.quantize(128, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _height(count: int) -> int:
    return LOW if count <= 3 else TALL


def _areas(count: int) -> list[Box]:
    """Where each entry is tapped: one row of up to three, or two rows, the longer one above."""
    rows = [count] if count <= 3 else [(count + 1) // 2, count // 2]
    height = _height(count) // len(rows)
    areas = []
    for row, columns in enumerate(rows):
        edges = [round(WIDTH * column / columns) for column in range(columns + 1)]
        areas += [(left, row * height, right - left, height) for left, right in itertools.pairwise(edges)]
    return areas


def _tile(area: Box, size: tuple[int, int]) -> Box:
    """The visible tile of an area: the same gap between tiles as at the edges."""
    left, top, width, height = area
    right, bottom = left + width, top + height
    inner_left = left + (_GAP if left == 0 else _GAP // 2)
    inner_top = top + (_GAP if top == 0 else _GAP // 2)
    inner_right = right - (_GAP if right == size[0] else _GAP // 2)
    inner_bottom = bottom - (_GAP if bottom == size[1] else _GAP // 2)
    return inner_left, inner_top, inner_right - inner_left, inner_bottom - inner_top


def _colours(index: int, count: int) -> _Colours:
    """The first two stand out, and the last, which is a person."""
    if index == 0:
        return _FIRST
    if index == count - 1 and count > 2:
        return _LAST
    return _SECOND if index == 1 else _OTHER


def _draw_tile(picture: Image.Image, item: MenuItem, tile: Box, colours: _Colours) -> None:
    left, top, width, height = tile
    picture.paste(colours.ground, (left, top), _speech_tile(width, height))
    centre = left + width // 2
    titles, title_font = _fit_title(item.title, width - 80)
    icon = _ICON if len(titles) == 1 else round(_ICON * 0.8)
    title_step, subtitle_step = round(title_font.size * 1.42), round(_SUBTITLE * 1.6)
    used = icon + 40 + title_step * len(titles) + (subtitle_step if item.subtitle else 0)
    y = top + (height - used) // 2
    picture.paste(colours.icon, (centre - icon // 2, y), _icon_mask(item.icon, icon))
    y += icon + 40
    pen = ImageDraw.Draw(picture)
    for line in titles:
        _write(pen, line, centre, y + title_step // 2, title_font, colours.title)
        y += title_step
    if item.subtitle:
        font = _fitting("Sarabun-Medium", item.subtitle, _SUBTITLE, width - 60)
        _write(pen, item.subtitle, centre, y + subtitle_step // 2, font, colours.title)


def _write(
    pen: ImageDraw.ImageDraw, text: str, centre: int, middle: int, font: ImageFont.FreeTypeFont, colour: str
) -> None:
    # Middle of the letters without marks, so that ที่ and กา stand on one line.
    pen.text(
        (centre, middle + round(font.size * 0.28)), text, font=font, fill=colour, anchor="ms", language="th"
    )


def _fit_title(title: str, width: int) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """The title in one line if it can be large, else in two; small letters only if that does not help."""
    whole = _fitting("Sarabun-Bold", title, _TITLE, width)
    cuts = [cut.span() for cut in _BREAK.finditer(title)]
    if whole.size >= _LEAST_TITLE or not cuts:
        return [title], whole
    natural = _font("Sarabun-Bold", _TITLE)
    pairs = [(title[:start], title[end:]) for start, end in cuts]
    best = min(pairs, key=lambda pair: max(map(natural.getlength, pair)))
    return list(best), _fitting("Sarabun-Bold", max(best, key=natural.getlength), _TITLE, width)


def _fitting(face: str, text: str, size: int, width: int) -> ImageFont.FreeTypeFont:
    """The face at `size`, or smaller so that `text` is at most `width` pixels wide; never below 60 pixels."""
    natural = _font(face, size).getlength(text)
    return _font(face, max(min(size, int(size * width / max(natural, 1))), _SMALLEST))


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    # Raqm shapes Thai: it lifts and shifts the marks as the font says.
    return ImageFont.truetype(str(_FONTS / f"{face}.ttf"), size, layout_engine=ImageFont.Layout.RAQM)


@cache
def _speech_tile(width: int, height: int) -> Image.Image:
    """A mask with round corners, the one at the bottom left nearly square; drawn large for smooth edges."""
    mask = Image.new("L", (2 * width, 2 * height), 0)
    pen = ImageDraw.Draw(mask)
    box = (0, 0, 2 * width - 1, 2 * height - 1)
    pen.rounded_rectangle(box, 2 * _ROUND, fill=255, corners=(True, True, True, False))
    pen.rectangle((0, 2 * height - 2 * _ROUND, 2 * _ROUND, 2 * height), fill=0)
    pen.rounded_rectangle((0, 2 * height - 4 * _ROUND, 4 * _ROUND, 2 * height - 1), 2 * _CORNER, fill=255)
    return mask.resize((width, height), Image.Resampling.LANCZOS)


@cache
def _icon_mask(name: str, size: int) -> Image.Image:
    """The icon's strokes with round ends and joints; drawn four times as large for smooth edges."""
    scale = 4 * size / icons.GRID
    mask = Image.new("L", (4 * size, 4 * size), 0)
    pen = ImageDraw.Draw(mask)
    radius = icons.STROKE * scale / 2
    for stroke in icons.strokes(name):
        points = [(x * scale, y * scale) for x, y in stroke]
        pen.line(points, fill=255, width=round(2 * radius))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask.resize((size, size), Image.Resampling.LANCZOS)
