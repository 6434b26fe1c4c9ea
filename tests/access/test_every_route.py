"""Every route outside the console with everybody who might ask; the console's are in test_things_of_others.py.

`DOORS` says of each route what opens it. A new route fails here until it stands there, as one of the console
fails in tests/admin/test_access_matrix.py until it stands in `ROUTES`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from eservice.kit.database import Database
from tests.access.asking import Caller
from tests.access.cast import ENTRY_KEY, SECRET, Cast, whole_cast
from tests.access.things import REACH, ROLE_OF
from tests.complaints.pictures import photo
from tests.staff.test_permissions import EXPECTED
from tests.test_conventions import routes_of_app

NOBODY = Caller()
REFUSED = frozenset({401, 403, 404})
CASE = "/api/v1/cases/{number}"

OPEN = "anybody"
KEY = "the case's key"
EITHER = "the case's key, or a partner's token"
TRACK = "the case that this browser has opened"
COPY = "the copy that this browser has opened"
CHAT = "the visitor's token"
SIGNED = "the platform's word"
DOORS = {
    **dict.fromkeys(
        (
            "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs", "GET /", "GET /faq",
            "GET /faq/topic/{slug:path}", "GET /faq/{key}", "GET /privacy", "GET /sitemap", "GET /sitemap.xml",
            "GET /robots.txt", "GET /chat", "GET /widget.js", "GET /report", "POST /report", "GET /report/send",
            "POST /report/send", "GET /figures", "GET /figures.csv", "GET /figures.json", "GET /office/styles.css",
            "GET /office/seal.png", "GET /api/v1/faq/search", "POST /api/v1/chat/sessions", "POST /api/v1/cases",
            "GET /api/v1/cases/categories", f"GET {CASE}", "GET /track", "POST /track", "GET /mydata",
            "POST /mydata", "GET /report/photo",
        ),
        OPEN,
    ),
    **dict.fromkeys(("POST /webhooks/line", "POST /webhooks/telegram"), SIGNED),
    **dict.fromkeys(
        (
            "POST /track/photos", "GET /track/photos/{photo_id:int}", "GET /track/photos/{photo_id:int}/thumbnail",
            "GET /track/personal", "POST /track/personal", "GET /track/data.json",
        ),
        TRACK,
    ),
    **dict.fromkeys(("GET /mydata/all", "GET /mydata/data.json", "GET /mydata/photos/{photo_id:int}"), COPY),
    **dict.fromkeys(
        (
            "POST /api/v1/chat/messages", "GET /api/v1/chat/messages", "GET /api/v1/chat/stream",
            "POST /api/v1/chat/attachments",
        ),
        CHAT,
    ),
    **dict.fromkeys(
        (
            f"GET {CASE}/attachments/{{reference}}", f"POST {CASE}/withdraw", f"POST {CASE}/confirm",
            f"POST {CASE}/reopen", f"POST {CASE}/rating", f"POST {CASE}/attachments",
        ),
        KEY,
    ),
    f"POST {CASE}/comments": EITHER,
    **dict.fromkeys(
        ("GET /api/v1/cases", f"GET {CASE}/record", f"GET {CASE}/record/attachments/{{reference}}"), "case.read"
    ),
    **dict.fromkeys(
        (f"POST {CASE}/{act}" for act in (
            "state", "propose-done", "merge", "split", "category", "extension", "record/attachments",
        )),
        "case.work",
    ),
    f"POST {CASE}/hand-on": "case.hand_on",
    f"POST {CASE}/agree-done": "case.check",
}  # fmt: skip
NOTHING_THERE = {"GET /report/photo", "POST /mydata", "GET /office/styles.css", "GET /office/seal.png"}
"""Open to all, and empty: no token of ours was sent, and the office has chosen no look."""

BODIES: Mapping[str, dict[str, Any]] = {
    "hand-on": {"department": "กองช่าง"},
    "state": {"state": "in_progress"},
    "propose-done": {"note": "เปลี่ยนหลอดแล้ว"},
    "agree-done": {},
    "split": {"reason": "คนละเสา"},
    "category": {"category": "น้ำประปา"},
    "extension": {"until": "2026-12-20", "reason": "รออะไหล่"},
    "withdraw": {},
    "confirm": {},
    "reopen": {"reason": "ยังดับอยู่"},
    "rating": {"stars": 3},
}
CHANGING = ("hand-on", "state", "propose-done", "agree-done", "split", "category", "extension")
JPEG = {"file": ("1.jpg", photo(9, (64, 48)), "image/jpeg")}


@pytest.fixture
def cast(database: Database, tmp_path: Path) -> Iterator[Cast]:
    with whole_cast(database, tmp_path) as cast:
        yield cast


def test_every_route_has_a_door(whole_app: FastAPI) -> None:
    assert routes_of_app(whole_app) == DOORS.keys()


def test_every_door_opens_to_whom_it_should_and_to_nobody_else(cast: Cast) -> None:
    wrong: list[object] = []
    for route, door in DOORS.items():
        for who, got, is_right in _cells(cast, route, door):
            if (
                got >= 500 and route != "GET /readyz"
            ) or not is_right:  # there is no worker, and /readyz says so
                wrong.append((route, door, who, got))
    assert wrong == [], "\n".join(map(str, wrong))


def _cells(cast: Cast, route: str, door: str) -> Iterator[tuple[str, int, bool]]:
    match door:
        case "anybody":
            got = _ask(cast, NOBODY, route)
            yield "nobody", got, got not in REFUSED or route in NOTHING_THERE
        case "the platform's word":
            for who, headers in (("nobody", {}), ("a wrong word", _wrong_words())):
                got = _ask(cast, Caller(headers=headers), route)
                yield who, got, got == 401
        case "the case's key" | "the case's key, or a partner's token":
            yield from _with_keys(cast, route, door)
        case "the case that this browser has opened":
            yield from _with_cookies(cast, route)
        case "the copy that this browser has opened":
            yield from _with_copies(cast, route)
        case "the visitor's token":
            yield from _with_visitors(cast, route)
        case _:
            yield from _with_partners(cast, route, door)


def _wrong_words() -> dict[str, str]:
    return {"X-Line-Signature": "A" * 43 + "=", "X-Telegram-Bot-Api-Secret-Token": "Secret"}


def _with_keys(cast: Cast, route: str, door: str) -> Iterator[tuple[str, int, bool]]:
    assert cast.lamp.key is not None and cast.graft.key is not None
    key = {"x-case-key": cast.lamp.key}
    got = _ask(cast, Caller(headers=key), route)
    yield "owner", got, got not in REFUSED | {422}
    got = _ask(cast, Caller(headers={"x-case-key": cast.graft.key}), route)
    yield "other", got, got == 404
    got = _ask(cast, NOBODY, route)
    yield "nobody", got, got in (401, 404, 422)
    for who, caller in cast.partners.items():
        if door == EITHER:
            expected = _expected(who, "case.work", "lamp")
            got = _ask(cast, caller, route)
            yield f"partner {who}", got, _is(got, expected)
        else:
            got = _ask(cast, caller, route)
            yield f"partner {who}", got, got in (401, 422)


def _with_partners(cast: Cast, route: str, permission: str) -> Iterator[tuple[str, int, bool]]:
    assert cast.lamp.key is not None
    got = _ask(cast, NOBODY, route)
    yield "nobody", got, got == 401
    got = _ask(cast, Caller(headers={"x-case-key": cast.lamp.key}), route)
    yield "owner", got, got == 401
    for who, caller in cast.chat.items():
        got = _ask(cast, caller, route)
        yield f"visitor {who}", got, got == 401
    for who, caller in cast.partners.items():
        for case in ("lamp", "graft"):
            got = _ask(cast, caller, route, case)
            expected = _expected(who, permission, case)
            if route == "GET /api/v1/cases" and expected == 404:
                expected = 0
            yield f"partner {who}, {case}", got, _is(got, expected)


def _with_cookies(cast: Cast, route: str) -> Iterator[tuple[str, int, bool]]:
    for who, case in (("owner", cast.lamp), ("other", cast.graft)):
        with cast.undone():
            opened = cast.opened("/track", {"act": "open", "number": case.number, "key": case.key or ""})
            answer = _answer(cast, opened, route)
        if "{" in route:
            yield who, answer.status_code, answer.status_code == (200 if who == "owner" else 404)
        elif route.startswith("GET"):
            yield who, answer.status_code, (SECRET in answer.text) == (who == "owner" and "json" in route)
        else:
            yield who, answer.status_code, answer.status_code == 303
    for who, cookie in (("nobody", ""), ("forged", f'track=["{cast.lamp.number}",9999999999].AAAA')):
        answer = _answer(cast, Caller(headers={"cookie": cookie}), route)
        is_away = answer.status_code == 303 and answer.headers["location"] == "/track"
        yield who, answer.status_code, answer.status_code == 404 if "{" in route else is_away


def _with_copies(cast: Cast, route: str) -> Iterator[tuple[str, int, bool]]:
    with cast.undone():
        opened = cast.opened("/mydata", {"secret": cast.copy_secret})
        answer = _answer(cast, opened, route)
        yield "owner", answer.status_code, answer.status_code == 200
        if "{" in route:
            others = route.replace("{photo_id:int}", str(cast.graft_photo_id))
            got = _ask(cast, opened, others)
            yield "owner, of another", got, got == 404
    with cast.undone():
        track = cast.opened("/track", {"act": "open", "number": cast.lamp.number, "key": cast.lamp.key or ""})
        forged = track.headers["cookie"].replace("track=", "mydata=")
    for who, cookie in (("nobody", ""), ("another cookie", forged)):
        answer = _answer(cast, Caller(headers={"cookie": cookie}), route)
        is_away = answer.status_code == 303 and answer.headers["location"] == "/mydata"
        yield who, answer.status_code, answer.status_code == 404 if "{" in route else is_away


def _with_visitors(cast: Cast, route: str) -> Iterator[tuple[str, int, bool]]:
    for who, caller in cast.chat.items():
        answer = _answer(cast, caller, route)
        yield who, answer.status_code, answer.status_code in (200, 201, 202)
        if route == "GET /api/v1/chat/messages":
            yield who, answer.status_code, (SECRET in answer.text) == (who == "owner")
        if route == "POST /api/v1/chat/messages":
            with cast.undone():
                body = {"attachment_id": cast.held_reference}
                got = cast.asker.ask(caller, "POST", "/api/v1/chat/messages", json=body).status_code
            yield f"{who} with the owner's photo", got, got == (202 if who == "owner" else 404)
    got = _ask(cast, NOBODY, route)
    yield "nobody", got, got == 401
    for who, caller in cast.partners.items():
        got = _ask(cast, caller, route)
        yield f"partner {who}", got, got == 401


def _expected(who: str, permission: str, case: str) -> int:
    """The status of a refusal, or 0 for none."""
    if who not in ROLE_OF:
        return 401
    if case not in REACH.get(who, ()):
        return 404
    return 0 if permission in EXPECTED[ROLE_OF[who]].split() else 403


def _is(got: int, expected: int) -> bool:
    return got == expected if expected else got not in REFUSED


def _ask(cast: Cast, caller: Caller, route: str, case: str = "lamp") -> int:
    return _answer(cast, caller, route, case).status_code


def _answer(cast: Cast, caller: Caller, route: str, case: str = "lamp") -> Any:
    method, _, path = route.partition(" ")
    how = how_to_ask(cast, route, with_key="x-case-key" in caller.headers)
    with cast.undone():
        return cast.asker.ask(caller, method, address_of(cast, path, case), **how)


def address_of(cast: Cast, path: str, case: str = "lamp") -> str:
    """The address of a route for one of the two cases."""
    filed = cast.lamp if case == "lamp" else cast.graft
    return (
        path.replace("{number}", filed.number)
        .replace("{reference}", cast.photo_reference if case == "lamp" else cast.graft_photo_reference)
        .replace("{photo_id:int}", str(cast.photo_id))
        .replace("{key}", ENTRY_KEY)
        .replace("{slug:path}", "ถนน")
    )


def how_to_ask(cast: Cast, route: str, *, with_key: bool = False) -> dict[str, Any]:
    """What a request brings along, as httpx takes it, so that it is refused for nothing else than who asks."""
    method, _, path = route.partition(" ")
    act = path.removeprefix(f"{CASE}/")
    if path == "/api/v1/faq/search":
        return {"params": {"q": "ไฟดับ"}}
    if method != "POST":
        return {}
    if act.endswith("attachments"):
        return {"files": JPEG, "data": {"kind": "after"}}
    if path == "/track/photos":
        return {"files": {"photos": JPEG["file"]}}
    if path == "/track/personal":
        return {"data": {"kind": "erasure", "words": "ลบให้ด้วย"}}
    if act == "comments":
        return {"json": {"text": "เมื่อไหร่จะซ่อม"} | ({} if with_key else {"kind": "note"})}
    if act == "merge":
        return {"json": {"into": cast.spare.number, "version": 2}}
    if path == "/api/v1/chat/messages":
        return {"json": {"text": "สวัสดี"}}
    if path == "/api/v1/chat/sessions":
        return {"json": {"language": "th"}}
    if path == "/api/v1/cases":
        headers = {"idempotency-key": "k" * 20}
        return {"json": {"text": "ไฟดับ", "category": "ไฟฟ้าแสงสว่าง"}, "headers": headers}
    if act in BODIES:
        return {"json": BODIES[act] | ({"version": 2} if act in CHANGING else {})}
    return {}
