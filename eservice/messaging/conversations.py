"""Contacts and their conversations: found or begun, who owns them, what was said in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, bindparam, func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from eservice.kit.database import UtcDateTime, insert_row, new_row, table_of
from eservice.kit.thai_ids import without_citizen_ids
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.content import Bundle, bundle_to_json, plain_text
from eservice.messaging.models import (
    ChannelName,
    Contact,
    ContactKind,
    Conversation,
    Direction,
    Handler,
    Message,
    Reachability,
    Speaker,
)

SEEN_EVERY = timedelta(minutes=5)  # `last_seen_at` is not worth a write per message
MAX_STORED_TEXT = 10_000  # characters of one resident's message; the rest says nothing to an office

_LARGEST_ID = 2**31 - 1  # of PostgreSQL's integer, which takes no larger one even to compare


_OPEN = (
    select(Contact, Conversation)
    .join(Conversation, Conversation.contact_id == Contact.id)
    .where(Contact.channel == bindparam("on_channel"), Contact.address == bindparam("at_address"))
    .with_for_update(of=Conversation)
)
_messages = table_of(Message)
_TAKEN_BACK = (
    select(_messages.c.id)
    .where(
        _messages.c.conversation_id == bindparam("in_conversation"),
        _messages.c.platform_ref == bindparam("with_ref"),
        _messages.c.erased_at.is_not(None),
    )
    .limit(1)
)
_conversations = table_of(Conversation)
_KEEP_DIALOG = (
    update(_conversations)
    .where(_conversations.c.id == bindparam("conversation_id"))
    .values(
        dialog=bindparam("new_dialog", type_=JSON()),
        dialog_expires_at=bindparam("new_expiry", type_=UtcDateTime()),
        updated_at=bindparam("now", type_=UtcDateTime()),
    )
)


@dataclass(frozen=True)
class Talk:
    """A contact and the conversation with it, as one event's work sees them."""

    contact: Contact
    conversation: Conversation


def open_talk(
    uow: UnitOfWork,
    *,
    channel: ChannelName,
    address: str,
    kind: ContactKind,
    display_name: str | None = None,
) -> Talk:
    """Finds the conversation with an address, or begins it; locked until the transaction ends."""
    row = uow.session.execute(_OPEN, {"on_channel": channel, "at_address": address}).one_or_none()
    if row is None:
        return begin_talk(uow, channel=channel, address=address, kind=kind, display_name=display_name)
    contact, conversation = row
    if display_name and contact.display_name != display_name:
        contact.display_name = display_name[:200]
    if uow.now - contact.last_seen_at > SEEN_EVERY:
        contact.last_seen_at = uow.now
    return Talk(contact, conversation)


def begin_talk(
    uow: UnitOfWork,
    *,
    channel: ChannelName,
    address: str,
    kind: ContactKind,
    display_name: str | None = None,
    token_hash: str | None = None,
    language: str = "th",
) -> Talk:
    """Records a new contact and its conversation. Two at once: the unique address lets one through."""
    contact = new_row(
        Contact,
        channel=channel,
        address=address,
        kind=kind,
        display_name=display_name[:200] if display_name else None,
        token_hash=token_hash,
        language=language,
        created_at=uow.now,
        last_seen_at=uow.now,
        reachability=Reachability.ACTIVE,
        reachability_at=None,
        notice_version=None,
    )
    insert_row(uow.session, contact)
    conversation = new_row(
        Conversation,
        contact_id=contact.id,
        handler=Handler.BOT,
        handler_since=None,
        dialog={},
        dialog_expires_at=None,
        updated_at=uow.now,
    )
    insert_row(uow.session, conversation)
    return Talk(contact, conversation)


def talk_with(reader: ReadOnly, contact_id: int) -> Talk | None:
    """The conversation with a contact who is known; None when it is gone."""
    row = reader.session.execute(
        select(Contact, Conversation)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Contact.id == contact_id)
    ).one_or_none()
    return Talk(*row) if row is not None else None


def set_reachability(uow: UnitOfWork, contact: Contact, reachability: Reachability) -> None:
    """Records whether the address can be written to."""
    if contact.reachability is not reachability:
        contact.reachability = reachability
        contact.reachability_at = uow.now


def keep_dialog(
    uow: UnitOfWork, conversation: Conversation, dialog: dict[str, Any], expires_at: datetime | None
) -> None:
    """Stores the bot's state, when it ends by itself, and that something was said now."""
    new = {"new_dialog": dialog, "new_expiry": expires_at, "now": uow.now}
    uow.session.connection().execute(_KEEP_DIALOG, {"conversation_id": conversation.id, **new})
    set_committed_value(conversation, "dialog", dialog)
    set_committed_value(conversation, "dialog_expires_at", expires_at)
    set_committed_value(conversation, "updated_at", uow.now)


def seen_alive(uow: UnitOfWork, contact: Contact) -> None:
    """Somebody who writes to us can be written to, whatever we believed."""
    if contact.reachability in (Reachability.DEACTIVATED, Reachability.UNKNOWN, Reachability.BLOCKED):
        set_reachability(uow, contact, Reachability.ACTIVE)


