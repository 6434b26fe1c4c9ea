"""The answers as a file: taking one in after a look at what it would change, and giving one out."""

import hashlib
import re
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.pages import FormRefused, page, redirect
from eservice.kit.errors import ServiceError
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.permissions import Permission, Principal, may, require
from knowledge.entries import service
from knowledge.entries.exporter import export_entries
from knowledge.entries.faq_file import COLUMNS, MAX_MEGABYTES, FileKind, kind_of
from knowledge.entries.importer import ImportResult, import_entries

router = APIRouter(prefix="/faq")

KEEP_SECONDS = 24 * 60 * 60  # an upload that nobody confirms
MEDIA_TYPES = {
    FileKind.JSONL: "application/x-ndjson",
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_UPLOAD = re.compile(r"[0-9a-f]{64}\.(?:jsonl|csv|xlsx)")


def _importer(staff: Annotated[Principal, guarded(Permission.FAQ_WRITE)]) -> Principal:
    """A file may hold answers of any department: only those who write for the whole office take one in."""
    require(staff, Permission.FAQ_WRITE, None)
    return staff


Importer = Annotated[Principal, Depends(_importer)]


@router.get("/export/{kind}")
def export(
    request: Request,
    reader: Reader,
    kind: FileKind,
    staff: Annotated[Principal, guarded(Permission.FAQ_READ)],
) -> Response:
    """All answers in use, as a file that can be taken in again."""
    name = f"faq-{local_date(reader.now).isoformat()}.{kind.value}"
    return Response(
        export_entries(reader, kind),
        media_type=MEDIA_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/import")
def show_import(request: Request, staff: Importer) -> Response:
    """Where a file is chosen."""
    return _page(request)


@router.post("/import")
def check(request: Request, uow: Uow, staff: Importer, file: UploadFile | None = None) -> Response:
    """Reads the file and says what it would change, or everything that is wrong with it. Changes nothing."""
    if file is None or not file.filename:
        raise FormRefused(_refused(request, "faq.import.no_file"))
    try:
        kind = kind_of(file.filename)
    except ServiceError as error:
        raise FormRefused(_refused(request, f"errors.{error.code}")) from error
    data = file.file.read(MAX_MEGABYTES * 1_000_000 + 1)
    result = _dry_run(uow, data, kind, staff.username)
    if result.problems:
        return _page(request, status=422, name=file.filename, problems=result.problems)
    upload = _keep(_folder(request, staff), data, kind)
    return _page(
        request, name=file.filename, result=result, upload=upload,
        may_publish=may(staff, Permission.FAQ_PUBLISH, None),
    )  # fmt: skip


@router.post("/import/confirm")
def confirm(
    request: Request,
    uow: Uow,
    staff: Importer,
    upload: Annotated[str, Form(max_length=80)],
    publish: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Takes the checked file in."""
    if publish:
        require(staff, Permission.FAQ_PUBLISH, None)
    path = _folder(request, staff) / upload
    if not _UPLOAD.fullmatch(upload) or not path.is_file():
        raise FormRefused(_refused(request, "faq.import.gone"))
    result = import_entries(
        uow, path.read_bytes(), kind_of(upload), actor=staff.username, publish=bool(publish)
    )
    if result.problems:  # e.g. a department was renamed since
        raise FormRefused(_page(request, status=422, name=upload, problems=result.problems))
    request.app.state.signals.notify(uow, service.TOPIC)
    uow.after_commit(partial(path.unlink, missing_ok=True))
    return redirect(
        request, "/admin/faq", flash="faq.imported",
        created=str(result.created), changed=str(result.changed), published=str(result.published),
    )  # fmt: skip


def _dry_run(uow: UnitOfWork, data: bytes, kind: FileKind, actor: str) -> ImportResult:
    """What an import would do, counted by doing it and taking it back."""
    savepoint = uow.session.begin_nested()
    try:
        return import_entries(uow, data, kind, actor=actor)
    finally:
        savepoint.rollback()


def _folder(request: Request, staff: Principal) -> Path:
    """Each person's own uploads."""
    return console_of(request).settings.data_dir / "uploads" / str(staff.account_id)


def _keep(folder: Path, data: bytes, kind: FileKind) -> str:
    """Keeps the file until it is confirmed; returns its name there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            old.unlink(missing_ok=True)
    name = f"{hashlib.sha256(data).hexdigest()}.{kind.value}"
    (folder / name).write_bytes(data)
    return name


def _refused(request: Request, key: str) -> Response:
    words = console_of(request).texts.get(key)
    return _page(request, status=422, errors=[("file", words)], error_of=lambda name: words)


def _page(request: Request, status: int = 200, **context: Any) -> Response:
    known: dict[str, Any] = {"name": "", "problems": (), "result": None, "upload": "", "may_publish": False}
    return page(
        request,
        "faq/import.html",
        status=status,
        columns=COLUMNS,
        megabytes=MAX_MEGABYTES,
        **(known | context),
    )
