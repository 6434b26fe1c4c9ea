"""Incidents with personal data: the hours to the PDPC, and what it takes to end the work on one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.privacy import breaches
from eservice.privacy.breaches import NewBreach
from eservice.privacy.models import BreachRisk


@pytest.mark.parametrize(
    ("after", "is_late", "is_past_excuse"),
    [
        (timedelta(hours=72), False, False),
        (timedelta(hours=73), True, False),
        (timedelta(days=15), True, False),
        (timedelta(days=16), True, True),
    ],
)
def test_a_report_is_in_time_late_with_a_reason_or_past_every_excuse_and_always_taken(
    database: Database, after: timedelta, is_late: bool, is_past_excuse: bool
) -> None:
    with database.unit_of_work() as uow:
        new = NewBreach(
            noticed_at=uow.now - after, what="โน้ตบุ๊กหาย", data="ชื่อ", people=12, risk=BreachRisk.RISK
        )
        breach = breaches.note(uow, new, by="malee")
        assert [each.id for each in breaches.running(uow)] == [breach.id]
        stands = breaches.clock(breach, uow.now)
        assert (stands.is_running, stands.is_late, stands.is_past_excuse) == (True, is_late, is_past_excuse)
        if is_late:
            with pytest.raises(ServiceError, match=r"privacy\.needs_late_reason"):
                breaches.report(uow, breach.id, " ", by="malee")
        breaches.report(uow, breach.id, "ไฟดับทั้งตำบล" if is_late else "", by="malee")
        stood = breaches.clock(breach, uow.now + timedelta(days=99))
        assert (stood.is_running, stood.is_late, stood.is_past_excuse) == (False, is_late, is_past_excuse)
        last = uow.session.scalars(select(AuditRecord.after).order_by(AuditRecord.id.desc()).limit(1)).one()
        assert last == {"late": is_late, "past_excuse": is_past_excuse}
        assert breaches.running(uow) == []


def test_a_breach_is_reported_in_72_hours_or_with_a_reason_and_closed_only_when_told(
    database: Database,
) -> None:
    with database.unit_of_work() as uow:
        new = NewBreach(
            noticed_at=uow.now - timedelta(hours=71),
            what="โน้ตบุ๊กหาย",
            data="ชื่อ",
            people=12,
            risk=BreachRisk.HIGH,
        )
        in_time = breaches.note(uow, new, by="malee")
        late = breaches.note(
            uow, NewBreach(**{**vars(new), "noticed_at": uow.now - timedelta(hours=73)}), by="malee"
        )
        assert breaches.clock(in_time, uow.now).left == timedelta(hours=1)
        breaches.report(uow, in_time.id, "", by="malee")
        with pytest.raises(ServiceError, match=r"privacy\.needs_late_reason"):
            breaches.report(uow, late.id, " ", by="malee")
        breaches.report(uow, late.id, "ไฟดับทั้งตำบล", by="malee")
        with pytest.raises(ServiceError, match=r"privacy\.breach_unreported"):
            breaches.close(uow, in_time.id, "เข้ารหัสเครื่อง", by="malee")
        breaches.tell_people(uow, in_time.id, "เรียนทุกท่าน", by="malee")
        breaches.close(uow, in_time.id, "เข้ารหัสเครื่อง", by="malee")
        assert [row.id for row in breaches.all_breaches(uow)] == [late.id, in_time.id]
        assert not breaches.clock(in_time, uow.now).is_running and breaches.clock(late, uow.now).is_late
