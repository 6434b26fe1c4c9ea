"""The second factor as a browser finds it: led to it in a real office, set up, asked for, and lost."""

import html
import re
from pathlib import Path

import pytest

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff import sign_in, totp
from eservice.staff.models import Role
from eservice.staff.sign_in import Browser
from tests.admin.visitors import GOOD_PASSWORD, Doors, Visitor

PAGE = "/admin/me/second-factor"
CODE_PAGE = "/admin/login/code"


@pytest.fixture
def real(database: Database, tmp_path: Path) -> Doors:
    """A real office's console."""
    return Doors(
        database, tmp_path, app_env="production", secret_key="k" * 32, public_url="https://abt.example.go.th"
    )


def with_password(doors: Doors, username: str, *roles: Role) -> int:
    made = doors.account(username, *roles)
    sign_in.choose_password(doors.database, made.token, GOOD_PASSWORD, Browser(address="203.0.113.7"))
    return made.account.id


def code_now(seed: str, clock: FixedClock) -> str:
    return totp.code_at(seed, totp.step_of(clock.now()))


def set_up(visitor: Visitor, clock: FixedClock) -> tuple[str, list[str]]:
    """Scans the picture and types the first code; the seed and the recovery codes."""
    page = html.unescape(visitor.get(PAGE).text)
    key = re.search(r'<b class="number">([A-Z2-7 ]+)</b>', page)
    proposal = re.search(r'name="proposal" value="([^"]+)"', page)
    assert key is not None and proposal is not None and 'src="data:image/svg+xml' in page
    seed = key[1].replace(" ", "")
    fields = {"proposal": proposal[1], "current": GOOD_PASSWORD}
    wrong = visitor.post(PAGE, form_on=PAGE, code="000000", **fields)
    assert wrong.status_code == 422 and 'id="code-error"' in wrong.text and key[1] in wrong.text
    done = visitor.post(PAGE, form_on=PAGE, code=code_now(seed, clock), **fields)
    codes = re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", done.text)
    assert done.status_code == 200 and len(codes) == 10 and done.headers["cache-control"] == "no-store"
    clock.advance(minutes=2)
    return seed, codes


def test_a_real_office_leads_its_administrator_to_the_second_factor_and_nowhere_else(
    real: Doors, clock: FixedClock
) -> None:
    with_password(real, "somsri", Role.ADMINISTRATOR)
    visitor = real.visitor()
    assert visitor.sign_in("somsri", GOOD_PASSWORD).headers["location"] == "/admin/"
    token = visitor.token(PAGE)
    for method, where in (
        ("GET", "/admin/"), ("GET", "/admin/me"), ("GET", "/admin/staff"), ("POST", "/admin/staff/new"),
        ("POST", "/admin/me/password"), ("POST", f"{PAGE}/codes"), ("POST", f"{PAGE}/remove"),
    ):  # fmt: skip
        answer = visitor.client.request(
            method, where, data={"csrf_token": token} if method == "POST" else None
        )
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE), where
    assert 'href="/admin/staff"' not in visitor.get(PAGE).text
    set_up(visitor, clock)
    assert visitor.get("/admin/staff").status_code == 200
    assert "ผู้ดูแลระบบที่ตั้งรหัสผ่านแล้วคนเดียว" in visitor.get("/admin/me").text
    with_password(real, "wichai", Role.ADMINISTRATOR)
    assert "ผู้ดูแลระบบที่ตั้งรหัสผ่านแล้วคนเดียว" not in visitor.get("/admin/me").text
    author = real.visitor()
    with_password(real, "author", Role.AUTHOR)
    author.sign_in("author", GOOD_PASSWORD)
    assert author.get("/admin/faq").status_code == 404  # no such room here, but the way is free
    assert author.get("/admin/me").status_code == 200


def test_signing_in_asks_for_the_code_and_goes_on_to_the_page(doors: Doors, clock: FixedClock) -> None:
    with_password(doors, "somsri", Role.ADMINISTRATOR)
    first = doors.visitor()
    first.sign_in("somsri", GOOD_PASSWORD)
    seed, codes = set_up(first, clock)
    visitor = doors.visitor()
    assert visitor.get(CODE_PAGE).headers["location"] == "/admin/login"
    asked = visitor.sign_in("somsri", GOOD_PASSWORD, next="/admin/staff/new")
    assert asked.headers["location"] == f"{CODE_PAGE}?next=%2Fadmin%2Fstaff%2Fnew"
    names = {line.split("=")[0] for line in asked.headers.get_list("set-cookie")}
    assert "phueanban_code" in names and "phueanban_staff" not in names
    assert visitor.get("/admin/me").status_code == 303
    wrong = visitor.post(CODE_PAGE, form_on=CODE_PAGE, code="000000", next="/admin/staff/new")
    assert wrong.status_code == 422 and "รหัสไม่ถูกหรือใช้ไปแล้ว" in wrong.text
    fields = {"form_on": CODE_PAGE, "next": "/admin/staff/new"}
    right = visitor.post(CODE_PAGE, code=code_now(seed, clock), **fields)  # type: ignore[arg-type]
    assert (right.status_code, right.headers["location"]) == (303, "/admin/staff/new")
    assert visitor.get("/admin/staff/new").status_code == 200
    again = doors.visitor()
    again.sign_in("somsri", GOOD_PASSWORD)
    assert again.post(CODE_PAGE, form_on=CODE_PAGE, code=codes[0]).headers["location"] == "/admin/"
    late = doors.visitor()
    late.sign_in("somsri", GOOD_PASSWORD)
    token = late.token(CODE_PAGE)
    clock.advance(minutes=5)
    answer = late.client.post(CODE_PAGE, data={"csrf_token": token, "code": codes[1]})
    assert answer.headers["location"] == "/admin/login" and late.get("/admin/me").status_code == 303


def test_changing_and_removing_ask_for_a_code_and_another_may_reset(doors: Doors, clock: FixedClock) -> None:
    account_id = with_password(doors, "somsri", Role.ADMINISTRATOR)
    mine, boss = doors.visitor(), doors.browser("boss", Role.ADMINISTRATOR)
    mine.sign_in("somsri", GOOD_PASSWORD)
    seed, codes = set_up(mine, clock)
    for act, field in (("codes", "for_codes"), ("remove", "for_removal")):
        refused = mine.post(f"{PAGE}/{act}", form_on=PAGE, **{field: "000000"})
        assert refused.status_code == 422 and f'id="{field}-error"' in refused.text
    fresh = mine.post(f"{PAGE}/codes", form_on=PAGE, for_codes=code_now(seed, clock))
    assert codes[0] not in fresh.text and len(re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", fresh.text)) == 10
    clock.advance(minutes=1)
    own = f"/admin/staff/{account_id}/reset-second-factor"
    assert own not in mine.get(f"/admin/staff/{account_id}").text
    assert mine.post(own).status_code == 409
    assert own in boss.get(f"/admin/staff/{account_id}").text
    assert boss.post(own).status_code == 303 and mine.get("/admin/me").status_code == 303
    mine.sign_in("somsri", GOOD_PASSWORD)
    seed, _ = set_up(mine, clock)
    gone = mine.post(f"{PAGE}/remove", form_on=PAGE, for_removal=code_now(seed, clock))
    assert gone.status_code == 303 and "เลิกใช้มือถือเครื่องเดิมแล้ว" in mine.get("/admin/me").text
    history = boss.get(f"/admin/staff/{account_id}/history").text
    assert "ยกเลิกการยืนยันด้วยมือถือให้" in history and "เปิดใช้ยืนยันด้วยมือถือ" in history
