"""Intake loses nothing and does nothing twice: redelivery, order, batches, faults, groups, taking back."""

import json
from datetime import timedelta

import pytest

from bot.channels.line.routes import raw_events
from bot.inbound import RawEvent
from eservice.inquiries.models import Inquiry
from eservice.messaging import inbox
from eservice.messaging.models import (
    ChannelName,
    Contact,
    EventState,
    InboundEvent,
    Message,
    Reachability,
)
from tests.chat import Resident, Village, parked


def webhook(*events: dict[str, object]) -> list[RawEvent]:
    """One LINE webhook of several events."""
    return raw_events(json.dumps({"destination": "U", "events": events}).encode()) or []


def says(resident: Resident, text: str) -> dict[str, object]:
    return resident.line_event("message", message={"id": f"m-{text}", "type": "text", "text": text})


def test_a_redelivered_event_is_answered_once(village: Village) -> None:
    somchai = village.resident()
    event = says(somchai, "เมนู")
    village.receive(webhook(event))
    village.work()
    village.receive(webhook({**event, "deliveryContext": {"isRedelivery": True}}))
    village.work()
    assert len(village.line.calls) == 1
    assert len(village.rows(InboundEvent)) == 1


def test_a_redelivery_that_arrives_before_the_work_changes_nothing(village: Village) -> None:
    somchai = village.resident()
    event = says(somchai, "เมนู")
    village.receive(webhook(event, event))
    village.receive(webhook(event))
    village.work()
    assert len(village.line.calls) == 1


def test_a_batch_of_several_people_is_answered_to_each(village: Village) -> None:
    somchai, mali = village.resident(), village.resident()
    village.receive(webhook(says(somchai, "เมนู"), says(mali, "เมนู")))
    village.work()
    somchai.sees("วันนี้ให้ช่วยเรื่องอะไร")
    mali.sees("วันนี้ให้ช่วยเรื่องอะไร")


def test_events_of_one_conversation_are_worked_on_in_the_order_they_happened(village: Village) -> None:
    somchai = village.resident()
    first, second = says(somchai, "หนึ่ง"), says(somchai, "สอง")
    village.receive(webhook(second, first))
    village.work()
    assert [m.text for m in village.rows(Message) if m.direction.value == "in"] == ["หนึ่ง", "สอง"]


