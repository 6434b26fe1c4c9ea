"""Complaints as residents tell them on LINE and Telegram; each scene ends with what is stored and what was told."""

import sqlite3
from collections.abc import Callable

from tests.acceptance import cases_followed
from tests.acceptance.complaining import (
    IN_WORDS,
    SEND,
    WHERE,
    gathers,
    only_case,
    photographs,
    picture,
    points,
    receipt,
    refused,
    stands,
    tag,
    tells,
)
from tests.acceptance.conversations import PENSION
from tests.acceptance.desk import Desk, cases_with, comes_to_hold, rows
from tests.acceptance.stage import Resident, Stage, labels_of, said, told

# What reads like a problem, with its place: for each channel other words, so that no case resembles another.
TOLD = {
    "line": "ไฟทางหน้าศาลาริมคลองตะเคียนดับมาสามคืนแล้ว",
    "tg": "ถังขยะข้างโรงเรียนบ้านดอนกลางล้นส่งกลิ่นเหม็นมาก",
}


def text_only(stage: Stage, resident: Resident, desk: Desk) -> None:
    """Words, the place in words, a look, the number: four turns."""
    words = TOLD[resident.channel]
    shown = tells(resident, words)[1:]
    labels = labels_of(shown)
    stage.check(told("dialog.cancel") in labels, f"a way out: {labels}")
    if resident.channel == "line":
        stage.check('"type": "location"' in str(shown).replace("'", '"'), "a tap sends the pin")
    resident.says("ฝั่งตรงข้ามร้านค้า หมู่ ๔")
    shown = resident.sees(told("report.check"), words, "ฝั่งตรงข้ามร้านค้า", told("report.no_name"))
    stage.check(labels_of(shown)[0] == SEND, f"sending comes first: {labels_of(shown)}")
    stage.check(not cases_with(desk.database, words), "nothing is filed before the person says so")
    resident.taps(SEND)
    number = receipt(resident)
    source = "line" if resident.channel == "line" else "telegram"
    case = stands(stage, desk, number, "assigned", text=words, source=source, reporter_name=None)
    stage.check(case.address == "ฝั่งตรงข้ามร้านค้า หมู่ ๔", f"the place: {case.address!r}")


def photo_first(stage: Stage, resident: Resident, desk: Desk) -> None:
    """A photo begins it; one more comes in the middle, one after it."""
    words = "กิ่งต้นก้ามปูหักขวางทางเดินแถวปากทางเข้าบ้านสวน" if resident.channel == "line" else (
        "ฝาท่อระบายน้ำแตกหน้าตลาดสดเช้าคนเดินตกได้"
    )  # fmt: skip
    photographs(resident)
    gathers(resident, told("report.photo_kept"), told("report.ask_what"), *refused(resident))
    tells(resident, words)
    photographs(resident)
    gathers(resident, told("report.photo_kept"), WHERE, *refused(resident))
    resident.taps(IN_WORDS)
    shown = said(resident.sees(told("report.check"), words))
    if resident.channel == "line":
        stage.check("2 รูป" in shown, f"both photos are in the summary: {shown!r}")
    resident.taps(SEND)
    number = receipt(resident)
    photographs(resident)
    gathers(resident, told("track.photo_added"), *refused(resident))
    case = stands(stage, desk, number, "assigned")
    if resident.channel == "line":
        query, count = "SELECT count(*) FROM complaint_photos WHERE complaint_id = ?", 3
    else:  # what was refused before it was filed belongs to no case
        query, count = "SELECT count(*) FROM complaint_photo_arrivals WHERE complaint_id = ?", 1
    stage.check(
        comes_to_hold(lambda: rows(desk.database, query, case.id) == [(count,)]),
        f"{rows(desk.database, query, case.id)} photos, not {count}",
    )


def location_first(stage: Stage, resident: Resident, desk: Desk) -> None:
    """A pin begins it."""
    words = "น้ำประปาไม่ไหลมาสองวันแล้ว" if resident.channel == "line" else "หมาจรจัดหลายตัวคุ้ยขยะหอนทั้งคืนแถวนี้"
    latitude = 14.111 if resident.channel == "line" else 14.222
    points(resident, latitude, 100.111)
    resident.sees(told("report.ask_what"), why="what is there?")
    resident.says(words)
    resident.sees(told("report.check"), told("report.pin"))
    resident.taps(SEND)
    stands(stage, desk, receipt(resident), "assigned", latitude=latitude, text=words)


def interrupted(stage: Stage, resident: Resident, desk: Desk) -> None:
    """A question, a process that dies, and a look at the menu do not lose what was told; a cancel ends it."""
    what = "ถนนลูกรังเป็นหลุมลึกแถวสวนยาง" if resident.channel == "line" else "ไหล่ทางทรุดเป็นโพรงข้างคลองส่งน้ำ"
    words = f"{what} {tag(resident)}"
    tells(resident, words)
    resident.says(PENSION)
    shown = resident.sees(*(told("answer.source"), told("dialog.resume"), WHERE), why="a question between")
    stage.check(
        told("report.skip_place") in labels_of(shown) or IN_WORDS in labels_of(shown), "the taps are there"
    )
    stage.product.kill()
    stage.product.start()
    stage.product.wait_ready()
    resident.says("หน้าสวนยาง หมู่ 6")
    resident.sees(told("report.check"), words, "หน้าสวนยาง", why="after the process died")
    resident.says("มีคนรถล้มบาดเจ็บแล้วด้วย")
    resident.sees(
        "1669", told("report.check"), "รถล้มบาดเจ็บแล้วด้วย", why="an emergency is part of the telling too"
    )
    resident.taps(SEND)
    number = receipt(resident)
    stands(stage, desk, number, "assigned", text=f"{words}\nมีคนรถล้มบาดเจ็บแล้วด้วย")

    other = f"ป้ายบอกทางล้มขวางถนนสายไร่อ้อยเส้นที่ {tag(resident)}"
    tells(resident, other)
    resident.says("ยกเลิกค่ะ")
    resident.sees(told("dialog.cancelled"))
    stage.check(not cases_with(desk.database, other), "what was cancelled is not filed")
    resident.says("เมนู")
    resident.sees(told("menu.title"))


