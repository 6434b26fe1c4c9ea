"""Who hears what about a complaint, on which road, and how often."""

from sqlalchemy import select

from eservice.complaints import filing, residents, service
from eservice.complaints.assigning import load_of
from eservice.complaints.filing import Filed
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit import outbox
from eservice.kit.outbox import OutboxEvent
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.messaging.models import Contact, Delivery, DeliveryClass, DeliveryState, Message
from eservice.notifications.relay import Relay
from tests.complaints.desk import Desk
from tests.source import ROOT

TEXTS = Catalogue(ROOT / "eservice/text")


def relay_all(desk: Desk) -> None:
    relay = Relay(desk.database, Signals(desk.database), TEXTS)
    while relay.process_next():
        pass


def told(desk: Desk, contact_id: int) -> list[tuple[str, DeliveryClass, DeliveryState]]:
    """What has been said to a contact: the first lines, for what, and where it stands."""
    with desk.database.read() as reader:
        rows = reader.session.execute(
            select(Message.text, Delivery.purpose, Delivery.state)
            .join(Message, Message.id == Delivery.message_id)
            .where(Delivery.contact_id == contact_id)
            .order_by(Delivery.id)
        ).all()
        return [(text, purpose, state) for text, purpose, state in rows]


def begin(desk: Desk, filed: Filed) -> None:
    with desk.database.unit_of_work() as uow:
        service.change_state(
            uow,
            filed.complaint_id,
            ComplaintState.IN_PROGRESS,
            by=desk.somsri,
            seen_version=desk.version(filed),
        )


def finish(desk: Desk, filed: Filed) -> None:
    with desk.database.unit_of_work() as uow:
        service.propose_done(
            uow, filed.complaint_id, "เปลี่ยนหลอดแล้ว", by=desk.somsri, seen_version=desk.version(filed)
        )
    with desk.database.unit_of_work() as uow:
        service.agree_done(uow, filed.complaint_id, by=desk.somchai, seen_version=desk.version(filed))


