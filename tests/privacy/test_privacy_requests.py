"""What a person asks of their data in the chat, what staff do, and what the person hears."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands import read_command
from bot.flows import my_data
from eservice.complaints import cases, residents
from eservice.complaints.cases import Resident as OfCase
from eservice.complaints.filing import NewComplaint, file_complaint
from eservice.complaints.models import Complaint, Source
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.content import LinkButton
from eservice.messaging.models import ChannelName, Contact, Message
from eservice.privacy import askers, copies, keeping, requests, retention, tombstones
from eservice.privacy.models import PrivacyRequest, RequestKind, RequestState
from eservice.staff import accounts
from eservice.staff.accounts import Profile
from eservice.staff.models import Role, StaffAccount
from eservice.staff.permissions import Grant, Principal
from eservice.staff.queries import principal_of
from tests.bot.test_complaints import file
from tests.chat import Resident, Village
from tests.complaints.desk import LIGHT, open_desk, refused
from tests.privacy.test_erasure import CANARY, KEY, MALEE, holders

CHANNELS = pytest.mark.parametrize("channel", list(ChannelName))


def the_request(village: Village) -> PrivacyRequest:
    return village.rows(PrivacyRequest)[-1]


def agree(village: Village, request: PrivacyRequest) -> None:
    with village.database.unit_of_work() as uow:
        requests.agree(uow, request.id, f"ลบให้แล้ว คุณ {CANARY}", by=MALEE, signing_key=KEY)
    village.deliver()


def keep(village: Village, folder: Path) -> int:
    return keeping.keep(village.database, village.media, folder, signing_key=KEY)


@CHANNELS
def test_an_erasure_is_asked_told_and_then_done(
    village: Village, channel: ChannelName, tmp_path: Path
) -> None:
    somchai = village.resident(channel)
    somchai.says(f"สวัสดี {CANARY}")
    file(village, somchai)
    somchai.sees()
    somchai.says("ลบข้อมูลของฉันค่ะ")
    somchai.sees("เอาคืนไม่ได้", "เรื่องที่ยังทำอยู่ 1 เรื่อง")
    assert village.rows(PrivacyRequest) == []
    somchai.taps("ใช่ ขอลบ")
    request = the_request(village)
    somchai.sees(requests.number(request), "20 ธ.ค. 2569", "18 ก.พ. 2570")
    assert keep(village, tmp_path) == 0 and holders(village.database)
    agree(village, request)
    somchai.sees(f"คำขอ {requests.number(request)} (ขอลบข้อมูล) ทำให้แล้ว: ลบให้แล้ว")
    village.clock.advance(hours=1)
    assert keep(village, tmp_path) == 1
    assert holders(village.database) == set()
    assert the_request(village).state is RequestState.DONE


def test_asking_twice_is_one_request_and_a_decided_one_is_not_decided_again(village: Village) -> None:
    somchai = village.resident()
    for _ in range(2):
        somchai.says("ขอลบข้อมูล")
        somchai.taps("ใช่ ขอลบ")
    (request,) = village.rows(PrivacyRequest)
    with village.database.unit_of_work() as uow:
        requests.refuse(uow, request.id, "คดียังไม่จบ", "PDPA ม.33 (2)", by=MALEE)
    village.deliver()
    somchai.sees("ทำให้ไม่ได้: คดียังไม่จบ (PDPA ม.33 (2))", "pdpc.or.th")
    with village.database.unit_of_work() as uow, pytest.raises(ServiceError, match=r"privacy\.decided"):
        requests.agree(uow, request.id, "ลบ", by=MALEE, signing_key=KEY)


@CHANNELS
def test_the_copy_opens_once_and_holds_this_persons_words_alone(
    village: Village, channel: ChannelName
) -> None:
    malee, somchai = village.resident(channel), village.resident(channel)
    malee.says("คำของมาลี")
    somchai.says("คำของสมชาย")
    case = file(village, somchai)
    somchai.says("ขอสำเนาข้อมูล")
    button = somchai.button("เปิดดูข้อมูล")
    assert isinstance(button, LinkButton)
    page, _, secret = button.url.partition("#")
    assert page == "https://office.example/mydata" and len(secret) >= 32
    assert secret not in "".join(message.text for message in village.rows(Message))
    with village.database.unit_of_work() as uow:
        contact_id = copies.open_link(uow, secret)
    with village.database.read() as reader:
        copy = copies.copy_of(reader, contact_id)
    assert "คำของสมชาย" in str(copy) and case.text in str(copy["cases"]) and "มาลี" not in str(copy)
    assert [request["kind"] for request in copy["requests"]] == ["copy"]
    assert secret not in str([message.content for message in village.rows(Message)])
    with village.database.unit_of_work() as uow, pytest.raises(ServiceError, match=r"privacy\.link_over"):
        copies.open_link(uow, secret)


def test_a_link_is_over_after_a_day_and_its_address_is_forgotten(village: Village, tmp_path: Path) -> None:
    somchai = village.resident()
    somchai.says("ขอดูข้อมูลของฉัน")
    button = somchai.button("เปิดดูข้อมูล")
    assert isinstance(button, LinkButton)
    secret = button.url.partition("#")[2]
    village.clock.advance(hours=24)
    with village.database.unit_of_work() as uow, pytest.raises(ServiceError, match=r"privacy\.link_over"):
        copies.open_link(uow, secret)
    keep(village, tmp_path)
    assert holders(village.database, secret) == set()


def test_a_correction_says_what_is_wrong_and_a_withdrawal_is_noted_at_once(village: Village) -> None:
    somchai = village.resident()
    somchai.says("ข้อมูลของฉัน")
    somchai.sees("พ่อแม่หรือผู้ปกครอง")
    somchai.taps("ขอแก้ไขข้อมูล")
    somchai.says("ชื่อผิด ที่ถูกคือ สมชัย")
    somchai.sees("รับคำขอแล้ว", "20 ธ.ค. 2569")
    request = the_request(village)
    assert (request.kind, request.words) == (RequestKind.CORRECTION, "ชื่อผิด ที่ถูกคือ สมชัย")
    assert request.due_at - request.asked_at == timedelta(days=30)
    somchai.says("ข้อมูลของฉัน")
    somchai.taps("เลิกรับข่าวสาร")
    somchai.sees("จดไว้แล้ว", "ไม่ใช้ข้อมูลของคุณส่งข่าวสาร", "ถอนความยินยอม")
    assert the_request(village).state is RequestState.DONE
    with village.database.read() as reader:
        assert requests.has_withdrawn(reader, somchai.contact().id)


def test_a_group_hears_nothing_of_anybodys_data(village: Village) -> None:
    group = Resident(village, ChannelName.LINE, "U77", group="C77")
    group.does("join")
    group.says("เพื่อนบ้าน ลบข้อมูลของฉัน")
    group.says("เพื่อนบ้าน ขอสำเนาข้อมูล")
    group.sees("ทักมาคุยกันสองคน")
    assert village.rows(PrivacyRequest) == []


@pytest.mark.parametrize("words", ["ลบข้อมูลของฉัน", "ขอลบข้อมูลครับ", "ขอสำเนาข้อมูล", "ถอนความยินยอมค่ะ", "My data"])
def test_plain_words_lead_there(words: str) -> None:
    assert (read_command(words) or "").startswith("mydata")


@pytest.mark.parametrize("words", ["ขอแทนเด็ก", "ขอลบข้อมูลของลูกสาวค่ะ", "ดูข้อมูลของหลานหน่อยครับ", "ลบข้อมูลลูก"])
def test_plain_words_for_a_child_lead_there(words: str) -> None:
    assert read_command(words) == "mydata:child"


def test_who_asks_for_a_child_is_told_how_and_a_correction_that_tells_of_a_minor_too(
    village: Village,
) -> None:
    nok = village.resident()
    nok.says("ขอลบข้อมูลของลูกสาวค่ะ")
    nok.sees("อบต.ทดสอบ 1 หมู่ 1", "ผู้ปกครอง", "สูติบัตรหรือทะเบียนบ้าน", "08.30")
    assert village.rows(PrivacyRequest) == []
    nok.says("ข้อมูลของฉัน")
    nok.taps("ขอแก้ไขข้อมูล")
    nok.says("หนูอายุ ๑๒ ค่ะ ชื่อหนูผิด")
    nok.sees("รับคำขอแล้ว", "ผู้ปกครองมาด้วย")
    assert the_request(village).kind is RequestKind.CORRECTION


@pytest.mark.parametrize(
    ("words", "tells"),
    [
        ("หลานอายุแค่ 9 ขวบ", True),
        ("แก้ชื่อของลูกให้ด้วย", True),
        ("อายุ 62 ปีแล้ว ชื่อผิด", False),
        ("ที่อยู่ผิด อยู่ 12 หมู่ 3 ข้างของลูกค้า", False),
    ],
)
def test_ages_and_children_are_heard_in_words(words: str, tells: bool) -> None:
    assert my_data.speaks_of_a_minor(words) is tells


def test_the_case_of_a_web_form_is_erased_at_once_but_not_while_work_goes_on(
    village: Village, tmp_path: Path
) -> None:
    new = NewComplaint(source=Source.WEB, category="ไฟฟ้าแสงสว่าง", text=f"ไฟดับ {CANARY}", reporter_name=CANARY)
    with village.database.unit_of_work() as uow:
        filed = file_complaint(uow, new, idempotency_key=f"form {CANARY}")
        complaint = uow.session.get_one(Complaint, filed.complaint_id)
        asked = requests.ask(uow, RequestKind.ERASURE, complaint=complaint, words=f"ขอลบ {CANARY}").id
    with pytest.raises(ServiceError, match=r"privacy\.case_open"), village.database.unit_of_work() as uow:
        requests.agree(uow, asked, "ลบแล้ว", by=MALEE, signing_key=KEY)
    assert holders(village.database) > {
        "complaints.text",
        "complaints.reporter_name",
        "privacy_requests.words",
    }
    with village.database.unit_of_work() as uow:
        residents.withdraw(uow, filed.number, OfCase(shown_number=filed.number))
    with village.database.unit_of_work() as uow:
        requests.agree(uow, asked, "ลบแล้ว", by=MALEE, signing_key=KEY)
    assert holders(village.database) == set()
    with village.database.read() as reader, pytest.raises(ServiceError, match=r"complaints\.not_found"):
        cases.of_resident(reader, filed.number, OfCase(key=filed.key))
    assert keep(village, tmp_path) == 0 and (tmp_path / tombstones.FILE).read_text().count("\n") == 1


def test_a_damaged_file_of_the_erased_stops_nothing_else_of_the_day(village: Village, tmp_path: Path) -> None:
    (tmp_path / tombstones.FILE).write_text("{")
    with refused("privacy.erased_file_damaged"):
        keep(village, tmp_path)
    with village.database.read() as reader:
        assert retention.last_run(reader) is not None


def test_nobody_of_an_accused_department_sees_or_decides_what_the_resident_asks(database: Database) -> None:
    desk = open_desk(database)
    graft = desk.file(replace(LIGHT, accused=frozenset({desk.works})), contact_id=desk.dam)
    administrator = [Grant(role=Role.ADMINISTRATOR)]
    with database.unit_of_work() as uow:
        accused, clerk = (
            accounts.create_account(
                uow,
                name,
                Profile(display_name=name, grants=administrator, department_id=department),
                actor="cli",
            ).account
            for name, department in (("accused", desk.works), ("clerk", desk.finance))
        )
        case = uow.session.get_one(Complaint, graft.complaint_id)
        dam, daeng = (uow.session.get_one(Contact, contact_id) for contact_id in (desk.dam, desk.daeng))
        by_key = requests.ask(uow, RequestKind.ERASURE, complaint=case).id
        by_chat = requests.ask(uow, RequestKind.ERASURE, contact=dam).id
        of_another = requests.ask(uow, RequestKind.ERASURE, contact=daeng).id
        theirs, others = principal_of(uow, accused), principal_of(uow, clerk)
        assert hidden_from(uow, theirs) == [by_key, by_chat] and hidden_from(uow, others) == []
    for asked in (by_key, by_chat):
        with database.unit_of_work() as uow, refused("privacy.not_found"):
            requests.agree(uow, asked, "ลบแล้ว", by=theirs, signing_key=KEY)
        with database.unit_of_work() as uow, refused("privacy.not_found"):
            requests.refuse(uow, asked, "ไม่ลบ", "ม.33", by=theirs)
        with database.read() as reader, refused("privacy.not_found"):
            requests.for_staff(reader, asked, theirs)
    with database.unit_of_work() as uow:
        requests.refuse(uow, by_chat, "คดียังไม่จบ", "ม.33", by=others)
        assert requests.for_staff(uow, of_another, theirs).id == of_another
    with database.unit_of_work() as uow:
        uow.session.get_one(StaffAccount, clerk.id).disabled_at = uow.now
        assert hidden_from(uow, theirs) == []  # nobody else could answer within the law's days


def hidden_from(reader: ReadOnly, by: Principal) -> list[int]:
    return [each.id for each in requests.waiting(reader) if askers.is_hidden_from(reader, each, by)]
