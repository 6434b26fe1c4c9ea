"""Signing in, and everything that needs a password.

These functions take the database, not a unit of work: between the transactions they hash, which takes too
long to hold one open.
"""

from dataclasses import dataclass

import structlog
from sqlalchemy import select

from eservice.kit import audit, security_log
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.unit_of_work import UnitOfWork
from eservice.office.models import Office
from eservice.staff import devices, passwords, queries, sessions, throttling
from eservice.staff.accounts import USERNAME
from eservice.staff.models import SecondFactor, SignInAttempt, StaffAccount

PRODUCT_NAMES = ("phueanban", "เพื่อนบ้าน")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Where a request comes from.

    `session_token` is the cookie it carries already, which ends at sign-in; `device_token` tells the browsers
    from which the person has signed in before.
    """

    address: str
    user_agent: str = ""
    session_token: str = ""
    device_token: str = ""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The cookie values of the session and of the browser."""

    token: str
    device_token: str


@dataclass(frozen=True, kw_only=True)
class NeedsCode:
    """The password is right and the account has a second factor; the cookie value that goes with the code."""

    token: str


@dataclass(frozen=True, kw_only=True)
class WrongPassword:
    """Name and password do not go together; which of the two is wrong is not said."""


@dataclass(frozen=True, kw_only=True)
class MustWait:
    """Too many failures: nothing was tried."""

    seconds: int


@dataclass(frozen=True, kw_only=True)
class PasswordTry:
    """A counted try at a password, and the hash that it is compared with."""

    attempt_id: int
    account_id: int | None
    password_hash: str | None


def sign_in(
    database: Database, username: str, password: str, browser: Browser
) -> SignedIn | NeedsCode | WrongPassword | MustWait:
    """Signs in with name and password. Raises ServiceError `staff.busy` when too many try at once.

    An unknown name, a disabled account and one without a password take as long as a wrong password.
    """
    begun = _begin(database, username.strip().lower(), browser)
    if isinstance(begun, MustWait):
        return begun
    if not passwords.verify(password, begun.password_hash) or begun.account_id is None:
        security_log.refused("staff.wrong_password", account_id=begun.account_id)
        return WrongPassword()
    with database.unit_of_work() as uow:
        mark_succeeded(uow, begun.attempt_id)
        account = still_enabled(uow, begun.account_id)
        if account is None or account.password_hash != begun.password_hash:
            security_log.refused("staff.wrong_password", account_id=begun.account_id)
            return WrongPassword()  # disabled, or given another password, while we hashed
        return _admit(uow, account, browser)


def sign_in_with_link(database: Database, token: str, browser: Browser) -> SignedIn | NeedsCode:
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
        return _admit(uow, account, browser)


def choose_password(database: Database, token: str, password: str, browser: Browser) -> SignedIn | NeedsCode:
    """Uses a one-time link up: sets the password, ends all sessions and signs in.

    A link replaces the password, never the second factor. Raises ServiceError `staff.link_dead` and those of `passwords.check_password`.
    """
    with database.read() as reader:
        account = sessions.account_of_link(reader, token)
        own_words = _own_words(account, reader.session.get(Office, 1))
    password_hash = passwords.hash_password(passwords.check_password(password, own_words))
    with database.unit_of_work() as uow:
        account = sessions.use_link(uow, token)
        _set_password(uow, account, password_hash, "staff.password_chosen")
        return _admit(uow, account, browser)


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
    confirmed = confirm_password(database, account.username, current, browser)
    if not isinstance(confirmed, PasswordTry):
        return confirmed
    password_hash = passwords.hash_password(checked)
    with database.unit_of_work() as uow:
        still = still_confirmed(uow, account_id, confirmed)
        if still is None:
            return WrongPassword()
        _set_password(uow, still, password_hash, "staff.password_changed")
        return open_session(uow, still, browser)


def confirm_password(
    database: Database, username: str, password: str, browser: Browser
) -> PasswordTry | WrongPassword | MustWait:
    """Asks a signed-in person for the password once more; `still_confirmed` ends what this begins."""
    begun = _begin(database, username, browser)
    if isinstance(begun, PasswordTry) and not passwords.verify(password, begun.password_hash):
        security_log.refused("staff.wrong_password", account_id=begun.account_id)
        return WrongPassword()
    return begun


def still_confirmed(uow: UnitOfWork, account_id: int, confirmed: PasswordTry) -> StaffAccount | None:
    """The account, locked, unless it was disabled or given another password since; the try has succeeded."""
    mark_succeeded(uow, confirmed.attempt_id)
    account = still_enabled(uow, account_id)
    return account if account and account.password_hash == confirmed.password_hash else None


def begin_try(uow: UnitOfWork, username: str, browser: Browser, *, counted_as: str) -> int | MustWait:
    """Counts a try of this browser under a name of its own, unless it must wait; the try's id."""
    is_name = USERNAME.fullmatch(username)  # PostgreSQL refuses to be asked for some characters
    device = devices.known(uow, username, browser.device_token) if is_name else None
    if seconds := throttling.wait_seconds(uow, counted_as, browser.address, device):
        security_log.refused("staff.must_wait", wait_seconds=seconds)
        return MustWait(seconds=seconds)
    return throttling.count_try(uow, counted_as, browser.address, device).id


def mark_succeeded(uow: UnitOfWork, attempt_id: int) -> None:
    """What was tried was right."""
    uow.session.get_one(SignInAttempt, attempt_id).succeeded = True


def still_enabled(uow: UnitOfWork, account_id: int) -> StaffAccount | None:
    """The account, locked, unless it has been disabled."""
    return uow.session.scalar(
        select(StaffAccount)
        .where(StaffAccount.id == account_id, StaffAccount.disabled_at.is_(None))
        .with_for_update()
    )


def open_session(uow: UnitOfWork, account: StaffAccount, browser: Browser) -> SignedIn:
    """Signs the browser in."""
    log.info("staff.signed_in", account_id=account.id)
    token = sessions.open_session(
        uow,
        account,
        user_agent=browser.user_agent,
        address=browser.address,
        replaces=browser.session_token,
    )
    return SignedIn(token=token, device_token=devices.remember(uow, account.id, browser.device_token))


def _begin(database: Database, username: str, browser: Browser) -> PasswordTry | MustWait:
    with database.unit_of_work() as uow:
        attempt_id = begin_try(uow, username, browser, counted_as=username)
        if isinstance(attempt_id, MustWait):
            return attempt_id
        account = None
        if USERNAME.fullmatch(username):
            account = uow.session.scalar(
                select(StaffAccount).where(
                    StaffAccount.username == username, StaffAccount.disabled_at.is_(None)
                )
            )
        return PasswordTry(
            attempt_id=attempt_id,
            account_id=account.id if account else None,
            password_hash=account.password_hash if account else None,
        )


def _admit(uow: UnitOfWork, account: StaffAccount, browser: Browser) -> SignedIn | NeedsCode:
    """In at once, or with a second factor as far as the question for its code."""
    if uow.session.get(SecondFactor, account.id) is not None:
        return NeedsCode(token=sessions.open_pending(uow, account.id))
    return open_session(uow, account, browser)


def _set_password(uow: UnitOfWork, account: StaffAccount, password_hash: str, action: str) -> None:
    account.password_hash = password_hash
    sessions.end_all(uow, account.id)
    sessions.revoke_links(uow, account.id)
    audit.record(uow, actor=account.username, action=action, subject_kind="staff", subject_id=account.id)


def _own_words(account: StaffAccount, office: Office | None) -> tuple[str, ...]:
    return (account.username, account.display_name, office.name if office else "", *PRODUCT_NAMES)
