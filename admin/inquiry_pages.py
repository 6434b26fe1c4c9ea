"""What the pages of the questions show: plain values and finished sentences, no table rows.

Plain, because a refused form is rendered after its transaction is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from admin.delivery_words import Look, delivery_look
from admin.learned_pages import may_teach
from eservice.complaints import queries as complaints
from eservice.complaints.numbers import without_keys
from eservice.inquiries import queries
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry, InquiryState
from eservice.inquiries.queries import Case, View
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date, thai_date_long, thai_datetime, thai_time
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import channels, delivery_queries
from eservice.messaging.models import (
    ChannelName,
    Contact,
    ContactKind,
    DeliveryClass,
    Direction,
    Message,
    Reachability,
    Speaker,
)
from eservice.staff.permissions import Permission, Principal, departments_of, may
from eservice.staff.queries import departments as all_departments
from knowledge.entries.live import LiveFaq

SOON = timedelta(minutes=3)  # after it a waiting question is amber
LATE = timedelta(minutes=30)  # and red: a colleague should have taken it
NEAREST = 3  # entries shown beside a question
NEAR_ENOUGH = 0.1  # a smaller score has nothing to do with it


@dataclass(frozen=True, kw_only=True)
class Row:
    """One question in the queue."""

    id: int
    who: str
    text: str
    note: str  # channel and department
    assignee: str
    wait: Look


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The list on the left with its tabs, and the number for the tab's title."""

    view: View
    department_id: int | None
    tabs: list[dict[str, object]]
    departments: list[tuple[str, str]]
    rows: list[Row]
    waiting: int
    is_cut: bool
    address: str  # of the fragment that refreshes it


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the thread. `who`: day turn visitor bot staff note."""

    who: str
    text: str = ""
    name: str = ""
    time: str = ""
    is_erased: bool = False
    sent: Look | None = None


@dataclass(frozen=True, kw_only=True)
class Road:
    """How an answer would travel now. `kind`: free (a LINE token lives), line, or direct (Telegram, web)."""

    kind: str
    seconds: int = 0
    total: int = 0
    left: int | None = None  # LINE pushes this month; None: not limited or not known
    push_refused: str = ""  # why no push may be spent, in words


@dataclass(frozen=True, kw_only=True)
class Near:
    """An FAQ entry near the question."""

    id: int
    question: str
    answer: str
    may_teach: bool  # that it answers the question


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """One question with everything its page shows."""

    id: int
    number: str
    who: str
    question: str  # what was asked first; empty when its asker took it back
    channel: str
    kind: str
    department: str
    department_id: int | None
    assignee: str
    assignee_id: int | None
    asked_at: str
    earlier: int
    wait: Look
    is_closed: bool
    unreachable: str
    items: list[Item]
    road: Road
    near: list[Near]
    newest_answer_id: int  # 0 before the first
    faq_refused: str  # why no FAQ draft can be made of it, in words
    may_answer: bool
    may_hand_on: bool
    may_write_faq: bool
    colleagues: list[tuple[str, str]]
    departments: list[tuple[str, str]]


def queue_page(
    reader: ReadOnly, texts: Catalogue, staff: Principal, view: View, department_id: int | None
) -> Queue:
    """The queue as this person may see it."""
    reach = departments_of(staff, Permission.INQUIRY_READ)
    counts = queries.counts(
        reader, account_id=staff.account_id, departments=reach, department_id=department_id
    )
    found = queries.queue(
        reader, view, account_id=staff.account_id, departments=reach, department_id=department_id
    )
    tail = f"&department={department_id}" if department_id is not None else ""
    named = [(str(d.id), d.name) for d in all_departments(reader) if reach is None or d.id in reach]
    return Queue(
        view=view,
        department_id=department_id,
        tabs=[
            {
                "label": texts.get(f"inquiries.view.{tab.value}"),
                "href": f"/admin/inquiries?view={tab.value}{tail}",
                "current": tab is view,
                "count": counts[tab],
            }
            for tab in View
        ],
        departments=[("", texts.get("inquiries.filter_all")), *named] if len(named) > 1 else [],
        rows=[
            Row(
                id=row.inquiry.id,
                who=who(texts, row.contact),
                text=message_words(texts, row.newest),
                note=" · ".join((channel_name(texts, row.contact), _department(texts, row.department))),
                assignee=row.assignee,
                wait=wait_look(texts, row.inquiry, reader.now),
            )
            for row in found
        ],
        waiting=queries.waiting_count(reader, reach),
        is_cut=len(found) == queries.MAX_ROWS,
        address=f"/admin/inquiries/list?view={view.value}{tail}",
    )


def case_page(reader: ReadOnly, texts: Catalogue, staff: Principal, case: Case, faq: LiveFaq) -> CasePage:
    """One question as this person may see it."""
    inquiry, contact = case.inquiry, case.contact
    department_id = inquiry.department_id
    newest = queries.newest_answer(reader, inquiry.id)
    is_closed = inquiry.state is InquiryState.CLOSED
    may_answer = may(staff, Permission.INQUIRY_ANSWER, department_id)
    reachable = contact.reachability is Reachability.ACTIVE
    return CasePage(
        id=inquiry.id,
        number=inquiries.number(inquiry),
        who=who(texts, contact),
        question="" if case.question.erased_at else without_keys(case.question.text.strip()),
        channel=channel_name(texts, contact),
        kind=texts.get(f"inquiries.kind.{inquiry.kind.value}"),
        department=_department(texts, case.department),
        department_id=department_id,
        assignee=case.assignee,
        assignee_id=inquiry.assignee_id,
        asked_at=thai_datetime(inquiry.created_at),
        earlier=queries.earlier_count(reader, inquiry),
        wait=wait_look(texts, inquiry, reader.now),
        is_closed=is_closed,
        unreachable="" if reachable else texts.get(f"inquiries.reach.{contact.reachability.value}"),
        items=thread_items(reader, texts, staff, case),
        road=road_of(reader, texts, contact),
        near=nearest(reader, staff, faq, case) if not is_closed else [],
        newest_answer_id=newest.message_id if newest else 0,
        faq_refused=_faq_refused(texts, case, newest is not None),
        may_answer=may_answer,
        may_hand_on=may(staff, Permission.INQUIRY_HAND_ON, department_id),
        may_write_faq=may(staff, Permission.FAQ_WRITE, faq_department(staff, inquiry)),
        colleagues=[
            (str(person.account_id), person.display_name)
            for person in queries.answerers(reader, department_id)
            if person.account_id != inquiry.assignee_id
        ],
        departments=[(str(d.id), d.name) for d in all_departments(reader) if d.id != department_id],
    )


def faq_department(staff: Principal, inquiry: Inquiry) -> int | None:
    """The department that would own an FAQ entry made of the question: its own, else the author's."""
    return inquiry.department_id if inquiry.department_id is not None else staff.department_id


