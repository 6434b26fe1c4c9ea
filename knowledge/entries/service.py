"""Writing the FAQ: entries, their drafts, and what residents see of them.

Every change is audited and told to the change feed that the live views read. Raises ServiceError
`faq.not_found`, `faq.invalid` (with its fields), `faq.changed` (a colleague was faster: `name` and `time` of
the newer version in its parameters), `faq.unfilled` (a mark in the draft is to be filled in) and what each function names.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, conflict, invalid, not_found
from eservice.kit.thai_calendar import thai_time
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import Department, StaffAccount
from knowledge.entries.content import UNFILLED, EntryContent, content_of, faults, key_fault, tidied
from knowledge.entries.models import Entry, EntryChange, EntryState, EntryVersion

TOPIC = "faq"  # the signal that wakes the live views
_RESIDENTS = "inquiry-"  # begins the key of an entry made from a resident's question
_WORDS = ("question", "answer", "variants", "keywords")
_FEED_LOCK = 5_209_001  # names PostgreSQL's advisory lock of the FAQ; any number that nothing else uses


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """An entry to be made. Without a key one is invented."""

    content: EntryContent
    key: str | None = None


def create_entry(uow: UnitOfWork, content: EntryContent, *, actor: str, key: str | None = None) -> Entry:
    """Makes an entry with a first draft. Raises ServiceError `faq.key_taken` too."""
    return create_entries(uow, [NewEntry(content=content, key=key)], actor=actor)[0]


def create_entries(uow: UnitOfWork, new: Sequence[NewEntry], *, actor: str) -> list[Entry]:
    """Makes entries with a first draft each, in few statements; all or none."""
    take_turn(uow)
    contents = [_checked(uow, item.content) for item in new]
    keys = [_checked_key(item.key) for item in new]
    taken = uow.session.scalar(select(Entry.key).where(Entry.key.in_(keys)).limit(1))
    if taken is not None or len(set(keys)) < len(keys):
        raise ServiceError("faq.key_taken", ErrorKind.CONFLICT, fields={"key": "taken"})
    entries = [
        Entry(key=key, state=EntryState.DRAFT, asked_count=0, created_at=uow.now, updated_at=uow.now)
        for key in keys
    ]
    uow.session.add_all(entries)
    uow.session.flush()  # versions name their entry by id
    drafts = [
        _new_version(uow, entry, content, number=1, actor=actor)
        for entry, content in zip(entries, contents, strict=True)
    ]
    uow.session.flush()  # entries name their draft by id
    for entry, draft, content in zip(entries, drafts, contents, strict=True):
        entry.draft_version_id = draft.id
        _record(uow, entry, "created", actor, after=_plain(content))
    return entries


def inquiry_key(inquiry_id: int) -> str:
    """The key of the entry that is made from a resident's question."""
    return f"{_RESIDENTS}{inquiry_id}"


def forget_inquiry(uow: UnitOfWork, inquiry_id: int) -> None:
    """Erases what was made from a question whose asker took it back; without such an entry, nothing.

    An entry that was never published goes altogether; of another one the wordings before the published ones
    go, and what the office has put before residents in its own name stays.
    """
    take_turn(uow)
    key = inquiry_key(inquiry_id)
    entry = uow.session.scalar(select(Entry).where(Entry.key == key).with_for_update())
    if entry is None:
        return
    ours = EntryVersion.entry_id == entry.id
    first_published = uow.session.scalar(
        select(func.min(EntryVersion.number)).where(ours, EntryVersion.published_at.is_not(None))
    )
    _record(uow, entry, "asker_took_back", audit.SYSTEM)
    if first_published is None:
        uow.session.execute(delete(EntryVersion).where(ours))
        uow.session.delete(entry)
    else:
        uow.session.execute(delete(EntryVersion).where(ours, EntryVersion.number < first_published))


def save_draft(
    uow: UnitOfWork, entry_id: int, content: EntryContent, *, based_on: int, actor: str
) -> EntryVersion:
    """Stores new words as the entry's draft; `based_on` is the version number that the author started from.

    The same words again change nothing. Raises ServiceError `faq.retired` too.
    """
    entry = locked(uow, entry_id)
    if entry.state is EntryState.RETIRED:
        raise conflict("faq.retired")
    content = _checked(uow, content)
    current = current_version(uow, entry)
    _require_number(uow, current, based_on)
    before = content_of(current)
    if content == before:
        return current
    draft = _add_version(uow, entry, content, actor)
    entry.draft_version_id = draft.id
    if entry.state is EntryState.LIVE:
        entry.state = EntryState.LIVE_WITH_DRAFT
    _record(uow, entry, "draft_saved", actor, before=_plain(before), after=_plain(content))
    return draft


