"""The test bench: what the assistant makes of a question and why, and measuring it on a file of questions."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.bench_pages import CANDIDATES_AT_ONCE, MAX_TEXT, understand
from admin.faq_pages import add_phrasings
from admin.pages import FormRefused, page, redirect
from eservice.kit.errors import ServiceError
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from knowledge.entries import service
from knowledge.entries.evaluate import Evaluation, evaluate
from knowledge.entries.importer import fault_text
from knowledge.entries.models import AskDecision
from knowledge.entries.question_files import SUFFIXES, read_questions

router = APIRouter(prefix="/bench")

ADDRESS = "/admin/bench"
MAX_QUESTIONS = 5_000  # of one measurement; so many take about half a minute
MAX_FILE_BYTES = 5_000_000

Tester = Annotated[Principal, guarded(Permission.BENCH_USE)]
Id = Annotated[int, Form(ge=1, le=2**31 - 1)]


@router.get("")
def show(
    request: Request,
    staff: Tester,
    reader: Reader,
    q: str = "",
    previous: Annotated[str, Query(pattern=r"^[0-9]{0,9}$")] = "",
) -> Response:
    """The bench; with a question, what becomes of it. `previous` is the entry answered just before."""
    if len(q) > MAX_TEXT:
        words = console_of(request).texts.get("bench.too_long", most=f"{MAX_TEXT:,}", count=f"{len(q):,}")
        return bench_page(request, reader, staff, q, previous, status=422, errors=[("q", words)])
    return bench_page(request, reader, staff, q, previous)


@router.post("/add")
def add(
    request: Request,
    uow: Uow,
    staff: Annotated[Principal, guarded(Permission.FAQ_WRITE)],
    entry: Id,
    q: Annotated[str, Form(max_length=MAX_TEXT)] = "",
) -> Response:
    """Adds the question to an entry's phrasings, as a draft that its owner publishes."""
    try:
        is_new = add_phrasings(uow, staff, entry, [q])
    except ServiceError as error:
        if "variants" not in error.fields:
            raise
        words = fault_text("variants", error.fields["variants"])
        raise FormRefused(
            bench_page(request, uow, staff, q, "", status=422, errors=[("q", words)])
        ) from error
    request.app.state.signals.notify(uow, service.TOPIC)
    flash = "faq.variant_added" if is_new else "faq.variant_known"
    return redirect(request, f"/admin/faq/{entry}", flash=flash)


@router.get("/evaluate")
def show_evaluate(request: Request, staff: Tester) -> Response:
    """Where a file of questions is chosen."""
    return _evaluation(request)


@router.post("/evaluate")
def run(request: Request, staff: Tester, file: UploadFile | None = None) -> Response:
    """Asks every question of the file and shows how many were answered rightly. Changes nothing."""
    texts = console_of(request).texts
    if file is None or not file.filename:
        raise FormRefused(_evaluation(request, status=422, fault=texts.get("bench.evaluate.no_file")))
    too_many = texts.get("bench.evaluate.too_many", count=f"{MAX_QUESTIONS:,}")
    data = file.file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise FormRefused(_evaluation(request, status=422, fault=too_many))
    try:
        questions = read_questions(data, file.filename, limit=MAX_QUESTIONS)
    except ServiceError as error:
        lines = [texts.get("faq.import.line_number", number=field.split()[-1]) for field in error.fields]
        words = " ".join((texts.get(f"errors.{error.code}"), *lines))
        raise FormRefused(_evaluation(request, status=422, fault=words)) from error
    if not 0 < len(questions) <= MAX_QUESTIONS:
        raise FormRefused(_evaluation(request, status=422, fault=too_many))
    return _evaluation(request, name=file.filename, result=evaluate(request.app.state.faq, questions))


def bench_page(
    request: Request,
    reader: ReadOnly,
    staff: Principal,
    q: str,
    previous: str = "",
    *,
    status: int = 200,
    chosen: str = "",
    errors: Sequence[tuple[str, str]] = (),
) -> Response:
    """The bench with what becomes of a question. `chosen` is what its form for keeping it says already."""
    texts, live = console_of(request).texts, request.app.state.faq
    before = live.face(int(previous)) if previous else None
    previous_id = before.id if before else None
    is_readable = bool(q.strip()) and len(q) <= MAX_TEXT
    found = understand(reader, texts, staff, live, q, previous_id) if is_readable else None
    faults = dict(errors)
    return page(
        request, "bench/bench.html", status=status, q=q, before=before, found=found, chosen=chosen,
        longest=MAX_TEXT, near=CANDIDATES_AT_ONCE,
        errors=list(errors), error_of=lambda name: faults.get(name, ""),
    )  # fmt: skip


def _evaluation(
    request: Request, *, status: int = 200, fault: str = "", name: str = "", result: Evaluation | None = None
) -> Response:
    errors = [("file", fault)] if fault else []
    return page(
        request, "bench/evaluate.html", status=status, errors=errors, error_of=lambda field: fault,
        name=name, result=result, decisions=list(AskDecision), suffixes=", ".join(SUFFIXES),
    )  # fmt: skip
