"""Questions that ask the same, put together."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from knowledge.search.analysis import Question, read_question
from knowledge.search.clusters import ALIKE, cluster, likeness_of
from knowledge.thai import OfficeWords, Segmenter

WATER = ("น้ำประปาไม่ไหล", "น้ำประปาไม่ไหลครับ", "นํ้าประปาไม่ไหลเลย", "น้ำประปาไม่ไหลหมู่ 5")
DOGS = ("หมาจรจัดเยอะมาก", "มีหมาจรจัดเยอะแถวตลาด", "หมาจรจัดเยอะ")
ALONE = ("สูตรแกงเขียวหวานไก่",)


def read(texts: Sequence[str], office: OfficeWords | None = None) -> list[Question]:
    segmenter = Segmenter(office=office)
    return [read_question(text, segmenter) for text in texts]


def groups(texts: Sequence[str], office: OfficeWords | None = None) -> list[set[str]]:
    return [{texts[place] for place in found.members} for found in cluster(read(texts, office))]


def test_questions_in_nearly_the_same_words_are_together_and_others_apart() -> None:
    assert groups((*ALONE, *DOGS, *WATER)) == [set(WATER), set(DOGS), set(ALONE)]


def test_a_slip_and_the_wrong_keyboard_do_not_part_them() -> None:
    assert groups(("น้ำประปาไม่ไหล", "น้ำปรปาไม่ไหล", "ohexitxkw,jws]")) == [
        {"น้ำประปาไม่ไหล", "น้ำปรปาไม่ไหล"},
        {"ohexitxkw,jws]"},
    ]


def test_words_that_mean_the_same_to_the_office_bring_questions_together() -> None:
    texts = ("ทิ้งสิ่งปฏิกูลที่ไหน", "ทิ้งขยะที่ไหน")
    apart, together = (
        likeness_of(read(texts)),
        likeness_of(read(texts, OfficeWords(synonyms=(("ขยะ", "สิ่งปฏิกูล"),)))),
    )
    assert together[0, 1] > apart[0, 1]


def test_the_most_central_question_comes_first_and_the_same_words_together() -> None:
    texts = (WATER[3], WATER[0], DOGS[0], WATER[0], WATER[2])
    found = cluster(read(texts))[0].members
    assert set(found) == {0, 1, 3, 4}
    assert found[:2] == (1, 3)


def test_the_same_questions_always_give_the_same_clusters() -> None:
    texts = [*WATER, *DOGS, *ALONE, *WATER, "อบต", "5555", "ขอบัตรใหม่"] * 3
    assert cluster(read(texts)) == cluster(read(texts))
    shuffled = texts[:]
    random.Random(5).shuffle(shuffled)
    same = {frozenset(group) for group in groups(texts)}
    assert {frozenset(group) for group in groups(shuffled)} == same


@pytest.mark.parametrize(
    "texts", [(), ("",), ("", "  ", "\u200b", "?!"), ("ก",), ("😀",), ("\u0e48" * 9, "น้ำ")]
)
def test_texts_of_which_nothing_can_be_read_are_in_no_cluster(texts: Sequence[str]) -> None:
    found = cluster(read(texts))
    readable = [place for place, question in enumerate(read(texts)) if len(question.analysed.keys)]
    assert sorted(place for group in found for place in group.members) == readable


def test_every_readable_question_is_in_one_cluster() -> None:
    choose = random.Random(11)
    letters = "กขคงจชดตนบปมยรลวสหอ"
    texts = ["".join(choose.choices(letters + "ะาิี ", k=choose.randint(1, 30))) for _ in range(300)]
    texts += ["ก" * 5_000, "a b c", "ကျေးဇူးတင်ပါတယ်", "1234567890"]
    found = cluster(read(texts))
    places = [place for group in found for place in group.members]
    assert len(places) == len(set(places))
    readable = {place for place, question in enumerate(read(texts)) if len(question.analysed.keys)}
    assert set(places) == readable


def test_likeness_is_symmetric_and_whole_with_itself() -> None:
    likeness = likeness_of(read((*WATER, *DOGS, *ALONE)))
    assert np.allclose(likeness, likeness.T, atol=1e-6)
    assert np.allclose(likeness.diagonal(), 1.0, atol=1e-5)
    assert likeness.min() >= 0


def test_clusters_are_those_of_joining_the_most_alike_pair_again_and_again() -> None:
    texts = [*WATER, *DOGS, *ALONE, "น้ำไม่ไหล", "หมากัดคน", "ไฟดับ", "ไฟถนนดับ", "ไฟทางเสีย", "แจ้งไฟถนนเสีย"]
    questions = read(texts)
    likeness = likeness_of(questions).astype(float)
    slow = [[row] for row in range(len(texts))]
    while True:
        pairs = [
            (float(likeness[np.ix_(one, two)].mean()), a, b)
            for a, one in enumerate(slow)
            for b, two in enumerate(slow)
            if a < b
        ]
        best, a, b = max(pairs)
        if best < ALIKE:
            break
        slow[a] += slow.pop(b)
    found = {frozenset(group.members) for group in cluster(questions)}
    assert found == {frozenset(group) for group in slow}


def test_of_too_many_wordings_the_first_are_taken() -> None:
    texts = (*WATER, *ALONE, WATER[0])
    found = cluster(read(texts), most=2)
    assert {texts[place] for group in found for place in group.members} <= {*WATER[:3]}
    assert 5 in found[0].members
