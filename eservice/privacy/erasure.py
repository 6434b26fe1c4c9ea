"""Erasing a person's data wherever it lies, and what stays: the skeleton for statistics, and what law keeps.

`erase` and `erase_case` work in one transaction each and leave a tombstone. Files of photos lie outside the
database and go afterwards, with `forget_files`; until then nobody sees them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Delete, Text, Update, and_, cast, delete, or_, select, update

from eservice.complaints import forgetting
from eservice.complaints.models import (
    AnswerExtension,
    CommentKind,
    Complaint,
    ComplaintComment,
    ComplaintEvent,
    Follower,
    ImprovementTask,
    Photo,
    PhotoArrival,
    Rating,
)
from eservice.complaints.numbers import shown
from eservice.complaints.redactions import Redaction
from eservice.complaints.states import is_open
from eservice.complaints.villages import read_village
from eservice.inquiries.models import Inquiry, InquiryNote, InquiryState
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import conflict
from eservice.kit.idempotency import KEPT, DoneRequest
from eservice.kit.media import MediaStore
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import (
    OPEN_STATES,
    Contact,
    ContactKind,
    Conversation,
    Delivery,
    DeliveryState,
    EventState,
    Handler,
    InboundEvent,
    Message,
    Reachability,
)
from eservice.privacy import askers, tombstones
from eservice.privacy.models import (
    Asker,
    CopyLink,
    PrivacyRequest,
    RequestCase,
    RequestState,
    Tombstone,
    TombstoneKind,
)
from knowledge.entries import confirmations
from knowledge.entries import service as entries

TEXTS = Catalogue(Path(__file__).parents[1] / "text")
KEY_OF_NOBODY = "erased"  # no key has this hash
NOBODY = "erased:"  # no platform's address begins so
_WAITS = cast(Tombstone.open_cases, Text) != "[]"
KEPT_ALWAYS = ("skeleton", "traffic", "audit", "backups")
"""What stays after every erasure, by the keys `privacy.kept.<name>` of its reasons."""


def erase(uow: UnitOfWork, contact: Contact, *, by: str, signing_key: str) -> Tombstone:
    """Erases everything of a person, but open cases: their work still needs words, place and photos.

    Those are erased once they are closed (`erase_closed`). The contact's row stays as an empty one to which the
    skeletons of its cases belong; whoever writes from the same address again is somebody new. Raises
    ServiceError `privacy.group` for a group: what is said there is not kept under one person's name.
    """
    if contact.kind is not ContactKind.PERSON:
        raise conflict("privacy.group")
    subject_hash = tombstones.contact_hash(signing_key, contact)
    counts: Counter[str] = Counter()
    conversation = _lock(uow, contact)
    counts["faq_phrasings"] = confirmations.forget_contact(uow, contact.id)
    _erase_following(uow, contact, counts)
    cases = uow.session.scalars(
        select(Complaint).where(Complaint.contact_id == contact.id).order_by(Complaint.id).with_for_update()
    ).all()
    for complaint in cases:
        if not is_open(complaint.state):
            _erase_words_of(uow, complaint, counts)
        complaint.reporter_name, complaint.idempotency_key = None, f"{NOBODY}{complaint.id}"
    still_open = [complaint.id for complaint in cases if is_open(complaint.state)]
    _forget_photos(
        uow,
        counts,
        Photo.contact_id == contact.id,
        or_(Photo.complaint_id.is_(None), Photo.complaint_id.not_in(still_open)),
    )
    _erase_asked_about(uow, [complaint.id for complaint in cases if not is_open(complaint.state)], counts)
    _erase_requests(uow, PrivacyRequest.contact_id == contact.id)
    _empty(uow, contact, conversation, counts)
    kept = (*KEPT_ALWAYS, "open_cases") if still_open else KEPT_ALWAYS
    return _bury(uow, TombstoneKind.CONTACT, subject_hash, counts, kept, by=by, open_cases=still_open)


def expire(uow: UnitOfWork, contact: Contact, *, unseen_since: datetime) -> bool:
    """Empties a contact of whom nobody has heard for the kept time; whether it did, and they did not come back.

    Goes wherever `erase` goes, but for what has a keeping time of its own: the words and photos of closed
    cases and the answers to requests, which then name nobody. Whoever writes from the same address again is
    somebody new and is told of the notice. No tombstone is needed: an older backup is emptied on its own day.
    """
    conversation = _lock(uow, contact)
    uow.session.refresh(contact)
    if contact.last_seen_at >= unseen_since:
        return False
    counts: Counter[str] = Counter()
    confirmations.forget_contact(uow, contact.id, keep_learned=True)
    of_contact = ComplaintComment.contact_id == contact.id
    uow.session.execute(update(ComplaintComment).where(of_contact).values(contact_id=None))
    uow.session.execute(delete(Follower).where(Follower.contact_id == contact.id))
    for complaint in uow.session.scalars(
        select(Complaint).where(Complaint.contact_id == contact.id).order_by(Complaint.id).with_for_update()
    ):
        complaint.contact_id, complaint.idempotency_key = None, f"{NOBODY}{complaint.id}"
    uow.session.execute(update(Photo).where(Photo.contact_id == contact.id).values(contact_id=None))
    _empty(uow, contact, conversation, counts)
    return True


def _lock(uow: UnitOfWork, contact: Contact) -> Conversation | None:
    """Locks in the order in which a worker does, an event and then its conversation: neither waits for the other."""
    uow.session.execute(select(InboundEvent.id).where(is_event_of(contact)).with_for_update())
    return uow.session.scalar(
        select(Conversation).where(Conversation.contact_id == contact.id).with_for_update()
    )


def _empty(
    uow: UnitOfWork, contact: Contact, conversation: Conversation | None, counts: Counter[str]
) -> None:
    """The talk, and all that leads to the person; the contact's row stays as an empty one."""
    if conversation is not None:
        _erase_talk(uow, conversation, counts)
    _erase_events(uow, contact, counts)
    _erase_deliveries(uow, contact, counts)
    counts["complaint_photo_arrivals"] += _count(
        uow, delete(PhotoArrival).where(PhotoArrival.contact_id == contact.id)
    )
    counts["privacy_copy_links"] += _count(uow, delete(CopyLink).where(CopyLink.contact_id == contact.id))
    contact.address = f"{NOBODY}{contact.id}"
    contact.display_name, contact.token_hash, contact.notice_version = None, None, None
    contact.reachability, contact.reachability_at = Reachability.DEACTIVATED, uow.now
    counts["contacts"] = 1


