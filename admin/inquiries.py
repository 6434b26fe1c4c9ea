"""The questions: the queue, a case with its thread, and the answer that returns to the asker's own channel.

Only `_case` leads to a question, so that nobody reads or changes one that is outside their departments.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy import select

from admin.access import MAX_ID, console_of, guarded
from admin.inquiry_pages import CasePage, case_page, faq_department, queue_page, road_of, thread_items
from admin.learned_pages import outcome_of, require_teaching
from admin.list_readings import note_list
from admin.pages import fragment, page, redirect, refilling, told_on
from eservice.inquiries import queries
from eservice.inquiries import service as inquiries
from eservice.inquiries.queries import Case, View
from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid, not_found
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_time
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import deliveries
from eservice.messaging.content import Bundle, Button, Sender, Text
from eservice.staff import presence
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal, departments_of, require
from knowledge.entries import phrasings
from knowledge.entries import service as entries
from knowledge.entries.content import MAX_QUESTION, EntryContent, one_line
from knowledge.entries.models import Entry

router = APIRouter(prefix="/inquiries")

LOOKING_HEADER = "X-Looking"  # our script says "no" while the page is not in front of anybody
HOME = "/admin/inquiries"


def _at_desk(request: Request, staff: Annotated[Principal, guarded(Permission.INQUIRY_READ)]) -> Principal:
    """Notes that the person has the questions before them; its transaction is over before the route's."""
    if request.headers.get(LOOKING_HEADER) == "no":
        return staff
    database = console_of(request).database
    with database.read() as reader:
        is_due = presence.needs_marking(reader, staff.account_id)
    if is_due:
        with database.unit_of_work() as uow:
            presence.mark_present(uow, staff.account_id)
    return staff


AtDesk = Annotated[Principal, Depends(_at_desk)]
Answerer = Annotated[Principal, guarded(Permission.INQUIRY_ANSWER)]
ViewQuery = Annotated[View, Query()]
DepartmentQuery = Annotated[str, Query(max_length=10)]


@router.get("")
def show_queue(
    request: Request,
    staff: AtDesk,
    reader: Reader,
    view: ViewQuery = View.WAITING,
    department: DepartmentQuery = "",
) -> Response:
    """The queue, with nothing opened yet."""
    note_list(request, staff, "inquiry_list")
    queue = queue_page(reader, _texts(request), staff, view, _number(department))
    return page(request, "inquiries/queue.html", queue=queue, case=None)


@router.get("/list")
def refresh_queue(
    request: Request,
    staff: AtDesk,
    reader: Reader,
    view: ViewQuery = View.WAITING,
    department: DepartmentQuery = "",
    opened: int = 0,
) -> Response:
    """The queue's list again, as a fragment."""
    note_list(request, staff, "inquiry_list")
    queue = queue_page(reader, _texts(request), staff, view, _number(department))
    return fragment(request, "inquiries/_list.html", queue=queue, opened=opened)


@router.get("/{inquiry_id:int}")
def show_case(
    request: Request, staff: AtDesk, reader: Reader, inquiry_id: int, insert: int | None = None
) -> Response:
    """A case. `insert` is an FAQ entry whose answer goes into the box, for browsers without scripts."""
    shown = _shown(request, reader, staff, _opened(request, reader, staff, inquiry_id))
    text = next((near.answer for near in shown.near if near.id == insert), "")
    return page(
        request,
        "inquiries/case.html",
        queue=queue_page(reader, _texts(request), staff, View.WAITING, None),
        case=shown,
        form={"text": text, "note": "", "refused_in": ""},
        form_token=secrets.token_urlsafe(16),
    )


@router.get("/{inquiry_id:int}/thread")
def refresh_thread(request: Request, staff: AtDesk, reader: Reader, inquiry_id: int) -> Response:
    """The thread again, as a fragment."""
    case = _opened(request, reader, staff, inquiry_id)
    return fragment(
        request, "inquiries/_thread.html", items=thread_items(reader, _texts(request), staff, case)
    )


@router.get("/{inquiry_id:int}/road")
def refresh_road(request: Request, staff: AtDesk, reader: Reader, inquiry_id: int) -> Response:
    """The free time and the buttons below the answer again, as a fragment."""
    case = _case(reader, staff, inquiry_id)
    return fragment(request, "inquiries/_road.html", road=road_of(reader, _texts(request), case.contact))


