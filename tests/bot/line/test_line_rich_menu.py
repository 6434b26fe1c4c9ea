"""The rich menu: drawn from its entries, within LINE's limits, and set up once."""

import io
import math

import pytest
from PIL import Image, features

from bot.channels.line import icons
from bot.channels.line.client import LineChannel, LineError
from bot.channels.line.rich_menu import MAX_IMAGE_BYTES, MenuItem, RichMenu, draw, menu_json
from bot.channels.line.setup import set_up
from bot.channels.measure import grapheme_length
from tests.bot.line.fake_line import FakeLine

ITEMS = (
    MenuItem(title="ถามคำถาม", subtitle="พิมพ์คำธรรมดา", payload="menu:ask", icon="chat"),
    MenuItem(title="แจ้งเรื่อง", subtitle="ถ่ายรูป ปักหมุด", payload="menu:report", icon="flag"),
    MenuItem(title="ติดตามเรื่อง", subtitle="ดูถึงขั้นไหน", payload="menu:track", icon="track"),
    MenuItem(title="บริการออนไลน์ E-Service", subtitle="ขั้นตอน", payload="menu:service", icon="document"),
    MenuItem(title="ข่าวและแบบสำรวจ", subtitle="", payload="menu:news", icon="megaphone"),
    MenuItem(title="คุยกับเจ้าหน้าที่", subtitle="จ.–ศ. 08.30–16.30", payload="menu:staff", icon="person"),
)
MENU = RichMenu(items=ITEMS, bar="เมนูเพื่อนบ้าน")
URL = "https://abt.go.th"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_every_number_of_entries_keeps_lines_limits(count: int):
    menu = RichMenu(items=ITEMS[:count], bar="เมนูเพื่อนบ้าน")
    described = menu_json(menu)
    size = described["size"]
    assert size == {"width": 2500, "height": 843 if count <= 3 else 1686}
    assert grapheme_length(described["chatBarText"]) <= 14
    covered = 0
    for item, area in zip(menu.items, described["areas"], strict=True):
        box = area["bounds"]
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
        assert box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
        covered += box["width"] * box["height"]
        assert area["action"]["data"] == item.payload
        assert grapheme_length(area["action"]["label"]) <= 20
    assert covered == size["width"] * size["height"]


@pytest.mark.parametrize("count", [2, 6])
def test_the_picture_fits_its_menu_and_lines_size(count: int):
    picture = draw(RichMenu(items=ITEMS[:count], bar="เมนู"))
    assert len(picture) <= MAX_IMAGE_BYTES
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "PNG"
        assert image.size == (2500, 843 if count <= 3 else 1686)


def test_thai_marks_are_placed_by_the_fonts_own_rules():
    assert features.check("raqm")


def test_tiles_hold_their_colours_and_the_long_title_stays_inside():
    with Image.open(io.BytesIO(draw(MENU))) as image:
        pixels = image.convert("RGB")

        def near(spot: tuple[int, int], colour: tuple[int, int, int]) -> bool:
            seen = pixels.getpixel(spot)
            assert isinstance(seen, tuple)
            return math.dist(seen, colour) < 12

        assert near((416, 760), (0x0B, 0x5D, 0x4E))
        assert near((1250, 760), (0xF4, 0xB6, 0x3F))
        assert near((2083, 1600), (0x08, 0x44, 0x38))
        white = [near((x, y), (255, 255, 255)) for x in (40, 800) for y in range(1000, 1560, 4)]
        assert all(white)


def test_a_menu_of_seven_or_with_an_unknown_icon_is_refused():
    with pytest.raises(ValueError, match="1 to 6"):
        RichMenu(items=(*ITEMS, ITEMS[0]), bar="เมนู")
    with pytest.raises(ValueError, match="no icon"):
        RichMenu(items=(MenuItem(title="ก", subtitle="", payload="a", icon="nothing"),), bar="เมนู")


@pytest.mark.parametrize("name", sorted(icons.names()))
def test_every_icon_of_the_pages_can_be_drawn(name: str):
    lines = icons.strokes(name)
    assert lines
    for x, y in (point for line in lines for point in line):
        assert -0.5 <= x <= icons.GRID + 0.5 and -0.5 <= y <= icons.GRID + 0.5


def test_an_arc_is_round():
    # A quarter of a circle about (0, 0) that turns clockwise, as SVG's "sweep" means on a page.
    [arc] = icons._path("M10 0A10 10 0 0 1 0 10")
    assert all(math.isclose(math.hypot(x, y), 10) for x, y in arc)
    assert arc[-1] == pytest.approx((0, 10))
    assert all(x >= -1e-9 and y >= -1e-9 for x, y in arc)


