"""Hash chains: places are given at the commit, whoever writes; what a seal shows; nothing is laundered."""

import threading

import pytest
from sqlalchemy import delete, select, update

from eservice.kit import audit
from eservice.kit.audit import AuditRecord
from eservice.kit.chain import ChainHead, Fault, Verified, seal_anew, verify
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.migrate import migrate


def write(database: Database, *words: str) -> None:
    with database.unit_of_work() as uow:
        for word in words:
            audit.record(uow, actor="malee", action="faq.published", subject_kind="faq", subject_id=word)


def verified(database: Database) -> Verified:
    with database.read() as reader:
        return verify(reader, audit.CHAIN)


def test_records_of_many_writers_make_one_chain_without_gaps(fresh_database: Database) -> None:
    migrate(fresh_database)
    faults: list[Exception] = []

    def work(number: int) -> None:
        try:
            for turn in range(8):
                write(fresh_database, f"{number}-{turn}", f"{number}-{turn}-b")
                if turn % 3 == 0:
                    with pytest.raises(RuntimeError), fresh_database.unit_of_work() as uow:
                        audit.record(uow, actor="x", action="a.b", subject_kind="k", subject_id="lost")
                        uow.session.flush()
                        raise RuntimeError
        except Exception as error:  # the test reports it
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = verified(fresh_database)
    assert (found.fault, found.rows) == (None, 96)


def test_what_a_savepoint_takes_back_is_in_no_chain_and_what_it_keeps_is(database: Database) -> None:
    with database.unit_of_work() as uow:
        audit.record(uow, actor="a", action="a.b", subject_kind="k", subject_id="outer")
        with uow.session.begin_nested() as refused:
            audit.record(uow, actor="a", action="a.b", subject_kind="k", subject_id="refused")
            uow.session.flush()
            refused.rollback()
        with uow.session.begin_nested():
            audit.record(uow, actor="a", action="a.b", subject_kind="k", subject_id="inner")
        assert len(audit.history(uow, subject_kind="k", subject_id="inner")) == 1, "seen at once"
    with database.read() as reader:
        places = reader.session.execute(
            select(AuditRecord.subject_id, AuditRecord.sequence).order_by(AuditRecord.sequence)
        )
        assert [tuple(row) for row in places] == [("outer", 1), ("inner", 2)]
    assert verified(database).fault is None


def test_a_chain_goes_on_after_tampering_but_is_never_sealed_again(database: Database) -> None:
    write(database, "1", "2", "3")
    with database.unit_of_work() as uow:  # the last record goes, and the head is made to fit
        second = uow.session.scalars(select(AuditRecord).where(AuditRecord.sequence == 2)).one()
        uow.session.execute(delete(AuditRecord).where(AuditRecord.sequence == 3))
        uow.session.execute(update(ChainHead).values(sequence=2, hash=second.hash))
    assert verified(database).fault is Fault.NO_SEAL
    write(database, "4")
    found = verified(database)
    assert (found.fault, found.rows) == (Fault.NO_SEAL, 3)


def test_a_head_that_was_taken_away_comes_back_without_a_seal(database: Database) -> None:
    write(database, "1", "2")
    with database.unit_of_work() as uow:
        uow.session.execute(delete(ChainHead))
    assert verified(database).fault is Fault.NO_HEAD
    write(database, "3")
    found = verified(database)
    assert found.fault is Fault.NO_SEAL and found.rows == 3


def test_another_secret_key_is_told_from_a_broken_record_and_can_seal_anew(database: Database) -> None:
    write(database, "1")
    database.signing_key, first_key = lambda: "another", database.signing_key
    try:
        write(database, "2")
        assert verified(database).fault is Fault.OTHER_KEY
        with database.unit_of_work() as uow:
            seal_anew(uow, audit.CHAIN)
        assert verified(database).fault is None
        write(database, "3")
        assert verified(database).rows == 3
    finally:
        database.signing_key = first_key


def test_the_first_migration_to_chains_takes_in_what_was_there(fresh_database: Database) -> None:
    fresh_database.signing_key = lambda: "a key"
    migrate(fresh_database, "0014")
    zone = "" if fresh_database.is_sqlite else "+00"
    with fresh_database.engine.begin() as connection:
        for number in (3, 7, 12):
            connection.exec_driver_sql(
                "INSERT INTO audit_records (id, at, actor, action, subject_kind, subject_id, before, after)"
                f" VALUES ({number}, '2026-11-20 05:00:00.250000{zone}', 'มาลี', 'faq.published', 'faq', '1',"
                """ NULL, '{"ชื่อ": [1.5, "ก"], "b": null}')"""
            )
        if not fresh_database.is_sqlite:  # which counts on by itself
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('audit_records', 'id'), 12)")
    migrate(fresh_database)
    write(fresh_database, "2")
    found = verified(fresh_database)
    assert (found.fault, found.rows) == (None, 6)
    with fresh_database.read() as reader:
        told = reader.session.scalars(select(AuditRecord.action).order_by(AuditRecord.sequence)).all()
    assert told[0] == "chain.begun" and told[-2] == "schema.migrated", "what stands before is not proved"


def test_one_reading_of_a_thing_in_an_hour_is_one_record(database: Database, clock: FixedClock) -> None:
    def read(who: str) -> None:
        audit.note_reading(
            database, actor=who, action="complaint.read", subject_kind="complaint", find=lambda reader: 7
        )

    for who in ("malee", "malee", "somchai"):
        read(who)
    clock.advance(minutes=61)
    read("malee")
    with database.read() as reader:
        found = audit.history(reader, subject_kind="complaint", subject_id=7)
        assert [record.actor for record in found] == ["malee", "somchai", "malee"]
