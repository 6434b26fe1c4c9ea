"""What is past its keeping time goes once a day; what is still owed or wanted stays."""

from datetime import timedelta

import pytest

from eservice.complaints import filing, service
from eservice.complaints.models import Complaint, ComplaintComment
from eservice.complaints.states import ComplaintState
from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.messaging.models import ChannelName, Contact, EventState, InboundEvent, Message
from eservice.office import service as office
from eservice.privacy import erasure, requests, retention
from eservice.privacy.models import RequestKind
from eservice.staff.models import SignInAttempt
from knowledge.entries.models import Ask
from tests.bot.test_complaints import file, officers
from tests.chat import Village


def due(village: Village) -> dict[str, int]:
    with village.database.read() as reader:
        return {each.name: each.rows for each in retention.due(reader) if each.rows}


def test_each_class_goes_when_its_time_is_over_and_is_counted_before(village: Village) -> None:
    somchai, malee = village.resident(), village.resident()
    visitor = village.resident(ChannelName.WEB)
    closed, still_open = file(village, somchai), file(village, malee, "ถนนหน้าโรงเรียนเป็นหลุมลึกมาก")
    visitor.says("ภาษีป้ายร้าน")
    malee.says("ภาษีป้ายคิดอย่างไร")
    with village.database.unit_of_work() as uow:
        requests.ask(uow, RequestKind.WITHDRAWAL, contact=malee.contact())
        filing.join(uow, closed.number, malee.contact().id, words="อีกคนเล่าเพิ่ม")
        uow.session.get_one(Complaint, closed.id).state = ComplaintState.REJECTED
        uow.session.add(SignInAttempt(at=uow.now, username_hash="x", ip="192.0.2.1", succeeded=False))
    assert due(village) == {}
    village.clock.advance(days=91)
    assert due(village) == {"visitors": 1, "sign_ins": 1}
    assert retention.run_daily(village.database) is not None
    assert retention.run_daily(village.database) is None, "once a day"
    assert visitor.address not in [contact.address for contact in village.rows(Contact)]
    village.clock.advance(days=300)
    malee.says("ถนนยังเป็นหลุมอยู่")
    assert {"messages", "asks"} <= due(village).keys()
    counts = retention.run_daily(village.database)
    assert counts is not None and counts["messages"] > 3 and due(village) == {}
    texts = [message.text for message in village.rows(Message) if message.text]
    assert "ถนนยังเป็นหลุมอยู่" in texts and closed.text not in texts
    assert village.rows(AuditRecord)[-1].after == counts
    assert village.rows(Complaint)[0].text == closed.text, "the case is kept longer"
    village.clock.advance(days=1826)
    assert retention.run_daily(village.database)
    assert "อีกคนเล่าเพิ่ม" not in [comment.text for comment in village.rows(ComplaintComment)]
    with village.database.read() as reader:
        assert requests.has_withdrawn(reader, malee.contact().id), "a no holds, however long ago"
    first, second = village.rows(Complaint)
    assert (first.text, first.number) == (erasure.erased_words(), closed.number)
    assert second.text == still_open.text
    assert village.rows(Ask) == []


def test_what_is_on_its_way_to_somebody_long_unseen_is_not_emptied(village: Village) -> None:
    by, _ = officers(village)
    case = file(village, village.resident())
    village.clock.advance(days=400)
    with village.database.unit_of_work() as uow:
        service.say(uow, case.id, "ซ่อมไฟเสร็จแล้วค่ะ", by=by, to_resident=True)
    village.relay()
    counts = retention.run_daily(village.database)
    assert counts is not None and counts["messages"] > 3
    (told,) = [message for message in village.rows(Message) if message.text]
    assert "ซ่อมไฟเสร็จแล้วค่ะ" in told.text and told.content


def test_a_contact_of_a_platform_is_emptied_when_nothing_needs_it_any_more(village: Village) -> None:
    with village.database.unit_of_work() as uow:
        office.publish_notice(uow, version="1", text="ประกาศความเป็นส่วนตัว", actor="test")
    somchai, malee, neighbour = village.resident(), village.resident(ChannelName.TELEGRAM), village.resident()
    closed, still_open = file(village, somchai), file(village, malee, "ถนนหน้าโรงเรียนเป็นหลุมลึกมาก")
    neighbour.says("ภาษีป้ายร้าน")
    with village.database.unit_of_work() as uow:
        filing.join(uow, still_open.number, neighbour.contact().id, words="บ้านฉันก็มืด")
        uow.session.get_one(Complaint, closed.id).state = ComplaintState.REJECTED
        uow.session.add(
            InboundEvent(
                channel=ChannelName.LINE, event_id="e", conversation_key=f"line:{somchai.address}",
                occurred_ms=1, received_at=uow.now, payload="ข้อความดิบ", state=EventState.PARKED,
            )
        )  # fmt: skip
    somchai.sees("/privacy")
    village.clock.advance(days=31)
    assert due(village) == {"events": 1}
    village.clock.advance(days=698)
    retention.run_daily(village.database)
    assert "ข้อความดิบ" not in [event.payload for event in village.rows(InboundEvent)]
    addresses = {contact.address for contact in village.rows(Contact)}
    assert addresses >= {somchai.address, malee.address, neighbour.address}, "not before the day"

    village.clock.advance(days=2)
    assert due(village)["contacts"] == 1, "an open case still needs its reporter, and those who follow it"
    was = somchai.contact().id
    retention.run_daily(village.database)

    (emptied,) = [contact for contact in village.rows(Contact) if contact.id == was]
    assert (emptied.address, emptied.display_name) == (f"{erasure.NOBODY}{was}", None)
    first, second = village.rows(Complaint)
    assert (first.text, first.contact_id, first.reporter_name) == (closed.text, None, closed.reporter_name)
    assert second.contact_id == malee.contact().id
    assert somchai.address not in str([vars(event) for event in village.rows(InboundEvent)])
    assert "contacts" not in due(village), "an empty one goes no second time"

    somchai.seen = 0  # of the talk that begins anew
    somchai.says("กลับมาแล้ว")
    assert somchai.contact().id != was
    somchai.sees("/privacy")
    with village.database.unit_of_work() as uow:
        uow.session.get_one(Complaint, still_open.id).state = ComplaintState.REJECTED
    village.clock.advance(days=1)
    retention.run_daily(village.database)
    assert {somchai.address} == {
        contact.address for contact in village.rows(Contact) if not contact.address.startswith(erasure.NOBODY)
    }


def test_whoever_writes_again_in_the_meantime_is_not_emptied(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ภาษีป้ายร้าน")
    village.clock.advance(days=800)
    before = village.clock.now() - timedelta(days=730)
    somchai.says("กลับมาแล้ว")
    with village.database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, somchai.contact().id)
        assert not erasure.expire(uow, contact, unseen_since=before)
    assert somchai.contact().address == somchai.address


def test_an_office_keeps_for_as_long_as_it_says_but_not_below_the_law(database: Database) -> None:
    with database.unit_of_work() as uow:
        retention.set_days(uow, "messages", 200, by="malee")
        for name, days in (("sign_ins", 89), ("messages", 0), ("messages", 99_999)):
            with pytest.raises(ServiceError, match=r"privacy\.bad_days"):
                retention.set_days(uow, name, days, by="malee")
        assert retention.days_of(uow)["messages"] == 200
