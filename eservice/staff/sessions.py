"""Sessions of signed-in staff, sign-ins that wait for a code, and the one-time links that begin a first one.

Tokens are 256 random bits; only their SHA-256 is stored, so a copy of the database opens nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from eservice.kit.errors import ErrorKind, ServiceError, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import OneTimeLink, PendingSignIn, SecondFactor, StaffAccount, StaffSession
from eservice.staff.permissions import Principal
from eservice.staff.queries import principal_of

IDLE_LIMIT = timedelta(hours=8)
ABSOLUTE_LIMIT = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)  # how exactly the last use is known
LINK_LIFETIME = timedelta(hours=24)
CODE_WAIT = timedelta(minutes=5)  # from the right password to the code
CODE_TRIES = 5  # then the password is asked for again
TOKEN_BYTES = 32
MAX_USER_AGENT = 200


@dataclass(frozen=True, kw_only=True)
class LiveSession:
    """A session that is still good, and whose it is."""

    id: int
    principal: Principal
    csrf_secret: str
    last_used_at: datetime
    has_second_factor: bool


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """A signed-in browser, as its owner sees it."""

    id: int
    user_agent: str
    address: str  # at sign-in
    created_at: datetime
    last_used_at: datetime


def new_token() -> tuple[str, str]:
    """A fresh secret and the hash under which it is stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, hash_token(token)


def hash_token(token: str) -> str:
    """The stored form of a token. It is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    uow: UnitOfWork, account: StaffAccount, *, user_agent: str, address: str = "", replaces: str = ""
) -> str:
    """A new session's cookie value. The session whose cookie was `replaces` ends."""
    if replaces:
        end(uow, replaces)
    token, token_hash = new_token()
    uow.session.add(
        StaffSession(
            account_id=account.id,
            token_hash=token_hash,
            csrf_secret=secrets.token_hex(TOKEN_BYTES),
            created_at=uow.now,
            last_used_at=uow.now,
            expires_at=uow.now + ABSOLUTE_LIMIT,
            user_agent=user_agent[:MAX_USER_AGENT],
            address=address,
        )
    )
    account.last_used_at = uow.now
    return token


def find(reader: ReadOnly, token: str) -> LiveSession | None:
    """The session of a cookie, unless it is over or its account disabled."""
    row = reader.session.execute(
        select(StaffSession, StaffAccount, SecondFactor.account_id)
        .join(StaffAccount, StaffAccount.id == StaffSession.account_id)
        .outerjoin(SecondFactor, SecondFactor.account_id == StaffAccount.id)
        .where(
            StaffSession.token_hash == hash_token(token),
            StaffSession.expires_at > reader.now,
            StaffSession.last_used_at > reader.now - IDLE_LIMIT,
            StaffAccount.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    session, account, factor_of = row
    return LiveSession(
        id=session.id,
        principal=principal_of(reader, account),
        csrf_secret=session.csrf_secret,
        last_used_at=session.last_used_at,
        has_second_factor=factor_of is not None,
    )


def touch(uow: UnitOfWork, session: LiveSession) -> None:
    """Notes that the session is in use."""
    uow.session.execute(
        update(StaffSession).where(StaffSession.id == session.id).values(last_used_at=uow.now)
    )
    uow.session.execute(
        update(StaffAccount)
        .where(StaffAccount.id == session.principal.account_id)
        .values(last_used_at=uow.now)
    )


def end(uow: UnitOfWork, token: str) -> None:
    """Signs the browser with this cookie out."""
    uow.session.execute(delete(StaffSession).where(StaffSession.token_hash == hash_token(token)))


def end_one(uow: UnitOfWork, account_id: int, session_id: int) -> None:
    """Signs one browser of the account out. Raises ServiceError `staff.no_session` if it is not theirs."""
    ended = uow.session.execute(
        delete(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.account_id == account_id)
        .returning(StaffSession.id)
    ).one_or_none()
    if ended is None:
        raise not_found("staff.no_session")


def end_all(uow: UnitOfWork, account_id: int, *, but: int | None = None) -> None:
    """Signs the account out everywhere, also where a code is still waited for; `but` is a session that stays."""
    uow.session.execute(
        delete(StaffSession).where(
            StaffSession.account_id == account_id, StaffSession.id.is_distinct_from(but)
        )
    )
    uow.session.execute(delete(PendingSignIn).where(PendingSignIn.account_id == account_id))


def sessions_of(reader: ReadOnly, account_id: int) -> list[OpenSession]:
    """The account's open sessions, the last used first."""
    rows = reader.session.scalars(
        select(StaffSession)
        .where(
            StaffSession.account_id == account_id,
            StaffSession.expires_at > reader.now,
            StaffSession.last_used_at > reader.now - IDLE_LIMIT,
        )
        .order_by(StaffSession.last_used_at.desc(), StaffSession.id.desc())
    )
    return [
        OpenSession(
            id=row.id,
            user_agent=row.user_agent,
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
        )
        for row in rows
    ]


def open_pending(uow: UnitOfWork, account_id: int) -> str:
    """A cookie value for a browser that gave the right password and still owes the code."""
    uow.session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at <= uow.now))
    token, token_hash = new_token()
    uow.session.add(
        PendingSignIn(account_id=account_id, token_hash=token_hash, expires_at=uow.now + CODE_WAIT)
    )
    return token


