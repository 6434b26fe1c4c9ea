"""The list of answers: views, search, and what each row says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlencode

from admin.faq_words import Look, share_words, state_look
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.queries import department_names
from knowledge.entries import queries
from knowledge.entries.content import category_rank
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import EntryState
from knowledge.entries.queries import EntryUse, ListedEntry
from knowledge.thai import normalise

ADDRESS = "/admin/faq"
ROWS = 25  # on a page
EXPIRING_DAYS = 30
VOTES_DAYS = 90  # how far back people's words on an answer are counted
NEAREST = 20  # entries that the engine adds to a search
LEAST_SCORE = 0.8  # below it the engine's find shares little more than a syllable with the search


class View(StrEnum):
    """What the list shows."""

    ALL = "all"  # in use
    LIVE = "live"
    DRAFT = "draft"  # with words that residents do not see yet
    EXPIRING = "expiring"
    UNASKED = "unasked"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What was asked of the list. `page` counts from 1."""

    view: View = View.ALL
    q: str = ""
    category: str = ""
    department_id: int | None = None
    page: int = 1

    def address(self, **changes: object) -> str:
        """The address of the list with some of this changed; another view or search starts at page 1."""
        values: dict[str, object] = {
            "view": self.view.value,
            "q": self.q,
            "category": self.category,
            "department": self.department_id or "",
            **changes,
        }
        asked = {name: value for name, value in values.items() if value and value != View.ALL.value}
        return f"{ADDRESS}?{urlencode(asked)}" if asked else ADDRESS


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer in the list."""

    id: int
    question: str
    state: Look
    category: str
    department: str
    asked: int
    votes: str  # people's words on it; empty when nobody said any
    window: str
    changed: str


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """The page of the list that was asked for."""

    filter: Filter
    tabs: list[dict[str, object]]
    rows: list[Row]
    categories: list[str]
    departments: list[tuple[str, str]]
    place: str
    previous_href: str
    next_href: str


def list_page(reader: ReadOnly, texts: Catalogue, live: LiveFaq, asked: Filter) -> ListPage:
    """The rows of one page, with the count of every view under the same search and filters."""
    everything = queries.list_entries(reader) + queries.list_entries(reader, state=EntryState.RETIRED)
    listed = [item for item in everything if _fits(item, asked)]
    if asked.q:
        listed = found_by(listed, live, asked.q)
    closing = queries.closing_times(reader, before=reader.now + timedelta(days=EXPIRING_DAYS))
    by_view = {view: [item for item in listed if _belongs(item, view, closing)] for view in View}
    chosen = by_view[asked.view]
    last = max(1, -(-len(chosen) // ROWS))
    page = min(asked.page, last)
    shown = chosen[(page - 1) * ROWS : page * ROWS]
    names = department_names(reader)
    since = reader.now - timedelta(days=VOTES_DAYS)
    uses = {
        use.entry_id: use for use in queries.use_of(reader, [item.entry.id for item in shown], since=since)
    }
    place = texts.get("faq.list.place", first=(page - 1) * ROWS + 1, last=(page - 1) * ROWS + len(shown),
                      total=len(chosen))  # fmt: skip
    return ListPage(
        filter=asked,
        tabs=[
            {
                "label": texts.get(f"faq.view.{view.value}"),
                "href": asked.address(view=view.value),
                "current": view is asked.view,
                "count": len(by_view[view]),
            }
            for view in View
        ],
        rows=[_row(texts, names, item, uses.get(item.entry.id), reader.now) for item in shown],
        categories=sorted({item.version.category for item in everything}, key=category_rank),
        departments=[(str(number), name) for number, name in names.items()],
        place=place,
        previous_href=asked.address(page=page - 1) if page > 1 else "",
        next_href=asked.address(page=page + 1) if page < last else "",
    )


def _fits(item: ListedEntry, asked: Filter) -> bool:
    version = item.version
    in_category = not asked.category or version.category == asked.category
    return in_category and (asked.department_id is None or version.department_id == asked.department_id)


def _belongs(item: ListedEntry, view: View, closing: Mapping[int, datetime]) -> bool:
    entry = item.entry
    match view:
        case View.ALL:
            return entry.state is not EntryState.RETIRED
        case View.LIVE:
            return entry.live_version_id is not None
        case View.DRAFT:
            return entry.state in (EntryState.DRAFT, EntryState.LIVE_WITH_DRAFT)
        case View.EXPIRING:
            return entry.id in closing
        case View.UNASKED:
            return entry.live_version_id is not None and entry.asked_count == 0
        case View.RETIRED:
            return entry.state is EntryState.RETIRED


def found_by(listed: Sequence[ListedEntry], live: LiveFaq, words: str) -> list[ListedEntry]:
    """What the engine finds among the live entries, best first; then whatever has the words in its text."""
    ranks = {face.id: -score for face, score in live.search(words, NEAREST) if score >= LEAST_SCORE}
    wanted = normalise(words)
    hits = [item for item in listed if item.entry.id in ranks or (wanted and wanted in _text(item))]
    return sorted(hits, key=lambda item: ranks.get(item.entry.id, 0.0))


def _text(item: ListedEntry) -> str:
    version = item.version
    texts = (version.question, *version.variants, version.answer, *version.keywords, item.entry.key)
    return _normalised("\n".join(texts))


@lru_cache(maxsize=5_000)
def _normalised(text: str) -> str:
    """Remembered, since a clerk searches again and again in the same texts."""
    return normalise(text, limit=100_000)


def _row(
    texts: Catalogue, names: Mapping[int, str], item: ListedEntry, use: EntryUse | None, now: datetime
) -> Row:
    entry, version = item.entry, item.version
    return Row(
        id=entry.id,
        question=version.question,
        state=state_look(texts, entry.state, version, now),
        category=version.category,
        department=names.get(version.department_id or 0, texts.get("site.whole_office")),
        asked=entry.asked_count,
        votes=share_words(texts, use),
        window=_window(texts, version.publish_from, version.publish_until),
        changed=thai_date(entry.updated_at),
    )


def _window(texts: Catalogue, opens: datetime | None, closes: datetime | None) -> str:
    words = []
    if opens is not None:
        words.append(texts.get("faq.list.from", date=thai_date(opens)))
    if closes is not None:
        words.append(texts.get("faq.list.until", date=thai_date(closes - timedelta(seconds=1))))
    return " ".join(words)
