"""Following a case on the web: by number, by number and key, and not by guessing."""

from dataclasses import replace

import httpx
import pytest

from eservice.complaints import service
from eservice.complaints.filing import Filed
from eservice.complaints.numbers import new_key, new_number, shown
from eservice.complaints.redactions import RedactionReason
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.privacy import redaction
from tests.complaints.desk import LIGHT, Desk, open_desk
from tests.complaints.test_service import agree, hand_on, in_progress, move, propose
from tests.portal.conftest import HOSTILE, Portal

S = ComplaintState
SECRET = "ข้อความลับของผู้แจ้ง"


@pytest.fixture
def desk(portal: Portal, database: Database) -> Desk:
    return open_desk(database)


def file(desk: Desk) -> Filed:
    return desk.file(replace(LIGHT, text=SECRET))


def open_with(portal: Portal, number: str, key: str, **more: str) -> httpx.Response:
    return portal.client.post("/track", data={"act": "open", "number": number, "key": key, **more})


def do(portal: Portal, act: str, **typed: str) -> httpx.Response:
    return portal.client.post("/track", data={"act": act, **typed})


def resolved(desk: Desk) -> Filed:
    filed = in_progress(desk)
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    return filed


def opened(portal: Portal, filed: Filed) -> httpx.Response:
    assert filed.key is not None
    page = open_with(portal, filed.number, filed.key)
    assert page.status_code == 200
    return page


