"""What residents hear about their complaints, and what it may cost.

On LINE only a question of the office and its word that the work is done may spend a counted push, and only on the
owner; everything else rides on the next reply. Elsewhere people are told at once. Whoever acts themselves is not
told of it again. Who follows another's case hears how it stands, and none of the words said about it.
"""

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import select

from eservice.complaints import deadlines, queries
from eservice.complaints.models import CommentKind, Complaint, ComplaintComment, ComplaintEvent
from eservice.complaints.numbers import shown
from eservice.complaints.redactions import Redaction, reason_words
from eservice.complaints.states import Actor, ComplaintState, is_open, waiting_name
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import conversations, deliveries
from eservice.messaging.content import Bundle, Button, Card
from eservice.messaging.models import Contact, DeliveryClass, Speaker
from eservice.staff.models import Department

_MAY_PUSH = frozenset({ComplaintState.NEEDS_INFORMATION, ComplaintState.RESOLVED})

_OBJECTED_TO = frozenset({ComplaintState.RESOLVED, ComplaintState.REJECTED})

Words = Callable[[Contact], Bundle]


def tell_change(uow: UnitOfWork, change: ComplaintEvent, texts: Catalogue) -> frozenset[int]:
    """Tells everybody concerned of a change of state or department; returns their conversations."""
    complaint = uow.session.get_one(Complaint, change.complaint_id)
    if change.before is None or (change.actor is Actor.SYSTEM and change.after is ComplaintState.ASSIGNED):
        return frozenset()  # the receipt has said so; and what a machine sorts nobody has read yet
    if change.before is change.after and not _is_new_department(uow, change):
        return frozenset()
    audience = queries.audience(uow, complaint.id)
    if change.after is ComplaintState.NEEDS_INFORMATION:  # only its owner can answer
        audience &= {complaint.contact_id}
    if change.actor is Actor.RESIDENT:
        audience -= {change.actor_id}
    return _send(
        uow,
        audience,
        lambda contact: _change_words(uow, complaint, change, contact, texts),
        pushed_to={complaint.contact_id} if change.after in _MAY_PUSH else set(),
        speaker=Speaker.BOT,
        key=f"complaint-event:{change.id}",
    )


def tell_saying(uow: UnitOfWork, comment_id: int, texts: Catalogue) -> frozenset[int]:
    """Tells the owner what staff wrote to them; returns their conversations."""
    comment = uow.session.get_one(ComplaintComment, comment_id)
    complaint = uow.session.get_one(Complaint, comment.complaint_id)
    if comment.kind not in (CommentKind.REPLY, CommentKind.EXTENSION) or complaint.contact_id is None:
        return frozenset()

    def words(contact: Contact) -> Bundle:
        due = thai_date(deadlines.last_day(complaint.answer_due_at)) if complaint.answer_due_at else "-"
        title = texts.get(f"complaint_news.{comment.kind}", contact.language, due=due)
        answer = _button(texts, contact, "answer", f"casesay:{complaint.number}")
        card = Card(
            label=_label(texts, complaint, contact),
            title=title,
            body=comment.text,
            # In the card: on LINE this rides on a later reply, and quick replies stand under that one only.
            buttons=(answer, _look(texts, complaint, contact)),
        )
        return Bundle(parts=(card,))

    return _send(
        uow,
        {complaint.contact_id},
        words,
        pushed_to=set(),
        speaker=Speaker.STAFF,
        key=f"complaint-comment:{comment.id}",
    )


def tell_redaction(
    uow: UnitOfWork, redaction: Redaction, contact_ids: Collection[int], texts: Catalogue
) -> frozenset[int]:
    """Tells those whose words or photo staff have hidden, and why; returns their conversations."""
    complaint = uow.session.get_one(Complaint, redaction.complaint_id)

    def words(contact: Contact) -> Bundle:
        what_next = "goes_on" if is_open(complaint.state) else "stays"
        said = [
            reason_words(texts, redaction, contact.language),
            texts.get(f"redaction.{what_next}", contact.language),
        ]
        card = Card(
            label=_label(texts, complaint, contact),
            title=texts.get(f"redaction.told.{redaction.kind.value}", contact.language),
            body="\n\n".join(said),
            buttons=(_look(texts, complaint, contact),),
        )
        return Bundle(parts=(card,))

    return _send(
        uow,
        contact_ids,
        words,
        pushed_to=set(),
        speaker=Speaker.BOT,
        key=f"complaint-redaction:{redaction.id}",
    )


