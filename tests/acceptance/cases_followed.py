"""Complaints after they are filed: joined, asked about, answered, reopened, rated, withdrawn, looked up."""

from tests.acceptance.complaining import (
    FIXED,
    NOT_FIXED,
    NUMBER,
    SEND,
    files,
    points,
    receipt,
    stands,
    tag,
)
from tests.acceptance.desk import Desk, case_of, cases_with, rows
from tests.acceptance.stage import Resident, Stage, labels_of, said, told


def two_join(stage: Stage, desk: Desk) -> None:
    """Two more people join within 250 m, unseen by each other; all are told when it is done."""
    ours = (15.0, 101.0)
    somchai, mali, daeng = stage.line(), stage.telegram(), stage.line()
    points(somchai, *ours)
    somchai.sees(told("report.ask_what"))
    somchai.says("น้ำประปาขุ่นเป็นโคลนใช้ไม่ได้")
    somchai.sees(told("report.check"))
    somchai.taps(SEND)
    number = receipt(somchai)
    stands(stage, desk, number, "assigned")
    for person, words, metres in (
        (mali, "น้ำก๊อกสีแดงกลิ่นสนิมจากประปา", 0.001),
        (daeng, "น้ำประปาบ้านฉันก็ขุ่น", 0.0015),
    ):
        points(person, ours[0] + metres, ours[1])
        person.sees(told("report.ask_what"))
        person.says(words)
        shown = person.sees(told("report.ask_similar"), told("report.not_the_same"), why="a case close by")
        stage.check("น้ำประปาขุ่นเป็นโคลน" not in said(shown), "another's words are not shown")
        label = next((label for label in labels_of(shown) if label.startswith("ฉันด้วย")), "")
        stage.check(label, f"joining is offered: {labels_of(shown)}")
        person.taps(label)
        person.sees(told("report.joined"), why="joined")
        stage.check(
            not [case for case in cases_with(desk.database, words) if case.text == words], "no second case"
        )
    case = case_of(desk.database, number)
    followers = "SELECT count(*) FROM complaint_followers WHERE complaint_id = ?"
    stage.check(rows(desk.database, followers, case.id)[0][0] == 2, "two follow it")
    stage.check("กลิ่นสนิม" in desk.page(number), "the officer reads what the others said")
    mark = stage.mark()
    desk.takes(number)
    mali.sees(told("complaint_news.in_progress"), why="a follower on Telegram is told at once")
    for person in (somchai, daeng):
        person.sees_nothing("the beginning of the work spends no push", 0.8)
    desk.finishes(number, "ล้างท่อและเปลี่ยนไส้กรองแล้ว")
    shown = somchai.sees(told("complaint_news.resolved"), "ล้างท่อ", FIXED, why="the owner")
    stage.check({message["how"] for message in shown} == {"pushMessage"}, "its end may spend a push")
    shown = mali.sees(told("complaint_news.resolved"), why="a follower on Telegram")
    stage.check(FIXED not in labels_of(shown), "only the owner says whether it is fixed")
    stage.check("ล้างท่อ" not in said(shown), "what officers write to the owner is theirs")
    daeng.sees_nothing("a follower on LINE costs no push", 0.8)
    stage.check(len(stage.calls_made("/message/push", mark, 1)) == 1, "one push, for the owner")
    daeng.says("ติดตาม")
    daeng.sees(told("complaint_news.resolved"), why="the news rides on the next reply")
    somchai.taps(FIXED)
    somchai.sees(told("track.ask_rating"))
    stands(stage, desk, number, "confirmed")
    mali.sees(told("complaint_news.confirmed"), why="a follower hears that it is fixed")


def office_asks(stage: Stage, resident: Resident, desk: Desk) -> None:
    """The office needs to know more, by a push on LINE; the answer puts the case back to work."""
    number = files(resident, f"น้ำไม่ไหลเลยทั้งซอยข้างวัดหมู่บ้านที่ {tag(resident)}")
    stands(stage, desk, number, "assigned")
    mark = stage.mark()
    desk.asks(number, "บ้านเลขที่เท่าไรคะ")
    shown = resident.sees(told("complaint_news.needs_information"), "บ้านเลขที่เท่าไร", why="the question")
    if resident.channel == "line":
        stage.check({message["how"] for message in shown} == {"pushMessage"}, "a question may spend a push")
        stage.check(len(stage.calls("/message/push", mark)) == 1, "one push")
    stands(stage, desk, number, "needs_information")
    resident.taps(told("complaint_news.answer"))
    resident.sees(told("track.ask_words"))
    resident.says("บ้านเลขที่ 12/3 ค่ะ ถามได้ที่ไหนว่าซ่อมเมื่อไร")
    resident.sees(told("track.said"), why="the answer, though it holds a question")
    stands(stage, desk, number, "assigned")
    stage.check("12/3" in desk.page(number), "the officer reads the answer")
    mark = stage.mark()
    desk.writes(number, "ช่างจะเข้าไปพรุ่งนี้เช้า")
    if resident.channel == "line":
        resident.sees_nothing("what staff write spends no push", 0.8)
        stage.check(not stage.calls("/message/push", mark), "no push")
        resident.says("เมนู")
    resident.sees("ช่างจะเข้าไปพรุ่งนี้เช้า", why="what staff wrote")


