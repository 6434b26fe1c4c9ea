"""More than a form asks for: no route takes a field that it does not name, whatever the field is called.

Compared by rows: after a form with further fields the whole database is as after the form without them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eservice.complaints.models import Complaint
from eservice.complaints.states import ComplaintState
from eservice.kit.database import Database
from eservice.staff.models import Role, StaffAccount
from eservice.staff.sessions import sessions_of
from tests.access.asking import Caller
from tests.access.cast import Cast, whole_cast
from tests.access.test_every_route import CHAT, DOORS, EITHER, JPEG, KEY, OPEN, address_of, how_to_ask
from tests.access.things import addresses
from tests.access.writes import FILLED, FIRST, KEEPS_NOTHING, NOT_DONE, all_rows, differences, filled
from tests.admin.test_access_matrix import ENDS_THE_SESSION, ROUTES
from tests.inquiries.desk import add_staff

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

FURTHER = {
    "id": "1", "role": "administrator", "grants": "administrator", "permissions": "staff.manage", "is_admin": "1",
    "owner_id": "2", "contact_id": "2", "department_id": "2", "assignee_id": "1", "filed_by_id": "1",
    "status": "resolved", "state": "resolved", "approved_by": "1", "published_by": "1", "handled_by": "x",
    "is_demo": "1", "is_active": "0", "disabled_at": "", "password_hash": "x", "key_hash": "x", "totp_secret": "x",
    "created_at": "2000-01-01", "filed_at": "2000-01-01", "due_at": "2000-01-01", "version": "99",
    "promised_days": "1", "needs_photo_of": "1",
}  # fmt: skip
WEBHOOKS = {"POST /webhooks/line", "POST /webhooks/telegram"}
PORTAL: tuple[tuple[str, dict[str, str]], ...] = (
    ("/report", {"go": "check", "text": "ไฟดับหน้าตลาด", "category": "ไฟฟ้าแสงสว่าง", "address": "หน้าตลาด"}),
    (
        "/report/send",
        {"key": "k" * 32, "text": "ไฟดับหน้าตลาด", "category": "ไฟฟ้าแสงสว่าง", "address": "หน้าตลาด"},
    ),
    ("/track", {"act": "open", "number": "{number}", "key": "{key}"}),
    ("/track", {"act": "say", "message": "ดับอีกแล้ว"}),
    ("/track", {"act": "withdraw"}),
    ("/track", {"act": "confirm"}),
    ("/track", {"act": "reopen", "reason": "ยังดับ"}),
    ("/track", {"act": "rate", "stars": "2", "words": "ช้า"}),
    ("/track", {"act": "close"}),
    ("/track/photos", {}),
    ("/track/personal", {"kind": "correction", "words": "ชื่อผิด"}),
    ("/mydata", {"secret": "{secret}"}),
)
"""What residents send, each filled in so that it is done."""
WRITES = [path for (method, path) in ROUTES if method == "POST" and (method, path) not in ENDS_THE_SESSION]
DONE = (200, 303)


@pytest.fixture
def cast(database: Database, tmp_path: Path) -> Iterator[Cast]:
    with whole_cast(database, tmp_path) as cast:
        yield cast


def test_fields_that_a_form_does_not_ask_for_change_nothing(cast: Cast) -> None:
    with cast.database.unit_of_work() as uow:
        account = add_staff(uow, "everything", *Role)
    everything = cast.asker.session_of(cast.database, account)
    me = (account.id, _session_of(cast, account))
    before = all_rows(cast.database)
    wrong: list[object] = []
    for path in WRITES:
        plain, more = (_after(cast, everything, me, path, further) for further in ({}, FURTHER))
        found = differences(plain[1], more[1])
        if plain[0] != more[0] or found:
            wrong.append((path, plain[0], more[0], found))
        if (plain[0] in DONE) == (path in NOT_DONE):
            wrong.append((path, plain[0], "is not as NOT_DONE says"))
        if path in FILLED.keys() - KEEPS_NOTHING and not differences(before, plain[1]):
            wrong.append((path, plain[0], "changes nothing at all"))
    assert wrong == [], "\n".join(map(str, wrong))


def test_portals_forms_take_no_further_field(cast: Cast) -> None:
    wrong: list[object] = []
    writes = {route for route in DOORS if route.startswith("POST /") and "/api/" not in route} - WEBHOOKS
    assert writes == {f"POST {path}" for path, _ in PORTAL}
    for path, fields in PORTAL:
        plain, more = (_after_portal(cast, path, {**further, **fields}) for further in ({}, FURTHER))
        if plain[0] != more[0] or plain[0] not in DONE or differences(plain[1], more[1]):
            wrong.append((path, fields, plain[0], more[0], differences(plain[1], more[1])))
    assert wrong == [], "\n".join(map(str, wrong))


def test_the_api_refuses_fields_that_it_does_not_name(cast: Cast) -> None:
    before = all_rows(cast.database)
    for route in DOORS:
        if not route.startswith("POST /api/"):
            continue
        caller = _api_caller(cast, route)
        how = how_to_ask(cast, route, with_key="x-case-key" in caller.headers)
        path = route.removeprefix("POST ")
        with cast.undone():
            fine = cast.asker.ask(caller, "POST", address_of(cast, path), **how)
            plain = all_rows(cast.database)
        assert fine.status_code in (200, 201, 202, 409), (route, fine.text)
        if "files" in how:
            with cast.undone():
                form = {**how, "data": {**FURTHER, **how["data"]}}
                status = cast.asker.ask(caller, "POST", address_of(cast, path), **form).status_code
                rows = all_rows(cast.database)
            assert not differences(before if status in (400, 422) else plain, rows), (route, status)
            continue
        further = {name: value for name, value in FURTHER.items() if name not in how["json"]}
        answer = cast.asker.ask(
            caller, "POST", address_of(cast, path), **{**how, "json": further | how["json"]}
        )
        assert answer.status_code == 422 and not [name for name in further if name not in answer.text], (
            route, answer.text,
        )  # fmt: skip
    assert not differences(before, all_rows(cast.database))


def _api_caller(cast: Cast, route: str) -> Caller:
    door = DOORS[route]
    if door == CHAT:
        return cast.chat["owner"]
    if door in (OPEN, KEY, EITHER):
        return Caller(headers={"x-case-key": cast.lamp.key or ""})
    return cast.partners["own"]


def _after_portal(cast: Cast, path: str, fields: dict[str, str]) -> tuple[int, Any]:
    caller = Caller()
    with cast.undone():
        if path.startswith("/track") and fields.get("act") != "open":
            if fields.get("act") in ("confirm", "reopen", "rate"):
                _finish(cast, fields["act"])
            caller = cast.opened(
                "/track", {"act": "open", "number": cast.lamp.number, "key": cast.lamp.key or ""}
            )
        files = {"photos": JPEG["file"]} if path == "/track/photos" else None
        filled_in = {name: value.format(number=cast.lamp.number, key=cast.lamp.key, secret=cast.copy_secret)
                     for name, value in fields.items()}  # fmt: skip
        status = cast.asker.ask(caller, "POST", path, data=filled_in, files=files).status_code
        return status, all_rows(cast.database)


def _finish(cast: Cast, act: str) -> None:
    """The case is called done, and confirmed where it is to be rated."""
    with cast.database.unit_of_work() as uow:
        case = uow.session.get_one(Complaint, cast.lamp.complaint_id)
        case.state, case.said_done_at = ComplaintState.RESOLVED, uow.now
        if act == "rate":
            case.state = ComplaintState.CONFIRMED


def _after(
    cast: Cast, caller: Caller, me: tuple[int, int], path: str, further: dict[str, str]
) -> tuple[int, Any]:
    """The status of a form, and all rows after it."""
    somebody = me if path.startswith("/me") else cast.accounts["next door"]
    files = {"photos": JPEG["file"]} if path.endswith("/photos") else None
    with cast.undone():
        for earlier in FIRST.get(path, ()):
            colleague = cast.staff["own"] if earlier.startswith(("/cases", "/inquiries")) else caller
            (_, address), *_ = addresses(earlier, cast.things, somebody, somebody)
            assert cast.asker.form(colleague, "POST", address, filled(cast, earlier)).status_code == 303, (
                earlier
            )
        (_, address), *_ = addresses(path, cast.things, somebody, somebody)
        fields = {**further, **filled(cast, path)}
        status = cast.asker.form(caller, "POST", address, fields, files=files).status_code
        return status, all_rows(cast.database)


def _session_of(cast: Cast, account: StaffAccount) -> int:
    with cast.database.read() as reader:
        return sessions_of(reader, account.id)[0].id
