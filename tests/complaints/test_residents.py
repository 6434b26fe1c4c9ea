"""What residents see and do: by number, by key, by their own channel, in time."""

from eservice.complaints import queries, residents, service
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.complaints.numbers import new_key, new_number, shown
from eservice.complaints.rules import Rules, save_rules
from eservice.complaints.states import ComplaintState, Standing, standing
from eservice.kit.clock import FixedClock
from eservice.staff.models import Role
from eservice.staff.queries import principal_of
from tests.complaints.desk import LIGHT, Desk, refused
from tests.complaints.test_service import agree, hand_on, in_progress, move, propose
from tests.inquiries.desk import add_staff

S = ComplaintState


def resolved(desk: Desk) -> Filed:
    filed = in_progress(desk)
    propose(desk, filed)
    agree(desk, filed, desk.somchai)
    return filed


def test_the_number_alone_shows_state_dates_and_unit_only(desk: Desk) -> None:
    filed = desk.file()
    hand_on(desk, filed, desk.works, desk.somsri, assignee_id=desk.somchai.account_id)
    with desk.database.read() as reader:
        status = queries.public_status(reader, shown(filed.number).lower())
    assert (status.state, status.department) == (S.ASSIGNED, "กองช่าง")
    for secret in (LIGHT.text, LIGHT.category, "Somchai", filed.key or ""):
        assert secret not in repr(status)


def test_the_key_or_the_owners_channel_opens_the_timeline_and_a_guess_does_not(desk: Desk) -> None:
    filed = desk.file()
    with desk.database.read() as reader:
        for resident in (Resident(key=filed.key), desk.owner):
            assert queries.timeline(reader, filed.number, resident).text == LIGHT.text
        for stranger in (
            Resident(),
            Resident(contact_id=desk.dam),
            Resident(key=new_key()),
            Resident(key=""),
        ):
            with refused("complaints.not_found"):
                queries.timeline(reader, filed.number, stranger)
        with refused("complaints.not_found"):
            queries.public_status(reader, new_number())


def test_only_the_owner_or_the_key_acts(desk: Desk) -> None:
    filed = resolved(desk)
    stranger = Resident(contact_id=desk.dam, key=new_key())
    with desk.database.unit_of_work() as uow:
        for act in (residents.withdraw, residents.confirm):
            with refused("complaints.not_found"):
                act(uow, filed.number, stranger)
        with refused("complaints.not_found"):
            residents.reopen(uow, filed.number, stranger, "ยังดับ")
        with refused("complaints.not_found"):
            residents.say(uow, filed.number, stranger, "สวัสดี")
        residents.confirm(uow, filed.number, Resident(key=filed.key))
    assert desk.state(filed) is S.CONFIRMED
    assert not desk.now(filed).confirmed_by_silence


def test_a_no_in_time_reopens_the_same_complaint_and_one_too_late_does_not(
    desk: Desk, clock: FixedClock
) -> None:
    first, second = resolved(desk), resolved(desk)
    clock.advance(days=15)
    with desk.database.unit_of_work() as uow:
        with refused("complaints.needs_reason"):
            residents.reopen(uow, first.number, desk.owner, "")
        residents.reopen(uow, first.number, desk.owner, "ยังดับอยู่")
    assert desk.state(first) is S.REOPENED
    clock.advance(seconds=1)
    with desk.database.unit_of_work() as uow:
        with refused("complaints.too_late"):
            residents.reopen(uow, second.number, desk.owner, "ยังดับอยู่")
        admin = principal_of(uow, add_staff(uow, "admin", Role.ADMINISTRATOR))
        save_rules(uow, Rules(reopen_days=30), by=admin)
        residents.reopen(uow, second.number, desk.owner, "ยังดับอยู่")


def test_silence_closes_after_a_week_is_marked_and_can_still_be_reopened(
    desk: Desk, clock: FixedClock
) -> None:
    filed = resolved(desk)
    clock.advance(days=6, hours=23)
    with desk.database.unit_of_work() as uow, refused("complaints.too_early"):
        residents.close_unanswered(uow, filed.complaint_id)
    clock.advance(hours=1)
    with desk.database.unit_of_work() as uow:
        residents.close_unanswered(uow, filed.complaint_id)
    complaint = desk.now(filed)
    assert standing(complaint.state, by_silence=complaint.confirmed_by_silence) is Standing.UNANSWERED
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "ยังดับอยู่")
    assert not desk.now(filed).confirmed_by_silence


