"""What the tests of the FAQ share: departments, entries and residents who ask."""

from collections.abc import Callable

import pytest

from eservice.kit.database import Database
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, ContactKind
from eservice.staff.models import Department
from knowledge.entries import service
from knowledge.entries.content import EntryContent

REGISTER = EntryContent(
    question="ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน",
    variants=("เบี้ยคนแก่ ที่ไหน", "ขึ้นทะเบียนคนแก่ทำยังไง"),
    answer="ลงที่ อบต. ตามทะเบียนบ้าน\n- มาที่สำนักปลัด ในเวลาราชการ",
    keywords=("เบี้ยยังชีพ",),
    category="สวัสดิการ",
    source="ระเบียบกระทรวงมหาดไทย 2566",
)
GARBAGE = EntryContent(
    question="ค่าขยะเดือนละเท่าไร",
    variants=("เก็บค่าขยะกี่บาท", "ค่าเก็บขยะบ้านละเท่าไหร่"),
    answer="บ้านละ 20 บาทต่อเดือน\nบ้านทั่วไป | 20 บาท\nร้านค้า | 60 บาท",
    category="สุขภาพและสิ่งแวดล้อม",
)
WATER = EntryContent(
    question="น้ำประปาไม่ไหลทำอย่างไร",
    variants=("น้ำไม่ไหลโทรหาใคร", "ก๊อกน้ำแห้งแจ้งใคร"),
    answer="แจ้งกองช่าง อบต.",
    category="น้ำ ไฟ ถนน",
)

Hear = Callable[[str, str], tuple[int, int]]


def published(database: Database, content: EntryContent, key: str | None = None) -> int:
    """Makes an entry that is live, and returns its id."""
    with database.unit_of_work() as uow:
        entry = service.create_entry(uow, content, actor="malee", key=key)
        service.publish(uow, entry.id, number=1, actor="malee")
        return entry.id


@pytest.fixture
def treasury(database: Database) -> int:
    """The id of กองคลัง."""
    with database.unit_of_work() as uow:
        department = Department(name="กองคลัง")
        uow.session.add(department)
        uow.session.flush()
        return department.id


@pytest.fixture
def hear(database: Database) -> Hear:
    """Stores what a web visitor says; returns (conversation id, message id)."""

    def store(visitor: str, text: str) -> tuple[int, int]:
        with database.unit_of_work() as uow:
            talk = conversations.open_talk(
                uow, channel=ChannelName.WEB, address=visitor, kind=ContactKind.PERSON
            )
            message = conversations.record_heard(uow, talk.conversation, text=text)
            return talk.conversation.id, message.id

    return store
