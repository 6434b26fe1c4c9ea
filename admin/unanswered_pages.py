"""Questions that nobody could be answered, put together by what they ask; and what could be done about each.

Who writes answers reads them, masked and without names: who cannot write one has nothing to do with them. A
question that was handed to a department is shown to those who write for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import assert_never
from urllib.parse import urlencode

from admin.faq_list import found_by
from admin.faq_pages import may_change
from admin.unanswered_months import Month, month_of, month_starts, up_to_now
from eservice.inquiries import queries as inquiries
from eservice.inquiries.models import InquiryKind
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal, may
from knowledge.entries import queries
from knowledge.entries.content import MAX_VARIANT, one_line
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, Entry
from knowledge.entries.passed_over import passed_over, stays_passed_over
from knowledge.entries.phrasing_text import is_personal, without_personal
from knowledge.search.clusters import MOST_DISTINCT, cluster

DAYS = timedelta(days=90)  # how far back questions are looked at
MOST_QUESTIONS = MOST_DISTINCT  # the newest; so many take about two seconds
ADDRESS = "/admin/faq/unanswered"
ROWS = 10  # topics on a page
SHOWN_PHRASINGS = 8
SHOWN_CHARACTERS = 200
LIKELY = 0.5  # from so sure on, adding to the nearest entry is what to do first
NEIGHBOURS = 6  # entries looked at for those that nobody refused
OFFERED = 3  # of them
CHOICES = 20  # entries found by searching
_NO_SUBJECT = re.compile(
    r"(?:กี่|บาท|ชั่วโมง|โมง|วัน|เดือน|ปี|เท่าไหร่|เท่าไร|เท่าใด|ที่ไหน|ตรงไหน|ไหน|ใคร|อะไร|ยังไง|อย่างไร|ไง|เมื่อไหร่|เมื่อไร"
    r"|ทำไม|บ้าง|ต้อง|ใช้|ทำ|ไป|เอา|ได้|ไหม|มั้ย|หรือเปล่า|หรือ|คือ|มี|เอกสาร|เวลา|นาน|ด้วย|ดี|\s)++"
)
"""Words that ask, but not what about."""


class View(StrEnum):
    """The lists of the page."""

    OPEN = "open"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    PASSED = "passed"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question without an answer. `text` is masked; `refused` is the entry that did not help.

    The words of one that `is_personal` are in no phrasing and in no draft.
    """

    message_id: int
    conversation_id: int
    at: datetime
    text: str
    is_personal: bool
    refused: int | None = None
    in_context: bool = False  # understood from the question before


