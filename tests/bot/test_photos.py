"""Photos that residents send on LINE and Telegram: fetched after the turn, tried again, given up, taken back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.channel import Fetched, NotThere, NotYet, TooLarge
from bot.photos import PhotoKeeper
from bot.worker import Worker
from eservice.complaints import arrivals, filing, forgetting, held_photos
from eservice.complaints.arrivals import LEASE_SECONDS, MAX_ATTEMPTS
from eservice.complaints.filing import Filed, NewComplaint
from eservice.complaints.models import ArrivalState, Photo, PhotoArrival, Source
from eservice.complaints.photos import MOST_FROM_RESIDENT
from eservice.kit.media import MediaStore
from eservice.kit.text import Catalogue
from eservice.messaging.models import ChannelName, DeliveryState
from eservice.notifications.relay import Relay
from eservice.webhooks.sender import WebhookSender
from tests.chat import TEXTS, Resident, Village
from tests.complaints.pictures import file_of, photo, scene
from tests.fakes import FakePlatform, StoreAway
from tests.source import ROOT

SERVICE_TEXTS = Catalogue(ROOT / "eservice/text")
SMALL = (64, 48)
LATER = NotYet(reason="LINE answered 500")


def platform_of(resident: Resident) -> FakePlatform:
    return resident.village.telegram if resident.channel is ChannelName.TELEGRAM else resident.village.line


def give(resident: Resident, media_ref: str, seed: int = 1) -> None:
    """The platform has a photo for this reference."""
    platform_of(resident).files[media_ref] = [Fetched(content=photo(seed, SMALL))]


def file_and_attach(resident: Resident, minutes: int = 30) -> tuple[Filed, int]:
    """Files the resident's complaint as the dialog does; how many photos went with it."""
    contact = resident.contact()
    with resident.village.database.unit_of_work() as uow:
        new = NewComplaint(source=Source.LINE, category="ไฟฟ้าแสงสว่าง", text="ไฟดับ", contact_id=contact.id)
        filed = filing.file_complaint(uow, new, idempotency_key=f"{contact.id}:{uow.now}")
        since = uow.now - timedelta(minutes=minutes)
        count = held_photos.attach_held(uow, filed.complaint_id, contact.id, since=since)
    return filed, count


def states(village: Village) -> list[tuple[ArrivalState, str | None]]:
    return [(row.state, row.reason) for row in village.rows(PhotoArrival)]


def stored(village: Village) -> int:
    return sum(len(keys) for keys in village.media.keys(datetime.now(UTC) + timedelta(days=1)))


@pytest.mark.parametrize("channel", [ChannelName.LINE, ChannelName.TELEGRAM])
def test_a_photo_is_fetched_after_its_turn_and_held(village: Village, channel: ChannelName) -> None:
    somchai = village.resident(channel)
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    assert platform_of(somchai).fetched == []  # nothing is fetched within the turn
    assert states(village) == [(ArrivalState.COMING, None)]
    somchai.sees()
    assert village.fetch_photos() == 1
    (row,) = village.rows(Photo)
    assert (row.contact_id, row.complaint_id, row.is_public) == (somchai.contact().id, None, True)
    assert village.media.exists(row.image_key) and village.media.exists(row.thumbnail_key)
    assert states(village) == []
    somchai.sees_nothing()
    assert village.fetch_photos() == 0


