"""The answer engine as its callers see it."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowledge.search import FaqDocument, FaqIndex

DOCUMENTS = [
    FaqDocument(
        id="elderly-register",
        question="ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน",
        variants=("ตายายไปลงเบี้ยคนแก่ที่ไหน", "ขึ้นทะเบียนคนแก่ทำยังไง", "เบี้ยคนแก่ ที่ไหน"),
        answer="ลงทะเบียนที่สำนักปลัด อบต. ในเวลาราชการ",
        keywords=("เบี้ยยังชีพ", "คนแก่"),
    ),
    FaqDocument(
        id="elderly-documents",
        question="เบี้ยผู้สูงอายุใช้เอกสารอะไร",
        variants=("ลงเบี้ยคนแก่เอาบัตรอะไรไปมั่ง", "หลักฐานสมัครเบี้ยยังชีพคนชรา"),
        answer="บัตรประชาชน ทะเบียนบ้าน และสมุดบัญชีธนาคาร",
    ),
    FaqDocument(
        id="disability-documents",
        question="เบี้ยความพิการใช้เอกสารอะไร",
        variants=("คนพิการขอเงินเอาอะไรไปบ้าง", "หลักฐานขอเบี้ยคนพิการ"),
        answer="บัตรประจำตัวคนพิการ และสมุดบัญชีธนาคาร",
    ),
    FaqDocument(
        id="tax-deadline",
        question="จ่ายภาษีที่ดินเมื่อไร",
        variants=("ภาษีที่ดินจ่ายเดือนไหน", "ภาษีที่ดินหมดเขตวันไหน"),
        answer="ชำระภายในเดือนเมษายนของทุกปี",
    ),
    FaqDocument(
        id="garbage-fee",
        question="ค่าขยะเดือนละเท่าไร",
        variants=("เก็บค่าขยะกี่บาท", "ค่าเก็บขยะบ้านละเท่าไหร่"),
        answer="ดูอัตราตามข้อบัญญัติของ อบต. สอบถามกองคลัง",
    ),
    FaqDocument(
        id="water-broken",
        question="น้ำประปาไม่ไหลทำอย่างไร",
        variants=("น้ำไม่ไหลโทรหาใคร", "ก๊อกน้ำแห้งแจ้งใคร"),
        answer="แจ้งกองช่าง อบต.",
    ),
]


@pytest.fixture(scope="module")
def shared_index() -> FaqIndex:
    return FaqIndex.build(DOCUMENTS)


@pytest.fixture
def index() -> FaqIndex:
    return FaqIndex.build(DOCUMENTS)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("เบี้ยผู้สูงอายุต้องไปลงที่ไหนคะ", "elderly-register"),
        ("เบี้ยผุ้สุงอายุลงทะเบียนทีไหน", "elderly-register"),
        ("ภาษทีดินจ่ายเดือนใหน", "tax-deadline"),
        ("นํ้าไม่ไหลลลล", "water-broken"),
        ("8jk-pt", "garbage-fee"),
        ("คนพิกานเอาเอกสารไรบ้าง", "disability-documents"),
    ],
)
def test_the_right_entry_comes_first_however_it_is_typed(
    shared_index: FaqIndex, question: str, expected: str
) -> None:
    assert shared_index.search(question, limit=3)[0].id == expected


def test_scores_fall_and_the_limit_holds(shared_index: FaqIndex) -> None:
    hits = shared_index.search("เบี้ยใช้เอกสารอะไร", limit=2)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score > 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.id)
def test_an_entrys_own_question_is_answered(shared_index: FaqIndex, document: FaqDocument) -> None:
    decision = shared_index.decide(document.question)
    assert (decision.kind, [hit.id for hit in decision.hits]) == ("answer", [document.id])
    assert 0.5 < decision.confidence <= 1


@pytest.mark.parametrize(
    "question", ["พระราชวังเซนต์เจมส์สร้างโดยใคร", "แนะนำร้านก๋วยเตี๋ยวอร่อยๆ", "บอลไทยเตะกี่โมง", "hello world"]
)
def test_what_no_entry_covers_is_unknown(shared_index: FaqIndex, question: str) -> None:
    decision = shared_index.decide(question)
    assert (decision.kind, decision.hits) == ("unknown", ())


def test_the_same_words_in_another_order_count_more_than_nearly_the_same_letters() -> None:
    where = FaqDocument(id="where", question="ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน")
    when = FaqDocument(id="when", question="เบี้ยผู้สูงอายุ ลงทะเบียนเดือนไหน")
    index = FaqIndex.build([*DOCUMENTS[1:], when, where])
    assert index.search("เบี้ยผู้สูงอายุลงทะเบียนที่ไหน")[0].id == "where"
    assert index.search("เบี้ยผู้สูงอายุลงทะเบียนเดือนไหน")[0].id == "when"


@pytest.mark.parametrize("number", ["0812345678", "081-234-5678", "๑๓๔๐๑๐๐๐๐๐๑๒๓", "1 3401 00000 12 3"])
def test_a_number_that_says_who_asks_changes_no_answer(shared_index: FaqIndex, number: str) -> None:
    plain = shared_index.decide("ค่าขยะเดือนละเท่าไร")
    for text in (f"{number} ค่าขยะเดือนละเท่าไร", f"ค่าขยะเดือนละเท่าไร {number}"):
        decision = shared_index.decide(text)
        assert (decision.kind, decision.confidence) == (plain.kind, pytest.approx(plain.confidence))
    assert shared_index.decide(number).kind == "unknown"


def test_two_entries_that_fit_alike_are_offered_as_a_choice(shared_index: FaqIndex) -> None:
    decision = shared_index.decide("เบี้ยใช้เอกสารอะไร")
    assert decision.kind == "clarify"
    assert {hit.id for hit in decision.hits[:2]} == {"elderly-documents", "disability-documents"}
    assert len(decision.hits) <= 3


@pytest.mark.parametrize(
    ("previous", "expected"),
    [("elderly-register", "elderly-documents"), ("disability-documents", "disability-documents")],
)
def test_a_short_follow_up_is_about_the_entry_before(
    shared_index: FaqIndex, previous: str, expected: str
) -> None:
    decision = shared_index.decide("แล้วต้องใช้เอกสารอะไร", previous=previous)
    assert decision.hits[0].id == expected
    assert decision.why.used_previous


@pytest.mark.parametrize(
    ("question", "previous", "expected"),
    [
        ("เอกสาร", "elderly-register", "elderly-documents"),
        ("ใช้อะไรบ้าง", "elderly-register", "elderly-documents"),
        ("ไปที่ไหน", "elderly-documents", "elderly-register"),
    ],
)
def test_a_bare_word_asks_for_another_side_of_the_same_matter(
    shared_index: FaqIndex, question: str, previous: str, expected: str
) -> None:
    assert shared_index.decide(question).kind != "answer"
    decision = shared_index.decide(question, previous=previous)
    assert (decision.hits[0].id, decision.used_previous) == (expected, True)


def test_a_side_that_no_entry_tells_of_leaves_the_entry_before_and_nothing_else(
    shared_index: FaqIndex,
) -> None:
    decision = shared_index.decide("กี่บาท", previous="water-broken")
    assert (decision.kind, [hit.id for hit in decision.hits]) == ("clarify", ["water-broken"])
    assert decision.used_previous


def test_a_clear_question_about_something_else_leaves_the_entry_before(shared_index: FaqIndex) -> None:
    decision = shared_index.decide("ค่าขยะเดือนละเท่าไร", previous="elderly-register")
    assert (decision.kind, decision.hits[0].id) == ("answer", "garbage-fee")
    assert not decision.why.used_previous


@pytest.mark.parametrize("question", ["แล้วบอลไทยเตะกี่โมง", "แล้วฝนจะตกไหม", "งั้นขอบคุณ", "xyz"])
def test_small_talk_after_an_answer_is_not_answered_with_it(shared_index: FaqIndex, question: str) -> None:
    assert shared_index.decide(question, previous="elderly-register").kind != "answer"


def test_a_previous_entry_that_is_gone_is_ignored(shared_index: FaqIndex) -> None:
    assert shared_index.decide("แล้วต้องใช้เอกสารอะไร", previous="gone").why.used_previous is False


def test_the_explanation_names_words_phrasing_and_runner_up(shared_index: FaqIndex) -> None:
    why = shared_index.decide("ตายายไปลงเบี้ยที่ไหน xyz").why
    assert {"ตายาย", "ที่ไหน"} <= set(why.matched_words)
    assert why.unknown_words == ("xyz",)
    assert why.best_phrasing == "ตายายไปลงเบี้ยคนแก่ที่ไหน"
    assert why.best is not None and why.best.id == "elderly-register"
    assert why.runner_up is not None and why.runner_up.id == "elderly-documents"
    assert why.runner_up_phrasing in ("เบี้ยผู้สูงอายุใช้เอกสารอะไร", "ลงเบี้ยคนแก่เอาบัตรอะไรไปมั่ง")
    assert "ที่ไหน" in why.only_best_words and set(why.only_best_words) <= set(why.matched_words)
    assert why.margin == pytest.approx(why.best.score - why.runner_up.score)


def test_a_confirmed_wording_is_understood_from_then_on(index: FaqIndex) -> None:
    slang = "เงินเดือนคนเฒ่าคนแก่ไปขอตรงไหน"
    before = index.decide(slang).confidence
    index.learn([(slang, "elderly-register"), ("เอาเงินคนเฒ่าที่ไหน", "elderly-register")])
    after = index.decide(slang)
    assert (after.kind, after.hits[0].id) == ("answer", "elderly-register")
    assert after.confidence > before


def test_a_correction_moves_the_answer(index: FaqIndex) -> None:
    asked = "เบี้ยผู้สูงอายุต้องเตรียมตัวยังไง"
    index.learn([(asked, "elderly-documents")])
    assert index.search(asked)[0].id == "elderly-documents"


def test_a_question_confirmed_to_have_no_entry_becomes_unknown(index: FaqIndex) -> None:
    asked = "ค่าขยะพิษโรงงานเดือนละเท่าไร"
    assert index.decide(asked).kind != "unknown"
    index.learn([(asked, None)])
    assert index.decide(asked).kind == "unknown"
    assert index.decide("ค่าขยะเดือนละเท่าไร").kind == "answer"


def test_learning_for_an_unknown_entry_changes_nothing(index: FaqIndex) -> None:
    index.learn([("อะไรก็ได้", "no-such-entry"), ("", "tax-deadline")])
    assert index.search("อะไรก็ได้") == FaqIndex.build(DOCUMENTS).search("อะไรก็ได้")


def test_a_new_entry_is_found_and_a_removed_one_is_not(index: FaqIndex) -> None:
    index.upsert(FaqDocument(id="dog", question="ฉีดวัคซีนหมาแมวฟรีเมื่อไร", variants=("ฉีดยาหมาบ้า",)))
    assert index.decide("ฉีดวัคซีนหมาแมวฟรีเมื่อไร").hits[0].id == "dog"
    index.remove("dog")
    index.remove("never-there")
    assert all(hit.id != "dog" for hit in index.search("ฉีดวัคซีนหมาแมวฟรีเมื่อไร"))
    assert len(index) == len(DOCUMENTS)


def test_an_edited_entry_answers_to_its_new_wording_only(index: FaqIndex) -> None:
    index.upsert(FaqDocument(id="garbage-fee", question="ขอถังขยะใบใหม่ได้ที่ไหน", answer="กองสาธารณสุข"))
    assert index.decide("ขอถังขยะใบใหม่ได้ที่ไหน").hits[0].id == "garbage-fee"
    assert index.decide("ค่าขยะเดือนละเท่าไร").kind != "answer"


def test_an_edit_keeps_what_was_learned(index: FaqIndex) -> None:
    index.learn([("กองภูเขาหน้าบ้านต้องเสียตังไหม", "garbage-fee")])
    index.upsert(DOCUMENTS[4])
    assert index.search("กองภูเขาหน้าบ้านต้องเสียตังไหม")[0].id == "garbage-fee"


def test_many_edits_give_the_same_answers_as_a_fresh_build(index: FaqIndex) -> None:
    for _ in range(30):
        for document in DOCUMENTS:
            index.upsert(document)
    for document in DOCUMENTS:
        assert index.decide(document.question).hits[0].id == document.id
    assert len(index) == len(DOCUMENTS)


def test_a_saved_index_answers_as_the_one_it_came_from(index: FaqIndex, tmp_path: Path) -> None:
    index.learn([("เงินคนเฒ่าไปขอตรงไหน", "elderly-register")])
    index.remove("water-broken")
    index.save(tmp_path / "faq.index")
    loaded = FaqIndex.load(tmp_path / "faq.index")
    for question in ("เงินคนเฒ่าไปขอตรงไหน", "ค่าขยะกี่บาท", "น้ำไม่ไหล"):
        ids = [hit.id for hit in index.search(question, limit=1)]
        assert [hit.id for hit in loaded.search(question, limit=1)] == ids
    assert list(tmp_path.iterdir()) == [tmp_path / "faq.index"]


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"not an index")
    with pytest.raises(ValueError, match="not a saved answer index"):
        FaqIndex.load(tmp_path / "broken")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 numpy arrays of long ago", "not a saved answer index"),
        (b"phueanban-faq-index-1\nsomething", "saved by another version"),
    ],
)
def test_a_file_of_an_older_format_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "old").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        FaqIndex.load(tmp_path / "old")


@pytest.mark.parametrize("harm", ["cut short", "one byte changed"])
def test_a_damaged_file_is_refused(shared_index: FaqIndex, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "faq.index"
    shared_index.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content if harm == "one byte changed" else path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="not a saved answer index"):
        FaqIndex.load(path)


def test_a_loaded_index_answers_on_after_its_file_is_replaced_and_can_be_changed(
    index: FaqIndex, tmp_path: Path
) -> None:
    path = tmp_path / "faq.index"
    index.save(path)
    loaded = FaqIndex.load(path)
    before = loaded.search("ค่าขยะกี่บาท")
    FaqIndex.build(DOCUMENTS[:2]).save(path)
    assert loaded.search("ค่าขยะกี่บาท") == before
    loaded.learn([("เงินคนเฒ่าไปขอตรงไหน", "elderly-register")])
    loaded.remove("garbage-fee")
    loaded.upsert(FaqDocument(id="dog", question="ฉีดวัคซีนหมาแมวฟรีเมื่อไร"))
    assert loaded.decide("ฉีดวัคซีนหมาแมวฟรีเมื่อไร").hits[0].id == "dog"
    assert loaded.decide("เงินคนเฒ่าไปขอตรงไหน").hits[0].id == "elderly-register"
    assert all(hit.id != "garbage-fee" for hit in loaded.search("ค่าขยะกี่บาท"))


def test_an_index_may_be_saved_to_one_file_from_several_threads_at_once(
    shared_index: FaqIndex, tmp_path: Path
) -> None:
    path = tmp_path / "faq.index"
    with ThreadPoolExecutor(4) as pool:
        for saved in [pool.submit(shared_index.save, path) for _ in range(40)]:
            saved.result()
    assert len(FaqIndex.load(path)) == len(shared_index)
    assert list(tmp_path.iterdir()) == [path]


def test_saving_and_loading_change_no_score(index: FaqIndex, tmp_path: Path) -> None:
    index.learn([("เงินคนเฒ่าไปขอตรงไหน", "elderly-register"), ("อากาศวันนี้", None)])
    index.upsert(DOCUMENTS[3])
    index.remove("water-broken")
    index.save(tmp_path / "faq.index")
    loaded = FaqIndex.load(tmp_path / "faq.index")
    for document in DOCUMENTS:
        assert loaded.search(document.question) == index.search(document.question)
        assert loaded.decide(document.question).why == index.decide(document.question).why


def test_an_empty_index_knows_nothing_and_can_grow() -> None:
    index = FaqIndex.build([])
    assert (index.search("ค่าขยะ"), index.decide("ค่าขยะ").kind) == ([], "unknown")
    index.learn([("อากาศวันนี้", None)])
    index.upsert(DOCUMENTS[4])
    assert index.search("ค่าขยะ")[0].id == "garbage-fee"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b" * 10_000,
        "็่" * 50_000,
        "ก" * 100_000,
        "กขคงจ" * 20_000,
        "😀" * 1_000,
        "မြန်မာ" * 50,
        "\x00\x1b",
        "a" * 100_000,
    ],
)
def test_nonsense_is_unknown_and_cheap(shared_index: FaqIndex, text: str) -> None:
    shared_index.decide("ค่าขยะ")
    started = time.process_time()
    decision = shared_index.decide(text, previous="garbage-fee")
    assert decision.kind == "unknown"
    assert decision.why.best is None or decision.why.margin >= 0
    assert time.process_time() - started < 0.1


def test_readers_see_whole_states_while_entries_change(index: FaqIndex) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                assert index.search("ค่าขยะเดือนละเท่าไร")[0].id == "garbage-fee"
        except BaseException as failure:
            failures.append(failure)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(100):
        index.upsert(FaqDocument(id=f"extra-{number % 7}", question=f"เรื่องที่ {number} ของหมู่บ้าน"))
        index.remove(f"extra-{(number + 3) % 7}")
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_importing_the_engine_loads_no_dictionary() -> None:
    code = "import sys, knowledge.search; sys.exit('pythainlp' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
