"""What staff may do with a complaint, each with its refusal beside its success."""

from dataclasses import replace

import pytest

from eservice.complaints import assigning, filing, queries, ratings, residents, service
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint, PhotoKind
from eservice.complaints.states import ComplaintState, WaitingReason
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.staff.models import Role, RoleGrant
from eservice.staff.permissions import Principal
from tests.complaints.desk import LIGHT, Desk, refused
from tests.complaints.pictures import photo

S = ComplaintState


def hand_on(desk: Desk, filed: Filed, department_id: int, by: Principal, **more: object) -> Complaint:
    with desk.database.unit_of_work() as uow:
        return service.hand_on(
            uow,
            filed.complaint_id,
            department_id,
            by=by,
            seen_version=desk.version(filed),
            **more,  # type: ignore[arg-type]
        )


def move(desk: Desk, filed: Filed, target: S, by: Principal | None = None, **more: object) -> Complaint:
    with desk.database.unit_of_work() as uow:
        return service.change_state(
            uow,
            filed.complaint_id,
            target,
            by=by or desk.somsri,
            seen_version=desk.version(filed),
            **more,  # type: ignore[arg-type]
        )


def in_progress(desk: Desk, **columns: object) -> Filed:
    filed = desk.file(replace(LIGHT, **columns))  # type: ignore[arg-type]
    hand_on(desk, filed, desk.works, desk.somsri)
    move(desk, filed, S.IN_PROGRESS)
    return filed


def propose(desk: Desk, filed: Filed, note: str = "เปลี่ยนหลอดแล้ว", *photo_ids: int) -> None:
    with desk.database.unit_of_work() as uow:
        service.propose_done(
            uow,
            filed.complaint_id,
            note,
            by=desk.somsri,
            seen_version=desk.version(filed),
            photo_ids=photo_ids,
        )


def agree(desk: Desk, filed: Filed, by: Principal) -> None:
    with desk.database.unit_of_work() as uow:
        service.agree_done(uow, filed.complaint_id, by=by, seen_version=desk.version(filed))


def test_done_takes_two_officers_and_a_note(desk: Desk) -> None:
    filed = in_progress(desk)
    with refused("complaints.needs_proposal"):
        agree(desk, filed, desk.somchai)
    with refused("complaints.needs_note"):
        propose(desk, filed, "  ")
    with refused("complaints.not_allowed"):
        move(desk, filed, S.RESOLVED, note="เสร็จแล้ว")
    propose(desk, filed)
    assert desk.state(filed) is S.IN_PROGRESS
    with refused("complaints.needs_second_officer"):
        agree(desk, filed, desk.somsri)
    with refused("complaints.not_found"):
        agree(desk, filed, desk.malee)
    agree(desk, filed, desk.checker)
    assert desk.state(filed) is S.RESOLVED
    with desk.database.read() as reader:
        last = queries.history(reader, filed.complaint_id)[-1]
        assert (last.note, last.is_public, last.actor_id) == ("เปลี่ยนหลอดแล้ว", True, desk.checker.account_id)


def test_where_the_category_asks_for_it_done_needs_a_new_photo(desk: Desk) -> None:
    filed, other = in_progress(desk, needs_photo=True), in_progress(desk)
    before = desk.add_photo(filed, photo(1), kind=PhotoKind.BEFORE)
    elsewhere = desk.add_photo(other, photo(2))
    after = desk.add_photo(filed, photo(3))
    with refused("complaints.needs_photo"):
        propose(desk, filed)
    for strange in (before.id, elsewhere.id, 999_999):
        with refused("photos.not_after"):
            propose(desk, filed, "เปลี่ยนหลอดแล้ว", after.id, strange)
    propose(desk, filed, "เปลี่ยนหลอดแล้ว", after.id, after.id)
    assert desk.now(filed).proposed_photo_ids == [after.id]
    agree(desk, filed, desk.somchai)
    assert (desk.state(filed), desk.now(filed).proposed_photo_ids) == (S.RESOLVED, [])


def test_after_it_was_reopened_an_old_photo_shows_nothing(desk: Desk) -> None:
    filed = in_progress(desk, needs_photo=True)
    old = desk.add_photo(filed, photo(1))
    propose(desk, filed, "เปลี่ยนหลอดแล้ว", old.id)
    agree(desk, filed, desk.somchai)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับอยู่")
    with refused("photos.same_as_before"):
        desk.add_photo(filed, photo(1))
    new = desk.add_photo(filed, photo(2))
    hand_on(desk, filed, desk.works, desk.somsri, assignee_id=desk.somchai.account_id)  # still reopened
    move(desk, filed, S.IN_PROGRESS)
    with refused("photos.not_after"):
        propose(desk, filed, "เปลี่ยนหลอดแล้ว", old.id)
    propose(desk, filed, "เปลี่ยนหลอดแล้ว", new.id)
    agree(desk, filed, desk.somchai)
    assert desk.state(filed) is S.RESOLVED


