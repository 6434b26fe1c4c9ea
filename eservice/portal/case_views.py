"""A complaint as its resident reads it: state, dates and what happened, in plain words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from eservice.complaints.models import CommentKind, Complaint, Photo, PhotoKind
from eservice.complaints.numbers import shown
from eservice.complaints.queries import Happened, PublicStatus, Said, Timeline
from eservice.complaints.redactions import Redaction, RedactionKind, reason_words
from eservice.complaints.states import (
    Actor,
    ComplaintState,
    Standing,
    is_open,
    move_between,
    standing,
    state_meaning,
    state_name,
    waiting_name,
)
from eservice.kit.text import Catalogue
from eservice.portal.pages import moment_words

_S = ComplaintState
_TONES = {
    _S.RECEIVED: "neutral",
    _S.ASSIGNED: "leaf",
    _S.IN_PROGRESS: "warn",
    _S.NEEDS_INFORMATION: "info",
    _S.WAITING: "info",
    _S.RESOLVED: "leaf",
    _S.CONFIRMED: "done",
    _S.REOPENED: "warn",
    _S.REJECTED: "neutral",
    _S.DUPLICATE: "neutral",
    _S.WITHDRAWN: "neutral",
}
_ICONS = {
    _S.RECEIVED: "inbox",
    _S.ASSIGNED: "send",
    _S.IN_PROGRESS: "clock",
    _S.NEEDS_INFORMATION: "question",
    _S.WAITING: "pause",
    _S.RESOLVED: "check",
    _S.CONFIRMED: "check-circle",
    _S.REOPENED: "refresh",
    _S.REJECTED: "close",
    _S.DUPLICATE: "link",
    _S.WITHDRAWN: "undo",
}
_BY = {
    Actor.OFFICER: "portal.track.by_staff",
    Actor.SECOND_OFFICER: "portal.track.by_staff",
    Actor.RESIDENT: "portal.track.by_you",
    Actor.SYSTEM: "portal.track.by_system",
}
_SAID = {
    CommentKind.REPLY: "portal.track.said_staff",
    CommentKind.RESIDENT: "portal.track.said_you",
    CommentKind.EXTENSION: "portal.track.said_extension",
}
_HID = {
    RedactionKind.WORDS: "portal.track.hid_words",
    RedactionKind.PHOTO: "portal.track.hid_photo",
}
_SHOWS = {
    PhotoKind.RESIDENT: "portal.track.photo_resident",
    PhotoKind.BEFORE: "portal.track.photo_before",
    PhotoKind.AFTER: "portal.track.photo_after",
}


@dataclass(frozen=True, kw_only=True)
class StatusView:
    """What the number alone shows. The dates that are owed are there while work is owed."""

    number: str
    state: str
    meaning: str
    tone: str
    icon: str
    department: str
    waiting: str
    filed_at: datetime
    changed_at: datetime
    due_at: datetime | None
    answer_due_at: datetime | None
    is_late: bool
    continues_as: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the timeline."""

    time: str
    title: str
    text: str
    note: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class PhotoView:
    """One photo; `kind` is the key of its words."""

    id: int
    kind: str
    time: str


@dataclass(frozen=True, kw_only=True)
class CanDo:
    """What the resident may do with the complaint now."""

    say: bool
    withdraw: bool
    confirm: bool
    reopen: bool
    rate: bool
    photo: bool