def test_the_number_alone_shows_state_dates_and_unit_and_nothing_more(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    page = portal.client.get(f"/track?number={shown(filed.number).lower()}")
    assert "เจ้าหน้าที่อาจยังไม่ได้อ่าน" in page.text and "20 พ.ย." in page.text.replace("\N{NO-BREAK SPACE}", " ")
    hand_on(desk, filed, desk.works, desk.somsri)
    page = portal.client.get(f"/track?number={filed.number}")
    assert "กองช่าง" in page.text
    assert SECRET not in page.text and LIGHT.category not in page.text and "Somsri" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_done_is_not_called_fixed_before_the_resident_says_so(
    portal: Portal, desk: Desk, clock: FixedClock
) -> None:
    filed = resolved(desk)
    page = portal.client.get(f"/track?number={filed.number}").text
    assert "เจ้าหน้าที่บอกว่าทำแล้ว" in page and "ปิดงานไม่ได้แปลว่าแก้แล้ว" in page


def test_number_and_key_open_the_whole_timeline_and_stay_open_for_half_an_hour(
    portal: Portal, desk: Desk, clock: FixedClock
) -> None:
    filed = file(desk)
    assert filed.key is not None
    answer = portal.client.post(
        "/track",
        data={"act": "open", "number": shown(filed.number), "key": shown(filed.key).lower()},
        follow_redirects=False,
    )
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303 and answer.headers["location"] == "/track"
    for word in ("HttpOnly", "Secure", "Path=/track", "SameSite=lax", "Max-Age=1800"):
        assert word in cookie
    assert filed.key not in cookie
    assert SECRET in portal.client.get("/track").text
    clock.advance(minutes=29)
    assert SECRET in portal.client.get("/track").text
    clock.advance(minutes=2)
    assert SECRET not in portal.client.get("/track").text


def test_a_cookie_that_was_tampered_with_opens_nothing(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    opened(portal, filed)
    value = portal.client.cookies["track"]
    signed, _, signature = value.rpartition(".")
    for forged in (f"{signed}.{'A' * len(signature)}", f"x{value}", "", "x.y.z", "[]", value.swapcase()):
        other = portal.visitor("10.0.0.7")
        other.cookies.set("track", forged)
        assert SECRET not in other.get("/track").text


def test_closing_the_case_forgets_it_on_this_machine(portal: Portal, desk: Desk) -> None:
    opened(portal, file(desk))
    assert SECRET not in do(portal, "close").text
    assert SECRET not in portal.client.get("/track").text


def test_another_number_is_shown_by_itself_while_one_case_is_open(portal: Portal, desk: Desk) -> None:
    first, second = file(desk), desk.file(replace(LIGHT, text="อีกเรื่องหนึ่ง"))
    opened(portal, first)
    page = portal.client.get(f"/track?number={second.number}").text
    assert "อีกเรื่องหนึ่ง" not in page and SECRET not in page


def test_resident_and_office_write_to_each_other(portal: Portal, desk: Desk) -> None:
    filed = in_progress(desk)
    move(desk, filed, S.NEEDS_INFORMATION, desk.somsri, note="เสาต้นไหน")
    page = opened(portal, filed)
    assert "เสาต้นไหน" in page.text
    page = do(portal, "say", message=f"ต้นที่ 3 {HOSTILE}")
    assert "ส่งข้อความแล้ว" in page.text and "ต้นที่ 3" in page.text and HOSTILE not in page.text
    assert desk.state(filed) is S.ASSIGNED


def test_what_staff_hid_is_masked_and_the_holder_of_the_key_reads_why(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    with desk.database.unit_of_work() as uow:
        redaction.hide_words(
            uow, filed.complaint_id, "ลับ", RedactionReason.OF_ANOTHER, "ชื่อเพื่อนบ้าน", by=desk.palad, seen_version=1,
        )  # fmt: skip
        service.say(uow, filed.complaint_id, "บันทึกภายใน", by=desk.palad, to_resident=False)
        redaction.hide_words(
            uow, filed.complaint_id, "ภายใน", RedactionReason.HEALTH, by=desk.palad, seen_version=2
        )
    page = opened(portal, filed).text
    assert "ข้อความ•••ของผู้แจ้ง" in page and SECRET not in page
    assert "ปิดข้อความบางส่วน" in page and "ข้อมูลของคนอื่น: ชื่อเพื่อนบ้าน" in page
    assert "สุขภาพ" not in page, "what staff hide among themselves is no news to the resident"


def test_an_empty_message_is_refused_at_its_field(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    opened(portal, filed)
    page = do(portal, "say", message=" ")
    assert page.status_code == 422 and "ยังไม่ได้พิมพ์ข้อความ" in page.text
    page = do(portal, "say", message="ก" * 4_001)
    assert page.status_code == 422 and "ก" * 4_001 in page.text


def test_confirming_then_rating(portal: Portal, desk: Desk) -> None:
    filed = resolved(desk)
    opened(portal, filed)
    assert "ขอบคุณ" in do(portal, "confirm").text and desk.state(filed) is S.CONFIRMED
    assert do(portal, "rate", stars="6").status_code == 422
    page = do(portal, "rate", words="ช้า")
    assert page.status_code == 422 and "ช้า" in page.text
    assert "ขอบคุณสำหรับคะแนน" in do(portal, "rate", stars="4", words="เร็วดี").text
    assert "ขอบคุณสำหรับคะแนน" in do(portal, "rate", stars="5").text


def test_not_fixed_reopens_with_a_reason(portal: Portal, desk: Desk) -> None:
    filed = resolved(desk)
    opened(portal, filed)
    page = do(portal, "reopen", reason="")
    assert page.status_code == 409 and "บอกเหตุผลก่อน" in page.text and desk.state(filed) is S.RESOLVED
    do(portal, "reopen", reason="ยังดับอยู่")
    assert desk.state(filed) is S.REOPENED


def test_too_late_nothing_is_reopened(portal: Portal, desk: Desk, clock: FixedClock) -> None:
    filed = resolved(desk)
    clock.advance(days=16)
    page = opened(portal, filed)
    assert "ยังไม่ได้แก้" not in page.text
    assert do(portal, "reopen", reason="ยังดับ").status_code == 409


def test_withdrawing(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    assert "ขอถอนเรื่อง" in opened(portal, filed).text
    assert "ถอนเรื่องแล้ว" in do(portal, "withdraw").text
    assert desk.state(filed) is S.WITHDRAWN
    assert do(portal, "withdraw").status_code == 409


def test_what_a_case_waits_for_is_told(portal: Portal, desk: Desk) -> None:
    filed = in_progress(desk)
    move(desk, filed, S.WAITING, desk.somsri, waiting_reason=WaitingReason.BUDGET, reason="รอสภาอนุมัติ")
    assert "รอสภาอนุมัติ" in opened(portal, filed).text
    other = portal.visitor("10.0.0.7").get(f"/track?number={filed.number}").text
    assert "ของบประมาณ" in other and "รอสภาอนุมัติ" not in other


def test_words_outlive_the_half_hour(portal: Portal, desk: Desk, clock: FixedClock) -> None:
    filed = file(desk)
    opened(portal, filed)
    clock.advance(minutes=31)
    page = do(portal, "say", number=filed.number, message="เสาต้นที่ 3")
    assert "ใส่รหัสอีกครั้ง" in page.text and "เสาต้นที่ 3" in page.text and SECRET not in page.text
    page = open_with(portal, filed.number, filed.key or "", message="เสาต้นที่ 3")
    assert SECRET in page.text and "เสาต้นที่ 3" in page.text


def test_nobody_acts_without_having_opened(portal: Portal, desk: Desk) -> None:
    filed = resolved(desk)
    for act in ("say", "withdraw", "confirm", "reopen", "rate", "nonsense"):
        do(portal, act, number=filed.number, message="x", reason="x", stars="1")
    assert desk.state(filed) is S.RESOLVED


def test_a_wrong_number_and_a_wrong_key_get_the_same_answer(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    wrong_key = open_with(portal, filed.number, new_key())
    wrong_number = open_with(portal, new_number(), new_key())
    unknown = portal.client.get(f"/track?number={new_number()}")
    assert {wrong_key.status_code, wrong_number.status_code, unknown.status_code} == {404}
    assert "ไม่พบเรื่องนี้" in wrong_key.text
    same = wrong_key.text.replace(filed.number, "").replace(shown(filed.number), "")
    assert len(same) == pytest.approx(len(wrong_number.text), abs=20)


def test_a_key_typed_as_the_number_never_gets_into_an_address(portal: Portal, desk: Desk) -> None:
    filed = file(desk)
    answer = portal.client.post(
        "/track", data={"act": "open", "number": filed.key or ""}, follow_redirects=False
    )
    assert answer.status_code == 404 and "location" not in answer.headers


def test_guessing_finds_nothing_is_slowed_down_and_slows_nobody_else(
    portal: Portal, desk: Desk, clock: FixedClock
) -> None:
    filed = file(desk)
    statuses: list[int] = []
    for turn in range(60):
        answer = (
            open_with(portal, filed.number, new_key())
            if turn % 2
            else portal.client.get(f"/track?number={new_number()}")
        )
        statuses.append(answer.status_code)
        assert SECRET not in answer.text
    assert statuses == [404] * 10 + [429] * 50
    assert int(answer.headers["retry-after"]) >= 1
    assert open_with(portal, filed.number, filed.key or "").status_code == 429  # whoever is at that address
    other = portal.visitor("10.0.0.7")
    assert other.get(f"/track?number={filed.number}").status_code == 200
    assert SECRET in other.post(
        "/track", data={"act": "open", "number": filed.number, "key": filed.key or ""}
    ).text  # fmt: skip
    clock.advance(seconds=3)
    assert open_with(portal, filed.number, filed.key or "").status_code == 200


def test_who_has_opened_a_case_is_not_slowed_by_others_at_the_same_address(
    portal: Portal, desk: Desk
) -> None:
    filed = file(desk)
    opened(portal, filed)
    for _ in range(12):
        portal.client.get(f"/track?number={new_number()}")
    assert SECRET in portal.client.get("/track").text


@pytest.mark.parametrize("typed", ["", " ", "\x00", "ก" * 2_000, HOSTILE, "=1+1", "🤡", "' OR 1=1 --", "%s"])
def test_odd_numbers_and_keys_are_answered(portal: Portal, desk: Desk, typed: str) -> None:
    for page in (
        portal.client.get("/track", params={"number": typed, "done": typed}),
        open_with(portal, typed, typed),
        do(portal, typed, number=typed),
    ):
        assert page.status_code in (200, 404, 422) and HOSTILE not in page.text