def erase_case(uow: UnitOfWork, complaint: Complaint, *, by: str, signing_key: str) -> Tombstone:
    """Erases what people wrote and sent for one case; number, category, dates and state stay.

    Raises ServiceError `privacy.case_open` while the office still owes work: it is withdrawn or closed first.
    """
    if is_open(complaint.state):
        raise conflict("privacy.case_open")
    counts: Counter[str] = Counter()
    _erase_words_of(uow, complaint, counts)
    still_asks = _erase_asked_about(uow, [complaint.id], counts)
    kept = (*KEPT_ALWAYS, "askers") if still_asks else KEPT_ALWAYS
    subject_hash = tombstones.case_hash(signing_key, complaint)
    return _bury(uow, TombstoneKind.CASE, subject_hash, counts, kept, by=by)


def waits_for_closing(reader: ReadOnly) -> bool:
    """Whether any case of an erased person was still open."""
    return reader.session.scalar(select(Tombstone.id).where(_WAITS).limit(1)) is not None


def erase_closed(uow: UnitOfWork, *, signing_key: str) -> int:
    """Erases the cases of erased people that have been closed since; returns how many."""
    erased = 0
    waiting = uow.session.scalars(select(Tombstone).where(_WAITS)).all()
    for tombstone in waiting:
        left: list[int] = []
        for case_id in tombstone.open_cases:
            complaint = uow.session.get(Complaint, case_id, with_for_update=True)
            if complaint is not None and is_open(complaint.state):
                left.append(case_id)
            elif complaint is not None:
                erase_case(uow, complaint, by=audit.SYSTEM, signing_key=signing_key)
                erased += 1
        tombstone.open_cases = left
    return erased