def status_view(status: PublicStatus, texts: Catalogue, language: str, now: datetime) -> StatusView:
    """The state in words."""
    unanswered = standing(status.state, by_silence=status.by_silence) is Standing.UNANSWERED
    owed = is_open(status.state)
    reason = status.waiting_reason
    return StatusView(
        number=shown(status.number),
        state=state_name(texts, status.state, language, by_silence=status.by_silence),
        meaning=state_meaning(texts, status.state, language, by_silence=status.by_silence),
        tone="neutral" if unanswered else _TONES[status.state],
        icon=_ICONS[status.state],
        department=status.department,
        waiting=waiting_name(texts, reason, language) if reason is not None else "",
        filed_at=status.filed_at,
        changed_at=status.changed_at,
        due_at=status.due_at if owed else None,
        answer_due_at=_last_day(status.answer_due_at) if owed and status.answer_due_at else None,
        is_late=owed
        and status.state is not ComplaintState.WAITING
        and status.due_at is not None
        and status.due_at < now,
        continues_as=shown(status.continues_as) if status.continues_as else "",
    )


def timeline_view(
    timeline: Timeline, hidden: Iterable[Redaction], texts: Catalogue, language: str
) -> list[Entry]:
    """All that happened and was said, and that something was hidden, newest first."""
    entries = [*_entries(timeline, texts, language), *_hidden(hidden, texts, language)]
    oldest_first = sorted(entries, key=lambda timed: timed[0])
    return [entry for _, entry in reversed(oldest_first)]


def photo_views(found: Iterable[Photo], language: str) -> list[PhotoView]:
    """The photos that the resident sees."""
    return [
        PhotoView(id=photo.id, kind=_SHOWS[photo.kind], time=moment_words(photo.at, language))
        for photo in found
    ]


def can_do(complaint: Complaint, now: datetime, *, reopen_days: int) -> CanDo:
    """What the table of moves lets the resident do now."""
    state = complaint.state
    since = now - (complaint.said_done_at or complaint.changed_at)
    return CanDo(
        say=is_open(state),
        withdraw=_may(state, ComplaintState.WITHDRAWN),
        confirm=_may(state, ComplaintState.CONFIRMED),
        reopen=_may(state, ComplaintState.REOPENED) and since <= timedelta(days=reopen_days),
        photo=is_open(state) or _may(state, ComplaintState.CONFIRMED),
        rate=state is ComplaintState.CONFIRMED and complaint.said_done_at is not None,
    )


def _may(state: ComplaintState, target: ComplaintState) -> bool:
    return move_between(state, target, Actor.RESIDENT) is not None


def _last_day(end: datetime) -> datetime:
    """An instant of the day that ends at `end`, which itself is the first of the next day."""
    return end - timedelta(seconds=1)


def _hidden(hidden: Iterable[Redaction], texts: Catalogue, language: str) -> Iterator[tuple[datetime, Entry]]:
    for redaction in hidden:
        yield (
            redaction.at,
            Entry(
                time=moment_words(redaction.at, language),
                title=texts.get(_HID[redaction.kind], language),
                text=reason_words(texts, redaction, language),
                note=texts.get("portal.track.by_staff", language),
                icon="shield",
            ),
        )


def _entries(timeline: Timeline, texts: Catalogue, language: str) -> Iterator[tuple[datetime, Entry]]:
    for entry in timeline.entries:
        time = moment_words(entry.at, language)
        match entry:
            case Said():
                title = texts.get(_SAID[entry.kind], language)
                yield entry.at, Entry(time=time, title=title, text=entry.text, note="", icon="chat")
            case Happened():
                waits = entry.waiting_reason
                words = [waiting_name(texts, waits, language)] if waits else []
                note = " · ".join(filter(None, (texts.get(_BY[entry.actor], language), entry.department)))
                yield (
                    entry.at,
                    Entry(
                        time=time,
                        title=_title(entry, texts, language),
                        text="\n".join([*words, *filter(None, (entry.note, entry.reason))]),
                        note=note,
                        icon=_ICONS[entry.after],
                    ),
                )


def _title(entry: Happened, texts: Catalogue, language: str) -> str:
    if entry.before is entry.after:
        return texts.get("portal.track.moved_on", language)
    by_silence = entry.after is ComplaintState.CONFIRMED and entry.actor is Actor.SYSTEM
    return state_name(texts, entry.after, language, by_silence=by_silence)
