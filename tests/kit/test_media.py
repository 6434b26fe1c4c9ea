"""The media store: on a folder, in memory, and against an S3 on this machine."""

import os
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from obstore.store import MemoryStore

from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.media import MediaStore, local_folder, open_media, reason_of
from eservice.kit.settings import Settings
from tests.loopback import served

NOBODYS = "0" * 32


def local(folder: Path) -> MediaStore:
    return open_media(Settings.model_validate({"data_dir": folder}))


@pytest.fixture(params=[local, lambda folder: MediaStore(MemoryStore())], ids=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    make: Callable[[Path], MediaStore] = request.param
    return make(tmp_path)


def test_what_is_put_comes_back_and_what_is_deleted_does_not(store: MediaStore) -> None:
    first, second = store.put(b"one"), store.put(b"one")
    assert first != second  # equal files are not one file
    assert (store.get(first), store.exists(first)) == (b"one", True)
    store.delete([first, NOBODYS])
    assert (store.get(first), store.exists(first), store.get(second)) == (None, False, b"one")


def test_a_key_is_random_and_nothing_else_is_one(store: MediaStore) -> None:
    keys = {store.put(b"x") for _ in range(20)}
    assert len({key[:2] for key in keys}) > 1
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)
    for name in ("", "../secret_key", "A" * 32, f"{NOBODYS}/..", f"{NOBODYS}\n"):
        with pytest.raises(ValueError):
            store.get(name)


def test_a_link_in_the_folder_leads_nowhere_and_a_new_file_takes_its_place(tmp_path: Path) -> None:
    store, elsewhere = local(tmp_path), tmp_path / "secret_key"
    elsewhere.write_bytes(b"of the machine")
    key = store.put(b"x")
    assert store.folder is not None
    file = store.folder / key[:2] / key
    file.unlink()
    file.symlink_to(elsewhere)
    assert (store.get(key), store.exists(key)) == (None, False)
    store.put_back(key, b"y")
    assert (store.get(key), elsewhere.read_bytes()) == (b"y", b"of the machine")


def test_only_files_older_than_an_instant_are_listed(store: MediaStore) -> None:
    keys = sorted(store.put(b"x") for _ in range(3))
    now = datetime.now(UTC)
    assert sorted(key for some in store.keys(now + timedelta(minutes=1)) for key in some) == keys
    assert [key for some in store.keys(now - timedelta(minutes=1)) for key in some] == []


def test_a_trial_leaves_nothing_behind(store: MediaStore) -> None:
    store.try_out()
    assert [key for some in store.keys(datetime.now(UTC) + timedelta(days=1)) for key in some] == []


def test_the_folder_is_the_offices_alone_and_strange_files_in_it_are_left_alone(tmp_path: Path) -> None:
    store = local(tmp_path)
    assert store.folder == tmp_path / "media"
    assert stat.S_IMODE((tmp_path / "media").stat().st_mode) == 0o700
    (tmp_path / "media" / "notes.txt").write_text("ของช่าง")
    assert [key for some in store.keys(datetime.now(UTC) + timedelta(days=1)) for key in some] == []


def test_a_disk_that_fails_is_a_refusal_with_its_reason(tmp_path: Path) -> None:
    store = local(tmp_path)
    key = store.put(b"x")
    os.rename(tmp_path / "media", tmp_path / "gone")
    (tmp_path / "media").write_text("a file where the folder was")
    for fault in (lambda: store.put(b"y"), lambda: store.get(key), lambda: local(tmp_path), store.try_out):
        with pytest.raises(ServiceError) as refusal:
            fault()
        assert (refusal.value.code, refusal.value.kind) == ("media.unavailable", ErrorKind.UNAVAILABLE)
        assert reason_of(refusal.value) != refusal.value.code


@pytest.mark.parametrize(
    ("url", "folder"),
    [("", "data/media"), ("file:///srv/office%20media", "/srv/office media"), ("file://./media", "media")],
)
def test_where_media_url_leads(
    url: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert local_folder(Settings.model_validate({"media_url": url})) == (tmp_path / folder)


class Bucket:
    """An S3 that keeps what it is given; `refuses` makes it answer 403."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.signed_by: set[str] = set()
        self.refuses = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.signed_by.add(request.headers.get("Authorization", "").partition("Credential=")[2][:3])
        if self.refuses:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        if request.method == "PUT":
            self.files[request.path] = await request.read()
            return web.Response(headers={"ETag": '"1"'})
        if request.method == "POST" and "delete" in request.query:
            names = re.findall("<Key>(.*?)</Key>", await request.text())
            for name in names:
                self.files.pop(f"{request.path.rstrip('/')}/{name}", None)
            deleted = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
            answer = f'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{deleted}</DeleteResult>'
            return web.Response(text=answer, content_type="application/xml")
        if request.path not in self.files:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        headers = {"ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2026 05:00:00 GMT"}
        return web.Response(body=self.files[request.path], headers=headers)


def test_a_store_that_speaks_s3(tmp_path: Path) -> None:
    bucket = Bucket()
    with served(bucket.handle) as address:
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path / "unused",
                "media_url": "s3://photos/abt/2570",
                "aws_access_key_id": "KEY",
                "aws_secret_access_key": "secret",
                "aws_region": "th-1",
                "aws_endpoint_url": address + "/",
            }
        )
        store = open_media(settings)
        store.try_out()
        key = store.put(b"one")
        assert bucket.files == {f"/photos/abt/2570/{key[:2]}/{key}": b"one"}
        assert (store.get(key), store.get(NOBODYS), store.exists(NOBODYS)) == (b"one", None, False)
        store.delete([key, NOBODYS])
        assert (bucket.files, bucket.signed_by) == ({}, {"KEY"})
        bucket.refuses = True
        with pytest.raises(ServiceError, match="unavailable") as refusal:
            store.put(b"one")
        assert "secret" not in reason_of(refusal.value)
    assert local_folder(settings) is None and not (tmp_path / "unused").exists()
