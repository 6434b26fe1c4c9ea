"""What residents teach by tapping, and what nobody can teach."""

import pytest

from eservice.kit.audit import SYSTEM, AuditRecord
from eservice.kit.clock import FixedClock
from eservice.messaging.models import ChannelName, Contact, Reachability
from knowledge.entries import phrasings
from knowledge.entries.confirmations import WORDS_A_DAY
from knowledge.entries.models import (
    AskDecision,
    Confirmation,
    Phrasing,
    PhrasingState,
)
from tests.bot.teaching import (
    DOCUMENTS,
    HELPFUL,
    NONE,
    REGISTER,
    SIGN,
    UNHELPFUL,
    WORDS,
    asks_and_picks,
    entry_id,
    known,
    neighbours,
    rules,
    somebody,
    state,
)
from tests.chat import Resident, Village


def test_a_choice_waits_for_staff_and_is_known_once_they_accept(village: Village) -> None:
    asks_and_picks(somebody(village))
    (phrasing,) = village.rows(Phrasing)
    assert (phrasing.text, phrasing.state, phrasing.confirmed) == (WORDS, PhrasingState.PENDING, 1)
    assert not village.faq.refresh()
    assert village.faq.decide(WORDS).kind is AskDecision.CLARIFIED
    with village.database.unit_of_work() as uow:
        phrasings.approve(uow, phrasing.id, actor="malee")
    assert village.faq.refresh()
    decision = village.faq.decide(f"{WORDS}ครับ")
    assert (decision.kind, decision.hits[0][0]) == (AskDecision.ANSWERED, phrasing.entry_id)
    resident = somebody(village)
    resident.says(WORDS)
    resident.sees("คำตอบเรื่อง" + REGISTER)


def test_people_who_ask_the_same_politely_or_not_agree(village: Village) -> None:
    for words in (WORDS, f"{WORDS}ครับ", "ขอถามหน่อย เบี้ยคนชราค่ะ"):
        asks_and_picks(somebody(village), words=words)
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 3, 0)}


def test_thumbs_up_confirms_the_answer(village: Village) -> None:
    resident = somebody(village)
    resident.says(SIGN)
    resident.taps(HELPFUL)
    assert known(village) == {"sign-tax": (PhrasingState.PENDING, 1, 0)}


def test_what_the_office_has_written_itself_teaches_nothing(village: Village) -> None:
    resident = somebody(village)
    resident.says("อัตราภาษีป้ายครับ")
    resident.taps(HELPFUL)
    assert village.rows(Phrasing) == []


def test_enough_neighbours_on_enough_days_teach_without_staff(village: Village) -> None:
    rules(village)
    first, second, third = neighbours(village, 3)
    asks_and_picks(first)
    asks_and_picks(second)
    assert state(village) is PhrasingState.PENDING
    village.clock.advance(days=1)
    asks_and_picks(third)
    (phrasing,) = village.rows(Phrasing)
    assert (phrasing.state, phrasing.decided_by) == (PhrasingState.ACTIVE, SYSTEM)
    village.faq.refresh()
    assert village.faq.decide(WORDS).kind is AskDecision.ANSWERED
    record = village.rows(AuditRecord)[-1]
    assert (record.actor, record.action, record.subject_id) == (
        SYSTEM,
        "faq_phrasing.accepted",
        str(phrasing.id),
    )
    of_wordings = [row for row in village.rows(AuditRecord) if row.action.startswith("faq_phrasing")]
    assert WORDS not in str([vars(row) for row in of_wordings])


def test_all_on_one_day_is_not_enough(village: Village) -> None:
    rules(village)
    for resident in neighbours(village, 5):
        asks_and_picks(resident)
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 5, 0)}


def test_one_person_counts_once_however_often_they_tap(village: Village) -> None:
    rules(village, people=2, days=1)
    (resident,) = neighbours(village, 1)
    for _ in range(50):
        asks_and_picks(resident)
        resident.taps(HELPFUL)
        village.clock.advance(hours=7)
    assert len(village.rows(Confirmation)) == 1
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 1, 0)}


def test_one_person_brings_only_so_many_wordings_a_day(village: Village, clock: FixedClock) -> None:
    resident = somebody(village)
    for number in range(WORDS_A_DAY + 5):
        resident.says(f"ภาษีป้าย {number}")
        resident.taps(HELPFUL)
    assert len(village.rows(Phrasing)) == WORDS_A_DAY
    clock.advance(days=1, seconds=1)
    resident.says("ภาษีป้าย 99")
    resident.taps(HELPFUL)
    assert len(village.rows(Phrasing)) == WORDS_A_DAY + 1


def test_visitors_of_the_web_chat_never_suffice_alone(village: Village) -> None:
    rules(village, days=1)
    for visitor in neighbours(village, 5, ChannelName.WEB):
        asks_and_picks(visitor)
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 5, 0)}
    line, telegram = *neighbours(village, 1), *neighbours(village, 1, ChannelName.TELEGRAM)
    asks_and_picks(line)
    assert state(village) is PhrasingState.PENDING
    asks_and_picks(telegram)
    assert state(village) is PhrasingState.ACTIVE, "two whom we know, and the web as the third"


def test_new_and_blocked_accounts_do_not_count_without_staff(village: Village) -> None:
    rules(village, people=2, days=1)
    blocked, trusted = neighbours(village, 2)
    asks_and_picks(blocked)
    with village.database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, blocked.contact().id)
        contact.reachability = Reachability.BLOCKED
    asks_and_picks(trusted)
    asks_and_picks(somebody(village))
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 3, 0)}
    village.clock.advance(days=1)
    asks_and_picks(somebody(village))
    assert state(village) is PhrasingState.ACTIVE, "the one who was new yesterday counts today"


