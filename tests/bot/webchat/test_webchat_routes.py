"""The web chat's API: sessions, what goes in, what comes out, and who may see it."""

from contextlib import ExitStack

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.channels.webchat import sessions
from bot.channels.webchat.routes import STREAMS_OF_ONE_VISITOR, StreamCount, create_router
from eservice.complaints.models import Photo
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit.http import add_problem_handlers
from eservice.kit.text import Catalogue
from eservice.messaging.models import InboundEvent, Message
from tests.chat import Village, parked
from tests.complaints.pictures import photo
from tests.source import ROOT

MESSAGES = "/api/v1/chat/messages"
ATTACHMENTS = "/api/v1/chat/attachments"


class Visitor:
    """A browser with the chat open."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        begun = client.post("/api/v1/chat/sessions")
        assert begun.status_code == 201
        self.headers = {"Authorization": f"Bearer {begun.json()['token']}"}

    def sends(self, **message: object):
        return self.client.post(MESSAGES, json=message, headers=self.headers)

    def reads(self, after: str = "") -> dict:
        answer = self.client.get(MESSAGES, params={"after": after}, headers=self.headers)
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
def client(village: Village) -> TestClient:
    app = FastAPI()
    app.state.database, app.state.media = village.database, village.media
    add_problem_handlers(app, Catalogue(ROOT / "eservice/text"))
    app.include_router(
        create_router(
            database=village.database,
            signals=village.signals,
            store=village.intake.store_now,
            is_stopping=lambda: False,
        )
    )
    return TestClient(app)


def test_a_question_is_answered_in_the_messages(client: TestClient, village: Village) -> None:
    somchai = Visitor(client)
    assert somchai.sends(text="อัตราภาษีป้าย").status_code == 202
    village.work()
    page = somchai.reads()
    assert [item["sender"] for item in page["items"]] == ["visitor", "bot"]
    assert page["items"][1]["kind"] == "card"
    assert "คำตอบเรื่องภาษีป้าย" in page["items"][1]["title"]
    assert somchai.reads(page["cursor"])["items"] == []


def test_a_tapped_button_is_understood_and_shown(client: TestClient, village: Village) -> None:
    somchai = Visitor(client)
    somchai.sends(action="menu", label="เมนู")
    village.work()
    assert [item["text"] for item in somchai.reads()["items"]] == ["เมนู", "วันนี้ให้ช่วยเรื่องอะไรคะ"]


def test_a_retry_is_harmless(client: TestClient, village: Village) -> None:
    somchai = Visitor(client)
    answers = [somchai.sends(text="เมนู", client_message_id="once") for _ in range(3)]
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    village.work()
    assert len(village.rows(InboundEvent)) == 1
    assert len(somchai.reads()["items"]) == 2


def test_nobody_reads_another_visitors_messages(client: TestClient, village: Village) -> None:
    somchai, mali = Visitor(client), Visitor(client)
    somchai.sends(text="เรื่องของสมชาย")
    village.work()
    assert somchai.reads()["items"]
    assert mali.reads()["items"] == []


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {'a' * 43}"}]
)
def test_without_the_token_there_is_nothing(client: TestClient, headers: dict[str, str]) -> None:
    for answer in (
        client.get(MESSAGES, headers=headers),
        client.post(MESSAGES, json={"text": "x"}, headers=headers),
        client.get("/api/v1/chat/stream", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:phueanban:error:http.unauthenticated"


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": "x", "action": "menu"},
        {"text": "ก" * 100_001},
        {"action": "a" * 61},
        {"location": {"lat": 91, "lon": 0}},
        {"text": "x", "role": "administrator"},
        {"text": ["x"]},
    ],
)
def test_bad_input_is_refused_and_nothing_stored(
    client: TestClient, village: Village, message: dict[str, object]
) -> None:
    assert Visitor(client).sends(**message).status_code == 422
    assert village.rows(InboundEvent) == []


def test_a_visitor_who_sends_like_a_machine_is_slowed_down(
    client: TestClient, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MESSAGES_PER_MINUTE", 5)
    machine = Visitor(client)
    statuses = [machine.sends(text="เมนู").status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    assert Visitor(client).sends(text="เมนู").status_code == 202
    village.work()
    assert machine.sends(text="เมนู").status_code == 429
    village.clock.advance(minutes=2)
    assert machine.sends(text="เมนู").status_code == 202


def test_a_message_taken_back_shows_no_words(client: TestClient, village: Village) -> None:
    somchai = Visitor(client)
    somchai.sends(text="ความลับ")
    village.work()
    with village.database.unit_of_work() as uow:
        message = uow.session.query(Message).filter(Message.text == "ความลับ").one()
        message.text, message.erased_at = "", uow.now
    assert somchai.reads()["items"][0]["kind"] == "erased"


def test_open_streams_are_counted_and_bounded() -> None:
    streams = StreamCount()
    with ExitStack() as stack:
        for _ in range(STREAMS_OF_ONE_VISITOR):
            assert streams.has_room(7)
            stack.enter_context(streams.counted(7))
        assert not streams.has_room(7)
        assert streams.has_room(8)
    assert streams.has_room(7)


@pytest.mark.parametrize(
    "message",
    [
        {"text": "ไฟดับ\x00หน้าวัด\u202e"},
        {"action": "menu", "label": "เม\x00นู\u202e"},
        {"action": "case:\x00"},
        {"location": {"lat": 14, "lon": 100.5, "label": "บ้าน\x00เลขที่\u202e 4"}},
    ],
)
def test_characters_that_no_database_holds_set_no_event_aside(
    client: TestClient, village: Village, message: dict[str, object]
) -> None:
    visitor = Visitor(client)
    assert visitor.sends(**message).status_code == 202
    for _ in range(4):
        village.work()
        village.clock.advance(minutes=5)
    assert parked(village) == []
    assert [item["sender"] for item in visitor.reads()["items"]][-1] == "bot"


def upload(client: TestClient, visitor: Visitor | None, content: bytes, name: str = "file") -> httpx.Response:
    files = {name: ("IMG_1.jpg", content, "image/jpeg")}
    return client.post(ATTACHMENTS, files=files, headers=visitor.headers if visitor else {})


def test_a_photo_is_uploaded_and_then_said(client: TestClient, village: Village) -> None:
    somchai = Visitor(client)
    uploaded = upload(client, somchai, photo(1, (64, 48)))
    assert uploaded.status_code == 201
    attachment = uploaded.json()["attachment_id"]
    for _ in range(2):  # sent again, it is the same message
        sent = somchai.sends(attachment_id=attachment, client_message_id="photo-1")
        assert sent.status_code == 202
    village.work()
    items = somchai.reads()["items"]
    assert [(item["sender"], item["kind"]) for item in items[:2]] == [("visitor", "photo"), ("bot", "text")]
    (row,) = village.rows(Photo)
    assert row.message_id is not None and row.complaint_id is None


def test_nobody_says_a_photo_of_another(client: TestClient, village: Village) -> None:
    somchai, stranger = Visitor(client), Visitor(client)
    attachment = upload(client, somchai, photo(1, (64, 48))).json()["attachment_id"]
    assert stranger.sends(attachment_id=attachment).status_code == 404
    assert somchai.sends(attachment_id="0" * 24).status_code == 404
    assert somchai.sends(attachment_id=attachment, text="นี่").status_code == 422


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"%PDF-1.7", 422, "photos.not_a_picture"),
        (bytes(MAX_BYTES + 1), 413, "photos.too_large"),
        (bytes(13_000_000), 413, ""),
    ],
)
def test_what_is_no_photo_leaves_nothing(
    client: TestClient, village: Village, content: bytes, status: int, code: str
) -> None:
    refused = upload(client, Visitor(client), content)
    assert refused.status_code == status and code in refused.text
    assert village.rows(Photo) == []


def test_photos_need_a_token_and_a_form_with_a_file(client: TestClient, village: Village) -> None:
    assert upload(client, None, photo(1, (64, 48))).status_code == 401
    somchai = Visitor(client)
    assert upload(client, somchai, photo(1, (64, 48)), name="other").status_code == 422
    assert client.post(ATTACHMENTS, content=b"x", headers=somchai.headers).status_code == 415
    for seed in range(10):
        assert upload(client, somchai, photo(seed, (32, 24))).status_code == 201
    assert upload(client, somchai, photo(10, (32, 24))).status_code == 409