def test_a_proposal_does_not_outlive_a_change_of_state(desk: Desk) -> None:
    filed = in_progress(desk)
    propose(desk, filed)
    move(desk, filed, S.WAITING, waiting_reason=WaitingReason.BUDGET, reason="รองบปีหน้า")
    move(desk, filed, S.IN_PROGRESS)
    with refused("complaints.needs_proposal"):
        agree(desk, filed, desk.somchai)


@pytest.mark.parametrize(
    ("target", "given", "lacking", "code"),
    [
        (
            S.WAITING,
            {"waiting_reason": WaitingReason.PROCUREMENT, "reason": "รอซื้อ"},
            "reason",
            "needs_reason",
        ),
        (
            S.WAITING,
            {"waiting_reason": WaitingReason.OTHER_AGENCY, "reason": "ก"},
            "waiting_reason",
            "needs_waiting_reason",
        ),
        (S.NEEDS_INFORMATION, {"note": "อยู่ซอยไหนคะ"}, "note", "needs_note"),
        (S.REJECTED, {"reason": "อยู่นอกเขต"}, "reason", "needs_reason"),
    ],
)
def test_a_move_without_what_it_needs_is_refused(
    desk: Desk, target: S, given: dict[str, object], lacking: str, code: str
) -> None:
    filed = in_progress(desk)
    with refused(f"complaints.{code}"):
        move(desk, filed, target, **{name: value for name, value in given.items() if name != lacking})
    assert desk.state(filed) is S.IN_PROGRESS
    complaint = move(desk, filed, target, is_public=False, **given)
    assert complaint.state is target
    with desk.database.read() as reader:
        last = queries.timeline(reader, filed.number, desk.owner).entries[-1]
        assert isinstance(last, queries.Happened)
        assert last.note + last.reason == str(given.get("note", "")) + str(given.get("reason", ""))


def test_work_begins_only_in_a_department(desk: Desk) -> None:
    filed = desk.file()
    with refused("complaints.needs_department"):
        move(desk, filed, S.ASSIGNED)
    with refused("complaints.needs_parent"):
        move(desk, filed, S.DUPLICATE)
    with refused("complaints.not_allowed"):
        move(desk, filed, S.IN_PROGRESS)


def test_who_has_seen_an_old_version_is_refused(desk: Desk) -> None:
    filed = in_progress(desk)
    seen = desk.version(filed)
    move(desk, filed, S.NEEDS_INFORMATION, note="ซอยไหนคะ")
    with desk.database.unit_of_work() as uow, refused("complaints.changed"):
        service.change_state(
            uow, filed.complaint_id, S.REJECTED, by=desk.somchai, seen_version=seen, reason="ไม่ตอบ"
        )
    assert desk.state(filed) is S.NEEDS_INFORMATION


def test_staff_see_and_touch_their_own_department_and_what_nobody_has(desk: Desk) -> None:
    mine, nobodys = in_progress(desk), desk.file()
    with desk.database.read() as reader:
        for by, seen in (
            (desk.somsri, [mine, nobodys]),
            (desk.malee, [nobodys]),
            (desk.palad, [mine, nobodys]),
        ):
            assert [row.id for row in queries.queue(reader, by)] == [each.complaint_id for each in seen]
        assert queries.queue(reader, desk.author) == []
        assert queries.queue(reader, desk.palad, department_id=desk.finance) == []
        assert queries.find(reader, mine.complaint_id, desk.somsri).number == mine.number
        with refused("complaints.not_found"):
            queries.find(reader, mine.complaint_id, desk.malee)
    with refused("complaints.not_found"):
        move(desk, mine, S.REJECTED, desk.malee, reason="ไม่ใช่งานเรา")
    with refused("staff.forbidden"):
        move(desk, mine, S.REJECTED, desk.checker, reason="ไม่ใช่งานเรา")
    with refused("staff.forbidden"):
        hand_on(desk, mine, desk.finance, desk.checker, reason="ไม่ใช่งานเรา")


