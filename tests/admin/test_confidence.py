"""The assistant's confidence, as staff see and change it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.staff.models import Role
from knowledge.entries import calibrations, words
from knowledge.entries.models import CalibrationVersion, WordKind
from knowledge.entries.word_rules import Rule
from knowledge.search import Calibration
from tests.admin.answers import TAX, AnswerRooms, keep, shown, with_questions
from tests.admin.visitors import Visitor

ROOM = "/admin/bench/confidence"
LIST = "/admin/bench/questions"
ANSWER, CLARIFY = (
    round(100 * share) for share in (Calibration().answer_threshold, Calibration().clarify_threshold)
)


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> AnswerRooms:
    return with_questions(database, tmp_path)


@pytest.fixture
def manager(rooms: AnswerRooms) -> Visitor:
    return rooms.doors.browser("malee", Role.ADMINISTRATOR, Role.PUBLISHER)


def in_force(rooms: AnswerRooms) -> Calibration:
    with rooms.database.read() as reader:
        return calibrations.in_force(reader)


def versions(rooms: AnswerRooms) -> list[str]:
    with rooms.database.read() as reader:
        return [row.origin.value for row in calibrations.versions(reader)]


def proposed(visitor: Visitor, wanted: int = 95) -> dict[str, object]:
    """What the form below a proposal sends."""
    page = visitor.get(f"{ROOM}/recalibrate?wanted={wanted}").text
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found is not None
    return {"wanted": wanted, "shown": found[1]}


def test_the_picture_says_what_becomes_of_the_test_questions(manager: Visitor) -> None:
    page = shown(manager.get(ROOM))
    assert f"ตอนนี้: ตอบเองเมื่อมั่นใจตั้งแต่ {ANSWER}% ถามกลับเมื่อมั่นใจตั้งแต่ {CLARIFY}%" in page
    assert "จาก 10 คำถาม ตอบเอง 8 คำถาม ถูก 8 คำถาม (100%) ถามกลับ 0 คำถาม ส่งให้เจ้าหน้าที่ 2 คำถาม" in page
    assert "มีคำตอบ 8 คำถาม" in page and "ตอบถูก 8 (100%)" in page
    assert "ส่งให้เจ้าหน้าที่ ถูกต้องแล้ว 2" in page and "2 (100%)" not in page
    assert "บันทึกเกณฑ์นี้" not in page
    assert "ตอบถูก ตอบผิดข้อ หรือตอบทั้งที่ไม่มีคำตอบ ถามกลับ มีข้อที่ใช่ให้เลือก" in page, "one legend for both bars"


def test_the_bars_fill_their_width_and_say_their_numbers(manager: Visitor) -> None:
    page = manager.get(ROOM).text
    widths = [float(width) for width in re.findall(r'stack-bar__part[^>]* width="([\d.]+)%"', page)]
    assert sum(widths) == pytest.approx(200)
    assert (
        'aria-label="ตอบถูก 8"' in page
        and '<text class="stack-bar__number" x="50.0%" y="50%">8</text>' in page
    )


def test_moving_a_threshold_shows_the_change_in_words_and_saves_nothing(
    rooms: AnswerRooms, manager: Visitor
) -> None:
    keep(rooms, ("ภาษีป้ายร้านค้าจ่ายกี่บาทต่อปี", "water"))
    page = shown(manager.get(f"{ROOM}?answer=99"))
    assert "ถ้าเลื่อนเป็น: ตอบเองเมื่อมั่นใจตั้งแต่ 99%" in page
    assert re.search(r"เทียบกับตอนนี้ ตอบเองลดลง \d คำถาม ตอบผิดลดลง 1 คำถาม ถามกลับเพิ่ม \d คำถาม", page)
    assert "บันทึกเกณฑ์นี้" in page
    assert versions(rooms) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("answer=96&answer_typed=80&answer_shown=80&clarify=30", "ตั้งแต่ 96% ถามกลับเมื่อมั่นใจตั้งแต่ 30%"),
        ("answer=80&answer_typed=95&answer_shown=80&clarify=30", "ตั้งแต่ 95% ถามกลับเมื่อมั่นใจตั้งแต่ 30%"),
        (
            "answer=96&clarify=30&clarify_typed=43&clarify_shown=30",
            "ตั้งแต่ 96% ถามกลับเมื่อมั่นใจตั้งแต่ 43%",
        ),
        ("answer=60&clarify=95", "ตั้งแต่ 60% ถามกลับเมื่อมั่นใจตั้งแต่ 60%"),
        ("answer=7", f"ตั้งแต่ 50% ถามกลับเมื่อมั่นใจตั้งแต่ {CLARIFY}%"),
    ],
)
def test_slider_and_number_are_one_setting_with_and_without_script(
    manager: Visitor, query: str, words: str
) -> None:
    assert words in shown(manager.get(f"{ROOM}?{query}"))
    part = manager.client.get(f"{ROOM}/picture?{query}", headers={"HX-Request": "true"})
    assert words in shown(part) and "<html" not in part.text


@pytest.mark.parametrize("query", ["answer=0", "answer=100", "answer=x", "clarify=-1", "clarify=1e9"])
def test_a_setting_that_makes_no_sense_has_no_picture(manager: Visitor, query: str) -> None:
    assert manager.get(f"{ROOM}?{query}").status_code == 422


def test_saving_makes_a_version_that_answers_at_once(rooms: AnswerRooms, manager: Visitor) -> None:
    saved = manager.post(ROOM, answer=99, clarify=30, based_on=0)
    assert saved.headers["location"] == ROOM
    assert in_force(rooms) == Calibration(answer_threshold=0.99, clarify_threshold=0.3)
    assert versions(rooms) == ["moved", "shipped"]
    assert rooms.signals.woken == ["faq"]
    rooms.live.refresh()
    assert rooms.live.decide(TAX.question).why.answer_threshold == 0.99
    page = shown(manager.get(ROOM))
    assert "บันทึกฉบับที่ 2 แล้ว" in page
    assert re.search("ฉบับที่ 2 เลื่อนเอง คุณmalee .*ใช้อยู่ .*ฉบับที่ 1 มากับโปรแกรม ระบบ", page)
    with rooms.database.read() as reader:
        (record,) = audit.history(reader, subject_kind="calibration", subject_id=2)
    assert record.actor == "malee"


def test_what_a_colleague_saved_meanwhile_is_not_overwritten(rooms: AnswerRooms, manager: Visitor) -> None:
    manager.post(ROOM, answer=90, clarify=30, based_on=0)
    refused = manager.post(ROOM, answer=60, clarify=20, based_on=0)
    assert refused.status_code == 409 and "ระหว่างที่คุณดู เกณฑ์หรือคำถามทดสอบเปลี่ยนไปแล้ว" in shown(refused)
    assert in_force(rooms).answer_threshold == 0.9


@pytest.mark.parametrize("fields", [{"answer": 40, "clarify": 20}, {"answer": 60, "clarify": 70}])
def test_a_forged_setting_is_refused(rooms: AnswerRooms, manager: Visitor, fields: dict[str, int]) -> None:
    refused = manager.post(ROOM, **fields, based_on=0)
    assert refused.status_code == 422 and "ตั้งเกณฑ์ตอบเองได้ 50 ถึง 99" in shown(refused)
    assert versions(rooms) == []


def test_recalibrating_is_seen_before_it_is_saved(rooms: AnswerRooms, manager: Visitor) -> None:
    page = shown(manager.get(f"{ROOM}/recalibrate?wanted=90"))
    assert "คำถามทดสอบยังน้อย" in page
    assert "คำถามทดสอบ 10 คำถาม และการกดตอบของประชาชน 0 ครั้ง" in page
    assert versions(rooms) == []
    saved = manager.post(f"{ROOM}/recalibrate", **proposed(manager, 90))
    assert saved.headers["location"] == ROOM
    assert versions(rooms) == ["recalibrated", "shipped"]
    assert in_force(rooms).slope > 1  # all were right: the evidence may be trusted more
    page = shown(manager.get(ROOM))
    assert "ระบบหาเกณฑ์ให้ ต้องการถูก 90%" in page
    assert "จาก 10 คำถาม ตอบเอง 8 คำถาม ถูก 8 คำถาม" in page


def test_a_setting_that_is_good_already_is_kept_first(rooms: AnswerRooms, manager: Visitor) -> None:
    keep_first = f'<a class="button" href="{ROOM}"'
    response = manager.get(f"{ROOM}/recalibrate?wanted=90")
    page = shown(response)
    assert "ตั้งไว้ดีอยู่แล้ว ตอนนี้ ที่ตอบเองถูก 100% แต่คำถามทดสอบยังน้อย" in page
    assert "รับรองได้แค่ 82% เกณฑ์ใหม่ถูก 100% รับรองได้ 82%" in page
    assert keep_first in response.text
    assert "ถ้าใช้เกณฑ์ใหม่: จำนวนเท่าเดิมทุกอย่าง" in page and "button--text" in response.text
    manager.post(ROOM, answer=50, clarify=30, based_on=0)
    keep(rooms, *((f"{TAX.question} {n}", "water") for n in range(5)))
    rooms.live.refresh()
    response = manager.get(f"{ROOM}/recalibrate?wanted=98")
    assert "ตั้งไว้ดีอยู่แล้ว" not in shown(response)
    assert keep_first not in response.text and 'class="button button--text" href' in response.text


def test_a_proposal_that_is_no_longer_the_same_is_shown_again(rooms: AnswerRooms, manager: Visitor) -> None:
    seen = proposed(manager)
    keep(rooms, ("ป้ายผ้าใบหน้าร้านเสียภาษีไหม", "sign-tax"))
    refused = manager.post(f"{ROOM}/recalibrate", **seen)
    assert refused.status_code == 409 and "ระหว่างที่คุณดู เกณฑ์หรือคำถามทดสอบเปลี่ยนไปแล้ว" in shown(refused)
    assert versions(rooms) == []
    manager.post(f"{ROOM}/recalibrate", **proposed(manager))
    assert versions(rooms) == ["recalibrated", "shipped"]


def test_any_version_comes_back_with_one_click(rooms: AnswerRooms, manager: Visitor) -> None:
    manager.post(ROOM, answer=99, clarify=30, based_on=0)
    assert manager.post(f"{ROOM}/restore", number=1).headers["location"] == ROOM
    assert in_force(rooms) == Calibration()
    assert "กลับไปใช้ฉบับที่ 1" in shown(manager.get(ROOM))
    assert manager.post(f"{ROOM}/restore", number=77).status_code == 404
    assert versions(rooms) == ["restored", "moved", "shipped"]


def test_what_is_recorded_was_measured_with_the_words_in_force(rooms: AnswerRooms, manager: Visitor) -> None:
    rooms.published(
        replace(TAX, question="ค่าขยะเดือนละเท่าไร", variants=("เก็บค่าขยะกี่บาท",), answer="บ้านละ 20 บาท"),
        rooms.doors.works_id,
        "garbage",
    )
    rooms.live.refresh()
    keep(rooms, ("เก็บค่าสิ่งปฏิกูลเท่าไร", "garbage"))
    assert "ตอบเอง 8 คำถาม" in shown(manager.get(ROOM))
    with rooms.database.unit_of_work() as uow:
        rule = Rule(kind=WordKind.SYNONYMS, words=("ขยะ", "สิ่งปฏิกูล"))
        words.add(uow, rule, actor="malee")
    manager.post(ROOM, answer=ANSWER, clarify=CLARIFY, based_on=0)
    assert "ตอบเอง 9 คำถาม" in shown(manager.get(ROOM))
    with rooms.database.read() as reader:
        newest = calibrations.newest(reader)
    assert newest is not None and newest.with_entry["right"] == 9


def test_the_shipped_version_is_named_where_it_has_no_figures(manager: Visitor) -> None:
    manager.post(ROOM, answer=99, clarify=30, based_on=0)
    assert "เกณฑ์ที่มากับโปรแกรม ใช้ฉบับนี้" in shown(manager.get(ROOM))


def test_an_office_is_told_when_a_release_measures_differently(rooms: AnswerRooms, manager: Visitor) -> None:
    told, waits = "โปรแกรมรุ่นใหม่วัดความมั่นใจต่างจากเดิม", "ทดลองถาม 1 รออยู่ 1"
    manager.post(f"{ROOM}/recalibrate", **proposed(manager))
    page = shown(manager.get(ROOM))
    assert told not in page and waits not in page
    with rooms.database.unit_of_work() as uow:
        uow.session.execute(update(CalibrationVersion).values(weights="of the release before"))
    page = manager.get(ROOM)
    assert told in shown(page) and f'href="{ROOM}/recalibrate"' in page.text
    assert waits in shown(manager.get("/admin/me"))
    wipa = rooms.publisher()
    page = shown(wipa.get(ROOM))
    assert told in page and "แจ้งผู้ดูแลระบบ" in page and waits not in page
    manager.post(ROOM, answer=90, clarify=30, based_on=2)
    assert told in shown(manager.get(ROOM))  # what was learned beneath the thresholds is still the old
    manager.post(f"{ROOM}/recalibrate", **proposed(manager))
    page = shown(manager.get(ROOM))
    assert told not in page and waits not in page


def test_who_may_look_need_not_be_who_may_save(rooms: AnswerRooms) -> None:
    wipa = rooms.publisher()
    page = shown(wipa.get(f"{ROOM}?answer=90"))
    assert "ผู้ดูแลระบบเท่านั้นที่บันทึกเกณฑ์ได้" in page and "บันทึกเกณฑ์นี้" not in page
    assert 'name="shown"' not in wipa.get(f"{ROOM}/recalibrate").text
    assert wipa.post(ROOM, answer=90, clarify=20, based_on=0).status_code == 403
    assert versions(rooms) == []


def test_without_test_questions_the_page_says_where_to_begin(database: Database, tmp_path: Path) -> None:
    rooms = AnswerRooms(database, tmp_path)
    wipa = rooms.publisher()
    for address in (ROOM, f"{ROOM}/recalibrate"):
        assert "ยังไม่มีคำถามทดสอบ" in shown(wipa.get(address))
    assert "ลองถามที่หน้าทดลองถาม" in shown(wipa.get(LIST))
