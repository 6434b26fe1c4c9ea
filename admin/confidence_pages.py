"""What the room of the assistant's confidence shows: pictures, comparisons and versions in a clerk's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from admin.faq_pages import staff_names
from admin.faq_words import FEW
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import calibrations
from knowledge.entries.models import CalibrationOrigin, CalibrationVersion
from knowledge.search import Calibration
from knowledge.search.recalibration import Counts, Outcome, Picture

TONES = {
    Outcome.RIGHT: "done",
    Outcome.WRONG: "error",
    Outcome.OFFERED: "info",
    Outcome.MISSED: "warn",
    Outcome.HANDED: "human",
}
"""The colour of each outcome, in the order of the picture."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of a bar. `percent` is its length; the number stands on it where there is room."""

    tone: str
    count: int
    percent: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar of the picture, with its words for those who do not see it."""

    name: str
    parts: list[Part]
    words: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One outcome in the table: how many now and at another setting, and what the change adds."""

    name: str
    outcome: Outcome
    now: str
    then: str
    more: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rows of the questions that have an entry, or of those that have none."""

    name: str
    rows: list[Row]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The two thresholds as whole percents."""

    answer: int
    clarify: int


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """A saved version. `summary` says what became of the test questions when it was saved."""

    number: int
    origin: str
    setting: str
    summary: str
    made: str
    in_force: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The picture at the present setting, and at another one when there is one."""

    headline: str
    change: str  # empty without another setting
    bars: list[Bar]  # of the other setting, if any
    bars_now: list[Bar]  # of the present one, when there is another
    groups: list[Group]


def setting_of(calibration: Calibration) -> Setting:
    """The thresholds of a calibration."""
    return Setting(
        answer=round(100 * calibration.answer_threshold), clarify=round(100 * calibration.clarify_threshold)
    )


def compare(texts: Catalogue, now: Picture, then: Picture | None) -> Comparison:
    """Puts a picture into words and bars; `then` is what would become of the questions at another setting."""
    shown = then or now
    return Comparison(
        headline=_headline(texts, shown),
        change=_change(texts, now, then) if then else "",
        bars=_bars(texts, shown),
        bars_now=_bars(texts, now) if then else [],
        groups=[
            Group(name=_group_name(texts, kind, counts), rows=_rows(texts, kind, counts, after))
            for kind, counts, after in (
                ("with_entry", now.with_entry, then.with_entry if then else None),
                ("without_entry", now.without_entry, then.without_entry if then else None),
            )
        ],
    )


def version_rows(reader: ReadOnly, texts: Catalogue) -> list[VersionRow]:
    """The saved versions, newest first; none while the office works with what was shipped."""
    names = staff_names(reader, texts)
    rows = calibrations.versions(reader)
    return [
        VersionRow(
            number=row.number,
            origin=_origin(texts, row),
            setting=setting_words(texts, setting_of(calibrations.calibration_of(row))),
            summary=_saved_summary(texts, row),
            made=texts.get(
                "bench.confidence.made",
                name=names.get(row.created_by, row.created_by),
                time=thai_datetime(row.created_at),
            ),
            in_force=row is rows[0],
        )
        for row in rows
    ]


def setting_words(texts: Catalogue, setting: Setting) -> str:
    """The thresholds in a sentence."""
    return texts.get("bench.confidence.setting", answer=setting.answer, clarify=setting.clarify)


def outcome_words(texts: Catalogue, outcome: Outcome, *, has_entry: bool) -> str:
    """What an outcome means for a question that has an entry, or has none."""
    kind = "with_entry" if has_entry else "without_entry"
    return texts.get(f"bench.confidence.{kind}.{outcome.value}")


def _headline(texts: Catalogue, seen: Picture) -> str:
    total = sum(seen.with_entry.values()) + sum(seen.without_entry.values())
    right = seen.total(Outcome.RIGHT)
    key = "headline" if seen.answered >= FEW else "headline_few"
    return texts.get(
        f"bench.confidence.{key}",
        total=total,
        answered=seen.answered,
        right=right,
        percent=round(100 * right / seen.answered) if seen.answered else 0,
        asked=seen.total(Outcome.OFFERED) + seen.total(Outcome.MISSED),
        handed=seen.total(Outcome.HANDED),
    )


def _change(texts: Catalogue, now: Picture, then: Picture) -> str:
    """What another setting adds and takes, in words."""
    asked = (Outcome.OFFERED, Outcome.MISSED)
    steps = {
        "answered": then.answered - now.answered,
        "wrong": then.total(Outcome.WRONG) - now.total(Outcome.WRONG),
        "asked": sum(map(then.total, asked)) - sum(map(now.total, asked)),
        "handed": then.total(Outcome.HANDED) - now.total(Outcome.HANDED),
    }
    told = [
        texts.get(f"bench.confidence.change.{name}_{'more' if step > 0 else 'less'}", count=abs(step))
        for name, step in steps.items()
        if step
    ]
    return " ".join(told) or texts.get("bench.confidence.change.none")


def _bars(texts: Catalogue, seen: Picture) -> list[Bar]:
    bars = []
    for kind, counts in (("with_entry", seen.with_entry), ("without_entry", seen.without_entry)):
        total = sum(counts.values())
        parts = [
            Part(tone=tone, count=counts[outcome], percent=100 * counts[outcome] / total)
            for outcome, tone in TONES.items()
            if total and counts[outcome]
        ]
        words = " ".join(
            f"{texts.get(f'bench.confidence.{kind}.{outcome.value}')} {counts[outcome]}"
            for outcome in TONES
            if counts[outcome]
        )
        bars.append(Bar(name=_group_name(texts, kind, counts), parts=parts, words=words))
    return bars


def _rows(texts: Catalogue, kind: str, now: Counts, then: Counts | None) -> list[Row]:
    rows = []
    for outcome in TONES:
        if kind == "without_entry" and outcome in (Outcome.RIGHT, Outcome.OFFERED):
            continue  # nothing here can be right
        step = then[outcome] - now[outcome] if then else 0
        rows.append(
            Row(
                name=texts.get(f"bench.confidence.{kind}.{outcome.value}"),
                outcome=outcome,
                now=str(now[outcome]) if then else _count_words(now, outcome),
                then=str(then[outcome]) if then else "",
                more=f"{step:+d}" if step else "",
            )
        )
    return rows


def _count_words(counts: Mapping[Outcome, int], outcome: Outcome) -> str:
    """A number, with its share where it is not too small for one."""
    count = counts[outcome]
    return f"{count} ({round(100 * count / sum(counts.values()))}%)" if count >= FEW else str(count)


def _group_name(texts: Catalogue, kind: str, counts: Counts) -> str:
    return texts.get(f"bench.confidence.{kind}.name", count=sum(counts.values()))


def _origin(texts: Catalogue, row: CalibrationVersion) -> str:
    return texts.get(
        f"bench.confidence.origin.{row.origin.value}",
        number=row.restored_number or 0,
        share=round(100 * (row.wanted_share or 0)),
    )


def _saved_summary(texts: Catalogue, row: CalibrationVersion) -> str:
    if row.origin is CalibrationOrigin.SHIPPED:
        return texts.get("bench.confidence.as_installed")
    with_entry, without_entry = (
        {outcome: saved.get(outcome.value, 0) for outcome in Outcome}
        for saved in (row.with_entry, row.without_entry)
    )
    told = _headline(texts, Picture(with_entry=with_entry, without_entry=without_entry))
    if not row.confirmations:
        return told
    return f"{told} {texts.get('bench.confidence.with_confirmations', count=row.confirmations)}"
