"""Complaints in the chat that meet a case which ended, a slow telling, a long story, or a forged button."""

import re
import secrets
from typing import Any

import pytest

from bot import upkeep
from bot.channel import Fetched
from eservice.complaints import floods, forgetting, guesses, residents, service
from eservice.complaints.cases import Resident as Owner
from eservice.complaints.models import (
    CommentKind,
    Complaint,
    ComplaintComment,
    Follower,
    Photo,
    PhotoArrival,
)
from eservice.complaints.numbers import new_number
from eservice.messaging.models import ChannelName, Conversation, InboundEvent
from tests.bot.test_complaints import HERE, LAMP, S, file, finish, officers, the_case
from tests.chat import TEXTS, Resident, Village, parked
from tests.complaints.pictures import photo


def offered_label(resident: Resident) -> str:
    """The label of the case that was offered for joining."""
    label = re.search(r"ฉันด้วย: .*", resident.sees("ฉันด้วย"))
    assert label is not None
    return label.group(0)


def offers(village: Village) -> tuple[Resident, Resident, Complaint]:
    """Somchai has filed a case, and Malee, who sent a photo first, is asked whether hers is the same."""
    somchai, malee = village.resident(), village.resident(ChannelName.TELEGRAM)
    somchai.shares_location(*HERE)
    somchai.says(LAMP)
    somchai.taps("ส่งเรื่อง")
    village.relay()
    case = the_case(village)
    malee.sends_photo("photo-1")
    malee.says("เสาไฟหน้าวัดไม่ติดเลยค่ะ")
    malee.shares_location(HERE[0] + 0.001, HERE[1])
    return somchai, malee, case


def withdraw(village: Village, case: Complaint) -> None:
    with village.database.unit_of_work() as uow:
        residents.withdraw(uow, case.number, Owner(contact_id=case.contact_id))


def test_the_photos_of_whoever_joins_reach_the_officers_and_not_the_owner(village: Village) -> None:
    _somchai, malee, case = offers(village)
    village.telegram.files["photo-1"] = [Fetched(content=photo(1))]
    malee.taps(offered_label(malee))
    village.fetch_photos()
    (row,) = village.rows(Photo)
    assert (row.complaint_id, row.is_public) == (case.id, False)


def test_a_case_that_ended_before_the_tap_is_not_joined_and_the_telling_goes_on(village: Village) -> None:
    _somchai, malee, case = offers(village)
    label = offered_label(malee)
    withdraw(village, case)
    malee.taps(label)
    malee.sees("ตรวจดูก่อนส่ง")
    malee.taps("ส่งเรื่อง")
    assert village.rows(Complaint)[-1].text == "เสาไฟหน้าวัดไม่ติดเลยค่ะ"


def test_whoever_joins_twice_says_something_new_each_time(village: Village) -> None:
    _somchai, malee, _case = offers(village)
    malee.taps(offered_label(malee))
    malee.says("เสาไฟหน้าวัดยังไม่ติด มีสายห้อยลงมา")
    malee.shares_location(HERE[0] + 0.001, HERE[1])
    malee.taps(offered_label(malee))
    texts = [comment.text for comment in village.rows(ComplaintComment)]
    assert texts == ["เสาไฟหน้าวัดไม่ติดเลยค่ะ", "เสาไฟหน้าวัดยังไม่ติด มีสายห้อยลงมา"]
    assert len(village.rows(Follower)) == 1


def test_words_beyond_what_a_case_holds_are_kept_beside_it(village: Village) -> None:
    somchai = village.resident()
    somchai.says(f"{LAMP} {'มืดมาก ' * 560}")
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.says(f"{'เสาที่สาม ' * 30}นับจากประตูวัด")
    somchai.taps("ส่งเรื่อง")
    case = the_case(village)
    (more,) = village.rows(ComplaintComment)
    assert len(case.text) <= 4_000
    assert (more.kind, more.text[-13:]) == (CommentKind.RESIDENT, "นับจากประตูวัด"[-13:])


