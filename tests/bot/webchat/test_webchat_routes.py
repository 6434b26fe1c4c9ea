"""The web chat's doors: what they refuse."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.channels.webchat.routes import MAX_BODY_BYTES, MAX_TEXT, create_router
from tests.chat import Village


@pytest.fixture
def client(village: Village) -> TestClient:
    app = FastAPI()
    app.state.database = village.database
    app.include_router(
        create_router(
            database=village.database,
            signals=village.signals,
            store=village.intake.store_now,
            is_stopping=lambda: True,
        )
    )
    return TestClient(app)


def _signed_in(client: TestClient) -> dict[str, str]:
    token = client.post("/api/v1/chat/sessions").json()["token"]
    return {"Authorization": f"Bearer {token}"}


def test_the_longest_text_is_taken_and_a_larger_body_is_not_even_read(client: TestClient) -> None:
    headers = {**_signed_in(client), "Content-Type": "application/json"}
    longest = b'{"text": "' + b"\\u0e01" * MAX_TEXT + b'"}'
    assert client.post("/api/v1/chat/messages", content=longest, headers=headers).status_code == 202
    huge = b'{"text": "' + b"a" * MAX_BODY_BYTES + b'"}'
    assert client.post("/api/v1/chat/messages", content=huge, headers=headers).status_code == 413


@pytest.mark.parametrize("cursor", ["\U00010d40", "๑", "-1", "1" * 13])
def test_a_cursor_is_of_plain_digits(client: TestClient, cursor: str) -> None:
    headers = _signed_in(client)
    assert client.get("/api/v1/chat/messages", params={"after": "7"}, headers=headers).status_code == 200
    assert client.get("/api/v1/chat/messages", params={"after": cursor}, headers=headers).status_code == 422