@router.post("/{inquiry_id:int}/answer")
def answer(
    request: Request,
    uow: Uow,
    staff: Answerer,
    inquiry_id: int,
    text: Annotated[str, Form()] = "",
    form_token: Annotated[str, Form(max_length=64)] = "",
    seen: Annotated[int, Form()] = 0,
    road: Annotated[str, Form()] = "wait",
) -> Response:
    """Sends the answer. The same form again changes nothing; a colleague's newer answer keeps the text here."""
    case = _case(uow, staff, inquiry_id, Permission.INQUIRY_ANSWER)
    inquiry = inquiries.locked(uow, inquiry_id)
    dedup_key = f"answer:{inquiry_id}:{form_token or secrets.token_urlsafe(16)}"
    address = f"{HOME}/{inquiry_id}"
    if queries.answer_sent_by(uow, dedup_key) is not None:
        return redirect(request, address)
    shown = _shown(request, uow, staff, case)
    with refilling(
        request,
        "inquiries/case.html",
        queue=queue_page(uow, _texts(request), staff, View.WAITING, None),
        case=shown,
        form={"text": text, "note": "", "refused_in": "answer"},
        form_token=secrets.token_urlsafe(16),
    ):
        cleaned = inquiries.checked_answer(text)
        _require_seen(uow, inquiry.id, seen)
        push_now = road == "now"
        if push_now and shown.road.push_refused:
            raise conflict("inquiries.no_pushes")
        delivery = inquiries.answer(
            uow,
            inquiry_id,
            _bundle(_texts(request), staff, inquiry_id, cleaned, case.contact.language),
            actor=staff.username,
            author_id=staff.account_id,
            push_now=push_now,
            dedup_key=dedup_key,
        )
    _wake(request, uow, inquiry.conversation_id)
    outcome = "pushed" if push_now and delivery.reply_token is None else _outcome(delivery.state.value)
    return redirect(request, f"{address}?sent=1", flash=f"inquiries.{outcome}")


@router.post("/{inquiry_id:int}/take")
def take(
    request: Request,
    uow: Uow,
    staff: Answerer,
    inquiry_id: int,
    account: Annotated[int | None, Form()] = None,
    seen_assignee: Annotated[str, Form()] = "",
) -> Response:
    """Puts oneself, or a colleague who may answer it, in charge. Whoever came first keeps it."""
    case = _case(uow, staff, inquiry_id, Permission.INQUIRY_ANSWER)
    address = f"{HOME}/{inquiry_id}"
    inquiry = inquiries.locked(uow, inquiry_id)
    if inquiry.assignee_id != _number(seen_assignee):
        return redirect(request, address, flash="inquiries.taken_by", name=case.assignee)
    wanted = account if account is not None else staff.account_id
    people = queries.answerers(uow, inquiry.department_id)
    person = next((person for person in people if person.account_id == wanted), None)
    if person is None:
        raise not_found("staff.not_found")
    inquiries.take(uow, inquiry_id, actor=staff.username, account_id=person.account_id)
    if person.account_id == staff.account_id:
        return redirect(request, address, flash="inquiries.taken")
    return redirect(request, address, flash="inquiries.assigned", name=person.display_name)


@router.post("/{inquiry_id:int}/department")
def hand_on(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.INQUIRY_HAND_ON)],
    inquiry_id: int,
    department: Annotated[int, Form(ge=1, le=MAX_ID)],
) -> Response:
    """Gives the question to another department, whose people then see it."""
    _case(uow, staff, inquiry_id, Permission.INQUIRY_HAND_ON)
    inquiries.hand_on(uow, inquiry_id, department, actor=staff.username)
    name = uow.session.get_one(Department, department).name
    reach = departments_of(staff, Permission.INQUIRY_READ)
    address = f"{HOME}/{inquiry_id}" if reach is None or department in reach else HOME
    return redirect(request, address, flash="inquiries.handed_on", name=name)


@router.post("/{inquiry_id:int}/close")
def close(request: Request, uow: Uow, staff: Answerer, inquiry_id: int) -> Response:
    """Ends the question."""
    _case(uow, staff, inquiry_id, Permission.INQUIRY_ANSWER)
    inquiry = inquiries.locked(uow, inquiry_id)
    inquiries.close(uow, inquiry, actor=staff.username)
    _wake(request, uow, inquiry.conversation_id)
    return redirect(request, HOME, flash="inquiries.closed")


@router.post("/{inquiry_id:int}/notes")
def note(
    request: Request, uow: Uow, staff: Answerer, inquiry_id: int, note: Annotated[str, Form()] = ""
) -> Response:
    """Adds a note among staff."""
    case = _case(uow, staff, inquiry_id, Permission.INQUIRY_ANSWER)
    with refilling(
        request,
        "inquiries/case.html",
        queue=queue_page(uow, _texts(request), staff, View.WAITING, None),
        case=_shown(request, uow, staff, case),
        form={"text": "", "note": note, "refused_in": "note"},
        form_token=secrets.token_urlsafe(16),
    ):
        inquiries.note(uow, inquiry_id, note, actor=staff.username, author_id=staff.account_id)
    return redirect(request, f"{HOME}/{inquiry_id}", flash="inquiries.noted")


