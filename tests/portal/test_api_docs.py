"""The API's page and document: true to what the routes do, readable without scripts."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from eservice.kit.database import Database
from eservice.kit.http import add_problem_handlers
from eservice.kit.text import Catalogue
from eservice.office.service import OfficeFacts, create_office
from eservice.portal import PortalPages, create_api_docs, publish_document
from tests.source import ROOT


@pytest.fixture
def client(database: Database, whole_app: FastAPI) -> TestClient:
    """The page about the whole product's API, in an office."""
    with database.unit_of_work() as uow:
        create_office(uow, OfficeFacts(name="อบต.ทดสอบ", address="1 หมู่ 2"), actor="test")
    texts = Catalogue(ROOT / "eservice/text")
    app = FastAPI(docs_url=None)
    app.state.database = database
    add_problem_handlers(app, texts)
    described = FastAPI(routes=whole_app.routes, docs_url=None)
    publish_document(described)
    app.include_router(
        create_api_docs(PortalPages(public_url="http://127.0.0.1:8000"), texts, described.openapi)
    )
    return TestClient(app)


def test_every_route_of_the_api_is_on_the_page(client: TestClient, whole_app: FastAPI) -> None:
    page = client.get("/docs", headers={"Accept-Language": "th"}).text
    for path in whole_app.openapi()["paths"]:
        assert f"<code>{path}</code>" in page
    assert 'id="schema-FaqSearch"' in page and "string (1–2,000)" in page
    assert "urn:phueanban:error:http.too_many" in page
    assert "ต้องมีโทเคนของผู้คุย" in page


def test_every_link_on_the_page_leads_somewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


def test_the_page_speaks_english_and_asks_no_other_host(client: TestClient) -> None:
    answer = client.get("/docs?lang=en")
    assert answer.headers["content-language"] == "en"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "For developers" in answer.text
    assert not re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)', answer.text)


def test_the_document_tells_how_refusals_look(whole_app: FastAPI) -> None:
    described = FastAPI(routes=whole_app.routes, docs_url=None)
    publish_document(described)
    document = described.openapi()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    search = document["paths"]["/api/v1/faq/search"]["get"]
    assert list(search["responses"]["422"]["content"]) == ["application/problem+json"]
    send = document["paths"]["/api/v1/chat/messages"]["post"]
    assert send["security"] == [{"visitor": []}]
    assert "authorization" not in {one["name"] for one in send.get("parameters", [])}
    assert described.openapi() is document


def test_a_refusal_has_the_shape_that_the_document_promises(database: Database, whole_app: FastAPI) -> None:
    described = FastAPI(routes=whole_app.routes, docs_url=None)
    publish_document(described)
    promised = described.openapi()["components"]["schemas"]["Problem"]
    refused = TestClient(whole_app).get("/api/v1/faq/search")
    assert refused.status_code == 422
    assert set(promised["required"]) <= set(refused.json()) <= set(promised["properties"])
