"""What asks for a code of the person's own: the second step of signing in, new recovery codes, doing without.

A code is six digits of the app or one of the recovery codes; each is good once. As with passwords, tries are
counted before they are looked at, and nothing slow happens inside a transaction.
"""

from dataclasses import dataclass

from sqlalchemy import update

from eservice.kit import audit, security_log
from eservice.kit.database import Database
from eservice.kit.errors import conflict
from eservice.kit.sealing import Sealer
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff import queries, recovery_codes, second_factor, sessions, sign_in, totp
from eservice.staff.models import RecoveryCode, SecondFactor, StaffAccount
from eservice.staff.sign_in import Browser, MustWait, SignedIn


@dataclass(frozen=True, kw_only=True)
class WrongCode:
    """No code of this person, or one that is used up."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A counted try at a code, and what the code is compared with."""

    attempt_id: int
    sealed_seed: str
    last_step: int
    recovery_salt: str


@dataclass(frozen=True, kw_only=True)
class _Right:
    """A code that is right as far as can be seen before it is used up: by its half minute, or by its hash."""

    attempt_id: int
    step: int | None = None
    sealed_seed: str = ""  # sealed anew, so that it outlives a former SECRET_KEY
    code_hash: str = ""


def enter_code(
    database: Database, sealer: Sealer, token: str, code: str, browser: Browser
) -> SignedIn | WrongCode | MustWait:
    """Ends a sign-in that waits for its code.

    Raises ServiceError `staff.second_step_over` when the password must be given again; `staff.busy`.
    """
    with database.unit_of_work() as uow:
        account = sessions.account_of_pending(uow, token)
        asked = _ask(uow, account, browser)
        if isinstance(asked, MustWait):
            return asked
        sessions.count_pending_try(uow, token)
    right = _look_at(database, sealer, asked, code)
    if isinstance(right, WrongCode):
        security_log.refused("staff.wrong_code", account_id=account.id)
        return right
    with database.unit_of_work() as uow:
        still = sign_in.still_enabled(uow, account.id)
        if still is None or not _use_up(uow, still, right):
            return WrongCode()
        sessions.close_pending(uow, token)
        return sign_in.open_session(uow, still, browser)


def renew_codes(
    database: Database, sealer: Sealer, account_id: int, code: str, browser: Browser
) -> list[str] | WrongCode | MustWait:
    """A new set of recovery codes, shown this once; the old ones open nothing more.

    Raises ServiceError `staff.no_second_factor`, `staff.not_found`.
    """
    right = _prove(database, sealer, account_id, code, browser)
    if not isinstance(right, _Right):
        return right
    codes, salt = recovery_codes.new_codes(), recovery_codes.new_salt()
    hashes = [recovery_codes.hash_code(each, salt) for each in codes]
    with database.unit_of_work() as uow:
        account = sign_in.still_enabled(uow, account_id)
        if account is None or not _use_up(uow, account, right):
            return WrongCode()
        uow.session.get_one(SecondFactor, account_id).recovery_salt = salt
        second_factor.put_codes(uow, account_id, hashes)
        _record(uow, account, "staff.recovery_codes_renewed")
        return codes


def remove(
    database: Database, sealer: Sealer, account_id: int, code: str, browser: Browser
) -> SignedIn | WrongCode | MustWait:
    """Does without the second factor, e.g. to set it up on another phone; every other session ends.

    Raises ServiceError `staff.no_second_factor`, `staff.not_found`.
    """
    right = _prove(database, sealer, account_id, code, browser)
    if not isinstance(right, _Right):
        return right
    with database.unit_of_work() as uow:
        account = sign_in.still_enabled(uow, account_id)
        if account is None or not _use_up(uow, account, right):
            return WrongCode()
        second_factor.take_away(uow, account_id)
        sessions.end_all(uow, account_id)
        _record(uow, account, "staff.second_factor_removed")
        return sign_in.open_session(uow, account, browser)


def _prove(
    database: Database, sealer: Sealer, account_id: int, code: str, browser: Browser
) -> _Right | WrongCode | MustWait:
    with database.unit_of_work() as uow:
        asked = _ask(uow, queries.account_by_id(uow, account_id), browser)
    if isinstance(asked, MustWait):
        return asked
    right = _look_at(database, sealer, asked, code)
    if isinstance(right, WrongCode):
        security_log.refused("staff.wrong_code", account_id=account_id)
    return right


def _ask(uow: UnitOfWork, account: StaffAccount, browser: Browser) -> _Asked | MustWait:
    factor = uow.session.get(SecondFactor, account.id)
    if factor is None:
        raise conflict("staff.no_second_factor")
    # A space is in no username, so that codes and passwords are counted apart.
    attempt_id = sign_in.begin_try(uow, account.username, browser, counted_as=f"{account.username} code")
    if isinstance(attempt_id, MustWait):
        return attempt_id
    return _Asked(
        attempt_id=attempt_id,
        sealed_seed=factor.sealed_seed,
        last_step=factor.last_step,
        recovery_salt=factor.recovery_salt,
    )


def _look_at(database: Database, sealer: Sealer, asked: _Asked, code: str) -> _Right | WrongCode:
    typed = totp.as_typed(code)
    if len(typed) == recovery_codes.LENGTH:
        hashed = recovery_codes.hash_code(typed, asked.recovery_salt)
        return _Right(attempt_id=asked.attempt_id, code_hash=hashed)
    if len(typed) != totp.DIGITS:
        return WrongCode()
    seed = sealer.open(asked.sealed_seed)
    with database.read() as reader:
        step = totp.matching_step(seed, typed, at=reader.now, after=asked.last_step)
    if step is None:
        return WrongCode()
    return _Right(attempt_id=asked.attempt_id, step=step, sealed_seed=sealer.renew(asked.sealed_seed))


def _use_up(uow: UnitOfWork, account: StaffAccount, right: _Right) -> bool:
    """Makes the code useless from now on. Two uses at once: one of them is refused."""
    if right.step is not None:
        used = uow.session.execute(
            update(SecondFactor)
            .where(SecondFactor.account_id == account.id, SecondFactor.last_step < right.step)
            .values(last_step=right.step, sealed_seed=right.sealed_seed)
            .returning(SecondFactor.account_id)
        ).one_or_none()
    else:
        used = uow.session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.account_id == account.id,
                RecoveryCode.code_hash == right.code_hash,
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=uow.now)
            .returning(RecoveryCode.id)
        ).one_or_none()
        if used is not None:
            _record(uow, account, "staff.recovery_code_used")
    if used is None:
        security_log.refused("staff.wrong_code", account_id=account.id)
        return False
    sign_in.mark_succeeded(uow, right.attempt_id)
    return True


def _record(uow: UnitOfWork, account: StaffAccount, action: str) -> None:
    audit.record(uow, actor=account.username, action=action, subject_kind="staff", subject_id=account.id)
