"""`office init`: leaves the demo, whole or not at all. `office checklist`: what the office still lacks."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from eservice.kit import heartbeat
from eservice.kit.database import Database, open_database
from eservice.kit.errors import ErrorKind, ServiceError, conflict
from eservice.kit.media import open_media
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.kit.thai_calendar import local
from eservice.operations import marks
from eservice.operations.doctor import Verdict, told
from eservice.operations.marks import Because
from eservice.setup import founding
from eservice.setup.asking import ask_plan
from eservice.setup.checklist import checklist, is_ready, read_state
from eservice.setup.founding import Contents, FirstLink
from eservice.setup.plan import TEXTS, OfficePlan, read_plan
from eservice.staff.accounts import CLI
from eservice.staff.sessions import LINK_LIFETIME


def init(settings: Settings, file: Path | None, *, replace_demo: bool) -> None:
    """Makes the office of the file, or asks for one, once it is known that there is room for it.

    Raises ServiceError `setup.office_here`, `setup.demo_here`, `setup.demo_in_use`, `setup.still_serving`,
    `setup.only_sqlite`, `setup.bad_plan`, `media.unavailable`.
    """
    database = open_database(settings)
    try:
        kind = _contents(database)
        _refuse(database, kind, replace_demo=replace_demo)
        plan = read_plan(file) if file is not None else ask_plan()
        if kind is Contents.NOTHING:
            settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            migrate(database)
            links, aside = _found(settings, database, plan), None
        else:
            links, aside = _replace(settings, database, plan)
        marks.begin_anew(database, settings.data_dir, Because.FOUNDED)
    finally:
        database.dispose()
    _tell(settings, plan, links, aside)


def check(settings: Settings, database: Database, *, as_json: bool) -> bool:
    """`office checklist`: prints what is missing, with where to mend it; whether the office is ready.

    Raises ServiceError `office.not_set_up`.
    """
    settings = settings.as_last_served()
    with database.read() as reader:
        items = checklist(read_state(reader, settings))
    ready = is_ready(items)
    if as_json:
        print(told([item.found for item in items], as_json=True))
        return ready
    for item in items:
        print(told([item.found], as_json=False))
        if item.found.verdict is not Verdict.OK:
            print(f"  {settings.public_url}{item.href}")
    print(TEXTS.both("setup.ready.yes" if ready else "setup.ready.no"))
    return ready


def _contents(database: Database) -> Contents:
    """What there is, without making the file of a database that is not there."""
    if database.is_sqlite and not Path(database.url.database or "").is_file():
        return Contents.NOTHING
    migrate(database)
    with database.read() as reader:
        return founding.contents(reader)


def _refuse(database: Database, kind: Contents, *, replace_demo: bool) -> None:
    match kind:
        case Contents.NOTHING:
            return
        case Contents.OFFICE:
            raise conflict("setup.office_here")
        case Contents.DEMO_IN_USE:
            raise conflict("setup.demo_in_use")
        case Contents.DEMO if not replace_demo:
            raise conflict("setup.demo_here")
        case Contents.DEMO if not database.is_sqlite:
            raise conflict("setup.only_sqlite")
        case Contents.DEMO:
            with database.read() as reader:
                if heartbeat.is_fresh(reader):
                    raise conflict("setup.still_serving")


def _found(settings: Settings, database: Database, plan: OfficePlan) -> list[FirstLink]:
    with _kept_seal(settings, plan) as seal_key, database.unit_of_work() as uow:
        return founding.found(uow, plan, seal_key=seal_key, actor=CLI)


@contextmanager
def _kept_seal(settings: Settings, plan: OfficePlan) -> Iterator[str | None]:
    """The key of the stored seal; what comes to nothing leaves no file."""
    if plan.drawn_seal is None:
        yield None
        return
    media = open_media(settings)
    with ExitStack() as undo:
        key = media.put(plan.drawn_seal)
        undo.callback(media.delete, [key])
        yield key
        undo.pop_all()


def _replace(settings: Settings, database: Database, plan: OfficePlan) -> tuple[list[FirstLink], Path]:
    """Makes the office in a new file, then changes the files over; where the demo lies now."""
    place = Path(database.url.database or "")
    fresh_place = place.with_name(f"{place.name}.new")
    _forget(fresh_place)
    fresh = Database(f"sqlite:///{fresh_place}", database.clock, signing_key=database.signing_key)
    with ExitStack() as undo:
        undo.callback(_forget, fresh_place)
        with _closing(fresh):
            migrate(fresh)
            links = _found(settings, fresh, plan)
        undo.pop_all()
    database.dispose()
    _settle(place)
    _settle(fresh_place)
    stamp = f"{local(database.clock.now()):%Y%m%d-%H%M%S}"
    aside = place.with_name(f"{place.stem}-demo-{stamp}{place.suffix}")
    os.replace(place, aside)
    os.replace(fresh_place, place)
    return links, aside


@contextmanager
def _closing(database: Database) -> Iterator[None]:
    """Leaves no connection to the file behind."""
    try:
        yield
    finally:
        database.dispose()


def _settle(place: Path) -> None:
    """Writes SQLite's log into the file, which then is the whole database."""
    connection = sqlite3.connect(place)
    try:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise conflict("setup.still_serving") from error
    finally:
        connection.close()
    if busy:
        raise ServiceError("setup.still_serving", ErrorKind.CONFLICT)


def _forget(place: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)


def _tell(settings: Settings, plan: OfficePlan, links: list[FirstLink], aside: Path | None) -> None:
    address = settings.as_last_served().public_url
    print(TEXTS.both("setup.init.done", name=plan.facts.name.strip()))
    if aside is not None:
        print(TEXTS.both("setup.init.aside", place=aside))
    print(TEXTS.both("setup.init.links", hours=LINK_LIFETIME // timedelta(hours=1)))
    for link in links:
        print(f"  {link.name} ({link.username})", f"  {address}{link.path}", sep="\n")
    print(TEXTS.both("setup.init.next"))
