"""What the page of the audit shows: each record as a sentence, what it led from and to, and where it leads.

A complaint that accuses a department of whoever looks has neither number nor values here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from admin.access import MAX_ID
from eservice.complaints import cases as complaints
from eservice.complaints import numbers
from eservice.complaints.models import Complaint
from eservice.kit import audit
from eservice.kit.audit import AuditRecord
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import at_bangkok, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.operations import chains
from eservice.staff import queries as staff
from eservice.staff.permissions import Permission, Principal, may

HOME = "/admin/records"
ROWS = 50
MAX_VALUE = 200  # characters of a value that are shown
UNSAID = "–"
PAGES = {
    "complaint": "/admin/cases/{id}",
    "inquiry": "/admin/inquiries/{id}",
    "faq": "/admin/faq/{id}",
    "staff": "/admin/staff/{id}",
    "office": "/admin/office",
    "privacy_request": "/admin/privacy/{id}",
    "breach": "/admin/privacy/breaches/{id}",
    "channel": "/admin/channels/{id}",
    "webhook": "/admin/partners/webhooks/{id}",
    "traffic_opening": "/admin/traffic/{id}",
}
"""Where the things have their own page; who may not open it is told so there."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the form asks for."""

    person: str = ""
    deed: str = ""
    kind: str = ""
    number: str = ""
    begin: date | None = None
    end: date | None = None
    before: int | None = None

    def address(self, **changes: Any) -> str:
        """The page that shows this, with some of it changed."""
        said = vars(replace(self, **changes))
        names = {"begin": "from", "end": "to"}
        words = {names.get(name, name): str(value) for name, value in said.items() if value}
        return f"{HOME}?{urlencode(words)}" if words else HOME


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record. `href` and `of_thing` are empty where nothing may be opened."""

    place: int
    at: str
    who: str
    deed: str
    thing: str
    href: str
    of_thing: str  # the address of the history of the same thing
    values: list[tuple[str, str, str]]  # name, before, after


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The page of records."""

    asked: Asked
    rows: list[Row]
    older_href: str
    newest_href: str
    deeds: list[tuple[str, str]]
    kinds: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome of the last verification."""

    is_whole: bool
    words: str
    lines: list[str]


def history_href(kind: str, subject_id: str | int) -> str:
    """The page with all that was done with one thing."""
    return Asked(kind=kind, number=str(subject_id)).address()


def records_page(reader: ReadOnly, texts: Catalogue, asked: Asked, by: Principal) -> Listed:
    """The records that fit, newest first."""
    wanted = audit.Search(
        actors=_actors(reader, texts, asked.person) if asked.person else None,
        action=asked.deed,
        subject_kind=asked.kind,
        subject_id=_subject_id(reader, asked, by),
        begin=at_bangkok(asked.begin, time()) if asked.begin else None,
        end=at_bangkok(asked.end + timedelta(days=1), time()) if asked.end else None,
    )
    found = audit.search(reader, wanted, before_id=asked.before, limit=ROWS + 1)
    shown = found[:ROWS]
    names = staff.names_by_username(reader, {record.actor for record in shown})
    cases = _case_numbers(reader, shown, by)
    pages = PAGES if may(by, Permission.TRAFFIC_READ) else PAGES | {"traffic_opening": "/admin/openings/{id}"}
    return Listed(
        asked=asked,
        rows=[_row(texts, record, names, cases, pages) for record in shown],
        older_href=asked.address(before=shown[-1].id) if len(found) > ROWS else "",
        newest_href=asked.address(before=None) if asked.before else "",
        deeds=[("", texts.get("records.any")), *_choices(texts, "deeds.")],
        kinds=[("", texts.get("records.any")), *_choices(texts, "things.")],
    )


def last_verification(reader: ReadOnly, texts: Catalogue) -> Verification | None:
    """What the last verification on record found; None before the first."""
    found = audit.history(reader, subject_kind="chain", subject_id="all", actions=[chains.VERIFIED], limit=1)
    if not found:
        return None
    told: Mapping[str, Any] = found[0].after or {}
    is_whole = all(each["fault"] is None for each in told.values())
    key = "records.verified.whole" if is_whole else "records.verified.broken"
    return Verification(
        is_whole=is_whole,
        words=texts.get(key, time=thai_datetime(found[0].at)),
        lines=[_line(texts, name, each) for name, each in told.items()],
    )


def _line(texts: Catalogue, chain: str, told: Mapping[str, Any]) -> str:
    name = texts.get(f"records.chain.{chain}")
    if told["fault"] is None:
        return texts.get("records.verified.line", name=name, rows=f"{told['rows']:,}", mark=told["mark"])
    return texts.get(f"errors.chain.{told['fault']}", name=name, record=told["record"] or "-")


def _row(
    texts: Catalogue,
    record: AuditRecord,
    names: Mapping[str, str],
    cases: Mapping[str, str],
    pages: Mapping[str, str],
) -> Row:
    deed = f"deeds.{record.action}"
    actor = f"records.actor.{record.actor}"
    kind = f"things.{record.subject_kind}"
    thing = texts.get(kind) if texts.has(kind) else record.subject_kind
    number = record.subject_id
    if record.subject_kind == "complaint":
        number = cases.get(record.subject_id, record.subject_id)
    is_said = number != UNSAID
    return Row(
        place=record.sequence or 0,
        at=thai_datetime(record.at),
        who=names.get(record.actor, texts.get(actor) if texts.has(actor) else record.actor),
        deed=texts.get(deed) if texts.has(deed) else record.action,
        thing=f"{thing} {number}",
        href=pages.get(record.subject_kind, "").format(id=record.subject_id) if is_said else "",
        of_thing=history_href(record.subject_kind, record.subject_id) if is_said else "",
        values=_values(record) if is_said else [],
    )


def _values(record: AuditRecord) -> list[tuple[str, str, str]]:
    before, after = record.before or {}, record.after or {}
    return [(name, _shown(before.get(name)), _shown(after.get(name))) for name in sorted({*before, *after})]


def _shown(value: object) -> str:
    words = (
        value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    )
    return words if len(words) <= MAX_VALUE else words[:MAX_VALUE] + "…"


def _actors(reader: ReadOnly, texts: Catalogue, person: str) -> frozenset[str]:
    """Who may be meant by a name, or a part of one, as the page or the account says it."""
    words = person.casefold()
    programs = {actor for actor, name in _choices(texts, "records.actor.") if words in name.casefold()}
    return frozenset({person, *programs, *staff.usernames_like(reader, person)})


def _subject_id(reader: ReadOnly, asked: Asked, by: Principal) -> str:
    """The id of the thing; a case is asked for by the number that people know."""
    if asked.kind != "complaint":
        return asked.number
    found = asked.number
    if number := numbers.read_number(asked.number):
        case_id = reader.session.scalar(select(Complaint.id).where(Complaint.number == number))
        found = str(case_id) if case_id is not None else asked.number
    return UNSAID if _is_kept_from(reader, found, by) else found


def _case_numbers(reader: ReadOnly, records: Any, by: Principal) -> dict[str, str]:
    """The numbers that people know, by the id of the case."""
    ids = {int(r.subject_id) for r in records if r.subject_kind == "complaint" and r.subject_id.isdecimal()}
    found = reader.session.execute(select(Complaint.id, Complaint.number).where(Complaint.id.in_(ids)))
    return {
        str(id): UNSAID if _is_kept_from(reader, str(id), by) else numbers.shown(number)
        for id, number in found
    }


def _is_kept_from(reader: ReadOnly, case_id: str, by: Principal) -> bool:
    is_id = case_id.isdecimal() and int(case_id) <= MAX_ID
    return is_id and bool(complaints.parts_of(by)) and complaints.accuses(reader, int(case_id), by)


def _choices(texts: Catalogue, section: str) -> list[tuple[str, str]]:
    known = texts.keys()
    choices = ((key.removeprefix(section), texts.get(key)) for key in known if key.startswith(section))
    return sorted(choices, key=lambda choice: choice[1])