def test_the_payload_is_emptied_once_the_message_is_recorded(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ข้อความส่วนตัวของฉัน")
    (event,) = village.rows(InboundEvent)
    assert event.state is EventState.DONE
    assert event.payload == ""


def test_an_event_that_keeps_failing_is_set_aside_and_the_talk_goes_on(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    somchai, mali = village.resident(), village.resident()
    parse = village.intake._parsers[ChannelName.LINE]  # the seam where a fault can be put

    def failing(payload: str):
        if "พัง" in json.loads(payload).get("message", {}).get("text", ""):
            raise RuntimeError("secret words of the resident")
        return parse(payload)

    monkeypatch.setitem(village.intake._parsers, ChannelName.LINE, failing)
    village.receive(webhook(says(somchai, "พัง"), says(somchai, "เมนู"), says(mali, "เมนู")))
    village.work()
    mali.sees("วันนี้ให้ช่วยเรื่องอะไร")
    for _ in range(inbox.MAX_ATTEMPTS):
        village.clock.advance(seconds=10)
        village.work()
    (event,) = parked(village)
    assert event.reason == f"RuntimeError at test_intake.py:{failing.__code__.co_firstlineno + 2}"
    somchai.sees("วันนี้ให้ช่วยเรื่องอะไร")


def test_a_parked_event_can_be_tried_again(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    somchai = village.resident()
    good = village.intake._parsers[ChannelName.LINE]
    monkeypatch.setitem(village.intake._parsers, ChannelName.LINE, lambda payload: 1 / 0)
    village.receive(webhook(says(somchai, "เมนู")))
    for _ in range(inbox.MAX_ATTEMPTS):
        village.work()
        village.clock.advance(seconds=10)
    (event,) = parked(village)
    monkeypatch.setitem(village.intake._parsers, ChannelName.LINE, good)
    with village.database.unit_of_work() as uow:
        assert inbox.retry_parked(uow, event.id)
    village.work()
    somchai.sees("วันนี้ให้ช่วยเรื่องอะไร")


def test_a_fault_in_the_middle_of_the_work_leaves_nothing_half_done_and_is_apologised_for(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    somchai = village.resident()
    somchai.says("เมนู")
    somchai.sees()
    monkeypatch.setattr(village.faq, "decide", lambda *arguments: 1 / 0)
    village.receive(webhook(says(somchai, "ภาษีป้ายคิดอย่างไร")))
    for _ in range(inbox.MAX_ATTEMPTS):
        village.work()
        village.clock.advance(seconds=10)
    somchai.sees("ขอโทษค่ะ ระบบสะดุด")
    assert [m.text for m in village.rows(Message) if m.direction.value == "in"] == ["เมนู"]
    assert "ภาษีป้าย" not in (parked(village)[0].reason or "")


def test_taking_a_message_back_erases_its_words_everywhere(village: Village) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.taps("คุยกับเจ้าหน้าที่")
    ref = somchai.says("เรื่องของนายลับสุดยอด")
    somchai.taps("ข้าม ตอบในแชต")
    somchai.does("unsend", reply=False, unsend={"messageId": ref})
    for table in (Message, InboundEvent, Inquiry):
        for row in village.rows(table):
            assert "ลับสุดยอด" not in str({k: v for k, v in vars(row).items() if not k.startswith("_")})
    assert village.rows(Inquiry), "the question stays, without its words"


def test_a_message_taken_back_while_it_is_set_aside_is_erased_too(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    somchai = village.resident()
    monkeypatch.setattr(village.faq, "decide", lambda *arguments: 1 / 0)
    ref = somchai.says("เลขบัตรของฉันคือความลับ")
    for _ in range(inbox.MAX_ATTEMPTS):
        village.clock.advance(seconds=10)
        village.work()
    assert parked(village)
    somchai.does("unsend", reply=False, unsend={"messageId": ref})
    assert not parked(village)
    assert all("ความลับ" not in event.payload for event in village.rows(InboundEvent))


def test_in_groups_the_bot_speaks_only_when_addressed_and_keeps_nothing_else(village: Village) -> None:
    group = village.resident()
    group.group = "C" + "1" * 32
    group.says("เบี้ยคนแก่ไปลงที่ไหน")
    assert village.rows(Message) == []
    group.says("เพื่อนบ้าน เมนู")
    group.sees("วันนี้ให้ช่วยเรื่องอะไร")
    assert village.line.calls[0][1].address == group.group


def test_unfollow_is_remembered_and_follow_brings_back(village: Village) -> None:
    somchai = village.resident()
    somchai.follows()
    somchai.sees()
    somchai.does("unfollow", reply=False)
    assert somchai.contact().reachability is Reachability.BLOCKED
    somchai.sees_nothing()
    somchai.does("follow", follow={"isUnblocked": True})
    assert somchai.contact().reachability is Reachability.ACTIVE
    somchai.sees("ยินดีช่วย")


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ({"type": "sticker", "packageId": "1", "stickerId": "2"}, "สติกเกอร์"),
        ({"type": "image", "contentProvider": {"type": "line"}}, "ได้รับรูปแล้ว"),
        ({"type": "audio", "contentProvider": {"type": "line"}}, "ฟังเสียงไม่ได้"),
        ({"type": "file", "fileName": "a.pdf", "fileSize": 10}, "เปิดไฟล์"),
        ({"type": "location", "latitude": 15.0, "longitude": 100.0}, "จะแจ้งเรื่องอะไร"),
        ({"type": "hologram"}, "ยังอ่านไม่ได้"),
    ],
)
def test_whatever_people_send_gets_a_sensible_word(
    village: Village, message: dict[str, object], answer: str
) -> None:
    somchai = village.resident()
    somchai.does("message", message={"id": "9", **message})
    somchai.sees(answer)


@pytest.mark.parametrize("kind", ["memberJoined", "videoPlayComplete", "membership", "newfangled"])
def test_events_without_a_conversation_are_done_without_a_fault(village: Village, kind: str) -> None:
    somchai = village.resident()
    somchai.does(kind)
    assert {event.state for event in village.rows(InboundEvent)} == {EventState.DONE}


def test_a_failed_account_link_is_explained(village: Village) -> None:
    somchai = village.resident()
    somchai.does("accountLink", link={"result": "ok", "nonce": "n" * 20})
    somchai.sees("ยังผูกบัญชีไม่ได้")


def test_telegram_edits_captions_callbacks_and_blocking_are_understood(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    mali.sees("ยินดีช่วย")
    ref = mali.says("ขอใบรับรองความประพฤติได้ที่ไหน")
    mali.taps("ฝากเจ้าหน้าที่ตอบ")
    mali.sees("รับเรื่องแล้ว")
    mali.sends_update(edited_message=mali._message(ref, text="ขอใบรับรองความประพฤติด่วน", edit_date=1))
    mali.sees("แก้ข้อความในเรื่องที่ฝากไว้")
    assert any(m.text == "ขอใบรับรองความประพฤติด่วน" and m.edited_at for m in village.rows(Message))
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    mali.sends_update(message=mali._message("9001", photo=photo, caption="เมนู"))
    mali.sees("วันนี้ให้ช่วยเรื่องอะไร")
    member = {"user": {"id": 100001, "is_bot": True, "first_name": "b"}, "status": "kicked"}
    mali.sends_update(
        my_chat_member={
            "chat": mali._chat(),
            "from": mali._person(),
            "date": 1,
            "old_chat_member": {**member, "status": "member"},
            "new_chat_member": {**member, "until_date": 0},
        }
    )
    assert mali.contact().reachability is Reachability.BLOCKED


def test_telegram_start_with_a_deep_link_opens_that_answer(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.says("/start faq-sign-tax")
    mali.sees("คำตอบเรื่องภาษีป้าย")


def test_done_events_are_forgotten_after_a_month(village: Village) -> None:
    somchai = village.resident()
    somchai.says("เมนู")
    village.clock.advance(days=31)
    with village.database.unit_of_work() as uow:
        assert inbox.forget_done(uow) == 1
    assert village.rows(Contact)
    assert timedelta(days=inbox.KEEP_DONE_DAYS) > timedelta(days=1)
