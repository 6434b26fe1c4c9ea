"""What persons ask of their data: taking it down, deciding, and telling them.

The contact who asks is known by its own channel; a case by its key. Groups ask for nothing. What is asked at the
office itself is taken down in `at_office`, and decided here like the rest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from eservice.complaints import cases
from eservice.complaints.models import Complaint
from eservice.kit import audit
from eservice.kit.errors import conflict, invalid, not_found
from eservice.kit.text import writable
from eservice.kit.thai_ids import without_citizen_ids
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import deliveries
from eservice.messaging.content import say
from eservice.messaging.conversations import Talk
from eservice.messaging.models import (
    OPEN_STATES,
    ChannelName,
    Contact,
    ContactKind,
    Conversation,
    Delivery,
    DeliveryClass,
    Speaker,
)
from eservice.privacy import askers, erasure
from eservice.privacy.models import Asker, PrivacyRequest, RequestKind, RequestState
from eservice.staff.permissions import Principal

ANSWER_WITHIN = timedelta(days=30)  # PDPA s.30
ERASE_WITHIN = timedelta(days=90)  # the outermost, with copies and backups
TOLD_WITHIN = timedelta(days=1)  # so long an erasure waits for its own news to reach the person
SEEN_WITHIN = timedelta(hours=1)  # so long a visitor of the web has to read it
MAX_WORDS = 2_000  # characters
WAITING = (RequestState.OPEN, RequestState.ERASING)
IS_UNTOLD = PrivacyRequest.handled_at.is_not(None) & Asker.told_at.is_(None)
"""Of a request made at the office: decided, and the person does not know yet."""


def number(request: PrivacyRequest) -> str:
    """The number that persons and staff use: ข0012."""
    return f"ข{request.id:04d}"


def ask(
    uow: UnitOfWork,
    kind: RequestKind,
    *,
    contact: Contact | None = None,
    complaint: Complaint | None = None,
    words: str = "",
) -> PrivacyRequest:
    """Takes a request down; the same one again, while it is open, is the same request with more words.

    What is done at once (a copy, a withdrawal) is done when this returns. Raises ServiceError `privacy.group`,
    `privacy.no_words` for a correction that does not say what is wrong.
    """
    if contact is not None and contact.kind is not ContactKind.PERSON:
        raise conflict("privacy.group")
    words = _without_ids(words)[:MAX_WORDS]
    if kind is RequestKind.CORRECTION and not words:
        raise invalid("privacy.no_words", words="empty")
    contact_id, complaint_id = contact.id if contact else None, complaint.id if complaint else None
    is_done = kind in (RequestKind.COPY, RequestKind.WITHDRAWAL)
    known = uow.session.scalar(
        select(PrivacyRequest).where(
            PrivacyRequest.kind == kind,
            PrivacyRequest.state.in_(WAITING),
            PrivacyRequest.contact_id == contact_id,
            PrivacyRequest.complaint_id == complaint_id,
        )
    )
    if known is not None:
        known.words = "\n".join(filter(None, (known.words, words)))[:MAX_WORDS]
        return known
    request = PrivacyRequest(
        kind=kind,
        state=RequestState.DONE if is_done else RequestState.OPEN,
        contact_id=contact_id,
        complaint_id=complaint_id,
        words=words,
        asked_at=uow.now,
        due_at=uow.now + ANSWER_WITHIN,
        erase_by=uow.now + ERASE_WITHIN if kind is RequestKind.ERASURE else None,
        handled_by=audit.SYSTEM if is_done else None,
        handled_at=uow.now if is_done else None,
    )
    uow.session.add(request)
    uow.session.flush()  # it is named by its id at once
    _audit(uow, request, "asked", "resident")
    return request


def agree(
    uow: UnitOfWork, request_id: int, outcome: str, *, by: Principal, signing_key: str
) -> PrivacyRequest:
    """Does what was asked, and tells the person `outcome`. An erasure begins once they have been told.

    Raises ServiceError `privacy.not_found`, `privacy.decided`, `privacy.no_words` without an outcome,
    `privacy.case_open` for a case on which work goes on, and as `askers.may_be_done` for who may not ask.
    """
    request = _open(uow, request_id, by)
    asker = askers.find(uow, request_id)
    if asker is not None:
        uow.session.refresh(asker)  # as it is now, not as it was read before the lock
        askers.may_be_done(asker)
    outcome = _said(outcome)
    talk = _talk_of(uow, request)
    farewell = _tell(uow, talk, request, "privacy.told.agreed", outcome) if talk else None
    request.handled_by, request.handled_at, request.outcome = by.username, uow.now, outcome
    request.state = RequestState.DONE
    if request.kind is RequestKind.ERASURE:
        if talk is not None:
            request.state = RequestState.ERASING
            request.farewell_id = farewell.id if farewell else None
        else:
            for about in askers.cases_of(uow, request):
                complaint = cases.locked(uow, about.id)
                erasure.erase_case(uow, complaint, by=by.username, signing_key=signing_key)
    _audit(uow, request, "agreed", by.username)
    return request


def refuse(uow: UnitOfWork, request_id: int, reason: str, law: str, *, by: Principal) -> PrivacyRequest:
    """Says no, with the reason and the rule on which it stands, and tells the person.

    Raises ServiceError `privacy.not_found`, `privacy.decided`, `privacy.no_words`, `privacy.no_law`.
    """
    request = _open(uow, request_id, by)
    law = _without_ids(law)[:200]
    if not law:
        raise invalid("privacy.no_law", law="empty")
    request.outcome, request.law = _said(reason), law
    request.state, request.handled_by, request.handled_at = RequestState.REFUSED, by.username, uow.now
    if talk := _talk_of(uow, request):
        _tell(uow, talk, request, "privacy.told.refused", f"{request.outcome} ({law})")
    _audit(uow, request, "refused", by.username)
    return request


def due_erasures(reader: ReadOnly) -> Sequence[int]:
    """The agreed erasures whose person has been told, or could not be told in time."""
    rows = reader.session.execute(
        select(PrivacyRequest, Delivery)
        .outerjoin(Delivery, Delivery.id == PrivacyRequest.farewell_id)
        .where(PrivacyRequest.state == RequestState.ERASING)
    ).all()
    return [request.id for request, farewell in rows if _was_told(farewell, request, reader.now)]


def finish_erasure(uow: UnitOfWork, request_id: int, *, signing_key: str) -> None:
    """Erases what an agreed request was about. Does nothing when that was done meanwhile."""
    request = uow.session.get(PrivacyRequest, request_id, with_for_update=True)
    if request is None or request.state is not RequestState.ERASING or request.contact_id is None:
        return
    request.state = RequestState.DONE
    contact = uow.session.get_one(Contact, request.contact_id)
    erasure.erase(uow, contact, by=request.handled_by or audit.SYSTEM, signing_key=signing_key)


def waiting(reader: ReadOnly) -> Sequence[PrivacyRequest]:
    """What waits for staff or for its erasure, the most urgent first."""
    return reader.session.scalars(
        select(PrivacyRequest)
        .where(PrivacyRequest.state.in_(WAITING))
        .order_by(PrivacyRequest.due_at, PrivacyRequest.id)
    ).all()


def handled(reader: ReadOnly, limit: int = 100) -> Sequence[PrivacyRequest]:
    """What is done or refused, newest first."""
    return reader.session.scalars(
        select(PrivacyRequest)
        .where(PrivacyRequest.state.not_in(WAITING))
        .order_by(PrivacyRequest.id.desc())
        .limit(limit)
    ).all()


def waiting_count(reader: ReadOnly) -> int:
    """How many requests wait for staff: to be decided, or to be told to who has no chat."""
    wait = select(func.count()).select_from(PrivacyRequest).outerjoin(Asker)
    wait = wait.where(
        (PrivacyRequest.state == RequestState.OPEN) | (IS_UNTOLD & Asker.request_id.is_not(None))
    )
    return reader.session.scalar(wait) or 0


def get_request(reader: ReadOnly, request_id: int) -> PrivacyRequest:
    """One request. Raises ServiceError `privacy.not_found`."""
    request = reader.session.get(PrivacyRequest, request_id)
    if request is None:
        raise not_found("privacy.not_found")
    return request


def for_staff(reader: ReadOnly, request_id: int, by: Principal) -> PrivacyRequest:
    """One request, unless it is hidden from this person. Raises ServiceError `privacy.not_found`."""
    request = get_request(reader, request_id)
    if askers.is_hidden_from(reader, request, by):
        raise not_found("privacy.not_found")
    return request


def of_contact(reader: ReadOnly, contact_id: int) -> Sequence[PrivacyRequest]:
    """A person's requests, newest first."""
    return reader.session.scalars(
        select(PrivacyRequest)
        .where(PrivacyRequest.contact_id == contact_id)
        .order_by(PrivacyRequest.id.desc())
    ).all()