def test_a_photo_is_kept_however_slowly_the_case_is_told(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    somchai.sends_photo("photo-1")
    for words in (LAMP, "หน้าวัด"):
        village.clock.advance(minutes=25)
        forgetting.forget_due(village.database, village.media)
        somchai.says(words)
    somchai.sees("1 รูป")
    somchai.taps("ส่งเรื่อง")
    assert [a.complaint_id for a in village.rows(PhotoArrival)] == [the_case(village).id]


def test_a_photo_after_a_case_was_withdrawn_is_a_new_matter(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    withdraw(village, file(village, somchai))
    somchai.sends_photo("photo-1")
    somchai.sees("จะแจ้งเรื่องอะไร")
    assert [a.complaint_id for a in village.rows(PhotoArrival)] == [None]


def test_looking_at_a_case_does_not_end_the_telling_of_another(village: Village) -> None:
    somchai = village.resident(ChannelName.WEB)
    case = file(village, somchai)
    somchai.says("น้ำไม่ไหลเลยครับ")
    somchai.sees()
    forge(somchai, f"case:{case.number}")
    somchai.sees(LAMP, "อยู่ตรงไหน")
    somchai.says("บ้านเลขที่ 4")
    somchai.taps("ส่งเรื่อง")
    assert len(village.rows(Complaint)) == 2


@pytest.mark.parametrize("minutes_late", [5, 0])
def test_an_objection_that_comes_too_late_or_twice_is_not_lost(village: Village, minutes_late: int) -> None:
    pair = officers(village)
    somchai = village.resident(ChannelName.TELEGRAM)
    case = file(village, somchai)
    finish(village, case, *pair)
    village.clock.advance(days=15, minutes=-5)
    somchai.taps("ยังไม่ได้แก้")
    if minutes_late:
        village.clock.advance(minutes=5 + minutes_late)
    else:
        with village.database.unit_of_work() as uow:  # on another device
            residents.reopen(uow, case.number, Owner(contact_id=case.contact_id), "ยังมืด")
    somchai.sees()
    somchai.says("ยังมืดอยู่เลย")
    somchai.sees("ส่งข้อความ")
    assert [comment.text for comment in village.rows(ComplaintComment)] == ["ยังมืดอยู่เลย"]
    assert {event.reason for event in village.rows(InboundEvent)} == {None}


@pytest.mark.parametrize("value", ["²", "-1", "99999", "9" * 30, "12345678", "no"])
def test_forged_choices_change_nothing_and_the_question_is_put_again(village: Village, value: str) -> None:
    mallory = village.resident(ChannelName.WEB)
    mallory.says(LAMP)
    mallory.taps("บอกที่ไว้ในข้อความแล้ว")
    mallory.taps("เปลี่ยนประเภท")
    forge(mallory, f"flow:{run_of(village)['run_id']}:category:{value}")
    assert run_of(village)["step"] == "category"
    mallory.taps("ไฟฟ้าแสงสว่าง")
    forge(mallory, f"flow:{run_of(village)['run_id']}:send:{value}")
    assert run_of(village)["step"] == "send"
    assert village.rows(Complaint) == []
    assert parked(village) == []


@pytest.mark.parametrize("value", ["²", "99999", "9" * 30])
def test_a_forged_accusation_is_asked_again(village: Village, value: str) -> None:
    mallory = village.resident(ChannelName.WEB)
    mallory.says("แจ้งเรื่อง")
    mallory.says("เจ้าหน้าที่พูดจาไม่ดีเลย ตะคอกใส่ยาย")
    mallory.says("ที่ อบต.")
    assert run_of(village)["step"] == "accused"
    forge(mallory, f"flow:{run_of(village)['run_id']}:accused:{value}")
    assert run_of(village)["step"] == "accused"
    assert parked(village) == []


def test_guessing_with_forged_buttons_is_slowed_down_too(village: Village) -> None:
    case = file(village, village.resident())
    mallory = village.resident(ChannelName.WEB)
    for _ in range(12):
        forge(mallory, f"case:{new_number()}")
    mallory.sees()
    for button in ("case", "caseleave"):
        forge(mallory, f"{button}:{case.number}")
        mallory.sees("ลองหลายครั้งแล้ว")


def test_a_new_web_session_for_every_guess_or_case_helps_nobody(village: Village) -> None:
    owner = village.resident(ChannelName.WEB)
    case = file(village, owner)
    with village.database.unit_of_work() as uow:
        for _ in range(guesses.CHAT_ADDRESS_LIMIT.free - 1):
            guesses.count_failure(uow, "chat:one-network")
        for _ in range(floods.LIMIT.free):
            floods.count_filing(uow, "chat:one-network")
    mallory, other = village.resident(ChannelName.WEB), village.resident(ChannelName.WEB)
    mallory.source = other.source = owner.source = "one-network"
    mallory.says(f"{case.number} AAAAAAAAAA")
    mallory.sees("ไม่พบเรื่องนี้")
    other.says(case.number)
    other.sees("ลองหลายครั้งแล้ว")
    owner.sees()
    owner.says(case.number)  # their own channel opens what is theirs
    owner.sees(LAMP)

    other.says("ถนนหน้าโรงเรียนเป็นหลุมใหญ่มาก")
    other.taps("บอกที่ไว้ในข้อความแล้ว")
    other.taps("ส่งเรื่อง")
    other.sees("ถี่มาก", "ส่งเรื่อง")
    assert len(village.rows(Complaint)) == 1
    village.clock.advance(seconds=10)
    other.taps("ส่งเรื่อง")
    other.sees("รับเรื่องแล้ว")


def forge(resident: Resident, payload: str) -> None:
    """Sends a tap that no button of ours stands for."""
    resident._web(ref=secrets.token_hex(8), action=payload, label="")
    resident.village.work()


def run_of(village: Village) -> dict[str, Any]:
    return village.rows(Conversation)[-1].dialog["run"]


def test_in_a_group_nothing_is_filed(village: Village) -> None:
    somchai = village.resident()
    somchai.group = "C" + "1" * 32
    somchai.says(f"เพื่อนบ้าน {LAMP}")
    somchai.sees("ไม่รับในกลุ่ม")
    somchai.says("เพื่อนบ้าน แจ้งเรื่อง")
    somchai.sees("ไม่รับในกลุ่ม")
    assert village.rows(Complaint) == []


@pytest.mark.parametrize("text", ["มีการเรียกรับเงินค่าออกใบอนุญาต", "ฮั้วประมูลถนนหมู่ 5", "ผู้ใหญ่บ้านรับสินบน"])
def test_words_of_corruption_are_never_an_ordinary_case_unasked(village: Village, text: str) -> None:
    somchai = village.resident()
    somchai.says(text)
    somchai.sees("1205")
    assert village.rows(Complaint) == []


@pytest.mark.parametrize("words", ["เมนู", "ฝากเจ้าหน้าที่"])
def test_a_case_that_is_put_aside_is_said_to_be_unsent_and_can_be_gone_on_with(
    village: Village, words: str
) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.says("หน้าวัดหนองบัว")
    somchai.says(words)
    somchai.sees("ยังไม่ได้ส่ง")
    somchai.taps("แจ้งเรื่องเดิมต่อ")
    somchai.sees("ตรวจดูก่อนส่ง", LAMP, "หน้าวัดหนองบัว")
    somchai.taps("ส่งเรื่อง")
    assert the_case(village).address == "หน้าวัดหนองบัว"


def test_a_case_whose_telling_broke_off_can_be_gone_on_with_a_day_later(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    somchai.says(LAMP)
    somchai.sees()
    village.clock.advance(hours=1)
    upkeep.end_abandoned_dialogs(village.database, village.signals, TEXTS)
    village.deliver()
    somchai.sees("ยังไม่ได้ส่ง")
    village.clock.advance(days=1)
    somchai.taps("แจ้งเรื่องเดิมต่อ")
    somchai.sees("อยู่ตรงไหน")
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.taps("ส่งเรื่อง")
    assert the_case(village).text == LAMP


def test_asking_and_looking_in_between_leave_the_telling_open(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    for words in ("/ask", "/services", "ติดตาม", "แจ้งเรื่อง"):
        somchai.sees()
        somchai.says(words)
        somchai.sees("อยู่ตรงไหน")
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.taps("ส่งเรื่อง")
    assert the_case(village).text == LAMP


def test_photos_sent_in_one_go_are_answered_once_and_all_kept(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    for number in (1, 2, 3):
        photo_sizes = [{"file_id": f"photo-{number}", "width": 1280}]
        somchai.sends_update(
            message=somchai._message(str(9000 + number), photo=photo_sizes, media_group_id="7")
        )
    assert somchai.sees("ได้รับรูปแล้ว").count("ได้รับรูปแล้ว") == 1
    assert len(village.rows(PhotoArrival)) == 3


def test_a_photo_whose_words_tell_of_a_problem_is_a_case(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    somchai.sends_photo("photo-1", caption="ถนนทางเข้าสวนเป็นหลุมลึก รถผ่านลำบากมาก")
    somchai.sees("อยู่ตรงไหน")


def test_a_photo_that_the_office_asked_for_lets_the_case_go_on(village: Village) -> None:
    one, _two = officers(village)
    somchai = village.resident(ChannelName.TELEGRAM)
    case = file(village, somchai)
    village.clock.advance(hours=2)
    with village.database.unit_of_work() as uow:
        version = uow.session.get_one(Complaint, case.id).version
        service.change_state(
            uow, case.id, S.NEEDS_INFORMATION, by=one, seen_version=version, note="ขอรูปเสาค่ะ"
        )
    village.relay()
    somchai.sends_photo("photo-9")
    somchai.sees("เพิ่มรูปในเรื่อง")
    assert the_case(village).state is S.ASSIGNED
    assert [a.complaint_id for a in village.rows(PhotoArrival)] == [case.id]
