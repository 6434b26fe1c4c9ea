"""Who handles data for the office is read from what is set up; an agreement with each is noted; the whole record."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from admin.site import text_directories
from eservice.demo.first_start import prepare
from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.messaging import credentials
from eservice.messaging.models import ChannelName
from eservice.office.models import Office
from eservice.privacy import processors, register, requests, ropa
from eservice.privacy.models import RequestKind
from eservice.privacy.processors import NewAgreement
from eservice.webhooks.models import WebhookKind, WebhookSubscription
from tests.privacy.test_erasure import MALEE

TODAY = date(2026, 11, 20)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, media_url="s3://photos/", _env_file=None)  # type: ignore[call-arg]


def test_an_agreement_is_noted_with_each_who_is_in_use_replaced_ended_and_on_record(
    database: Database, settings: Settings
) -> None:
    with database.unit_of_work() as uow:
        credentials.save(
            uow, settings, ChannelName.TELEGRAM, token="1:abcdef", secret="made-up", actor="somsri"
        )  # fmt: skip
        partner = WebhookSubscription(
            name="province", url="https://hub.example.go.th/x", salt="s", kinds=[WebhookKind.CASE_FILED],
            created_by="somsri", created_at=uow.now,
        )  # fmt: skip
        uow.session.add(partner)
        keys = [each.key for each in processors.without_agreement(uow, settings)]
        assert keys == ["hosting", "developer", "telegram", "storage", "partner:province"]
        assert processors.all_processors(uow, settings)[-1].name == "province (hub.example.go.th)"

        bad = (
            NewAgreement(key="line", on=TODAY, reference="x"),
            NewAgreement(key="hosting", on=TODAY + timedelta(days=1), reference="x"),
            NewAgreement(key="hosting", on=TODAY, reference=" "),
        )
        for new in bad:
            with pytest.raises(ServiceError, match=r"privacy\.(not_found|bad_agreement)"):
                processors.note(uow, settings, new, by="somsri")
        own = NewAgreement(key="hosting", on=TODAY, reference="เครื่องของสำนักงาน", is_needless=True)
        processors.note(uow, settings, own, by="somsri")
        for reference in ("สัญญา 1/2569", "สัญญา 2/2569"):
            new = NewAgreement(key="partner:province", on=TODAY, reference=reference)
            processors.note(uow, settings, new, by="somsri")
        keys = [each.key for each in processors.without_agreement(uow, settings)]
        assert keys == ["developer", "telegram", "storage"]

        partner.is_active = False
        left = processors.all_processors(uow, settings)[-1]
        assert (left.key, left.is_in_use) == ("partner:province", False)
        processors.end(uow, "partner:province", by="malee")
        with pytest.raises(ServiceError, match=r"privacy\.not_found"):
            processors.end(uow, "partner:province", by="malee")
        assert processors.all_processors(uow, settings)[-1].key == "storage"
        last = uow.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc()).limit(2)).all()
        assert [(each.action, each.actor) for each in last] == [
            ("processor.ended", "malee"), ("processor.agreed", "somsri"),
        ]  # fmt: skip
        assert last[1].before == {"reference": "สัญญา 1/2569"}, "what it was before stays to be seen"


def test_the_record_says_whose_it_is_who_else_handles_it_how_it_is_guarded_and_what_was_refused(
    database: Database, settings: Settings
) -> None:
    prepare(database, with_demo=False)
    with database.unit_of_work() as uow:
        office = uow.session.scalars(select(Office)).one()
        office.address, office.privacy_contact, office.privacy_phone = "99 หมู่ 5", "ปลัดสมศรี", "043 001"
        for kind in (RequestKind.ERASURE, RequestKind.CORRECTION, RequestKind.ERASURE):
            asked = requests.ask(uow, kind, words="ผมชื่อสมชาย")
            requests.refuse(uow, asked.id, "คดีของนายสมชาย", "PDPA ม.33 โทร 0812345678", by=MALEE)
        new = NewAgreement(key="developer", on=TODAY, reference="สัญญา 7/2569")
        processors.note(uow, settings, new, by="malee")
    texts = Catalogue(*text_directories())
    with database.read() as reader:
        sheets = ropa.sheets(reader, settings, texts)
    whole = register.sheets_as_csv(sheets).decode("utf-8-sig")
    for words in (
        office.name,
        "99 หมู่ 5",
        "ปลัดสมศรี 043 001",
        "สัญญา 7/2569",
        "ยังไม่มีข้อตกลง",
        "HTTPS",
        "contacts.address",
    ):
        assert words in whole, words
    refused = sheets[-1].lines
    assert [(line[0], line[2]) for line in refused] == [("ขอแก้ไขข้อมูล", "1"), ("ขอลบข้อมูล", "2")]
    assert "PDPA ม.33" in refused[0][1] and "สมชาย" not in whole and "0812345678" not in whole
    assert all(len(sheet.title) <= 31 and sheet.lines for sheet in sheets)
