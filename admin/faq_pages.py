"""The page of one answer: its form, the card that residents see, what differs, and who changed what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from admin.faq_form import EntryForm, form_of, read_form
from admin.faq_words import Change, Look, compare, record_changes, share_words, state_look
from eservice.kit import audit
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.accounts import CLI
from eservice.staff.models import StaffAccount
from eservice.staff.permissions import Permission, Principal, departments_of, may, require
from eservice.staff.queries import department_names
from knowledge.entries import queries, service
from knowledge.entries.answer import parse_answer
from knowledge.entries.content import EntryContent, content_of, one_line
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import AskDecision, Entry, EntryState, EntryVersion
from knowledge.entries.office_facts import office_facts, with_office_facts


@dataclass(frozen=True, kw_only=True)
class AnswerFace:
    """The card that residents see: what `ui.answer_card` takes."""

    headline: str
    text: str
    rows: list[dict[str, str]]
    source: str
    source_url: str
    department: str
    checked: str


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Phrasings that another live entry answers already."""

    entry_id: int
    question: str
    phrasings: list[str]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What follows from the words in the form. `changes` compares them with what residents see now."""

    face: AnswerFace
    is_live: bool  # residents see some words of this entry now
    changes: list[Change]
    clashes: list[Clash]
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One wording in the list of versions."""

    number: int
    made: str
    published: str
    is_live: bool
    is_draft: bool


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One record of the audit."""

    at: str
    actor: str
    action: str
    changes: list[Change]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the form offers."""

    departments: list[tuple[str, str]]
    categories: list[str]


@dataclass(frozen=True, kw_only=True)
class EntryPage:
    """One stored entry."""

    id: int
    key: str
    state: Look
    number: int  # of the version that an author goes on from
    has_draft: bool
    is_live: bool
    is_retired: bool
    department: str
    asked: int
    votes: str
    may_write: bool
    may_publish: bool
    versions: list[VersionRow]
    history: list[HistoryRow]


def entry_to_change(uow: UnitOfWork, staff: Principal, entry_id: int, *permissions: Permission) -> Entry:
    """The entry, locked. Raises ServiceError `faq.not_found`, and `staff.forbidden` unless the person may.

    A draft may move an entry to another department; whoever touches it then needs the permission in both.
    """
    entry = service.locked(uow, entry_id)
    for department_id in _departments_of_entry(uow, entry):
        for permission in permissions:
            require(staff, permission, department_id)
    return entry


def add_phrasings(uow: UnitOfWork, staff: Principal, entry_id: int, phrasings: Iterable[str]) -> bool:
    """Adds phrasings to the draft of an entry, which its owner publishes; returns whether any was new.

    Raises as `entry_to_change` and `service.save_draft` do; a phrasing that does not fit is in `variants`.
    """
    stored = entry_to_change(uow, staff, entry_id, Permission.FAQ_WRITE)
    current = service.current_version(uow, stored)
    content = content_of(current)
    known = {content.question, *content.variants}
    new = [text for text in dict.fromkeys(map(one_line, phrasings)) if text and text not in known]
    if new:
        longer = replace(content, variants=(*content.variants, *new))
        service.save_draft(uow, entry_id, longer, based_on=current.number, actor=staff.username)
    return bool(new)


def entry_page(reader: ReadOnly, texts: Catalogue, staff: Principal, entry: Entry) -> EntryPage:
    """Everything about an entry but its form."""
    version = service.current_version(reader, entry)
    names = department_names(reader)
    people = staff_names(reader, texts)
    use = next(iter(queries.use_of(reader, [entry.id], since=entry.created_at)), None)
    return EntryPage(
        id=entry.id,
        key=entry.key,
        state=state_look(texts, entry.state, version, reader.now),
        number=version.number,
        has_draft=entry.state in (EntryState.DRAFT, EntryState.LIVE_WITH_DRAFT),
        is_live=entry.live_version_id is not None,
        is_retired=entry.state is EntryState.RETIRED,
        department=names.get(version.department_id or 0, texts.get("site.whole_office")),
        asked=entry.asked_count,
        votes=share_words(texts, use),
        may_write=may_change(reader, staff, entry, Permission.FAQ_WRITE),
        may_publish=may_change(reader, staff, entry, Permission.FAQ_PUBLISH),
        versions=[
            _version_row(texts, entry, row, people) for row in queries.versions(reader, entry.id)
        ],
        history=[
            HistoryRow(
                at=thai_datetime(record.at),
                actor=people.get(record.actor, record.actor),
                action=texts.get(f"actions.{record.action}"),
                changes=record_changes(texts, names, record),
            )
            for record in audit.history(reader, subject_kind="faq", subject_id=entry.id)
        ],
    )  # fmt: skip


def stored_form(
    reader: ReadOnly, entry: Entry, *, number: int | None = None, as_seen: bool = False
) -> EntryForm:
    """The form of the words that an author goes on from, or of version `number`, or that residents see."""
    current = service.current_version(reader, entry)
    chosen = None
    if number is not None:
        chosen = reader.session.scalar(
            select(EntryVersion).where(EntryVersion.entry_id == entry.id, EntryVersion.number == number)
        )
    elif as_seen and entry.live_version_id is not None:
        chosen = reader.session.get(EntryVersion, entry.live_version_id)
    return form_of(content_of(chosen or current), based_on=current.number)


