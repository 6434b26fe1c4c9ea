"""Requests made at the counter, by letter or on the telephone: taken down, proved, and their outcome told.

The law binds the office whatever the form of a request. No chat is there: staff tell the person, and note it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import delete, select

from eservice.complaints import cases
from eservice.complaints.models import Complaint
from eservice.kit import audit
from eservice.kit.errors import ServiceError, conflict, invalid
from eservice.kit.sealing import Sealer
from eservice.kit.text import writable
from eservice.kit.thai_calendar import arabic_digits, at_bangkok, local_date
from eservice.kit.thai_ids import read_citizen_id, without_citizen_ids
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.privacy import askers, copies, national_ids, requests
from eservice.privacy.copies import Copy
from eservice.privacy.models import (
    Age,
    Asker,
    CameBy,
    Identity,
    PrivacyRequest,
    ReachBy,
    RequestCase,
    RequestKind,
    RequestState,
)
from eservice.staff.permissions import Principal

OLDEST = timedelta(days=365)  # since when a request may have come: further back, the year is mistyped
MOST_CASES = 20
_BETWEEN = re.compile(r"[,;\n、]+")
_PHONE = re.compile(r"0\d{8,9}")
_LEAST_ADDRESS = 10  # characters: less leads no letter anywhere
_LENGTHS = {"name": 200, "reach": 500, "guardian": 200, "relation": 100, "alone_reason": 500}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What shows that a person may ask, as typed; None is a choice not made.

    `cases` are numbers of complaints, with commas or on lines of their own. An empty `national_id` changes
    nothing.
    """

    identity: Identity | None
    age: Age | None
    guardian: str = ""
    relation: str = ""
    alone_reason: str = ""
    cases: str = ""
    national_id: str = ""


@dataclass(frozen=True, kw_only=True)
class NewRequest(Proof):
    """A request as the clerk writes it down. `received` is the day on which it reached the office."""

    kind: RequestKind | None
    came_by: CameBy | None
    name: str
    reach_by: ReachBy | None
    reach: str
    words: str = ""
    received: date | None


def take(uow: UnitOfWork, new: NewRequest, *, by: Principal, sealer: Sealer) -> PrivacyRequest:
    """Takes a request down; its clock runs from the day on which it came.

    The same one sent twice is one. Raises ServiceError `privacy.bad_asker` with every field that is wrong.
    """
    about, faults = _proof_faults(uow, new, by)
    faults |= _faults(uow, new)
    if faults or not (
        new.kind and new.came_by and new.reach_by and new.identity and new.age and new.received
    ):
        raise invalid("privacy.bad_asker", **faults)
    today = local_date(uow.now)
    asked_at = uow.now if new.received == today else at_bangkok(new.received, time.min)
    asker = Asker(
        came_by=new.came_by,
        name=_line(new.name),
        reach_by=new.reach_by,
        reach=_phone(new.reach) if new.reach_by is ReachBy.TELEPHONE else _line(new.reach),
        identity=new.identity,
        age=new.age,
        guardian=_line(new.guardian),
        relation=_line(new.relation),
        alone_reason=_line(new.alone_reason),
        taken_by=by.username,
    )
    request = PrivacyRequest(
        kind=new.kind,
        state=RequestState.OPEN,
        words=_words(new.words),
        asked_at=asked_at,
        due_at=asked_at + requests.ANSWER_WITHIN,
        erase_by=asked_at + requests.ERASE_WITHIN if new.kind is RequestKind.ERASURE else None,
    )
    if known := _same(uow, request, asker, about):
        return known
    uow.session.add(request)
    uow.session.flush()  # who asks and the cases are kept under its id
    asker.request_id = request.id
    uow.session.add(asker)
    _name_cases(uow, request.id, about)
    uow.session.flush()  # a sealed number belongs to somebody who asks
    national_ids.seal(uow, request.id, new.national_id, by=by.username, sealer=sealer)
    _audit(uow, request, asker, "taken", by.username)
    return request


