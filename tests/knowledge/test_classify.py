"""The text classifier: it learns from examples, from corrections, and says how sure it is."""

import random
import time
from pathlib import Path

import numpy as np
import pytest

from knowledge.classify import TextClassifier, model
from knowledge.classify.vectors import FeatureWeights

STREETS = [
    "ถนนพังเป็นหลุม",
    "ถนนหน้าบ้านพังมาก",
    "หลุมใหญ่กลางถนน",
    "ทางเข้าหมู่บ้านเป็นหลุม",
    "ถนนทรุดรถผ่านไม่ได้",
    "ซ่อมถนนให้หน่อย",
]
LIGHTS = ["ไฟถนนดับ", "ไฟหน้าบ้านไม่ติด", "หลอดไฟเสียทั้งซอย", "ไฟทางดับมืดมาก", "โคมไฟไม่ติดเลย", "ไฟกิ่งเสีย"]
WATER = ["น้ำไม่ไหล", "น้ำประปาขุ่นมาก", "ท่อประปาแตก", "น้ำไหลอ่อน", "ประปาไม่ไหลมาสองวัน", "มิเตอร์น้ำรั่ว"]
BOTH = ["ถนนพังแล้วไฟก็ดับด้วย", "ไฟดับถนนเป็นหลุมอันตรายมาก"]

EXAMPLES = (
    [(text, ("ถนน",)) for text in STREETS]
    + [(text, ("ไฟฟ้า",)) for text in LIGHTS]
    + [(text, ("ประปา",)) for text in WATER]
    + [(text, ("ถนน", "ไฟฟ้า")) for text in BOTH]
)


@pytest.fixture
def classifier() -> TextClassifier:
    return TextClassifier.fit(EXAMPLES)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ถนนแถวบ้านเป็นหลุมเยอะมาก", "ถนน"),
        ("ไฟหน้าวัดดับ", "ไฟฟ้า"),
        ("น้ำประปาไม่ไหลอีกแล้ว", "ประปา"),
        ("ถนณเปนหลุม", "ถนน"),
        ("น้ําปะปาไม่ใหล", "ประปา"),
    ],
)
def test_a_new_text_gets_the_label_of_texts_like_it(
    classifier: TextClassifier, text: str, label: str
) -> None:
    assert classifier.predict(text)[0].label == label


def test_text_typed_on_the_english_layout_is_read_as_the_thai_that_was_meant(
    classifier: TextClassifier,
) -> None:
    assert classifier.predict("mjvxitxkc9dsohk[hko") == classifier.predict("ท่อประปาแตกหน้าบ้าน")
    assert classifier.predict("wamk'fy[myh':vp") == classifier.predict("ไฟทางดับทั้งซอย")


def test_english_is_left_as_it_is_where_english_was_learned() -> None:
    bilingual = TextClassifier.fit([*EXAMPLES, ("street light broken", "light"), ("light out", "light")])
    assert bilingual.predict("the light is out")[0].label == "light"


def test_words_never_met_do_not_weaken_the_ones_that_were(classifier: TextClassifier) -> None:
    plain = dict(classifier.predict("ไฟดับ"))["ไฟฟ้า"]
    chatty = dict(classifier.predict("ไฟดับ dear zzz qqq xyz"))["ไฟฟ้า"]
    assert chatty > 0.8 * plain


def test_a_text_may_have_several_labels(classifier: TextClassifier) -> None:
    first, second, third = classifier.predict("ถนนเป็นหลุมแล้วไฟก็ดับ", limit=3)
    assert {first.label, second.label} == {"ถนน", "ไฟฟ้า"}
    assert third.probability < second.probability


def test_predictions_come_best_first_and_no_more_than_asked_for(classifier: TextClassifier) -> None:
    predictions = classifier.predict("ไฟดับ", limit=2)
    assert len(predictions) == 2
    assert predictions[0].probability >= predictions[1].probability
    assert all(0.0 <= p.probability <= 1.0 for p in predictions)
    assert len(classifier.predict("ไฟดับ", limit=99)) == 3
    assert classifier.predict("ไฟดับ", limit=0) == []
    with pytest.raises(ValueError, match="negative"):
        classifier.predict("ไฟดับ", limit=-1)
    label, probability = predictions[0]
    assert (label, probability) == (predictions[0].label, predictions[0].probability)


