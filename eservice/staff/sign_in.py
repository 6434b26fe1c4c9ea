"""Signing in, and everything that needs a password.

These functions take the database, not a unit of work: between the transactions they hash, which takes too
long to hold one open.
"""

from dataclasses import dataclass

import structlog
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.unit_of_work import UnitOfWork
from eservice.office.models import Office
from eservice.staff import passwords, queries, sessions, throttling
from eservice.staff.accounts import USERNAME
from eservice.staff.models import SignInAttempt, StaffAccount

PRODUCT_NAMES = ("phueanban", "เพื่อนบ้าน")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Where a request comes from. `session_token` is the cookie it carries already, which ends at sign-in."""

    address: str
    user_agent: str = ""
    session_token: str = ""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The session's cookie value."""

    token: str


@dataclass(frozen=True, kw_only=True)
class WrongPassword:
    """Name and password do not go together; which of the two is wrong is not said."""


@dataclass(frozen=True, kw_only=True)
class MustWait:
    """Too many failures: nothing was tried."""

    seconds: int


@dataclass(frozen=True, kw_only=True)
class _Try:
    attempt_id: int
    account_id: int | None
    password_hash: str | None


def sign_in(
    database: Database, username: str, password: str, browser: Browser
) -> SignedIn | WrongPassword | MustWait:
    """Signs in with name and password. Raises ServiceError `staff.busy` when too many try at once.

    An unknown name, a disabled account and one without a password take as long as a wrong password.
    """
    begun = _begin(database, username.strip().lower(), browser)
    if isinstance(begun, MustWait):
        return begun
    if not passwords.verify(password, begun.password_hash) or begun.account_id is None:
        log.warning("staff.sign_in_failed", account_id=begun.account_id)
        return WrongPassword()
    with database.unit_of_work() as uow:
        _mark_succeeded(uow, begun)
        account = _still_enabled(uow, begun.account_id)
        if account is None or account.password_hash != begun.password_hash:
            return WrongPassword()  # disabled, or given another password, while we hashed
        log.info("staff.signed_in", account_id=account.id)
        return SignedIn(token=_open(uow, account, browser))


def sign_in_with_link(database: Database, token: str, browser: Browser) -> SignedIn:
    """Signs in to a demo account with its one-time link, without choosing a password.

    Raises ServiceError `staff.link_dead`; `staff.not_demo` for an account of a real office, whose link leads
    to a password only.
    """
    with database.unit_of_work() as uow:
        account = sessions.use_link(uow, token)
        if not account.is_demo:
            raise ServiceError("staff.not_demo", ErrorKind.FORBIDDEN)
        audit.record(
            uow, actor=account.username, action="staff.link_used", subject_kind="staff", subject_id=account.id
        )
        return SignedIn(token=_open(uow, account, browser))


def choose_password(database: Database, token: str, password: str, browser: Browser) -> SignedIn:
    """Uses a one-time link up: sets the password, ends all sessions and signs in.

    Raises ServiceError `staff.link_dead` and those of `passwords.check_password`.
    """
    with database.read() as reader:
        account = sessions.account_of_link(reader, token)
        own_words = _own_words(account, reader.session.get(Office, 1))
    password_hash = passwords.hash_password(passwords.check_password(password, own_words))
    with database.unit_of_work() as uow:
        account = sessions.use_link(uow, token)
        return _set_password(uow, account, password_hash, "staff.password_chosen", browser)


def change_password(
    database: Database, account_id: int, current: str, new: str, browser: Browser
) -> SignedIn | WrongPassword | MustWait:
    """Changes one's own password; every other session ends and this one gets a new cookie.

    Raises ServiceError `staff.not_found` and those of `passwords.check_password`.
    """
    with database.read() as reader:
        account = queries.account_by_id(reader, account_id)
        own_words = _own_words(account, reader.session.get(Office, 1))
    checked = passwords.check_password(new, own_words)
    begun = _begin(database, account.username, browser)
    if isinstance(begun, MustWait):
        return begun
    if not passwords.verify(current, begun.password_hash):
        return WrongPassword()
    password_hash = passwords.hash_password(checked)
    with database.unit_of_work() as uow:
        _mark_succeeded(uow, begun)
        still = _still_enabled(uow, account_id)
        if still is None or still.password_hash != begun.password_hash:
            return WrongPassword()
        return _set_password(uow, still, password_hash, "staff.password_changed", browser)


def _begin(database: Database, username: str, browser: Browser) -> _Try | MustWait:
    with database.unit_of_work() as uow:
        if seconds := throttling.wait_seconds(uow, username, browser.address):
            log.warning("staff.sign_in_throttled", wait_seconds=seconds)
            return MustWait(seconds=seconds)
        attempt = throttling.count_try(uow, username, browser.address)
        account = None
        if USERNAME.fullmatch(username):  # PostgreSQL refuses to be asked for some characters
            account = uow.session.scalar(
                select(StaffAccount).where(
                    StaffAccount.username == username, StaffAccount.disabled_at.is_(None)
                )
            )
        return _Try(
            attempt_id=attempt.id,
            account_id=account.id if account else None,
            password_hash=account.password_hash if account else None,
        )


def _mark_succeeded(uow: UnitOfWork, begun: _Try) -> None:
    attempt = uow.session.get_one(SignInAttempt, begun.attempt_id)
    attempt.succeeded = True


def _still_enabled(uow: UnitOfWork, account_id: int) -> StaffAccount | None:
    return uow.session.scalar(
        select(StaffAccount)
        .where(StaffAccount.id == account_id, StaffAccount.disabled_at.is_(None))
        .with_for_update()
    )


def _set_password(
    uow: UnitOfWork, account: StaffAccount, password_hash: str, action: str, browser: Browser
) -> SignedIn:
    account.password_hash = password_hash
    sessions.end_all(uow, account.id)
    sessions.revoke_links(uow, account.id)
    audit.record(uow, actor=account.username, action=action, subject_kind="staff", subject_id=account.id)
    return SignedIn(token=_open(uow, account, browser))


def _open(uow: UnitOfWork, account: StaffAccount, browser: Browser) -> str:
    return sessions.open_session(uow, account, user_agent=browser.user_agent, replaces=browser.session_token)


def _own_words(account: StaffAccount, office: Office | None) -> tuple[str, ...]:
    return (account.username, account.display_name, office.name if office else "", *PRODUCT_NAMES)
