"""What was taught goes with its message, and what is taken back stays with staff."""

from bot import upkeep
from eservice.messaging.models import ChannelName, Message
from knowledge.entries import phrasings
from knowledge.entries.confirmations import CHANGES_A_DAY, MIND_CHANGES
from knowledge.entries.models import (
    AskDecision,
    Confirmation,
    EntryChange,
    Phrasing,
    PhrasingState,
)
from tests.bot.teaching import (
    DOCUMENTS,
    HELPFUL,
    REGISTER,
    SIGN,
    UNHELPFUL,
    WORDS,
    asks_and_picks,
    known,
    neighbours,
    rules,
    somebody,
    state,
)
from tests.chat import Village


def test_words_put_in_after_the_answer_are_not_taught(village: Village) -> None:
    troll = somebody(village, ChannelName.TELEGRAM)
    ref = troll.says(SIGN)
    village.clock.advance(seconds=5)
    message = troll._message(ref, text="นายกโกงเงิน")
    troll.sends_update(edited_message={**message, "edit_date": message["date"]})
    troll.taps(HELPFUL)
    assert all("โกง" not in row.text for row in village.rows(Phrasing))


def test_a_corrected_message_takes_its_teaching_along(village: Village) -> None:
    resident = somebody(village, ChannelName.TELEGRAM)
    ref = resident.says(SIGN)
    resident.taps(HELPFUL)
    assert len(village.rows(Phrasing)) == 1
    village.clock.advance(seconds=5)
    message = resident._message(ref, text="สวัสดี")
    resident.sends_update(edited_message={**message, "edit_date": message["date"]})
    assert (village.rows(Phrasing), village.rows(Confirmation)) == ([], [])


def test_unsending_erases_what_waits_and_not_what_others_said_too(village: Village) -> None:
    alone, together = somebody(village), somebody(village)
    secret = alone.says("ภาษีป้ายลับสุดยอด")
    alone.taps(HELPFUL)
    ref = asks_and_picks(alone)
    asks_and_picks(together)
    for message in (secret, ref):
        alone.does("unsend", reply=False, unsend={"messageId": message})
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 1, 0)}
    assert not any("ลับ" in str(vars(row)) for table in (Phrasing, Message) for row in village.rows(table))


def test_unsending_erases_what_was_learned_without_staff_or_refused_by_them(village: Village) -> None:
    rules(village, people=2, days=1)
    first, second = neighbours(village, 2)
    refs = [(resident, asks_and_picks(resident)) for resident in (first, second)]
    first.says(SIGN)
    first.taps(HELPFUL)
    refused = village.rows(Phrasing)[-1]
    with village.database.unit_of_work() as uow:
        phrasings.reject(uow, refused.id, actor="malee")
        message_id = uow.session.get_one(Confirmation, (refused.id, first.contact().id)).message_id
        refs.append((first, str(uow.session.get_one(Message, message_id).platform_ref)))
    village.faq.refresh()
    assert village.faq.decide(WORDS).kind is AskDecision.ANSWERED
    for resident, ref in refs:
        resident.does("unsend", reply=False, unsend={"messageId": ref})
    assert village.rows(Phrasing) == []
    village.faq.refresh()
    assert village.faq.decide(WORDS).kind is AskDecision.CLARIFIED


def test_words_that_staff_refused_go_with_their_message_though_the_person_chose_anew(
    village: Village,
) -> None:
    resident = somebody(village)
    ref = asks_and_picks(resident)
    with village.database.unit_of_work() as uow:
        phrasings.reject(uow, village.rows(Phrasing)[0].id, actor="malee")
    resident.taps(DOCUMENTS)
    resident.does("unsend", reply=False, unsend={"messageId": ref})
    assert (village.rows(Phrasing), village.rows(Confirmation)) == ([], [])