def hand_to(uow: UnitOfWork, conversation: Conversation, handler: Handler) -> None:
    """Gives the conversation to the machine or to the staff."""
    if conversation.handler is not handler:
        conversation.handler = handler
        conversation.handler_since = uow.now


def record_heard(
    uow: UnitOfWork,
    conversation: Conversation,
    *,
    text: str,
    kind: str = "text",
    platform_ref: str | None = None,
    content: dict[str, Any] | None = None,
) -> Message:
    """Stores what a resident said or sent; `content` is what words do not hold, e.g. the degrees of a pin.

    The number of an identity card is hidden: nobody here needs it.
    """
    message = new_row(
        Message,
        conversation_id=conversation.id,
        direction=Direction.IN,
        speaker=Speaker.RESIDENT,
        kind=kind,
        text=without_citizen_ids(text[:MAX_STORED_TEXT]),
        content=content,
        platform_ref=platform_ref,
        created_at=uow.now,
        edited_at=None,
        erased_at=None,
    )
    insert_row(uow.session, message)
    return message


def record_said(uow: UnitOfWork, conversation: Conversation, bundle: Bundle, speaker: Speaker) -> Message:
    """Stores what we say, in full, so that the record shows what was said."""
    message = new_row(
        Message,
        conversation_id=conversation.id,
        direction=Direction.OUT,
        speaker=speaker,
        kind="bundle",
        text=plain_text(bundle),
        content=bundle_to_json(bundle),
        created_at=uow.now,
    )
    insert_row(uow.session, message)
    return message


def edit_heard(uow: UnitOfWork, conversation: Conversation, platform_ref: str, text: str) -> Message | None:
    """Takes over a resident's correction of an earlier message; None when that message is not known."""
    message = _by_ref(uow, conversation, platform_ref)
    if message is None or message.erased_at is not None:
        return None
    message.text = without_citizen_ids(text[:MAX_STORED_TEXT])
    message.edited_at = uow.now
    return message


def erase_heard(uow: UnitOfWork, conversation: Conversation, platform_ref: str) -> Message:
    """Erases the words of a message that its author took back; the empty row stays as a tombstone.

    A message that has not come yet gets one too, for `was_taken_back` to find. LINE requires it:
    developers.line.biz, "unsend event".
    """
    message = _by_ref(uow, conversation, platform_ref)
    if message is None:
        message = record_heard(uow, conversation, text="", platform_ref=platform_ref)
    message.text = ""
    message.content = None
    message.erased_at = uow.now
    return message


def was_taken_back(reader: ReadOnly, conversation: Conversation, platform_ref: str) -> bool:
    """Whether a message was taken back before it came: LINE sends again what we could not take, in any order."""
    of_message = {"in_conversation": conversation.id, "with_ref": platform_ref}
    return reader.session.connection().execute(_TAKEN_BACK, of_message).first() is not None


def is_last_heard(reader: ReadOnly, message: Message) -> bool:
    """Whether the resident has said nothing since."""
    newest = select(func.max(Message.id)).where(
        Message.conversation_id == message.conversation_id, Message.direction == Direction.IN
    )
    return reader.session.scalar(newest) == message.id


def transcript(
    reader: ReadOnly, conversation_id: int, *, after: int = 0, limit: int = 200
) -> Sequence[Message]:
    """Messages of a conversation after a message id, oldest first; without `after` the newest `limit`."""
    query = select(Message).where(Message.conversation_id == conversation_id)
    if after:
        newer = query.where(Message.id > min(after, _LARGEST_ID)).order_by(Message.id).limit(limit)
        return reader.session.scalars(newer).all()
    return reader.session.scalars(query.order_by(Message.id.desc()).limit(limit)).all()[::-1]


def abandoned(uow: UnitOfWork, limit: int = 50) -> Sequence[tuple[Contact, Conversation]]:
    """Conversations whose open dialog has run out of time."""
    rows = uow.session.execute(
        select(Contact, Conversation)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Conversation.dialog_expires_at <= uow.now)
        .limit(limit)
        .with_for_update(of=Conversation, skip_locked=True)
    ).all()
    return [(contact, conversation) for contact, conversation in rows]


def idle_with_staff(
    uow: UnitOfWork, since: datetime, limit: int = 50
) -> Sequence[tuple[Contact, Conversation]]:
    """Conversations that staff own and nobody has spoken in since an instant."""
    rows = uow.session.execute(
        select(Contact, Conversation)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Conversation.handler == Handler.STAFF, Conversation.updated_at <= since)
        .limit(limit)
        .with_for_update(of=Conversation, skip_locked=True)
    ).all()
    return [(contact, conversation) for contact, conversation in rows]


def _by_ref(uow: UnitOfWork, conversation: Conversation, platform_ref: str) -> Message | None:
    return uow.session.scalar(
        select(Message).where(
            Message.conversation_id == conversation.id, Message.platform_ref == platform_ref
        )
    )
