"""Complaints in the chat, as residents live them: told in a message, followed, answered, reopened, rated."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from eservice.complaints import service
from eservice.complaints.models import (
    CommentKind,
    Complaint,
    ComplaintComment,
    Follower,
    ImprovementTask,
    PhotoArrival,
    Rating,
    Source,
)
from eservice.complaints.spots import create_spot
from eservice.complaints.states import ComplaintState
from eservice.messaging.models import ChannelName
from eservice.staff.models import Department, Role
from eservice.staff.permissions import Principal
from eservice.staff.queries import principal_of
from knowledge.entries import queries
from tests.chat import Resident, Village
from tests.inquiries.desk import add_staff

S = ComplaintState
LAMP = "ไฟหน้าวัดดับมาสามวันแล้ว"
HERE = (14.0, 100.5)
CHANNELS = pytest.mark.parametrize("channel", list(ChannelName))


def the_case(village: Village) -> Complaint:
    (case,) = village.rows(Complaint)
    return case


def officers(village: Village) -> tuple[Principal, Principal]:
    with village.database.unit_of_work() as uow:
        works = uow.session.scalars(select(Department).where(Department.name == "กองช่าง")).one_or_none()
        if works is None:
            works = Department(name="กองช่าง", position=1)
            uow.session.add(works)
            uow.session.flush()
        one, two = (add_staff(uow, name, Role.RESPONDER, department=works) for name in ("somsri", "somchai"))
        return principal_of(uow, one), principal_of(uow, two)


def file(village: Village, resident: Resident, text: str = LAMP) -> Complaint:
    resident.says(text)
    resident.taps("บอกที่ไว้ในข้อความแล้ว")
    resident.taps("ส่งเรื่อง")
    village.relay()
    return village.rows(Complaint)[-1]


def finish(village: Village, case: Complaint, one: Principal, two: Principal) -> None:
    """The office works on the case and calls it done."""

    def version() -> int:
        with village.database.read() as reader:
            return reader.session.get_one(Complaint, case.id).version

    with village.database.unit_of_work() as uow:
        uow.session.get_one(Complaint, case.id).needs_photo = False
        service.change_state(uow, case.id, S.IN_PROGRESS, by=one, seen_version=version())
    with village.database.unit_of_work() as uow:
        service.propose_done(uow, case.id, "เปลี่ยนหลอดแล้ว", by=one, seen_version=version())
    with village.database.unit_of_work() as uow:
        service.agree_done(uow, case.id, by=two, seen_version=version())
    village.relay()


def test_only_what_was_reported_is_no_unanswered_question(village: Village) -> None:
    somchai, somsri = village.resident(), village.resident()
    somsri.says("ไฟหน้าวัดดับมาหลายวันแล้ว")
    somsri.taps("แค่ถาม ไม่ได้แจ้งเรื่อง")
    file(village, somchai)
    with village.database.read() as reader:
        since, until = reader.now - timedelta(days=1), reader.now + timedelta(days=1)
        waiting = queries.unanswered(reader, since=since, until=until)
        assert [ask.text for ask in waiting] == ["ไฟหน้าวัดดับมาหลายวันแล้ว"]
        assert queries.unanswered_share(reader, since=since, until=until).asked == 1
    somchai.taps("แค่ถาม ไม่ได้แจ้งเรื่อง")  # the old button
    somchai.sees("ปุ่มนี้หมดอายุแล้ว")


@CHANNELS
def test_a_problem_in_free_words_is_a_case_within_four_turns(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.says(LAMP)
    somchai.sees("ไฟฟ้าแสงสว่าง", "อยู่ตรงไหน")
    somchai.says("หน้าวัดหนองบัว หมู่ ๓")
    somchai.sees("ตรวจดูก่อนส่ง", LAMP, "หน้าวัดหนองบัว", "ไม่บอกชื่อ")
    assert village.rows(Complaint) == []
    somchai.taps("ส่งเรื่อง")
    receipt = somchai.sees("รับเรื่องแล้ว", "รหัสส่วนตัว", "ตั้งใจทำให้เสร็จภายใน")
    case = the_case(village)
    assert f"{case.number[:4]}-{case.number[4:]}" in receipt
    assert (case.category, case.text, case.address, case.village) == (
        "ไฟฟ้าแสงสว่าง", LAMP, "หน้าวัดหนองบัว หมู่ ๓", "หมู่ 3",
    )  # fmt: skip
    assert case.source == Source(channel.value)
    assert case.contact_id == somchai.contact().id


@CHANNELS
def test_a_pin_first_then_the_words(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.shares_location(*HERE)
    somchai.sees("จะแจ้งเรื่องอะไร")
    somchai.says(LAMP)
    somchai.sees("ตรวจดูก่อนส่ง")
    somchai.taps("ส่งเรื่อง")
    case = the_case(village)
    assert (case.latitude, case.longitude) == HERE


@pytest.mark.parametrize("channel", [ChannelName.LINE, ChannelName.TELEGRAM])
def test_photos_before_during_and_after_belong_to_the_case(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    somchai.sends_photo("photo-1")
    somchai.sees("ได้รับรูปแล้ว", "จะแจ้งเรื่องอะไร")
    somchai.says(LAMP)
    somchai.sends_photo("photo-2")
    somchai.sees("ได้รับรูปแล้ว", "อยู่ตรงไหน")
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.sees("2 รูป")
    somchai.taps("ส่งเรื่อง")
    case = the_case(village)
    somchai.sees()
    somchai.sends_photo("photo-3")
    somchai.sees("เพิ่มรูปในเรื่อง")
    arrivals = village.rows(PhotoArrival)
    assert [(a.media_ref, a.complaint_id) for a in arrivals] == [
        ("photo-1", case.id), ("photo-2", case.id), ("photo-3", case.id),
    ]  # fmt: skip


def test_a_photo_with_its_words_is_the_first_turn(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    somchai.sends_photo("photo-1", caption=LAMP)
    somchai.sees("อยู่ตรงไหน")
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.taps("ส่งเรื่อง")
    assert the_case(village).text == LAMP
    assert [a.complaint_id for a in village.rows(PhotoArrival)] == [the_case(village).id]


def test_everything_but_the_words_can_be_skipped(village: Village) -> None:
    somchai = village.resident()
    somchai.says("แจ้งเรื่อง")
    somchai.says("น้ำไม่ไหลเลยครับ")
    somchai.says("ข้าม")
    somchai.taps("ส่งเรื่อง")
    case = the_case(village)
    assert (case.category, case.address, case.latitude, case.reporter_name) == ("น้ำประปา", "", None, None)


def test_the_category_the_place_and_the_name_can_be_changed_before_sending(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.says("หน้าวัด")
    somchai.taps("เปลี่ยนประเภท")
    somchai.taps("ประเภทอื่น")
    somchai.taps("เสนอแนะ")
    somchai.sees("เสนอแนะ")
    somchai.taps("ใส่ชื่อ")
    somchai.says("ป้าแดง")
    somchai.taps("แก้สถานที่")
    somchai.shares_location(*HERE)
    somchai.sees("ป้าแดง", "ตามตำแหน่งที่ส่ง")
    somchai.taps("ส่งเรื่อง")
    case = the_case(village)
    assert (case.category, case.reporter_name, case.latitude) == ("เสนอแนะ", "ป้าแดง", HERE[0])


def test_a_question_in_between_is_answered_and_the_telling_goes_on(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.sees()
    somchai.says("ลงทะเบียนเบี้ยผู้สูงอายุใช้เอกสารอะไร")
    somchai.sees("คำตอบเรื่อง", "อยู่ตรงไหน")
    somchai.says("หน้าวัด")
    somchai.taps("ส่งเรื่อง")
    assert the_case(village).address == "หน้าวัด"


def test_words_after_the_summary_are_added_and_nothing_is_lost(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.says("เสาที่สามนับจากประตู")
    somchai.sees("เพิ่มข้อความ", "เสาที่สาม")
    somchai.says("ส่งเลยครับ")
    assert the_case(village).text == f"{LAMP}\nเสาที่สามนับจากประตู"


def test_cancelling_files_nothing(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.says("ยกเลิก")
    somchai.sees("ยกเลิก")
    assert village.rows(Complaint) == []


def test_a_tap_that_comes_twice_files_once(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.taps("ส่งเรื่อง")
    somchai.taps("ส่งเรื่อง")
    the_case(village)


def test_an_emergency_comes_before_everything_and_the_telling_is_not_lost(village: Village) -> None:
    somchai = village.resident()
    somchai.says(LAMP)
    somchai.sees()
    somchai.says("ไฟไหม้บ้านข้างๆ ช่วยด้วย")
    text = somchai.sees("199")
    assert text.index("199") < text.index("อยู่ตรงไหน")


def test_what_is_taken_back_before_sending_is_not_in_the_case(village: Village) -> None:
    somchai = village.resident()
    ref = somchai.says(LAMP)
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.does("unsend", reply=False, unsend={"messageId": ref})
    somchai.taps("ส่งเรื่อง")
    somchai.sees("จะแจ้งเรื่องอะไร")
    assert village.rows(Complaint) == []


def test_a_second_person_joins_and_only_the_officers_read_their_words(village: Village) -> None:
    pair = officers(village)
    somchai, malee = village.resident(), village.resident(ChannelName.TELEGRAM)
    somchai.shares_location(*HERE)
    somchai.says(LAMP)
    somchai.taps("ส่งเรื่อง")
    village.relay()
    case = the_case(village)
    malee.says("เสาไฟหน้าวัดไม่ติดเลยค่ะ")
    malee.shares_location(HERE[0] + 0.001, HERE[1])
    offer = malee.sees("คล้ายกัน", "ฉันด้วย", "เมตร")
    assert LAMP not in offer
    label = re.search(r"ฉันด้วย: .*", offer)
    assert label is not None
    malee.taps(label.group(0))
    malee.sees("ร่วมแจ้งเรื่อง")
    assert len(village.rows(Complaint)) == 1
    assert [f.contact_id for f in village.rows(Follower)] == [malee.contact().id]
    (comment,) = village.rows(ComplaintComment)
    assert (comment.kind, comment.text) == (CommentKind.JOINED, "เสาไฟหน้าวัดไม่ติดเลยค่ะ")
    somchai.sees()
    somchai.says("ติดตาม")
    assert "ไม่ติดเลยค่ะ" not in somchai.sees(LAMP)
    finish(village, case, *pair)
    malee.sees("เจ้าหน้าที่บอกว่าทำเรื่องนี้แล้ว")


def test_far_away_nobody_is_asked_whether_it_is_the_same(village: Village) -> None:
    somchai, malee = village.resident(), village.resident()
    somchai.shares_location(*HERE)
    somchai.says(LAMP)
    somchai.taps("ส่งเรื่อง")
    malee.says("เสาไฟหน้าวัดไม่ติดเลยค่ะ")
    malee.shares_location(HERE[0] + 0.01, HERE[1])
    malee.sees("ตรวจดูก่อนส่ง")


def test_not_fixed_reopens_the_same_case(village: Village) -> None:
    pair = officers(village)
    somchai = village.resident(ChannelName.TELEGRAM)
    case = file(village, somchai)
    finish(village, case, *pair)
    somchai.sees("เจ้าหน้าที่บอกว่าทำเรื่องนี้แล้ว", "เปลี่ยนหลอดแล้ว")
    somchai.taps("ยังไม่ได้แก้")
    somchai.sees("ยังไม่เรียบร้อยตรงไหน")
    somchai.says("ยังมืดเหมือนเดิม")
    somchai.sees("เปิดเรื่อง")
    assert the_case(village).state is S.REOPENED
    somchai.says("ติดตาม")
    somchai.sees("ยังมืดเหมือนเดิม")


def test_fixed_is_confirmed_and_rated_and_a_low_mark_opens_a_task(village: Village) -> None:
    pair = officers(village)
    somchai = village.resident(ChannelName.TELEGRAM)
    case = file(village, somchai)
    finish(village, case, *pair)
    somchai.taps("แก้แล้ว")
    somchai.taps("2 ไม่ค่อยพอใจ")
    somchai.says("ช้าไปหน่อย")
    somchai.sees("ขอบคุณ")
    assert the_case(village).state is S.CONFIRMED
    (rating,) = village.rows(Rating)
    assert (rating.stars, rating.words) == (2, "ช้าไปหน่อย")
    assert len(village.rows(ImprovementTask)) == 1


def test_a_reply_to_the_officers_question_goes_into_the_case(village: Village) -> None:
    one, _two = officers(village)
    somchai = village.resident(ChannelName.TELEGRAM)
    case = file(village, somchai)
    with village.database.unit_of_work() as uow:
        version = uow.session.get_one(Complaint, case.id).version
        service.change_state(
            uow, case.id, S.NEEDS_INFORMATION, by=one, seen_version=version, note="เสาต้นไหนคะ"
        )
    village.relay()
    somchai.sees("ขอข้อมูลเพิ่ม", "เสาต้นไหนคะ")
    somchai.taps("ตอบเจ้าหน้าที่")
    somchai.says("ต้นที่สาม")
    somchai.sees("ส่งข้อความในเรื่อง")
    assert the_case(village).state is S.ASSIGNED
    assert [c.text for c in village.rows(ComplaintComment)] == ["ต้นที่สาม"]


def test_a_case_is_withdrawn_after_being_asked_once_more(village: Village) -> None:
    somchai = village.resident()
    file(village, somchai)
    somchai.says("ติดตาม")
    somchai.taps("ถอนเรื่อง")
    somchai.sees("ถอนแล้วเจ้าหน้าที่จะไม่ทำต่อ")
    assert the_case(village).state is not S.WITHDRAWN
    somchai.taps("ถอนเรื่อง")
    assert the_case(village).state is S.WITHDRAWN


def test_a_stranger_with_the_number_sees_the_state_and_nothing_else(village: Village) -> None:
    somchai, malee = village.resident(), village.resident()
    case = file(village, somchai)
    malee.says(case.number.lower())
    text = malee.sees("ส่งให้หน่วยงาน" if case.department_id else "รับเรื่องแล้ว")
    assert LAMP not in text
    assert "ถอนเรื่อง" not in text


def test_the_number_with_its_key_opens_the_case_anywhere(village: Village) -> None:
    somchai, malee = village.resident(), village.resident(ChannelName.TELEGRAM)
    somchai.says(LAMP)
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.taps("ส่งเรื่อง")
    receipt = somchai.sees()
    number, key = re.findall(r"\b[A-Z0-9]{4,6}-[A-Z0-9]{4,6}\b", receipt)[:2]
    malee.says(f"{number} {key}")
    malee.sees("รับเรื่องแล้ว")
    malee.says(f"{number} AAAAA-AAAAA")
    malee.sees("ไม่พบเรื่องนี้")


def test_guessing_in_the_chat_is_slowed_down(village: Village) -> None:
    somchai, malee = village.resident(), village.resident()
    case = file(village, somchai)
    for _ in range(12):
        malee.says(f"{case.number} AAAAAAAAAA")
    malee.sees("รอสักครู่")
    somchai.sees()
    somchai.says(case.number)
    somchai.sees(LAMP)


def test_corruption_is_pointed_to_those_who_protect_and_filed_only_when_meant(village: Village) -> None:
    somchai = village.resident()
    somchai.says("เจ้าหน้าที่เรียกรับเงินใต้โต๊ะค่าใบอนุญาต ทุจริตชัดๆ")
    somchai.sees("1205", "1206")
    assert village.rows(Complaint) == []
    somchai.taps("ส่งเป็นเรื่องทั่วไป")
    somchai.sees("อยู่ตรงไหน")
    somchai.says("ข้าม")
    somchai.sees("ร้องเรียนหน่วยงานไหน")
    somchai.taps("สำนักปลัด")
    somchai.taps("ส่งเรื่อง")
    village.relay()
    assert the_case(village).department_id is None


def test_somebody_elses_case_cannot_be_acted_on_with_forged_buttons(village: Village) -> None:
    somchai, malee = village.resident(), village.resident()
    case = file(village, somchai)
    for name in ("casesay", "casenot", "casefixed", "casedrop"):
        malee.does("postback", postback={"data": f"{name}:{case.number}"})
    malee.does("postback", postback={"data": f"casedrop:{case.number}:yes"})
    malee.does("postback", postback={"data": f"caserate:{case.number}:1"})
    malee.sees("ไม่พบเรื่องนี้")
    assert the_case(village).state is S.RECEIVED or the_case(village).state is S.ASSIGNED
    assert village.rows(ComplaintComment) == []


def test_a_sign_with_a_code_says_where(village: Village) -> None:
    with village.database.unit_of_work() as uow:
        admin = principal_of(uow, add_staff(uow, "nok", Role.ADMINISTRATOR))
        spot = create_spot(
            uow,
            name="เสาไฟ 12",
            village="หมู่ 3",
            category="ไฟฟ้าแสงสว่าง",
            latitude=14.5,
            longitude=100.5,
            by=admin,
        )
    dam = village.resident(ChannelName.TELEGRAM)
    dam.says(f"/start spot-{spot.code}")
    dam.sees("เสาไฟ 12", "จะแจ้งเรื่องอะไร")
    dam.says("ไฟดับ")
    dam.taps("ส่งเรื่อง")
    somchai = village.resident()
    somchai.says(f"จุด {spot.code}")
    somchai.sees("เสาไฟ 12")
    case = the_case(village)
    assert (case.latitude, case.address, case.village) == (14.5, "เสาไฟ 12 หมู่ 3", "หมู่ 3")
    somchai.says("ยกเลิก")
    somchai.says("จุด K7RM4W")
    somchai.sees()
    assert somchai.contact() is not None