def account_of_pending(reader: ReadOnly, token: str) -> StaffAccount:
    """Whose code is waited for. Raises ServiceError `staff.second_step_over` once it is too late for it."""
    account = reader.session.scalar(
        select(StaffAccount)
        .join(PendingSignIn, PendingSignIn.account_id == StaffAccount.id)
        .where(
            PendingSignIn.token_hash == hash_token(token),
            PendingSignIn.expires_at > reader.now,
            PendingSignIn.tries < CODE_TRIES,
            StaffAccount.disabled_at.is_(None),
        )
    )
    if account is None:
        raise ServiceError("staff.second_step_over", ErrorKind.UNAUTHENTICATED)
    return account


def count_pending_try(uow: UnitOfWork, token: str) -> None:
    """Counts a code that was tried."""
    uow.session.execute(
        update(PendingSignIn)
        .where(PendingSignIn.token_hash == hash_token(token))
        .values(tries=PendingSignIn.tries + 1)
    )


def close_pending(uow: UnitOfWork, token: str) -> None:
    """Ends the waiting. Two at once: one of them is refused. Raises ServiceError `staff.second_step_over`."""
    closed = uow.session.execute(
        delete(PendingSignIn)
        .where(PendingSignIn.token_hash == hash_token(token), PendingSignIn.expires_at > uow.now)
        .returning(PendingSignIn.id)
    ).one_or_none()
    if closed is None:
        raise ServiceError("staff.second_step_over", ErrorKind.UNAUTHENTICATED)


def create_link(uow: UnitOfWork, account: StaffAccount) -> str:
    """The token of a new one-time link; earlier links of the account stop working."""
    revoke_links(uow, account.id)
    token, token_hash = new_token()
    uow.session.add(
        OneTimeLink(
            account_id=account.id,
            token_hash=token_hash,
            created_at=uow.now,
            expires_at=uow.now + LINK_LIFETIME,
        )
    )
    return token


def revoke_links(uow: UnitOfWork, account_id: int) -> None:
    """Makes every unused link of the account useless."""
    uow.session.execute(
        delete(OneTimeLink).where(OneTimeLink.account_id == account_id, OneTimeLink.used_at.is_(None))
    )


def account_of_link(reader: ReadOnly, token: str) -> StaffAccount:
    """Whose link this is. Raises ServiceError `staff.link_dead` when used, expired, unknown or disabled."""
    account = reader.session.scalar(
        select(StaffAccount)
        .join(OneTimeLink, OneTimeLink.account_id == StaffAccount.id)
        .where(
            OneTimeLink.token_hash == hash_token(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > reader.now,
            StaffAccount.disabled_at.is_(None),
        )
    )
    if account is None:
        raise not_found("staff.link_dead")
    return account


def use_link(uow: UnitOfWork, token: str) -> StaffAccount:
    """Uses the link up and says whose it was. Two uses at once: one of them is refused.

    Raises ServiceError `staff.link_dead`.
    """
    account = account_of_link(uow, token)
    used = uow.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.token_hash == hash_token(token), OneTimeLink.used_at.is_(None))
        .values(used_at=uow.now)
        .returning(OneTimeLink.id)
    ).one_or_none()
    if used is None:
        raise not_found("staff.link_dead")
    return account


def forget_over(uow: UnitOfWork) -> None:
    """Deletes sign-ins that waited for a code in vain, and links that open nothing more."""
    uow.session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at <= uow.now))
    uow.session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at <= uow.now))
