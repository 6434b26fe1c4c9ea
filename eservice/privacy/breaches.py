"""Incidents with personal data: noted, counted down to the PDPC's 72 hours, told to people, closed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import conflict, invalid, not_found
from eservice.kit.text import writable
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.privacy.models import Breach, BreachRisk

REPORT_WITHIN = timedelta(hours=72)  # PDPA s.37(4)
LATE_UNTIL = timedelta(days=15)  # with a reason, from when it was noticed
MAX_WORDS = 4_000


@dataclass(frozen=True, kw_only=True)
class NewBreach:
    """What is noted of an incident."""

    noticed_at: datetime
    what: str
    data: str
    people: int
    risk: BreachRisk


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How the 72 hours stand. `left` is negative once they are over."""

    is_running: bool
    left: timedelta
    is_late: bool
    is_past_excuse: bool  # over fifteen days


def note(uow: UnitOfWork, new: NewBreach, *, by: str) -> Breach:
    """Notes an incident. Raises ServiceError `privacy.bad_breach` with its fields."""
    faults: dict[str, str] = {}
    if new.noticed_at > uow.now:
        faults["noticed_at"] = "invalid"
    for field, words in (("what", new.what), ("data", new.data)):
        if not words.strip():
            faults[field] = "empty"
    if not 0 <= new.people <= 10_000_000:
        faults["people"] = "invalid"
    if faults:
        raise invalid("privacy.bad_breach", **faults)
    breach = Breach(
        **{**asdict(new), "what": _words(new.what), "data": _words(new.data)},
        created_by=by,
        created_at=uow.now,
    )
    uow.session.add(breach)
    uow.session.flush()  # the audit names it
    _audit(uow, breach, "noted", by, {"risk": new.risk.value, "people": new.people})
    return breach


def report(uow: UnitOfWork, breach_id: int, late_reason: str, *, by: str) -> None:
    """Says that the PDPC has been told, now; after 72 hours only with the reason why it is late.

    After the fifteenth day no reason excuses it; it is taken all the same, and marked.

    Raises ServiceError `privacy.not_found`, `privacy.breach_decided`, `privacy.needs_late_reason`.
    """
    breach = _open(uow, breach_id)
    if breach.reported_at is not None:
        raise conflict("privacy.breach_decided")
    if clock(breach, uow.now).is_late and not late_reason.strip():
        raise invalid("privacy.needs_late_reason", late_reason="empty")
    breach.reported_at, breach.late_reason = uow.now, _words(late_reason)
    stood = clock(breach, uow.now)
    _audit(uow, breach, "reported", by, {"late": stood.is_late, "past_excuse": stood.is_past_excuse})


def tell_people(uow: UnitOfWork, breach_id: int, words: str, *, by: str) -> None:
    """Says that the people were told, and in which words. Raises ServiceError `privacy.no_words` and as above."""
    breach = _open(uow, breach_id)
    if not words.strip():
        raise invalid("privacy.no_words", words="empty")
    breach.told_at, breach.told_words = uow.now, _words(words)
    _audit(uow, breach, "people_told", by, {})


def close(uow: UnitOfWork, breach_id: int, measures: str, *, by: str) -> None:
    """Ends the work on it, with what was done so that it does not come again.

    Raises ServiceError `privacy.no_words`, `privacy.breach_unreported` while those who must be told have not
    been, and as above.
    """
    breach = _open(uow, breach_id)
    if not measures.strip():
        raise invalid("privacy.no_words", measures="empty")
    lacks_report = breach.risk is not BreachRisk.NONE and breach.reported_at is None
    if lacks_report or (breach.risk is BreachRisk.HIGH and breach.told_at is None):
        raise conflict("privacy.breach_unreported")
    breach.closed_at, breach.measures = uow.now, _words(measures)
    _audit(uow, breach, "closed", by, {})


def all_breaches(reader: ReadOnly) -> Sequence[Breach]:
    """Every incident, open ones first, newest first."""
    return reader.session.scalars(
        select(Breach).order_by(Breach.closed_at.is_not(None), Breach.noticed_at.desc(), Breach.id.desc())
    ).all()


def running(reader: ReadOnly) -> Sequence[Breach]:
    """The incidents of which the PDPC is still to be told, the one noticed first before all."""
    return reader.session.scalars(
        select(Breach)
        .where(Breach.closed_at.is_(None), Breach.reported_at.is_(None), Breach.risk != BreachRisk.NONE)
        .order_by(Breach.noticed_at, Breach.id)
    ).all()


def get_breach(reader: ReadOnly, breach_id: int) -> Breach:
    """One incident. Raises ServiceError `privacy.not_found`."""
    breach = reader.session.get(Breach, breach_id)
    if breach is None:
        raise not_found("privacy.not_found")
    return breach


def clock(breach: Breach, now: datetime) -> Clock:
    """The 72 hours of an incident at an instant; they stop with the report."""
    at = breach.reported_at or now
    return Clock(
        is_running=breach.reported_at is None and breach.risk is not BreachRisk.NONE,
        left=breach.noticed_at + REPORT_WITHIN - at,
        is_late=at > breach.noticed_at + REPORT_WITHIN,
        is_past_excuse=at > breach.noticed_at + LATE_UNTIL,
    )


def _open(uow: UnitOfWork, breach_id: int) -> Breach:
    breach = uow.session.get(Breach, breach_id, with_for_update=True)
    if breach is None:
        raise not_found("privacy.not_found")
    if breach.closed_at is not None:
        raise conflict("privacy.breach_decided")
    return breach


def _words(words: str) -> str:
    return writable(words).strip()[:MAX_WORDS]


def _audit(uow: UnitOfWork, breach: Breach, verb: str, actor: str, after: dict[str, object]) -> None:
    audit.record(
        uow, actor=actor, action=f"breach.{verb}", subject_kind="breach", subject_id=breach.id, after=after
    )
