"""The shared shell: every macro renders, nothing breaks the content policy, colours are readable."""

import hashlib
import json
import re
import tomllib
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError
from starlette.applications import Starlette
from starlette.testclient import TestClient

from eservice.kit.web.rendering import (
    STATIC_DIRECTORY,
    TEMPLATE_DIRECTORY,
    TEXT_DIRECTORY,
    StaticAssets,
    baht,
    create_templates,
    icon_drawings,
    keep_together,
    mount_static,
)

PAGES = Path(__file__).parent / "pages"
STYLE_PAGES = sorted(page.name for page in PAGES.glob("*.html"))
CONTEXT = {
    "office_name": "อบต.ตัวอย่าง",
    "staff_name": "สมศรี",
    "staff_line": "กองคลัง",
    "checked": datetime(2026, 11, 3, 3, 0, tzinfo=UTC),
    "nav": [{"label": "บริการ", "href": "/services", "current": True}, {"label": "ข่าว", "href": "/news"}],
    "rail": [
        {"label": "คำถาม", "href": "/admin/questions", "icon": "inbox", "count": 4, "current": True},
        {"label": "เรื่องแจ้ง", "href": "/admin/cases", "icon": "flag", "count": 0},
        {"label": "คำตอบ", "href": "/admin/faq", "icon": "book"},
        {"label": "ตั้งค่า", "href": "/admin/settings", "icon": "gear"},
    ],
}


class Page(HTMLParser):
    """The facts of a rendered page that the tests ask about."""

    VOID = frozenset(
        {"meta", "link", "img", "input", "hr", "br", "rect", "path", "circle", "line", "ellipse"}
    )

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.misnested: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.misnested.append(tag)

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute))]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture
def templates() -> Environment:
    return create_templates(PAGES)


@pytest.fixture
def client() -> TestClient:
    app = Starlette()
    mount_static(app)
    return TestClient(app)


def render(templates: Environment, name: str, **extra: object) -> Page:
    return Page(templates.get_template(name).render(**CONTEXT, **extra))


def text_of(templates: Environment, source: str, **context: object) -> str:
    return templates.from_string('{% import "ui.html" as ui with context %}' + source).render(**context)


@pytest.mark.parametrize("name", STYLE_PAGES)
def test_a_page_keeps_to_the_content_policy(templates: Environment, name: str) -> None:
    page = render(templates, name)
    assert page.count("style") == 0
    for tag, attrs in page.tags:
        assert "style" not in attrs
        assert not [attribute for attribute in attrs if attribute.startswith(("on", "hx-on"))]
        if tag == "script":
            assert (attrs.get("src") or "").startswith("/static/")
        if tag in ("img", "link"):
            assert (attrs.get("src") or attrs.get("href") or "").startswith("/static/")


@pytest.mark.parametrize("name", STYLE_PAGES)
def test_a_page_is_well_formed_and_can_be_navigated(templates: Environment, name: str) -> None:
    page = render(templates, name)
    assert page.misnested == []
    assert page.open == []
    assert page.count("h1") == 1
    assert page.count("main") == 1
    ids = page.values("id")
    assert sorted(ids) == sorted(set(ids))
    for target in page.values("for") + " ".join(page.values("aria-describedby")).split():
        assert target in ids
    assert ("a", {"class": "skip-link", "href": "#main"}) in page.tags
    assert page.tags[0][1]["lang"] == "th"


def test_every_macro_is_on_the_style_pages() -> None:
    shown = "".join((PAGES / name).read_text(encoding="utf-8") for name in STYLE_PAGES)
    for file, alias in (("ui.html", "ui"), ("charts.html", "charts")):
        macros = re.findall(r"{% macro ([a-z]\w*)", (TEMPLATE_DIRECTORY / file).read_text(encoding="utf-8"))
        assert [name for name in macros if f"{alias}.{name}(" not in shown] == []


def test_every_macro_is_listed_at_the_top_of_its_file() -> None:
    for file in ("ui.html", "charts.html"):
        head, body = (TEMPLATE_DIRECTORY / file).read_text(encoding="utf-8").split("#}", 1)
        macros = re.findall(r"{% macro ([a-z]\w*)\(([^%]*)\) %}", body)
        for name, parameters in macros:
            listed = re.search(rf"\b{name}\(([^)]*(?:\[[^\]]*\])?[^)]*)\)", head)
            assert listed is not None and listed[1] == parameters, name


@pytest.mark.parametrize("name", STYLE_PAGES)
def test_every_class_on_a_page_has_a_style(templates: Environment, name: str) -> None:
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in STATIC_DIRECTORY.glob("*.css"))
    styled = set(re.findall(r"\.([a-z][\w-]*)", sheets))
    used = {word for classes in render(templates, name).values("class") for word in classes.split()}
    # These name the look that the block has without a modifier.
    plain = {"chip--neutral", "notice--info", "clock--done", "stat__icon--leaf"}
    assert used - styled - plain == set()


