"""What residents meet in a conversation, the same on LINE and Telegram unless a scene says otherwise."""

import sqlite3
import time
from pathlib import Path

from tests.acceptance.stage import Console, Resident, Stage, labels_of, said, told

PENSION = "เบี้ยผู้สูงอายุต้องไปลงที่ไหน"
UNSURE = "ภาษี"
NONE = told("clarify.none")
LEAVE = told("unknown.leave")
STAFF = told("menu.staff.short")
PROOF = (told("answer.source"), told("answer.department"), told("answer.date"))


def leaves_question(resident: Resident, words: str) -> None:
    """Asks what nobody has an answer to, and leaves it with the office."""
    resident.says(words)
    labels = labels_of(resident.sees())
    if NONE in labels:
        resident.taps(NONE)
        labels = labels_of(resident.sees())
    label = next((label for label in labels if label.startswith("ฝาก")), None)
    resident.stage.check(label, f"{words!r} cannot be left with the office: {labels}")
    resident.taps(label or LEAVE)
    resident.sees(told("leave.receipt"), why="the receipt")


def welcome_and_questions(stage: Stage, resident: Resident) -> None:
    """Welcome with menu and notice, an answer with its proof, feedback, an unsure question, small talk."""
    if resident.channel == "line":
        resident.does("follow")
    else:
        resident.says("/start")
    shown = resident.sees(told("welcome.title"), told("notice.text"), why="welcome")
    stage.check(
        {told("menu.ask.short"), STAFF} <= set(labels_of(shown)),
        f"no menu under the welcome: {labels_of(shown)}",
    )
    resident.says(PENSION)
    shown = resident.sees(*PROOF, why="a sure answer")
    stage.check(told("notice.text") not in said(shown), "the privacy notice is said twice")
    resident.taps(told("answer.helpful"))
    resident.sees(told("answer.thanks_helpful"))
    resident.says(UNSURE)
    resident.sees(told("clarify.prompt"), NONE)
    resident.taps(NONE)
    resident.sees(LEAVE, why="none of these")
    resident.says(UNSURE)
    labels = labels_of(resident.sees(told("clarify.prompt")))
    stage.check(labels and labels[-1] == NONE, f"an unsure question offers candidates: {labels}")
    resident.taps(labels[0])
    resident.sees(told("answer.source"), why="the candidate that was picked")
    resident.taps(told("answer.unhelpful"))
    resident.sees(LEAVE)
    resident.says("สวัสดีค่ะ")
    resident.sees(told("talk_small.greeting"), STAFF)
    resident.says("ขอบคุณค่ะ")
    resident.sees(told("talk_small.thanks"))
    resident.says("ทำอะไรได้บ้าง")
    resident.sees(told("talk_small.capability"))


def staff_answer(stage: Stage, resident: Resident, console: Console) -> None:
    """An unknown question goes to the staff; the answer comes back on the asker's own road, free."""
    words = f"อยากทราบว่ารถเมล์สายสีม่วงคันที่ {resident.address} จอดหน้าวัดกี่โมง"
    leaves_question(resident, words)
    number = console.case_about(words[-40:])
    answer = f"รถสายนั้นเลิกวิ่งแล้วค่ะ ({resident.address})"
    console.answer(number, answer)
    if resident.channel == "line":
        resident.sees_nothing("an answer without a free road waits for the next contact")
        resident.says("สวัสดีค่ะ")
        shown = resident.sees(answer, why="the held answer")
        stage.check(all(message["how"] == "reply" for message in shown), "the held answer cost a push")
        first = said(shown[:1])
        stage.check(answer in first, "what waited comes before the new reply")
    else:
        labels = labels_of(resident.sees(answer, why="the staff answer"))
        stage.check(len(labels) == 2, f"ask more, or settled: {labels}")
        resident.taps(labels[0])
        resident.sees(told("inquiry.ask_more"))
        resident.taps(told("talk.end"))
        resident.sees(told("talk.ended"))


