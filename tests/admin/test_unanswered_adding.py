"""What could not be answered becomes a phrasing of an entry, or a new answer."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from eservice.kit.database import Database
from eservice.messaging.models import Message
from knowledge.entries import service
from knowledge.entries.models import AskDecision, EntryState
from tests.admin.answers import TAX, WATER, shown
from tests.admin.unanswered_rooms import ADDRESS, DOGS, UnansweredRooms, forms, headings, send


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> UnansweredRooms:
    return UnansweredRooms(database, tmp_path)


def test_phrasings_go_into_the_draft_of_the_nearest_entry(rooms: UnansweredRooms) -> None:
    texts = ("น้ำหยุดไหลหลายวันแล้ว", "น้ำหยุดไหลหลายวัน")
    ids = [rooms.asked(f"v{n}", text) for n, text in enumerate(texts)]
    wipa = rooms.publisher()
    page = wipa.get(ADDRESS)
    (form,) = forms(page, "add")
    assert form["entry"][0] == str(rooms.water_id)
    assert sorted(map(int, form["message"])) == ids
    form["entry"] = [str(rooms.water_id)]
    added = send(wipa, "add", {**form, "message": [str(ids[0])]})
    assert added.headers["location"] == f"/admin/faq/{rooms.water_id}"
    assert rooms.words(rooms.water_id).variants == (*WATER.variants, texts[0])
    assert rooms.state(rooms.water_id) is EntryState.LIVE_WITH_DRAFT
    send(wipa, "add", form)
    assert rooms.words(rooms.water_id).variants == (*WATER.variants, *texts)


def test_what_is_in_a_draft_waits_for_its_publishing(rooms: UnansweredRooms) -> None:
    texts = ("น้ำหยุดไหลหลายวันแล้ว", "น้ำหยุดไหลหลายวัน")
    ids = [rooms.asked(f"v{n}", text) for n, text in enumerate(texts)]
    wipa = rooms.publisher()
    drafted = f'อยู่ในร่าง รอเผยแพร่</span> <a href="/admin/faq/{rooms.water_id}">'
    assert drafted not in wipa.get(ADDRESS).text
    wipa.post(f"{ADDRESS}/add", entry=rooms.water_id, message=ids[0])
    page = wipa.get(ADDRESS)
    assert drafted in page.text
    (form,) = forms(page, "add")
    assert form["message"] == [str(ids[1])]
    wipa.post(f"{ADDRESS}/add", entry=rooms.water_id, message=ids[1])
    page = wipa.get(ADDRESS)
    assert drafted in page.text and forms(page, "add") == [] and "/admin/faq/new" not in page.text


def test_what_a_new_answer_was_begun_for_leads_to_its_draft(rooms: UnansweredRooms) -> None:
    rooms.dogs()
    with rooms.database.unit_of_work() as uow:
        entry = service.create_entry(
            uow, replace(TAX, question=DOGS[0], variants=DOGS[1:]), actor="wipa", key="dogs"
        )
        uow.session.flush()
        entry_id = entry.id
    page = rooms.publisher().get(ADDRESS)
    assert f'<a href="/admin/faq/{entry_id}">{DOGS[0]}</a>' in page.text and forms(page, "add") == []


def test_a_draft_for_something_else_leaves_a_refused_answer_open(rooms: UnansweredRooms) -> None:
    rooms.asked("v2", TAX.question, decision=AskDecision.ANSWERED, entry_id=rooms.tax_id, helpful=False)
    wipa = rooms.publisher()
    wipa.post("/admin/bench/add", q="ป้ายใหญ่เสียเท่าไร", entry=rooms.tax_id)
    page = wipa.get(ADDRESS)
    assert headings(page) == [TAX.question] and "อยู่ในร่าง" not in page.text


def test_three_entries_and_any_other_may_be_added_to(rooms: UnansweredRooms) -> None:
    for number, kind in enumerate(("บ้าน", "คลอง", "ร้าน", "ถนน")):
        content = replace(WATER, question=f"น้ำท่วม{kind}ต้องแจ้งใคร", variants=(), answer=f"แจ้งช่าง {number}")
        rooms.published(content, rooms.doors.works_id, f"flood-{number}")
    rooms.live.refresh()
    message_id = rooms.asked("v1", "น้ำท่วมหนักมากต้องทำยังไงดี")
    wipa = rooms.publisher()
    page = wipa.get(ADDRESS)
    (form,) = forms(page, "add")
    assert len(form["entry"]) == len(set(form["entry"])) == 3
    (href,) = re.findall(r'href="(/admin/faq/unanswered/choose[^"]*)"', page.text)
    assert f"message={message_id}" in href
    chosen = wipa.get(f"{href}&q=ภาษีป้าย")
    (form,) = forms(chosen, "add")
    assert form["message"] == [str(message_id)] and str(rooms.tax_id) in form["entry"]
    assert send(wipa, "add", {**form, "entry": [str(rooms.tax_id)]}).status_code == 303
    assert rooms.words(rooms.tax_id).variants[-1] == "น้ำท่วมหนักมากต้องทำยังไงดี"


def test_the_choice_of_an_entry_offers_what_the_person_may_write(rooms: UnansweredRooms) -> None:
    message_id = rooms.asked("v1", "น้ำหยุดไหลหลายวัน")
    somsri = rooms.author_of_finance()
    address = f"{ADDRESS}/choose?message={message_id}"
    assert "ไม่พบข้อที่ใกล้เคียง" in shown(somsri.get(f"{address}&q=น้ำประปาไม่ไหล"))
    assert f'value="{rooms.tax_id}"' in somsri.get(f"{address}&q=ภาษีป้าย").text
    assert "ไม่พบคำถามเหล่านี้แล้ว" in shown(somsri.get(f"{ADDRESS}/choose?message=987654"))
    assert somsri.get(f"{ADDRESS}/choose?message=0").status_code == 422


def test_a_new_answer_is_the_first_thing_to_do_unless_an_entry_fits(rooms: UnansweredRooms) -> None:
    rooms.dogs()
    page = rooms.publisher().get(ADDRESS).text
    write, instead = page.index(">เขียนคำตอบใหม่<"), page.index("เพิ่มให้ข้อที่มีอยู่แล้ว")
    assert write < instead < page.index("เลือกข้ออื่น")


def test_only_who_may_write_an_entry_adds_to_it(rooms: UnansweredRooms) -> None:
    message_id = rooms.asked("v1", "น้ำหยุดไหลหลายวัน")
    somsri = rooms.author_of_finance()
    page = somsri.get(ADDRESS)
    assert WATER.question in shown(page)
    assert str(rooms.water_id) not in [
        entry for form in forms(page, "add") for entry in form.get("entry", ())
    ]
    refused = somsri.post(f"{ADDRESS}/add", entry=rooms.water_id, message=message_id)
    assert refused.status_code == 403
    assert rooms.words(rooms.water_id).variants == WATER.variants


def test_a_new_answer_begins_with_the_questions(rooms: UnansweredRooms) -> None:
    ids = rooms.dogs()
    wipa = rooms.publisher()
    (href,) = re.findall(r'href="(/admin/faq/new\?asked=[\d,]+)"', wipa.get(ADDRESS).text)
    form = wipa.get(href).text
    assert re.search(rf'id="question"[^>]*value="{DOGS[0]}"|id="question"[^>]*>\s*{DOGS[0]}<', form)
    assert all(text in form for text in DOGS)
    erased = f"/admin/faq/new?asked={ids[1]}"
    with rooms.database.unit_of_work() as uow:
        uow.session.get_one(Message, ids[1]).erased_at = uow.now
    assert DOGS[1] not in wipa.get(erased).text
    assert wipa.get("/admin/faq/new?asked=" + "9," * 30).status_code == 422
