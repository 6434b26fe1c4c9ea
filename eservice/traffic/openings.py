"""Opening the traffic log: an official's order, one person who asks and another who agrees.

Nobody looks into the log without. What is agreed to is open to every log custodian, for the part of the log that
the order covers and for `OPEN_FOR`.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid, not_found
from eservice.kit.text import writable
from eservice.kit.thai_calendar import at_bangkok, local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal, may, require
from eservice.traffic.models import OpeningState, TrafficOpening

OPEN_FOR = timedelta(days=7)  # from the approval
LONGEST_SPAN = timedelta(days=732)  # nothing is kept longer without an order of its own
ENDED_SHOWN = 50
MAX_REFERENCE, MAX_OFFICE, MAX_ACCOUNT, MAX_REASON = 100, 200, 100, 500


@dataclass(frozen=True, kw_only=True)
class NewOpening:
    """What is asked for. Days are Thai ones, `last` included; `None` is a day that could not be read."""

    order_reference: str
    ordered_by: str
    document_number: str
    ordered_on: date | None
    first: date | None
    last: date | None
    source: str = ""
    account: str = ""
    reason: str


def ask(uow: UnitOfWork, new: NewOpening, *, by: Principal) -> TrafficOpening:
    """Asks for an opening; another person decides.

    Raises ServiceError `staff.forbidden`, `traffic.bad_opening` with its fields.
    """
    require(by, Permission.TRAFFIC_READ)
    faults = _faults(new, local_date(uow.now))
    if faults:
        raise invalid("traffic.bad_opening", **faults)
    assert new.ordered_on is not None and new.first is not None and new.last is not None
    opening = TrafficOpening(
        order_reference=_words(new.order_reference, MAX_REFERENCE),
        ordered_by=_words(new.ordered_by, MAX_OFFICE),
        document_number=_words(new.document_number, MAX_REFERENCE),
        ordered_on=new.ordered_on,
        covers_from=at_bangkok(new.first, time()),
        covers_to=at_bangkok(new.last + timedelta(days=1), time()),
        source=str(ipaddress.ip_address(new.source.strip())) if new.source.strip() else "",
        account=_words(new.account, MAX_ACCOUNT),
        reason=_words(new.reason, MAX_REASON),
        state=OpeningState.WAITING,
        asked_at=uow.now,
        asked_by=by.username,
    )
    uow.session.add(opening)
    uow.session.flush()  # the audit names it by id
    _record(uow, opening, "traffic.opening_asked", by, _order_of(opening))
    return opening


def approve(uow: UnitOfWork, opening_id: int, *, by: Principal) -> TrafficOpening:
    """Opens what was asked for, from now on for `OPEN_FOR`.

    Raises ServiceError `staff.forbidden`, `traffic.no_opening`, `traffic.own_opening` (one person is not two),
    `traffic.opening_decided`.
    """
    opening = _to_decide(uow, opening_id, by)
    until = uow.now + OPEN_FOR
    opening.state, opening.until = OpeningState.APPROVED, until
    opening.decided_at, opening.decided_by = uow.now, by.username
    after = {**_order_of(opening), "asked_by": opening.asked_by, "until": until.isoformat()}
    _record(uow, opening, "traffic.opening_approved", by, after)
    return opening


def refuse(uow: UnitOfWork, opening_id: int, reason: str, *, by: Principal) -> TrafficOpening:
    """Says no, for good. Raises as `approve` does, and ServiceError `traffic.no_refusal_reason`."""
    opening = _to_decide(uow, opening_id, by)
    if not reason.strip():
        raise invalid("traffic.no_refusal_reason", reason="empty")
    opening.state, opening.refusal = OpeningState.REFUSED, _words(reason, MAX_REASON)
    opening.decided_at, opening.decided_by = uow.now, by.username
    _record(uow, opening, "traffic.opening_refused", by, {"asked_by": opening.asked_by})
    return opening


def close(uow: UnitOfWork, opening_id: int, *, by: Principal) -> TrafficOpening:
    """Ends it before its time: whoever asked, also while it waits; or one who may approve.

    Raises ServiceError `traffic.no_opening`, `staff.forbidden`, `traffic.opening_over`.
    """
    opening = _locked(uow, opening_id)
    is_asker = by.username == opening.asked_by
    if not is_asker and not may(by, Permission.TRAFFIC_APPROVE):
        raise ServiceError("staff.forbidden", ErrorKind.FORBIDDEN)
    is_waiting = opening.state is OpeningState.WAITING
    if not is_in_force(opening, uow.now) and not (is_waiting and is_asker):
        raise conflict("traffic.opening_over")
    opening.state, opening.closed_at, opening.closed_by = OpeningState.CLOSED, uow.now, by.username
    _record(uow, opening, "traffic.opening_closed", by, {})
    return opening


def get_opening(reader: ReadOnly, opening_id: int) -> TrafficOpening:
    """One opening. Raises ServiceError `traffic.no_opening`."""
    opening = reader.session.get(TrafficOpening, opening_id)
    if opening is None:
        raise not_found("traffic.no_opening")
    return opening


def in_force(reader: ReadOnly, opening_id: int, *, begin: datetime, end: datetime) -> TrafficOpening:
    """The opening by which the rows of [begin, end) may be looked at now.

    Raises ServiceError `traffic.no_opening`, `traffic.opening_waits`, `traffic.opening_refused`,
    `traffic.opening_over`, `traffic.outside_opening`.
    """
    opening = get_opening(reader, opening_id)
    if opening.state is OpeningState.WAITING:
        raise conflict("traffic.opening_waits")
    if opening.state is OpeningState.REFUSED:
        raise conflict("traffic.opening_refused")
    if not is_in_force(opening, reader.now):
        raise conflict("traffic.opening_over")
    if not opening.covers_from <= begin < end <= opening.covers_to:
        raise invalid("traffic.outside_opening", to="invalid")
    return opening


def is_in_force(opening: TrafficOpening, now: datetime) -> bool:
    """Whether it was approved, and is neither closed nor over."""
    return opening.state is OpeningState.APPROVED and opening.until is not None and now < opening.until


def waiting(reader: ReadOnly) -> Sequence[TrafficOpening]:
    """Those that wait for a second person, oldest first."""
    return reader.session.scalars(
        select(TrafficOpening).where(TrafficOpening.state == OpeningState.WAITING).order_by(TrafficOpening.id)
    ).all()


def waiting_count(reader: ReadOnly, username: str) -> int:
    """How many wait that this person may decide on."""
    return reader.session.scalars(
        select(func.count())
        .select_from(TrafficOpening)
        .where(TrafficOpening.state == OpeningState.WAITING, TrafficOpening.asked_by != username)
    ).one()


def open_now(reader: ReadOnly) -> Sequence[TrafficOpening]:
    """Those in force, the first to end first."""
    return reader.session.scalars(
        select(TrafficOpening)
        .where(TrafficOpening.state == OpeningState.APPROVED, TrafficOpening.until > reader.now)
        .order_by(TrafficOpening.until, TrafficOpening.id)
    ).all()


def ended(reader: ReadOnly) -> Sequence[TrafficOpening]:
    """The newest that were refused or closed, or are over by themselves."""
    lives = (TrafficOpening.state == OpeningState.WAITING) | (
        (TrafficOpening.state == OpeningState.APPROVED) & (TrafficOpening.until > reader.now)
    )
    return reader.session.scalars(
        select(TrafficOpening).where(~lives).order_by(TrafficOpening.id.desc()).limit(ENDED_SHOWN)
    ).all()


def _to_decide(uow: UnitOfWork, opening_id: int, by: Principal) -> TrafficOpening:
    require(by, Permission.TRAFFIC_APPROVE)
    opening = _locked(uow, opening_id)
    if opening.asked_by == by.username:
        raise ServiceError("traffic.own_opening", ErrorKind.FORBIDDEN)
    if opening.state is not OpeningState.WAITING:
        raise conflict("traffic.opening_decided")
    return opening


def _locked(uow: UnitOfWork, opening_id: int) -> TrafficOpening:
    """Locked, so that of two who decide at once the second one sees what the first decided."""
    opening = uow.session.get(TrafficOpening, opening_id, with_for_update=True)
    if opening is None:
        raise not_found("traffic.no_opening")
    return opening


def _faults(new: NewOpening, today: date) -> dict[str, str]:
    needed = {
        "reference": new.order_reference,
        "ordered_by": new.ordered_by,
        "document": new.document_number,
        "reason": new.reason,
    }
    faults = {field: "empty" for field, words in needed.items() if not writable(words).strip()}
    if new.ordered_on is None or new.ordered_on > today:
        faults["ordered_on"] = "invalid"
    if new.first is None or new.first > today:
        faults["from"] = "invalid"
    elif new.last is None or not new.first <= new.last <= min(today, new.first + LONGEST_SPAN):
        faults["to"] = "invalid"
    if new.source.strip() and not _is_address(new.source.strip()):
        faults["source"] = "invalid"
    return faults


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _words(text: str, longest: int) -> str:
    return writable(text).strip()[:longest]


def _order_of(opening: TrafficOpening) -> dict[str, object]:
    """What the audit keeps: the order and what it covers. The reasons are in the table, for they may name people."""
    return {
        "case": opening.order_reference,
        "ordered_by": opening.ordered_by,
        "document": opening.document_number,
        "ordered_on": opening.ordered_on.isoformat(),
        "from": opening.covers_from.isoformat(),
        "to": opening.covers_to.isoformat(),
        "source": opening.source,
        "account": opening.account,
    }


def _record(
    uow: UnitOfWork, opening: TrafficOpening, action: str, by: Principal, after: dict[str, object]
) -> None:
    audit.record(
        uow,
        actor=by.username,
        action=action,
        subject_kind="traffic_opening",
        subject_id=opening.id,
        after=after,
    )
