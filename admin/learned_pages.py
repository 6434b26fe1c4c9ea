"""What the pages of the learned wordings show: plain values and finished sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from admin.faq_pages import may_change, staff_names
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import ChannelName
from eservice.staff.permissions import Permission, Principal, departments_of, may
from eservice.staff.queries import department_names
from knowledge.entries import phrasing_queries
from knowledge.entries.learning_rules import LearningRules, get_rules
from knowledge.entries.live import LiveDecision, LiveFaq
from knowledge.entries.models import AskDecision, Entry, Phrasing, PhrasingSource, PhrasingState
from knowledge.entries.phrasing_queries import LearnedView, ListedPhrasing

ADDRESS = "/admin/faq/learned"
ROWS = 20  # on a page
OTHERS = 5  # entries offered in place of the one that a wording waits for
NO_ENTRY = "0"  # in a form: that no entry here answers


@dataclass(frozen=True, kw_only=True)
class Row:
    """One wording. `today` and `then` are what the bot says to it now, and would say once it is accepted."""

    id: int
    text: str
    who: str
    against: str  # how many contradict; empty when nobody does
    today: str
    then: str
    others: list[tuple[str, str]]  # where it may be moved


@dataclass(frozen=True, kw_only=True)
class Group:
    """The wordings of one entry; without an id those that have no entry here."""

    entry_id: int | None
    question: str
    department: str
    may_decide: bool
    rows: list[Row]


@dataclass(frozen=True, kw_only=True)
class LearnedPage:
    """A page of the list."""

    view: LearnedView
    tabs: list[dict[str, object]]
    rule: str  # what becomes of wordings, in a sentence
    groups: list[Group]
    undisputed: list[int]  # those on the page that may be accepted together
    place: str
    previous_href: str
    next_href: str


def learned_page(
    reader: ReadOnly, texts: Catalogue, staff: Principal, live: LiveFaq, view: LearnedView, page: int
) -> LearnedPage:
    """The wordings that this person decides about; who decides about none sees all."""
    departments = _reach(staff)
    counts = {one: phrasing_queries.count(reader, one, departments) for one in LearnedView}
    last = max(1, -(-counts[view] // ROWS))
    page = min(page, last)
    offset = (page - 1) * ROWS
    found = phrasing_queries.listed(reader, view, departments, offset=offset, limit=ROWS)
    groups = _groups(reader, texts, staff, live, view, found)
    decidable = {row.id for group in groups if group.may_decide for row in group.rows}
    rules = get_rules(reader)
    return LearnedPage(
        view=view,
        tabs=[
            {
                "label": texts.get(f"learned.view.{one.value}"),
                "href": address_of(one),
                "current": one is view,
                "count": counts[one],
            }
            for one in LearnedView
        ],
        rule=rule_words(texts, rules),
        groups=groups,
        undisputed=[
            item.phrasing.id
            for item in found
            if item.phrasing.id in decidable and not item.phrasing.contradicted
            and (rules.corrections_at_once or item.phrasing.proposed_by != staff.username)
        ] if view is LearnedView.PENDING else [],
        place=texts.get("learned.place", first=offset + 1, last=offset + len(found), total=counts[view]),
        previous_href=address_of(view, page - 1) if page > 1 else "",
        next_href=address_of(view, page + 1) if page < last else "",
    )  # fmt: skip


def address_of(view: LearnedView, page: int = 1) -> str:
    """The address of a list, or of a further page of it."""
    asked = {"view": view.value} if view is not LearnedView.PENDING else {}
    if page > 1:
        asked["page"] = str(page)
    return f"{ADDRESS}?{urlencode(asked)}" if asked else ADDRESS


def waiting_count(reader: ReadOnly, staff: Principal) -> int:
    """How many wordings wait in this person's list."""
    return phrasing_queries.count(reader, LearnedView.PENDING, _reach(staff))


def _reach(staff: Principal) -> frozenset[int] | None:
    return departments_of(staff, Permission.FAQ_WRITE) or None


def rule_words(texts: Catalogue, rules: LearningRules) -> str:
    """The rule in force, in a sentence."""
    return texts.get(f"learned.rule.{rules.mode.value}", people=rules.people, days=rules.days)


