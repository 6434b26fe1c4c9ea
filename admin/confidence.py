"""The assistant's confidence: what becomes of the office's test questions at a setting, and changing the setting.

Whoever uses the bench may look and move the sliders. Saving asks for `office.manage`: the thresholds are a
setting of the whole office, and a department's publisher must not change how the others' questions are met.

What is saved is weighed with a reader, before the unit of work writes: weighing a thousand questions takes
seconds, and a writer must not keep others waiting for so long.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.confidence_pages import Setting, compare, setting_of, setting_words, version_rows
from admin.pages import FormRefused, fragment, page, redirect
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal
from knowledge.entries import calibrations, recalibrating, service
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import CalibrationVersion
from knowledge.entries.recalibrating import Proposal
from knowledge.search import Calibration
from knowledge.search.recalibration import ANSWER_PERCENTS, CLARIFY_PERCENTS, Ground, Recalibration

router = APIRouter(prefix="/bench/confidence")

ADDRESS = "/admin/bench/confidence"
WANTED = (90, 95, 98)  # percent of the answers that shall be right
USUAL = 95

_MOST, _LEAST = ANSWER_PERCENTS.stop - 1, CLARIFY_PERCENTS.start

Tester = Annotated[Principal, guarded(Permission.BENCH_USE)]
Manager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]
Percent = Annotated[int, Query(ge=_LEAST, le=_MOST)]
FormPercent = Annotated[int, Form(ge=_LEAST, le=_MOST)]
Number = Annotated[int, Form(ge=0, le=2**31 - 1)]
Wanted = Annotated[int, Query(ge=WANTED[0], le=WANTED[-1])]


def _typed(
    answer: Percent | None = None,
    answer_typed: Percent | None = None,
    answer_shown: Percent | None = None,
    clarify: Percent | None = None,
    clarify_typed: Percent | None = None,
    clarify_shown: Percent | None = None,
) -> tuple[int | None, int | None]:
    """The thresholds of the form, None where it says nothing.

    A slider and the number beside it part where no script keeps them together: the one that is no longer as
    it was shown counts.
    """
    return (
        answer if answer_typed in (None, answer_shown) else answer_typed,
        clarify if clarify_typed in (None, clarify_shown) else clarify_typed,
    )


Typed = Annotated[tuple[int | None, int | None], Depends(_typed)]


@router.get("")
def show(request: Request, staff: Tester, reader: Reader, typed: Typed) -> Response:
    """The picture at the present setting, or at the one that was asked for."""
    present = calibrations.in_force(reader)
    return _page(request, reader, present, _asked(present, *typed))


@router.get("/picture")
def show_picture(request: Request, staff: Tester, reader: Reader, typed: Typed) -> Response:
    """The picture alone, while a slider moves."""
    present = calibrations.in_force(reader)
    picture = _picture(request, reader, present, _asked(present, *typed))
    return fragment(request, "bench/_picture.html", **picture)


@router.post("")
def move(
    request: Request, uow: Uow, staff: Manager, answer: FormPercent, clarify: FormPercent, based_on: Number
) -> Response:
    """Saves thresholds moved by hand as a new version; one that a colleague has overtaken is shown again."""
    live = _up_to_date(request)
    with console_of(request).database.read() as reader:
        present = calibrations.in_force(reader)
        asked = Setting(answer=answer, clarify=clarify)
        moved = _moved(present, asked)
        if based_on != _number(reader):
            words = console_of(request).texts.get("bench.confidence.overtaken")
            raise FormRefused(_page(request, reader, present, asked, status=409, errors=[("", words)]))
        seen = recalibrating.read_sample(reader, live).picture(moved)
    return _saved(request, uow, calibrations.move(uow, moved, seen, actor=staff.username))


@router.get("/recalibrate")
def show_proposal(request: Request, staff: Tester, reader: Reader, wanted: Wanted = USUAL) -> Response:
    """What the test questions and confirmations ask for, beside the present setting. Changes nothing."""
    _up_to_date(request)
    return _proposal_page(request, reader, wanted)


@router.post("/recalibrate")
def recalibrate(
    request: Request,
    uow: Uow,
    staff: Manager,
    wanted: Annotated[int, Form(ge=WANTED[0], le=WANTED[-1])],
    shown: Annotated[str, Form(max_length=100)],
) -> Response:
    """Saves the proposal that was shown; another one by now is shown first."""
    _up_to_date(request)
    with console_of(request).database.read() as reader:
        proposal = _propose(request, reader, wanted)
        if not proposal.sample.questions or shown != _mark(reader, proposal):
            words = console_of(request).texts.get("bench.confidence.overtaken")
            raise FormRefused(_proposal_page(request, reader, wanted, status=409, errors=[("", words)]))
    found = proposal.result.calibration
    return _saved(
        request,
        uow,
        calibrations.recalibrate(
            uow,
            found,
            proposal.sample.picture(found),
            wanted_share=wanted / 100,
            confirmations=proposal.confirmations,
            actor=staff.username,
        ),
    )


@router.post("/restore")
def restore(request: Request, uow: Uow, staff: Manager, number: Number) -> Response:
    """Puts an older version in force again."""
    live = _up_to_date(request)
    with console_of(request).database.read() as reader:
        older = calibrations.calibration_of(calibrations.version(reader, number))
        seen = recalibrating.read_sample(reader, live).picture(older)
    return _saved(request, uow, calibrations.restore(uow, number, seen, actor=staff.username))


def _up_to_date(request: Request) -> LiveFaq:
    """The live view with the words and entries of this moment: what is recorded must not be yesterday's figures."""
    live: LiveFaq = request.app.state.faq
    live.refresh()
    return live