def _change_words(
    uow: UnitOfWork, complaint: Complaint, change: ComplaintEvent, contact: Contact, texts: Catalogue
) -> Bundle:
    department = uow.session.get(Department, change.department_id) if change.department_id else None
    parent = uow.session.get(Complaint, complaint.parent_id) if complaint.parent_id else None
    what = change.after.value
    if change.after is ComplaintState.CONFIRMED and change.actor is Actor.SYSTEM:
        what = "unanswered"
    title = texts.get(
        f"complaint_news.{what}",
        contact.language,
        department=department.name if department else texts.get("complaint_news.office", contact.language),
        waiting=waiting_name(texts, change.waiting_reason, contact.language) if change.waiting_reason else "",
        parent=shown(parent.number) if parent else "",
    )
    is_owner = complaint.contact_id == contact.id
    is_for_them = is_owner and change.is_public and change.actor is not Actor.RESIDENT
    said = [text for text in (change.note, change.reason) if text and is_for_them]
    buttons = [_look(texts, complaint, contact)]
    if change.after is ComplaintState.RESOLVED and is_owner:
        said.append(texts.get("complaint_news.ask_fixed", contact.language))
        buttons = [
            _button(texts, contact, "is_fixed", f"casefixed:{complaint.number}"),
            _button(texts, contact, "not_fixed", f"casenot:{complaint.number}"),
            *buttons,
        ]
    elif change.after is ComplaintState.REJECTED and is_owner:
        buttons = [_button(texts, contact, "object", f"casenot:{complaint.number}"), *buttons]
    elif change.after in _OBJECTED_TO and (own := queries.own_among(uow, complaint.id, contact.id)):
        buttons = [
            _button(texts, contact, "not_fixed", f"casenot:{own.number}"),
            *buttons,
        ]  # merged into this one
    elif change.after is ComplaintState.NEEDS_INFORMATION:
        buttons = [_button(texts, contact, "answer", f"casesay:{complaint.number}"), *buttons]
    card = Card(
        label=_label(texts, complaint, contact),
        title=title,
        body="\n\n".join(said),
        buttons=tuple(buttons),
        is_open_choice=change.after is ComplaintState.RESOLVED and is_owner,
    )
    return Bundle(parts=(card,))


def _send(
    uow: UnitOfWork,
    audience: Iterable[int | None],
    words: Words,
    *,
    pushed_to: Collection[int | None],
    speaker: Speaker,
    key: str,
) -> frozenset[int]:
    """Queues one message for each contact, once; returns their conversations. `pushed_to`: who is worth a push."""
    told: set[int] = set()
    for contact_id in sorted(known for known in audience if known is not None):
        talk = conversations.talk_with(uow, contact_id)
        if talk is None:
            continue
        deliveries.enqueue(
            uow,
            talk,
            words(talk.contact),
            purpose=DeliveryClass.CASE_PUSH if contact_id in pushed_to else DeliveryClass.NOTICE,
            speaker=speaker,
            dedup_key=f"{key}:{contact_id}",
        )
        told.add(talk.conversation.id)
    return frozenset(told)


def _label(texts: Catalogue, complaint: Complaint, contact: Contact) -> str:
    return texts.get(
        "complaint_news.label", contact.language, number=shown(complaint.number), category=complaint.category
    )


def _look(texts: Catalogue, complaint: Complaint, contact: Contact) -> Button:
    return _button(texts, contact, "look", f"case:{complaint.number}")


def _button(texts: Catalogue, contact: Contact, key: str, payload: str) -> Button:
    return Button(label=texts.get(f"complaint_news.{key}", contact.language), payload=payload)


def _is_new_department(uow: UnitOfWork, change: ComplaintEvent) -> bool:
    earlier = uow.session.scalar(
        select(ComplaintEvent.department_id)
        .where(ComplaintEvent.complaint_id == change.complaint_id, ComplaintEvent.id < change.id)
        .order_by(ComplaintEvent.id.desc())
        .limit(1)
    )
    return change.department_id != earlier
