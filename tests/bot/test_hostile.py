"""What somebody sends who means ill: forged buttons, and texts made to keep the machine busy."""

import time

import pytest

from bot.commands import read_command
from eservice.inquiries.models import Inquiry
from eservice.messaging.models import ChannelName, Direction, Message
from knowledge.thai import normalise
from tests.chat import Village

LONG = 100_000


@pytest.mark.parametrize(
    "text",
    ["x" + " " * LONG + "x", "ค่ะ" * (LONG // 3) + "x", "x" + " \t" * (LONG // 2) + "x", "\u0e4d\u0e48" * (LONG // 2)],
    ids=["blanks", "particles", "tabs", "marks"],
)  # fmt: skip
def test_no_text_keeps_the_machine_busy(text: str) -> None:
    began = time.process_time()
    read_command(text)
    normalise(text)
    assert time.process_time() - began < 2  # quadratic time would be minutes


def test_a_polite_command_is_still_one() -> None:
    assert read_command("  ยกเลิก ค่ะคะ ") == "cancel"


def test_a_forged_button_cannot_leave_our_own_words_with_the_office(village: Village) -> None:
    somchai = village.resident(ChannelName.WEB)
    somchai.follows()
    somchai.says("ขอถามเรื่องที่ไม่มีใครรู้จักสักเรื่อง")
    ours, theirs = (
        next(m.id for m in village.rows(Message) if m.direction is direction)
        for direction in (Direction.OUT, Direction.IN)
    )
    for message_id in (ours, theirs):
        somchai._web(ref=f"forged{message_id}", action=f"leave:{message_id}:q")
    village.work()
    assert [inquiry.question_id for inquiry in village.rows(Inquiry)] == [theirs]


@pytest.mark.parametrize(
    "action", ["leave:{0}:q", "pick:1:1", "up:1", "none:1", "again:1", "phone:1", "more:1", "settled:1"]
)
def test_nobody_reaches_what_belongs_to_another(village: Village, action: str) -> None:
    somchai, malee = village.resident(ChannelName.WEB), village.resident(ChannelName.WEB)
    somchai.says("ความลับของสมชายเรื่องที่ไม่มีใครรู้จัก")
    theirs = next(m.id for m in village.rows(Message) if m.direction is Direction.IN)
    somchai._web(ref="left", action=f"leave:{theirs}:q")
    malee._web(ref="forged", action=action.format(theirs))
    village.work()
    assert "ความลับ" not in malee.sees()
    (inquiry,) = village.rows(Inquiry)
    assert inquiry.state.value == "waiting"
