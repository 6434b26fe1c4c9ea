"""What typed words are taken for where complaints are told."""

import pytest

from bot.flows import checks


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("ไฟหน้าวัดดับ", True),
        ("ฝาท่อหายข้างตลาด", True),
        ("น้ำไม่ไหล หมู่ ๓", True),
        ("หน้าบ้านผู้ใหญ่สมศรี", True),
        ("เจ้าหน้าที่พูดจาไม่ดีใส่ยาย", False),
        ("ถนนหน้าบ้านพัง", False),
        ("ยายเป็นหวัด", False),
        ("ย้ายไปต่างจังหวัด", False),
        ("อยากแยกขยะ", False),
    ],
)
def test_a_place_is_named_by_a_landmark_and_not_by_part_of_a_word(text: str, is_named: bool) -> None:
    assert checks.names_place(text) is is_named


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("หมู่ 5", True),
        ("บ้านเลขที่ 12 หมู่ 2", True),
        ("อยู่หน้าวัดหนองแวงค่ะ", True),
        ("แถว ๆ สะพานไม้", True),
        ("ขอถังขยะหมู่ 5", False),
        ("เบี้ยคนแก่ออกวันไหน", False),
        ("ๆ" * 10_000, False),
    ],
)
def test_a_short_text_may_be_a_place_and_nothing_else(text: str, is_one: bool) -> None:
    assert checks.is_only_place(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("ไฟที่แจ้งไว้ถึงไหนแล้ว", True),
        ("เรื่องที่ร้องเรียนคืบหน้าไหมคะ", True),
        ("ที่แจ้งไปทำไมยังไม่มาซ่อม", True),
        ("ถึงไหนแล้ว", True),
        ("แจ้งเกิดลูกที่ไหน", False),
        ("ไฟดับแจ้งที่ไหน", False),
        ("ไฟหน้าวัดดับมาสามวันแล้ว", False),
    ],
)
def test_asking_how_far_it_is_differs_from_reporting(text: str, is_asked: bool) -> None:
    assert checks.asks_how_far(text) is is_asked


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("เมื่อไหร่จะมาซ่อม", True),
        ("จะมาแก้ให้เมื่อไรคะ", True),
        ("เมื่อไหร่จะเสร็จสักที", True),
        ("เมื่อไหร่จะมาเก็บขยะ", False),
        ("ซ่อมถนนหน้าวัดเมื่อไหร่", False),
    ],
)
def test_asking_only_when_the_work_comes_names_no_work(text: str, is_asked: bool) -> None:
    assert checks.asks_when_done(text) is is_asked


@pytest.mark.parametrize(
    ("text", "fixed", "not_fixed"),
    [
        ("แก้แล้วค่ะ", True, False),
        ("ไฟติดแล้ว", True, False),
        ("เรียบร้อยครับ", True, False),
        ("ยังไม่มาเลย", False, True),
        ("เหมือนเดิม", False, True),
        ("แก้แล้วแต่ดับอีก", False, False),
        ("ไม่ได้แก้เลยค่ะ", False, True),
    ],
)
def test_only_a_plain_word_says_that_it_is_fixed(text: str, fixed: bool, not_fixed: bool) -> None:
    assert (checks.says_fixed(text), checks.says_not_fixed(text)) == (fixed, not_fixed)


@pytest.mark.parametrize(
    ("text", "is_praise"),
    [
        ("ขอบคุณ อบต. ที่มาซ่อมถนนให้", True),
        ("ขอชมเชยคนเก็บขยะ มาตรงเวลาทุกวัน", True),
        ("ขอบคุณค่ะ", False),
        ("ขอบคุณที่ตอบค่ะ", False),
        ("ขอบคุณเจ้าหน้าที่มากค่ะ", False),
    ],
)
def test_thanks_for_something_done_are_praise(text: str, is_praise: bool) -> None:
    assert checks.tells_why_thanks(text) is is_praise
