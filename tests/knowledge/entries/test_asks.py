"""What is kept of the questions people asked, and who may touch it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.messaging.models import Message
from knowledge.entries import asks, queries
from knowledge.entries.live import LiveDecision, LiveFaq
from knowledge.entries.models import Ask, AskDecision, Entry
from knowledge.search import Explanation
from tests.conftest import NOON
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, WATER, Hear, published

DAY = timedelta(days=1)


def not_asked_for() -> Explanation:
    raise AssertionError("recording a question explains nothing")


def offered(*entry_ids: int) -> LiveDecision:
    """A decision to offer these entries, without an engine."""
    kind = AskDecision.CLARIFIED if entry_ids else AskDecision.UNKNOWN
    return LiveDecision(
        kind=kind,
        confidence=0.4,
        hits=tuple((entry_id, 0.5) for entry_id in entry_ids),
        explain=not_asked_for,
    )


def asked_count(database: Database, entry_id: int) -> int:
    with database.read() as reader:
        return reader.session.get_one(Entry, entry_id).asked_count


def test_an_answer_is_recorded_and_counted_in_two_statements(
    database: Database, hear: Hear, request: pytest.FixtureRequest
) -> None:
    entry_id = published(database, REGISTER)
    decision = LiveFaq(database).decide("เบี้ยคนแก่ ที่ไหน")
    _, message_id = hear("v1", "เบี้ยคนแก่ ที่ไหน")
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(database.engine, "before_cursor_execute", note)
    request.addfinalizer(lambda: event.remove(database.engine, "before_cursor_execute", note))
    with database.unit_of_work() as uow:
        ask = asks.record_ask(uow, message_id, decision)
        assert (ask.decision, ask.entry_id, ask.candidates) == (AskDecision.ANSWERED, entry_id, [entry_id])
    verbs = [statement.split()[0] for statement in statements if "faq_" in statement]
    assert verbs == ["INSERT", "UPDATE"]
    assert asked_count(database, entry_id) == 1


def test_a_choice_among_the_offered_is_counted_once(database: Database, hear: Hear) -> None:
    entry_id = published(database, REGISTER)
    other = published(database, GARBAGE)
    conversation_id, message_id = hear("v1", "ไปที่ไหน")
    with database.unit_of_work() as uow:
        ask = asks.record_ask(uow, message_id, offered(entry_id, other))
        assert ask.entry_id is None
        for _ in range(2):
            asks.choose(uow, ask.id, entry_id, conversation_id=conversation_id)
        assert ask.entry_id == entry_id
    assert (asked_count(database, entry_id), asked_count(database, other)) == (1, 0)


def test_a_change_of_mind_takes_the_count_along(database: Database, hear: Hear) -> None:
    first, second = published(database, REGISTER), published(database, GARBAGE)
    conversation_id, message_id = hear("v1", "ไปที่ไหน")
    with database.unit_of_work() as uow:
        ask = asks.record_ask(uow, message_id, offered(first, second))
        for entry_id in (first, second, first, second):
            asks.choose(uow, ask.id, entry_id, conversation_id=conversation_id)
    assert (asked_count(database, first), asked_count(database, second)) == (0, 1)


def test_nobody_touches_another_persons_question_or_an_entry_not_offered(
    database: Database, hear: Hear
) -> None:
    entry_id = published(database, REGISTER)
    secret = published(database, GARBAGE)
    conversation_id, message_id = hear("v1", "ไปที่ไหน")
    stranger, _ = hear("v2", "สวัสดี")
    with database.unit_of_work() as uow:
        ask = asks.record_ask(uow, message_id, offered(entry_id))
        for attempt in (
            lambda: asks.choose(uow, ask.id, entry_id, conversation_id=stranger),
            lambda: asks.choose(uow, ask.id, secret, conversation_id=conversation_id),
            lambda: asks.feedback(uow, ask.id, helpful=True, conversation_id=stranger),
            lambda: asks.feedback(uow, 10**6, helpful=True, conversation_id=conversation_id),
        ):
            with pytest.raises(ServiceError) as error:
                attempt()
            assert (error.value.code, error.value.kind) == ("faq.ask_not_found", ErrorKind.NOT_FOUND)
        assert (ask.entry_id, ask.helpful) == (None, None)
        asks.feedback(uow, ask.id, helpful=True, conversation_id=conversation_id)
        assert asks.feedback(uow, ask.id, helpful=False, conversation_id=conversation_id).helpful is False


def test_statistics_of_a_period(database: Database, hear: Hear, clock: FixedClock) -> None:
    first, second = published(database, REGISTER), published(database, WATER)
    said = {text: hear("v1", text) for text in ("ก", "ข", "ค", "ง", "จ")}
    conversation_id = said["ก"][0]
    with database.unit_of_work() as uow:
        for text, entry_id, helpful in (("ก", first, True), ("ข", first, False), ("ค", second, None)):
            ask = asks.record_ask(uow, said[text][1], offered(first, second))
            asks.choose(uow, ask.id, entry_id, conversation_id=conversation_id)
            if helpful is not None:
                asks.feedback(uow, ask.id, helpful=helpful, conversation_id=conversation_id)
    clock.advance(days=1)
    with database.unit_of_work() as uow:
        asks.record_ask(uow, said["ง"][1], offered())
        taken_back = asks.record_ask(uow, said["จ"][1], offered(first))
        uow.session.get_one(Message, taken_back.message_id).erased_at = uow.now
    with database.read() as reader:
        used = queries.most_used(reader, since=NOON, until=NOON + DAY)
        assert [(use.entry_id, use.answers, use.helpful, use.unhelpful) for use in used] == [
            (first, 2, 1, 1),
            (second, 1, 0, 0),
        ]
        open_ask, refused = queries.unanswered(reader, since=NOON, until=NOON + 2 * DAY)
        assert (open_ask.text, open_ask.decision, open_ask.candidates) == ("ง", AskDecision.UNKNOWN, ())
        assert (open_ask.conversation_id, open_ask.refused_entry_id) == (conversation_id, None)
        assert (refused.text, refused.refused_entry_id) == ("ข", first)
        share = queries.unanswered_share(reader, since=NOON, until=NOON + DAY)
        assert (share.asked, share.left, share.not_chosen) == (3, 1, 0)
        share = queries.unanswered_share(reader, since=NOON + DAY, until=NOON + 2 * DAY)
        assert (share.asked, share.left, share.not_chosen) == (2, 1, 1)
        assert queries.unanswered_share(reader, since=NOON - DAY, until=NOON).asked == 0
        assert queries.decision_counts(reader, since=NOON, until=NOON + DAY) == {
            AskDecision.ANSWERED: 0,
            AskDecision.CLARIFIED: 3,
            AskDecision.UNKNOWN: 0,
        }
        assert reader.session.query(Ask).count() == 5


def test_that_none_of_the_choices_was_meant_is_recorded(database: Database, hear: Hear) -> None:
    entry_ids = (published(database, REGISTER), published(database, GARBAGE))
    conversation_id, message_id = hear("v1", "อันไหนดี")
    strangers_id, _ = hear("v2", "สวัสดี")
    with database.unit_of_work() as uow:
        ask = asks.record_ask(uow, message_id, offered(*entry_ids))
        with pytest.raises(ServiceError, match=r"faq\.ask_not_found"):
            asks.none_meant(uow, ask.id, conversation_id=strangers_id)
        asks.none_meant(uow, ask.id, conversation_id=conversation_id)
        assert (ask.entry_id, ask.helpful) == (None, False)
        asks.choose(uow, ask.id, entry_ids[1], conversation_id=conversation_id)
        assert (ask.entry_id, ask.helpful) == (entry_ids[1], None)
