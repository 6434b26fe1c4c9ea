"""The copy of all that is kept of one person, and the link that opens it once.

The secret of a link has 192 bits and stands behind the "#" of the address, which no browser sends and no
preview opens: only a POST exchanges it, within a day and once.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, delete, select

from eservice.complaints.models import (
    CommentKind,
    Complaint,
    ComplaintComment,
    ComplaintEvent,
    Follower,
    Photo,
    Rating,
)
from eservice.complaints.numbers import shown
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry
from eservice.kit import audit
from eservice.kit.errors import conflict, not_found
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import Contact, Conversation, Direction, Message
from eservice.privacy import askers, requests
from eservice.privacy.models import CopyLink, PrivacyRequest, RequestKind, RequestState
from knowledge.entries.models import Confirmation, Phrasing

VALID = timedelta(hours=24)
PAGE = "/mydata"
SECRET_BYTES = 24

_NAMED = {
    ("contact", "channel"): "privacy.copy.channels.",
    ("cases", "state"): "complaint_states.",
    ("history", "state"): "complaint_states.",
    ("said", "by"): "privacy.copy.speakers.",
    ("messages", "by"): "privacy.copy.speakers.",
    ("photos", "kind"): "privacy.copy.photos.",
    ("inquiries", "state"): "privacy.copy.inquiries.",
    ("requests", "kind"): "privacy.kinds.",
    ("requests", "state"): "privacy.states.",
}
"""Where the words for a field's codes stand, by section and field."""

Copy = dict[str, list[dict[str, Any]]]
"""By section, each with its rows: plain values and aware instants in UTC."""


def new_link(uow: UnitOfWork, contact: Contact) -> str:
    """Makes a link and returns its address below the site's; an earlier one opens nothing any more."""
    uow.session.execute(delete(CopyLink).where(CopyLink.contact_id == contact.id))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    uow.session.add(CopyLink(contact_id=contact.id, secret_hash=_hash(secret), expires_at=uow.now + VALID))
    return f"{PAGE}#{secret}"


def open_link(uow: UnitOfWork, secret: str) -> int:
    """The contact whose copy a link opens, this once. Raises ServiceError `privacy.link_over`."""
    link = uow.session.scalar(
        select(CopyLink).where(CopyLink.secret_hash == _hash(secret.strip())).with_for_update()
    )
    if link is None or link.expires_at <= uow.now:
        raise not_found("privacy.link_over")
    contact_id = link.contact_id
    _take_out(uow, contact_id)
    uow.session.delete(link)
    audit.record(
        uow, actor="resident", action="privacy.copy_opened", subject_kind="contact", subject_id=contact_id
    )
    return contact_id


def any_over(reader: ReadOnly) -> bool:
    """Whether the day of any link is over."""
    over = select(CopyLink.id).where(CopyLink.expires_at <= reader.now).limit(1)
    return reader.session.scalar(over) is not None


def forget_links(uow: UnitOfWork) -> int:
    """Forgets links whose day is over, also in the messages that brought them; returns how many."""
    over = uow.session.scalars(select(CopyLink).where(CopyLink.expires_at <= uow.now)).all()
    for link in over:
        _take_out(uow, link.contact_id)
        uow.session.delete(link)
    return len(over)


def copy_of(reader: ReadOnly, contact_id: int) -> Copy:
    """Everything of one person. Raises ServiceError `privacy.not_found`.

    Notes that staff wrote for each other are not in it: they speak of others too, and are given on request.
    """
    contact = reader.session.get(Contact, contact_id)
    if contact is None:
        raise not_found("privacy.not_found")
    cases = reader.session.scalars(
        select(Complaint).where(Complaint.contact_id == contact_id).order_by(Complaint.id)
    ).all()
    brought = (
        select(Complaint.number, ComplaintComment.at, ComplaintComment.text)
        .join(Complaint, Complaint.id == ComplaintComment.complaint_id)
        .where(ComplaintComment.contact_id == contact_id)
        .order_by(ComplaintComment.id)
    )
    of_cases = _of_cases(reader, cases)
    of_cases["said"] += [
        {"number": shown(number), "at": at, "by": "resident", "text": text}
        for number, at, text in reader.session.execute(brought)
    ]
    return {
        "contact": [
            {
                "channel": contact.channel.value,
                "address": contact.address,
                "name": contact.display_name or "",
                "language": contact.language,
                "notice": contact.notice_version or "",
                "since": contact.created_at,
                "last_seen": contact.last_seen_at,
                "no_news": requests.has_withdrawn(reader, contact_id),
            }
        ],
        **of_cases,
        **_of_talk(reader, contact_id),
        "follows": [
            {"number": shown(number), "at": at}
            for number, at in reader.session.execute(
                select(Complaint.number, Follower.at)
                .join(Complaint, Complaint.id == Follower.complaint_id)
                .where(Follower.contact_id == contact_id)
            )
        ],
        "taught": [
            {"at": word.at, "text": phrasing.text, "agrees": word.agrees}
            for word, phrasing in reader.session.execute(
                select(Confirmation, Phrasing)
                .join(Phrasing, Phrasing.id == Confirmation.phrasing_id)
                .where(Confirmation.contact_id == contact_id)
                .order_by(Confirmation.at)
            )
        ],
        "requests": [_of_request(request) for request in requests.of_contact(reader, contact_id)],
    }


def copy_of_case(reader: ReadOnly, complaint: Complaint) -> Copy:
    """Everything that one case holds, for the holder of its key."""
    return _of_cases(reader, [complaint])