def _groups(
    reader: ReadOnly,
    texts: Catalogue,
    staff: Principal,
    live: LiveFaq,
    view: LearnedView,
    found: list[ListedPhrasing],
) -> list[Group]:
    departments, people = department_names(reader), staff_names(reader, texts)
    channels = phrasing_queries.confirmed_by_channel(reader, [item.phrasing.id for item in found])
    then: dict[int, LiveDecision] = {}
    if view is LearnedView.PENDING:
        lessons = [(item.phrasing.text, item.phrasing.entry_id) for item in found]
        decisions = live.decide_once_taught(lessons)
        then = {item.phrasing.id: decision for item, decision in zip(found, decisions, strict=True)}
    by_entry: dict[int | None, list[ListedPhrasing]] = {}
    for item in found:
        by_entry.setdefault(item.phrasing.entry_id, []).append(item)
    groups = []
    for entry_id, items in by_entry.items():
        may_decide = may_teach(reader, staff, entry_id)
        question = items[0].question or texts.get("learned.retired")
        department = departments.get(items[0].department_id or 0, texts.get("site.whole_office"))
        rows = [
            _row(reader, texts, staff, live, one, people, channels.get(one.id, {}), then.get(one.id))
            for one in (item.phrasing for item in items)
        ]
        groups.append(
            Group(
                entry_id=entry_id,
                question=question if entry_id is not None else texts.get("learned.no_entry"),
                department=department,
                may_decide=may_decide,
                rows=rows,
            )
        )
    return groups


def may_teach(reader: ReadOnly, staff: Principal, entry_id: int | None) -> bool:
    """Whether the person may say what the bot learns for this entry; that none answers is for the whole office."""
    if entry_id is None:
        return may(staff, Permission.FAQ_WRITE, None)
    entry = reader.session.get(Entry, entry_id)
    return entry is not None and may_change(reader, staff, entry, Permission.FAQ_WRITE)


def require_teaching(reader: ReadOnly, staff: Principal, entry_id: int | None) -> None:
    """Raises ServiceError `staff.forbidden` unless the person may say what the bot learns for the entry."""
    if not may_teach(reader, staff, entry_id):
        raise ServiceError("staff.forbidden", ErrorKind.FORBIDDEN)


def outcome_of(taught: Phrasing) -> str:
    """The flash after teaching."""
    return "learned.taught" if taught.state is PhrasingState.ACTIVE else "learned.proposed"


def _row(
    reader: ReadOnly,
    texts: Catalogue,
    staff: Principal,
    live: LiveFaq,
    phrasing: Phrasing,
    people: Mapping[str, str],
    channels: Mapping[ChannelName, int],
    then: LiveDecision | None,
) -> Row:
    """`then` is what the bot would say once it is accepted; None for a wording that does not wait."""
    against = texts.get("learned.against", count=phrasing.contradicted) if phrasing.contradicted else ""
    return Row(
        id=phrasing.id,
        text=phrasing.text,
        who=_who(texts, phrasing, people, channels),
        against=against,
        today=_says(texts, live, live.decide(phrasing.text)) if then else "",
        then=_says(texts, live, then) if then else "",
        others=_others(reader, texts, staff, live, phrasing) if then else [],
    )


def _who(
    texts: Catalogue, phrasing: Phrasing, people: Mapping[str, str], channels: Mapping[ChannelName, int]
) -> str:
    """Who stands for a wording: staff by name, residents only by number and channel."""
    words: list[str] = []
    is_taught = phrasing.state is PhrasingState.ACTIVE and phrasing.decided_by == phrasing.proposed_by
    if phrasing.source is PhrasingSource.STAFF and phrasing.proposed_by and not is_taught:
        words.append(
            texts.get("learned.by_staff", name=people.get(phrasing.proposed_by, phrasing.proposed_by))
        )
    if channels:
        places = ", ".join(
            texts.get("learned.on_channel", channel=texts.get(f"inquiries.channel.{name.value}"), count=count)
            for name, count in sorted(channels.items())
        )
        words.append(texts.get("learned.confirmed", count=sum(channels.values()), places=places))
    if phrasing.decided_by and phrasing.decided_at:
        name = people.get(phrasing.decided_by, phrasing.decided_by)
        key = "learned.taught_by" if is_taught else f"learned.decided.{phrasing.state.value}"
        words.append(texts.get(key, name=name, date=thai_date(phrasing.decided_at)))
    return " · ".join(words)


def _says(texts: Catalogue, live: LiveFaq, decision: LiveDecision) -> str:
    face = live.face(decision.hits[0][0]) if decision.kind is AskDecision.ANSWERED else None
    return texts.get(f"learned.says.{decision.kind.value}", question=face.question if face else "")


def _others(
    reader: ReadOnly, texts: Catalogue, staff: Principal, live: LiveFaq, phrasing: Phrasing
) -> list[tuple[str, str]]:
    """The nearest entries that this person may teach, and that none answers."""
    near = [face for face, _ in live.search(phrasing.text, OTHERS + 1) if face.id != phrasing.entry_id]
    others = [(str(face.id), face.question) for face in near[:OTHERS] if may_teach(reader, staff, face.id)]
    if phrasing.entry_id is not None and may_teach(reader, staff, None):
        others.append((NO_ENTRY, texts.get("learned.no_entry")))
    return others
