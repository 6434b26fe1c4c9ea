"""What happened to a complaint, newest first, as staff see it: what the resident reads is marked apart."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from admin.case_list import names_of
from eservice.complaints import queries, redactions
from eservice.complaints.models import CommentKind, Complaint, ComplaintComment, ComplaintEvent
from eservice.complaints.states import Actor, ComplaintState, state_name, waiting_name
from eservice.kit import audit
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import StaffAccount
from eservice.staff.queries import department_names

_ICONS = {
    CommentKind.REPLY: "send",
    CommentKind.RESIDENT: "chat",
    CommentKind.NOTE: "note",
    CommentKind.EXTENSION: "calendar",
}
_PUBLIC = (CommentKind.REPLY, CommentKind.RESIDENT, CommentKind.EXTENSION)
_FROM_AUDIT = ("complaint.recategorised", "complaint.rated", "complaint.joined", "complaint.accused")
"""What no row of history tells of."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that happened. `is_public`: the resident reads it; None where there are no words to read."""

    at: datetime
    time: str
    who: str
    title: str
    text: str
    is_public: bool | None
    icon: str


def timeline_of(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> list[Item]:
    """All of it, newest first."""
    events = queries.history(reader, complaint.id)
    comments = queries.comments(reader, complaint.id)
    officers = {e.actor_id for e in events if e.actor in (Actor.OFFICER, Actor.SECOND_OFFICER)}
    names = names_of(reader, officers | {comment.author_id for comment in comments})
    departments = department_names(reader)
    items: list[Item] = []
    earlier: ComplaintEvent | None = None
    for event in events:
        if item := _changed(texts, event, earlier, names, departments):
            items.append(item)
        earlier = event
    items += [_said(texts, comment, names) for comment in comments]
    items += _noted(reader, texts, complaint)
    items += _hidden(reader, texts, complaint)
    return sorted(items, key=lambda item: item.at, reverse=True)


def last_change(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> tuple[str, str]:
    """Who changed it last, and when."""
    events = queries.history(reader, complaint.id)
    names = names_of(reader, {events[-1].actor_id})
    return _who(texts, events[-1], names), thai_datetime(events[-1].at)


def _changed(
    texts: Catalogue,
    event: ComplaintEvent,
    earlier: ComplaintEvent | None,
    names: dict[int, str],
    departments: dict[int, str],
) -> Item | None:
    words = "\n".join(filter(None, (event.note, event.reason)))
    is_handed_on = earlier is not None and event.department_id != earlier.department_id
    icon = "check"
    if event.before is None:
        title, icon = texts.get("cases.happened.filed"), "flag"
    elif is_handed_on:
        name = departments.get(event.department_id or 0, "")
        title, icon = texts.get("cases.happened.handed_on", department=name), "people"
    elif event.before is not event.after:
        title = state_name(texts, event.after, "th", by_silence=_by_silence(event))
        if event.waiting_reason is not None:
            title = f"{title}: {waiting_name(texts, event.waiting_reason, 'th')}"
    elif event.actor is Actor.SECOND_OFFICER:
        title, icon = texts.get("cases.happened.disagreed"), "undo"
    elif event.note:
        title = texts.get("cases.happened.proposed")
    elif event.reason:
        title, icon = texts.get("cases.happened.assigned"), "person"
    else:
        return None
    return Item(
        at=event.at,
        time=thai_datetime(event.at),
        who=_who(texts, event, names),
        title=title,
        text=words,
        is_public=event.is_public if words else None,
        icon=icon,
    )


def _by_silence(event: ComplaintEvent) -> bool:
    return event.after is ComplaintState.CONFIRMED and event.actor is Actor.SYSTEM


def _said(texts: Catalogue, comment: ComplaintComment, names: dict[int, str]) -> Item:
    return Item(
        at=comment.at,
        time=thai_datetime(comment.at),
        who=names.get(comment.author_id or 0, texts.get("cases.who.resident")),
        title=texts.get(f"cases.said.{comment.kind.value}"),
        text=comment.text,
        is_public=comment.kind in _PUBLIC,
        icon=_ICONS.get(comment.kind, "chat"),
    )


def _noted(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> list[Item]:
    wanted = audit.history(
        reader, subject_kind="complaint", subject_id=complaint.id, actions=_FROM_AUDIT, limit=200
    )
    actors = {record.actor for record in wanted}
    found = reader.session.scalars(select(StaffAccount).where(StaffAccount.username.in_(actors)))
    names = {account.username: account.display_name for account in found}
    items = []
    for record in wanted:
        after = record.after or {}
        kind = record.action.removeprefix("complaint.")
        title = texts.get(
            f"cases.happened.{kind}", category=after.get("category", complaint.category), stars=after.get("stars", "")
        )  # fmt: skip
        who = names.get(record.actor, texts.get("cases.who.resident"))
        items.append(
            Item(at=record.at, time=thai_datetime(record.at), who=who, title=title, text="", is_public=None, icon="edit")
        )  # fmt: skip
    return items


def _hidden(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> list[Item]:
    """What staff have hidden, and why; never the words."""
    found = redactions.of_complaint(reader, complaint.id)
    names = names_of(reader, {redaction.by_id for redaction in found})
    return [
        Item(
            at=redaction.at,
            time=thai_datetime(redaction.at),
            who=names.get(redaction.by_id, ""),
            title=texts.get(
                f"cases.happened.hid_{redaction.kind.value}",
                reason=texts.get(f"redaction.reason.{redaction.reason.value}"),
                count=redaction.places,
            ),
            text=redaction.note,
            is_public=redaction.is_public,
            icon="shield",
        )
        for redaction in found
    ]


def _who(texts: Catalogue, event: ComplaintEvent, names: dict[int, str]) -> str:
    match event.actor:
        case Actor.OFFICER | Actor.SECOND_OFFICER:
            return names.get(event.actor_id or 0, "")
        case Actor.RESIDENT:
            return texts.get("cases.who.resident")
        case Actor.SYSTEM:
            return texts.get("cases.who.system")
