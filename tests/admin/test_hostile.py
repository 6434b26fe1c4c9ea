"""Forms and addresses that no page of ours makes: refused, and never a fault of the server."""

from pathlib import Path

import pytest

from eservice.kit.database import Database
from eservice.staff.models import Role
from tests.admin.visitors import Doors, Visitor, further_rooms
from tests.inquiries.desk import leave, meet

HALF_A_CHARACTER = b"+2AA-"  # in UTF-7, which a form may ask to be read in


def _sent(visitor: Visitor, field: bytes, charset: str) -> tuple[int, bool]:
    """The status of a sign-in form with one more field, and whether the form was read and shown again."""
    token = visitor.token("/admin/login").encode()
    body = b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
    parts = body % (b'name="csrf_token"', token) + body % (field, HALF_A_CHARACTER) + b"--x--\r\n"
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    response = visitor.client.post("/admin/login", content=parts, headers={"Content-Type": kind})
    return response.status_code, 'name="password"' in response.text


@pytest.mark.parametrize(
    "field", [b'name="username"', b'name="file"; filename="+2AA-.csv"'], ids=["text", "file name"]
)
def test_half_a_character_in_a_form_is_refused(doors: Doors, field: bytes) -> None:
    assert _sent(doors.visitor(), field, "utf-8") == (422, True)
    assert _sent(doors.visitor(), field, "utf-7") == (422, False)


@pytest.mark.parametrize("digit", ["\U00010d40", "๑", "9" * 5000])
@pytest.mark.parametrize("address", ["/admin/faq?department=", "/admin/bench?q=x&previous="])
def test_digits_that_are_no_ids_are_refused(
    database: Database, tmp_path: Path, address: str, digit: str
) -> None:
    visitor = Doors(database, tmp_path, further_rooms()).browser("author", Role.AUTHOR)
    assert visitor.get(f"{address}1").status_code == 200
    assert visitor.get(f"{address}{digit}").status_code == 422


@pytest.mark.parametrize(
    ("action", "field", "refused"), [("department", "department", 422), ("take", "seen_assignee", 303)]
)
@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000])
def test_numbers_beyond_all_ids_change_nothing(
    database: Database, tmp_path: Path, action: str, field: str, refused: int, number: str
) -> None:
    doors = Doors(database, tmp_path, further_rooms())
    with database.unit_of_work() as uow:
        inquiry_id = leave(uow, meet(uow, "U1", name="ป้าแดง"), "ภาษีป้ายจ่ายเท่าไหร่", None).id
    visitor = doors.browser("responder", Role.RESPONDER)
    response = visitor.post(f"/admin/inquiries/{inquiry_id}/{action}", **{field: number})
    assert response.status_code == refused


def test_a_thai_address_to_go_on_to_reaches_a_browser_with_scripts(doors: Doors) -> None:
    visitor = doors.browser("admin", Role.ADMINISTRATOR)
    response = visitor.client.get("/admin/login?next=/admin/faq%3Fq=ก", headers={"HX-Request": "true"})
    assert response.headers["hx-redirect"] == "/admin/faq?q=%E0%B8%81"