def may_change(reader: ReadOnly, staff: Principal, entry: Entry, permission: Permission) -> bool:
    """Whether the person has the permission in every department that the entry's words name."""
    return all(may(staff, permission, owner) for owner in _departments_of_entry(reader, entry))


def choices(reader: ReadOnly, texts: Catalogue, staff: Principal, live: LiveFaq) -> Choices:
    """The departments that this person writes for, and the categories in use."""
    allowed = departments_of(staff, Permission.FAQ_WRITE)
    whole = [("", texts.get("site.whole_office"))] if allowed is None else []
    names = department_names(reader)
    departments = [(str(id), name) for id, name in names.items() if allowed is None or id in allowed]
    return Choices(departments=whole + departments, categories=[name for name, _ in live.categories()])


def preview_of(
    reader: ReadOnly, texts: Catalogue, live: LiveFaq, form: EntryForm, entry: Entry | None
) -> Preview:
    """What the words in the form would look like, and what to think of before publishing them."""
    content, _ = read_form(form, texts)
    names = department_names(reader)
    live_version = reader.session.get(EntryVersion, entry.live_version_id or 0) if entry else None
    changes = compare(texts, names, content_of(live_version), content) if live_version else []
    checked = live_version.published_at if live_version and not changes else None
    return Preview(
        face=_face(texts, names, _as_read(reader, content), checked or reader.now),
        is_live=live_version is not None,
        changes=changes,
        clashes=_clashes(live, content, entry.id if entry else None),
        warnings=_warnings(texts, content, reader.now),
    )


def colleagues_changes(
    reader: ReadOnly, texts: Catalogue, entry: Entry, form: EntryForm
) -> tuple[int, list[Change]]:
    """The number of the newest version, and how the typed words differ from it."""
    current = service.current_version(reader, entry)
    content, _ = read_form(form, texts)
    return current.number, compare(texts, department_names(reader), content_of(current), content)


def _departments_of_entry(reader: ReadOnly, entry: Entry) -> set[int | None]:
    """The departments of the words that residents see and of those that authors work on."""
    versions = reader.session.scalars(
        select(EntryVersion).where(EntryVersion.id.in_([entry.live_version_id, entry.draft_version_id]))
    )
    return {version.department_id for version in versions}


def _as_read(reader: ReadOnly, content: EntryContent) -> EntryContent:
    return replace(content, answer=with_office_facts(content.answer, office_facts(reader)))


def _face(texts: Catalogue, names: Mapping[int, str], content: EntryContent, checked: datetime) -> AnswerFace:
    parts = parse_answer(content.answer)
    return AnswerFace(
        headline=parts.headline or texts.get("faq.preview.no_answer"),
        text=parts.body,
        rows=[{"label": left, "value": right} for left, right in parts.rows],
        source=content.source,
        source_url=content.source_url if content.source_url.startswith(("https://", "http://")) else "",
        department=names.get(content.department_id or 0, ""),
        checked=thai_date(checked),
    )  # fmt: skip


def _clashes(live: LiveFaq, content: EntryContent, entry_id: int | None) -> list[Clash]:
    """Other live entries that would already answer one of the phrasings outright."""
    found: dict[int, list[str]] = {}
    for phrasing in filter(None, (content.question, *content.variants)):
        decision = live.decide(phrasing)
        if decision.kind is AskDecision.ANSWERED and decision.hits[0][0] != entry_id:
            found.setdefault(decision.hits[0][0], []).append(phrasing)
    clashes = []
    for other, phrasings in found.items():
        if (face := live.face(other)) is not None:
            clashes.append(Clash(entry_id=other, question=face.question, phrasings=phrasings))
    return clashes


def _warnings(texts: Catalogue, content: EntryContent, now: datetime) -> list[str]:
    warnings = []
    if not content.source:
        warnings.append(texts.get("faq.warning.no_source"))
    if len(content.variants) < 3:
        warnings.append(texts.get("faq.warning.few_variants"))
    if content.publish_until is not None and content.publish_until <= now:
        warnings.append(texts.get("faq.warning.over"))
    return warnings


def _version_row(
    texts: Catalogue, entry: Entry, version: EntryVersion, people: Mapping[str, str]
) -> VersionRow:
    def by(name: str, at: datetime) -> str:
        return texts.get("faq.versions.by", name=people.get(name, name), time=thai_datetime(at))

    published = ""
    if version.published_by is not None and version.published_at is not None:
        published = by(version.published_by, version.published_at)
    return VersionRow(
        number=version.number,
        made=by(version.created_by, version.created_at),
        published=published,
        is_live=version.id == entry.live_version_id,
        is_draft=version.id == entry.draft_version_id and entry.state is not EntryState.RETIRED,
    )


def staff_names(reader: ReadOnly, texts: Catalogue) -> dict[str, str]:
    """The names of staff by username, for records of what they did; the program and its set-up have names too."""
    names = {actor: texts.get(f"faq.actor.{actor}") for actor in (audit.SYSTEM, CLI)}
    accounts = reader.session.scalars(select(StaffAccount))
    return names | {account.username: account.display_name for account in accounts}
