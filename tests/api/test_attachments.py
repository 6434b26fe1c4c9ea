"""Photos over the API: who adds and sees them, what is refused, and ending a case that needs one."""

from io import BytesIO

import pytest
from PIL import Image

from eservice.complaints.models import Complaint, Photo
from eservice.complaints.pictures import MAX_BYTES
from eservice.complaints.states import ComplaintState
from eservice.staff.models import Role
from tests.api.caller import Api, code
from tests.complaints.pictures import photo

SMALL = (64, 48)


def rows(api: Api) -> list[Photo]:
    with api.database.read() as reader:
        return reader.session.query(Photo).order_by(Photo.id).all()


def bomb() -> bytes:
    written = BytesIO()
    Image.new("1", (20_000, 20_000)).save(written, "PNG")
    return written.getvalue()


def test_the_holder_of_the_key_adds_a_photo_and_sees_it(api: Api) -> None:
    filed = api.file()
    path = f"/{filed['number']}/attachments"
    added = api.upload(path, photo(1, (800, 600)), key=filed["key"])
    assert added.status_code == 201
    shape = added.json()
    assert (shape["kind"], shape["is_public"]) == ("resident", True)
    seen = api.get(f"{path}/{shape['reference']}", key=filed["key"])
    assert (
        seen.headers["content-type"] == "image/jpeg" and seen.headers["x-content-type-options"] == "nosniff"
    )
    small = api.get(f"{path}/{shape['reference']}?size=small", key=filed["key"])
    assert Image.open(BytesIO(small.content)).width == 320
    whole = api.get(f"/{filed['number']}", key=filed["key"]).json()
    assert [each["reference"] for each in whole["attachments"]] == [shape["reference"]]
    assert "attachments" not in api.get(f"/{filed['number']}").json()


def test_a_retry_adds_nothing(api: Api) -> None:
    filed = api.file()
    path = f"/{filed['number']}/attachments"
    first, again = (
        api.upload(path, photo(1, SMALL), key=filed["key"], idempotency_key="the-same-key") for _ in range(2)
    )
    assert first.json() == again.json() and len(rows(api)) == 1
    other = api.upload(path, photo(2, SMALL), key=filed["key"], idempotency_key="the-same-key")
    assert code(other) == "http.key_reused" and len(rows(api)) == 1


def test_a_wrong_key_adds_and_sees_nothing_and_is_counted(api: Api) -> None:
    filed, other = api.file(), api.file()
    path = f"/{filed['number']}/attachments"
    shape = api.upload(path, photo(1, SMALL), key=filed["key"]).json()
    assert api.get(f"{path}/{shape['reference']}", key=other["key"]).status_code == 404
    assert (
        api.get(f"/{other['number']}/attachments/{shape['reference']}", key=other["key"]).status_code == 404
    )
    assert api.get(f"{path}/{shape['reference']}").status_code == 422
    tries = [api.upload(path, photo(2, SMALL), key="0000000000", at="198.51.100.1") for _ in range(14)]
    assert {answer.status_code for answer in tries} == {404, 429} and len(rows(api)) == 1


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"%PDF-1.7", "photos.not_a_picture"),
        (bytes(MAX_BYTES + 1), "photos.too_large"),
        (bomb(), "photos.too_large"),
    ],
)
def test_what_is_no_photo_or_too_large_is_refused(api: Api, content: bytes, refusal: str) -> None:
    filed = api.file()
    answer = api.upload(f"/{filed['number']}/attachments", content, key=filed["key"])
    assert code(answer) == refusal and rows(api) == []


def test_a_case_that_needs_a_photo_is_ended_with_its_id(api: Api) -> None:
    filed = api.file()
    number = filed["number"]
    works = api.token("works", Role.RESPONDER)
    second = api.token("second", Role.RESPONDER, Role.CHECKER)
    api.post(f"/{number}/hand-on", {"department": "กองช่าง", "version": 1}, token=works)
    moved = api.post(
        f"/{number}/state", {"state": "in_progress", "version": api.version(number)}, token=works
    )
    assert moved.status_code == 200, moved.text
    with api.database.unit_of_work() as uow:
        uow.session.get_one(Complaint, api.stored(number).id).needs_photo = True
    path = f"/{number}/record/attachments"
    before = api.upload(path, photo(1, SMALL), token=works, kind="before").json()
    after = api.upload(path, photo(2, SMALL), token=works, kind="after", is_public="true").json()
    assert not before["is_public"] and after["is_public"]
    assert code(api.upload(path, photo(2, SMALL), token=works, kind="after")) == "photos.same_as_before"
    done = {"note": "เสร็จ", "version": api.version(number)}
    assert code(api.post(f"/{number}/propose-done", done, token=works)) == "complaints.needs_photo"
    for wrong in ([before["reference"]], ["0" * 24]):
        answer = api.post(f"/{number}/propose-done", done | {"photo_ids": wrong}, token=works)
        assert code(answer) in ("photos.not_after", "photos.not_found")
    proposed = api.post(f"/{number}/propose-done", done | {"photo_ids": [after["reference"]]}, token=works)
    assert proposed.status_code == 200, proposed.text
    agreed = api.post(f"/{number}/agree-done", {"version": api.version(number)}, token=second)
    assert agreed.status_code == 200 and api.stored(number).state is ComplaintState.RESOLVED
    shown = [each["reference"] for each in api.get(f"/{number}", key=filed["key"]).json()["attachments"]]
    assert shown == [after["reference"]]
    assert api.get(f"/{number}/attachments/{before['reference']}", key=filed["key"]).status_code == 404
    assert api.get(f"{path}/{before['reference']}", token=works).status_code == 200


def test_a_partner_out_of_reach_or_without_the_role_adds_and_sees_nothing(api: Api) -> None:
    filed = api.file()
    number = filed["number"]
    works = api.token("works", Role.RESPONDER)
    api.post(f"/{number}/hand-on", {"department": "กองช่าง", "version": 1}, token=works)
    path = f"/{number}/record/attachments"
    shape = api.upload(path, photo(1, SMALL), token=works, kind="before").json()
    finance = api.token("finance", Role.RESPONDER, department_id=api.desk.finance)
    checker = api.token("checker2", Role.CHECKER, department_id=api.desk.works)
    assert api.get(f"{path}/{shape['reference']}", token=finance).status_code == 404
    assert api.upload(path, photo(2, SMALL), token=finance, kind="before").status_code == 404
    assert api.upload(path, photo(2, SMALL), token=checker, kind="before").status_code == 403
    assert api.upload(path, photo(2, SMALL), kind="before").status_code == 401
    assert api.upload(path, photo(2, SMALL), key=filed["key"], kind="before").status_code == 401
    for kind in ("resident", "x"):
        assert api.upload(path, photo(2, SMALL), token=works, kind=kind).status_code == 422
    assert len(rows(api)) == 1