def test_a_new_complaint_goes_to_the_department_of_its_category_and_nobody_is_told_twice(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    complaint = desk.now(filed)
    assert (complaint.state, complaint.department_id) == (ComplaintState.ASSIGNED, desk.works)
    assert complaint.assignee_id in (desk.somsri.account_id, desk.somchai.account_id)
    assert told(desk, desk.daeng) == []


def test_new_complaints_are_shared_among_the_people_of_the_department(desk: Desk) -> None:
    for _ in range(4):
        desk.file()
    relay_all(desk)
    with desk.database.read() as reader:
        loads = load_of(reader, desk.works)
    assert set(loads.values()) == {2}


def test_on_line_only_done_and_a_question_spend_a_push(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    begin(desk, filed)
    with desk.database.unit_of_work() as uow:
        service.change_state(
            uow, filed.complaint_id, ComplaintState.WAITING, by=desk.somsri, seen_version=desk.version(filed),
            waiting_reason=WaitingReason.BUDGET, reason="ของบเพิ่ม",
        )  # fmt: skip
    begin(desk, filed)
    finish(desk, filed)
    relay_all(desk)
    heard = told(desk, desk.daeng)
    assert [(purpose, state) for _text, purpose, state in heard] == [
        (DeliveryClass.NOTICE, DeliveryState.HELD),
        (DeliveryClass.NOTICE, DeliveryState.HELD),
        (DeliveryClass.NOTICE, DeliveryState.HELD),
        (DeliveryClass.CASE_PUSH, DeliveryState.QUEUED),
    ]
    assert "ของบประมาณ" in heard[1][0]
    assert "ของบเพิ่ม" in heard[1][0]
    assert "เปลี่ยนหลอดแล้ว" in heard[3][0]
    assert "แก้แล้วหรือยัง" in heard[3][0]


def test_elsewhere_people_are_told_at_once(desk: Desk) -> None:
    filed = desk.file(contact_id=desk.dam)
    relay_all(desk)
    begin(desk, filed)
    relay_all(desk)
    assert [state for _text, _purpose, state in told(desk, desk.dam)] == [DeliveryState.QUEUED]


def test_who_joined_hears_too_but_is_asked_nothing(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        assert filing.join(uow, filed.number, desk.dam)
    begin(desk, filed)
    finish(desk, filed)
    relay_all(desk)
    texts = [text for text, _purpose, _state in told(desk, desk.dam)]
    assert len(texts) == 2
    assert "แก้แล้วหรือยัง" not in texts[-1]
    assert "เปลี่ยนหลอดแล้ว" not in texts[-1]  # what officers write to the owner may name them


def test_a_push_is_spent_on_the_owner_alone(desk: Desk) -> None:
    filed = desk.file(contact_id=desk.dam)
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        filing.join(uow, filed.number, desk.daeng)
    begin(desk, filed)
    finish(desk, filed)
    relay_all(desk)
    assert {purpose for _text, purpose, _state in told(desk, desk.daeng)} == {DeliveryClass.NOTICE}
    assert told(desk, desk.dam)[-1][1] is DeliveryClass.CASE_PUSH


def test_a_question_of_the_office_goes_to_the_owner_alone(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        filing.join(uow, filed.number, desk.dam)
        service.change_state(
            uow, filed.complaint_id, ComplaintState.NEEDS_INFORMATION, by=desk.somsri,
            seen_version=desk.version(filed), note="เสาต้นไหนคะ",
        )  # fmt: skip
    relay_all(desk)
    assert [purpose for _t, purpose, _s in told(desk, desk.daeng)] == [DeliveryClass.CASE_PUSH]
    assert told(desk, desk.dam) == []


def test_what_residents_do_themselves_is_not_told_back_to_them(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        filing.join(uow, filed.number, desk.dam)
        residents.withdraw(uow, filed.number, desk.owner)
    relay_all(desk)
    assert told(desk, desk.daeng) == []
    assert len(told(desk, desk.dam)) == 1


def test_notes_among_staff_reach_nobody_and_replies_reach_the_owner(desk: Desk) -> None:
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        service.say(uow, filed.complaint_id, "ผู้แจ้งเคยโวยวาย", by=desk.somsri, to_resident=False)
        service.say(uow, filed.complaint_id, "พรุ่งนี้ไปดูค่ะ", by=desk.somsri, to_resident=True)
    relay_all(desk)
    heard = told(desk, desk.daeng)
    assert len(heard) == 1
    assert "พรุ่งนี้ไปดูค่ะ" in heard[0][0]


def test_an_event_that_fails_is_put_off_and_the_next_goes_on(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        outbox.record(uow, "complaint.said", "complaint:0", comment_id=999_999)
    filed = desk.file()
    relay_all(desk)
    assert desk.state(filed) is ComplaintState.ASSIGNED
    with desk.database.read() as reader:
        waiting = reader.session.scalars(select(OutboxEvent).where(OutboxEvent.done_at.is_(None))).one()
        assert (waiting.attempts, waiting.reason) == (1, "NoResultFound")
        assert waiting.due_at > reader.now


def test_a_resident_reads_news_in_their_own_language(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        uow.session.get_one(Contact, desk.daeng).language = "en"
    begin(desk, filed)
    relay_all(desk)
    assert "has begun to work" in told(desk, desk.daeng)[0][0]


def test_what_the_owner_says_of_the_work_is_read_by_nobody_who_only_joined(desk: Desk) -> None:
    filed = desk.file()
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        assert filing.join(uow, filed.number, desk.dam)
    begin(desk, filed)
    finish(desk, filed)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "หน้าบ้านนางแดง 99/1 ยังมืด")
    relay_all(desk)
    texts = [text for text, _purpose, _state in told(desk, desk.dam)]
    assert len(texts) == 3
    assert "นางแดง" not in texts[2]
