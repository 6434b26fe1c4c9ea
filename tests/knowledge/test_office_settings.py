"""What an office sets for the answer engine: its own words, and what is sure enough."""

import math
from pathlib import Path

import pytest

from knowledge.search import Calibration, FaqDocument, FaqIndex, OfficeWords
from tests.knowledge.test_search import DOCUMENTS


def test_everyday_words_and_the_offices_own_synonyms_count_as_the_same() -> None:
    document = FaqDocument(id="truck", question="รถพ่นหมอกควันเข้าวันไหน")
    other = FaqDocument(id="fee", question="ค่าบริการรถดูดส้วม")
    words = OfficeWords(synonyms=(("หมอกควัน", "ยากันยุง"),))
    index = FaqIndex.build([document, other], words=words)
    why = index.decide("ยากันยุงมาเมื่อไหร่").why
    assert why.best is not None and why.best.id == "truck"
    assert {"ยากันยุง", "เมื่อไหร่"} <= set(why.matched_words)


def test_groups_of_synonyms_that_share_a_word_are_one() -> None:
    words = OfficeWords(synonyms=(("หมอกควัน", "ควันไล่ยุง"), ("ยากันยุง", "พ่นยา"), ("พ่นยา", "หมอกควัน")))
    index = FaqIndex.build([FaqDocument(id="truck", question="รถพ่นหมอกควันเข้าวันไหน")], words=words)
    assert "ยากันยุง" in index.decide("ยากันยุงมาเมื่อไหร่").why.matched_words


def test_stop_phrases_are_left_out_of_questions_wherever_they_stand() -> None:
    words = OfficeWords(stop_phrases=("เมืองน่าอยู่ของเรา",))
    plain, told = FaqIndex.build(DOCUMENTS), FaqIndex.build(DOCUMENTS, words=words)
    question = "ค่าขยะเมืองน่าอยู่ของเราเดือนละเท่าไร"
    assert told.read(question).text == "ค่าขยะเดือนละเท่าไร"
    assert told.decide(question).confidence > plain.decide(question).confidence
    assert told.read("เมืองน่าอยู่ของเรา").text == "เมืองน่าอยู่ของเรา"  # nothing else was asked


def test_protected_words_are_neither_cut_nor_stripped_nor_replaced() -> None:
    words = OfficeWords(protected=("เจ้าหน้าที่", "บ้านโคกอีแหลว", "หมา"))
    index = FaqIndex.build(DOCUMENTS, words=words)
    assert index.read("เจ้าหน้าที่ไปบ้านโคกอีแหลว").words[0] == "เจ้าหน้าที่"
    assert "บ้านโคกอีแหลว" in index.read("เจ้าหน้าที่ไปบ้านโคกอีแหลว").words
    index.upsert(FaqDocument(id="dog", question="สุนัขจรจัดแจ้งใคร"))
    assert "หมา" in index.decide("หมาจรจัดแจ้งใคร").why.unknown_words


def test_the_words_of_an_office_are_kept_with_a_saved_index(tmp_path: Path) -> None:
    words = OfficeWords(synonyms=(("ขยะ", "สิ่งปฏิกูล"),), protected=("โคกอีแหลว",), stop_phrases=("ดีจ้าอบต",))
    FaqIndex.build(DOCUMENTS, words=words).save(tmp_path / "index")
    loaded = FaqIndex.load(tmp_path / "index")
    assert loaded.read("ดีจ้าอบตค่าสิ่งปฏิกูลที่โคกอีแหลว").text == "ค่าสิ่งปฏิกูลที่โคกอีแหลว"
    assert "โคกอีแหลว" in loaded.read("ค่าสิ่งปฏิกูลที่โคกอีแหลว").words
    assert loaded.search("ค่าสิ่งปฏิกูลเดือนละเท่าไร")[0].id == "garbage-fee"


def test_a_calibration_moves_decisions_and_survives_edits_of_entries() -> None:
    index = FaqIndex.build(DOCUMENTS)
    question = "เก็บค่าขยะกี่บาท"
    before = index.decide(question)
    index.calibrate(Calibration(shift=-30.0))
    index.upsert(DOCUMENTS[0])
    assert (before.kind, index.decide(question).kind) == ("answer", "unknown")
    index.calibrate(Calibration(answer_threshold=0.0, clarify_threshold=0.0))
    assert index.decide("ไม่รู้จะถามอะไรดี").kind == "answer"
    assert index.decide(question).why.answer_threshold == 0.0


def test_what_is_weighed_is_what_any_calibration_decides_from() -> None:
    index = FaqIndex.build(DOCUMENTS)
    text = "เบี้ยคนแก่ ที่ไหน"
    evidence, choices = index.weigh(text)
    for calibration in (Calibration(), Calibration(slope=0.5, shift=-1.0)):
        index.calibrate(calibration)
        assert index.decide(text).confidence == pytest.approx(calibration.probability(evidence))
    index.calibrate(Calibration(answer_threshold=1.0, clarify_threshold=0.0))
    assert list(index.decide(text).hits) == choices
    assert index.weigh("") == (-math.inf, [])


def test_what_is_known_to_have_no_entry_is_no_evidence() -> None:
    index = FaqIndex.build(DOCUMENTS)
    text = "ขอสูตรแกงเขียวหวานไก่หน่อย"
    index.learn([(text, None)])
    assert index.weigh(text)[0] == -math.inf
