"""Villages read out of words, and what is offered near a place, at the edges of the earth and of decency."""

from dataclasses import replace

import pytest

from eservice.complaints import residents
from eservice.complaints.models import Complaint
from eservice.complaints.nearby import distance_m, open_nearby
from eservice.complaints.rules import Rules
from eservice.complaints.states import ComplaintState
from eservice.complaints.villages import read_village
from tests.complaints.desk import LIGHT, Desk
from tests.complaints.test_service import in_progress, move

METRE = 1 / 111_320


@pytest.mark.parametrize(
    ("text", "village"),
    [
        ("หมู่ ๓", "หมู่ 3"),
        ("หมู่3", "หมู่ 3"),
        ("หมู่ที่ ๑๒ ต.ท่าดี", "หมู่ 12"),
        ("หมู่บ้านที่ 7", "หมู่ 7"),
        ("หมู่บ้าน 7", "หมู่ 7"),
        ("หมู่.4", "หมู่ 4"),
        ("ม.12", "หมู่ 12"),
        ("ม. ๐๕", "หมู่ 5"),
        ("99/4 ม.3 ต.ท่าดี", "หมู่ 3"),
        ("ไฟดับอยู่ม.3", "หมู่ 3"),
        ("ถนนจากม.3ไปวัด", "หมู่ 3"),
        ("ตรงแยกม.4", "หมู่ 4"),
        ("แถวม.9", "หมู่ 9"),
        ("ระหว่างหมู่ 2 กับหมู่ 5", "หมู่ 2"),
        ("Moo 6", "หมู่ 6"),
        ("moo.10", "หมู่ 10"),
        ("หมู่บ้านจัดสรร", ""),
        ("หมู่บ้านเอื้ออาทร 2", ""),
        ("หมู่เลือด", ""),
        ("หมู่ 0", ""),
        ("หมู่ 123", ""),
        ("กม.3", ""),
        ("หลักกม.12", ""),
        ("ที่กม.5", ""),
        ("กว้าง 3 ตร.ม.5 จุด", ""),
        ("ลึก 20 ซม.3 หลุม", ""),
        ("นักเรียน ม.3 ตีกัน", ""),
        ("เด็กม.5 แข่งรถ", ""),
        ("ลูกอยู่ชั้น ม.2", ""),
        ("1 ม.ค. 69", ""),
        ("smooth 3", ""),
        ("หน้าวัด", ""),
        ("", ""),
    ],
)
def test_a_village_is_read_as_people_write_it_and_nothing_else_is(text: str, village: str) -> None:
    assert read_village(text) == village


def found(
    desk: Desk,
    latitude: float | None,
    longitude: float | None,
    *,
    contact_id: int | None = None,
    **more: object,
) -> list[int]:
    asked: dict[str, object] = {"category": LIGHT.category, "text": LIGHT.text, **more}
    with desk.database.read() as reader:
        similar = open_nearby(
            reader,
            latitude=latitude,
            longitude=longitude,
            contact_id=contact_id,
            **asked,  # type: ignore[arg-type]
        )
        return [each.complaint_id for each in similar]


@pytest.mark.parametrize(
    ("there", "here", "is_near"),
    [
        ((17.1, 104.1), (17.1 + 249 * METRE, 104.1), True),
        ((17.1, 104.1), (17.1 + 252 * METRE, 104.1), False),
        ((0.0, 179.9995), (0.0, -179.9995), True),  # across the line where the days change
        ((0.0, -180.0), (0.0, 180.0), True),
        ((0.0, 179.99), (0.0, -179.99), False),
        ((90.0, 0.0), (89.999, 180.0), True),  # at a pole every longitude is one place
        ((-89.9995, 10.0), (-89.9995, -170.0), True),
        ((-89.99, 10.0), (-89.99, -170.0), False),
        ((84.0, 20.0), (84.0, 20.02), True),
        ((0.0, 0.0), (0.0, 0.0), True),
    ],
)
def test_nearness_is_the_same_everywhere_on_the_earth(
    desk: Desk, there: tuple[float, float], here: tuple[float, float], is_near: bool
) -> None:
    filed = desk.file(replace(LIGHT, latitude=there[0], longitude=there[1]))
    assert (distance_m(*there, *here) <= Rules().radius_m) is is_near
    assert found(desk, *here) == ([filed.complaint_id] if is_near else [])


def test_only_what_is_open_of_the_same_category_and_anothers_is_offered(desk: Desk) -> None:
    here = replace(LIGHT, latitude=17.1, longitude=104.1)
    mine = desk.file(here)
    others = desk.file(replace(here, latitude=17.1005), contact_id=desk.dam)
    desk.file(replace(here, category="น้ำประปา"), contact_id=desk.dam)
    rejected, withdrawn = (
        in_progress(desk, latitude=17.1, longitude=104.1),
        desk.file(here, contact_id=desk.dam),
    )
    move(desk, rejected, ComplaintState.REJECTED, reason="นอกเขต")
    with desk.database.unit_of_work() as uow:
        residents.withdraw(uow, withdrawn.number, replace(desk.owner, contact_id=desk.dam))
    assert found(desk, 17.1, 104.1, contact_id=desk.daeng) == [others.complaint_id]
    assert found(desk, 17.1, 104.1) == [mine.complaint_id, others.complaint_id]  # the nearest first
    assert found(desk, None, None, contact_id=desk.daeng) == [others.complaint_id]  # by words
    assert found(desk, None, None, text="ขอถังขยะเพิ่มที่ตลาด") == []


def test_what_is_about_people_is_never_offered(desk: Desk) -> None:
    here = replace(LIGHT, latitude=17.1, longitude=104.1)
    desk.file(replace(here, accused=frozenset({desk.finance})))
    for sensitive in ("ทุจริต", "บริการเจ้าหน้าที่", "ความปลอดภัย"):
        desk.file(replace(here, category=sensitive))
        assert found(desk, 17.1, 104.1, category=sensitive) == []
        assert found(desk, None, None, category=sensitive) == []
    assert found(desk, 17.1, 104.1) == []
    assert found(desk, None, None) == []


def test_a_complaint_that_goes_on_in_another_is_not_offered_beside_it(desk: Desk) -> None:
    here = replace(LIGHT, latitude=17.1, longitude=104.1)
    child, parent = desk.file(here), desk.file(here)
    with desk.database.unit_of_work() as uow:
        complaint = uow.session.get_one(Complaint, child.complaint_id)
        complaint.state, complaint.parent_id = ComplaintState.DUPLICATE, parent.complaint_id
    assert found(desk, 17.1, 104.1) == [parent.complaint_id]
