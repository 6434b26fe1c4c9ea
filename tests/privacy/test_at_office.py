"""Requests made at the counter, by letter or on the telephone: who may ask, what is sealed, and what is forgotten."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.privacy_keeper import PrivacyKeeper
from eservice.complaints import accusing, residents
from eservice.complaints.cases import Resident as OfCase
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint
from eservice.complaints.numbers import shown
from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.settings import Settings
from eservice.kit.thai_calendar import local_date, thai_digits
from eservice.privacy import askers, at_office, copies, national_ids, requests, retention
from eservice.privacy.at_office import NewRequest, Proof
from eservice.privacy.erasure import TEXTS
from eservice.privacy.models import (
    Age,
    Asker,
    CameBy,
    Identity,
    NationalId,
    PrivacyRequest,
    ReachBy,
    RequestKind,
    RequestState,
    Tombstone,
)
from eservice.staff import accounts
from eservice.staff.accounts import Profile
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from tests.complaints.desk import LIGHT, Desk, open_desk, refused
from tests.privacy.test_erasure import MALEE, bytes_of, holders

DIGITS = "1101700203450"
TYPED = thai_digits("1-1017-00203-45-0")
KEY, NEXT_KEY = "k" * 40, "n" * 40
SETTINGS = Settings(secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
SEALER = SETTINGS.sealer(national_ids.PURPOSE)
NAME, PHONE = "สมหญิง รักสงบ", "081 234 5678"
PROVED = Proof(identity=Identity.CARD, age=Age.GROWN)


@pytest.fixture
def desk(database: Database) -> Desk:
    return open_desk(database)


def new(desk: Desk, **changes: object) -> NewRequest:
    request = NewRequest(
        kind=RequestKind.COPY,
        came_by=CameBy.COUNTER,
        name=NAME,
        reach_by=ReachBy.TELEPHONE,
        reach=PHONE,
        received=local_date(desk.database.clock.now()),
        identity=Identity.CARD,
        age=Age.GROWN,
        national_id=TYPED,
    )
    return replace(request, **changes)


def take(desk: Desk, **changes: object) -> int:
    with desk.database.unit_of_work() as uow:
        return at_office.take(uow, new(desk, **changes), by=desk.palad, sealer=SEALER).id


def agree(desk: Desk, request_id: int, outcome: str = "ทำให้แล้ว") -> None:
    with desk.database.unit_of_work() as uow:
        requests.agree(uow, request_id, outcome, by=MALEE, signing_key=KEY)


def tell(desk: Desk, request_id: int, on: date | None = None) -> None:
    with desk.database.unit_of_work() as uow:
        at_office.note_told(uow, request_id, on or local_date(uow.now), by="malee")


def faults(desk: Desk, **changes: object) -> dict[str, str]:
    with pytest.raises(ServiceError, match=r"privacy\.bad_asker") as refusal:
        take(desk, **changes)
    return refusal.value.fields


def the(desk: Desk, request_id: int) -> tuple[PrivacyRequest, Asker, bool]:
    """The request, who asks, and whether their national id is kept."""
    with desk.database.read() as reader:
        return (
            requests.get_request(reader, request_id),
            askers.get(reader, request_id),
            reader.session.get(NationalId, request_id) is not None,
        )


def withdrawn(desk: Desk, **changes: object) -> Filed:
    """A case that is over."""
    filed = desk.file(replace(LIGHT, **changes))
    with desk.database.unit_of_work() as uow:
        residents.withdraw(uow, filed.number, OfCase(shown_number=filed.number))
    return filed


def digits_in(text: str) -> bool:
    """Whether the thirteen digits stand there, in whatever digits and groups."""
    return DIGITS in re.sub(r"[\s-]", "", text.translate(str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")))


def test_the_number_is_sealed_masked_and_each_reading_of_it_on_record(desk: Desk) -> None:
    request_id = take(desk, words=f"ขอดู บัตร {TYPED}")
    assert holders(desk.database, DIGITS) == holders(desk.database, TYPED) == set()
    for _ in range(2):
        with desk.database.unit_of_work() as uow:
            assert national_ids.masked(uow, request_id, SEALER) == "x-xxxx-xxxxx-xx-0"
            found = national_ids.reveal(uow, request_id, f"เทียบบัตร {DIGITS}", by="malee", sealer=SEALER)
            assert found == "1-1017-00203-45-0"
    with desk.database.unit_of_work() as uow:
        requests.refuse(uow, request_id, f"เลข {TYPED}", f"ม.30 {DIGITS}", by=desk.palad)
    assert holders(desk.database, DIGITS) == holders(desk.database, TYPED) == set()
    with desk.database.unit_of_work() as uow, refused("privacy.no_reason"):
        national_ids.reveal(uow, request_id, "  ", by="malee", sealer=SEALER)
    with desk.database.read() as reader:
        records = reader.session.query(AuditRecord).order_by(AuditRecord.id).all()
        readings = [record for record in records if record.action == "privacy.id_read"]
    assert [(record.actor, record.subject_id) for record in readings] == [("malee", str(request_id))] * 2
    assert "เทียบบัตร" in str(readings[0].after)
    assert not any(digits_in(f"{record.before} {record.after}") for record in records)
    assert NAME not in str([record.after for record in records])


def test_no_byte_of_the_database_file_holds_the_number(own_database: Database, tmp_path: Path) -> None:
    desk = open_desk(own_database)
    request_id = take(desk)
    if own_database.is_sqlite:
        stored = bytes_of(tmp_path)
        assert NAME.encode() in stored, "this is the file"
        assert DIGITS.encode() not in stored and TYPED.encode() not in stored
    tell_after_deciding(desk, request_id)
    assert not the(desk, request_id)[2], "gone once the person was told"


def tell_after_deciding(desk: Desk, request_id: int) -> None:
    agree(desk, request_id)
    tell(desk, request_id)


def test_a_new_secret_key_seals_the_number_anew(desk: Desk) -> None:
    request_id = take(desk)
    both = Settings(secret_key=NEXT_KEY, secret_key_previous=KEY, _env_file=None)  # type: ignore[call-arg]
    alone = Settings(secret_key=NEXT_KEY, _env_file=None)  # type: ignore[call-arg]
    with desk.database.read() as reader:
        assert national_ids.unreadable(reader, both) == (0, 1)
        assert national_ids.unreadable(reader, alone) == (1, 1)
    PrivacyKeeper(desk.database, desk.media, both)._keep()
    with desk.database.read() as reader:
        assert national_ids.unreadable(reader, alone) == (0, 1)
        assert national_ids.masked(reader, request_id, alone.sealer(national_ids.PURPOSE)).endswith("-0")


def test_every_wrong_field_is_named_at_once(desk: Desk) -> None:
    tomorrow = local_date(desk.database.clock.now()) + timedelta(days=1)
    assert faults(
        desk, kind=None, name=" ", reach="12", received=tomorrow, identity=None, national_id="1101700203451"
    ).keys() == {"kind", "name", "reach", "received", "identity", "national_id"}
    assert faults(desk, received=tomorrow - timedelta(days=367)).keys() == {"received"}
    assert faults(desk, kind=RequestKind.CORRECTION).keys() == {"words"}
    assert faults(desk, reach_by=ReachBy.ADDRESS, reach="หมู่ 1").keys() == {"reach"}
    assert faults(desk, identity=Identity.CASE_KEY).keys() == {"cases"}
    assert faults(desk, identity=Identity.ATTORNEY, relation="ผู้รับมอบอำนาจ").keys() == {"guardian"}
    with desk.database.read() as reader:
        assert reader.session.query(PrivacyRequest).count() == reader.session.query(NationalId).count() == 0


def test_the_clock_runs_from_the_day_it_came_and_the_same_form_twice_is_one(desk: Desk) -> None:
    came = local_date(desk.database.clock.now()) - timedelta(days=10)
    request_id = take(desk, kind=RequestKind.ERASURE, received=came, came_by=CameBy.LETTER)
    request, asker, has_id = the(desk, request_id)
    assert request.erase_by is not None and has_id
    assert [local_date(at) - came for at in (request.due_at, request.erase_by)] == [
        timedelta(days=30),
        timedelta(days=90),
    ]
    assert (asker.reach, asker.taken_by) == ("0812345678", desk.palad.username)
    assert take(desk, kind=RequestKind.ERASURE, received=came) == request_id
    assert take(desk, kind=RequestKind.ERASURE, received=came, name="อีกคน") != request_id
    lamp = desk.file().number
    assert take(desk, kind=RequestKind.ERASURE, received=came, cases=lamp) != request_id


def test_a_case_that_accuses_the_clerks_department_is_not_there_for_them(desk: Desk) -> None:
    graft = desk.file(replace(LIGHT, accused=frozenset({desk.finance})))
    lamp = desk.file()
    wrong = shown(lamp.number)[:-1] + ("3" if lamp.number[-1] != "3" else "4")
    assert faults(desk, cases=wrong).keys() == {"cases"}
    request_id = take(desk, cases=f"{shown(graft.number)}, {lamp.number.lower()}")
    later = take(desk, cases=lamp.number, name="อีกคน")
    kept = replace(PROVED, cases=f"{shown(graft.number)}\n{shown(lamp.number)}")
    with desk.database.unit_of_work() as uow:  # nobody else can see to it, so it keeps its cases
        proved = at_office.prove(uow, request_id, kept, by=desk.malee, sealer=SEALER)
        assert len(askers.cases_of(uow, proved)) == 2
        with pytest.raises(ServiceError, match=r"privacy\.bad_asker"):
            at_office.prove(uow, later, kept, by=desk.malee, sealer=SEALER)
    with desk.database.unit_of_work() as uow:  # one of another department can see to it
        boss = Profile(display_name="หัวหน้า", grants=[Grant(role=Role.ADMINISTRATOR)])
        accounts.create_account(uow, "boss", boss, actor="cli")
        by_malee = new(desk, cases=graft.number)
        with pytest.raises(ServiceError) as refusal:
            at_office.take(uow, by_malee, by=desk.malee, sealer=SEALER)
        assert refusal.value.fields == {"cases": "unknown"}
        assert requests.for_staff(uow, request_id, desk.palad).id == request_id
        with refused("privacy.not_found"):
            requests.for_staff(uow, request_id, desk.malee)
        assert requests.for_staff(uow, later, desk.malee).id == later
        accusing.accuse(uow, lamp.complaint_id, [desk.finance], by=desk.palad, seen_version=1)
        with refused("privacy.not_found"):
            requests.for_staff(uow, later, desk.malee)


@pytest.mark.parametrize(
    ("proof", "refusal"),
    [
        (replace(PROVED, identity=Identity.NOT_YET), "privacy.no_identity"),
        (replace(PROVED, age=Age.CHILD), "privacy.no_guardian"),
        (replace(PROVED, age=Age.CHILD, alone_reason="เรียนเก่ง"), "privacy.no_guardian"),
        (replace(PROVED, age=Age.CHILD, guardian="แม่น้อย", relation="แม่"), ""),
        (replace(PROVED, age=Age.MINOR), "privacy.minor_alone"),
        (replace(PROVED, age=Age.MINOR, alone_reason="จดทะเบียนสมรสแล้ว"), ""),
        (replace(PROVED, age=Age.MINOR, guardian="แม่น้อย", relation="แม่"), ""),
        (PROVED, ""),
    ],
)
def test_nothing_is_done_for_who_may_not_ask_but_they_are_refused_with_the_law(
    desk: Desk, proof: Proof, refusal: str
) -> None:
    request_id = take(desk, identity=Identity.NOT_YET, age=Age.GROWN, national_id="")
    with refused("privacy.no_identity"):
        agree(desk, request_id)
    with desk.database.unit_of_work() as uow:
        at_office.prove(uow, request_id, proof, by=desk.palad, sealer=SEALER)
    if not refusal:
        agree(desk, request_id)
        return
    with refused(refusal):
        agree(desk, request_id)
    with desk.database.unit_of_work() as uow:
        requests.refuse(uow, request_id, "ไม่มีหลักฐาน", "PDPA ม.20", by=MALEE)
    assert the(desk, request_id)[0].state is RequestState.REFUSED


def test_what_is_decided_waits_until_the_person_was_told(desk: Desk) -> None:
    request_id = take(desk)
    with desk.database.unit_of_work() as uow, refused("privacy.not_decided"):
        at_office.note_told(uow, request_id, local_date(uow.now), by="malee")
    agree(desk, request_id)
    today = local_date(desk.database.clock.now())
    with desk.database.read() as reader:
        assert [each.id for each in at_office.untold(reader)] == [request_id]
        assert requests.waiting_count(reader) == 1
    for day in (today - timedelta(days=1), today + timedelta(days=1)):
        with refused("privacy.bad_told"):
            tell(desk, request_id, day)
    tell(desk, request_id)
    with desk.database.read() as reader:
        assert at_office.untold(reader) == [] and requests.waiting_count(reader) == 0
    with refused("privacy.told_already"):
        tell(desk, request_id)


def test_the_copy_holds_the_cases_named_and_closes_when_it_was_handed_over(desk: Desk) -> None:
    named, other = desk.file(), desk.file(replace(LIGHT, text="เรื่องของคนอื่น"), contact_id=desk.dam)
    request_id = take(desk, cases=named.number)

    def copy() -> str:
        with desk.database.read() as reader:
            return copies.as_json(copies.copy_for_asker(reader, requests.get_request(reader, request_id)))

    with refused("privacy.copy_closed"):
        copy()
    agree(desk, request_id)
    given = copy()
    assert LIGHT.text in given and NAME in given and shown(named.number) in given
    assert "เรื่องของคนอื่น" not in given and other.number not in given and not digits_in(given)
    with desk.database.read() as reader:
        sections = copies.copy_for_asker(reader, requests.get_request(reader, request_id))
    for name, rows in sections.items():
        assert TEXTS.has(f"privacy.copy.sections.{name}")
        assert all(TEXTS.has(f"privacy.copy.fields.{field}") for row in rows for field in row)
    tell(desk, request_id)
    with refused("privacy.copy_closed"):
        copy()


def test_an_erasure_takes_the_cases_and_keeps_who_asked_until_they_are_told_and_forgotten(desk: Desk) -> None:
    gone, still_open = withdrawn(desk, text="เสาไฟของสมหญิง"), desk.file()
    request_id = take(
        desk, kind=RequestKind.ERASURE, cases=f"{gone.number}\n{still_open.number}", words="ลบเสาไฟของสมหญิง"
    )
    with refused("privacy.case_open"):
        agree(desk, request_id)
    with desk.database.unit_of_work() as uow:
        at_office.prove(uow, request_id, replace(PROVED, cases=gone.number), by=desk.palad, sealer=SEALER)
    agree(desk, request_id, "ลบแล้ว")
    assert holders(desk.database, "เสาไฟของสมหญิง") == set()
    with desk.database.read() as reader:
        assert reader.session.get_one(Complaint, still_open.complaint_id).text == LIGHT.text
        assert "askers" in reader.session.query(Tombstone).one().kept
    request, asker, has_id = the(desk, request_id)
    assert (request.outcome, asker.name, has_id) == ("ลบแล้ว", NAME, True), "they are still to be told"
    with desk.database.unit_of_work() as uow, refused("privacy.not_told"):
        at_office.forget(uow, request_id, by="malee")
    tell(desk, request_id)
    with desk.database.unit_of_work() as uow:
        at_office.forget(uow, request_id, by="malee")
    assert holders(desk.database, NAME) == holders(desk.database, "0812345678") == set()
    assert the(desk, request_id)[0].state is RequestState.DONE


def test_an_erasure_of_the_case_forgets_who_asked_about_it_before(desk: Desk) -> None:
    filed = withdrawn(desk)
    asked = take(desk, cases=filed.number, words="คำขอของสมหญิง")
    tell_after_deciding(desk, asked)
    erasing = take(desk, kind=RequestKind.ERASURE, cases=filed.number, name="ผู้ขอลบ")
    agree(desk, erasing)
    assert holders(desk.database, NAME) == holders(desk.database, "คำขอของสมหญิง") == set()


def test_keeping_times_end_for_the_number_first_and_then_for_who_asked(desk: Desk, clock: FixedClock) -> None:
    request_id, waits = take(desk, kind=RequestKind.WITHDRAWAL), take(desk, name="ยังรออยู่")
    agree(desk, request_id)
    clock.advance(days=91)
    counts = retention.run_daily(desk.database)
    assert counts is not None and (counts["national_ids"], counts["askers"]) == (1, 0)
    assert (the(desk, request_id)[2], the(desk, waits)[2]) == (False, True)
    clock.advance(days=275)
    counts = retention.run_daily(desk.database)
    assert counts is not None and (counts["national_ids"], counts["askers"]) == (0, 1)
    assert holders(desk.database, NAME) == set() and the(desk, waits)[1].name == "ยังรออยู่"
    clock.advance(days=1461)
    assert (retention.run_daily(desk.database) or {})["requests"] == 1
    with desk.database.read() as reader:
        assert [each.request_id for each in reader.session.query(Asker)] == [waits]
    with desk.database.unit_of_work() as uow, refused("privacy.bad_days"):
        retention.set_days(uow, "national_ids", 91, by="malee")
