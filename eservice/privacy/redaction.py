"""Hiding by staff of what must not be seen in a complaint: words on somebody's illness, a picture of a card.

Words are replaced with the mask wherever they are kept, and a photo goes; nothing brings them back but a
backup from before. What is hidden stands on the complaint's page: nobody learns by trying what else a
resident has said in the chat.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, or_, select

from eservice.complaints import cases, forgetting, photos, queries, redactions, wording
from eservice.complaints.models import (
    AnswerExtension,
    CommentKind,
    Complaint,
    ComplaintComment,
    ImprovementTask,
    Rating,
)
from eservice.complaints.redactions import Redaction, RedactionKind, RedactionReason
from eservice.inquiries.models import Inquiry, InquiryNote
from eservice.kit import audit, outbox
from eservice.kit.database import Base
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid
from eservice.kit.idempotency import DoneRequest
from eservice.kit.masking import MASK
from eservice.kit.text import writable
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import Contact, Conversation, EventState, InboundEvent, Message
from eservice.privacy import erasure
from eservice.privacy.hiding import LEAST, Hiding, letters_of
from eservice.privacy.models import PrivacyRequest, RequestCase
from eservice.staff.permissions import Permission, Principal, require
from knowledge.entries import confirmations
from knowledge.entries import service as entries
from knowledge.entries.models import Entry, EntryVersion

MOST_PASSAGES = 20  # at once
MAX_WORDS = wording.MAX_TEXT  # characters of all passages together


@dataclass(frozen=True, kw_only=True)
class Place:
    """One text of the complaint's page. `kind` names its words; `at` is when it was said, if at one instant."""

    kind: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A column of a row that holds words of the complaint.

    `is_public`: its resident wrote or reads it. `contact_id`: another resident wrote it, who reads it too.
    """

    row: Base
    column: str
    kind: str = ""  # empty: the page shows the same words elsewhere
    at: datetime | None = None
    is_public: bool = False
    contact_id: int | None = None

    @property
    def text(self) -> str:
        return getattr(self.row, self.column) or ""


def texts_of(reader: ReadOnly, complaint: Complaint) -> list[Place]:
    """All that can be hidden in, as the complaint's page shows it."""
    return [
        Place(kind=kept.kind, text=kept.text, at=kept.at)
        for kept in _kept_in(reader, complaint)
        if kept.kind and kept.text
    ]


def preview(
    reader: ReadOnly, complaint: Complaint, typed: str, reason: RedactionReason | None, note: str
) -> list[Place]:
    """The texts of the page that would change, as they would be. Raises what `hide_words` raises of the input."""
    hiding = _checked(list(_kept_in(reader, complaint)), typed)
    _checked_reason(reason, note, hiding)
    return [
        Place(kind=place.kind, text=hiding.hidden(place.text), at=place.at)
        for place in texts_of(reader, complaint)
        if hiding.finds(place.text)
    ]


def hide_words(
    uow: UnitOfWork,
    complaint_id: int,
    typed: str,
    reason: RedactionReason | None,
    note: str = "",
    *,
    by: Principal,
    seen_version: int,
) -> Redaction:
    """Hides passages, one in each line of `typed`, in the complaint and wherever else its words are kept.

    That is what was said of it, the talks of those who said it with all that waits or was learned from them,
    requests of theirs and answers kept for repetition. The complaint's other state stays as it is. Raises
    ServiceError `redaction.no_words`, `redaction.too_much`, `redaction.too_short`, `redaction.masked`,
    `redaction.not_found` (all of these but the first two with the line), `redaction.no_reason`,
    `redaction.note_missing`, `redaction.note_repeats`, and what `cases.for_staff` raises.
    """
    seen = queries.find(uow, complaint_id, by)
    require(by, Permission.CASE_WORK, seen.department_id)
    speakers = _speakers(uow, seen)
    _lock_requests(uow, complaint_id, speakers)
    _lock_talks(uow, speakers)
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    if not _speakers(uow, complaint) <= speakers:
        raise conflict("complaints.changed")  # somebody joined it at this very moment
    kept = list(_kept_in(uow, complaint))
    hiding = _checked(kept, typed)
    why, checked_note = _checked_reason(reason, note, hiding)
    found = [each for each in kept if hiding.finds(each.text)]
    answers = erasure.answers_about(uow, complaint)  # by the words as they are still
    for each in found:
        setattr(each.row, each.column, hiding.hidden(each.text))
    is_public = any(each.is_public for each in found)
    told = {each.contact_id for each in found} | ({complaint.contact_id} if is_public else set())
    theirs = {complaint.contact_id, *told}
    others = complaint.number if any(each.kind == "village" for each in found) else None
    places = (
        len(found)
        + _hide_in_talks(uow, theirs, hiding, named_elsewhere=others)
        + _hide_in_requests(uow, complaint, theirs, hiding)
        + _hide_in_answers(uow, answers, hiding)
    )
    redaction = Redaction(
        kind=RedactionKind.WORDS, reason=why, note=checked_note, places=places, is_public=is_public
    )
    return _record(uow, complaint, redaction, told=told, by=by)


