"""Every route of the console with every role: who gets in, who is refused.

A new route fails here until it stands in `ROUTES` with the permission that it asks for.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount

from admin.access import PUBLIC
from admin.site import create_console, routes_of
from eservice.kit.database import Database
from eservice.kit.settings import Settings
from eservice.staff.models import Role
from tests.access.asking import Asker, asking
from tests.admin.visitors import Doors, further_rooms
from tests.staff.test_permissions import EXPECTED

SIGNED_IN = ""  # any signed-in person
ROUTES = {
    ("GET", "/"): SIGNED_IN,
    ("POST", "/logout"): SIGNED_IN,
    ("GET", "/me"): SIGNED_IN,
    ("POST", "/me/password"): SIGNED_IN,
    ("POST", "/me/sessions/{session_id}/end"): SIGNED_IN,
    ("POST", "/me/sessions/end-others"): SIGNED_IN,
    ("GET", "/me/second-factor"): SIGNED_IN,
    ("POST", "/me/second-factor"): SIGNED_IN,
    ("POST", "/me/second-factor/codes"): SIGNED_IN,
    ("POST", "/me/second-factor/remove"): SIGNED_IN,
    ("GET", "/staff"): "staff.manage",
    ("GET", "/staff/review"): "audit.read",
    ("POST", "/staff/review"): "audit.read",
    ("GET", "/staff/review/accounts.csv"): "audit.read",
    ("GET", "/staff/new"): "staff.manage",
    ("POST", "/staff/new"): "staff.manage",
    ("GET", "/staff/{account_id}"): "staff.manage",
    ("POST", "/staff/{account_id}"): "staff.manage",
    ("POST", "/staff/{account_id}/disable"): "staff.manage",
    ("POST", "/staff/{account_id}/enable"): "staff.manage",
    ("POST", "/staff/{account_id}/link"): "staff.manage",
    ("POST", "/staff/{account_id}/reset-second-factor"): "staff.manage",
    ("POST", "/staff/{account_id}/sessions/end"): "staff.manage",
    ("POST", "/staff/{account_id}/sessions/{session_id}/end"): "staff.manage",
    ("GET", "/staff/{account_id}/history"): "audit.read",
    ("GET", "/partners"): "office.manage",
    ("GET", "/partners/new-token"): "staff.manage",
    ("POST", "/partners/new-token"): "staff.manage",
    ("POST", "/partners/tokens/{name}/renew"): "staff.manage",
    ("POST", "/partners/tokens/{name}/revoke"): "staff.manage",
    ("GET", "/partners/new-webhook"): "office.manage",
    ("POST", "/partners/new-webhook"): "office.manage",
    ("GET", "/partners/webhooks/{name}"): "office.manage",
    **{
        ("POST", f"/partners/webhooks/{{name}}/{act}"): "office.manage"
        for act in ("pause", "resume", "test", "remove")
    },
    ("POST", "/partners/messages/{key}/send-again"): "office.manage",
    ("GET", "/office"): "office.manage",
    ("POST", "/office"): "office.manage",
    ("GET", "/setup"): "office.manage",
    ("GET", "/setup/checklist"): "office.manage",
    ("GET", "/setup/notice"): "office.manage",
    ("POST", "/setup/notice"): "office.manage",
    ("GET", "/setup/{step}"): "office.manage",
    ("POST", "/setup/{step}"): "office.manage",
    ("GET", "/faq/starter"): "faq.publish",
    ("POST", "/faq/starter"): "faq.publish",
    ("GET", "/bench"): "bench.use",
    ("POST", "/bench/add"): "faq.write",
    ("GET", "/bench/evaluate"): "bench.use",
    ("POST", "/bench/evaluate"): "bench.use",
    ("GET", "/bench/confidence"): "bench.use",
    ("GET", "/bench/confidence/picture"): "bench.use",
    ("POST", "/bench/confidence"): "office.manage",
    ("GET", "/bench/confidence/recalibrate"): "bench.use",
    ("POST", "/bench/confidence/recalibrate"): "office.manage",
    ("POST", "/bench/confidence/restore"): "office.manage",
    ("GET", "/bench/questions"): "bench.use",
    ("POST", "/bench/questions"): "faq.write",
    ("POST", "/bench/questions/upload"): "faq.write",
    ("POST", "/bench/questions/{question_id:int}/retire"): "faq.write",
    ("GET", "/channels"): "channel.read",
    ("GET", "/channels/{name}"): "channel.read",
    **{
        ("POST", f"/channels/{{name}}/{act}"): "office.manage"
        for act in (
            "keys",
            "forget",
            "register",
            "menu",
            "check",
        )
    },
    ("POST", "/channels/parked/{event_id:int}/retry"): "event.retry",
    ("POST", "/channels/untold/{event_id:int}/retry"): "event.retry",
    ("GET", "/records"): "audit.read",
    ("POST", "/records/verify"): "audit.read",
    ("GET", "/traffic"): "traffic.read",
    ("GET", "/traffic/ask"): "traffic.read",
    ("POST", "/traffic/ask"): "traffic.read",
    ("GET", "/traffic/{opening_id:int}"): "traffic.read",
    ("POST", "/traffic/{opening_id:int}/close"): "traffic.read",
    ("GET", "/openings"): "traffic.approve",
    ("GET", "/openings/{opening_id:int}"): "traffic.approve",
    ("POST", "/openings/{opening_id:int}/approve"): "traffic.approve",
    ("POST", "/openings/{opening_id:int}/refuse"): "traffic.approve",
    ("POST", "/openings/{opening_id:int}/close"): "traffic.approve",
    ("GET", "/faq"): "faq.read",
    ("GET", "/faq/new"): "faq.write",
    ("POST", "/faq/new"): "faq.write",
    ("POST", "/faq/preview"): "faq.write",
    ("GET", "/faq/{entry_id:int}"): "faq.read",
    ("POST", "/faq/{entry_id:int}"): "faq.write",
    ("POST", "/faq/{entry_id:int}/preview"): "faq.write",
    ("POST", "/faq/{entry_id:int}/discard"): "faq.write",
    ("POST", "/faq/{entry_id:int}/retire"): "faq.publish",
    ("POST", "/faq/{entry_id:int}/restore"): "faq.write",
    ("GET", "/faq/learned"): "faq.read",
    ("POST", "/faq/learned/accept"): "faq.write",
    ("POST", "/faq/learned/{phrasing_id:int}/accept"): "faq.write",
    ("POST", "/faq/learned/{phrasing_id:int}/reject"): "faq.write",
    ("POST", "/faq/learned/{phrasing_id:int}/move"): "faq.write",
    ("POST", "/faq/learned/{phrasing_id:int}/withdraw"): "faq.write",
    ("POST", "/faq/learned/teach"): "faq.write",
    ("GET", "/faq/learned/rules"): "office.manage",
    ("POST", "/faq/learned/rules"): "office.manage",
    ("GET", "/faq/words"): "faq.read",
    ("POST", "/faq/words"): "faq.words",
    ("POST", "/faq/words/try"): "faq.words",
    ("GET", "/faq/unanswered"): "faq.write",
    ("GET", "/faq/unanswered/choose"): "faq.write",
    ("POST", "/faq/unanswered/add"): "faq.write",
    ("POST", "/faq/unanswered/pass-over"): "faq.write",
    ("POST", "/faq/unanswered/take-back"): "faq.write",
    ("GET", "/faq/export/{kind}"): "faq.read",
    ("GET", "/faq/import"): "faq.write",
    ("POST", "/faq/import"): "faq.write",
    ("POST", "/faq/import/confirm"): "faq.write",
    ("GET", "/inquiries"): "inquiry.read",
    ("GET", "/inquiries/list"): "inquiry.read",
    ("GET", "/inquiries/{inquiry_id:int}"): "inquiry.read",
    ("GET", "/inquiries/{inquiry_id:int}/thread"): "inquiry.read",
    ("GET", "/inquiries/{inquiry_id:int}/road"): "inquiry.read",
    ("POST", "/inquiries/{inquiry_id:int}/answer"): "inquiry.answer",
    ("POST", "/inquiries/{inquiry_id:int}/take"): "inquiry.answer",
    ("POST", "/inquiries/{inquiry_id:int}/department"): "inquiry.hand_on",
    ("POST", "/inquiries/{inquiry_id:int}/close"): "inquiry.answer",
    ("POST", "/inquiries/{inquiry_id:int}/notes"): "inquiry.answer",
    ("POST", "/inquiries/{inquiry_id:int}/faq"): "faq.write",
    ("POST", "/inquiries/{inquiry_id:int}/teach"): "faq.write",
    ("GET", "/cases"): "case.read",
    ("GET", "/cases/list"): "case.read",
    ("GET", "/cases/board"): "case.read",
    ("GET", "/cases/board/columns"): "case.read",
    ("GET", "/cases/changes"): "case.read",
    ("GET", "/cases/new"): "case.file",
    ("POST", "/cases/new"): "case.file",
    ("POST", "/cases/new/suggest"): "case.file",
    ("GET", "/cases/bulk"): "case.work",
    ("POST", "/cases/bulk"): "case.work",
    ("GET", "/cases/replies"): "case.work",
    ("POST", "/cases/replies"): "case.work",
    ("POST", "/cases/replies/{reply_id:int}/remove"): "case.work",
    ("GET", "/cases/categories"): "office.manage",
    ("POST", "/cases/categories"): "office.manage",
    ("POST", "/cases/rules"): "office.manage",
    ("GET", "/cases/spots"): "office.manage",
    ("POST", "/cases/spots"): "office.manage",
    ("GET", "/cases/spots/signs"): "office.manage",
    ("POST", "/cases/spots/{code}/retire"): "office.manage",
    ("GET", "/cases/map"): "case.read",
    ("GET", "/cases/map.json"): "case.read",
    ("GET", "/cases/reports"): "case.read",
    ("GET", "/cases/reports/breaches.csv"): "case.read",
    ("GET", "/cases/tasks"): "case.read",
    ("POST", "/cases/tasks/{task_id:int}/finish"): "case.work",
    ("GET", "/cases/{case_id:int}"): "case.read",
    ("GET", "/cases/{case_id:int}/file.pdf"): "case.read",
    ("GET", "/cases/{case_id:int}/live"): "case.read",
    ("GET", "/cases/photos/{photo_id:int}"): "case.read",
    ("GET", "/cases/photos/{photo_id:int}/thumbnail"): "case.read",
    ("POST", "/cases/photos/{photo_id:int}/show"): "case.work",
    ("POST", "/cases/{case_id:int}/photos"): "case.work",
    ("GET", "/cases/photos/{photo_id:int}/remove"): "case.work",
    ("POST", "/cases/photos/{photo_id:int}/remove"): "case.work",
    ("GET", "/cases/{case_id:int}/redact"): "case.work",
    ("POST", "/cases/{case_id:int}/redact"): "case.work",
    ("POST", "/cases/{case_id:int}/move"): "case.work",
    ("POST", "/cases/{case_id:int}/hand-on"): "case.hand_on",
    ("POST", "/cases/{case_id:int}/accuse"): "case.hand_on",
    ("POST", "/cases/{case_id:int}/propose"): "case.work",
    ("POST", "/cases/{case_id:int}/agree"): "case.check",
    ("POST", "/cases/{case_id:int}/disagree"): "case.check",
    ("POST", "/cases/{case_id:int}/merge"): "case.work",
    ("POST", "/cases/{case_id:int}/split"): "case.work",
    ("POST", "/cases/{case_id:int}/say"): "case.work",
    ("POST", "/cases/{case_id:int}/extend"): "case.work",
    ("POST", "/cases/{case_id:int}/category"): "case.work",
    ("GET", "/privacy"): "privacy.handle",
    ("GET", "/privacy/{request_id:int}"): "privacy.handle",
    ("POST", "/privacy/{request_id:int}/do"): "privacy.handle",
    ("POST", "/privacy/{request_id:int}/refuse"): "privacy.handle",
    ("GET", "/privacy/untold"): "privacy.handle",
    ("GET", "/privacy/new"): "privacy.handle",
    ("POST", "/privacy/new"): "privacy.handle",
    **{
        ("POST", f"/privacy/{{request_id:int}}/{act}"): "privacy.handle"
        for act in ("prove", "national-id", "copy", "copy.json", "told", "forget")
    },
    ("GET", "/privacy/keeping"): "privacy.handle",
    ("POST", "/privacy/keeping"): "privacy.handle",
    ("GET", "/privacy/register"): "privacy.handle",
    ("GET", "/privacy/register/{kind}"): "privacy.handle",
    ("GET", "/privacy/processors"): "privacy.handle",
    ("POST", "/privacy/processors"): "privacy.handle",
    ("POST", "/privacy/processors/end"): "privacy.handle",
    ("GET", "/privacy/breaches"): "privacy.handle",
    ("POST", "/privacy/breaches"): "privacy.handle",
    ("GET", "/privacy/breaches/all.csv"): "privacy.handle",
    ("GET", "/privacy/breaches/{breach_id:int}"): "privacy.handle",
    ("POST", "/privacy/breaches/{breach_id:int}/{step}"): "privacy.handle",
}
ENDS_THE_SESSION = {("POST", "/logout")}


@pytest.fixture
def all_rooms(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, further_rooms())


@pytest.fixture
def asker(all_rooms: Doors) -> Iterator[Asker]:
    with asking(all_rooms.app) as asker:
        yield asker


def address(path: str, number: int = 2_000_000_000) -> str:
    """The route's address with ids that nothing has."""
    parts = (str(number) if part.startswith("{") else part for part in path.split("/"))
    return "/admin" + "/".join(parts)


