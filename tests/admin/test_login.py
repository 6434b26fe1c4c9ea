"""The doors of the console, as a browser finds them."""

import re
from pathlib import Path

import pytest

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff import accounts, sign_in
from eservice.staff.models import Role
from eservice.staff.sign_in import Browser
from tests.admin.visitors import GOOD_PASSWORD, OFFICE, Doors

OTHER_PASSWORD = "ไก่ย่างห้าดาวเจ้าเก่าริมทาง"


@pytest.fixture
def somsri(doors: Doors) -> int:
    """Somsri, an administrator who has a password; her account's id."""
    made = doors.account("somsri", Role.ADMINISTRATOR)
    sign_in.choose_password(doors.database, made.token, GOOD_PASSWORD, Browser(address="203.0.113.7"))
    return made.account.id


def cookies(response: object) -> list[str]:
    return response.headers.get_list("set-cookie")  # type: ignore[attr-defined]


def test_signing_in_leads_to_the_page_that_was_asked_for(doors: Doors, somsri: int) -> None:
    visitor = doors.visitor()
    turned_away = visitor.get("/admin/staff/new?from=mail")
    assert turned_away.status_code == 303
    assert turned_away.headers["location"] == "/admin/login?next=%2Fadmin%2Fstaff%2Fnew%3Ffrom%3Dmail"
    form = visitor.get(turned_away.headers["location"]).text
    assert 'name="next" value="/admin/staff/new?from=mail"' in form and OFFICE in form
    answer = visitor.sign_in("somsri", GOOD_PASSWORD, next="/admin/staff/new?from=mail")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/staff/new?from=mail")
    assert visitor.get("/admin/staff/new").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/admin",
        "//evil.example/admin",
        "/\\evil.example",
        "/admin/\\evil",
        "javascript:alert(1)",
        "/admin/../../evil",
        "/administrator",
        "/chat",
        "/admin/logout",
        "/admin/login?next=/admin",
        "/admin\r\nSet-Cookie: a=b",
        " //evil.example",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(doors: Doors, somsri: int, elsewhere: str) -> None:
    answer = doors.visitor().sign_in("somsri", GOOD_PASSWORD, next=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")


def test_unknown_disabled_and_passwordless_accounts_are_answered_as_wrong_passwords_are(
    doors: Doors, somsri: int
) -> None:
    doors.account("no-password", Role.AUTHOR)
    disabled = doors.account("disabled", Role.AUTHOR)
    sign_in.choose_password(doors.database, disabled.token, GOOD_PASSWORD, Browser(address="203.0.113.7"))
    with doors.database.unit_of_work() as uow:
        accounts.disable_account(uow, disabled.account.id, actor="somsri")
    answers: set[tuple[int, str, tuple[str, ...]]] = set()
    for name, password in (
        ("somsri", OTHER_PASSWORD), ("nobody", OTHER_PASSWORD), ("nobody\x01", OTHER_PASSWORD),
        ("disabled", GOOD_PASSWORD), ("no-password", GOOD_PASSWORD),
    ):  # fmt: skip
        answer = doors.visitor().sign_in(name, password)
        assert password not in answer.text and "ชื่อผู้ใช้หรือรหัสผ่านไม่ถูก" in answer.text
        page = re.sub(r'value="[^"]*"', "", answer.text)
        answers.add((answer.status_code, page, tuple(sorted(answer.headers.keys() - {"content-length"}))))
    assert [status for status, _, _ in answers] == [422]


def test_too_many_tries_say_how_long_to_wait(doors: Doors, somsri: int) -> None:
    visitor = doors.visitor()
    for _ in range(5):
        assert visitor.sign_in("somsri", "wrong").status_code == 422
    answer = visitor.sign_in("somsri", GOOD_PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "รอ 60 วินาที" in answer.text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(doors: Doors, somsri: int) -> None:
    answer = doors.visitor().sign_in("somsri", GOOD_PASSWORD)
    cookie = next(line for line in cookies(answer) if line.startswith("phueanban_staff="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie and "expires" not in cookie.lower()


def test_over_https_the_cookie_is_bound_to_the_host(database: Database, tmp_path: Path) -> None:
    doors = Doors(database, tmp_path, public_url="https://console.example.go.th")
    made = doors.account("somsri", Role.ADMINISTRATOR)
    sign_in.choose_password(database, made.token, GOOD_PASSWORD, Browser(address="203.0.113.7"))
    answer = doors.visitor().sign_in("somsri", GOOD_PASSWORD)
    cookie = next(line for line in cookies(answer) if line.startswith("__Host-staff="))
    assert "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie and "Domain" not in cookie
    assert "max-age" in answer.headers["strict-transport-security"]


def test_every_sign_in_has_a_new_cookie_and_signing_out_kills_it(doors: Doors, somsri: int) -> None:
    visitor = doors.visitor()
    visitor.client.cookies.set("phueanban_staff", "chosen-by-an-attacker", domain="127.0.0.1")
    visitor.sign_in("somsri", GOOD_PASSWORD)
    stolen = visitor.client.cookies["phueanban_staff"]
    assert stolen != "chosen-by-an-attacker"
    assert visitor.get("/admin/me").status_code == 200
    answer = visitor.post("/admin/logout")
    assert answer.headers["location"] == "/admin/login"
    assert "ออกจากระบบแล้ว" in visitor.get("/admin/login").text
    thief = doors.visitor()
    thief.client.cookies.set("phueanban_staff", stolen)
    assert thief.get("/admin/me").status_code == 303


def test_a_disabled_person_is_out_with_the_next_click(doors: Doors, somsri: int) -> None:
    visitor = doors.browser("boss", Role.ADMINISTRATOR)
    assert visitor.get("/admin/staff").status_code == 200
    with doors.database.unit_of_work() as uow:
        accounts.disable_account(uow, visitor.account_id, actor="somsri")
    assert visitor.get("/admin/staff").status_code == 303


def test_use_keeps_a_session_alive(doors: Doors, clock: FixedClock) -> None:
    visitor = doors.browser("somsri", Role.AUTHOR)
    clock.advance(hours=7)
    assert visitor.get("/admin/me").status_code == 200
    clock.advance(hours=4)
    assert visitor.get("/admin/me").status_code == 200
    clock.advance(hours=1)
    assert visitor.get("/admin/me").status_code == 303


@pytest.mark.parametrize("header", [{"HX-Request": "true"}, {"Accept": "application/json"}])
def test_a_page_that_looks_for_news_keeps_no_session_alive(
    doors: Doors, clock: FixedClock, header: dict[str, str]
) -> None:
    visitor = doors.browser("somsri", Role.AUTHOR)
    for _ in range(7):
        clock.advance(hours=1)
        assert visitor.client.get("/admin/me", headers=header).status_code == 200
    clock.advance(hours=1)
    assert visitor.get("/admin/me").status_code == 303


def test_the_sign_in_form_of_another_site_is_refused(doors: Doors, somsri: int) -> None:
    visitor, other = doors.visitor(), doors.visitor()
    fields = {"username": "somsri", "password": GOOD_PASSWORD}
    for token in ("", other.token("/admin/login")):
        visitor.get("/admin/login")
        answer = visitor.client.post("/admin/login", data={**fields, "csrf_token": token})
        assert answer.status_code == 403 and not any("phueanban_staff=" in line for line in cookies(answer))
    token = visitor.token("/admin/login")
    forged = visitor.client.post(
        "/admin/login", data={**fields, "csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert forged.status_code == 403
    assert visitor.sign_in("somsri", GOOD_PASSWORD).status_code == 303


def test_htmx_sends_the_token_in_a_header(doors: Doors) -> None:
    visitor = doors.browser("somsri", Role.AUTHOR)
    token = visitor.token("/admin/me")
    answer = visitor.client.post("/admin/logout", headers={"X-CSRF-Token": token, "HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/admin/login")
    late = visitor.client.get("/admin/me", headers={"HX-Request": "true"})
    assert late.headers["hx-redirect"] == "/admin/login"


def link_of(doors: Doors, *, is_demo: bool) -> str:
    return accounts.link_path(doors.account("somsri", Role.ADMINISTRATOR, is_demo=is_demo).token)


def test_a_one_time_link_asks_for_a_password_and_signs_in(doors: Doors) -> None:
    link = link_of(doors, is_demo=False)
    visitor = doors.visitor()
    page = visitor.open_link(link)
    assert "somsri" in page and "/enter" not in page and link.rpartition("/")[2] not in page
    form = "/admin/link"
    differs = visitor.post(form, form_on=form, password=GOOD_PASSWORD, repeated=OTHER_PASSWORD)
    assert differs.status_code == 422 and "พิมพ์สองช่องไม่เหมือนกัน" in differs.text
    short = visitor.post(form, form_on=form, password="สั้น", repeated="สั้น")
    assert short.status_code == 422 and "สั้นไป" in short.text
    answer = visitor.post(form, form_on=form, password=GOOD_PASSWORD, repeated=GOOD_PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    assert visitor.get("/admin/staff").status_code == 200
    dead = visitor.get(link)
    assert dead.status_code == 404 and "ใช้ไปแล้วหรือหมดอายุ" in dead.text


def test_the_link_of_a_real_account_never_enters_without_a_password(doors: Doors) -> None:
    link = link_of(doors, is_demo=False)
    visitor = doors.visitor()
    visitor.open_link(link)
    assert visitor.post("/admin/link/enter", form_on="/admin/link").status_code == 403
    assert visitor.get("/admin/me").status_code == 303


def test_the_demo_link_enters_at_once_but_only_when_the_button_is_pressed(doors: Doors) -> None:
    link = link_of(doors, is_demo=True)
    visitor = doors.visitor()
    for _ in range(2):  # a preview of the link uses nothing up
        assert "เข้าทดลองใช้เลย" in visitor.open_link(link)
    assert visitor.post("/admin/link/enter", form_on="/admin/link").headers["location"] == "/admin/"
    first = visitor.get("/admin/")
    assert first.status_code == 303
    assert "คุณอยู่ในสำนักงานตัวอย่าง" in visitor.get("/admin/staff").text
    assert "คุณอยู่ในสำนักงานตัวอย่าง" not in visitor.get("/admin/staff").text
    assert doors.visitor().get(link).status_code == 404


def test_in_production_even_a_demo_link_asks_for_a_password(database: Database, tmp_path: Path) -> None:
    doors = Doors(
        database,
        tmp_path,
        app_env="production",
        secret_key="k" * 32,
        public_url="https://console.example.go.th",
    )
    link = link_of(doors, is_demo=True)
    visitor = doors.visitor()
    assert "/enter" not in visitor.open_link(link)
    assert visitor.post("/admin/link/enter", form_on="/admin/link").status_code == 403


def test_changing_ones_password_keeps_this_browser_and_ends_the_others(doors: Doors, somsri: int) -> None:
    mine, other = doors.visitor(), doors.visitor()
    mine.sign_in("somsri", GOOD_PASSWORD)
    other.sign_in("somsri", GOOD_PASSWORD)
    fields = {"password": OTHER_PASSWORD, "repeated": OTHER_PASSWORD}
    wrong = mine.post("/admin/me/password", current="wrong", **fields)
    assert wrong.status_code == 422 and "รหัสผ่านตอนนี้ไม่ถูก" in wrong.text
    assert mine.post("/admin/me/password", current=GOOD_PASSWORD, **fields).status_code == 303
    assert "เปลี่ยนรหัสผ่านแล้ว" in mine.get("/admin/me").text
    assert other.get("/admin/me").status_code == 303


def test_one_may_end_ones_own_sessions_and_nobody_elses(doors: Doors, somsri: int) -> None:
    mine, other, stranger = doors.visitor(), doors.visitor(), doors.browser("stranger", *Role)
    mine.sign_in("somsri", GOOD_PASSWORD)
    other.sign_in("somsri", GOOD_PASSWORD)
    found = re.findall(r"/admin/me/sessions/(\d+)/end", mine.get("/admin/me").text)
    assert len(set(found)) >= 1
    for number in found:
        assert stranger.post(f"/admin/me/sessions/{number}/end").status_code == 404
        assert mine.post(f"/admin/me/sessions/{number}/end").status_code == 303
    assert other.get("/admin/me").status_code == 303
    assert mine.get("/admin/me").status_code == 200
    other.sign_in("somsri", GOOD_PASSWORD)
    assert mine.post("/admin/me/sessions/end-others").status_code == 303
    assert other.get("/admin/me").status_code == 303 and mine.get("/admin/me").status_code == 200


def test_every_page_forbids_frames_foreign_sources_and_keeping(doors: Doors) -> None:
    visitor = doors.browser("somsri", Role.ADMINISTRATOR)
    for where in ("/admin/login", "/admin/staff", "/admin/nowhere", "/admin/inquiries/1"):
        headers = visitor.get(where).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_refusals_are_pages_in_thai(doors: Doors) -> None:
    visitor = doors.browser("malee", Role.LOG_CUSTODIAN)
    nowhere = visitor.get("/admin/nowhere")
    assert nowhere.status_code == 404 and "ไม่พบหน้านี้" in nowhere.text and OFFICE in nowhere.text
    forbidden = visitor.get("/admin/staff")
    assert forbidden.status_code == 403 and "หน้าที่ของคุณทำเรื่องนี้ไม่ได้" in forbidden.text
    assert visitor.get("/admin/staff/abc/history").status_code == 404
    assert visitor.get("/admin/login?next=%00").status_code == 422
    assert "<script>" not in visitor.get("/admin/login?next=<script>").text


def test_a_forged_message_of_success_is_not_shown(doors: Doors) -> None:
    visitor = doors.browser("somsri", Role.AUTHOR)
    visitor.client.cookies.set("flash", "WyJzaWduZWRfb3V0X25vdyIse31d.forged.signature", path="/admin")
    assert "notice--done" not in visitor.get("/admin/me").text