def of_case(reader: ReadOnly, complaint_id: int) -> Sequence[PrivacyRequest]:
    """The requests about one case, newest first."""
    return reader.session.scalars(
        select(PrivacyRequest)
        .where(PrivacyRequest.complaint_id == complaint_id)
        .order_by(PrivacyRequest.id.desc())
    ).all()


def has_withdrawn(reader: ReadOnly, contact_id: int) -> bool:
    """Whether a person wants nothing that rests on consent: no news of the office."""
    withdrawn = select(PrivacyRequest.id).where(
        PrivacyRequest.contact_id == contact_id, PrivacyRequest.kind == RequestKind.WITHDRAWAL
    )
    return reader.session.scalar(withdrawn.limit(1)) is not None


def _open(uow: UnitOfWork, request_id: int, by: Principal) -> PrivacyRequest:
    request = uow.session.get(PrivacyRequest, request_id, with_for_update=True)
    if request is None or askers.is_hidden_from(uow, request, by):
        raise not_found("privacy.not_found")
    if request.state is not RequestState.OPEN:
        raise conflict("privacy.decided")
    return request


def _said(words: str) -> str:
    words = _without_ids(words)[:MAX_WORDS]
    if not words:
        raise invalid("privacy.no_words", outcome="empty")
    return words


