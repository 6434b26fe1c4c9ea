"""The copy of one's own data on the web: opened by a form alone, once; and requests about a single case."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, ContactKind
from eservice.privacy import copies, requests
from eservice.privacy.models import PrivacyRequest
from tests.complaints.desk import LIGHT, open_desk
from tests.portal.conftest import Portal

WORDS = "ไฟหน้าบ้านผมดับ"


@pytest.fixture
def secret(database: Database) -> str:
    with database.unit_of_work() as uow:
        talk = conversations.begin_talk(
            uow, channel=ChannelName.LINE, address="U1", kind=ContactKind.PERSON, display_name="สมชาย"
        )
        conversations.record_heard(uow, talk.conversation, text=WORDS)
        return copies.new_link(uow, talk.contact).partition("#")[2]


def test_looking_at_the_link_opens_nothing_and_sending_the_form_opens_it_once(
    portal: Portal, secret: str, clock: FixedClock
) -> None:
    for _ in range(2):
        assert WORDS not in portal.client.get("/mydata").text
    assert portal.client.get("/mydata/data.json", follow_redirects=False).status_code == 303
    page = portal.client.post("/mydata", data={"secret": secret})
    assert WORDS in page.text and "สมชาย" in page.text and page.headers["cache-control"] == "no-store"
    copy = portal.client.get("/mydata/data.json")
    assert copy.json()["messages"][0]["text"] == WORDS
    portal.client.cookies.clear()
    again = portal.client.post("/mydata", data={"secret": secret})
    assert again.status_code == 404 and "ใช้ไปแล้ว" in again.text and WORDS not in again.text
    assert portal.client.get("/mydata/photos/1").status_code == 404


def test_the_copy_closes_after_half_an_hour(portal: Portal, secret: str, clock: FixedClock) -> None:
    portal.client.post("/mydata", data={"secret": secret})
    clock.advance(minutes=31)
    assert WORDS not in portal.client.get("/mydata/all").text


def test_the_holder_of_a_cases_key_asks_about_that_case(portal: Portal, database: Database) -> None:
    filed = open_desk(database).file(replace(LIGHT, text=WORDS))
    assert portal.client.get("/track/data.json", follow_redirects=False).status_code == 303
    portal.client.post("/track", data={"act": "open", "number": filed.number, "key": filed.key})
    assert portal.client.get("/track/data.json").json()["cases"][0]["text"] == WORDS
    assert portal.client.post("/track/personal", data={"kind": "correction"}).status_code == 422
    page = portal.client.post("/track/personal", data={"kind": "erasure"}).text
    with database.read() as reader:
        (request,) = reader.session.scalars(select(PrivacyRequest)).all()
        assert (request.complaint_id, request.contact_id) == (filed.complaint_id, None)
    assert (
        requests.number(request) in page
        and "รอเจ้าหน้าที่ตอบ" in page
        and "20 ธ.ค. 2569" in page.replace("\N{NO-BREAK SPACE}", " ")
    )
