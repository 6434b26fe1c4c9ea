"""The classes of data: how long each is kept as shipped, what is past its time, and how it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from eservice.complaints.models import CommentKind, Complaint, ComplaintComment, Follower, Photo
from eservice.complaints.states import ComplaintState, is_open
from eservice.inquiries.models import Inquiry, InquiryMessage, InquiryNote
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.models import (
    ChannelName,
    Contact,
    Conversation,
    Delivery,
    EventState,
    InboundEvent,
    Message,
)
from eservice.privacy import askers, erasure, national_ids, requests
from eservice.privacy.models import Asker, Breach, NationalId, PrivacyRequest, RequestKind
from eservice.staff.models import SignInAttempt, StaffSession
from knowledge.entries.models import Ask

BATCH = 200  # rows of one transaction
MOST_DAYS = 3650
_CLOSED = [state for state in ComplaintState if not is_open(state)]


@dataclass(frozen=True, kw_only=True)
class Class:
    """One class of data: the shipped keeping time, the least and the most that an office may set,
    and how it goes.

    `which` names the ids past their time, those last touched before an instant; `forget` deletes or empties
    those of one batch, unless they were touched since.
    """

    name: str
    days: int
    least: int
    which: Callable[[datetime], "Ids"]
    forget: Callable[[UnitOfWork, list[int], datetime], None]
    most: int = MOST_DAYS
    batch: int = BATCH


@dataclass(frozen=True, kw_only=True)
class Ids:
    """The column of ids and the conditions under which a row is past its time."""

    column: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...]


def _forget_messages(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    erasure.erase_messages(uow, Message.id.in_(ids))
    uow.session.execute(
        update(Delivery).where(Delivery.message_id.in_(ids)).values(platform_ref=None, reason=None)
    )


def _forget_cases(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    for complaint in uow.session.scalars(select(Complaint).where(Complaint.id.in_(ids)).with_for_update()):
        erasure.empty_case(uow, complaint)


def _forget_photos(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    uow.session.execute(update(Photo).where(Photo.id.in_(ids)).values(forgotten_at=uow.now))


def _forget_inquiries(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    of_these = select(InquiryMessage.message_id).where(InquiryMessage.inquiry_id.in_(ids))
    erasure.erase_messages(uow, Message.id.in_(of_these))
    gone = erasure.erased_words()
    uow.session.execute(update(InquiryNote).where(InquiryNote.inquiry_id.in_(ids)).values(text=gone))


def _forget_contacts(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    for contact in uow.session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)).all():
        erasure.expire(uow, contact, unseen_since=before)


def _forget_national_ids(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    national_ids.forget(uow, ids)


def _forget_askers(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
    askers.empty(uow, ids)


def _deleting(
    table: type[Ask | Breach | Contact | InboundEvent | PrivacyRequest | SignInAttempt | StaffSession],
) -> Callable[[UnitOfWork, list[int], datetime], None]:
    def forget(uow: UnitOfWork, ids: list[int], before: datetime) -> None:
        uow.session.execute(delete(table).where(table.id.in_(ids)))

    return forget


def _is_owed(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """What still needs to know who a contact is: work for them, or what was done for them not long ago."""
    lives = or_(Complaint.state.not_in(_CLOSED), Complaint.changed_at >= before)
    return (
        exists().where(Complaint.contact_id == Contact.id, lives),
        exists().where(Follower.contact_id == Contact.id, Follower.complaint_id == Complaint.id, lives),
        exists().where(PrivacyRequest.contact_id == Contact.id, PrivacyRequest.state.in_(requests.WAITING)),
        exists().where(
            Conversation.contact_id == Contact.id,
            or_(
                Conversation.updated_at >= before,
                exists().where(Inquiry.conversation_id == Conversation.id, Inquiry.updated_at >= before),
            ),
        ),
    )


def _ids(column: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> Ids:
    return Ids(column=column.expression, conditions=conditions)


CLASSES = (
    Class(
        name="messages",
        days=365,
        least=90,
        which=lambda before: _ids(
            Message.id,
            Message.erased_at.is_(None),
            Message.created_at < before,  # what we told them since may be on its way still
            Message.conversation_id.in_(
                select(Conversation.id)
                .join(Contact, Contact.id == Conversation.contact_id)
                .where(Contact.last_seen_at < before, Conversation.updated_at < before)
            ),
        ),
        forget=_forget_messages,
    ),
    Class(
        name="asks",
        days=180,
        least=30,
        which=lambda before: _ids(Ask.id, Ask.at < before),
        forget=_deleting(Ask),
    ),
    Class(
        name="inquiries",
        days=730,
        least=90,
        which=lambda before: _ids(
            Inquiry.id,
            Inquiry.updated_at < before,
            or_(
                exists().where(
                    InquiryMessage.inquiry_id == Inquiry.id,
                    InquiryMessage.message_id == Message.id,
                    Message.erased_at.is_(None),
                ),
                exists().where(
                    InquiryNote.inquiry_id == Inquiry.id, InquiryNote.text != erasure.erased_words()
                ),
            ),
        ),
        forget=_forget_inquiries,
    ),
    Class(
        name="cases",
        days=1826,
        least=365,
        which=lambda before: _ids(
            Complaint.id,
            Complaint.state.in_(_CLOSED),
            Complaint.changed_at < before,
            or_(
                Complaint.key_hash != erasure.KEY_OF_NOBODY,
                exists().where(  # brought along by others to a case whose own words are gone already
                    ComplaintComment.complaint_id == Complaint.id,
                    ComplaintComment.kind == CommentKind.JOINED,
                    ComplaintComment.text != erasure.erased_words(),
                ),
                Complaint.contact_id.is_not(None),
                exists().where(Follower.complaint_id == Complaint.id),
            ),
        ),
        forget=_forget_cases,
    ),
    Class(
        name="photos",
        days=730,
        least=180,
        which=lambda before: _ids(
            Photo.id,
            Photo.forgotten_at.is_(None),
            Photo.complaint_id.in_(
                select(Complaint.id).where(Complaint.state.in_(_CLOSED), Complaint.changed_at < before)
            ),
        ),
        forget=_forget_photos,
    ),
    Class(
        name="visitors",
        days=90,
        least=7,
        which=lambda before: _ids(
            Contact.id,
            Contact.channel == ChannelName.WEB,
            Contact.last_seen_at < before,
            ~exists().where(Complaint.contact_id == Contact.id),
            ~exists().where(Follower.contact_id == Contact.id),
            ~exists().where(PrivacyRequest.contact_id == Contact.id),
            ~exists().where(
                Inquiry.conversation_id == Conversation.id, Conversation.contact_id == Contact.id
            ),
        ),
        forget=_deleting(Contact),
    ),
    Class(
        name="contacts",
        days=730,
        least=180,
        which=lambda before: _ids(
            Contact.id,
            Contact.last_seen_at < before,
            Contact.address.not_like(f"{erasure.NOBODY}%"),
            *(~owed for owed in _is_owed(before)),
        ),
        forget=_forget_contacts,
        batch=20,  # each reaches many tables, and others wait meanwhile on SQLite
    ),
    Class(
        name="events",
        days=30,
        least=7,  # a platform may send an event again for days, and staff need time to look
        which=lambda before: _ids(
            InboundEvent.id, InboundEvent.state == EventState.PARKED, InboundEvent.received_at < before
        ),
        forget=_deleting(InboundEvent),
    ),
    Class(
        name="sign_ins",
        days=90,
        least=90,  # Computer Crime Act s.26
        which=lambda before: _ids(SignInAttempt.id, SignInAttempt.at < before),
        forget=_deleting(SignInAttempt),
    ),
    Class(
        name="sessions",
        days=30,
        least=1,
        which=lambda before: _ids(StaffSession.id, StaffSession.expires_at < before),
        forget=_deleting(StaffSession),
    ),
    Class(
        name="national_ids",  # goes when the person is told, and at the latest then
        days=90,
        least=1,
        most=90,
        which=lambda before: _ids(
            NationalId.request_id,
            NationalId.request_id.in_(select(PrivacyRequest.id).where(PrivacyRequest.handled_at < before)),
        ),
        forget=_forget_national_ids,
    ),
    Class(
        name="askers",
        days=365,
        least=90,
        which=lambda before: _ids(
            Asker.request_id,
            Asker.name != "",
            Asker.request_id.in_(select(PrivacyRequest.id).where(PrivacyRequest.handled_at < before)),
        ),
        forget=_forget_askers,
    ),
    Class(
        name="requests",
        days=1826,
        least=365,
        which=lambda before: _ids(
            PrivacyRequest.id,
            PrivacyRequest.handled_at < before,
            or_(  # a "no" to news holds for as long as there is somebody to whom it could be sent
                PrivacyRequest.kind != RequestKind.WITHDRAWAL,
                PrivacyRequest.contact_id.is_(None),
                exists().where(
                    Contact.id == PrivacyRequest.contact_id, Contact.address.like(f"{erasure.NOBODY}%")
                ),
            ),
        ),
        forget=_deleting(PrivacyRequest),
    ),
    Class(
        name="breaches",
        days=1826,
        least=365,
        which=lambda before: _ids(Breach.id, Breach.closed_at < before),
        forget=_deleting(Breach),
    ),
)