def _asked(present: Calibration, answer: int | None, clarify: int | None) -> Setting:
    """The setting that is asked for, within what can be set; the present one where nothing is said."""
    known = setting_of(present)
    highest = known.answer if answer is None else max(answer, ANSWER_PERCENTS.start)
    return Setting(answer=highest, clarify=min(known.clarify if clarify is None else clarify, highest))


def _moved(present: Calibration, asked: Setting) -> Calibration:
    return Calibration(
        slope=present.slope,
        shift=present.shift,
        answer_threshold=asked.answer / 100,
        clarify_threshold=asked.clarify / 100,
    )


def _saved(request: Request, uow: UnitOfWork, row: CalibrationVersion) -> Response:
    request.app.state.signals.notify(uow, service.TOPIC)
    return redirect(request, ADDRESS, flash="bench.confidence_saved", number=str(row.number))


def _number(reader: ReadOnly) -> int:
    """The number of the version in force; 0 while the office works with what was shipped."""
    newest = calibrations.newest(reader)
    return newest.number if newest is not None else 0


def _propose(request: Request, reader: ReadOnly, wanted: int) -> Proposal:
    present = calibrations.in_force(reader)
    return recalibrating.propose(reader, request.app.state.faq, present, wanted_share=wanted / 100)


def _mark(reader: ReadOnly, proposal: Proposal) -> str:
    """What a person saw: the numbers to be saved, and the version they replace."""
    found = proposal.result.calibration
    return (
        f"{_number(reader)}:{found.slope:.4f}:{found.shift:.4f}:"
        f"{found.answer_threshold:.2f}:{found.clarify_threshold:.2f}"
    )


def _picture(request: Request, reader: ReadOnly, present: Calibration, asked: Setting) -> dict[str, Any]:
    texts = console_of(request).texts
    sample = recalibrating.read_sample(reader, request.app.state.faq)
    known = setting_of(present)
    is_moved = asked != known
    then = sample.picture(_moved(present, asked)) if is_moved else None
    return {
        "total": len(sample.questions),
        "left_out": sample.left_out,
        "seen": compare(texts, sample.picture(present), then),
        "asked": asked,
        "asked_words": setting_words(texts, asked),
        "is_moved": is_moved,
        "based_on": _number(reader),
    }


def _page(
    request: Request,
    reader: ReadOnly,
    present: Calibration,
    asked: Setting,
    *,
    status: int = 200,
    **context: Any,
) -> Response:
    texts = console_of(request).texts
    return page(
        request,
        "bench/confidence.html",
        status=status,
        present=setting_of(present),
        present_words=setting_words(texts, setting_of(present)),
        versions=version_rows(reader, texts),
        is_outdated=calibrations.is_outdated(reader),
        limits={"answer": (ANSWER_PERCENTS.start, _MOST), "clarify": (_LEAST, _MOST)},
        wanted=WANTED,
        usual=USUAL,
        **_picture(request, reader, present, asked),
        **context,
    )


def _verdict(texts: Catalogue, result: Recalibration, wanted: int) -> dict[str, str]:
    """What to make of a proposal: the tone, the title and the words of a notice. `wanted` is in percent."""
    # The present setting may keep a promise that the proposal cannot.
    ground = result.ground if result.is_better else result.present_share.ground(wanted / 100)
    title = "proposal" if result.is_better else f"kept_title.{ground.value}"
    return {
        "tone": "done" if ground is Ground.PROMISED else "warn",
        "title": texts.get(f"bench.confidence.{title}"),
        "words": texts.get(
            f"bench.confidence.{'ground' if result.is_better else 'kept'}.{ground.value}",
            wanted=wanted,
            measured=round(100 * result.share.measured),
            cautious=int(100 * result.share.cautious),
            now_measured=round(100 * result.present_share.measured),
            now_cautious=int(100 * result.present_share.cautious),
        ),
    }


def _proposal_page(
    request: Request, reader: ReadOnly, wanted: int, *, status: int = 200, **context: Any
) -> Response:
    texts = console_of(request).texts
    present = calibrations.in_force(reader)
    proposal = _propose(request, reader, wanted)
    result = proposal.result
    return page(
        request,
        "bench/recalibrate.html",
        status=status,
        total=len(proposal.sample.questions),
        confirmations=proposal.confirmations,
        seen=compare(texts, proposal.sample.picture(present), proposal.sample.picture(result.calibration)),
        now_words=setting_words(texts, setting_of(present)),
        then_words=setting_words(texts, setting_of(result.calibration)),
        is_better=result.is_better,
        verdict=_verdict(texts, result, wanted),
        wanted=wanted,
        choices=WANTED,
        shown=_mark(reader, proposal),
        **context,
    )
