"""Sending: roads, faults, doubt, waiting, quota. The figures are the platforms' own rules."""

import uuid

import pytest

from bot.channel import (
    Accepted,
    Doubt,
    Gone,
    Outcome,
    QuotaSpent,
    Refused,
    ReplyTokenDead,
    TryAgain,
    Unreachable,
)
from bot.delivery import backoff_seconds
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry, InquiryState
from eservice.messaging import attempts, channels, conversations, deliveries, delivery_queries
from eservice.messaging.content import Bundle, Sender, Text, say
from eservice.messaging.models import (
    ChannelName,
    ContactKind,
    Delivery,
    DeliveryClass,
    DeliveryState,
    Reachability,
)
from eservice.staff.models import StaffAccount
from tests.chat import Resident, Village

LOST = TryAgain(reason="read timed out", doubt=Doubt.MAYBE_SENT)
NOT_SENT = TryAgain(reason="no connection", doubt=Doubt.NOT_SENT)


def delivery_of(resident: Resident) -> Delivery:
    return resident.deliveries()[-1]


def staff_answers(village: Village, resident: Resident, text: str, *, push_now: bool = False) -> Delivery:
    """A clerk answers the resident's newest question."""
    (inquiry,) = [i for i in village.rows(Inquiry) if i.state is not InquiryState.CLOSED][-1:]
    with village.database.unit_of_work() as uow:
        clerk = StaffAccount(username=f"clerk-{uuid.uuid4().hex}", display_name="สมศรี", created_at=uow.now)
        uow.session.add(clerk)
        uow.session.flush()
        bundle = Bundle(parts=(Text(text=text),), sender=Sender.STAFF, sender_name="สมศรี · กองคลัง")
        delivery = inquiries.answer(
            uow, inquiry.id, bundle, actor="clerk", author_id=clerk.id, push_now=push_now
        )
    village.deliver()
    return delivery


def asks_staff(resident: Resident, text: str = "อยากถามเรื่องใบแจ้งค่าน้ำ") -> None:
    """Leaves a question with the staff."""
    resident.says("เมนู")
    resident.taps("คุยกับเจ้าหน้าที่")
    resident.says(text)
    resident.taps("ข้าม ตอบในแชต")


def spoken(village: Village) -> list[str]:
    """The texts of every LINE call, in order, with the road each took."""
    return [
        f"{'reply' if road.reply_token else 'push'}:{message.get('text') or message['altText']}"
        for request, road in village.line.calls
        for message in request.body["messages"]
    ]


def test_an_answer_goes_out_on_the_reply_token(village: Village) -> None:
    somchai = village.resident()
    somchai.says("เมนู")
    delivery = delivery_of(somchai)
    assert (delivery.state, delivery.road, delivery.attempts) == (DeliveryState.ACCEPTED, "reply", 1)


def test_the_attempt_is_on_record_before_the_call(village: Village) -> None:
    seen: list[tuple[DeliveryState, int]] = []
    somchai = village.resident()
    perform = village.line.perform

    async def watching(request, road):
        seen.extend((d.state, d.attempts) for d in village.rows(Delivery))
        return await perform(request, road)

    village.line.perform = watching  # type: ignore[method-assign]
    somchai.says("เมนู")
    assert seen == [(DeliveryState.SENDING, 1)]


def test_a_lost_reply_is_tried_again_as_the_same_reply_and_never_pushed(village: Village) -> None:
    somchai = village.resident()
    village.line.outcomes = [LOST, ReplyTokenDead()]
    somchai.says("เมนู")
    village.clock.advance(seconds=3)
    village.deliver()
    delivery = delivery_of(somchai)
    assert delivery.state is DeliveryState.UNCERTAIN
    assert [road.reply_token for _, road in village.line.calls] == [village.line.calls[0][1].reply_token] * 2
    village.clock.advance(minutes=10)
    village.deliver()
    assert len(village.line.calls) == 2


def test_an_uncertain_message_is_offered_at_the_next_contact_once(village: Village) -> None:
    somchai = village.resident()
    village.line.outcomes = [LOST, ReplyTokenDead()]
    somchai.says("ภาษีป้ายคิดอย่างไร")
    village.clock.advance(seconds=3)
    village.deliver()
    somchai.sees()
    somchai.says("เมนู")
    somchai.sees("อาจส่งไม่ถึง")
    somchai.taps("ดูข้อความนั้น")
    somchai.sees("คำตอบเรื่องภาษีป้าย")
    somchai.says("เมนู")
    assert "อาจส่งไม่ถึง" not in somchai.sees()


def test_a_doubtful_reply_whose_token_ran_out_is_uncertain(village: Village) -> None:
    somchai = village.resident()
    village.line.outcomes = [LOST]
    somchai.says("เมนู")
    village.clock.advance(seconds=70)
    village.deliver()
    assert delivery_of(somchai).state is DeliveryState.UNCERTAIN
    assert len(village.line.calls) == 1