def test_handing_on_to_another_department_needs_a_reason_and_begins_anew(desk: Desk) -> None:
    filed = in_progress(desk)
    with refused("complaints.needs_reason"):
        hand_on(desk, filed, desk.finance, desk.somsri)
    with refused("complaints.unknown_department"):
        hand_on(desk, filed, 999_999, desk.somsri, reason="งานเขา")
    with refused("complaints.unknown_assignee"):
        hand_on(desk, filed, desk.finance, desk.somsri, reason="งานเขา", assignee_id=desk.somchai.account_id)
    moved = hand_on(
        desk, filed, desk.finance, desk.somsri, reason="งานเขา", assignee_id=desk.malee.account_id
    )
    assert (moved.state, moved.department_id, moved.assignee_id) == (
        S.ASSIGNED,
        desk.finance,
        desk.malee.account_id,
    )
    with desk.database.read() as reader:
        told = str(queries.timeline(reader, filed.number, desk.owner).entries)
        assert "กองคลัง" in told
        assert "งานเขา" not in told  # among staff
        written = audit.history(reader, subject_kind="complaint", subject_id=filed.complaint_id)[0]
        assert (written.actor, written.action) == ("somsri", "complaint.handed_on")
    move(desk, filed, S.REJECTED, desk.malee, reason="นอกเขต")
    with refused("complaints.ended"):
        hand_on(desk, filed, desk.works, desk.malee, reason="คืน")


def test_an_accused_department_never_gets_the_complaint_nor_sees_it(desk: Desk) -> None:
    filed = desk.file(replace(LIGHT, accused=frozenset({desk.works})))
    with refused("complaints.not_found"):
        hand_on(desk, filed, desk.finance, desk.somsri)
    with refused("complaints.accused"):
        hand_on(desk, filed, desk.works, desk.palad)
    hand_on(desk, filed, desk.finance, desk.palad)
    with desk.database.read() as reader:
        assert queries.queue(reader, desk.somsri) == []
        assert [row.id for row in queries.queue(reader, desk.malee)] == [filed.complaint_id]


def test_a_merge_does_not_carry_a_complaint_to_the_department_it_accuses(desk: Desk) -> None:
    accusing = desk.file(replace(LIGHT, accused=frozenset({desk.works})))
    theirs, other = in_progress(desk), desk.file()
    with desk.database.unit_of_work() as uow, refused("complaints.accused"):
        service.merge(uow, accusing.complaint_id, theirs.complaint_id, by=desk.palad, seen_version=1)
    with desk.database.unit_of_work() as uow:
        service.merge(uow, accusing.complaint_id, other.complaint_id, by=desk.palad, seen_version=1)
    with refused("complaints.accused"):
        hand_on(desk, other, desk.works, desk.palad)


def test_merged_complaints_share_their_audience_and_part_again(desk: Desk) -> None:
    child, parent = desk.file(contact_id=desk.dam), desk.file()
    with desk.database.unit_of_work() as uow:
        with refused("complaints.same_complaint"):
            service.merge(uow, child.complaint_id, child.complaint_id, by=desk.palad, seen_version=1)
        service.merge(uow, child.complaint_id, parent.complaint_id, by=desk.palad, seen_version=1)
    with desk.database.unit_of_work() as uow:
        assert queries.audience(uow, parent.complaint_id) == {desk.daeng, desk.dam}
        assert queries.public_status(uow, child.number).continues_as == parent.number
        assert not filing.join(uow, child.number, desk.daeng)  # leads to the parent, which is hers
        with refused("complaints.parent_not_open"):
            service.merge(uow, parent.complaint_id, child.complaint_id, by=desk.palad, seen_version=1)
        with refused("complaints.needs_reason"):
            service.split(uow, child.complaint_id, " ", by=desk.palad, seen_version=2)
        with refused("complaints.not_allowed"):
            service.split(uow, parent.complaint_id, "คนละที่", by=desk.palad, seen_version=1)
    with refused("complaints.not_allowed"):
        move(desk, child, S.RECEIVED, desk.palad, reason="คนละที่")
    with desk.database.unit_of_work() as uow:
        service.split(uow, child.complaint_id, "คนละที่", by=desk.palad, seen_version=2)
        assert queries.audience(uow, parent.complaint_id) == {desk.daeng}
    assert (desk.state(child), desk.now(child).parent_id) == (S.RECEIVED, None)