def prove(uow: UnitOfWork, request_id: int, proof: Proof, *, by: Principal, sealer: Sealer) -> PrivacyRequest:
    """Writes down what was shown since, and the cases that it turned out to be about.

    Raises ServiceError `privacy.not_found`, `privacy.decided`, `privacy.bad_asker`.
    """
    request, asker = _locked(uow, request_id)
    if request.state is not RequestState.OPEN:
        raise conflict("privacy.decided")
    named = frozenset(complaint.id for complaint in askers.cases_of(uow, request))
    about, faults = _proof_faults(uow, proof, by, named)
    if faults or not (proof.identity and proof.age):
        raise invalid("privacy.bad_asker", **faults)
    asker.identity, asker.age = proof.identity, proof.age
    asker.guardian, asker.relation = _line(proof.guardian), _line(proof.relation)
    asker.alone_reason = _line(proof.alone_reason)
    uow.session.execute(delete(RequestCase).where(RequestCase.request_id == request_id))
    _name_cases(uow, request_id, about)
    national_ids.seal(uow, request_id, proof.national_id, by=by.username, sealer=sealer)
    _audit(uow, request, asker, "proved", by.username)
    return request


def give_copy(uow: UnitOfWork, request_id: int, *, by: str) -> Copy:
    """What is handed over at the counter. Every opening is on record, with the request and with each case.

    Raises ServiceError `privacy.not_found`, `privacy.copy_closed`.
    """
    request, asker = _locked(uow, request_id)
    copy = copies.copy_for_asker(uow, request)
    for complaint in askers.cases_of(uow, request):
        audit.record(
            uow, actor=by, action="complaint.exported", subject_kind="complaint", subject_id=complaint.id
        )
    _audit(uow, request, asker, "copy_given", by)
    return copy


def note_told(uow: UnitOfWork, request_id: int, told_on: date | None, *, by: str) -> PrivacyRequest:
    """Notes on which day the person was told the outcome. Their national id has served and goes.

    Raises ServiceError `privacy.not_found`, `privacy.not_decided`, `privacy.told_already`, `privacy.bad_told`
    for a day before the decision or one to come.
    """
    request, asker = _locked(uow, request_id)
    if request.handled_at is None:
        raise conflict("privacy.not_decided")
    if asker.told_at is not None:
        raise conflict("privacy.told_already")
    today = local_date(uow.now)
    if told_on is None or not local_date(request.handled_at) <= told_on <= today:
        raise invalid("privacy.bad_told", told_on="invalid")
    asker.told_at = uow.now if told_on == today else max(request.handled_at, at_bangkok(told_on, time.min))
    asker.told_by = by
    national_ids.forget(uow, [request_id])
    _audit(uow, request, asker, "told", by)
    return request


def forget(uow: UnitOfWork, request_id: int, *, by: str) -> PrivacyRequest:
    """Forgets who asked, because they want it so; that somebody did, and what was decided, stays.

    Raises ServiceError `privacy.not_found`, `privacy.not_told` while they are still to be told.
    """
    request, asker = _locked(uow, request_id)
    if asker.told_at is None:
        raise conflict("privacy.not_told")
    askers.empty(uow, [request_id])
    uow.session.refresh(asker)
    request.words = ""
    _audit(uow, request, asker, "asker_forgotten", by)
    return request


def untold(reader: ReadOnly) -> Sequence[PrivacyRequest]:
    """What is decided and not told yet, the longest waiting first."""
    return reader.session.scalars(
        select(PrivacyRequest)
        .join(Asker, Asker.request_id == PrivacyRequest.id)
        .where(requests.IS_UNTOLD)
        .order_by(PrivacyRequest.handled_at, PrivacyRequest.id)
    ).all()


def _locked(uow: UnitOfWork, request_id: int) -> tuple[PrivacyRequest, Asker]:
    asker = askers.get(uow, request_id)
    request = uow.session.get_one(PrivacyRequest, request_id, with_for_update=True)
    uow.session.refresh(asker)  # as it is now, not as it was read before the lock
    return request, asker


def _same(
    reader: ReadOnly, new: PrivacyRequest, asker: Asker, about: Sequence[Complaint]
) -> PrivacyRequest | None:
    """The open request of which this is the form sent a second time."""
    found = reader.session.scalars(
        select(PrivacyRequest)
        .join(Asker, Asker.request_id == PrivacyRequest.id)
        .where(
            PrivacyRequest.kind == new.kind,
            PrivacyRequest.state == RequestState.OPEN,
            PrivacyRequest.words == new.words,
            Asker.name == asker.name,
            Asker.reach == asker.reach,
        )
    )
    day, cases_now = local_date(new.asked_at), {each.id for each in about}
    for each in found:
        cases_then = {complaint.id for complaint in askers.cases_of(reader, each)}
        if local_date(each.asked_at) == day and cases_now <= cases_then:  # more may have been named since
            return each
    return None


