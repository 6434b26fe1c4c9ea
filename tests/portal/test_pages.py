"""The public pages as a visitor's browser gets them."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from eservice.api.callers import PARTNER
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.portal import STATIC_DIRECTORY
from eservice.portal.api_document import BEARER
from knowledge.entries.models import Entry
from tests.portal.conftest import HOSTILE, Portal

PAGES = (
    "/",
    "/faq",
    "/faq?q=เบี้ยคนแก่ไปลงที่ไหน",
    "/faq?q=zzzz",
    f"/faq?q={HOSTILE}",
    f"/chat?q={HOSTILE}",
    "/faq/topic/welfare",
    "/faq/elderly-where",
    "/faq/hostile",
    "/privacy",
    "/sitemap",
    "/report",
    f"/report?spot={HOSTILE}",
    "/track",
    "/figures",
    "/chat",
    "/chat?embed=1",
)
FOLDER = STATIC_DIRECTORY.parent


class Html(HTMLParser):
    """Tags with their attributes, and the words of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def get(portal: Portal, path: str, **headers: str) -> Html:
    response = portal.client.get(path, headers=headers)
    assert response.status_code == 200, path
    return Html(response.text)


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_obeys_its_content_policy_in_both_languages(
    portal: Portal, path: str, language: str
) -> None:
    portal.client.cookies.set("lang", language)
    response = portal.client.get(path)
    page = Html(response.text)
    assert response.status_code == 200
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == 1
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "geolocation=(self)" in response.headers["permissions-policy"]
    assert HOSTILE not in response.text
    assert not page.all("style") and all("src" in script for script in page.all("script"))
    for tag, attributes in page.tags:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        loaded = [attributes.get("src"), attributes.get("action")]
        if tag == "link" and attributes["rel"] not in ("canonical", "alternate"):
            loaded.append(attributes["href"])
        assert all(address.startswith("/") for address in loaded if address is not None)


