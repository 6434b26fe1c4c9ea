"""The list of test questions, with what becomes of each."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from admin.confidence_pages import TONES, outcome_words
from admin.faq_pages import staff_names
from admin.faq_words import Look
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import recalibrating
from knowledge.entries.live import LiveFaq
from knowledge.entries.recalibrating import WeighedQuestion
from knowledge.search import Calibration
from knowledge.search.recalibration import Outcome, outcome_of
from knowledge.thai import normalise

ADDRESS = "/admin/bench/questions"
ROWS = 20  # on a page


class View(StrEnum):
    """What the list shows: all, one outcome, or those of which nothing can be said."""

    ALL = "all"
    WRONG = Outcome.WRONG.value
    MISSED = Outcome.MISSED.value
    OFFERED = Outcome.OFFERED.value
    HANDED = Outcome.HANDED.value
    RIGHT = Outcome.RIGHT.value
    LEFT_OUT = "left_out"


@dataclass(frozen=True, kw_only=True)
class QuestionRow:
    """One test question. `answers` are the questions of its right entries; none when nothing answers it."""

    id: int
    text: str
    answers: list[str]
    outcome: Look
    added: str


@dataclass(frozen=True, kw_only=True)
class QuestionList:
    """One page of the list."""

    q: str
    view: View
    page: int
    total: int  # of all test questions in use
    found: int
    rows: list[QuestionRow]
    tabs: list[dict[str, Any]]
    previous_href: str
    next_href: str
    place: str


def list_page(
    reader: ReadOnly, texts: Catalogue, live: LiveFaq, *, q: str, view: View, number: int
) -> QuestionList:
    """The questions that hold the words and fare so, newest first.

    `number` counts pages from 1; one beyond the last is the last.
    """
    calibration = live.calibration
    everything = recalibrating.weigh_questions(reader, live)[::-1]
    views = {question.row.id: _view_of(question, calibration) for question in everything}
    words = normalise(q)
    found = [
        question
        for question in everything
        if view in (View.ALL, views[question.row.id]) and words in normalise(question.row.text)
    ]
    names = staff_names(reader, texts)
    last = max(-(-len(found) // ROWS), 1)
    number = min(number, last)
    start = (number - 1) * ROWS

    return QuestionList(
        q=q,
        view=view,
        page=number,
        total=len(everything),
        found=len(found),
        rows=[
            QuestionRow(
                id=question.row.id,
                text=question.row.text,
                answers=[_answer(live, key) for key in question.row.expected],
                outcome=_look(texts, views[question.row.id], has_entry=bool(question.row.expected)),
                added=texts.get(
                    "bench.questions.added_by",
                    name=names.get(question.row.added_by, question.row.added_by),
                    date=thai_date(question.row.added_at),
                ),
            )
            for question in found[start : start + ROWS]
        ],
        tabs=_tabs(texts, Counter(views.values()), len(everything), view),
        previous_href=address_of(q, view, number - 1) if number > 1 else "",
        next_href=address_of(q, view, number + 1) if number < last else "",
        place=texts.get("bench.questions.page", number=number, count=last),
    )


def address_of(q: str, view: View, page: int = 1) -> str:
    """The address of the list under a search and a view, or of a further page of it."""
    asked = {"q": q, "view": view.value if view is not View.ALL else "", "page": page if page > 1 else ""}
    kept = {name: value for name, value in asked.items() if value}
    return f"{ADDRESS}?{urlencode(kept)}" if kept else ADDRESS


def _view_of(question: WeighedQuestion, calibration: Calibration) -> View:
    if question.judged is None:
        return View.LEFT_OUT
    return View(outcome_of(question.judged, calibration).value)


def _look(texts: Catalogue, view: View, *, has_entry: bool) -> Look:
    if view is View.LEFT_OUT:
        return Look(texts.get("bench.questions.left_out"), "neutral", "pause")
    outcome = Outcome(view.value)
    return Look(outcome_words(texts, outcome, has_entry=has_entry), TONES[outcome])


def _answer(live: LiveFaq, key: str) -> str:
    """The question of an entry; its key where residents do not see it."""
    face = live.face_by_key(key)
    return face.question if face is not None else key


def _tabs(texts: Catalogue, counts: Counter[View], total: int, current: View) -> list[dict[str, Any]]:
    return [
        {
            "href": address_of("", view),
            "label": texts.get(f"bench.questions.view.{view.value}"),
            "current": view is current,
            "count": total if view is View.ALL else counts[view],
        }
        for view in View
        if view in (View.ALL, current) or counts[view]
    ]