def ready(
    line: FakeLine, *, webhook: str = "", menus: dict[str, str] | None = None, default: str = ""
) -> None:
    """LINE as it stands before set-up."""
    endpoint = (200, {"endpoint": webhook, "active": True}) if webhook else (404, {"message": "Not found"})
    line.answers = {
        "GET /v2/bot/channel/webhook/endpoint": endpoint,
        "POST /v2/bot/channel/webhook/test": (200, {"success": True, "reason": "OK", "statusCode": 200}),
        "GET /v2/bot/richmenu/list": (
            200,
            {"richmenus": [{"richMenuId": key, "name": name} for key, name in (menus or {}).items()]},
        ),
        "GET /v2/bot/user/all/richmenu": (200, {"richMenuId": default})
        if default
        else (404, {"message": "no"}),
        "POST /v2/bot/richmenu": (200, {"richMenuId": "new"}),
    }


async def test_the_first_set_up_registers_everything(line: FakeLine, channel: LineChannel):
    ready(line)
    said = await set_up(channel, MENU, URL)
    assert line.asked == [
        "GET /v2/bot/channel/webhook/endpoint",
        "PUT /v2/bot/channel/webhook/endpoint",
        "GET /v2/bot/channel/webhook/endpoint",
        "POST /v2/bot/channel/webhook/test",
        "GET /v2/bot/richmenu/list",
        "GET /v2/bot/user/all/richmenu",
        "POST /v2/bot/richmenu",
        "POST /v2/bot/richmenu/new/content",
        "POST /v2/bot/user/all/richmenu/new",
    ]
    assert line.calls[1].body == {"endpoint": "https://abt.go.th/webhooks/line"}
    upload = line.calls[7]
    assert upload.headers["Content-Type"] == "image/png"
    assert upload.body == draw(MENU)
    assert said[0].startswith("ตั้งที่อยู่รับข้อความแล้ว: https://abt.go.th/webhooks/line / ")


async def test_the_second_set_up_changes_nothing(line: FakeLine, channel: LineChannel):
    ready(line, webhook=f"{URL}/webhooks/line", menus={"m1": MENU.name, "x": "made by hand"}, default="m1")
    await set_up(channel, MENU, URL)
    changes = [asked for asked in line.asked if not asked.startswith("GET ")]
    assert changes == ["POST /v2/bot/channel/webhook/test"]


async def test_a_changed_menu_replaces_our_older_ones_only(line: FakeLine, channel: LineChannel):
    ready(
        line, webhook=f"{URL}/webhooks/line", menus={"m1": "phueanban-old", "x": "made by hand"}, default="m1"
    )
    said = await set_up(channel, MENU, URL)
    assert line.asked[-2:] == ["POST /v2/bot/user/all/richmenu/new", "DELETE /v2/bot/richmenu/m1"]
    assert said[-1] == "ลบเมนูเก่า 1 ชุด / Old menus deleted: 1."


async def test_a_refused_picture_leaves_no_half_made_menu(line: FakeLine, channel: LineChannel):
    ready(line)
    line.answers["POST /v2/bot/richmenu/new/content"] = (400, {"message": "invalid image"})
    with pytest.raises(LineError, match="invalid image"):
        await set_up(channel, MENU, URL)
    assert line.asked[-1] == "DELETE /v2/bot/richmenu/new"


async def test_an_address_without_https_is_said_and_the_menu_still_made(line: FakeLine, channel: LineChannel):
    ready(line)
    said = await set_up(channel, MENU, "http://127.0.0.1:8000")
    assert "https" in said[0]
    assert line.asked[0] == "GET /v2/bot/richmenu/list"


async def test_a_webhook_that_line_cannot_reach_is_reported(line: FakeLine, channel: LineChannel):
    ready(line, webhook=f"{URL}/webhooks/line")
    line.answers["POST /v2/bot/channel/webhook/test"] = (
        200,
        {"success": False, "reason": "COULD_NOT_CONNECT", "statusCode": 0},
    )
    said = await set_up(channel, MENU, URL)
    assert "LINE cannot connect to the webhook" in said[1]


def test_a_changed_entry_changes_the_menus_name():
    assert RichMenu(items=ITEMS, bar="เมนูเพื่อนบ้าน").name == MENU.name
    assert RichMenu(items=ITEMS[:5], bar="เมนูเพื่อนบ้าน").name != MENU.name
