"""A step that may be skipped: by the button, and by the words that people type instead."""

import pytest

from eservice.inquiries.models import Inquiry
from eservice.messaging.models import ChannelName
from tests.chat import Village


@pytest.mark.parametrize("words", ["ข้าม", "ข้ามค่ะ", "ข้าม ตอบในแชต", "ไม่ต้องครับ", " Skip "])
def test_typing_that_one_skips_is_as_good_as_the_button(village: Village, words: str) -> None:
    somchai = village.resident(ChannelName.WEB)
    somchai.says("คุยกับเจ้าหน้าที่")
    somchai.says("น้ำท่วมหน้าบ้าน อยากให้มาดู")
    somchai.sees("อยากให้โทรกลับไหม")
    somchai.says(words)
    somchai.sees("เลขคำถาม")
    assert len(village.rows(Inquiry)) == 1


def test_the_words_mean_nothing_where_nothing_can_be_skipped(village: Village) -> None:
    somchai = village.resident(ChannelName.WEB)
    somchai.says("คุยกับเจ้าหน้าที่")
    somchai.says("ข้าม")
    somchai.sees("อยากให้โทรกลับไหม")
    assert not village.rows(Inquiry)
