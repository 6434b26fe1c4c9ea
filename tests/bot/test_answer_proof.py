"""The proof under an answer for which the office gave no source."""

from eservice.messaging.models import ChannelName
from knowledge.entries import service as faq
from knowledge.entries.content import EntryContent
from tests.chat import Village


def _publish(village: Village, source_url: str) -> None:
    content = EntryContent(
        question="ยืมเต็นท์งานบวช",
        variants=("ขอยืมเต็นท์",),
        answer="ยืมได้ที่สำนักปลัด",
        category="ทดสอบ",
        source_url=source_url,
    )
    with village.database.unit_of_work() as uow:
        entry = faq.create_entry(uow, content, actor="test", key="tent")
        faq.publish(uow, entry.id, number=1, actor="test")
    village.faq.refresh()


def test_an_answer_without_a_source_says_so(village: Village) -> None:
    _publish(village, source_url="")
    somchai = village.resident(ChannelName.WEB)
    somchai.says("ยืมเต็นท์งานบวช")
    somchai.sees("ยืมได้ที่สำนักปลัด", "ที่มา: ยังไม่มีที่มา ถามเจ้าหน้าที่ได้")


def test_an_address_alone_is_shown_as_the_source(village: Village) -> None:
    _publish(village, source_url="https://office.example/tents")
    somchai = village.resident(ChannelName.WEB)
    somchai.says("ยืมเต็นท์งานบวช")
    somchai.sees("ที่มา: https://office.example/tents")
