"""Every route of the console that names a thing, asked by whoever has it before them and by everybody else.

A new route that names something fails here until tests/access/things.py has one of it, or says why it is nobody's.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eservice.complaints.numbers import shown
from eservice.kit.database import Database
from tests.access.cast import SECRET, Cast, whole_cast
from tests.access.test_every_route import JPEG, REFUSED
from tests.access.things import NO_OWNER, OWNED, REACH, ROLE_OF, addresses, expected
from tests.access.writes import filled
from tests.admin.test_access_matrix import ROUTES

NAMING = {route: permission for route, permission in ROUTES.items() if "{" in route[1]}
CASE_LISTS = ("/admin/cases", "/admin/cases/list", "/admin/cases/board", "/admin/cases/map.json", "/admin/cases/tasks",
              "/admin/cases/reports/breaches.csv")  # fmt: skip
OFFICE_LISTS = ("/admin/privacy", "/admin/channels", "/admin/records",
                "/admin/records?kind=complaint&number={number}")  # fmt: skip


@pytest.fixture
def cast(database: Database, tmp_path: Path) -> Iterator[Cast]:
    with whole_cast(database, tmp_path) as cast:
        yield cast


def test_every_route_that_names_a_thing_says_whose_or_why_it_is_nobodys() -> None:
    unsaid = {path for _, path in NAMING if not any(part in path for part in OWNED)}
    assert unsaid <= NO_OWNER.keys() <= {path for _, path in NAMING}


def test_a_thing_opens_to_whom_it_should_and_to_nobody_else(cast: Cast) -> None:
    wrong: list[object] = []
    is_second = cast.database.engine.dialect.name == "postgresql"  # what asks no table was asked on the first
    for (method, path), permission in NAMING.items():
        for who, caller in cast.staff.items():
            is_refused_by_role = expected(who, permission, "") == 403
            is_free = path in NO_OWNER
            if (is_refused_by_role or is_free) and (is_second or (is_refused_by_role and is_free)):
                continue  # tests/admin/test_access_matrix.py asks each role
            another = "office" if who != "office" else "own"
            for whose, address in addresses(path, cast.things, cast.accounts[who], cast.accounts[another]):
                fields = filled(cast, path)
                files = {"photos": JPEG["file"]} if path.endswith("/photos") else None
                with cast.undone():
                    got = cast.asker.form(caller, method, address, fields, files=files).status_code
                refusal = expected(who, permission, "" if is_free else whose)
                if got >= 500 or (got != refusal if refusal else got in REFUSED):
                    wrong.append((method, address, whose, who, got, refusal))
                if is_refused_by_role:
                    break  # the role is asked before the thing is looked for
    assert wrong == [], "\n".join(map(str, wrong))


def test_an_administrator_may_not_do_everything_with_accounts(cast: Cast) -> None:
    me, other = cast.accounts["manager"][0], cast.accounts["manager of works"][0]

    def ask(act: str) -> int:
        fields = {"display_name": "ผู้ดูแล", "roles": "responder"}
        return cast.asker.form(cast.staff["manager"], "POST", f"/admin/staff/{act}", fields).status_code

    with cast.undone():
        assert ask(f"{me}/reset-second-factor") == 409
        assert ask(f"{other}/disable") == 303
        assert (ask(f"{me}/disable"), ask(f"{me}")) == (409, 409)


def test_what_a_list_shows_is_within_reach(cast: Cast) -> None:
    numbers = {"lamp": cast.lamp.number, "graft": cast.graft.number}
    spare = {cast.spare.number}
    for who, caller in cast.partners.items():
        answer = cast.asker.ask(caller, "GET", "/api/v1/cases")
        seen = {item["number"] for item in answer.json().get("items", [])}
        assert seen - spare == {numbers[name] for name in REACH.get(who, ()) if name in numbers}, who
    cases = {"lamp": cast.lamp, "graft": cast.graft}
    for who, caller in cast.staff.items():
        for address in CASE_LISTS:
            page = cast.asker.ask(caller, "GET", address).text
            for name, case in cases.items():
                if name not in REACH.get(who, ()):
                    assert f"/admin/cases/{case.complaint_id}" not in page, (who, address, name)
                    assert shown(case.number) not in page, (who, address, name)
    number = shown(cast.graft.number)
    for address in OFFICE_LISTS:
        pages = {who: cast.asker.ask(cast.staff[who], "GET", address.format(number=number)).text
                 for who in ROLE_OF if who.startswith("manager")}  # fmt: skip
        assert number in pages["manager"].replace("\u2060", ""), address
        if "number=" not in address:  # what was typed stands in the form again
            assert number not in pages["manager of works"], address
        assert SECRET not in "".join(pages.values()), address
