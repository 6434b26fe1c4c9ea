"""The demo office: complete, marked as invented, and quick to load."""

import time
from datetime import date
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from eservice.demo.loader import DEPARTMENTS, is_empty, load_demo
from eservice.kit.audit import SYSTEM, AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.office import service
from eservice.staff.models import Department
from knowledge.entries.content import CATEGORY_ORDER
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision

STATE = (".dopa.go.th", ".nacc.go.th", ".dld.go.th", "oic.go.th")
"""Whose pages the demo office's answers may link: a tap on the name of a law must not open the news."""


@pytest.fixture
def demo(database: Database) -> LiveFaq:
    with database.unit_of_work() as uow:
        load_demo(uow)
    return LiveFaq(database)


def test_an_empty_database_becomes_the_demo_office(database: Database) -> None:
    with database.read() as reader:
        assert is_empty(reader)
    started = time.monotonic()
    with database.unit_of_work() as uow:
        load_demo(uow)
    assert time.monotonic() - started < 10  # about a third of a second on a free machine
    with database.read() as reader:
        assert not is_empty(reader)
        office = service.get_office(reader)
        assert office.is_demo
        assert office.phone == ""  # no number that could be somebody's
        names = reader.session.scalars(select(Department.name).order_by(Department.position)).all()
        assert tuple(names) == DEPARTMENTS
        holidays = {holiday.day: holiday.name for holiday in service.holidays_of(office)}
        assert holidays[date(2026, 12, 7)] == "ชดเชยวันพ่อแห่งชาติ"
        assert all(name.endswith("(คาดการณ์)") == (day.year > 2026) for day, name in holidays.items())
        notice = service.current_notice(reader)
        assert notice is not None
        assert notice.version == "2569-1"
        assert set(reader.session.scalars(select(AuditRecord.actor))) == {SYSTEM}
    with database.unit_of_work() as uow, pytest.raises(ServiceError):
        load_demo(uow)


def test_the_demo_answers_what_residents_ask(database: Database) -> None:
    with database.unit_of_work() as uow:
        load_demo(uow)
    live = LiveFaq(database)
    assert len(live.faces()) >= 150
    assert [category for category, _ in live.categories()] == list(CATEGORY_ORDER)
    assert all(face.department in DEPARTMENTS and face.source for face in live.faces())
    decision = live.decide("เบี้ยผู้สูงอายุต้องไปลงที่ไหน")
    face = live.face(decision.hits[0][0])
    assert face is not None
    assert (decision.kind, face.key) == (AskDecision.ANSWERED, "elderly-register")


def test_people_and_dogs_are_vaccinated_in_different_places(database: Database) -> None:
    with database.unit_of_work() as uow:
        load_demo(uow)
    live = LiveFaq(database)
    for question, key in (("ฉีดวัคซีนเด็กวันไหน", "vaccine-people"), ("ฉีดวัคซีนหมาวันไหน", "dog-vaccine")):
        face = live.face(live.decide(question).hits[0][0])
        assert face is not None
        assert face.key == key


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("ต้นไม้ล้มขวางถนน", "tree-fallen"),
        ("ต้นไม้ล้มพาดสายไฟ", "power-wire"),
        ("หมาข้างบ้านเห่าทั้งคืน", "nuisance-barking"),
        ("ลูกเกิดใหม่ได้เงินไหม", "child-grant-eligible"),
        ("เงินคนชรา 70 ปีได้กี่บาท", "elderly-rate"),
        ("ต่อบัตรประชาชนที่ไหน", "id-card-where"),
        ("เสาร์เปิดไหม", "office-hours"),
        ("อบต อยู่ตรงไหน", "office-address"),
        ("ขอเบอร์ อบต", "office-phone"),
        ("นายก อบต ชื่ออะไร", "office-leaders"),
    ],
)
def test_what_residents_asked_in_vain_is_answered(demo: LiveFaq, question: str, key: str) -> None:
    decision = demo.decide(question)
    face = demo.face(decision.hits[0][0])
    assert face is not None
    assert (decision.kind, face.key) == (AskDecision.ANSWERED, key)


def test_a_link_leads_to_the_body_that_is_named_as_the_source(demo: LiveFaq) -> None:
    linked = {urlsplit(face.source_url).hostname or "" for face in demo.faces() if face.source_url}
    assert linked
    assert [host for host in linked if not host.endswith(STATE)] == []


def test_a_bare_word_after_an_allowance_is_answered_at_once(demo: LiveFaq) -> None:
    for before, word, key in (
        ("elderly-rate", "เอกสาร", "elderly-documents"),
        ("elderly-payday", "แล้วต้องใช้เอกสารอะไร", "elderly-documents"),
        ("child-grant-amount", "ที่ไหน", "child-grant-where"),
        ("build-where", "กี่วัน", "build-time"),
    ):
        face = demo.face_by_key(before)
        assert face is not None
        decision = demo.decide(word, face.id)
        assert decision.kind is AskDecision.ANSWERED
        answer = demo.face(decision.hits[0][0])
        assert answer is not None
        assert answer.key == key
    # What no entry of the matter tells, and what only one of another matter does, is not answered with that.
    tax, rate = demo.face_by_key("signtax-rate"), demo.face_by_key("disability-rate")
    assert tax is not None and rate is not None
    assert demo.decide("เกินกำหนดทำไง", rate.id).kind is not AskDecision.ANSWERED
    assert demo.decide("ให้คนอื่นไปแทนได้ไหม", tax.id).kind is not AskDecision.ANSWERED


def test_a_fallen_tree_comes_with_the_danger_of_wires(demo: LiveFaq) -> None:
    face = demo.face_by_key("tree-fallen")
    assert face is not None
    assert "สายไฟ" in face.answer
    assert "1129" in face.answer


def test_contacts_are_those_of_the_settings_and_never_a_gap(demo: LiveFaq) -> None:
    assert not [face.key for face in demo.faces() if "{" in face.answer]
    address, phone = demo.face_by_key("office-address"), demo.face_by_key("office-phone")
    hours = demo.face_by_key("office-hours")
    assert address is not None and phone is not None and hours is not None
    assert address.parts.headline == "มาที่ 99 หมู่ 1 ต.ตัวอย่าง อ.ตัวอย่าง จ.ตัวอย่าง"
    assert phone.parts.headline.startswith("พิมพ์ถามในแชตนี้")  # the demo has no number, so none is promised
    assert hours.parts.headline.startswith("จันทร์–ศุกร์ 08.30–16.30 น.")
