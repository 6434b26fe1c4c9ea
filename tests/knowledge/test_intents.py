"""What residents mean: matters are told from courtesies, reports from questions, talk from both."""

import time
from pathlib import Path

import pytest

from knowledge.classify import IntentLabel, classify_intent
from knowledge.classify.intents import read_examples, remembered_intent

HELD_OUT = Path(__file__).parents[2] / "benchmarks" / "intents_heldout.txt"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("สวัสดีค่ะ", IntentLabel.GREETING),
        ("สวัสดีค่ะ ขอถามเรื่องเบี้ยคนแก่", IntentLabel.QUESTION),
        ("สวัสดีครับไฟถนนหน้าบ้านดับครับ", IntentLabel.PROBLEM),
        ("สวัสดีค่ะ ขอคุยกับเจ้าหน้าที่ค่ะ", IntentLabel.PERSON),
        ("ขอบคุณค่ะ", IntentLabel.THANKS),
        ("ขอบคุณที่มาซ่อมไฟให้นะคะ", IntentLabel.THANKS),
        ("ขอบคุณค่ะ แล้วต้องใช้อะไรบ้าง", IntentLabel.QUESTION),
        ("ขอบคุณค่ะ แล้วก็ขอบคุณน้องด้วยนะคะ แล้วต้องใช้เอกสารอะไรบ้าง", IntentLabel.QUESTION),
        ("ขอบคุณที่มาดู แต่น้ำยังไม่ไหลเลยค่ะ", IntentLabel.PROBLEM),
        ("เบี้ยผู้สูงอายุต้องไปลงที่ไหน ขอบคุณค่ะ", IntentLabel.QUESTION),
        ("ท่อน้ำแตกหน้าบ้าน ขอบคุณล่วงหน้าครับ", IntentLabel.PROBLEM),
        ("น้ำไม่ไหลทำไงดี", IntentLabel.PROBLEM),
        ("ขอติดตั้งประปาทำยังไง", IntentLabel.QUESTION),
        ("ทำอะไรได้บ้าง", IntentLabel.CAPABILITY),
        ("เป็นบอทหรือคน", IntentLabel.CAPABILITY),
        ("ขอคุยกับคนจริงๆ", IntentLabel.PERSON),
        ("บายค่ะ", IntentLabel.FAREWELL),
        ("บอทโง่", IntentLabel.ABUSE),
        ("ไฟดับสามวันแล้วเหี้ยไรเนี่ย", IntentLabel.PROBLEM),
        ("หวยงวดนี้ออกอะไร", IntentLabel.CHATTER),
        ("อันนี้", IntentLabel.UNCLEAR),
        ("??", IntentLabel.UNCLEAR),
        ("555", IntentLabel.UNCLEAR),
        ("", IntentLabel.UNCLEAR),
        ("😀", IntentLabel.UNCLEAR),
        ("น้ำบ่ไหลมาสองมื้อแล้วเด้อ", IntentLabel.PROBLEM),
        ("เบี้ยคนเฒ่าไปลงตี้ไหนเจ้า", IntentLabel.QUESTION),
        ("ไฟดับหลายคืนแล้วนิ", IntentLabel.PROBLEM),
        ("ohew,jws]", IntentLabel.PROBLEM),  # น้ำไม่ไหล, typed with the keyboard in English
        ("good evening", IntentLabel.GREETING),
    ],
)
def test_a_message_is_taken_for_what_it_is(text: str, label: IntentLabel) -> None:
    assert classify_intent(text).label is label


@pytest.mark.parametrize(
    "text",
    [
        "แจ้งความออนไลน์",
        "แจ้งความในเน็ต",
        "ขอฉีดวัคซีนควาย",
        "ควายหลุดเข้านา แจ้งใคร",
        "ลูกปัญญาอ่อนเบิกอะไรได้",
        "สัตว์ตายฝังยังไง",
        "เหี้ยเข้าบ้านเรียกใครจับ",
        "แอปเป๋าตังใช้ไม่ได้",
        "หมาวัดเยอะ",
        "ปากคลองตัน",
        "เสือกรถเข็นคนพิการ",
    ],
)
def test_a_plain_matter_in_words_that_can_insult_is_no_abuse(text: str) -> None:
    assert classify_intent(text).label in (IntentLabel.QUESTION, IntentLabel.PROBLEM)