def test_what_went_back_to_staff_comes_back_by_staff_only(village: Village) -> None:
    rules(village, people=2, days=1)
    first, second = neighbours(village, 2)
    asks_and_picks(first)
    asks_and_picks(second)
    (phrasing,) = village.rows(Phrasing)
    told = [phrasing.state, len(village.rows(EntryChange))]
    for resident in (second, first):
        resident.taps(UNHELPFUL)
        resident.taps(HELPFUL)
        assert known(village) == {"elderly-register": (PhrasingState.PENDING, 2, 0)}
    assert [told[0], len(village.rows(EntryChange))] == [PhrasingState.ACTIVE, told[1] + 1]
    with village.database.unit_of_work() as uow:
        phrasings.approve(uow, phrasing.id, actor="malee")
    assert state(village) is PhrasingState.ACTIVE


def test_a_wording_of_which_everybody_chose_anew_still_comes_back_by_staff_only(village: Village) -> None:
    rules(village, people=2, days=1)
    residents = neighbours(village, 2)
    for resident in residents:
        asks_and_picks(resident)
    told = len(village.rows(EntryChange))
    for chosen in (DOCUMENTS, REGISTER, DOCUMENTS, REGISTER):
        for resident in residents:
            resident.taps(chosen)
    assert known(village) == {
        "elderly-register": (PhrasingState.PENDING, 2, 0),
        "elderly-documents": (PhrasingState.COLLECTING, 0, 2),
    }
    assert len(village.rows(EntryChange)) == told + 3, "one went, the other came and went"


def test_a_person_changes_their_mind_about_an_entry_only_so_often(village: Village) -> None:
    resident = somebody(village)
    resident.says(SIGN)
    for number in range(MIND_CHANGES + 1):
        resident.taps(UNHELPFUL if number % 2 else HELPFUL)
    last = known(village)
    resident.taps(UNHELPFUL)
    resident.taps(HELPFUL)
    resident.taps(UNHELPFUL if village.rows(Confirmation)[0].agrees else HELPFUL)
    assert known(village) == last
    assert village.rows(Confirmation)[0].changes == MIND_CHANGES


def test_learning_and_unsending_in_turns_is_soon_left_to_staff(village: Village) -> None:
    rules(village, people=2, days=1)
    residents = neighbours(village, 2)
    told = len(village.rows(EntryChange))
    for _ in range(CHANGES_A_DAY):
        refs = [(resident, asks_and_picks(resident)) for resident in residents]
        for resident, ref in refs:
            resident.does("unsend", reply=False, unsend={"messageId": ref})
        village.faq.refresh()
    assert len(village.rows(EntryChange)) <= told + CHANGES_A_DAY


def test_a_wording_that_too_few_said_is_forgotten_after_a_year(village: Village) -> None:
    resident = somebody(village)
    resident.says(SIGN)
    resident.taps(UNHELPFUL)
    asks_and_picks(resident)
    states = {row.entry_id: row.state for row in village.rows(Phrasing)}
    assert sorted(states.values()) == [PhrasingState.COLLECTING, PhrasingState.PENDING]
    village.clock.advance(days=364)
    upkeep.forget(village.database)
    assert len(village.rows(Phrasing)) == 2
    village.clock.advance(days=1)
    upkeep.forget(village.database)
    assert [row.state for row in village.rows(Phrasing)] == [PhrasingState.PENDING]


def test_a_wording_that_somebody_said_this_year_is_kept(village: Village) -> None:
    first, second = neighbours(village, 2)
    rules(village, review_people=3)
    asks_and_picks(first)
    village.clock.advance(days=300)
    asks_and_picks(second)
    village.clock.advance(days=100)
    upkeep.forget(village.database)
    assert known(village) == {"elderly-register": (PhrasingState.COLLECTING, 2, 0)}


def test_what_staff_accepted_stays_when_the_asker_takes_the_message_back(village: Village) -> None:
    resident = somebody(village)
    ref = asks_and_picks(resident)
    (phrasing,) = village.rows(Phrasing)
    with village.database.unit_of_work() as uow:
        phrasings.approve(uow, phrasing.id, actor="malee")
    resident.does("unsend", reply=False, unsend={"messageId": ref})
    assert known(village) == {"elderly-register": (PhrasingState.ACTIVE, 0, 0)}
    assert village.rows(Confirmation) == []