def remove_photo(
    uow: UnitOfWork,
    photo_id: int,
    reason: RedactionReason | None,
    note: str = "",
    *,
    by: Principal,
    seen_version: int,
) -> Redaction:
    """Removes a photo from its complaint; its files go with the next `erasure.forget_files`.

    Raises ServiceError `photos.not_found`, `redaction.no_reason`, `redaction.note_missing`, and what
    `cases.for_staff` raises.
    """
    complaint_id = photos.find_case(uow, photo_id, by)
    complaint = cases.for_staff(uow, complaint_id, by, Permission.CASE_WORK, seen_version=seen_version)
    why, checked_note = _checked_reason(reason, note, None)
    photo = photos.find(uow, photo_id, by)
    told = {photo.contact_id, complaint.contact_id if photo.is_public else None}
    forgetting.remove(uow, photo)
    complaint.proposed_photo_ids = [each for each in complaint.proposed_photo_ids if each != photo_id]
    redaction = Redaction(
        kind=RedactionKind.PHOTO, reason=why, note=checked_note, places=1, is_public=photo.is_public
    )
    return _record(uow, complaint, redaction, told=told, by=by)


def _kept_in(reader: ReadOnly, complaint: Complaint) -> Iterator[_Kept]:
    for column, kind in (("text", "text"), ("address", "address"), ("village", "village"), ("reporter_name", "reporter")):  # fmt: skip
        yield _Kept(row=complaint, column=column, kind=kind, is_public=True)
    yield _Kept(row=complaint, column="proposed_note", kind="proposal")
    for comment in queries.comments(reader, complaint.id):
        yield _Kept(
            row=comment,
            column="text",
            kind=comment.kind.value,
            at=comment.at,
            is_public=comment.kind not in (CommentKind.NOTE, CommentKind.JOINED),
            contact_id=comment.contact_id,
        )
    for event in queries.history(reader, complaint.id):
        for column in ("note", "reason"):
            yield _Kept(row=event, column=column, kind="history", at=event.at, is_public=event.is_public)
    session = reader.session
    for extension in session.scalars(_of(complaint, AnswerExtension)):
        yield _Kept(row=extension, column="reason")
    for rating in session.scalars(_of(complaint, Rating)):
        yield _Kept(row=rating, column="words", kind="rating", at=rating.at, is_public=True)
    for task in session.scalars(_of(complaint, ImprovementTask)):
        yield _Kept(row=task, column="outcome", kind="task", at=task.done_at)
    for earlier in redactions.of_complaint(reader, complaint.id):
        yield _Kept(row=earlier, column="note", kind="hidden", at=earlier.at, is_public=earlier.is_public)


def _of(complaint: Complaint, table: type[Any]) -> Any:
    return select(table).where(table.complaint_id == complaint.id).order_by(table.id)