def publish(uow: UnitOfWork, entry_id: int, *, number: int, actor: str) -> EntryVersion:
    """Puts the draft before residents; `number` is the version that the publisher has read.

    Raises ServiceError `faq.no_draft` too.
    """
    entry = locked(uow, entry_id)
    draft = _draft(uow, entry)
    _require_number(uow, draft, number)
    return _publish(uow, entry, draft, actor)


def publish_drafts(uow: UnitOfWork, entry_ids: Sequence[int], *, actor: str) -> None:
    """Puts the drafts of many entries before residents, e.g. after an import; others are passed over."""
    take_turn(uow)
    rows = uow.session.execute(
        select(Entry, EntryVersion)
        .join(EntryVersion, EntryVersion.id == Entry.draft_version_id)
        .where(Entry.id.in_(entry_ids), Entry.state != EntryState.RETIRED)
    ).all()
    for entry, draft in rows:
        _publish(uow, entry, draft, actor)


def retire(uow: UnitOfWork, entry_id: int, *, actor: str) -> Entry:
    """Takes the entry from residents and authors; its versions stay. A retired one stays as it is."""
    entry = locked(uow, entry_id)
    if entry.state is not EntryState.RETIRED:
        _put_away(uow, entry, "retired", actor)
    return entry


def restore(uow: UnitOfWork, entry_id: int, *, actor: str) -> Entry:
    """Brings a retired entry back as a draft with its last words; residents see it once published.

    Raises ServiceError `faq.not_retired` too.
    """
    entry = locked(uow, entry_id)
    if entry.state is not EntryState.RETIRED:
        raise conflict("faq.not_retired")
    # A copy: the old version may have been live, and such a row keeps its own date of publishing.
    entry.draft_version_id = _add_version(uow, entry, content_of(current_version(uow, entry)), actor).id
    _move(uow, entry, EntryState.DRAFT, "restored", actor)
    return entry


def discard_draft(uow: UnitOfWork, entry_id: int, *, number: int, actor: str) -> Entry:
    """Drops the draft: the live words stay alone; an entry without any is retired.

    `number` is the version that is dropped. Raises ServiceError `faq.no_draft` too.
    """
    entry = locked(uow, entry_id)
    draft = _draft(uow, entry)
    _require_number(uow, draft, number)
    if entry.live_version_id is None:
        _put_away(uow, entry, "draft_discarded", actor)
    else:
        entry.draft_version_id = None
        _move(uow, entry, EntryState.LIVE, "draft_discarded", actor)
    return entry


def current_version(reader: ReadOnly, entry: Entry) -> EntryVersion:
    """The version that an author goes on from: the draft, else the live one; of a retired entry the last."""
    return reader.session.get_one(EntryVersion, entry.draft_version_id or entry.live_version_id)


def locked(uow: UnitOfWork, entry_id: int) -> Entry:
    """The entry, locked until the transaction ends."""
    take_turn(uow)
    entry = uow.session.scalar(
        select(Entry).where(Entry.id == entry_id).with_for_update().execution_options(populate_existing=True)
    )
    if entry is None:
        raise not_found("faq.not_found")
    return entry


def take_turn(uow: UnitOfWork) -> None:
    """Lets one transaction at a time write the FAQ, so that ids of the change feed appear in order.

    Otherwise a live view could read change 6 while 5 is not yet committed, and never look for 5 again.
    SQLite has one writer anyway.
    """
    if uow.session.get_bind().dialect.name == "postgresql":
        uow.session.execute(select(func.pg_advisory_xact_lock(_FEED_LOCK)))


def _publish(uow: UnitOfWork, entry: Entry, draft: EntryVersion, actor: str) -> EntryVersion:
    if UNFILLED in draft.answer:
        raise invalid("faq.unfilled", answer="unfilled")
    before = None
    if entry.live_version_id is not None:
        before = {"version": uow.session.get_one(EntryVersion, entry.live_version_id).number}
    draft.published_by, draft.published_at = actor, uow.now
    entry.live_version_id, entry.draft_version_id = draft.id, None
    entry.state = EntryState.LIVE
    _record(uow, entry, "published", actor, before=before, after={"version": draft.number})
    return draft