def talk_to_staff(stage: Stage, resident: Resident, console: Console) -> None:
    """The dialog: cancel, back, menu, a question in its middle; then staff own the conversation."""
    resident.says("เมนู")
    resident.sees(STAFF)
    resident.taps(STAFF)
    resident.sees(told("talk.ask_question"))
    resident.says("ยกเลิก")
    resident.sees(told("dialog.cancelled"))
    resident.says("ย้อนกลับ")
    resident.sees(told("dialog.nothing_to_go_back"))
    resident.says("/staff" if resident.channel == "tg" else "ขอคุยกับเจ้าหน้าที่")
    resident.sees(told("talk.ask_question"))
    story = f"น้ำท่วมหน้าบ้านเลขที่ {resident.address} มาสามวัน"
    resident.says(story)
    resident.sees(told("talk.ask_phone"))
    resident.says("ย้อนกลับ")
    resident.sees(told("talk.ask_question"))
    resident.says("เมนู")
    resident.sees(told("menu.title"))
    resident.taps(STAFF)
    resident.sees(told("talk.ask_question"))
    resident.says(story)
    resident.sees(told("talk.ask_phone"))
    resident.says("12345")
    resident.sees(told("talk.phone_wrong"))
    resident.says(PENSION)
    resident.sees(
        told("answer.source"),
        told("dialog.resume"),
        told("talk.ask_phone"),
        why="a question inside the dialog",
    )
    resident.says("ไฟไหม้บ้าน")
    resident.sees("199", told("talk.ask_phone"), why="an emergency inside the dialog")
    resident.taps(told("talk.skip_phone"))
    resident.sees(told("leave.receipt"))
    resident.says("เพิ่มเติมค่ะ น้ำสูงถึงเข่า")
    resident.sees(told("talk.kept"))
    resident.says("มีคนจมน้ำ")
    resident.sees("1669", why="an emergency while staff own the conversation")
    number = console.case_about(story)
    stage.check("น้ำสูงถึงเข่า" in console.case(number), "what was said later is not in the case")
    resident.does("image" if resident.channel == "line" else "photo")
    resident.sees(told("talk.media_kept"))
    resident.says("ยกเลิก")
    resident.sees(told("talk.ended"))


def things_that_are_not_words(stage: Stage, resident: Resident) -> None:
    """Stickers, pictures, places, files: each has an answer."""
    if resident.channel == "line":
        for kind, words in (
            ("sticker", told("media.sticker")), ("image", told("report.photo_kept")), ("location", told("report.ask_what")),
            ("file", told("media.other")), ("video", told("media.other")), ("audio", told("media.other")),
        ):  # fmt: skip
            resident.does(kind)
            resident.sees(words, why=kind)
        resident.does("accountLink", link={"result": "ok", "nonce": "n" * 20})
        resident.sees(told("linked.not_available"))
        resident.does("videoPlayComplete", videoPlayComplete={"trackingId": "t"})
        resident.sees_nothing("the end of a video says nothing to us", 0.6)
        resident.does("somethingNew2027", something={"a": 1})
        resident.sees(told("media.unsupported"), why="an unknown kind of event")
        return
    for kind, words in (
        ("photo", told("report.photo_kept")), ("document", told("media.other")), ("location", told("report.ask_what")),
        ("contact", told("media.contact")),
    ):  # fmt: skip
        resident.does(kind)
        resident.sees(words, why=kind)
    resident.says("ยกเลิก")
    resident.sees(told("dialog.cancelled"), why="a photo and a pin begin a complaint")
    resident.does("photo", caption=PENSION)
    resident.sees(*PROOF, why="a caption is a question")
    for kind in ("sticker", "voice", "video"):
        resident.does("text", text="", **{kind: {"file_id": "f", "file_unique_id": "u"}})
        resident.sees(told("media.sticker") if kind == "sticker" else told("media.other"), why=kind)


def emergencies(stage: Stage, resident: Resident) -> None:
    """The right numbers at once."""
    for words, number in (
        ("ไฟไหม้บ้านข้างๆ ช่วยด้วย", "199"), ("รถชนกันมีคนเจ็บ", "1669"), ("โดนขโมยขึ้นบ้าน", "191"),
        ("ไม่อยากอยู่แล้ว อยากตาย", "1323"), ("สายไฟขาดตกพื้น", "1129"),
    ):  # fmt: skip
        resident.says(words)
        resident.sees(number, why=words)


