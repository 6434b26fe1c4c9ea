"""An office with answers, for tests of their rooms."""

import html
import re
from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter
from httpx import Response

from admin import bench, confidence, faq, faq_files, learned, questions
from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from knowledge.entries import known_questions, queries, service
from knowledge.entries.content import EntryContent, content_of
from knowledge.entries.known_questions import Question
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import Entry, EntryState
from tests.admin.desk_client import WatchedSignals
from tests.admin.visitors import Doors, Visitor

TAX = EntryContent(
    question="ภาษีป้ายคิดอย่างไร",
    variants=("ป้ายหน้าร้านเสียภาษีกี่บาท", "อัตราภาษีป้าย", "ค่าป้ายต่อปี"),
    answer="คิดตามขนาดป้าย\nไทยล้วน | 5 บาท",
    category="ภาษี",
    source="กฎกระทรวง",
)
WATER = EntryContent(
    question="น้ำประปาไม่ไหลต้องแจ้งใคร",
    variants=("น้ำไม่ไหล", "ท่อประปาแตก", "ก๊อกไม่มีน้ำ"),
    answer="แจ้งกองช่าง",
    category="น้ำ ไฟ ถนน",
    source="ข้อบัญญัติ",
)


class AnswerRooms:
    """The console's rooms of the answers: a published entry of finance, and one of works."""

    def __init__(self, database: Database, folder: Path, further: Iterable[APIRouter] = ()) -> None:
        self.database = database
        self.folder = folder
        rooms = (faq, faq_files, learned, bench, confidence, questions)
        self.doors = Doors(database, folder, [*(room.router for room in rooms), *further])
        self.signals = WatchedSignals(database)
        self.doors.console.state.signals = self.signals
        self.tax_id = self.published(TAX, self.doors.finance_id, "sign-tax")
        self.water_id = self.published(WATER, self.doors.works_id, "water")
        self.live.refresh()

    @property
    def live(self) -> LiveFaq:
        return self.doors.console.state.faq

    def published(self, content: EntryContent, department_id: int | None, key: str) -> int:
        owned = EntryContent(**{**vars(content), "department_id": department_id})
        with self.database.unit_of_work() as uow:
            entry = service.create_entry(uow, owned, actor="cli", key=key)
            uow.session.flush()
            service.publish(uow, entry.id, number=1, actor="cli")
            return entry.id

    def publisher(self) -> Visitor:
        """Somebody who writes and publishes for the whole office."""
        return self.doors.browser("wipa", Role.PUBLISHER)

    def author_of_finance(self) -> Visitor:
        return self.doors.browser("somsri", Grant(role=Role.AUTHOR, department_id=self.doors.finance_id))

    def entry(self, entry_id: int) -> Entry:
        with self.database.read() as reader:
            return queries.get_entry(reader, entry_id)

    def state(self, entry_id: int) -> EntryState:
        return self.entry(entry_id).state

    def words(self, entry_id: int) -> EntryContent:
        """The words that an author goes on from."""
        with self.database.read() as reader:
            return content_of(service.current_version(reader, queries.get_entry(reader, entry_id)))

    def entries(self) -> int:
        with self.database.read() as reader:
            return len(queries.list_entries(reader)) + len(
                queries.list_entries(reader, state=EntryState.RETIRED)
            )

    def typed(self, content: EntryContent, **changes: object) -> dict[str, object]:
        """The fields of the form as a person leaves them."""
        fields: dict[str, object] = {
            "question": content.question,
            "variants": "\n".join(content.variants),
            "answer": content.answer,
            "category": content.category,
            "department": self.doors.finance_id,
            "source": content.source,
            "based_on": 1,
        }
        return fields | changes


def shown(response: Response) -> str:
    """The words of a page as a person reads them, blanks as single spaces."""
    text = re.sub(r"<[^>]+>", " ", response.text)
    return re.sub(r"\s+", " ", html.unescape(text))


def keep(rooms: AnswerRooms, *questions: tuple[str, str]) -> None:
    """Keeps test questions, each with the key of its entry, or with none."""
    items = [Question(text=text, expected=frozenset(key.split())) for text, key in questions]
    with rooms.database.unit_of_work() as uow:
        known_questions.add(uow, items, actor="cli")


def with_questions(database: Database, folder: Path) -> AnswerRooms:
    """Rooms of an office whose test questions are the entries' own, and two that nothing answers."""
    rooms = AnswerRooms(database, folder)
    keep(
        rooms,
        *((text, "sign-tax") for text in (TAX.question, *TAX.variants)),
        *((text, "water") for text in (WATER.question, *WATER.variants)),
        ("สูตรแกงเขียวหวานไก่", ""),
        ("ราคาทองวันนี้", ""),
    )
    return rooms
