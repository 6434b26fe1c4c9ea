"""How an answer's text is taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.entries.answer import AnswerLine, LineKind, parse_answer


def test_every_form_of_line_is_told_apart() -> None:
    parts = parse_answer(
        "เดือนละ 600 ถึง 1,000 บาท\n60–69 ปี | 600 บาท\n- ใช้บัตรประชาชน\n1. ไปที่สำนักปลัด\n๒) ยื่นคำขอ\n\nถาม อบต. ได้\n"
    )
    assert parts.headline == "เดือนละ 600 ถึง 1,000 บาท"
    assert parts.lines == (
        AnswerLine(LineKind.ROW, "600 บาท", "60–69 ปี"),
        AnswerLine(LineKind.BULLET, "ใช้บัตรประชาชน"),
        AnswerLine(LineKind.STEP, "ไปที่สำนักปลัด", "1"),
        AnswerLine(LineKind.STEP, "ยื่นคำขอ", "๒"),
        AnswerLine(LineKind.PLAIN, "ถาม อบต. ได้"),
    )
    assert parts.body == "• ใช้บัตรประชาชน\n1. ไปที่สำนักปลัด\n๒. ยื่นคำขอ\nถาม อบต. ได้"
    assert parts.rows == (("60–69 ปี", "600 บาท"),)


@pytest.mark.parametrize("line", ["-600 บาท", "1.5 เมตร", "| ไม่มีซ้าย", "ไม่มีขวา |", "10.30 น. เปิด", "2569 ปีนี้"])
def test_what_only_resembles_a_form_stays_plain(line: str) -> None:
    assert parse_answer(f"หัวเรื่อง\n{line}").lines == (AnswerLine(LineKind.PLAIN, line),)


def test_the_first_line_is_the_headline_even_if_it_looks_like_a_bullet() -> None:
    assert parse_answer("\n- โทร 191\nทันที").headline == "- โทร 191"


@given(st.text())
def test_no_text_is_refused_and_no_line_is_lost(text: str) -> None:
    parts = parse_answer(text)
    written = [line for line in text.splitlines() if line.strip()]
    assert len(parts.lines) == max(len(written) - 1, 0)
    assert all(line.text in text and line.lead in text for line in parts.lines)