def reapply(database: Database, *folders: Path, signing_key: str, former_key: str = "") -> int:
    """Erases again what was erased before: a restored older backup has it still. Returns how many.

    What that is, the table and the files of these folders say.
    A person who came back after the erasure is somebody new and stays. What was erased under `former_key`,
    the SECRET_KEY before, is known too.
    """
    keys = [signing_key, *([former_key] if former_key else [])]
    with database.read() as reader:
        known = tombstones.known(reader, *folders)

        def erased_after(contact: Contact) -> bool:
            found = (
                known.get((TombstoneKind.CONTACT, tombstones.contact_hash(key, contact))) for key in keys
            )
            return any(at is not None and contact.created_at < at for at in found)

        contacts = [
            contact.id
            for contact in reader.session.scalars(select(Contact).where(Contact.kind == ContactKind.PERSON))
            if erased_after(contact)
        ]
        already = {row.subject_hash for row in reader.session.scalars(select(Tombstone))}
        cases = [
            complaint.id
            for complaint in reader.session.scalars(select(Complaint))
            if (digests := {tombstones.case_hash(key, complaint) for key in keys}).isdisjoint(already)
            and any((TombstoneKind.CASE, digest) in known for digest in digests)
        ]
    for contact_id in contacts:
        with database.unit_of_work() as uow:
            contact = uow.session.get_one(Contact, contact_id)
            erase(uow, contact, by=audit.SYSTEM, signing_key=signing_key)
    for case_id in cases:
        with database.unit_of_work() as uow:
            complaint = uow.session.get_one(Complaint, case_id, with_for_update=True)
            if not is_open(complaint.state):
                erase_case(uow, complaint, by=audit.SYSTEM, signing_key=signing_key)
            else:  # the backup is from before its end
                subject_hash = tombstones.case_hash(signing_key, complaint)
                kept = (*KEPT_ALWAYS, "open_cases")
                _bury(
                    uow,
                    TombstoneKind.CASE,
                    subject_hash,
                    Counter(),
                    kept,
                    by=audit.SYSTEM,
                    open_cases=[case_id],
                )
    return len(contacts) + len(cases)


def forget_files(database: Database, media: MediaStore) -> int:
    """Deletes the files of forgotten photos, and empties the log of the database; returns how many.

    Not inside a transaction. Raises ServiceError `media.unavailable`.
    """
    gone = 0
    while found := forgetting.forget_due(database, media):
        gone += found
    database.empty_log()
    return gone


def empty_case(uow: UnitOfWork, complaint: Complaint) -> None:
    """Takes out what people wrote and sent for a case whose keeping time is over, and who they were."""
    if complaint.key_hash != KEY_OF_NOBODY:
        _erase_words_of(uow, complaint, Counter())
    complaint.contact_id = None
    uow.session.execute(delete(Follower).where(Follower.complaint_id == complaint.id))
    uow.session.execute(
        update(ComplaintComment)
        .where(ComplaintComment.complaint_id == complaint.id, ComplaintComment.kind == CommentKind.JOINED)
        .values(text=erased_words(), contact_id=None)
    )


def erased_words() -> str:
    """What stands where a person's words stood."""
    return TEXTS.get("privacy.erased")


def _erase_talk(uow: UnitOfWork, conversation: Conversation, counts: Counter[str]) -> None:
    inquiries = uow.session.scalars(select(Inquiry).where(Inquiry.conversation_id == conversation.id)).all()
    for inquiry in inquiries:
        entries.forget_inquiry(uow, inquiry.id)
        if inquiry.state is not InquiryState.CLOSED:
            inquiry.state, inquiry.closed_at, inquiry.waiting_since = InquiryState.CLOSED, uow.now, None
    ids = [inquiry.id for inquiry in inquiries]
    counts["inquiries"] = len(ids)
    counts["inquiry_notes"] = _count(
        uow, update(InquiryNote).where(InquiryNote.inquiry_id.in_(ids)).values(text=erased_words())
    )
    counts["messages"] = erase_messages(uow, Message.conversation_id == conversation.id)
    conversation.dialog, conversation.dialog_expires_at = {}, None
    conversation.handler, conversation.handler_since = Handler.BOT, None