def redelivered(stage: Stage, resident: Resident, desk: Desk) -> None:
    """Every event of the telling comes twice: one case, one receipt."""
    words = "ร้านคาราโอเกะเปิดเพลงเสียงดังดึกดื่น" if resident.channel == "line" else "โรงสีปล่อยฝุ่นแกลบเข้าบ้านคนทั้งซอย"
    again = _line_again if resident.channel == "line" else _telegram_again
    event = tells(resident, words)[0]
    again(stage, event)
    resident.sees_nothing("the telling was redelivered", 0.8)
    resident.says("หมู่ 5 ซอยสุดท้าย")
    resident.sees(told("report.check"))
    event = resident.taps(SEND)
    receipt(resident)
    again(stage, event)
    resident.sees_nothing("the sending was redelivered", 0.8)
    only_case(stage, desk, words)
    resident.taps(SEND)  # and the button itself, tapped once more
    resident.sees(why="an old button is answered")
    only_case(stage, desk, words)


def _line_again(stage: Stage, event: dict[str, object]) -> None:
    events = event["events"]
    assert isinstance(events, list)
    stage.emu.call("line_redeliver", ids=[one["webhookEventId"] for one in events])


def _telegram_again(stage: Stage, event: dict[str, object]) -> None:
    update = event["update"]
    assert isinstance(update, dict)
    stage.emu.call("tg_redeliver", update_id=update["update_id"])


def run_out(stage: Stage, resident: Resident, desk: Desk) -> None:
    """A telling that nobody finishes files nothing, is said to be unsent, and is gone on with by one tap."""
    words = f"ราวสะพานไม้พังข้างบ้านสวนแปลงที่ {tag(resident)}"
    tells(resident, words)
    with sqlite3.connect(desk.database, timeout=10) as connection:
        connection.execute(
            "UPDATE conversations SET dialog_expires_at = '2020-01-01 00:00:00.000000' WHERE dialog_expires_at IS NOT NULL"
        )
    if resident.channel == "tg":
        resident.sees(told("report.put_aside"), seconds=75, why="an abandoned telling")
    else:
        query = "SELECT count(*) FROM conversations WHERE dialog_expires_at IS NOT NULL"
        stage.check(
            comes_to_hold(lambda: rows(desk.database, query)[0][0] == 0, 75), "abandoned tellings end"
        )
        resident.says("สวัสดีค่ะ")
        resident.sees(told("report.put_aside"), why="an abandoned telling, with the next reply")
    stage.check(not cases_with(desk.database, words), "nothing half-filed")
    resident.taps(told("report.go_on"))
    resident.sees(WHERE, why="the telling goes on")
    resident.says("ยกเลิก")
    resident.sees(told("dialog.cancelled"))


def caption(stage: Stage, resident: Resident, desk: Desk) -> None:
    """Telegram: a photo with its words is the first turn."""
    words = "เสาไฟฟ้าเอนจะล้มใส่บ้านป้าสายหยุดแล้วค่ะ"
    photographs(resident, caption=words)
    gathers(resident, told("report.photo_kept"), WHERE, *refused(resident))
    resident.says("ซอยบ้านป้าสายหยุด หมู่ 2")
    resident.sees(told("report.check"), words)
    resident.taps(SEND)
    stands(stage, desk, receipt(resident), "assigned", text=words)


def album(stage: Stage, resident: Resident, desk: Desk) -> None:
    """Three photos sent at once are answered once."""
    if resident.channel == "line":
        events = [
            {"type": "image", "user": resident.address, "data": picture(),
             "imageSet": {"id": "S1", "index": index, "total": 3}}
            for index in (1, 2, 3)
        ]  # fmt: skip
        stage.emu.call("line", events=events)
    else:
        for _ in range(3):
            resident.does("photo", media_group_id=f"g{resident.address}")
    shown = said(resident.fresh(6, 2.5))
    stage.check(shown.count(told("report.photo_kept")) == 1, f"an album is answered once: {shown!r}")
    resident.says("เมนู")
    resident.sees(told("menu.title"))
    if resident.channel == "line":
        query = "SELECT count(*) FROM complaint_photos p JOIN contacts c ON c.id = p.contact_id WHERE c.address = ?"
        stage.check(
            comes_to_hold(lambda: rows(desk.database, query, resident.address)[0][0] == 3),
            "all three are kept",
        )


def scenes(stage: Stage, desk: Callable[[], Desk]) -> list[tuple[str, Callable[[], None]]]:
    """Every scene with its name, in the order of playing; each has residents of its own."""
    both = (
        text_only, photo_first, location_first, redelivered, interrupted, album, run_out,
        cases_followed.office_asks, cases_followed.reopened,
        cases_followed.withdrawn, cases_followed.stranger,
    )  # fmt: skip
    played: list[tuple[str, Callable[[], None]]] = []
    for new, channel in ((stage.line, "line"), (stage.telegram, "tg")):
        for scene in both:
            name = f"{channel} complaint: {scene.__name__.replace('_', ' ')}"
            played.append((name, lambda scene=scene, new=new: scene(stage, new(), desk())))
    played.append(("tg complaint: caption", lambda: caption(stage, stage.telegram(), desk())))
    played.append(("two join a complaint", lambda: cases_followed.two_join(stage, desk())))
    return played
