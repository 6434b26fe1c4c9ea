"""Words that staff hide in a case are nowhere afterwards, and a photo they remove is gone; each is told once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.channel import Fetched
from eservice.complaints import filing, photos, residents, service
from eservice.complaints.cases import Resident as OfCase
from eservice.complaints.models import Complaint, Photo
from eservice.complaints.numbers import shown
from eservice.complaints.redactions import Redaction, RedactionReason
from eservice.inquiries.models import Inquiry, InquiryNote
from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.idempotency import DoneRequest, once
from eservice.kit.masking import MASK
from eservice.kit.media import open_media
from eservice.kit.outbox import OutboxEvent
from eservice.kit.settings import Settings
from eservice.messaging.models import ChannelName, Conversation, EventState, InboundEvent, Message
from eservice.privacy import erasure, redaction, requests
from eservice.privacy.hiding import Hiding
from eservice.privacy.models import PrivacyRequest, RequestKind
from eservice.staff.permissions import Principal
from knowledge.entries import phrasings
from knowledge.entries import service as faq
from knowledge.entries.content import EntryContent
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import Entry, Phrasing
from tests.bot.teaching import HELPFUL
from tests.bot.test_complaints import file, officers
from tests.chat import Resident, Village
from tests.complaints.desk import open_desk, refused
from tests.complaints.pictures import photo
from tests.locks import until_it_waits
from tests.privacy.test_at_office import take, withdrawn
from tests.privacy.test_erasure import bytes_of, holders

ILL = "krarokbin ward"
HEALTH = RedactionReason.HEALTH
FILLER = "ไฟหน้าวัดดับมาสามวันแล้ว " * 12  # the summary cuts the text within the words after it
LAMP = f"{FILLER[:294]}{ILL} มองไม่เห็นทาง"


@pytest.fixture
def town(own_database: Database, clock: FixedClock, tmp_path: Path) -> Village:
    own_database.clock = clock
    village = Village(own_database, clock)
    village.media = open_media(Settings(data_dir=tmp_path / "data", _env_file=None))  # type: ignore[call-arg]
    village.photos = village.photos_into(village.media)
    village.faq = LiveFaq(own_database, tmp_path / "data/index")
    village.faq.refresh()
    village.intake._faq = village.faq
    return village


def hide(village: Village, case: Complaint, typed: str, by: Principal, note: str = "") -> Redaction:
    with village.database.read() as reader:
        version = reader.session.get_one(Complaint, case.id).version
    with village.database.unit_of_work() as uow:
        done = redaction.hide_words(uow, case.id, typed, HEALTH, note, by=by, seen_version=version)
    village.database.empty_log()
    village.faq.refresh()
    return done


def times_told(village: Village, somebody: Resident, words: str) -> int:
    village.relay()
    village.relay()
    mine = select(Message.text).join(Conversation, Conversation.id == Message.conversation_id)
    with village.database.read() as reader:
        said = reader.session.scalars(mine.where(Conversation.contact_id == somebody.contact().id))
        return sum(words in text for text in said)


def live_with_an_illness(village: Village, by: Principal) -> tuple[Resident, Complaint]:
    """Somebody who tells of it wherever a resident can, and an officer who repeats it."""
    somchai = village.resident(ChannelName.TELEGRAM)
    somchai.says(f"ภาษีป้ายร้าน {ILL}")
    somchai.taps(HELPFUL)
    with village.database.unit_of_work() as uow:
        phrasings.approve(uow, uow.session.scalars(select(Phrasing)).one().id, actor="malee")
    village.faq.refresh()
    case = file(village, somchai, LAMP)
    village.telegram.files["p1"] = [Fetched(content=photo(1))]
    somchai.sends_photo("p1", caption=f"รูปบ้าน {ILL}")
    village.fetch_photos()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says(f"ฝากถามเรื่อง {ILL}")
    somchai.taps("ข้าม ตอบในแชต")
    me = OfCase(contact_id=somchai.contact().id)
    with village.database.unit_of_work() as uow:

        def said() -> dict[str, object]:  # as the API answers
            return {"kind": "resident", "text": residents.say(uow, case.number, me, f"โทรหา {ILL}").text}

        once(uow, caller="a", route="b", key="c", asked="d", do=said)
        service.say(uow, case.id, f"เรียนคุณ {ILL}", by=by, to_resident=True)
        service.say(uow, case.id, f"บ้านของ {ILL}", by=by, to_resident=False)
        requests.ask(uow, RequestKind.CORRECTION, contact=somchai.contact(), words=f"แก้ {ILL}")
        inquiry = uow.session.scalars(select(Inquiry)).one()
        content = EntryContent(question=f"ถาม {ILL}", answer="รอตอบ", category="ทดสอบ", source="ระเบียบทดสอบ")
        faq.create_entry(uow, content, actor="malee", key=faq.inquiry_key(inquiry.id))
        uow.session.add(
            InquiryNote(inquiry_id=inquiry.id, author_id=by.account_id, text=ILL, created_at=uow.now)
        )
        row = uow.session.get_one(Complaint, case.id)
        row.address, row.reporter_name = f"ข้างบ้าน {ILL.upper()}", ILL
    somchai.taps("แจ้งเรื่อง")
    somchai.says(f"ท่อแตกหน้าบ้าน {ILL}")  # a dialog in the middle
    with village.database.unit_of_work() as uow:  # one event that nobody could read
        event = uow.session.scalars(select(InboundEvent).order_by(InboundEvent.id.desc())).first()
        assert event is not None
        event.state, event.payload = EventState.PARKED, json.dumps({"message": {"text": f"ไม่สบาย {ILL}"}})
    return somchai, case


def test_hidden_words_are_in_no_table_file_or_index_and_the_case_goes_on(
    town: Village, tmp_path: Path
) -> None:
    by, _ = officers(town)
    neighbour, stranger = town.resident(), town.resident()
    stranger.says(f"คำของคนอื่น {ILL}")
    somchai, case = live_with_an_illness(town, by)
    neighbour.says("สวัสดี")
    with town.database.unit_of_work() as uow:
        filing.join(uow, case.number, neighbour.contact().id, words=f"เขา {ILL} จริง ไฟดับมานาน")
    town.relay()
    assert {"messages.content", "faq_phrasings.text", "faq_versions.question", "inbound_events.payload",
            "done_requests.answer", "privacy_requests.words", "complaints.reporter_name"} < holders(town.database, ILL)  # fmt: skip
    with town.database.read() as reader:
        row = reader.session.get_one(Complaint, case.id)
        shown = redaction.preview(reader, row, ILL, HEALTH, "")
        assert {place.kind for place in shown} == {
            "text", "address", "reporter", "resident", "reply", "note", "joined",
        }  # fmt: skip
        assert all(MASK in place.text and ILL not in place.text.lower() for place in shown)

    done = hide(town, case, f"\r\n{ILL}\r\n", by, "ไม่เกี่ยวกับไฟ")

    assert holders(town.database, ILL) == {"messages.text"}, "of the stranger alone"
    with town.database.unit_of_work() as uow:
        strangers = Conversation.contact_id == stranger.contact().id
        talk = uow.session.scalars(select(Conversation.id).where(strangers)).one()
        erasure.erase_messages(uow, Message.conversation_id == talk)
    town.database.empty_log()
    for beginning in (ILL, "krar"):
        assert holders(town.database, beginning) == set()
        assert beginning.encode() not in bytes_of(tmp_path).lower()
    assert town.rows(Phrasing) == [] and ILL not in str(town.faq._taught)
    assert [row for row in town.rows(Entry) if row.key.startswith("resident")] == []
    (left,) = [row for row in town.rows(Complaint) if row.id == case.id]
    assert left.text == LAMP.replace(ILL, MASK) and left.state is case.state
    assert [row.answer["text"] for row in town.rows(DoneRequest)] == [f"โทรหา {MASK}"]
    assert times_told(town, somchai, "ปิดข้อความบางส่วน") == 1
    assert times_told(town, neighbour, "ไม่เกี่ยวกับไฟ") == 1
    (record,) = [row for row in town.rows(AuditRecord) if row.action == "complaint.redacted"]
    assert record.after == {"kind": "words", "reason": "health", "places": done.places} and done.places > 10
    with town.database.read() as reader:
        assert redaction.texts_of(reader, reader.session.get_one(Complaint, case.id))[-1].kind == "hidden"


def test_a_removed_photo_is_gone_with_its_files_and_its_sender_hears_why(
    town: Village, tmp_path: Path
) -> None:
    by, _ = officers(town)
    somchai, other = town.resident(ChannelName.TELEGRAM), town.resident()
    case = file(town, somchai)
    for number in (1, 2):
        town.telegram.files[f"p{number}"] = [Fetched(content=photo(number))]
        somchai.sends_photo(f"p{number}")
    town.fetch_photos()
    other.says("สวัสดี")
    first, second = town.rows(Photo)
    (seen,) = [row.version for row in town.rows(Complaint)]
    with town.database.unit_of_work() as uow, refused("redaction.note_missing"):
        redaction.remove_photo(uow, first.id, RedactionReason.OTHER, by=by, seen_version=seen)
    with town.database.unit_of_work() as uow:
        redaction.remove_photo(uow, first.id, RedactionReason.CARD, by=by, seen_version=seen)
    with town.database.read() as reader:
        assert [each.id for each in photos.of_complaint(reader, case.id)] == [second.id]
    with town.database.unit_of_work() as uow, refused("photos.not_found"):
        redaction.remove_photo(uow, first.id, RedactionReason.CARD, by=by, seen_version=seen + 1)
    erasure.forget_files(town.database, town.media)
    assert [row.id for row in town.rows(Photo)] == [second.id]
    assert len([path for path in (tmp_path / "data/media").rglob("*") if path.is_file()]) == 2
    assert times_told(town, somchai, "ลบรูปหนึ่งรูป") == 1 and times_told(town, other, "ลบรูป") == 0


def test_nobody_hides_out_of_reach_unseen_or_what_does_not_stand_there(database: Database) -> None:
    desk = open_desk(database)
    filed = desk.file()
    version = desk.version(filed)

    def tries(typed: str, by: Principal = desk.somsri, note: str = "", seen: int = version) -> None:
        with database.unit_of_work() as uow:
            redaction.hide_words(uow, filed.complaint_id, typed, HEALTH, note, by=by, seen_version=seen)

    with database.unit_of_work() as uow:
        service.hand_on(uow, filed.complaint_id, desk.works, by=desk.palad, seen_version=version)
    version = desk.version(filed)
    for by, code in (
        (desk.malee, "complaints.not_found"),
        (desk.author, "complaints.not_found"),
        (desk.checker, "staff.forbidden"),
    ):
        with refused(code):
            tries("หน้าวัด", by, seen=version)
    for typed, note, code in (
        ("", "", "redaction.no_words"),
        ("วัด\nก\n", "", "redaction.too_short"),
        ("หน้าวัด\nหน้าโบสถ์", "", "redaction.not_found"),
        (f"วัด{MASK}", "", "redaction.masked"),
        ("\n".join(["หน้าวัด"] * 21), "", "redaction.too_much"),
        ("ห\u200b\u200b", "", "redaction.too_short"),
        ("หน้าวัด", "เพราะหน้าวัด", "redaction.note_repeats"),
    ):
        with refused(code):
            tries(typed, note=note, seen=version)
    with refused("complaints.changed"):
        tries("หน้าวัด", seen=version - 1)
    tries("หน้าวัด", seen=version)
    assert desk.now(filed).text == f"ไฟ{MASK}ดับมาสามวันแล้ว"
    with database.read() as reader:
        (event,) = [
            row for row in reader.session.scalars(select(OutboxEvent)) if row.kind == "complaint.redacted"
        ]
        assert event.payload["contacts"] == str(desk.daeng)


@pytest.mark.parametrize(
    ("typed", "text", "hidden"),
    [
        (["เป็น เบาหวาน"], "ลุงเป็น  เบาหวานค่ะ", f"ลุง{MASK}ค่ะ"),
        (["เบาหวาน", "เบาหวานขึ้นตา"], "เบาหวานขึ้นตา และเบาหวาน", f"{MASK} และ{MASK}"),
        (["HIV"], "ติด hiv", f"ติด {MASK}"),
        (["a.c"], "abc", "abc"),
        (["เบาหวาน"], "ลุงเป็นเบาห…", f"ลุงเป็น{MASK}…"),
        (["เบาหวาน"], "ลุงเป็นเบ…", "ลุงเป็นเบ…"),
        (["น้ำในปอด"], "มีน\u0e4d\u0e49าในปอด", f"มี{MASK}"),
        (["คาเฟ\u0301 โรค"], "ที่คาเฟ\u0301\nโร…", f"ที่{MASK}…"),
        (["เบาหวาน"], "ลุงเบา\u200bหวา\u00adน\u200bค่ะ", f"ลุง{MASK}ค่ะ"),
        (["caf\u00e9 ward"], "Cafe\u0301 WARD", MASK),
        (["เบาหวานขึ้นตา" * 300], f"{'เบ…' * 1_300}", f"{'เบ…' * 1_300}"),  # full of cuts: in no time
    ],
)
def test_a_passage_is_hidden_however_it_was_spaced_and_where_it_was_cut(
    typed: list[str], text: str, hidden: str
) -> None:
    assert Hiding(typed).hidden(text) == hidden
    assert Hiding(typed).hidden_within({"payload": text, "parts": [{"rows": [{"left": text}]}]}) == {
        "payload": text,
        "parts": [{"rows": [{"left": hidden}]}],
    }


def test_it_hides_in_what_was_asked_at_the_office_and_waits_for_whoever_decides_on_it(
    own_database: Database,
) -> None:
    desk = open_desk(own_database)
    filed = withdrawn(desk, text=LAMP)
    words, cases = f"ขอลบ {ILL}", shown(filed.number)
    request_id = take(desk, kind=RequestKind.ERASURE, words=words, cases=cases)
    version = desk.version(filed)

    def hides() -> None:
        with own_database.unit_of_work() as uow:
            redaction.hide_words(uow, filed.complaint_id, ILL, HEALTH, by=desk.palad, seen_version=version)

    with ThreadPoolExecutor() as pool:
        with own_database.unit_of_work() as deciding:
            deciding.session.get_one(PrivacyRequest, request_id, with_for_update=True)
            hiding = pool.submit(hides)
            until_it_waits(own_database, hiding)
            of_complaint = deciding.session.execute(select(Complaint.id).with_for_update(nowait=True))
            assert of_complaint.all() == [(filed.complaint_id,)]
        hiding.result(timeout=20)
    with own_database.read() as reader:
        assert requests.get_request(reader, request_id).words == f"ขอลบ {MASK}"