def test_a_refused_complaint_can_be_objected_to(desk: Desk) -> None:
    filed = in_progress(desk)
    move(desk, filed, S.REJECTED, reason="อยู่นอกเขต")
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, filed.number, desk.owner, "อยู่ในเขตค่ะ")
    assert desk.state(filed) is S.REOPENED


def test_an_answer_to_the_offices_question_sets_the_complaint_going_again(desk: Desk) -> None:
    unassigned, assigned = desk.file(), in_progress(desk)
    for filed, goes_to in ((unassigned, S.RECEIVED), (assigned, S.ASSIGNED)):
        move(desk, filed, S.NEEDS_INFORMATION, note="ซอยไหนคะ")
        with desk.database.unit_of_work() as uow:
            residents.say(uow, filed.number, desk.owner, "ซอย 3")
        assert desk.state(filed) is goes_to


def test_what_is_over_cannot_be_withdrawn_and_a_withdrawal_is_final(desk: Desk) -> None:
    filed, over = desk.file(), resolved(desk)
    with desk.database.unit_of_work() as uow:
        with refused("complaints.not_allowed"):
            residents.withdraw(uow, over.number, desk.owner)
        residents.withdraw(uow, filed.number, desk.owner)
    with desk.database.unit_of_work() as uow, refused("complaints.not_allowed"):
        service.change_state(uow, filed.complaint_id, S.REJECTED, by=desk.palad, seen_version=2, reason="ก")


def test_nobody_takes_back_a_complaint_in_which_those_of_others_go_on(desk: Desk) -> None:
    parent, child = desk.file(), desk.file(contact_id=desk.dam)
    for filed in (parent, child):
        hand_on(desk, filed, desk.works, desk.somsri)
    with desk.database.unit_of_work() as uow:
        service.merge(
            uow, child.complaint_id, parent.complaint_id, by=desk.somsri, seen_version=desk.version(child)
        )
    with refused("complaints.others_go_on"), desk.database.unit_of_work() as uow:
        residents.withdraw(uow, parent.number, desk.owner)
    assert desk.state(parent) is S.ASSIGNED
    with desk.database.unit_of_work() as uow:
        service.split(uow, child.complaint_id, "คนละเสา", by=desk.somsri, seen_version=desk.version(child))
        residents.withdraw(uow, parent.number, desk.owner)
    assert (desk.state(parent), desk.state(child)) == (S.WITHDRAWN, S.ASSIGNED)


def merged(desk: Desk) -> tuple[Filed, Filed]:
    """ลุงดำ's complaint goes on in that of ป้าแดง, which is being worked on."""
    parent = in_progress(desk)
    child = desk.file(contact_id=desk.dam)
    with desk.database.unit_of_work() as uow:
        service.merge(
            uow, child.complaint_id, parent.complaint_id, by=desk.somsri, seen_version=desk.version(child)
        )
    return parent, child


def test_whose_complaint_was_merged_can_say_no_too_and_it_takes_its_own_way(
    desk: Desk, clock: FixedClock
) -> None:
    parent, child = merged(desk)
    dam = Resident(contact_id=desk.dam)
    with refused("complaints.goes_on_elsewhere"), desk.database.unit_of_work() as uow:
        residents.reopen(uow, child.number, dam, "ยังมืด")
    propose(desk, parent)
    agree(desk, parent, desk.somchai)
    with desk.database.unit_of_work() as uow:
        residents.confirm(uow, parent.number, desk.owner)
    clock.advance(days=14)
    with desk.database.unit_of_work() as uow:
        residents.reopen(uow, child.number, dam, "หน้าบ้านผมยังมืด")
    again = desk.now(child)
    assert (again.state, again.parent_id, again.department_id) == (S.REOPENED, None, desk.works)
    assert desk.state(parent) is S.CONFIRMED


def test_a_merged_complaint_is_not_reopened_after_the_window(desk: Desk, clock: FixedClock) -> None:
    parent, child = merged(desk)
    propose(desk, parent)
    agree(desk, parent, desk.somchai)
    clock.advance(days=16)
    with refused("complaints.too_late"), desk.database.unit_of_work() as uow:
        residents.reopen(uow, child.number, Resident(contact_id=desk.dam), "ยังมืด")