def who(texts: Catalogue, contact: Contact) -> str:
    """The person's name, or a neutral one with a number."""
    if contact.display_name:
        return contact.display_name
    kind = "group" if contact.kind is ContactKind.GROUP else contact.channel.value
    return texts.get(f"inquiries.nameless.{kind}", number=f"{contact.id:04d}")


def channel_name(texts: Catalogue, contact: Contact) -> str:
    """The channel's name as people say it."""
    return texts.get(f"inquiries.channel.{contact.channel.value}")


def wait_look(texts: Catalogue, inquiry: Inquiry, now: datetime) -> Look:
    """How long the resident has waited, or that nobody waits."""
    if inquiry.state is InquiryState.CLOSED:
        return Look(words=texts.get("inquiries.wait.closed"), tone="done", icon="check")
    if inquiry.waiting_since is None:
        return Look(words=texts.get("inquiries.wait.answered"), tone="info", icon="pause")
    waited = now - inquiry.waiting_since
    words = _wait_words(texts, int(waited.total_seconds() // 60))
    if waited >= LATE:
        return Look(words=words, tone="error", icon="alert")
    return Look(words=words, tone="warn", icon="clock") if waited >= SOON else Look(words=words)


def message_words(texts: Catalogue, message: Message) -> str:
    """What a message says; photos and files as words, never what was taken back nor the key of a complaint.

    With the key staff could speak in the resident's place, and call their own work fixed.
    """
    if message.erased_at is not None:
        return texts.get("inquiries.erased")
    if message.kind in ("text", "bundle", "tap"):
        return without_keys(message.text)
    kind = message.kind if texts.has(f"inquiries.media.{message.kind}") else "other"
    return texts.get(f"inquiries.media.{kind}", place=message.text)


def thread_items(reader: ReadOnly, texts: Catalogue, staff: Principal, case: Case) -> list[Item]:
    """The thread in order: days, what was said by whom, the turn to staff, notes in between.

    Whoever belongs to a department that the resident has accused sees the question alone: the complaint was
    told in the same talk.
    """
    inquiry = case.inquiry
    is_accused = complaints.has_accused(reader, case.contact.id, staff)
    messages = queries.thread(reader, inquiry, only_its_own=is_accused)
    sent = delivery_queries.states_of(reader, [m.id for m in messages if m.direction is Direction.OUT])
    timed: list[tuple[datetime, list[Item]]] = []
    for message in messages:
        delivery = sent.get(message.id)
        look = delivery_look(texts, delivery, reader) if delivery is not None else None
        items = [_said(texts, message, look)]
        if message.id == inquiry.question_id:
            items.append(Item(who="turn", text=_turn_words(texts, inquiry)))
        timed.append((message.created_at, items))
    for note in queries.notes(reader, inquiry.id):
        name = texts.get("inquiries.note_by", name=note.author)
        timed.append((note.at, [Item(who="note", text=note.text, name=name, time=thai_time(note.at))]))
    timed.sort(key=lambda pair: pair[0])  # stable: messages keep their order
    return _with_days(texts, timed)


def road_of(reader: ReadOnly, texts: Catalogue, contact: Contact) -> Road:
    """How an answer to this contact would travel now."""
    if contact.channel is not ChannelName.LINE:
        return Road(kind="direct")
    moment = queries.free_moment(reader, contact.id)
    if moment is not None:
        return Road(
            kind="free",
            seconds=int((moment.until - reader.now).total_seconds()),
            total=max(1, int((moment.until - moment.since).total_seconds())),
        )
    if contact.kind is ContactKind.GROUP:  # a push there costs one for every member
        return Road(kind="line", push_refused=texts.get("inquiries.box.no_group_push"))
    left = channels.pushes_left(channels.all_states(reader).get(ChannelName.LINE))
    allowed = channels.may_spend_push(reader, DeliveryClass.STAFF_ANSWER_PUSH)
    return Road(kind="line", left=left, push_refused="" if allowed else texts.get("inquiries.box.no_pushes"))


def nearest(reader: ReadOnly, staff: Principal, faq: LiveFaq, case: Case) -> list[Near]:
    """The FAQ entries nearest to the question, best first."""
    question = case.question.text
    if not question.strip():
        return []
    return [
        Near(
            id=face.id,
            question=face.question,
            answer=face.answer,
            may_teach=case.question.kind == "text" and may_teach(reader, staff, face.id),
        )
        for face, score in faq.search(question, NEAREST)
        if score >= NEAR_ENOUGH
    ]


def _said(texts: Catalogue, message: Message, sent: Look | None) -> Item:
    time = thai_time(message.created_at)
    if message.edited_at is not None:
        time = f"{time} · {texts.get('inquiries.edited')}"
    content = message.content or {}
    return Item(
        who={Speaker.RESIDENT: "visitor", Speaker.BOT: "bot", Speaker.STAFF: "staff"}[message.speaker],
        text=message_words(texts, message),
        name=str(content.get("sender_name", "")) if message.speaker is Speaker.STAFF else "",
        time=time,
        is_erased=message.erased_at is not None,
        sent=sent,
    )


def _turn_words(texts: Catalogue, inquiry: Inquiry) -> str:
    if inquiry.confidence is None:
        return texts.get("inquiries.handed_over_plain")
    return texts.get("inquiries.handed_over", percent=round(inquiry.confidence * 100))


def _with_days(texts: Catalogue, timed: Sequence[tuple[datetime, list[Item]]]) -> list[Item]:
    shown: list[Item] = []
    day = None
    for at, items in timed:
        if local_date(at) != day:
            day = local_date(at)
            words = texts.get("inquiries.day", day=thai_date_long(at), time=thai_time(at))
            shown.append(Item(who="day", text=words))
        shown += items
    return shown


def _wait_words(texts: Catalogue, minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if minutes < 1:
        return texts.get("inquiries.wait.now")
    if hours < 1:
        return texts.get("inquiries.wait.minutes", count=minutes)
    if hours >= 24:
        return texts.get("inquiries.wait.days", count=hours // 24)
    if rest and hours < 3:
        return texts.get("inquiries.wait.hours_minutes", count=hours, minutes=rest)
    return texts.get("inquiries.wait.hours", count=hours)


def _department(texts: Catalogue, name: str) -> str:
    return name or texts.get("inquiries.no_department")


def _faq_refused(texts: Catalogue, case: Case, is_answered: bool) -> str:
    if case.question.erased_at is not None or not case.question.text.strip():
        return texts.get("inquiries.actions.faq_erased")
    return "" if is_answered else texts.get("inquiries.actions.faq_unanswered")
