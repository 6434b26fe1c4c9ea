"""Measuring and cutting text: limits hold, nothing is lost, and no character a reader sees is torn apart."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels.measure import (
    ELLIPSIS,
    Unit,
    clusters,
    grapheme_length,
    printable,
    shorten,
    split_text,
    utf16_length,
)

UNITS: list[Unit] = [len, utf16_length, grapheme_length]
THAI = "กขคงจชซญฎฐณดตถทนบปผพมยรลวสหอฮะัาำิีึืุูเแโใไๆฯ็่้๊๋์ํ๐๑๒"
texts = st.text(
    alphabet=st.one_of(st.sampled_from(THAI + " \n👍👨‍👩‍👧🇹🇭\u200d\u200b.?"), st.characters()), max_size=300
)


def test_each_platforms_counting():
    assert utf16_length("ที่👍") == 5
    assert grapheme_length("ที่👍") == 2
    assert clusters("น้ำที่👨‍👩‍👧") == ["น้ำ", "ที่", "👨‍👩‍👧"]


@given(texts, st.integers(20, 120), st.sampled_from(UNITS))
@settings(max_examples=300, deadline=None)
def test_split_pieces_fit_and_hold_every_visible_character(text: str, limit: int, unit: Unit):
    pieces = split_text(text, limit, unit)
    assert all(unit(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(texts, st.integers(40, 120), st.sampled_from(UNITS))
@settings(max_examples=300, deadline=None)
def test_split_never_cuts_inside_a_cluster(text: str, limit: int, unit: Unit):
    if any(unit(cluster) > limit for cluster in clusters(text)):
        return
    kept = [cluster for piece in split_text(text, limit, unit) for cluster in clusters(piece)]
    assert [c for c in kept if not c.isspace()] == [c for c in clusters(text) if not c.isspace()]


@given(texts, st.integers(1, 60), st.sampled_from([len, utf16_length, grapheme_length]))
@example("ก" + "่" * 500, 20, utf16_length)
@settings(max_examples=300, deadline=None)
def test_shortened_text_fits_and_is_a_beginning(text: str, limit: int, unit: Unit):
    short = shorten(text, limit, unit)
    assert unit(short) <= limit
    assert short == text or (short.endswith(ELLIPSIS) and text.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("หนึ่งสอง\nสามสี่ห้า หกเจ็ด", 18, ["หนึ่งสอง", "สามสี่ห้า หกเจ็ด"]),
        ("มาได้เลยค่ะ เตรียมบัตร ไปด้วย", 24, ["มาได้เลยค่ะ", "เตรียมบัตร ไปด้วย"]),
        ("จ่ายเงินให้ครบ ภายใน 30 พ.ย. 2569", 30, ["จ่ายเงินให้ครบ", "ภายใน 30 พ.ย. 2569"]),
        ("เกาะเกาะเกาะเกาะ", 5, ["เกาะ", "เกาะ", "เกาะ", "เกาะ"]),
    ],
)
def test_cuts_are_where_a_reader_would_pause(text: str, limit: int, pieces: list[str]):
    assert split_text(text, limit, len) == pieces


def test_ten_thousand_marks_on_one_letter_are_still_cut():
    assert [len(piece) for piece in split_text("ก" + "่" * 9_999, 4_000, len)] == [4000, 4000, 2000]


def test_printable_drops_what_platforms_and_databases_refuse():
    assert printable("สวัสดี\x00\ud800\u202eค่ะ\r\nดี\rงาม\t") == "สวัสดีค่ะ\nดี\nงาม\t"
    assert printable("\u200b\x07 ") == ELLIPSIS


@given(st.text(st.characters(codec=None)))
def test_printable_always_encodes_and_shows_something(text: str):
    shown = printable(text)
    assert shown.encode() and shown.strip() and "\x00" not in shown
