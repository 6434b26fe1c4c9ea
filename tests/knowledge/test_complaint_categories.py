"""Complaints are sorted by subject, department and urgency, and corrections are taken."""

from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from knowledge.classify import ComplaintClassifier, LabelledComplaint, TextClassifier, Urgency
from knowledge.classify.complaints import DEFAULT_DEPARTMENTS, read_complaints
from knowledge.classify.kept import learn_or_load
from knowledge.thai import normalise

MOST_ALIKE = 85  # rapidfuzz ratio of two normalised texts without spaces, 0 to 100


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the models are kept, so that the tests learn them once."""
    folder = tmp_path_factory.mktemp("index")
    ask_everything(ComplaintClassifier(folder))
    return folder


@pytest.fixture
def classifier(learned: Path) -> ComplaintClassifier:
    return ComplaintClassifier(learned)


def ask_everything(classifier: ComplaintClassifier) -> tuple[object, ...]:
    text = "ไฟทางดับหลายดวงเลยครับ"
    return classifier.categories(text), classifier.departments(text), classifier.urgency(text)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ถนนในหมู่บ้านเป็นหลุมเป็นบ่อเยอะมากค่ะ", "ถนนและทางเท้า"),
        ("หลอดไฟหน้าบ้านผู้ช่วยขาดหลายวันแล้ว", "ไฟฟ้าแสงสว่าง"),
        ("ประปาบ่ไหลตั้งแต่เช้า", "น้ำประปา"),
        ("ถังขยะเต็มไม่มีคนมาเก็บเลย", "ขยะและความสะอาด"),
        ("ท่อระบายน้ำตันน้ำท่วมซอย", "น้ำท่วมและท่อระบายน้ำ"),
        ("หมาจรจัดไล่กัดเด็กทุกวัน", "สัตว์จรจัด"),
        ("ข้างบ้านเปิดเพลงเสียงดังตอนดึก", "เสียงกลิ่นควัน"),
        ("กิ่งไม้หักขวางถนนช่วยมาตัดที", "ต้นไม้และสิ่งกีดขวาง"),
        ("ต่อเติมบ้านล้ำที่ไม่มีใบอนุญาต", "อาคารและก่อสร้าง"),
        ("มีวัยรุ่นตีกันขโมยก็เยอะ", "ความปลอดภัย"),
        ("เจ้าหน้าที่เรียกเงินใต้โต๊ะ", "ทุจริต"),
        ("เจ้าหน้าที่พูดจาไม่ดีใส่ชาวบ้าน", "บริการเจ้าหน้าที่"),
        ("อยากให้มีสนามกีฬาในหมู่บ้าน", "เสนอแนะ"),
        ("ขอบคุณเจ้าหน้าที่มากค่ะบริการดีมาก", "ชื่นชม"),
        ("นำประปาไม่ใหลมาสองวันแล้ว", "น้ำประปา"),
        ("ทนนเปนหลุมเยอะมาก", "ถนนและทางเท้า"),
    ],
)
def test_a_complaint_is_taken_for_what_it_is_about(
    classifier: ComplaintClassifier, text: str, category: str
) -> None:
    assert classifier.categories(text)[0].label == category


def test_a_complaint_about_two_things_gets_both(classifier: ComplaintClassifier) -> None:
    first, second = classifier.categories("ถนนพังเป็นหลุมแล้วไฟทางก็ดับทั้งซอย", limit=2)
    assert {first.label, second.label} == {"ถนนและทางเท้า", "ไฟฟ้าแสงสว่าง"}
    assert second.probability > 0.3


def test_three_categories_are_offered_best_first(classifier: ComplaintClassifier) -> None:
    offered = classifier.categories("น้ำไม่ไหล")
    assert len(offered) == 3
    assert [p.probability for p in offered] == sorted((p.probability for p in offered), reverse=True)


@pytest.mark.parametrize(
    ("text", "department"),
    [("ถนนพังเป็นหลุม", "กองช่าง"), ("หมาจรจัดเยอะมาก", "สำนักปลัด"), ("ไฟทางไม่ติดเลย", "กองช่าง")],
)
def test_a_complaint_goes_to_the_department_of_its_category(
    classifier: ComplaintClassifier, text: str, department: str
) -> None:
    best, other = classifier.departments(text)
    assert best.label == department
    assert 1.0 >= best.probability > other.probability >= 0.0


def test_an_office_divides_the_work_as_it_likes(classifier: ComplaintClassifier) -> None:
    theirs = {**DEFAULT_DEPARTMENTS, "ไฟฟ้าแสงสว่าง": "กองไฟฟ้า"}
    assert classifier.departments("ไฟทางไม่ติดเลย", departments=theirs)[0].label == "กองไฟฟ้า"
    only = {"น้ำประปา": "กองการประปา"}
    assert [p.label for p in classifier.departments("ไฟทางไม่ติดเลย", departments=only)] == ["กองการประปา"]
    assert classifier.departments("ไฟทางไม่ติดเลย", departments={}) == []


def test_a_department_is_at_least_as_probable_as_each_of_its_categories(
    classifier: ComplaintClassifier,
) -> None:
    text = "น้ำท่วมถนนพังหมดแล้ว"
    whole = {p.label: p.probability for p in classifier.departments(text)}
    for category, probability in classifier.categories(text, limit=15):
        assert whole[DEFAULT_DEPARTMENTS[category]] >= probability - 1e-9


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("สายไฟขาดห้อยอยู่กลางถนนมีประกายไฟ", Urgency.URGENT),
        ("หมาบ้ากัดเด็กเลือดออกตอนนี้ยังวิ่งอยู่", Urgency.URGENT),
        ("ไฟทางดับช่วยมาเปลี่ยนหลอดให้หน่อย", Urgency.NORMAL),
        ("ขยะล้นถังไม่มาเก็บ", Urgency.NORMAL),
        ("เสนอให้มีตลาดนัดทุกวันเสาร์", Urgency.LOW),
        ("ขอบคุณที่มาซ่อมไฟให้นะคะ", Urgency.LOW),
    ],
)
def test_danger_is_told_from_what_can_wait(
    classifier: ComplaintClassifier, text: str, urgency: Urgency
) -> None:
    assert classifier.urgency(text).urgency is urgency


def test_a_correction_is_obeyed_and_may_bring_a_new_category(classifier: ComplaintClassifier) -> None:
    text = "เรือข้ามฟากไม่มาตามเวลา"
    classifier.learn(
        [LabelledComplaint(text=text, categories=("เรือข้ามฟาก",), urgency=Urgency.LOW)],
    )
    assert classifier.categories(text)[0].label == "เรือข้ามฟาก"
    assert classifier.urgency(text).urgency is Urgency.LOW
    assert classifier.departments(text, departments={"เรือข้ามฟาก": "กองช่าง"})[0].probability > 0.5
    assert classifier.categories("ถนนพังเป็นหลุม")[0].label == "ถนนและทางเท้า"


def test_a_correction_without_an_urgency_leaves_it_as_it_was(classifier: ComplaintClassifier) -> None:
    text = "ป้ายหมู่บ้านเอียงนิดหน่อย"
    before = classifier.urgency(text)
    classifier.learn([LabelledComplaint(text=text, categories=("ต้นไม้และสิ่งกีดขวาง",))])
    assert classifier.urgency(text) == before


def test_what_was_learned_is_kept_between_starts_and_a_broken_file_is_made_again(tmp_path: Path) -> None:
    before = ask_everything(ComplaintClassifier(tmp_path))
    kept = sorted(tmp_path.glob("*.npz"))
    assert [path.name.partition("-")[0] for path in kept] == ["categories", "urgency"]
    written = [path.stat().st_mtime_ns for path in kept]
    assert repr(ask_everything(ComplaintClassifier(tmp_path))) == repr(before)
    assert [path.stat().st_mtime_ns for path in kept] == written
    kept[0].write_bytes(b"not a model")
    assert repr(ask_everything(ComplaintClassifier(tmp_path))) == repr(before)
    assert kept[0].stat().st_size > 1000


def test_a_kept_file_with_any_wrong_byte_is_made_again_or_read(tmp_path: Path) -> None:
    model = TextClassifier.fit([("ถนนพังเป็นหลุม", "ถนน"), ("ไฟทางดับหลายดวง", "ไฟ")])
    data = tmp_path / "examples.txt"
    data.write_bytes(b"")
    folder = tmp_path / "kept"

    def asked() -> TextClassifier:
        return learn_or_load("some", folder=folder, data=data, learn=lambda: model)

    asked()
    (path,) = folder.glob("*.npz")
    content = path.read_bytes()
    for place in range(0, len(content), max(len(content) // 200, 1)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert asked().labels == model.labels
        path.write_bytes(content[:place])
        assert asked().labels == model.labels


def test_corrections_stay_out_of_what_is_kept(learned: Path) -> None:
    text = "ถนนพังเป็นหลุม"
    corrected = ComplaintClassifier(learned)
    corrected.learn([LabelledComplaint(text=text, categories=("สัตว์จรจัด",))])
    assert corrected.categories(text)[0].label == "สัตว์จรจัด"
    assert ComplaintClassifier(learned).categories(text)[0].label == "ถนนและทางเท้า"


def test_every_category_has_enough_texts_and_some_texts_have_several() -> None:
    complaints = read_complaints()
    assert len(complaints) >= 1_150
    counts = Counter(category for complaint in complaints for category in complaint.categories)
    assert set(counts) == set(DEFAULT_DEPARTMENTS)
    assert min(counts.values()) >= 60
    several = sum(len(complaint.categories) > 1 for complaint in complaints)
    assert several / len(complaints) >= 1 / 7
    assert max(len(complaint.categories) for complaint in complaints) == 3
    assert all(len(set(complaint.categories)) == len(complaint.categories) for complaint in complaints)
    assert set(Counter(complaint.urgency for complaint in complaints)) == set(Urgency)


def test_no_two_texts_are_nearly_the_same() -> None:
    texts = [normalise(complaint.text).replace(" ", "") for complaint in read_complaints()]
    alike = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=MOST_ALIKE)
    pairs = [(texts[i], texts[j]) for i, j in zip(*alike.nonzero(), strict=True) if i < j]
    assert pairs == []


def test_no_text_carries_a_long_number() -> None:
    """Nobody's telephone or identity number."""
    digits = [sum(letter.isdigit() for letter in complaint.text) for complaint in read_complaints()]
    assert max(digits) <= 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [("ถนนพัง\n[ถนนและทางเท้า]\n", "no category above"), ("[ถนน]\nถนนพัง\n", "no categories")],
)
def test_a_misplaced_text_or_a_misspelt_category_is_refused(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "complaints.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        read_complaints(path)
