"""The live view: what residents are answered with, at every moment."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from eservice.kit.signals import Signals
from eservice.staff.models import Department
from knowledge.entries import live, service
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, Entry
from knowledge.search import FaqDocument, FaqIndex, OfficeWords
from tests.conftest import NOON
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, WATER, published

ASKED = "เบี้ยผู้สูงอายุต้องไปลงที่ไหน"
HOUR = timedelta(hours=1)


def sees(view: LiveFaq, entry_id: int, text: str = ASKED) -> bool:
    """Whether residents meet the entry anywhere; everywhere or nowhere, else this fails."""
    places = {
        view.face(entry_id) is not None,
        entry_id in {face.id for face in view.faces()},
        entry_id in {face.id for face in view.most_asked(100)},
        entry_id in {face.id for face, _ in view.search(text)},
        entry_id in {found for found, _ in view.decide(text).hits},
    }
    (everywhere,) = places
    return everywhere


def test_a_question_finds_its_entry_with_all_its_proof(database: Database, treasury: int) -> None:
    entry_id = published(database, replace(REGISTER, department_id=treasury), key="elderly-register")
    published(database, GARBAGE)
    view = LiveFaq(database)
    decision = view.decide(ASKED)
    assert (decision.kind, decision.hits[0][0]) == (AskDecision.ANSWERED, entry_id)
    assert 0.5 < decision.confidence <= 1
    assert "เบี้ย" in decision.why.matched_words
    face = view.face(entry_id)
    assert face is not None
    assert (face.key, face.question, face.source) == ("elderly-register", REGISTER.question, REGISTER.source)
    assert (face.department_id, face.department) == (treasury, "กองคลัง")
    assert face.parts.headline == "ลงที่ อบต. ตามทะเบียนบ้าน"
    assert (face.published_at, face.asked_count) == (NOON, 0)
    assert view.face_by_key("elderly-register") == face


def test_an_empty_faq_knows_nothing(database: Database) -> None:
    view = LiveFaq(database)
    assert (view.decide(ASKED).kind, view.decide(ASKED).hits) == (AskDecision.UNKNOWN, ())
    assert (view.faces(), view.categories(), view.search(ASKED), view.face(1)) == ((), [], [], None)


def test_edits_appear_with_the_next_refresh_and_drafts_never(database: Database) -> None:
    view = LiveFaq(database)
    assert not view.refresh()
    entry_id = published(database, REGISTER)
    assert view.refresh()
    assert not view.refresh()
    assert sees(view, entry_id)
    rewritten = replace(REGISTER, question="เบี้ยยังชีพยื่นที่ไหน", answer="ยื่นที่กองสวัสดิการ")
    with database.unit_of_work() as uow:
        service.save_draft(uow, entry_id, rewritten, based_on=1, actor="malee")
        other = service.create_entry(uow, GARBAGE, actor="malee")
    assert not view.refresh()
    assert not sees(view, other.id, GARBAGE.question)
    with database.unit_of_work() as uow:
        service.publish(uow, entry_id, number=2, actor="malee")
        service.publish(uow, other.id, number=1, actor="malee")
    assert view.refresh()
    face = view.face(entry_id)
    assert face is not None
    assert face.answer == rewritten.answer
    assert sees(view, other.id, GARBAGE.question)
    with database.unit_of_work() as uow:
        service.retire(uow, entry_id, actor="malee")
    assert view.refresh()
    assert not sees(view, entry_id)


def test_an_entry_is_seen_inside_its_window_only(database: Database, clock: FixedClock) -> None:
    published(database, GARBAGE)
    entry_id = published(database, replace(REGISTER, publish_from=NOON + HOUR, publish_until=NOON + 3 * HOUR))
    view = LiveFaq(database)
    seen: list[bool] = []
    for minutes in (59, 1, 119, 1):
        clock.advance(minutes=minutes)
        view.refresh()
        seen.append(sees(view, entry_id))
    assert seen == [False, True, True, False]


def test_a_shared_view_follows_counts_and_names_of_departments(
    database: Database, clock: FixedClock, treasury: int
) -> None:
    first = published(database, replace(REGISTER, department_id=treasury))
    second = published(database, WATER)
    view = LiveFaq(database)
    assert [face.id for face in view.most_asked(2)] == [first, second]
    with database.unit_of_work() as uow:
        uow.session.get_one(Entry, second).asked_count = 7
        uow.session.get_one(Department, treasury).name = "กองคลังใหม่"
    clock.advance(seconds=10)
    assert view.refresh()
    (most,) = view.most_asked(1)
    assert (most.id, most.asked_count) == (second, 7)
    assert [face.department for face in view.most_asked(9, category="สวัสดิการ")] == ["กองคลังใหม่"]


def test_categories_keep_their_order(database: Database) -> None:
    for category in ("ซ่อมแซม", "น้ำ ไฟ ถนน", "สวัสดิการ", "กีฬา", "สวัสดิการ"):
        published(database, replace(REGISTER, category=category))
    view = LiveFaq(database)
    assert view.categories() == [("สวัสดิการ", 2), ("น้ำ ไฟ ถนน", 1), ("กีฬา", 1), ("ซ่อมแซม", 1)]
    assert [face.category for face in view.faces("กีฬา")] == ["กีฬา"]


def test_a_follow_up_is_read_with_the_entry_before(database: Database) -> None:
    published(database, REGISTER)
    documents = published(
        database,
        replace(
            REGISTER,
            question="เอกสารลงทะเบียนเบี้ยผู้สูงอายุ",
            variants=("ลงเบี้ยคนแก่ใช้เอกสารอะไร",),
            answer="ใช้บัตรประชาชน",
            keywords=("เอกสาร",),
        ),
    )
    view = LiveFaq(database)
    (found, _), *_ = view.decide("แล้วใช้เอกสารอะไร", previous=view.faces()[0].id).hits
    assert found == documents


def test_processes_with_different_pasts_build_the_same_index(database: Database) -> None:
    ids = [published(database, content) for content in (REGISTER, GARBAGE, WATER)]
    old = LiveFaq(database)
    old.refresh()
    for number in (2, 3):
        with database.unit_of_work() as uow:
            content = replace(REGISTER, variants=(f"เบี้ยยังชีพแบบที่ {number}",))
            service.save_draft(uow, ids[0], content, based_on=number - 1, actor="malee")
        with database.unit_of_work() as uow:
            service.publish(uow, ids[0], number=number, actor="malee")
        old.refresh()
    built = [view.trial(OfficeWords()).snapshot.ids for view in (old, LiveFaq(database))]
    assert built == [(None, *map(str, ids))] * 2


def test_many_changes_at_once_are_taken_over(database: Database) -> None:
    view = LiveFaq(database)
    keep = published(database, REGISTER)
    view.refresh()
    more = [
        service.NewEntry(content=replace(GARBAGE, question=f"เรื่องที่ {n}", variants=()))
        for n in range(live.REBUILD_ABOVE + 1)
    ]
    with database.unit_of_work() as uow:
        made = service.create_entries(uow, more, actor="malee")
        service.publish_drafts(uow, [entry.id for entry in made], actor="malee")
    assert view.refresh()
    assert len(view.faces()) == len(more) + 1
    assert sees(view, keep)


def test_a_kept_index_is_used_when_it_is_of_these_very_entries(database: Database, tmp_path: Path) -> None:
    entry_id = published(database, REGISTER)
    assert LiveFaq(database, tmp_path).refresh()
    (kept,) = tmp_path.glob("*.faqindex")
    # What only this file knows shows that it is read, and that nothing is built.
    FaqIndex.build([FaqDocument(id=str(entry_id), question="จดทะเบียนสมรส")]).save(kept)
    (found, _), *_ = LiveFaq(database, tmp_path).decide("จดทะเบียนสมรส").hits
    assert found == entry_id
    published(database, GARBAGE)
    view = LiveFaq(database, tmp_path)
    assert len(view.faces()) == 2
    assert sees(view, entry_id)
    assert not kept.exists()
    (fresh,) = tmp_path.glob("*.faqindex")
    fresh.write_bytes(b"not an index")
    assert sees(LiveFaq(database, tmp_path), entry_id)


def test_what_a_killed_process_left_half_written_goes_after_an_hour(
    database: Database, tmp_path: Path
) -> None:
    forsaken, fresh = tmp_path / ".a.faqindex.1.partial", tmp_path / ".b.faqindex.2.partial"
    for half in (forsaken, fresh):
        half.write_bytes(b"half")
    long_ago = fresh.stat().st_mtime - 2 * 60 * 60
    os.utime(forsaken, (long_ago, long_ago))
    LiveFaq(database, tmp_path).refresh()
    assert not forsaken.exists()
    assert fresh.exists()


@pytest.fixture
def real_database(own_database: Database) -> Iterator[Database]:
    """With real commits and a real clock: the background refresher reads from its own thread."""
    yield own_database


async def test_the_refresher_brings_edits_and_edges_within_a_second(real_database: Database) -> None:
    view = LiveFaq(real_database)
    await asyncio.to_thread(view.refresh)
    signals = Signals(real_database)
    stop = asyncio.Event()
    running = asyncio.create_task(view.keep_fresh(signals, stop))
    now = real_database.clock.now()
    windowed = replace(GARBAGE, publish_until=now + timedelta(seconds=2.5))
    entry_id = await asyncio.to_thread(published, real_database, windowed)
    await until(lambda: view.face(entry_id) is not None, seconds=2)
    await until(lambda: view.face(entry_id) is None, seconds=4)
    assert real_database.clock.now() - now < timedelta(seconds=3.5)
    stop.set()
    signals.close()
    await asyncio.wait_for(running, timeout=2)


async def test_the_refresher_wakes_at_a_signal(real_database: Database) -> None:
    view = LiveFaq(real_database)
    signals = Signals(real_database)
    stop = asyncio.Event()
    await asyncio.to_thread(view.refresh)
    running = asyncio.create_task(view.keep_fresh(signals, stop, every_seconds=60))
    await asyncio.sleep(0.2)  # it waits by now

    def publish() -> int:
        with real_database.unit_of_work() as uow:
            entry = service.create_entry(uow, GARBAGE, actor="malee")
            service.publish(uow, entry.id, number=1, actor="malee")
            signals.notify(uow, service.TOPIC)
            return entry.id

    entry_id = await asyncio.to_thread(publish)
    await until(lambda: view.face(entry_id) is not None, seconds=3)
    stop.set()
    signals.close()
    await asyncio.wait_for(running, timeout=2)


class AbsentDatabase(Database):
    """A database that can go away."""

    away = False

    def open_session(self, *, read_only: bool = False) -> Session:
        if self.away:
            raise OperationalError("SELECT 1", None, ConnectionError())
        return super().open_session(read_only=read_only)


async def test_a_database_that_is_away_leaves_the_last_view_and_is_followed_again(tmp_path: Path) -> None:
    database = AbsentDatabase(f"sqlite:///{tmp_path / 'absent.db'}")
    migrate(database)
    first = published(database, REGISTER)
    view = LiveFaq(database)
    view.refresh()
    signals = Signals(database)
    stop = asyncio.Event()
    database.away = True
    running = asyncio.create_task(view.keep_fresh(signals, stop, every_seconds=0.05))
    await asyncio.sleep(0.3)
    assert sees(view, first)
    database.away = False
    second = await asyncio.to_thread(published, database, GARBAGE)
    await until(lambda: view.face(second) is not None, seconds=3)
    stop.set()
    await asyncio.wait_for(running, timeout=2)
    database.dispose()


async def until(holds: Callable[[], bool], *, seconds: float) -> None:
    """Waits until a condition holds; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)
