"""The office's facts inside answers: one truth, the settings, wherever residents read it."""

from dataclasses import replace

from eservice.kit.audit import SYSTEM
from eservice.kit.database import Database
from eservice.office.service import OfficeFacts, create_office, facts_of, get_office, update_office
from knowledge.entries.content import EntryContent
from knowledge.entries.live import LiveFaq
from knowledge.entries.office_facts import office_facts, with_office_facts
from tests.knowledge.entries.conftest import published

CONTACT = EntryContent(
    question="ติดต่อสำนักงานทางไหน",
    answer="มาที่ {office_address}\n- โทร {office_phone}\n- อีเมล {office_email}\nเปิด {office_hours} น.",
)
OFFICE = OfficeFacts(name="อบต.ทุ่งใหญ่", address="12 หมู่ 3", phone="0 2000 0000")


def test_residents_read_the_facts_that_are_set_and_an_edit_shows_at_the_next_refresh(
    database: Database,
) -> None:
    with database.unit_of_work() as uow:
        create_office(uow, OFFICE, actor=SYSTEM)
    entry_id = published(database, CONTACT)
    view = LiveFaq(database)
    face = view.face(entry_id)
    assert face is not None
    assert face.answer == "มาที่ 12 หมู่ 3\n- โทร 0 2000 0000\nเปิด 08.30–16.30 น."
    assert face.parts.headline == "มาที่ 12 หมู่ 3"
    assert face.parts.body == "• โทร 0 2000 0000\nเปิด 08.30–16.30 น."

    with database.unit_of_work() as uow:
        facts = replace(facts_of(get_office(uow)), phone="", email="post@office.example")
        update_office(uow, facts, actor=SYSTEM)
    assert view.refresh()
    face = view.face(entry_id)
    assert face is not None
    assert face.answer == "มาที่ 12 หมู่ 3\n- อีเมล post@office.example\nเปิด 08.30–16.30 น."
    assert not view.refresh()


def test_a_place_on_the_map_is_a_link_and_an_office_not_yet_set_up_knows_nothing(database: Database) -> None:
    with database.read() as reader:
        assert office_facts(reader) == {}
    with database.unit_of_work() as uow:
        create_office(uow, replace(OFFICE, latitude=16.5, longitude=102.25), actor=SYSTEM)
    with database.read() as reader:
        facts = office_facts(reader)
    assert with_office_facts("ดู {office_map}", facts) == "ดู https://www.google.com/maps?q=16.5,102.25"
    assert with_office_facts("{office_name}", facts) == "อบต.ทุ่งใหญ่"


def test_an_answer_is_never_empty_and_other_braces_are_words_like_any() -> None:
    assert with_office_facts("โทร {office_phone}", {}) == "โทร –"
    assert with_office_facts("{office_secret} {0} {", {"phone": "1"}) == "{office_secret} {0} {"
    assert (
        with_office_facts("โทร {office_phone}", {"phone": r"\g<0> {office_name}"})
        == r"โทร \g<0> {office_name}"
    )