def test_the_photo_of_a_message_with_words_is_kept_too(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1", caption="ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน")
    somchai.sees("คำตอบเรื่อง")
    village.fetch_photos()
    assert len(village.rows(Photo)) == 1


def test_stickers_and_files_are_not_fetched(village: Village) -> None:
    somchai, mali = village.resident(), village.resident(ChannelName.TELEGRAM)
    somchai.does("message", message={"id": "1", "type": "sticker", "packageId": "1", "stickerId": "1"})
    mali.sends_update(message=mali._message("9001", document={"file_id": "doc"}))
    assert states(village) == []


@pytest.mark.parametrize("fetch_first", [True, False])
def test_a_photo_joins_the_complaint_whether_it_comes_before_or_after(
    village: Village, fetch_first: bool
) -> None:
    somchai = village.resident()
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    if fetch_first:
        village.fetch_photos()
    filed, count = file_and_attach(somchai)
    assert count == 1
    with village.database.read() as reader:
        waiting = [row.state for row in arrivals.of_complaint(reader, filed.complaint_id)]
    assert waiting == ([] if fetch_first else [ArrivalState.COMING])
    village.clock.advance(minutes=31)  # it is no longer held: its time is not over
    forgetting.forget_due(village.database, village.media)
    village.fetch_photos()
    (row,) = village.rows(Photo)
    assert (row.complaint_id, states(village)) == (filed.complaint_id, [])


def test_a_passing_fault_is_tried_again_and_then_given_up(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    village.telegram.files["photo-1"] = [LATER]
    somchai.sends_photo("photo-1")
    filed, _ = file_and_attach(somchai)
    somchai.sees()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert states(village)[0][0] is ArrivalState.COMING
        assert (village.fetch_photos(), len(village.telegram.fetched)) == (1, attempt)
        assert village.fetch_photos() == 0  # not before its time
        village.clock.advance(minutes=5)
    assert states(village) == [(ArrivalState.LOST, "LINE answered 500")]
    assert (village.fetch_photos(), village.rows(Photo)) == (0, [])
    somchai.sees("รับรูปที่ส่งมาไม่สำเร็จ")
    with village.database.read() as reader:
        assert [row.state for row in arrivals.of_complaint(reader, filed.complaint_id)] == [ArrivalState.LOST]


def test_a_photo_that_comes_at_the_second_try_is_told_to_nobody(village: Village) -> None:
    somchai = village.resident()
    ready = Fetched(content=photo(1, SMALL))
    village.line.files["photo-1"] = [NotYet(reason="still prepared", after_seconds=3), ready]
    somchai.sends_photo("photo-1")
    somchai.sees()
    village.fetch_photos()
    village.clock.advance(seconds=2.9)
    assert village.fetch_photos() == 0
    village.clock.advance(seconds=0.1)
    assert village.fetch_photos() == 1
    assert len(village.rows(Photo)) == 1
    somchai.sees_nothing()


@pytest.mark.parametrize(
    ("outcome", "state", "reason", "told"),
    [
        (TooLarge(), ArrivalState.REFUSED, "photos.too_large", "ใหญ่เกินไป"),
        (NotThere(reason="410"), ArrivalState.LOST, "photos.lost", "ไม่สำเร็จ"),
        (Fetched(content=b"<html>"), ArrivalState.REFUSED, "photos.not_a_picture", "เปิดรูปที่ส่งมาไม่ได้"),
        (Fetched(content=b"\0\0\0\x18ftypheic"), ArrivalState.REFUSED, "photos.heic", "HEIC"),
    ],
)
def test_what_is_no_photo_is_told_kindly_and_shown_to_staff(
    village: Village, outcome: Fetched, state: ArrivalState, reason: str, told: str
) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    village.telegram.files["photo-1"] = [outcome]
    somchai.sends_photo("photo-1")
    somchai.sees()
    village.fetch_photos()
    assert states(village) == [(state, reason)]
    somchai.sees(told)
    assert (village.rows(Photo), stored(village)) == ([], 0)


def test_on_line_the_word_waits_for_the_persons_next_message(village: Village) -> None:
    somchai = village.resident()
    village.line.files["photo-1"] = [TooLarge()]
    somchai.sends_photo("photo-1")
    village.fetch_photos()
    assert somchai.deliveries()[-1].state is DeliveryState.HELD  # no push is spent on it


def test_the_eleventh_photo_is_refused_at_once(village: Village) -> None:
    somchai = village.resident()
    for number in range(MOST_FROM_RESIDENT):
        somchai.sends_photo(f"photo-{number}")
    somchai.sees()
    somchai.sends_photo("photo-11")
    somchai.sees("10 รูป")
    assert len(states(village)) == MOST_FROM_RESIDENT


def test_an_unsent_photo_is_gone_before_and_after_it_came(village: Village) -> None:
    somchai = village.resident()
    for media_ref in ("coming", "here"):
        give(somchai, media_ref)
    somchai.sends_photo("here")
    village.fetch_photos()
    somchai.sends_photo("coming")
    for media_ref in ("here", "coming"):
        somchai.does("unsend", reply=False, unsend={"messageId": media_ref})
    assert (states(village), village.fetch_photos(), file_and_attach(somchai)[1]) == ([], 0, 0)
    assert forgetting.forget_due(village.database, village.media) == 1
    assert (village.rows(Photo), stored(village)) == ([], 0)


def test_a_photo_that_was_unsent_while_it_came_leaves_no_file(village: Village) -> None:
    somchai = village.resident()
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    (job,) = village.photos.claim(limit=2)
    somchai.does("unsend", reply=False, unsend={"messageId": "photo-1"})
    asyncio.run(village.photos.fetch(job))
    assert (village.rows(Photo), stored(village)) == ([], 0)


def test_a_killed_processs_photo_is_fetched_by_another_and_comes_once(village: Village) -> None:
    somchai = village.resident()
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    (slow,) = village.photos.claim(limit=2)
    assert village.photos.claim(limit=2) == []
    village.clock.advance(seconds=LEASE_SECONDS)
    (second,) = village.photos.claim(limit=2)
    assert (slow.attempt, second.attempt) == (1, 2)
    asyncio.run(village.photos.fetch(second))
    asyncio.run(village.photos.fetch(slow))  # it was only slow, and comes back
    assert (len(village.rows(Photo)), stored(village)) == (1, 2)


def test_attempts_that_only_die_are_given_up_as_well(village: Village) -> None:
    somchai = village.resident(ChannelName.TELEGRAM)
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    somchai.sees()
    for _ in range(MAX_ATTEMPTS):
        assert len(village.photos.claim(limit=2)) == 1
        village.clock.advance(seconds=LEASE_SECONDS)
    assert (village.fetch_photos(), village.telegram.fetched) == (1, [])
    assert states(village) == [(ArrivalState.LOST, "photos.lost")]
    somchai.sees("ไม่สำเร็จ")


def test_a_store_that_is_away_loses_no_photo(village: Village) -> None:
    somchai = village.resident()
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    fetcher = village.photos_into(MediaStore(StoreAway()))  # type: ignore[arg-type]
    (job,) = fetcher.claim(limit=2)
    asyncio.run(fetcher.fetch(job))
    assert states(village) == [(ArrivalState.COMING, "media.unavailable")]
    village.clock.advance(minutes=1)
    village.fetch_photos()
    assert len(village.rows(Photo)) == 1


def test_the_keeper_forgets_held_photos_and_files_without_a_row(village: Village) -> None:
    somchai = village.resident()
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    village.fetch_photos()
    village.media.put(b"left by a killed process")
    keeper = PhotoKeeper(village.database, village.media)
    asyncio.run(keeper())
    assert stored(village) == 3  # the one is held, the other may get its row yet
    village.clock.advance(hours=3, minutes=1)
    asyncio.run(keeper())
    assert (village.rows(Photo), stored(village)) == ([], 1)
    while stored(village):  # the store's own clock says when a file was written: long ago, soon
        village.clock.advance(days=400)
        asyncio.run(keeper())


def test_the_worker_fetches_what_was_sent(village: Village) -> None:
    somchai = village.resident()
    give(somchai, "photo-1")
    somchai.sends_photo("photo-1")
    worker = Worker(
        database=village.database,
        signals=village.signals,
        intake=village.intake,
        sender=village.sender,
        texts=TEXTS,
        relay=Relay(village.database, village.signals, SERVICE_TEXTS),
        webhooks=WebhookSender(village.database, village.signals, lambda: "key", is_local=True),
        count_event=lambda outcome: None,
        photos=village.photos,
    )

    async def run() -> None:
        async with asyncio.timeout(30):
            photos = asyncio.create_task(worker._photo_loop(village.photos))
            while not village.line.fetched:
                await asyncio.sleep(0.02)
            worker.stop()
            village.signals.wake(arrivals.TOPIC)
            await photos
            await asyncio.gather(*worker._sending)

    asyncio.run(run())
    assert village.line.fetched == ["photo-1"]
    assert len(village.rows(Photo)) == 1


def test_nothing_of_the_file_that_was_sent_is_stored(village: Village) -> None:
    somchai = village.resident()
    original = file_of(scene(1, SMALL), comment=b"canary-of-the-camera")
    village.line.files["photo-1"] = [Fetched(content=original)]
    somchai.sends_photo("photo-1")
    village.fetch_photos()
    (row,) = village.rows(Photo)
    for key in (row.image_key, row.thumbnail_key):
        content = village.media.get(key)
        assert content is not None and b"canary" not in content