@pytest.mark.parametrize("text", ["บอทควาย", "พวกปัญญาอ่อน", "อีสัตว์", "ใช้ไม่ได้เลย", "กากจริง", "ปากหมาจริง"])
def test_the_same_words_said_of_somebody_are_abuse(text: str) -> None:
    assert classify_intent(text).label is IntentLabel.ABUSE


def test_messages_it_never_saw_are_mostly_understood() -> None:
    examples = read_examples(HELD_OUT)
    assert len(examples) >= 100
    right = sum(classify_intent(text).label == labels[0] for text, labels in examples)
    assert right / len(examples) >= 0.88


def test_no_matter_is_ever_taken_for_a_courtesy() -> None:
    """A question or report answered with "ยินดีค่ะ" would be lost."""
    courtesies = {IntentLabel.GREETING, IntentLabel.THANKS, IntentLabel.FAREWELL}
    matters = [text for text, (label,) in read_examples(HELD_OUT) if label in ("question", "problem")]
    for text in matters:
        for said in (text, f"สวัสดีค่ะ {text}", f"สวัสดีครับ{text}", f"{text} ขอบคุณค่ะ", f"ขอบคุณค่ะ แล้ว{text}"):
            assert classify_intent(said).label not in courtesies, said


def test_no_held_out_message_is_among_those_learned_from() -> None:
    learned = {text.replace(" ", "") for text, _ in read_examples()}
    assert [text for text, _ in read_examples(HELD_OUT) if text.replace(" ", "") in learned] == []


def test_every_kind_of_message_has_examples_and_none_appears_twice() -> None:
    examples = read_examples()
    assert len(examples) >= 600
    assert {label for _, (label,) in examples} == set(IntentLabel)
    texts = [text for text, _ in examples]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []


def test_a_message_above_the_first_label_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "examples.txt"
    path.write_text("สวัสดี\n[greeting]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no label"):
        read_examples(path)


def test_a_very_long_message_is_classified_in_bounded_time() -> None:
    classify_intent("สวัสดี")
    started = time.perf_counter()
    intent = classify_intent("ถนนพังเป็นหลุมเยอะมาก " * 5_000)
    assert time.perf_counter() - started < 0.5
    assert intent.label is IntentLabel.PROBLEM


def test_what_was_learned_is_kept_between_starts_and_a_broken_file_is_made_again(tmp_path) -> None:
    from knowledge.classify import intents

    before = intents.classify_intent("น้ำไม่ไหลมาสองวันแล้ว")
    intents.load_intents(tmp_path)
    (kept,) = tmp_path.glob("intents-*.npz")
    kept.write_bytes(b"not a model")
    intents.load_intents(tmp_path)
    assert kept.stat().st_size > 1000
    intents.load_intents(tmp_path)
    intents.remembered_intent.cache_clear()
    after = intents.classify_intent("น้ำไม่ไหลมาสองวันแล้ว")
    assert after.label is before.label
    assert abs(after.probability - before.probability) < 1e-3


def test_letters_do_not_fill_the_memory() -> None:
    before = remembered_intent.cache_info().currsize
    classify_intent("ขอสอบถามเรื่องถนนหน้าบ้าน " * 100)
    assert remembered_intent.cache_info().currsize == before


def test_a_number_that_says_who_writes_hides_nothing_of_what_is_meant() -> None:
    assert classify_intent("1340100000123 บัตรหายทำยังไง") == classify_intent("บัตรหายทำยังไง")
    assert classify_intent("0812345678").label is IntentLabel.UNCLEAR