def test_static_files_name_no_other_site() -> None:
    for file in (*STATIC_DIRECTORY.iterdir(), FOLDER / "widget.js"):
        addresses = re.findall(r"https?://[\w.]+", file.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org"}, file.name


def test_every_linked_page_and_file_is_there(portal: Portal) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/admin"):
            continue
        seen.add(path)
        response = portal.client.get(path)
        assert response.status_code == 200, path
        if "html" in response.headers["content-type"]:
            for tag, attributes in Html(response.text).tags:
                address = attributes.get("src" if tag in ("script", "img") else "href") or ""
                if address.startswith("/"):
                    waiting.append(address.split("#")[0])
    assert {"/faq/elderly-where", "/faq/topic/welfare", "/chat", "/sitemap", "/privacy"} <= seen


def test_the_home_page_has_the_e_service_menu_and_the_opening_hours(
    portal: Portal, clock: FixedClock
) -> None:
    page = get(portal, "/")
    assert "บริการออนไลน์ E-Service" in page.words
    assert [a["href"] for a in page.all("a") if a.get("class") == "tile"][:2] == [
        "/faq/topic/welfare",
        "/faq/topic/tax",
    ]
    assert "เปิดอยู่ ถึง 16.30\N{NO-BREAK SPACE}น." in page.words
    clock.advance(hours=5)
    assert "ปิดอยู่ เปิด จ. 23\N{NO-BREAK SPACE}พ.ย. 08.30\N{NO-BREAK SPACE}น." in get(portal, "/").words


def test_doors_to_other_channels_stand_only_when_they_are_on(portal: Portal, links: dict[str, str]) -> None:
    assert "Telegram" not in get(portal, "/").words
    links["telegram"] = "https://t.me/example_bot"
    page = get(portal, "/")
    assert "Telegram" in page.words and "LINE" not in page.words
    assert "https://t.me/example_bot" in [a["href"] for a in page.all("a")]


def test_questions_are_called_often_asked_only_by_real_counts(
    portal: Portal, database: Database, clock: FixedClock
) -> None:
    assert "คนถามบ่อย" not in get(portal, "/").words
    with database.unit_of_work() as uow:
        uow.session.execute(update(Entry).where(Entry.key == "land-tax").values(asked_count=7))
    clock.advance(seconds=20)
    portal.faq.refresh()
    page = get(portal, "/")
    assert "คนถามบ่อย" in page.words and "ถามแล้ว 7\N{NO-BREAK SPACE}ครั้ง" in get(portal, "/faq").words.replace(
        " ครั้ง", "\N{NO-BREAK SPACE}ครั้ง"
    )
    assert [a["href"] for a in page.all("a") if a.get("class") == "suggestion"] == ["/faq/land-tax"]


def test_an_answer_shows_headline_lines_and_all_three_proofs(portal: Portal) -> None:
    page = get(portal, "/faq/elderly-where")
    for words in ("ลงที่สำนักปลัด อบต.", "ใช้สมุดบัญชี", "ที่มา", "ระเบียบ มท. 2566", "ข้อมูล ณ วันที่", "20 พ.ย. 2569"):
        assert words in page.words.replace("\N{NO-BREAK SPACE}", " "), words
    assert len(page.all("tr")) == 2
    assert "https://chat.example.go.th/faq/elderly-where" in [link["href"] for link in page.all("link")]


def test_a_sure_search_shows_the_answer_itself(portal: Portal) -> None:
    page = get(portal, "/faq?q=" + quote("ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน"))
    assert "ลงที่สำนักปลัด อบต." in page.words
    assert "/faq/elderly-where" in [a["href"] for a in page.all("a")]


def test_a_search_without_result_says_so_and_opens_the_chat(portal: Portal) -> None:
    page = get(portal, "/faq?q=zzqq")
    assert "ไม่พบเรื่อง" in page.words and "ลองพิมพ์สั้นลง" in page.words
    assert any((a.get("href") or "").startswith("/chat?q=zzqq") for a in page.all("a"))


@pytest.mark.parametrize(
    "query", ["ก" * 5_000, "\x00\x07", "\u200b" * 5_000, "%", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_odd_searches_are_answered(portal: Portal, query: str | bytes) -> None:
    assert portal.client.get("/faq?q=" + quote(query)).status_code == 200


def test_entries_outside_their_window_are_nowhere(portal: Portal, clock: FixedClock) -> None:
    paths = ("/", "/faq", "/sitemap", "/sitemap.xml", "/faq?q=" + quote("วัคซีนหมาบ้าฉีดวันไหน"))
    assert all("/faq/tomorrow" not in portal.client.get(path).text for path in paths)
    assert portal.client.get("/faq/tomorrow").status_code == 404
    clock.advance(days=1)
    portal.faq.refresh()
    assert all("/faq/tomorrow" in portal.client.get(path).text for path in paths[1:])
    clock.advance(days=1)
    portal.faq.refresh()
    assert portal.client.get("/faq/tomorrow").status_code == 404


def test_a_topic_with_an_odd_name_has_a_page(portal: Portal) -> None:
    page = get(portal, "/")
    odd = next(a["href"] for a in page.all("a") if a.get("class") == "tile" and "script" in (a["href"] or ""))
    assert odd and "/faq/hostile" in [a["href"] for a in get(portal, odd).all("a")]
    assert portal.client.get("/faq/topic/nothing").status_code == 404


def test_the_language_stays_as_chosen(portal: Portal) -> None:
    assert get(portal, "/").all("html")[0]["lang"] == "th"
    response = portal.client.get("/?lang=en")
    assert "Online services (E-Service)" in response.text
    cookie = response.headers["set-cookie"].lower()
    assert "lang=en" in cookie and "secure" in cookie and "samesite=lax" in cookie
    assert portal.client.get("/?lang=<script>").status_code == 200
    portal.client.cookies.set("lang", "en", domain="testserver.local", path="/")
    page = get(portal, "/faq?q=zzzz")
    assert "Nothing found" in page.words
    assert "/faq?q=zzzz&lang=th" in [a.get("href") for a in page.all("a")]


def test_the_privacy_page_shows_the_notice_in_force(portal: Portal) -> None:
    page = get(portal, "/privacy")
    words = page.words.replace("\N{NO-BREAK SPACE}", " ")
    assert "ฉบับที่ 2569-1 ใช้ตั้งแต่ 20 พ.ย. 2569" in words
    assert "ขอลบ" in words and HOSTILE in words  # as text


def test_an_unchanged_page_is_not_sent_again(portal: Portal) -> None:
    for path in ("/faq", "/widget.js"):
        first = portal.client.get(path)
        again = portal.client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304 and not again.content
    assert portal.client.head("/").status_code == 200


def test_search_engines_find_every_page(portal: Portal) -> None:
    tree = ElementTree.fromstring(portal.client.get("/sitemap.xml").text)
    places = [place.text or "" for place in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert "https://chat.example.go.th/faq/elderly-where" in places
    for place in places:
        assert portal.client.get(place.removeprefix("https://chat.example.go.th")).status_code == 200
    assert "Sitemap: https://chat.example.go.th/sitemap.xml" in portal.client.get("/robots.txt").text


# Failures


def test_browsers_get_a_page_and_programs_a_problem_document(portal: Portal) -> None:
    page = portal.client.get("/nowhere")
    assert (
        page.status_code == 404 and "ไม่พบหน้านี้" in page.text and "frame-ancestors 'none'" in str(page.headers)
    )
    for path, accept in (("/api/v1/nowhere", "text/html"), ("/nowhere", "application/json")):
        answer = portal.client.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_crash_and_a_missing_database_have_their_pages(portal: Portal) -> None:
    def crash() -> None:
        raise RuntimeError("secret words")

    def away() -> None:
        raise OperationalError("SELECT 1", {}, Exception("secret words"))

    portal.client.get("/")
    for path, raises in (("/crash", crash), ("/away", away), ("/api/crash", crash), ("/api/away", away)):
        portal.app.add_api_route(path, raises)
    crashed, gone = portal.client.get("/crash"), portal.client.get("/away")
    assert (crashed.status_code, gone.status_code) == (500, 503)
    assert "หน้านี้สะดุด" in crashed.text and "ระบบพักชั่วคราว" in gone.text
    assert "อบต.ทดสอบ" in gone.text  # remembered
    for path, status in (("/api/crash", 500), ("/api/away", 503)):
        answer = portal.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert "secret" not in answer.text
    assert "secret" not in crashed.text + gone.text


# Words


def words_of(language: str) -> dict[str, str]:
    def flatten(table: dict[str, object], prefix: str) -> dict[str, str]:
        flat: dict[str, str] = {}
        for name, value in table.items():
            flat |= (
                flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: str(value)}
            )
        return flat

    return flatten(tomllib.loads((FOLDER / "text" / f"{language}.toml").read_text(encoding="utf-8")), "")


def test_both_languages_say_the_same_things_with_the_same_placeholders() -> None:
    thai, english = words_of("th"), words_of("en")
    assert thai.keys() == english.keys()
    for key in thai:
        places = [
            {name for _, name, _, _ in Formatter().parse(text) if name} for text in (thai[key], english[key])
        ]
        assert places[0] == places[1], key


def test_every_word_is_said_somewhere() -> None:
    files: list[Path] = [
        *FOLDER.glob("*.py"),
        *FOLDER.glob("*.js"),
        *FOLDER.rglob("*.html"),
        *FOLDER.glob("static/*.js"),
    ]
    sources = "\n".join(file.read_text(encoding="utf-8") for file in files)
    for key in words_of("th"):
        name = key.rsplit(".", 1)[1]
        if key.startswith(("portal.chat.script.", "portal.widget.")) and f'"{key}"' not in sources:
            assert re.search(rf"words\.{name}\b", sources), key
        elif key.startswith("portal.topics.") or key.startswith("portal.errors."):
            assert f'"{key.split(".")[2]}"' in sources, key
        elif key.startswith("portal.api.token."):
            assert name in (BEARER, PARTNER), key
        else:
            assert f'"{key}"' in sources, key
