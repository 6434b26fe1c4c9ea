"""Faults on the way out: what is promised of each, seen from the platform's side."""

import time

from tests.acceptance.conversations import PENSION, leaves_question
from tests.acceptance.stage import Console, Resident, Stage, said, told


def once(stage: Stage, resident: Resident, why: str, *, seconds: float = 15) -> None:
    """The answer comes, and comes once."""
    shown = resident.sees(told("answer.source"), seconds=seconds, why=why)
    copies = said(shown).count(told("answer.date"))
    more = resident.fresh(1, 1.0)
    stage.check(not more, f"{resident.channel} {why}: came again: {said(more)[:200]!r}")
    stage.check(copies <= 2, f"{resident.channel} {why}: {copies} copies")  # a Flex card and its altText


def line_replies(stage: Stage) -> None:
    """A reply meets a fault that is over soon: it arrives once, on its token."""
    stage.provoke("reply token unknown, used or expired")
    for kind, fields in (
        ("status", {"status": 500}), ("status", {"status": 429}), ("slow", {"delay": 2.0}),
        ("reset", {}), ("html", {}), ("timeout", {"delay": 6.0}),
    ):  # fmt: skip
        somchai = stage.line()
        stage.emu.call("fault", match="message/reply", kind=kind, times=1, **fields)
        somchai.says(PENSION)
        once(stage, somchai, f"{kind} {fields}")


def line_lost_reply(stage: Stage) -> None:
    """The answer to a reply is lost: no push on top; the person is offered it at the next contact."""
    stage.provoke("reply token unknown, used or expired")
    somchai, mark = stage.line(), stage.mark()
    stage.emu.call("fault", match="message/reply", kind="lost", times=1)
    somchai.says(PENSION)
    once(stage, somchai, "lost reply")
    replies = stage.calls_made("/message/reply", mark, 2)
    stage.check([reply["status"] for reply in replies] == [200, 400], "the same reply is tried once more")
    somchai.sees_nothing("the second try meets a used token")
    stage.check(not stage.calls("/message/push", mark), "an uncertain reply was pushed on top")
    stage.check(len(stage.calls("/message/reply", mark)) == 2, "a third try")
    somchai.says("เมนู")
    somchai.sees(
        told("delivery.uncertain"), told("delivery.show_again"), why="the uncertain message is offered"
    )
    somchai.taps(told("delivery.show_again"))
    somchai.sees(told("answer.source"), why="shown again at the person's wish")
    somchai.says("เมนู")
    stage.check(
        told("delivery.uncertain") not in said(somchai.sees()), "an uncertain message is offered once"
    )


def line_late_reply(stage: Stage) -> None:
    """The token died before anything was sent: a push, as the allowance has room."""
    somchai, mark = stage.line(), stage.mark()
    stage.emu.call("fault", match="message/reply", kind="status", status=429, times=1)
    somchai.says(PENSION)
    time.sleep(0.2)
    stage.emu.call("advance", seconds=70)
    shown = somchai.sees(told("answer.source"), seconds=15, why="a reply whose token died unused")
    stage.check({message["how"] for message in shown} == {"pushMessage"}, "it should have been pushed")
    stage.check(len(stage.calls("/message/push", mark)) == 1, "one push")


def line_pushes(stage: Stage, console: Console) -> None:
    """A staff answer sent now: under one retry key; and the monthly allowance."""
    somchai = stage.line()
    leaves_question(somchai, "อยากทราบว่ารถเมล์สายสีม่วงตอนดึกมีไหม ถามแทนตาอ่ำ")
    number = console.case_about("ถามแทนตาอ่ำ")
    mark = stage.mark()
    stage.emu.call("fault", match="message/push", kind="lost", times=1)
    console.answer(number, "ไม่มีค่ะตาอ่ำ", road="now")
    shown = somchai.sees("ไม่มีค่ะตาอ่ำ", seconds=12)
    somchai.sees_nothing("a lost push is repeated under its key only", 2.5)
    pushes = stage.calls_made("/message/push", mark, 2)
    stage.check([push["status"] for push in pushes] == [200, 409], f"pushes: {[p['status'] for p in pushes]}")
    stage.check(len({push["retry_key"] for push in pushes}) == 1, "another retry key")
    stage.check(len(shown) == 1, "one message")

    somchai = stage.line()
    leaves_question(somchai, "อยากทราบว่ารถเมล์สายสีม่วงวันพระมีไหม ถามแทนยายมา")
    number = console.case_about("ถามแทนยายมา")
    used = stage.emu.call("state")["line_used"]
    stage.emu.call("config", line_quota=used)
    mark = stage.mark()
    console.answer(number, "มีค่ะยายมา", road="now")
    somchai.sees_nothing("the monthly allowance is spent", 3.0)
    stage.check(len(stage.calls("/message/push", mark)) == 1, "a monthly-limit 429 is not retried")
    somchai.says("เมนู")
    shown = somchai.sees("มีค่ะยายมา", why="held until the next contact")
    stage.check({message["how"] for message in shown} == {"reply"}, "free of charge")
    stage.emu.call("config", line_quota=300)


