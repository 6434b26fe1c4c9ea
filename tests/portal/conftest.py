"""A portal over each database, with an office, a notice and a few entries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from obstore.store import MemoryStore

from eservice.kit.database import Database
from eservice.kit.http import add_problem_handlers
from eservice.kit.media import MediaStore
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.kit.web.rendering import mount_static
from eservice.office.service import OfficeFacts, create_office, publish_notice
from eservice.portal import (
    STATIC_DIRECTORY,
    ChannelLinks,
    PortalPages,
    add_page_errors,
    create_case_pages,
    create_portal,
)
from eservice.staff.models import Department
from knowledge.classify import ComplaintClassifier
from knowledge.entries import service as faq
from knowledge.entries.content import EntryContent
from knowledge.entries.live import LiveFaq
from tests.conftest import NOON
from tests.learned import CLASSIFIER

HOSTILE = '<script>alert("x")</script>'
HOME = "https://testserver"  # cookies are for HTTPS only
ALLOWED = "https://www.example.go.th"
ENTRIES = {
    "elderly-where": EntryContent(
        question="ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน",
        variants=("เบี้ยคนแก่ไปลงที่ไหน", "ขึ้นทะเบียนคนชราตรงไหน"),
        answer="ลงที่สำนักปลัด อบต.\n- ใช้บัตรประชาชน\n- ใช้สมุดบัญชี\n60–69 ปี | 600 บาท\n70–79 ปี | 700 บาท\nไม่มีค่าธรรมเนียม",
        category="สวัสดิการ",
        source="ระเบียบ มท. 2566",
        source_url="https://example.go.th/rule",
    ),
    "land-tax": EntryContent(
        question="จ่ายภาษีที่ดินภายในเดือนไหน",
        variants=("ภาษีที่ดินจ่ายเมื่อไหร่",),
        answer="จ่ายภายในเดือนเมษายน",
        category="ภาษี",
    ),
    "hostile": EntryContent(
        question=f"ขยะ {HOSTILE}",
        answer=f"เก็บวันจันทร์ {HOSTILE}\n- {HOSTILE}\n{HOSTILE} | {HOSTILE}",
        category=f"ขยะ/{HOSTILE}",
        source=HOSTILE,
    ),
    "tomorrow": EntryContent(
        question="วัคซีนหมาบ้าฉีดวันไหน",
        answer="ฉีดฟรีพรุ่งนี้ที่ อบต.",
        category="สัตว์เลี้ยง",
        publish_from=NOON + timedelta(days=1),
        publish_until=NOON + timedelta(days=2),
    ),
}


@dataclass
class Portal:
    """The site under test and what it stands on."""

    client: TestClient
    faq: LiveFaq
    app: FastAPI
    database: Database

    @property
    def media(self) -> MediaStore:
        """Where it keeps photos."""
        return self.app.state.media

    def visitor(self, address: str) -> TestClient:
        """Another browser, at another address."""
        return TestClient(
            self.app,
            headers={"Accept": "text/html"},
            base_url=HOME,
            client=(address, 50_000),
            raise_server_exceptions=False,
        )


@pytest.fixture
def links() -> dict[str, str]:
    """Addresses of the channels that are on; tests fill it."""
    return {}


@pytest.fixture(scope="session")
def classifier() -> ComplaintClassifier:
    """What has learned from the shipped texts, once for all tests."""
    return CLASSIFIER


@pytest.fixture
def portal(database: Database, links: dict[str, str], classifier: ComplaintClassifier) -> Iterator[Portal]:
    """The portal of an office open on Friday noon, with a department, a notice and four entries."""
    with database.unit_of_work() as uow:
        facts = OfficeFacts(
            name="อบต.ทดสอบ", address="1 หมู่ 2 ต.ทดสอบ", phone="0 2000 0000", widget_origins=(ALLOWED,)
        )
        create_office(uow, facts, actor="test")
        notice = f"# ประกาศ\n\nเก็บเท่าที่จำเป็น {HOSTILE}\n\n## สิทธิ\n\n- ขอดู\n- ขอลบ"
        publish_notice(uow, version="2569-1", text=notice, actor="test")
        uow.session.add(Department(name="สำนักปลัด", position=0))
        made = faq.create_entries(
            uow, [faq.NewEntry(content=content, key=key) for key, content in ENTRIES.items()], actor="test"
        )
        faq.publish_drafts(uow, [entry.id for entry in made], actor="test")
    live = LiveFaq(database)
    app = FastAPI()
    app.state.database, app.state.media = database, MediaStore(MemoryStore())
    texts = Catalogue(STATIC_DIRECTORY.parents[1] / "text")
    add_problem_handlers(app, texts)
    pages = PortalPages(public_url="https://chat.example.go.th", channel_links=lambda: ChannelLinks(**links))
    app.include_router(create_portal(pages, live))
    app.include_router(create_case_pages(pages, classifier, Signals(database), lambda: "secret"))
    add_page_errors(app, pages, texts)
    mount_static(app, STATIC_DIRECTORY)
    with TestClient(
        app, headers={"Accept": "text/html"}, base_url=HOME, raise_server_exceptions=False
    ) as client:
        yield Portal(client=client, faq=live, app=app, database=database)