def test_a_correction_is_obeyed_and_leaves_other_answers_alone(classifier: TextClassifier) -> None:
    assert classifier.predict("ไฟหน้าวัดดับ")[0].label == "ไฟฟ้า"
    classifier.learn([("หมาจรเดินเต็มถนน", ("สัตว์",))])
    best = classifier.predict("หมาจรเดินเต็มถนน")[0]
    assert best.label == "สัตว์"
    assert best.probability > 0.5
    elsewhere = dict(classifier.predict("ท่อประปาแตก", limit=4))["สัตว์"]
    assert dict(classifier.predict("หมาจรหน้าบ้าน", limit=4))["สัตว์"] > elsewhere
    assert classifier.predict("ไฟหน้าวัดดับ")[0].label == "ไฟฟ้า"
    assert classifier.labels == ("ถนน", "ไฟฟ้า", "ประปา", "สัตว์")


def test_a_correction_takes_a_wrong_label_away(classifier: TextClassifier) -> None:
    text = "ถนนหน้าบ้านน้ำท่วม"
    classifier.learn([(text, ("ประปา",))])
    probabilities = dict(classifier.predict(text))
    assert probabilities["ประปา"] > 0.5
    assert probabilities["ถนน"] < 0.5


def test_learning_what_is_already_right_changes_nothing(classifier: TextClassifier) -> None:
    classifier.learn([("น้ำไม่ไหล", ("ประปา",))])
    before = classifier.predict("น้ำไม่ไหล")
    classifier.learn([("น้ำไม่ไหล", ("ประปา",))])
    assert classifier.predict("น้ำไม่ไหล") == before


def test_a_saved_model_answers_as_before_and_still_learns(classifier: TextClassifier, tmp_path: Path) -> None:
    classifier.learn([("หมาจรเดินเต็มถนน", ("สัตว์",))])
    path = tmp_path / "categories.model"
    classifier.save(path)
    loaded = TextClassifier.load(path)
    for text in ("ถนนพัง", "ไฟดับ", "หมาจร", "คำที่ไม่เคยเห็น"):
        assert loaded.predict(text) == classifier.predict(text)
    loaded.learn([("แมวจรเยอะ", ("สัตว์",))])
    assert loaded.predict("แมวจรเยอะ")[0].label == "สัตว์"