def test_a_group_teaches_nothing(village: Village) -> None:
    person = somebody(village)
    group = Resident(village, ChannelName.LINE, person.address, group="C" + "1" * 32)
    group.does("join")
    mention = {"mentionees": [{"index": 0, "length": 4, "type": "user", "isSelf": True}]}
    group.says(f"@bot {SIGN}", mention=mention)
    group.sees("ภาษีป้าย")
    group.taps(HELPFUL)
    assert village.rows(Phrasing) == []


def test_nobody_teaches_an_entry_that_was_not_offered(village: Village) -> None:
    resident = somebody(village)
    resident.says(WORDS)
    button = resident.button(REGISTER)
    forged = button.payload.rpartition(":")[0] + f":{entry_id(village, 'sign-tax')}"  # type: ignore[union-attr]
    resident.does("postback", postback={"data": forged})
    assert village.rows(Phrasing) == []


def test_one_word_against_keeps_the_bot_from_learning(village: Village) -> None:
    rules(village, people=2, days=1)
    grumbler, *others = neighbours(village, 5)
    asks_and_picks(grumbler)
    grumbler.taps(UNHELPFUL)
    assert known(village) == {"elderly-register": (PhrasingState.COLLECTING, 0, 1)}
    for resident in others:
        asks_and_picks(resident)
    assert known(village)["elderly-register"] == (PhrasingState.PENDING, 4, 1)


def test_people_who_mean_different_things_contradict_each_other(village: Village) -> None:
    rules(village, people=2, days=1)
    first, second, third, fourth = neighbours(village, 4)
    asks_and_picks(first)
    asks_and_picks(second, DOCUMENTS)
    asks_and_picks(third)
    asks_and_picks(fourth, DOCUMENTS)
    assert known(village) == {
        "elderly-register": (PhrasingState.PENDING, 2, 2),
        "elderly-documents": (PhrasingState.PENDING, 2, 2),
    }


def test_a_later_choice_moves_a_persons_word(village: Village) -> None:
    resident = somebody(village)
    asks_and_picks(resident)
    resident.taps(DOCUMENTS)
    assert known(village) == {
        "elderly-register": (PhrasingState.COLLECTING, 0, 1),
        "elderly-documents": (PhrasingState.PENDING, 1, 0),
    }
    resident.taps(UNHELPFUL)
    assert known(village)["elderly-documents"] == (PhrasingState.COLLECTING, 0, 1)


def test_none_of_these_speaks_against_what_others_confirmed(village: Village) -> None:
    asks_and_picks(somebody(village))
    doubter = somebody(village)
    doubter.says(WORDS)
    doubter.taps(NONE)
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 1, 1)}


def test_a_word_against_what_was_learned_without_staff_sends_it_back_to_them(village: Village) -> None:
    rules(village, people=2, days=1)
    first, second, third = neighbours(village, 3)
    asks_and_picks(first)
    asks_and_picks(second)
    village.faq.refresh()
    third.says(WORDS)
    third.taps(UNHELPFUL)
    assert known(village) == {"elderly-register": (PhrasingState.PENDING, 2, 1)}
    assert village.faq.refresh()
    assert village.faq.decide(WORDS).kind is AskDecision.CLARIFIED


def test_what_staff_decided_no_tap_changes(village: Village) -> None:
    rules(village, people=2, days=1)
    first, second, third = neighbours(village, 3)
    asks_and_picks(first)
    (phrasing,) = village.rows(Phrasing)
    with village.database.unit_of_work() as uow:
        phrasings.reject(uow, phrasing.id, actor="malee")
    asks_and_picks(second)
    asks_and_picks(third)
    assert state(village) is PhrasingState.REJECTED
    with village.database.unit_of_work() as uow:
        phrasings.approve(uow, phrasing.id, actor="malee")
    village.faq.refresh()
    second.says(WORDS)
    second.taps(UNHELPFUL)
    assert known(village) == {"elderly-register": (PhrasingState.ACTIVE, 1, 1)}


def test_an_entry_learns_only_so_much_a_day_without_staff(village: Village) -> None:
    rules(village, people=2, days=1, daily_limit=1)
    residents = neighbours(village, 2)
    for words in (WORDS, "ขอเบี้ย"):
        for resident in residents:
            resident.says(words)
            resident.taps(REGISTER)
    states = sorted(row.state for row in village.rows(Phrasing))
    assert states == [PhrasingState.ACTIVE, PhrasingState.PENDING]


@pytest.mark.parametrize(
    "words",
    [
        "ภาษีป้ายคิดอย่างไร 081-234-5678",
        "ภาษีป้ายคิดอย่างไร ๓ ๕๐๙๙ ๐๑๒๓๔ ๕๖ ๗",
        "นายสมชาย ภาษีป้ายคิดอย่างไร",
        "น.ส.สมศรี ใจดี ถามภาษีป้าย",
        "บ้าน 12/3 ม.4 เสียภาษีป้ายไหม",
        "ภาษีป้ายคิดอย่างไร บ้านเลขที่ 12/3",
        "ภาษีป้ายคิดอย่างไร a@b.th",
    ],
)
def test_personal_words_are_not_kept(village: Village, words: str) -> None:
    resident = somebody(village)
    resident.says(words)
    resident.taps(HELPFUL)
    assert village.rows(Phrasing) == []


def test_a_question_that_lives_from_the_one_before_teaches_nothing(village: Village) -> None:
    resident = somebody(village)
    resident.says("ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน")
    resident.says("แล้วใช้เอกสารอะไร")
    resident.sees("คำตอบเรื่อง" + DOCUMENTS)
    resident.taps(HELPFUL)
    assert village.rows(Phrasing) == []
