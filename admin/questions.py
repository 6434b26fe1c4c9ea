"""The office's test questions: taking them in, seeing how each one fares, and putting them away.

Whoever writes answers anywhere may add and remove them: they change nothing that residents see until an
administrator recalibrates.

What is refused is shown again with a reader, before the unit of work writes: the list weighs every question,
and a writer must not keep others waiting for so long.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.bench import bench_page
from admin.bench_pages import MAX_TEXT
from admin.pages import FormRefused, RowId, page, redirect
from admin.question_pages import ADDRESS, View, address_of, list_page
from eservice.kit.errors import ServiceError
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from knowledge.entries import known_questions, queries
from knowledge.entries.known_questions import MOST_QUESTIONS, Question
from knowledge.entries.models import MAX_QUESTION
from knowledge.entries.question_files import SUFFIXES, read_questions

router = APIRouter(prefix="/bench/questions")

MAX_FILE_BYTES = 5_000_000
NO_ENTRY = "none"
MOST_PAGES = 10_000
MOST_PLACES = 10  # of those that are wrong in a file

Tester = Annotated[Principal, guarded(Permission.BENCH_USE)]
Writer = Annotated[Principal, guarded(Permission.FAQ_WRITE)]
Words = Annotated[str, Query(max_length=MAX_QUESTION)]


@router.get("")
def show(
    request: Request,
    staff: Tester,
    reader: Reader,
    q: Words = "",
    view: View = View.ALL,
    number: Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """The test questions, with what becomes of each at the present setting."""
    return _page(request, reader, q, view, number)


@router.post("")
def add(
    request: Request,
    uow: Uow,
    staff: Writer,
    q: Annotated[str, Form(max_length=MAX_TEXT)] = "",
    entry: Annotated[str, Form(pattern=rf"^(|{NO_ENTRY}|[1-9][0-9]{{0,8}})$")] = "",
    previous: Annotated[str, Form(pattern=r"^[0-9]{0,9}$")] = "",
) -> Response:
    """Keeps a question from the bench, with the entry that answers it or as one that nothing answers."""
    with console_of(request).database.read() as reader:
        if not entry:
            raise _not_kept(request, reader, staff, q, previous, "bench.questions.no_choice")
        keys = [] if entry == NO_ENTRY else [queries.get_entry(reader, int(entry)).key]
        questions = [Question(text=q, expected=frozenset(keys))]
        try:
            known_questions.check(reader, questions)
        except ServiceError as error:
            raise _not_kept(request, reader, staff, q, previous, f"errors.{error.code}", entry) from error
    known_questions.add(uow, questions, actor=staff.username)
    return redirect(request, ADDRESS, flash="bench.question_kept")


@router.post("/upload")
def upload(request: Request, uow: Uow, staff: Writer, file: UploadFile | None = None) -> Response:
    """Takes a file of questions in: all of them, or none with the reason."""
    with console_of(request).database.read() as reader:
        questions = _read(request, reader, file)
    added = known_questions.add(uow, questions, actor=staff.username)
    return redirect(
        request, ADDRESS, flash="bench.questions_added",
        new=str(added.new), changed=str(added.changed), known=str(added.known),
    )  # fmt: skip


@router.post("/{question_id:int}/retire")
def retire(
    request: Request,
    uow: Uow,
    staff: Writer,
    question_id: RowId,
    q: Annotated[str, Form(max_length=MAX_QUESTION)] = "",
    view: Annotated[View, Form()] = View.ALL,
    number: Annotated[int, Form(alias="page", ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """Puts a test question away; the list stays where it was."""
    known_questions.retire(uow, question_id, actor=staff.username)
    return redirect(request, address_of(q, view, number), flash="bench.question_retired")


def _not_kept(
    request: Request, reader: ReadOnly, staff: Principal, q: str, previous: str, key: str, chosen: str = ""
) -> FormRefused:
    """The bench as it was, with the reason at the choice of an answer."""
    errors = [("entry", console_of(request).texts.get(key))]
    return FormRefused(
        bench_page(request, reader, staff, q, previous, status=422, chosen=chosen, errors=errors)
    )


def _fault_words(request: Request, error: ServiceError) -> str:
    """What is wrong with a file of questions, with the first places where it is."""
    texts = console_of(request).texts
    places = [field.split() for field in error.fields if " " in field][:MOST_PLACES]
    keys = {"line": "faq.import.line_number", "question": "bench.questions.place"}
    lines = [texts.get(keys[kind], number=number) for kind, number in places]
    return " ".join((texts.get(f"errors.{error.code}"), *lines))


def _read(request: Request, reader: ReadOnly, file: UploadFile | None) -> list[Question]:
    """The questions of an upload. Raises FormRefused with what is wrong with it."""
    texts = console_of(request).texts
    if file is None or not file.filename:
        raise _refused(request, reader, texts.get("bench.evaluate.no_file"))
    too_many = texts.get("bench.evaluate.too_many", count=f"{MOST_QUESTIONS:,}")
    data = file.file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise _refused(request, reader, too_many)
    try:
        questions = read_questions(data, file.filename, limit=MOST_QUESTIONS)
        if not 0 < len(questions) <= MOST_QUESTIONS:
            raise _refused(request, reader, too_many)
        known_questions.check(reader, questions)
    except ServiceError as error:
        raise _refused(request, reader, _fault_words(request, error)) from error
    return questions


def _refused(request: Request, reader: ReadOnly, words: str) -> FormRefused:
    errors = [("file", words)]
    return FormRefused(
        _page(request, reader, "", View.ALL, 1, status=422, errors=errors, error_of=lambda name: words)
    )


def _page(
    request: Request, reader: ReadOnly, q: str, view: View, number: int, *, status: int = 200, **context: Any
) -> Response:
    texts = console_of(request).texts
    listed = list_page(reader, texts, request.app.state.faq, q=q, view=view, number=number)
    return page(
        request, "bench/questions.html", status=status, listed=listed, suffixes=", ".join(SUFFIXES), **context
    )