@dataclass(frozen=True, kw_only=True)
class Near:
    """An entry that a topic is near to. `likely` says how likely it is the right one, in percent."""

    id: int
    question: str
    likely: int | None  # known of the nearest alone
    fits: bool  # more likely the right one than not
    may_add: bool


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Questions that ask the same, the most typical one first."""

    text: str
    phrasings: list[tuple[int, str]]  # of different words, in no draft yet, with their message
    more: int  # phrasings beyond those
    drafts: list[tuple[int, str]]  # entries whose drafts have phrasings of it already
    messages: str  # ids of all questions, for the form
    asked: str
    newest: str
    near: list[Near]  # the nearest first
    new_href: str
    choose_href: str  # to any other entry

    @property
    def targets(self) -> list[Near]:
        """Those of the nearest that this person may add to."""
        return [near for near in self.near if near.may_add]

    @property
    def fits(self) -> bool:
        """Whether adding to the nearest entry is what to do first."""
        return bool(self.phrasings and self.targets) and self.targets[0].fits


@dataclass(frozen=True, kw_only=True)
class ChoicePage:
    """Looking for the entry that questions belong to."""

    q: str
    phrasings: list[tuple[int, str]]
    found: list[tuple[int, str]]


@dataclass(frozen=True, kw_only=True)
class UnansweredPage:
    """Topics by size; those that a single person asked about come last."""

    view: View
    tabs: list[dict[str, object]]
    months: list[Month]
    topics: list[Topic]
    page: int
    place: str
    previous_href: str
    next_href: str
    following: int  # questions left out: alone they do not say what they are about
    is_cut: bool  # more questions than are looked at


def unanswered_page(
    reader: ReadOnly, texts: Catalogue, staff: Principal, live: LiveFaq, view: View, page: int = 1
) -> UnansweredPage:
    """The page as this person may see it; one beyond the last is the last. `page` counts from 1."""
    this_month, last_month = month_starts(reader.now)
    match view:
        case View.THIS_MONTH:
            asked = _asked(reader, staff, this_month, up_to_now(reader))
        case View.LAST_MONTH:
            asked = _asked(reader, staff, last_month, this_month)
        case View.OPEN | View.PASSED:
            asked = asked_lately(reader, staff)
        case unknown:
            assert_never(unknown)
    passed, drafts = passed_over(reader), queries.phrasings_in_drafts(reader)
    alone = [question for question in asked if not _follows(live, question)]
    waiting = (
        members
        for members in _by_weight(_topics_of(live, alone))
        if stays_passed_over([question.message_id for question in members], passed) is (view is View.PASSED)
        and not _is_answered(live, members)
    )
    # Whether a topic is answered by now takes a look at each: those of later pages are not looked at.
    found = list(islice(waiting, page * ROWS + 1))
    page = min(page, max(-(-len(found) // ROWS), 1))
    start = (page - 1) * ROWS
    topics = [_topic(reader, texts, staff, live, members, drafts) for members in found[start : start + ROWS]]
    return UnansweredPage(
        view=view,
        tabs=[
            {
                "label": texts.get(f"unanswered.view.{tab.value}"),
                "href": address_of(tab),
                "current": tab is view,
            }
            for tab in View
        ],
        months=[
            month_of(reader, texts, this_month, up_to_now(reader)),
            month_of(reader, texts, last_month, this_month),
        ],
        topics=topics,
        page=page,
        place=texts.get("unanswered.place", first=start + 1, last=start + len(topics)),
        previous_href=address_of(view, page - 1) if page > 1 else "",
        next_href=address_of(view, page + 1) if len(found) > page * ROWS else "",
        following=len(asked) - len(alone),
        is_cut=len(asked) >= MOST_QUESTIONS,
    )


def address_of(view: View, page: int = 1) -> str:
    """The address of a list, or of a further page of it."""
    asked = {"view": view.value} if view is not View.OPEN else {}
    if page > 1:
        asked["page"] = str(page)
    return f"{ADDRESS}?{urlencode(asked)}" if asked else ADDRESS


def asked_lately(reader: ReadOnly, staff: Principal) -> list[Asked]:
    """The questions of the last days that this person may see, newest first."""
    return _asked(reader, staff, reader.now - DAYS, up_to_now(reader))


def choice_page(
    reader: ReadOnly, staff: Principal, live: LiveFaq, message_ids: Sequence[int], q: str
) -> ChoicePage:
    """The entries that this person may add the questions to, as the list of answers finds them; by `q`, or alike."""
    seen = _sayable(reader, staff)
    phrasings = [
        (message_id, seen[message_id]) for message_id in dict.fromkeys(message_ids) if message_id in seen
    ]
    words = q or next((text for _, text in phrasings), "")
    found = found_by(queries.list_entries(reader), live, words) if words else []
    allowed = [item for item in found if may_change(reader, staff, item.entry, Permission.FAQ_WRITE)]
    return ChoicePage(
        q=q,
        phrasings=[(message_id, _short(text)) for message_id, text in phrasings],
        found=[(item.entry.id, item.version.question) for item in allowed[:CHOICES]],
    )


def words_of(reader: ReadOnly, staff: Principal, message_ids: Iterable[int]) -> list[str]:
    """The words of these questions, in the order given, as far as this person sees them."""
    seen = _sayable(reader, staff)
    return [seen[message_id][:MAX_VARIANT] for message_id in message_ids if message_id in seen]


def _sayable(reader: ReadOnly, staff: Principal) -> dict[int, str]:
    """By message, the words that tell nothing about a person."""
    asked = asked_lately(reader, staff)
    return {question.message_id: question.text for question in asked if not question.is_personal}


def _asked(reader: ReadOnly, staff: Principal, since: datetime, until: datetime) -> list[Asked]:
    """The questions of a period that were not answered, or left with the office."""
    left = inquiries.left_questions(reader, since=since, until=until, limit=MOST_QUESTIONS)
    found = [
        Asked(
            message_id=ask.message_id,
            conversation_id=ask.conversation_id,
            at=ask.at,
            text=without_personal(one_line(ask.text)),
            is_personal=is_personal(ask.text),
            refused=ask.refused_entry_id,
            in_context=ask.in_context,
        )
        for ask in queries.unanswered(reader, since=since, until=until, limit=MOST_QUESTIONS)
    ]
    found += [
        Asked(
            message_id=question.message_id,
            conversation_id=question.conversation_id,
            at=question.at,
            text=without_personal(one_line(question.text)),
            is_personal=is_personal(question.text),
        )
        for question in left
    ]
    left_as = inquiries.left_as(reader, (question.message_id for question in found))
    once: dict[int, Asked] = {}
    for question in found:
        kind, department_id = left_as.get(question.message_id, (InquiryKind.QUESTION, None))
        # A problem or a talk is for those who work on it, not for those who write answers.
        if kind is not InquiryKind.QUESTION:
            continue
        if department_id is None or may(staff, Permission.FAQ_WRITE, department_id):
            once.setdefault(question.message_id, question)
    return sorted(once.values(), key=lambda question: -question.message_id)[:MOST_QUESTIONS]


def _follows(live: LiveFaq, question: Asked) -> bool:
    """Whether the words go on from the question before: alone they are nobody's phrasing of anything."""
    read = live.read(question.text)
    return question.in_context or read.follows or _NO_SUBJECT.fullmatch(read.text) is not None


