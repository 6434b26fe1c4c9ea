"""The office's own words: what is kept, what is refused, and that residents are answered by them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.signals import Signals
from knowledge.entries import known_questions, recalibrating, service, trial, word_rules, words
from knowledge.entries.evaluate import Question
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, WordKind
from knowledge.entries.trial import TrialQuestions
from knowledge.entries.word_rules import Rule
from knowledge.search import OfficeWords
from knowledge.search.recalibration import Outcome
from knowledge.thai import Segmenter
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, WATER, published
from tests.knowledge.entries.test_live_faq import until

ASKED = "เก็บค่าสิ่งปฏิกูลเท่าไร"


def synonyms(*group: str, note: str = "") -> Rule:
    return Rule(kind=WordKind.SYNONYMS, words=group, note=note)


def stop(phrase: str) -> Rule:
    return Rule(kind=WordKind.STOP_PHRASE, words=(phrase,))


def protected(word: str) -> Rule:
    return Rule(kind=WordKind.PROTECTED, words=(word,))


def brought(group: tuple[str, ...], *others: Rule) -> set[str]:
    """The words that a group joins, where there are other rules."""
    known = Segmenter(office=word_rules.office_words([synonyms(*group), *others]))
    return set(word_rules.joined_group(group, known))


def added(database: Database, rule: Rule) -> int:
    with database.unit_of_work() as uow:
        return words.add(uow, rule, actor="malee").id


def refusal(database: Database, rule: Rule) -> ServiceError:
    with pytest.raises(ServiceError) as refused, database.unit_of_work() as uow:
        words.add(uow, rule, actor="malee")
    return refused.value


def kept(database: Database) -> OfficeWords:
    with database.read() as reader:
        return words.office_words(reader)


def audited(database: Database) -> list[AuditRecord]:
    with database.read() as reader:
        query = select(AuditRecord).where(AuditRecord.subject_kind == words.SUBJECT).order_by(AuditRecord.id)
        return list(reader.session.scalars(query))


def test_rules_of_all_kinds_reach_the_engine_as_written(database: Database) -> None:
    added(database, synonyms(" อบต. ", "องค์การ\nบริหาร", "อบต"))
    added(database, protected("บ้านนา"))
    added(database, stop("อยากให้ช่วยดู"))
    assert kept(database) == OfficeWords(
        synonyms=(("อบต.", "องค์การ บริหาร"),), protected=("บ้านนา",), stop_phrases=("อยากให้ช่วยดู",)
    )


def test_a_rewritten_rule_takes_the_place_of_the_old_one(database: Database) -> None:
    first = added(database, synonyms("ขยะ", "สิ่งปฏิกูล"))
    with database.unit_of_work() as uow:
        second = words.change(uow, first, synonyms("ขยะ", "สิ่งปฏิกูล", "เศษขยะ"), actor="wipa").id
        same = words.change(uow, second, synonyms("ขยะ", "สิ่งปฏิกูล", "เศษขยะ"), actor="wipa").id
    assert same == second
    assert kept(database).synonyms == (("ขยะ", "สิ่งปฏิกูล", "เศษขยะ"),)
    with database.unit_of_work() as uow:
        words.retire(uow, second, actor="wipa")
    assert kept(database) == OfficeWords()
    with database.read() as reader:
        assert [row.id for row in words.retired_rules(reader)] == [second, first]
    told = [(record.actor, record.action) for record in audited(database)]
    assert told == [
        ("malee", "faq_words.added"),
        ("wipa", "faq_words.changed"),
        ("wipa", "faq_words.retired"),
    ]
    assert audited(database)[1].before == {"words": ["ขยะ", "สิ่งปฏิกูล"]}


def test_a_rule_that_a_colleague_rewrote_is_not_changed_again(database: Database) -> None:
    first = added(database, stop("อยากให้ช่วยดู"))
    with database.unit_of_work() as uow:
        words.change(uow, first, stop("อยากให้ดูให้"), actor="wipa")
    for again in (
        lambda uow: words.change(uow, first, stop("ขอให้ดู"), actor="malee"),
        lambda uow: words.retire(uow, first, actor="malee"),
    ):
        with pytest.raises(ServiceError) as refused, database.unit_of_work() as uow:
            again(uow)
        assert (refused.value.code, refused.value.kind) == ("faq_words.changed", ErrorKind.CONFLICT)
    with pytest.raises(ServiceError, match=r"faq_words\.not_found"), database.unit_of_work() as uow:
        words.retire(uow, 987_654, actor="malee")


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (synonyms(), "empty"),
        (stop("   "), "empty"),
        (synonyms("ขยะ"), "group_of_one"),
        (synonyms("อบต.", "อบต", "อ.บ.ต."), "group_of_one"),
        (synonyms("ขยะ", "!!!"), "no_letter"),
        (stop("๑๒๓"), "no_letter"),
        (stop("😀😀"), "no_letter"),
        (protected("ก"), "too_short"),
        (protected("ก" + "า" + "ข" * 60), "too_long"),
        (Rule(kind=WordKind.PROTECTED, words=("บ้านนา", "บ้านไร่")), "one_at_a_time"),
        (synonyms(*(f"คำที่{n}" for n in range(21))), "group_too_large"),
        (synonyms("ขยะ", "เศษของ", note="ก" * 301), "note_too_long"),
        (synonyms("หมา", "สุนัข"), "known_already"),
        (synonyms("เศษอาหาร", "สิ่งปฏิกูล"), "in_other_group"),
        (synonyms("สิ่งปฏิกูล", "กากของเสีย"), "repeated"),
        (protected("สิ่งปฏิกูล"), "in_two_kinds"),
        (stop("กากของเสีย"), "in_two_kinds"),
        (stop("เท่าไหร่"), "is_synonym"),
        (stop("เบี้ยยังชีพ"), "is_keyword"),
        (stop("เก็บค่าขยะกี่บาท"), "swallows_question"),
        (stop("น้ำไม่ไหลโทรหา"), "swallows_question"),
    ],
)
def test_a_rule_that_does_harm_is_refused(database: Database, rule: Rule, code: str) -> None:
    for content in (REGISTER, GARBAGE, WATER):
        published(database, content)
    added(database, synonyms("สิ่งปฏิกูล", "กากของเสีย"))
    before = kept(database)
    refused = refusal(database, rule)
    assert (refused.code, refused.kind) == (f"faq_words.{code}", ErrorKind.INVALID)
    assert kept(database) == before


def test_stop_phrases_do_not_swallow_a_question_together(database: Database) -> None:
    published(database, GARBAGE)
    added(database, stop("ค่าเก็บขยะ"))
    refused = refusal(database, stop("บ้านละเท่าไหร่"))
    assert (refused.code, refused.parameters["other"]) == ("faq_words.swallows_question", GARBAGE.variants[1])


def test_a_refusal_names_the_word_and_what_it_meets(database: Database) -> None:
    added(database, synonyms("สิ่งปฏิกูล", "กากของเสีย"))
    refused = refusal(database, synonyms("เศษอาหาร", "กากของเสีย"))
    assert refused.parameters == {"word": "กากของเสีย", "other": "สิ่งปฏิกูล = กากของเสีย"}


def test_a_rule_may_keep_its_own_words_when_it_is_rewritten(database: Database) -> None:
    first = added(database, synonyms("สิ่งปฏิกูล", "กากของเสีย"))
    with database.unit_of_work() as uow:
        words.change(uow, first, synonyms("กากของเสีย", "สิ่งปฏิกูล"), actor="malee")
    assert kept(database).synonyms == (("กากของเสีย", "สิ่งปฏิกูล"),)


def test_shipped_words_join_the_group_of_an_office() -> None:
    assert brought(("ขยะ", "สิ่งปฏิกูล")) == {"ขยะมูลฝอย", "มูลฝอย"}
    assert brought(("ขยะ", "สิ่งปฏิกูล"), protected("มูลฝอย")) == {"ขยะมูลฝอย"}
    assert brought(("คลองส่งน้ำ", "คลองชล")) == set()


def test_groups_that_meet_in_a_shipped_one_are_told_as_the_whole_that_they_become() -> None:
    assert brought(("ขยะ", "สิ่งปฏิกูล"), synonyms("มูลฝอย", "เศษอาหาร")) == {
        "ขยะมูลฝอย", "มูลฝอย", "เศษอาหาร",
    }  # fmt: skip
    through_two = brought(("คลองชล", "ท่อน้ำ"), synonyms("ร่องน้ำ", "น้ำก๊อก"))
    assert through_two == {"ท่อระบายน้ำ", "ร่องน้ำ", "น้ำประปา", "ประปา", "น้ำก๊อก"}


def test_words_that_would_make_many_shipped_groups_one_are_refused(database: Database) -> None:
    added(database, synonyms("ขยะ", "น้ำก๊อก"))
    chain = refusal(database, synonyms("ประปา", "ร่องน้ำ"))
    assert (chain.code, chain.parameters["other"]) == (
        "faq_words.joins_too_many", "ขยะ = น้ำประปา = ท่อระบายน้ำ",
    )  # fmt: skip
    assert refusal(database, synonyms("หมา", "พ่อ", "แม่")).code == "faq_words.joins_too_many"
    added(database, synonyms("ร่องน้ำ", "คลองชล"))


def test_residents_are_answered_by_the_words_of_the_office(database: Database, tmp_path: Path) -> None:
    garbage = published(database, GARBAGE)
    published(database, WATER)
    view = LiveFaq(database, tmp_path)
    before = view.decide(ASKED).confidence
    rule = added(database, synonyms("ขยะ", "สิ่งปฏิกูล"))
    assert view.refresh()
    decision = view.decide(ASKED)
    assert (decision.kind, decision.hits[0][0]) == (AskDecision.ANSWERED, garbage)
    assert decision.confidence > before
    assert not view.refresh()
    restarted = LiveFaq(database, tmp_path)
    assert restarted.decide(ASKED).confidence == pytest.approx(decision.confidence)
    with database.unit_of_work() as uow:
        words.retire(uow, rule, actor="malee")
    assert view.refresh()
    assert view.decide(ASKED).confidence == pytest.approx(before)
    assert LiveFaq(database, tmp_path).decide(ASKED).confidence == pytest.approx(before)


def test_entries_published_later_are_read_with_the_words_too(database: Database, tmp_path: Path) -> None:
    published(database, WATER)
    view = LiveFaq(database, tmp_path)
    view.refresh()
    added(database, synonyms("ขยะ", "สิ่งปฏิกูล"))
    garbage = published(database, GARBAGE)
    view.refresh()
    later = published(database, replace(GARBAGE, question="ถังขยะใบใหม่ขอที่ไหน", variants=()))
    view.refresh()
    assert view.decide(ASKED).hits[0][0] == garbage
    assert view.search("ขอถังสิ่งปฏิกูลใบใหม่")[0][0].id == later


@pytest.fixture
def real_database(own_database: Database) -> Iterator[Database]:
    yield own_database


async def test_every_process_answers_by_new_words_within_two_seconds(real_database: Database) -> None:
    garbage = await asyncio.to_thread(published, real_database, GARBAGE)
    await asyncio.to_thread(published, real_database, WATER)
    here, there = LiveFaq(real_database), LiveFaq(real_database)
    stopping, signals = asyncio.Event(), Signals(real_database)
    for view in (here, there):
        await asyncio.to_thread(view.refresh)
    running = [asyncio.create_task(view.keep_fresh(signals, stopping)) for view in (here, there)]

    def add() -> None:
        with real_database.unit_of_work() as uow:
            words.add(uow, synonyms("ขยะ", "สิ่งปฏิกูล"), actor="malee")
            signals.notify(uow, service.TOPIC)

    await asyncio.to_thread(add)
    for view in (here, there):
        await until(partial(_answers, view, garbage), seconds=2)
    stopping.set()
    signals.close()
    await asyncio.wait_for(asyncio.gather(*running), timeout=2)


def _answers(view: LiveFaq, entry_id: int) -> bool:
    decision = view.decide(ASKED)
    return decision.kind is AskDecision.ANSWERED and decision.hits[0][0] == entry_id


def test_readers_meet_the_old_index_or_the_new_one_and_never_half_of_one(database: Database) -> None:
    published(database, GARBAGE)
    view = LiveFaq(database)
    view.refresh()
    before = view.decide(ASKED).confidence
    added(database, synonyms("ขยะ", "สิ่งปฏิกูล"))
    assert view.decide(ASKED).confidence == before
    refreshing = Thread(target=view.refresh)
    refreshing.start()
    met = {before}
    while refreshing.is_alive():
        met.add(view.decide(ASKED).confidence)
    after = view.decide(ASKED).confidence
    assert after > before
    assert met <= {before, after}


def test_a_trial_changes_nothing_for_residents(database: Database) -> None:
    published(database, GARBAGE)
    view = LiveFaq(database)
    before = view.decide(ASKED).confidence
    tried = view.trial(OfficeWords(synonyms=(("ขยะ", "สิ่งปฏิกูล"),)))
    assert tried.decide(ASKED).confidence > before
    assert view.decide(ASKED).confidence == before


def test_a_trial_says_which_questions_fare_otherwise(database: Database) -> None:
    short = "เก็บค่าสิ่งปฏิกูลเท่าไร"
    published(database, GARBAGE, "garbage")
    published(database, WATER, "water")
    view = LiveFaq(database)
    questions = [
        Question(text=short, expected=frozenset({"garbage"})),
        Question(text="น้ำประปาไม่ไหล", expected=frozenset({"water"})),
        Question(text="สูตรแกงเขียวหวานไก่", expected=frozenset()),
    ]
    asked = TrialQuestions(questions=questions)
    found = trial.try_words(view, asked, OfficeWords(), OfficeWords(synonyms=(("ขยะ", "สิ่งปฏิกูล"),)))
    assert (found.questions, found.better, found.worse, found.does_harm) == (3, 1, 0, False)
    (change,) = found.changed
    assert (change.text, change.after, change.is_better) == (short, Outcome.RIGHT, True)
    assert found.after.total(Outcome.RIGHT) == found.before.total(Outcome.RIGHT) + 1 == 2
    assert found.after.without_entry[Outcome.HANDED] == 1
    back = trial.try_words(view, asked, OfficeWords(synonyms=(("ขยะ", "สิ่งปฏิกูล"),)), OfficeWords())
    assert (back.better, back.worse, back.does_harm) == (0, 1, True)


def test_a_question_that_is_a_phrasing_is_tried_without_it(database: Database) -> None:
    published(database, GARBAGE, "garbage")
    published(database, WATER, "water")
    view = LiveFaq(database)
    words_now = OfficeWords()
    alone = Question(text=GARBAGE.variants[1], expected=frozenset({"garbage"}))
    index = view.trial(words_now, without=frozenset({word_rules.normalise(alone.text)}))
    assert len(index) == 2
    why = index.decide(alone.text).why
    assert why.best_phrasing != alone.text
    assert view.decide(alone.text).why.best_phrasing == alone.text


def test_without_test_questions_variants_of_the_entries_serve(database: Database) -> None:
    published(database, GARBAGE, "garbage")
    published(database, replace(WATER, variants=("น้ำไม่ไหล",)), "water")
    with database.unit_of_work() as uow:
        service.create_entry(uow, REGISTER, actor="malee", key="draft")
    with database.read() as reader:
        questions = trial.saved_test_questions(reader)
    assert questions.questions == [Question(text=GARBAGE.variants[-1], expected=frozenset({"garbage"}))]
    assert questions.hidden == {word_rules.normalise(GARBAGE.variants[-1])}


def test_the_offices_own_test_questions_come_before_derived_ones(database: Database) -> None:
    published(database, GARBAGE, "garbage")
    own = Question(text="รถขยะมาบ้านไหมวันนี้", expected=frozenset({"garbage"}))
    with database.unit_of_work() as uow:
        known_questions.add(uow, [own], actor="malee")
    with database.read() as reader:
        assert trial.saved_test_questions(reader) == TrialQuestions(questions=[own])


def test_a_trial_counts_as_the_picture_of_the_confidence_does(database: Database) -> None:
    published(database, GARBAGE, "garbage")
    published(database, WATER, "water")
    with database.unit_of_work() as uow:
        service.create_entry(uow, REGISTER, actor="malee", key="draft")
        known = [
            *(
                (GARBAGE.variants[0], {"garbage"}),
                ("เก็บค่าสิ่งปฏิกูลเท่าไร", {"garbage"}),
                ("น้ำประปาไม่ไหล", {"water"}),
            ),
            *(("น้ำประปาไม่ไหล ค่าขยะ", {"garbage"}), ("สูตรแกงเขียวหวานไก่", set()), ("ค่าขยะมูลฝอย", set())),
            ("ย้ายทะเบียนบ้าน", {"draft"}),
        ]
        questions = [Question(text=text, expected=frozenset(keys)) for text, keys in known]
        known_questions.add(uow, questions, actor="malee")
    view = LiveFaq(database)
    with database.read() as reader:
        seen = recalibrating.read_sample(reader, view)
        asked = trial.saved_test_questions(reader)
    found = trial.try_words(view, asked, OfficeWords(), OfficeWords(synonyms=(("ขยะ", "สิ่งปฏิกูล"),)))
    assert found.before == seen.picture(view.calibration)
    assert (found.questions, seen.left_out) == (6, 1)
