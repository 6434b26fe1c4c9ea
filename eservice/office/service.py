"""The office itself: its facts, its opening hours, and the privacy notice in force."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import conflict, invalid, not_found
from eservice.kit.thai_calendar import local, next_weekday_opening
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.office.colours import is_colour, is_readable
from eservice.office.holidays import Holiday, days_off
from eservice.office.models import Office, PrivacyNotice

THE_ONE = 1  # the id of the one office of a deployment
MAX_HOLIDAYS = 200
MAX_ORIGINS = 50
MAX_NOTICE = 20_000  # characters

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"[0-9+() -]{3,50}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
_LINES = ("name", "address", "phone", "email", "header_colour", "action_colour", "privacy_contact",
          "privacy_phone", "privacy_email")  # fmt: skip
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,20}")


@dataclass(frozen=True, kw_only=True)
class OfficeFacts:
    """What an administrator sets. Hours are on the Thai clock, Monday to Friday.

    The lunch break is no working time, but the door stays open: someone still answers. Both its times or neither.
    """

    name: str
    address: str
    phone: str = ""
    email: str = ""
    latitude: float | None = None
    longitude: float | None = None
    opens_at: time = time(8, 30)
    closes_at: time = time(16, 30)
    lunch_starts_at: time | None = time(12)
    lunch_ends_at: time | None = time(13)
    holidays: tuple[Holiday, ...] = ()
    widget_origins: tuple[str, ...] = ()  # sites that may embed the chat, e.g. "https://www.example.go.th"
    header_colour: str = (
        ""  # of the pages' head, e.g. "#084438"; both colours or neither, which is as shipped
    )
    action_colour: str = ""  # of buttons and links
    privacy_contact: str = ""  # who looks after personal data, and how to reach them
    privacy_phone: str = ""
    privacy_email: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the office's pages look: the addresses of its own styles and seal; empty where it looks as shipped."""

    styles: str = ""
    seal: str = ""
    header: str = "#084438"  # the colour that a phone gives its own bar


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Whether someone is there. `next_opening` is now while the office is open."""

    is_open: bool
    closes: time
    next_opening: datetime


def get_office(reader: ReadOnly) -> Office:
    """The office. Raises ServiceError `office.not_set_up`."""
    office = reader.session.get(Office, THE_ONE)
    if office is None:
        raise not_found("office.not_set_up")
    return office


def create_office(uow: UnitOfWork, facts: OfficeFacts, *, actor: str, is_demo: bool = False) -> Office:
    """Sets up the one office. Raises ServiceError `office.invalid` with its fields, `office.exists`."""
    if uow.session.get(Office, THE_ONE) is not None:
        raise conflict("office.exists")
    stored = _checked(facts)
    office = Office(id=THE_ONE, **stored, is_demo=is_demo, updated_at=uow.now)
    uow.session.add(office)
    audit.record(
        uow, actor=actor, action="office.created", subject_kind="office", subject_id=THE_ONE,
        after=_plain(stored),
    )  # fmt: skip
    return office


def update_office(uow: UnitOfWork, facts: OfficeFacts, *, actor: str) -> Office:
    """Replaces the office's facts. Raises ServiceError `office.invalid` with its fields, `office.not_set_up`."""
    office = get_office(uow)
    stored = _checked(facts)
    before = {name: getattr(office, name) for name in stored}
    if stored == before:
        return office
    for name, value in stored.items():
        setattr(office, name, value)
    office.updated_at = uow.now
    audit.record(
        uow, actor=actor, action="office.updated", subject_kind="office", subject_id=THE_ONE,
        before=_plain(before), after=_plain(stored),
    )  # fmt: skip
    return office


def facts_of(office: Office) -> OfficeFacts:
    """The stored facts, as an editor starts from them."""
    return OfficeFacts(
        name=office.name,
        address=office.address,
        phone=office.phone,
        email=office.email,
        latitude=office.latitude,
        longitude=office.longitude,
        opens_at=office.opens_at,
        closes_at=office.closes_at,
        lunch_starts_at=office.lunch_starts_at,
        lunch_ends_at=office.lunch_ends_at,
        holidays=holidays_of(office),
        widget_origins=tuple(office.widget_origins),
        header_colour=office.header_colour,
        action_colour=office.action_colour,
        privacy_contact=office.privacy_contact,
        privacy_phone=office.privacy_phone,
        privacy_email=office.privacy_email,
    )