def test_every_route_stands_in_the_table_or_is_public(whole_app: FastAPI) -> None:
    (console,) = (
        route.app for route in whole_app.routes if isinstance(route, Mount) and route.path == "/admin"
    )
    assert isinstance(console, FastAPI)
    found = {
        (method, path)
        for path, routes in routes_of(console).items()
        for route in routes
        for method in route.methods or ()
    }
    assert found == ROUTES.keys() | PUBLIC


def test_each_role_enters_exactly_its_rooms(all_rooms: Doors, asker: Asker) -> None:
    wrong: list[object] = []
    for role in Role:
        staff = asker.signed_in(all_rooms, role.value, role)
        for (method, path), permission in ROUTES.items():
            if (method, path) in ENDS_THE_SESSION:
                continue
            got = asker.form(staff, method, address(path)).status_code
            is_free = permission in (SIGNED_IN, *EXPECTED[role].split())
            if (got in (401, 403) or got >= 500) if is_free else got != 403:
                wrong.append((role, method, path, got))
        if asker.form(staff, "POST", "/admin/logout").status_code != 303:
            wrong.append((role, "POST", "/logout"))
    assert wrong == []


def test_nobody_enters_without_signing_in(asker: Asker) -> None:
    nobody = asker.nobody("/admin/login")
    wrong: list[object] = []
    for method, path in ROUTES:
        answer = asker.form(nobody, method, address(path))
        if answer.status_code != 303 or not answer.headers["location"].startswith("/admin/login"):
            wrong.append((method, path, answer.status_code))
    assert wrong == []