def test_a_reply_never_sent_whose_token_ran_out_waits_while_the_allowance_is_unknown(
    village: Village,
) -> None:
    somchai = village.resident()
    village.line.outcomes = [NOT_SENT]
    somchai.says("เมนู")
    village.clock.advance(seconds=70)
    village.deliver()
    assert delivery_of(somchai).state is DeliveryState.HELD
    somchai.says("เมนู")
    assert [d.state for d in somchai.deliveries()] == [DeliveryState.ACCEPTED] * 2


@pytest.mark.parametrize(("used", "road"), [(10, "push"), (290, None)])
def test_a_late_reply_is_pushed_only_while_the_reserve_is_untouched(
    village: Village, used: int, road: str | None
) -> None:
    with village.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, used)
    somchai = village.resident()
    village.line.outcomes = [NOT_SENT]
    somchai.says("เมนู")
    village.clock.advance(seconds=70)
    village.deliver()
    assert delivery_of(somchai).road == road


def test_a_killed_process_leaves_an_attempt_that_counts_as_doubtful(village: Village) -> None:
    somchai = village.resident()
    village.receive([])
    somchai._line("message", message={"id": "1", "type": "text", "text": "เมนู"})
    processed = village.intake.process_next()
    assert processed is not None and processed.jobs  # and here the process dies
    village.clock.advance(seconds=attempts.LEASE_SECONDS + 1)
    village.line.outcomes = [ReplyTokenDead()]
    village.deliver()
    assert delivery_of(somchai).state is DeliveryState.UNCERTAIN


