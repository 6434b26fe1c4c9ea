"""An erased person's words are nowhere: in no table, file, index, log or byte of the database."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from bot.channel import Fetched
from eservice.complaints import filing, ratings, residents, service
from eservice.complaints.cases import Resident as OfCase
from eservice.complaints.models import Complaint, Follower, Photo
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Base, Database
from eservice.kit.errors import ServiceError
from eservice.kit.idempotency import once
from eservice.kit.media import open_media
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.messaging.models import ChannelName, Contact, Message
from eservice.privacy import copies, erasure, tombstones
from eservice.privacy.models import Tombstone
from eservice.staff.permissions import Principal
from knowledge.entries import phrasings
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import Phrasing
from tests.bot.teaching import HELPFUL
from tests.bot.test_complaints import file, finish, officers
from tests.chat import Resident, Village
from tests.complaints.pictures import photo

CANARY = "krarokbin"
KEY = "a key of the office"
MALEE = Principal(account_id=1, username="malee", display_name="มาลี")
LAMP = f"ไฟหน้าวัดดับมาสามวันแล้ว ข้างบ้าน {CANARY}"


def holders(database: Database, canary: str = CANARY) -> set[str]:
    """The columns in which the canary stands, in any row of any table."""
    found: set[str] = set()
    with database.read() as reader:
        for table in Base.metadata.sorted_tables:
            for row in reader.session.execute(select(table)).mappings():
                for column, value in row.items():
                    text = (
                        value
                        if isinstance(value, str)
                        else json.dumps(value, default=str, ensure_ascii=False)
                    )
                    if canary.lower() in text.lower():
                        found.add(f"{table.name}.{column}")
    return found


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def town(fresh_database: Database, clock: FixedClock, tmp_path: Path) -> Village:
    fresh_database.clock = clock
    migrate(fresh_database)
    village = Village(fresh_database, clock)
    village.media = open_media(Settings(data_dir=tmp_path / "data", _env_file=None))  # type: ignore[call-arg]
    village.photos = village.photos_into(village.media)
    village.faq = LiveFaq(fresh_database, tmp_path / "data/index")
    village.faq.refresh()
    village.intake._faq = village.faq
    return village


def erase(village: Village, resident: Resident) -> Tombstone:
    with village.database.unit_of_work() as uow:
        contact = uow.session.get_one(Contact, resident.contact().id)
        tombstone = erasure.erase(uow, contact, by="malee", signing_key=KEY)
    erasure.forget_files(village.database, village.media)
    village.faq.refresh()
    return tombstone


def close(village: Village, case: Complaint, somchai: Resident, one: Principal, two: Principal) -> None:
    """The office writes the name, does the work, and the resident says how content they are."""
    with village.database.unit_of_work() as uow:
        service.say(uow, case.id, f"เรียนคุณ {CANARY}", by=one, to_resident=True)
        service.say(uow, case.id, f"บ้านของ {CANARY}", by=one, to_resident=False)
    finish(village, case, one, two)
    me = OfCase(contact_id=somchai.contact().id)
    with village.database.unit_of_work() as uow:
        residents.confirm(uow, case.number, me)
        ratings.rate(uow, case.number, me, 1, f"ไม่ชอบเลย {CANARY}")
    village.relay()


def live_through_everything(village: Village) -> tuple[Resident, Complaint]:
    """Somebody who puts the canary wherever a resident can put words."""
    somchai = village.resident(ChannelName.TELEGRAM)
    somchai._person = lambda: {"id": int(somchai.address), "is_bot": False, "first_name": CANARY}  # type: ignore[method-assign]
    somchai.follows()
    somchai.says(f"ภาษีป้ายร้าน {CANARY}")
    somchai.taps(HELPFUL)
    with village.database.unit_of_work() as uow:
        phrasings.approve(uow, uow.session.scalars(select(Phrasing)).one().id, actor="malee")
    village.faq.refresh()
    assert CANARY in str(village.faq._taught)
    edited = somchai.says(f"สวัสดี {CANARY}")
    somchai.sends_update(edited_message=somchai._message(edited, text=f"แก้แล้ว {CANARY}"))
    case = file(village, somchai, LAMP)
    village.telegram.files["p1"] = [Fetched(content=photo(1))]
    somchai.sends_photo("p1", caption=f"รูปบ้าน {CANARY}")
    village.fetch_photos()
    somchai.taps("คุยกับเจ้าหน้าที่")
    somchai.says(f"ฝากถามเรื่องของ {CANARY}")
    somchai.taps("ข้าม ตอบในแชต")
    with village.database.unit_of_work() as uow:
        me = OfCase(contact_id=somchai.contact().id)
        words = f"โทรหา {CANARY}"

        def said() -> dict[str, object]:  # as the API answers
            return {"kind": "resident", "text": residents.say(uow, case.number, me, words).text}

        once(uow, caller="a", route="b", key="c", asked=words, do=said)
        row = uow.session.get_one(Complaint, case.id)
        row.address, row.village, row.reporter_name = f"ข้างบ้าน {CANARY}", f"หมู่ 3 {CANARY}", CANARY
    return somchai, case


def test_no_canary_is_left_anywhere_and_the_skeleton_stays(
    town: Village, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    neighbour = town.resident()
    neighbour.follows()
    neighbour.says("คำของเพื่อนบ้าน ห้ามหาย")
    pair = officers(town)
    somchai, case = live_through_everything(town)
    close(town, case, somchai, *pair)
    somchai.taps("แจ้งเรื่อง")
    somchai.says(f"ท่อแตกหน้าบ้าน {CANARY}")  # a dialog in the middle
    assert holders(town.database) > {
        "messages.text",
        "contacts.display_name",
        "complaints.text",
        "faq_phrasings.text",
    }
    assert town.rows(Photo)

    tombstone = erase(town, somchai)

    assert holders(town.database) == set()
    assert holders(town.database, "ห้ามหาย") == {"messages.text"}
    assert town.rows(Photo) == [] and list(town.media.keys(town.clock.now())) in ([], [[]])
    assert CANARY.encode() not in bytes_of(tmp_path).lower()
    assert CANARY not in caplog.text and CANARY not in "".join(capsys.readouterr())
    (left,) = [row for row in town.rows(Complaint) if row.id == case.id]
    assert (left.number, left.category, left.state, left.filed_at) == (
        case.number, case.category, ComplaintState.CONFIRMED, case.filed_at,
    )  # fmt: skip
    assert (left.latitude, left.address, left.village) == (None, "", "หมู่ 3")
    assert tombstone.counts["messages"] > 5 and somchai.address not in str(vars(tombstone))


def test_an_open_case_keeps_what_its_work_needs_until_it_is_over(town: Village) -> None:
    somchai = town.resident()
    case = file(town, somchai, LAMP)
    tombstone = erase(town, somchai)
    assert tombstone.open_cases == [case.id] and "open_cases" in tombstone.kept
    assert holders(town.database) == {"complaints.text"}
    with town.database.unit_of_work() as uow:
        uow.session.get_one(Complaint, case.id).state = ComplaintState.REJECTED
    with town.database.unit_of_work() as uow:
        assert erasure.erase_closed(uow, signing_key=KEY) == 1
    assert holders(town.database) == set()
    with town.database.unit_of_work() as uow:
        assert erasure.erase_closed(uow, signing_key=KEY) == 0


def test_words_brought_to_the_case_of_another_go_and_the_case_of_the_other_stays(town: Village) -> None:
    malee, somchai = town.resident(), town.resident()
    neighbour = town.resident()
    case = file(town, malee, "ไฟหน้าวัดดับมาสามวันแล้ว คำของมาลี")
    somchai.says("ไฟดับ คำของเพื่อนบ้าน ใช่ไหม")
    neighbour.says("สวัสดี")
    words = f"บ้านของ {CANARY} ก็มืด"
    for resident, brought in ((neighbour, "คำของเพื่อนบ้าน"), (somchai, words), (somchai, f"{words}\nยังมืดอยู่")):
        town.clock.advance(minutes=1)
        with town.database.unit_of_work() as uow:
            filing.join(uow, case.number, resident.contact().id, words=brought)
    with town.database.unit_of_work() as uow:
        filing.leave(uow, case.number, somchai.contact().id)
    with town.database.read() as reader:
        assert words in str(copies.copy_of(reader, somchai.contact().id)["said"])
    erase(town, somchai)
    assert holders(town.database) == set()
    assert holders(town.database, "คำของเพื่อนบ้าน") == {"complaint_comments.text"}, (
        "not theirs, though they said it"
    )
    assert [follower.contact_id for follower in town.rows(Follower)] == [neighbour.contact().id]
    assert "complaints.text" in holders(town.database, "คำของมาลี")


def test_what_an_older_backup_brings_back_is_erased_again_but_not_who_came_back(
    town: Village, tmp_path: Path
) -> None:
    somchai, malee = town.resident(), town.resident()
    somchai.says(f"สวัสดี {CANARY}")
    malee.says("สวัสดี คำของมาลี")
    was, address = somchai.contact(), somchai.address
    town.clock.advance(days=1)
    erase(town, somchai)
    tombstones.keep_outside(town.database, tmp_path)
    with town.database.unit_of_work() as uow:  # as a backup from before the erasure has it
        uow.session.execute(delete(Tombstone))
        uow.session.get_one(Contact, was.id).address = address
        uow.session.execute(update(Message).where(Message.text == "").values(text=CANARY))
    town.clock.advance(days=1)
    assert address not in (tmp_path / tombstones.FILE).read_text()
    assert erasure.reapply(town.database, tmp_path, signing_key="another key") == 0
    assert erasure.reapply(town.database, tmp_path, signing_key="another key", former_key=KEY) == 1
    assert holders(town.database) == set() and holders(town.database, "คำของมาลี")
    somchai.says("กลับมาแล้ว")
    assert erasure.reapply(town.database, tmp_path, signing_key=KEY) == 0
    assert holders(town.database, "กลับมาแล้ว") == {"messages.text"}


def test_a_group_is_never_erased_as_a_person(town: Village) -> None:
    group = Resident(town, ChannelName.LINE, "U1", group="C1")
    group.does("join")
    with town.database.unit_of_work() as uow, pytest.raises(ServiceError, match=r"privacy\.group"):
        erasure.erase(uow, uow.session.scalars(select(Contact)).one(), by="malee", signing_key=KEY)