def holidays_of(office: Office) -> tuple[Holiday, ...]:
    """The office's own list of days on which it is closed, in order; `days_off` knows the years it leaves out."""
    return tuple(
        Holiday(day=date.fromisoformat(holiday["date"]), name=holiday["name"]) for holiday in office.holidays
    )


def look_of(office: Office) -> Look:
    """The look; its addresses change with what lies there, so that browsers may keep it."""
    own = office.header_colour and office.action_colour
    colours = f"{office.header_colour[1:]}{office.action_colour[1:]}"
    return Look(
        styles=f"/office/styles.css?v={colours}" if own else "",
        seal=f"/office/seal.png?v={office.seal_key[:12]}" if office.seal_key else "",
        header=office.header_colour if own else Look.header,
    )


def set_seal(uow: UnitOfWork, key: str, *, actor: str) -> str | None:
    """Puts a drawn seal of the media store in place; returns the key of the one before.

    Raises ServiceError `office.not_set_up`.
    """
    office = get_office(uow)
    before, office.seal_key, office.updated_at = office.seal_key, key, uow.now
    audit.record(
        uow, actor=actor, action="office.seal_changed", subject_kind="office", subject_id=THE_ONE,
        before={"seal": before is not None}, after={"seal": True},
    )  # fmt: skip
    return before


def note_step(uow: UnitOfWork, step: str, *, actor: str) -> None:
    """Remembers that a step of setting up was gone through. Raises ServiceError `office.not_set_up`."""
    office = get_office(uow)
    if step in office.setup_steps:
        return
    office.setup_steps = [*office.setup_steps, step]
    audit.record(
        uow, actor=actor, action="office.step_done", subject_kind="office", subject_id=THE_ONE,
        after={"step": step},
    )  # fmt: skip


def opening(office: Office, now: datetime) -> Opening:
    """Whether the office is open at an instant, and if not when it opens next."""
    year = local(now).year
    holidays = frozenset(holiday.day for holiday in days_off(holidays_of(office), (year, year + 1)))
    opens = next_weekday_opening(now, office.opens_at, office.closes_at, holidays)
    return Opening(is_open=opens == now, closes=office.closes_at, next_opening=local(opens))


def current_notice(reader: ReadOnly) -> PrivacyNotice | None:
    """The privacy notice in force: the newest; None before the first."""
    return reader.session.scalars(
        select(PrivacyNotice)
        .order_by(PrivacyNotice.published_at.desc(), PrivacyNotice.version.desc())
        .limit(1)
    ).first()


def all_notices(reader: ReadOnly) -> Sequence[PrivacyNotice]:
    """Every version of the privacy notice, newest first."""
    return reader.session.scalars(
        select(PrivacyNotice).order_by(PrivacyNotice.published_at.desc(), PrivacyNotice.version.desc())
    ).all()


def privacy_contact(office: Office) -> str:
    """Whom to ask about personal data: the office's contact for it where one is set, else the office itself."""
    own = (office.privacy_contact, office.privacy_phone, office.privacy_email)
    return " ".join(filter(None, own if any(own) else (office.name, office.phone, office.email)))


def publish_notice(uow: UnitOfWork, *, version: str, text: str, actor: str) -> PrivacyNotice:
    """Puts a new version of the privacy notice in force; residents hear of it at their next contact.

    Raises ServiceError `office.invalid_notice` with its fields, `office.notice_exists`.
    """
    text = text.strip()
    faults: dict[str, str] = {}
    if not _VERSION.fullmatch(version):
        faults["version"] = "invalid"
    if not text or len(text) > MAX_NOTICE:
        faults["text"] = "too_long" if text else "empty"
    if faults:
        raise invalid("office.invalid_notice", **faults)
    if uow.session.get(PrivacyNotice, version) is not None:
        raise conflict("office.notice_exists")
    before = current_notice(uow)
    notice = PrivacyNotice(version=version, text=text, published_at=uow.now)
    uow.session.add(notice)
    audit.record(
        uow, actor=actor, action="office.notice_published", subject_kind="privacy_notice", subject_id=version,
        before={"version": before.version} if before is not None else None, after={"version": version},
    )  # fmt: skip
    return notice


