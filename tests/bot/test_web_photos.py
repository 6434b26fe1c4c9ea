"""Photos in the web chat: said before, during and after a case, as on the other channels."""

from eservice.complaints import photos
from eservice.complaints.models import Photo, PhotoArrival, PhotoKind
from eservice.complaints.pictures import prepare
from eservice.messaging.models import ChannelName
from tests.bot.test_complaints import LAMP, file, the_case
from tests.chat import Village
from tests.complaints.pictures import photo


def test_photos_of_the_web_belong_to_the_case_as_elsewhere(village: Village) -> None:
    somchai = village.resident(ChannelName.WEB)
    somchai.follows()
    somchai.sees()
    somchai.uploads_photo(photo(1, (64, 48)))
    somchai.sees("ได้รับรูปแล้ว", "จะแจ้งเรื่องอะไร")
    somchai.says(LAMP)
    somchai.uploads_photo(photo(2, (64, 48)))
    somchai.sees("ได้รับรูปแล้ว", "อยู่ตรงไหน")
    somchai.taps("บอกที่ไว้ในข้อความแล้ว")
    somchai.sees("2 รูป")
    somchai.taps("ส่งเรื่อง")
    case = the_case(village)
    somchai.sees()
    somchai.uploads_photo(photo(3, (64, 48)))
    somchai.sees("เพิ่มรูปในเรื่อง")
    rows = village.rows(Photo)
    assert [row.complaint_id for row in rows] == [case.id] * 3
    assert all(row.message_id is not None for row in rows)
    assert village.rows(PhotoArrival) == []


def test_a_photo_of_the_web_said_again_changes_nothing(village: Village) -> None:
    somchai = village.resident(ChannelName.WEB)
    somchai.follows()
    attachment = somchai.uploads_photo(photo(1, (64, 48)))
    (before,) = village.rows(Photo)
    somchai.brings_photo(attachment)
    (after,) = village.rows(Photo)
    assert (after.message_id, after.complaint_id) == (before.message_id, None)


def test_the_eleventh_photo_for_a_case_on_the_web_is_refused_in_words(village: Village) -> None:
    somchai = village.resident(ChannelName.WEB)
    case = file(village, somchai)
    with village.database.unit_of_work() as uow:
        for seed in range(10):
            kept = photos.keep(village.media, prepare(photo(seed, (64, 48))))
            photos.add_row(uow, kept, kind=PhotoKind.RESIDENT, is_public=True, complaint_id=case.id)
    somchai.sees()
    somchai.uploads_photo(photo(11, (64, 48)))
    somchai.sees("จะแจ้งเรื่องอะไร")  # then it is a new matter, as it is elsewhere
    assert [row.complaint_id for row in village.rows(Photo)][-1] is None
