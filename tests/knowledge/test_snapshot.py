"""The index within: however it came about, it holds the same."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from knowledge.search import FaqDocument, FaqIndex, analysis, compaction, snapshot
from knowledge.search.analysis import analyse_documents, analyse_phrasing
from knowledge.search.compaction import compact, needs_compaction
from knowledge.search.postings import Postings, ascending, merge, postings_of, split
from knowledge.search.scoring import _highest, score
from knowledge.search.snapshot import (
    Snapshot,
    add_documents,
    empty_snapshot,
    key_weights,
    remove_document,
)
from knowledge.thai import Segmenter, character_grams, skeleton_grams

SEGMENTER = Segmenter()
_WORDS = [
    "ขยะ",
    "ถนน",
    "น้ำ",
    "ไฟ",
    "ภาษี",
    "เบี้ย",
    "ผู้สูงอายุ",
    "บัตร",
    "ที่ไหน",
    "เมื่อไร",
    "เท่าไร",
    "แจ้ง",
    "จ่าย",
    "ลงทะเบียน",
    "หมู่บ้าน",
    "สะพาน",
]


def _documents(count: int) -> list[FaqDocument]:
    chance = random.Random(4)

    def some(words: int) -> str:
        return "".join(chance.choice(_WORDS) + chance.choice(["", " "]) for _ in range(words))

    return [
        FaqDocument(
            id=f"entry-{number}",
            question=some(4),
            variants=tuple(some(3) for _ in range(number % 3)),
            answer=some(chance.randint(0, 150)),
            keywords=(some(1),) * (number % 2),
        )
        for number in range(count)
    ]


def _grown(documents: Sequence[FaqDocument], at_once: int) -> Snapshot:
    grown = empty_snapshot(300.0)
    for start in range(0, len(documents), at_once):
        grown = add_documents(grown, documents[start : start + at_once], SEGMENTER)
    return grown


def _same(first: Postings, second: Postings) -> bool:
    names = ("full_keys", "offsets", "values", "marks", "common", "common_counts")
    alike = all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names)
    return alike and np.array_equal(first.rows + first.base, second.rows + second.base)


@pytest.mark.parametrize("at_once", [1, 7])
def test_entries_added_one_by_one_are_held_as_those_built_at_once(at_once: int) -> None:
    documents = _documents(60)
    once, later = compact(_grown(documents, 60)), compact(_grown(documents, at_once))
    assert _same(merge(once.entry_postings), merge(later.entry_postings))
    assert _same(merge(once.phrasing_postings), merge(later.phrasing_postings))
    np.testing.assert_allclose(once.norms, later.norms, rtol=1e-6)
    np.testing.assert_array_equal(once.phrasing_rows, later.phrasing_rows)
    assert (once.ids, once.row_of, once.phrasings) == (later.ids, later.row_of, later.phrasings)


def test_many_small_batches_give_what_one_large_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = _documents(150)
    once = _grown(documents, 150)
    monkeypatch.setattr(analysis, "_MOST_IN_BATCH", 2)
    for module in (snapshot, compaction):
        monkeypatch.setattr(module, "MOST_NARROW_ROWS", 64)
    parts = _grown(documents, 150)
    assert len(parts.entry_postings) > 1
    assert _same(merge(once.entry_postings), merge(parts.entry_postings))
    question = analyse_phrasing("จ่ายภาษีที่ไหน", SEGMENTER)
    np.testing.assert_allclose(
        score(once, question, "จ่ายภาษีที่ไหน").fused, score(parts, question, "จ่ายภาษีที่ไหน").fused, rtol=1e-9
    )


def test_entries_that_were_removed_leave_nothing_behind() -> None:
    documents = _documents(40)
    thinned = _grown(documents, 5)
    for document in documents[::3]:
        thinned = remove_document(thinned, document.id)
    left = [document for number, document in enumerate(documents) if number % 3]
    fresh = compact(_grown(left, len(left)))
    assert _same(merge(compact(thinned).entry_postings), merge(fresh.entry_postings))
    assert _same(merge(compact(thinned).phrasing_postings), merge(fresh.phrasing_postings))


def test_one_entry_edited_again_and_again_is_tidied_by_its_phrasings() -> None:
    wordy = FaqDocument(id="wordy", question="ค่าขยะ", variants=tuple(f"ค่าขยะหมู่ {n}" for n in range(19)))
    edited = _grown([*_documents(10), wordy], 11)
    for _ in range(3):
        edited = add_documents(remove_document(edited, "wordy"), [wordy], SEGMENTER)
        assert not needs_compaction(edited)
    edited = add_documents(remove_document(edited, "wordy"), [wordy], SEGMENTER)
    assert needs_compaction(edited)  # eighty dead phrasings in four dead rows
    assert not needs_compaction(compact(edited))


def test_what_nobody_is_answered_with_is_not_dead() -> None:
    index = FaqIndex.build(_documents(3))
    index.learn((f"หวยงวด {number}", None) for number in range(100))
    assert not needs_compaction(index._state.snapshot)


def test_what_nearly_every_entry_says_is_counted_and_not_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (snapshot, compaction):
        monkeypatch.setattr(module, "COMMON", 10)
    documents = [FaqDocument(id=str(n), question=f"ลงทะเบียน {_WORDS[n]}", answer="สวัสดีค่ะ") for n in range(16)]
    for at_once in (1, 16):
        grown = compact(_grown(documents, at_once))
        (postings,) = grown.entry_postings
        assert set(postings.common_counts.tolist()) == {16}
        assert len(score(grown, analyse_phrasing("สวัสดีค่ะ", SEGMENTER), "สวัสดีค่ะ").fused) == 16
        assert key_weights(grown, analyse_phrasing("สวัสดีค่ะ", SEGMENTER).keys).max() == 0
        best = score(grown, analyse_phrasing("ลงทะเบียนสะพาน", SEGMENTER), "ลงทะเบียนสะพาน").rows[0]
        assert grown.ids[best] == str(_WORDS.index("สะพาน"))


def test_texts_read_together_have_the_keys_they_have_alone() -> None:
    documents = [
        FaqDocument(id="1", question="น้ำ ไหล", answer=""),
        FaqDocument(id="2", question="ก", answer="ถนน wifi"),
    ]
    batch, _ = analyse_documents(documents, SEGMENTER)
    together = zip(batch.phrasing_keys.tolist(), batch.phrasings.tolist(), strict=True)
    alone = [
        (key, n) for n in (0, 1) for key in analyse_phrasing(documents[n].question, SEGMENTER).keys.tolist()
    ]
    assert [*together] == sorted(alone)
    grams = len(character_grams("ถนน wifi")) + len(skeleton_grams("ถนน wifi"))
    assert batch.counts[batch.marks == 1].sum() == grams + 2
    assert batch.entries[batch.marks == 1].max() == 1
    assert np.all(np.diff(batch.keys) >= 0)


def test_keys_are_put_in_order_and_equal_ones_left_in_theirs() -> None:
    keys = np.random.default_rng(3).integers(0, 1 << 32, 5_000, dtype=np.uint32)
    keys[::3] = keys[0]
    assert ascending(keys).tolist() == np.argsort(keys, kind="stable").tolist()


def test_postings_cut_by_keys_and_put_together_are_whole() -> None:
    keys = np.repeat(np.array([3, 7, (1 << 32) + 1, (2 << 32) + 5]), 3)
    whole = postings_of(keys, np.tile(np.arange(3), 4), base=2)
    pieces = split(whole, np.array([7, (1 << 32) + 9]))
    assert [piece.size for piece in pieces] == [3, 6, 3]
    assert _same(merge([whole]), whole)
    starts, counts = whole.find(np.array([3, 4, (1 << 32) + 1, (2 << 32) + 6]))
    assert counts.tolist() == [3, 0, 3, 0]
    assert starts[0] == 0


@pytest.mark.parametrize("size", [5, 40, 128, 1_000, 20_000])
def test_the_highest_are_found_among_many_and_among_equals(size: int) -> None:
    chance = np.random.default_rng(size)
    for values in (chance.random(size), chance.integers(0, 3, size).astype(float), np.zeros(size)):
        count = min(40, size)
        expected = np.argsort(-values, kind="stable")[:count]
        np.testing.assert_array_equal(_highest(values, count), expected)