def groups(stage: Stage) -> None:
    """In groups the bot speaks only when it is addressed."""
    somchai, group = stage.line(), stage.line_group()
    stage.emu.call("line", type="join", group=group)
    there = somchai.in_group(group)
    there.sees(told("welcome.group"), why="how to address us in a group")
    there.says("วันนี้แกงส้มอร่อยมาก")
    there.says(PENSION)
    there.does("sticker")
    there.sees_nothing("nobody addressed us in the group")
    there.says(f"เพื่อนบ้าน {PENSION}")
    there.sees(told("answer.source"), why="called by name")
    there.says(f"@เพื่อนบ้าน {PENSION}", mention={"mentionees": [
        {"index": 0, "length": 11, "type": "user", "userId": "U" + "b" * 32, "isSelf": True}]})  # fmt: skip
    there.sees(told("answer.source"), why="mentioned")
    stage.emu.call("line", type="memberJoined", group=group, joined={"members": []})
    stage.emu.call("line", type="leave", group=group)
    there.sees_nothing("nothing is said to a group that we left", 0.6)

    mali, chat = stage.telegram(), stage.telegram_group()
    here = mali.in_group(chat)
    who = {"id": 100001, "is_bot": True, "first_name": "Emulator", "username": "emulator_bot"}
    update = {
        "chat": {"id": chat, "type": "supergroup", "title": "กลุ่มชุมชน"},
        "from": {"id": mali.address, "is_bot": False, "first_name": "ประชาชน"},
        "date": int(time.time()),
        "old_chat_member": {"user": who, "status": "left"},
        "new_chat_member": {"user": who, "status": "member"},
    }
    here.does("my_chat_member", **update)
    here.sees(told("welcome.group"), why="how to address us in a group")
    here.says("เย็นนี้เตะบอลไหม")
    here.says(PENSION)
    here.sees_nothing("nobody addressed us in the group")
    here.says(f"@emulator_bot {PENSION}")
    here.sees(told("answer.source"), why="mentioned")
    here.says("/menu@emulator_bot")
    here.sees(told("menu.title"))
    here.taps(told("menu.ask.short"))
    here.sees(told("ask.prompt"))
    here.says("/menu@another_bot")
    here.sees_nothing("a command for another bot", 0.8)


def coming_and_going(stage: Stage, console: Console) -> None:
    """Whoever blocked us is not written to, and hears what waited when they are back."""
    somchai = stage.line()
    leaves_question(somchai, "อยากทราบว่ารถเมล์สายสีม่วงวันหยุดวิ่งถึงกี่โมง ถามแทนลุงช้าง")
    number = console.case_about("ถามแทนลุงช้าง")
    somchai.does("unfollow")
    console.answer(number, "ถึงสองทุ่มค่ะลุงช้าง")
    somchai.sees_nothing("somebody who blocked us is not written to", 1.0)
    somchai.does("follow")
    somchai.sees("ถึงสองทุ่มค่ะลุงช้าง", told("welcome.title"), why="back again")
    mali = stage.telegram()
    leaves_question(mali, "อยากทราบว่ารถเมล์สายสีม่วงวันหยุดวิ่งถึงกี่โมง ถามแทนป้านก")
    number = console.case_about("ถามแทนป้านก")
    mali.does("blocked")
    console.answer(number, "ถึงสองทุ่มค่ะป้านก")
    mali.sees_nothing("somebody who blocked us is not written to", 1.0)
    mali.does("unblocked")
    mali.sees("ถึงสองทุ่มค่ะป้านก", why="back again")


def taken_back(stage: Stage, database: Path) -> None:
    """An unsent message is erased everywhere it was stored; an edited one is answered anew."""
    somchai = stage.line()
    canary = "นกแก้วสีม่วงเลขที่เก้าแสน"
    sent = somchai.says(f"ขอคุยเรื่อง {canary} หน่อย")
    somchai.fresh()
    stage.check(stored(database, canary), "the canary should be stored before it is taken back")
    somchai.does("unsend", messageId=sent["events"][0]["message"]["id"])
    end = time.monotonic() + 5
    while stored(database, canary) and time.monotonic() < end:
        time.sleep(0.2)
    stage.check(not stored(database, canary), f"taken back, but still in {stored(database, canary)}")
    somchai.sees_nothing("taking back needs no answer", 0.5)


def stored(database: Path, words: str) -> list[str]:
    """The tables and columns that hold these words."""
    found: list[str] = []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for column in [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]:
                query = f'SELECT count(*) FROM "{table}" WHERE CAST("{column}" AS TEXT) LIKE ?'
                if connection.execute(query, [f"%{words}%"]).fetchone()[0]:
                    found.append(f"{table}.{column}")
    return found
