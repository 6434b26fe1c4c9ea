"""Many texts cut at once are cut as pythainlp's newmm cuts each of them."""

import json
import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pythainlp.corpus import thai_words
from pythainlp.tokenize import newmm, tcc_p
from pythainlp.util import Trie, dict_trie

from benchmarks.mistyping import mistype
from knowledge.thai import Segmenter, normalise
from knowledge.thai.clusters import END, cluster_starts
from knowledge.thai.cutting import Cutter, table_of
from knowledge.thai.word_table import WordTable, code_points

_DATA = Path(__file__).parent / "data"
_FAQ = Path(__file__).parents[2] / "eservice" / "demo" / "faq"
_LONG_OWN = "ลปกนส" * 14
_MANY_WAYS = tuple("ฬ" * length for length in range(2, 12))
_OWN = (
    "ลิงกินกล้วย",
    "บ้าน ๆ นา",
    "ตาก",
    "น้ำ ไหล",
    "5g",
    "wi fi",
    "ตากลม",
    "ลป",
    "กนสล",
    "ปกน",
    _LONG_OWN,
    *_MANY_WAYS,
)
_HARD = "กรยวอหคงนมสต" + "ะาิีึืุูัำ็่้๊๋์ํ" + "เแโใไๆฯ" + "๐๑๒19" + "aZ-" + " .,/😀မ"


class _Both:
    """The general dictionary, then the own words, in pythainlp's own tries."""

    def __init__(self) -> None:
        self._general, self._own = dict_trie([*thai_words()]), Trie(_OWN)

    def prefixes(self, text: str, start: int = 0) -> list[str]:
        return self._general.prefixes(text, start) + self._own.prefixes(text, start)


@cache
def _newmm_words() -> _Both:
    return _Both()


@cache
def _cutter() -> Cutter:
    return Cutter(table_of(thai_words(), _OWN), _by_newmm)


def _by_newmm(text: str) -> list[str]:
    return newmm.segment(text, _newmm_words())  # type: ignore[arg-type]


def _together(texts: Sequence[str]) -> list[list[str]]:
    tokens = iter(_cutter().tokens(texts))
    return [list(iter(lambda: next(tokens), END)) for _ in texts]


def _assert_cut_alike(texts: Sequence[str]) -> None:
    for text, tokens in zip(texts, _together(texts), strict=True):
        assert tokens == _by_newmm(text), text


def _demo_texts() -> Iterator[str]:
    for path in sorted((*_FAQ.glob("*.jsonl"), *_DATA.glob("*.jsonl"))):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield from (row[name] for name in ("question", "answer", "text") if name in row)
            yield from row.get("variants", ())


def test_the_demo_offices_entries_and_questions_are_cut_as_by_newmm() -> None:
    texts = sorted({normalise(text) for text in _demo_texts()})
    assert len(texts) > 2_000
    _assert_cut_alike(texts)


def test_mistyped_text_is_cut_as_by_newmm() -> None:
    chance = random.Random(21)
    texts = chance.sample(sorted(set(_demo_texts())), 600)
    _assert_cut_alike([normalise(mistype(text, chance, rate=rate)) for text in texts for rate in (0.05, 0.3)])


def test_random_letters_are_cut_as_by_newmm() -> None:
    chance = random.Random(22)
    words = sorted(thai_words())
    alphabets = (_HARD, "กรวยอเ" + "ีิืุ็่์ะา", "ลปกนส", "กา อบต12,.a")
    texts = [
        "".join(chance.choices(letters, k=chance.randint(0, 60)))
        for letters in alphabets
        for _ in range(1_000)
    ]
    texts += [
        "".join(
            chance.choice([*chance.choices(words, k=3), *_OWN, " ", chance.choice(_HARD)]) for _ in range(12)
        )
        for _ in range(1_500)
    ]
    _assert_cut_alike(texts)


@given(st.lists(st.text(st.sampled_from(_HARD), max_size=40), max_size=5))
def test_any_texts_are_cut_as_by_newmm(texts: list[str]) -> None:
    _assert_cut_alike(texts)


def test_where_the_ways_are_too_many_or_a_word_too_long_newmm_itself_cuts_the_text() -> None:
    left: list[str] = []

    def by_newmm(text: str) -> list[str]:
        left.append(text)
        return _by_newmm(text)

    texts = ["บ้าน", f"มา{_LONG_OWN} ไป", "นา 5g", f"มา{'ฬ' * 47} ฬฬ ไป", "น้ำ"]
    tokens = Cutter(table_of(thai_words(), _OWN), by_newmm).tokens(texts)
    assert tokens == [token for text in texts for token in (*_by_newmm(text), END)]
    assert left == [texts[1], texts[3]]


def test_clusters_begin_where_pythainlps_rules_say() -> None:
    chance = random.Random(23)
    alphabets = (_HARD, "กรวยอหเ" + "ีิืุูั็่้์ะา", "".join(map(chr, range(0x0E00, 0x0E80))))
    texts = [
        "".join(chance.choices(letters, k=chance.randint(0, 60)))
        for letters in alphabets
        for _ in range(2_000)
    ]
    starts: list[int] = []
    for text in texts:
        begin = starts[-1] + 1 if starts else 0
        starts += (begin + np.cumsum([0, *map(len, tcc_p.tcc(text))])).tolist()
    assert cluster_starts(code_points("".join(text + END for text in texts))).tolist() == starts


def test_a_large_text_is_cut_as_many_small_ones() -> None:
    texts = [normalise(text) for text in _demo_texts()] * 2
    at_once, one_by_one = Segmenter(_OWN), Segmenter(_OWN)
    tokens = at_once.tokens_of_many(texts)
    cut = [list(own) for ends, own in groupby(tokens, key=lambda token: token == END) if not ends]
    assert cut == [one_by_one.tokens(text) for text in texts if text]
    assert at_once.tokens_of_many(["บ้าน", "", "นา"]) == ["บ้าน", END, END, "นา", END]
    assert one_by_one.tokens_of_many(["บ้าน", "", "นา"]) == ["บ้าน", END, END, "นา", END]


def test_a_word_table_knows_its_words_and_nothing_else() -> None:
    words = {"กา": 1, "กาก": 2, "บ": 3, "အ5": 4}
    table = WordTable(words)
    for text in ("กา", "กาก", "บ", "အ5", "ก", "กก", "กากา", "5", "อ", "\n"):
        node = np.zeros(1, np.int32)
        for letter in table.letters(code_points(text)):
            node = table.follow(node, np.array([letter], np.int32)) if letter else np.zeros(1, np.int32)
            if not node[0]:
                break
        assert table.marks[node[0]] == words.get(text, 0), text