def _checked(kept: Sequence[_Kept], typed: str) -> Hiding:
    """What is to be hidden, all of which stands on the page."""
    if len(typed) > MAX_WORDS:
        raise invalid("redaction.too_much", words="too_long")
    lines = [line.strip() for line in writable(typed).splitlines()]
    passages = [line for line in lines if line]
    if not passages:
        raise invalid("redaction.no_words", words="empty")
    if len(passages) > MOST_PASSAGES:
        raise invalid("redaction.too_much", words="too_many")
    for number, passage in enumerate(lines, start=1):
        if not passage:
            continue
        if MASK in passage:
            raise _wrong_line("masked", number)
        if min(len("".join(passage.split())), letters_of(passage)) < LEAST:
            raise _wrong_line("too_short", number)
        one = Hiding([passage])
        if not any(each.kind and one.finds(each.text) for each in kept):
            raise _wrong_line("not_found", number)
    return Hiding(passages)


def _wrong_line(fault: str, number: int) -> ServiceError:
    """The refusal of a line, which it names by its number: the words are in no log."""
    return ServiceError(
        f"redaction.{fault}", ErrorKind.INVALID, fields={"words": fault}, parameters={"line": str(number)}
    )


def _checked_reason(
    reason: RedactionReason | None, note: str, hiding: Hiding | None
) -> tuple[RedactionReason, str]:
    if reason is None:
        raise invalid("redaction.no_reason", reason="missing")
    line = wording.checked_line(note, "note")
    if reason is RedactionReason.OTHER and not line:
        raise invalid("redaction.note_missing", note="missing")
    if hiding is not None and hiding.finds(line):
        raise invalid("redaction.note_repeats", note="repeats")
    return reason, line


def _speakers(reader: ReadOnly, complaint: Complaint) -> frozenset[int]:
    """The contacts whose words the complaint holds."""
    joined = select(ComplaintComment.contact_id).where(ComplaintComment.complaint_id == complaint.id)
    found = {complaint.contact_id, *reader.session.scalars(joined)}
    return frozenset(contact_id for contact_id in found if contact_id is not None)


def _lock_requests(uow: UnitOfWork, complaint_id: int, contact_ids: Collection[int]) -> None:
    """Whoever decides on a request holds it before the talks and complaints that it is about; so do we."""
    asked = select(PrivacyRequest.id).where(_asked(complaint_id, contact_ids))
    uow.session.execute(asked.order_by(PrivacyRequest.id).with_for_update())


def _lock_talks(uow: UnitOfWork, contact_ids: Collection[int]) -> None:
    """Locks in the order in which a worker does, an event and then its conversation, and before any complaint."""
    contacts = uow.session.scalars(select(Contact).where(Contact.id.in_(contact_ids)))
    if of_these := [erasure.is_event_of(contact) for contact in contacts]:
        uow.session.execute(
            select(InboundEvent.id).where(or_(*of_these)).order_by(InboundEvent.id).with_for_update()
        )
    uow.session.execute(
        select(Conversation.id)
        .where(Conversation.contact_id.in_(contact_ids))
        .order_by(Conversation.id)
        .with_for_update()
    )


def _hide_in_talks(
    uow: UnitOfWork, contact_ids: Collection[int | None], hiding: Hiding, *, named_elsewhere: str | None
) -> int:
    """`named_elsewhere`: the number of the complaint, whose place others were shown in their chats."""
    contacts = uow.session.scalars(select(Contact).where(Contact.id.in_(contact_ids))).all()
    talks = uow.session.scalars(select(Conversation.id).where(Conversation.contact_id.in_(contact_ids))).all()
    of_these = Message.conversation_id.in_(talks)
    if named_elsewhere is not None:
        of_these |= cast(Message.content, Text).contains(named_elsewhere)
    hidden: list[int] = []
    for message in uow.session.scalars(select(Message).where(of_these, Message.erased_at.is_(None))):
        text, content = hiding.hidden(message.text), hiding.hidden_within(message.content)
        if (text, content) != (message.text, message.content):
            message.text, message.content = text, content
            hidden.append(message.id)
    places = len(hidden) + confirmations.forget_words(uow, hidden)
    places += _hide_in_events(uow, contacts, hiding)
    left = select(InquiryNote).join(Inquiry).where(Inquiry.conversation_id.in_(talks))
    for written in uow.session.scalars(left):
        if hiding.finds(written.text):
            written.text = hiding.hidden(written.text)
            places += 1
    asked = uow.session.scalars(select(Inquiry.id).where(Inquiry.conversation_id.in_(talks))).all()
    for inquiry_id in asked:
        if _is_drafted(uow, inquiry_id, hiding):
            entries.forget_inquiry(uow, inquiry_id)
            places += 1
    return places