def test_a_macro_escapes_what_people_wrote(templates: Environment) -> None:
    hostile = '"><script>alert(1)</script>'
    for source in (
        "{{ ui.field('name', text, text, hint=text, error=text) }}",
        "{{ ui.text_area('name', text, text) }}",
        "{{ ui.answer_card(text, text, [{'label': text, 'value': text}], text, '', text, text) }}",
        "{{ ui.bubble(text, 'staff', text, text) }}",
        "{{ ui.notice(text, title=text) }}",
        "{{ ui.button(text, attrs={'data-text': text}) }}",
        "{{ ui.tile(text, 'flag', text, text) }}",
    ):
        assert "<script>" not in text_of(templates, source, text=hostile)


def test_a_missing_variable_is_an_error(templates: Environment) -> None:
    with pytest.raises(UndefinedError):
        templates.get_template("style_page.html").render()


def test_an_unknown_icon_is_an_error(templates: Environment) -> None:
    with pytest.raises(KeyError):
        text_of(templates, "{{ ui.icon('no-such-icon') }}")


def test_macros_speak_the_language_of_the_page(templates: Environment) -> None:
    assert "เลยกำหนด" in text_of(templates, "{{ ui.status_chip('overdue') }}")
    assert "Overdue" in text_of(templates, "{{ ui.status_chip('overdue') }}", lang="en")


def test_both_languages_have_the_same_words_and_placeholders() -> None:
    catalogues = [
        tomllib.loads((TEXT_DIRECTORY / f"{lang}.toml").read_text(encoding="utf-8")) for lang in ("th", "en")
    ]
    thai, english = (
        {f"{table}.{key}": value for table, pairs in c.items() for key, value in pairs.items()}
        for c in catalogues
    )
    assert thai.keys() == english.keys()
    for key, value in thai.items():
        if isinstance(value, dict):
            assert value.keys() == english[key].keys()
        else:
            assert set(re.findall(r"{\w+}", value)) == set(re.findall(r"{\w+}", english[key])), key


def test_an_answer_without_source_says_so(templates: Environment) -> None:
    assert "ยังไม่มีที่มา" in text_of(templates, "{{ ui.answer_card('หัวข้อ', 'ข้อความ') }}")


def test_a_service_without_fee_says_so(templates: Environment) -> None:
    assert "ไม่มีค่าธรรมเนียม" in text_of(templates, "{{ ui.step_card('เรื่อง', '1 วัน', '', []) }}")


def test_a_disabled_button_says_why(templates: Environment) -> None:
    button = text_of(templates, "{{ ui.button('ปิดเรื่อง', disabled_reason='ขาดรูป') }}")
    assert "ปิดเรื่อง (ขาดรูป)" in button
    assert " disabled" in button


def test_a_field_with_an_error_keeps_its_value_and_names_its_error(templates: Environment) -> None:
    field = Page(text_of(templates, "{{ ui.field('id13', 'เลข', '1 1037', hint='ดูที่บัตร', error='ไม่ครบ') }}"))
    attrs = next(attrs for tag, attrs in field.tags if tag == "input")
    assert attrs["value"] == "1 1037"
    assert attrs["aria-invalid"] == "true"
    assert attrs["aria-describedby"] == "id13-error id13-hint"


def test_few_cases_are_not_shown_as_a_percentage(templates: Environment) -> None:
    source = (
        '{% import "charts.html" as charts with context %}'
        "{{ charts.bar_rows([{'label': 'กอง', 'value': '67%', 'percent': 67, 'count': count}]) }}"
    )
    assert "67%" not in text_of(templates, source, count=3)
    assert "67%" in text_of(templates, source, count=5)


def test_dates_are_thai(templates: Environment) -> None:
    assert text_of(templates, "{{ at | thai_date }} {{ at | thai_time }}", at=CONTEXT["checked"]) == (
        "3 พ.ย. 2569 10.00 น."
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ถึง 30 พ.ย. 2569", "ถึง 30_พ.ย._2569"),
        ("จ่าย 500 บาท", "จ่าย 500_บาท"),
        ("ถาม 12 ครั้ง จาก 540 คำถาม", "ถาม 12_ครั้ง จาก 540_คำถาม"),
        ("หมู่ 4 เวลา 09.00–15.00 น.", "หมู่_4 เวลา 09.00–15.00_น."),
        ("ไม่มีตัวเลข", "ไม่มีตัวเลข"),
    ],
)
def test_numbers_stay_with_their_units(text: str, kept: str) -> None:
    assert keep_together(text).replace("\N{NO-BREAK SPACE}", "_") == kept