def _without_ids(words: str) -> str:
    """What was typed, without the number of a card: that is kept sealed or not at all."""
    return without_citizen_ids(writable(words).strip())


def _talk_of(reader: ReadOnly, request: PrivacyRequest) -> Talk | None:
    row = reader.session.execute(
        select(Contact, Conversation)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Contact.id == request.contact_id)
    ).one_or_none()
    return Talk(*row) if row is not None else None


def _tell(uow: UnitOfWork, talk: Talk, request: PrivacyRequest, key: str, outcome: str) -> Delivery | None:
    kind = erasure.TEXTS.get(f"privacy.kinds_for_residents.{request.kind.value}", talk.contact.language)
    text = erasure.TEXTS.get(key, talk.contact.language, number=number(request), kind=kind, outcome=outcome)
    delivery = deliveries.enqueue(
        uow, talk, say(text), purpose=DeliveryClass.CASE_PUSH, speaker=Speaker.STAFF,
        dedup_key=f"privacy:{request.id}",
    )  # fmt: skip
    uow.session.flush()  # the request names it
    return delivery


def _was_told(farewell: Delivery | None, request: PrivacyRequest, now: datetime) -> bool:
    since = now - (request.handled_at or request.asked_at)
    if farewell is None or since >= TOLD_WITHIN:
        return True
    wait = SEEN_WITHIN if farewell.channel is ChannelName.WEB else timedelta()
    return farewell.state not in OPEN_STATES and since >= wait


def _audit(uow: UnitOfWork, request: PrivacyRequest, verb: str, actor: str) -> None:
    audit.record(
        uow, actor=actor, action=f"privacy.{verb}", subject_kind="privacy_request", subject_id=request.id,
        after={"kind": request.kind.value, "state": request.state.value},
    )  # fmt: skip
