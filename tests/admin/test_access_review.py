"""The review of access: who may do what, unused accounts marked, recorded, and due again in half a year."""

import csv
import html
import io
from datetime import UTC, date, datetime

import pytest

from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.staff import access_reviews, accounts, tokens
from eservice.staff.access_reviews import Use
from eservice.staff.models import AccessReview, Role, StaffAccount
from eservice.staff.permissions import Grant
from eservice.webhooks import subscriptions
from eservice.webhooks.models import WebhookKind
from tests.admin.visitors import Doors
from tests.conftest import NOON

PAGE = "/admin/staff/review"


@pytest.mark.parametrize(
    ("days_ago", "disabled", "use"),
    [(None, False, Use.NEVER), (90, False, Use.IN_USE), (91, False, Use.LONG_AGO), (0, True, Use.DISABLED)],
)
def test_how_lately_an_account_was_used(days_ago: int | None, disabled: bool, use: Use) -> None:
    last = None if days_ago is None else datetime.fromtimestamp(NOON.timestamp() - days_ago * 86_400, UTC)
    account = StaffAccount(last_used_at=last, disabled_at=NOON if disabled else None)
    assert access_reviews.use_of(account, NOON) is use


@pytest.mark.parametrize(
    ("reviewed", "due"),
    [
        (datetime(2026, 8, 30, 17, 30, tzinfo=UTC), date(2027, 2, 28)),  # 31 August in Bangkok
        (datetime(2026, 11, 20, 5, 0, tzinfo=UTC), date(2027, 5, 20)),
    ],
)
def test_the_next_review_is_due_six_months_later(reviewed: datetime, due: date) -> None:
    review = AccessReview(reviewed_at=reviewed, reviewed_by="สมศรี")
    assert access_reviews.due_on(review, NOON.date()) == due
    assert access_reviews.due_on(None, NOON.date()) == NOON.date()


def test_the_review_shows_marks_exports_and_records(doors: Doors, clock: FixedClock) -> None:
    custodian = doors.browser("custodian", Role.LOG_CUSTODIAN)
    doors.account("malee", Grant(role=Role.RESPONDER, department_id=doors.works_id))
    profile = accounts.Profile(display_name="=HYPERLINK(1)", grants=[Grant(role=Role.AUTHOR)])
    with doors.database.unit_of_work() as uow:
        accounts.create_account(uow, "evil", profile, actor="cli")
        tokens.create_token(
            uow, "province", [Grant(role=Role.CHECKER, department_id=doors.works_id)], days=30
        )
        subscriptions.add(uow, "ministry", "https://a.th/hook", [WebhookKind.CASE_FILED], is_local=False)
    page = html.unescape(custodian.get(PAGE).text).replace("\N{NO-BREAK SPACE}", " ")
    assert "ผู้ตอบคำถาม (กองช่าง)" in page and page.count("ไม่เคยใช้") == 3
    assert "ถึงเวลาตรวจสิทธิ" in page and "ยังไม่เคยตรวจ" in page
    download = custodian.get(f"{PAGE}/accounts.csv")
    rows = {row[0]: row for row in csv.reader(io.StringIO(download.content.decode("utf-8-sig")))}
    assert rows["province"][4:] == ["ผู้ตรวจ (กองช่าง)", "ยังไม่เคยใช้", "", "ใกล้หมดเวลา"]
    assert rows["ministry"][4] == "มีเรื่องใหม่ → https://a.th/hook"
    assert all(words in page for words in ("province", "ผู้ตรวจ (กองช่าง)", "ministry", "https://a.th/hook"))
    assert rows["evil"][1] == "'=HYPERLINK(1)" and rows["malee"][4] == "ผู้ตอบคำถาม (กองช่าง)"
    assert custodian.post(PAGE).status_code == 303
    page = html.unescape(custodian.get(PAGE).text).replace("\N{NO-BREAK SPACE}", " ")
    assert "โดย คุณcustodian" in page and "ถึงเวลาตรวจสิทธิ" not in page
    with doors.database.read() as reader:
        review = access_reviews.last_review(reader)
        assert review is not None
        (record,) = audit.history(reader, subject_kind="access", subject_id=review.id)
        assert (record.actor, record.after) == ("custodian", {"accounts": 3, "tokens": 1})
    assert doors.browser("author", Role.AUTHOR).get(PAGE).status_code == 403
