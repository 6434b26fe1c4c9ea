"""What the engine was taught can be taken from it again, as if it had never been said."""

import pytest

from knowledge.search import FaqDocument, FaqIndex
from tests.knowledge.test_search import DOCUMENTS

MOUNTAIN = "กองภูเขาหน้าบ้านต้องเสียตังไหม"
QUESTIONS = (MOUNTAIN, "ค่าขยะกี่บาท", "เบี้ยคนแก่ ที่ไหน", "จ่ายภาษีที่ดินเดือนไหน", "หน้าบ้าน")


@pytest.fixture
def index() -> FaqIndex:
    return FaqIndex.build(DOCUMENTS)


def said(index: FaqIndex) -> list[tuple[str, float, tuple[tuple[str, float], ...]]]:
    """Everything that the index says to some questions."""
    return [
        (
            decision.kind,
            round(decision.confidence, 6),
            tuple((hit.id, round(hit.score, 5)) for hit in index.search(text)),
        )
        for text in QUESTIONS
        if (decision := index.decide(text))
    ]


@pytest.mark.parametrize("answer", ["garbage-fee", None])
def test_what_is_forgotten_leaves_no_trace(index: FaqIndex, answer: str | None) -> None:
    before = said(index)
    index.learn([(MOUNTAIN, answer)])
    assert said(index) != before
    index.forget([(MOUNTAIN, answer)])
    assert said(index) == before


def test_only_that_lesson_is_forgotten(index: FaqIndex) -> None:
    index.learn([(MOUNTAIN, "garbage-fee"), ("เงินคนเฒ่าไปขอตรงไหน", "elderly-register")])
    index.forget([(MOUNTAIN, "garbage-fee"), (MOUNTAIN, "no-such-entry"), ("ไม่เคยสอน", "garbage-fee")])
    assert index.search("เงินคนเฒ่าไปขอตรงไหน")[0].id == "elderly-register"
    assert index.decide("เงินคนเฒ่าไปขอตรงไหน").kind == "answer"
    assert index.decide(MOUNTAIN).kind != "answer"


def test_an_entrys_own_wording_cannot_be_forgotten(index: FaqIndex) -> None:
    before = said(index)
    index.forget([("เก็บค่าขยะกี่บาท", "garbage-fee")])
    assert said(index) == before


def test_a_lesson_is_forgotten_after_its_entry_was_edited(index: FaqIndex) -> None:
    index.learn([(MOUNTAIN, "garbage-fee")])
    index.upsert(FaqDocument(id="garbage-fee", question="ค่าขยะเดือนละเท่าไร", answer="20 บาท"))
    assert index.search(MOUNTAIN)[0].id == "garbage-fee"
    index.forget([(MOUNTAIN, "garbage-fee")])
    assert index.decide(MOUNTAIN).kind == "unknown"


def test_a_lesson_typed_in_the_wrong_layout_is_forgotten_too(index: FaqIndex) -> None:
    typed = "8jk-pt"  # ค่าขยะ on a Thai keyboard
    before = said(index)
    index.learn([(typed, "tax-deadline")])
    assert said(index) != before
    index.forget([(typed, "tax-deadline")])
    assert said(index) == before


def test_in_the_very_words_that_were_taught_the_lesson_decides(index: FaqIndex) -> None:
    index.learn([("เก็บค่าขยะกี่บาทต่อปี", "tax-deadline")])
    decision = index.decide("เก็บ ค่าขยะกี่บาทต่อปี")
    assert (decision.kind, decision.hits[0].id) == ("answer", "tax-deadline")
    assert index.search("เก็บค่าขยะกี่บาทต่อปี")[0].id == "tax-deadline"
    assert index.decide("เก็บค่าขยะเดือนละกี่บาท").hits[0].id == "garbage-fee"


def test_what_a_copy_learns_the_first_does_not_know(index: FaqIndex) -> None:
    before = said(index)
    twin = index.copy()
    twin.learn([(MOUNTAIN, "garbage-fee")])
    assert twin.decide(MOUNTAIN).kind == "answer"
    assert said(index) == before


def test_a_decision_says_whether_it_needed_the_entry_before(index: FaqIndex) -> None:
    following = index.decide("แล้วใช้เอกสารอะไร", previous="elderly-register")
    assert following.used_previous and following.why.used_previous
    assert not index.decide("ค่าขยะเดือนละเท่าไร", previous="elderly-register").used_previous
