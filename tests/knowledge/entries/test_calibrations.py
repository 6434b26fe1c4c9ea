"""The office's measure of sure enough: version by version, live at once, learned from its own questions."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, ContactKind, Message
from knowledge.entries import asks, calibrations, known_questions, recalibrating, service
from knowledge.entries.known_questions import Question
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, CalibrationOrigin, CalibrationVersion
from knowledge.search import Calibration
from knowledge.search.recalibration import Ground, Judged, Outcome, picture
from tests.knowledge.entries.conftest import GARBAGE, REGISTER, WATER, published

NOTHING = picture((), Calibration())
FEE = "เก็บค่าขยะกี่บาท"


class Office:
    """A live FAQ of three entries, asked by residents."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ids = {
            key: published(database, content, key)
            for key, content in (("garbage", GARBAGE), ("register", REGISTER), ("water", WATER))
        }
        self.live = LiveFaq(database)
        self.live.refresh()

    def knows(self, *questions: tuple[str, str]) -> None:
        items = [Question(text=text, expected=frozenset(keys.split())) for text, keys in questions]
        with self.database.unit_of_work() as uow:
            known_questions.add(uow, items, actor="malee")

    def asked(
        self,
        person: str,
        text: str,
        *,
        helpful: bool | None,
        channel: ChannelName = ChannelName.LINE,
        kind: ContactKind = ContactKind.PERSON,
    ) -> int:
        """Asks, and judges the answer; returns the id of the message."""
        with self.database.unit_of_work() as uow:
            talk = conversations.open_talk(uow, channel=channel, address=person, kind=kind)
            message = conversations.record_heard(uow, talk.conversation, text=text)
            ask = asks.record_ask(uow, message.id, self.live.decide(text))
            if helpful is not None:
                asks.feedback(uow, ask.id, helpful=helpful, conversation_id=talk.conversation.id)
            return message.id

    def chooses(self, person: str, text: str, offered: list[str], chosen: str | None) -> None:
        """Asks, is offered these entries, and takes one or none."""
        hits = tuple((self.ids[key], 0.5) for key in offered)
        decision = replace(self.live.decide(text), kind=AskDecision.CLARIFIED, hits=hits)
        with self.database.unit_of_work() as uow:
            talk = conversations.open_talk(
                uow, channel=ChannelName.LINE, address=person, kind=ContactKind.PERSON
            )
            message = conversations.record_heard(uow, talk.conversation, text=text)
            ask = asks.record_ask(uow, message.id, decision)
            if chosen is None:
                asks.none_meant(uow, ask.id, conversation_id=talk.conversation.id)
            else:
                asks.choose(uow, ask.id, self.ids[chosen], conversation_id=talk.conversation.id)

    def confirmations(self) -> list[Judged]:
        with self.database.read() as reader:
            return recalibrating.confirmations(reader, self.live)

    def sample(self) -> recalibrating.Sample:
        with self.database.read() as reader:
            return recalibrating.read_sample(reader, self.live)


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def move(database: Database, calibration: Calibration, actor: str = "malee") -> int:
    with database.unit_of_work() as uow:
        return calibrations.move(uow, calibration, NOTHING, actor=actor).number


def in_force(database: Database) -> Calibration:
    with database.read() as reader:
        return calibrations.in_force(reader)


STRICT = Calibration(answer_threshold=0.99, clarify_threshold=0.3)


def test_until_something_is_saved_the_shipped_setting_is_in_force(database: Database) -> None:
    assert in_force(database) == Calibration()
    with database.read() as reader:
        assert calibrations.versions(reader) == []


def test_the_newest_version_is_in_force_and_the_shipped_one_stays_in_the_list(database: Database) -> None:
    assert move(database, STRICT) == 2
    assert in_force(database) == STRICT
    with database.read() as reader:
        newest, shipped = calibrations.versions(reader)
    assert (newest.origin, newest.created_by) == (CalibrationOrigin.MOVED, "malee")
    assert shipped.origin is CalibrationOrigin.SHIPPED
    assert calibrations.calibration_of(shipped) == Calibration()


