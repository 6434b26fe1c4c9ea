"""How the room of personal data speaks of a request: its clock, who asks and how they proved it, what is next."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.complaints.states import is_open, state_name
from eservice.kit.errors import ServiceError
from eservice.kit.sealing import Sealer
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date, thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import Contact
from eservice.operations import old_copies
from eservice.privacy import askers, national_ids, requests
from eservice.privacy.alarms import SOON
from eservice.privacy.models import Age, Asker, Identity, PrivacyRequest, RequestKind, RequestState
from eservice.staff.permissions import Principal

_TONES = {
    RequestState.OPEN: "warn",
    RequestState.ERASING: "info",
    RequestState.DONE: "done",
    RequestState.REFUSED: "neutral",
}


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """One complaint that a request made at the office is about, with the name to compare the proof with."""

    number: str
    category: str
    filed: str
    state: str
    reporter: str


@dataclass(frozen=True, kw_only=True)
class AskerRow:
    """Who asks at the office. `id_mask` shows the last digit of the national id alone."""

    came_by: str
    reach_by: str
    reach: str
    identity: str
    needs_proof: bool
    age: str
    is_below_20: bool
    guardian: str
    alone_reason: str
    cannot_yet: str  # why nothing may be done for them yet, "" where it may
    id_mask: str
    is_id_lost: bool
    cases: tuple[CaseRow, ...]
    taken_by: str
    told: str
    is_untold: bool
    is_forgotten: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request as the pages show it. One that is hidden from this person shows its clock alone."""

    id: int
    number: str
    is_hidden: bool
    kind: str
    kind_key: str
    state: str
    tone: str
    who: str
    asked: str
    due: str
    left: str
    is_late: bool
    is_soon: bool
    erase_by: str
    words: str
    outcome: str
    by: str
    is_open: bool
    is_done: bool
    is_erasure: bool
    is_answered_at_once: bool
    open_cases: int
    asker: AskerRow | None


@dataclass(frozen=True, kw_only=True)
class Copies:
    """What an erasure does not reach: `until` is when the last copy is gone that may be there now."""

    until: str
    is_too_late: bool  # for the day by which the erasure must be complete
    old: tuple[str, ...]  # paths of copies that should be gone by now


def copies_of(reader: ReadOnly, settings: Settings, request: PrivacyRequest) -> Copies | None:
    """Of an erasure that waits."""
    if request.erase_by is None or request.state not in requests.WAITING:
        return None
    until, old = old_copies.gone_by(settings, reader.now), ()
    with suppress(OSError):  # what may not be read here is for `doctor` to say
        old = tuple(str(copy.path) for copy in old_copies.too_old(settings, reader.now))
    return Copies(until=thai_date(until), is_too_late=until > request.erase_by, old=old)


def row_of(
    reader: ReadOnly,
    texts: Catalogue,
    request: PrivacyRequest,
    staff: Principal,
    sealer: Sealer | None = None,
) -> Row:
    """The request in words. Lists bring no sealer: what is sealed stays so."""
    days_left = (local_date(request.due_at) - local_date(reader.now)).days
    is_waiting = request.state in requests.WAITING
    asker = askers.find(reader, request.id)
    is_hidden = askers.is_hidden_from(reader, request, staff)
    at_once = request.kind in (RequestKind.COPY, RequestKind.WITHDRAWAL)
    return Row(
        id=request.id,
        number=requests.number(request),
        is_hidden=is_hidden,
        kind=texts.get(f"privacy.kinds.{request.kind.value}"),
        kind_key=request.kind.value,
        state=texts.get(f"privacy.states.{request.state.value}"),
        tone=_TONES[request.state],
        who="" if is_hidden else _who(reader, texts, request, asker),
        asked=_asked(reader, request, asker),
        due=thai_date(request.due_at),
        left=texts.get("privacy_room.days_left", days=max(days_left, 0)),
        is_late=is_waiting and request.due_at < reader.now,
        is_soon=is_waiting and request.due_at <= reader.now + SOON,
        erase_by=thai_date(request.erase_by) if request.erase_by else "",
        words="" if is_hidden else request.words,
        outcome=" ".join(filter(None, (request.outcome, request.law))),
        by=_by(request),
        is_open=request.state is RequestState.OPEN,
        is_done=request.state is RequestState.DONE,
        is_erasure=request.kind is RequestKind.ERASURE,
        is_answered_at_once=at_once and asker is None,
        open_cases=_open_cases(reader, request, asker),
        asker=_asker(reader, texts, request, asker, sealer) if asker and not is_hidden else None,
    )


