"""Residents who tap what was right or wrong, for the tests of teaching."""

from datetime import timedelta

from eservice.messaging.models import ChannelName
from knowledge.entries.learning_rules import LearningRules, change_rules
from knowledge.entries.models import (
    Entry,
    LearningMode,
    Phrasing,
    PhrasingState,
)
from tests.chat import Resident, Village

WORDS = "เบี้ยคนชรา"  # the bot asks back, and offers both entries about the allowance
REGISTER = "ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน"
DOCUMENTS = "ลงทะเบียนเบี้ยผู้สูงอายุใช้เอกสารอะไร"
SIGN = "ภาษีป้ายร้าน"  # the bot answers with the tax on signs
HELPFUL, UNHELPFUL, NONE = "ตรงคำถาม", "ไม่ตรง", "ไม่ใช่ทั้งหมดนี้"
DAY = timedelta(days=1)


def entry_id(village: Village, key: str) -> int:
    return next(entry.id for entry in village.rows(Entry) if entry.key == key)


def rules(village: Village, **changes: object) -> None:
    with village.database.unit_of_work() as uow:
        change_rules(uow, LearningRules(**{"mode": LearningMode.AUTOMATIC, **changes}), actor="admin")  # type: ignore[arg-type]


def somebody(village: Village, channel: ChannelName = ChannelName.LINE) -> Resident:
    resident = village.resident(channel)
    resident.follows()
    return resident


def neighbours(village: Village, count: int, channel: ChannelName = ChannelName.LINE) -> list[Resident]:
    """People who have been known for a week."""
    made = [somebody(village, channel) for _ in range(count)]
    village.clock.advance(days=7)
    return made


def asks_and_picks(resident: Resident, chosen: str = REGISTER, words: str = WORDS) -> str:
    ref = resident.says(words)
    resident.taps(chosen)
    return ref


def known(village: Village) -> dict[str, tuple[PhrasingState, int, int]]:
    """What became of the wordings: state, confirmed, contradicted, by the entry's key."""
    keys = {entry.id: entry.key for entry in village.rows(Entry)}
    return {
        keys[row.entry_id]: (row.state, row.confirmed, row.contradicted) for row in village.rows(Phrasing)
    }


def state(village: Village, key: str = "elderly-register") -> PhrasingState:
    return known(village)[key][0]