def reopened(stage: Stage, resident: Resident, desk: Desk) -> None:
    """Said to be done, not fixed: the same case again; done, fixed, rated 2: the office owes itself a task."""
    number = files(resident, f"น้ำประปารั่วเจิ่งถนนหน้าสหกรณ์สาขา {tag(resident)}")
    case = stands(stage, desk, number, "assigned")
    desk.finishes(number, "ซ่อมท่อแล้ว")
    resident.sees(told("complaint_news.resolved"), "ซ่อมท่อแล้ว", FIXED, NOT_FIXED)
    stands(stage, desk, number, "resolved")
    resident.taps(NOT_FIXED)
    resident.sees(told("track.ask_why_not"))
    resident.says("ยังรั่วอยู่ตรงข้อต่อ จะมาซ่อมอีกเมื่อไร")
    resident.sees(told("track.reopened"))
    stands(stage, desk, number, "reopened", id=case.id)
    desk.finishes(number, "เปลี่ยนข้อต่อใหม่แล้ว")
    shown = resident.sees(told("complaint_news.resolved"), "เปลี่ยนข้อต่อ")
    if resident.channel == "line":
        pushed = [message for message in shown if message["how"] == "pushMessage"]
        stage.check(len(pushed) == len(shown), "its end is pushed")
    resident.taps(FIXED)
    resident.sees(told("track.ask_rating"))
    resident.taps(told("track.stars_2"))
    resident.sees(told("track.rated"), told("track.ask_rating_words"))
    resident.says("มาช้าไปหลายวัน")
    resident.sees(told("track.rating_thanks"))
    stands(stage, desk, number, "confirmed", id=case.id)
    query = "SELECT r.stars, r.words, t.id FROM complaint_ratings r LEFT JOIN improvement_tasks t ON t.rating_id = r.id WHERE r.complaint_id = ?"
    found = rows(desk.database, query, case.id)
    stage.check(
        len(found) == 1 and found[0][:2] == (2, "มาช้าไปหลายวัน") and found[0][2], f"the rating: {found}"
    )
    stage.check("มาช้าไปหลายวัน" in desk.tasks(), "the task is on its page")


def withdrawn(stage: Stage, resident: Resident, desk: Desk) -> None:
    """ติดตาม shows the case; it is taken back after a second question."""
    number = files(resident, f"มีคนเผาขยะควันเข้าบ้านหลังโรงงานเลขที่ {tag(resident)}")
    stands(stage, desk, number, "assigned")
    resident.says("ติดตามเรื่อง")
    resident.sees(number[:4], "เผาขยะ", told("track.row_due"), why="the only case is shown at once")
    resident.taps(told("track.withdraw"))
    resident.sees(told("track.ask_withdraw"), number[:4])
    resident.taps(told("track.withdraw_no"))
    resident.sees(number[:4])
    stands(stage, desk, number, "assigned")
    resident.taps(told("track.withdraw"))
    resident.sees(told("track.ask_withdraw"))
    resident.taps(told("track.withdraw_yes"))
    resident.sees(told("track.withdrawn"))
    stands(stage, desk, number, "withdrawn")
    files(resident, f"ท่อน้ำทิ้งตลาดนัดล็อกที่ {tag(resident)} ส่งกลิ่นเหม็นถึงหน้าวัด")
    resident.says("ติดตาม")
    shown = resident.sees(told("track.which"), why="two cases: which one?")
    mine = [label for label in labels_of(shown) if NUMBER.search(label)]
    stage.check(len(mine) == 2, f"both are listed: {labels_of(shown)}")
    resident.taps(mine[-1])
    resident.sees(number[:4])


def stranger(stage: Stage, resident: Resident, desk: Desk) -> None:
    """A number alone shows the state; neither words nor names, and nothing can be done with it."""
    owner = stage.telegram()
    number = files(owner, f"สุนัขเพื่อนบ้านเห่าทั้งคืนหน้าบ้านเลขที่ {tag(resident)}")
    case = stands(stage, desk, number, "assigned")
    resident.says(f"{number[:4]}-{number[4:]}".lower())
    shown = resident.sees(number[:4], told("track.row_filed"), why="a number typed by a stranger")
    stage.check("สุนัขเพื่อนบ้าน" not in said(shown), "a stranger reads no words")
    stage.check(told("track.withdraw") not in labels_of(shown), "a stranger can do nothing")
    wrong = number[:-1] + ("A" if number[-1] != "A" else "C")
    resident.says(wrong)
    shown = said(resident.sees(why="a number with a wrong letter"))
    stage.check("สุนัขเพื่อนบ้าน" not in shown, "a wrong number shows nothing")
    stands(stage, desk, number, "assigned", version=case.version)
