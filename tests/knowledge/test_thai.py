"""Reading Thai: one spelling, the wrong keyboard, particles, words, n-grams."""

import random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pythainlp.corpus import thai_words
from pythainlp.tokenize import newmm
from pythainlp.util import Trie, dict_trie

from knowledge.thai import (
    Segmenter,
    as_thai_layout,
    character_grams,
    normalise,
    skeleton_grams,
    strip_particles,
)


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("นํ้าประปา", "น้ำประปา"),
        ("นำ้ประปา", "น้ำประปา"),
        ("เเจ้งความ", "แจ้งความ"),
        ("ก้ี่", "กี้"),
        ("ท่่่ี่ไหน", "ที่ไหน"),
        ("ด่วนนนนน มากกกกก", "ด่วน มาก"),
        ("ที่\u200bไหน\ufeff", "ที่ไหน"),
        ("ค่าน้ำ\tเดือน\nไหน", "ค่าน้ำ เดือน ไหน"),
        ("๑,๒๐๐ บาท", "1200 บาท"),
        ("อ.บ.ต. อยู่ไหน", "อบต อยู่ไหน"),
        ("ภ.บ.ท.5", "ภบท5"),
        ("WiFi!!! ฟรี???", "wifi ฟรี"),
        ("พ.ร.บ. ปี 2562 มาตรา 12/1", "พรบ ปี 2562 มาตรา 12/1"),
        ("โทร 1000000", "โทร 1000000"),
        ("น้ ำ", "น้ำ"),
        ("่่่", ""),
        ("😀🙏", ""),
    ],
)
def test_every_way_of_typing_gets_one_spelling(typed: str, spelled: str) -> None:
    assert normalise(typed) == spelled


def test_a_long_text_is_spelled_like_a_short_one() -> None:
    long = "ที่บ้าน " * 40
    assert normalise(f"{long}ด่วนนนนน_มาก  นํ้า ก.ก. 1,200.50 .ๆๆ") == f"{long}ด่วน มาก น้ำ กก 1200.50 ๆ"


@example("กุ์\u0e3a")
@given(st.text(alphabet="กขงนมยรลวสอเแะาิีุู\u0e3a่้๊๋์ัำํ ๆฯ๑๒12ab.,/\u200b", max_size=40))
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@example("กข", "\uffa0")  # NFKC makes of it another filler, which is invisible as well
@given(st.text(alphabet="กขนำ้่า 1", max_size=6), st.characters(codec="utf-8"))
def test_normalising_again_changes_nothing_whatever_letter_comes_between(text: str, letter: str) -> None:
    for typed in (letter.join(text), letter * 3 + text):
        once = normalise(typed)
        assert normalise(once) == once


@pytest.mark.parametrize(
    "noise", ["ก" * 100_000, "\u200b" * 100_000, "็" * 100_000, "ab" * 50_000, "ก\u200b" * 50_000]
)
def test_a_limit_holds_whatever_is_typed(noise: str) -> None:
    assert len(normalise(noise, limit=500)) <= 500


def test_a_question_after_ten_thousand_invisible_marks_is_still_read() -> None:
    assert normalise("\u200b" * 10_000 + "ค่าขยะ", limit=500) == "ค่าขยะ"


def test_keys_typed_on_the_english_layout_give_thai() -> None:
    assert as_thai_layout("g[uhpz^hl^'vkp6") == "เบี้ยผู้สูงอายุ"
    assert as_thai_layout("ค่าขยะ") is None
    assert as_thai_layout("ok") is None


def _stripped(text: str) -> str:
    return "".join(strip_particles(Segmenter().tokens(normalise(text))))


@pytest.mark.parametrize(
    ("spoken", "asked"),
    [
        ("สวัสดีค่ะ อยากทราบว่าค่าขยะเท่าไหร่คะ", "ค่าขยะเท่าไหร่"),
        ("ขอสอบถามหน่อยครับ ภาษีที่ดินจ่ายที่ไหนครับผม", "ภาษีที่ดินจ่ายที่ไหน"),
        ("ราคาประเมินมูลค่า", "ราคาประเมินมูลค่า"),
        ("สวัสดีครับ", "สวัสดีครับ"),
        ("ครับ", "ครับ"),
    ],
)
def test_only_whole_particles_at_the_ends_are_dropped(spoken: str, asked: str) -> None:
    assert _stripped(spoken) == asked


def test_own_words_are_added_only_when_the_dictionary_breaks_them() -> None:
    segmenter = Segmenter().with_words(["ภบท", "เบี้ยผู้สูงอายุ"])
    assert segmenter.own_words == {"ภบท"}
    assert "ภบท" in segmenter.words("จ่าย ภบท ที่ไหน")
    assert segmenter.with_words(["ภบท"]) is segmenter


def test_grams_ignore_spaces_and_stay_apart_by_length() -> None:
    assert character_grams("ค่า ขยะ").tolist() == character_grams("ค่าขยะ").tolist()
    assert len(character_grams("กขค")) == 3
    assert len(np.unique(character_grams("กขคง"))) == 6
    assert len(character_grams("ก")) == 0


def test_skeletons_of_words_that_sound_alike_are_the_same() -> None:
    assert skeleton_grams("ผู้สูงอายุ").tolist() == skeleton_grams("พุ้ศูงอายุ").tolist()
    assert skeleton_grams("ทะเบียน").tolist() != skeleton_grams("ประปา").tolist()


def test_words_are_cut_as_newmm_cuts_the_whole_text() -> None:
    own = ("ลิงกินกล้วย", "บ้าน ๆ นา", "ตาก", "น้ำ ไหล")
    dictionary = dict_trie([*thai_words()])

    class Both:
        """The general dictionary, then the own words."""

        own_words = Trie(own)

        def prefixes(self, text: str, start: int = 0) -> list[str]:
            return dictionary.prefixes(text, start) + self.own_words.prefixes(text, start)

    segmenter = Segmenter(own)
    chance = random.Random(8)
    pieces = [*chance.sample(sorted(thai_words()), 3_000), *own, "บ้าน", "น้ำ", "ๆ", "x1", "เคุย", "เสีย", "."]
    for _ in range(400):
        text = "".join(chance.choice(pieces) + chance.choice(["", "", " ", "ๆ ", " ๆ"]) for _ in range(12))
        mistyped = "".join(letter for letter in text if chance.random() > 0.06)
        for written in (text, mistyped, normalise(mistyped)):
            assert segmenter.tokens(written) == newmm.segment(written, Both())  # type: ignore[arg-type]
