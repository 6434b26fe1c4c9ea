"""What an office still lacks before residents may come: a pure function over a state that is read first."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, or_, select

from eservice.complaints.categories import read_categories
from eservice.demo.first_start import UNNAMED
from eservice.demo.loader import OFFICE_NAME
from eservice.kit import backup_runs
from eservice.kit.backup_runs import BACKUP_MAY_BE_OLD, DrillState, RunKind, RunState
from eservice.kit.errors import ServiceError
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import BUDDHIST_ERA_OFFSET, local_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import channels, credentials
from eservice.messaging.models import ChannelName
from eservice.office import service as offices
from eservice.office.holidays import days_off
from eservice.office.service import OfficeFacts
from eservice.operations import old_copies
from eservice.operations.doctor import Finding, Verdict, finding
from eservice.privacy import processors
from eservice.setup import starter
from eservice.setup.people import administrators
from eservice.setup.plan import ADMINISTRATORS
from eservice.staff import second_factor
from eservice.staff.models import StaffAccount
from knowledge.entries.content import UNFILLED
from knowledge.entries.models import Entry, EntryVersion

ENOUGH_ANSWERS = 20
_TEXTS = Catalogue(Path(__file__).parent / "text")


class Readiness(StrEnum):
    """Whether a channel may be relied on."""

    OFF = "off"
    UNTESTED = "untested"
    FAILING = "failing"
    TESTED = "tested"


@dataclass(frozen=True, kw_only=True)
class State:
    """All that the checklist looks at."""

    facts: OfficeFacts
    today: date
    has_seal: bool
    is_demo: bool  # the office, or any account
    has_notice: bool
    administrators: int
    readiness: Mapping[ChannelName, Readiness]
    published: int
    with_demo_facts: int
    waiting_starters: int
    categories_of_nobody: tuple[str, ...]
    is_https: bool
    has_own_key: bool
    administrators_without_code: tuple[str, ...]  # names of those who sign in with a password alone
    backups_go_to: bool  # a folder is set for a backup each day
    has_fresh_backup: bool
    drill: DrillState  # whether a backup was tried out
    without_agreement: tuple[str, ...]  # names of those who handle data for the office
    old_copies: tuple[str, ...]  # paths of copies of the data that are older than an erasure may take


@dataclass(frozen=True, kw_only=True)
class Item:
    """One point of the list, and the page of the console where it is mended."""

    found: Finding
    href: str


def read_state(reader: ReadOnly, settings: Settings) -> State:
    """What there is now. Raises ServiceError `office.not_set_up`."""
    office = offices.get_office(reader)
    demo_accounts = select(func.count()).where(StaffAccount.is_demo.is_(True))
    live = (
        select(func.count()).select_from(Entry).join(EntryVersion, EntryVersion.id == Entry.live_version_id)
    )
    left_over = or_(EntryVersion.answer.contains(OFFICE_NAME), EntryVersion.answer.contains(UNFILLED))
    categories = read_categories(reader).values()
    leading = administrators(reader)
    newest = backup_runs.newest(reader, RunKind.BACKUP, RunState.OK)
    return State(
        facts=offices.facts_of(office),
        today=local_date(reader.now),
        has_seal=office.seal_key is not None,
        is_demo=office.is_demo or bool(reader.session.scalar(demo_accounts)),
        has_notice=offices.current_notice(reader) is not None,
        administrators=len(leading),
        administrators_without_code=tuple(
            account.display_name for account in leading if second_factor.state_of(reader, account.id) is None
        ),
        readiness=_readiness(reader, settings),
        published=reader.session.scalar(live) or 0,
        with_demo_facts=reader.session.scalar(live.where(left_over)) or 0,
        waiting_starters=starter.waiting_count(reader),
        categories_of_nobody=tuple(
            category.name for category in categories if category.is_offered and category.department_id is None
        ),
        is_https=settings.is_https,
        has_own_key=len(settings.secret_key.get_secret_value()) >= 32,
        backups_go_to=settings.backup_folder is not None,
        has_fresh_backup=newest is not None and reader.now - newest.started_at <= BACKUP_MAY_BE_OLD,
        drill=backup_runs.last_drill(reader)[0],
        without_agreement=tuple(each.name for each in processors.without_agreement(reader, settings)),
        old_copies=_old_copies(reader, settings),
    )


def checklist(state: State) -> list[Item]:
    """Every point, in the order in which an office goes through them."""
    return [
        *_office(state),
        *_people(state),
        *_channels(state),
        *_answers(state),
        *_work(state),
        *_machine(state),
    ]


def is_ready(items: list[Item]) -> bool:
    """Whether nothing is left that residents would suffer from."""
    return all(item.found.verdict is not Verdict.FAILED for item in items)


def _office(state: State) -> Iterator[Item]:
    facts = state.facts
    if state.is_demo:
        yield _item("go_live_demo", Verdict.FAILED, "there", "/admin/setup")
    else:
        yield _item("go_live_demo", Verdict.OK, "absent", "/admin/setup")
    if facts.name == UNNAMED:
        yield _item("go_live_name", Verdict.FAILED, "missing", "/admin/setup/name")
    missing = [
        name
        for name, value in (("address", facts.address), ("phone", facts.phone), ("map", facts.latitude))
        if not value
    ]
    if "address" in missing or "phone" in missing:
        href = "/admin/setup/place" if "address" in missing else "/admin/setup/contacts"
        yield _item("go_live_facts", Verdict.FAILED, "missing", href)
    elif missing or not state.has_seal:
        href = "/admin/setup/place" if missing else "/admin/setup/name"
        yield _item("go_live_facts", Verdict.WARNING, "nearly", href)
    else:
        yield _item("go_live_facts", Verdict.OK, "ok", "/admin/setup")
    notice = (Verdict.OK, "ok") if state.has_notice else (Verdict.FAILED, "missing")
    yield _item("go_live_notice", *notice, "/admin/setup/notice")
    reachable = facts.privacy_contact and (facts.privacy_phone or facts.privacy_email)
    contact = (Verdict.OK, "ok") if reachable else (Verdict.FAILED, "missing")
    yield _item("go_live_privacy", *contact, "/admin/setup/contacts")
    if state.without_agreement:
        names = ", ".join(state.without_agreement)
        href = "/admin/privacy/processors"
        yield _item("go_live_agreements", Verdict.WARNING, "missing", href, names=names)
    else:
        yield _item("go_live_agreements", Verdict.OK, "ok", "/admin/privacy/processors")


def _people(state: State) -> Iterator[Item]:
    enough = state.administrators >= ADMINISTRATORS
    verdict, code = (Verdict.OK, "ok") if enough else (Verdict.FAILED, "few")
    yield _item("go_live_administrators", verdict, code, "/admin/staff", count=state.administrators)
    if state.administrators_without_code:
        names = ", ".join(state.administrators_without_code)
        yield _item(
            "go_live_second_factor", Verdict.FAILED, "missing", "/admin/me/second-factor", names=names
        )
    else:
        yield _item("go_live_second_factor", Verdict.OK, "ok", "/admin/me/second-factor")


def _channels(state: State) -> Iterator[Item]:
    verdicts = {
        Readiness.OFF: Verdict.OFF,
        Readiness.UNTESTED: Verdict.FAILED,
        Readiness.FAILING: Verdict.FAILED,
        Readiness.TESTED: Verdict.OK,
    }
    for channel, readiness in state.readiness.items():
        name = "LINE" if channel is ChannelName.LINE else "Telegram"
        href = f"/admin/channels/{channel.value}"
        yield _item("go_live_channel", verdicts[readiness], readiness.value, href, channel=name)


def _answers(state: State) -> Iterator[Item]:
    enough = state.published >= ENOUGH_ANSWERS
    verdict, code = (Verdict.OK, "ok") if enough else (Verdict.FAILED, "few")
    yield _item("go_live_answers", verdict, code, "/admin/faq", count=state.published, needed=ENOUGH_ANSWERS)
    if state.with_demo_facts:
        yield _item("go_live_demo_facts", Verdict.FAILED, "there", "/admin/faq", count=state.with_demo_facts)
    if state.waiting_starters:
        yield _item(
            "go_live_starters", Verdict.WARNING, "waiting", "/admin/faq/starter", count=state.waiting_starters
        )


def _work(state: State) -> Iterator[Item]:
    if state.categories_of_nobody:
        names = ", ".join(state.categories_of_nobody)
        yield _item("go_live_categories", Verdict.FAILED, "nobody", "/admin/cases/categories", names=names)
    else:
        yield _item("go_live_categories", Verdict.OK, "ok", "/admin/cases/categories")
    this_year = days_off(state.facts.holidays, (state.today.year,))
    year = state.today.year + BUDDHIST_ERA_OFFSET
    if not this_year:
        holidays = (Verdict.FAILED, "none")
    elif any(holiday.is_forecast for holiday in this_year):
        holidays = (Verdict.WARNING, "forecast")
    else:
        holidays = (Verdict.OK, "ok")
    yield _item("go_live_holidays", *holidays, "/admin/setup/hours", year=year)


def _machine(state: State) -> Iterator[Item]:
    for name, is_done in (
        ("go_live_https", state.is_https),
        ("go_live_key", state.has_own_key),
    ):
        verdict, code = (Verdict.OK, "ok") if is_done else (Verdict.FAILED, "missing")
        yield _item(name, verdict, code, f"/admin/setup/checklist#{name}")
    if not state.backups_go_to:
        backups = (Verdict.FAILED, "off")
    elif not state.has_fresh_backup:
        backups = (Verdict.FAILED, "none")
    else:
        backups = (Verdict.OK, "ok")
    yield _item("go_live_backups", *backups, "/admin/setup/checklist#go_live_backups")
    verdict = Verdict.OK if state.drill is DrillState.OK else Verdict.WARNING
    yield _item("go_live_drill", verdict, state.drill.value, "/admin/setup/checklist#go_live_drill")
    if state.old_copies:
        paths = ", ".join(state.old_copies)
        href = "/admin/setup/checklist#go_live_copies"
        yield _item("go_live_copies", Verdict.WARNING, "old", href, paths=paths)


def _old_copies(reader: ReadOnly, settings: Settings) -> tuple[str, ...]:
    """Their paths; those that may not be looked at are for `doctor` to say."""
    with suppress(OSError):
        return tuple(str(copy.path) for copy in old_copies.too_old(settings, reader.now))
    return ()


def _readiness(reader: ReadOnly, settings: Settings) -> dict[ChannelName, Readiness]:
    with suppress(ServiceError):  # keys that another SECRET_KEY has sealed turn nothing on
        settings = credentials.settings_in_force(reader, settings)
    states = channels.all_states(reader)
    found = {}
    for channel, is_on in (
        (ChannelName.LINE, settings.line_enabled),
        (ChannelName.TELEGRAM, settings.telegram_enabled),
    ):
        row = states.get(channel)
        if not is_on:
            found[channel] = Readiness.OFF
        elif row is None or row.check_passed is None:
            found[channel] = Readiness.UNTESTED
        else:
            found[channel] = Readiness.TESTED if row.check_passed else Readiness.FAILING
    return found


def _item(name: str, verdict: Verdict, code: str, href: str, /, **parameters: object) -> Item:
    return Item(found=finding(_TEXTS, name, verdict, code, **parameters), href=href)
