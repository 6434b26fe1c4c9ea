"""The desk's list: pages by cursor in the order of the rule, counts, clusters of the map."""

from dataclasses import replace
from datetime import timedelta

import pytest

from eservice.complaints import listing, overdue, service
from eservice.complaints.listing import Asked, Group
from eservice.complaints.models import Complaint
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff.models import Position
from knowledge.classify import Urgency
from tests.complaints.desk import LIGHT, Desk, open_desk


def all_pages(desk: Desk, asked: Asked) -> list[int]:
    found: list[int] = []
    after = ""
    with desk.database.read() as reader:
        while True:
            page = listing.page_of(reader, desk.palad, asked, after=after, limit=2)
            found += [complaint.id for complaint in page.rows]
            after = page.next_cursor
            if not after:
                return found


def test_pages_give_everything_once_in_the_order_of_the_rule(desk: Desk) -> None:
    urgencies = [Urgency.NORMAL, Urgency.LOW, Urgency.URGENT, Urgency.NORMAL, Urgency.URGENT]
    filed = [desk.file(replace(LIGHT, urgency=urgency)).complaint_id for urgency in urgencies]
    assert all_pages(desk, Asked()) == [filed[place] for place in (2, 4, 0, 3, 1)]
    assert all_pages(desk, Asked(group=Group.ALL)) == filed[::-1]


def test_work_called_done_by_one_officer_counts_as_waiting_for_another(desk: Desk) -> None:
    working, checked = desk.file(), desk.file()
    with desk.database.unit_of_work() as uow:
        for filed in (working, checked):
            service.hand_on(uow, filed.complaint_id, desk.works, by=desk.palad, seen_version=1)
            service.change_state(
                uow, filed.complaint_id, ComplaintState.IN_PROGRESS, by=desk.somsri, seen_version=2
            )
        service.propose_done(uow, checked.complaint_id, "แล้ว", by=desk.somsri, seen_version=3)
    with desk.database.read() as reader:
        counts = listing.counts(reader, desk.palad, Asked())
    assert (counts[Group.WORKING], counts[Group.CHECK], counts[Group.OPEN]) == (1, 1, 2)
    assert all_pages(desk, Asked(group=Group.WORKING)) == [working.complaint_id]
    assert all_pages(desk, Asked(group=Group.CHECK)) == [checked.complaint_id]


def test_missed_dates_are_found_and_climb_to_their_position(database: Database) -> None:
    desk = open_desk(database)
    filed = desk.file()
    with database.read() as reader:
        assert listing.overdue_count(reader, desk.palad, Asked()) == 0
        now = reader.now
    database.clock = FixedClock(now + timedelta(days=40))
    with database.unit_of_work() as uow:
        overdue.escalate(uow)
    head, anybody = replace(desk.palad, position=Position.HEAD), desk.palad
    with database.read() as reader:
        assert listing.overdue_count(reader, desk.palad, Asked()) == 1
        for person in (head, anybody):
            page = listing.page_of(reader, person, Asked(is_escalated=True))
            assert [complaint.id for complaint in page.rows] == [filed.complaint_id]


def test_close_positions_are_one_cluster_and_its_box_leads_to_them(desk: Desk) -> None:
    places = [(14.0001, 100.5001), (14.0002, 100.5002), (14.3, 100.9)]
    filed = [desk.file(replace(LIGHT, latitude=lat, longitude=lon)).complaint_id for lat, lon in places]
    desk.file()  # without a position
    with desk.database.read() as reader:
        box = listing.bounds(reader, desk.palad, Asked())
        found = sorted(
            listing.clusters(reader, desk.palad, Asked(), cell=0.01), key=lambda cluster: cluster.latitude
        )
        assert box is not None and (box.south, box.north) == (14.0001, 14.3)
        assert [(cluster.count, cluster.complaint_id) for cluster in found] == [(2, None), (1, filed[2])]
        within = listing.page_of(reader, desk.palad, Asked(box=found[0].box))
        assert [complaint.id for complaint in within.rows] == filed[:2]


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(14.0, 100.5), (-33.9, -70.6), (0.0, -0.001), (-0.001, 0.0)]
)
def test_a_cluster_lies_in_its_box_wherever_it_is(desk: Desk, latitude: float, longitude: float) -> None:
    desk.file(replace(LIGHT, latitude=latitude, longitude=longitude))
    with desk.database.read() as reader:
        (cluster,) = listing.clusters(reader, desk.palad, Asked(), cell=2.0**-8)
    assert cluster.box.south <= latitude <= cluster.box.north
    assert cluster.box.west <= longitude <= cluster.box.east


def test_nothing_outside_reach_is_listed_counted_or_placed(desk: Desk) -> None:
    accused = replace(LIGHT, accused=frozenset({desk.works}), latitude=14.0, longitude=100.0, village="หมู่ 9")
    desk.file(accused)
    with desk.database.read() as reader:
        assert listing.page_of(reader, desk.somsri, Asked()).rows == []
        assert set(listing.counts(reader, desk.somsri, Asked()).values()) == {0}
        assert listing.bounds(reader, desk.somsri, Asked()) is None
        assert listing.clusters(reader, desk.somsri, Asked(), cell=1) == []
        assert listing.villages(reader, desk.somsri) == []
        assert listing.not_begun_count(reader, desk.somsri) == 0
        assert listing.not_begun_count(reader, desk.malee) == 1


def test_what_waits_for_a_person_is_nobodys_and_their_own(desk: Desk) -> None:
    desk.file()
    mine, colleagues, of_the_unit = desk.file(), desk.file(), desk.file()
    with desk.database.unit_of_work() as uow:
        for filed, person in ((mine, desk.somsri), (colleagues, desk.somchai)):
            service.hand_on(
                uow, filed.complaint_id, desk.works, by=desk.palad, seen_version=1, assignee_id=person.account_id
            )  # fmt: skip
        service.hand_on(uow, of_the_unit.complaint_id, desk.works, by=desk.palad, seen_version=1)
    with desk.database.read() as reader:
        assert listing.not_begun_count(reader, desk.somsri) == 3
        assert listing.not_begun_count(reader, desk.somsri, at_most=1) == 1


def test_a_percent_sign_in_the_search_is_a_percent_sign(desk: Desk) -> None:
    desk.file(replace(LIGHT, text="ลด 50% ทุกวัน"))
    desk.file()
    with desk.database.read() as reader:
        found = listing.page_of(reader, desk.palad, Asked(words="50%")).rows
        assert [complaint.text for complaint in found] == ["ลด 50% ทุกวัน"]
        assert listing.page_of(reader, desk.palad, Asked(words="5%ท")).rows == []
        assert all(isinstance(complaint, Complaint) for complaint in found)