def test_notes_stay_among_staff_and_replies_reach_the_resident(desk: Desk) -> None:
    filed = in_progress(desk)
    with desk.database.unit_of_work() as uow:
        service.say(uow, filed.complaint_id, "ช่างลาป่วย", by=desk.somsri, to_resident=False)
        service.say(uow, filed.complaint_id, "พรุ่งนี้ไปดูให้ค่ะ", by=desk.somsri, to_resident=True)
        residents.say(uow, filed.number, desk.owner, "ขอบคุณค่ะ")
        with refused("complaints.no_text"):
            service.say(uow, filed.complaint_id, " ", by=desk.somsri, to_resident=True)
        with refused("staff.forbidden"):
            service.say(uow, filed.complaint_id, "ก", by=desk.checker, to_resident=True)
    with desk.database.read() as reader:
        said = [
            e.text
            for e in queries.timeline(reader, filed.number, desk.owner).entries
            if isinstance(e, queries.Said)
        ]
        assert said == ["พรุ่งนี้ไปดูให้ค่ะ", "ขอบคุณค่ะ"]
        assert len(queries.comments(reader, filed.complaint_id)) == 3


def test_dates_that_are_owed_are_shown_to_everyone_alike(desk: Desk) -> None:
    filed = desk.file()
    complaint = desk.now(filed)
    with desk.database.read() as reader:
        status = queries.public_status(reader, filed.number)
        assert status.due_at is not None
        assert (status.due_at, status.answer_due_at) == (complaint.due_at, complaint.answer_due_at)


def test_asking_the_resident_first_is_no_way_around_the_queue(desk: Desk, clock: FixedClock) -> None:
    earlier = desk.file()
    clock.advance(minutes=5)
    later = desk.file()
    for filed in (earlier, later):
        hand_on(desk, filed, desk.works, desk.somsri)
    move(desk, later, S.NEEDS_INFORMATION, note="เสาต้นไหนคะ")
    with refused("complaints.jumps_queue"):
        move(desk, later, S.IN_PROGRESS)
    move(desk, earlier, S.IN_PROGRESS)
    move(desk, later, S.IN_PROGRESS)


def test_what_was_begun_already_goes_on_without_waiting_its_turn_again(desk: Desk, clock: FixedClock) -> None:
    earlier = desk.file()
    clock.advance(minutes=5)
    later = desk.file()
    for filed in (earlier, later):
        hand_on(desk, filed, desk.works, desk.somsri)
    move(desk, later, S.IN_PROGRESS, reason="อันตราย")
    move(desk, later, S.WAITING, waiting_reason=WaitingReason.BUDGET, reason="ของบ")
    assert move(desk, later, S.IN_PROGRESS).state is S.IN_PROGRESS
    assert desk.state(earlier) is S.ASSIGNED


def test_an_improvement_is_not_shown_to_the_department_that_the_case_accuses(desk: Desk) -> None:
    filed = in_progress(desk, accused=frozenset({desk.finance}))
    propose(desk, filed)
    with desk.database.unit_of_work() as uow:
        service.agree_done(uow, filed.complaint_id, by=desk.somchai, seen_version=desk.version(filed))
        residents.confirm(uow, filed.number, desk.owner)
        ratings.rate(uow, filed.number, desk.owner, 1)
    accused = replace(desk.palad, department_id=desk.finance)  # of finance, with a part in the whole office
    with desk.database.read() as reader:
        (task,) = ratings.tasks(reader, desk.palad)
        assert ratings.tasks(reader, accused) == []
    with refused("complaints.not_found"), desk.database.unit_of_work() as uow:
        ratings.finish_task(uow, task.id, "คุยกันแล้ว", by=accused)


def test_nobody_with_a_part_in_an_accused_department_is_given_the_case(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        for account_id in (desk.somsri.account_id, desk.somchai.account_id):
            uow.session.add(RoleGrant(account_id=account_id, role=Role.RESPONDER, department_id=desk.finance))
    filed = desk.file(replace(LIGHT, accused=frozenset({desk.finance})))
    with desk.database.unit_of_work() as uow:
        assigned = assigning.assign(uow, filed.complaint_id)
        assert (assigned.department_id, assigned.assignee_id) == (desk.works, None)


def test_who_is_accused_sees_neither_the_complaint_nor_that_in_which_it_goes_on(desk: Desk) -> None:
    parent = desk.file()
    hand_on(desk, parent, desk.works, desk.palad, assignee_id=desk.somsri.account_id)
    accusing = desk.file(replace(LIGHT, accused=frozenset({desk.finance})))
    accused = replace(desk.palad, department_id=desk.finance)
    with desk.database.read() as reader:
        assert queries.find(reader, parent.complaint_id, accused)
    with desk.database.unit_of_work() as uow:
        service.merge(uow, accusing.complaint_id, parent.complaint_id, by=desk.palad, seen_version=1)
    with desk.database.read() as reader, refused("complaints.not_found"):
        queries.find(reader, parent.complaint_id, accused)
    with refused("complaints.not_found"):
        hand_on(desk, parent, desk.works, accused)
    assert desk.now(parent).assignee_id == desk.somsri.account_id