def erase_messages(uow: UnitOfWork, *which: ColumnElement[bool]) -> int:
    """Empties messages, both ways; their rows stay. Returns how many."""
    return _count(
        uow,
        update(Message).where(*which).values(text="", content=None, platform_ref=None, erased_at=uow.now),
    )


def is_event_of(contact: Contact) -> ColumnElement[bool]:
    """The condition of what a person's channel sent us."""
    return and_(
        InboundEvent.state.in_(list(EventState)),  # all there are: the index of keys begins with it
        InboundEvent.conversation_key == f"{contact.channel.value}:{contact.address}",
    )


def _erase_events(uow: UnitOfWork, contact: Contact, counts: Counter[str]) -> None:
    ids = uow.session.scalars(select(InboundEvent.id).where(is_event_of(contact))).all()
    counts["inbound_events"] = len(ids)
    for event_id in ids:
        uow.session.execute(
            update(InboundEvent)
            .where(InboundEvent.id == event_id)
            .values(
                event_id=f"{NOBODY}{event_id}",
                conversation_key=f"{NOBODY}{contact.id}",
                payload="",
                message_ref=None,
                reason=None,
                state=EventState.DONE,
                done_at=uow.now,
            )
        )


def _erase_deliveries(uow: UnitOfWork, contact: Contact, counts: Counter[str]) -> None:
    of_contact = Delivery.contact_id == contact.id
    uow.session.execute(
        update(Delivery)
        .where(of_contact, Delivery.state.in_(OPEN_STATES))
        .values(state=DeliveryState.CANCELLED, settled_at=uow.now)
    )
    counts["deliveries"] = _count(
        uow,
        update(Delivery)
        .where(of_contact)
        .values(reply_token=None, platform_ref=None, reason=None, dedup_key=None),
    )


def _erase_following(uow: UnitOfWork, contact: Contact, counts: Counter[str]) -> None:
    """The cases of others that the person follows, or did, with the words that they brought along."""
    counts["complaint_comments"] += _count(
        uow,
        update(ComplaintComment)
        .where(ComplaintComment.contact_id == contact.id)
        .values(text=erased_words(), contact_id=None),
    )
    counts["complaint_followers"] += _count(uow, delete(Follower).where(Follower.contact_id == contact.id))


def _erase_words_of(uow: UnitOfWork, complaint: Complaint, counts: Counter[str]) -> None:
    """The words, place and residents' photos of a case; the office's own pictures of the work stay."""
    gone = erased_words()
    of_answers = delete(DoneRequest).where(DoneRequest.id.in_(answers_about(uow, complaint)))
    complaint.text, complaint.address, complaint.key_hash = gone, "", KEY_OF_NOBODY
    complaint.reporter_name, complaint.idempotency_key = None, f"{NOBODY}{complaint.id}"
    complaint.village = read_village(complaint.village)  # a village's number says nothing of a person
    complaint.latitude = complaint.longitude = None
    complaint.proposed_note = gone if complaint.proposed_note else None
    complaint.version += 1
    counts["complaints"] += 1
    of_case = {
        "complaint_comments": update(ComplaintComment)
        .where(
            ComplaintComment.complaint_id == complaint.id,
            ComplaintComment.kind != CommentKind.JOINED,  # the words of others, who may still want them
        )
        .values(text=gone),
        "complaint_events": update(ComplaintEvent)
        .where(
            ComplaintEvent.complaint_id == complaint.id,
            (ComplaintEvent.note != "") | (ComplaintEvent.reason != ""),
        )
        .values(note=gone, reason=""),
        "complaint_extensions": update(AnswerExtension)
        .where(AnswerExtension.complaint_id == complaint.id)
        .values(reason=gone),
        "complaint_ratings": update(Rating)
        .where(Rating.complaint_id == complaint.id, Rating.words != "")
        .values(words=gone),
        "improvement_tasks": update(ImprovementTask)
        .where(ImprovementTask.complaint_id == complaint.id, ImprovementTask.outcome != "")
        .values(outcome=gone),
        "complaint_redactions": update(Redaction)
        .where(Redaction.complaint_id == complaint.id, Redaction.note != "")
        .values(note=gone),
        "complaint_photo_arrivals": delete(PhotoArrival).where(PhotoArrival.complaint_id == complaint.id),
        "done_requests": of_answers,
    }
    for table, statement in of_case.items():
        counts[table] += _count(uow, statement)
    _forget_photos(uow, counts, Photo.complaint_id == complaint.id, Photo.uploaded_by_id.is_(None))