def test_a_model_of_another_version_is_refused(
    classifier: TextClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.model"
    classifier.save(path)
    monkeypatch.setattr(model, "_FORMAT", 0)
    with pytest.raises(ValueError, match="another version"):
        TextClassifier.load(path)


def test_fitting_without_any_label_is_refused() -> None:
    with pytest.raises(ValueError, match="no example"):
        TextClassifier.fit([])
    with pytest.raises(ValueError, match="no example"):
        TextClassifier.fit([("ถนนพัง", ())])


def test_a_text_without_labels_teaches_what_no_label_is() -> None:
    talk = ["สวัสดีค่ะ", "ขอบคุณครับ", "วันนี้ร้อนจัง", "กินข้าวยัง", "หวยออกอะไร", "ฝันดีนะ"]
    taught = TextClassifier.fit([*EXAMPLES, *[(text, ()) for text in talk]])
    untaught = TextClassifier.fit(EXAMPLES)
    text = "สวัสดีครับ กินข้าวยัง"
    assert taught.predict(text)[0].probability < untaught.predict(text)[0].probability
    assert taught.predict(text)[0].probability < 0.3


def test_one_label_and_one_example_are_enough_to_start() -> None:
    start = TextClassifier.fit([("ถนนพัง", ("ถนน",))])
    assert start.predict("ถนนพัง")[0].label == "ถนน"
    assert 0.0 <= start.predict("ถนนพัง")[0].probability <= 1.0


def test_a_lone_label_is_one_label_not_its_letters() -> None:
    assert TextClassifier.fit([("ถนนพัง", "ถนน"), ("ไฟดับ", "ไฟฟ้า")]).labels == ("ถนน", "ไฟฟ้า")


def test_more_texts_than_one_shard_are_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_SHARD", 10)
    sharded = TextClassifier.fit(EXAMPLES)
    assert [sharded.predict(text)[0].label for text in ("ถนนเป็นหลุม", "ไฟดับ", "น้ำไม่ไหล")] == [
        "ถนน",
        "ไฟฟ้า",
        "ประปา",
    ]


def test_the_similarity_of_texts_is_their_dot_product() -> None:
    """The shortcut over rare and common features must equal the plain product."""
    texts = [text for text, _ in EXAMPLES] * 3
    found = [model.channels_of(text) for text in texts]
    vectors = FeatureWeights.learn(found, np.ones((len(texts), 1), dtype=bool)).vectors(found)
    dense = np.zeros((len(texts), model.FEATURES))
    np.add.at(dense, (vectors.row, vectors.index), vectors.value)
    np.testing.assert_allclose(vectors.similarities(), dense @ dense.T, atol=1e-4)


def test_the_leave_one_out_score_equals_fitting_without_the_text() -> None:
    found = [model.channels_of(text) for text, _ in EXAMPLES]
    truths = np.array([["ถนน" in labels] for _, labels in EXAMPLES])
    weights = FeatureWeights.learn(found, truths)
    targets = np.where(truths, 1.0, -1.0)
    _, scores = model._ridge(weights.vectors(found), targets)

    rest, _ = model._ridge(weights.vectors(found[1:]), targets[1:])
    similarity = weights.vectors(found).similarities()[0, 1:] + model._BIAS
    np.testing.assert_allclose(scores[0], similarity @ rest, atol=1e-3)


def test_letters_that_tell_labels_apart_count_more_than_those_everywhere() -> None:
    found = [model.channels_of(text) for text, _ in EXAMPLES]
    truths = np.array([[label in labels for label in ("ถนน", "ไฟฟ้า", "ประปา")] for _, labels in EXAMPLES])
    telling = FeatureWeights.learn(found, truths).telling
    letters = 1
    water = set(found[EXAMPLES.index(("น้ำประปาขุ่นมาก", ("ประปา",)))][letters].index)
    pump = set(model.channels_of("ประปา")[letters].index) & water
    very = set(model.channels_of("มาก")[letters].index) & water
    assert telling[sorted(pump)].mean() > telling[sorted(very)].mean()
    assert telling.min() == 1.0


def test_a_text_said_twice_with_different_labels_leaves_the_rest_right() -> None:
    noisy = TextClassifier.fit(
        [*EXAMPLES, ("น้ำไม่ไหล", ("ถนน",)), ("น้ำไม่ไหล", ("ประปา",)), ("", ()), ("", ("ถนน",))]
    )
    assert noisy.predict("ไฟหน้าวัดดับ")[0].label == "ไฟฟ้า"
    assert noisy.predict("น้ำประปาไม่ไหลอีกแล้ว")[0].label == "ประปา"


def test_a_label_of_a_single_text_is_found_again() -> None:
    rare = TextClassifier.fit([*EXAMPLES, ("หมาจรจัดกัดเด็ก", ("สัตว์",))])
    assert rare.predict("หมาจรจัดกัดเด็ก")[0].label == "สัตว์"
    assert rare.predict("ไฟหน้าวัดดับ")[0].label == "ไฟฟ้า"


def test_corrections_are_obeyed_where_labels_go_together() -> None:
    """Labels that read each other's scores must not keep a correction from being obeyed."""
    together = [(text, (*labels, "ช่าง")) for text, labels in EXAMPLES]
    related = TextClassifier.fit([*together, ("เก็บขยะหน้าบ้านด้วย", ("ขยะ",)), ("ขยะเหม็นมาก", ("ขยะ",))])
    for text, labels in (("ถนนพังแล้วขยะเหม็น", ("ขยะ",)), ("ท่อประปาแตกขยะล้น", ("ถนน", "ขยะ"))):
        related.learn([(text, labels)])
        likely = {label for label, probability in related.predict(text, limit=9) if probability > 0.5}
        assert likely == set(labels)


def test_probabilities_mean_what_they_say() -> None:
    """Of the answers given about 70 % probability, about 70 % are right, on texts not learned from."""
    rng = random.Random(7)
    words = {
        "ถนน": ["ถนน", "หลุม", "ทาง", "ทรุด"],
        "ไฟ": ["ไฟ", "มืด", "หลอด", "เสา"],
        "น้ำ": ["น้ำ", "ประปา", "ท่อ", "ขุ่น"],
    }
    everything = [word for own in words.values() for word in own]

    def example() -> tuple[str, tuple[str, ...]]:
        label = rng.choice(list(words))
        own = [rng.choice(words[label]) for _ in range(2)]
        noise = [rng.choice(everything) for _ in range(3)]
        return " ".join(rng.sample(own + noise, 5)), (label,)

    fitted = TextClassifier.fit(example() for _ in range(400))
    best = [(fitted.predict(text, limit=1)[0], labels[0]) for text, labels in (example() for _ in range(600))]
    claimed = np.array([prediction.probability for prediction, _ in best])
    right = np.array([prediction.label == label for prediction, label in best])
    for low, high in ((0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        inside = (claimed >= low) & (claimed < high)
        assert inside.sum() > 20
        assert abs(claimed[inside].mean() - right[inside].mean()) < 0.15


@pytest.mark.parametrize(
    "text", ["", "   ", "😀😀😀", "\u0e49" * 100_000, "ก" * 100_000, "ถนนพัง" * 20_000, "\x00\u200b", "မြန်မာ"]
)
def test_any_text_gets_probabilities_in_bounded_time(classifier: TextClassifier, text: str) -> None:
    classifier.predict("ถนน")
    started = time.perf_counter()
    predictions = classifier.predict(text)
    assert time.perf_counter() - started < 0.5
    assert len(predictions) == 3
    assert all(0.0 <= p.probability <= 1.0 for p in predictions)
