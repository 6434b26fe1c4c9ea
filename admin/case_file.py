"""The printable file of one complaint, in Thai, as PDF."""

import json
from pathlib import Path
from typing import Annotated

import typst
from fastapi import APIRouter, Request
from fastapi.responses import Response

from admin.access import Visit, console_of, guarded
from admin.case_pages import CasePage, case_page
from eservice.complaints import queries
from eservice.kit import audit
from eservice.kit.http import Reader
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.web.rendering import WEB_DIRECTORY
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/cases")

_TEMPLATE = Path(__file__).parent / "printing" / "case_file.typ"
_WORD_JOINER = "\N{WORD JOINER}"


@router.get("/{case_id:int}/file.pdf")
def print_file(
    request: Request,
    staff: Annotated[Principal, guarded(Permission.CASE_READ)],
    reader: Reader,
    case_id: int,
) -> Response:
    """What the office knows of the complaint, with its history."""
    texts = console_of(request).texts
    visit: Visit = request.state.visit
    audit.note_reading(
        console_of(request).database,
        actor=staff.username,
        action="complaint.exported",
        subject_kind="complaint",
        find=lambda looking: queries.find(looking, case_id, staff).id,
    )
    shown = case_page(reader, texts, staff, queries.find(reader, case_id, staff))
    printed = texts.get("cases.file.printed", name=staff.display_name, time=thai_datetime(reader.now))
    pdf = render(_data(texts, shown, office=visit.office_name, printed=printed))
    name = f"case-{shown.number}.pdf"
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})  # fmt: skip


def render(data: dict[str, object]) -> bytes:
    """The PDF of a file's data. The template sets all of it as plain text."""
    return typst.compile(
        _TEMPLATE,
        format="pdf",
        font_paths=[WEB_DIRECTORY / "fonts"],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


def _data(texts: Catalogue, case: CasePage, *, office: str, printed: str) -> dict[str, object]:
    t = texts.get
    facts = [
        (t("cases.field.state"), case.state.words),
        (t("cases.field.category"), case.category),
        (t("cases.field.source"), case.source),
        (t("cases.field.filed"), case.filed),
        (t("cases.about.reporter"), case.reporter),
        (t("cases.field.village"), case.village),
        (t("cases.field.address"), case.address),
        (t("cases.field.pin"), case.pin),
        (t("cases.field.department"), case.department),
        (t("cases.field.assignee"), case.assignee or t("cases.nobody")),
        *((clock.name, f"{clock.look.words} · {clock.detail}") for clock in case.clocks),
        (t("cases.next.title"), case.next_step),
    ]
    marks = {True: t("cases.public"), False: t("cases.internal"), None: ""}
    return {
        "office": _kept(office),
        "title": t("cases.file.title", number=case.number),
        "printed": _kept(printed),
        "facts": [(name, _kept(words)) for name, words in facts if words],
        "text_heading": t("cases.field.text"),
        "text": _lines(case.text),
        "history_heading": t("cases.happened.title"),
        "history": [
            {
                "time": item.time,
                "who": _kept(item.who),
                "title": _kept(item.title),
                "lines": _lines(item.text),
                "mark": marks[item.is_public],
            }
            for item in reversed(case.items)
        ],
        "signatures": [t("cases.file.officer"), t("cases.file.head")],
    }


def _lines(text: str) -> list[str]:
    return [_kept(line.strip()) for line in text.splitlines() if line.strip()]


def _kept(text: str) -> str:
    """The text with its repetition marks kept to their word: no line begins with ๆ."""
    return text.replace("ๆ", _WORD_JOINER + "ๆ")
