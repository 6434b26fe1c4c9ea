"""What staff teach and take back, and how soon every process answers by it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.signals import Signals
from knowledge.entries import confirmations, phrasings, service
from knowledge.entries.learning_rules import LearningMode, LearningRules, change_rules, get_rules
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, LearningRulesRow, Phrasing, PhrasingState
from knowledge.search import FaqDocument, FaqIndex
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, WATER, Hear, published

WORDS = "กองภูเขาหน้าบ้านต้องเสียตังไหม"


def taught(database: Database, entry_id: int | None, words: str = WORDS, **more: int) -> int:
    """A correction by malee; returns its id."""
    with database.unit_of_work() as uow:
        return phrasings.correct(uow, words, entry_id, actor="malee", **more).id


def withdrawn(database: Database, phrasing_id: int) -> None:
    with database.unit_of_work() as uow:
        phrasings.withdraw(uow, phrasing_id, actor="malee")


def stored(database: Database, phrasing_id: int) -> Phrasing:
    with database.read() as reader:
        return reader.session.get_one(Phrasing, phrasing_id)


def audited(database: Database) -> list[tuple[str, str]]:
    with database.read() as reader:
        records = reader.session.query(AuditRecord).order_by(AuditRecord.id)
        return [(r.actor, r.action) for r in records if r.action.startswith(("faq_phrasing", "faq_learning"))]


def answered(view: LiveFaq, words: str = WORDS) -> int | None:
    """The entry that is answered outright."""
    decision = view.decide(words)
    return decision.hits[0][0] if decision.kind is AskDecision.ANSWERED else None


@pytest.fixture
def garbage(database: Database) -> int:
    published(database, REGISTER)
    published(database, WATER)
    return published(database, GARBAGE)


def test_a_correction_is_known_in_every_process_and_taken_back_again(
    database: Database, garbage: int
) -> None:
    views = [LiveFaq(database), LiveFaq(database)]
    assert [answered(view) for view in views] == [None, None]
    phrasing_id = taught(database, garbage)
    assert all(view.refresh() for view in views)
    assert [answered(view, f"{WORDS}คะ") for view in views] == [garbage, garbage]
    assert not any(view.refresh() for view in views)
    withdrawn(database, phrasing_id)
    assert all(view.refresh() for view in views)
    assert [answered(view) for view in views] == [None, None]
    assert audited(database) == [("malee", "faq_phrasing.accepted"), ("malee", "faq_phrasing.withdrawn")]


def test_what_has_no_entry_here_is_left_to_staff(database: Database, garbage: int) -> None:
    view = LiveFaq(database)
    words = "ค่าเก็บขยะติดเชื้อเท่าไหร่"
    assert view.decide(words).kind is not AskDecision.UNKNOWN
    phrasing_id = taught(database, None, words)
    view.refresh()
    assert view.decide(words).kind is AskDecision.UNKNOWN
    withdrawn(database, phrasing_id)
    view.refresh()
    assert view.decide(words).kind is not AskDecision.UNKNOWN


def test_a_process_that_starts_later_knows_it_too_also_from_its_file(
    database: Database, garbage: int, tmp_path: Path
) -> None:
    LiveFaq(database, tmp_path).refresh()
    (untaught,) = tmp_path.glob("*.faqindex")
    phrasing_id = taught(database, garbage)
    view = LiveFaq(database, tmp_path)
    assert answered(view) == garbage
    (kept,) = tmp_path.glob("*.faqindex")
    assert kept != untaught, "the old file knows less"
    # What only this file knows shows that it is read, and that nothing is built.
    FaqIndex.build([FaqDocument(id=str(garbage), question="จดทะเบียนสมรส")]).save(kept)
    assert answered(LiveFaq(database, tmp_path), "จดทะเบียนสมรส") == garbage
    withdrawn(database, phrasing_id)
    assert answered(LiveFaq(database, tmp_path)) is None


def test_a_retired_entry_takes_its_wordings_along_and_brings_them_back(
    database: Database, garbage: int
) -> None:
    view = LiveFaq(database)
    taught(database, garbage)
    view.refresh()
    with database.unit_of_work() as uow:
        service.retire(uow, garbage, actor="malee")
    view.refresh()
    assert garbage not in dict(view.decide(WORDS).hits)
    with database.unit_of_work() as uow:
        service.restore(uow, garbage, actor="malee")
    with database.unit_of_work() as uow:
        service.publish(uow, garbage, number=2, actor="malee")
    view.refresh()
    assert answered(view) == garbage


def test_a_wording_stays_learned_when_the_entry_takes_it_up_and_drops_it(
    database: Database, garbage: int
) -> None:
    view = LiveFaq(database)
    taught(database, garbage)
    for number, variants in ((2, (*GARBAGE.variants, WORDS)), (3, GARBAGE.variants)):
        with database.unit_of_work() as uow:
            content = replace(GARBAGE, variants=variants)
            service.save_draft(uow, garbage, content, based_on=number - 1, actor="malee")
        with database.unit_of_work() as uow:
            service.publish(uow, garbage, number=number, actor="malee")
        view.refresh()
        assert answered(view) == garbage


ASKED = (WORDS, "กองทรายหน้าบ้าน", "ขนกิ่งไม้คิดตังไหม", "เก็บค่าขยะกี่บาท", "เบี้ยคนแก่", "น้ำไม่ไหล", "ตู้เย็นเก่าทิ้งไหน")


def test_after_un_learning_a_process_decides_as_one_that_never_learned(
    database: Database, garbage: int
) -> None:
    view = LiveFaq(database)
    withdrawn_soon, *_ = [taught(database, garbage, words) for words in ASKED[:3]]
    view.refresh()
    withdrawn(database, withdrawn_soon)
    view.refresh()
    fresh = LiveFaq(database)
    for text in ASKED:
        mine, theirs = view.decide(text), fresh.decide(text)
        assert (mine.kind, mine.hits) == (theirs.kind, theirs.hits)
        assert mine.confidence == pytest.approx(theirs.confidence)


def test_what_was_learned_before_entries_changed_counts_as_if_learned_after(
    database: Database, garbage: int
) -> None:
    early, late = LiveFaq(database), LiveFaq(database)
    for view in (early, late):
        view.refresh()
    for words in ASKED[:3]:
        taught(database, garbage, words)
    early.refresh()
    # Keywords that are words from now on, also within what was learned before.
    published(database, replace(WATER, question="ภูเขาของใคร", keywords=("กองภูเขา", "กิ่งไม้คิด")))
    for view in (early, late):
        view.refresh()
    assert answered(early) == garbage
    for text in ASKED:
        mine, theirs = early.decide(text), late.decide(text)
        assert (mine.kind, mine.hits, mine.why) == (theirs.kind, theirs.hits, theirs.why)


def test_one_can_see_beforehand_what_a_wording_would_change(database: Database, garbage: int) -> None:
    view = LiveFaq(database)
    (then, nowhere) = view.decide_once_taught([(WORDS, garbage), (WORDS, None)])
    assert (then.kind, then.hits[0][0]) == (AskDecision.ANSWERED, garbage)
    assert nowhere.kind is AskDecision.UNKNOWN
    assert view.decide_once_taught([]) == []
    assert answered(view) is None


def test_the_same_words_are_taught_for_one_entry_only(database: Database, garbage: int) -> None:
    other = published(database, replace(GARBAGE, question="ขอถังขยะใบใหม่", variants=()))
    first = taught(database, garbage)
    assert taught(database, garbage, f"{WORDS}ครับ") == first, "said again, it changes nothing"
    with pytest.raises(ServiceError) as refused:
        taught(database, other)
    assert (refused.value.code, refused.value.kind) == ("faq.phrasing_taken", ErrorKind.CONFLICT)
    with database.unit_of_work() as uow:
        moved = phrasings.move(uow, first, other, actor="malee").id
    assert stored(database, first).state is PhrasingState.WITHDRAWN
    assert (stored(database, moved).state, stored(database, moved).entry_id) == (PhrasingState.ACTIVE, other)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("เก็บค่าขยะกี่บาทครับ", "faq.own_wording"),
        ("โทร 0812345678 ถามค่าขยะ", "faq.unteachable"),
        ("นางสาวสมศรีถามค่าขยะ", "faq.unteachable"),
        ("ขยะ" * 60, "faq.unteachable"),
        ("?", "faq.unteachable"),
    ],
)
def test_what_should_not_be_taught_is_refused(
    database: Database, garbage: int, words: str, code: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        taught(database, garbage, words)
    assert refused.value.code == code


def test_nothing_is_taught_for_an_entry_that_residents_do_not_see(database: Database, garbage: int) -> None:
    waiting = taught(database, garbage)
    withdrawn(database, waiting)
    with database.unit_of_work() as uow:
        service.retire(uow, garbage, actor="malee")
    with pytest.raises(ServiceError, match=r"faq\.entry_not_live"):
        taught(database, garbage)
    with pytest.raises(ServiceError, match=r"faq\.entry_not_live"), database.unit_of_work() as uow:
        phrasings.approve(uow, waiting, actor="malee")


def test_where_the_rules_say_so_a_colleague_looks_at_a_correction(database: Database, garbage: int) -> None:
    with database.unit_of_work() as uow:
        change_rules(uow, LearningRules(corrections_at_once=False), actor="admin")
    phrasing_id = taught(database, garbage)
    assert stored(database, phrasing_id).state is PhrasingState.PENDING
    with pytest.raises(ServiceError, match=r"faq\.own_correction"), database.unit_of_work() as uow:
        phrasings.approve(uow, phrasing_id, actor="malee")
    with database.unit_of_work() as uow:
        phrasings.approve(uow, phrasing_id, actor="preecha")
    assert stored(database, phrasing_id).state is PhrasingState.ACTIVE
    assert audited(database)[1:] == [("malee", "faq_phrasing.proposed"), ("preecha", "faq_phrasing.accepted")]


def test_a_decision_is_made_once(database: Database, garbage: int) -> None:
    phrasing_id = taught(database, garbage)
    for wrong in (phrasings.reject,):
        with pytest.raises(ServiceError, match=r"faq\.phrasing_decided"), database.unit_of_work() as uow:
            wrong(uow, phrasing_id, actor="malee")
    withdrawn(database, phrasing_id)
    withdrawn(database, phrasing_id)
    assert len(audited(database)) == 2
    with pytest.raises(ServiceError, match=r"faq\.phrasing_not_found"):
        withdrawn(database, 10**6)


def test_a_correction_that_waits_goes_with_the_message_it_was_made_of(
    database: Database, garbage: int, hear: Hear
) -> None:
    _, kept = hear("v1", WORDS)
    _, erased = hear("v1", "กองทรายหน้าบ้านเสียตังไหม")
    active = taught(database, garbage, message_id=kept)
    with database.unit_of_work() as uow:
        change_rules(uow, LearningRules(corrections_at_once=False), actor="admin")
    taught(database, garbage, "กองทรายหน้าบ้านเสียตังไหม", message_id=erased)
    with database.unit_of_work() as uow:
        for message_id in (kept, erased):
            confirmations.forget_message(uow, message_id)
    with database.read() as reader:
        (left,) = reader.session.query(Phrasing)
        assert (left.id, left.state, left.origin_message_id) == (active, PhrasingState.ACTIVE, None)


def test_the_rules_are_audited_and_kept_within_reason(database: Database) -> None:
    with database.read() as reader:
        assert get_rules(reader) == LearningRules()
        assert get_rules(reader).mode is LearningMode.REVIEWED
    chosen = LearningRules(mode=LearningMode.AUTOMATIC, people=4)
    for _ in range(2):
        with database.unit_of_work() as uow:
            change_rules(uow, chosen, actor="admin")
    with database.unit_of_work() as uow:
        change_rules(uow, replace(chosen, days=3), actor="admin")
    with database.read() as reader:
        assert get_rules(reader) == replace(chosen, days=3)
        first, second = reader.session.query(AuditRecord).order_by(AuditRecord.id)
        assert (first.action, first.before, first.after) == (
            "faq_learning.rules_changed",
            {"mode": "reviewed", "people": 3},
            {"mode": "automatic", "people": 4},
        )
        assert (second.before, second.after) == ({"days": 2}, {"days": 3})
    with pytest.raises(ServiceError) as refused, database.unit_of_work() as uow:
        change_rules(uow, LearningRules(people=1, daily_limit=0), actor="admin")
    assert refused.value.fields == {"people": "out_of_range", "daily_limit": "out_of_range"}
    with database.read() as reader:
        assert reader.session.query(LearningRulesRow).count() == 1


async def test_two_running_processes_know_it_within_two_seconds_without_a_stalled_loop(
    own_database: Database,
) -> None:
    entry_id = published(own_database, GARBAGE)
    published(own_database, WATER)
    first, second = (Database(own_database.url.render_as_string(hide_password=False)) for _ in range(2))
    views = [LiveFaq(database) for database in (first, second)]
    for view in views:
        await asyncio.to_thread(view.refresh)
    signals = [Signals(database) for database in (first, second)]
    stop = asyncio.Event()
    running = [
        asyncio.create_task(view.keep_fresh(one, stop)) for view, one in zip(views, signals, strict=True)
    ]
    watch = asyncio.create_task(longest_stall(stop))
    phrasing_id = await asyncio.to_thread(taught, own_database, entry_id)
    await until(lambda: [answered(view) for view in views] == [entry_id] * 2, seconds=2)
    await asyncio.to_thread(withdrawn, own_database, phrasing_id)
    await until(lambda: [answered(view) for view in views] == [None] * 2, seconds=2)
    stop.set()
    for one in signals:
        one.close()
    await asyncio.gather(*running)
    assert await watch < 0.5
    for database in (first, second):
        database.dispose()


async def longest_stall(stop: asyncio.Event) -> float:
    """How long the event loop once came too late, in seconds."""
    longest = 0.0
    while not stop.is_set():
        asked = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - asked - 0.01)
    return longest


async def until(holds: Callable[[], bool], *, seconds: float) -> None:
    """Waits until a condition holds; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)