def test_a_setting_is_outdated_when_it_was_made_for_other_numbers(database: Database) -> None:
    def is_outdated() -> bool:
        with database.read() as reader:
            return calibrations.is_outdated(reader)

    def age() -> None:
        with database.unit_of_work() as uow:
            uow.session.execute(update(CalibrationVersion).values(weights=None))

    assert not is_outdated()
    move(database, Calibration(slope=1.2, shift=0.1, answer_threshold=0.8, clarify_threshold=0.3))
    assert not is_outdated()
    age()
    assert is_outdated()
    move(database, Calibration(slope=1.2, shift=0.1, answer_threshold=0.9, clarify_threshold=0.3))
    assert is_outdated()
    move(database, STRICT)
    assert not is_outdated()
    with database.unit_of_work() as uow:
        calibrations.restore(uow, 2, NOTHING, actor="malee")
    assert is_outdated()
    with database.unit_of_work() as uow:
        calibrations.recalibrate(uow, STRICT, NOTHING, wanted_share=0.95, confirmations=0, actor="malee")
    assert not is_outdated()


def test_restoring_puts_an_older_version_in_force_as_a_new_one(database: Database) -> None:
    move(database, STRICT)
    move(database, Calibration(answer_threshold=0.6, clarify_threshold=0.1))
    with database.unit_of_work() as uow:
        restored = calibrations.restore(uow, 2, NOTHING, actor="somsri")
        with pytest.raises(ServiceError, match=r"calibration\.not_found"):
            calibrations.restore(uow, 99, NOTHING, actor="somsri")
    assert in_force(database) == STRICT
    assert (restored.number, restored.origin, restored.restored_number) == (4, CalibrationOrigin.RESTORED, 2)


def test_every_saving_is_audited_with_what_it_changed(database: Database) -> None:
    move(database, STRICT)
    with database.read() as reader:
        (record,) = audit.history(reader, subject_kind="calibration", subject_id=2)
    assert (record.actor, record.action) == ("malee", "calibration.moved")
    assert record.before == {
        "version": 1,
        "answer_threshold": Calibration().answer_threshold,
        "clarify_threshold": Calibration().clarify_threshold,
    }
    assert record.after == {"version": 2, "answer_threshold": 0.99, "clarify_threshold": 0.3}


