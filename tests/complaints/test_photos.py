"""Photos of complaints: who adds and sees them, which count as new, what is held and what is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eservice.complaints import forgetting, held_photos, photos, queries, service
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.complaints.held_photos import HELD_FOR
from eservice.complaints.models import Photo, PhotoKind
from eservice.complaints.photos import MOST_FROM_RESIDENT
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.media import MediaStore
from tests.complaints.desk import LIGHT, Desk, refused
from tests.complaints.pictures import file_of, photo, scene
from tests.fakes import StoreAway
from tests.inquiries.desk import heard, meet

SMALL = (64, 48)


def of(desk: Desk, filed: Filed, **options: bool) -> list[int]:
    with desk.database.read() as reader:
        return [found.id for found in photos.of_complaint(reader, filed.complaint_id, **options)]


def hold(desk: Desk, seed: int, *, contact_id: int | None = None, message_id: int | None = None) -> Photo:
    kept = desk.keep(photo(seed, SMALL))
    with desk.database.unit_of_work() as uow:
        return held_photos.hold(uow, contact_id or desk.daeng, kept, message_id=message_id)


def held(desk: Desk) -> int:
    with desk.database.read() as reader:
        return len(held_photos.held_of(reader, desk.daeng, reader.now - HELD_FOR))


def stored(desk: Desk) -> set[str]:
    """All keys in the store."""
    return {key for some in desk.media.keys(datetime.now(UTC) + timedelta(days=1)) for key in some}


def test_a_photo_is_kept_in_two_files_and_one_row(desk: Desk) -> None:
    filed = desk.file()
    row = desk.add_photo(filed, photo(1, (2500, 1250)), kind=PhotoKind.BEFORE)
    assert stored(desk) == {row.image_key, row.thumbnail_key}
    image = desk.media.get(row.image_key)
    assert image is not None and image[:2] == b"\xff\xd8"
    assert (row.width, row.height, row.bytes) == (2048, 1024, len(image))
    assert (row.uploaded_by_id, row.contact_id) == (desk.somsri.account_id, None)
    with desk.database.read() as reader:
        written = audit.history(reader, subject_kind="complaint", subject_id=filed.complaint_id)[0]
    assert (written.actor, written.action) == ("somsri", "complaint.photo_added")


def test_only_those_who_work_on_the_complaint_add_photos(desk: Desk) -> None:
    filed = desk.file(replace(LIGHT, accused=frozenset({desk.works})))
    with refused("complaints.not_found"):
        desk.add_photo(filed, photo(1, SMALL), by=desk.somsri)
    with refused("staff.forbidden"):
        desk.add_photo(desk.file(), photo(1, SMALL), by=desk.checker)
    row = desk.add_photo(filed, photo(1, SMALL), by=desk.malee)
    with desk.database.read() as reader:
        assert photos.find(reader, row.id, desk.palad).id == row.id
        for by, photo_id in ((desk.somsri, row.id), (desk.palad, row.id + 999)):
            with refused("photos.not_found"):
                photos.find(reader, photo_id, by)


def test_the_same_file_is_no_after_photo_and_neither_are_its_pixels(desk: Desk) -> None:
    filed = desk.file()
    plain = file_of(scene(1), "PNG")
    before = desk.add_photo(filed, plain, kind=PhotoKind.RESIDENT)
    for same in (plain, file_of(scene(1), "PNG", compress_level=1), plain + b"one byte more"):
        with refused("photos.same_as_before"):
            desk.add_photo(filed, same)
    assert of(desk, filed) == [before.id]
    assert desk.add_photo(filed, plain, kind=PhotoKind.BEFORE).near_photo_id is None
    assert desk.add_photo(desk.file(), plain).near_photo_id == before.id  # of another complaint


def test_nearly_the_same_is_taken_and_marked_with_the_nearest(desk: Desk) -> None:
    filed = desk.file()
    first, second = (desk.add_photo(filed, photo(seed), kind=PhotoKind.BEFORE) for seed in (1, 2))
    again = desk.add_photo(filed, file_of(scene(1).resize((500, 375)), quality=40))
    assert again.near_photo_id == first.id
    assert desk.add_photo(filed, file_of(scene(2), quality=30)).near_photo_id == second.id
    assert desk.add_photo(filed, photo(3)).near_photo_id is None


def test_photos_of_a_merged_complaint_count_as_old_too(desk: Desk) -> None:
    child, parent = desk.file(), desk.file()
    desk.add_photo(child, photo(1), kind=PhotoKind.BEFORE)
    with desk.database.unit_of_work() as uow:
        service.merge(uow, child.complaint_id, parent.complaint_id, by=desk.palad, seen_version=1)
    with refused("photos.same_as_before"):
        desk.add_photo(parent, photo(1))


def test_the_photo_of_other_work_is_shown_to_the_second_officer_beside_it(desk: Desk) -> None:
    first, second, third = desk.file(), desk.file(), desk.file()
    shown = desk.add_photo(first, photo(1))
    assert shown.near_photo_id is None
    assert desk.add_photo(second, photo(1) + b"\0").near_photo_id == shown.id  # the same to the last pixel
    assert desk.add_photo(third, photo(2)).near_photo_id is None


def test_residents_see_their_own_photos_and_those_meant_for_them(desk: Desk) -> None:
    filed = desk.file()
    kept = desk.keep(photo(1, SMALL))
    with desk.database.unit_of_work() as uow:
        with refused("complaints.not_found"):
            photos.attach_from_resident(uow, filed.number, Resident(contact_id=desk.dam), kept)
        own = photos.attach_from_resident(uow, filed.number, Resident(key=filed.key), kept).id
    inner = desk.add_photo(filed, photo(2, SMALL)).id
    public = desk.add_photo(filed, photo(3, SMALL), is_public=True).id
    assert (of(desk, filed), of(desk, filed, for_resident=True)) == ([own, inner, public], [own, public])
    with desk.database.unit_of_work() as uow:
        assert photos.find_for_resident(uow, filed.number, desk.owner, own).id == own
        for who, photo_id, code in (
            (desk.owner, inner, "photos.not_found"),
            (Resident(contact_id=desk.dam), own, "complaints.not_found"),
        ):
            with refused(code):
                photos.find_for_resident(uow, filed.number, who, photo_id)
        with refused("staff.forbidden"):
            photos.show(uow, inner, to_resident=True, by=desk.checker)
        photos.show(uow, inner, to_resident=True, by=desk.somsri)
        with refused("photos.not_ours"):  # what a hand-made form would ask for
            photos.show(uow, own, to_resident=False, by=desk.somsri)
    assert of(desk, filed, for_resident=True) == [own, inner, public]
    another = desk.file()
    with desk.database.read() as reader, refused("photos.not_found"):
        photos.find_for_resident(reader, another.number, desk.owner, own)


def test_a_resident_sends_ten_photos_and_staff_more(desk: Desk) -> None:
    filed = desk.file()
    kept = [desk.keep(photo(seed, SMALL)) for seed in range(MOST_FROM_RESIDENT + 1)]
    with desk.database.unit_of_work() as uow:
        for each in kept[:-1]:
            photos.attach_from_resident(uow, filed.number, desk.owner, each)
        with pytest.raises(ServiceError, match=r"^photos\.too_many$") as refusal:
            photos.attach_from_resident(uow, filed.number, desk.owner, kept[-1])
    assert refusal.value.kind is ErrorKind.CONFLICT
    assert desk.add_photo(filed, photo(99, SMALL)).id in of(desk, filed)


def test_held_photos_go_to_the_complaint_that_their_contact_files(desk: Desk, clock: FixedClock) -> None:
    begun = clock.now()
    early = hold(desk, 1)
    clock.advance(minutes=20)
    recent, dams = hold(desk, 2), hold(desk, 3, contact_id=desk.dam)
    assert held(desk) == 2
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        with refused("complaints.not_found"):
            held_photos.attach_held(uow, filed.complaint_id, desk.dam, since=begun)
        assert held_photos.attach_held(uow, filed.complaint_id, desk.daeng, since=begun) == 2
        assert held_photos.attach_held(uow, filed.complaint_id, desk.daeng, since=begun) == 0
    assert of(desk, filed, for_resident=True) == [early.id, recent.id]
    assert held(desk) == 0 and dams.complaint_id is None


def test_what_came_before_the_dialog_may_be_left_behind(desk: Desk, clock: FixedClock) -> None:
    hold(desk, 1)
    clock.advance(minutes=5)
    recent = hold(desk, 2)
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        assert held_photos.attach_held(uow, filed.complaint_id, desk.daeng, since=clock.now()) == 1
    assert of(desk, filed) == [recent.id]


def test_ten_photos_are_held_and_a_full_complaint_takes_no_more(desk: Desk, clock: FixedClock) -> None:
    filed = desk.file()
    kept = [desk.keep(photo(seed, SMALL)) for seed in range(8)]
    with desk.database.unit_of_work() as uow:
        for each in kept:
            photos.attach_from_resident(uow, filed.number, desk.owner, each)
    for seed in range(MOST_FROM_RESIDENT):
        hold(desk, 100 + seed)
    with refused("photos.too_many"):
        hold(desk, 200)
    with desk.database.unit_of_work() as uow:
        begun = clock.now()
        assert held_photos.attach_held(uow, filed.complaint_id, desk.daeng, since=begun) == 2
        assert held_photos.attach_held(uow, filed.complaint_id, desk.daeng, since=begun) == 0
    assert (len(of(desk, filed)), held(desk)) == (MOST_FROM_RESIDENT, MOST_FROM_RESIDENT - 2)


def test_a_held_photo_is_forgotten_after_three_hours_with_its_files(desk: Desk, clock: FixedClock) -> None:
    filed = desk.file()
    attached = desk.add_photo(filed, photo(1, SMALL))
    hold(desk, 2)
    clock.advance(hours=3)
    assert forgetting.forget_due(desk.database, desk.media) == 0
    clock.advance(seconds=1)
    assert held(desk) == 0
    assert forgetting.forget_due(desk.database, desk.media) == 1
    assert forgetting.forget_due(desk.database, desk.media) == 0
    assert stored(desk) == {attached.image_key, attached.thumbnail_key}


def test_a_photo_that_was_taken_back_is_gone_for_everybody_at_once(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        talk = meet(uow, "U-daeng")
        message_id = heard(uow, talk, "", kind="photo", ref="m1").id
    row = hold(desk, 1, message_id=message_id)
    filed = desk.file()
    with desk.database.unit_of_work() as uow:
        held_photos.attach_held(uow, filed.complaint_id, desk.daeng, since=uow.now)
        after = photos.attach(
            uow, filed.complaint_id, desk.keep(file_of(scene(1, SMALL), quality=50)), kind=PhotoKind.AFTER, by=desk.somsri
        )  # fmt: skip
        assert after.near_photo_id == row.id
        forgetting.take_back(uow, message_id)
    assert of(desk, filed) == [after.id]
    with desk.database.read() as reader:
        with refused("photos.not_found"):
            photos.find(reader, row.id, desk.somsri)
        with refused("photos.not_found"):
            photos.find_for_resident(reader, filed.number, desk.owner, row.id)
        assert queries.find(reader, filed.complaint_id, desk.somsri).number == filed.number
    assert forgetting.forget_due(desk.database, desk.media) == 1
    assert stored(desk) == {after.image_key, after.thumbnail_key}
    with desk.database.read() as reader:
        assert reader.session.get_one(Photo, after.id).near_photo_id is None


def test_a_row_is_not_lost_before_its_files(desk: Desk, clock: FixedClock) -> None:
    row = hold(desk, 1)
    clock.advance(hours=3, minutes=1)
    with refused("media.unavailable"):
        forgetting.forget_due(desk.database, MediaStore(StoreAway()))  # type: ignore[arg-type]
    assert stored(desk) == {row.image_key, row.thumbnail_key}
    assert forgetting.forget_due(desk.database, desk.media) == 1
    assert stored(desk) == set()


def test_files_without_a_row_are_found(desk: Desk) -> None:
    row = desk.add_photo(desk.file(), photo(1, SMALL))
    kept = desk.keep(photo(2, SMALL))
    assert stored(desk) == {row.image_key, row.thumbnail_key, *kept.keys}
    assert forgetting.forget_orphans(desk.database, desk.media, sorted(stored(desk))) == 2
    assert stored(desk) == {row.image_key, row.thumbnail_key}
