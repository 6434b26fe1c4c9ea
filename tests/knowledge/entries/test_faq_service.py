"""Writing entries: drafts, publishing, retiring, and two authors at once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.staff.models import StaffAccount
from knowledge.entries import queries, service
from knowledge.entries.content import EntryContent, content_of
from knowledge.entries.models import Entry, EntryChange, EntryState, EntryVersion
from tests.knowledge.entries.conftest import REGISTER, published

REWRITTEN = replace(REGISTER, answer="ลงที่สำนักปลัด อบต. ได้ทุกวันทำการ")


def refused(error: pytest.ExceptionInfo[ServiceError], code: str, kind: ErrorKind) -> bool:
    return (error.value.code, error.value.kind) == (code, kind)


def test_an_entry_goes_from_draft_to_residents_and_is_rewritten_beside_its_live_words(
    database: Database,
) -> None:
    with database.unit_of_work() as uow:
        entry = service.create_entry(uow, REGISTER, actor="malee", key="elderly-register")
        assert (entry.state, entry.live_version_id) == (EntryState.DRAFT, None)
        live = service.publish(uow, entry.id, number=1, actor="somchai")
        assert (entry.state, entry.live_version_id) == (EntryState.LIVE, live.id)
        assert (live.published_by, live.published_at) == ("somchai", uow.now)
        draft = service.save_draft(uow, entry.id, REWRITTEN, based_on=1, actor="malee")
        assert (draft.number, entry.state) == (2, EntryState.LIVE_WITH_DRAFT)
    with database.read() as reader:
        live = reader.session.get_one(EntryVersion, live.id)
        assert content_of(live) == REGISTER  # what residents see is untouched
    with database.unit_of_work() as uow:
        assert service.publish(uow, entry.id, number=2, actor="somchai").answer == REWRITTEN.answer


def test_every_change_is_audited_and_told_to_the_feed(database: Database) -> None:
    entry_id = published(database, REGISTER)
    with database.unit_of_work() as uow:
        service.save_draft(uow, entry_id, REWRITTEN, based_on=1, actor="malee")
        service.discard_draft(uow, entry_id, number=2, actor="malee")
        service.retire(uow, entry_id, actor="somchai")
        service.restore(uow, entry_id, actor="somchai")
    with database.read() as reader:
        records = audit.history(reader, subject_kind="faq", subject_id=entry_id)
        actions = [record.action for record in reversed(records)]
        assert actions == [
            "faq.created", "faq.published", "faq.draft_saved", "faq.draft_discarded", "faq.retired",
            "faq.restored",
        ]  # fmt: skip
        saved = records[3]
        assert (saved.before, saved.after) == ({"answer": REGISTER.answer}, {"answer": REWRITTEN.answer})
        assert reader.session.scalars(select(EntryChange.entry_id)).all() == [entry_id] * len(actions)


def test_an_edit_of_older_words_is_refused_with_the_colleagues_name(database: Database) -> None:
    with database.unit_of_work() as uow:
        uow.session.add(
            StaffAccount(username="preecha", display_name="ปรีชา ใจดี", is_demo=False, created_at=uow.now)
        )
        entry = service.create_entry(uow, REGISTER, actor="malee")
        service.save_draft(uow, entry.id, REWRITTEN, based_on=1, actor="preecha")
        for attempt in (
            lambda: service.save_draft(uow, entry.id, REGISTER, based_on=1, actor="malee"),
            lambda: service.publish(uow, entry.id, number=1, actor="malee"),
            lambda: service.discard_draft(uow, entry.id, number=1, actor="malee"),
        ):
            with pytest.raises(ServiceError) as error:
                attempt()
            assert refused(error, "faq.changed", ErrorKind.CONFLICT)
            assert error.value.parameters == {"name": "ปรีชา ใจดี", "time": "12.00 น."}
        service.publish(uow, entry.id, number=2, actor="malee")


def test_saving_the_same_words_makes_no_version(database: Database) -> None:
    entry_id = published(database, REGISTER)
    with database.unit_of_work() as uow:
        same = replace(REGISTER, question=f"  {REGISTER.question} ")
        assert service.save_draft(uow, entry_id, same, based_on=1, actor="malee").number == 1
        assert len(queries.versions(uow, entry_id)) == 1


def test_a_dropped_draft_leaves_the_live_words_and_its_number_is_not_used_again(database: Database) -> None:
    entry_id = published(database, REGISTER)
    with database.unit_of_work() as uow:
        service.save_draft(uow, entry_id, REWRITTEN, based_on=1, actor="malee")
        entry = service.discard_draft(uow, entry_id, number=2, actor="malee")
        assert (entry.state, entry.draft_version_id) == (EntryState.LIVE, None)
        assert service.save_draft(uow, entry_id, REWRITTEN, based_on=1, actor="malee").number == 3


def test_dropping_the_only_words_retires_the_entry(database: Database) -> None:
    with database.unit_of_work() as uow:
        entry = service.create_entry(uow, REGISTER, actor="malee")
        service.discard_draft(uow, entry.id, number=1, actor="malee")
        assert entry.state is EntryState.RETIRED
        assert content_of(service.current_version(uow, entry)) == REGISTER


def test_a_retired_entry_comes_back_as_a_draft_and_keeps_its_history(
    database: Database,
) -> None:
    entry_id = published(database, REGISTER)
    with database.unit_of_work() as uow:
        first = queries.versions(uow, entry_id)[0]
        entry = service.retire(uow, entry_id, actor="malee")
        assert (entry.state, entry.live_version_id) == (EntryState.RETIRED, None)
        for attempt in (
            lambda: service.publish(uow, entry_id, number=1, actor="malee"),
            lambda: service.save_draft(uow, entry_id, REWRITTEN, based_on=1, actor="malee"),
            lambda: service.discard_draft(uow, entry_id, number=1, actor="malee"),
        ):
            with pytest.raises(ServiceError):
                attempt()
        published_at = first.published_at
        service.restore(uow, entry_id, actor="malee")
        again = service.publish(uow, entry_id, number=2, actor="malee")
        assert again.id != first.id
        assert first.published_at == published_at
        with pytest.raises(ServiceError) as error:
            service.restore(uow, entry_id, actor="malee")
        assert refused(error, "faq.not_retired", ErrorKind.CONFLICT)


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        (replace(REGISTER, question="ก" * 301), "question", "too_long"),
        (replace(REGISTER, question=" \x00 "), "question", "empty"),
        (replace(REGISTER, answer="ก" * 2501), "answer", "too_long"),
        (replace(REGISTER, answer="หัวเรื่อง" + "\nก | ข" * 31), "answer", "too_many_rows"),
        (replace(REGISTER, variants=tuple(f"แบบ {n}" for n in range(61))), "variants", "too_many"),
        (replace(REGISTER, variants=("ก" * 301,)), "variants", "too_long"),
        (replace(REGISTER, variants=("ก|ข",)), "variants", "has_separator"),
        (replace(REGISTER, keywords=tuple(f"คำ{n}" for n in range(41))), "keywords", "too_many"),
        (replace(REGISTER, source_url="javascript:alert(1)"), "source_url", "not_an_address"),
        (replace(REGISTER, language="xx"), "language", "unknown"),
        (replace(REGISTER, department_id=999_999), "department_id", "unknown"),
        (
            replace(
                REGISTER,
                publish_from=datetime(2026, 12, 1, tzinfo=UTC),
                publish_until=datetime(2026, 12, 1, tzinfo=UTC),
            ),
            "publish_until",
            "ends_before_start",
        ),
    ],
)
def test_unsound_words_are_refused_field_by_field(
    database: Database, content: EntryContent, field: str, code: str
) -> None:
    with database.unit_of_work() as uow:
        with pytest.raises(ServiceError) as error:
            service.create_entry(uow, content, actor="malee")
        assert refused(error, "faq.invalid", ErrorKind.INVALID)
        assert error.value.fields == {field: code}
        assert service.create_entry(uow, REGISTER, actor="malee").id


def test_words_at_the_limits_and_signs_that_databases_refuse_are_stored(database: Database) -> None:
    content = replace(
        REGISTER,
        question="ก" * 300,
        answer="ก" * 2500,
        variants=("มี\x00นัล", "ตัว\ud800เดี่ยว", "ซ้ำ", "ซ้ำ ", "", "ข" * 300),
    )
    with database.unit_of_work() as uow:
        entry = service.create_entry(uow, content, actor="malee")
        uow.session.flush()
        uow.session.expire_all()
        stored = content_of(service.current_version(uow, entry))
    assert stored.variants == ("มีนัล", "ตัวเดี่ยว", "ซ้ำ", "ข" * 300)


def test_a_key_is_invented_or_checked(database: Database) -> None:
    with database.unit_of_work() as uow:
        entry = service.create_entry(uow, REGISTER, actor="malee")
        assert entry.key.startswith("faq-")
        assert service.create_entry(uow, REGISTER, actor="malee").key != entry.key
        with pytest.raises(ServiceError) as error:
            service.create_entry(uow, REGISTER, actor="malee", key=entry.key)
        assert refused(error, "faq.key_taken", ErrorKind.CONFLICT)
        for bad in ("", "ก", "a b", "-a", "a" * 101):
            with pytest.raises(ServiceError) as error:
                service.create_entry(uow, REGISTER, actor="malee", key=bad)
            assert error.value.fields == {"key": "not_a_key"}


def test_an_unknown_entry_is_not_found(database: Database) -> None:
    with database.unit_of_work() as uow, pytest.raises(ServiceError) as error:
        service.retire(uow, 999_999, actor="malee")
    assert refused(error, "faq.not_found", ErrorKind.NOT_FOUND)


def test_the_list_shows_current_words_newest_first(database: Database, treasury: int) -> None:
    first = published(database, REGISTER)
    second = published(database, replace(REGISTER, question="ภาษีจ่ายที่ไหน", department_id=treasury))
    with database.unit_of_work() as uow:
        service.save_draft(uow, first, REWRITTEN, based_on=1, actor="malee")
        assert [(item.entry.id, item.version.number) for item in queries.list_entries(uow)] == [
            (second, 1),
            (first, 2),
        ]
        assert [item.entry.id for item in queries.list_entries(uow, department_id=treasury)] == [second]
        service.retire(uow, second, actor="malee")
        uow.session.flush()
        assert [item.entry.id for item in queries.list_entries(uow)] == [first]
        retired = queries.list_entries(uow, state=EntryState.RETIRED)
        assert [item.entry.id for item in retired] == [second]


@pytest.fixture
def migrated(own_database: Database) -> Iterator[Database]:
    yield own_database


def test_writers_take_turns_so_that_the_feed_is_in_order(migrated: Database) -> None:
    """A later change must not be committed before an earlier one: readers go on from the last id they saw."""
    done = threading.Event()

    def write() -> None:
        with migrated.unit_of_work() as uow:
            service.create_entry(uow, REGISTER, actor="somchai", key="second")
        done.set()

    with migrated.unit_of_work() as uow:
        service.create_entry(uow, REGISTER, actor="malee", key="first")
        uow.session.flush()
        other = threading.Thread(target=write)
        other.start()
        assert not done.wait(0.5)
    other.join(timeout=10)
    with migrated.read() as reader:
        keys = reader.session.scalars(
            select(Entry.key).join(EntryChange, EntryChange.entry_id == Entry.id).order_by(EntryChange.id)
        ).all()
    assert keys == ["first", "second"]