def _is_drafted(reader: ReadOnly, inquiry_id: int, hiding: Hiding) -> bool:
    """Whether an answer was begun from the question with words that are hidden now."""
    drafted = select(EntryVersion).join(Entry, Entry.id == EntryVersion.entry_id)
    versions = reader.session.scalars(drafted.where(Entry.key == entries.inquiry_key(inquiry_id)))
    return any(hiding.finds("\n".join([each.question, each.answer, *each.variants])) for each in versions)


def _hide_in_events(uow: UnitOfWork, contacts: Collection[Contact], hiding: Hiding) -> int:
    """What the platforms sent and nobody has read yet."""
    places = 0
    for contact in contacts:
        waiting = select(InboundEvent).where(
            erasure.is_event_of(contact), InboundEvent.state != EventState.DONE
        )
        for event in uow.session.scalars(waiting):
            try:
                held = json.loads(event.payload)
            except ValueError:  # parked because it could not be read
                payload = hiding.hidden(event.payload)
            else:
                masked = hiding.hidden_within(held)
                payload = json.dumps(masked, ensure_ascii=False) if masked != held else event.payload
            if payload != event.payload:
                event.payload = payload
                places += 1
    return places


def _hide_in_requests(
    uow: UnitOfWork, complaint: Complaint, contact_ids: Collection[int | None], hiding: Hiding
) -> int:
    """What they asked of their data, and what they were answered."""
    places = 0
    for request in uow.session.scalars(select(PrivacyRequest).where(_asked(complaint.id, contact_ids))):
        words, outcome = hiding.hidden(request.words), hiding.hidden(request.outcome)
        if (words, outcome) != (request.words, request.outcome):
            request.words, request.outcome = words, outcome
            places += 1
    return places


def _asked(complaint_id: int, contact_ids: Collection[int | None]) -> ColumnElement[bool]:
    """The requests about a complaint, also of those who came to the office, and those of these contacts."""
    at_office = select(RequestCase.request_id).where(RequestCase.complaint_id == complaint_id)
    return or_(
        PrivacyRequest.complaint_id == complaint_id,
        PrivacyRequest.contact_id.in_(contact_ids),
        PrivacyRequest.id.in_(at_office),
    )


def _hide_in_answers(uow: UnitOfWork, answer_ids: Collection[str], hiding: Hiding) -> int:
    places = 0
    for done in uow.session.scalars(select(DoneRequest).where(DoneRequest.id.in_(answer_ids))):
        answer = hiding.hidden_within(done.answer)
        if answer != done.answer:
            done.answer = answer
            places += 1
    return places


def _record(
    uow: UnitOfWork,
    complaint: Complaint,
    redaction: Redaction,
    *,
    told: Collection[int | None],
    by: Principal,
) -> Redaction:
    redaction.complaint_id, redaction.by_id, redaction.at = complaint.id, by.account_id, uow.now
    complaint.version += 1
    uow.session.add(redaction)
    uow.session.flush()  # the outbox names it
    contacts = sorted(contact_id for contact_id in told if contact_id is not None)
    outbox.record(
        uow,
        redactions.REDACTED,
        cases.subject_of(complaint.id),
        redaction_id=redaction.id,
        contacts=",".join(map(str, contacts)),
    )
    after = {"kind": redaction.kind.value, "reason": redaction.reason.value, "places": redaction.places}
    audit.record(
        uow, actor=by.username, action="complaint.redacted", subject_kind="complaint", subject_id=complaint.id,
        after=after,
    )  # fmt: skip
    return redaction