def telegram(stage: Stage) -> None:
    """Telegram: at least once, at most one copy more per doubt; retry_after is obeyed."""
    mali = stage.telegram()
    mali.says("/start")
    mali.fresh(2)
    for kind, fields, copies in (
        ("status", {"status": 500}, 1), ("reset", {}, 1), ("html", {}, 1),
        ("slow", {"delay": 2.0}, 1), ("lost", {}, 2),
    ):  # fmt: skip
        mark = stage.mark()
        stage.emu.call("fault", match="sendMessage", kind=kind, times=1, **fields)
        mali.says("เมนู")
        shown = mali.sees(told("menu.title"), seconds=15, why=f"{kind} {fields}")
        expected = 2 - (kind == "slow")
        stage.calls_made("/sendMessage", mark, expected)
        shown += mali.fresh(1, 0.8)
        count = sum(told("menu.title") in said([message]) for message in shown)
        stage.check(1 <= count <= copies, f"Telegram {kind}: {count} copies, at most {copies}")
        stage.check(len(stage.calls("/sendMessage", mark)) == expected, f"Telegram {kind}: calls")
    mark = stage.mark()
    stage.emu.call("fault", match="sendMessage", kind="status", status=429, retry_after=3, times=1)
    mali.says("เมนู")
    mali.sees(told("menu.title"), seconds=12, why="after 429")
    first, second = (call["t"] for call in stage.calls("/sendMessage", mark))
    stage.check(second - first >= 3, f"retry_after 3 was not obeyed: {second - first:.1f} s")


def in_order(stage: Stage) -> None:
    """Answers to one person keep their order over a fault; others do not wait for them."""
    for resident, match in ((stage.line(), "message/reply"), (stage.telegram(), "sendMessage")):
        stage.emu.call("fault", match=match, kind="reset", times=1)
        resident.says("เมนู")
        resident.says(PENSION)
        shown = resident.fresh(3, 12)  # the notice comes with the first answer
        text = said(shown)
        stage.check(
            told("menu.title") in text
            and told("answer.source") in text
            and text.index(told("menu.title")) < text.index(told("answer.source")),
            f"{resident.channel}: order over a fault: {text[:300]!r}",
        )


def flood(stage: Stage) -> None:
    """Six messages at once to one Telegram chat: the platform's own rate is met, nothing is lost."""
    stage.emu.call("config", tg_chat_burst=3)
    stage.provoke("over (1, 1, 3)")
    mali = stage.telegram()
    mali.says("/start")
    mali.fresh(2)
    for _ in range(6):
        mali.says("เมนู")
    shown = mali.fresh(6, 25)
    stage.check(len(shown) == 6, f"{len(shown)} of 6 answers under Telegram's rate")
    stage.emu.call("config", tg_chat_burst=1000)


def staff_at_desk(stage: Stage, console: Console) -> None:
    """While staff look at the questions, an answer within seconds takes the place of the receipt, free."""
    console.client.get("/admin/inquiries")
    somchai, mark = stage.line(), stage.mark()
    words = "อยากทราบว่ารถเมล์สายสีม่วงเก็บเงินเท่าไร ถามแทนครูแดง"
    somchai.says(words)
    shown = somchai.sees()
    if told("clarify.none") in said(shown):
        somchai.taps(told("clarify.none"))
        somchai.sees()
    somchai.taps(told("unknown.leave"))
    number = console.case_about("ถามแทนครูแดง")
    console.answer(number, "สิบบาทค่ะครูแดง")
    shown = somchai.sees("สิบบาทค่ะครูแดง", why="while staff are at the desk")
    stage.check({message["how"] for message in shown} == {"reply"}, "it travels on the reply token")
    stage.check(not stage.calls("/message/push", mark), "no push")