def test_every_change_needs_the_token_of_our_own_forms(all_rooms: Doors, asker: Asker) -> None:
    """Asked by somebody who may do all of it, so that nothing else can be what refuses."""
    strangers = asker.signed_in(all_rooms, "stranger", *Role).token
    staff = asker.signed_in(all_rooms, "somsri", *Role)
    wrong: list[object] = []
    for (method, path), token in itertools.product(ROUTES, ("", "0" * 64, strangers)):
        if method == "POST":
            got = asker.form(replace(staff, token=token), method, address(path)).status_code
            if got != 403:
                wrong.append((path, token, got))
    assert wrong == []
    assert asker.form(staff, "GET", "/admin/me").status_code == 200


def test_an_id_that_no_database_can_hold_is_not_found(all_rooms: Doors, asker: Asker) -> None:
    staff = asker.signed_in(all_rooms, "somsri", *Role)
    found = {
        (method, path): asker.form(staff, method, address(path, 10**20)).status_code
        for method, path in ROUTES
        if "{" in path
    }
    assert {route: got for route, got in found.items() if got != 404} == {}


def test_a_route_without_a_guard_stops_the_console(database: Database, tmp_path: Path) -> None:
    open_room = APIRouter()
    open_room.add_api_route("/secrets", lambda: "", methods=["GET"])
    with pytest.raises(RuntimeError, match="/admin/secrets has no guard"):
        create_console(database, Settings(data_dir=tmp_path, _env_file=None), [open_room])  # type: ignore[call-arg]
