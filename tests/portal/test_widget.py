"""The chat page, and the chat on other sites."""

import json

import pytest

from eservice.kit.database import Database
from eservice.office import service as office
from eservice.office.models import Office
from eservice.portal import widget_snippet
from eservice.portal.prose import BlockKind, read_blocks
from tests.portal.conftest import ALLOWED, HOSTILE, Portal
from tests.portal.test_pages import Html


def settings_of(markup: str) -> dict[str, object]:
    return json.loads(Html(markup).all("body")[0]["data-settings"] or "")


def test_only_the_frame_of_the_widget_may_be_framed_and_only_by_allowed_sites(portal: Portal) -> None:
    framed = portal.client.get("/chat?embed=1")
    assert framed.headers["content-security-policy"].endswith(f"frame-ancestors {ALLOWED}")
    assert "x-frame-options" not in framed.headers
    for path in ("/", "/chat", "/chat?embed=2", "/faq", "/widget.js", "/nowhere"):
        headers = portal.client.get(path).headers
        assert headers["content-security-policy"].endswith("frame-ancestors 'none'"), path
        assert headers["x-frame-options"] == "DENY"


def test_the_list_of_sites_is_read_for_each_request(portal: Portal, database: Database) -> None:
    with database.unit_of_work() as uow:
        facts = office.facts_of(office.get_office(uow))
        changed = facts.__class__(**{**facts.__dict__, "widget_origins": ()})
        office.update_office(uow, changed, actor="test")
    headers = portal.client.get("/chat?embed=1").headers
    assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert ALLOWED not in portal.client.get("/widget.js").text


@pytest.mark.parametrize(
    "origin",
    ["*", "https://a.example; script-src *", "https://a.example\r\nX-Evil: 1", "javascript:alert(1)", 7],
)
def test_a_malformed_site_never_reaches_a_header(portal: Portal, database: Database, origin: object) -> None:
    with database.unit_of_work() as uow:
        uow.session.get_one(Office, 1).widget_origins = [origin, ALLOWED]
    headers = portal.client.get("/chat?embed=1").headers
    assert headers["content-security-policy"].endswith(f"frame-ancestors {ALLOWED}")
    assert "x-evil" not in headers


def test_the_widget_knows_its_home_and_its_sites(portal: Portal) -> None:
    response = portal.client.get("/widget.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    start = response.text.rindex("})({") + 3
    settings = json.loads(response.text[start : response.text.rindex(");")])
    assert settings["home"] == "https://chat.example.go.th"
    assert settings["origins"] == [ALLOWED]
    assert settings["words"]["th"]["open"] == "คุยกับเพื่อนบ้าน"
    assert widget_snippet("https://chat.example.go.th") in (
        '<script src="https://chat.example.go.th/widget.js" async></script>'
    )


def test_the_chat_speaks_the_page_s_language_and_takes_a_question_along(portal: Portal) -> None:
    settings = settings_of(portal.client.get(f"/chat?lang=en&q={HOSTILE}").text)
    assert (settings["lang"], settings["embed"], settings["question"]) == ("en", False, HOSTILE)
    framed = portal.client.get("/chat?embed=1").text
    assert settings_of(framed)["embed"] is True
    assert "chat-close" in framed and "chat-close" not in portal.client.get("/chat").text
    log = next(attributes for _, attributes in Html(framed).tags if attributes.get("id") == "chat-log")
    assert (log["role"], log["aria-live"]) == ("log", "polite")


def test_the_notice_s_plain_lines_become_blocks() -> None:
    blocks = read_blocks("# หัวข้อ\nย่อหน้า\n\n- หนึ่ง\n- สอง\n\n## ต่อไป\n- สาม")
    assert [(block.kind, block.lines) for block in blocks] == [
        (BlockKind.TITLE, ["หัวข้อ"]),
        (BlockKind.PARAGRAPH, ["ย่อหน้า"]),
        (BlockKind.LIST, ["หนึ่ง", "สอง"]),
        (BlockKind.HEADING, ["ต่อไป"]),
        (BlockKind.LIST, ["สาม"]),
    ]