@pytest.mark.parametrize(
    ("calibration", "fields"),
    [
        (Calibration(answer_threshold=0.49, clarify_threshold=0.2), {"answer"}),
        (Calibration(answer_threshold=1.0, clarify_threshold=0.2), {"answer"}),
        (Calibration(answer_threshold=0.7, clarify_threshold=0.04), {"clarify"}),
        (Calibration(answer_threshold=0.7, clarify_threshold=0.71), {"clarify"}),
        (Calibration(slope=0.0), {"slope"}),
        (Calibration(shift=float("nan")), {"slope"}),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    database: Database, calibration: Calibration, fields: set[str]
) -> None:
    with pytest.raises(ServiceError) as refused:
        move(database, calibration)
    assert refused.value.code == "calibration.invalid" and set(refused.value.fields) == fields
    assert in_force(database) == Calibration()


def test_a_saved_setting_decides_in_every_process_at_its_next_look(office: Office) -> None:
    other = LiveFaq(office.database)
    text = "ขยะเก็บตังเดือนละเท่าไหร่"
    assert office.live.decide(text).kind is other.decide(text).kind is AskDecision.ANSWERED
    move(office.database, Calibration(shift=-20.0))
    assert office.live.refresh() and other.refresh()
    assert office.live.decide(text).kind is other.decide(text).kind is AskDecision.UNKNOWN
    assert office.live.calibration == Calibration(shift=-20.0)
    assert not office.live.refresh()


def test_a_setting_outlives_a_rebuilt_index(office: Office) -> None:
    move(office.database, STRICT)
    fresh = LiveFaq(office.database)
    assert fresh.decide(FEE).why.answer_threshold == 0.99
    with office.database.unit_of_work() as uow:
        service.retire(uow, office.ids["water"], actor="malee")
    fresh.refresh()
    assert fresh.calibration == STRICT


def test_what_was_weighed_is_remembered_until_an_entry_changes(office: Office) -> None:
    evidence, keys = office.live.weigh(FEE)
    assert keys[0] == "garbage" and evidence > 0
    move(office.database, STRICT)
    office.live.refresh()
    assert office.live.weigh(FEE) == (evidence, keys)
    with office.database.unit_of_work() as uow:
        service.retire(uow, office.ids["garbage"], actor="malee")
    office.live.refresh()
    assert "garbage" not in office.live.weigh(FEE)[1]


def test_test_questions_are_held_against_what_is_live(office: Office) -> None:
    office.knows((FEE, "garbage"), ("น้ำไม่ไหลโทรหาใคร", "register"), ("สูตรแกงเขียวหวานไก่", ""))
    with office.database.unit_of_work() as uow:
        service.retire(uow, office.ids["water"], actor="malee")
    office.knows(("ก๊อกน้ำแห้งแจ้งใคร", "water"))
    office.live.refresh()
    sample = office.sample()
    assert sample.left_out == 1
    seen = sample.picture(office.live.calibration)
    assert seen.with_entry[Outcome.RIGHT] == 1 and sum(seen.with_entry.values()) == 2
    assert seen.without_entry[Outcome.HANDED] == 1


def test_what_residents_said_is_right_wrong_or_a_choice(office: Office) -> None:
    office.asked("U1", FEE, helpful=True)
    office.asked("U2", FEE, helpful=False)
    office.asked("U3", FEE, helpful=None)
    text = "น้ำขยะ"
    first, second = office.live.weigh(text)[1][:2]
    office.chooses("U4", text, [first, second], second)
    office.chooses("U5", text, [first, second], None)
    none, chosen, wrong, right = office.confirmations()
    assert (right.is_first_right, right.is_offered) == (True, True)
    assert (wrong.is_first_right, wrong.is_offered) == (False, False)
    assert (chosen.is_first_right, chosen.is_offered) == (False, True)
    assert (none.is_first_right, none.is_offered) == (False, False)
    assert right.evidence == office.live.weigh(FEE)[0]


def test_what_the_engine_no_longer_finds_says_nothing_of_it(office: Office) -> None:
    office.asked("U1", FEE, helpful=True)
    office.asked("U2", FEE, helpful=False)
    with office.database.unit_of_work() as uow:
        service.retire(uow, office.ids["garbage"], actor="malee")
    office.live.refresh()
    assert office.confirmations() == []


def test_a_person_counts_once_for_a_question_and_no_more_than_twenty_times(office: Office) -> None:
    for helpful in (True, True, False):
        office.asked("U1", FEE, helpful=helpful)
    (judged,) = office.confirmations()
    assert not judged.is_first_right
    for number in range(40):
        office.asked("U2", f"{FEE} หมู่ {number + 1}", helpful=False)
    assert len(office.confirmations()) == 1 + recalibrating.MOST_OF_ONE_PERSON


def test_a_web_visitor_weighs_less_than_a_known_contact(office: Office) -> None:
    office.asked("U1", FEE, helpful=True)
    office.asked("v1", FEE, helpful=True, channel=ChannelName.WEB)
    web, line = office.confirmations()
    assert web.weight < line.weight < 1


def test_all_web_visitors_together_count_as_one_person(office: Office) -> None:
    for number in range(40):
        office.asked(f"v{number}", f"{FEE} หมู่ {number + 1}", helpful=False, channel=ChannelName.WEB)
    assert len(office.confirmations()) == recalibrating.MOST_OF_ONE_PERSON
    office.asked("U1", FEE, helpful=True)
    assert len(office.confirmations()) == 1 + recalibrating.MOST_OF_ONE_PERSON


def test_one_person_crowds_nobody_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalibrating, "MOST_CONFIRMATIONS", 110)
    office.asked("U1", FEE, helpful=True)
    for _ in range(120):
        office.asked("U2", FEE, helpful=False)
    assert len(office.confirmations()) == 2