@router.post("/{inquiry_id:int}/faq")
def make_faq(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.FAQ_WRITE)],
    inquiry_id: int,
) -> Response:
    """Makes an FAQ draft of the question and its last answer, once, and leads to its editor."""
    case = _case(uow, staff, inquiry_id)
    department_id = faq_department(staff, case.inquiry)
    require(staff, Permission.FAQ_WRITE, department_id)
    inquiries.locked(uow, inquiry_id)  # a second click waits and finds the first one's entry
    key = entries.inquiry_key(inquiry_id)
    entry = uow.session.scalar(select(Entry).where(Entry.key == key))
    if entry is not None:
        return redirect(request, f"/admin/faq/{entry.id}")
    entry = _faq_draft(uow, case, department_id, key=key, actor=staff.username)
    return redirect(request, f"/admin/faq/{entry.id}", flash="inquiries.faq_made")


@router.post("/{inquiry_id:int}/teach")
def teach(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.FAQ_WRITE)],
    inquiry_id: int,
    entry: Annotated[int, Form(ge=1, le=MAX_ID)],
) -> Response:
    """Says that an entry answers the question already: the assistant learns its words."""
    case = _case(uow, staff, inquiry_id)
    require_teaching(uow, staff, entry)
    address = f"{HOME}/{inquiry_id}"
    with told_on(request, address):
        taught = phrasings.correct(
            uow, case.question.text, entry, actor=staff.username, message_id=case.question.id
        )
    request.app.state.signals.notify(uow, entries.TOPIC)
    return redirect(request, address, flash=outcome_of(taught))


def _faq_draft(uow: UnitOfWork, case: Case, department_id: int | None, *, key: str, actor: str) -> Entry:
    given = queries.newest_answer(uow, case.inquiry.id)
    question = one_line(case.question.text)[:MAX_QUESTION]
    if given is None or not question:
        raise invalid("inquiries.no_faq_yet")
    content = EntryContent(question=question, answer=given.text, department_id=department_id)
    return entries.create_entry(uow, content, actor=actor, key=key)


def _case(
    reader: ReadOnly, staff: Principal, inquiry_id: int, permission: Permission = Permission.INQUIRY_READ
) -> Case:
    """The question if this person may see it, else `inquiries.not_found`; then also the wanted permission."""
    case = queries.find(reader, inquiry_id, departments_of(staff, Permission.INQUIRY_READ))
    require(staff, permission, case.inquiry.department_id)
    return case


def _opened(request: Request, reader: ReadOnly, staff: Principal, inquiry_id: int) -> Case:
    """The question, to be read: that this person opened its conversation is on record first."""
    audit.note_reading(
        console_of(request).database,
        actor=staff.username,
        action="inquiry.read",
        subject_kind="inquiry",
        find=lambda looking: _case(looking, staff, inquiry_id).inquiry.id,
    )
    return _case(reader, staff, inquiry_id)


def _shown(request: Request, reader: ReadOnly, staff: Principal, case: Case) -> CasePage:
    return case_page(reader, _texts(request), staff, case, request.app.state.faq)


def _require_seen(uow: UnitOfWork, inquiry_id: int, seen: int) -> None:
    """Refuses an answer written without knowledge of the newest one."""
    newest = queries.newest_answer(uow, inquiry_id)
    if newest is not None and newest.message_id != seen:
        raise ServiceError(
            "inquiries.changed_by",
            ErrorKind.CONFLICT,
            parameters={"name": newest.author, "time": thai_time(newest.at)},
        )


def _bundle(texts: Catalogue, staff: Principal, inquiry_id: int, text: str, language: str) -> Bundle:
    """The answer as the resident gets it: a person's name and department, and what can be tapped next."""
    return Bundle(
        sender=Sender.STAFF,
        sender_name=" · ".join(filter(None, (staff.display_name, staff.department_name))),
        parts=(Text(text=text),),
        quick_replies=(
            Button(label=texts.get("inquiries.resident.ask_more", language), payload=f"more:{inquiry_id}"),
            Button(label=texts.get("inquiries.resident.settled", language), payload=f"settled:{inquiry_id}"),
        ),
    )


def _wake(request: Request, uow: UnitOfWork, conversation_id: int) -> None:
    request.app.state.signals.notify(uow, deliveries.TOPIC, f"conversation:{conversation_id}")


def _outcome(state: str) -> str:
    return "waits" if state == "held" else "sent"


def _texts(request: Request) -> Catalogue:
    return console_of(request).texts


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= len(str(MAX_ID)) else None
