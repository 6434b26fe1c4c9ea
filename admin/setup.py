"""The first set-up, step by step: each is saved alone, may be left and come back to, and says what is missing."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from admin.access import console_of, guarded
from admin.office import clock_time, holiday_line, holidays_in, optional_time, time_words
from admin.pages import page, redirect, refilling
from eservice.demo.loader import shipped_notice
from eservice.kit.errors import conflict, invalid
from eservice.kit.http import Db, Reader, Uow
from eservice.kit.media import MediaStore
from eservice.kit.media_http import Media, files_of, read_files
from eservice.kit.text import writable
from eservice.kit.thai_calendar import BUDDHIST_ERA_OFFSET, local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.office import service as offices
from eservice.office.service import OfficeFacts
from eservice.setup import departments, people, seal, starter
from eservice.setup.checklist import checklist, is_ready, read_state
from eservice.setup.departments import Row
from eservice.setup.plan import ADMINISTRATORS
from eservice.setup.steps import STEPS, Step, read_progress, step_after
from eservice.staff.permissions import Permission, Principal
from eservice.staff.queries import departments as list_departments
from knowledge.entries import service as entries
from knowledge.entries.content import category_rank

router = APIRouter(prefix="/setup")

HOME = "/admin/setup"
NEW_DEPARTMENTS = 4  # empty rows on the page of departments
TEMPLATE = "setup/step.html"

Manager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A form: its texts, the boxes that are ticked, and the file of the seal as it came."""

    texts: Mapping[str, str]
    chosen: tuple[str, ...] = ()
    seal: UploadFile | None = None

    def get(self, name: str) -> str:
        """A field; what the form lacks is empty."""
        return self.texts.get(name, "")


async def _sent(request: Request, staff: Manager) -> Sent:
    """The form, read once it is known who asks."""
    form = await request.form()
    texts = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    chosen = tuple(value for value in form.getlist("entry") if isinstance(value, str))
    files = files_of(form, "seal")
    return Sent(texts=texts, chosen=chosen, seal=files[0] if files else None)


@router.get("")
def overview(request: Request, reader: Reader, staff: Manager) -> Response:
    """Every step, and whether it was gone through."""
    progress = read_progress(reader)
    waiting = starter.waiting_count(reader)
    is_demo = offices.get_office(reader).is_demo
    return page(
        request, "setup/overview.html", steps=STEPS, progress=progress, waiting=waiting, is_demo=is_demo
    )


@router.get("/checklist")
def show_checklist(request: Request, reader: Reader, staff: Manager) -> Response:
    """What is missing before residents may come, each with where it is mended."""
    items = checklist(read_state(reader, console_of(request).settings))
    return page(request, "setup/checklist.html", items=items, ready=is_ready(items))


@router.get("/notice")
def show_notice(request: Request, reader: Reader, staff: Manager) -> Response:
    """The privacy notice in force, or the one that is shipped, to be gone through and published."""
    current = offices.current_notice(reader)
    year = local_date(reader.now).year + BUDDHIST_ERA_OFFSET
    version = _next_version(current.version if current else "", year)
    text = current.text if current else shipped_notice()
    form = {"version": version, "text": text}
    return page(request, "setup/notice.html", form=form, current=current)