def test_what_a_group_taps_does_not_count(office: Office) -> None:
    office.asked("C1", FEE, helpful=True, kind=ContactKind.GROUP)
    assert office.confirmations() == []
    office.asked("U1", FEE, helpful=True)
    assert len(office.confirmations()) == 1


def test_words_that_were_changed_after_the_asking_do_not_count(office: Office, clock: FixedClock) -> None:
    before, after = (office.asked(person, FEE, helpful=True) for person in ("U1", "U2"))
    with office.database.unit_of_work() as uow:
        uow.session.get_one(Message, before).edited_at = uow.now
    assert len(office.confirmations()) == 2, "corrected first, asked then"
    clock.advance(seconds=1)
    with office.database.unit_of_work() as uow:
        uow.session.get_one(Message, after).edited_at = uow.now
    assert len(office.confirmations()) == 1


def test_a_choice_after_a_no_is_a_new_judgement(office: Office) -> None:
    with office.database.unit_of_work() as uow:
        talk = conversations.open_talk(uow, channel=ChannelName.LINE, address="U1", kind=ContactKind.PERSON)
        message = conversations.record_heard(uow, talk.conversation, text=FEE)
        hits = tuple((office.ids[key], 0.5) for key in ("register", "garbage"))
        decision = replace(office.live.decide(FEE), kind=AskDecision.CLARIFIED, hits=hits)
        ask, where = asks.record_ask(uow, message.id, decision), talk.conversation.id
        asks.choose(uow, ask.id, office.ids["register"], conversation_id=where)
        asks.feedback(uow, ask.id, helpful=False, conversation_id=where)
        asks.choose(uow, ask.id, office.ids["garbage"], conversation_id=where)
    (judged,) = office.confirmations()
    assert judged.is_first_right


def test_residents_together_never_outweigh_the_offices_own_questions(office: Office) -> None:
    office.knows((FEE, "garbage"))
    with office.database.read() as reader:
        alone = recalibrating.propose(reader, office.live, Calibration(), wanted_share=0.95)
    for number in range(60):
        office.asked(f"U{number}", FEE, helpful=False)
    with office.database.read() as reader:
        crowd = recalibrating.propose(reader, office.live, Calibration(), wanted_share=0.95)
    assert crowd.confirmations == 60
    assert 0 < alone.result.calibration.shift - crowd.result.calibration.shift < 0.1


def test_without_test_questions_nothing_is_learned(office: Office) -> None:
    office.asked("U1", FEE, helpful=False)
    with office.database.read() as reader:
        proposal = recalibrating.propose(reader, office.live, Calibration(), wanted_share=0.95)
    assert proposal.result.calibration == Calibration()
    assert (proposal.result.ground, proposal.confirmations) == (Ground.TOO_FEW, 0)


def test_what_was_recalibrated_is_kept_with_what_it_rests_on(office: Office) -> None:
    office.knows((FEE, "garbage"), ("สูตรแกงเขียวหวานไก่", ""))
    office.asked("U1", FEE, helpful=True)
    with office.database.unit_of_work() as uow:
        proposal = recalibrating.propose(uow, office.live, Calibration(), wanted_share=0.9)
        found = proposal.result.calibration
        row = calibrations.recalibrate(
            uow, found, proposal.sample.picture(found), wanted_share=0.9,
            confirmations=proposal.confirmations, actor="malee",
        )  # fmt: skip
    assert (row.origin, row.wanted_share, row.confirmations) == (CalibrationOrigin.RECALIBRATED, 0.9, 1)
    assert sum(row.with_entry.values()) == sum(row.without_entry.values()) == 1
    assert json.loads(json.dumps(row.with_entry)).keys() == {outcome.value for outcome in Outcome}
    assert in_force(office.database) == found