def _topics_of(live: LiveFaq, asked: Sequence[Asked]) -> list[list[Asked]]:
    found = cluster([live.read(question.text) for question in asked])
    return [[asked[place] for place in topic.members] for topic in found]


def _by_weight(topics: list[list[Asked]]) -> list[list[Asked]]:
    def weight(topic: list[Asked]) -> tuple[bool, int, int]:
        people = _people(topic)
        return people < 2, -len(topic), -people

    return sorted(topics, key=weight)


def _people(topic: Sequence[Asked]) -> int:
    return len({question.conversation_id for question in topic})


def _text_of(members: Sequence[Asked]) -> str:
    """The words that a topic goes by: its most typical ones that tell nothing about a person."""
    return next((question.text for question in members if not question.is_personal), members[0].text)


def _is_answered(live: LiveFaq, members: Sequence[Asked]) -> bool:
    """Whether a topic has an answer by now, and not one that somebody refused."""
    decision = live.decide(_text_of(members))
    first = decision.hits[0][0] if decision.hits else None
    return decision.kind is AskDecision.ANSWERED and first not in {question.refused for question in members}


def _topic(
    reader: ReadOnly,
    texts: Catalogue,
    staff: Principal,
    live: LiveFaq,
    members: Sequence[Asked],
    drafts: Mapping[str, tuple[int, str]],
) -> Topic:
    """What to say of a topic."""
    text = _text_of(members)
    refused = {question.refused for question in members}
    decision = live.decide(text)
    distinct: dict[str, int] = {}
    for question in members:
        if not question.is_personal:
            distinct.setdefault(question.text, question.message_id)
    drafted = dict.fromkeys(
        drafts[words[:MAX_VARIANT]] for words in distinct if words[:MAX_VARIANT] in drafts
    )
    new = {words: message_id for words, message_id in distinct.items() if words[:MAX_VARIANT] not in drafts}
    shown = [(message_id, _short(words)) for words, message_id in new.items()][:SHOWN_PHRASINGS]
    listed = [("message", message_id) for message_id, _ in shown]
    return Topic(
        text=_short(text),
        phrasings=shown,
        more=len(new) - len(shown),
        drafts=list(drafted),
        messages=",".join(str(question.message_id) for question in members),
        asked=texts.get("unanswered.asked", count=len(members), people=_people(members)),
        newest=texts.get("unanswered.newest", date=thai_date(max(question.at for question in members))),
        near=_near(reader, staff, live, text, refused, decision.confidence),
        new_href="/admin/faq/new" + _asking([message_id for message_id, _ in shown]),
        choose_href=f"{ADDRESS}/choose?{urlencode(listed)}",
    )


def _asking(message_ids: Sequence[int]) -> str:
    return "?asked=" + ",".join(map(str, message_ids)) if message_ids else ""


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS].rstrip() + "…"


def _near(
    reader: ReadOnly,
    staff: Principal,
    live: LiveFaq,
    text: str,
    refused: set[int | None],
    confidence: float,
) -> list[Near]:
    """The nearest entries that nobody refused; `confidence` is about the nearest of all."""
    found: list[Near] = []
    for place, (face, score) in enumerate(live.search(text, NEIGHBOURS)):
        entry = reader.session.get(Entry, face.id)
        if face.id in refused or entry is None or score <= 0:
            continue
        found.append(
            Near(
                id=face.id,
                question=face.question,
                likely=round(100 * confidence) if place == 0 else None,
                fits=place == 0 and confidence >= LIKELY,
                may_add=may_change(reader, staff, entry, Permission.FAQ_WRITE),
            )
        )
    return found[:OFFERED]
