"""What is past its keeping time goes once a day; what is still owed or wanted stays. And breaches count down."""

from datetime import timedelta

import pytest

from eservice.complaints import filing
from eservice.complaints.models import Complaint, ComplaintComment
from eservice.complaints.states import ComplaintState
from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.messaging.models import ChannelName, Contact, Message
from eservice.privacy import breaches, erasure, requests, retention
from eservice.privacy.breaches import NewBreach
from eservice.privacy.models import BreachRisk, RequestKind
from eservice.staff.models import SignInAttempt
from knowledge.entries.models import Ask
from tests.bot.test_complaints import file
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


def test_an_office_keeps_for_as_long_as_it_says_but_not_below_the_law(database: Database) -> None:
    with database.unit_of_work() as uow:
        retention.set_days(uow, "messages", 200, by="malee")
        for name, days in (("sign_ins", 89), ("messages", 0), ("messages", 99_999)):
            with pytest.raises(ServiceError, match=r"privacy\.bad_days"):
                retention.set_days(uow, name, days, by="malee")
        assert retention.days_of(uow)["messages"] == 200


def test_a_breach_is_reported_in_72_hours_or_with_a_reason_and_closed_only_when_told(
    database: Database,
) -> None:
    with database.unit_of_work() as uow:
        new = NewBreach(
            noticed_at=uow.now - timedelta(hours=71),
            what="โน้ตบุ๊กหาย",
            data="ชื่อ",
            people=12,
            risk=BreachRisk.HIGH,
        )
        in_time = breaches.note(uow, new, by="malee")
        late = breaches.note(
            uow, NewBreach(**{**vars(new), "noticed_at": uow.now - timedelta(hours=73)}), by="malee"
        )
        assert breaches.clock(in_time, uow.now).left == timedelta(hours=1)
        breaches.report(uow, in_time.id, "", by="malee")
        with pytest.raises(ServiceError, match=r"privacy\.needs_late_reason"):
            breaches.report(uow, late.id, " ", by="malee")
        breaches.report(uow, late.id, "ไฟดับทั้งตำบล", by="malee")
        with pytest.raises(ServiceError, match=r"privacy\.breach_unreported"):
            breaches.close(uow, in_time.id, "เข้ารหัสเครื่อง", by="malee")
        breaches.tell_people(uow, in_time.id, "เรียนทุกท่าน", by="malee")
        breaches.close(uow, in_time.id, "เข้ารหัสเครื่อง", by="malee")
        assert [row.id for row in breaches.all_breaches(uow)] == [late.id, in_time.id]
        assert not breaches.clock(in_time, uow.now).is_running and breaches.clock(late, uow.now).is_late