def copy_for_asker(reader: ReadOnly, request: PrivacyRequest) -> Copy:
    """What the cases named in a request made at the office hold, and the request itself: to be handed over.

    Raises ServiceError `privacy.copy_closed` before it was agreed to, and once the person was told.
    """
    asker = askers.get(reader, request.id)
    is_agreed = request.kind is RequestKind.COPY and request.state is RequestState.DONE
    if not is_agreed or asker.told_at is not None:
        raise conflict("privacy.copy_closed")
    return {
        "asker": [{"name": asker.name, "address": asker.reach, "at": request.asked_at}],
        **_of_cases(reader, askers.cases_of(reader, request)),
        "requests": [_of_request(request)],
    }


def readable(
    copy: Copy, texts: Catalogue, language: str, moment: Callable[[datetime], str]
) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """Each section that has something, its rows as pairs of the field's key and its value in words.

    Their names are `privacy.copy.sections.<name>` and `privacy.copy.fields.<field>`.
    """

    def words(section: str, field: str, value: object) -> str:
        if isinstance(value, datetime):
            return moment(value)
        if isinstance(value, bool):
            return texts.get("privacy.copy.yes" if value else "privacy.copy.no", language)
        named = _NAMED.get((section, field))
        return texts.get(f"{named}{value}", language) if named else str(value)

    return [
        (
            name,
            [
                [
                    (field, words(name, field, value))
                    for field, value in row.items()
                    if value not in ("", None)
                ]
                for row in rows
            ],
        )
        for name, rows in copy.items()
        if rows
    ]


def as_json(copy: Copy) -> str:
    """The copy for another program; instants in UTC."""
    return json.dumps(copy, ensure_ascii=False, indent=2, default=_instant)


def photos_of(reader: ReadOnly, contact_id: int) -> list[Photo]:
    """The person's own photos."""
    return list(
        reader.session.scalars(
            select(Photo)
            .outerjoin(Complaint, Complaint.id == Photo.complaint_id)
            .where(
                (Photo.contact_id == contact_id) | (Complaint.contact_id == contact_id),
                Photo.uploaded_by_id.is_(None),
                Photo.forgotten_at.is_(None),
            )
            .order_by(Photo.id)
        )
    )


def _of_cases(reader: ReadOnly, cases: Iterable[Complaint]) -> Copy:
    numbers = {case.id: shown(case.number) for case in cases}
    said = select(ComplaintComment).where(
        ComplaintComment.complaint_id.in_(numbers),
        ComplaintComment.kind.in_((CommentKind.RESIDENT, CommentKind.REPLY, CommentKind.EXTENSION)),
    )
    happened = select(ComplaintEvent).where(ComplaintEvent.complaint_id.in_(numbers))
    photos = select(Photo).where(
        Photo.complaint_id.in_(numbers), Photo.is_public, Photo.forgotten_at.is_(None)
    )
    ratings = select(Rating).where(Rating.complaint_id.in_(numbers))
    return {
        "cases": [
            {
                "number": numbers[case.id],
                "at": case.filed_at,
                "state": case.state.value,
                "category": case.category,
                "text": case.text,
                "name": case.reporter_name or "",
                "address": case.address,
                "village": case.village,
                "latitude": case.latitude,
                "longitude": case.longitude,
            }
            for case in cases
        ],
        "history": [
            {
                "number": numbers[event.complaint_id],
                "at": event.at,
                "state": event.after.value,
                "text": " ".join(filter(None, (event.note, event.reason))) if event.is_public else "",
            }
            for event in reader.session.scalars(happened.order_by(ComplaintEvent.id))
        ],
        "said": [
            {
                "number": numbers[comment.complaint_id],
                "at": comment.at,
                "by": "resident" if comment.kind is CommentKind.RESIDENT else "staff",
                "text": comment.text,
            }
            for comment in reader.session.scalars(said.order_by(ComplaintComment.id))
        ],
        "photos": [
            {
                "number": numbers[photo.complaint_id or 0],
                "at": photo.at,
                "kind": photo.kind.value,
                "id": photo.id,
            }
            for photo in reader.session.scalars(photos.order_by(Photo.id))
        ],
        "ratings": [
            {
                "number": numbers[rating.complaint_id],
                "at": rating.at,
                "stars": rating.stars,
                "text": rating.words,
            }
            for rating in reader.session.scalars(ratings.order_by(Rating.id))
        ],
    }


def _of_talk(reader: ReadOnly, contact_id: int) -> Copy:
    of_contact = Conversation.contact_id == contact_id
    messages = (
        select(Message).join(Conversation, Conversation.id == Message.conversation_id).where(of_contact)
    )
    left = select(Inquiry).join(Conversation, Conversation.id == Inquiry.conversation_id).where(of_contact)
    return {
        "messages": [
            {"at": message.created_at, "by": message.speaker.value, "text": message.text}
            for message in reader.session.scalars(messages.order_by(Message.id))
        ],
        "inquiries": [
            {"number": inquiries.number(inquiry), "at": inquiry.created_at, "state": inquiry.state.value}
            for inquiry in reader.session.scalars(left.order_by(Inquiry.id))
        ],
    }


def _of_request(request: PrivacyRequest) -> dict[str, Any]:
    return {
        "number": requests.number(request),
        "kind": request.kind.value,
        "at": request.asked_at,
        "state": request.state.value,
        "text": request.words,
        "outcome": request.outcome,
    }


def _instant(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def _take_out(uow: UnitOfWork, contact_id: int) -> None:
    """Takes the address out of the messages that brought it."""
    brought = uow.session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.contact_id == contact_id,
            Message.direction == Direction.OUT,
            cast(Message.content, Text).contains(f"{PAGE}#"),
        )
    ).all()
    for message in brought:
        content = dict(message.content or {})
        content["parts"] = [
            {**part, "buttons": [b for b in part["buttons"] if f"{PAGE}#" not in b.get("url", "")]}
            if part.get("buttons")
            else part
            for part in content["parts"]
        ]
        message.content = content


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