@router.post("/notice")
def publish_notice(
    request: Request,
    uow: Uow,
    staff: Manager,
    version: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> Response:
    """Puts a version in force; residents hear of it at their next contact."""
    form = {"version": version, "text": text}
    with refilling(request, "setup/notice.html", form=form, current=offices.current_notice(uow)):
        offices.publish_notice(uow, version=version.strip(), text=writable(text), actor=staff.username)
    return redirect(request, f"{HOME}/checklist", flash="setup.notice_published")


@router.get("/{step}")
def show(request: Request, reader: Reader, staff: Manager, step: Step) -> Response:
    """The form of one step, with what is known."""
    return page(request, TEMPLATE, **_context(reader, step))


@router.post("/{step}", max_body_size=seal.MAX_BYTES + 2_000_000)
def save(
    request: Request,
    staff: Manager,
    sent: Annotated[Sent, Depends(_sent)],
    database: Db,
    media: Media,
    step: Step,
) -> Response:
    """Saves one step and leads on to the next."""
    with database.read() as reader:
        context = _context(reader, step, sent)
    with refilling(request, TEMPLATE, **context):
        drawn = _drawn_seal(sent)
        with ExitStack() as undo:
            key = media.put(drawn) if drawn is not None else None
            undo.callback(_forget, media, key)
            with database.unit_of_work() as uow:
                older = _save(request, uow, step, sent, key, staff)
                offices.note_step(uow, step.value, actor=staff.username)
            undo.pop_all()
        _forget(media, older)
    following = step_after(step)
    return redirect(request, f"{HOME}/{following.value}" if following else HOME, flash="setup.saved")


def _next_version(known: str, year: int) -> str:
    """The year and a number, as the notices are counted: "2569-2" after "2569-1"."""
    of_year, _, number = known.partition("-")
    is_next = of_year == str(year) and number.isdecimal() and len(number) < 5
    return f"{year}-{int(number) + 1 if is_next else 1}"


def _save(
    request: Request, uow: UnitOfWork, step: Step, sent: Sent, seal_key: str | None, staff: Principal
) -> str | None:
    """Does what the form says; returns the key of a seal that is no longer shown."""
    known = offices.facts_of(offices.get_office(uow))
    match step:
        case Step.NAME:
            facts = replace(
                known,
                name=sent.get("name"),
                header_colour=sent.get("header_colour"),
                action_colour=sent.get("action_colour"),
            )
            offices.update_office(uow, facts, actor=staff.username)
            return offices.set_seal(uow, seal_key, actor=staff.username) if seal_key else None
        case Step.PLACE:
            latitude, longitude = _place(sent.get("latitude"))
            if not sent.get("address"):
                raise invalid("setup.no_address", address="empty")
            facts = replace(known, address=sent.get("address"), latitude=latitude, longitude=longitude)
            offices.update_office(uow, facts, actor=staff.username)
        case Step.DEPARTMENTS:
            departments.save(uow, _rows(sent), actor=staff.username)
        case Step.HOURS:
            facts = replace(
                known,
                opens_at=clock_time("opens_at", sent.get("opens_at")),
                closes_at=clock_time("closes_at", sent.get("closes_at")),
                lunch_starts_at=optional_time("lunch_starts_at", sent.get("lunch_starts_at")),
                lunch_ends_at=optional_time("lunch_ends_at", sent.get("lunch_ends_at")),
                holidays=tuple(holidays_in(sent.get("holidays"))),
            )
            offices.update_office(uow, facts, actor=staff.username)
        case Step.CONTACTS:
            offices.update_office(uow, _contacts(known, sent), actor=staff.username)
        case Step.ADMINISTRATORS:
            if len(people.administrators(uow)) < ADMINISTRATORS:
                raise conflict("setup.one_administrator")
        case Step.STARTER:
            chosen = {
                name.removeprefix("department:"): int(value)
                for name, value in sent.texts.items()
                if name.startswith("department:") and value.isdecimal()
            }
            if starter.take(uow, sent.chosen, chosen, actor=staff.username):
                request.app.state.signals.notify(uow, entries.TOPIC)
        case _:
            assert_never(step)
    return None


def _contacts(known: OfficeFacts, sent: Sent) -> OfficeFacts:
    return replace(
        known,
        phone=sent.get("phone"),
        email=sent.get("email"),
        privacy_contact=sent.get("privacy_contact"),
        privacy_phone=sent.get("privacy_phone"),
        privacy_email=sent.get("privacy_email"),
    )


def _drawn_seal(sent: Sent) -> bytes | None:
    """The new seal, drawn before the transaction. Raises ServiceError as `seal.draw` does."""
    if sent.seal is None:
        return None
    (content,) = read_files([sent.seal], seal.MAX_BYTES)
    return seal.draw(content)


def _forget(media: MediaStore, key: str | None) -> None:
    if key is not None:
        media.delete([key])


def _place(text: str) -> tuple[float | None, float | None]:
    """Two numbers with a comma between, as a map shows them. Raises ServiceError `office.invalid`."""
    if not text:
        return None, None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise invalid("office.invalid", latitude="invalid") from None
    return latitude, longitude


def _rows(sent: Sent) -> list[Row]:
    """The departments as typed: those with a number for their place first, in its order."""
    found: list[tuple[int, int, Row]] = []
    names = [(name, value) for name, value in sent.texts.items() if name.startswith("name_") and value]
    for place, (field, value) in enumerate(names):
        key = field.removeprefix("name_")
        typed = sent.get(f"order_{key}")
        order = int(typed) if typed.isdecimal() and len(typed) < 4 else 1000
        found.append((order, place, Row(name=value, id=int(key) if key.isdecimal() else None)))
    return [row for _, _, row in sorted(found, key=lambda item: item[:2])]


def _context(reader: ReadOnly, step: Step, sent: Sent | None = None) -> dict[str, Any]:
    """What the page of a step shows: what is known, or what was just typed."""
    facts = offices.facts_of(offices.get_office(reader))
    has_place = facts.latitude is not None
    form = {
        "name": facts.name,
        "header_colour": facts.header_colour,
        "action_colour": facts.action_colour,
        "address": facts.address,
        "latitude": f"{facts.latitude}, {facts.longitude}" if has_place else "",
        "phone": facts.phone,
        "email": facts.email,
        "privacy_contact": facts.privacy_contact,
        "privacy_phone": facts.privacy_phone,
        "privacy_email": facts.privacy_email,
        "opens_at": time_words(facts.opens_at),
        "closes_at": time_words(facts.closes_at),
        "lunch_starts_at": time_words(facts.lunch_starts_at),
        "lunch_ends_at": time_words(facts.lunch_ends_at),
        "holidays": "\n".join(holiday_line(holiday) for holiday in facts.holidays),
    }
    if sent is not None:
        form |= sent.texts
    return {
        "step": step,
        "number": STEPS.index(step) + 1,
        "total": len(STEPS),
        "progress": read_progress(reader),
        "form": form,
        **_more(reader, step, sent),
    }


def _more(reader: ReadOnly, step: Step, sent: Sent | None) -> dict[str, Any]:
    """What single steps show besides."""
    own = list_departments(reader)
    match step:
        case Step.DEPARTMENTS:
            rows = [(str(row.id), row.name, str(place)) for place, row in enumerate(own, start=1)]
            rows += [(f"new{number}", "", "") for number in range(1, NEW_DEPARTMENTS + 1)]
            if sent is not None:
                rows = [(key, sent.get(f"name_{key}"), sent.get(f"order_{key}")) for key, _, _ in rows]
            return {"rows": rows, "departments": own, "leaders": people.leaders(reader)}
        case Step.ADMINISTRATORS:
            return {"administrators": people.administrators(reader), "needed": ADMINISTRATORS}
        case Step.STARTER:
            return {"groups": _groups(reader, sent), "choices": _choices(reader)}
        case _:
            return {}


def _groups(reader: ReadOnly, sent: Sent | None) -> list[dict[str, Any]]:
    """The starter answers by category, those that are here already aside."""
    present = starter.taken_keys(reader)
    ticked = set(sent.chosen) if sent is not None else None
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in starter.starter_entries():
        if entry.key not in present:
            row = {
                "key": entry.key,
                "question": entry.content.question,
                "department": entry.department,
                "ticked": ticked is None or entry.key in ticked,
            }
            groups.setdefault(entry.content.category, []).append(row)
    return [{"name": name, "rows": groups[name]} for name in sorted(groups, key=category_rank)]


def _choices(reader: ReadOnly) -> list[dict[str, Any]]:
    """Who looks after what the demo's departments look after: the department of that name, if there is one."""
    own = list_departments(reader)
    options = [("", "–"), *((str(row.id), row.name) for row in own)]
    by_name = {row.name: str(row.id) for row in own}
    names = dict.fromkeys(entry.department for entry in starter.starter_entries())
    return [{"name": name, "options": options, "value": by_name.get(name, "")} for name in names]
