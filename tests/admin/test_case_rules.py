"""What the office sets for all complaints together: the radius and the windows, on the page of the categories."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from eservice.complaints import nearby, overdue
from eservice.complaints.models import Complaint
from eservice.complaints.rules import Rules, read_rules
from eservice.complaints.states import ComplaintState
from eservice.kit import audit
from eservice.kit.database import Database
from eservice.staff.models import Role
from eservice.staff.queries import principal_of
from tests.admin.cases_room import open_room, words
from tests.complaints.desk import LIGHT
from tests.inquiries.desk import add_staff

RULES = "/admin/cases/rules"
CATEGORIES = "/admin/cases/categories"
SOME = {"radius_m": "๑๐๐", "reopen_days": "30", "silence_days": "3"}


def test_the_offices_rules_are_kept_audited_and_hold_at_once(database: Database, tmp_path: Path) -> None:
    room = open_room(database, tmp_path)
    with database.unit_of_work() as uow:
        admin = principal_of(uow, add_staff(uow, "admin", Role.ADMINISTRATOR))
    filed = room.desk.file(replace(LIGHT, latitude=15.0, longitude=100.0))
    browser = room.browser(admin)
    assert 'value="250"' in browser.page(CATEGORIES)

    for wrong in ({"radius_m": "9999"}, {"silence_days": "0"}, {"reopen_days": "x"}, {"silence_days": "31"}):
        refused = browser.post(RULES, **{**SOME, **wrong})
        assert refused.status_code == 422 and f'value="{next(iter(wrong.values()))}"' in refused.text
    with database.read() as reader:
        assert read_rules(reader) == Rules()

    assert browser.post(RULES, **SOME).headers["location"] == CATEGORIES
    with database.unit_of_work() as uow:
        assert read_rules(uow) == Rules(radius_m=100, reopen_days=30, silence_days=3)
        (record,) = audit.history(uow, subject_kind="complaint_rules", subject_id=1)
        assert (record.actor, record.before, record.after) == (
            "admin",
            {"radius_m": 250, "reopen_days": 15, "silence_days": 7},
            {"radius_m": 100, "reopen_days": 30, "silence_days": 3},
        )
        close = {"category": LIGHT.category, "text": "", "longitude": 100.0}
        assert nearby.open_nearby(uow, latitude=15.001, **close) == []  # 111 metres away
        assert len(nearby.open_nearby(uow, latitude=15.0005, **close)) == 1
        complaint = uow.session.get_one(Complaint, filed.complaint_id)
        complaint.state, complaint.said_done_at = ComplaintState.RESOLVED, uow.now - timedelta(days=3)
    day = room.desk.now(filed).said_done_at
    assert day is not None
    said = words(room.browser(room.desk.palad).page(f"/admin/cases/{filed.complaint_id}"))
    assert "20 พ.ย. 2569" in said  # silence closes it today
    with database.unit_of_work() as uow:
        assert overdue.close_silent(uow) == 1
    assert room.desk.now(filed).confirmed_by_silence