def answers_about(uow: UnitOfWork, complaint: Complaint) -> list[str]:
    """The answers of a day, kept for requests that come again, that name the case or repeat what was said of it."""
    answer = cast(DoneRequest.answer, Text)
    names = or_(answer.contains(complaint.number), answer.contains(shown(complaint.number)))
    found = list(uow.session.scalars(select(DoneRequest.id).where(names)))
    of_case = ComplaintComment.complaint_id == complaint.id, ComplaintComment.at > uow.now - KEPT
    if said := set(uow.session.scalars(select(ComplaintComment.text).where(*of_case))):
        done = uow.session.scalars(select(DoneRequest))
        found += [each.id for each in done if each.answer.get("text") in said]
    return found


def _forget_photos(uow: UnitOfWork, counts: Counter[str], *which: ColumnElement[bool]) -> None:
    counts["complaint_photos"] += _count(
        uow,
        update(Photo)
        .where(*which, Photo.forgotten_at.is_(None))
        .values(forgotten_at=uow.now, original_sha256="", contact_id=None),
    )


def _erase_asked_about(uow: UnitOfWork, complaint_ids: Sequence[int], counts: Counter[str]) -> bool:
    """What was asked about these cases. Whether somebody who asked at the office is kept: to be told first."""
    _erase_requests(uow, PrivacyRequest.complaint_id.in_(complaint_ids))
    about = select(RequestCase.request_id).where(RequestCase.complaint_id.in_(complaint_ids))
    uow.session.execute(update(PrivacyRequest).where(PrivacyRequest.id.in_(about)).values(words=""))
    told = uow.session.scalars(select(Asker.request_id).where(askers.told_about(complaint_ids))).all()
    _erase_requests(uow, PrivacyRequest.id.in_(told))
    counts["privacy_askers"] += askers.empty(uow, told)
    untold = select(Asker.request_id).where(Asker.request_id.in_(about), Asker.told_at.is_(None))
    return uow.session.scalar(untold.limit(1)) is not None


def _erase_requests(uow: UnitOfWork, which: ColumnElement[bool]) -> None:
    """The words of requests and of their answers; that they were made and how they were decided stays."""
    uow.session.execute(update(PrivacyRequest).where(which).values(words=""))
    uow.session.execute(
        update(PrivacyRequest).where(which, PrivacyRequest.outcome != "").values(outcome=erased_words())
    )
    uow.session.execute(
        update(PrivacyRequest)
        .where(which, PrivacyRequest.state == RequestState.OPEN)
        .values(state=RequestState.DONE, handled_at=uow.now)
    )


def _bury(
    uow: UnitOfWork,
    kind: TombstoneKind,
    subject_hash: str,
    counts: Counter[str],
    kept: Sequence[str],
    *,
    by: str,
    open_cases: Sequence[int] = (),
) -> Tombstone:
    tombstone = Tombstone(
        kind=kind,
        subject_hash=subject_hash,
        at=uow.now,
        by=by,
        counts={table: count for table, count in sorted(counts.items()) if count},
        kept=list(kept),
        open_cases=list(open_cases),
    )
    uow.session.add(tombstone)
    uow.session.flush()  # the audit names it
    audit.record(
        uow, actor=by, action="privacy.erased", subject_kind="tombstone", subject_id=tombstone.id,
        after={"kind": kind.value, "counts": tombstone.counts},
    )  # fmt: skip
    return tombstone


def _count(uow: UnitOfWork, statement: Update | Delete) -> int:
    result = uow.session.execute(statement, execution_options={"preserve_rowcount": True})
    return max(result.rowcount, 0)  # type: ignore[attr-defined]
