"""A message that its author takes back: its words leave every place, in whatever order things come."""

import pytest

from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry
from eservice.kit.audit import AuditRecord
from eservice.messaging.models import InboundEvent, Message
from knowledge.entries import service as entries
from knowledge.entries.content import EntryContent
from knowledge.entries.models import Entry, EntryVersion
from tests.chat import Resident, Village

SECRET = "เรื่องของนายลับสุดยอด"


def is_kept(village: Village) -> bool:
    """Whether the secret is in any row."""
    tables = (Message, InboundEvent, Inquiry, Entry, EntryVersion, AuditRecord)
    return any("ลับสุดยอด" in str(vars(row)) for table in tables for row in village.rows(table))


def left(somchai: Resident) -> tuple[str, int]:
    """Leaves the secret with the office; the ids of message and inquiry."""
    somchai.taps("คุยกับเจ้าหน้าที่")
    ref = somchai.says(SECRET)
    somchai.taps("ข้าม ตอบในแชต")
    (inquiry,) = somchai.village.rows(Inquiry)
    return ref, inquiry.id


@pytest.fixture
def somchai(village: Village) -> Resident:
    resident = village.resident()
    resident.follows()
    return resident


def test_the_draft_made_from_it_goes_with_its_rewordings(village: Village, somchai: Resident) -> None:
    ref, inquiry_id = left(somchai)
    key = entries.inquiry_key(inquiry_id)
    with village.database.unit_of_work() as uow:
        entry = entries.create_entry(uow, EntryContent(question=SECRET, answer="ก"), actor="malee", key=key)
        uow.session.flush()
        reworded = EntryContent(question=SECRET + " แก้คำ", answer="ข", category="ใหม่")
        entries.save_draft(uow, entry.id, reworded, based_on=1, actor="malee")
    saved = next(row for row in village.rows(AuditRecord) if row.action == "faq.draft_saved")
    assert saved.after == {"category": "ใหม่"}, "the audit says what changed, but keeps no resident's words"
    somchai.does("unsend", reply=False, unsend={"messageId": ref})
    assert not is_kept(village)
    assert key not in [entry.key for entry in village.rows(Entry)]
    assert village.rows(AuditRecord)[-1].action == "faq.asker_took_back"


def test_what_the_office_published_in_its_own_words_stays(village: Village, somchai: Resident) -> None:
    ref, inquiry_id = left(somchai)
    key = entries.inquiry_key(inquiry_id)
    with village.database.unit_of_work() as uow:
        entry = entries.create_entry(uow, EntryContent(question=SECRET, answer="ก"), actor="malee", key=key)
        uow.session.flush()
        general = EntryContent(question="ขอข้อมูลบุคคลได้ไหม", answer="ได้ตามกฎหมาย")
        entries.save_draft(uow, entry.id, general, based_on=1, actor="malee")
        uow.session.flush()
        entries.publish(uow, entry.id, number=2, actor="malee")
    somchai.does("unsend", reply=False, unsend={"messageId": ref})
    assert not is_kept(village)
    village.faq.refresh()
    face = village.faq.face_by_key(key)
    assert face is not None and face.question == "ขอข้อมูลบุคคลได้ไหม"


def test_a_message_that_comes_after_its_taking_back_is_neither_kept_nor_answered(
    village: Village, somchai: Resident
) -> None:
    somchai.sees()
    somchai.does("unsend", reply=False, unsend={"messageId": "m-late"})
    somchai.does("message", message={"id": "m-late", "type": "text", "text": SECRET})
    assert not is_kept(village)
    somchai.sees_nothing()
    somchai.does("message", message={"id": "m-other", "type": "text", "text": "เมนู"})
    somchai.sees("วันนี้ให้ช่วยเรื่องอะไร")


def test_only_the_question_itself_takes_the_draft_along(village: Village, somchai: Resident) -> None:
    _, inquiry_id = left(somchai)
    ref = somchai.says("ขอเพิ่มอีกนิดเรื่องเดิม")
    key = entries.inquiry_key(inquiry_id)
    with village.database.unit_of_work() as uow:
        assert inquiries.current(uow, uow.session.get_one(Inquiry, inquiry_id).conversation_id) is not None
        entries.create_entry(uow, EntryContent(question=SECRET, answer="ก"), actor="malee", key=key)
    somchai.does("unsend", reply=False, unsend={"messageId": ref})
    assert key in [entry.key for entry in village.rows(Entry)]
