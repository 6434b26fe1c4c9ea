"""The answers: the list, the editor with its preview, publishing, retiring, and who changed what.

`entry_to_change` alone leads to an entry that is changed, so that nobody changes one of another department.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from admin import faq_pages
from admin.access import console_of, guarded
from admin.faq_form import EntryForm, TypedEntry, read_form
from admin.faq_list import Filter, View, list_page
from admin.faq_pages import entry_to_change
from admin.learned_pages import waiting_count
from admin.pages import FormRefused, RowId, fragment, page, redirect, sentences
from admin.unanswered_pages import words_of
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import STATUS, Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal, departments_of, require
from knowledge.entries import queries, service
from knowledge.entries.content import EntryContent
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import Entry, EntryState

router = APIRouter(prefix="/faq")

LIST = "/admin/faq"

ReaderOfFaq = Annotated[Principal, guarded(Permission.FAQ_READ)]
Writer = Annotated[Principal, guarded(Permission.FAQ_WRITE)]
Publisher = Annotated[Principal, guarded(Permission.FAQ_PUBLISH)]
Number = Annotated[int, Form(ge=1, le=2**31 - 1)]


@router.get("")
def show_list(
    request: Request,
    staff: ReaderOfFaq,
    reader: Reader,
    view: View = View.ALL,
    q: Annotated[str, Query(max_length=500)] = "",
    category: Annotated[str, Query(max_length=200)] = "",
    department: Annotated[str, Query(pattern=r"^[0-9]{0,9}$")] = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """The list of answers."""
    asked = Filter(
        view=view,
        q=q.strip(),
        category=category,
        department_id=int(department) if department else None,
        page=page_number,
    )
    listed = list_page(reader, _texts(request), live_faq(request), asked)
    may_import = departments_of(staff, Permission.FAQ_WRITE) is None
    waiting = waiting_count(reader, staff)
    return page(request, "faq/list.html", listed=listed, may_import=may_import, waiting=waiting)


@router.get("/new")
def show_new(
    request: Request,
    staff: Writer,
    reader: Reader,
    question: Annotated[str, Query(max_length=2_000)] = "",
    asked: Annotated[str, Query(pattern=r"^([0-9]{1,9},){0,20}[0-9]{0,9}$")] = "",
) -> Response:
    """The form of a new answer. `question` may come from the test bench; `asked` names unanswered questions."""
    allowed = departments_of(staff, Permission.FAQ_WRITE)
    home = staff.department_id if allowed is None or staff.department_id in allowed else None
    first, *others = words_of(reader, staff, map(int, filter(None, asked.split(",")))) or [question]
    form = EntryForm(question=first, variants="\n".join(others), department=str(home or ""))
    return _editor(request, reader, staff, form, None)


@router.post("/new")
def create(request: Request, uow: Uow, staff: Writer, form: TypedEntry) -> Response:
    """Makes the answer as a draft; publishes it too when that button was pressed."""
    content = _sound(request, uow, staff, form, None)
    _require_target(staff, content, form)
    entry = service.create_entry(uow, content, actor=staff.username)
    if form.action == "publish":
        uow.session.flush()  # publishing reads the entry again
        service.publish(uow, entry.id, number=1, actor=staff.username)
    return _changed(request, uow, entry.id, "published" if form.action == "publish" else "saved")


@router.post("/preview")
def preview_new(request: Request, staff: Writer, reader: Reader, form: TypedEntry) -> Response:
    """How the words of a new answer would look; keeps nothing."""
    return _preview(request, reader, staff, form, None)


@router.get("/{entry_id:int}")
def show(
    request: Request,
    staff: ReaderOfFaq,
    reader: Reader,
    entry_id: RowId,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """One answer; with `version` the form holds the words of an older one. Readers see what residents see."""
    entry = queries.get_entry(reader, entry_id)
    is_reader = not faq_pages.may_change(reader, staff, entry, Permission.FAQ_WRITE)
    form = faq_pages.stored_form(reader, entry, number=version, as_seen=is_reader)
    return _editor(request, reader, staff, form, entry)


@router.post("/{entry_id:int}")
def save(request: Request, uow: Uow, staff: Writer, entry_id: RowId, form: TypedEntry) -> Response:
    """Saves the draft, and publishes it when that button was pressed; a colleague's newer words keep the text."""
    entry = entry_to_change(uow, staff, entry_id, *_needed(form))
    content = _sound(request, uow, staff, form, entry)
    _require_target(staff, content, form)
    try:
        outcome = _store(uow, entry, content, form, staff.username)
    except ServiceError as error:
        if error.kind is not ErrorKind.CONFLICT:
            raise
        raise FormRefused(_conflict(request, uow, staff, form, entry, error)) from error
    return _changed(request, uow, entry_id, outcome)


@router.post("/{entry_id:int}/preview")
def preview(request: Request, staff: Writer, reader: Reader, entry_id: RowId, form: TypedEntry) -> Response:
    """How the words in the form would look; keeps nothing."""
    return _preview(request, reader, staff, form, queries.get_entry(reader, entry_id))


