"""Which open complaints are offered as the same, and how little is told of them."""

from dataclasses import replace

import pytest

from eservice.complaints.nearby import Similar, open_nearby
from tests.complaints.desk import LIGHT, Desk

HERE = (14.0, 100.5)
A_METRE = 1 / 111_320  # degrees of latitude


def near(desk: Desk, text: str = LIGHT.text, **more: float) -> list[Similar]:
    with desk.database.read() as reader:
        return open_nearby(reader, category=LIGHT.category, text=text, contact_id=desk.dam, **more)


@pytest.mark.parametrize(("metres", "told"), [(1, 50), (49, 50), (51, 100), (240, 250)])
def test_a_distance_is_told_in_steps_that_hide_the_place(desk: Desk, metres: int, told: int) -> None:
    desk.file(replace(LIGHT, latitude=HERE[0], longitude=HERE[1]))
    (similar,) = near(desk, latitude=HERE[0] + metres * A_METRE, longitude=HERE[1])
    assert similar.distance_m == told


def test_what_is_beyond_the_radius_is_not_offered(desk: Desk) -> None:
    desk.file(replace(LIGHT, latitude=HERE[0], longitude=HERE[1]))
    assert near(desk, latitude=HERE[0] + 260 * A_METRE, longitude=HERE[1]) == []


def test_without_a_pin_words_decide_and_the_end_of_a_long_story_does_not(desk: Desk) -> None:
    filed = desk.file()
    desk.file(replace(LIGHT, text="เสาไฟฟ้าล้มขวางซอยข้างโรงเรียนบ้านดอน"))
    assert [similar.number for similar in near(desk, "ไฟหน้าวัดดับมาสองวันแล้ว")] == [filed.number]
    long = desk.file(replace(LIGHT, text="ก" * 200 + "ข" * 3_000))
    assert [similar.number for similar in near(desk, "ก" * 200 + "ค" * 3_000)] == [long.number]
