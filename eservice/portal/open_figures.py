"""ข้อมูลเปิด: the public figures as a page, as CSV and as JSON. None of them says anything of one person."""

import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from eservice.complaints.figures import NO_VILLAGE, Figures, Hidden, public_figures
from eservice.complaints.states import ComplaintState, state_name
from eservice.kit.http import Reader
from eservice.kit.text import Catalogue, guard_formula
from eservice.kit.unit_of_work import ReadOnly
from eservice.portal.pages import PortalPages, language_of, month_words, security_headers

REMEMBERED = timedelta(seconds=60)
CHART_MONTHS = 6
BYTE_ORDER_MARK = "\ufeff"  # else Excel takes Thai for something else


def create_open_figures(pages: PortalPages) -> APIRouter:
    """The routes of the figures."""
    router = APIRouter(include_in_schema=False)
    figures = _OpenFigures(pages)
    for path, page in (
        ("/figures", figures.page),
        ("/figures.csv", figures.csv),
        ("/figures.json", figures.json),
    ):
        router.add_api_route(path, page, methods=["GET", "HEAD"], response_class=Response)
    return router


class _OpenFigures:
    """The endpoints, with the figures of the last minute."""

    def __init__(self, pages: PortalPages) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self._last: Figures | None = None

    def page(self, request: Request, reader: Reader) -> Response:
        """The page, with charts and a table under each."""
        figures, texts, language = self._figures(reader), self._pages.texts, language_of(request)
        return self._pages.render(
            request,
            reader,
            "figures.html",
            figures=figures,
            states=_bars(_states(figures, texts, language), texts, language),
            categories=_bars(_categories(figures), texts, language),
            villages=_bars(_villages(figures, texts, language), texts, language),
            sources=_bars(_sources(figures, texts, language), texts, language),
            months=[
                {
                    "name": month_words(month.first_day, language),
                    "label": month_words(month.first_day, language).split()[0],
                    "filed": month.filed,
                    "done": month.done,
                    "counts": (month.filed, month.done),
                }
                for month in figures.by_month
            ],
            chart_months=CHART_MONTHS,
        )

    def csv(self, request: Request, reader: Reader) -> Response:
        """One row for each figure: what it is of, its name, its value."""
        figures, texts, language = self._figures(reader), self._pages.texts, language_of(request)
        file = io.StringIO()
        writer = csv.writer(file)
        for row in _table(figures, texts, language):
            writer.writerow(guard_formula(str(cell)) for cell in row)
        name = f"figures-{figures.at:%Y%m%d}.csv"
        return Response(
            (BYTE_ORDER_MARK + file.getvalue()).encode(),
            headers=_headers() | {"Content-Disposition": f'attachment; filename="{name}"'},
            media_type="text/csv",
        )

    def json(self, request: Request, reader: Reader) -> Response:
        """The same for programs."""
        document = _document(self._figures(reader), self._pages.texts, language_of(request))
        body = json.dumps(document, ensure_ascii=False, indent=1)
        return Response(body.encode(), headers=_headers(), media_type="application/json")

    def _figures(self, reader: ReadOnly) -> Figures:
        with self._lock:  # of many who ask at once one counts
            last = self._last
            if last is None or not last.at <= reader.now < last.at + REMEMBERED:
                self._last = last = public_figures(reader)
            return last


def _states(figures: Figures, texts: Catalogue, language: str) -> Iterator[tuple[str, str, int]]:
    """Code, name and count; what silence closed is apart, for it is not known to be fixed."""
    for state, count in figures.by_state.items():
        if state is ComplaintState.CONFIRMED:
            count -= figures.unanswered
        yield state.value, state_name(texts, state, language), count
        if state is ComplaintState.CONFIRMED:
            name = state_name(texts, state, language, by_silence=True)
            yield "unanswered", name, figures.unanswered


def _categories(figures: Figures) -> Iterator[tuple[str, str, int | Hidden]]:
    for name, count in figures.by_category.items():
        yield name, name, count


def _villages(figures: Figures, texts: Catalogue, language: str) -> Iterator[tuple[str, str, int]]:
    for name, count in figures.by_village.items():
        yield name, name if name != NO_VILLAGE else texts.get("portal.figures.no_village", language), count