@router.post("/{entry_id:int}/discard")
def discard(request: Request, uow: Uow, staff: Writer, entry_id: RowId, number: Number) -> Response:
    """Drops the draft; an answer that was never published is put away."""
    entry_to_change(uow, staff, entry_id, Permission.FAQ_WRITE)
    service.discard_draft(uow, entry_id, number=number, actor=staff.username)
    return _changed(request, uow, entry_id, "discarded")


@router.post("/{entry_id:int}/retire")
def retire(request: Request, uow: Uow, staff: Publisher, entry_id: RowId) -> Response:
    """Takes the answer from residents."""
    entry_to_change(uow, staff, entry_id, Permission.FAQ_PUBLISH)
    service.retire(uow, entry_id, actor=staff.username)
    return _changed(request, uow, entry_id, "retired")


@router.post("/{entry_id:int}/restore")
def restore(request: Request, uow: Uow, staff: Writer, entry_id: RowId) -> Response:
    """Brings a retired answer back as a draft."""
    entry_to_change(uow, staff, entry_id, Permission.FAQ_WRITE)
    service.restore(uow, entry_id, actor=staff.username)
    return _changed(request, uow, entry_id, "restored")


def live_faq(request: Request) -> LiveFaq:
    """What residents are answered from, in this process."""
    return request.app.state.faq


def wake(request: Request, uow: UnitOfWork) -> None:
    """Tells the live views of every process once the change is committed."""
    request.app.state.signals.notify(uow, service.TOPIC)


def _store(uow: UnitOfWork, entry: Entry, content: EntryContent, form: EntryForm, actor: str) -> str:
    """Saves and perhaps publishes; returns what to say."""
    version = service.save_draft(uow, entry.id, content, based_on=form.based_on, actor=actor)
    has_draft = entry.state in (EntryState.DRAFT, EntryState.LIVE_WITH_DRAFT)
    if form.action == "publish" and has_draft:
        uow.session.flush()  # publishing reads the entry again
        service.publish(uow, entry.id, number=version.number, actor=actor)
        return "published"
    return "saved" if has_draft else "nothing_new"


def _needed(form: EntryForm) -> tuple[Permission, ...]:
    write = (Permission.FAQ_WRITE,)
    return (*write, Permission.FAQ_PUBLISH) if form.action == "publish" else write


def _require_target(staff: Principal, content: EntryContent, form: EntryForm) -> None:
    """The chosen department must be one that the person may do this for, too."""
    for permission in _needed(form):
        require(staff, permission, content.department_id)


def _sound(
    request: Request, reader: ReadOnly, staff: Principal, form: EntryForm, entry: Entry | None
) -> EntryContent:
    """The content of the form. Raises FormRefused with the form and a sentence at each wrong field."""
    content, wrong = read_form(form, _texts(request))
    if wrong:
        raise FormRefused(_editor(request, reader, staff, form, entry, status=422, wrong=wrong))
    return content


def _conflict(
    request: Request, reader: ReadOnly, staff: Principal, form: EntryForm, entry: Entry, error: ServiceError
) -> Response:
    """The typed words once more, beside what the colleague wrote; saving again then replaces it knowingly."""
    number, differences = faq_pages.colleagues_changes(reader, _texts(request), entry, form)
    again = form.model_copy(update={"based_on": number})
    return _editor(
        request, reader, staff, again, entry, status=STATUS[error.kind],
        errors=sentences(console_of(request), error), differences=differences,
    )  # fmt: skip


def _editor(
    request: Request,
    reader: ReadOnly,
    staff: Principal,
    form: EntryForm,
    entry: Entry | None,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    """The page of an answer, new or stored."""
    texts, live = _texts(request), live_faq(request)
    faults = {
        "department" if field == "department_id" else field: words for field, words in (wrong or {}).items()
    }
    known: dict[str, Any] = {"errors": list(faults.items()), "differences": []}
    return page(
        request,
        "faq/entry.html",
        status=status,
        entry=faq_pages.entry_page(reader, texts, staff, entry) if entry else None,
        form=form,
        choices=faq_pages.choices(reader, texts, staff, live),
        preview=faq_pages.preview_of(reader, texts, live, form, entry),
        error_of=lambda name: faults.get(name, ""),
        **(known | context),
    )


def _preview(
    request: Request, reader: ReadOnly, staff: Principal, form: EntryForm, entry: Entry | None
) -> Response:
    if "hx-request" not in request.headers:
        return _editor(request, reader, staff, form, entry)
    shown = faq_pages.preview_of(reader, _texts(request), live_faq(request), form, entry)
    return fragment(request, "faq/_preview.html", preview=shown)


def _changed(request: Request, uow: UnitOfWork, entry_id: int, outcome: str) -> Response:
    wake(request, uow)
    return redirect(request, f"{LIST}/{entry_id}", flash=f"faq.{outcome}")


def _texts(request: Request) -> Catalogue:
    return console_of(request).texts
