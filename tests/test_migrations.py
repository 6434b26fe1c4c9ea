"""Every migration runs up, matches the models, and runs down, on both databases; and what was in them stays."""

import json
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from eservice.complaints.filing import NewComplaint, file_complaint
from eservice.complaints.models import Source
from eservice.demo.first_start import prepare
from eservice.kit import audit, heartbeat, in_use
from eservice.kit.audit import AuditRecord
from eservice.kit.chain import seal_anew
from eservice.kit.database import Database
from eservice.kit.http import Caller
from eservice.kit.migrate import check, current_revision, downgrade, is_current, migrate, undone_by
from eservice.operations import schema
from eservice.operations.chains import CHAINS
from eservice.traffic.recording import Seen, TrafficRecorder
from tests.commands import Run, data_dir, run

__all__ = ["data_dir", "run"]

KEY = "k" * 48


def test_migrations_run_up_match_the_models_and_run_down(fresh_database: Database) -> None:
    migrate(fresh_database)
    assert is_current(fresh_database)
    check(fresh_database)
    downgrade(fresh_database, "base")
    assert set(inspect(fresh_database.engine).get_table_names()) <= {"alembic_version"}
    migrate(fresh_database)
    assert is_current(fresh_database)


def test_migrating_a_current_database_changes_nothing(fresh_database: Database) -> None:
    migrate(fresh_database)
    migrate(fresh_database)
    check(fresh_database)


Rows = dict[str, dict[str, list[object]]]


def rows_of(database: Database) -> Rows:
    """Each table's columns and their values as they are, row by row; without what tells of the schema itself."""
    found: Rows = {}
    with database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            result = connection.exec_driver_sql(f"SELECT * FROM {table}")
            names, rows = list(result.keys()), sorted(result.all(), key=repr)
            if table not in ("alembic_version", "chain_heads"):
                found[table] = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    # Steps are on record, for as long as there is a chain; the records that were there stay.
    records = found["audit_records"]
    kept = [place for place, kind in enumerate(records["subject_kind"]) if kind not in ("schema", "chain")]
    found["audit_records"] = {
        name: [values[place] for place in kept]
        for name, values in records.items()
        if name not in ("sequence", "previous_hash", "hash")
    }
    return found


def columns_of(rows: Rows) -> set[str]:
    """As "table.column"."""
    return {f"{table}.{column}" for table, columns in rows.items() for column in columns}


def differing(before: Rows, after: Rows) -> set[str]:
    """What two schemas both have and is not the same in both."""
    return {
        f"{table}.{column}"
        for table in before.keys() & after.keys()
        for column in before[table].keys() & after[table].keys()
        if before[table][column] != after[table][column]
    }


@pytest.fixture
def office(own_database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that the command line has as its own, with the key that seals its chains."""
    monkeypatch.setenv("DATABASE_URL", own_database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SECRET_KEY", KEY)
    own_database.signing_key = lambda: KEY
    with own_database.unit_of_work() as uow:
        for chain in CHAINS:
            seal_anew(uow, chain)
    return own_database


@pytest.fixture
def populated(office: Database) -> Database:
    """A demo office in which things have happened."""
    prepare(office, with_demo=True)
    with office.unit_of_work() as uow:
        for number, words in enumerate(("ถนนพัง 🚧", "น้ำไม่ไหล\nมาสองวัน")):
            new = NewComplaint(source=Source.WEB, category="อื่น ๆ", text=words, latitude=13.1, longitude=100.0)
            file_complaint(uow, new, idempotency_key=f"k{number}")
        heartbeat.beat(uow, "worker")
    recorder = TrafficRecorder(office)
    recorder.note(
        Seen(
            at=recorder.now(), milliseconds=1, source="192.0.2.1", port=5, caller=Caller(), method="GET", path="/",
            status=200, bytes_in=0, bytes_out=1,
        )
    )  # fmt: skip
    recorder.write()
    return office


def test_a_full_database_goes_down_step_by_step_and_up_again_with_its_rows(
    populated: Database, run: Run
) -> None:
    """As an administrator does it, one revision at a time, to the oldest that is told of."""
    before = there = rows_of(populated)
    assert len(before["complaints"]["id"]) == 2 and len(before["faq_entries"]["id"]) > 20
    while (current := current_revision(populated)) != schema.OLDEST:
        assert current is not None
        target = (undone_by(current, "base") or [])[1]
        if current in schema.CHAINS_BEGIN:
            refused = run("migrate", "--down-to", target)
            assert "--forget-chains" in refused.complaint and current_revision(populated) == current
            assert run("migrate", "--down-to", target, "--forget-chains").code == 0
        else:
            done = run("migrate", "--down-to", target)
            assert (done.code, done.err) == (0, "")
        assert current_revision(populated) == target
        below = rows_of(populated)
        assert differing(there, below) == set(), target
        there = below
    assert schema.OLDEST in run("migrate", "--down-to", "0013").complaint
    assert run("migrate").code == 0
    check(populated)
    assert differing(before, rows_of(populated)) <= columns_of(before) - columns_of(there), (
        "of newer versions only"
    )


def test_what_was_done_to_records_while_there_was_no_chain_is_bounded_and_told(
    populated: Database, run: Run, data_dir: Path
) -> None:
    marks = run("audit", "verify").out
    done = run("migrate", "--down-to", schema.OLDEST, "--forget-chains")
    assert done.code == 0
    kept = [json.loads(line) for line in (data_dir / schema.FORGOTTEN).read_text().splitlines()]
    assert [line["chain"] for line in kept] == ["traffic", "audit"]
    assert all(line["mark"] in done.out and not line["fault"] for line in kept)
    assert kept[0]["mark"] in marks, "the log was as it had been verified"
    with populated.engine.begin() as connection:
        connection.execute(text("UPDATE audit_records SET actor = 'somebody else' WHERE id = 1"))
    assert run("migrate").code == 0
    assert run("audit", "verify").code == 0, "a new chain, which says when it began"
    with populated.read() as reader:
        first, *_, last = reader.session.scalars(select(AuditRecord).order_by(AuditRecord.sequence)).all()
        (taken_back,) = audit.history(reader, subject_kind="schema", subject_id=schema.OLDEST)
    assert (first.action, last.action) == ("chain.begun", "schema.migrated")
    assert first.after == {"rows_before": last.id - 2}
    assert taken_back.actor == "cli" and taken_back.after is not None and taken_back.after["forgets_chains"]
    assert taken_back.at <= first.at <= last.at


def test_no_schema_is_taken_back_under_a_service(office: Database, run: Run) -> None:
    with in_use.shared(office):
        assert "stop" in run("migrate", "--down-to", "0023").complaint.lower()
    assert is_current(office)
    assert current_revision(office) in run("migrate", "--down-to", "0099").complaint


def test_an_older_program_does_not_start_on_a_newer_schema(office: Database, run: Run) -> None:
    with office.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for words in (("serve", "--port", "0"), ("worker",), ("migrate", "--down-to", "0023")):
        assert "--down-to" in run(*words).complaint
