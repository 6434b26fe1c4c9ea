"""The public search, and the measuring of the engine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from knowledge.entries.evaluate import evaluate
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision
from knowledge.entries.question_files import read_questions
from knowledge.entries.routes import create_router
from tests.conftest import NOON
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, WATER, published


@pytest.fixture
def view(database: Database, treasury: int) -> LiveFaq:
    published(database, replace(REGISTER, department_id=treasury), key="elderly-register")
    published(database, GARBAGE, key="garbage-fee")
    published(database, WATER, key="water-broken")
    view = LiveFaq(database)
    view.refresh()
    return view


@pytest.fixture
def client(view: LiveFaq) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(create_router(view))
    with TestClient(app) as client:
        yield client


def test_the_search_answers_as_the_contract_says(client: TestClient) -> None:
    found = client.get("/api/v1/faq/search", params={"q": "เบี้ยคนแก่ ที่ไหน", "limit": 2}).json()
    assert set(found) == {"query", "decision", "confidence", "results"}
    assert (found["query"], found["decision"]) == ("เบี้ยคนแก่ ที่ไหน", "answer")
    assert 0 <= found["confidence"] <= 1
    first = found["results"][0]
    assert set(first) == {"id", "question", "answer", "score", "department", "source", "updated_at"}
    assert (first["id"], first["answer"], first["department"], first["source"]) == (
        "elderly-register", REGISTER.answer, "กองคลัง", REGISTER.source,
    )  # fmt: skip
    assert datetime.fromisoformat(first["updated_at"]) == NOON
    assert len(found["results"]) <= 2


def test_a_question_that_nothing_answers_is_unknown(client: TestClient) -> None:
    found = client.get("/api/v1/faq/search", params={"q": "zzz qqq"}).json()
    assert found["decision"] == "unknown"


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"q": "ก" * 2000}, 200),
        ({"q": "ก" * 2001}, 422),
        ({"q": ""}, 422),
        ({}, 422),
        ({"q": "ก", "limit": "20"}, 200),
        ({"q": "ก", "limit": "21"}, 422),
        ({"q": "ก", "limit": "0"}, 422),
        ({"q": "ก", "limit": "มาก"}, 422),
        ({"q": "\x00\u200b" * 900}, 200),
    ],
)
def test_the_search_minds_its_limits(client: TestClient, parameters: dict[str, str], status: int) -> None:
    assert client.get("/api/v1/faq/search", params=parameters).status_code == status


def test_the_engine_is_measured_on_questions_with_known_entries(view: LiveFaq, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(
        "\n".join(
            [
                '{"text": "เบี้ยคนแก่ ที่ไหน", "expected": ["elderly-register"]}',
                '{"text": "เก็บค่าขยะกี่บาท", "expected": ["garbage-fee", "other"]}',
                '{"text": "น้ำไม่ไหลโทรหาใคร", "expected": ["garbage-fee"]}',
                "",
                '{"text": "zzz qqq", "expected": []}',
                '{"text": "ก๊อกน้ำแห้งแจ้งใคร", "expected": []}',
            ]
        ),
        encoding="utf-8",
    )
    result = evaluate(view, read_questions(path.read_bytes(), path.name))
    assert (result.questions, result.answerable, result.answered_without_entry) == (5, 3, 1)
    assert result.recall_at_1 == pytest.approx(2 / 3)
    assert result.precision == pytest.approx(2 / 4)
    assert result.coverage == pytest.approx(2 / 3)
    assert result.answerable_decisions[AskDecision.ANSWERED] == 3
    assert result.unanswerable_decisions == {
        AskDecision.ANSWERED: 1,
        AskDecision.CLARIFIED: 0,
        AskDecision.UNKNOWN: 1,
    }


@pytest.mark.parametrize("line", ["{", "[]", '{"text": 1, "expected": []}', '{"text": "ก"}', '"ก"', "\udcff"])
def test_a_file_of_questions_that_cannot_be_read_names_the_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"text": "ก", "expected": []}}\n{line}\n', encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ServiceError) as error:
        read_questions(path.read_bytes(), path.name)
    assert error.value.fields == {"line 2": "not_a_question"}
