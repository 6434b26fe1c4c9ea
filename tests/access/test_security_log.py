"""Whoever is refused leaves one kind of line in the log, wherever that was, and nothing of themselves in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from eservice.complaints.filing import NewComplaint, file_complaint
from eservice.complaints.models import Complaint, Source
from eservice.demo.first_start import prepare
from eservice.kit.database import Database
from eservice.staff import accounts, sessions, tokens
from eservice.staff.accounts import Profile
from eservice.staff.models import Department, Role
from eservice.staff.permissions import Grant
from eservice.staff.sign_in import Browser, sign_in
from tests.conftest import whole_app_on

TYPED = "0812345678-typed-by-somebody"
PASSWORD = "ข้าวเหนียวหมูปิ้งหน้าตลาด"


class Place:
    """An office with a complaint of the works, staff of the treasury, and a partner of theirs."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        prepare(database, with_demo=False)
        with database.unit_of_work() as uow:
            works, finance = Department(name="กองช่าง", position=1), Department(name="กองคลัง", position=2)
            uow.session.add_all([works, finance])
            uow.session.flush()
            new = NewComplaint(source=Source.WEB, category="อื่น ๆ", text=TYPED, latitude=13.1, longitude=100.0)
            self.number = file_complaint(uow, new, idempotency_key="k").number
            complaint = uow.session.query(Complaint).one()
            complaint.department_id, self.case_id = works.id, complaint.id
            grants = [Grant(role=Role.RESPONDER, department_id=finance.id)]
            made = accounts.create_account(
                uow, "manee", Profile(display_name="มานี", grants=grants), actor="cli"
            )
            self.manee = made.account.id
            self.cookie = sessions.open_session(uow, made.account, user_agent="test")
            self.token = tokens.create_token(uow, "province", grants, days=30)
            uow.session.flush()
            found = tokens.find(uow, self.token)
            assert found is not None
            self.partner = found.principal.account_id
        self.client = TestClient(
            whole_app_on(database, folder), follow_redirects=False, raise_server_exceptions=False
        )


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Place:
    return Place(database, tmp_path)


def refusals(do: Callable[[], object]) -> list[dict[str, Any]]:
    """The lines that doing it left."""
    with capture_logs() as logs:
        do()
    found = [line for line in logs if line["event"] == "security.refused"]
    assert all(line["log_level"] == "warning" for line in found)
    told = repr(logs)
    for secret in (TYPED, PASSWORD, "manee", "province", "testclient"):
        assert secret not in told
    return [
        {key: value for key, value in line.items() if key not in ("event", "log_level")} for line in found
    ]


def test_staff_who_are_refused_a_room_a_case_and_a_form_are_told_of(place: Place) -> None:
    client = place.client
    client.cookies.set("phueanban_staff", place.cookie)
    room = refusals(lambda: client.get(f"/admin/staff?q={TYPED}"))
    case = refusals(lambda: client.get(f"/admin/cases/{place.case_id}"))
    form = refusals(lambda: client.post("/admin/cases/new", data={"text": TYPED}))
    assert room == [
        {
            "reason": "staff.forbidden",
            "account_id": place.manee,
            "method": "GET",
            "route": "/staff",
            "status": 403,
        }
    ]
    assert [(line["reason"], line["account_id"], line["status"]) for line in (*case, *form)] == [
        ("complaints.not_found", place.manee, 404),
        ("staff.forged", place.manee, 403),
    ]
    assert str(place.case_id) not in case[0]["route"], "the route, not the address"
    assert refusals(lambda: client.get("/admin/me")) == []
    client.cookies.clear()
    (signed_out,) = refusals(lambda: client.get("/admin/staff"))
    assert (signed_out["reason"], signed_out["account_id"]) == ("staff.signed_out", None)


def test_partners_who_are_refused_are_told_of(place: Place) -> None:
    def ask(path: str, token: str) -> Callable[[], object]:
        return lambda: place.client.get(path, headers={"Authorization": f"Bearer {token}"})

    record = f"/api/v1/cases/{place.number}/record"
    (unknown,) = refusals(ask(record, TYPED))
    (hidden,) = refusals(ask(record, place.token))
    assert (unknown["reason"], unknown["account_id"], unknown["status"]) == (
        "http.unauthenticated",
        None,
        401,
    )
    assert (hidden["reason"], hidden["account_id"], hidden["status"]) == (
        "complaints.not_found",
        place.partner,
        404,
    )
    assert hidden["route"] == "/api/v1/cases/{number}/record"


def test_forged_webhooks_and_wrong_keys_of_residents_are_told_of(place: Place) -> None:
    client = place.client
    forged = refusals(
        lambda: client.post("/webhooks/line", content=TYPED, headers={"x-line-signature": "AA"})
    )
    forged += refusals(lambda: client.post("/webhooks/telegram", content=TYPED))
    assert [(line["reason"], line["route"]) for line in forged] == [
        ("http.401", "/webhooks/line"),
        ("http.401", "/webhooks/telegram"),
    ]
    key = {"X-Case-Key": TYPED}
    tries = [refusals(lambda: client.get(f"/api/v1/cases/{place.number}", headers=key)) for _ in range(12)]
    assert tries[0] == [{"reason": "complaints.wrong_key", "account_id": None}]
    assert [line["reason"] for line in tries[-1]] == ["complaints.too_many_tries"]
    assert refusals(lambda: client.get("/nothing-is-here")) == [], "who is lost is not refused"


def test_failed_sign_ins_are_told_of_until_they_must_wait(place: Place) -> None:
    browser = Browser(address="192.0.2.7")

    def fail(name: str) -> list[dict[str, Any]]:
        return refusals(lambda: sign_in(place.database, name, PASSWORD, browser))

    tries = [fail(name) for name in ("manee", "nobody", *["manee"] * 5)]
    assert tries[:2] == [
        [{"reason": "staff.wrong_password", "account_id": place.manee}],
        [{"reason": "staff.wrong_password", "account_id": None}],
    ]
    assert tries[-1][0]["reason"] == "staff.must_wait" and tries[-1][0]["wait_seconds"] > 0