def _draft(uow: UnitOfWork, entry: Entry) -> EntryVersion:
    if entry.state is EntryState.RETIRED or entry.draft_version_id is None:
        raise conflict("faq.no_draft")
    return uow.session.get_one(EntryVersion, entry.draft_version_id)


def _put_away(uow: UnitOfWork, entry: Entry, verb: str, actor: str) -> None:
    """Retires the entry; its last words stay at hand as the draft that `restore` goes on from."""
    entry.draft_version_id = current_version(uow, entry).id
    entry.live_version_id = None
    _move(uow, entry, EntryState.RETIRED, verb, actor)


def _move(uow: UnitOfWork, entry: Entry, state: EntryState, verb: str, actor: str) -> None:
    before = entry.state
    entry.state = state
    _record(uow, entry, verb, actor, before={"state": before.value}, after={"state": state.value})


def _record(
    uow: UnitOfWork,
    entry: Entry,
    verb: str,
    actor: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """The audit row and the row of the change feed that every change leaves.

    The audit is for ever, and a resident may take words back: of an entry made from them it keeps no words.
    """
    entry.updated_at = uow.now
    if entry.key.startswith(_RESIDENTS):
        before, after = _without_words(before), _without_words(after)
    audit.record(
        uow, actor=actor, action=f"faq.{verb}", subject_kind="faq", subject_id=entry.id,
        before=before, after=after,
    )  # fmt: skip
    uow.session.add(EntryChange(entry_id=entry.id, at=uow.now))


def _add_version(uow: UnitOfWork, entry: Entry, content: EntryContent, actor: str) -> EntryVersion:
    newest = uow.session.scalar(
        select(func.max(EntryVersion.number)).where(EntryVersion.entry_id == entry.id)
    )
    version = _new_version(uow, entry, content, number=(newest or 0) + 1, actor=actor)
    uow.session.flush()  # the entry names it by id
    return version


def _new_version(
    uow: UnitOfWork, entry: Entry, content: EntryContent, *, number: int, actor: str
) -> EntryVersion:
    version = EntryVersion(
        entry_id=entry.id,
        number=number,
        question=content.question,
        variants=list(content.variants),
        answer=content.answer,
        keywords=list(content.keywords),
        category=content.category,
        department_id=content.department_id,
        source=content.source,
        source_url=content.source_url,
        language=content.language,
        publish_from=content.publish_from,
        publish_until=content.publish_until,
        created_by=actor,
        created_at=uow.now,
    )
    uow.session.add(version)
    return version


def _checked(uow: UnitOfWork, content: EntryContent) -> EntryContent:
    content = tidied(content)
    found = faults(content)
    if content.department_id is not None and uow.session.get(Department, content.department_id) is None:
        found["department_id"] = "unknown"
    if found:
        raise invalid("faq.invalid", **found)
    return content


def _checked_key(key: str | None) -> str:
    if key is None:
        return f"faq-{secrets.token_hex(5)}"
    if fault := key_fault(key):
        raise invalid("faq.invalid", key=fault)
    return key


def _require_number(uow: UnitOfWork, version: EntryVersion, number: int) -> None:
    if version.number == number:
        return
    colleague = uow.session.scalar(
        select(StaffAccount.display_name).where(StaffAccount.username == version.created_by)
    )
    raise ServiceError(
        "faq.changed",
        ErrorKind.CONFLICT,
        parameters={"name": colleague or version.created_by, "time": thai_time(version.created_at)},
    )


def _without_words(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    return facts and {name: fact for name, fact in facts.items() if name not in _WORDS}


def _plain(content: EntryContent) -> dict[str, Any]:
    """The content as the audit keeps it."""
    return {
        "question": content.question,
        "answer": content.answer,
        "variants": list(content.variants),
        "keywords": list(content.keywords),
        "category": content.category,
        "department_id": content.department_id,
        "source": content.source,
        "source_url": content.source_url,
        "publish_from": _instant(content.publish_from),
        "publish_until": _instant(content.publish_until),
        "language": content.language,
    }


def _instant(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None
