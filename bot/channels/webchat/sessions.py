"""Visitors of the web chat: a session is a contact whose token only the visitor's browser knows."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Integer, bindparam, func, select

from eservice.kit.database import table_of
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import conversations, inbox
from eservice.messaging.models import ChannelName, Contact, ContactKind, Conversation, Direction, Message

SESSIONS_PER_MINUTE = 3_000  # new visitors over the whole office: more is a machine
MESSAGES_PER_MINUTE = 600  # of one visitor: more is a machine

_contacts, _conversations, _messages = table_of(Contact), table_of(Conversation), table_of(Message)
_FIND = (
    select(_contacts.c.id, _contacts.c.address, _contacts.c.language, _conversations.c.id)
    .join(_conversations, _conversations.c.contact_id == _contacts.c.id)
    .where(_contacts.c.token_hash == bindparam("hashed"))
)
_NTH_NEWEST = (
    select(_messages.c.created_at)
    .where(_messages.c.conversation_id == bindparam("of"), _messages.c.direction == Direction.IN)
    .order_by(_messages.c.id.desc())
    .offset(bindparam("newer", type_=Integer()))
    .limit(1)
)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A signed-in visitor."""

    contact_id: int
    session_id: str
    conversation_id: int
    language: str


@dataclass(frozen=True, kw_only=True)
class NewSession:
    """What the browser keeps. The token is shown once; we store its hash."""

    session_id: str
    token: str


def begin(uow: UnitOfWork, language: str) -> NewSession:
    """Begins a visitor's session. Raises ServiceError `http.too_many` when too many begin at once."""
    recent = select(func.count()).where(
        Contact.channel == ChannelName.WEB, Contact.created_at > uow.now - timedelta(minutes=1)
    )
    if (uow.session.scalar(recent) or 0) >= SESSIONS_PER_MINUTE:
        raise ServiceError("http.too_many", ErrorKind.TOO_MANY, retry_after_seconds=60)
    session_id, token = f"w{secrets.token_hex(12)}", secrets.token_urlsafe(32)
    conversations.begin_talk(
        uow,
        channel=ChannelName.WEB,
        address=session_id,
        kind=ContactKind.PERSON,
        token_hash=token_hash(token),
        language=language,
    )
    return NewSession(session_id=session_id, token=token)


def find(reader: ReadOnly, authorization: str | None) -> Visitor:
    """The visitor of a Bearer token. Raises ServiceError `http.unauthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and 20 <= len(token) <= 100:
        row = reader.session.connection().execute(_FIND, {"hashed": token_hash(token)}).one_or_none()
        if row is not None:
            contact_id, address, language, conversation_id = row
            return Visitor(
                contact_id=contact_id, session_id=address, conversation_id=conversation_id, language=language
            )
    raise ServiceError("http.unauthenticated", ErrorKind.UNAUTHENTICATED)


def check_rate(reader: ReadOnly, visitor: Visitor) -> None:
    """Raises ServiceError `http.too_many` for a visitor who sends faster than a person types."""
    key = f"web:{visitor.session_id}"
    waiting = inbox.waiting_of(reader, key, MESSAGES_PER_MINUTE)
    nth = {"of": visitor.conversation_id, "newer": max(0, MESSAGES_PER_MINUTE - 1 - waiting)}
    at = reader.session.connection().execute(_NTH_NEWEST, nth).scalar()
    if waiting >= MESSAGES_PER_MINUTE or (at is not None and reader.now - at < timedelta(minutes=1)):
        raise ServiceError("http.too_many", ErrorKind.TOO_MANY, retry_after_seconds=20)


def token_hash(token: str) -> str:
    """How a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()
