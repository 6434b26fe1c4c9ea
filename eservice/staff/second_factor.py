"""A person's second factor: who needs one, how one is set up, and how it is taken away from outside.

What needs a code of the person's own is in `second_step`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError, conflict, invalid
from eservice.kit.sealing import Sealer
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff import queries, recovery_codes, sessions, sign_in, totp
from eservice.staff.models import RecoveryCode, SecondFactor
from eservice.staff.permissions import OFFICE_ROLES, Principal
from eservice.staff.sign_in import Browser, MustWait, PasswordTry, SignedIn, WrongPassword

PROPOSAL_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class State:
    """Since when the person has a second factor, and how many recovery codes are left."""

    enrolled_at: datetime
    codes_left: int


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A seed that the person's app is to take over. `sealed` comes back with the first code."""

    seed: str
    sealed: str


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """The second factor is set up: the browser's new session, and the recovery codes, shown this once."""

    signed_in: SignedIn
    codes: list[str]


def is_required(principal: Principal) -> bool:
    """Whether a real office lets the person in only with a second factor."""
    return any(grant.role in OFFICE_ROLES and grant.department_id is None for grant in principal.grants)


def state_of(reader: ReadOnly, account_id: int) -> State | None:
    """The second factor of an account; None without one."""
    factor = reader.session.get(SecondFactor, account_id)
    if factor is None:
        return None
    unused = RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    left = reader.session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused))
    return State(enrolled_at=factor.enrolled_at, codes_left=left or 0)


def propose(sealer: Sealer, account_id: int, *, now: datetime) -> Proposal:
    """A fresh seed for this person, or the same form once more by `proposed`."""
    seed = totp.new_seed()
    until = int((now + PROPOSAL_LIFETIME).timestamp())
    return Proposal(seed=seed, sealed=sealer.seal(f"{account_id}:{until}:{seed}"))


def proposed(sealer: Sealer, account_id: int, sealed: str, *, now: datetime) -> Proposal:
    """The proposal that a form brings back. Raises ServiceError `staff.enrolment_over` for one not in force."""
    try:
        owner, until, seed = sealer.open(sealed).split(":")
    except ServiceError:
        raise conflict("staff.enrolment_over") from None
    if int(owner) != account_id or int(until) <= now.timestamp():
        raise conflict("staff.enrolment_over")
    return Proposal(seed=seed, sealed=sealed)


def enrol(
    database: Database,
    sealer: Sealer,
    account_id: int,
    proposal: Proposal,
    *,
    code: str,
    password: str,
    browser: Browser,
) -> Enrolled | WrongPassword | MustWait:
    """Sets the second factor up once the app shows the right code; every other session ends.

    Raises ServiceError `staff.wrong_code`, `staff.has_second_factor`, `staff.not_found`.
    """
    with database.read() as reader:
        account = queries.account_by_id(reader, account_id)
        step = totp.matching_step(proposal.seed, totp.as_typed(code), at=reader.now)
    if step is None:
        raise invalid("staff.wrong_code", code="wrong")
    confirmed = sign_in.confirm_password(database, account.username, password, browser)
    if not isinstance(confirmed, PasswordTry):
        return confirmed
    codes, salt = recovery_codes.new_codes(), recovery_codes.new_salt()
    hashes = [recovery_codes.hash_code(each, salt) for each in codes]
    with database.unit_of_work() as uow:
        still = sign_in.still_confirmed(uow, account_id, confirmed)
        if still is None:
            return WrongPassword()
        factor = SecondFactor(
            account_id=account_id,
            sealed_seed=sealer.seal(proposal.seed),
            last_step=step,
            recovery_salt=salt,
            enrolled_at=uow.now,
        )
        uow.session.add(factor)
        try:
            uow.session.flush()  # of two browsers that enrol at once, one is told so here
        except IntegrityError:
            raise conflict("staff.has_second_factor") from None
        put_codes(uow, account_id, hashes)
        _record(uow, still.username, "staff.second_factor_enrolled", account_id)
        sessions.end_all(uow, account_id)
        return Enrolled(signed_in=sign_in.open_session(uow, still, browser), codes=codes)


def put_codes(uow: UnitOfWork, account_id: int, hashes: list[str]) -> None:
    """Replaces the recovery codes of an account."""
    uow.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    uow.session.add_all(RecoveryCode(account_id=account_id, code_hash=each) for each in hashes)


def reset(uow: UnitOfWork, account_id: int, *, actor: str) -> None:
    """Takes the second factor of another person away, whose phone and codes are lost; signs them out everywhere.

    Raises ServiceError `staff.not_found`, `staff.own_second_factor`, `staff.no_second_factor`.
    """
    account = queries.account_by_id(uow, account_id)
    if account.username == actor:
        raise conflict("staff.own_second_factor")
    if uow.session.get(SecondFactor, account_id) is None:
        raise conflict("staff.no_second_factor")
    take_away(uow, account_id)
    sessions.end_all(uow, account_id)
    _record(uow, actor, "staff.second_factor_reset", account_id)


def take_away(uow: UnitOfWork, account_id: int) -> None:
    """Deletes the second factor and its recovery codes."""
    uow.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    uow.session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))


def account_ids(reader: ReadOnly) -> frozenset[int]:
    """The accounts that have a second factor."""
    return frozenset(reader.session.scalars(select(SecondFactor.account_id)))


def _record(uow: UnitOfWork, actor: str, action: str, account_id: int) -> None:
    audit.record(uow, actor=actor, action=action, subject_kind="staff", subject_id=account_id)
