"""Browsers: which of them an account knows, and how one is named in words.

A browser that the person has signed in from carries a token of its own. It opens nothing; it only counts
its failures apart, so that strangers who guess cannot keep the person out.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import KnownDevice, StaffAccount
from eservice.staff.sessions import hash_token, new_token

KNOWN_FOR = timedelta(days=180)

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (  # one that says it is another stands before it
    ("Line/", "LINE"),
    ("EdgA/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


def in_words(user_agent: str) -> tuple[str, str]:
    """The names of browser and system, each empty when it is none that we know."""
    return _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)


def _first(names: Sequence[tuple[str, str]], user_agent: str) -> str:
    return next((name for mark, name in names if mark in user_agent), "")


def known(reader: ReadOnly, username: str, token: str) -> str | None:
    """The stored hash of a browser's token when the account of this name knows it."""
    return reader.session.scalar(
        select(KnownDevice.token_hash)
        .join(StaffAccount, StaffAccount.id == KnownDevice.account_id)
        .where(
            StaffAccount.username == username,
            KnownDevice.token_hash == hash_token(token),
            KnownDevice.seen_at > reader.now - KNOWN_FOR,
        )
    )


def remember(uow: UnitOfWork, account_id: int, token: str) -> str:
    """Notes that the person signed in from this browser; returns the token for it to carry on.

    A token that we have not given out is not taken: the browser gets a new one.
    """
    forget_unused(uow)
    token_hash = hash_token(token)
    owners = set(
        uow.session.scalars(select(KnownDevice.account_id).where(KnownDevice.token_hash == token_hash))
    )
    if not owners:
        token, token_hash = new_token()
    if account_id not in owners:
        uow.session.add(KnownDevice(account_id=account_id, token_hash=token_hash, seen_at=uow.now))
        return token
    device = uow.session.scalars(
        select(KnownDevice).where(KnownDevice.account_id == account_id, KnownDevice.token_hash == token_hash)
    ).one()
    device.seen_at = uow.now
    return token


def forget_unused(uow: UnitOfWork) -> None:
    """Deletes browsers that nobody has signed in from for long: they are strangers again."""
    uow.session.execute(delete(KnownDevice).where(KnownDevice.seen_at <= uow.now - KNOWN_FOR))
