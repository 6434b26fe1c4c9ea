"""What reads like a report of corruption, and what does not."""

import pytest

from eservice.complaints.categories import CORRUPTION
from eservice.complaints.corruption import reads_like_corruption
from knowledge.classify import Prediction


@pytest.mark.parametrize(
    "text", ["เจ้าหน้าที่รับสินบน", "จ่ายใต้โต๊ะถึงจะได้ใบอนุญาต", "ฮั้วประมูลถนน", "คอรัปชั่นทั้งนั้น", "คอร์รัปชันในโครงการ"]
)
def test_a_few_words_are_enough(text: str) -> None:
    assert reads_like_corruption(text, [])


@pytest.mark.parametrize("text", ["ไฟหน้าวัดดับ", "ขอชมเจ้าหน้าที่", "ถนนพังมาสามปี", ""])
def test_other_complaints_are_left_alone(text: str) -> None:
    assert not reads_like_corruption(text, [Prediction("ถนนและทางเท้า", 0.9), Prediction(CORRUPTION, 0.1)])


def test_a_fair_chance_of_the_category_is_enough() -> None:
    assert reads_like_corruption("งบถนนหายไปไหน", [Prediction("อื่นๆ", 0.8), Prediction(CORRUPTION, 0.3)])


@pytest.mark.parametrize(
    "text",
    [
        "งบปีนี้เอาไปทำอะไรหมด",
        "ภาษีที่เก็บไปเอาไปใช้อะไร",
        "โครงการถนนคอนกรีตหมู่ 3 ใช้งบเท่าไร",
        "นายกได้เงินเดือนเท่าไหร่",
        "ขอดูรายละเอียดการใช้งบประมาณ อบต",
        "เงินกองทุนหมู่บ้านเอาไปทำอะไร",
    ],
)
def test_asking_what_money_is_spent_on_accuses_nobody(text: str) -> None:
    assert not reads_like_corruption(text, [Prediction(CORRUPTION, 0.9)])


@pytest.mark.parametrize(
    "text",
    [
        "งบปีนี้เอาไปทำอะไรหมด เข้ากระเป๋าใครหรือเปล่า",
        "งบทำถนนสิบล้าน ทำจริงไม่ถึงล้าน",
        "ของบมาทำถนนแต่ไม่ทำ เงินไปไหน",
        "เขาเอางบหลวงไปสร้างบ้านตัวเอง ใครอนุมัติ",
        "ข้างบ้านจ่ายให้ช่างไปเท่าไหร่ถึงได้มิเตอร์ก่อนเรา",
        "เจ้าหน้าที่ขอเงินห้าร้อยถึงจะทำเรื่องให้",
    ],
)
def test_an_accusation_that_asks_something_too_stays_one(text: str) -> None:
    assert reads_like_corruption(text, [Prediction(CORRUPTION, 0.3)])