def test_a_staff_answer_waits_for_the_next_contact_and_then_travels_free(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    calls = len(village.line.calls)
    staff_answers(village, somchai, "ค่าน้ำเดือนนี้ 128 บาท")
    assert delivery_of(somchai).state is DeliveryState.HELD
    assert len(village.line.calls) == calls
    somchai.says("เมนู")
    assert spoken(village)[-2] == "reply:ค่าน้ำเดือนนี้ 128 บาท"
    assert {d.state for d in somchai.deliveries()} == {DeliveryState.ACCEPTED}


def test_a_waiting_answer_goes_out_even_when_the_event_itself_gets_no_reply(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    staff_answers(village, somchai, "คำตอบแรก")
    staff_answers(village, somchai, "คำตอบที่สอง")
    somchai.does("message", message={"id": "7", "type": "sticker", "packageId": "1", "stickerId": "1"})
    assert "reply:คำตอบแรก" in spoken(village)
    assert "reply:คำตอบที่สอง" in spoken(village)


def test_a_staff_answer_may_be_pushed_at_a_cost_that_is_counted(village: Village) -> None:
    with village.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 10)
    somchai = village.resident()
    asks_staff(somchai)
    delivery = staff_answers(village, somchai, "ด่วนค่ะ", push_now=True)
    assert spoken(village)[-1] == "push:ด่วนค่ะ"
    assert village.line.calls[-1][1].retry_key == delivery.key
    with village.database.read() as reader:
        assert channels.pushes_left(channels.all_states(reader)[ChannelName.LINE]) == 289


def test_a_push_with_a_lost_answer_is_repeated_under_the_same_key(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    village.line.outcomes = [LOST, Accepted()]
    staff_answers(village, somchai, "ด่วนค่ะ", push_now=True)
    village.clock.advance(seconds=5)
    village.deliver()
    keys = [road.retry_key for _, road in village.line.calls[-2:]]
    assert keys[0] == keys[1] is not None
    assert delivery_of(somchai).state is DeliveryState.ACCEPTED


def test_a_spent_allowance_stops_pushes_without_retries_until_it_changes(village: Village) -> None:
    somchai = village.resident()
    asks_staff(somchai)
    village.line.outcomes = [QuotaSpent()]
    staff_answers(village, somchai, "หนึ่ง", push_now=True)
    calls = len(village.line.calls)
    staff_answers(village, somchai, "สอง", push_now=True)
    village.clock.advance(hours=1)
    village.deliver()
    assert len(village.line.calls) == calls
    assert [d.state for d in somchai.deliveries()[-2:]] == [DeliveryState.HELD] * 2
    with village.database.unit_of_work() as uow:
        channels.record_quota(uow, 300, 0)
        assert channels.may_spend_push(uow, DeliveryClass.STAFF_ANSWER_PUSH)


def test_staff_at_the_desk_answer_free_in_the_place_of_the_acknowledgement(village: Village) -> None:
    village.staff_present = True
    somchai = village.resident()
    asks_staff(somchai)
    assert delivery_of(somchai).state is DeliveryState.QUEUED
    village.clock.advance(seconds=10)
    staff_answers(village, somchai, "สวัสดีค่ะ")
    assert spoken(village)[-1] == "reply:สวัสดีค่ะ"
    assert DeliveryState.CANCELLED in {d.state for d in somchai.deliveries()}


def test_without_an_answer_in_time_the_acknowledgement_goes_out(village: Village) -> None:
    village.staff_present = True
    somchai = village.resident()
    asks_staff(somchai)
    village.clock.advance(seconds=36)
    village.deliver()
    assert spoken(village)[-1].startswith("reply:รับเรื่องแล้ว")
    village.clock.advance(seconds=5)
    staff_answers(village, somchai, "สวัสดีค่ะ")
    assert delivery_of(somchai).state is DeliveryState.HELD


def test_nobody_waits_behind_an_acknowledgement_that_is_held_back(village: Village) -> None:
    village.staff_present = True
    somchai = village.resident()
    asks_staff(somchai)
    village.clock.advance(seconds=3)
    somchai.says("ไฟไหม้บ้าน")
    receipt, numbers = spoken(village)[-2:]
    assert receipt.startswith("reply:รับเรื่องแล้ว")
    assert "199" in numbers


def test_telegram_obeys_retry_after_for_the_whole_channel(village: Village) -> None:
    mali, noi = village.resident(ChannelName.TELEGRAM), village.resident(ChannelName.TELEGRAM)
    wait = TryAgain(reason="flood", doubt=Doubt.NOT_SENT, after_seconds=30, whole_channel=True)
    village.telegram.outcomes = [wait]
    mali.says("เมนู")
    noi.says("เมนู")
    assert len(village.telegram.calls) == 1
    village.clock.advance(seconds=29)
    assert village.deliver() == 0
    village.clock.advance(seconds=2)
    village.deliver()
    village.clock.advance(seconds=2)
    village.deliver()
    assert {d.state for d in village.rows(Delivery)} == {DeliveryState.ACCEPTED}


def test_telegram_repeats_only_the_bubble_in_doubt(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    mali.follows()
    village.telegram.calls.clear()
    village.telegram.outcomes = [Accepted(), LOST]
    with village.database.unit_of_work() as uow:
        talk = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        )
        deliveries.enqueue(uow, talk, say("หนึ่ง", "สอง", "สาม"), purpose=DeliveryClass.NOTICE)
    village.deliver()
    village.clock.advance(seconds=5)
    village.deliver()
    assert [r.body["text"] for r, _ in village.telegram.calls] == ["หนึ่ง", "สอง", "สอง", "สาม"]


@pytest.mark.parametrize(
    ("outcome", "state", "reachability"),
    [
        (Unreachable(why=Gone.BLOCKED), DeliveryState.FAILED, Reachability.BLOCKED),
        (Unreachable(why=Gone.DEACTIVATED), DeliveryState.FAILED, Reachability.DEACTIVATED),
        (Refused(reason="bad request"), DeliveryState.FAILED, Reachability.ACTIVE),
    ],
)
def test_permanent_failures_are_recorded_and_not_repeated(
    village: Village, outcome: Outcome, state: DeliveryState, reachability: Reachability
) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    village.telegram.outcomes = [outcome]
    mali.says("เมนู")
    village.clock.advance(hours=1)
    village.deliver()
    assert delivery_of(mali).state is state
    assert mali.contact().reachability is reachability
    assert len(village.telegram.calls) == 1


def test_nothing_is_sent_to_somebody_who_blocked_us_until_they_are_back(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    asks_staff(mali)
    with village.database.unit_of_work() as uow:
        contact = conversations.open_talk(
            uow, channel=ChannelName.TELEGRAM, address=mali.address, kind=ContactKind.PERSON
        ).contact
        conversations.set_reachability(uow, contact, Reachability.BLOCKED)
    calls = len(village.telegram.calls)
    staff_answers(village, mali, "คำตอบที่รออยู่")
    assert len(village.telegram.calls) == calls
    mali.says("เมนู")
    assert any("คำตอบที่รออยู่" in r.body["text"] for r, _ in village.telegram.calls[calls:])


def test_a_group_that_moved_is_followed(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    village.telegram.outcomes = [Unreachable(why=Gone.UNKNOWN, moved_to="-100500")]
    mali.says("เมนู")
    village.deliver()
    assert village.telegram.calls[-1][1].address == "-100500"


def test_tries_end_and_staff_see_why(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    village.telegram.outcomes = [NOT_SENT] * 20
    mali.says("เมนู")
    for _ in range(12):
        village.clock.advance(minutes=11)
        village.deliver()
    assert delivery_of(mali).state is DeliveryState.FAILED
    assert len(village.telegram.calls) == attempts.MAX_ATTEMPTS
    with village.database.read() as reader:
        assert [d.reason for d, _ in delivery_queries.troubled(reader)] == ["no connection"]


def test_messages_to_one_person_keep_their_order_over_a_fault(village: Village) -> None:
    mali = village.resident(ChannelName.TELEGRAM)
    village.telegram.outcomes = [NOT_SENT]
    mali.says("เมนู")
    mali.says("สวัสดีค่ะ")
    village.clock.advance(seconds=2)
    village.deliver()
    village.deliver()
    texts = [request.body["text"] for request, _ in village.telegram.calls]
    assert [t.split("\n")[0][:10] for t in texts] == ["วันนี้ให้ช", "วันนี้ให้ช", "สวัสดีค่ะ "]


def test_backoff_doubles_with_jitter_and_has_a_ceiling() -> None:
    for attempt in range(1, 30):
        assert 0 < backoff_seconds(attempt) <= 600
    assert {backoff_seconds(5) for _ in range(20)} != {backoff_seconds(5)}
