"""An office with its API, and those who call it: residents from an address, partners with a token."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from obstore.store import MemoryStore

from eservice.api.routes import create_router
from eservice.complaints.models import Complaint
from eservice.kit.database import Database
from eservice.kit.http import add_problem_handlers
from eservice.kit.media import MediaStore
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.staff import tokens
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.classify import ComplaintClassifier
from tests.complaints.desk import Desk, open_desk
from tests.source import ROOT

CASES = "/api/v1/cases"
LAMP = {"text": "ไฟหน้าวัดดับมาสามวันแล้ว", "category": "ไฟฟ้าแสงสว่าง"}


@dataclass(kw_only=True)
class Api:
    """The API in its office."""

    app: FastAPI
    desk: Desk
    clients: dict[str, TestClient] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.desk.database

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        key: str = "",
        at: str = "203.0.113.7",
        **headers: str,
    ) -> httpx.Response:
        """One request from an address; `headers` with underscores for hyphens."""
        client = self.clients.setdefault(at, TestClient(self.app, client=(at, 50000)))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["authorization"] = f"Bearer {token}"
        if key:
            sent["x-case-key"] = key
        return client.request(method, CASES + path, json=body, headers=sent)

    def get(self, path: str = "", **how: Any) -> httpx.Response:
        return self.call("GET", path, **how)

    def post(self, path: str, body: object = None, **how: Any) -> httpx.Response:
        return self.call("POST", path, body, **how)

    def upload(
        self,
        path: str,
        content: bytes,
        *,
        token: str = "",
        key: str = "",
        at: str = "203.0.113.7",
        **fields: str,
    ) -> httpx.Response:
        """A photo in a form; `idempotency_key` among the fields is a header."""
        client = self.clients.setdefault(at, TestClient(self.app, client=(at, 50000)))
        sent = {"authorization": f"Bearer {token}"} if token else {}
        if key:
            sent["x-case-key"] = key
        if "idempotency_key" in fields:
            sent["idempotency-key"] = fields.pop("idempotency_key")
        files = {"file": ("1.jpg", content, "image/jpeg")}
        return client.post(CASES + path, files=files, data=fields, headers=sent)

    def file(self, body: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        """A filed case, under a key of its own."""
        answer = self.post("", body or LAMP, idempotency_key=uuid.uuid4().hex, **how)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def token(self, name: str, *roles: Role, department_id: int | None = None) -> str:
        with self.database.unit_of_work() as uow:
            grants = [Grant(role=role, department_id=department_id) for role in roles]
            return tokens.create_token(uow, name, grants, days=30)

    def stored(self, number: str) -> Complaint:
        """The case as the database has it."""
        with self.database.read() as reader:
            return reader.session.query(Complaint).filter_by(number=number).one()

    def version(self, number: str) -> int:
        return self.stored(number).version


def open_api(database: Database, classifier: ComplaintClassifier) -> Api:
    app = FastAPI()
    app.state.database, app.state.media = database, MediaStore(MemoryStore())
    add_problem_handlers(app, Catalogue(ROOT / "eservice/text"))
    app.include_router(create_router(Signals(database), classifier))
    desk = open_desk(database)
    desk.media = app.state.media
    return Api(app=app, desk=desk)


def code(answer: httpx.Response) -> str:
    """What a refusal says, without the part that all share."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.json()["type"].removeprefix("urn:phueanban:error:")