def _name_cases(uow: UnitOfWork, request_id: int, about: Sequence[Complaint]) -> None:
    uow.session.add_all(RequestCase(request_id=request_id, complaint_id=each.id) for each in about)


def _faults(reader: ReadOnly, new: NewRequest) -> dict[str, str]:
    today = local_date(reader.now)
    chosen = {"kind": new.kind, "came_by": new.came_by, "reach_by": new.reach_by}
    faults = {field: "empty" for field, choice in chosen.items() if choice is None}
    if not _line(new.name):
        faults["name"] = "empty"
    if new.reach_by is ReachBy.TELEPHONE and not _PHONE.fullmatch(_phone(new.reach)):
        faults["reach"] = "invalid"
    if new.reach_by is ReachBy.ADDRESS and len(_line(new.reach)) < _LEAST_ADDRESS:
        faults["reach"] = "invalid"
    if new.kind is RequestKind.CORRECTION and not _words(new.words):
        faults["words"] = "empty"
    if new.received is None or not today - OLDEST <= new.received <= today:
        faults["received"] = "invalid"
    return faults | {
        field: "too_long" for field in ("name", "reach") if len(getattr(new, field)) > _LENGTHS[field]
    }


def _proof_faults(
    reader: ReadOnly, proof: Proof, by: Principal, named: frozenset[int] = frozenset()
) -> tuple[Sequence[Complaint], dict[str, str]]:
    about = _named(reader, proof.cases, by, named)
    chosen = {"identity": proof.identity, "age": proof.age}
    faults = {field: "empty" for field, choice in chosen.items() if choice is None}
    if about is None:
        faults["cases"] = "unknown"
    elif proof.identity is Identity.CASE_KEY and not about:
        faults["cases"] = "empty"
    if proof.identity is Identity.ATTORNEY and not _line(proof.guardian):
        faults["guardian"] = "empty"
    if proof.national_id.strip() and read_citizen_id(proof.national_id) is None:
        faults["national_id"] = "invalid"
    for field in ("guardian", "relation", "alone_reason"):
        if len(getattr(proof, field)) > _LENGTHS[field]:
            faults[field] = "too_long"
    return about or (), faults


def _named(reader: ReadOnly, typed: str, by: Principal, named: frozenset[int]) -> Sequence[Complaint] | None:
    """The complaints of these numbers; None when one is not there, or not for this person to know of.

    They know of those that the request names already: whoever is accused and handles it all the same, because
    nobody else can, must not lose its cases.
    """
    numbers = [number for number in _BETWEEN.split(typed) if number.strip()]
    if len(numbers) > MOST_CASES:
        return None
    found: dict[int, Complaint] = {}
    for number in numbers:
        try:
            complaint = cases.by_number(reader, number)
        except ServiceError:
            return None
        if complaint.id not in named and cases.accuses(reader, complaint.id, by):
            return None
        found[complaint.id] = complaint
    return list(found.values())


def _line(text: str) -> str:
    """One line. The sealed number is the only place for the digits of a card."""
    return without_citizen_ids(" ".join(writable(text).split()))


def _words(text: str) -> str:
    return without_citizen_ids(writable(text).strip())[: requests.MAX_WORDS]


def _phone(text: str) -> str:
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", arabic_digits(text))
    return f"0{digits[3:]}" if digits.startswith("+66") else digits


def _audit(uow: UnitOfWork, request: PrivacyRequest, asker: Asker, verb: str, actor: str) -> None:
    """What was done; not by whom it was asked."""
    audit.record(
        uow, actor=actor, action=f"privacy.{verb}", subject_kind="privacy_request", subject_id=request.id,
        after={
            "kind": request.kind.value,
            "came_by": asker.came_by.value,
            "identity": asker.identity.value,
            "age": asker.age.value,
        },
    )  # fmt: skip
