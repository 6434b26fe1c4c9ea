"""Filing once, whatever is sent; what cannot be filed; "me too"."""

from dataclasses import replace

import pytest

from eservice.complaints import filing, queries
from eservice.complaints.filing import NewComplaint
from eservice.complaints.models import AccusedDepartment, Complaint, Source
from eservice.complaints.numbers import read_number
from eservice.complaints.states import ComplaintState
from eservice.kit import audit
from tests.complaints.desk import LIGHT, Desk, refused


def test_a_filed_complaint_has_a_number_a_key_and_its_first_row_of_history(desk: Desk) -> None:
    filed = desk.file()
    assert read_number(filed.number) == filed.number
    assert filed.key
    complaint = desk.now(filed)
    assert (complaint.state, complaint.version, complaint.department_id) == (ComplaintState.RECEIVED, 1, None)
    assert filed.key not in (complaint.key_hash, complaint.number)
    with desk.database.read() as reader:
        (event,) = queries.history(reader, filed.complaint_id)
        assert (event.before, event.after, event.actor_id) == (None, ComplaintState.RECEIVED, desk.daeng)
        (written,) = audit.history(reader, subject_kind="complaint", subject_id=filed.complaint_id)
        assert written.action == "complaint.filed"
        assert LIGHT.text not in str(written.after)


def test_the_same_request_twice_is_one_complaint_and_shows_the_key_once(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        first = filing.file_complaint(uow, LIGHT, idempotency_key="line:1")
    with desk.database.unit_of_work() as uow:
        again = filing.file_complaint(uow, LIGHT, idempotency_key="line:1")
        assert (again.number, again.key) == (first.number, None)
        assert len(queries.history(uow, first.complaint_id)) == 1
    for other in (replace(LIGHT, text="ถนนพัง"), replace(LIGHT, contact_id=desk.dam)):
        with desk.database.unit_of_work() as uow, refused("complaints.filed_otherwise"):
            filing.file_complaint(uow, other, idempotency_key="line:1")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (replace(LIGHT, text=" \x00\n "), "complaints.no_text"),
        (replace(LIGHT, text="ก" * 4_001), "complaints.text_too_long"),
        (replace(LIGHT, address="ก" * 301), "complaints.line_too_long"),
        (replace(LIGHT, category="  "), "complaints.no_category"),
        (replace(LIGHT, latitude=14.1), "complaints.bad_place"),
        (replace(LIGHT, latitude=91.0, longitude=100.0), "complaints.bad_place"),
        (replace(LIGHT, latitude=float("nan"), longitude=100.0), "complaints.bad_place"),
        (replace(LIGHT, accused=frozenset({999_999})), "complaints.unknown_department"),
        (replace(LIGHT, source=Source.PHONE), "staff.forbidden"),
    ],
)
def test_what_cannot_be_filed_is_refused_and_leaves_nothing(
    desk: Desk, wrong: NewComplaint, code: str
) -> None:
    with refused(code):
        desk.file(wrong)
    with desk.database.read() as reader:
        assert reader.session.query(Complaint).count() == 0


def test_staff_file_for_a_resident_at_the_counter_and_others_may_not(desk: Desk) -> None:
    walk_in = replace(LIGHT, source=Source.WALK_IN, reporter_name="ป้าแดง", village="หมู่ 3")
    filed = desk.file(walk_in, by=desk.somsri)
    complaint = desk.now(filed)
    assert (complaint.filed_by_id, complaint.village) == (desk.somsri.account_id, "หมู่ 3")
    for stranger in (desk.author, desk.checker):
        with refused("staff.forbidden"):
            desk.file(walk_in, by=stranger)


def test_whoever_files_decides_nothing_but_what_they_say() -> None:
    says = set(NewComplaint.__dataclass_fields__)
    assert says.isdisjoint(
        {
            "state",
            "department_id",
            "assignee_id",
            "number",
            "key_hash",
            "parent_id",
            "version",
            "due_at",
            "filed_by_id",
        }
    )


def test_accused_departments_are_kept_with_the_complaint(desk: Desk) -> None:
    filed = desk.file(replace(LIGHT, accused=frozenset({desk.works})))
    with desk.database.read() as reader:
        rows = reader.session.query(AccusedDepartment).filter_by(complaint_id=filed.complaint_id)
        assert [row.department_id for row in rows] == [desk.works]


def test_joining_follows_once_and_leaving_ends_it(desk: Desk) -> None:
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        assert filing.join(uow, filed.number.lower(), desk.dam)
        assert not filing.join(uow, filed.number, desk.dam)
        assert not filing.join(uow, filed.number, desk.daeng)  # her own
        assert queries.audience(uow, filed.complaint_id) == {desk.daeng, desk.dam}
        assert [status.number for status in queries.of_contact(uow, desk.dam)] == [filed.number]
    with desk.database.unit_of_work() as uow:
        filing.leave(uow, filed.number, desk.dam)
        assert queries.audience(uow, filed.complaint_id) == {desk.daeng}
        with refused("complaints.not_found"):
            filing.join(uow, "34679ACD", desk.dam)