def _checked(facts: OfficeFacts) -> dict[str, Any]:
    """The facts as columns of the table."""
    faults = faults_of(facts)
    if faults:
        raise invalid("office.invalid", **faults)
    stored = asdict(facts)
    for name in _LINES:
        stored[name] = stored[name].strip()
    for name in ("header_colour", "action_colour"):
        stored[name] = stored[name].lower()
    stored["holidays"] = [
        {"date": holiday.day.isoformat(), "name": holiday.name.strip()}
        for holiday in sorted(facts.holidays, key=lambda holiday: holiday.day)
    ]
    stored["widget_origins"] = list(dict.fromkeys(origin.lower() for origin in facts.widget_origins))
    return stored


def faults_of(facts: OfficeFacts) -> dict[str, str]:
    """What is wrong with the facts: the code of the fault by field."""
    days = [holiday.day for holiday in facts.holidays]
    checks = {
        "name": ("empty", not facts.name.strip() or len(facts.name) > 200),
        "address": ("too_long", len(facts.address) > 500),
        "phone": ("invalid", not _is_phone(facts.phone)),
        "email": ("invalid", not _is_email(facts.email)),
        "header_colour": _colour_check(facts.header_colour, facts.action_colour),
        "action_colour": _colour_check(facts.action_colour, facts.header_colour),
        "privacy_contact": ("too_long", len(facts.privacy_contact) > 200),
        "privacy_phone": ("invalid", not _is_phone(facts.privacy_phone)),
        "privacy_email": ("invalid", not _is_email(facts.privacy_email)),
        "latitude": ("invalid", not _is_place(facts.latitude, facts.longitude)),
        "closes_at": ("ends_before_start", facts.closes_at <= facts.opens_at),
        "lunch_ends_at": ("outside_hours", facts.closes_at > facts.opens_at and not _is_lunch(facts)),
        "holidays": (
            "invalid",
            len(days) > MAX_HOLIDAYS
            or len(set(days)) < len(days)
            or any(not 0 < len(holiday.name.strip()) <= 200 for holiday in facts.holidays),
        ),
        "widget_origins": (
            "invalid",
            len(facts.widget_origins) > MAX_ORIGINS
            or any(not _ORIGIN.fullmatch(origin) for origin in facts.widget_origins),
        ),
    }
    return {field: code for field, (code, wrong) in checks.items() if wrong}


def _is_phone(text: str) -> bool:
    return not text.strip() or _PHONE.fullmatch(text.strip()) is not None


def _is_email(text: str) -> bool:
    return not text.strip() or (len(text) <= 200 and _EMAIL.fullmatch(text.strip()) is not None)


def _colour_check(colour: str, other: str) -> tuple[str, bool]:
    """The fault of one of the two colours, and whether it has it."""
    if not colour.strip():
        return "empty", bool(other.strip())
    if not is_colour(colour.strip()):
        return "invalid", True
    return "too_pale", not is_readable(colour.strip())


def _is_lunch(facts: OfficeFacts) -> bool:
    starts, ends = facts.lunch_starts_at, facts.lunch_ends_at
    if starts is None or ends is None:
        return starts is ends
    return facts.opens_at < starts < ends < facts.closes_at


def _is_place(latitude: float | None, longitude: float | None) -> bool:
    if latitude is None or longitude is None:
        return latitude is longitude
    return -90 <= latitude <= 90 and -180 <= longitude <= 180


def _plain(stored: dict[str, Any]) -> dict[str, Any]:
    """The columns as the audit keeps them."""
    return {name: value.isoformat() if isinstance(value, time) else value for name, value in stored.items()}