def _asker(
    reader: ReadOnly, texts: Catalogue, request: PrivacyRequest, asker: Asker, sealer: Sealer | None
) -> AskerRow:
    mask, is_lost = "", False
    try:
        mask = national_ids.masked(reader, request.id, sealer) if sealer else ""
    except ServiceError:  # sealed under a SECRET_KEY that is gone
        is_lost = True
    return AskerRow(
        came_by=texts.get(f"privacy_office.came_by.{asker.came_by.value}"),
        reach_by=texts.get(f"privacy_office.reach_by.{asker.reach_by.value}"),
        reach=asker.reach,
        identity=texts.get(f"privacy_office.identity.{asker.identity.value}"),
        needs_proof=asker.identity is Identity.NOT_YET,
        age=texts.get(f"privacy_office.age.{asker.age.value}"),
        is_below_20=asker.age is not Age.GROWN,
        guardian=f"{asker.guardian} ({asker.relation})" if asker.guardian and asker.relation else asker.guardian,
        alone_reason=asker.alone_reason,
        cannot_yet=_cannot_yet(texts, asker),
        id_mask=mask,
        is_id_lost=is_lost,
        cases=tuple(_case(reader, texts, complaint) for complaint in askers.cases_of(reader, request)),
        taken_by=asker.taken_by,
        told=f"{thai_date(asker.told_at)} ({asker.told_by})" if asker.told_at else "",
        is_untold=request.handled_at is not None and asker.told_at is None,
        is_forgotten=not asker.name,
    )  # fmt: skip


def _cannot_yet(texts: Catalogue, asker: Asker) -> str:
    try:
        askers.may_be_done(asker)
    except ServiceError as refusal:
        return texts.get(f"errors.{refusal.code}")
    return ""


def _case(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> CaseRow:
    contact = reader.session.get(Contact, complaint.contact_id) if complaint.contact_id else None
    return CaseRow(
        number=shown(complaint.number),
        category=complaint.category,
        filed=thai_date(complaint.filed_at),
        state=state_name(texts, complaint.state, "th"),
        reporter=complaint.reporter_name or (contact.display_name if contact else None) or "",
    )


def _asked(reader: ReadOnly, request: PrivacyRequest, asker: Asker | None) -> str:
    """Of what was written down later, only the day is known."""
    is_to_the_minute = asker is None or local_date(request.asked_at) == local_date(reader.now)
    return thai_datetime(request.asked_at) if is_to_the_minute else thai_date(request.asked_at)


def _by(request: PrivacyRequest) -> str:
    at: datetime | None = request.handled_at
    return f"{request.handled_by or ''} {thai_datetime(at)}".strip() if at else ""


def _who(reader: ReadOnly, texts: Catalogue, request: PrivacyRequest, asker: Asker | None) -> str:
    if asker is not None:
        return asker.name or texts.get("privacy_room.nobody")
    if request.complaint_id is not None:
        complaint = reader.session.get_one(Complaint, request.complaint_id)
        return texts.get("privacy_room.holder_of_key", number=shown(complaint.number))
    contact = reader.session.get(Contact, request.contact_id) if request.contact_id else None
    if contact is None:
        return texts.get("privacy_room.nobody")
    name = contact.display_name or texts.get("privacy_room.no_name")
    return f"{name} ({texts.get(f'privacy_room.channel.{contact.channel.value}')})"


def _open_cases(reader: ReadOnly, request: PrivacyRequest, asker: Asker | None) -> int:
    if asker is not None or request.complaint_id is not None:
        states = [complaint.state for complaint in askers.cases_of(reader, request)]
    else:
        of_contact = Complaint.contact_id == (request.contact_id or 0)
        states = list(reader.session.scalars(select(Complaint.state).where(of_contact)))
    return sum(is_open(state) for state in states)