def test_satang_read_as_baht() -> None:
    assert baht(50_000) == "500 บาท"
    assert baht(123_456_700) == "1,234,567 บาท"
    assert baht(12_805) == "128.05 บาท"


# Static files


def test_a_file_asked_for_by_its_hash_is_kept_for_a_year(client: TestClient, templates: Environment) -> None:
    address = templates.from_string("{{ static_url('tokens.css') }}").render()
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000"])
def test_a_file_without_its_hash_is_checked_each_time(client: TestClient, query: str) -> None:
    response = client.get("/static/tokens.css" + query)
    assert response.headers["cache-control"] == "no-cache"
    again = client.get("/static/tokens.css" + query, headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["no-such-file.css", "../rendering.py", "%2e%2e/rendering.py"])
def test_nothing_outside_the_folder_is_served(client: TestClient, path: str) -> None:
    assert client.get("/static/" + path).status_code == 404


def test_a_changed_file_has_another_address(tmp_path: Path) -> None:
    file = tmp_path / "page.js"
    file.write_text("1")
    first = StaticAssets(tmp_path).url("page.js")
    file.write_text("22")
    assert StaticAssets(tmp_path).url("page.js") != first


def test_a_further_folder_is_served_too(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text("1")
    app = Starlette()
    mount_static(app, tmp_path)
    address = create_templates(static_directories=(tmp_path,)).globals["static_url"]("page.js")
    assert TestClient(app).get(address).headers["cache-control"].endswith("immutable")


def test_an_unknown_static_file_is_an_error(templates: Environment) -> None:
    with pytest.raises(FileNotFoundError):
        templates.from_string("{{ static_url('no-such-file.css') }}").render()


def test_style_sheets_ask_only_for_hashed_files_of_ours() -> None:
    assets = StaticAssets(STATIC_DIRECTORY)
    addresses = []
    for sheet in STATIC_DIRECTORY.glob("*.css"):
        source = sheet.read_text(encoding="utf-8")
        assert "@import" not in source
        addresses += re.findall(r"url\(\"?([^)\"]*)\"?\)", source)
    assert len(addresses) == 8
    for address in addresses:
        path, version = address.split("?v=")
        assert version == assets.version(path)


def test_vendored_files_are_what_the_manifest_says() -> None:
    listed = set()
    for entry in json.loads((STATIC_DIRECTORY / "vendor.json").read_text(encoding="utf-8")):
        assert entry["version"] and entry["license"]
        assert (STATIC_DIRECTORY / entry["license_file"]).is_file()
        for path, digest in entry["sha256"].items():
            assert hashlib.sha256((STATIC_DIRECTORY / path).read_bytes()).hexdigest() == digest
            listed.add(path)
    shipped = [*STATIC_DIRECTORY.glob("fonts/*.woff2"), *STATIC_DIRECTORY.glob("vendor/*.js")]
    assert listed == {file.relative_to(STATIC_DIRECTORY).as_posix() for file in shipped}


def test_every_icon_of_the_sprite_can_be_drawn() -> None:
    sprite = (STATIC_DIRECTORY / "icons.svg").read_text(encoding="utf-8")
    assert len(icon_drawings()) == sprite.count("<symbol ") > 60


# Colour


def tokens(section: str) -> dict[str, str]:
    """The colours of the light or the dark palette."""
    source = (STATIC_DIRECTORY / "tokens.css").read_text(encoding="utf-8")
    light, dark = source.split('[data-theme="auto"]')
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return colours if section == "light" else colours | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("section", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *(
            (text, ground)
            for text in ("ink", "ink-soft", "accent")
            for ground in ("paper", "card", "chat-ground")
        ),
        *((tone, f"{tone}-soft") for tone in ("warn", "error", "info", "done", "human")),
        *((tone, "card") for tone in ("warn", "error", "info", "done", "human")),
        ("accent", "leaf-soft"),
        ("accent-strong", "leaf-soft"),
        ("ink", "leaf-soft"),
        ("ink", "warn-soft"),
        ("ink", "human-soft"),
        ("ink-soft", "grey"),
        ("on-action", "action"),
        ("on-action", "action-hover"),
        ("on-header", "header"),
        ("on-header-soft", "header"),
        ("on-own-bubble", "own-bubble"),
    ],
)
def test_text_is_readable(section: str, text: str, ground: str) -> None:
    colours = tokens(section)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("section", ["light", "dark"])
def test_borders_of_controls_and_bars_can_be_seen(section: str) -> None:
    colours = tokens(section)
    for edge in ("field-edge", "leaf-edge", "bar", "bar-second"):
        assert contrast(colours[edge], colours["card"]) >= 3
