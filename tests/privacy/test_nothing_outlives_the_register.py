"""Every column of the register is filled, time passes, and the worker keeps house: what is left, the register says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Enum, Float, Integer, LargeBinary, Table, select
from sqlalchemy.types import TypeEngine

import eservice.tables
from bot import upkeep
from eservice.complaints import forgetting
from eservice.complaints.states import ComplaintState
from eservice.inquiries.models import InquiryState
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Base, Database, UtcDateTime
from eservice.kit.http import Caller
from eservice.kit.media import open_media
from eservice.kit.settings import Settings
from eservice.messaging.models import DeliveryState, EventState
from eservice.privacy import keeping, register, retention
from eservice.privacy.models import RequestState
from eservice.traffic.keeping import purge
from eservice.traffic.recording import TrafficRecorder
from tests.conftest import NOON
from tests.traffic.test_traffic import seen

assert eservice.tables.ALL_MODELS
TABLES = Base.metadata.tables
CHAINED = {"audit_records", "traffic_rows", "chain_heads"}  # rows that only their own functions may add

STATES: Mapping[str, Mapping[str, Any]] = {
    "complaints": {"state": ComplaintState.CONFIRMED, "parent_id": None, "village": "หมู่ 3"},
    "complaint_photos": {
        "near_photo_id": None,
        "forgotten_at": None,
        "image_key": "1" * 32,
        "thumbnail_key": "2" * 32,
    },
    "contacts": {"token_hash": "a" * 64},
    "deliveries": {"state": DeliveryState.ACCEPTED, "carrier_id": None},
    "inbound_events": {"state": EventState.PARKED, "conversation_key": "line:address"},
    "inquiries": {"state": InquiryState.WAITING},
    "messages": {"erased_at": None},
    "privacy_requests": {"state": RequestState.DONE},
}
"""What the rows are like, where the first state there is would mean that somebody still works on it."""

Rows = dict[tuple[str, tuple[object, ...]], dict[str, Any]]


def value_of(column: Column[Any]) -> object:
    kind: TypeEngine[Any] = column.type
    match kind:
        case Enum():
            return next(iter(kind.enum_class)) if kind.enum_class else kind.enums[0]
        case Boolean():
            return True
        case Integer() | Float():
            return 1
        case UtcDateTime():
            return NOON
        case Date():
            return date(2026, 11, 20)
        case JSON():
            return (
                ["0"]
                if column.name in {"kept", "variants", "keywords", "open_cases", "log"}
                else {"said": "krarok"}
            )
        case LargeBinary():
            return b"krarok"
        case _:
            return column.name[: kind.length or 100] if hasattr(kind, "length") else column.name


def fill(database: Database) -> Rows:
    """A row in every table with personal data, and in those that it hangs on."""
    wanted = {table.name for table in register.register() if table.purpose} - CHAINED
    for table in reversed(Base.metadata.sorted_tables):
        if table.name in wanted:
            wanted |= {key.column.table.name for key in table.foreign_keys} - CHAINED
    with database.unit_of_work() as uow:
        for table in Base.metadata.sorted_tables:
            if table.name in wanted and uow.session.execute(select(table)).first() is None:
                uow.session.execute(table.insert().values(row_of(table)))
        audit.record(
            uow, actor="malee", action="staff.created", subject_kind="staff", subject_id=1,
            before={"name": "ก"}, after={"name": "ข"},
        )  # fmt: skip
    recorder = TrafficRecorder(database)
    recorder.note(replace(seen(recorder), caller=Caller(account="malee", session="s")))
    recorder.write()
    return rows_in(database)


def row_of(table: Table) -> dict[str, object]:
    return {**{column.name: value_of(column) for column in table.columns}, **STATES.get(table.name, {})}


def rows_in(database: Database) -> Rows:
    found: Rows = {}
    with database.read() as reader:
        for table in Base.metadata.sorted_tables:
            for row in reader.session.execute(select(table)).mappings():
                key = tuple(row[column.name] for column in table.primary_key)
                found[table.name, key] = dict(row)
    return found


def left(before: Rows, database: Database, is_over: Callable[[register.Purpose], bool]) -> set[str]:
    """The personal columns past their time that stand as they were, but for those that stay."""
    now = rows_in(database)
    over = {
        table.name: table.personal.keys() - table.stays.keys()
        for table in register.register()
        if table.purpose is not None and not table.purpose.law and is_over(table.purpose)
    }
    return {
        f"{table}.{column}"
        for (table, key), row in before.items()
        for column in over.get(table, ())
        if (table, key) in now and now[table, key][column] == row[column] and row[column] not in (None, "")
    }


def keep_house(database: Database, folder: Path) -> None:
    """What the worker does in some days, as far as it forgets."""
    settings = Settings(data_dir=folder, _env_file=None)  # type: ignore[call-arg]
    media = open_media(settings)
    clock = database.clock
    assert isinstance(clock, FixedClock)
    for _ in range(2):
        upkeep.forget(database)
        keeping.keep(database, media, folder, signing_key=settings.signing_key)
        while forgetting.forget_due(database, media):
            pass
        purge(database, settings.traffic_log_days)
        clock.advance(days=1, seconds=1)


def test_nothing_personal_is_kept_longer_than_the_register_says(
    own_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    own_database.clock = clock
    before = fill(own_database)
    filled = {
        f"{table}.{name}"
        for (table, _), row in before.items()
        for name, value in row.items()
        if value not in (None, "")
    }
    personal = {f"{table.name}.{column}" for table in register.register() for column in table.personal}
    assert personal <= filled, "a column that holds nothing proves nothing"
    days = {each.name: each.days for each in retention.CLASSES}

    def days_of(purpose: register.Purpose) -> int:
        return days[purpose.retention] if purpose.retention else purpose.most_days

    known = {
        days_of(table.purpose) for table in register.register() if table.purpose and not table.purpose.law
    }
    for past in sorted(known):
        clock.advance(seconds=(NOON + timedelta(days=past + 1) - clock.now()).total_seconds())
        keep_house(own_database, tmp_path)
        assert left(before, own_database, lambda purpose, past=past: days_of(purpose) <= past) == set(), past
    assert {table for table, _ in rows_in(own_database)} >= {"complaints", "contacts", "audit_records"}
