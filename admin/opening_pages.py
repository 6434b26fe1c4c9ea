"""How an opening of the traffic log is shown, to whoever keeps the log and to whoever approves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import queries as staff
from eservice.traffic import openings
from eservice.traffic.models import OpeningState, TrafficOpening

_TONES = {"waiting": "warn", "open": "done", "refused": "error", "closed": "neutral", "over": "neutral"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One opening. `state` is a key of `openings.state`; `facts` are what is known of it, by keys of `openings`."""

    id: int
    reference: str
    state: str
    tone: str
    when: str  # the instant that matters most now
    asked_by: str
    is_mine: bool
    is_waiting: bool
    is_open: bool
    facts: list[tuple[str, str]]


def rows(reader: ReadOnly, texts: Catalogue, found: Iterable[TrafficOpening], username: str) -> list[Row]:
    """Openings as they are shown to this person."""
    found = list(found)
    people = {name for each in found for name in (each.asked_by, each.decided_by, each.closed_by) if name}
    names = staff.names_by_username(reader, people)
    return [_row(reader, texts, each, names, username) for each in found]


def row(reader: ReadOnly, texts: Catalogue, opening_id: int, username: str) -> Row:
    """One of them. Raises ServiceError `traffic.no_opening`."""
    (shown,) = rows(reader, texts, [openings.get_opening(reader, opening_id)], username)
    return shown


def _row(
    reader: ReadOnly, texts: Catalogue, each: TrafficOpening, names: dict[str, str], username: str
) -> Row:
    is_open = openings.is_in_force(each, reader.now)
    state = each.state.value
    if each.state is OpeningState.APPROVED:
        state = "open" if is_open else "over"
    when = each.closed_at or each.until or each.decided_at or each.asked_at

    def named(username: str | None) -> str:
        return names.get(username, username) if username else ""

    facts = {
        "reference": each.order_reference,
        "ordered_by": each.ordered_by,
        "document": each.document_number,
        "ordered_on": thai_date(each.ordered_on),
        "days": f"{thai_date(each.covers_from)} – {thai_date(each.covers_to - timedelta(days=1))}",
        "source": each.source,
        "account": each.account,
        "reason": each.reason,
        "asked_by": texts.get("openings.by", name=named(each.asked_by), time=thai_datetime(each.asked_at)),
        "decided_by": texts.get(
            "openings.by", name=named(each.decided_by), time=thai_datetime(each.decided_at)
        ) if each.decided_at else "",
        "refusal": each.refusal,
        "until": thai_datetime(each.until) if each.until else "",
        "closed_by": texts.get("openings.by", name=named(each.closed_by), time=thai_datetime(each.closed_at))
        if each.closed_at else "",
    }  # fmt: skip
    return Row(
        id=each.id,
        reference=each.order_reference,
        state=state,
        tone=_TONES[state],
        when=thai_datetime(when),
        asked_by=named(each.asked_by),
        is_mine=each.asked_by == username,
        is_waiting=each.state is OpeningState.WAITING,
        is_open=is_open,
        facts=[(key, value) for key, value in facts.items() if value],
    )