def _sources(figures: Figures, texts: Catalogue, language: str) -> Iterator[tuple[str, str, int]]:
    for source, count in figures.by_source.items():
        yield source.value, texts.get(f"complaint_sources.{source}", language), count


def _bars(
    rows: Iterable[tuple[str, str, int | Hidden]], texts: Catalogue, language: str
) -> list[Mapping[str, Any]]:
    """Rows for the chart, each as long as its share of the longest; those with nothing are left out."""
    shown = [(name, count) for _, name, count in rows if count != 0]
    longest = max((count for _, count in shown if isinstance(count, int)), default=1)
    return [
        {
            "label": name,
            "value": _value(count, texts, language),
            "percent": round(100 * count / longest, 1) if isinstance(count, int) else 0,
        }
        for name, count in shown
    ]


def _value(count: int | Hidden, texts: Catalogue, language: str) -> str:
    match count:
        case Hidden.FEW:
            return texts.get("portal.figures.few", language)
        case Hidden.WITH_FEW:
            return texts.get("portal.figures.hidden", language)
        case _:
            return f"{count:,}"


def _table(figures: Figures, texts: Catalogue, language: str) -> Iterator[tuple[object, ...]]:
    def word(key: str) -> str:
        return texts.get(key, language)

    yield word("portal.figures.set"), word("portal.figures.item"), word("portal.figures.value")
    if figures.is_withheld:
        yield word("portal.figures.all"), word("portal.figures.total"), word("portal.figures.few_all")
        return
    yield word("portal.figures.all"), word("portal.figures.total"), figures.total
    yield word("portal.figures.all"), word("portal.figures.done"), figures.done
    yield word("portal.figures.all"), word("portal.figures.median"), _number(figures.median_days)
    yield word("portal.figures.all"), word("portal.figures.on_time"), _number(_percent(figures))
    yield word("portal.figures.all"), word("portal.figures.stars"), _number(figures.mean_stars)
    yield word("portal.figures.all"), word("portal.figures.answers"), figures.answers
    for title, rows in (
        ("portal.figures.by_state", _states(figures, texts, language)),
        ("portal.figures.by_category", _categories(figures)),
        ("portal.figures.by_village", _villages(figures, texts, language)),
        ("portal.figures.by_source", _sources(figures, texts, language)),
    ):
        for _, name, count in rows:
            yield word(title), name, count if isinstance(count, int) else _value(count, texts, language)
    for month in figures.by_month:
        yield word("portal.figures.filed"), _iso_month(month.first_day), month.filed
        yield word("portal.figures.done"), _iso_month(month.first_day), month.done


def _document(figures: Figures, texts: Catalogue, language: str) -> dict[str, Any]:
    def rows(found: Iterable[tuple[str, str, int | Hidden]]) -> list[dict[str, object]]:
        return [
            {"code": code, "name": name, "count": count}
            if isinstance(count, int)
            else {"code": code, "name": name, "count": None, "hidden": count.value}
            for code, name, count in found
        ]

    return {
        "at": figures.at.isoformat(timespec="seconds"),
        "withheld": figures.is_withheld,
        "total": None if figures.is_withheld else figures.total,
        "done": {
            "count": None if figures.is_withheld else figures.done,
            "median_days": figures.median_days,
            "on_time_share": figures.on_time_share,
        },
        "satisfaction": {
            "answers": None if figures.is_withheld else figures.answers,
            "mean_stars": figures.mean_stars,
        },
        "by_state": rows(_states(figures, texts, language)),
        "by_category": rows(_categories(figures)),
        "by_month": [
            {"month": _iso_month(month.first_day), "filed": month.filed, "done": month.done}
            for month in figures.by_month
        ],
        "by_village": rows(_villages(figures, texts, language)),
        "by_source": rows(_sources(figures, texts, language)),
    }


def _percent(figures: Figures) -> float | None:
    return None if figures.on_time_share is None else 100 * figures.on_time_share


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _iso_month(first_day: date) -> str:
    return f"{first_day:%Y-%m}"


def _headers() -> dict[str, str]:
    return security_headers() | {"Cache-Control": f"public, max-age={int(REMEMBERED.total_seconds())}"}
