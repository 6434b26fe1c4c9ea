"""Reporting on the web, as a browser without scripts does it."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from eservice.complaints import floods, spots
from eservice.complaints.categories import CORRUPTION
from eservice.complaints.models import Complaint, Source
from eservice.complaints.numbers import read_number
from eservice.kit.outbox import OutboxEvent
from eservice.staff.models import Role
from eservice.staff.queries import principal_of
from tests.inquiries.desk import add_staff
from tests.portal.conftest import HOSTILE, Portal
from tests.portal.test_pages import Html

LIGHT = "ไฟหน้าวัดดับมาสามวันแล้ว"
BRIBE = "เจ้าหน้าที่เรียกรับเงินใต้โต๊ะตอนขออนุญาตก่อสร้าง"


@dataclass
class Visit:
    """A browser in the middle of the form: it sends what the page has, as a person changed it."""

    client: TestClient
    fields: dict[str, str] = field(default_factory=dict)

    def open(self, path: str = "/report") -> httpx.Response:
        return self._read(self.client.get(path))

    def tap(self, go: str, path: str = "/report", **typed: str) -> httpx.Response:
        return self._read(self.client.post(path, data=self.fields | typed | {"go": go}))

    def send(self) -> httpx.Response:
        return self.client.post("/report/send", data=self.fields)

    def to_check(self, text: str, **typed: str) -> httpx.Response:
        self.open()
        assert self.tap("details", text=text).status_code == 200
        return self.tap("check", **typed)

    def _read(self, response: httpx.Response) -> httpx.Response:
        """Keeps the fields of the page, as a browser would send them."""
        page = Html(response.text)
        fields: dict[str, str] = {}
        for attributes in page.all("input"):
            kind, name = attributes.get("type"), attributes.get("name")
            if name and name != "q" and (kind != "radio" or "checked" in attributes):
                fields[name] = attributes.get("value") or ""
        if found := re.search(
            r"<textarea[^>]*name=\"text\"[^>]*>\n?(.*?)</textarea>", response.text, re.DOTALL
        ):
            fields["text"] = found[1]
        self.fields = fields or self.fields
        return response


@pytest.fixture
def visit(portal: Portal) -> Visit:
    return Visit(portal.client)


def codes_of(response: httpx.Response) -> dict[str, str]:
    """Number and key as the last page shows them."""
    inputs = Html(response.text).all("input")
    return {a["id"] or "": a.get("value") or "" for a in inputs if a.get("id") in ("number", "key")}


def complaints(portal: Portal) -> list[Complaint]:
    with portal.database.read() as reader:
        return list(reader.session.scalars(select(Complaint).order_by(Complaint.id)))


def test_a_report_is_filed_in_three_steps_without_scripts(portal: Portal, visit: Visit) -> None:
    visit.open()
    details = visit.tap("details", text=LIGHT)
    assert visit.fields["category"] == "ไฟฟ้าแสงสว่าง"  # proposed from the words
    assert details.headers["cache-control"] == "no-store"
    check = visit.tap("check", address="หน้าวัด", village="หมู่ 4", reporter_name="สมชาย")
    assert all(word in check.text for word in (LIGHT, "หน้าวัด", "หมู่ 4", "สมชาย", "ไฟฟ้าแสงสว่าง"))
    assert complaints(portal) == []
    done = visit.send()
    (filed,) = complaints(portal)
    shown = codes_of(done)
    assert read_number(shown["number"]) == filed.number and len(shown["key"]) == 13
    assert done.headers["cache-control"] == "no-store"
    assert (filed.source, filed.text, filed.address, filed.village, filed.reporter_name) == (
        Source.WEB, LIGHT, "หน้าวัด", "หมู่ 4", "สมชาย",
    )  # fmt: skip
    with portal.database.read() as reader:
        assert reader.session.scalar(select(func.count()).select_from(OutboxEvent)) == 1


def test_only_the_words_are_needed(portal: Portal, visit: Visit) -> None:
    visit.to_check("อยากให้มีลานกีฬาเพิ่ม")
    assert visit.send().status_code == 200
    (filed,) = complaints(portal)
    assert (filed.category, filed.reporter_name, filed.latitude) == ("เสนอแนะ", None, None)


def test_the_category_can_be_changed_and_every_row_edited(portal: Portal, visit: Visit) -> None:
    visit.to_check(LIGHT, category="ถนนและทางเท้า")
    visit.tap("what")
    visit.tap("details", text="ทางเท้าหน้าวัดแตก")
    assert visit.fields["category"] == "ถนนและทางเท้า"
    visit.tap("check")
    visit.send()
    assert [(c.text, c.category) for c in complaints(portal)] == [("ทางเท้าหน้าวัดแตก", "ถนนและทางเท้า")]


def test_sending_twice_gives_the_same_number_and_no_second_key(portal: Portal, visit: Visit) -> None:
    visit.to_check(LIGHT)
    first, second = visit.send(), visit.send()
    assert second.status_code == 200
    assert codes_of(second) == {"number": codes_of(first)["number"]}
    assert "เรื่องนี้ส่งไปแล้ว" in second.text
    assert len(complaints(portal)) == 1


def test_going_back_to_change_the_words_makes_another_case_only_on_purpose(
    portal: Portal, visit: Visit
) -> None:
    visit.to_check(LIGHT)
    visit.send()
    visit.fields["text"] = "ไฟหน้าวัดดับทั้งซอย"
    page = visit.tap("", path="/report/send")
    assert "เรื่องก่อนหน้านี้ส่งไปแล้ว" in page.text and len(complaints(portal)) == 1
    assert "key" in codes_of(visit.send())
    assert len(complaints(portal)) == 2


def test_who_has_filed_follows_at_once_without_typing_the_key(portal: Portal, visit: Visit) -> None:
    visit.to_check(LIGHT)
    done = visit.send()
    assert codes_of(done)["key"].replace("-", "") not in done.headers["set-cookie"]
    assert LIGHT in portal.client.get("/track").text


def test_an_emergency_is_answered_first_on_every_step_and_can_still_be_filed(
    portal: Portal, visit: Visit
) -> None:
    visit.open()
    for page in (visit.tap("details", text="ไฟไหม้บ้านข้างวัด ช่วยด้วย"), visit.tap("check"), visit.send()):
        words = page.text.partition("<h1>")[0]
        assert 'href="tel:199"' in words
    assert len(complaints(portal)) == 1


def test_what_reads_like_corruption_gets_advice_and_is_filed_only_when_chosen(
    portal: Portal, visit: Visit
) -> None:
    visit.open()
    advice = visit.tap("details", text=BRIBE)
    for number in ("1205", "1206", "1567"):
        assert f'href="tel:{number}"' in advice.text
    skipped = dict(visit.fields, ordinary="", category="อื่นๆ")
    assert 'href="tel:1205"' in portal.client.post("/report/send", data=skipped).text
    assert complaints(portal) == []
    visit.fields["ordinary"] = "yes"
    visit.tap("details")
    visit.tap("check", category=CORRUPTION)
    visit.send()
    assert [c.category for c in complaints(portal)] == [CORRUPTION]


def test_choosing_the_category_of_corruption_gets_the_advice_too(portal: Portal, visit: Visit) -> None:
    page = visit.to_check(LIGHT, category=CORRUPTION)
    assert 'href="tel:1205"' in page.text


def test_similar_open_cases_are_offered_without_their_words(portal: Portal, visit: Visit) -> None:
    visit.to_check(LIGHT, reporter_name="สมชาย", village="บ้านลับ")
    number = codes_of(visit.send())["number"]
    second = Visit(portal.visitor("10.0.0.9"))
    page = second.to_check("ไฟหน้าวัดดับมาสามวันแล้วครับ")
    assert f'href="/track?number={number}"' in page.text and "แจ้งเรื่องของฉันต่อ" in page.text
    assert "สมชาย" not in page.text and "บ้านลับ" not in page.text
    assert "key" in codes_of(second.send())


def test_a_sign_fills_in_its_place(portal: Portal, visit: Visit) -> None:
    with portal.database.unit_of_work() as uow:
        admin = principal_of(uow, add_staff(uow, "admin", Role.ADMINISTRATOR))
        spot = spots.create_spot(
            uow, name="เสาไฟ 12", village="หมู่ 4", latitude=17.5, longitude=104.25, by=admin
        )
    assert "เสาไฟ 12" in visit.open(f"/report?spot={spot.code.lower()}").text
    visit.tap("details", text=LIGHT)
    visit.tap("check")
    visit.send()
    (filed,) = complaints(portal)
    assert (filed.address, filed.village, filed.latitude, filed.longitude) == (
        "เสาไฟ 12", "หมู่ 4", 17.5, 104.25,
    )  # fmt: skip


def test_a_village_told_in_the_words_need_not_be_typed_again(portal: Portal, visit: Visit) -> None:
    visit.open("/report")
    assert 'value="หมู่ 2"' in visit.tap("details", text="ถนนหน้าวัดเป็นหลุม ม.2").text
    visit.tap("check", village="หมู่ 5")
    visit.send()
    assert [filed.village for filed in complaints(portal)] == ["หมู่ 5"]


@pytest.mark.parametrize("spot", ["XXXXXX", HOSTILE, "ก" * 5_000, "\x00", "'; DROP TABLE complaints --"])
def test_an_unknown_sign_still_lets_one_report(portal: Portal, spot: str) -> None:
    page = portal.client.get(f"/report?spot={quote(spot)}")
    assert page.status_code == 200 and "ไม่พบจุดของป้ายนี้" in page.text and HOSTILE not in page.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"text": ""}, "ยังไม่ได้พิมพ์ข้อความ"),
        ({"text": " \x00\u200b".replace("\u200b", "")}, "ยังไม่ได้พิมพ์ข้อความ"),
        ({"text": "ก" * 4_001}, "ยาวเกิน 4,000"),
        ({"category": "ไม่มีจริง"}, "เลือกประเภท"),
        ({"category": ""}, "เลือกประเภท"),
        ({"address": "ข" * 301}, "ยาวเกิน 300"),
        ({"village": "ค" * 301}, "ยาวเกิน 300"),
        ({"reporter_name": "ง" * 301}, "ยาวเกิน 300"),
        ({"latitude": "91", "longitude": "0"}, "อ่านตำแหน่งไม่ได้"),
        ({"latitude": "nan", "longitude": "1"}, "อ่านตำแหน่งไม่ได้"),
        ({"latitude": "1e999", "longitude": "1"}, "อ่านตำแหน่งไม่ได้"),
        ({"latitude": "17.5"}, "อ่านตำแหน่งไม่ได้"),
        ({"latitude": "'; --", "longitude": "x"}, "อ่านตำแหน่งไม่ได้"),
    ],
)
def test_faults_are_told_at_their_field_and_nothing_typed_is_lost(
    portal: Portal, visit: Visit, typed: dict[str, str], words: str
) -> None:
    visit.to_check(LIGHT, address="หน้าวัด", reporter_name="สมชาย")
    page = portal.client.post("/report/send", data=visit.fields | typed)
    assert page.status_code == 422 and words in page.text
    kept = {**{"address": "หน้าวัด", "reporter_name": "สมชาย"}, **typed}
    for name in ("text", "address", "village", "reporter_name"):
        assert kept.get(name, "").strip("\x00 ") in page.text
    assert complaints(portal) == []


def test_hostile_words_are_kept_as_words(portal: Portal, visit: Visit) -> None:
    words = f"=HYPERLINK(1) {HOSTILE} 🤡 \x00\x07 {{{{ 7*7 }}}} %s \u202e ไฟดับ"
    page = visit.to_check(words, address=HOSTILE, reporter_name=HOSTILE)
    assert HOSTILE not in page.text and "49" not in re.sub(r"[?]v=\w+|value=\"[\w-]+\"", "", page.text)
    done = visit.send()
    assert done.status_code == 200 and HOSTILE not in done.text
    (filed,) = complaints(portal)
    assert "\x00" not in filed.text and HOSTILE in filed.text and "🤡" in filed.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"--x\r\nContent-Disposition: form-data; nam", "multipart/form-data; boundary=x", (422, 415)),
        (b"--y\r\n\r\n", "multipart/form-data", (400, 415)),
        (b"{", "application/json", 415),
        (b"text=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % n for n in range(500)), "application/x-www-form-urlencoded", 422),
        (b"text=%ff%fe%00&text=%ZZ&&=&;", "application/x-www-form-urlencoded", 422),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded", 422),
    ],
)
@pytest.mark.parametrize("path", ["/report", "/report/send"])
def test_broken_bodies_get_a_page_in_thai(
    portal: Portal, path: str, body: bytes, kind: str, status: int | tuple[int, int]
) -> None:
    if isinstance(status, tuple):  # the first step takes files, the last none
        status = status[path == "/report/send"]
    page = portal.client.post(path, content=body, headers={"Content-Type": kind})
    assert page.status_code == status and "<h1>" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Referer": "https://evil.example/x"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/report", "/report/send", "/track"])
def test_forms_on_other_sites_are_refused(portal: Portal, path: str, headers: dict[str, str]) -> None:
    refused = portal.client.post(path, data={"text": LIGHT}, headers=headers)
    assert refused.status_code == 403 and complaints(portal) == []
    ours = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert portal.client.post(path, data={"text": LIGHT, "number": "x"}, headers=ours).status_code != 403


def test_one_address_that_files_very_many_waits_and_no_other_does(portal: Portal, visit: Visit) -> None:
    with portal.database.unit_of_work() as uow:
        for _ in range(floods.LIMIT.free):
            floods.count_filing(uow, "testclient")
    visit.to_check(LIGHT)
    refused = visit.send()
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0 and LIGHT in refused.text
    other = Visit(portal.visitor("10.0.0.9"))
    other.to_check(LIGHT)
    assert other.send().status_code == 200


def test_reloading_the_last_step_by_its_address_begins_anew(portal: Portal) -> None:
    answer = portal.client.get("/report/send", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/report")
